"""Rows of scores on their way into a table: in chunks to a file beside it, which takes its place when all is well.

Memory does not grow with the number of rows.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from acidtest.data.arrow_arrays import flag_array, float_array, list_array, text_array, whole_array
from acidtest.data.csv_text import csv_writer
from acidtest.data.logs.log_entry import LogEntry
from acidtest.errors import DataError

CHUNK = 20_000
"""Rows that are held at once."""

TEXTS = ("benchmark", "model", "item", "metric")
_MAKERS: dict[str, Callable[[list[Any]], Any]] = {
    **dict.fromkeys(("benchmark", "model", "item"), text_array),
    "score": float_array,
    **dict.fromkeys(("kind", "generator", "strategy", "family", "metric"), text_array),
    "stats": list_array,
    **dict.fromkeys(("bundle", "edit", "label", "prediction", "target", "topic"), text_array),
    "epoch": whole_array,
    "weight": float_array,
    "failure": flag_array,
    "tokens_in": whole_array,
    "tokens_out": whole_array,
    "cost": float_array,
    "error": text_array,
}
"""Column -> what makes its Arrow array; the order is the table's."""

_ALWAYS = ("benchmark", "model", "score", "metric")
_NO_TEXT = ("", ())
ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")


class StagedTable:
    """A table of scores that is being written; use as a context: where an error leaves it, nothing is left behind.

    Args:
        path: The table: .parquet, .csv, .tsv, .jsonl or .ndjson.

    Raises:
        DataError: Another ending.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in ENDINGS:
            raise DataError(f"'{path.name}' ends in no format of tables", way_out=f"Use one of {', '.join(ENDINGS)}.")
        self.path = path
        self.rows = 0
        self._staged = path.with_name(f".{path.name}.{os.getpid()}.staged")
        self._last = path.with_name(f".{path.name}.{os.getpid()}.partial")
        self._cells: dict[str, list[Any]] = {name: [] for name in _MAKERS}
        self._used = set(_ALWAYS)
        self._writer: Any = None

    def __enter__(self) -> Self:
        """Make the folder."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what is not the table."""
        if self._writer is not None:
            self._writer.close()
        self._staged.unlink(missing_ok=True)
        self._last.unlink(missing_ok=True)

    def add(self, entry: LogEntry, epoch: int | None) -> None:
        """Add a row, as this repeat."""
        for name, cells in self._cells.items():
            value = epoch if name == "epoch" else getattr(entry, name)
            cells.append(None if value in _NO_TEXT else value)
        self.rows += 1
        if self.rows % CHUNK == 0:
            self._flush()

    def row(self, number: int) -> dict[str, str]:
        """Return the texts that name a row, counted from 0; none are added afterwards."""
        from pyarrow import parquet

        self._close()
        with parquet.ParquetFile(self._staged) as file:
            group = file.read_row_group(number // CHUNK, columns=list(TEXTS))
        found: dict[str, str] = group.slice(number % CHUNK, 1).to_pylist()[0]
        return {name: text or "" for name, text in found.items()}

    def finish(self) -> None:
        """Put the table in its place, with the columns that something stands in."""
        self._close()
        columns = [name for name in _MAKERS if name in self._used]
        write = _WRITERS[self.path.suffix.lower()]
        write(self._staged, self._last, columns)
        with self._last.open("rb+") as written:
            os.fsync(written.fileno())
        self._last.replace(self.path)

    def _flush(self) -> None:
        import numpy as np
        import pyarrow as pa
        from pyarrow import parquet

        made = {}
        for name, cells in self._cells.items():
            if any(cell is not None for cell in cells):
                self._used.add(name)
            texts = _MAKERS[name] in (text_array, list_array)
            made[name] = _MAKERS[name](cells if texts else [np.nan if cell is None else cell for cell in cells])
            cells.clear()
        table = pa.table(made)
        if self._writer is None:
            self._writer = parquet.ParquetWriter(
                self._staged, table.schema, compression="zstd", version="2.6", store_schema=False
            )
        self._writer.write_table(table, row_group_size=CHUNK)

    def _close(self) -> None:
        if self._writer is None or self._cells["score"]:
            self._flush()
        self._writer.close()


def _chunks(staged: Path, columns: list[str]) -> Iterator[Any]:
    from pyarrow import parquet

    with parquet.ParquetFile(staged) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns).select(columns)


def _write_parquet(staged: Path, path: Path, columns: list[str]) -> None:
    from pyarrow import parquet

    chunks = _chunks(staged, columns)
    first = next(chunks)
    with parquet.ParquetWriter(path, first.schema, compression="zstd", version="2.6", store_schema=False) as writer:
        writer.write_table(first)
        for chunk in chunks:
            writer.write_table(chunk)


def _write_csv(staged: Path, path: Path, columns: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        _write_rows(out, staged, columns, ",")


def _write_tsv(staged: Path, path: Path, columns: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        _write_rows(out, staged, columns, "\t")


def _write_rows(out: IO[str], staged: Path, columns: list[str], separator: str) -> None:
    import orjson

    writer = csv_writer(out, separator)
    writer.writerow(columns)
    for chunk in _chunks(staged, columns):
        for row in chunk.to_pylist():
            cells = [orjson.dumps(cell).decode() if isinstance(cell, list) else cell for cell in row.values()]
            writer.writerow([int(cell) if isinstance(cell, bool) else cell for cell in cells])


def _write_json_lines(staged: Path, path: Path, columns: list[str]) -> None:
    import orjson

    with path.open("wb") as out:
        for chunk in _chunks(staged, columns):
            for row in chunk.to_pylist():
                out.write(orjson.dumps({k: v for k, v in row.items() if v is not None or k == "score"}) + b"\n")


_WRITERS = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".tsv": _write_tsv,
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
}
