"""What may be shown as an example is never evaluated."""

import random
from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from acidtest.data.split import normalised, sample, split_pool, without_copies
from acidtest.types import Item


def item(name: str, text: str, bundle: str | None = None) -> Item:
    return Item(id=name, input={"text": text}, target="a", bundle=bundle)


MANY = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([None, "x", "y"])), min_size=2, max_size=30).map(
    lambda drawn: [item(str(i), text, bundle) for i, (text, bundle) in enumerate(drawn)]
)


@given(MANY, st.floats(0.05, 0.95), st.integers(0, 5))
def test_parts_share_nothing_and_lose_nothing(items: list[Item], share: float, seed: int) -> None:
    evaluated, pool = split_pool(items, share, seed)
    assert sorted([*evaluated, *pool], key=lambda i: int(i.id)) == items
    assert evaluated == [i for i in items if i in evaluated]
    assert not {normalised(i) for i in evaluated} & {normalised(i) for i in pool}
    assert not {i.bundle for i in evaluated if i.bundle} & {i.bundle for i in pool if i.bundle}
    assert evaluated


@given(MANY, st.integers(0, 5))
def test_the_order_of_the_items_decides_nothing(items: list[Item], seed: int) -> None:
    shuffled = random.Random(seed).sample(items, len(items))
    assert {i.id for i in split_pool(items, 0.3, 1)[1]} == {i.id for i in split_pool(shuffled, 0.3, 1)[1]}


def test_the_pool_has_its_share_and_another_seed_gives_another() -> None:
    items = [item(str(i), f"text {i}") for i in range(500)]
    pools = [{i.id for i in split_pool(items, 0.3, seed)[1]} for seed in range(40)]
    assert {len(pool) for pool in pools} == {150}
    assert len({frozenset(pool) for pool in pools}) == 40
    # Each item is in a pool of 150 of 500 with chance 3/10; over 40 seeds its count is binomial(40, 3/10), and the
    # mean over items is exactly 12 by the sizes above. That none is stuck: chance below 500 * (7/10)^40 < 4e-4.
    assert all(any(i.id in pool for pool in pools) for i in items)
    assert Fraction(sum(len(pool) for pool in pools), 500) == 12


def test_a_bundle_larger_than_the_share_still_goes_one_way() -> None:
    items = [item(str(i), f"text {i}", "one") for i in range(9)] + [item("9", "alone")]
    evaluated, pool = split_pool(items, 0.3, 0)
    assert {len(evaluated), len(pool)} == {1, 9}
    assert split_pool(items[:9], 0.3, 0) == (items[:9], [])
    assert split_pool(items, 0.0, 0) == (items, [])


def test_copies_leave_the_pool() -> None:
    items = [item("1", "Rate this\n"), item("2", "caf\u00e9")]
    pool = [item("a", "rate  THIS"), item("b", "cafe\u0301"), item("2", "other"), item("c", "cafe")]
    assert [i.id for i in without_copies(pool, items)] == ["2", "c"]


def bundled(count: int, edits: str) -> list[Item]:
    return [
        Item(id=f"{number}{edit}", input={"text": f"{number} {edit}"}, target="a", bundle=str(number), edit=edit)
        for number in range(count)
        for edit in edits
    ]


def test_a_sample_takes_bundles_whole() -> None:
    items = bundled(30, "opsa") + [item.model_copy(update={"bundle": f"x{item.bundle}"}) for item in bundled(30, "op")]
    drawn = sample(items, 50, seed=3, purpose="items")
    whole = Counter(item.bundle for item in items)
    assert Counter(item.bundle for item in drawn) == {item.bundle: whole[item.bundle] for item in drawn}
    assert len(drawn) == 50  # bundles of two fill what bundles of four leave
    assert [item.id for item in drawn] == [item.id for item in items if item in drawn]
    assert drawn == sample(items, 50, seed=3, purpose="items")
    assert drawn != sample(items, 50, seed=4, purpose="items")
    assert len(sample(items, 3, seed=3, purpose="items")) == 2


def test_a_sample_of_items_without_bundles_is_exactly_as_large_as_asked() -> None:
    items = [Item(id=str(i), input={"text": str(i)}, target="a") for i in range(40)]
    assert len(sample(items, 17, seed=0, purpose="items")) == 17
    assert sample(items, None, seed=0, purpose="items") == tuple(items) == sample(items, 40, 0, "items")
