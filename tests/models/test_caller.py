"""A model as the stages use it, against real servers."""

import asyncio
from pathlib import Path

import pytest

from acidtest.errors import BudgetError, TransientModelError
from acidtest.models.budget import Budget
from acidtest.models.cache import ResponseCache
from acidtest.models.caller import Caller
from acidtest.models.openai import OpenAIModel
from acidtest.models.price import Price
from acidtest.types import Prompt, Sampling
from fault_server import FaultServer
from model_specs import hurry, spec

PRICE = Price(read=1.0, written=2.0)
PROMPT = Prompt(messages=(("user", "Well?"),), max_tokens=5)
MOST = (5 + 32 + 2 * 5) / 1e6  # 5 bytes and 16 per message and once; 5 tokens to write
COST = (7 + 2 * 1) / 1e6  # what the bad server says it counted: 7 and 1


async def test_what_was_answered_is_not_asked_again_and_keeps_its_cost(faults: FaultServer, tmp_path: Path) -> None:
    records = []
    for _ in range(2):
        budget = Budget(max_cost=1.0)
        with ResponseCache(tmp_path / "c.sqlite") as cache:
            model = OpenAIModel(spec(faults.url("ok")))
            async with Caller(model, cache=cache, budget=budget, price=PRICE) as caller:
                replies = [await caller.call(PROMPT, Sampling(), repeat) for repeat in (0, 0, 1)]
        records.append([(r.text, r.tokens_in, r.tokens_out, r.cost, r.seconds) for r in replies])
        assert [r.cost for r in replies] == [COST] * 3
        assert budget.spent == pytest.approx(budget.calls * COST)
    assert faults.requests["ok"] == 2  # one per repeat, none in the second round
    assert records[0] == records[1]
    assert (budget.calls, budget.spent) == (0, 0.0)


async def test_a_price_nobody_knows_is_no_price_of_nothing(faults: FaultServer) -> None:
    async with Caller(OpenAIModel(spec(faults.url("ok")))) as caller:
        assert (await caller.call(PROMPT, Sampling())).cost == 0.0


async def test_the_call_that_could_cross_the_cap_is_not_sent(faults: FaultServer) -> None:
    budget = Budget(max_cost=MOST + COST)
    async with Caller(OpenAIModel(spec(faults.url("ok"))), budget=budget, price=PRICE) as caller:
        for _ in range(2):
            await caller.call(PROMPT, Sampling())
        with pytest.raises(BudgetError):
            await caller.call(PROMPT, Sampling())
    assert faults.requests["ok"] == 2
    assert budget.spent == pytest.approx(2 * COST)


async def test_failed_attempts_that_may_have_been_charged_are_counted_in_full(faults: FaultServer) -> None:
    budget = Budget(max_cost=1.0)
    model = hurry(OpenAIModel(spec(faults.url("truncatedx1"))))
    async with Caller(model, budget=budget, price=PRICE) as caller:
        await caller.call(PROMPT, Sampling())
    assert budget.spent == pytest.approx(MOST + COST)
    assert budget.calls == 2


async def test_refused_attempts_cost_nothing(faults: FaultServer) -> None:
    budget = Budget(max_cost=1.0)
    async with Caller(hurry(OpenAIModel(spec(faults.url("503"), retries=2))), budget=budget, price=PRICE) as caller:
        with pytest.raises(TransientModelError):
            await caller.call(PROMPT, Sampling())
    assert budget.spent == 0.0
    await budget.reserve(1.0)  # nothing is left set aside


async def test_repeated_timeouts_do_not_cross_the_cap(faults: FaultServer) -> None:
    budget = Budget(max_cost=2.5 * MOST)
    model = hurry(OpenAIModel(spec(faults.url("hang"), retries=9, timeout=0.05)))
    async with Caller(model, budget=budget, price=PRICE) as caller:
        with pytest.raises(BudgetError):
            await caller.call(PROMPT, Sampling())
    assert faults.requests["hang"] == 2
    assert budget.spent <= 2.5 * MOST


async def test_replies_reach_the_disk_without_more_to_come(faults: FaultServer, tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as cache, ResponseCache(tmp_path / "c.sqlite") as other:
        async with Caller(OpenAIModel(spec(faults.url("ok"))), cache=cache) as caller:
            for repeat in range(3):
                await caller.call(PROMPT, Sampling(), repeat)
            assert cache.pending == 2
            await asyncio.sleep(1.1)
            assert cache.pending == 0
            assert other.get(caller.key(PROMPT, Sampling(), 2)) is not None


async def test_sixty_four_at_once_count_every_call(mock_url: str, tmp_path: Path) -> None:
    prompts = [Prompt(messages=(("user", f"question {number}"),), max_tokens=4) for number in range(3000)]
    model = OpenAIModel(spec(f"{mock_url}/v1", use="openai:fixed:A", connections=64))
    budget = Budget(max_cost=9.0)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        async with Caller(model, cache=cache, budget=budget, price=PRICE) as caller:
            await caller.call(PROMPT, Sampling())
            waiting = iter(prompts)

            async def work() -> None:
                for prompt in waiting:
                    await caller.call(prompt, Sampling())

            await asyncio.gather(*[work() for _ in range(64)])
    assert budget.calls == 3001
