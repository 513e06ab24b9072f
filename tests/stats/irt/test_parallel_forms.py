from itertools import permutations, product

import numpy as np
import pytest

from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small.parallel_forms import (
    information_gap,
    matched_items,
    parallel_forms,
    random_forms,
    score_gap,
)

AT = np.linspace(-2, 2, 9)


def pool(n: int, seed: int = 0) -> Items:
    rng = np.random.default_rng(seed)
    return Items(discrimination=np.exp(rng.normal(0, 0.4, n)), difficulty=rng.normal(0, 1, n), guess=np.zeros(n))


def test_forms_of_twins_are_the_same() -> None:
    one = pool(20)
    twins = one.take(np.repeat(np.arange(20), 2))
    dealt = parallel_forms(twins, abilities=AT)
    assert sorted(dealt.ravel().tolist()) == list(range(40))
    assert information_gap(twins, dealt, AT) == pytest.approx(0, abs=1e-12)
    assert score_gap(twins, dealt, AT) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("forms", [2, 3, 4])
def test_forms_are_disjoint_and_far_nearer_than_random_ones(forms: int) -> None:
    items = pool(60)
    dealt = parallel_forms(items, forms=forms, abilities=AT)
    assert dealt.shape == (forms, 60 // forms)
    assert len(set(dealt.ravel().tolist())) == 60
    rng = np.random.default_rng(1)
    others = [random_forms(60, forms, 60 // forms, rng) for _ in range(200)]
    for gap in (information_gap, score_gap):
        assert gap(items, dealt, AT) < np.quantile([gap(items, one, AT) for one in others], 0.02)


def test_no_dealing_of_the_same_matches_is_much_nearer() -> None:
    """All 512 ways to deal ten matched pairs: ours is the best or next to it, by the distance of the summed curves."""
    items = pool(20, 3)
    dealt = parallel_forms(items, abilities=AT)
    information = items.information(AT).T
    curves = [items.expected(AT).T, information / information.mean(axis=0)]
    both = np.concatenate([curve / curve.std() for curve in curves], axis=1)
    step = both[dealt[0]] - both[dealt[1]]
    every = sorted(float(np.linalg.norm(np.array([1, *signs]) @ step)) for signs in product((1, -1), repeat=9))
    assert float(np.linalg.norm(step.sum(axis=0))) <= every[4]


def test_topics_stay_together() -> None:
    items = pool(40)
    topics = ["a" if i < 20 else "b" for i in range(40)]
    dealt = parallel_forms(items, abilities=AT, topics=topics)
    for form in dealt:
        assert sum(topics[item] == "a" for item in form) == 10


def test_one_item_too_many_is_left_out() -> None:
    assert parallel_forms(pool(7), abilities=AT).shape == (2, 3)


def test_matches_cost_least_of_all() -> None:
    target, others = pool(4, 1), pool(6, 2)
    mean = np.concatenate([target.information(AT), others.information(AT)], axis=1).mean(axis=1, keepdims=True)
    curve = [np.concatenate([x.expected(AT), x.information(AT) / mean]) for x in (target, others)]  # [18, m]
    scale = [np.concatenate([curve[0][part], curve[1][part]], axis=1).std() for part in (slice(9), slice(9, 18))]

    def cost(picked: tuple[int, ...]) -> float:
        away = curve[0] - curve[1][:, picked]
        return float((away[:9] ** 2).sum() / scale[0] ** 2 + (away[9:] ** 2).sum() / scale[1] ** 2)

    best = min(permutations(range(6), 4), key=cost)
    assert tuple(matched_items(target, others, abilities=AT).tolist()) == best


def test_gaps_by_their_definition() -> None:
    items = Items(discrimination=np.ones(2), difficulty=np.array([0.0, 50.0]), guess=np.zeros(2))
    dealt = np.array([[0], [1]])
    assert information_gap(items, dealt, [0.0]) == pytest.approx(2)  # .25 and 0: .25 over .125
    assert score_gap(items, dealt, [0.0]) == pytest.approx(0.5)
