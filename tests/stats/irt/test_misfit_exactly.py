"""Misfit of items, of pairs and over solvers: each against its definition in plain loops, holes and all."""

import numpy as np
import pytest
from scipy.special import expit, logit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check.misfit import (
    Misfit,
    false_discovery,
    largest_roots,
    misfit,
    parting,
    residual_correlations,
)
from acidtest.stats.irt.items import Items


def items_of(n: int, seed: int, *, residual: bool = False) -> Items:
    rng = np.random.default_rng(seed)
    return Items(
        discrimination=rng.lognormal(0, 0.4, n),
        difficulty=rng.normal(0, 1, n),
        guess=np.zeros(n) if residual else rng.uniform(0, 0.3, n),
        residual=rng.uniform(0.3, 1.2, n) if residual else None,
    )


def table(solvers: int, items: Items, ability: FloatArray, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    if items.residual is None:
        scores = (rng.random((solvers, len(items))) < items.expected(ability)).astype(float)
    else:
        scores = expit(items.linear(ability) + items.residual * rng.normal(size=(solvers, len(items))))
    scores[rng.random(scores.shape) < 0.2] = np.nan
    scores[:, 1] = np.nan
    return scores


def slow_group(ability: FloatArray, solver: int) -> int:
    """Groups of five solvers at least, two to ten of them, as even as can be, by rank of ability."""
    solvers = len(ability)
    groups = min(max(solvers // 5, 2), 10)
    order = sorted(range(solvers), key=lambda m: (ability[m], m))
    return order.index(solver) * groups // solvers


@pytest.mark.parametrize(("solvers", "residual"), [(9, False), (16, False), (63, False), (23, True)])
def test_misfit_is_its_definition(solvers: int, residual: bool) -> None:  # noqa: FBT001
    items = items_of(12, solvers, residual=residual)
    rng = np.random.default_rng([1, solvers])
    ability = rng.normal(0, 1.5, solvers).round(1)  # with ties
    scores = table(solvers, items, ability, 2)
    found = misfit(scores, items, ability)
    for j in range(12):
        surprise, sums, answers = 0.0, dict[int, list[float]](), 0
        for m in range(solvers):
            if np.isnan(scores[m, j]):
                assert found.residual[m, j] == found.variance[m, j] == 0
                continue
            linear = items.discrimination[j] * (ability[m] - items.difficulty[j])
            if items.residual is None:
                p = items.guess[j] + (1 - items.guess[j]) / (1 + np.exp(-linear))
                residual_, variance = scores[m, j] - p, max(p * (1 - p), 0.01)
            else:
                residual_ = logit(min(max(scores[m, j], 0.005), 0.995)) - linear
                variance = items.residual[j] ** 2
            assert found.residual[m, j] == pytest.approx(residual_, rel=1e-9)
            assert found.variance[m, j] == pytest.approx(variance, rel=1e-9)
            answers += 1
            surprise += residual_**2 / variance
            group = sums.setdefault(slow_group(ability, m), [0.0, 0.0])
            group[0] += residual_
            group[1] += variance
        if not answers:
            assert np.isnan([found.outfit[j], found.curve[j]]).all()
            continue
        assert found.outfit[j] == pytest.approx(surprise / answers, rel=1e-9)
        assert found.curve[j] == pytest.approx(sum(over**2 / under for over, under in sums.values()), rel=1e-9)


def test_an_answer_against_what_is_sure_is_held_at_a_variance_of_a_hundredth() -> None:
    sure = Items(discrimination=np.ones(2), difficulty=np.array([-20.0, 0.0]), guess=np.zeros(2))
    found = misfit(np.array([[0.0, 1.0], [1.0, 0.0]]), sure, np.zeros(2))
    assert found.outfit[0] == pytest.approx((1 / 0.01 + 0) / 2)


def test_items_part_solvers_where_three_are_better_and_three_worse() -> None:
    def item(right: int, wrong: int) -> FloatArray:
        return np.concatenate([np.ones(right), np.zeros(wrong), np.full(12 - right - wrong, np.nan)])

    cases = [(3, 3), (2, 4), (4, 2), (3, 9), (2, 10), (9, 3), (10, 2), (6, 6), (2, 3), (3, 2), (12, 0), (0, 0)]
    scores = np.stack([item(*case) for case in cases], axis=1)
    assert parting(scores).tolist() == [right >= 3 and wrong >= 3 for right, wrong in cases]
    # scores in between: better and worse than the middle of the item's own
    between = np.array([[0.1, 0.2, 0.3, 0.7, 0.8, 0.9], [0.1, 0.2, 0.9, 0.9, 0.9, 0.9], [0.5] * 6]).T
    assert parting(between).tolist() == [True, False, False]


def test_residual_correlations_with_holes() -> None:
    """Each item centred over its own answers; a pair's product over the shared ones, over both items' sizes there."""
    rng = np.random.default_rng(3)
    residual, there = rng.normal(size=(26, 7)), rng.random((26, 7)) < 0.8
    residual[:, 2] = 0.0  # no residual at all
    there[:12, 3] = False
    there[14:, 4] = False  # few of its answers are shared with the one before
    residual = np.where(there, residual, 0.0)
    works = np.array([True, True, True, True, True, False, True])
    found = Misfit(
        outfit=np.ones(7),
        curve=np.ones(7),
        residual=residual,
        variance=np.where(there, rng.uniform(0.1, 0.25, (26, 7)), 0.0),
        parting=works,
    )
    chosen = np.array([0, 2, 3, 4, 5, 6])
    slow = []
    for number, j in enumerate(chosen):
        for k in chosen[number + 1 :]:
            both = there[:, j] & there[:, k]
            x, y = (residual[both, i] - residual[there[:, i], i].mean() for i in (j, k))
            size = np.sqrt((x @ x) * (y @ y))
            told = works[j] and works[k] and both.sum() >= 8 and size > 1e-9
            slow.append(x @ y / size if told else np.nan)
    np.testing.assert_allclose(residual_correlations(found, chosen), slow, rtol=1e-9)
    assert 3 < np.isfinite(slow).sum() < len(slow)


@pytest.mark.parametrize("shared", [7, 8])
def test_a_pair_needs_eight_solvers_that_answered_both(shared: int) -> None:
    rng = np.random.default_rng(4)
    there = np.stack([np.ones(20), np.arange(20) < shared], axis=1)
    found = Misfit(
        outfit=np.ones(2),
        curve=np.ones(2),
        residual=rng.normal(size=(20, 2)) * there,
        variance=0.2 * there,
        parting=np.ones(2, bool),
    )
    assert np.isfinite(residual_correlations(found, np.array([0, 1]))).all() == (shared == 8)


@pytest.mark.parametrize(("solvers", "n"), [(6, 20), (20, 6), (8, 8)])
def test_largest_roots_with_holes(solvers: int, n: int) -> None:
    """Squared singular values of standardised residuals, the mean of all min(M, n) of them 1."""
    rng = np.random.default_rng(5)
    there = rng.random((solvers, n)) < 0.8
    variance = np.where(there, rng.uniform(0.1, 0.25, (solvers, n)), 0.0)
    found = Misfit(
        outfit=np.ones(n),
        curve=np.ones(n),
        residual=np.where(there, rng.normal(size=(solvers, n)), 0.0),
        variance=variance,
        parting=np.ones(n, bool),
    )
    z = np.where(there, found.residual / np.sqrt(np.where(there, variance, 1.0)), 0.0)
    squares = np.linalg.svd(z, compute_uv=False) ** 2
    np.testing.assert_allclose(largest_roots(found, 3), squares[:3] / squares.mean(), rtol=1e-9)
    more = largest_roots(found, min(solvers, n) + 2)
    np.testing.assert_allclose(more, np.r_[squares / squares.mean(), 0.0, 0.0], rtol=1e-9, atol=1e-12)


def test_false_discovery_rates_by_definition() -> None:
    """The least n p / rank among all that are as large or larger, never above 1; holes count for nothing."""
    p = np.array([0.2, 0.001, np.nan, 0.9, 0.04, 0.041, 1.0, np.nan, 0.95])
    known = p[np.isfinite(p)]
    slow = [min(1.0, *(q * len(known) / (known <= q).sum() for q in known[known >= one])) for one in known]
    np.testing.assert_allclose(false_discovery(p)[np.isfinite(p)], slow, rtol=1e-12)
    assert np.isnan(false_discovery(p)[[2, 7]]).all()
