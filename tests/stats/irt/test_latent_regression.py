"""Regression of what was itself estimated: against the definition in function space, and simulations."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal, pearsonr, spearmanr

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check.explained import explained
from acidtest.stats.irt.latent_regression import (
    Observed,
    _Data,
    kept_share,
    latent_regression,
    without_shrinkage,
)

BLOCKS = (3, 4)


def observed(value: FloatArray, se: FloatArray, spread: float) -> Observed:
    return Observed(value=value, variance=se**2, mean=0.0, spread=spread, ceiling=1.0)


def simulated(n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Columns, of which the first three matter; truths; values seen; standard errors."""
    x = rng.normal(size=(n, sum(BLOCKS)))
    truth = x[:, :3] @ np.array([0.7, -0.5, 0.3]) + rng.normal(0, 0.5, n)
    se = rng.uniform(0.2, 1.0, n)
    return x, truth, truth + se * rng.normal(size=n), se


def test_likelihood_and_slope_are_those_of_the_normal_distribution_written_out() -> None:
    x, _, seen, se = simulated(50, np.random.default_rng(0))
    data = _Data.of(x, BLOCKS, seen, se**2, 1.7)
    at = np.log([0.3, 0.2, 0.4])
    prior = np.diag([*np.repeat([0.3, 0.2], BLOCKS), 100.0])
    covariance = np.diag(data.noise + 0.4) + data.x @ prior @ data.x.T
    density = multivariate_normal(np.zeros(50), covariance).logpdf(data.y)

    def value_at(log_variances: FloatArray) -> float:
        return data.loss(log_variances)[0]

    value, slope = data.loss(at)
    assert value == pytest.approx(-density - 25 * np.log(2 * np.pi), rel=1e-10)
    assert slope == pytest.approx(approx_fprime(at, value_at, 1e-7), rel=1e-4, abs=1e-4)


def test_predictions_are_those_of_the_gaussian_process_with_the_same_covariance() -> None:
    rng = np.random.default_rng(1)
    x, _, seen, se = simulated(60, rng)
    new = rng.normal(size=(5, 7))
    found = latent_regression(x, BLOCKS, observed(seen, se, 1.5))
    wide = 100.0 * 1.5  # the constant's prior variance, in units of the spread
    prior = np.diag(np.repeat(found.block_variance, BLOCKS))
    inverse = np.linalg.inv(x @ prior @ x.T + wide + np.diag(se**2 + found.rest))
    across = new @ prior @ x.T + wide
    mean = across @ inverse @ seen
    variance = np.diag(new @ prior @ new.T) + wide + found.rest - np.einsum("ij,jk,ik->i", across, inverse, across)
    got, sd = found.predict(new)
    assert got == pytest.approx(mean, abs=1e-6)
    assert sd**2 == pytest.approx(variance, rel=1e-5)
    assert found.converged


def test_what_tells_nothing_drops_out_and_what_does_is_found() -> None:
    x, _, seen, se = simulated(800, np.random.default_rng(2))
    found = latent_regression(x, BLOCKS, observed(seen, se, 1.1))
    assert found.block_variance[1] < 0.01 < found.block_variance[0]
    assert found.weights[:3] == pytest.approx([0.7, -0.5, 0.3], abs=0.08)
    assert found.rest == pytest.approx(0.25, abs=0.05)


def test_nine_of_ten_intervals_hold_the_truth_of_new_items() -> None:
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(40):
        x, truth, seen, se = simulated(120, rng)
        found = latent_regression(x[:90], BLOCKS, observed(seen[:90], se[:90], 1.1))
        mean, sd = found.predict(x[90:])
        inside.append(np.abs(truth[90:] - mean) < 1.645 * sd)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)  # 1,200 intervals, about 0.01 of chance


def test_estimates_that_were_drawn_to_the_mean_are_so_no_more() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(1.0, 1.5, 20_000)
    noise = rng.uniform(0.3, 2.0, len(truth))
    posterior = 1 / (1 / noise**2 + 1 / 1.5**2)
    shrunk = posterior * ((truth + noise * rng.normal(size=len(truth))) / noise**2 + 1.0 / 1.5**2)
    found = without_shrinkage(shrunk, np.sqrt(posterior))
    assert found.mean == pytest.approx(1.0, abs=0.05)
    assert found.spread == pytest.approx(1.5**2, rel=0.03)
    assert found.ceiling == pytest.approx(float(np.corrcoef(shrunk, truth)[0, 1]), abs=0.01)
    assert float(np.median(found.variance / noise**2)) == pytest.approx(1.0, abs=0.05)
    near = np.abs(truth - 1.0) < 3  # beyond, estimates are held back on purpose
    weight = 1 / found.variance[near]
    slope = np.polyfit(truth[near], found.value[near], 1, w=np.sqrt(weight))[0]
    assert slope == pytest.approx(1.0, abs=0.03)
    assert np.polyfit(truth[near], shrunk[near], 1)[0] < 0.8


def test_an_estimate_far_out_is_not_thrown_further() -> None:
    mean, spread = 0.0, 1.0
    value, se = np.array([2.6, 0.1, 5.0]), np.array([0.999, 0.999, 0.2])
    kept = kept_share(value, se, mean, spread)
    assert value / kept == pytest.approx([3.0, 3.0, 5.0])
    assert kept[2] == 1.0


def test_too_few_or_equal_values_are_refused() -> None:
    with pytest.raises(DataError, match="7 items"):
        without_shrinkage(np.arange(7.0), np.ones(7))
    with pytest.raises(DataError, match="equally difficult"):
        without_shrinkage(np.ones(20), np.ones(20))


def test_explained_is_as_scipy_and_the_definition_have_it() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(size=80)
    x = 0.5 * y + rng.normal(size=80)
    y[3] = np.nan
    known = np.isfinite(y)
    found = explained(x, np.zeros(80), y, groups=np.arange(80), rng=rng)
    assert found.pearson.value == pytest.approx(pearsonr(x[known], y[known]).statistic)
    assert found.spearman.value == pytest.approx(spearmanr(x[known], y[known]).statistic)
    errors = (y - x)[known] ** 2
    assert found.r2.value == pytest.approx(1 - errors.sum() / (y[known] ** 2).sum())
    assert found.rmse.value == pytest.approx(float(np.sqrt(errors.mean())))
    fisher = np.tanh(np.arctanh(found.pearson.value) + np.array([-1.96, 1.96]) / np.sqrt(76))
    assert [found.pearson.low, found.pearson.high] == pytest.approx(fisher, abs=0.06)


def test_copies_of_items_do_not_make_an_interval_narrower() -> None:
    rng = np.random.default_rng(6)
    y = rng.normal(size=60)
    x = 0.5 * y + rng.normal(size=60)
    once = explained(x, np.zeros(60), y, groups=np.arange(60), rng=np.random.default_rng(0)).pearson
    copies = [np.tile(part, 9) for part in (x, np.zeros(60), y)]
    many = explained(*copies, groups=np.tile(np.arange(60), 9), rng=np.random.default_rng(0)).pearson
    assert many.high - many.low == pytest.approx(once.high - once.low, rel=0.1)


def test_a_prediction_that_does_not_differ_has_no_correlation() -> None:
    y = np.arange(10.0)
    found = explained(np.ones(10), np.ones(10), y, groups=np.arange(10), rng=np.random.default_rng(0))
    assert np.isnan(found.pearson.value)
    assert np.isnan(found.pearson.low)
    assert found.r2.value == 0.0
