"""Items side by side: drawn by the seed alone, and like with like."""

import numpy as np
import pytest
from pydantic import JsonValue

from acidtest.report.samples import Sample, draw_samples, sample_of, side_by_side
from acidtest.types import Benchmark, Item


def sample(target: str, text: str, benchmark: str = "") -> Sample:
    return Sample(benchmark=benchmark or "real", kind="synthetic" if benchmark else "real", target=target, text=text)


def test_like_targets_stand_beside_each_other_and_nothing_is_lost() -> None:
    real = [sample("x", "r1"), sample("y", "r2"), sample("z", "r3")]
    synthetic = [sample("y", "s1", "s"), sample("w", "s2", "s"), sample("v", "s3", "s"), sample("u", "s4", "s")]
    (table,) = side_by_side([*real, *synthetic])
    pairs = [(row.real.text if row.real else "", row.synthetic.text if row.synthetic else "") for row in table.rows]
    assert pairs == [("r1", "s2"), ("r2", "s1"), ("r3", "s3"), ("", "s4")]


def test_each_synthetic_set_has_its_own_table_of_ten_at_most() -> None:
    many = [sample("x", str(i), name) for name in ("s", "t") for i in range(30)]
    tables = side_by_side([sample("x", "r"), *many])
    assert [table.benchmark for table in tables] == ["s", "t"]
    assert [len(table.rows) for table in tables] == [10, 10]


def test_real_items_alone_are_shown_alone() -> None:
    (table,) = side_by_side([sample("x", "r")])
    assert table.rows[0].synthetic is None
    assert side_by_side([]) == ()


def test_the_seed_draws_items_without_repeats() -> None:
    items = tuple(Item(id=str(i), input={"text": f"t{i}"}, target="a") for i in range(40))
    benchmark = Benchmark(name="b", kind="real", items=items)
    drawn = [draw_samples([benchmark], rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len({s.text for s in drawn[0]}) == 10
    assert len(draw_samples([benchmark], rng=np.random.default_rng(0), count=99)) == 40


def test_items_in_words() -> None:
    benchmark = Benchmark(name="b", kind="synthetic", items=())
    two = sample_of(benchmark, Item(id="1", input={"sentence1": "a", "sentence2": "b"}, target=3.5))
    assert (two.text, two.target, two.kind) == ("sentence1: a\nsentence2: b", "3.5", "synthetic")
    spans = sample_of(
        benchmark, Item(id="1", input={"text": "Zürich"}, target=[{"type": "city", "start": 0, "end": 6}])
    )
    assert (spans.text, spans.target) == ("Zürich", '[{"type": "city", "start": 0, "end": 6}]')


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ([["city", 0, 4], ["country", 11, 17]], "city: Oslo; country: Norway"),
        ([], "none"),
        ([["city", 3, 99]], '[["city", 3, 99]]'),  # outside of the text: shown as it stands
        (3.5, "3.5"),
    ],
)
def test_targets_are_shown_in_words(target: JsonValue, shown: str) -> None:
    item = Item(id="1", input={"text": "Oslo is in Norway"}, target=target)
    benchmark = Benchmark(name="b", kind="real", items=(item,))
    assert sample_of(benchmark, item).target == shown
