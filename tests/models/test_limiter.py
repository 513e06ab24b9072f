"""The limiter against a real server that takes only so many calls at once, and by its definition."""

import asyncio

import pytest

from acidtest.models.limiter import AdaptiveLimiter
from acidtest.models.openai import OpenAIModel
from acidtest.types import Prompt, Sampling
from fault_server import FaultServer
from model_specs import hurry, spec


async def test_it_finds_the_limit_of_a_server_that_has_one() -> None:
    calls, most = 400, 8
    async with FaultServer(limit=most, latency=0.005) as server:
        model = hurry(OpenAIModel(spec(server.url("limit"), connections=64, retries=20)))
        waiting = iter(range(calls))

        async def work() -> None:
            for _ in waiting:
                assert (await model.answer(Prompt(text="?"), Sampling())).text == "fine"

        async with model:
            await asyncio.gather(*[work() for _ in range(64)])
        assert model.limiter.limit <= 2 * most
        # Without the limiter, 64 callers against 8 places are refused several times per answer.
        assert server.refused < calls / 4
        assert model.limiter.cuts >= 1


async def take(limiter: AdaptiveLimiter, turns: int) -> list[int]:
    return [await limiter.acquire() for _ in range(turns)]


async def test_one_cut_per_episode_however_many_calls_it_hits() -> None:
    limiter = AdaptiveLimiter(64, start=16)
    tickets = await take(limiter, 16)
    for ticket in tickets:  # all were sent before the server said anything
        limiter.throttled(ticket)
        limiter.release()
    assert limiter.cuts == 1
    assert limiter.limit == 8
    (later,) = await take(limiter, 1)
    limiter.running = 8
    limiter.throttled(later)
    assert (limiter.cuts, limiter.limit) == (2, 4)


async def test_it_doubles_per_round_before_the_first_cut_and_then_grows_by_one_per_round() -> None:
    limiter = AdaptiveLimiter(1000, start=8)
    limiter.running = 8
    for _ in range(8):
        limiter.succeeded()
    assert limiter.limit == 16
    limiter.running = 16
    limiter.throttled(0)
    assert limiter.limit == 8
    for _ in range(8):
        limiter.succeeded()
    assert limiter.limit == pytest.approx(9, abs=0.1)  # 8 + 8 times 1/limit, where the limit itself grows a little


async def test_it_grows_only_where_it_is_what_holds_calls_back() -> None:
    limiter = AdaptiveLimiter(64, start=32)
    (_,) = await take(limiter, 1)
    limiter.succeeded()
    assert limiter.limit == 32


async def test_never_above_the_most_nor_below_one() -> None:
    limiter = AdaptiveLimiter(2)
    await take(limiter, 2)
    for _ in range(5):
        limiter.succeeded()
    assert limiter.limit == 2
    for ticket in range(5):
        limiter.throttled(ticket)
    assert limiter.limit == 1


async def test_a_wait_holds_back_all_calls() -> None:
    limiter, loop = AdaptiveLimiter(4), asyncio.get_running_loop()
    (ticket,) = await take(limiter, 1)
    limiter.throttled(ticket)
    limiter.hold(0.1)
    limiter.release()
    began = loop.time()
    first = asyncio.ensure_future(limiter.acquire())
    await asyncio.sleep(0.05)
    assert not first.done()
    await first
    assert loop.time() - began >= 0.09


async def test_turns_come_in_order_and_cancelled_ones_are_not_lost() -> None:
    limiter = AdaptiveLimiter(1)
    await limiter.acquire()
    order: list[str] = []

    async def work(name: str) -> None:
        await limiter.acquire()
        order.append(name)
        limiter.release()

    tasks = {name: asyncio.ensure_future(work(name)) for name in "abc"}
    await asyncio.sleep(0)
    tasks["b"].cancel()
    limiter.release()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert order == ["a", "c"]
    assert limiter.running == 0


async def test_a_turn_that_comes_together_with_the_cancellation_is_given_back() -> None:
    limiter = AdaptiveLimiter(1)
    await limiter.acquire()
    waiting = asyncio.ensure_future(limiter.acquire())
    await asyncio.sleep(0)
    limiter.release()  # hands the turn over ...
    waiting.cancel()  # ... before the waiting task has run again
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert limiter.running == 0
