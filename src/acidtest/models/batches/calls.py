"""Calls that wait for their answers while their batch is on its way."""

import asyncio
from dataclasses import dataclass, field

from acidtest.errors import AcidtestError
from acidtest.models.failure import AttemptError
from acidtest.types import Prompt, Reply, Sampling


@dataclass(slots=True)
class WaitingCall:
    """One call, and all who wait for its answer. `mark`: the batch that it is in; empty while it is in none."""

    prompt: Prompt
    sampling: Sampling
    mark: str = ""
    waiting: list[asyncio.Future[Reply]] = field(default_factory=list)


class WaitingCalls:
    """All calls of one model that wait, by name."""

    def __init__(self) -> None:
        self._calls: dict[str, WaitingCall] = {}

    def __contains__(self, call: str) -> bool:
        return call in self._calls

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, call: str) -> WaitingCall:
        return self._calls[call]

    def join(self, call: str, prompt: Prompt, sampling: Sampling) -> tuple[asyncio.Future[Reply], bool]:
        """Wait for a call's answer; return what it will come in, and whether nobody waited for it before."""
        new = call not in self._calls
        if new:
            self._calls[call] = WaitingCall(prompt, sampling)
        answer = asyncio.get_running_loop().create_future()
        self._calls[call].waiting.append(answer)
        return answer, new

    def leave(self, call: str, answer: asyncio.Future[Reply]) -> None:
        """Wait no longer."""
        known = self._calls.get(call)
        if known is not None and answer in known.waiting:
            known.waiting.remove(answer)
            if not known.waiting:
                del self._calls[call]

    def of(self, mark: str) -> list[str]:
        """Return the calls of a batch that still wait."""
        return [name for name, call in self._calls.items() if call.mark == mark]

    def mark(self, call: str) -> str:
        """Return the batch that a call waits for; empty where it is in none, or nobody waits for it."""
        known = self._calls.get(call)
        return "" if known is None else known.mark

    def answer(self, call: str, reply: Reply) -> None:
        """Hand an answer to all who wait for it."""
        for one in self._calls.pop(call).waiting:
            if not one.done():
                one.set_result(reply)

    def fail(self, call: str, error: Exception) -> None:
        """Tell all who wait for a call that it was not answered."""
        known = self._calls.pop(call, None)
        for one in known.waiting if known else ():
            if not one.done():
                one.set_exception(_own(error))


def _own(error: Exception) -> Exception:
    """Return an error of one's own: one that thousands raise would gather all their traces."""
    if isinstance(error, AttemptError):
        return AttemptError(error.what, retry=error.retry, paid=error.paid, way_out=error.way_out)
    if isinstance(error, AcidtestError):
        return type(error)(error.what, where=error.where, way_out=error.way_out)
    return error
