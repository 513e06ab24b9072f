"""CSV that we write: line ends are line feeds, and whatever a value holds comes back as it was."""

import csv
import io
from collections.abc import Iterable
from typing import IO, Any


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    r"""Return a table as CSV in UTF-8; None is an empty cell.

    Example:
        >>> csv_bytes(["id", "score"], [["a\rb", 1.5], ["c, d", None]])
        b'id,score\n"a\rb",1.5\n"c, d",\n'
    """
    out = io.StringIO(newline="")
    writer = csv_writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def csv_writer(out: IO[str], separator: str = ",") -> Any:
    r"""Return a writer of `csv` into an open text, which must not change line ends itself."""
    # With line ends of its own "\n" the library leaves a lone "\r" in a value unquoted, and then refuses to read it.
    return csv.writer(_Lines(out), delimiter=separator, lineterminator="\r\n")


class _Lines:
    """Takes rows one by one and ends each with a line feed alone."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def write(self, row: str) -> int:
        return self._out.write(row.removesuffix("\r\n") + "\n")
