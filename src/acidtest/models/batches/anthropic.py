"""Anthropic's message batches: one call begins a batch, one file holds its results.

Source: Anthropic's API reference, "Message Batches" (100,000 calls and 256 MB a batch; `custom_id` of 1 to 64 letters,
digits, - and _; only `succeeded` is charged).
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, Any, ClassVar

import orjson

from acidtest.models.batches.provider import (
    BatchProvider,
    BatchState,
    Failure,
    Outcome,
    cancelled,
    counted_results,
    plain_name,
)
from acidtest.models.failure import AttemptError, HttpReply

_PATH = "/v1/messages/batches"
_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
_PAGE, _MOST_PAGES = 100, 100
_CLOCKS_DIFFER = 600.0
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that an error has outside of batches; all others are the server's own fault."""


class AnthropicBatches(BatchProvider):
    """Speaks `/v1/messages/batches`.

    A batch keeps no name of ours, so one whose beginning was not heard of is recognised by its number of calls and,
    when it has ended, by the calls in its results. `results_url` is not followed: it is where the results are by the
    reference, and another address would be sent the key.
    """

    most_calls = 100_000
    most_bytes = 256 * 10**6
    names_batches: ClassVar[bool] = False
    head: ClassVar[bytes] = b'{"requests":['
    between: ClassVar[bytes] = b",\n"
    tail: ClassVar[bytes] = b"]}"

    def written(self, call: str, body: bytes) -> bytes:
        """Return a member of the list of requests."""
        return b'{"custom_id":"%b","params":%b}' % (call.encode(), body)

    async def create(self, file: IO[bytes], uploaded: str, mark: str) -> str:
        """Send the calls, which begins the batch."""
        del uploaded, mark
        found = await self.http.post(_PATH, file)
        return plain_name(found.get("id"))

    async def find(self, mark: str, since: float, size: int) -> list[str]:
        """Return the batches of so many calls that were begun since."""
        del mark
        query, found = dict[str, str | int](limit=_PAGE), list[str]()
        for _ in range(_MOST_PAGES):
            page = await self.http.get(_PATH, **query)
            batches = page.get("data")
            batches = [b for b in batches if isinstance(b, dict)] if isinstance(batches, list) else []
            recent = [batch for batch in batches if _begun(batch) >= since - _CLOCKS_DIFFER]
            sizes = [counted_results(batch.get("request_counts"), *_COUNTS) for batch in recent]
            found += [plain_name(b.get("id")) for b, its in zip(recent, sizes, strict=True) if its == size]
            if len(recent) < len(batches) or not batches or not page.get("has_more"):  # the newest come first
                break
            query["after_id"] = plain_name(page.get("last_id"))
        return found

    async def look(self, batch: str) -> BatchState:
        """Ask how far a batch is."""
        found = await self.http.get(f"{_PATH}/{batch}")
        counts = counted_results(found.get("request_counts"), *_COUNTS[1:])
        return BatchState(ended=found.get("processing_status") == "ended", files=(batch,), results=counts)

    async def results(self, batch: str, state: BatchState) -> AsyncIterator[bytes]:
        """Give the lines of the results."""
        del state
        async for line in self.http.lines(f"{_PATH}/{batch}/results", most=4 * self.most_calls):
            yield line

    def outcome(self, line: Any) -> Outcome:
        """Return what a line says: an answer, an error, or that the call's turn never came."""
        call, result = str(line["custom_id"]), line["result"]
        kind = result["type"]
        if kind == "succeeded":
            return Outcome(call, answer=result["message"])
        failure: Failure
        if kind == "canceled":
            failure = cancelled(self.model.place)
        elif kind == "expired":
            failure = AttemptError("the batch expired before this call's turn came")
        else:
            error = result["error"].get("error", result["error"])
            status = _STATUS.get(error["type"], 500)
            failure = self.model.refusal(HttpReply(status, {}, orjson.dumps({"error": error})))
        return Outcome(call, failure=failure)


def _begun(batch: dict[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(batch.get("created_at"))).timestamp()
    except ValueError:
        return float("inf")  # not known: it may be the one
