"""OpenAI's batches, and those of servers that speak the same: a file of calls, a batch of it, files of results.

Source: OpenAI's API reference, "Files" and "Batch" (50,000 calls and 200 MB a batch; metadata of 16 keys).
"""

from collections.abc import AsyncIterator
from typing import IO, Any, ClassVar

import orjson

from acidtest.errors import ModelError
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
from acidtest.models.remote import OUT_OF_CREDIT

_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_FULL = frozenset({"token_limit_exceeded", "rate_limit_exceeded"})
"""A batch is refused because too much of the account's work is waiting already."""

_MARK = "acidtest"
_PAGE, _MOST_PAGES = 100, 100
_A_DAY = 86400.0
_SUCCESS = 200


class OpenAIBatches(BatchProvider):
    """Speaks `/files` and `/batches`."""

    most_calls = 50_000
    most_bytes = 200 * 10**6
    names_batches: ClassVar[bool] = True

    def written(self, call: str, body: bytes) -> bytes:
        """Return a line of the file."""
        return b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}' % (call.encode(), self._path.encode(), body)

    @property
    def _path(self) -> str:
        return "/v1/chat/completions" if self.model.style == "chat" else "/v1/completions"

    async def upload(self, file: IO[bytes]) -> str:
        """Upload the file; this costs nothing yet."""
        found = await self.http.post_form("/files", file, purpose="batch")
        return plain_name(found.get("id"))

    async def create(self, file: IO[bytes], uploaded: str, mark: str) -> str:
        """Begin a batch of an uploaded file."""
        del file
        content = {
            "input_file_id": uploaded,
            "endpoint": self._path,
            "completion_window": "24h",
            "metadata": {_MARK: mark},
        }
        found = await self.http.post("/batches", orjson.dumps(content))
        return plain_name(found.get("id"))

    async def find(self, mark: str, since: float, size: int) -> list[str]:
        """Return the batch whose metadata hold our mark."""
        del size
        query: dict[str, str | int] = {"limit": _PAGE}
        for _ in range(_MOST_PAGES):
            page = await self.http.get("/batches", **query)
            batches = [batch for batch in _list(page, "data") if isinstance(batch, dict)]
            for batch in batches:
                if isinstance(batch.get("metadata"), dict) and batch["metadata"].get(_MARK) == mark:
                    return [plain_name(batch.get("id"))]
            oldest = batches[-1].get("created_at") if batches else None  # the newest come first
            if not page.get("has_more") or (isinstance(oldest, int | float) and oldest < since - _A_DAY):
                break
            query["after"] = plain_name(batches[-1].get("id") if batches else None)
        return []

    async def look(self, batch: str) -> BatchState:
        """Ask how far a batch is."""
        found = await self.http.get(f"/batches/{batch}")
        status = found.get("status")
        files = [found[name] for name in ("output_file_id", "error_file_id") if found.get(name)]
        if status == "failed" and not files:  # one that broke down later has answers, and they were charged
            return BatchState(ended=True, refused=self._refused(found))
        return BatchState(
            ended=status in _ENDED,
            files=tuple(plain_name(file) for file in files),
            cancelled=status == "cancelled",
            results=counted_results(found.get("request_counts"), "completed", "failed"),
        )

    async def results(self, batch: str, state: BatchState) -> AsyncIterator[bytes]:
        """Give the lines of the file of answers, then those of the file of errors."""
        del batch
        for file in state.files:
            async for line in self.http.lines(f"/files/{file}/content", most=4 * self.most_calls):
                yield line

    def outcome(self, line: Any) -> Outcome:
        """Return what a line says: an answer, a status that is none, or an error without an answer."""
        call, response, error = str(line["custom_id"]), line.get("response"), line.get("error")
        if response is None:
            return Outcome(call, failure=self._not_done(str(error["code"]), str(error.get("message") or "")))
        status, body = int(response["status_code"]), response["body"]
        if status == _SUCCESS:
            return Outcome(call, answer=body)
        return Outcome(call, failure=self.model.refusal(HttpReply(status, {}, orjson.dumps(body))))

    def _refused(self, found: dict[str, Any]) -> Failure:
        errors = found.get("errors")
        first = next((e for e in _list(errors if isinstance(errors, dict) else {}, "data") if isinstance(e, dict)), {})
        code = str(first.get("code") or "")
        said = self.model.shown(str(first.get("message") or code or "no reason is given"))
        if code in _FULL:
            return AttemptError(f"the provider has no room for the batch now: {said}", throttled=True)
        way_out = "Mend what it names, or take 'batch' out, and run again: nothing was charged."
        if code in OUT_OF_CREDIT or code == "billing_hard_limit_reached":
            way_out = "The account has no credit left: top it up, then run again."
        return ModelError(f"the provider refuses the batch: {said}", where=self.model.place, way_out=way_out)

    def _not_done(self, code: str, said: str) -> Failure:
        if code == "batch_cancelled":
            return cancelled(self.model.place)
        if code == "batch_expired":
            return AttemptError("the batch expired before this call's turn came")
        return AttemptError(self.model.shown(f"{code}: {said}"))


def _list(page: dict[str, Any], name: str) -> list[Any]:
    found = page.get(name)
    return found if isinstance(found, list) else []
