"""Intervals over solvers, bias, ensembles and areas under curves, against scipy and plain loops."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

from acidtest.stats import level, order
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
from acidtest.stats.bootstrap import counts
from acidtest.stats.ensemble import leave_own_out, silencer_fixed_point
from acidtest.stats.estimate import Estimate, FloatArray, none_for_nan
from acidtest.stats.interval import BEYOND, SOLVER_ROUNDS, from_draws, interval, solver_interval
from acidtest.stats.paired import BoolArray
from acidtest.stats.roc import areas_under_roc


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
