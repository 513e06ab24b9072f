"""What checks make of misfit and of simulated tables: each chance counted slowly, draw by draw."""

from itertools import combinations

import numpy as np
import pytest

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check import fit_check
from acidtest.stats.irt.check.fit_check import FitCheck, check_fit
from acidtest.stats.irt.check.misfit import Misfit, false_discovery, misfit, residual_correlations
from acidtest.stats.irt.check.quick_fit import quick_fit
from acidtest.stats.irt.check.replicates import drawn_items, replicates, simulated
from acidtest.stats.irt.fit import Fit, fit_irt

SEED, DRAWS = 5, 21


def slow_beyond(seen: FloatArray, drawn: FloatArray) -> list[float]:
    """How many of all draws, each measured by the mean and spread of its item's other draws, are as large or larger."""
    pool = []
    for column in drawn.T:
        known = column[np.isfinite(column)]
        for k in range(len(known)):
            others = np.delete(known, k)
            pool.append((known[k] - others.mean()) / others.std())
    found = []
    for one, column in zip(seen, drawn.T, strict=True):
        known = column[np.isfinite(column)]
        away = (one - known.mean()) / known.std()
        found.append((sum(other >= away for other in pool) + 1) / (len(pool) + 1))
    return found


def test_chances_by_all_draws_together() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.normal(rng.normal(0, 3, 6), rng.uniform(0.5, 2, 6), (20, 6))
    drawn[rng.random(drawn.shape) < 0.15] = np.nan
    seen = np.nanmean(drawn, 0) + np.nanstd(drawn, 0) * np.array([-3.0, -1.0, 0.0, 0.7, 2.0, 30.0])
    assert fit_check._beyond(seen, drawn) == pytest.approx(slow_beyond(seen, drawn), rel=1e-12)
    by_sign = [
        min(1.0, 2 * min(one, other))
        for one, other in zip(slow_beyond(seen, drawn), slow_beyond(-seen, -drawn), strict=True)
    ]
    assert fit_check._pair_tail(seen, drawn) == pytest.approx(by_sign, rel=1e-12)


def test_chances_of_misfit_are_those_of_its_log() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.lognormal(0, 1, (25, 5))
    drawn[3, 2], drawn[:, 4] = 0.0, np.nan
    seen = np.array([0.1, 2.0, 5.0, 0.0, np.nan])
    found = fit_check._tail(seen, drawn)
    log = np.log(np.maximum(drawn[:, :4], 1e-9))
    assert found[:4] == pytest.approx(slow_beyond(np.log(np.maximum(seen[:4], 1e-9)), log), rel=1e-12)
    assert np.isnan(found[4])


def test_draws_that_are_all_alike_break_nothing() -> None:
    same = np.ones((20, 2))
    assert fit_check._beyond(np.array([1.0, 2.0]), same).tolist() == [1.0, 1 / 41]


def scores_of(seed: int, *, solvers: int = 26, n: int = 14) -> FloatArray:
    rng = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-(rng.normal(size=(solvers, 1)) * rng.lognormal(0, 0.3, n) + rng.normal(0, 1, n))))
    scores = (rng.random(chance.shape) < chance).astype(float)
    scores[:, 5] = scores[:, 4]
    scores[:, 9] = np.where(rng.random(solvers) < 0.2, 1 - scores[:, 8], scores[:, 8])
    scores[rng.random(scores.shape) < 0.05] = np.nan
    scores[:, 13] = 1.0
    scores[7] = np.nan
    return scores


class Slow:
    """The same tables, drawn and fitted in the same order, kept whole."""

    def __init__(self, scores: FloatArray, fit: Fit) -> None:
        rng = np.random.default_rng(SEED)
        right, wrong = (scores == 1).sum(0), (scores == 0).sum(0)
        use = np.flatnonzero((right >= 3) & (wrong >= 3))
        self.among = np.sort(rng.choice(use, len(use), replace=False))
        self.seen = misfit(scores, *quick_fit(scores, fit))
        tables = [misfit(one, *quick_fit(one, fit)) for one in replicates(scores, fit, rng=rng, draws=DRAWS)]
        self.tables: list[Misfit] = tables
        self.rng = rng
        self.scores, self.fit = scores, fit

    def score_differences(self) -> tuple[float, list[float]]:
        scored = np.isfinite(self.scores).any(1)
        sets = []
        for _ in range(DRAWS):
            ability = self.rng.standard_normal(len(self.scores))
            ability = (ability - ability.mean()) / ability.std()
            one = simulated(drawn_items(self.fit, self.rng), ability, self.rng)
            one[np.isnan(self.scores)] = np.nan
            sets.append(sorted(np.nanmean(row) for row in one[scored]))
        middle = np.mean(sets, axis=0)
        own = sorted(np.nanmean(row) for row in self.scores[scored])
        return float(np.abs(own - middle).mean()), [float(np.abs(one - middle).mean()) for one in np.array(sets)]


@pytest.fixture
def checked() -> tuple[FitCheck, Slow]:
    scores = scores_of(3)
    fit = fit_irt(scores, model="rasch")  # no M2, which would draw before the scores do
    return check_fit(scores, fit, seed=SEED, draws=DRAWS), Slow(scores, fit)


def test_items_are_checked_as_defined(checked: tuple[FitCheck, Slow]) -> None:
    found, slow = checked
    np.testing.assert_array_equal(found.outfit, slow.seen.outfit)
    np.testing.assert_array_equal(found.curve, slow.seen.curve)
    outfit, curve = (
        slow_beyond(np.log(getattr(slow.seen, name)), np.log([getattr(one, name) for one in slow.tables]))
        for name in ("outfit", "curve")
    )
    assert found.outfit_p == pytest.approx(outfit, rel=1e-9)
    assert found.curve_p == pytest.approx(curve, rel=1e-9)
    either = np.array([min(1.0, 2 * min(pair)) for pair in zip(outfit, curve, strict=True)])
    q = false_discovery(either)
    assert found.item_q == pytest.approx(q, rel=1e-9)
    assert found.misfits == tuple(sorted(np.flatnonzero(q <= 0.1).tolist(), key=lambda j: (q[j], j)))
    assert found.items.found.value == pytest.approx(len(found.misfits) / 14)
    assert found.items.found.n == 14
    larger = sum(np.mean(one.curve) >= np.mean(slow.seen.curve) for one in slow.tables)
    assert found.items.p == (larger + 1) / (DRAWS + 1)
    assert (found.draws, found.pairs_all, found.limited) == (DRAWS, 91, None)
    assert "rasch" in found.why_not


def test_pairs_are_checked_as_defined(checked: tuple[FitCheck, Slow]) -> None:
    found, slow = checked
    k = len(slow.among)
    assert found.pairs_checked == k * (k - 1) / 2
    own = residual_correlations(slow.seen, slow.among)
    pool = np.array([residual_correlations(one, slow.among) for one in slow.tables])
    usable = np.isfinite(own) & (np.isfinite(pool).sum(0) > DRAWS / 2)
    pairs = [pair for pair, used in zip(combinations(slow.among.tolist(), 2), usable, strict=True) if used]
    own, pool = own[usable], pool[:, usable]
    over = [np.mean(own**2) - np.nanmean(one**2) for one in pool]
    dependence = found.dependence
    ends = [dependence.found.low, dependence.found.value, dependence.found.high]
    assert ends == pytest.approx(np.sqrt(np.maximum(np.quantile(over, [0.025, 0.5, 0.975]), 0)), rel=1e-9)
    assert dependence.p == (sum(one <= 0 for one in over) + 1) / (DRAWS + 1)
    assert dependence.found.n == len(pairs)
    both = zip(slow_beyond(own, pool), slow_beyond(-own, -pool), strict=True)
    q = false_discovery(np.array([min(1.0, 2 * min(pair)) for pair in both]))
    called = [i for i in range(len(pairs)) if q[i] <= 0.1]
    assert found.pairs_called == len(called) >= 1
    assert (4, 5) in {(pair.one, pair.two) for pair in found.pairs}
    called.sort(key=lambda i: (q[i], -abs(own[i])))
    for pair, i in zip(found.pairs, called, strict=True):
        assert (pair.one, pair.two) == pairs[i]
        assert (pair.correlation, pair.q) == pytest.approx((own[i], q[i]), rel=1e-9)


def test_solver_scores_are_checked_as_defined(checked: tuple[FitCheck, Slow]) -> None:
    found, slow = checked
    away, usual = slow.score_differences()
    assert found.scores.found.value == pytest.approx(away, rel=1e-9)
    assert found.scores.found.n == 25
    assert f"by chance {np.mean(usual):.3f}" in found.scores.found.method
    assert found.scores.p == (sum(one >= away for one in usual) + 1) / (DRAWS + 1)


def test_no_more_items_than_said_are_paired_and_no_more_pairs_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.repeat(scores_of(4, solvers=40)[:, :5], 6, axis=1)
    fit = fit_irt(scores, model="rasch")
    assert (fit_check.MOST_ITEMS_IN_PAIRS, fit_check.MOST_PAIRS_SHOWN) == (250, 50)
    whole = check_fit(scores, fit, seed=1, draws=20)
    assert whole.pairs_called > 50 == len(whole.pairs)
    monkeypatch.setattr(fit_check, "MOST_ITEMS_IN_PAIRS", 7)
    some = check_fit(scores, fit, seed=1, draws=20)
    assert (some.pairs_checked, some.pairs_all) == (21, 435)


def test_200_tables_unless_asked_otherwise() -> None:
    scores = scores_of(7)[:, :6]
    assert check_fit(scores, fit_irt(scores, model="rasch"), seed=0).draws == 200


def test_a_fit_that_had_not_settled_is_said_and_19_draws_are_refused() -> None:
    scores = scores_of(6)
    fit = fit_irt(scores, most_sweeps=1)
    assert len(check_fit(scores, fit, seed=0, draws=20).warnings) == 1
    with pytest.raises(DataError, match="20 at least"):
        check_fit(scores, fit, seed=0, draws=19)


def test_pairs_without_enough_answers_in_the_tables_are_left_out() -> None:
    """More than half of the tables must know a pair."""
    rng = np.random.default_rng(8)
    scores = (rng.random((30, 3)) < 0.5).astype(float)
    fit = fit_irt(scores, model="rasch")
    seen = misfit(scores, *quick_fit(scores, fit))
    among = np.arange(3)
    pairs = rng.normal(0, 0.2, (20, 3))
    pairs[:10, 0], pairs[:9, 1] = np.nan, np.nan
    drawn = fit_check._Simulated(outfit=pairs, curve=pairs, pairs=pairs)
    assert fit_check._dependence(seen, drawn, among)[2].found.n == 2
    pairs[:10] = np.nan  # half the tables know nothing at all
    found, called, none = fit_check._dependence(seen, drawn, among)
    assert (found, called, none.found.n) == ((), 0, 0)
    assert np.isnan([none.p, none.found.value]).all()
