"""Answers that were paid for once: an SQLite file that several runs may use at a time."""

import hashlib
import sqlite3
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from acidtest.data.cache_folder import cache_folder
from acidtest.data.sqlite_words import plain_errors
from acidtest.errors import DataError
from acidtest.models.base import LanguageModel
from acidtest.types import Prompt, Reply, Sampling

SCHEMA = 1
"""Of keys and of the table of replies. Log-probabilities stand in a table beside it, which files of before get when
they are opened; versions that know no such table go on using the file."""

_MOST_PENDING = 256
_OLDEST_PENDING = 1.0
_LOCKED_FOR = 30.0
_DAMAGED = "Delete the file (and those beside it that end in -wal and -shm): its answers are asked again."

_CREATE = """
CREATE TABLE IF NOT EXISTS replies (
  key BLOB PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL,
  tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, seconds REAL NOT NULL
) WITHOUT ROWID
"""
_CREATE_LOGPROBS = "CREATE TABLE IF NOT EXISTS logprobs (key BLOB PRIMARY KEY, tokens BLOB NOT NULL) WITHOUT ROWID"
_SELECT = """
SELECT text, finish, tokens_in, tokens_out, seconds, tokens FROM replies LEFT JOIN logprobs USING (key) WHERE key = ?
"""


_KINDS = ((str, str, int, int, float), (str, str, int, int, int))
"""What Python gets of a reply's columns."""


class CacheKey:
    """Makes the keys of one model's answers.

    A key is the SHA-256 of all that an answer depends on: the model, its address, revision and context, the style,
    every sampling setting, the prompt with its stops, grammar and length, the log-probabilities where it asks for some,
    and the repeat index.
    """

    def __init__(self, model: LanguageModel) -> None:
        parts = ["acidtest reply", SCHEMA, model.spec.use, model.spec.base_url, model.revision, model.style]
        if model.spec.context is not None:  # an answer ends where the context does; other keys are those of before
            parts.append(model.spec.context)
        self._start = hashlib.sha256(orjson.dumps(parts))

    def __call__(self, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> bytes:
        """Return 32 bytes."""
        key = self._start.copy()
        settings = (sampling.temperature, sampling.top_p, sampling.min_p, sampling.seed)
        asked = (prompt.messages, prompt.text, prompt.stop, prompt.max_tokens, prompt.grammar)
        content: tuple[object, ...] = (settings, asked, repeat)
        if prompt.logprobs:  # keys of prompts that ask for none are those of before
            content = (*content, "logprobs", prompt.logprobs)
        key.update(orjson.dumps(content))
        return key.digest()


class ResponseCache:
    """Replies by key.

    Writing is batched: a reply is on disk at the latest `_MOST_PENDING` replies or `_OLDEST_PENDING` seconds after it
    came, as long as others follow, and otherwise at `flush`. The first reply under a key stays.

    Args:
        path: The file; it is made where there is none. Default: `replies.sqlite` in the cache folder.

    Raises:
        DataError: The file is damaged, is no cache, or cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / "replies.sqlite"
        self._pending: dict[bytes, Reply] = {}
        self._last_flush = -_OLDEST_PENDING
        with self._plain_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.path, timeout=_LOCKED_FOR, isolation_level=None)
        try:
            with self._plain_errors():
                self._prepare()
        except DataError:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pending(self) -> int:
        """Number of replies that are not on disk yet."""
        return len(self._pending)

    def get(self, key: bytes) -> Reply | None:
        """Return the reply under a key, marked as cached, or None."""
        if (waiting := self._pending.get(key)) is not None:
            return _as_cached(waiting)
        with self._plain_errors():
            row = self._database.execute(_SELECT, (key,)).fetchone()
            if row is None:
                return None
            text, finish, tokens_in, tokens_out, seconds, tokens = row
            logprobs = None if tokens is None else _logprobs(tokens)
            if tuple(map(type, row[:5])) not in _KINDS:  # SQLite keeps anything in any column
                raise sqlite3.DatabaseError("a reply that is none")
        return _reply(text, finish, tokens_in, tokens_out, seconds, logprobs)

    def put(self, key: bytes, reply: Reply) -> None:
        """Keep a reply; see the class for when it is on disk."""
        self._pending[key] = reply
        if len(self._pending) >= _MOST_PENDING or time.monotonic() - self._last_flush >= _OLDEST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Write what is pending; when this returns it survives the death of this process."""
        if not self._pending:
            return
        rows = [(key, r.text, r.finish, r.tokens_in, r.tokens_out, r.seconds) for key, r in self._pending.items()]
        given = [(key, orjson.dumps(dict(r.logprobs))) for key, r in self._pending.items() if r.logprobs is not None]
        with self._plain_errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany("INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._database.executemany("INSERT OR IGNORE INTO logprobs VALUES (?, ?)", given)
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        self._pending.clear()
        self._last_flush = time.monotonic()

    def close(self) -> None:
        """Write what is pending and close the file."""
        try:
            self.flush()
        finally:
            self._database.close()

    def _prepare(self) -> None:
        self._write_ahead()
        # A power cut may lose the last second: every answer stands in its run's folder too, and FULL would hold up
        # all calls under way for 5 to 12 ms a second or more often.
        self._database.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA):
            way_out = "Update acidtest, or name another folder with ACIDTEST_CACHE."
            raise DataError(
                f"the cache was written by a newer version ({version})", where=str(self.path), way_out=way_out
            )
        self._database.execute(_CREATE)
        self._database.execute(_CREATE_LOGPROBS)
        if version == 0:
            self._database.execute(f"PRAGMA user_version = {SCHEMA}")
        self._database.execute("SELECT key, text, finish, tokens_in, tokens_out, seconds FROM replies LIMIT 1")
        self._database.execute("SELECT key, tokens FROM logprobs LIMIT 1")

    def _write_ahead(self) -> None:
        """Switch to WAL. SQLite does not wait for its turn here, so two runs that start at once must do so."""
        give_up = time.monotonic() + _LOCKED_FOR
        while True:
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.02)
            else:
                return

    def _plain_errors(self) -> AbstractContextManager[None]:
        return plain_errors("the response cache", self.path, damaged=_DAMAGED)


def _logprobs(tokens: bytes) -> dict[str, float]:
    try:
        return {str(token): float(logprob) for token, logprob in orjson.loads(tokens).items()}
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError) as error:
        raise sqlite3.DatabaseError("log-probabilities that are none") from error


def _reply(
    text: str,
    finish: str,
    tokens_in: int,
    tokens_out: int,
    seconds: float,
    logprobs: Mapping[str, float] | None,
) -> Reply:
    return Reply(
        text=text,
        finish=finish,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        seconds=seconds,
        cached=True,
        logprobs=logprobs,
    )


def _as_cached(reply: Reply) -> Reply:
    return _reply(reply.text, reply.finish, reply.tokens_in, reply.tokens_out, reply.seconds, reply.logprobs)
