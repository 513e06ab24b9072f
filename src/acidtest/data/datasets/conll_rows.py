"""Rows from CoNLL columns: one token per line, its tag in the last column, a blank line between sentences."""

import re
from collections.abc import Iterator
from pathlib import Path

from acidtest.data.file_row import FileRow, data_number, read_lines
from acidtest.errors import DataError

_TAG = re.compile(r"O|[BIELSU]-.+")
_DOCUMENT = "-DOCSTART-"


def conll_rows(path: Path) -> Iterator[FileRow]:
    """Yield one row per sentence with `tokens` (first column) and `tags` (last column).

    Columns are parted by tabs where a line has one, else by blanks. Lines that begin a document and comments
    (`# ...` before a sentence) are passed over.
    """
    number = 0
    for began, tokens, tags in _sentences(path):
        number = data_number(number + 1, path)
        yield FileRow(number=number, where=f"{path} line {began}", values={"tokens": tokens, "tags": tags})


def _sentences(path: Path) -> Iterator[tuple[int, list[str], list[str]]]:
    began = 0
    tokens: list[str] = []
    tags: list[str] = []
    for line_number, line in read_lines(path):
        columns = _columns(line)
        if columns and columns[0] == _DOCUMENT:
            columns = []
        if not columns:
            if tokens:
                yield began, tokens, tags
            tokens, tags = [], []
            continue
        if not tokens and columns[0].startswith("#") and not _TAG.fullmatch(columns[-1]):
            continue
        if len(columns) == 1:
            raise DataError(
                f"only one column: '{columns[0][:60]}'",
                where=f"{path} line {line_number}",
                way_out="Each line holds a token and, in its last column, its tag.",
            )
        began = began if tokens else line_number
        tokens.append(columns[0])
        tags.append(columns[-1])
    if tokens:
        yield began, tokens, tags


def _columns(line: str) -> list[str]:
    line = line.rstrip("\r\n")
    if "\t" not in line:
        return [column for column in line.split(" ") if column]  # by blanks alone: a token may hold U+00A0
    columns = [column.strip(" ") for column in line.split("\t")]
    while columns and not columns[-1]:
        columns.pop()
    return columns
