"""What was sent is written down: who finds it again, who may forget it, and what a broken file says."""

import asyncio
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from acidtest.errors import DataError
from acidtest.models.batches.journal import BatchJournal
from acidtest.models.budget import Budget
from acidtest.models.build import build
from acidtest.models.cache import ResponseCache
from acidtest.models.caller import Caller
from acidtest.models.price import Price, price_of
from acidtest.types import Prompt, Sampling
from batch_server import BatchServer
from model_specs import batched, spec

PROMPTS = [Prompt(messages=(("user", f"question {i}?"),), max_tokens=5) for i in range(8)]
TEXTS = Counter(prompt.messages[0][1] for prompt in PROMPTS)
PRICE = Price(read=1e6, written=0.0)  # one dollar a token: a prompt costs its bytes, and at most 32 more


def journal(folder: Path) -> BatchJournal:
    return BatchJournal(folder / "batches.sqlite")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
    return tmp_path


def test_calls_are_found_by_another_process_until_they_are_released(folder: Path) -> None:
    first, second = journal(folder), journal(folder)
    first.claim("m1", "http://a", ["x", "y"])
    first.sent("m1", "batch_1")
    assert second.where(["x", "y", "z"]) == {"x": "m1", "y": "m1"}
    found = second.batch("m1")
    assert found is not None
    assert (found.state, found.batch, found.size) == ("sent", "batch_1", 2)
    assert (second.known("http://a"), second.known("http://b")) == ({"batch_1"}, set())
    second.release("m1", ["x"])
    assert first.calls("m1") == {"y"}
    first.release("m1", ["y"])
    assert second.batch("m1") is None
    first.close()
    second.close()


def test_a_call_that_went_into_another_batch_since_is_not_released(folder: Path) -> None:
    book = journal(folder)
    book.claim("m1", "http://a", ["x"])
    book.release("m1", ["x"])
    book.claim("m2", "http://a", ["x"])
    book.release("m1", ["x"])  # somebody else who reads the first batch's results, late
    assert book.where(["x"]) == {"x": "m2"}
    book.close()


def test_no_call_stands_in_two_batches(folder: Path) -> None:
    book = journal(folder)
    book.claim("m1", "http://a", ["x"])
    with pytest.raises(DataError):
        book.claim("m2", "http://a", ["y", "x"])
    assert book.batch("m2") is None
    assert book.where(["y"]) == {}
    book.close()


def test_a_batch_that_another_process_has_found_is_not_forgotten_as_never_begun(folder: Path) -> None:
    first, second = journal(folder), journal(folder)
    for mark in ("m1", "m2"):
        first.claim(mark, "http://a", [f"call of {mark}"])
        first.creating(mark)
    second.sent("m1", "batch_1")
    first.drop_unbegun("m1")
    first.drop_unbegun("m2")
    assert (first.batch("m2"), first.where(["call of m1", "call of m2"])) == (None, {"call of m1": "m1"})
    found = first.batch("m1")
    assert found is not None
    assert (found.state, found.batch) == ("sent", "batch_1")
    first.close()
    second.close()


def test_after_four_weeks_the_results_are_gone_and_so_is_the_batch(folder: Path) -> None:
    book = journal(folder)
    book.claim("old", "http://a", ["x"])
    book.claim("new", "http://a", ["y"])
    with sqlite3.connect(folder / "batches.sqlite") as database:
        database.execute("UPDATE batches SET touched = ? WHERE mark = 'old'", (time.time() - 29 * 86400,))
    database.close()
    book.close()
    again = journal(folder)
    assert again.where(["x", "y"]) == {"y": "new"}
    again.close()


async def test_one_at_a_time_sends(folder: Path) -> None:
    first, second, order = journal(folder), journal(folder), list[str]()

    async def send(book: BatchJournal, name: str) -> None:
        async with book.alone():
            order.append(f"{name} begins")
            await asyncio.sleep(0.05)
            order.append(f"{name} ends")

    await asyncio.gather(send(first, "one"), send(second, "two"))
    assert [word.split()[1] for word in order] == ["begins", "ends", "begins", "ends"]
    first.close()
    second.close()


def test_a_file_that_is_none_says_what_to_look_at_before_it_is_moved_away(folder: Path) -> None:
    (folder / "batches.sqlite").write_bytes(b"no database " * 100)
    with pytest.raises(DataError, match="damaged") as raised:
        journal(folder)
    assert "provider's list of batches first" in raised.value.way_out


def test_a_newer_file_is_left_alone(folder: Path) -> None:
    with sqlite3.connect(folder / "batches.sqlite") as database:
        database.execute("PRAGMA user_version = 7")
    database.close()
    with pytest.raises(DataError, match=r"newer version \(7\)"):
        journal(folder)


async def test_what_an_upload_left_behind_is_sent_anew(folder: Path) -> None:
    async with BatchServer() as server:
        model = batched(server, "openai:any")
        async with Caller(model) as caller:
            book = journal(folder)
            book.claim("dead", server.url, [caller.key(prompt, Sampling()).hex() for prompt in PROMPTS])
            book.close()
            await asyncio.gather(*[caller.call(prompt, Sampling()) for prompt in PROMPTS])
        assert server.paid == TEXTS
        assert server.calls["list"] == 0  # it is known that nothing was begun: no minute's wait for it


@pytest.mark.parametrize("use", ["openai:any", "anthropic:claude"])
async def test_what_may_have_been_begun_is_waited_for(folder: Path, use: str) -> None:
    """Nothing is sent while the batch of a process that died may still appear; then it is."""
    async with BatchServer() as server:
        model = batched(server, use)
        base = model._base
        async with Caller(model) as caller:
            book = journal(folder)
            book.claim("dead", base, [caller.key(prompt, Sampling()).hex() for prompt in PROMPTS])
            book.creating("dead")
            book.close()
            calls = asyncio.gather(*[caller.call(prompt, Sampling()) for prompt in PROMPTS])
            await asyncio.sleep(0.2)
            assert server.calls["list"] > 1
            assert server.calls["create"] == 0
            await calls
        assert server.paid == TEXTS


@pytest.mark.parametrize("use", ["openai:any", "anthropic:claude"])
async def test_the_list_is_searched_page_by_page(use: str) -> None:
    async with BatchServer() as server:
        model = batched(server, use)
        async with Caller(model) as caller:
            server.faults["create"] = ["done-reset"]
            asked = asyncio.gather(*[caller.call(prompt, Sampling()) for prompt in PROMPTS])
            while not server.batches:  # noqa: ASYNC110 - the server is no part of this loop's events
                await asyncio.sleep(0.001)
            for _ in range(230):  # a busy account
                server._begin([("other", {"messages": [{"content": "other"}]})], {})
            await asked
        assert server.paid == TEXTS
        assert server.calls["list"] >= 3


async def test_repeats_are_calls_of_their_own_and_equal_calls_are_one() -> None:
    async with BatchServer() as server:
        async with Caller(batched(server, "openai:any")) as caller:
            calls = [caller.call(PROMPTS[0], Sampling(), repeat) for repeat in (0, 1, 2, 2)]
            assert {reply.text for reply in await asyncio.gather(*calls)} == {"yes, question 0?"}
        assert server.paid == {"question 0?": 3}


async def test_without_a_cache_the_same_call_is_sent_again(folder: Path) -> None:
    async with BatchServer() as server:
        async with Caller(batched(server, "openai:any")) as caller:
            for _ in range(2):
                await caller.call(PROMPTS[0], Sampling())
        assert server.paid == {"question 0?": 2}
        async with Caller(batched(server, "openai:any")) as caller:
            await caller.call(PROMPTS[0], Sampling())
        assert server.paid == {"question 0?": 3}
        assert (folder / "batches.sqlite").exists()


async def test_what_is_cached_is_not_asked_and_what_is_not_comes_from_the_batch(folder: Path) -> None:
    """A run that dies after its batch ended, with half of the answers in the cache."""
    async with BatchServer() as server:
        with ResponseCache(folder / "replies.sqlite") as cache:
            caller = Caller(batched(server, "openai:any"), cache=cache)
            await caller.__aenter__()
            await asyncio.gather(*[caller.call(prompt, Sampling()) for prompt in PROMPTS])
            cache._pending = dict(list(cache._pending.items())[:4])
            died = RuntimeError()
            await caller.__aexit__(RuntimeError, died, None)
        with ResponseCache(folder / "replies.sqlite") as cache:
            async with Caller(batched(server, "openai:any"), cache=cache) as caller:
                replies = await asyncio.gather(*[caller.call(prompt, Sampling()) for prompt in PROMPTS])
        assert sum(reply.cached for reply in replies) >= 1
        assert not all(reply.cached for reply in replies)
        assert server.paid == TEXTS
        assert len(server.batches) == 1


async def test_a_cap_splits_the_work_into_batches_that_fit_it() -> None:
    """Each call may cost 48 = 11 bytes + 2 * 16 + 5 tokens at a dollar, and costs 11: so 200 pay for all eight."""
    price = Price(read=1e6, written=1e6)
    async with BatchServer() as server:
        budget = Budget(max_cost=200.0)
        async with Caller(batched(server, "openai:any"), budget=budget, price=price) as caller:
            replies = await asyncio.gather(*[caller.call(prompt, Sampling()) for prompt in PROMPTS])
        assert len(replies) == 8
        assert len(server.batches["batch_0"].calls) == 200 // 48
        assert budget.spent == sum(reply.cost for reply in replies) == 8 * (11 + 5)
        assert budget.calls == 8


async def test_an_answer_that_cannot_be_read_counts_in_full() -> None:
    async with BatchServer() as server:
        server.outcomes["question 0?"] = ["odd"]
        budget = Budget(max_cost=1000.0)
        async with Caller(batched(server, "openai:any"), budget=budget, price=PRICE) as caller:
            await caller.call(PROMPTS[0], Sampling())
        assert budget.spent == 11 + (11 + 32)  # what it cost, and the most that the odd one can have cost
        assert budget.calls == 2


def test_half_the_listed_price_and_what_the_user_says_as_it_stands() -> None:
    """Both providers publish half the price for batches; our table lists $0.15 and $0.60."""
    listed = spec("", use="openai:gpt-4o-mini", batch=True).model_copy(update={"base_url": None})
    assert price_of(listed) == Price(read=0.075, written=0.3)
    assert price_of(listed.model_copy(update={"batch": False})) == Price(read=0.15, written=0.6)
    assert price_of(listed.model_copy(update={"price_in": 2.0, "price_out": 4.0})) == Price(read=2.0, written=4.0)


def test_a_user_may_build_one_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    model = build(spec("", use="openai:gpt-4o-mini", batch=True).model_copy(update={"base_url": None}))
    assert getattr(model, "_base", "") == "https://api.openai.com/v1"
