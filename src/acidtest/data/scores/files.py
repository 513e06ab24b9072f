"""Files of scores as Arrow tables: CSV, Parquet and JSON lines, the text ones also gzipped."""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from acidtest.data.file_row import MAX_BYTES, read_lines, refuse_bomb, refuse_odd_groups
from acidtest.data.scores.arrow import CodeArray, codes
from acidtest.data.scores.arrow import numbers as numbers_of
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray

TEXT_COLUMNS = (
    "benchmark",
    "model",
    "item",
    "kind",
    "generator",
    "metric",
    "bundle",
    "edit",
    "topic",
    "epoch",
    "error",
    "strategy",
    "family",
)
NUMBER_COLUMNS = ("score", "weight", "failure")
ANSWER_COLUMNS = ("label", "prediction", "target")
IGNORED_COLUMNS = (*ANSWER_COLUMNS, "tokens_in", "tokens_out", "cost")
MISSING = ("", "nan", "na", "null", "none")
"""What stands in a cell of text where there is no number."""

_LIST_WAY_OUT = "Write the item's sufficient statistics as a list, such as [1, 0, 2]."
_LARGEST = 1e12
"""Squares of larger scores lose the digits that statistics need; no metric has such."""

_MOST_CELLS = 2**30
_MOST_ROWS = 50_000_000
_ROW_WORD = {"jsonl": "line"}
_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


def read_table(path: Path, *, scores_only: bool = False) -> Any:
    """Read one file as a `pyarrow.Table`, whatever its format; columns that hold names are text, or codes of texts.

    Args:
        path: The file.
        scores_only: Of a long table, leave out what no comparison needs (IGNORED_COLUMNS), where that saves memory.

    Raises:
        DataError: No such file, an unknown ending, no rows, two columns of one name, or a broken file.
    """
    form = file_format(path)
    if not path.is_file():
        raise DataError(f"no file '{path}'", way_out="Name a file of scores that exists.")
    try:
        read = {"csv": _read_csv, "jsonl": _read_json_lines}.get(form)
        table = read(path) if read else _read_parquet(path, scores_only=scores_only)
        table.validate(full=True)
        names = list(table.column_names)
    except (OSError, EOFError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        first = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise DataError(
            f"'{path.name}' cannot be read as {form}: {first[0][:200]}",
            where=str(path),
            way_out="Mend or write the file again; its ending must say its format.",
        ) from error
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"two columns are called '{twice[0]}'", where=str(path), way_out="Rename or drop one of them.")
    if table.num_rows == 0:
        raise DataError(f"'{path.name}' holds no scores", where=str(path), way_out="Leave the file out, or fill it.")
    return table


def file_format(path: Path) -> str:
    """Return "csv", "parquet" or "jsonl" by the file's ending.

    Example:
        >>> file_format(Path("scores.csv.gz"))
        'csv'
    """
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    ending = suffixes[-1] if suffixes else ""
    if ending not in _FORMATS or (ending == ".parquet" and path.suffix.lower() == ".gz"):
        raise DataError(
            f"'{path.name}' ends in no format of scores that is known",
            where=str(path),
            way_out="Use .csv, .tsv or .jsonl (each also .gz), or .parquet.",
        )
    return _FORMATS[ending]


def place(path: Path, row: int) -> str:
    """Return where a row stands, counted from 1 and without a header: "scores.csv row 7"."""
    return f"{path} {_ROW_WORD.get(file_format(path), 'row')} {row + 1}"


def text_column(column: Any, name: str, path: Path) -> Any:
    """Return a column of names as Arrow text; numbers become their digits.

    Raises:
        DataError: The column holds no names but lists, objects, or bytes that are no text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = decoded(column)
    try:
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, column)
        if pa.types.is_floating(column.type) and pc.all(pc.equal(pc.floor(column), column)).as_py():
            column = column.cast(pa.int64())  # a column of whole numbers with gaps reads as floats: 7, not 7.0
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"the column '{name}' holds {column.type}, and no names"[:200],
            where=str(path),
            way_out="Write its cells as text.",
        ) from error


def coded_column(column: Any, name: str, path: Path) -> tuple[CodeArray, list[str]]:
    """Return a column of names as codes [R] and texts, see `codes`; errors as in `text_column`."""
    import pyarrow as pa

    coded = pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type)
    return codes(column if coded else text_column(column, name, path))


def decoded(column: Any) -> Any:
    """Return a column of codes as what they stand for, any other as it is."""
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def number_column(column: Any, name: str, path: Path, *, bounded: bool = True) -> FloatArray:
    """Return a column as floats, empty cells as NaN; numbers too large to reckon with only where not `bounded`.

    Raises:
        DataError: A cell holds no number, or one that is no score; the message names its row.
    """
    import pyarrow as pa

    numeric = pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
    if numeric or pa.types.is_boolean(column.type) or pa.types.is_decimal(column.type) or pa.types.is_null(column.type):
        numbers = numbers_of(column)
    else:
        cells = column.to_pylist()
        numbers = np.array([_number(cell, name, path, row) for row, cell in enumerate(cells)], dtype=np.float64)
    if bounded:
        refuse_too_large(numbers, name, lambda row: place(path, row))
    return numbers


def refuse_too_large(numbers: FloatArray, name: str, where: Callable[[int], str]) -> None:
    """Raise a DataError where a number is infinite, or its square has lost the digits that statistics need."""
    too_large = np.abs(numbers) > _LARGEST
    if too_large.any():
        row = int(np.flatnonzero(too_large)[0])
        what = "is infinite" if np.isinf(numbers[row]) else f"is {numbers[row]:g}, too large to reckon with"
        raise DataError(f"{name} {what}", where=where(row), way_out="Leave the cell empty: not scored.")


def list_column(column: Any, path: Path) -> Any:
    """Return a column of lists of numbers as Arrow lists of floats.

    Text is read as a JSON list, so that CSV files can hold sufficient statistics too.
    """
    import orjson
    import pyarrow as pa

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        try:
            return _reckonable(column.cast(pa.list_(pa.float64())), path)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError("stats holds no lists of numbers", where=str(path), way_out=_LIST_WAY_OUT) from error
    rows: list[list[float] | None] = []
    for row, cell in enumerate(column.to_pylist()):
        try:
            rows.append([float(x) for x in orjson.loads(cell)] if cell else None)
        except (TypeError, ValueError) as error:
            what = f"stats is no list of numbers: {str(cell)[:60]!r}"
            raise DataError(what, where=place(path, row), way_out=_LIST_WAY_OUT) from error
    return _reckonable(pa.chunked_array([pa.array(rows, pa.list_(pa.float64()))]), path)


def _reckonable(column: Any, path: Path) -> Any:
    """Refuse lists that hold numbers too large to reckon with, or that would fill any memory as a table."""
    import pyarrow.compute as pc

    numbers = pc.list_flatten(column).to_numpy()
    if (np.abs(numbers) > _LARGEST).any():
        raise DataError("stats holds a number too large to reckon with", where=str(path), way_out=_LIST_WAY_OUT)
    longest = pc.max(pc.list_value_length(column)).as_py() or 0
    if longest * len(column) > _MOST_CELLS:
        raise DataError(f"stats holds a list of {longest:,} numbers", where=str(path), way_out=_LIST_WAY_OUT)
    return column


def padded(column: Any) -> FloatArray:
    """Return Arrow lists as [rows, longest]; short and missing lists are filled up with NaN."""
    import pyarrow.compute as pc

    column = column.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    values = column.flatten().to_numpy(zero_copy_only=False)
    filled = np.full((len(lengths), max(int(lengths.max(initial=0)), 1)), np.nan)
    row = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    filled[row, np.arange(len(values)) - starts[row]] = values
    return filled


def _number(cell: object, name: str, path: Path, row: int) -> float:
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in MISSING):
        return float("nan")
    try:
        return float(cell)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} {str(cell)[:60]!r} is not a number",
            where=place(path, row),
            way_out="Write a plain number, or leave the cell empty where nothing was scored.",
        ) from error


def _read_csv(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    separator = "\t" if ".tsv" in (s.lower() for s in path.suffixes) else ","
    return csv.read_csv(
        _unpacked(path),
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys((*TEXT_COLUMNS, *ANSWER_COLUMNS), pa.string())),
    )


def _read_parquet(path: Path, *, scores_only: bool) -> Any:
    """Read Parquet: texts as codes, which is how they stand there, and file by file, which needs no pandas."""
    from pyarrow import parquet

    metadata = parquet.read_metadata(path)
    if metadata.num_rows > _MOST_ROWS:
        raise DataError(f"more than {_MOST_ROWS:,} rows", where=str(path), way_out="Part the file.")
    refuse_odd_groups(metadata, path)
    there = {metadata.schema.column(k).path for k in range(len(metadata.schema))}
    texts = [name for name in TEXT_COLUMNS if name in there]
    with parquet.ParquetFile(path, metadata=metadata, read_dictionary=texts) as file:
        names = file.schema_arrow.names
        long = scores_only and {"model", "score"} <= set(names)
        needed = [name for name in names if name not in IGNORED_COLUMNS] if long else None
        return file.read(columns=needed, use_threads=False)


def _unpacked(path: Path) -> Any:
    """Return what Arrow reads: a path, or for a packed file a stream that ends before it fills the memory."""
    return _BoundedGzip(path) if path.suffix.lower() == ".gz" else path


class _BoundedGzip(gzip.GzipFile):
    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > MAX_BYTES:
            raise DataError(f"more than {MAX_BYTES // 2**30} GB", where=str(self.name), way_out="Part the file.")
        refuse_bomb(self.tell(), Path(self.name))
        try:
            return super().read(size)
        except zlib.error as error:  # alone of all that a broken file raises it is no OSError or EOFError
            raise gzip.BadGzipFile(str(error)) from error


def _read_json_lines(path: Path) -> Any:
    """Read JSON lines; where Arrow finds columns of mixed types, go line by line and keep each value as text."""
    import pyarrow as pa
    from pyarrow import json

    try:
        return json.read_json(_unpacked(path), read_options=json.ReadOptions(use_threads=False))
    except pa.ArrowInvalid:
        return _mixed_json_lines(path)


def _mixed_json_lines(path: Path) -> Any:
    import orjson
    import pyarrow as pa

    rows: list[dict[str, object]] = []
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise DataError(
                f"this is not JSON: {error}"[:200],
                where=place(path, number - 1),
                way_out="Write one JSON object per line.",
            ) from error
        if not isinstance(found, dict):
            raise DataError("this line is no JSON object", where=place(path, number - 1), way_out="Write {...}.")
        rows.append(found)
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([_as_text(row.get(name)) for row in rows], pa.string()) for name in names})


def _as_text(value: object) -> str | None:
    import orjson

    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    return orjson.dumps(value).decode()
