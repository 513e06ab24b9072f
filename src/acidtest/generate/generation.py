"""Writes one synthetic benchmark: asks the generator until n items are accepted, or says why they are not.

Replies are read strictly in the order of calls, whatever the order in which they come, so the benchmark is the same
with any number of calls at once. Every reply is recorded before it is used; a restart reads the record and sends no
recorded call again.
"""

import asyncio
import math
from dataclasses import dataclass
from pathlib import Path

from acidtest.errors import TransientModelError
from acidtest.generate.accept import Acceptance
from acidtest.generate.call_log import CallLog, RecordedCall, bounded, digest
from acidtest.generate.plan import Call, GenerationOutcome, GenerationPlan
from acidtest.generate.strategy import Request, Strategy, build_strategy
from acidtest.types import Progress, Reply, Sampling, Style

MOST_FAILURES_IN_A_ROW = 10
HOPELESS_AFTER = 100
"""Calls in a row without one accepted item after which it is given up; fewer where the budget is small."""

_FEWEST_BEFORE_HOPELESS = 20
_Z = 3.0


async def generate(
    plan: GenerationPlan,
    call: Call,
    *,
    calls_path: Path,
    style: Style,
    concurrency: int,
    progress: Progress,
    ahead: int | None = None,
) -> GenerationOutcome:
    """Return exactly `plan.n` accepted items, or fewer and why.

    Args:
        plan: What is wanted.
        call: Sends one prompt to the generator.
        calls_path: File of recorded replies; read first, then appended to.
        style: Whether the generator takes chat messages or continues a text.
        concurrency: Most calls at once. At most one fewer replies than this go unused.
        progress: Told of every accepted item.
        ahead: Most calls at once beyond those that are needed for sure; None: `concurrency`, 0: no reply goes unused.

    Raises:
        StudyFileError: The plan cannot be met; said before anything is sent.
        ModelError: The generator refuses. Everything that came before is recorded.
        BudgetError: The next call could cost more than the study allows. Likewise.
        TransientModelError: Ten calls in a row got no answer. Likewise.
    """
    strategy = build_strategy(plan, style)
    with CallLog(calls_path) as log:
        generation = _Generation(plan, strategy, call, log, max(1, concurrency), progress)
        generation.ahead = generation.concurrency if ahead is None else min(ahead, generation.concurrency)
        return await generation.run()


@dataclass(frozen=True, kw_only=True)
class _Came:
    """What came of a call, from the generator or from the record."""

    record: RecordedCall
    recorded: bool


class _Generation:
    def __init__(
        self,
        plan: GenerationPlan,
        strategy: Strategy,
        call: Call,
        log: CallLog,
        concurrency: int,
        progress: Progress,
    ) -> None:
        self.plan, self.strategy, self.call, self.log = plan, strategy, call, log
        self.concurrency, self.ahead, self.progress = concurrency, concurrency, progress
        self.acceptance = Acceptance(plan, strategy.prompt.reference)
        self.requests: dict[int, Request] = {}
        self.came: dict[int, _Came] = {}
        self.flying: set[asyncio.Task[None]] = set()
        self.launched = self.settled = 0
        self.recorded = self.stale = 0
        self.failures = self.barren = self.asked = 0

    async def run(self) -> GenerationOutcome:
        try:
            why_short = await self._until_done()
        except Exception:
            # What is in flight has been paid for: let it come and be recorded, then tell of the error.
            await asyncio.gather(*self.flying, return_exceptions=True)
            raise
        finally:
            for task in self.flying:
                task.cancel()
            await asyncio.gather(*self.flying, return_exceptions=True)
        return GenerationOutcome(
            accepted=tuple(self.acceptance.accepted),
            rejected=tuple(self.acceptance.rejected),
            calls=self.settled,
            recorded=self.recorded,
            unused=self.launched - self.settled,
            why_short=why_short,
            notes=tuple(self._notes()),
        )

    async def _until_done(self) -> str:
        while True:
            while self.settled in self.came:
                self._settle(self.settled)
                why = self._why_stop()
                if self.acceptance.full or why:
                    return why
            self._launch()
            if self.settled in self.came:
                continue
            if not self.flying:
                return self._short(self.strategy.stuck or "the strategy has nothing more to ask")
            done, _ = await asyncio.wait(self.flying, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
                self.flying.discard(task)

    def _launch(self) -> None:
        while len(self.flying) < self.concurrency and self._may_launch():
            request = self.strategy.request(self.launched)
            if request is None:
                return
            self.requests[self.launched] = request
            self.launched += 1
            warmth = self.plan.temperature if request.temperature is None else request.temperature
            sampling = Sampling(temperature=warmth, top_p=self.plan.top_p, min_p=self.plan.min_p, seed=request.seed)
            sent = digest(request.prompt, sampling, self.plan.generator, self.plan.revision, self.plan.identity)
            known = self.log.find(request.index, sent)
            if known is not None:
                self.came[request.index] = _Came(record=known, recorded=True)
                continue
            self.stale += request.index in self.log.calls
            self.flying.add(asyncio.create_task(self._send(request, sampling, sent)))

    def _may_launch(self) -> bool:
        """Say whether one more call is needed for sure, or is among the few that may go unused."""
        if self.launched >= self.strategy.budget:
            return False
        missing = self.plan.n - len(self.acceptance.accepted)
        needed = math.ceil(missing / self.strategy.most_per_call)
        return self.launched - self.settled < max(needed, self.ahead)

    async def _send(self, request: Request, sampling: Sampling, sent: str) -> None:
        try:
            reply = await self.call(request.prompt, sampling)
        except TransientModelError as error:
            record = RecordedCall(call=request.index, prompt=sent, error=bounded(error.what[:1000]))
        else:
            record = RecordedCall(
                call=request.index,
                prompt=sent,
                text=bounded(reply.text),
                finish=bounded(reply.finish[:40]),
                tokens_in=reply.tokens_in,
                tokens_out=reply.tokens_out,
                seconds=reply.seconds,
                cost=reply.cost,
            )
        self.log.append(record)
        self.came[request.index] = _Came(record=record, recorded=False)

    def _settle(self, index: int) -> None:
        request, came = self.requests.pop(index), self.came.pop(index)
        record = came.record
        self.settled += 1
        self.recorded += came.recorded
        room = self.strategy.room(request)
        if record.error is not None:
            drafts = self.strategy.fail(request, record.error)
        else:
            reply = Reply(text=record.text, finish=record.finish, tokens_out=record.tokens_out)
            drafts = self.strategy.read(request, reply)
        accepted = self.acceptance.judge_all(drafts, request, room)
        self.strategy.settle(request, accepted)
        self._count_failures(record.error)
        if self.strategy.ended(request):
            self.asked += 1
            self.barren = 0 if accepted else self.barren + 1
        self.progress.advance(accepted, tokens=record.tokens_in + record.tokens_out, cost=record.cost)

    def _count_failures(self, why: str | None) -> None:
        if why is None:
            self.failures = 0
            return
        self.failures += 1
        if self.failures >= MOST_FAILURES_IN_A_ROW:
            raise TransientModelError(
                f"{self.failures} calls in a row got no answer: {why}",
                where=f"generator '{self.plan.generator}' of '{self.plan.benchmark}'",
                way_out="Start again once it answers: no recorded call is sent again.",
            )

    def _why_stop(self) -> str:
        if self.acceptance.full:
            return ""
        if self.settled >= self.strategy.budget:
            return self._short(f"the budget of {self.strategy.budget} calls is used")
        # A strategy of several steps is judged by its attempts, each of several calls and for a bundle of items.
        each, size = self.strategy.attempt_calls, self.strategy.bundle_size
        what = "calls" if each == 1 else "attempts"
        patience = max(_FEWEST_BEFORE_HOPELESS, min(HOPELESS_AFTER, int(self.strategy.budget / each) // 4))
        if self.barren >= patience:
            return self._short(f"none of the last {self.barren} {what} gave an accepted item, so it was given up")
        got, left = len(self.acceptance.accepted), self.strategy.budget - self.settled
        expected = got / size + _high_end(got / size, self.asked) * left / each if self.asked >= patience else math.inf
        if expected < self.plan.n / size / 2:
            return self._short(
                f"{got} accepted items in {self.asked} {what}: the {left} calls that are left would not even give half "
                "of what is wanted, so it was given up"
            )
        return ""

    def _short(self, why: str) -> str:
        reasons = self.acceptance.why_rejected()
        account = f"{len(self.acceptance.accepted)} of {self.plan.n} items after {self.settled} calls: {why}."
        return account + (f" Most candidates were rejected as: {reasons}." if reasons else "")

    def _notes(self) -> list[str]:
        notes = list(self.strategy.notes)
        if self.stale:
            notes.append(f"{self.stale} recorded calls were made with other prompts or settings and were sent again.")
        if self.log.unreadable:
            notes.append(
                f"{self.log.unreadable} lines of '{self.log.path.name}' are no recorded calls and were not used."
            )
        return notes


def _high_end(got: float, asked: int) -> float:
    """Return the most items per call that still go with what was seen: Wilson's upper limit, three standard errors.

    With several items per call the rate may pass 1; then it is taken as it is.
    """
    rate = got / asked
    if rate >= 1:
        return rate
    centre = rate + _Z**2 / (2 * asked)
    spread = _Z * math.sqrt(rate * (1 - rate) / asked + _Z**2 / (4 * asked**2))
    return (centre + spread) / (1 + _Z**2 / asked)
