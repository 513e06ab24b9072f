"""Batches that were begun: looked at with growing pauses until they have ended, then their results are handed out."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import orjson

from acidtest.errors import ModelError, TransientModelError, counted
from acidtest.models.batches.calls import WaitingCalls
from acidtest.models.batches.exchange import NotThereError
from acidtest.models.batches.journal import Batch, BatchJournal
from acidtest.models.batches.provider import BatchProvider, BatchState, Failure, Outcome, cancelled
from acidtest.models.failure import AttemptError
from acidtest.models.remote import RemoteModel, loaded

_YIELD_EVERY = 256
_RUN_AGAIN = "Run again: what the provider has answered is fetched, and nothing is sent twice."


@dataclass
class Pace:
    """Seconds.

    Attributes:
        wait: Without a new call, until a batch is sent.
        first_look, longest_look: Between two looks at a batch; they grow.
        doubt: How long a batch whose beginning was not heard of may still appear at the provider.
        silence: How long a provider may be out of reach while a batch is on its way.
    """

    wait: float
    first_look: float
    longest_look: float
    doubt: float = 60.0
    silence: float = 3600.0


@dataclass
class Desk:
    """What sending and following batches share.

    Attributes:
        address: Where the batches of this journal's calls are.
        given: Calls by mark that were answered: the journal forgets them once the answers are safe.
        most: Calls of one batch; fewer where the provider had no room for more.
    """

    model: RemoteModel
    provider: BatchProvider
    journal: BatchJournal
    waiting: WaitingCalls
    pace: Pace
    say: Callable[[str], None]
    most: int
    given: dict[str, set[str]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The base address, without a query."""
        return self.provider.http.base.partition("?")[0]

    def forget(self, calls: set[str] | None = None) -> None:
        """Have the journal forget calls that were answered; None: all of them."""
        for mark, given in self.given.items():
            gone = given if calls is None else given & calls
            if gone:
                self.journal.release(mark, gone)
            self.given[mark] = given - gone

    def fail(self, calls: Iterable[str], error: Exception) -> None:
        """Tell all who wait for these calls."""
        if isinstance(error, AttemptError):
            error = self.model.given_up(error, 1)
        for call in list(calls):
            self.waiting.fail(call, error)


class Following:
    """The batches of one model that are on their way; each is followed by a task of its own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.under_way: dict[str, asyncio.Task[None]] = {}
        self._refused = set[str]()

    def follow(self, mark: str) -> None:
        """Fetch what comes of a batch, for the calls that wait for it."""
        if mark not in self.under_way:
            self.under_way[mark] = asyncio.create_task(self._follow(mark))

    async def stop(self) -> None:
        """Follow no longer; the batches go on."""
        tasks = list(self.under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, mark: str) -> None:
        waiting = self.desk.waiting
        try:
            while waiting.of(mark):
                await self._bring_home(mark)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self.desk.fail(waiting.of(mark), error)
        finally:
            del self.under_way[mark]

    async def _bring_home(self, mark: str) -> None:
        journal, row = self.desk.journal, self.desk.journal.batch(mark)
        batch = row and (row.batch or await self._settled(row))
        if not batch:
            journal.drop_unbegun(mark)
            self._fail_each(self.desk.waiting.of(mark), AttemptError("the provider did not begin the batch"))
            return
        state = await self._until_ended(batch)
        if state.refused is not None:
            if isinstance(state.refused, AttemptError):
                self.desk.most = max(1, len(journal.calls(mark)) // 2)
                await self._until_there_is_room(mark)
            journal.drop(mark)
            self._fail_each(self.desk.waiting.of(mark), state.refused)
        else:
            await self._take(mark, batch, state)

    async def _until_there_is_room(self, mark: str) -> None:
        """Wait until a batch of ours ends that takes up the room, or for a while."""
        self._refused.add(mark)
        running = [task for its, task in self.under_way.items() if its not in self._refused]
        if running:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(self.desk.pace.longest_look)

    async def _settled(self, row: Batch) -> str:
        """Find out which batch was begun, where its name was not heard; empty: none was.

        While a batch may still appear, or one that may be ours still runs, nothing is sent again.
        """
        desk, strangers = self.desk, set[str]()
        while True:
            late = time.time() - row.touched >= desk.pace.doubt
            found = await self._patiently(lambda: desk.provider.find(row.mark, row.made, row.size))
            strangers |= desk.journal.known(desk.address)
            found = [batch for batch in found if batch not in strangers]
            for batch in found:
                if desk.provider.names_batches or await self._is_ours(row.mark, batch, strangers):
                    desk.journal.sent(row.mark, batch)
                    return batch
            if late and strangers.issuperset(found):
                return ""
            await asyncio.sleep(desk.pace.longest_look if late else min(desk.pace.doubt / 8, desk.pace.longest_look))

    async def _is_ours(self, mark: str, batch: str, strangers: set[str]) -> bool:
        """Tell by its results, as soon as there are some, whether a batch holds the calls sent under a mark."""
        provider = self.desk.provider
        state = await provider.http.patiently(lambda: provider.look(batch), again=lambda _failure: True)
        if not state.ended:
            return False
        calls = self.desk.journal.calls(mark)
        async for line in provider.results(batch, state):
            outcome = self._read_line(line)
            if outcome is not None and outcome.call in calls:
                return True
        strangers.add(batch)
        return False

    async def _until_ended(self, batch: str) -> BatchState:
        pace, model = self.desk.pace, self.desk.model
        pause, heard, missed = min(pace.first_look, pace.longest_look), time.monotonic(), 0
        while True:
            wait = pause
            try:
                state = await self.desk.provider.look(batch)
            except NotThereError as failure:
                missed += 1
                if missed > model.spec.retries:
                    raise self._unknown(batch, failure) from None
            except AttemptError as failure:
                wait = max(pause, failure.retry_after)
                if time.monotonic() - heard > pace.silence or not failure.retry:
                    what = f"batch {batch} cannot be looked at: {failure.what}"
                    raise TransientModelError(what, where=model.place, way_out=_RUN_AGAIN) from None
            else:
                heard, missed = time.monotonic(), 0
                if state.ended:
                    return state
            await asyncio.sleep(wait)
            pause = min(pause * 1.5, pace.longest_look)

    async def _take(self, mark: str, batch: str, state: BatchState) -> None:
        """Hand out a batch's results; read them again where some are missing."""
        desk, torn, attempt = self.desk, False, 0
        while True:
            try:
                torn = await self._read(mark, batch, state)
            except AttemptError:
                torn = True
            if not desk.waiting.of(mark) or (state.cancelled and not torn):
                break
            if attempt >= desk.model.spec.retries:
                break
            await asyncio.sleep(min(desk.model.first_backoff * 2.0**attempt, desk.pace.longest_look))
            attempt += 1
            state = await self._until_ended(batch)
        left = desk.waiting.of(mark)
        if not left:
            return
        if torn:
            what = f"the results of batch {batch} cannot be read whole; {counted(len(left), 'answer')} missing"
            way_out = f"{_RUN_AGAIN} If the results are gone for good, {self._move_away}"
            desk.fail(left, TransientModelError(what, where=desk.model.place, way_out=way_out))
            return
        desk.journal.release(mark, left)
        if state.cancelled:
            desk.fail(left, cancelled(desk.model.place))
        else:
            self._fail_each(left, AttemptError(f"batch {batch} holds no result of this call", paid=True))

    async def _read(self, mark: str, batch: str, state: BatchState) -> bool:
        """Hand out what the results hold; return whether there must be more in them than could be read."""
        desk, torn, count, seen = self.desk, False, 0, set[str]()
        failed: dict[str, Failure] = {}
        given = desk.given.setdefault(mark, set())
        try:
            async for line in desk.provider.results(batch, state):
                count += 1
                if count % _YIELD_EVERY == 0:
                    await asyncio.sleep(0)
                outcome = self._read_line(line)
                torn |= outcome is None and bool(line.strip())
                seen |= {outcome.call} if outcome else set()
                if outcome is None or desk.waiting.mark(outcome.call) != mark:
                    continue  # nobody's, or the second result of one call
                failure = self._hand_out(outcome)
                if failure is None:
                    failed.pop(outcome.call, None)
                    given.add(outcome.call)
                else:
                    failed[outcome.call] = failure
        finally:
            desk.journal.release(mark, failed)
            for call, why in failed.items():
                desk.waiting.fail(call, why)
        return torn or len(seen) < state.results

    def _read_line(self, line: bytes) -> Outcome | None:
        try:
            return self.desk.provider.outcome(loaded(line))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            return None

    def _hand_out(self, outcome: Outcome) -> Failure | None:
        if outcome.failure is not None:
            return outcome.failure
        try:
            reply = self.desk.model.reply_of(outcome.answer, self.desk.waiting[outcome.call].prompt)
        except AttemptError as failure:
            return failure
        self.desk.waiting.answer(outcome.call, reply)
        return None

    def _fail_each(self, calls: Iterable[str], failure: Failure) -> None:
        """Tell those who wait; they may send their calls again."""
        for call in calls:
            self.desk.waiting.fail(call, failure)

    async def _patiently(self, work: Callable[[], Awaitable[list[str]]]) -> list[str]:
        return await self.desk.provider.http.patiently(work, again=lambda _failure: True)

    def _unknown(self, batch: str, failure: AttemptError) -> ModelError:
        return ModelError(
            f"the provider does not know batch {batch}: {failure.what}",
            where=self.desk.model.place,
            way_out=f"Use the key of the account that sent it. If the batch is gone for good, {self._move_away}",
        )

    @property
    def _move_away(self) -> str:
        path = self.desk.journal.path
        return f"move the file {path} away and run again: its calls are then sent, and paid, anew."
