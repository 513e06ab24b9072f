"""Holes, edges, ties by rounding, units: what must not bend an interval or an order."""

import math

import numpy as np
import pytest
from scipy import stats

from acidtest.compare.fidelity import compare
from acidtest.compare.level import gap, mspd, mspd_excess
from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.compare.worth import worth_rank, worth_score
from acidtest.stats.estimate import FloatArray
from acidtest.stats.level import mspd_noise_floor, no_difference_p
from acidtest.stats.metric import ACCURACY, MEAN, Metric, finish_mean
from acidtest.types import FidelityReport, Scores
from simulated import answers, scored

ABILITY = np.linspace(-1.5, 1.5, 6)


def report_of(real: FloatArray, fake: FloatArray, *, same: bool = False, metric: Metric = ACCURACY) -> FidelityReport:
    sets = scored("real", real, prefix="i"), scored("fake", fake, prefix="i" if same else "j")
    return compare(Scores(metric=metric, real=sets[0], synthetic=sets[1:]))


def pair(real: FloatArray, fake: FloatArray, *, same: bool = False) -> Pair:
    sets = scored("real", real, prefix="i"), scored("fake", fake, prefix="i" if same else "j")
    return pair_of(ScoredSet(sets[0], ACCURACY), ScoredSet(sets[1], ACCURACY), Settings())[0]


def holed(right: FloatArray, share: float, rng: np.random.Generator) -> FloatArray:
    return np.where(rng.random(right.shape) < share, np.nan, right)


@pytest.mark.parametrize("same", [False, True])
def test_the_gap_of_holed_sets_holds_the_truth(same: bool) -> None:  # noqa: FBT001  # parametrised
    """Truth: no gap. With .6 of the cells missing, filled ones made the interval 2.5 times too narrow."""
    rng, held, rounds = np.random.default_rng(3), 0, 300
    for _ in range(rounds):
        right = answers(ABILITY, 80, rng)
        again = np.where(rng.random(right.shape) < 0.1, answers(ABILITY, 80, rng), right)
        fake = again if same else answers(ABILITY, 80, rng)
        found = gap(pair(holed(right, 0.6, rng), holed(fake, 0.6, rng), same=same))
        held += found.low <= 0 <= found.high
    # Three standard errors of a share of 300 around .95.
    assert 0.91 < held / rounds < 0.99


def test_noise_floor_of_shared_items_with_holes() -> None:
    """Var(a) / n_a + Var(b) / n_b - 2 Cov k / (n_a n_b) with k common items, averaged over many random holes."""
    rng = np.random.default_rng(0)
    right = answers(ABILITY, 400, rng)
    again = np.where(rng.random(right.shape) < 0.15, 1 - right, right)
    floors, wanted = [], []
    for _ in range(40):
        a, b = holed(right, 0.3, rng), holed(again, 0.3, rng)
        floors.append(mspd_noise_floor(a, b, same_items=True))
        each = []
        for x, y in zip(a, b, strict=True):
            both = np.isfinite(x) & np.isfinite(y)
            n_x, n_y = np.isfinite(x).sum(), np.isfinite(y).sum()
            shared = np.cov(x[both], y[both])[0, 1] * both.sum() / n_x / n_y
            each.append(np.nanvar(x, ddof=1) / n_x + np.nanvar(y, ddof=1) / n_y - 2 * shared)
        wanted.append(np.mean(each))
    assert np.mean(floors) == pytest.approx(np.mean(wanted), rel=0.005)


def test_twenty_of_twenty_is_no_certain_gap() -> None:
    found = report_of(np.ones((5, 20)), np.ones((5, 20))).fidelity["fake"]["gap"]
    # The share of one more right answer: p = 20.5 / 21, variance p (1 - p) / 20 on both sides.
    p = 20.5 / 21
    half = 1.959964 * math.sqrt(2 * p * (1 - p) / 20)
    assert (found.value, found.low, found.high) == pytest.approx((0.0, -half, half), abs=1e-6)


def test_worth_is_unknown_where_real_scores_do_not_vary() -> None:
    rng = np.random.default_rng(0)
    found = report_of(np.ones((5, 20)), answers(ABILITY[:5], 20, rng)).fidelity["fake"]
    for name in ("worth_score", "worth_rank"):
        assert math.isnan(found[name].value)
        assert any("do not vary" in text for text in found[name].warnings)


def test_holes_do_not_make_a_set_worth_more() -> None:
    """A real item's variance is that of the items that were scored, however many were not: worth stays in proportion.

    The real scores have no part in what the set itself is: with half of their cells missing at random the median worth
    over studies stays, while counting all items as scored would double it.
    """
    rng = np.random.default_rng(5)
    whole, holes = [], []
    for _ in range(12):
        right, fake = answers(ABILITY, 400, rng), answers(ABILITY - 0.8, 400, rng)
        whole.append(worth_score(pair(right, fake)).value)
        holes.append(worth_score(pair(holed(right, 0.5, rng), fake)).value)
    assert np.median(holes) == pytest.approx(np.median(whole), rel=0.2)


def test_worth_of_a_perfect_order_is_within_reach() -> None:
    """Same abilities up to a shift: the truth is (v_c / s_r2) R2 / (1 - R2) of the true scores, about 290 here.

    Quantiles of draws whose correlation never reaches 1 ended below it in 31 to 38 % of such studies.
    """
    grid = np.random.default_rng(0).normal(0, 1, 20_000)
    rng, held, rounds, n = np.random.default_rng(1), 0, 40, 300
    for _ in range(rounds):
        ability = rng.normal(0, 0.8, 12)
        p_r, p_s = (1 / (1 + np.exp(grid - a[:, None])) for a in (ability, ability + 0.3))
        true_r, true_s = p_r.mean(axis=1), p_s.mean(axis=1)
        own_r, own_s = (float((p * (1 - p)).mean()) for p in (p_r, p_s))
        cov = np.cov(true_r, true_s)
        r2 = cov[0, 1] ** 2 / (cov[0, 0] * (cov[1, 1] + own_s / n))
        truth = own_r / cov[0, 0] * r2 / (1 - r2)
        found = worth_rank(pair(answers(ability, n, rng), answers(ability + 0.3, n, rng)))
        held += found.low <= truth <= found.high
    assert held / rounds >= 0.88  # two standard errors below .95


def test_no_difference_is_tested_by_the_whole_matrix_and_by_the_mean() -> None:
    rng = np.random.default_rng(0)
    own, common = rng.uniform(0.001, 0.01, 7), 0.004
    v = np.diag(own) + common
    for d in (rng.normal(0, 0.15, 7), rng.normal(0.2, 0.01, 7)):
        whole = stats.chi2.sf(d @ np.linalg.inv(v) @ d, 7)
        mean = 2 * stats.norm.sf(abs(d.mean()) / np.sqrt(v.mean()))
        assert no_difference_p(d, own, common) == pytest.approx(2 * min(whole, mean), rel=1e-9)


def test_a_set_without_difference_is_within_reach() -> None:
    """Truth: the same abilities, so mspd 0 and a worth of n. Draws alone held it in none of 60 such studies."""
    rng, level_held, worth_held, rounds, n = np.random.default_rng(2), 0, 0, 60, 100
    for _ in range(rounds):
        ability = rng.normal(0, 0.7, 6)
        both = pair(answers(ability, n, rng), answers(ability, n, rng))
        squares, excess, worth = mspd(both), mspd_excess(both), worth_score(both)
        level_held += squares.low == excess.low == 0
        worth_held += worth.high >= 0.9 * n  # v and v_s are estimates, too
    assert min(level_held, worth_held) / rounds > 0.88


def test_a_true_difference_keeps_its_interval_off_zero() -> None:
    rng = np.random.default_rng(2)
    ability = rng.normal(0, 0.7, 6)
    both = pair(answers(ability, 400, rng), answers(ability + 1.0, 400, rng))
    assert both.difference_rejected
    assert mspd(both).low > 0.01


def test_solvers_that_differ_by_rounding_tie() -> None:
    """(.1 + .2 + .3) / 3 and (.3 + .2 + .1) / 3 differ in the last digit of a binary number, and are equal."""
    up, down, low = [0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.1, 0.1, 0.1]
    real, fake = np.array([up, down, [0.2, 0.1, 0.3], low]), np.array([down, up, [0.2, 0.3, 0.1], low])
    assert sum(up) != sum(down)
    found = report_of(real, fake, metric=MEAN).fidelity["fake"]
    for name in ("srcc", "kendall_tau", "pairwise_agreement", "top1_agreement"):
        assert found[name].value == pytest.approx(1.0), name


def test_an_interval_ends_at_what_a_set_with_ties_can_show() -> None:
    rng = np.random.default_rng(0)
    fake = np.repeat(answers(ABILITY[:3], 30, rng), 2, axis=0)
    found = report_of(answers(ABILITY, 30, rng), fake).fidelity["fake"]
    # Three of fifteen pairs are tied, each counts 1/2; one of two best solvers is the best.
    assert found["pairwise_agreement"].high <= (12 + 3 / 2) / 15 + 1e-12
    assert found["top1_agreement"].high <= 0.5


def test_scores_above_one_are_said() -> None:
    rng = np.random.default_rng(0)
    real, fake = answers(ABILITY, 40, rng), answers(ABILITY, 40, rng)
    percent = Metric(name="score", finish=finish_mean, is_mean=True, unit=False)
    assert any("say --percent" in text for text in report_of(real * 100, fake * 100, metric=percent).warnings)
    assert not any("say --percent" in text for text in report_of(real, fake).warnings)
