"""Checks of fit say nothing where the model is true, and find what was built in."""

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from scipy.special import expit

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check.fit_check import check_fit
from acidtest.stats.irt.check.limited_information import limited_information, m2
from acidtest.stats.irt.check.misfit import Misfit, false_discovery, misfit, parting, residual_correlations
from acidtest.stats.irt.check.replicates import replicates
from acidtest.stats.irt.continuous import fit_continuous
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.stats.irt.items import Items


def simulated(solvers: int, n: int, seed: int, *, second: float = 0.0) -> FloatArray:
    """Return scores of a 2PL; `second`: how much every other item asks for an ability of its own."""
    rng = np.random.default_rng(seed)
    a, d = np.exp(rng.normal(0, 0.3, n)), rng.normal(0.3, 1.0, n)
    one, two = rng.normal(size=(solvers, 1)), rng.normal(size=(solvers, 1))
    chance = expit(a * one + d + second * two * (np.arange(n) % 2))
    return np.asarray(rng.random(chance.shape) < chance, np.float64)


def test_where_the_model_is_true_checks_hold_their_level() -> None:
    """8 tables, 3 checks at 5 %: 24 decisions, of which the binomial gives 5 or more in 1 of 170 cases.

    At a false discovery rate of 10 % a table where all is well has any find in 1 of 10 cases: 4 of 8 in 1 of 200.
    """
    rejected, called, pairs, curve = 0, 0, 0, []
    for seed in range(8):
        scores = simulated(30, 60, seed)
        found = check_fit(scores, fit_irt(scores), seed=seed, draws=60)
        rejected += sum(one.p <= 0.05 for one in (found.scores, found.items, found.dependence))
        called += bool(found.misfits)
        pairs += found.pairs_called > 0
        curve.append(np.nanmean(found.curve_p <= 0.05))
    assert rejected <= 4
    assert called <= 3
    assert pairs <= 3
    assert 0.02 < np.mean(curve) < 0.09


def test_copies_of_one_item_are_called_dependent() -> None:
    scores = simulated(60, 40, 1)
    scores[:, 8] = scores[:, 7]
    found = check_fit(scores, fit_irt(scores), seed=0, draws=60)
    assert (found.pairs[0].one, found.pairs[0].two) == (7, 8)
    assert found.pairs[0].correlation == pytest.approx(1, abs=0.05)
    assert found.pairs[0].q < 0.05


def test_a_second_ability_shows_as_dependence() -> None:
    scores = simulated(80, 60, 2, second=1.5)
    found = check_fit(scores, fit_irt(scores), seed=0, draws=60)
    assert found.dependence.p < 0.05
    assert found.dependence.found.value > found.dependence.found.low > 0.05


def test_an_item_that_the_best_miss_does_not_fit() -> None:
    scores = simulated(120, 40, 3)
    order = np.argsort(scores.sum(1))
    scores[:, 5] = 0
    scores[order[30:90], 5] = 1  # only the middle is right: no curve that rises says that
    found = check_fit(scores, fit_irt(scores), seed=0, draws=60)
    assert 5 in found.misfits[:2]
    assert found.curve_p[5] < 0.001
    assert found.items.found.value < 0.2


def test_residual_correlations_are_plain_correlations() -> None:
    """numpy.corrcoef of residuals, where nothing is missing."""
    scores = simulated(25, 12, 4)
    fit = fit_irt(scores)
    found = misfit(scores, fit.items, fit.ability)
    use = np.flatnonzero(parting(scores))
    residual = (scores - fit.items.expected(fit.ability))[:, use]
    plain = [np.corrcoef(residual[:, j], residual[:, k])[0, 1] for j, k in combinations(range(len(use)), 2)]
    np.testing.assert_allclose(residual_correlations(found, use), plain, atol=1e-12)


def test_outfit_is_the_mean_of_squared_standardised_residuals() -> None:
    scores = simulated(25, 12, 5)
    scores[3, 4] = np.nan
    items = Items(discrimination=np.ones(12), difficulty=np.zeros(12), guess=np.zeros(12))
    ability = np.linspace(-1, 1, 25)
    found: Misfit = misfit(scores, items, ability)
    p = 1 / (1 + np.exp(-ability))
    for j in range(12):
        z2 = (scores[:, j] - p) ** 2 / (p * (1 - p))
        assert found.outfit[j] == pytest.approx(np.nanmean(z2))


def test_false_discovery_rates_are_those_of_scipy() -> None:
    p = np.random.default_rng(0).random(30) ** 2
    np.testing.assert_allclose(false_discovery(p), scipy.stats.false_discovery_control(p))


def test_replicates_look_like_the_scores() -> None:
    scores = simulated(40, 50, 6)
    scores[::5, :10] = np.nan
    fit: Fit = fit_irt(scores)
    tables = np.array(list(replicates(scores, fit, rng=np.random.default_rng(0), draws=60)))
    assert (np.isnan(tables) == np.isnan(scores)).all()
    share, usual = np.nanmean(scores, 0), np.nanmean(tables, axis=1)
    assert np.mean(np.abs(share - usual.mean(0)) < 2.5 * usual.std(0)) > 0.95


@pytest.mark.parametrize(("solvers", "k"), [(100, 5), (200, 8)])
def test_m2_is_chi_square_where_the_2pl_is_true(solvers: int, k: int) -> None:
    """Its size at 5 % over 100 tables: the binomial lies within .01 and .11 in 99 of 100 cases. Its mean: degrees."""
    found = [m2(simulated(solvers, k, seed)) for seed in range(100)]
    statistics, degrees = np.array([one for one, _ in found]), found[0][1]
    assert degrees == k * (k - 3) // 2
    assert statistics.mean() == pytest.approx(degrees, rel=0.15)
    assert 0.005 <= np.mean(scipy.stats.chi2.sf(statistics, degrees) < 0.05) <= 0.11


def test_m2_finds_a_second_ability_and_says_how_much() -> None:
    rng = np.random.default_rng(0)
    fine = limited_information(simulated(400, 30, 0), rng=rng)
    wrong = limited_information(simulated(400, 30, 0, second=2.0), rng=rng)
    assert not isinstance(fine, str)
    assert not isinstance(wrong, str)
    assert fine.p > 0.01
    assert wrong.p < 1e-4
    assert fine.rmsea.value < 0.02
    assert wrong.rmsea.value > 0.04
    assert wrong.rmsea.low < wrong.rmsea.value < wrong.rmsea.high
    assert (fine.sets, fine.items, fine.degrees) == (8, 10, 35)


def test_m2_is_not_given_where_it_is_not_valid() -> None:
    scores = simulated(30, 60, 0)
    found = check_fit(scores, fit_irt(scores), seed=0, draws=20)
    assert found.limited is None
    assert "80 solvers" in found.why_not
    easy = np.ones((200, 6))
    assert "too few" in str(limited_information(easy, rng=np.random.default_rng(0)))


def test_scores_between_0_and_1_are_checked_by_their_own_model() -> None:
    rng = np.random.default_rng(7)
    ability = rng.normal(size=(30, 1))
    scores = expit(ability * np.exp(rng.normal(0, 0.3, 25)) + 0.7 * rng.standard_normal((30, 25)))
    scores[:, 3] = np.clip(scores[:, 2] + 0.001, 0, 1)
    found = check_fit(scores, fit_continuous(scores), seed=0, draws=40)
    assert {found.pairs[0].one, found.pairs[0].two} == {2, 3}
    assert "2PL" in found.why_not


def test_checks_give_the_same_for_the_same_seed_and_refuse_what_is_no_fit_of_theirs() -> None:
    scores = simulated(12, 20, 8)
    fit = fit_irt(scores)
    one, two = (check_fit(scores, fit, seed=3, draws=20) for _ in range(2))
    np.testing.assert_array_equal(one.item_q, two.item_q)
    assert one.dependence == two.dependence
    with pytest.raises(DataError, match="not those of the fit"):
        check_fit(scores[:, 1:], fit, seed=0)
    with pytest.raises(DataError, match="draws"):
        check_fit(scores, fit, seed=0, draws=3)


def test_items_that_all_or_none_get_right_break_nothing() -> None:
    scores = np.zeros((9, 8))
    scores[:, :4] = 1
    scores[:3, 1] = 0
    scores[2, 6] = np.nan
    found = check_fit(scores, fit_irt(scores), seed=0, draws=20)
    assert np.isnan(found.dependence.p)
    assert np.isfinite(found.item_q).all()
