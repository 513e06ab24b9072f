"""Shares and means of scores in [0, 1], from people, judges or both: the definitions with loops, at every edge."""

import math

import numpy as np
import pytest
import scipy.stats
from ppi_py import ppi_mean_ci  # type: ignore[import-untyped]  # the package has no types

from acidtest.stats.bounded_mean import bounded_mean, variance_of_mean
from acidtest.stats.bundles import complete_bundles, right_together, share_difference_interval, share_interval
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.jackknife import IntArray
from acidtest.stats.ppi import ppi_differences, ppi_mean
from acidtest.stats.validity_rate import difference, ppi_share, rogan_gladen, share


def jeffreys(value: float, n: float, level: float) -> tuple[float, float]:
    beta = scipy.stats.beta(value * n + 0.5, (1 - value) * n + 0.5)
    tail = (1 - level) / 2
    return (0.0 if value == 0 else float(beta.ppf(tail))), (1.0 if value == 1 else float(beta.ppf(1 - tail)))


def narrower(number: int, level: float) -> float:
    """By how much Student's t takes from the number of items."""
    p = (1 + level) / 2
    return float((scipy.stats.norm.ppf(p) / scipy.stats.t.ppf(p, number - 1)) ** 2)


def by_group(y: FloatArray, groups: list[int]) -> list[list[float]]:
    return [[float(x) for x, g in zip(y, groups, strict=True) if g == name] for name in sorted(set(groups))]


def slow_bounded(y: FloatArray, groups: list[int], level: float) -> tuple[float, float]:
    """Korn and Graubard's number of items, one imaginary item (or a part) in the variance."""
    kept = by_group(y, groups)
    n, number, mean = len(y), len(kept), float(np.mean(y))
    totals = [sum(x - mean for x in own) for own in kept]
    variance = number / (number - 1) * sum(t**2 for t in totals) / n**2
    alone = sum(len(own) ** 2 for own in kept) / n
    uneven = alone / n
    alike = 1 / uneven
    if variance > 1e-24:
        more = min(1.0, number / 16.0)
        mixed = (number * variance + more * mean * (1 - mean) * uneven) / (number + more)
        alike = mean * (1 - mean) / mixed
    return jeffreys(mean, alike * narrower(number, level), level)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_a_mean_of_scores_by_its_definition(level: float) -> None:
    rng = np.random.default_rng(1)
    for n, most in ((7, 3), (15, 15), (40, 12), (200, 30)):
        y = rng.random(n)
        y[1] = np.nan
        bundles = rng.integers(0, most, n)
        known = np.isfinite(y)
        for given, groups in ((bundles, bundles[known].tolist()), (None, list(range(n - 1)))):
            found = bounded_mean(y=y, bundles=given, level=level)
            assert found.value == pytest.approx(y[known].mean(), rel=1e-14)
            assert (found.low, found.high) == pytest.approx(slow_bounded(y[known], groups, level), rel=1e-9)
            assert (found.n, found.level) == (n - 1, level)
            number = len(set(groups))
            assert found.method.endswith(", bundles whole") == (number < n - 1)
            assert found.warnings == ((f"only {number} items or bundles",) if number < 10 else ())


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_a_mean_of_equal_scores_in_uneven_bundles(value: float) -> None:
    bundles = np.repeat([0, 1, 2, 3], [1, 2, 3, 6])
    found = bounded_mean(np.full(12, value), bundles=bundles)
    n = 144 / (1 + 4 + 9 + 36) * narrower(4, 0.95)
    assert (found.low, found.high) == pytest.approx(jeffreys(value, n, 0.95), rel=1e-9)
    alone = bounded_mean(np.full(12, value), bundles=np.zeros(12, int))
    assert math.isnan(alone.low)
    assert math.isnan(alone.high)
    assert alone.value == pytest.approx(value)
    assert math.isnan(variance_of_mean(np.ones(3), np.zeros(3, int)))
    none = bounded_mean(np.full(3, np.nan), level=0.9)
    assert (none.n, none.level, none.warnings) == (0, 0.9, ("no item was scored",))
    assert math.isnan(none.value)


def slow_effective(y: FloatArray, groups: list[int] | None, level: float) -> float:
    """The smaller of two numbers of items: of whole bundles' variance, and of the correlation within bundles."""
    n, p = len(y), float(np.mean(y))
    if groups is None or len(set(groups)) == n:
        return float(n)
    kept = by_group(y, groups)
    number = len(kept)
    seen = sum(sum(own) * (len(own) - sum(own)) / len(own) for own in kept)
    expected = (n - number) * p * (1 - p)
    within = min(max(1 - seen / (expected + 0.5), 0.0), 1.0)
    among = sum(len(own) ** 2 for own in kept) / n
    alike = n / (1 + (among - 1) * within)
    totals = [sum(own) - len(own) * p for own in kept]
    variance = number / (number - 1) * sum(t**2 for t in totals) / n**2
    if variance > 0:
        alike = min(alike, p * (1 - p) / variance)
    return alike * narrower(number, level)


def answers(seed: int, n: int, valid: float, bundles: int) -> tuple[FloatArray, list[int]]:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, bundles, n).tolist()
    ease = rng.uniform(-0.3, 0.3, bundles)
    return (rng.random(n) < valid + ease[groups]).astype(float), groups


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_a_share_of_bundled_items_by_its_definition(level: float) -> None:
    for seed, (n, valid, bundles) in enumerate(
        [(30, 0.6, 8), (30, 0.95, 12), (60, 0.5, 40), (12, 0.7, 5), (20, 0.8, 300)]
    ):
        y, groups = answers(seed, n, valid, bundles)
        found = share(valid=np.append(y, np.nan), bundles=np.array([*groups, 0]), level=level, name="valid")
        p = float(y.mean())
        assert (found.low, found.high) == pytest.approx(jeffreys(p, slow_effective(y, groups, level), level), rel=1e-9)
        number = len(set(groups))
        assert found.warnings == ((f"valid: of only {number} items or bundles",) if number < 10 else ())
        assert found.method == "valid, Jeffreys interval" + (", bundles whole" if number < n else "")
        assert (found.n, found.level) == (n, level)
    whole = share(np.ones(10), bundles=np.repeat([0, 1], 5), level=level)
    assert whole.low == pytest.approx(jeffreys(1.0, slow_effective(np.ones(10), [0] * 5 + [1] * 5, level), level)[0])
    # As unlike within bundles as can be: no correlation below 0 makes items count for more than they are.
    mixed = share(np.tile([0.0, 1.0], 12), bundles=np.repeat(np.arange(12), 2), level=level)
    count = 24 * narrower(12, level)
    assert (mixed.low, mixed.high) == pytest.approx(jeffreys(0.5, count, level), rel=1e-9)
    assert share(np.ones(9)).warnings == ("share: of only 9 items or bundles",)
    assert share(np.ones(10)).warnings == ()
    none = share(np.full(2, np.nan), level=level, name="valid")
    assert (none.n, none.level, none.method, none.warnings) == (0, level, "valid", ("no item was decided",))


def slow_rogan_gladen(
    said: tuple[float, float], sensitivity: tuple[float, float], specificity: tuple[float, float], level: float
) -> tuple[float, float]:
    """Lang and Reiczigel (2014): shares with pseudo-counts, the shift of the middle, the delta method's variance."""
    z = float(scipy.stats.norm.ppf((1 + level) / 2))
    (a, n), (se, n_se), (sp, n_sp) = said, sensitivity, specificity
    a, n = (a * n + z * z / 2) / (n + z * z), n + z * z
    se, n_se = (se * n_se + 1) / (n_se + 2), n_se + 2
    sp, n_sp = (sp * n_sp + 1) / (n_sp + 2), n_sp + 2
    youden = se + sp - 1
    p = (a + sp - 1) / youden
    shift = 2 * z * z * (p * se * (1 - se) / n_se - (1 - p) * sp * (1 - sp) / n_sp)
    variance = a * (1 - a) / n + p * p * se * (1 - se) / n_se + (1 - p) ** 2 * sp * (1 - sp) / n_sp
    half = z * math.sqrt(variance) / youden
    return max(0.0, p + shift - half), min(1.0, p + shift + half)


@pytest.mark.parametrize("bundled", [False, True])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_rogan_and_gladens_share_by_its_definition(level: float, bundled: bool) -> None:  # noqa: FBT001 - a table's column
    for seed, valid in ((1, 0.7), (2, 0.35), (3, 0.85)):
        rng = np.random.default_rng(seed)
        truth, groups = answers(seed, 90, valid, 20)
        call = np.where(rng.random(90) < 0.85, truth, 1 - truth)
        judged, own = answers(seed + 10, 150, 0.6, 40)
        people, judged_too = truth.copy(), call.copy()
        people[4], judged_too[7], judged[9] = np.nan, np.nan, np.nan
        found = rogan_gladen(
            judged=judged,
            people=people,
            judged_too=judged_too,
            bundles=np.array(own) if bundled else None,
            bundles_too=np.array(groups) if bundled else None,
            level=level,
        )
        kept = [i for i in range(90) if i not in (4, 7)]
        right = [i for i in kept if truth[i] == 1]
        wrong = [i for i in kept if truth[i] == 0]
        here = [i for i in range(150) if i != 9]

        def counted(y: FloatArray, places: list[int], of: list[int]) -> tuple[float, float]:
            chosen = [of[i] for i in places] if bundled else None
            return float(y[places].mean()), slow_effective(y[places], chosen, level)

        said = counted(judged, here, own)
        se, sp = counted(call, right, groups), counted(1 - call, wrong, groups)
        raw = (said[0] + sp[0] - 1) / (se[0] + sp[0] - 1)
        assert found.value == pytest.approx(min(max(raw, 0.0), 1.0), rel=1e-12)
        assert (found.low, found.high) == pytest.approx(slow_rogan_gladen(said, se, sp, level), rel=1e-9)
        assert (found.n, found.level) == (149, level)
        assert found.warnings == ()


def test_what_is_said_beside_a_corrected_share() -> None:
    judged = np.array([1.0] * 7 + [0.0] * 3)
    nine = rogan_gladen(judged, np.array([1.0] * 5 + [0.0] * 4), np.array([1.0] * 5 + [0.0] * 4))
    assert nine.warnings == ("sensitivity and specificity: of only 9 items or bundles",)
    ten = rogan_gladen(judged, np.array([1.0] * 5 + [0.0] * 5), np.array([1.0] * 5 + [0.0] * 5))
    assert ten.warnings == ()
    assert ten.value == pytest.approx(0.7)
    assert ten.method == "Rogan-Gladen, Lang-Reiczigel interval"
    below = rogan_gladen(np.zeros(30), np.repeat([1.0, 0.0], 20), np.concatenate([np.ones(35), np.zeros(5)]), level=0.9)
    assert (below.value, below.low, below.level) == (0.0, 0.0, 0.9)
    assert below.warnings == ("-3.000 held within 0 and 1",)
    none = rogan_gladen(judged, np.zeros(12), np.zeros(12), level=0.9)
    assert "people called no item valid that" in none.warnings[0]
    assert (none.n, none.level) == (10, 0.9)
    # Right about 3 of 4 valid items and 2 of 8 invalid ones: no better than chance.
    barely = rogan_gladen(judged, np.array([1.0] * 4 + [0.0] * 8), np.array([1.0] * 3 + [0.0] + [1.0] * 6 + [0.0] * 2))
    assert math.isnan(barely.value)
    assert (barely.low, barely.high, barely.n, barely.level) == (0.0, 1.0, 10, 0.95)
    one_bundle = rogan_gladen(
        judged, np.array([1.0] * 5 + [0.0] * 5), np.array([1.0] * 5 + [0.0] * 5), bundles=np.zeros(10, int)
    )
    assert one_bundle.value == pytest.approx(0.7)
    nobody = rogan_gladen(np.full(3, np.nan), np.ones(4), np.ones(4))
    assert (nobody.n, nobody.warnings) == (0, ("no item was judged and not rated by people",))


def slow_ppi_interval(
    residual: list[list[float]], calls: list[list[float]], weight: float, level: float
) -> tuple[float, float]:
    """Two imaginary bundles, half of one each for the four blind outcomes; all bundles apart."""
    number, n = len(residual), sum(len(own) for own in residual)
    size = n / number
    blind = [1 - weight, 1.0, -weight, 0.0]
    mass = n + 2 * size
    mean = (sum(map(sum, residual)) + sum(size / 2 * x for x in blind)) / mass
    squares = sum(sum((x - mean) / mass for x in own) ** 2 for own in residual)
    squares += sum(0.5 * ((x - mean) * size / mass) ** 2 for x in blind)
    more = sum(len(own) for own in calls)
    of_calls = sum(map(sum, calls)) / more
    squares += sum(sum((x - of_calls) / more for x in own) ** 2 for own in calls)
    degrees = max(number - (2 if weight > 0 else 1), 1)
    half = float(scipy.stats.t.ppf((1 + level) / 2, degrees)) * math.sqrt(squares * (number + 2) / (degrees + 2))
    return mean + of_calls - half, mean + of_calls + half


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_interval_of_people_and_judge_by_its_definition(level: float) -> None:
    rng = np.random.default_rng(5)
    for n, right in ((14, 0.9), (60, 0.8), (40, 0.0), (3, 0.9)):
        y = (rng.random(n) < 0.6).astype(float)
        y[:2] = 0.0, 1.0
        f = np.where(rng.random(n) < right, y, 1 - y)
        rest = (rng.random(150) < 0.6).astype(float)
        decided = y.copy()
        decided[2] = np.nan if n > 3 else decided[2]
        judged = np.append(f, np.nan)
        people = np.append(decided, 1.0)
        found = ppi_share(people=people, judged=judged, judged_only=np.append(rest, np.nan), level=level)
        kept = np.isfinite(decided)
        mean = decided[kept].mean()
        values = np.array([mean + ((x - mean) * n / kept.sum() if np.isfinite(x) else 0.0) for x in decided])
        plain = ppi_mean(values, f, rest)
        weight = plain.weight
        assert (weight > 0) == (right > 0)
        ends = slow_ppi_interval([[x] for x in values - weight * f], [[weight * x] for x in rest], weight, level)
        assert found.value == pytest.approx(min(max(plain.value, 0.0), 1.0), rel=1e-12)
        assert (found.low, found.high) == pytest.approx((max(ends[0], 0.0), min(ends[1], 1.0)), rel=1e-9, abs=1e-12)
        assert found.n == kept.sum() + 150
        assert found.level == level
        assert found.method.startswith("PPI++, Student's t")
        few = f"people's part: of only {kept.sum()} items or bundles"
        assert (few in found.warnings) == (kept.sum() < 10)
    # One bundle lies on both sides: what people and the judge say of it moves together.
    groups, groups_only = np.array([0, 0, 1, 1, 2, 2, 3, 3] * 2), np.array([3, 3, 4, 4, 5, 5])
    y, f = np.tile([0.0, 1.0, 1.0, 1.0], 4), np.tile([0.0, 1.0, 0.0, 1.0], 4)
    rest = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    found = ppi_share(y, f, rest, bundles=groups, bundles_only=groups_only, level=level)
    weight = ppi_mean(y, f, rest, groups=groups, groups_only=groups_only).weight
    left, call = y - weight * f, weight * rest
    blind, size, mass = [1 - weight, 1.0, -weight, 0.0], 4.0, 24.0
    mean = (left.sum() + 2 * sum(blind)) / mass
    squares = sum(0.5 * ((x - mean) * size / mass) ** 2 for x in blind)
    for name in range(6):
        both = sum((left[i] - mean) / mass for i in range(16) if groups[i] == name)
        both += sum((call[i] - call.mean()) / 6 for i in range(6) if groups_only[i] == name)
        squares += both**2
    degrees = 4 - (2 if weight > 0 else 1)
    half = scipy.stats.t.ppf((1 + level) / 2, degrees) * math.sqrt(squares * 6 / (degrees + 2))
    centre = mean + call.mean()
    assert (found.low, found.high) == pytest.approx((max(centre - half, 0.0), min(centre + half, 1.0)), rel=1e-9)
    assert found.warnings[0] == "people's part: of only 4 items or bundles"


def test_a_difference_carries_what_both_say() -> None:
    one = Estimate(value=0.7, n=30, method="a", low=0.5, high=0.8, level=0.9, warnings=("few", "x"))
    other = Estimate(value=0.4, n=20, method="b", low=0.35, high=0.6, level=0.9, warnings=("few", "y"))
    found = difference(one, other)
    assert found.value == pytest.approx(0.3)
    assert (found.n, found.level) == (20, 0.9)
    assert found.low == pytest.approx(0.3 - math.sqrt(0.2**2 + 0.2**2))
    assert found.high == pytest.approx(0.3 + math.sqrt(0.1**2 + 0.05**2))
    assert found.warnings == ("few", "x", "y")
    assert found.method == "difference of shares, MOVER interval"


def test_bundles_and_their_shares_at_the_edges() -> None:
    for right, n in ((0, 7), (7, 7), (3, 7), (1, 1), (0, 1)):
        low, high = share_interval(right, n)
        tail = (1 - 0.95) / 2
        binomial = scipy.stats.binom
        if right > 0:
            assert binomial.sf(right, n, low) + binomial.pmf(right, n, low) / 2 == pytest.approx(tail, rel=1e-9)
        else:
            assert low == 0
        if right < n:
            assert binomial.cdf(right - 1, n, high) + binomial.pmf(right, n, high) / 2 == pytest.approx(tail, rel=1e-9)
        else:
            assert high == 1
    assert all(math.isnan(end) for end in share_interval(0, 0))
    for numbers in ((1, 2, 0, 0), (0, 0, 1, 2)):
        assert all(math.isnan(end) for end in share_difference_interval(*numbers))
    a, b = share_interval(4, 9, 0.8), share_interval(2, 5, 0.8)
    d = 4 / 9 - 2 / 5
    expected = (
        d - math.sqrt((4 / 9 - a[0]) ** 2 + (b[1] - 2 / 5) ** 2),
        d + math.sqrt((a[1] - 4 / 9) ** 2 + (2 / 5 - b[0]) ** 2),
    )
    assert share_difference_interval(4, 9, 2, 5, level=0.8) == pytest.approx(expected, rel=1e-9)
    assert right_together(np.ones((2, 3)), []).shape == (2, 0)
    found = right_together(np.array([[1.0, 0.0, 1.0, np.nan], [1.0, 1.0, 1.0, 1.0]]), [(0, 2), (1,), (0, 3), (3,)])
    np.testing.assert_array_equal(found, [[1, 0, np.nan, np.nan], [1, 1, 1, 1]])
    assert complete_bundles(["a", "", "a", "b"]) == {"a": (0, 2)}


@pytest.mark.parametrize("grouped", [False, True])
def test_a_mean_of_people_and_judge_by_its_definition(grouped: bool) -> None:  # noqa: FBT001 - a table's column
    rng = np.random.default_rng(6)
    for n, more, right in ((12, 30, 0.9), (40, 15, 0.7), (8, 0, 0.9), (2, 9, 1.0), (20, 20, 0.0)):
        y = rng.random(n)
        f = right * y + (1 - right) * rng.random(n) - (0.8 * y if right == 0 else 0.0)
        rest = rng.random(more)
        groups, groups_only = np.arange(n) // 2, np.arange(more) // 3
        found = ppi_mean(
            gold=y,
            judged=f,
            judged_only=rest,
            groups=groups if grouped else None,
            groups_only=groups_only if grouped else None,
        )
        if grouped:
            # One value per group, whose mean is that of the items.
            def values(x: FloatArray, of: IntArray) -> FloatArray:
                names = sorted(set(of.tolist()))
                mean = x.mean() if len(x) else 0.0
                return np.array([mean + (x[of == g] - mean).sum() * len(names) / len(x) for g in names])

            y, f, rest = values(y, groups), values(f, groups), values(rest, groups_only)
        k, m = len(y), len(rest)
        weight = 0.0
        if m:
            together = sum((a - y.mean()) * (b - f.mean()) for a, b in zip(y, f, strict=True)) / k
            spread = np.var([*f, *rest], ddof=1)
            weight = min(max(together / ((1 + k / m) * spread), 0.0), 1.0)
        residual = np.var(y - weight * f)
        judge = weight**2 * np.var(rest) / m if m else 0.0
        assert found.weight == pytest.approx(weight, rel=1e-12)
        expected = y.mean() + weight * ((rest.mean() if m else 0.0) - f.mean())
        assert found.value == pytest.approx(expected, rel=1e-12)
        if k > 1:
            assert found.variance == pytest.approx(residual / k + judge, rel=1e-12)
            half = scipy.stats.norm.ppf(0.9) * math.sqrt(found.variance)
            assert found.interval(0.8) == pytest.approx((expected - half, expected + half), rel=1e-9)
        else:
            assert math.isnan(found.variance)
        degrees = k - (2 if weight > 0 else 1)
        assert (found.labelled, found.degrees) == (k, degrees)
        if degrees > 0:
            assert found.corrected == pytest.approx(residual / degrees + judge, rel=1e-12)
            half = scipy.stats.t.ppf(0.9, degrees) * math.sqrt(found.corrected)
            assert found.wider_interval(0.8) == pytest.approx((expected - half, expected + half), rel=1e-9)
        else:
            assert math.isnan(found.corrected)
            assert all(math.isnan(end) for end in found.wider_interval())
    low, high = ppi_mean_ci(y, f, rest, alpha=0.1) if not grouped else (np.nan, np.nan)
    if not grouped:
        assert found.interval(0.9) == pytest.approx((float(np.ravel(low)[0]), float(np.ravel(high)[0])), rel=1e-9)


def test_differences_of_three_solvers_are_means_of_differences() -> None:
    rng = np.random.default_rng(7)
    gold = rng.random((3, 20))
    judged, only = gold + 0.2 * rng.random((3, 20)), rng.random((3, 50))
    groups, groups_only = np.arange(20) // 2, np.arange(50) // 5
    found = ppi_differences(gold=gold, judged=judged, judged_only=only, groups=groups, groups_only=groups_only)
    for a in range(3):
        for b in range(3):
            if a == b:
                assert (found.value[a, a], found.variance[a, a], found.weight[a, a]) == (0, 0, 0)
                continue
            one = ppi_mean(
                gold[a] - gold[b], judged[a] - judged[b], only[a] - only[b], groups=groups, groups_only=groups_only
            )
            assert (found.value[a, b], found.variance[a, b], found.weight[a, b]) == pytest.approx(
                (one.value, one.variance, one.weight), rel=1e-12
            )
    for shapes in (((3, 4), (2, 4), (3, 5)), ((3, 4), (3, 4), (2, 5)), ((2, 2, 2), (2, 2, 2), (2, 5))):
        with pytest.raises(ValueError, match="shapes"):
            ppi_differences(*(np.ones(shape) for shape in shapes))
    for mean_shapes in (((), (), (3,)), ((3,), (3,), ())):
        with pytest.raises(ValueError, match="shapes"):
            ppi_mean(*(np.ones(shape) for shape in mean_shapes))
    with pytest.raises(ValueError, match="both kinds"):
        ppi_mean(np.ones(3), np.ones(3), np.ones(3), groups_only=np.arange(3))
