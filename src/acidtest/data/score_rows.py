"""Files of scores, long or wide, as one list of rows: which solver scored what, on which item of which benchmark."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.data.score_files import (
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    list_column,
    number_column,
    padded,
    place,
    read_table,
    text_column,
)
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray

IGNORED_COLUMNS = ("label", "prediction", "target", "topic", "tokens_in", "tokens_out", "cost")
KNOWN_COLUMNS = (*TEXT_COLUMNS, *NUMBER_COLUMNS, "stats", *IGNORED_COLUMNS)
_REQUIRED = ("benchmark", "model", "score")
CodeArray = NDArray[np.int64]


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
    """

    codes: dict[str, CodeArray]
    texts: dict[str, list[str]]
    numbers: dict[str, FloatArray]
    stats: FloatArray | None
    origin: CodeArray
    files: tuple[tuple[Path, int, int], ...]

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
        )


def read_rows(paths: Sequence[Path], *, benchmark: Sequence[str] = (), wanted: Sequence[str] = ()) -> Rows:
    """Read files of scores; each may be long or wide.

    Args:
        paths: The files, read as one table.
        benchmark: Names for the files that name no benchmark, in their order.
        wanted: Benchmarks that are needed; of a wide table, other columns are then left alone. Empty: all.

    Raises:
        DataError: With the file, the row and the nearest column name.
    """
    if not paths:
        raise DataError("no file of scores is named", way_out="Name one or more files.")
    left = list(benchmark)
    parts: list[Any] = []
    files: list[tuple[Path, int, int]] = []
    rows = 0
    for path in paths:
        part, width = _as_long(read_table(path), path, left, tuple(wanted))
        parts.append(part)
        files.append((path, rows, width))
        rows += part.num_rows
    if left:
        raise DataError(
            f"no file needs the benchmark name '{left[0]}'",
            way_out="Give --benchmark once for each file without a column 'benchmark'.",
        )
    return _joined(parts, tuple(files))


def _joined(parts: Sequence[Any], files: tuple[tuple[Path, int, int], ...]) -> Rows:
    import pyarrow as pa

    table = pa.concat_tables(parts, promote_options="default")
    codes: dict[str, CodeArray] = {}
    texts: dict[str, list[str]] = {}
    for name in (n for n in table.column_names if n in TEXT_COLUMNS):
        encoded = table[name].combine_chunks().dictionary_encode()
        encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
        codes[name] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        texts[name] = encoded.dictionary.to_pylist()
    numbers = {name: table[name].to_numpy().astype(np.float64) for name in table.column_names if name in NUMBER_COLUMNS}
    stats = padded(table["stats"]) if "stats" in table.column_names else None
    origin = np.arange(table.num_rows)
    return Rows(codes=codes, texts=texts, numbers=numbers, stats=stats, origin=origin, files=files)


def _as_long(table: Any, path: Path, names: list[str], wanted: tuple[str, ...]) -> tuple[Any, int]:
    """Return the table in long form, and how many rows of it one row of the file makes."""
    columns = set(table.column_names)
    if {"model", "score"} <= columns and ("benchmark" in columns or names):
        return _long(table, path, "" if "benchmark" in columns else names.pop(0)), 1
    if "model" in columns and not columns & {"benchmark", "score", "item"}:
        return _solvers_in_rows(table, path, wanted)
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


def _long(table: Any, path: Path, benchmark: str) -> Any:
    import pyarrow as pa

    absent = [name for name in KNOWN_COLUMNS if name not in table.column_names]
    for name in table.column_names:
        near = difflib.get_close_matches(name.lower(), absent, n=1, cutoff=0.8)
        if name not in KNOWN_COLUMNS and near:
            raise DataError(
                f"no column is called '{name}'", where=str(path), way_out=f"Did you mean '{near[0]}'? Rename it."
            )
    columns = {name: text_column(table[name], name, path) for name in TEXT_COLUMNS if name in table.column_names}
    if benchmark:
        columns["benchmark"] = pa.array([benchmark] * table.num_rows, pa.string())
    columns = {name: _empty_is_null(column) for name, column in columns.items()}
    for name in ("benchmark", "model"):
        if columns[name].null_count:
            row = columns[name].is_null().to_pylist().index(True)
            raise DataError(f"the {name} is empty", where=place(path, row), way_out="Fill the cell, or drop the row.")
    for name in NUMBER_COLUMNS:
        if name in table.column_names:
            columns[name] = pa.array(number_column(table[name], name, path))
    if "stats" in table.column_names:
        columns["stats"] = list_column(table["stats"], path)
    return pa.table(columns)


def _empty_is_null(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _solvers_in_rows(table: Any, path: Path, wanted: tuple[str, ...]) -> tuple[Any, int]:
    import pyarrow as pa

    models = text_column(table["model"], "model", path).to_pylist()
    others = [name for name in table.column_names if name not in ("model", "family")]
    names = [n for n in others if n in wanted] if wanted else [n for n in others if _has_a_number(table[n])]
    if not names:
        raise DataError(
            "no column holds scores of a benchmark that is asked for",
            where=f"{path}, whose columns are: {', '.join(others)[:300]}",
            way_out="Name the benchmarks as the columns are called.",
        )
    scores = np.stack([number_column(table[name], name, path) for name in names], axis=1)
    columns = {
        "benchmark": pa.array(names * len(models), pa.string()),
        "model": pa.array([m for m in models for _ in names], pa.string()),
        "score": pa.array(scores.ravel()),
    }
    if "family" in table.column_names:
        families = text_column(table["family"], "family", path).to_pylist()
        columns["family"] = pa.array([f for f in families for _ in names], pa.string())
    return pa.table(columns), len(names)


def _items_in_rows(table: Any, path: Path, benchmark: str) -> tuple[Any, int]:
    import pyarrow as pa

    rows = table.num_rows
    about = [name for name in table.column_names if name in KNOWN_COLUMNS]
    models = [name for name in table.column_names if name not in KNOWN_COLUMNS and _has_a_number(table[name])]
    if not models:
        raise DataError("no column holds a solver's scores", where=str(path), way_out="One column per solver, numbers.")
    scores = np.stack([number_column(table[name], name, path) for name in models], axis=1)
    repeat = np.repeat(np.arange(rows), len(models))
    columns = {
        name: _empty_is_null(text_column(table[name], name, path)).take(pa.array(repeat))
        for name in about
        if name in TEXT_COLUMNS
    }
    if benchmark:
        columns["benchmark"] = pa.array([benchmark] * len(repeat), pa.string())
    if "item" not in columns:  # numbers of two files must not look like the same items
        columns["item"] = pa.array([f"{path.name}:{row + 1}" for row in repeat], pa.string())
    if "weight" in about:
        columns["weight"] = pa.array(number_column(table["weight"], "weight", path)[repeat])
    columns["model"] = pa.array(models * rows, pa.string())
    columns["score"] = pa.array(scores.ravel())
    return pa.table(columns), len(models)


def _has_a_number(column: Any) -> bool:
    """A column of words alone says something about the rows; it is no column of scores."""
    import pyarrow as pa

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return not pa.types.is_nested(column.type) and not pa.types.is_temporal(column.type)
    return any(_reads(cell) for cell in column.to_pylist())


def _reads(cell: str | None) -> bool:
    try:
        float(cell or "")
    except ValueError:
        return False
    return True
