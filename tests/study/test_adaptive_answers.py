"""A model takes a test: items that no answer comes for, tests that are stopped, and a real model in this process."""

from collections import Counter
from pathlib import Path

import numpy as np
import orjson
import pytest

from acidtest.errors import BudgetError, DataError, ModelError, TransientModelError
from acidtest.evaluate.adaptive import TakenTest, answer_adaptively, score_of
from acidtest.evaluate.record import read_responses
from acidtest.models.base import ModelSpec
from acidtest.models.local import LocalModel
from acidtest.registry import get
from acidtest.stats.irt.adaptive.test import AdaptiveTest, Stop
from acidtest.types import Item, Reply, Sampling
from adaptive_study import Quiet, bank

POOL = Path(__file__).resolve().parents[2] / "examples" / "assistant" / "pool.jsonl"
ITEMS = [Item(id=f"real-{i}", input={"text": f"request {i}"}, target="a" if i % 3 else "b") for i in range(60)]
TASK = get("task", "intent")(["a", "b"])


class Server:
    """Answers "a"; never to some items, and to none while it is down. Counts what it is asked."""

    def __init__(self, *, never: frozenset[str] = frozenset(), down_after: int = 10**9) -> None:
        self.never, self.down_after = never, down_after
        self.asked: list[str] = []

    async def ask(self, item: Item) -> Reply:
        self.asked.append(item.id)
        if item.id in self.never or len(self.asked) > self.down_after:
            raise TransientModelError("no answer came")
        return Reply(text="a")


async def take(server: Server, path: Path, *, most: int = 12, round_size: int = 4) -> TakenTest:
    test = AdaptiveTest(bank("real").parameters, stop=Stop(most_items=most))
    return await answer_adaptively(
        ITEMS,
        test,
        server.ask,
        score_of(TASK, "accuracy"),
        round_size=round_size,
        concurrency=3,
        path=path,
        progress=Quiet(),
    )


async def test_an_item_without_an_answer_is_passed_over(tmp_path: Path) -> None:
    plain = await take(Server(), tmp_path / "plain.jsonl")
    first = plain.asked[0]
    server = Server(never=frozenset({first}))
    found = await take(server, tmp_path / "some.jsonl")
    assert len(found.asked) == 12
    assert first not in found.asked
    assert (found.unanswered, found.given_up) == (1, False)
    assert len(server.asked) == 13
    # Whoever reads the file again asks nothing, and finds the same.
    again = Server()
    assert await take(again, tmp_path / "some.jsonl") == found
    assert again.asked == []


async def test_many_failures_that_answers_part_do_not_end_a_test(tmp_path: Path) -> None:
    """Every second item never answers: more than twenty in all, never twenty one after another."""
    server = Server(never=frozenset(item.id for item in ITEMS[::2]))
    found = await take(server, tmp_path / "half.jsonl", most=30)
    assert len(found.asked) == 30
    assert found.unanswered > 20
    assert not found.given_up


async def test_a_server_that_goes_down_costs_no_more_than_twenty_tries(tmp_path: Path) -> None:
    """And once it is up again, the test goes on as if nothing had been."""
    whole = await take(Server(), tmp_path / "whole.jsonl")
    server = Server(down_after=6)
    found = await take(server, tmp_path / "down.jsonl")
    assert found.given_up
    assert len(server.asked) <= 6 + 20 + 4
    up = Server()
    assert (await take(up, tmp_path / "down.jsonl")).asked == whole.asked
    assert len(up.asked) <= 12 - 6 + 4
    assert max(Counter(up.asked).values()) == 1


async def test_a_server_that_is_down_from_the_start_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="items all stayed without an answer"):
        await take(Server(down_after=0), tmp_path / "down.jsonl")
    assert len(read_responses(tmp_path / "down.jsonl")) == 20


async def test_whatever_stops_a_test_it_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    """Stopped after each number of answers in turn, at any place in a round."""
    whole = await take(Server(), tmp_path / "whole.jsonl")

    class Stopping(Server):
        async def ask(self, item: Item) -> Reply:
            if len(self.asked) == self.down_after:
                raise BudgetError("no more")
            return await super().ask(item)

    for number in range(12):
        path = tmp_path / f"{number}.jsonl"
        with pytest.raises(BudgetError):
            await take(Stopping(down_after=number), path)
        rest = Server()
        assert (await take(rest, path)).asked == whole.asked
        assert len(rest.asked) == 12 - number


async def test_a_score_between_0_and_1_is_refused_at_once(tmp_path: Path) -> None:
    """The bank's items are right or wrong. Not after all calls are paid for: after the first round."""
    server = Server()
    with pytest.raises(DataError, match=r"scores 0\.5, and the bank knows right and wrong only"):
        await answer_adaptively(
            ITEMS,
            AdaptiveTest(bank("real").parameters, stop=Stop(most_items=12)),
            server.ask,
            lambda item, response: 0.5 if item.id and response.text else 0.0,
            round_size=4,
            concurrency=3,
            path=tmp_path / "between.jsonl",
            progress=Quiet(),
        )
    assert len(server.asked) == 4


async def test_other_answers_in_the_file_are_not_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    whole = await take(Server(), tmp_path / "whole.jsonl")
    path.write_bytes(b"".join(orjson.dumps({"item": item, "text": "a"}) + b"\n" for item in whole.asked[::2]))
    server = Server()
    assert (await take(server, path)).asked == whole.asked
    assert len(server.asked) == 6


async def test_a_real_model_is_asked_what_its_answers_call_for(smollm2: Path, tmp_path: Path) -> None:
    """SmolLM2 in this process: eight of thirty items, the same whether it is stopped in between or not."""
    rows = [orjson.loads(line) for line in POOL.read_bytes().splitlines()]
    labels = sorted({row["label"] for row in rows})[:4]
    rows = [row for row in rows if row["label"] in labels][:34]
    items = [Item(id=row["id"], input={"text": row["text"]}, target=row["label"]) for row in rows]
    examples, items = items[:4], items[4:]
    task = get("task", "intent")(labels)
    parameters = bank("real").parameters.take(np.arange(len(items)))
    asked: list[str] = []
    async with LocalModel(ModelSpec(name="smollm2", use=f"local:{smollm2}")) as model:

        async def ask(item: Item) -> Reply:
            asked.append(item.id)
            return await model.answer(task.prompt(item, examples, "completion"), Sampling(temperature=0.0))

        async def run(path: Path, most: int) -> AdaptiveTest:
            test = AdaptiveTest(parameters, stop=Stop(most_items=most))
            await answer_adaptively(
                items,
                test,
                ask,
                score_of(task, "accuracy"),
                round_size=2,
                concurrency=1,
                path=path,
                progress=Quiet(),
            )
            return test

        whole = await run(tmp_path / "whole.jsonl", 8)
        assert len(asked) == 8
        await run(tmp_path / "parts.jsonl", 4)
        parts = await run(tmp_path / "parts.jsonl", 8)
        assert len(asked) == 16
    assert parts.asked == whole.asked
    assert (parts.ability, parts.se) == (whole.ability, whole.se)
    answers = read_responses(tmp_path / "whole.jsonl")
    right = [score_of(task, "accuracy")(item, answers[item.id]) for item in items if item.id in answers]
    assert len(right) == 8
    assert whole.ability != 0.0
