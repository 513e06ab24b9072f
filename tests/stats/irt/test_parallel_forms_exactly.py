"""Parallel forms: matches of least cost, the best swaps by trying all, forms that no swap brings nearer."""

from itertools import combinations, permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small import parallel_forms as module
from acidtest.stats.irt.small.parallel_forms import (
    evenly_spread,
    information_gap,
    matched_items,
    parallel_forms,
    random_forms,
    score_gap,
)

AT = np.linspace(-1.5, 2, 6)


def pool(n: int, seed: int, *, residual: bool = False) -> Items:
    rng = np.random.default_rng(seed)
    return Items(
        discrimination=rng.lognormal(0, 0.4, n),
        difficulty=rng.normal(0, 1, n),
        guess=np.zeros(n) if residual else rng.uniform(0, 0.3, n),
        residual=rng.uniform(0.3, 1, n) if residual else None,
    )


def slow_features(items: Items) -> FloatArray:
    """Curve and relative information at each ability, each table to standard deviation 1, mean squares compared."""
    curve = np.array([[items.expected(t)[j] for t in AT] for j in range(len(items))])
    told = np.array([[items.information(t)[j] for t in AT] for j in range(len(items))])
    told = told / told.mean(0)
    found: FloatArray = np.concatenate([curve / curve.std(), told / told.std()], axis=1) / np.sqrt(2 * len(AT))
    return found


@pytest.mark.parametrize("residual", [False, True])
def test_items_are_as_far_apart_as_their_curves(residual: bool) -> None:  # noqa: FBT001
    items = pool(7, 0, residual=residual)
    np.testing.assert_allclose(module._features(items, AT), slow_features(items), rtol=1e-9)


@pytest.mark.parametrize(("forms", "topics"), [(2, ()), (3, ()), (2, tuple("abbabbabb")), (3, tuple("abbabbcac"))])
def test_columns_hold_matches_of_least_cost(forms: int, topics: tuple[str, ...]) -> None:
    """Sorted by topic and mean score every so many-th item starts a column; each form's items cost least of all."""
    features = slow_features(pool(9, 1))
    topic = module._codes(topics, 9)
    assert topic.tolist() == ([sorted(set(topics)).index(one) for one in topics] if topics else [0] * 9)
    found = module._matched(features, forms, topic)
    order = sorted(range(9), key=lambda j: (topic[j], features[j, :6].mean()))
    m = 9 // forms
    first = [order[i * forms] for i in range(m)]
    assert found[0].tolist() == first
    left = {item for item in order[: m * forms] if item not in first}

    def cost(picked: tuple[int, ...]) -> float:
        return sum(
            float(((features[a] - features[b]) ** 2).sum()) + float(topic[a] != topic[b])
            for a, b in zip(first, picked, strict=True)
        )

    for row in found[1:]:
        assert set(row.tolist()) <= left
        assert cost(tuple(row.tolist())) == pytest.approx(min(cost(p) for p in permutations(sorted(left), m)))
        left -= set(row.tolist())
    assert not left


def swapped(one: FloatArray, other: FloatArray, columns: tuple[int, ...]) -> float:
    away = (one - other).sum(0)
    for column in columns:
        away = away - 2 * (one - other)[column]
    return float(away @ away)


@pytest.mark.parametrize("seed", range(12))
def test_the_best_swap_is_the_best_of_all(seed: int) -> None:
    one, other = np.random.default_rng(seed).normal(size=(2, 6, 3))
    every = [(i,) for i in range(6)] + list(combinations(range(6), 2))
    distances = {columns: swapped(one, other, columns) for columns in every}
    best = min(distances, key=distances.__getitem__)
    stays = distances[best] >= swapped(one, other, ())
    assert module._best_swap(one, other) == (None if stays else best)


@pytest.mark.parametrize("forms", [2, 3])
def test_forms_cannot_be_brought_nearer_by_swaps_of_matches(forms: int) -> None:
    items = pool(24, 2)
    features = slow_features(items)
    dealt = parallel_forms(items, forms=forms, abilities=AT)
    matched = module._matched(features, forms, np.zeros(24, np.int64))
    assert {frozenset(column) for column in dealt.T.tolist()} == {frozenset(column) for column in matched.T.tolist()}
    for one, other in combinations(range(forms), 2):
        a, b = features[dealt[one]], features[dealt[other]]
        every = [(i,) for i in range(len(a))] + list(combinations(range(len(a)), 2))
        assert min(swapped(a, b, columns) for columns in every) >= (1 - 1e-5) * swapped(a, b, ())


def test_the_best_of_ten_starts() -> None:
    items = pool(30, 3)
    features = slow_features(items)
    matched = module._matched(features, 2, np.zeros(30, np.int64))
    rng, distances = np.random.default_rng(0), []
    for _ in range(10):
        one = module._swapped(rng.permuted(matched, axis=0), features)
        distances.append(float(np.square((features[one[0]] - features[one[1]]).sum(0)).sum()))
    dealt = parallel_forms(items, abilities=AT)
    found = float(np.square((features[dealt[0]] - features[dealt[1]]).sum(0)).sum())
    assert found == pytest.approx(min(distances))
    assert min(distances) < max(distances)


@pytest.mark.parametrize("residual", [False, True])
def test_places_are_taken_at_least_cost(residual: bool) -> None:  # noqa: FBT001
    target, others = pool(3, 4, residual=residual), pool(6, 5, residual=residual)
    joined = {
        name: np.concatenate([getattr(target, name), getattr(others, name)])
        for name in ("discrimination", "difficulty", "guess")
    }
    residuals = None
    if target.residual is not None and others.residual is not None:
        residuals = np.concatenate([target.residual, others.residual])
    both = slow_features(Items(**joined, residual=residuals))

    def cost(picked: tuple[int, ...]) -> float:
        return float(((both[:3] - both[3:][list(picked)]) ** 2).sum())

    best = min(permutations(range(6), 3), key=cost)
    assert tuple(matched_items(target, others, abilities=AT).tolist()) == best


def test_evenly_spread_takes_the_middle_of_each_part() -> None:
    items = pool(11, 6)
    order = np.argsort(np.mean([items.expected(t) for t in AT], axis=0))
    parts = [order[:4], order[4:8], order[8:]]  # 4, 4 and 3 items
    assert evenly_spread(items, 3, abilities=AT).tolist() == [parts[0][2], parts[1][2], parts[2][1]]


def test_random_forms_are_every_deal_alike() -> None:
    rng = np.random.default_rng(7)
    found = [random_forms(7, 2, 3, rng) for _ in range(700)]
    assert all(one.shape == (2, 3) and len(set(one.ravel().tolist())) == 6 for one in found)
    first = np.bincount([one[0, 0] for one in found], minlength=7)
    assert first.min() > 60  # 100 each, 4 standard errors of 9


def gaps(items: Items, dealt: NDArray[np.int64]) -> tuple[float, float]:
    score, told = [], []
    for t in AT:
        sums = [sum(items.information(t)[j] for j in form) for form in dealt]
        told.append((max(sums) - min(sums)) / np.mean(sums))
        means = [np.mean([items.expected(t)[j] for j in form]) for form in dealt]
        score.append(max(means) - min(means))
    return max(told), max(score)


def test_gaps_are_the_largest_over_abilities() -> None:
    items, dealt = pool(12, 8), np.arange(12).reshape(3, 4)
    told, score = gaps(items, dealt)
    assert information_gap(items, dealt, AT) == pytest.approx(told, rel=1e-9)
    assert score_gap(items, dealt, AT) == pytest.approx(score, rel=1e-9)


def test_pools_are_joined_with_their_residuals() -> None:
    first, second, plain = pool(2, 9, residual=True), pool(3, 10, residual=True), pool(3, 10)
    both = module._joined(first, second).residual
    assert both is not None
    assert first.residual is not None
    assert both[:2].tolist() == first.residual.tolist()
    assert len(both) == 5
    assert module._joined(first, plain).residual is None
    assert module._joined(plain, first).residual is None
