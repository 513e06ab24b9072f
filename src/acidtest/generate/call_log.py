"""The replies of a generator as they came: written at once, read again after a restart instead of calling again."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from pydantic import Field, JsonValue, ValidationError

from acidtest.data.line_file import LineFile, whole_lines
from acidtest.types import Prompt, Record, Sampling

LONGEST_REPLY = 40_000
"""Characters of a reply that are kept; what a generator writes beyond them is never read."""


class RecordedCall(Record):
    """One line of the file. `prompt` is the digest of all that was sent; `error` says why no answer came."""

    call: int
    prompt: str
    text: str = ""
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cost: float = Field(default=0.0, ge=0.0)
    error: str | None = None


def digest(
    prompt: Prompt, sampling: Sampling, generator: str, revision: str, identity: Sequence[JsonValue] = ()
) -> str:
    """Return the SHA-256 of all that decides a reply: who writes, what is asked, how the next token is drawn."""
    parts: list[Any] = [
        generator,
        revision,
        prompt.messages,
        prompt.text,
        prompt.stop,
        prompt.max_tokens,
        prompt.grammar,
    ]
    parts += [sampling.temperature, sampling.top_p, sampling.min_p, sampling.seed]
    parts += [list(identity)] if identity else []
    # json, not orjson: it also writes lone surrogates, which may stand in a pool.
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


def bounded(text: str) -> str:
    """Return a text from outside as it may be kept: bounded, and valid UTF-8."""
    return text[:LONGEST_REPLY].encode("utf-8", "replace").decode("utf-8")


class CallLog:
    """The file of recorded calls, open for appending. Used as a context manager.

    A torn last line, left by a kill, is dropped and the file cut there. Lines that are no recorded calls are counted in
    `unreadable` and not used. Failed calls that no answered one follows are not used either: the generator may be
    back by now.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unreadable = 0
        self._known = {(record.call, record.prompt): record for record in self._read()}
        self.calls = frozenset(call for call, _ in self._known)
        self._file = LineFile(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def find(self, call: int, prompt: str) -> RecordedCall | None:
        """Return what was recorded for this call and this very prompt, or None."""
        return self._known.get((call, prompt))

    @property
    def cost(self) -> float:
        """US dollars that the recorded calls took."""
        return sum(record.cost for record in self._known.values())

    def append(self, record: RecordedCall) -> None:
        """Write one line, at once; after this the reply survives a kill."""
        self._file.add(record.model_dump())

    def _read(self) -> Iterator[RecordedCall]:
        unanswered: list[RecordedCall] = []
        for line in whole_lines(self.path):
            try:
                record = RecordedCall.model_validate(orjson.loads(line))
            except (orjson.JSONDecodeError, ValidationError):
                self.unreadable += 1
                continue
            if record.error is not None:
                unanswered.append(record)
                continue
            yield from unanswered
            unanswered.clear()
            yield record
