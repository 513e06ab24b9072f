"""A row of a file with its place, and the lines that text files are made of; every reader bounds what it takes in."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from acidtest.errors import DataError

MAX_LINE = 16 * 2**20
"""Longest line, in bytes, and longest cell of a CSV file, in characters."""

MAX_ROWS = 5_000_000
"""Most rows of one file."""

MAX_BYTES = 8 * 2**30
"""Most bytes of one file, unpacked."""

_HARMLESS = 64 * 2**20
_MOST_TIMES = 500
"""What a file that is read whole may unpack to, of its own size. Tables come to some tens; a bomb comes to 1,000."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRow:
    """One row of a file.

    Attributes:
        number: Which row of data it is, from 1.
        where: Its place in words: "items.jsonl line 3".
        values: Column -> value, as the file gives it.
    """

    number: int
    where: str
    values: dict[str, object]


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file, unpacking it where its name ends in `.gz`; what goes wrong on the way becomes a DataError."""
    packed = path.suffix == ".gz"
    try:
        with path.open("rb") as raw:
            head = raw.read(2)
            raw.seek(0)
            if packed and head != _GZIP:
                raise DataError(
                    f"'{path.name}' is not a gzip file", where=str(path), way_out="Take '.gz' off its name, or pack it."
                )
            if not packed and head == _GZIP:
                raise DataError(
                    f"'{path.name}' is packed with gzip",
                    where=str(path),
                    way_out="End its name in '.gz', or unpack it.",
                )
            if not packed:
                yield raw
                return
            with gzip.open(raw) as unpacked:
                yield cast("BinaryIO", unpacked)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"'{path.name}' is a broken gzip file: {error}", where=str(path), way_out="Get or pack it again."
        ) from error
    except FileNotFoundError as error:
        raise DataError(f"there is no file '{path.name}'", where=str(path), way_out="Check the path.") from error
    except OSError as error:
        raise DataError(f"'{path.name}' cannot be read: {error.strerror or error}", where=str(path)) from error


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line with its end) of a text file."""
    with open_bytes(path) as file:
        number, size = 0, 0
        while line := file.readline(MAX_LINE + 1):
            number, size = number + 1, size + len(line)
            if size > MAX_BYTES:
                raise DataError(f"more than {MAX_BYTES // 2**30} GB", where=str(path), way_out="Part the file.")
            if number == 1:
                line = line.removeprefix(_BOM)
            yield number, _decoded(line, path, number, encoding)


def refuse_bomb(unpacked: int, path: Path) -> None:
    """Refuse a packed file of a few megabytes that would fill gigabytes of memory.

    Raises:
        DataError: It unpacks to more than 64 MB, and to more than 500 times its size.
    """
    if unpacked > _HARMLESS and unpacked > _MOST_TIMES * path.stat().st_size:
        raise DataError(
            f"'{path.name}' unpacks to more than {_MOST_TIMES} times its size, as no table does",
            where=str(path),
            way_out="Where it is what you think it is, unpack it or write it again, and name the new file.",
        )


def refuse_odd_groups(metadata: Any, path: Path) -> None:
    """Refuse a Parquet file whose groups of rows lie: Arrow reads for days where one states billions of rows.

    Args:
        metadata: `pyarrow.parquet.FileMetaData`.
        path: The file.

    Raises:
        DataError: The groups have not as many rows as the file, or unpack to what `refuse_bomb` refuses.
    """
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows or any(group.num_rows < 0 for group in groups):
        raise DataError(
            f"'{path.name}' is a damaged Parquet file: its parts have not as many rows as the whole",
            where=str(path),
            way_out="Get or write it again.",
        )
    refuse_bomb(sum(group.total_byte_size for group in groups), path)


def data_number(number: int, path: Path) -> int:
    """Return the number of a row, or raise where a file holds more rows than anyone reads by hand or by model."""
    if number > MAX_ROWS:
        raise DataError(f"more than {MAX_ROWS:,} rows", where=str(path), way_out="Part the file.")
    return number


def _decoded(line: bytes, path: Path, number: int, encoding: str) -> str:
    where = f"{path} line {number}"
    if len(line) > MAX_LINE:
        raise DataError(
            f"a line of more than {MAX_LINE // 2**20} MB", where=where, way_out="One item stands on one line."
        )
    try:
        return line.decode(encoding)
    except UnicodeDecodeError as error:
        hint = " (it looks like UTF-16)" if line[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise DataError(
            f"byte {error.start + 1} of the line is not UTF-8{hint}", where=where, way_out="Save the file as UTF-8."
        ) from error
