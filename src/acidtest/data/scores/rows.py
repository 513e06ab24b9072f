"""Files of scores, long or wide, as one list of rows: which solver scored what, on which item of which benchmark."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.arrow import CodeArray
from acidtest.data.scores.files import (
    IGNORED_COLUMNS,
    MISSING,
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    coded_column,
    decoded,
    list_column,
    number_column,
    padded,
    place,
    read_table,
)
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray

KNOWN_COLUMNS = (*TEXT_COLUMNS, *NUMBER_COLUMNS, "stats", *IGNORED_COLUMNS)
_REQUIRED = ("benchmark", "model", "score")
_MOST_NAMED = 8
_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """R rows of scores.

    Attributes:
        codes: column -> [R] the position of the row's text in `texts[column]`; -1 where the cell is empty.
        texts: column -> its different texts, in the order in which they first appear.
        numbers: column -> [R]; NaN where the cell is empty. Only columns that a file has.
        stats: [R, k] sufficient statistics, filled up with NaN where a row has fewer; or None.
        origin: [R] position of each row among all that were read.
        files: Each file, the number of its first row here, and how many of these rows one row of the file makes.
        guessed: Columns of wide tables that were taken as benchmarks though nobody named them.
        notes: Which columns these were, and which were ignored.
    """

    codes: dict[str, CodeArray]
    texts: dict[str, list[str]]
    numbers: dict[str, FloatArray]
    stats: FloatArray | None
    origin: NDArray[np.int64]
    files: tuple[tuple[Path, int, int], ...]
    guessed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        """Return the file and row where a row came from."""
        path, first, width = next(f for f in reversed(self.files) if f[1] <= self.origin[row])
        return place(path, (int(self.origin[row]) - first) // width)

    def text(self, column: str, row: int) -> str:
        """Return one cell, "" where it is empty."""
        code = self.codes[column][row] if column in self.codes else -1
        return self.texts[column][code] if code >= 0 else ""

    def keep(self, rows: NDArray[np.bool_]) -> "Rows":
        """Return these rows only."""
        return Rows(
            codes={name: codes[rows] for name, codes in self.codes.items()},
            texts=self.texts,
            numbers={name: numbers[rows] for name, numbers in self.numbers.items()},
            stats=None if self.stats is None else self.stats[rows],
            origin=self.origin[rows],
            files=self.files,
            guessed=self.guessed,
            notes=self.notes,
        )


def read_rows(
    paths: Sequence[Path],
    *,
    benchmark: Sequence[str] = (),
    real: str = "",
    wanted: Sequence[str] = (),
    named_by_file: bool = False,
) -> Rows:
    """Read files of scores; each may be long or wide.

    Args:
        paths: The files, read as one table.
        benchmark: Names for the files that name no benchmark, in their order.
        real: The real benchmark, whose column holds scores whatever it looks like.
        wanted: Benchmarks that are needed; of a wide table, other columns are then left alone. Empty: all columns but
            those of words and of true and false; notes say which.
        named_by_file: A file that names no benchmark is one of the file's own name, once `benchmark` is used up.

    Raises:
        DataError: With the file, the row and the nearest column name.
    """
    if not paths:
        raise DataError("no file of scores is named", way_out="Name one or more files.")
    left = list(benchmark)
    parts: list[_Part] = []
    files: list[tuple[Path, int, int]] = []
    rows = 0
    for path in paths:
        names = left or ([path.name.removesuffix(".gz").rpartition(".")[0] or path.name] if named_by_file else left)
        part, width = _as_long(read_table(path, scores_only=True), path, names, (real, tuple(wanted)))
        parts.append(part)
        files.append((path, rows, width))
        rows += part.rows
    if left:
        raise DataError(
            f"no file needs the benchmark name '{left[0]}'",
            way_out="Give --benchmark once for each file without a column 'benchmark'.",
        )
    return _joined(parts, tuple(files))


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The rows of one file; as in `Rows`."""

    rows: int
    codes: dict[str, CodeArray]
    texts: dict[str, list[str]]
    numbers: dict[str, FloatArray]
    stats: FloatArray | None = None
    guessed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _joined(parts: Sequence[_Part], files: tuple[tuple[Path, int, int], ...]) -> Rows:
    joined: dict[str, CodeArray] = {}
    texts: dict[str, list[str]] = {}
    for name in (n for n in TEXT_COLUMNS if any(n in part.codes for part in parts)):
        place: dict[str, int] = {}
        of_parts = []
        for part in parts:
            own = [place.setdefault(text, len(place)) for text in part.texts.get(name, [])]
            code = part.codes.get(name, np.full(part.rows, -1, np.int32))
            of_parts.append(code if own == list(range(len(own))) else np.array([*own, -1], np.int32)[code])
        joined[name] = _one_array(of_parts)
        texts[name] = list(place)
    numbers = {
        name: _one_array([part.numbers.get(name, np.full(part.rows, np.nan)) for part in parts])
        for name in NUMBER_COLUMNS
        if any(name in part.numbers for part in parts)
    }
    origin = np.arange(sum(part.rows for part in parts))
    return Rows(
        codes=joined,
        texts=texts,
        numbers=numbers,
        stats=_joined_stats(parts),
        origin=origin,
        files=files,
        guessed=frozenset().union(*(part.guessed for part in parts)),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _joined_stats(parts: Sequence[_Part]) -> FloatArray | None:
    widest = max((part.stats.shape[1] for part in parts if part.stats is not None), default=0)
    if not widest:
        return None
    stats = np.full((sum(part.rows for part in parts), widest), np.nan)
    start = 0
    for part in parts:
        if part.stats is not None:
            stats[start : start + part.rows, : part.stats.shape[1]] = part.stats
        start += part.rows
    return stats


def _one_array(parts: Sequence[NDArray[_Number]]) -> NDArray[_Number]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _as_long(table: Any, path: Path, names: list[str], asked: tuple[str, tuple[str, ...]]) -> tuple[_Part, int]:
    """Return the table in long form, and how many rows of it one row of the file makes."""
    columns = set(table.column_names)
    if {"model", "score"} <= columns and ("benchmark" in columns or names):
        return _long(table, path, "" if "benchmark" in columns else names.pop(0)), 1
    if "model" in columns and not columns & {"benchmark", "score", "item"}:
        return _solvers_in_rows(table, path, *asked)
    if not columns & {"model", "score"} and ("benchmark" in columns or names):
        return _items_in_rows(table, path, "" if "benchmark" in columns else names.pop(0))
    raise _no_such_form(columns, path)


def _no_such_form(columns: set[str], path: Path) -> DataError:
    missing = [name for name in _REQUIRED if name not in columns]
    others = sorted(columns - set(KNOWN_COLUMNS))
    lower = {name.lower(): name for name in others}
    near = [(m, lower[c]) for m in missing for c in difflib.get_close_matches(m, lower, n=1)]
    hint = f"Rename '{near[0][1]}' to '{near[0][0]}'. " if near else ""
    if "item" in columns and not near:
        hint = "Name the benchmark of this file by --benchmark. "
    return DataError(
        f"no column '{missing[0]}'",
        where=f"{path}, whose columns are: {', '.join(sorted(columns))[:300]}",
        way_out=f"{hint}Long tables have the columns benchmark, model and score; wide ones have a column model and one "
        "column per benchmark, or a column item, one column per solver, and --benchmark NAME.",
    )


def _long(table: Any, path: Path, benchmark: str) -> _Part:
    absent = [name for name in KNOWN_COLUMNS if name not in table.column_names]
    for name in table.column_names:
        near = difflib.get_close_matches(name.lower(), absent, n=1, cutoff=0.8)
        if name not in KNOWN_COLUMNS and near:
            raise DataError(
                f"no column is called '{name}'", where=str(path), way_out=f"Did you mean '{near[0]}'? Rename it."
            )
    found = {name: coded_column(table[name], name, path) for name in TEXT_COLUMNS if name in table.column_names}
    if benchmark:
        found["benchmark"] = (np.zeros(table.num_rows, np.int32), [benchmark])
    _refuse_empty(found, path)
    return _Part(
        rows=table.num_rows,
        codes={name: code for name, (code, _) in found.items()},
        texts={name: texts for name, (_, texts) in found.items()},
        numbers={
            n: number_column(table[n], n, path, bounded=n != "score" or "metric" not in found)
            for n in NUMBER_COLUMNS
            if n in table.column_names
        },
        stats=padded(list_column(table["stats"], path)) if "stats" in table.column_names else None,
    )


def _refuse_empty(found: Mapping[str, tuple[CodeArray, list[str]]], path: Path) -> None:
    for name in (n for n in ("benchmark", "model") if n in found):
        empty = np.flatnonzero(found[name][0] < 0)
        if len(empty):
            way_out = "Fill the cell, or drop the row."
            raise DataError(f"the {name} is empty", where=place(path, int(empty[0])), way_out=way_out)


def _solvers_in_rows(table: Any, path: Path, real: str, wanted: tuple[str, ...]) -> tuple[_Part, int]:
    others = [name for name in table.column_names if name not in ("model", "family")]
    names = [n for n in others if n in wanted or (not wanted and (n == real or _may_be_scores(table[n])))]
    guessed = () if wanted else tuple(name for name in names if name != real)
    if not names:
        raise DataError(
            "no column holds scores of a benchmark that is asked for",
            where=f"{path}, whose columns are: {', '.join(others)[:300]}",
            way_out="Name the benchmarks as the columns are called.",
        )
    scores = np.stack([_guessed_scores(table[n], n, path, guessed) for n in names], axis=1)
    of_row = {n: coded_column(table[n], n, path) for n in ("model", "family") if n in table.column_names}
    _refuse_empty(of_row, path)
    return _Part(
        rows=scores.size,
        codes={
            **{name: np.repeat(code, len(names)) for name, (code, _) in of_row.items()},
            "benchmark": np.tile(np.arange(len(names), dtype=np.int32), len(scores)),
        },
        texts={**{name: texts for name, (_, texts) in of_row.items()}, "benchmark": names},
        numbers={"score": scores.ravel()},
        guessed=guessed,
        notes=() if wanted else _notes(guessed, [name for name in others if name not in names], path),
    ), len(names)


def _notes(guessed: Sequence[str], ignored: Sequence[str], path: Path) -> tuple[str, ...]:
    """Say what was made of the columns of a wide table."""
    taken = f"Taken as synthetic sets, as every column of numbers of {path.name}: {_few(guessed)}."
    left = f"Ignored, as columns of words or of true and false: {_few(ignored)}."
    said = " ".join(text for text, names in ((taken, guessed), (left, ignored)) if names)
    return (f"{said} Where that is wrong, name the synthetic sets by --synthetic.",) if said else ()


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"'{name[:80]}'" for name in names[:_MOST_NAMED]) + more


def _guessed_scores(column: Any, name: str, path: Path, guessed: Sequence[str]) -> FloatArray:
    """Return a column's numbers; where it is one that nobody named, an error also says how to leave it out."""
    try:
        return number_column(column, name, path)
    except DataError as error:
        if name not in guessed:
            raise
        more = f"{error.way_out} If '{name[:80]}' is no benchmark, name those that are by --synthetic."
        raise DataError(error.what, where=error.where, way_out=more) from error


def _items_in_rows(table: Any, path: Path, benchmark: str) -> tuple[_Part, int]:
    rows = table.num_rows
    about = [name for name in table.column_names if name in KNOWN_COLUMNS]
    models = [name for name in table.column_names if name not in KNOWN_COLUMNS and _has_numbers(table[name])]
    if not models:
        raise DataError("no column holds a solver's scores", where=str(path), way_out="One column per solver, numbers.")
    scores = np.stack([number_column(table[name], name, path) for name in models], axis=1)
    found = {name: coded_column(table[name], name, path) for name in about if name in TEXT_COLUMNS}
    every = np.arange(rows, dtype=np.int32)
    if benchmark:
        found["benchmark"] = (np.zeros_like(every), [benchmark])
    _refuse_empty(found, path)
    if "item" not in found:  # rows of two files are two items, also where both files are called alike
        found["item"] = (every, [f"{path}:{row + 1}" for row in range(rows)])
    numbers = {"score": scores.ravel()}
    if "weight" in about:
        numbers["weight"] = np.repeat(number_column(table["weight"], "weight", path), len(models))
    return _Part(
        rows=scores.size,
        codes={
            **{name: np.repeat(code, len(models)) for name, (code, _) in found.items()},
            "model": np.tile(np.arange(len(models), dtype=np.int32), rows),
        },
        texts={**{name: texts for name, (_, texts) in found.items()}, "model": models},
        numbers=numbers,
    ), len(models)


def _may_be_scores(column: Any) -> bool:
    """Return whether a column of a wide table may hold a benchmark's scores: numbers, and not true and false."""
    import pyarrow as pa

    return not pa.types.is_boolean(decoded(column).type) and _has_numbers(column)


def _has_numbers(column: Any) -> bool:
    """Return whether most cells are numbers: a column of words says something about the rows, it holds no scores."""
    import pyarrow as pa

    column = decoded(column)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return not pa.types.is_nested(column.type) and not pa.types.is_temporal(column.type)
    filled = [cell for cell in column.to_pylist() if cell and cell.strip().lower() not in MISSING]
    return sum(map(_reads, filled)) > len(filled) / 2


def _reads(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
