"""Files of JSON lines that grow by one line at a time, each written the moment it comes, so that a kill loses none."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson


class LineFile:
    """A file that is open for appending; `add` returns once the operating system has the line.

    A line costs one write. It then survives the death of this process, though not of the machine.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without O_BINARY, Windows would turn the line ends into two characters.
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)

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
        """Append one record."""
        line = memoryview(orjson.dumps(record) + b"\n")
        while line:
            line = line[os.write(self._file, line) :]


def whole_lines(path: Path) -> list[bytes]:
    """Return the lines of such a file, none where there is no file. A torn last line, left by a kill, is cut off it."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return content[:whole].splitlines()
