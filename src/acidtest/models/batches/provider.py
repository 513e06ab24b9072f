"""What a provider's batches must offer: how one is written, begun, found again, looked at and read."""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import IO, ClassVar, NamedTuple

from acidtest.errors import AcidtestError, TransientModelError
from acidtest.models.batches.exchange import BatchHttp
from acidtest.models.failure import AttemptError
from acidtest.models.remote import RemoteModel

_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")

Failure = AttemptError | AcidtestError


class BatchState(NamedTuple):
    """How far a batch is.

    Attributes:
        ended: Nothing more will come of it.
        refused: Why the provider did not even begin it.
        files: Where its results are, in the provider's own words.
        cancelled: Somebody ended it at the provider.
        results: So many results there must be at least.
    """

    ended: bool
    refused: Failure | None = None
    files: tuple[str, ...] = ()
    cancelled: bool = False
    results: int = 0


class Outcome(NamedTuple):
    """What came of one call: a parsed answer, or why there is none."""

    call: str
    answer: object = None
    failure: Failure | None = None


class BatchProvider(ABC):
    """Speaks one provider's batch endpoints, for a model of that provider.

    Attributes:
        most_calls, most_bytes: Limits of one batch.
        names_batches: A batch keeps a name of ours, by which it is found for sure; otherwise only its results tell.
        head, between, tail: What stands before, between and behind the calls of a batch.
    """

    most_calls: int
    most_bytes: int
    names_batches: ClassVar[bool]
    head: ClassVar[bytes] = b""
    between: ClassVar[bytes] = b"\n"
    tail: ClassVar[bytes] = b"\n"

    def __init__(self, model: RemoteModel, http: BatchHttp) -> None:
        self.model, self.http = model, http

    @abstractmethod
    def written(self, call: str, body: bytes) -> bytes:
        """Return one call as it stands in a batch, without a line break."""

    async def upload(self, file: IO[bytes]) -> str:  # noqa: ARG002 - only some providers want it first
        """Send the calls where that comes before the batch, and costs nothing; return what `create` asks for."""
        return ""

    @abstractmethod
    async def create(self, file: IO[bytes], uploaded: str, mark: str) -> str:
        """Begin a batch and return its name; `mark` is the name that we give it."""

    @abstractmethod
    async def find(self, mark: str, since: float, size: int) -> list[str]:
        """Return batches that may be the one that was begun under a mark, of so many calls, not before that time."""

    @abstractmethod
    async def look(self, batch: str) -> BatchState:
        """Ask how far a batch is."""

    @abstractmethod
    def results(self, batch: str, state: BatchState) -> AsyncIterator[bytes]:
        """Give the lines of a batch's results, one by one."""

    @abstractmethod
    def outcome(self, line: object) -> Outcome:
        """Return what a parsed line of the results says.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: The line has not the expected shape.
        """


def cancelled(where: str) -> TransientModelError:
    """Return what a call is told whose batch somebody cancelled: it is not sent again before a person asks for it."""
    way_out = "Run again: what was not answered is sent again."
    return TransientModelError("the batch was cancelled at the provider", where=where, way_out=way_out)


def counted_results(counts: object, *names: str) -> int:
    """Return the sum of a provider's counts under these names; what is no count is 0.

    Example:
        >>> counted_results({"total": 5, "completed": 3, "failed": 1}, "completed", "failed")
        4
    """
    found = [counts.get(name) for name in names] if isinstance(counts, dict) else []
    return sum(n for n in found if isinstance(n, int))


def plain_name(value: object) -> str:
    """Return a batch's or file's name as it may stand in an address.

    Raises:
        AttemptError: It is none; whatever the server did, it did.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise AttemptError("the server's answer names no batch or file", paid=True)
    return value
