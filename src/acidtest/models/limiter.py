"""How many calls may be under way at once: found out by trying, cut when the server asks for less."""

import asyncio
from collections import deque


class AdaptiveLimiter:
    """Lets through as many calls as the server takes.

    It starts small and doubles each round (slow start) until the server first answers "too many" (429). Each such
    episode halves the limit once, however many calls it hits: calls sent before the cut tell nothing new. After that it
    grows by one call per round. A Retry-After holds back all calls, since the server counts them together.
    (Jacobson 1988, "Congestion avoidance and control": additive increase, multiplicative decrease.)

    Attributes:
        limit: Most calls under way at this moment, 1 to `most`.
        running: Calls under way.
        cuts: Episodes so far.
    """

    def __init__(self, most: int, start: int = 32) -> None:
        self.most = most
        self.limit = float(min(start, most))
        self.running = 0
        self.cuts = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._resume_at = 0.0
        self._wake_up: asyncio.TimerHandle | None = None

    async def acquire(self) -> int:
        """Wait for a turn; return the ticket that `throttled` asks for. Each turn is given back by `release`."""
        if self._waiting or not self._free():
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            self._let_through()
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self.release()  # its turn had come just before
                raise
        else:
            self.running += 1
        return self.cuts

    def release(self) -> None:
        """Give a turn back."""
        self.running -= 1
        if self._waiting:
            self._let_through()

    def succeeded(self) -> None:
        """Take note of an answer: the limit grows while it is what holds calls back."""
        if self.limit < self.most and self.running >= self.limit / 2:
            self.limit = min(self.limit + (1.0 / self.limit if self.cuts else 1.0), self.most)

    def throttled(self, ticket: int) -> None:
        """Take note of "too many" for a call with this ticket."""
        if ticket == self.cuts:
            self.cuts += 1
            self.limit = max(1.0, min(self.limit, self.running) / 2)

    def hold(self, wait: float) -> None:
        """Let no call through for so many seconds, as the server asked for (Retry-After); none where it did not."""
        if wait > 0:
            self._resume_at = max(self._resume_at, asyncio.get_running_loop().time() + wait)

    def _free(self) -> bool:
        if self.running + 1 > max(self.limit, 1.0):
            return False
        return not self._resume_at or self._resumed()

    def _resumed(self) -> bool:
        loop = asyncio.get_running_loop()
        if loop.time() < self._resume_at:
            if self._wake_up is None:
                self._wake_up = loop.call_at(self._resume_at, self._woken)
            return False
        self._resume_at = 0.0
        return True

    def _woken(self) -> None:
        self._wake_up = None
        self._let_through()

    def _let_through(self) -> None:
        while self._waiting and self._free():
            turn = self._waiting.popleft()
            if not turn.done():
                self.running += 1
                turn.set_result(None)
