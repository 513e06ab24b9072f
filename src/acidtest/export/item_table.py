"""Items as a table: one column per field, of one plain type each, so that every reader of Parquet can read it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from acidtest.types import Item

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = {
    "id": "the item's name, once in the set",
    "target": "the right answer; all as JSON where not all are texts, or all numbers",
    "choices": "what may be chosen; the target names letters, A first",
    "bundle": "items of one bundle count only together",
    "edit": "how the item differs from its bundle's original",
    "topic": "what it is about",
    "generator": "the model that wrote it",
    "strategy": "how that model was asked",
    "provenance": "JSON: prompt, seed, call, examples, checks, evidence: enough to make it again",
}
"""Column -> what it holds, for all columns but the inputs."""

_EXACT = 2**53
"""Every whole number up to here is a float as it is."""

Value = str | float | list[str] | None


def item_table(items: Sequence[Item]) -> "pa.Table":
    """Return one row per item; columns that no item fills are left out."""
    import pyarrow as pa

    return pa.table({name: pa.array(_values(items, name)) for name in columns(items)})


def columns(items: Sequence[Item]) -> dict[str, str]:
    """Return the columns of a table of items, in order, and what each holds."""
    inputs = dict.fromkeys(_column(field) for item in items for field in item.input)
    named = {"id": NAMES["id"], **dict.fromkeys(inputs, "part of the question"), **NAMES}
    return {name: about for name, about in named.items() if any(v not in (None, []) for v in _values(items, name))}


def is_number(items: Sequence[Item], column: str) -> bool:
    """Tell whether a column holds numbers; all others but `choices` hold texts."""
    return column == "target" and all(_number(item.target) for item in items)


def _values(items: Sequence[Item], column: str) -> list[Value]:
    if column == "target":
        return _targets(items)
    read = _READ.get(column)
    if read is not None:
        return [read(item) for item in items]
    field = column if any(column in item.input and _column(column) == column for item in items) else column[6:]
    return [item.input.get(field) for item in items]


def _column(field: str) -> str:
    return f"input_{field}" if field in NAMES else field


def _number(target: JsonValue) -> bool:
    """Tell whether a target is a number that a column of floats holds as it is."""
    if isinstance(target, bool) or not isinstance(target, int | float):
        return False
    return isinstance(target, float) or abs(target) <= _EXACT


def _targets(items: Sequence[Item]) -> list[Value]:
    if is_number(items, "target"):
        return [float(str(item.target)) for item in items]
    texts = [item.target for item in items if isinstance(item.target, str)]
    if len(texts) == len(items):
        return list(texts)
    import json

    return [json.dumps(item.target, ensure_ascii=False) for item in items]


_READ: dict[str, Callable[[Item], Value]] = {
    "id": lambda item: item.id,
    "choices": lambda item: list(item.choices),
    "bundle": lambda item: item.bundle,
    "edit": lambda item: item.edit,
    "topic": lambda item: item.topic,
    "generator": lambda item: item.provenance.generator if item.provenance else None,
    "strategy": lambda item: item.provenance.strategy if item.provenance else None,
    "provenance": lambda item: item.provenance.model_dump_json(exclude_defaults=True) if item.provenance else None,
}
