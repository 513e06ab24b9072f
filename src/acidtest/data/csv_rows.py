"""Rows from CSV and TSV files with a header."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from acidtest.data.file_row import MAX_LINE, FileRow, data_number, read_lines
from acidtest.errors import DataError


def csv_rows(path: Path, delimiter: str = ",") -> Iterator[FileRow]:
    """Yield the rows of a file whose first line names the columns. Every value is text.

    Quotes follow RFC 4180: a value may hold the delimiter, line ends, and quotes written twice.
    """
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader((line for _, line in read_lines(path)), delimiter=delimiter, strict=True)
    header: list[str] = []
    number, began = 0, 1
    try:
        for values in reader:
            where = f"{path} line {began}"
            began = reader.line_num + 1
            if not header:
                header = _header(values, path)
            elif values:
                number = data_number(number + 1, path)
                _refuse_wrong_width(values, header, where)
                yield FileRow(number=number, where=where, values=dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise DataError(
            f"broken CSV: {error}",
            where=f"{path} line {reader.line_num}",
            way_out='Quote values that hold quotes or line ends, and write a quote inside them twice: "".',
        ) from error


def _header(names: list[str], path: Path) -> list[str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"two columns are called '{twice[0]}'", where=f"{path} line 1", way_out="Rename one of them.")
    if not any(name.strip() for name in names):
        raise DataError(
            "the first line names no columns", where=f"{path} line 1", way_out="Begin the file with column names."
        )
    return names


def _refuse_wrong_width(values: list[str], header: list[str], where: str) -> None:
    if len(values) != len(header):
        raise DataError(
            f"{len(values)} values for {len(header)} columns ({', '.join(header)[:200]})",
            where=where,
            way_out="Quote values that hold the delimiter; keep one delimiter throughout the file.",
        )
