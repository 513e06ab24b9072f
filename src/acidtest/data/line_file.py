"""Files of JSON lines that grow by one line at a time, each written the moment it comes, so that a kill loses none."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

_AS_IT_IS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
"""Without O_BINARY, Windows would turn line ends into two characters. A link in a run's folder, which may come from
somebody else, must not lead answers into another file."""

_BLOCK = 2**16


class LineFile:
    """A file that is open for appending; `add` returns once the operating system has the line.

    A line costs one write. It then survives the death of this process, though not of the machine.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = str(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _AS_IT_IS, 0o644)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def add(self, record: dict[str, object]) -> None:
        """Append one record, or nothing where the disk is full: no half line for the next one to be glued to."""
        whole = orjson.dumps(record) + b"\n"
        line = memoryview(whole)
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            error.filename = self._path
            if len(line) < len(whole):
                os.ftruncate(self._file, os.fstat(self._file).st_size - len(whole) + len(line))
            raise


def whole_lines(path: Path) -> list[bytes]:
    """Return the lines of such a file, none where there is no file. A torn last line, left by a kill, is cut off it."""
    return [line.rstrip(b"\r\n") for line in each_line(path)]


def each_line(path: Path) -> Iterator[bytes]:
    """Yield what `whole_lines` returns, one line after another, each with its end."""
    if not path.exists():
        return
    _cut_torn_line(path)
    with path.open("rb") as file:  # afresh: what was cut off must not come out of a buffer
        yield from file


def _cut_torn_line(path: Path) -> None:
    """Cut off what stands behind the last line end."""
    with path.open("rb") as file:
        size = whole = file.seek(0, os.SEEK_END)
        while whole:
            begin = max(whole - _BLOCK, 0)
            file.seek(begin)
            found = file.read(whole - begin).rfind(b"\n")
            whole = begin + found + 1 if found >= 0 else begin
            if found >= 0:
                break
    if whole < size:
        cut = os.open(path, os.O_WRONLY | _AS_IT_IS)
        try:
            os.ftruncate(cut, whole)
        finally:
            os.close(cut)
