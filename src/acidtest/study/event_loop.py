"""Where the asynchronous work of a run is done: in an event loop of its own, also when called from within another."""

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

_LOOK = 0.2
"""Seconds between two looks for Ctrl-C: Windows wakes no thread that waits for another."""


def in_event_loop(work: Callable[[], Awaitable[None]]) -> None:
    """Run asynchronous work to its end, on uvloop where it is there: a call costs less.

    Where an event loop runs in this thread already, as in a notebook, the work gets a thread of its own and this one
    waits. Ctrl-C cancels the work either way, and is raised once the work has come to its end.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        _run(work)
    else:
        _in_thread(work)


def _run(work: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await work()

    try:
        import uvloop
    except ImportError:
        asyncio.run(whole())
    else:
        uvloop.run(whole())


class _Cancellable:
    """Work that another thread may stop; it then comes to its own end, so that what was paid for is kept."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work, self._stopped = work, threading.Event()
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do the work; keep the error that ended it."""
        try:
            _run(self._watched)
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self.error = error

    def stop(self) -> None:
        """Cancel the work."""
        self._stopped.set()
        if self._running is not None:
            loop, task = self._running
            with suppress(RuntimeError):  # it has ended in between
                loop.call_soon_threadsafe(task.cancel)

    async def _watched(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running = asyncio.get_running_loop(), task
        if not self._stopped.is_set():  # Ctrl-C may have come before there was anything to cancel
            await self._work()


def _in_thread(work: Callable[[], Awaitable[None]]) -> None:
    there = _Cancellable(work)
    # A copy of the context: what is printed in the thread belongs to the cell that waits for it.
    target = contextvars.copy_context().run
    thread = threading.Thread(target=target, args=(there.run,), name="acidtest-run", daemon=True)
    thread.start()
    interrupt: KeyboardInterrupt | None = None
    while thread.is_alive():
        try:
            thread.join(_LOOK)
        except KeyboardInterrupt as error:
            interrupt = error
            there.stop()
    if interrupt is not None:
        raise interrupt
    if there.error is not None:
        raise there.error
