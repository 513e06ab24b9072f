"""An item bank on disk: items with what was calibrated about them, for tests that ask only some of them."""

import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from acidtest.data.csv_text import csv_bytes
from acidtest.data.file_row import FileRow
from acidtest.data.read import read_rows
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError, did_you_mean
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.items import Items

_Value = TypeVar("_Value", str, float)
_TEXT = ("benchmark", "item", "model", "content")
_ERRORS = ("discrimination_se", "difficulty_se")
_COLUMNS = (
    *("benchmark", "item", "discrimination", "difficulty", "guess", "residual", *_ERRORS, "solvers", "model"),
    "content",
)
_OPTIONAL = frozenset({"guess", "residual", "content"})
_STEEPEST, _FARTHEST, _VAGUEST = 1e3, 1e6, 1e6
_LONGEST = 2_000
_MOST_SOLVERS = 10**9


@dataclass(frozen=True, kw_only=True)
class ItemBank:
    """Items that were calibrated together, on one scale of ability.

    Attributes:
        benchmark: [n] the benchmark of each item.
        items: [n] ids; unique within a benchmark only.
        parameters: [n] what each item asks of a solver.
        discrimination_se, difficulty_se: [n] standard errors, 0 or more: how well that is known.
        solvers: How many solvers the items were calibrated on. Their abilities have mean 0 and standard deviation 1.
        model: Which curve was fitted: rasch, 2pl, 3pl, continuous ...
        content: [n] `Item.content` of each item, "" where it is not known; none at all where it is known of no item.
            An item of the same id and another content is another item.
    """

    benchmark: tuple[str, ...]
    items: tuple[str, ...]
    parameters: Items
    discrimination_se: FloatArray
    difficulty_se: FloatArray
    solvers: int
    model: str
    content: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Names of the benchmarks, in their order."""
        return tuple(dict.fromkeys(self.benchmark))

    def of(self, name: str) -> "ItemBank":
        """Return the items of one benchmark; none where the bank does not know it."""
        return self.take(np.flatnonzero(np.array(self.benchmark, object) == name))

    def take(self, index: NDArray[np.int64] | Sequence[int]) -> "ItemBank":
        """Return some of the items, by position."""
        at = np.asarray(index, np.int64)
        return ItemBank(
            benchmark=tuple(self.benchmark[i] for i in at),
            items=tuple(self.items[i] for i in at),
            parameters=self.parameters.take(at),
            discrimination_se=self.discrimination_se[at],
            difficulty_se=self.difficulty_se[at],
            solvers=self.solvers,
            model=self.model,
            content=tuple(self.content[i] for i in at) if self.content else (),
        )


def bank_of(fit: Fit, *, benchmark: Sequence[str], items: Sequence[str], content: Sequence[str] = ()) -> ItemBank:
    """Return what a fit says of its items as a bank; `benchmark`, `items` and `content` are of its n columns."""
    return ItemBank(
        benchmark=tuple(benchmark),
        items=tuple(items),
        parameters=fit.items,
        discrimination_se=np.asarray(fit.discrimination_se, np.float64),
        difficulty_se=np.asarray(fit.difficulty_se, np.float64),
        solvers=len(fit.ability),
        model=fit.model,
        content=tuple(content),
    )


def write_bank(path: Path, bank: ItemBank) -> None:
    """Write a bank as .csv, .jsonl or .parquet, by the file's ending; numbers keep all their digits.

    Raises:
        DataError: Another ending.
    """
    writers: dict[str, Callable[[Mapping[str, list[object]]], bytes]] = {
        ".csv": _csv_bytes,
        ".jsonl": _json_bytes,
        ".parquet": _parquet_bytes,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise DataError(
            f"'{path.name}' ends in no format that a bank is written in",
            where=str(path),
            way_out=f"Use one of {', '.join(writers)}.",
        )
    write_atomically(path, writer(_columns(bank)))


def read_bank(path: Path) -> ItemBank:
    """Read a bank that `write_bank` wrote, or that another tool wrote in the same columns.

    Columns: benchmark, item, discrimination, difficulty, discrimination_se, difficulty_se, solvers, model, and where
    it matters guess (0 unless given), residual (of continuous scores; for all items or for none) and content.

    Raises:
        DataError: A column is missing or unknown, a number is none or impossible, an item stands twice, or the rows
            come from different calibrations.
    """
    rows = list(read_rows(path))
    if not rows:
        raise DataError(
            "the bank holds no items", where=str(path), way_out="Write it again: acidtest irt SCORES --bank FILE"
        )
    for row in rows:
        _check_columns(row)
    table = {name: np.array([_number(row, name) for row in rows]) for name in _COLUMNS if name not in _TEXT}
    _refuse_twice(rows)
    content = tuple("" if row.values.get("content") in (None, "") else _text(row, "content") for row in rows)
    has = np.isfinite(table["residual"])
    if has.any() and not has.all():
        row = rows[int(np.flatnonzero(~has)[0])]
        raise DataError("'residual' is given for some items only", where=row.where, way_out="Give it for all, or none.")
    return ItemBank(
        benchmark=tuple(_text(row, "benchmark") for row in rows),
        items=tuple(_text(row, "item") for row in rows),
        parameters=Items(
            discrimination=table["discrimination"],
            difficulty=table["difficulty"],
            guess=table["guess"],
            residual=table["residual"] if has.all() else None,
        ),
        discrimination_se=table["discrimination_se"],
        difficulty_se=table["difficulty_se"],
        solvers=int(_same(rows, "solvers", table["solvers"].tolist())),
        model=_same(rows, "model", [_text(row, "model") for row in rows]),
        content=content if any(content) else (),
    )


def _columns(bank: ItemBank) -> dict[str, list[object]]:
    parameters, n = bank.parameters, len(bank)
    columns: dict[str, list[object]] = {
        "benchmark": list(bank.benchmark),
        "item": list(bank.items),
        "discrimination": parameters.discrimination.tolist(),
        "difficulty": parameters.difficulty.tolist(),
        "guess": parameters.guess.tolist(),
    }
    if parameters.residual is not None:
        columns["residual"] = parameters.residual.tolist()
    columns["discrimination_se"] = bank.discrimination_se.tolist()
    columns["difficulty_se"] = bank.difficulty_se.tolist()
    known: dict[str, list[object]] = {"content": list(bank.content)} if bank.content else {}
    return {**columns, "solvers": [bank.solvers] * n, "model": [bank.model] * n, **known}


def _csv_bytes(columns: Mapping[str, list[object]]) -> bytes:
    return csv_bytes(columns, zip(*columns.values(), strict=True))


def _json_bytes(columns: Mapping[str, list[object]]) -> bytes:
    import orjson

    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _parquet_bytes(columns: Mapping[str, list[object]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(pa.table(dict(columns)), buffer, compression="zstd", version="2.6")
    return buffer.getvalue()


def _check_columns(row: FileRow) -> None:
    missing = [name for name in _COLUMNS if name not in row.values and name not in _OPTIONAL]
    unknown = [str(name) for name in row.values if name not in _COLUMNS]
    if missing:
        raise DataError(
            f"a bank of items has a column '{missing[0]}', and this file has none",
            where=row.where,
            way_out=f"Columns are: {', '.join(_COLUMNS)}. 'acidtest irt SCORES --bank FILE' writes them.",
        )
    if unknown:
        raise DataError(
            f"no column of a bank is called '{unknown[0][:60]}'",
            where=row.where,
            way_out=f"{did_you_mean(unknown[0][:60], _COLUMNS)}Columns are: {', '.join(_COLUMNS)}.",
        )


def _text(row: FileRow, name: str) -> str:
    value = row.values[name]
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text or len(text) > _LONGEST:
        raise DataError(f"'{name}' is {str(value)[:60]!r}, and no name", where=row.where, way_out="Name it by a text.")
    return text


_ALLOWED: Mapping[str, tuple[Callable[[float], bool], str]] = {
    "discrimination": (lambda x: 0 < x <= _STEEPEST, f"above 0 and at most {_STEEPEST:g}"),
    "difficulty": (lambda x: abs(x) <= _FARTHEST, f"between -{_FARTHEST:g} and {_FARTHEST:g}"),
    "guess": (lambda x: 0 <= x < 1, "at least 0 and below 1"),
    "residual": (lambda x: 0 < x <= _STEEPEST, f"above 0 and at most {_STEEPEST:g}"),
    "discrimination_se": (lambda x: 0 <= x <= _VAGUEST, f"0 or more, and at most {_VAGUEST:g}"),
    "difficulty_se": (lambda x: 0 <= x <= _VAGUEST, f"0 or more, and at most {_VAGUEST:g}"),
    "solvers": (lambda x: 1 <= x <= _MOST_SOLVERS and x == int(x), "a whole number from 1 on"),
}


def _number(row: FileRow, name: str) -> float:
    value = row.values.get(name)
    if name in _OPTIONAL and value in (None, ""):
        return 0.0 if name == "guess" else math.nan
    allowed, words = _ALLOWED[name]
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]  # what is none raises
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not allowed(number):
        raise DataError(
            f"'{name}' is {str(value)[:60]!r}; it must be {words}",
            where=row.where,
            way_out="Mend the row or take the item out.",
        )
    return number


def _refuse_twice(rows: Iterable[FileRow]) -> None:
    places: dict[tuple[str, str], str] = {}
    for row in rows:
        key = (_text(row, "benchmark"), _text(row, "item"))
        if key in places:
            raise DataError(
                f"the item '{key[1][:100]}' of '{key[0][:100]}' stands twice",
                where=f"{places[key]} and {row.where}",
                way_out="Keep one of the two rows.",
            )
        places[key] = row.where


def _same(rows: Sequence[FileRow], name: str, values: Sequence[_Value]) -> _Value:
    for row, value in zip(rows, values, strict=True):
        if value != values[0]:
            raise DataError(
                f"'{name}' is {str(values[0])[:60]!r} in one row and {str(value)[:60]!r} in another",
                where=f"{rows[0].where} and {row.where}",
                way_out="A bank is calibrated at once: put only items of one calibration into a file.",
            )
    return values[0]
