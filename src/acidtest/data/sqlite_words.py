"""What SQLite says, in words that a user can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acidtest.errors import DataError


@contextmanager
def plain_errors(name: str, path: Path, *, damaged: str) -> Iterator[None]:
    """Turn SQLite's errors and those of the disk into one that says what to do.

    Args:
        name: What the file is, as the sentence begins: "the response cache".
        path: Where it is.
        damaged: The way out where the file itself is broken.

    Raises:
        DataError: The file cannot be used, or is damaged.
    """
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        way_out = "Check that the disk has room and the file may be written, or set ACIDTEST_CACHE to another folder."
        raise DataError(f"{name} cannot be used: {error}", where=str(path), way_out=way_out) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: SQLite's own words hold broken text
        raise DataError(f"{name} is damaged: {error}", where=str(path), way_out=damaged) from error
