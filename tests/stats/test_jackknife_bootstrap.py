"""Pseudo-values and resamples: against closed forms, statsmodels, and the definition computed slowly."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

from acidtest.stats import bootstrap, jackknife
from acidtest.stats.bootstrap import counts, item_bootstrap, solver_bootstrap
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import linearised, observed
from acidtest.stats.metric import ACCURACY, MACRO_F1, PEARSON, SPAN_F1, Metric


def spearman_of(stats: FloatArray) -> FloatArray:
    flat = stats.reshape(-1, *stats.shape[-2:])
    value = [scipy.stats.spearmanr(one[:, 0], one[:, 1]).statistic if len(one) > 2 else np.nan for one in flat]
    return np.array(value).reshape(stats.shape[:-2])


SPEARMAN = Metric(name="spearman", finish=None, slow=spearman_of, unit=False)


def spans(rng: np.random.Generator, solvers: int, n: int) -> FloatArray:
    return rng.integers(0, 4, (solvers, n, 3)).astype(np.float64)


def classes(rng: np.random.Generator, solvers: int, n: int, k: int = 3) -> FloatArray:
    gold, said = rng.integers(0, k, n), rng.integers(0, k, (solvers, n))
    stats = np.zeros((solvers, n, k, 3))
    for m in range(solvers):
        for i in range(n):
            stats[m, i, gold[i]] += (1, 0, 0) if said[m, i] == gold[i] else (0, 0, 1)
            stats[m, i, said[m, i], 1] += said[m, i] != gold[i]
    return stats.reshape(solvers, n, -1)


def ratings(rng: np.random.Generator, solvers: int, n: int) -> FloatArray:
    x = rng.normal(size=n)
    y = x + rng.normal(size=(solvers, n))
    x = np.broadcast_to(x, y.shape)
    return np.stack([x, y, x * x, y * y, x * y], axis=-1)


CASES: list[tuple[Metric, Callable[[np.random.Generator, int, int], FloatArray]]] = [
    (SPAN_F1, spans),
    (MACRO_F1, classes),
    (PEARSON, ratings),
    (SPEARMAN, lambda rng, m, n: ratings(rng, m, n)[..., :2]),
]
cases = pytest.mark.parametrize(("metric", "make"), CASES, ids=[metric.name for metric, _ in CASES])


def slowly(stats: FloatArray, metric: Metric) -> float:
    return float(observed(stats[None], metric)[0])


@cases
def test_pseudo_values_by_their_definition(metric: Metric, make: Callable[..., FloatArray]) -> None:
    stats = make(np.random.default_rng(5), 2, 25)
    for rows, values in zip(stats, linearised(stats, metric), strict=True):
        whole = slowly(rows, metric)
        expected = [25 * whole - 24 * slowly(np.delete(rows, i, axis=0), metric) for i in range(25)]
        np.testing.assert_allclose(values, expected, atol=1e-9)


@cases
def test_unscored_cells_are_as_if_not_there(metric: Metric, make: Callable[..., FloatArray]) -> None:
    stats = make(np.random.default_rng(6), 2, 25)
    holed = stats.copy()
    holed[0, [3, 11]] = np.nan
    values = linearised(holed, metric)
    assert np.isnan(values[0, [3, 11]]).all()
    kept = np.delete(np.arange(25), [3, 11])
    np.testing.assert_allclose(values[0, kept], linearised(stats[:1, kept], metric)[0], atol=1e-9)
    np.testing.assert_allclose(values[1], linearised(stats, metric)[1], atol=1e-9)
    assert observed(holed, metric)[0] == pytest.approx(slowly(stats[0, kept], metric), abs=1e-12)


def test_a_mean_needs_no_jackknife() -> None:
    stats = np.array([[[1.0], [0.0], [np.nan]], [[1.0], [1.0], [1.0]]])
    np.testing.assert_array_equal(linearised(stats, ACCURACY), stats[..., 0])
    assert observed(stats, ACCURACY).tolist() == [0.5, 1.0]
    assert np.isnan(observed(np.full((1, 2, 1), np.nan), ACCURACY)).all()


def test_bundles_of_a_mean_give_the_cluster_robust_variance() -> None:
    # Oracle: statsmodels' cluster-robust variance of an intercept, uncorrected, over (G - 1) / G.
    rng = np.random.default_rng(7)
    groups = rng.permutation(np.repeat(np.arange(12), rng.integers(1, 5, 12)))
    scores = rng.random(len(groups))
    values = linearised(scores[None, :, None], ACCURACY, groups)
    assert values.shape == (1, 12)
    assert values.mean() == pytest.approx(scores.mean(), abs=1e-12)
    fit = sm.OLS(scores, np.ones(len(scores))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    assert values.var(ddof=1) / 12 * (11 / 12) == pytest.approx(float(fit.cov_params()[0, 0]), rel=1e-9)


def test_bundles_are_left_out_whole() -> None:
    stats = spans(np.random.default_rng(8), 1, 12)
    groups = np.repeat(np.arange(4), 3)
    whole = slowly(stats[0], SPAN_F1)
    expected = [4 * whole - 3 * slowly(stats[0][groups != g], SPAN_F1) for g in range(4)]
    np.testing.assert_allclose(linearised(stats, SPAN_F1, groups)[0], expected, atol=1e-9)
    names = np.array([9, 9, 9, 2, 2, 2, 5, 5, 5, 7, 7, 7])  # ids need not be 0, 1, 2; order is that of sorted ids
    np.testing.assert_allclose(linearised(stats, SPAN_F1, names)[0], np.array(expected)[[1, 2, 3, 0]], atol=1e-9)


def test_a_bundle_that_a_solver_never_answered_is_unknown() -> None:
    stats = np.ones((1, 4, 1))
    stats[0, 2:] = np.nan
    values = linearised(stats, ACCURACY, np.array([0, 1, 2, 2]))
    np.testing.assert_array_equal(np.isnan(values), [[False, False, True]])


def test_the_variance_is_the_noise() -> None:
    # Simulated: variance of span F1 over 3,000 samples of 60 items against the mean jackknife variance.
    rng = np.random.default_rng(9)
    world = spans(rng, 1, 2000)[0]
    samples = world[rng.integers(0, 2000, (3000, 60))]
    true = observed(samples, SPAN_F1).var(ddof=1)
    values = linearised(samples, SPAN_F1)
    assert float(values.var(axis=1, ddof=1).mean() / 60) == pytest.approx(true, rel=0.08)


def test_many_items_on_the_slow_path_share_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jackknife, "SLOW_GROUPS", 10)
    stats = ratings(np.random.default_rng(10), 1, 35)[..., :2]
    values = linearised(stats, SPEARMAN)
    np.testing.assert_allclose(values, linearised(stats, SPEARMAN, np.arange(35) % 10))
    assert values.shape == (1, 10)


def test_undefined_without_an_item_is_nan() -> None:
    one = np.array([[[1.0, 0, 0], [0, 0, 0]]])  # without the first item nothing is gold and nothing was predicted
    assert np.isnan(linearised(one, SPAN_F1)[0, 0])
    with pytest.raises(ValueError, match="neither finish nor slow"):
        observed(one, Metric(name="none", finish=None))


@cases
def test_resamples_are_the_metric_of_drawn_items(metric: Metric, make: Callable[..., FloatArray]) -> None:
    stats = make(np.random.default_rng(11), 2, 25)
    stats[1, 4] = np.nan
    draws = item_bootstrap(stats, metric, np.random.default_rng(12), 8)
    if metric.finish is None:
        rng = np.random.default_rng(12)
        drawn = [rng.integers(0, 25, size=25) for _ in range(8)]
    else:
        times = counts(25, np.random.default_rng(12), 8).astype(int)
        drawn = [np.repeat(np.arange(25), row) for row in times]
    for row, items in zip(draws, drawn, strict=True):
        expected = [slowly(rows[items][np.isfinite(rows[items]).all(axis=-1)], metric) for rows in stats]
        np.testing.assert_allclose(row, expected, atol=1e-9)


def test_bundles_are_drawn_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    # Ten bundles of three equal scores: a resample's mean is a multiple of 1/10, its variance 3 times an item's.
    scores = np.repeat(np.arange(10) % 2, 3).astype(np.float64)[None, :, None]
    monkeypatch.setattr(bootstrap, "COUNTS_AT_ONCE", 100)  # many parts
    draws = item_bootstrap(scores, ACCURACY, np.random.default_rng(13), 4000, np.repeat(np.arange(10), 3))
    assert set((draws * 10).round(9).ravel() % 1) == {0.0}
    assert draws.var() == pytest.approx(0.25 / 10, rel=0.1)


def test_the_bootstrap_variance_of_a_mean_is_the_closed_form() -> None:
    scores = np.random.default_rng(14).random((1, 50, 1))
    draws = item_bootstrap(scores, ACCURACY, np.random.default_rng(15), 20_000)
    assert draws.var() == pytest.approx(scores.var() / 50, rel=0.04)  # 4 standard errors of a variance


def test_nothing_drawn_is_undefined() -> None:
    stats = np.full((1, 3, 1), np.nan)
    assert np.isnan(item_bootstrap(stats, ACCURACY, np.random.default_rng(0), 5)).all()


def test_solver_resamples() -> None:
    drawn = solver_bootstrap(6, np.random.default_rng(0), 5000)
    assert drawn.shape == (5000, 6)
    np.testing.assert_allclose(np.bincount(drawn.ravel()) / drawn.size, 1 / 6, atol=0.01)
