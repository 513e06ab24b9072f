"""What a prediction explains: scipy's and scikit-learn's figures, and a bootstrap that draws whole groups slowly."""

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr
from sklearn.metrics import r2_score, root_mean_squared_error

from acidtest.stats.bootstrap import counts
from acidtest.stats.irt.check import explained as module
from acidtest.stats.irt.check.explained import explained


def test_all_four_with_groups_and_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The draws of groups are the library's; all that is made of them is counted out item by item."""
    rng = np.random.default_rng(0)
    value = rng.normal(5, 1, 30)
    predicted = (value + rng.normal(0, 0.8, 30)).round(1)
    value[[3, 8]], predicted[[8, 11]] = np.nan, np.nan
    plain = np.full(30, 5.1) + rng.normal(0, 0.01, 30)
    groups = np.array([7, 9, 2, 4, 4, 31] * 5)
    groups[::4] += 100 * np.arange(8)
    found = explained(predicted, plain, value, groups=groups, rng=np.random.default_rng(1), level=0.9)
    known = np.isfinite(value) & np.isfinite(predicted)
    x, y, z, g = predicted[known], value[known], plain[known], groups[known]
    seen = {
        "r2": 1 - ((y - x) ** 2).sum() / ((y - z) ** 2).sum(),
        "pearson": pearsonr(x, y).statistic,
        "spearman": spearmanr(x, y).statistic,
        "rmse": root_mean_squared_error(y, x),
    }
    names = sorted(set(g.tolist()))
    ranks = rankdata(x), rankdata(y)
    draws = []
    for drawn in counts(len(names), np.random.default_rng(1), 1000):
        at = [
            i for name, times in zip(names, drawn, strict=True) for i in np.flatnonzero(g == name).tolist() * int(times)
        ]
        draws.append(
            (
                1 - ((y[at] - x[at]) ** 2).sum() / ((y[at] - z[at]) ** 2).sum(),
                np.corrcoef(x[at], y[at])[0, 1],
                np.corrcoef(ranks[0][at], ranks[1][at])[0, 1],
                root_mean_squared_error(y[at], x[at]),
            )
        )
    for column, (name, one) in zip(np.transpose(draws), seen.items(), strict=True):
        estimate = getattr(found, name)
        assert estimate.value == pytest.approx(one, rel=1e-9)
        assert (estimate.low, estimate.high) == pytest.approx(np.quantile(column, [0.05, 0.95]), rel=1e-9)
        assert (estimate.n, estimate.level) == (27, 0.9)

    monkeypatch.setattr(module, "COUNTS_AT_ONCE", 40)
    again = explained(predicted, plain, value, groups=groups, rng=np.random.default_rng(1), level=0.9)
    for name in seen:  # a few resamples at a time are the same resamples
        one, other = getattr(found, name), getattr(again, name)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), rel=1e-12)


def test_r2_is_scikit_learns_where_the_plain_prediction_is_the_mean() -> None:
    rng = np.random.default_rng(2)
    y, x = rng.normal(size=(2, 25))
    found = explained(x, np.full(25, y.mean()), y, groups=np.arange(25), rng=rng)
    assert found.r2.value == pytest.approx(r2_score(y, x))
    assert found.r2.level == 0.95


def test_predictions_that_do_not_differ_have_no_correlation() -> None:
    y = np.arange(6.0)
    found = explained(np.full(6, 2.0), y, y, groups=np.arange(6), rng=np.random.default_rng(0))
    assert np.isnan([found.pearson.value, found.pearson.low, found.spearman.value, found.spearman.high]).all()
    assert np.isnan(found.r2.value)  # the plain prediction errs by nothing
    assert found.rmse.value == pytest.approx(np.sqrt(np.mean((y - 2) ** 2)))
    other = explained(y, y - 1, np.full(6, 2.0), groups=np.arange(6), rng=np.random.default_rng(0))
    assert np.isnan([other.pearson.value, other.spearman.value]).all()
    # small differences far from 0 are differences
    tiny = explained(1e3 + 1e-6 * y, y, y, groups=np.arange(6), rng=np.random.default_rng(0))
    assert tiny.pearson.value == pytest.approx(1.0)


def test_nothing_known() -> None:
    found = explained(np.full(3, np.nan), np.zeros(3), np.ones(3), groups=np.arange(3), rng=np.random.default_rng(0))
    assert np.isnan([found.r2.value, found.rmse.value, found.rmse.low]).all()
    assert found.r2.n == 0
