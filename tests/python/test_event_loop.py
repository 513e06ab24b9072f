"""A run's asynchronous work, also from within a running event loop, and stopped by Ctrl-C."""

import asyncio
import contextvars
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from acidtest.study.event_loop import in_event_loop

NAME = contextvars.ContextVar("NAME", default="nobody")


def test_the_work_is_done_here_where_no_loop_runs() -> None:
    seen: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(threading.get_ident())

    in_event_loop(work)
    assert seen == [threading.get_ident()]


async def test_the_work_is_done_in_a_thread_of_its_own_within_a_loop() -> None:
    seen: list[tuple[bool, str]] = []
    NAME.set("the cell")

    async def work() -> None:
        await asyncio.sleep(0.01)
        seen.append((threading.current_thread() is threading.main_thread(), NAME.get()))

    in_event_loop(work)
    assert seen == [(False, "the cell")]


async def test_an_error_comes_out_of_the_thread_as_it_is() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise ValueError("it broke")

    with pytest.raises(ValueError, match="it broke"):
        in_event_loop(work)


@pytest.fixture
def _interrupts() -> Iterator[None]:
    """Ctrl-C raises, also where the tests were started in the background, where shells have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interrupts")
@pytest.mark.parametrize("within", [False, True], ids=["no loop", "within a loop"])
def test_ctrl_c_cancels_the_work_and_waits_for_its_end(*, within: bool) -> None:
    seen: list[str] = []

    async def work() -> None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.05)  # what is under way comes home
            seen.append("ended")

    async def cell() -> None:
        in_event_loop(work)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        in_event_loop(cell) if within else in_event_loop(work)
    assert seen == ["ended"]
    assert time.monotonic() - began < 20
