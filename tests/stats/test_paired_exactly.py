"""Paired tests and what they can detect, against scipy, statsmodels and the sources' equations, at every edge."""

import itertools
import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.stats
from statsmodels.stats.contingency_tables import mcnemar

from acidtest.stats import paired
from acidtest.stats.detectable import detectable_difference, detectable_share, items_needed, items_needed_share
from acidtest.stats.estimate import FloatArray
from acidtest.stats.paired import ALIKE, IN_COMMON, ONE_ITEM, AllPairs, all_pairs, holm, paired_test, sign_flip_p
from acidtest.stats.paired_proportions import mcnemar_p, tango_interval


def connor(difference: float, discordance: float, level: float, power: float) -> float:
    """Equation (3) of Connor (1987): items for a difference of two paired shares."""
    z_size, z_power = NormalDist().inv_cdf((1 + level) / 2), NormalDist().inv_cdf(power)
    d = max(discordance, difference)
    return ((z_size * math.sqrt(d) + z_power * math.sqrt(max(d - difference**2, 0.0))) / difference) ** 2


@pytest.mark.parametrize(("level", "power"), [(0.95, 0.8), (0.9, 0.6)])
def test_what_can_be_detected_of_shares_is_connors(level: float, power: float) -> None:
    for n, discordance in ((30, 0.2), (400, 0.05), (75.5, 0.0), (12, 1.0)):
        found = detectable_share(n=n, discordance=discordance, level=level, power=power)
        assert connor(found, discordance, level, power) == pytest.approx(n, rel=1e-9)
        assert items_needed_share(difference=found * 1.0001, discordance=discordance, level=level, power=power) <= n + 1
    for difference in (0.3, -0.07):
        expected = math.ceil(connor(abs(difference), 0.4, level, power))
        assert items_needed_share(difference, 0.4, level=level, power=power) == expected
    assert items_needed_share(0.0, 0.4) == math.inf
    # With so few items not even a difference of 1 is found; with one more it is.
    fewest = connor(1.0, 0.0, level, power)
    assert math.isnan(detectable_share(fewest - 0.01, 0.0, level=level, power=power))
    assert detectable_share(fewest + 0.01, 0.0, level=level, power=power) <= 1
    assert math.isnan(detectable_share(0, 0.2))
    assert math.isnan(detectable_share(math.nan, 0.2))


def power_of_t(noncentrality: float, df: float, level: float) -> float:
    """P(|Z + noncentrality| > edge S), integrated over the S that divides it in Student's t."""
    edge, normal = scipy.stats.t.ppf((1 + level) / 2, df), scipy.stats.norm
    spread = scipy.stats.chi(df, scale=1 / math.sqrt(df))

    def rejects(s: float) -> float:
        return float((normal.sf(edge * s - noncentrality) + normal.cdf(-edge * s - noncentrality)) * spread.pdf(s))

    middle = min(noncentrality / edge, spread.isf(1e-12))
    ends = (0.0, middle / 2, middle, spread.isf(1e-14) + middle)
    return math.fsum(float(scipy.integrate.quad(rejects, a, b, limit=200)[0]) for a, b in itertools.pairwise(ends))


@pytest.mark.parametrize(("level", "power"), [(0.95, 0.8), (0.9, 0.6), (0.99, 0.8), (0.995, 0.9), (0.95, 0.051)])
def test_what_a_t_test_detects_has_that_power(level: float, power: float) -> None:
    for n, variance in ((2, 0.3), (3, 1.0), (5, 0.1), (12, 0.04), (400, 2.0), (1000, 1.0)):
        found = detectable_difference(n=n, variance=variance, level=level, power=power)
        got = power_of_t(found / math.sqrt(variance / n), n - 1, level)
        assert got == pytest.approx(power, abs=1e-6)
    large = detectable_difference(1001, 1.0, level=level, power=0.8) * math.sqrt(1001)
    assert power_of_t(large, 1000, level) == pytest.approx(0.8, abs=1e-3)
    normal = scipy.stats.t.ppf((1 + level) / 2, 1000) + scipy.stats.norm.ppf(0.8)
    assert large == pytest.approx(normal, rel=1e-12)
    for few, spread in ((1, 1.0), (1.9, 1.0), (5, 0.0), (5, -1.0), (5, math.nan)):
        assert math.isnan(detectable_difference(few, spread))


def test_the_items_that_a_t_test_needs_are_the_fewest_that_detect() -> None:
    for difference, variance in ((0.1, 0.25), (-0.37, 0.04), (3.0, 0.1), (0.021, 0.2), (0.6, 0.04), (2.0, 0.7)):
        n = items_needed(difference=difference, variance=variance, level=0.9, power=0.7)
        assert n == int(n)
        assert detectable_difference(n, variance, level=0.9, power=0.7) <= abs(difference)
        assert n == 2 or detectable_difference(n - 1, variance, level=0.9, power=0.7) > abs(difference)
    assert items_needed(100.0, 1e-6) == 2
    assert items_needed(0.0, 0.2) == math.inf
    assert items_needed(0.0, 0.0) == math.inf
    assert math.isnan(items_needed(0.1, 0.0))
    assert math.isnan(items_needed(0.1, math.nan))
    assert items_needed(1e-9, 1.0) == math.inf
    assert items_needed(1e-5, 1.0) == pytest.approx(1e10 * (1.959964 + 0.841621) ** 2, rel=1e-4)


def slow_tango(wins: float, losses: float, n: float, level: float) -> tuple[float, float]:
    """All differences that the score test keeps; the unknown share of losses is put at its likeliest by scipy."""
    z = NormalDist().inv_cdf((1 + level) / 2)

    def score(d: float) -> float:
        def unlikely(q: float) -> float:
            # wins ~ q + d, losses ~ q, the rest ties.
            shares = (max(q + d, 1e-300), max(q, 1e-300), max(1 - 2 * q - d, 1e-300))
            return -sum(k * math.log(p) for k, p in zip((wins, losses, n - wins - losses), shares, strict=True) if k)

        bounds = (max(0.0, -d), (1 - d) / 2)
        q = float(scipy.optimize.minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x)
        return (wins - losses - n * d) / math.sqrt(n * (2 * q + d - d * d))

    seen = (wins - losses) / n
    low = scipy.optimize.brentq(lambda d: score(d) - z, -1 + 1e-9, seen - 1e-9)
    high = scipy.optimize.brentq(lambda d: score(d) + z, seen + 1e-9, 1 - 1e-9)
    return float(low), float(high)


@pytest.mark.parametrize(("wins", "losses", "n"), [(1, 7, 21), (12, 3, 40), (5, 5, 11), (0, 4, 30), (6, 0, 9)])
def test_tangos_interval_holds_what_the_score_test_keeps(wins: int, losses: int, n: int) -> None:
    for level in (0.95, 0.8):
        found = tango_interval(wins, losses, n, level)
        assert found == pytest.approx(slow_tango(wins, losses, n, level), abs=2e-6)
        assert tango_interval(losses, wins, n, level) == pytest.approx((-found[1], -found[0]), abs=1e-12)


def test_tangos_interval_where_no_item_or_every_item_differs() -> None:
    z2 = NormalDist().inv_cdf(0.975) ** 2
    for n in (1, 8, 100):
        # Nothing differs: d^2 n / |d| = z^2 at the ends, so |d| = z^2 / (n + z^2).
        assert tango_interval(0, 0, n) == pytest.approx((-z2 / (n + z2), z2 / (n + z2)), rel=1e-9)
        low, high = tango_interval(n, 0, n)
        assert high == 1
        assert 0 < low < 1 or n == 1
        assert tango_interval(0, n, n) == pytest.approx((-1.0, -low), abs=1e-12)
    assert all(math.isnan(end) for end in tango_interval(0, 0, 0))


def test_mcnemars_p_is_binomial() -> None:
    for wins, losses in ((0, 0), (1, 0), (0, 1), (3, 3), (2, 9), (30, 14), (0, 5)):
        m, k = wins + losses, min(wins, losses)
        exact = mcnemar_p(wins=np.array(float(wins)), losses=np.array(float(losses)), exact=True).item()
        middle = mcnemar_p(np.array(float(wins)), np.array(float(losses))).item()
        assert exact == pytest.approx(min(2 * scipy.stats.binom.cdf(k, m, 0.5), 1.0) if m else 1.0, rel=1e-12)
        mid = 2 * scipy.stats.binom.cdf(k, m, 0.5) - scipy.stats.binom.pmf(k, m, 0.5)
        assert middle == pytest.approx(min(mid, 1.0) if m else 1.0, rel=1e-12)
        if m:
            assert exact == pytest.approx(
                min(float(mcnemar([[0, wins], [losses, 0]], exact=True).pvalue), 1.0), rel=1e-9
            )
    assert mcnemar_p(np.array(5000.0), np.array(0.0)).item() == np.finfo(float).tiny


def slow_pair(one: FloatArray, other: FloatArray, level: float) -> dict[str, Any]:
    both = np.isfinite(one) & np.isfinite(other)
    d = (one - other)[both]
    n = len(d)
    half = scipy.stats.t.ppf((1 + level) / 2, n - 1) * math.sqrt(np.var(d, ddof=1) / n)
    return {
        "n": n,
        "difference": float(d.mean()),
        "variance": float(np.var(d, ddof=1)),
        "p": float(scipy.stats.ttest_1samp(d, 0.0).pvalue),
        "ends": (float(d.mean() - half), float(d.mean() + half)),
        "partial": bool((np.isfinite(one) != np.isfinite(other)).any()),
    }


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_every_pair_with_gaps_is_scipys_t_test(level: float) -> None:
    rng = np.random.default_rng(1)
    values = rng.random((4, 25))
    values[0, 3] = values[1, 7] = values[1, 8] = np.nan
    values[3, 10:] = np.nan
    found = all_pairs(values=values, level=level, unit=False)
    assert (found.solvers, found.unit, found.level, found.wins, found.items) == (4, False, level, None, None)
    for i in range(4):
        for j in range(4):
            if i == j:
                assert math.isnan(found.p[i, i])
                continue
            slow = slow_pair(values[i], values[j], level)
            for name in ("n", "difference", "variance", "p", "partial"):
                assert getattr(found, name)[i, j] == pytest.approx(slow[name], rel=1e-9)
            test = found.test(i, j)
            assert (test.estimate.low, test.estimate.high) == pytest.approx(slow["ends"], rel=1e-9)
            assert test.estimate.value == test.estimate.true == found.difference[i, j]
            assert (test.estimate.n, test.estimate.level) == (slow["n"], level)
            assert test.standard_error == pytest.approx(math.sqrt(slow["variance"] / slow["n"]), rel=1e-9)
            assert test.detectable == detectable_difference(slow["n"], found.variance[i, j], level=level)
            assert test.estimate.warnings == ((IN_COMMON,) if slow["partial"] else ())
            assert test.estimate.method == "paired t test on the items' differences"
    known = [found.p[i, j] for i in range(4) for j in range(i + 1, 4)]
    adjusted = holm(np.array(known))
    assert [found.p_holm[i, j] for i in range(4) for j in range(i + 1, 4)] == adjusted.tolist()
    np.testing.assert_array_equal(found.p_holm, found.p_holm.T)
    better = [[found.p_holm[i, j] <= 1 - level and found.difference[i, j] > 0 for j in range(4)] for i in range(4)]
    np.testing.assert_array_equal(found.better, better)


def test_observed_metrics_stand_in_for_means_only_where_the_items_are_the_same() -> None:
    rng = np.random.default_rng(2)
    values, seen = rng.random((3, 12)), np.array([0.9, 0.2, 0.5])
    values[2, 4] = np.nan
    found = all_pairs(values, seen)
    assert found.difference[0, 1] == pytest.approx(0.7)
    assert found.difference[1, 0] == pytest.approx(-0.7)
    both = np.arange(12) != 4
    assert found.difference[0, 2] == pytest.approx((values[0] - values[2])[both].mean(), rel=1e-12)
    error = math.sqrt(found.variance[0, 1] / 12)
    assert found.p[0, 1] == pytest.approx(2 * scipy.stats.t.sf(0.7 / error, 11), rel=1e-9)


def test_shares_of_every_pair_by_counts() -> None:
    rng = np.random.default_rng(3)
    right = (rng.random((4, 30)) < np.array([[0.9], [0.6], [0.5], [0.5]])).astype(float)
    right[0, 2] = right[3, 5:] = np.nan
    found = all_pairs(right, level=0.9)
    assert found.wins is not None
    for i in range(4):
        for j in range(4):
            both = np.isfinite(right[i]) & np.isfinite(right[j])
            d = (right[i] - right[j])[both]
            wins, losses, n = int((d > 0).sum()), int((d < 0).sum()), len(d)
            assert (found.wins[i, j], found.n[i, j]) == (wins, n)
            assert found.difference[i, j] == pytest.approx(d.mean(), abs=1e-15)
            assert found.variance[i, j] == pytest.approx(np.var(d, ddof=1), abs=1e-14)
            if i == j:
                continue
            assert found.p[i, j] == mcnemar_p(np.array(float(wins)), np.array(float(losses)))
            test = found.test(i, j)
            assert (test.estimate.low, test.estimate.high) == tango_interval(wins, losses, n, 0.9)
            assert test.detectable == pytest.approx(detectable_share(n, (wins + losses) / n, level=0.9), nan_ok=True)
            assert test.estimate.method == "p: McNemar, mid-p; interval: Tango's score interval"
            assert found.partial[i, j] == (np.isfinite(right[i]) != np.isfinite(right[j])).any()
    alone = paired_test(right[1], right[2], method="t")
    assert alone.p == pytest.approx(scipy.stats.ttest_rel(right[1], right[2]).pvalue, rel=1e-9)
    exact = paired_test(right[1], right[2], method="mcnemar_exact")
    middle = paired_test(right[1], right[2], method="mcnemar")
    assert middle.p == paired_test(right[1], right[2]).p
    assert exact.p == mcnemar_p(found.wins[1, 2], found.wins[2, 1], exact=True)
    assert exact.p > middle.p
    assert exact.estimate == middle.estimate
    nothing = all_pairs(np.array([[1.0, np.nan, np.nan], [np.nan, 0.0, 1.0], [np.nan, 1.0, np.nan]]))
    assert math.isnan(nothing.p[0, 1])
    assert math.isnan(nothing.difference[0, 1])
    assert (nothing.n[1, 2], nothing.p[1, 2]) == (1, 1.0 - 0.5 * 1.0)
    assert math.isnan(nothing.variance[1, 2])
    lone = nothing.test(1, 2)
    assert lone.estimate.warnings == (IN_COMMON, ONE_ITEM)
    assert math.isnan(lone.standard_error)
    assert math.isnan(lone.detectable)


def test_graded_pairs_with_too_little_in_common() -> None:
    values = np.array([[0.2, np.nan, 0.4, 0.3], [np.nan, 0.5, 0.1, np.nan], [0.3, 0.2, np.nan, 0.9], [np.nan] * 4])
    found = all_pairs(values)
    assert found.n.tolist()[0] == [3, 1, 2, 0]
    assert math.isnan(found.p[0, 1])
    assert math.isnan(found.variance[0, 1])
    assert found.difference[0, 1] == pytest.approx(0.3)
    assert math.isfinite(found.p[0, 2])
    assert math.isnan(found.difference[0, 3])
    one = found.test(0, 1)
    assert one.estimate.warnings == (IN_COMMON, ONE_ITEM)
    assert all(math.isnan(x) for x in (one.estimate.low, one.estimate.high, one.standard_error, one.detectable))
    assert math.isfinite(found.test(0, 2).standard_error)


@pytest.mark.parametrize("unit", [False, True])
def test_a_difference_that_never_varies(unit: bool) -> None:  # noqa: FBT001 - a table's column
    one = np.linspace(0.1, 0.6, 6)
    found = paired_test(one=one + 0.25, other=one, unit=unit, level=0.9)
    assert found.estimate.value == pytest.approx(0.25)
    assert found.p == 2.0**-5  # all six signs alike: two of 64
    assert found.standard_error == 0
    assert found.estimate.warnings == (ALIKE,)
    if unit:
        low, high = tango_interval(0, 0, 6, 0.9)
        assert (found.estimate.low, found.estimate.high) == pytest.approx((0.25 + low, min(0.25 + high, 1.0)))
        assert found.detectable == pytest.approx(detectable_share(6, 0.0, level=0.9), nan_ok=True)
        assert found.estimate.method.endswith("; interval: Tango's, as no difference varies")
        far = paired_test(np.array([0.95, 0.9]), np.array([0.05, 0.0]))
        assert far.estimate.high == 1
        assert paired_test(np.array([0.05, 0.0]), np.array([0.95, 0.9])).estimate.low == -1
    else:
        assert math.isnan(found.estimate.low)
        assert math.isnan(found.detectable)
    same = paired_test(one, one, unit=unit)
    assert (same.p, same.estimate.value) == (1.0, 0.0)


def test_blocks_of_items_are_bounded_by_their_items() -> None:
    values = np.tile([[1.0], [0.0]], 5)
    items = np.full((2, 2), 400.0)
    found = all_pairs(values, items=items)
    assert found.wins is None
    assert found.items is items
    test = found.test(0, 1)
    low, _ = tango_interval(0, 0, 400, 0.95)
    assert test.estimate.low == pytest.approx(1 + low)
    assert test.detectable == detectable_share(400, 0.0)
    assert test.estimate.n == 5
    same = all_pairs(np.ones((2, 5)), items=items).test(0, 1)
    assert (same.estimate.low, same.estimate.high) == pytest.approx((low, -low))


def test_values_that_are_0_or_1_but_for_rounding_are_shares_and_others_are_not() -> None:
    right = np.array([[1.0, 0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0, 1.0]])
    assert all_pairs(right + 1e-14).wins is not None
    assert all_pairs(right + 1e-10).wins is None
    assert all_pairs(2 * right).wins is None
    assert all_pairs(right - 1).wins is None
    assert all_pairs(right, shares=False).wins is None
    with pytest.raises(ValueError, match="0 or 1"):
        paired_test(right[0] / 2, right[1], method="mcnemar")
    with pytest.raises(ValueError, match="0 or 1"):
        paired_test(right[0] / 2, right[1], method="mcnemar_exact")
    with pytest.raises(ValueError, match="rng"):
        paired_test(right[0], right[1], method="sign_flip")


def test_flips_of_signs_are_all_assignments_or_as_many_as_are_drawn() -> None:
    rng = np.random.default_rng(4)
    for size in (1, 3, 14):
        d = rng.normal(0.3, 1, size)
        d = np.append(d, [0.0, 0.0])
        signs = np.array(np.meshgrid(*[[-1, 1]] * size)).reshape(size, -1)
        exact = float((np.abs(d[:size] @ signs) >= abs(d.sum()) - 1e-9).mean())
        assert sign_flip_p(differences=d, rng=rng) == pytest.approx(exact, rel=1e-12)
    d = rng.normal(0.5, 1, 15)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 15)).reshape(15, -1)
    exact = float((np.abs(d @ signs) >= abs(d.sum()) - 1e-9).mean())
    drawn = sign_flip_p(d, np.random.default_rng(5), flips=20_000)
    assert drawn == pytest.approx(exact, abs=5 * math.sqrt(exact / 20_000))
    assert drawn * 20_001 == pytest.approx(round(drawn * 20_001), abs=1e-6)
    # One assignment in a few hundred at a time, or all at once: as many are drawn.
    far = np.full(2**12, 1.0)
    assert sign_flip_p(far, rng, flips=1500) == pytest.approx(1 / 1501, rel=1e-12)
    assert sign_flip_p(np.zeros(3), rng) == 1
    assert math.isnan(sign_flip_p(np.zeros(0), rng))
    assert paired.FLIPS == 9999
    assert sign_flip_p(np.ones(40), rng) == pytest.approx(1 / 10_000, rel=1e-12)
    graded = rng.random((2, 10))
    graded[0, 3] = np.nan
    kept = np.arange(10) != 3
    found = paired_test(graded[0], graded[1], method="sign_flip", rng=rng)
    assert found.p == sign_flip_p((graded[0] - graded[1])[kept], rng)


def test_holms_p_are_the_largest_so_far_times_those_left() -> None:
    p = np.array([0.3, 0.01, np.nan, 0.04, 0.012, 0.9, 0.012])
    order = [1, 4, 6, 3, 0, 5]
    largest, expected = 0.0, [math.nan] * 7
    for k, place in enumerate(order):
        largest = max(largest, float(p[place]) * (6 - k))
        expected[place] = min(largest, 1.0)
    np.testing.assert_allclose(holm(p), expected, rtol=1e-15)
    assert holm(np.zeros(0)).shape == (0,)
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_better_needs_a_difference_above_0_and_p_at_the_level() -> None:
    p = np.array([[np.nan, 0.05], [0.05, np.nan]])
    numbers = np.ones((2, 2))

    def pairs(difference: float, p_value: float) -> AllPairs:
        return AllPairs(
            difference=np.array([[0.0, difference], [-difference, 0.0]]),
            variance=numbers,
            p=np.where(np.isnan(p), np.nan, p_value),
            n=10 * numbers,
            wins=None,
            partial=np.zeros((2, 2), bool),
            unit=True,
            level=0.95,
        )

    assert pairs(0.1, 0.05).better.tolist() == [[False, True], [False, False]]
    assert pairs(-0.1, 0.05).better.tolist() == [[False, False], [True, False]]
    assert not pairs(0.1, 0.0501).better.any()
    assert not pairs(0.0, 0.01).better.any()
    assert not pairs(0.1, np.nan).better.any()
