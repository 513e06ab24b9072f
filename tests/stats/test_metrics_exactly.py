"""Metrics, their pseudo-values and resamples, against scikit-learn, scipy and plain loops."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import f1_score

from acidtest.stats import bootstrap, jackknife, metric
from acidtest.stats.bootstrap import counts, item_bootstrap
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import linearised, observed
from acidtest.stats.metric import METRICS, Metric, weighted


def test_what_each_metric_is() -> None:
    # Means over items need no jackknife; correlations go below 0; differences of counts have no upper end, low is best.
    means = {"accuracy", "score", "exact_match", "normalised_match", "fuzzy_match", "jaccard", "judged", "f1"}
    means |= {"drop_em", "drop_f1", "count_difference"}
    no_share = {"pearson", "spearman", "count_difference"}
    assert set(METRICS) == means | no_share | {"macro_f1", "span_f1", "ent_type_f1", "consistency"}
    for name, one in METRICS.items():
        assert one.name == name
        assert one.is_mean == (name in means)
        assert one.unit == (name not in no_share)
        assert one.higher_is_better == (name != "count_difference")
        assert one.counts == (1 if name == "consistency" else None)
        assert (one.finish is None) == (name == "spearman")
        assert (one.slow is not None) == (name == "spearman")
    plain = Metric(name="x", finish=None)
    assert (plain.unit, plain.is_mean, plain.higher_is_better) == (True, False, True)
    heavy = weighted(METRICS["accuracy"])
    assert (heavy.is_mean, heavy.unit, heavy.name) == (False, True, "accuracy")
    with pytest.raises(ValueError, match="no weights"):
        weighted(METRICS["spearman"])


def finished(name: str, sums: FloatArray, n: float) -> float:
    finish = METRICS[name].finish
    assert finish is not None
    return float(finish(np.asarray(sums, float), np.asarray(n)))


def test_f1_is_scikit_learns_over_the_classes_that_occur() -> None:
    rng = np.random.default_rng(1)
    for classes in (2, 4):
        gold, said = rng.integers(0, classes, 30), rng.integers(0, classes + 1, 30)
        sums = []
        for c in range(classes + 1):
            sums += [
                ((gold == c) & (said == c)).sum(),
                ((gold != c) & (said == c)).sum(),
                ((gold == c) & (said != c)).sum(),
            ]
        expected = f1_score(gold, said, labels=sorted(set(gold.tolist())), average="macro")
        assert finished("macro_f1", np.array(sums), 30) == pytest.approx(expected, rel=1e-12)
        one = np.array(sums[:3])
        assert finished("span_f1", one, 30) == pytest.approx(f1_score(gold == 0, said == 0), rel=1e-12)
        assert finished("ent_type_f1", one, 30) == finished("span_f1", one, 30)
    assert finished("macro_f1", np.array([0.0, 0, 3, 0, 0, 0]), 3) == 0
    assert math.isnan(finished("macro_f1", np.array([0.0, 3, 0]), 3))
    assert math.isnan(finished("macro_f1", np.array([1.0, 0, 0]), 0))
    assert math.isnan(finished("span_f1", np.array([1.0, 0, 0]), 0))
    assert math.isnan(finished("span_f1", np.zeros(3), 3))
    assert finished("span_f1", np.array([0.0, 1, 0]), 3) == 0
    for size in (1, 2, 4):
        with pytest.raises(ValueError, match="three sums per class"):
            finished("macro_f1", np.ones(size), 3)
    assert finished("consistency", np.array([3.0, 4.0]), 9) == 0.75
    assert math.isnan(finished("consistency", np.array([0.0, 0.0]), 9))
    assert finished("accuracy", np.array([3.0]), 4) == 0.75
    assert math.isnan(finished("accuracy", np.array([3.0]), 0))


def test_pearson_and_spearman_are_scipys() -> None:
    rng = np.random.default_rng(2)
    slow_spearman = METRICS["spearman"].slow
    assert slow_spearman is not None
    several = np.round(rng.normal(size=(3, 4, 20, 2)), 1)
    several[..., 1] += several[..., 0]
    holed = several.copy()
    holed[0, 1, 3, 0] = holed[2, 2, :15, 1] = np.nan
    holed[1, 1, 1:] = holed[2, 3] = np.nan
    whole, gaps = slow_spearman(several), slow_spearman(holed)
    assert whole.shape == gaps.shape == (3, 4)
    for place in itertools.product(range(3), range(4)):
        rows, kept = several[place], holed[place][np.isfinite(holed[place]).all(axis=1)]
        assert whole[place] == pytest.approx(scipy.stats.spearmanr(rows[:, 0], rows[:, 1]).statistic, rel=1e-12)
        if len(kept) > 1:
            assert gaps[place] == pytest.approx(scipy.stats.spearmanr(kept[:, 0], kept[:, 1]).statistic, rel=1e-12)
        else:
            assert math.isnan(gaps[place])
        x, y = rows.T
        sums = np.array([x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])
        assert finished("pearson", sums, 20) == pytest.approx(scipy.stats.pearsonr(x, y).statistic, rel=1e-10)
    assert slow_spearman(np.array([[0.1, 3.0], [0.2, 1.0]])).item() == pytest.approx(-1)
    assert math.isnan(slow_spearman(np.array([[0.1, 3.0], [0.1, 1.0]])).item())
    still = np.array([20 * 2.0, 5.0, 20 * 4.0, 30.0, 10.0])
    assert math.isnan(finished("pearson", still, 20))
    assert math.isnan(finished("pearson", still[[1, 0, 3, 2, 4]], 20))
    assert math.isnan(finished("pearson", np.zeros(5), 0))
    # A spread of a ten-thousandth of the unit is one; a hundred-millionth is rounding.
    for spread, is_one in ((1e-4, True), (1e-8, False)):
        x, y = 2 + spread * rng.normal(size=20), rng.normal(size=20)
        sums = np.array([x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])
        assert math.isfinite(finished("pearson", sums, 20)) == is_one
        assert math.isfinite(finished("pearson", sums[[1, 0, 3, 2, 4]], 20)) == is_one


@pytest.mark.parametrize("cells", [1, 40, 1 << 21])
def test_slow_metrics_leave_out_each_item_in_batches(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jackknife, "CELLS_AT_ONCE", cells)
    rng = np.random.default_rng(3)
    stats = rng.normal(size=(2, 9, 2))
    stats[1, 4, 0] = np.nan
    spearman = METRICS["spearman"]
    found = linearised(stats=stats, metric=spearman)
    for k in range(2):
        rows = stats[k][np.isfinite(stats[k]).all(axis=1)]
        n = len(rows)
        whole = scipy.stats.spearmanr(rows).statistic
        expected = [n * whole - (n - 1) * scipy.stats.spearmanr(np.delete(rows, i, axis=0)).statistic for i in range(n)]
        np.testing.assert_allclose(found[k][np.isfinite(found[k])], expected, rtol=1e-9)
        assert np.isnan(found[k]).sum() == 9 - n
        assert observed(stats, spearman)[k] == pytest.approx(whole, rel=1e-12)
    groups = np.array([0, 0, 1, 1, 1, 2, 2, 3, 3])
    grouped = linearised(stats[:1], spearman, groups)[0]
    rows, whole = stats[0], scipy.stats.spearmanr(stats[0]).statistic
    for g in range(4):
        without = scipy.stats.spearmanr(rows[groups != g]).statistic
        share = (groups == g).sum() / 9
        assert grouped[g] == pytest.approx(whole + 4 * (1 - share) * (whole - without), rel=1e-9)
    assert np.isnan(linearised(stats[:1, :1], spearman)).all()
    assert linearised(np.empty((2, 0, 2)), spearman).shape == (2, 0)
    assert np.isnan(linearised(stats[:1], spearman, np.zeros(9, int))).all()


def test_many_items_of_a_slow_metric_share_a_thousand_groups() -> None:
    stats = np.random.default_rng(4).normal(size=(1, 1001, 2))
    slow = Metric(name="square of a mean", finish=None, slow=lambda rows: rows[..., 0].mean(axis=-1) ** 2)
    found = linearised(stats, slow)
    assert found.shape == (1, 1000)
    np.testing.assert_allclose(found, linearised(stats, slow, np.arange(1001) % 1000))
    assert linearised(stats[:, :1000], slow).shape == (1, 1000)


def test_rows_that_do_not_count_are_no_observations() -> None:
    stats = np.array([[[1.0, 1], [0, 0], [0, 1], [1, 1], [0, 0]], [[0, 0]] * 5])
    found = linearised(stats, METRICS["consistency"])
    # Three observations, 2 of 3 right: without a right one 1 of 2, without the wrong one 2 of 2.
    expected = [3 * 2 / 3 - 2 * 1 / 2, np.nan, 3 * 2 / 3 - 2 * 1, 3 * 2 / 3 - 2 * 1 / 2, np.nan]
    np.testing.assert_allclose(found[0], expected, atol=1e-12)
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize("cells", [1, 100, 1 << 21])
@pytest.mark.parametrize("grouped", [False, True])
def test_resamples_by_what_was_drawn(cells: int, grouped: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a table's column
    monkeypatch.setattr(bootstrap, "COUNTS_AT_ONCE", cells)
    rng = np.random.default_rng(5)
    stats = rng.integers(0, 3, (2, 12, 3)).astype(float)
    stats[1, 2] = np.nan
    groups = np.array([7, 7, 1, 1, 1, 2, 2, 3, 3, 9, 9, 9]) if grouped else None
    made: list[FloatArray] = []

    def noted(n: int, chance: np.random.Generator, rounds: int) -> FloatArray:
        made.append(counts(n, chance, rounds))
        return made[-1]

    monkeypatch.setattr(bootstrap, "counts", noted)
    found = item_bootstrap(stats, METRICS["span_f1"], np.random.default_rng(6), 11, groups)
    drawn = np.concatenate(made)
    assert drawn.shape == (11, 5 if grouped else 12)
    assert (drawn.sum(axis=1) == drawn.shape[1]).all()
    of_item = np.arange(12) if groups is None else np.searchsorted([1, 2, 3, 7, 9], groups)
    for turn, often in enumerate(drawn):
        for k in range(2):
            sums = sum(often[of_item[i]] * stats[k, i] for i in range(12) if np.isfinite(stats[k, i]).all())
            assert found[turn, k] == pytest.approx(finished("span_f1", sums, 1.0), rel=1e-12)
    slow = Metric(name="mean", finish=None, slow=lambda rows: rows[..., 0].mean(axis=-1))
    mean = Metric(name="mean", finish=metric.finish_mean)
    several = item_bootstrap(stats, slow, np.random.default_rng(7), 400, groups)
    quick = item_bootstrap(stats, mean, np.random.default_rng(8), 400, groups)
    np.testing.assert_allclose(several.mean(axis=0), quick.mean(axis=0), atol=0.12)
    np.testing.assert_allclose(several.std(axis=0), quick.std(axis=0), rtol=0.25)
    assert np.isnan(item_bootstrap(np.full((1, 4, 1), np.nan), slow, rng, 3)).all()


def test_counts_are_how_often_each_item_was_drawn() -> None:
    found = counts(6, np.random.default_rng(9), 4)
    drawn = np.random.default_rng(9).integers(0, 6, size=(4, 6))
    np.testing.assert_array_equal(found, [[(row == i).sum() for i in range(6)] for row in drawn])
    assert counts(0, np.random.default_rng(9), 3).shape == (3, 0)
    assert set(bootstrap.solver_bootstrap(4, np.random.default_rng(1), 60).ravel().tolist()) == {0, 1, 2, 3}
