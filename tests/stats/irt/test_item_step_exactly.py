"""Steps of items and the axes of several abilities, each beside its formula computed item by item."""

import math

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Prior
from acidtest.stats.irt.several import item_step as module
from acidtest.stats.irt.several.item_step import ItemStep, ItemSums, difficulty_se, item_step, learnt_prior
from acidtest.stats.irt.several.rotation import axes

PRIOR = Prior(log_discrimination=0.2, log_discrimination_sd=0.35, easiness=-0.4, easiness_sd=1.3)


def sums_of(n: int, seed: int, size: float = 1.0) -> ItemSums:
    """Sums of 9 solvers with weights, doubtful abilities and working answers."""
    rng = np.random.default_rng(seed)
    w, t, v = rng.random((9, n)), rng.normal(0.3, 1, (9, 1)), rng.random((9, 1)) / 4
    y = size * rng.normal(0.5, 2, (9, n)) * w
    return ItemSums(
        weight=w.sum(0),
        first=(w * t).sum(0),
        second=(w * (t**2 + v)).sum(0),
        score=y.sum(0),
        score_first=(y * t).sum(0),
    )


def log_posterior(sums: ItemSums, i: int, la: float, d: float) -> float:
    a = math.exp(la)
    quadratic = sums.second[i] * a * a + 2 * sums.first[i] * a * d + sums.weight[i] * d * d
    likelihood = sums.score_first[i] * a + sums.score[i] * d - quadratic / 2
    away = (la - PRIOR.log_discrimination) / PRIOR.log_discrimination_sd, (d - PRIOR.easiness) / PRIOR.easiness_sd
    return float(likelihood - (away[0] ** 2 + away[1] ** 2) / 2)


def slope(sums: ItemSums, i: int, la: float, d: float) -> FloatArray:
    h = 1e-5
    return np.array(
        [
            (log_posterior(sums, i, la + h, d) - log_posterior(sums, i, la - h, d)) / (2 * h),
            (log_posterior(sums, i, la, d + h) - log_posterior(sums, i, la, d - h)) / (2 * h),
        ]
    )


def information(sums: ItemSums, i: int, la: float) -> FloatArray:
    a = math.exp(la)
    return np.array(
        [
            [a * a * sums.second[i] + 1 / PRIOR.log_discrimination_sd**2, a * sums.first[i]],
            [a * sums.first[i], sums.weight[i] + 1 / PRIOR.easiness_sd**2],
        ]
    )


@pytest.mark.parametrize("size", [1.0, 40.0])
def test_two_steps_are_fisher_steps_no_longer_than_allowed(size: float) -> None:
    """Slopes are numerical derivatives of the log posterior; the best easiness makes its own slope 0."""
    sums = sums_of(6, 1, size)
    start = np.random.default_rng(2).normal(0, 0.3, 6), np.random.default_rng(3).normal(0, 1, 6)
    found = item_step(sums, PRIOR, *start)
    for i in range(6):
        la, d = float(start[0][i]), float(start[1][i])
        for _ in range(2):
            step = np.linalg.solve(information(sums, i, la), slope(sums, i, la, d))[0]
            la += float(min(max(step, -0.7), 0.7))
            low, high = slope(sums, i, la, -1.0)[1], slope(sums, i, la, 1.0)[1]
            d = -1 + 2 * low / (low - high)  # the slope is linear in the easiness
        assert found.log_discrimination[i] == pytest.approx(la, rel=1e-7, abs=1e-7)
        assert found.easiness[i] == pytest.approx(d, rel=1e-6, abs=1e-6)
        assert found.covariance[i] == pytest.approx(np.linalg.inv(information(sums, i, la)), rel=1e-6)
    if size > 1:
        assert np.abs(found.log_discrimination - start[0]).max() == pytest.approx(1.4)


def test_what_items_share_is_learnt_as_if_four_more_stood_beside_them() -> None:
    rng = np.random.default_rng(4)
    la, d = rng.normal(0.3, 0.5, 7), rng.normal(-1, 2, 7)
    root = rng.normal(size=(7, 2, 2)) / 3
    covariance = root @ root.transpose(0, 2, 1)
    answered = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    found = learnt_prior(ItemStep(log_discrimination=la, easiness=d, covariance=covariance), answered)
    kept = [0, 1, 3, 4, 6]
    for k, (values, first, mean, sd) in enumerate(
        (
            (la, 0.3, found.log_discrimination, found.log_discrimination_sd),
            (d, 1.5, found.easiness, found.easiness_sd),
        )
    ):
        middle = sum(values[i] for i in kept) / 5
        squares = sum((values[i] - middle) ** 2 + covariance[i, k, k] for i in kept) + 4 * first**2
        assert mean == pytest.approx(middle)
        assert sd == pytest.approx(math.sqrt(squares / 9))


def test_the_error_of_a_difficulty_is_that_of_the_delta_method() -> None:
    rng = np.random.default_rng(5)
    la, d = rng.normal(0.3, 0.5, 5), rng.normal(-1, 2, 5)
    root = rng.normal(size=(5, 2, 2)) / 3
    covariance = root @ root.transpose(0, 2, 1)
    found = difficulty_se(la, d, covariance)
    h = 1e-6
    for i in range(5):

        def difficulty(x: float, y: float) -> float:
            return -y / math.exp(x)

        by = np.array(
            [
                (difficulty(la[i] + h, d[i]) - difficulty(la[i] - h, d[i])) / (2 * h),
                (difficulty(la[i], d[i] + h) - difficulty(la[i], d[i] - h)) / (2 * h),
            ]
        )
        assert found[i] == pytest.approx(math.sqrt(by @ covariance[i] @ by), rel=1e-7)
    assert difficulty_se(np.zeros(1), np.ones(1), -np.eye(2)[None])[0] == 0  # rounding below 0 is no NaN


def test_the_first_prior_is_the_documented_one() -> None:
    assert vars(module.FIRST_PRIOR) == {
        "log_discrimination": 0.0,
        "log_discrimination_sd": 0.3,
        "easiness": 0.0,
        "easiness_sd": 1.5,
        "correlation": 0.0,
        "power": 0.0,
    }


def turned(angle: float) -> FloatArray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def kaiser(loadings: FloatArray) -> float:
    """The raw varimax criterion: variances of squared loadings, summed over axes."""
    return float((loadings**2).var(0).sum())


@pytest.mark.parametrize("seed", range(4))
def test_axes_are_kaisers_best_on_a_grid_of_turns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    simple = np.where(rng.random((12, 1)) < 0.4, [[0.1, 1.6]], [[0.9, 0.0]]) * (0.5 + rng.random((12, 1)))
    given = (simple + rng.normal(0, 0.15, simple.shape)) @ turned(0.7)
    found = axes(given)
    assert found @ found.T == pytest.approx(np.eye(2), abs=1e-12)
    best = max((kaiser(given @ turned(angle)), angle) for angle in np.linspace(0, math.pi / 2, 20_001))
    assert kaiser(given @ found) == pytest.approx(best[0], rel=1e-8)
    assert kaiser(given @ found) >= best[0]
    loadings = given @ found
    assert (loadings.sum(0) >= 0).all()
    assert (np.diff((loadings**2).sum(0)) <= 0).all()


def test_axes_do_not_depend_on_how_loadings_were_turned() -> None:
    given = np.random.default_rng(6).normal(0.4, 1, (30, 3)) * np.array([2.0, 1.0, 0.6])
    again = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))[0]
    assert given @ again @ axes(given @ again) == pytest.approx(given @ axes(given), abs=1e-6)


def test_axes_of_one_column_of_none_and_of_a_sum_of_0() -> None:
    assert axes(np.array([[-1.0], [-2.0]])).tolist() == [[-1.0]]
    assert np.abs(axes(np.zeros((3, 2)))) == pytest.approx(np.eye(2))
    assert abs(axes(np.array([[1.0], [-1.0]]))[0, 0]) == 1  # a sum of 0 keeps its sign, and is no 0
