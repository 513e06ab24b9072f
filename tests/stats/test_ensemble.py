"""Ensembles: means by hand, least-squares means by statsmodels, and a fixed point that is one."""

import numpy as np
import pytest
import statsmodels.api as sm

from acidtest.stats.ensemble import EPSILON, equal, leave_own_out, silencer_fixed_point, weighted, worth_weighted


def test_equal_and_weighted_skip_what_is_not_scored() -> None:
    p = np.array([[0.2, 0.4, np.nan], [0.6, np.nan, np.nan]])
    np.testing.assert_allclose(equal(p), np.array([0.4, 0.4, np.nan]))
    np.testing.assert_allclose(weighted(p, np.array([3.0, 1.0])), np.array([0.3, 0.4, np.nan]))
    np.testing.assert_allclose(equal(np.stack([p, p])), np.stack([equal(p)] * 2))


def test_worth_weighted() -> None:
    p = np.array([[0.2], [0.4], [0.9]])
    assert worth_weighted(p, np.array([1.0, 3.0, 0.0]))[0] == pytest.approx(0.35)
    assert worth_weighted(p, np.array([1.0, np.nan, -5.0]))[0] == pytest.approx(0.2)
    assert worth_weighted(p, np.array([1.0, np.inf, np.inf]))[0] == pytest.approx(0.65)
    assert worth_weighted(p, np.zeros(3))[0] == pytest.approx(0.5)


def test_leaving_out_the_own_set_undoes_an_own_bias_exactly() -> None:
    # Set + solver + own bias without noise: what is left is solver + mean set, whatever set each solver skips.
    rng = np.random.default_rng(60)
    sets, solvers = rng.random(4), rng.random(6)
    p = sets[:, None] + solvers
    own = np.array([5, 2, 0, 3])
    p[np.arange(4), own] += [0.3, -0.1, 0.2, 0.5]
    np.testing.assert_allclose(leave_own_out(p, own), sets.mean() + solvers, atol=1e-10)
    several = leave_own_out(p, np.array([5, 2]), np.array([0, 0, 1, 1]))
    assert several.shape == (6,)


def test_leave_own_out_against_least_squares_means() -> None:
    rng = np.random.default_rng(61)
    p, own = rng.random((2, 4, 6)), np.array([1, 4, -1, 0])
    p[:, 2, 3] = np.nan
    kept = np.isfinite(p[0])
    kept[[0, 1, 3], [1, 4, 0]] = False
    design = np.concatenate([np.repeat(np.eye(4)[:, 1:], 6, axis=0), np.tile(np.eye(6), (4, 1))], axis=1)
    for one, found in zip(p, leave_own_out(p, own), strict=True):
        fit = sm.OLS(one[kept], design[kept.ravel()]).fit()
        np.testing.assert_allclose(found, (design @ fit.params).reshape(4, 6).mean(axis=0), atol=1e-9)


def test_where_nothing_connects_it_is_the_plain_mean() -> None:
    p = np.array([[0.9, 0.4], [0.3, 0.8]])
    np.testing.assert_allclose(leave_own_out(p, np.array([0, 1])), [0.3, 0.4])
    assert np.isnan(leave_own_out(p[:1], np.array([0])))[0]


def test_silencer_is_a_fixed_point() -> None:
    rng = np.random.default_rng(62)
    p = rng.random(8) + 0.1 * rng.normal(size=(4, 8))
    p[3] = rng.random(8)
    weights, scores = silencer_fixed_point(p)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(scores, weights @ p, atol=1e-12)
    again = np.maximum([np.corrcoef(row, scores)[0, 1] for row in p], 0) + EPSILON
    np.testing.assert_allclose(weights, again / again.sum(), atol=1e-9)
    assert weights.argmin() == 3


def test_silencer_compares_over_generators_where_asked() -> None:
    rng = np.random.default_rng(63)
    p = rng.random((3, 6))
    weights, scores = silencer_fixed_point(p, np.array([0, 2, 4, -1]))
    again = np.maximum([np.corrcoef(row[[0, 2, 4]], scores[[0, 2, 4]])[0, 1] for row in p], 0) + EPSILON
    np.testing.assert_allclose(weights, again / again.sum(), atol=1e-9)
    everybody, _ = silencer_fixed_point(p)
    np.testing.assert_array_equal(silencer_fixed_point(p, np.array([0, 2]))[0], everybody)  # two always agree


def test_silencer_without_any_difference_or_score() -> None:
    weights, scores = silencer_fixed_point(np.full((3, 4), 0.5))
    np.testing.assert_allclose(weights, np.full(3, 1 / 3))
    np.testing.assert_allclose(scores, np.full(4, 0.5))
    holed = np.array([[0.1, 0.5, np.nan, 0.9], [0.2, 0.4, 0.6, 0.8]])
    weights, scores = silencer_fixed_point(holed)
    assert np.isfinite(weights).all()
    assert scores[2] == pytest.approx(0.6)
