"""Shifts of families beside their definitions computed slowly."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2, t

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.continuous import log_odds
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets import dif
from acidtest.stats.irt.sets.dif import (
    FamilyShift,
    ability_strata,
    false_discovery,
    mantel_haenszel,
    set_abilities,
)

GRID = np.linspace(-15, 15, 60_001)


def some_items(n: int, rng: np.random.Generator, kind: str) -> Items:
    return Items(
        discrimination=np.exp(rng.normal(0, 0.4, n)),
        difficulty=rng.normal(0, 1, n),
        guess=np.full(n, 0.2) if kind == "guess" else np.zeros(n),
        residual=rng.random(n) + 0.4 if kind == "continuous" else None,
    )


def some_scores(ability: FloatArray, items: Items, rng: np.random.Generator) -> FloatArray:
    if items.residual is None:
        scores = (rng.random((len(ability), len(items))) < items.expected(ability)).astype(np.float64)
    else:
        scores = expit(items.linear(ability) + items.residual * rng.normal(size=(len(ability), len(items))))
    return np.where(rng.random(scores.shape) < 0.15, np.nan, scores)


def log_likelihood(score: float, items: Items, i: int, at: FloatArray) -> FloatArray:
    a, b, c = items.discrimination[i], items.difficulty[i], items.guess[i]
    if items.residual is not None:
        return np.asarray(-0.5 * ((log_odds(score) - a * (at - b)) / items.residual[i]) ** 2)
    p = c + (1 - c) / (1 + np.exp(-a * (at - b)))
    return np.asarray(np.log(p if score > 0.5 else 1 - p))


def fisher(items: Items, i: int, at: float) -> float:
    """Information about the ability: the mean of the squared slope of the log-likelihood over answers."""
    h = 1e-5
    if items.residual is not None:
        return float((items.discrimination[i] / items.residual[i]) ** 2)
    total = 0.0
    for score in (0.0, 1.0):
        low, middle, high = log_likelihood(score, items, i, np.array([at - h, at, at + h]))
        total += math.exp(middle) * ((high - low) / (2 * h)) ** 2
    return total


@pytest.mark.parametrize("kind", ["plain", "guess", "continuous"])
def test_abilities_by_one_set_are_modes_under_a_wide_prior(kind: str) -> None:
    """The mode on a grid; information as mean squared slopes; influence as an answer's slope over all information."""
    rng = np.random.default_rng(1)
    items = some_items(12, rng, kind)
    scores = some_scores(rng.normal(size=5), items, rng)
    scores[3] = np.nan
    found = set_abilities(scores, items)
    assert math.isnan(found.value[3])
    assert found.variance[3] == pytest.approx(9)
    for m in (0, 1, 2, 4):
        seen = np.flatnonzero(np.isfinite(scores[m])).tolist()
        log = -0.5 * (GRID / 3) ** 2
        for i in seen:
            log = log + log_likelihood(scores[m, i], items, i, GRID)
        assert found.value[m] == pytest.approx(GRID[np.argmax(log)], abs=6e-4)
        whole = sum([fisher(items, i, found.value[m]) for i in seen], 1 / 9)
        assert found.variance[m] == pytest.approx(1 / whole, rel=1e-6)
        for i in range(12):
            h = 1e-5
            slope = 0.0
            if i in seen:
                high, low = log_likelihood(scores[m, i], items, i, found.value[m] + np.array([h, -h]))
                slope = (high - low) / (2 * h)
            assert found.influence[m, i] == pytest.approx(slope / whole, rel=1e-5, abs=1e-8)


def by_bundle(values: FloatArray, bundles: NDArray[np.int64]) -> float:
    """Variance of a sum of whole bundles, their mean taken out."""
    totals = [sum(v for v, b in zip(values, bundles, strict=True) if b == k) for k in range(int(bundles.max()) + 1)]
    return len(totals) * float(np.var(totals, ddof=1))


def in_score(scores: FloatArray, items: Items, ability: FloatArray, used: list[int]) -> tuple[FloatArray, FloatArray]:
    """Return what each answer is above what the ability says, and the slope of that in ability, means over answers."""
    residual, slopes = np.zeros(scores.shape), np.zeros(len(scores))
    for m in used:
        seen = np.flatnonzero(np.isfinite(scores[m]))
        for i in seen:
            one, at = items.take(np.array([i])), ability[m]
            residual[m, i] = (scores[m, i] - one.expected(at)[0]) / len(seen)
            slopes[m] += (one.expected(at + 1e-4)[0] - one.expected(at - 1e-4)[0]) / 2e-4 / len(seen)
    return residual, slopes


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["plain", "guess", "continuous"])
def test_a_shift_is_a_weighted_difference_of_abilities_with_sandwich_errors(kind: str, seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    real_items, synthetic_items = some_items(20, rng, kind), some_items(15, rng, kind)
    true = rng.normal(size=9)
    real = some_scores(true, real_items, rng)
    # solvers differ by far more than chance in the last world
    synthetic = some_scores(true + 0.5 + (2.5 * (-1) ** np.arange(9) if seed == 2 else 0), synthetic_items, rng)
    real[8], synthetic[7], synthetic[6, 1:] = np.nan, np.nan, np.nan
    synthetic[6, 0] = 0.3 if kind == "continuous" else 1.0
    bundles = np.arange(20, dtype=np.int64) // 2, np.arange(15, dtype=np.int64) // 3
    of = FamilyShift(
        real,
        synthetic,
        real_items=real_items,
        synthetic_items=synthetic_items,
        real_bundles=bundles[0],
        synthetic_bundles=bundles[1],
    )
    members = np.isin(np.arange(9), (1, 4, 8))
    found = of.of(members)
    r, s = set_abilities(real, real_items), set_abilities(synthetic, synthetic_items)
    inside, outside = [1, 4], [0, 2, 3, 5, 6]
    assert (found.members, found.others, found.degrees) == (2, 5, 4)
    shift, own = s.value - r.value, s.variance + r.variance
    # DerSimonian and Laird (1986), equation 9
    w = 1 / own[outside]
    middle = (w * shift[outside]).sum() / w.sum()
    q = (w * (shift[outside] - middle) ** 2).sum()
    spread = max(0.0, (q - 4) / (w.sum() - (w**2).sum() / w.sum()))
    assert spread > 0.5 or seed < 2
    weight = np.zeros(9)
    for group, sign in ((inside, 1), (outside, -1)):
        each = 1 / (own[group] + spread)
        weight[group] = sign * each / each.sum()
    used = inside + outside
    assert found.ability == pytest.approx(sum(weight[m] * shift[m] for m in used))
    left = 7 / 5
    errors = [
        by_bundle(np.array([sum(weight[m] * at.influence[m, i] for m in used) for i in range(len(b))]), b)
        for at, b in ((r, bundles[0]), (s, bundles[1]))
    ]
    se = math.sqrt(left * sum(errors))
    assert found.ability_se == pytest.approx(se)
    assert found.p == pytest.approx(2 * t(4).sf(abs(found.ability) / se))
    apart = math.sqrt(sum(weight[m] ** 2 * (own[m] + spread) for m in used))
    assert found.p_spread == pytest.approx(2 * t(4).sf(abs(found.ability) / apart))
    residual, slopes = in_score(synthetic, synthetic_items, r.value, used)
    assert found.score == pytest.approx(sum(weight[m] * residual[m].sum() for m in used))
    by_item = by_bundle(weight @ residual, bundles[1])
    through = by_bundle((weight * slopes) @ r.influence, bundles[0])
    assert found.score_se == pytest.approx(math.sqrt(left * (by_item + through)), rel=1e-5)


def test_a_family_beside_two_others_has_no_spread_to_be_judged_by() -> None:
    rng = np.random.default_rng(7)
    items = some_items(10, rng, "plain")
    scores = some_scores(rng.normal(size=5), items, rng)
    every = np.arange(10)
    of = FamilyShift(scores, scores[:, ::-1], real_items=items, synthetic_items=items.take(every[::-1]),
                     real_bundles=every, synthetic_bundles=every)  # fmt: skip
    assert math.isnan(of.of(np.arange(5) < 3).p_spread)
    three = of.of(np.arange(5) < 2)
    assert math.isfinite(three.p_spread)
    assert three.ability == pytest.approx(0, abs=1e-6)  # the same answers on both sides
    none = of.of(np.zeros(5, bool))
    assert (none.members, none.others, none.degrees) == (0, 5, 0)
    every_one = of.of(np.ones(5, bool))
    assert (every_one.members, every_one.others, every_one.degrees) == (5, 0, 0)
    assert all(math.isnan(x) for x in (none.ability, none.ability_se, none.score, none.score_se, none.p, none.p_spread))


def test_two_solvers_and_one_bundle_give_numbers() -> None:
    rng = np.random.default_rng(8)
    items = some_items(6, rng, "plain")
    right = (rng.random((2, 6)) < 0.5).astype(float)
    bundles = np.zeros(6, int)
    of = FamilyShift(
        right, 1 - right, real_items=items, synthetic_items=items, real_bundles=bundles, synthetic_bundles=bundles
    )
    found = of.of(np.array([True, False]))
    assert (found.degrees, found.ability_se) == (0, 0.0)  # one bundle has no spread
    assert found.p == pytest.approx(2 * t(1).sf(abs(found.ability) / 1e-12), abs=1e-9)
    single = FamilyShift(
        right, 1 - right, real_items=items, synthetic_items=items, real_bundles=np.arange(6),
        synthetic_bundles=np.arange(6),
    ).of(np.array([True, False]))  # fmt: skip
    r, s = set_abilities(right, items), set_abilities(1 - right, items)
    errors = [6 * np.var(at.influence[0] - at.influence[1], ddof=1) for at in (r, s)]
    assert single.ability_se == pytest.approx(math.sqrt(2 * sum(errors)))  # 2 solvers over at least 1 left


def test_the_spread_of_one_solver_or_of_like_ones_is_0() -> None:
    assert dif._spread(np.array([3.0]), np.array([0.5])) == 0
    assert dif._spread(np.array([1.0, 1.0, 1.0]), np.array([0.5, 0.1, 0.2])) == 0
    assert dif._spread(np.array([0.0, 2.0]), np.array([0.5, 0.5])) == pytest.approx(1.5)  # 2, the sample's, less .5


def tables(
    right: FloatArray, members: NDArray[np.bool_], stratum: NDArray[np.int64]
) -> list[tuple[float, float, float, float]]:
    found = []
    for k in range(int(stratum.max()) + 1):
        a = b = c = d = 0.0
        for x, member, s in zip(right, members, stratum, strict=True):
            if s == k and np.isfinite(x):
                a, b = a + bool(member and x), b + bool(member and not x)
                c, d = c + bool(not member and x), d + bool(not member and not x)
        found.append((a, b, c, d))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_mantel_and_haenszel_stratum_by_stratum(seed: int) -> None:
    """Strata of one solver and of none are among them."""
    rng = np.random.default_rng(seed)
    members = rng.random(30) < 0.4
    stratum = np.append(rng.integers(0, 4, 29), 5)
    right = (rng.random((30, 4)) < np.where(members, 0.7, 0.45)[:, None]).astype(float)
    right[rng.random(right.shape) < 0.1] = np.nan
    found = mantel_haenszel(right, members, stratum)
    for i in range(4):
        r = s = pr = mixed = qs = away = spread = 0.0
        for a, b, c, d in tables(right[:, i], members, stratum):
            n = a + b + c + d
            if n == 0:
                continue
            p, q = (a + d) / n, (b + c) / n
            r, s = r + a * d / n, s + b * c / n
            pr, qs = pr + p * a * d / n, qs + q * b * c / n
            mixed += p * b * c / n + q * a * d / n
            away += a - (a + b) * (a + c) / n
            spread += (a + b) * (c + d) * (a + c) * (b + d) / (n * n * (n - 1)) if n > 1 else 0
        assert found.log_odds[i] == pytest.approx(math.log(r / s))
        variance = pr / (2 * r * r) + mixed / (2 * r * s) + qs / (2 * s * s)
        assert found.se[i] == pytest.approx(math.sqrt(variance))
        assert found.p[i] == pytest.approx(chi2(1).sf(max(abs(away) - 0.5, 0) ** 2 / spread))


def test_items_that_say_little_to_mantel_and_haenszel() -> None:
    members = np.array([True, True, True, False, False, False])
    right = np.array([[1, 1, 1], [1, 1, 0], [1, 1, 1], [0, 1, 0], [0, 1, 1], [0, 1, 0]], float)
    found = mantel_haenszel(right, members, np.zeros(6, int))
    assert found.log_odds[0] == math.inf
    assert math.isnan(found.se[0])
    # (3 - 1.5 - .5)^2 over 3 3 3 3 / (36 5)
    assert found.p[0] == pytest.approx(chi2(1).sf(1 / 0.45))
    assert math.isnan(found.log_odds[1])
    assert math.isnan(found.p[1])
    balanced = mantel_haenszel(
        np.array([[1.0], [0.0], [1.0], [0.0]]), np.array([True, True, False, False]), np.zeros(4, int)
    )
    assert (balanced.log_odds[0], balanced.p[0]) == (0.0, 1.0)  # the correction goes no further than 0
    flipped = mantel_haenszel(right[:, :1], ~members, np.zeros(6, int))
    assert flipped.log_odds[0] == -math.inf
    assert flipped.p[0] == pytest.approx(found.p[0])


@pytest.mark.parametrize("most", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_strata_are_the_most_that_hold_both_kinds(most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    abilities, members = rng.normal(size=11), rng.random(11) < 0.45
    rank = np.array([int((abilities < x).sum()) for x in abilities])
    expected = [0] * 11
    for k in range(2, most + 1):
        cut = [int(r) * k // 11 for r in rank]
        if all({members[i] for i in range(11) if cut[i] == j} == {True, False} for j in range(k)):
            expected = cut
    assert ability_strata(abilities, members, most).tolist() == expected


def test_ties_of_ability_keep_their_order_and_four_strata_are_usual() -> None:
    members = np.arange(16) % 2 == 0
    assert ability_strata(np.zeros(16), members).tolist() == (np.arange(16) // 4).tolist()


def test_false_discovery_is_never_above_1_and_knows_ties() -> None:
    assert false_discovery(np.array([0.9, 0.95, 1.0])).tolist() == [1.0, 1.0, 1.0]
    p = np.array([0.2, np.nan, 0.01, 0.01, 0.5])
    expected = [min(q * 4 / sum(o <= q for o in p) for q in p if q >= x) for x in p if np.isfinite(x)]
    assert false_discovery(p)[[0, 2, 3, 4]] == pytest.approx(expected)
    assert math.isnan(false_discovery(p)[1])
