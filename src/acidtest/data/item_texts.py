"""What items ask, as one text each, from files of items of any task; and tables of how difficult items are."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from acidtest.data.file_row import FileRow
from acidtest.data.read import read_rows
from acidtest.errors import DataError
from acidtest.types import Item

TEXT_COLUMNS = (
    "passage",
    "context",
    "text",
    "utterance",
    "sentence",
    "sentence1",
    "sentence2",
    "problem",
    "question",
    "prompt",
    "input",
    "choices",
    "options",
)
"""Columns that are read as what an item asks, in this order. Answers are no part of it: a solver does not see them."""

_IDS = ("item", "id")
_BENCHMARK = "benchmark"
_SHARES = ("share_right", "share", "accuracy")
_LEAST_SHARE = 0.01


@dataclass(frozen=True, kw_only=True)
class ItemText:
    """What an item asks. `benchmark` is empty where the file does not say; `choices` counts what may be chosen."""

    item: str
    text: str
    benchmark: str = ""
    choices: int = 0
    bundle: str = ""


@dataclass(frozen=True, kw_only=True)
class Difficulty:
    """How difficult an item is, and the standard error of that; NaN where it is not known."""

    value: float
    se: float


def read_item_texts(path: Path) -> list[ItemText]:
    """Return what the items of a file ask.

    A row is an `Item` record, or has `item` or `id` and one or more of `TEXT_COLUMNS`; `benchmark` and `bundle` may be
    there, too.

    Raises:
        DataError: The file cannot be read, holds none of these columns, or an item twice.
    """
    found: dict[tuple[str, str], ItemText] = {}
    for row in read_rows(path):
        one = _of_row(row)
        key = (one.benchmark, one.item)
        if key in found:
            raise DataError(
                f"two items have the id '{one.item[:100]}'", where=row.where, way_out="Give each item an id of its own."
            )
        found[key] = one
    if not found:
        raise DataError("the file holds no items", where=str(path), way_out="Name a file that holds some.")
    return list(found.values())


def item_text(item: Item, benchmark: str = "") -> ItemText:
    r"""Return what an item asks: its inputs and choices under each other, its target left out.

    Example:
        >>> item_text(Item(id="1", input={"question": "Red or blue?"}, target="A", choices=("red", "blue"))).text
        'Red or blue?\nred\nblue'
    """
    return ItemText(
        item=item.id,
        text="\n".join([*item.input.values(), *item.choices]),
        benchmark=benchmark,
        choices=len(item.choices),
        bundle=item.bundle or "",
    )


def read_difficulties(path: Path) -> dict[str, Difficulty]:
    """Return item -> how difficult it is, from a bank of items or any table that says so.

    Columns: `item` or `id`, and `difficulty` (with `difficulty_se`, where known) or the share of solvers that were
    right (`share_right`, `share` or `accuracy`). A share becomes minus its log-odds, 0 and 1 moved in by a hundredth.

    Raises:
        DataError: A column is missing, a number is none, or two rows name one item.
    """
    found: dict[str, Difficulty] = {}
    for row in read_rows(path):
        name = _id(row)
        if name in found:
            raise DataError(
                f"'{name[:100]}' stands twice",
                where=row.where,
                way_out="Keep one row per item; items of several benchmarks that share ids need files of their own.",
            )
        found[name] = _difficulty(row)
    if not found:
        raise DataError(
            "the table holds no items", where=str(path), way_out="acidtest irt SCORES --bank FILE writes one."
        )
    return found


def _of_row(row: FileRow) -> ItemText:
    values = row.values
    if isinstance(values.get("input"), dict):
        values = {**values, **{str(name): text for name, text in _mapping(values["input"]).items()}, "input": None}
        names: Sequence[str] = [*_mapping(row.values["input"]), "choices"]
    else:
        names = TEXT_COLUMNS
    parts = [_parts(values[name]) for name in names if values.get(name) not in (None, "")]
    if not any(parts):
        raise DataError(
            "the row holds nothing that an item could ask",
            where=row.where,
            way_out=f"Columns that are read: {', '.join(TEXT_COLUMNS)}. Columns here: {', '.join(row.values)[:200]}.",
        )
    listed = next((_parts(values[name]) for name in ("choices", "options") if values.get(name)), [])
    return ItemText(
        item=_id(row),
        text="\n".join(text for texts in parts for text in texts),
        benchmark=str(values.get(_BENCHMARK) or ""),
        choices=len(listed),
        bundle=str(values.get("bundle") or ""),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _parts(value: object) -> list[str]:
    """Return the texts that a cell holds: a list of choices has several, also where it is written as JSON text."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [str(value)]
    if isinstance(value, Mapping):
        value = value.get("text", list(value.values()))
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _id(row: FileRow) -> str:
    name = next((row.values[column] for column in _IDS if row.values.get(column) not in (None, "")), None)
    if name is None:
        raise DataError(
            "the row names no item",
            where=row.where,
            way_out=f"It needs a column 'item' or 'id'. Columns here: {', '.join(row.values)[:200]}.",
        )
    return str(name)


def _difficulty(row: FileRow) -> Difficulty:
    if "difficulty" in row.values:
        se = _number(row, "difficulty_se") if "difficulty_se" in row.values else math.nan
        return Difficulty(value=_number(row, "difficulty"), se=se)
    column = next((name for name in _SHARES if name in row.values), None)
    if column is None:
        raise DataError(
            "the row does not say how difficult its item is",
            where=row.where,
            way_out=f"It needs 'difficulty', or one of {', '.join(_SHARES)}. Here: {', '.join(row.values)[:200]}.",
        )
    share = _number(row, column)
    if not 0 <= share <= 1:
        raise DataError(
            f"'{column}' is {share:g}, and no share", where=row.where, way_out="A share lies between 0 and 1."
        )
    share = min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
    return Difficulty(value=math.log((1 - share) / share), se=math.nan)


def _number(row: FileRow, column: str) -> float:
    value = row.values[column]
    try:
        number = float(str(value))
    except ValueError:
        number = math.inf
    if math.isinf(number) or isinstance(value, bool):
        raise DataError(f"'{column}' is {str(value)[:60]!r}, and no number", where=row.where, way_out="Mend the row.")
    return number
