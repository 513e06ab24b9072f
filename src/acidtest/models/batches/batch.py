"""A model whose calls go out as the provider's batches: gathered, sent together, answered hours later for less money.

`batch: true` in the study file. A call waits in `answer` until its batch has ended; everything above (cache, budget,
run folder, resume) stays as it is. What was sent stands in the `BatchJournal`: a run that was killed, or left by
Ctrl-C, takes the answers of its batches when it is started again, and sends nothing twice.
"""

import asyncio
import time
from types import TracebackType
from typing import ClassVar, Self

from acidtest.models.base import LanguageModel
from acidtest.models.batches.calls import WaitingCalls
from acidtest.models.batches.exchange import BatchHttp
from acidtest.models.batches.follow import Desk, Following, Pace
from acidtest.models.batches.journal import BatchJournal
from acidtest.models.batches.provider import BatchProvider
from acidtest.models.batches.send import Sending
from acidtest.models.cache import CacheKey
from acidtest.models.failure import AttemptError
from acidtest.models.remote import RemoteModel
from acidtest.types import Prompt, Reply, Sampling

MOST_WAITING = 10_000
"""Calls that wait at once where `connections` says nothing."""

_FIRST_LOOK = 5.0
_LONGEST_GATHERING = 30


class BatchedModel(LanguageModel):
    """Sends the calls of a model behind an address as batches.

    Args:
        model: Writes bodies and reads answers.
        provider: Speaks the provider's batch endpoints.
        base: Their address.

    Attributes:
        pace: How long it waits for what.
    """

    gathers: ClassVar[bool] = True

    def __init__(self, model: RemoteModel, provider: type[BatchProvider], base: str) -> None:
        spec = model.spec
        self.model, self.spec, self.style, self.revision = model, spec, model.style, model.revision
        self.gives_logprobs = model.gives_logprobs
        self.connections = spec.connections or MOST_WAITING
        self.pace = Pace(wait=spec.batch_wait, first_look=_FIRST_LOOK, longest_look=spec.batch_poll)
        self._provider, self._base = provider, base
        self._users = 0
        self._queue: dict[str, None] = {}

    async def __aenter__(self) -> Self:
        """Open the journal; may be entered several times, and what is last left closes."""
        self._users += 1
        if self._users == 1:
            provider = self._provider(self.model, BatchHttp(self.model, self._base))
            waiting, journal = WaitingCalls(), BatchJournal()
            self._desk = Desk(self.model, provider, journal, waiting, self.pace, self._tell, provider.most_calls)
            self._following = Following(self._desk)
            self._sending = Sending(self._desk, self._following)
            self._key, self._came = CacheKey(self), asyncio.Event()
            self._tasks = {asyncio.create_task(self._gather())}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop waiting. Batches that still run go on at the provider, and are taken up by the next run."""
        self._users -= 1
        if self._users:
            return
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if running := len(self._following.under_way):
                batches = "1 batch goes" if running == 1 else f"{running} batches go"
                self._tell(f"'{self.spec.name}': {batches} on at the provider. Run again to fetch the answers.")
            await self._following.stop()
            if kind is None:  # answers are on disk now
                self._desk.forget()
        finally:
            self._queue.clear()
            self._desk.journal.close()
            await self._desk.provider.http.close()

    async def answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        """Send one prompt with the next batch and return the reply; see `LanguageModel.answer`."""
        return await self.answer_repeat(prompt, sampling, 0)

    async def answer_repeat(self, prompt: Prompt, sampling: Sampling, repeat: int) -> Reply:
        """Like `answer`. Two calls that are alike in all, the repeat too, are one, and get one answer."""
        call = self._key(prompt, sampling, repeat).hex()
        attempt = 0
        while True:
            try:
                return await self._wait_for(call, prompt, sampling)
            except AttemptError as failure:
                again = failure.retry and attempt < self.spec.retries
                if failure.paid:
                    self.paid_failure(prompt, again)
                if not again:
                    raise self.model.given_up(failure, attempt + 1) from None
            attempt += 1

    async def _wait_for(self, call: str, prompt: Prompt, sampling: Sampling) -> Reply:
        answer, new = self._desk.waiting.join(call, prompt, sampling)
        if new:
            self._queue[call] = None
            self._came.set()
        try:
            return await answer
        finally:
            self._desk.waiting.leave(call, answer)

    async def _gather(self) -> None:
        """Send what has gathered whenever no new call came for a while, or there is enough for a batch."""
        while True:
            await self._came.wait()
            enough = time.monotonic() + _LONGEST_GATHERING * self.pace.wait
            while len(self._queue) < self._desk.provider.most_calls and time.monotonic() < enough:
                self._came.clear()
                try:
                    async with asyncio.timeout(self.pace.wait):
                        await self._came.wait()
                except TimeoutError:
                    break
            self._came.clear()
            calls, self._queue = list(self._queue), {}
            task = asyncio.create_task(self._sending.send(calls))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _tell(self, text: str) -> None:
        self.say(text)
