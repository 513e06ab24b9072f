"""The starter set: no text twice, no near copies between what is shown and what is evaluated."""

from collections import Counter
from pathlib import Path

import orjson

from acidtest.generate.near_copy import NearCopies, normalised
from acidtest.generate.text_checks import text_problem, tidy
from acidtest.registry import get
from acidtest.types import Item

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "assistant"


def rows(name: str) -> list[Item]:
    read = [orjson.loads(line) for line in (FOLDER / name).read_bytes().splitlines()]
    return [Item(id=row["id"], input={"text": row["text"]}, target=row["label"]) for row in read]


def test_eight_intents_in_equal_numbers() -> None:
    benchmark, pool = rows("benchmark.jsonl"), rows("pool.jsonl")
    assert set(Counter(item.target for item in benchmark).values()) == {20}
    assert set(Counter(item.target for item in pool).values()) == {8}
    labels = sorted({str(item.target) for item in benchmark})
    assert labels == sorted({str(item.target) for item in pool})
    assert len(labels) == 8
    task = get("task", "intent")(labels)
    assert [task.problem(item) for item in (*benchmark, *pool) if task.problem(item)] == []
    assert len({item.id for item in (*benchmark, *pool)}) == 224
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert [label for label in labels if f"`{label}`" not in readme] == []


def test_no_text_stands_twice() -> None:
    items = [*rows("pool.jsonl"), *rows("benchmark.jsonl")]
    assert len({normalised(item.input["text"]) for item in items}) == 224
    known = NearCopies(0.8)  # stricter than generated items have it
    alike = []
    for item in items:
        text = item.input["text"]
        assert text_problem(tidy(text), longest=200) is None
        if found := known.nearest(text):
            alike.append((text, found))
        known.add(text, item.id)
    assert alike == []
