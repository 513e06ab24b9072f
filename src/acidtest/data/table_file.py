"""A table to hand on: columns of equal length as .csv, .jsonl or .parquet, by the file's ending."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from acidtest.data.csv_text import csv_bytes
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError

Cell = str | int | float | None
ENDINGS = (".csv", ".jsonl", ".parquet")


def check_ending(path: Path) -> None:
    """Refuse a name that no table can be written under.

    Raises:
        DataError: Another ending than .csv, .jsonl and .parquet.
    """
    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"no table is written as '{path.suffix or path.name}'",
            where=str(path),
            way_out=f"Name a file that ends in {', '.join(ENDINGS)}.",
        )


def write_table(path: Path, columns: Mapping[str, Sequence[Cell]]) -> None:
    """Write a table, whole or not at all; None is an empty cell.

    Raises:
        DataError: An ending that is not known.
    """
    check_ending(path)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if path.suffix.lower() == ".jsonl":
        import orjson

        write_atomically(path, b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    elif path.suffix.lower() == ".csv":
        write_atomically(path, csv_bytes(columns, (row.values() for row in rows)))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = io.BytesIO()
        pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), sink)
        write_atomically(path, sink.getvalue())
