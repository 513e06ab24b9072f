"""The cap on money and calls: never crossed, whatever the calls at once and the failures."""

import asyncio

import pytest

from acidtest.errors import BudgetError
from acidtest.models.budget import Budget


async def test_no_call_beyond_the_allowed_ones() -> None:
    budget = Budget(max_calls=2)
    await budget.reserve(None)  # a cap on calls needs no price
    await budget.reserve(None)
    with pytest.raises(BudgetError, match="more than the 2"):
        await budget.reserve(None)
    assert budget.calls == 2


async def test_the_first_call_that_could_cross_the_cap_is_not_made() -> None:
    budget = Budget(max_cost=1.0)
    await budget.reserve(0.6)
    budget.settle(0.6, 0.3)
    await budget.reserve(0.7)  # 0.3 + 0.7 = 1.0: just fits
    budget.settle(0.7, 0.5)
    with pytest.raises(BudgetError, match=r"up to \$0.300000; \$0.800000 of \$1.000000"):
        await budget.reserve(0.3)
    assert budget.spent == pytest.approx(0.8)


async def test_a_call_waits_where_only_calls_under_way_stand_in_its_way() -> None:
    budget = Budget(max_cost=1.0)
    await budget.reserve(0.7)
    second = asyncio.ensure_future(budget.reserve(0.7))
    await asyncio.sleep(0.01)
    assert not second.done()
    budget.settle(0.7, 0.1)
    await second
    third = asyncio.ensure_future(budget.reserve(0.2))
    await asyncio.sleep(0.01)
    assert third.done()  # 0.1 + 0.7 + 0.2 = 1.0
    fourth = asyncio.ensure_future(budget.reserve(0.5))
    budget.settle(0.7, 0.7)
    with pytest.raises(BudgetError):  # 0.8 are spent: it can never fit
        await fourth


async def test_many_at_once_never_cross_the_cap() -> None:
    budget, sent = Budget(max_cost=1.0), 0

    async def call() -> None:
        nonlocal sent
        await budget.reserve(0.09)
        sent += 1
        await asyncio.sleep(0)
        budget.settle(0.09, 0.05)
        assert budget.spent <= 1.0

    results = await asyncio.gather(*[call() for _ in range(100)], return_exceptions=True)
    assert sent == 19  # 18 calls of 0.05 leave 0.10, the 19th needs 0.09 and leaves 0.05: no 20th
    assert sum(isinstance(result, BudgetError) for result in results) == 81


async def test_a_price_nobody_knows_and_a_cap_on_money_exclude_each_other() -> None:
    with pytest.raises(BudgetError, match="price is not known") as raised:
        await Budget(max_cost=5.0).reserve(None)
    assert "price_in" in raised.value.way_out
    await Budget().reserve(None)


async def test_failed_attempts_that_may_have_been_charged_count() -> None:
    budget = Budget(max_cost=1.0)
    await budget.reserve(0.4)
    budget.count_failed(0.4, again=True)  # 0.4 + 0.4
    with pytest.raises(BudgetError):
        budget.count_failed(0.4, again=True)  # 0.8 + 0.4
    assert budget.spent == pytest.approx(0.8)


async def test_a_resumed_run_goes_on_counting() -> None:
    with pytest.raises(BudgetError):
        await Budget(max_cost=1.0, spent=0.9).reserve(0.2)
    with pytest.raises(BudgetError):
        await Budget(max_calls=10, calls=10).reserve(0.0)
