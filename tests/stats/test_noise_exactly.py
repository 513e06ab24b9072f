"""Noise of scores, cell by cell: the model's linear equations written with loops, and the level's tests by scipy."""

import numpy as np
import pytest
import scipy.stats

from acidtest.stats.blocks import block_values, in_blocks
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import linearised
from acidtest.stats.level import gap, mspd, mspd_noise_floor, no_difference_p
from acidtest.stats.metric import ACCURACY, SPAN_F1, SPEARMAN, Metric
from acidtest.stats.noise import Noise, deviations, pair_noise, plain_variance, spread_of_variance
from acidtest.stats.pooled_noise import pooled_variance


def covariance(x: list[float], y: list[float]) -> float:
    """Of two lists (n - 1)."""
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / (len(x) - 1)


class OneSet:
    """What the model takes out of one set, cell by cell."""

    def __init__(self, values: FloatArray, *, unit: bool) -> None:
        self.values, (self.m, self.n) = values, values.shape
        self.scored = [[bool(np.isfinite(x)) for x in row] for row in values]
        self.count = [sum(row) for row in self.scored]
        self.mean = [float(np.nanmean(row)) for row in values]
        self.loading = [1.0] * self.m
        if unit:
            for k in range(self.m):
                p = min(max(self.mean[k], 0.5 / (self.count[k] + 1)), (self.count[k] + 0.5) / (self.count[k] + 1))
                self.loading[k] = p * (1 - p)
        several = [sum(self.scored[k][i] for k in range(self.m)) >= 2 for i in range(self.n)]
        self.known = [[self.scored[k][i] and several[i] for i in range(self.n)] for k in range(self.m)]
        self.total = [sum(self.loading[k] for k in range(self.m) if self.known[k][i]) for i in range(self.n)]
        self.ease = [
            sum(values[k, i] - self.mean[k] for k in range(self.m) if self.known[k][i]) / self.total[i]
            if several[i]
            else float("nan")
            for i in range(self.n)
        ]

    def rest(self, k: int, i: int) -> float:
        return float(self.values[k, i] - self.mean[k] - self.loading[k] * self.ease[i])

    def part(self, k: int, i: int) -> float:
        return self.loading[k] / self.total[i]


def slow_own(a: OneSet, b: OneSet) -> FloatArray:
    """rest[k] = e[k] - part[k] sum_j e[j]: as many equations as solvers, for the (co)variances of e."""
    equations, seen = np.zeros((a.m, a.m)), np.zeros(a.m)
    for k in range(a.m):
        items = [i for i in range(a.n) if a.known[k][i] and b.known[k][i]]
        seen[k] = covariance([a.rest(k, i) for i in items], [b.rest(k, i) for i in items])
        for i in items:
            for j in range(a.m):
                if a.known[j][i] and b.known[j][i]:
                    of_a = float(j == k) - a.part(k, i)
                    of_b = float(j == k) - b.part(k, i)
                    equations[k, j] += of_a * of_b / len(items)
    return np.asarray(np.linalg.solve(equations, seen), np.float64)


def slow_ease(a: OneSet, b: OneSet, own: FloatArray) -> float:
    items = [i for i in range(a.n) if np.isfinite(a.ease[i]) and np.isfinite(b.ease[i])]
    seen = covariance([a.ease[i] for i in items], [b.ease[i] for i in items])
    noise = [
        sum(own[k] for k in range(a.m) if a.known[k][i] and b.known[k][i]) / (a.total[i] * b.total[i]) for i in items
    ]
    return seen - float(sum(noise) / len(items))


def slow_means(a: OneSet, b: OneSet) -> tuple[FloatArray, float]:
    """Own (co)variances of the metrics, and the mean common one."""
    own = slow_own(a, b)
    ease = slow_ease(a, b, own)
    of_means, common = np.zeros(a.m), []
    for k in range(a.m):
        overlap = [
            sum(a.scored[k][i] and b.scored[j][i] for i in range(a.n)) / (a.count[k] * b.count[j]) for j in range(a.m)
        ]
        others = sum(overlap[j] for j in range(a.m) if j != k) / (a.m - 1)
        here = ease * a.loading[k] * b.loading[k]
        of_means[k] = own[k] * overlap[k] + here * max(overlap[k] - others, 0.0)
        common.append(here * others)
    return of_means, sum(common) / a.m


def world(seed: int, *, unit: bool) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    easy, ability = rng.normal(0, 1, 60), np.linspace(-0.8, 1.2, 6)[:, None]
    real, synthetic = (
        x + 0.7 * easy + ability + rng.normal(0, np.linspace(0.8, 1.6, 6)[:, None], (6, 60))
        for x in 0.5 * rng.normal(size=(2, 1, 60))
    )
    if unit:
        real, synthetic = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-synthetic))
    for x in (real, synthetic):
        x[rng.random(x.shape) < 0.2] = np.nan
    real[1:, 0] = np.nan
    return real, synthetic


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_noise_of_a_pair_solves_the_models_equations(seed: int, unit: bool) -> None:  # noqa: FBT001 - a table's column
    real, synthetic = world(seed, unit=unit)
    r, s = OneSet(real, unit=unit), OneSet(synthetic, unit=unit)
    found = pair_noise(real=real, synthetic=synthetic, same_items=True, unit=unit)
    for one, own, common in (
        (r, found.real, found.common_real),
        (s, found.synthetic, found.common_synthetic),
    ):
        expected, together = slow_means(one, one)
        assert min(expected) > 0.15 * np.mean(expected)  # no floor is reached
        np.testing.assert_allclose(own, expected, rtol=1e-9)
        assert together > 0
        assert common == pytest.approx(together, rel=1e-9)
    shared, together = slow_means(r, s)
    limit = 0.95 * np.sqrt(found.real * found.synthetic)
    assert (np.abs(shared) < limit).all()
    np.testing.assert_allclose(found.shared, shared, rtol=1e-9)
    most = np.sqrt(found.common_real * found.common_synthetic)
    assert found.common_shared == pytest.approx(np.clip(together, -most, most), rel=1e-9)
    apart = pair_noise(real, synthetic[:, 5:], same_items=False, unit=unit)
    np.testing.assert_array_equal(apart.shared, np.zeros(6))
    assert apart.common_shared == 0
    np.testing.assert_array_equal(apart.real, found.real)


def test_what_sets_share_is_held_within_what_each_has() -> None:
    # The same values twice share all; turned round, all with the other sign.
    real, _ = world(3, unit=False)
    for sign in (1, -1):
        found = pair_noise(real, sign * real, same_items=True)
        np.testing.assert_allclose(found.synthetic, found.real, rtol=1e-9)
        np.testing.assert_allclose(found.shared, sign * 0.95 * found.real, rtol=1e-9)
        assert found.common_shared == pytest.approx(sign * found.common_real, rel=1e-9)
    # Items that are hard for one solver alone: no common difficulty below 0.
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, 40))
    opposed = pair_noise(np.concatenate([x, -x]), np.concatenate([x, -x]), same_items=True)
    assert (opposed.common_real, opposed.common_synthetic, opposed.common_shared) == (0.0, 0.0, 0.0)
    assert Noise(real=x[0], synthetic=x[0], shared=x[0]).common_shared == 0
    assert Noise(real=x[0], synthetic=x[0], shared=x[0]).common_real == 0
    assert Noise(real=x[0], synthetic=x[0], shared=x[0]).common_synthetic == 0


def test_no_variance_falls_below_a_tenth_of_the_mean_or_its_own_plain_one() -> None:
    rng = np.random.default_rng(5)
    easy = rng.normal(size=600)
    rows = np.stack([easy + s * rng.normal(size=600) for s in (2.0, 2.0, 2.0, 2.0, 1e-3)])
    found = pair_noise(rows, rows[::-1], same_items=False).real
    own, _ = slow_means(OneSet(rows, unit=False), OneSet(rows, unit=False))
    assert own[4] < 0.1 * own.mean()
    np.testing.assert_allclose(found[:4], own[:4], rtol=1e-9)
    assert found[4] == pytest.approx(0.1 * own.mean(), rel=1e-9)
    rows[4] = 1e-3 * rng.normal(size=600)
    own, _ = slow_means(OneSet(rows, unit=False), OneSet(rows, unit=False))
    plain = np.var(rows[4], ddof=1) / 600
    found = pair_noise(rows, rows, same_items=False).real[4]
    assert found == pytest.approx(max(own[4], min(0.1 * own.mean(), plain)), rel=1e-9)
    rows[4] = 3.0  # nothing seen of it: it is not certain either
    own, _ = slow_means(OneSet(rows, unit=False), OneSet(rows, unit=False))
    assert pair_noise(rows, rows, same_items=False).real[4] == pytest.approx(max(own[4], 0.1 * own.mean()), rel=1e-9)


def test_how_far_each_item_moves_each_metric() -> None:
    rng = np.random.default_rng(6)
    x, y = (np.where(rng.random((3, 12)) < 0.3, np.nan, rng.normal(size=(3, 12))) for _ in range(2))
    x[2], x[2, 4] = np.nan, 1.0
    found = deviations(x)
    for k in range(2):
        row = x[k][np.isfinite(x[k])]
        scale = np.sqrt(12 * 11 / (len(row) * (len(row) - 1)))
        expected = np.where(np.isfinite(x[k]), (x[k] - row.mean()) * scale, 0.0)
        np.testing.assert_allclose(found[k], expected, rtol=1e-12, atol=1e-14)
        # The spread of the sum of two sets is the noise of the sum of their means.
        assert np.var(found[k], ddof=1) / 12 == pytest.approx(np.var(row, ddof=1) / len(row), rel=1e-12)
    assert np.isnan(found[2]).all()
    expected_floor = np.mean([np.var(deviations(y)[k] - found[k], ddof=1) / 12 for k in range(2)])
    assert mspd_noise_floor(real_linearised=x, synthetic_linearised=y, same_items=True) == pytest.approx(
        expected_floor, rel=1e-12
    )
    both = [np.nanvar(z[k], ddof=1) / np.isfinite(z[k]).sum() for k in range(2) for z in (x, y)]
    assert mspd_noise_floor(x, y, same_items=False) == pytest.approx(sum(both) / 2, rel=1e-12)
    # What rounding leaves is no deviation.
    tenths = np.full((1, 10), 0.1)
    tenths[0, 0] = 0.3 - 0.2
    np.testing.assert_array_equal(deviations(tenths), np.zeros((1, 10)))
    assert plain_variance(tenths)[0] == 0
    assert plain_variance(np.array([[1.0, 1.0 + 1e-8, 1.0]]))[0] > 0


def test_the_error_of_a_variance_is_that_of_a_mean_of_squares() -> None:
    rng = np.random.default_rng(7)
    x = np.where(rng.random((3, 15)) < 0.3, np.nan, rng.normal(size=(3, 15)))
    x[:, 8] = np.nan  # an item that nobody answered is none
    kept = [i for i in range(15) if np.isfinite(x[:, i]).any()]
    n = len(kept)
    per_item = []
    for i in kept:
        squares = [
            (x[k, i] - np.nanmean(x[k])) ** 2 * n / np.isfinite(x[k]).sum() if np.isfinite(x[k, i]) else 0.0
            for k in range(3)
        ]
        per_item.append(sum(squares) / 3)
    expected = np.sqrt(np.var(per_item, ddof=1) / n) / np.mean(per_item)
    assert spread_of_variance(x) == pytest.approx(expected, rel=1e-12)
    assert spread_of_variance(np.ones((2, 5))) == 0
    assert spread_of_variance(np.array([[2.0], [3.0]])) == 0
    assert spread_of_variance(np.concatenate([x, np.full((1, 15), np.nan)])) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", [False, True])
def test_pooled_variances_by_their_definition(unit: bool) -> None:  # noqa: FBT001 - a table's column
    rng = np.random.default_rng(8)
    for n, wide in ((20.0, 0.2), (200.0, 0.9)):
        observed, near = rng.uniform(0.2, 0.8, (2, 7))
        scored = rng.uniform(0.5, 1.5, 7) * n
        slope, there = (x * (1 - x) if unit else np.ones(7) for x in (observed, near))
        own = slope / scored * rng.uniform(1 - wide, 1 + wide, 7)
        own[2], own[5] = np.nan, 0.0
        known = [k for k in range(7) if k not in (2, 5)]
        ratio = sum(own[k] * scored[k] for k in known) / sum(slope[k] for k in known)
        relative = {k: own[k] * scored[k] / slope[k] / ratio for k in known}
        spread = np.var(list(relative.values()), ddof=1)
        luck = 2 / (np.mean(scored) - 1)
        kept = max(1 - luck / spread, 0.0)
        assert (kept > 0.5) == (n > 100)
        expected = [ratio * (1 + kept * (relative.get(k, 1.0) - 1)) * there[k] / scored[k] for k in range(7)]
        found = pooled_variance(own=own, observed=observed, near=near, scored=scored, unit=unit)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    # A single solver, and one at the very edge, whose share says nothing of its noise.
    one = pooled_variance(np.array([0.002]), np.array([0.4]), np.array([0.5]), np.array([50.0]), unit=unit)
    assert one[0] == pytest.approx(0.002 * (0.25 / 0.24 if unit else 1.0), rel=1e-12)
    if unit:
        found = pooled_variance(
            np.array([0.004, 0.1]), np.array([0.5, 1.0]), np.array([0.5, 0.9]), np.array([50.0, 50.0]), unit=True
        )
        np.testing.assert_allclose(found, [0.004, 0.004 * 0.09 / 0.25], rtol=1e-12)


@pytest.mark.parametrize("freedom", [7.0, np.inf])
@pytest.mark.parametrize("common", [0.0, 0.03])
def test_whether_any_score_differs_is_asked_of_the_full_covariance(common: float, freedom: float) -> None:
    rng = np.random.default_rng(9)
    for size in (0.05, 0.15, 0.3):
        own = rng.uniform(0.005, 0.04, 6)
        for shift in (0.0, 2.0):
            d = size * (rng.normal(size=6) + shift)
            full = np.diag(own) + common
            wald = d @ np.linalg.inv(full) @ d
            of_mean = d.mean() ** 2 / full.mean()
            if np.isfinite(freedom):
                tails = scipy.stats.f.sf(wald / 6, 6, freedom), scipy.stats.f.sf(of_mean, 1, freedom)
            else:
                tails = scipy.stats.chi2.sf(wald, 6), scipy.stats.chi2.sf(of_mean, 1)
            assert no_difference_p(d, own, common, freedom) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-8)
    assert no_difference_p(np.zeros(3), np.zeros(3), 0.0) == 1
    assert no_difference_p(np.array([0.0, 1e-9]), np.zeros(2), 0.0) == 0
    assert no_difference_p(np.zeros(3), np.ones(3), 0.0) == 1
    # No noise of its own beside others that have some: certain all the same.
    assert no_difference_p(np.array([0.0, 0.1]), np.array([0.01, 0.0]), 0.0) == 0


def test_level_of_several_rows_with_gaps() -> None:
    rng = np.random.default_rng(10)
    real, synthetic = rng.normal(size=(2, 3, 4))
    real[0, 1] = synthetic[1] = np.nan
    d = synthetic - real
    np.testing.assert_allclose(gap(real, synthetic), [np.nanmean(d[0]), np.nan, d[2].mean()])
    np.testing.assert_allclose(mspd(real, synthetic), [np.nanmean(d[0] ** 2), np.nan, (d[2] ** 2).mean()])


def slow_blocks(rows: FloatArray, metric: Metric) -> list[float]:
    """theta + B (1 - n_b / n) (theta - theta without b) from the sums of blocks that hold something."""
    there = [b for b in range(len(rows)) if np.isfinite(rows[b]).all() and rows[b, -1] > 0]
    finish = metric.finish
    assert finish is not None
    total = rows[there].sum(axis=0)
    whole = float(finish(total[:-1], total[-1]))
    values = [float("nan")] * len(rows)
    for b in there:
        less = total - rows[b]
        without = float(finish(less[:-1], less[-1]))
        values[b] = whole + len(there) * (1 - rows[b, -1] / total[-1]) * (whole - without)
    return values


def test_values_of_blocks_by_their_definition_and_beside_groups_of_items() -> None:
    rng = np.random.default_rng(11)
    block = rng.integers(0, 6, 80)
    right, spans = (rng.random((3, 80, 1)) < 0.6).astype(float), rng.integers(0, 4, (3, 80, 3)).astype(float)
    for metric, stats in ((ACCURACY, right), (SPAN_F1, spans)):
        sums = np.stack(
            [[np.append(row[block == b].sum(axis=0), (block == b).sum()) for b in range(6)] for row in stats]
        )
        found = block_values(sums, in_blocks(metric))
        np.testing.assert_allclose(found, linearised(stats, metric, block), rtol=1e-9)
        holed = sums.copy()
        holed[0, 2], holed[1, 3], holed[2] = np.nan, 0.0, np.nan
        holed[1, 4, -1] = -0.0
        found = block_values(holed, in_blocks(metric))
        for k in range(2):
            np.testing.assert_allclose(found[k], slow_blocks(holed[k], metric), rtol=1e-9)
        assert np.isnan(found[2]).all()
    made = in_blocks(ACCURACY)
    assert (made.is_mean, made.counts, made.name, made.unit) == (False, -1, "accuracy", True)
    with pytest.raises(ValueError, match="no function of sums"):
        in_blocks(SPEARMAN)
