"""Which calls were sent in which batch: written down before they are sent, so that nobody sends and pays them again.

The file stands beside the response cache and is shared by all runs. It holds names of batches, addresses and hashes of
calls; no key, no prompt and no answer.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from acidtest.data.cache_folder import cache_folder
from acidtest.data.sqlite_words import plain_errors
from acidtest.errors import DataError

SCHEMA = 1
KEPT_FOR = 28 * 86400.0
"""Seconds after which a batch is forgotten: providers keep results for 29 days or more."""

State = Literal["uploading", "creating", "sent"]
"""`uploading`: nothing was begun; `creating`: the provider was asked to begin it; `sent`: its name is known."""

_LOCKED_FOR = 30.0
_DAMAGED = (
    "Move the file away. What is in batches that still run is then sent, and paid, again: look at the provider's list "
    "of batches first."
)
_MOST_VALUES = 500
_CREATE = """
CREATE TABLE IF NOT EXISTS batches (
  mark TEXT PRIMARY KEY, address TEXT NOT NULL, state TEXT NOT NULL, batch TEXT NOT NULL,
  size INTEGER NOT NULL, made REAL NOT NULL, touched REAL NOT NULL
) WITHOUT ROWID
"""
_CREATE_CALLS = "CREATE TABLE IF NOT EXISTS calls (call TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID"
_CREATE_INDEX = "CREATE INDEX IF NOT EXISTS calls_of_batch ON calls (mark)"


class Batch(NamedTuple):
    """A batch as it is written down.

    Attributes:
        mark: Our own name for it.
        state: How far its sending came.
        batch: The provider's name for it; empty where that is not known.
        size: Calls that it was made of.
        made, touched: Seconds since 1970: when it was written down, and when its state last changed.
    """

    mark: str
    address: str
    state: State
    batch: str
    size: int
    made: float
    touched: float


class BatchJournal:
    """The file of batches; opened by each model that sends some.

    Args:
        path: The file; it is made where there is none. Default: `batches.sqlite` in the cache folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / "batches.sqlite"
        with self._plain_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.path, timeout=_LOCKED_FOR, isolation_level=None)
        try:
            self._prepare()
        except DataError:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until no other process sends batches. The system itself ends this with the process."""
        with self._plain_errors():
            lock = sqlite3.connect(self.path.with_suffix(".lock"), timeout=0, isolation_level=None)
        try:
            while True:
                try:
                    with self._plain_errors():
                        lock.execute("BEGIN EXCLUSIVE")
                except DataError as error:
                    if "locked" not in error.what:
                        raise
                    await asyncio.sleep(0.1)
                else:
                    break
            yield
        finally:
            lock.close()

    def where(self, calls: Sequence[str]) -> dict[str, str]:
        """Return the marks of the batches that some of these calls were sent in."""
        found: dict[str, str] = {}
        with self._plain_errors():
            for start in range(0, len(calls), _MOST_VALUES):
                part = calls[start : start + _MOST_VALUES]
                marks = ",".join("?" * len(part))
                found |= dict(self._database.execute(f"SELECT call, mark FROM calls WHERE call IN ({marks})", part))  # noqa: S608 - question marks
        return found

    def claim(self, mark: str, address: str, calls: Sequence[str]) -> None:
        """Write down that a batch of these calls is about to be sent; only what `where` does not know, and `alone`."""
        now = time.time()
        with self._transaction():
            row = (mark, address, "uploading", "", len(calls), now, now)
            self._database.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._database.executemany("INSERT INTO calls VALUES (?, ?)", ((call, mark) for call in calls))

    def creating(self, mark: str) -> None:
        """Write down that the provider is asked, from now on, to begin a batch."""
        self._change("UPDATE batches SET state = 'creating', touched = ? WHERE mark = ?", time.time(), mark)

    def sent(self, mark: str, batch: str) -> None:
        """Write down the provider's name for a batch."""
        change = "UPDATE batches SET state = 'sent', batch = ?, touched = ? WHERE mark = ?"
        self._change(change, batch, time.time(), mark)

    def batch(self, mark: str) -> Batch | None:
        """Return what is written down of a batch."""
        with self._plain_errors():
            row = self._database.execute("SELECT * FROM batches WHERE mark = ?", (mark,)).fetchone()
        return None if row is None else Batch(*row)

    def known(self, address: str) -> set[str]:
        """Return the provider's names of all batches at an address that are written down."""
        with self._plain_errors():
            rows = self._database.execute("SELECT batch FROM batches WHERE address = ? AND batch != ''", (address,))
            return {batch for (batch,) in rows}

    def calls(self, mark: str) -> set[str]:
        """Return the calls of a batch that nobody has given up or taken home."""
        with self._plain_errors():
            return {call for (call,) in self._database.execute("SELECT call FROM calls WHERE mark = ?", (mark,))}

    def release(self, mark: str, calls: Collection[str]) -> None:
        """Forget calls of a batch: they were answered and kept, or may be sent again."""
        with self._transaction():
            self._database.executemany("DELETE FROM calls WHERE call = ? AND mark = ?", ((c, mark) for c in calls))
            left = self._database.execute("SELECT 1 FROM calls WHERE mark = ? LIMIT 1", (mark,)).fetchone()
            if left is None:
                self._database.execute("DELETE FROM batches WHERE mark = ?", (mark,))

    def drop(self, mark: str) -> None:
        """Forget a batch that never came about, with all its calls."""
        with self._transaction():
            self._database.execute("DELETE FROM calls WHERE mark = ?", (mark,))
            self._database.execute("DELETE FROM batches WHERE mark = ?", (mark,))

    def drop_unbegun(self, mark: str) -> None:
        """Forget a batch that nobody found at the provider, unless another process has found it since."""
        with self._transaction():
            left = "SELECT mark FROM batches WHERE mark = ? AND batch = ''"
            self._database.execute(f"DELETE FROM calls WHERE mark IN ({left})", (mark,))  # noqa: S608 - no values
            self._database.execute("DELETE FROM batches WHERE mark = ? AND batch = ''", (mark,))

    def _change(self, statement: str, *values: str | float) -> None:
        with self._plain_errors():
            self._database.execute(statement, values)

    def _prepare(self) -> None:
        with self._plain_errors():
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version not in (0, SCHEMA):
                raise DataError(
                    f"the file of batches was written by a newer version ({version})",
                    where=str(self.path),
                    way_out="Update acidtest, or name another folder with ACIDTEST_CACHE.",
                )
            self._database.execute("PRAGMA synchronous = FULL")  # few writes, and each may be worth thousands of calls
        with self._transaction():
            for statement in (_CREATE, _CREATE_CALLS, _CREATE_INDEX, f"PRAGMA user_version = {SCHEMA}"):
                self._database.execute(statement)
            old = time.time() - KEPT_FOR
            self._database.execute(
                "DELETE FROM calls WHERE mark IN (SELECT mark FROM batches WHERE touched < ?)", (old,)
            )
            self._database.execute("DELETE FROM batches WHERE touched < ?", (old,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._plain_errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _plain_errors(self) -> AbstractContextManager[None]:
        return plain_errors("the file of batches", self.path, damaged=_DAMAGED)
