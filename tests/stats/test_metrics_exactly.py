"""Metrics, their pseudo-values, resamples and intervals over solvers, against scikit-learn, scipy and plain loops."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import f1_score

from acidtest.stats import bootstrap, jackknife, level, metric, order
from acidtest.stats.bias import (
    bias_bootstrap,
    family_bias,
    own_excess,
    percentile_interval,
    permutation_test,
    resampled_sets,
    silencer_ratio,
    simultaneous_band,
)
from acidtest.stats.bootstrap import counts, item_bootstrap
from acidtest.stats.ensemble import leave_own_out, silencer_fixed_point
from acidtest.stats.estimate import Estimate, FloatArray, none_for_nan
from acidtest.stats.interval import BEYOND, SOLVER_ROUNDS, from_draws, interval, solver_interval
from acidtest.stats.jackknife import linearised, observed
from acidtest.stats.metric import METRICS, Metric, weighted
from acidtest.stats.paired import BoolArray
from acidtest.stats.roc import areas_under_roc


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


def expanded(value: float, solvers: int) -> float:
    """Hesterberg (2015): quantiles moved out as far as Student's t and the bootstrap's smaller variance ask."""
    t = scipy.stats.t.ppf((1 + value) / 2, solvers - 1) * math.sqrt(solvers / (solvers - 1))
    return float(2 * scipy.stats.norm.cdf(t) - 1)


def test_intervals_over_solvers_by_their_definitions() -> None:
    rng = np.random.default_rng(10)
    for solvers in (4, 5, 9):
        x = rng.normal(size=solvers)
        y = x + rng.normal(size=solvers)
        for wanted in (0.95, 0.8):
            z = scipy.stats.norm.ppf((1 + wanted) / 2)
            cases: list[tuple[Any, float]] = [
                (order.srcc, float(np.asarray(scipy.stats.spearmanr(x, y).statistic))),
                (order.pearson, float(scipy.stats.pearsonr(x, y).statistic)),
                (order.kendall_tau, float(scipy.stats.kendalltau(x, y).statistic)),
            ]
            variances = [
                (1 + cases[0][1] ** 2 / 2) / (solvers - 3),
                1 / (solvers - 3),
                0.437 / (solvers - 4) if solvers > 4 else math.nan,
            ]
            steps = [6 / (solvers * (solvers**2 - 1)), 1e-9, 2 / (solvers * (solvers - 1))]
            for (f, value), variance, step in zip(cases, variances, steps, strict=True):
                found = solver_interval(f, x, y, np.random.default_rng(0), level=wanted)
                inside = np.arctanh(np.clip(value, -1 + step, 1 - step))
                ends = np.tanh([inside - z * math.sqrt(variance), inside + z * math.sqrt(variance)])
                expected = (-1.0 if value < -1 + step else ends[0], 1.0 if value > 1 - step else ends[1])
                np.testing.assert_allclose(found, expected, rtol=1e-9)
            wide = expanded(wanted, solvers)
            rounds = min(SOLVER_ROUNDS, math.ceil(2 * BEYOND / (1 - wide)))
            drawn = np.random.default_rng(0).integers(0, solvers, size=(rounds, solvers))
            gaps = np.sort((y - x)[drawn].mean(axis=1))
            low, high = (gaps[math.ceil(q * rounds - 1e-9) - 1] for q in ((1 - wide) / 2, (1 + wide) / 2))
            found = solver_interval(level.gap, x, y, np.random.default_rng(0), level=wanted)
            assert found == pytest.approx((low, high), rel=1e-12)
    up = np.arange(6.0)
    assert solver_interval(order.kendall_tau, up, -up, rng)[0] == -1
    assert solver_interval(order.pairwise_agreement, up, -up, rng)[0] == 0
    assert solver_interval(order.pearson, up, 2 * up, rng)[1] == 1
    assert np.isnan(solver_interval(level.gap, up[:3], up[:3], rng)).all()


def test_an_interval_needs_half_of_the_draws() -> None:
    draws = np.array([1.0, 2.0, np.nan, np.nan])
    assert interval(draws) == (1.0, 2.0)
    assert np.isnan(interval(np.append(draws, np.nan))).all()
    assert interval(np.arange(1.0, 41.0)) == (1.0, 39.0)
    found = from_draws(value=0.5, draws=np.arange(1.0, 101.0), level=0.8, n=3, method="m")
    assert (found.true, found.low, found.high, found.warnings) == (50.0, 10.0, 90.0, ())
    made = Estimate(value=math.inf, n=2, method="m")
    assert made.as_json() == {
        "value": None,
        "true": None,
        "low": None,
        "high": None,
        "n": 2,
        "method": "m",
        "warnings": [],
    }
    assert made.level == 0.95
    assert none_for_nan(0.25) == 0.25


def test_the_band_is_as_wide_as_the_largest_deviation_and_single_ends_are_draws() -> None:
    rng = np.random.default_rng(11)
    draws = rng.normal(size=(200, 4)) * np.array([1.0, 2.0, 0.0, 1.0]) + 3.0
    draws[5, 0], draws[:, 3] = np.nan, np.nan
    value = np.array([3.1, 2.9, 3.0, 1.0])
    low, high = simultaneous_band(value, draws, level=0.9)
    kept = np.delete(draws, 5, axis=0)[:, :3]
    se = np.array([np.std(kept[:, k], ddof=1) for k in range(3)])
    largest = [max(abs(row[k] - kept[:, k].mean()) / se[k] for k in range(2)) for row in kept]
    wide = np.quantile(largest, 0.9) * se
    np.testing.assert_allclose(low[:3], value[:3] - wide, rtol=1e-9)
    np.testing.assert_allclose(high[:3], value[:3] + wide, rtol=1e-9)
    assert np.isnan([low[3], high[3]]).all()
    assert np.isfinite(simultaneous_band(value[:1], draws[:2, :1])).all()
    assert np.isnan(simultaneous_band(value[:1], draws[:1, :1])).all()
    low, high = percentile_interval(draws, level=0.9)
    for k in range(3):
        known = np.sort(draws[:, k][np.isfinite(draws[:, k])])
        n = len(known)
        assert (low[k], high[k]) == (known[math.ceil(0.05 * n - 1e-9) - 1], known[math.ceil(0.95 * n - 1e-9) - 1])
    assert np.isnan([low[3], high[3]]).all()


def slow_excess(p: FloatArray, fitted: BoolArray, cell: tuple[int, int]) -> tuple[float, float]:
    """Residual of one cell from set + solver, fitted to other cells, and its variance in units of one cell's noise."""
    n_sets, solvers = p.shape

    def row(s: int, m: int) -> FloatArray:
        return np.concatenate([np.eye(n_sets)[s], np.eye(solvers)[m]])

    design = np.array([row(s, m) for s in range(n_sets) for m in range(solvers) if fitted[s, m]])
    weights = row(*cell) @ np.linalg.pinv(design)
    residual = p[cell] - weights @ p[fitted]
    return float(residual), float(1 + weights @ weights)


def test_the_permutation_test_ranks_each_solvers_studentised_excess() -> None:
    rng = np.random.default_rng(12)
    p, own = rng.normal(size=(4, 6)), np.array([0, 2, -1, 5])
    p[1, 2] += 2.0
    p[3, 4] = np.nan
    values, fewest, note = permutation_test(p, own)
    known = np.isfinite(p)
    for g in (0, 1, 3):
        others = np.zeros((4, 6), bool)
        for h in (0, 1, 3):
            others[h, own[h]] |= h != g
        t = {}
        for m in range(6):
            if not known[g, m]:
                continue
            fitted = known & ~others
            fitted[g, m] = False
            residual, variance = slow_excess(p, fitted, (g, m))
            t[m] = residual / math.sqrt(variance)
        assert values[g] == pytest.approx(sum(x >= t[own[g]] - 1e-12 for x in t.values()) / len(t))
    assert math.isnan(values[2])
    assert fewest == 5
    assert note == "exact over 5 solvers: p takes 5 values, the smallest is 0.2, so it cannot fall below .05"
    wide = permutation_test(rng.normal(size=(3, 20)), np.array([0, 1, 2]))
    assert wide[1:] == (20, "exact over 20 solvers: p takes 20 values, the smallest is 0.05")
    nothing = permutation_test(p[:1], np.array([0]))
    assert nothing[1] == 0
    assert nothing[2].startswith("no permutation test")
    excess = own_excess(p, own)
    mine = np.zeros((4, 6), bool)
    mine[0, 0] = mine[1, 2] = mine[3, 5] = True
    for g in (0, 1, 3):
        assert excess[g] == pytest.approx(slow_excess(p, known & ~mine, (g, int(own[g])))[0], rel=1e-9)
    assert math.isnan(excess[2])


def test_family_and_relative_bias_by_their_definitions() -> None:
    rng = np.random.default_rng(13)
    p, real = rng.uniform(0.3, 0.9, (5, 6)), rng.uniform(0.3, 0.9, 6)
    own, family, of_set = np.array([0, 3, -1]), np.array([0, 0, 1, 1, 1, 2]), np.array([0, 0, 1, 2, 1])
    found = family_bias(p, own, family, set_generator=of_set)
    centred = p - p.mean(axis=1, keepdims=True)
    for g, kin in ((0, 0), (1, 1)):
        members = family == kin
        # The third generator's family is not known, and none of the others': its sets are strangers'.
        strangers = [s for s in range(5) if of_set[s] != g]
        expected = centred[of_set == g][:, members].mean() - centred[strangers][:, members].mean()
        assert found[g] == pytest.approx(expected, rel=1e-12)
    assert math.isnan(found[2])
    told = family_bias(p, own, family, set_generator=of_set, generator_family=np.array([0, 1, 0]))
    expected = centred[of_set == 0][:, family == 0].mean() - centred[of_set == 1][:, family == 0].mean()
    assert told[0] == pytest.approx(expected, rel=1e-12)
    alone = family_bias(p, own, np.zeros(6, int), set_generator=of_set, generator_family=np.array([0, 1, 0]))
    assert math.isnan(alone[0])
    ratio = silencer_ratio(real=real, p=p, own=own, set_generator=of_set)
    relative, of_real = p / p.mean(axis=1, keepdims=True), real / real.mean()
    for g, m in ((0, 0), (1, 3)):
        assert ratio[g] == pytest.approx(relative[of_set == g, m].mean() - of_real[m], rel=1e-12)
    assert math.isnan(ratio[2])
    with pytest.raises(ValueError, match="5 sets, 3 generators"):
        own_excess(p, own)


def test_resampled_sets_are_means_of_what_was_drawn() -> None:
    rng = np.random.default_rng(14)
    sets = [rng.random((3, 50)), rng.random((3, 30))]
    sets[1][2, :28] = np.nan
    draws = resampled_sets(sets, np.random.default_rng(15), 600)
    assert draws.shape == (600, 2, 3)
    chance = np.random.default_rng(15)
    for s, values in enumerate(sets):
        often = counts(values.shape[1], chance, 600)
        for k in range(3):
            known = np.isfinite(values[k])
            n = often[:, known].sum(axis=1)
            expected = np.where(n > 0, often[:, known] @ values[k, known] / np.maximum(n, 1), np.nan)
            np.testing.assert_allclose(draws[:, s, k], expected, rtol=1e-12)
    both = bias_bootstrap(sets, np.array([0, 1]), np.random.default_rng(15), rounds=600)
    assert both.bias_factor.shape == both.own_excess.shape == (600, 2)
    assert bias_bootstrap(sets, np.array([0, 1]), rng).bias_factor.shape == (2000, 2)


def test_ensembles_turn_by_turn() -> None:
    rng = np.random.default_rng(16)
    p = rng.random((3, 6))
    for rounds in (0, 1, 2):
        weights = np.full(3, 1 / 3)
        for _ in range(rounds):
            mean = weights @ p
            new = np.array([max(np.corrcoef(row, mean)[0, 1], 0.0) + 0.05 for row in p])
            weights = new / new.sum()
        found, scores = silencer_fixed_point(p=p, own=None, epsilon=0.05, rounds=rounds)
        np.testing.assert_allclose(found, weights, rtol=1e-9)
        np.testing.assert_allclose(scores, weights @ p, rtol=1e-9)
    own = np.array([0, 1, 1, -1])
    np.testing.assert_allclose(silencer_fixed_point(p, own)[0], silencer_fixed_point(p)[0], rtol=1e-12)
    several = rng.random((2, 3, 5))
    several[0, 1, 4] = np.nan
    kept = np.isfinite(several[0])
    kept[[0, 1, 2], [0, 1, 2]] = False
    for one, found in zip(several, leave_own_out(several, np.array([0, 1, 2])), strict=True):
        design = np.array(
            [np.concatenate([np.eye(3)[s], np.eye(5)[m]]) for s in range(3) for m in range(5) if kept[s, m]]
        )
        effects = np.linalg.pinv(design) @ one[kept]
        np.testing.assert_allclose(found, effects[3:] + effects[:3].mean(), rtol=1e-9)


def test_areas_by_their_definition_and_on_the_logit_scale() -> None:
    rng = np.random.default_rng(17)
    positive = np.array([True, False, True, True, False, False, True])
    numbers = {"a": np.round(rng.normal(size=7), 1), "b": rng.normal(size=7), "sure": positive * 1.0}
    found = areas_under_roc(numbers=numbers, positive=positive, level=0.8)
    wins = {
        name: np.array([[(x > y) + 0.5 * (x == y) for y in row[~positive]] for x in row[positive]], float)
        for name, row in numbers.items()
    }
    z = scipy.stats.norm.ppf(0.9)
    for name, table in wins.items():
        area, one = table.mean(), found.area[name]
        variance = table.mean(axis=1).var(ddof=1) / 4 + table.mean(axis=0).var(ddof=1) / 3
        assert one.value == pytest.approx(area, rel=1e-12)
        assert (one.n, one.level, one.method) == (7, 0.8, "area under ROC, DeLong, logit interval")
        if name == "sure":
            assert (one.low, one.high) == (1.0, 1.0)
        else:
            half = z * math.sqrt(variance) / (area * (1 - area))
            ends = [1 / (1 + math.exp(-(math.log(area / (1 - area)) + sign * half))) for sign in (-1, 1)]
            assert (one.low, one.high) == pytest.approx(tuple(ends), rel=1e-9)
        less = found.less_first[name]
        d = table - wins["a"]
        spread = d.mean(axis=1).var(ddof=1) / 4 + d.mean(axis=0).var(ddof=1) / 3
        half = z * math.sqrt(spread)
        assert (less.value, less.low, less.high) == pytest.approx(
            (d.mean(), d.mean() - half, d.mean() + half), abs=1e-9
        )
        assert (less.n, less.level, less.method) == (7, 0.8, "area under ROC, less that of a, DeLong")
    lone = areas_under_roc({"a": numbers["a"]}, positive)
    assert lone.area["a"].value == found.area["a"].value
    two = np.array([True, True, False, False])
    assert areas_under_roc({"a": np.arange(4.0)}, two).area["a"].value == 0
    for few in (np.array([True, False, False, False]), ~np.array([True, False, False, False])):
        with pytest.raises(ValueError, match="two items of both kinds"):
            areas_under_roc({"a": np.arange(4.0)}, few)
