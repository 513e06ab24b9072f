"""Where the asynchronous work of a run is done: in an event loop of its own, also when called from within another."""

import asyncio
import contextvars
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

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
        self.ended = threading.Event()
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do the work; keep the error that ended it."""
        try:
            _run(self._watched)
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self.error = error
        finally:
            self.ended.set()

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
    with _interrupts_raised():
        interrupt = _wait(there)
    if interrupt is not None:
        raise interrupt
    if there.error is not None:
        raise there.error


def _wait(there: _Cancellable) -> KeyboardInterrupt | None:
    """Wait for the end of the work; return the Ctrl-C that stopped it, if one did."""
    interrupt: KeyboardInterrupt | None = None
    while not there.ended.is_set():  # Python 3.11 takes a thread for dead once Ctrl-C came while it was joined
        try:
            there.ended.wait(_LOOK)
        except KeyboardInterrupt as error:
            interrupt = error
            there.stop()
    return interrupt


@contextmanager
def _interrupts_raised() -> Iterator[None]:
    """Let Ctrl-C raise a KeyboardInterrupt here: `asyncio.run` has it cancel its own task, which is held up by us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if before in (signal.SIG_IGN, signal.default_int_handler, None):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
