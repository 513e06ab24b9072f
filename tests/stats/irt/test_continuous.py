"""Scores between 0 and 1: equal to the normal model's closed form, written out by numpy on the whole joint normal."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, polygamma

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.continuous import continuous_ability, continuous_log_likelihood, fit_continuous, log_odds
from acidtest.stats.irt.fit import fit_irt
from acidtest.stats.irt.items import Items


def some_items(n: int, rng: np.random.Generator) -> Items:
    return Items(
        discrimination=np.exp(rng.normal(0, 0.3, n)),
        difficulty=rng.normal(0, 0.7, n),
        guess=np.zeros(n),
        residual=np.exp(rng.normal(-0.5, 0.3, n)),
    )


def answered(items: Items, ability: FloatArray, rng: np.random.Generator, missing: float = 0.0) -> FloatArray:
    assert items.residual is not None
    noise = rng.standard_normal((len(ability), len(items)))
    scores = expit(items.linear(ability) + items.residual * noise)
    return np.where(rng.random(scores.shape) < missing, np.nan, scores)


def solvers(number: int, rng: np.random.Generator) -> FloatArray:
    ability = rng.normal(size=number)
    return np.asarray((ability - ability.mean()) / ability.std())


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_abilities_are_conditional_means_of_the_joint_normal(missing: float) -> None:
    """(ability, log-odds) is normal with covariance [[s2, s2 a'], [s2 a, s2 a a' + R]]; condition on what was seen."""
    rng = np.random.default_rng(0)
    items = some_items(7, rng)
    scores = answered(items, rng.normal(size=5), rng, missing)
    mean, sd = 0.3, 1.4
    found = continuous_ability(scores, items, mean=mean, sd=sd)
    assert items.residual is not None
    a = items.discrimination
    whole = sd**2 * np.outer(np.append(1, a), np.append(1, a)) + np.diag(np.append(0, items.residual**2))
    for m, row in enumerate(scores):
        k = np.flatnonzero(np.isfinite(row))
        away = log_odds(row[k]) - a[k] * (mean - items.difficulty[k])
        weights = np.linalg.solve(whole[np.ix_(k + 1, k + 1)], whole[k + 1, 0])
        assert found.value[m] == pytest.approx(mean + weights @ away, abs=1e-10)
        assert found.se[m] == pytest.approx(np.sqrt(whole[0, 0] - weights @ whole[k + 1, 0]), abs=1e-10)


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_the_likelihood_is_that_of_the_joint_normal(missing: float) -> None:
    rng = np.random.default_rng(1)
    items = some_items(6, rng)
    scores = answered(items, rng.normal(size=4), rng, missing)
    assert items.residual is not None
    covariance = 1.2**2 * np.outer(items.discrimination, items.discrimination) + np.diag(items.residual**2)
    centre = items.discrimination * (0.2 - items.difficulty)
    for row, found in zip(scores, continuous_log_likelihood(scores, items, mean=0.2, sd=1.2), strict=True):
        k = np.isfinite(row)
        normal = scipy.stats.multivariate_normal(centre[k], covariance[np.ix_(k, k)])
        assert found == pytest.approx(normal.logpdf(log_odds(row[k])), abs=1e-9)


def test_the_fit_is_as_likely_as_factor_analysis() -> None:
    """scikit-learn's one-factor maximum likelihood, where the items' priors weigh little: 400 solvers on 12 items."""
    from sklearn.decomposition import FactorAnalysis

    rng = np.random.default_rng(2)
    scores = answered(some_items(12, rng), solvers(400, rng), rng)
    y = log_odds(scores)
    best = FactorAnalysis(1, tol=1e-8, max_iter=5000).fit(y)
    loadings = best.components_[0] * np.sign(best.components_[0].sum())
    theirs = Items(
        discrimination=loadings,
        difficulty=-best.mean_ / loadings,
        guess=np.zeros(12),
        residual=np.sqrt(best.noise_variance_),
    )
    assert continuous_log_likelihood(scores, theirs).mean() == pytest.approx(best.score(y), abs=1e-9)
    fit = fit_continuous(scores)
    assert fit.converged
    # abilities were put to sd 1 as points: their own spread under the model is a little more
    ours = max(continuous_log_likelihood(scores, fit.items, sd=sd).mean() for sd in np.linspace(1, 1.1, 11))
    assert best.score(y) - 0.02 < ours <= best.score(y) + 1e-6
    assert np.corrcoef(fit.ability, best.transform(y)[:, 0] * np.sign(best.components_[0].sum()))[0, 1] > 0.9999


@pytest.mark.parametrize(("number", "n", "missing"), [(8, 200, 0.0), (60, 300, 0.1)])
def test_what_was_simulated_is_found(number: int, n: int, missing: float) -> None:
    """Errors as large as they say, and abilities nearly as near as with the items known."""
    rng = np.random.default_rng(3)
    items, ability = some_items(n, rng), solvers(number, rng)
    scores = answered(items, ability, rng, missing)
    fit = fit_continuous(scores)
    known = continuous_ability(scores, items)
    assert fit.converged
    assert np.sqrt(np.mean((fit.ability - ability) ** 2)) < 1.25 * np.sqrt(np.mean((known.value - ability) ** 2)) + 0.01
    for found, true, se in (
        (fit.ability, ability, fit.ability_se),
        (fit.items.discrimination, items.discrimination, fit.discrimination_se),
        (fit.items.difficulty, items.difficulty, fit.difficulty_se),
    ):
        assert 0.6 < np.std((found - true) / se) < 1.5
    assert fit.items.residual is not None
    assert items.residual is not None
    # the log of a standard deviation on its own has this error (half the root of trigamma); learning from all helps
    alone = np.sqrt(polygamma(1, (number * (1 - missing) - 2) / 2)) / 2
    assert np.std(np.log(fit.items.residual / items.residual)) < 1.05 * alone


def test_the_scale_is_that_of_its_own_solvers_and_order_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    scores = answered(some_items(30, rng), solvers(9, rng), rng, 0.2)
    fit = fit_continuous(scores)
    assert fit.ability.mean() == pytest.approx(0, abs=1e-9)
    assert fit.ability.std() == pytest.approx(1, abs=1e-9)
    rows, columns = rng.permutation(9), rng.permutation(30)
    other = fit_continuous(scores[np.ix_(rows, columns)])
    np.testing.assert_allclose(other.ability, fit.ability[rows], atol=1e-6)
    np.testing.assert_allclose(other.items.difficulty, fit.items.difficulty[columns], rtol=1e-4, atol=1e-5)


def test_an_item_that_goes_the_wrong_way_does_not_part_solvers() -> None:
    rng = np.random.default_rng(5)
    items, ability = some_items(40, rng), solvers(30, rng)
    scores = answered(items, ability, rng)
    scores[:, 0] = 1 - scores[:, 0]
    fit = fit_continuous(scores)
    assert fit.items.discrimination[0] < 0.4 * np.median(fit.items.discrimination[1:])
    assert fit.items.discrimination[0] > 0


def test_unanswered_items_and_silent_solvers_get_what_the_prior_says() -> None:
    rng = np.random.default_rng(6)
    scores = answered(some_items(20, rng), solvers(10, rng), rng)
    scores[3], scores[:, 5] = np.nan, np.nan
    fit = fit_continuous(scores)
    assert (fit.ability[3], fit.ability_se[3]) == (0.0, 1.0)
    assert fit.items.discrimination[5] == pytest.approx(np.exp(fit.prior.log_discrimination))
    assert np.sqrt(fit.covariance[5, 0, 0]) == pytest.approx(fit.prior.log_discrimination_sd, rel=0.05)


def test_many_scores_at_the_ends_are_said() -> None:
    rng = np.random.default_rng(7)
    scores = answered(some_items(20, rng), solvers(10, rng), rng)
    assert not fit_continuous(scores).warnings
    few = scores.copy()
    few[:, 0] = 1.0
    assert "5% of the scores are exactly 0 or 1" in fit_continuous(few).warnings[0]
    scores[:, :7] = np.round(scores[:, :7])
    assert "35% of the scores are exactly 0 or 1" in fit_continuous(scores).warnings[0]


def test_the_scale_for_all_models_comes_here() -> None:
    rng = np.random.default_rng(8)
    scores = answered(some_items(20, rng), solvers(10, rng), rng)
    direct = fit_continuous(scores, tolerance=1e-4)
    np.testing.assert_array_equal(fit_irt(scores, model="continuous").ability, direct.ability)


def test_what_is_no_table_of_scores_is_refused() -> None:
    for wrong in ([[0.5, 1.2], [0.1, 0.2]], [[0.5, 0.1]], [[np.nan] * 2] * 2):
        with pytest.raises(DataError):
            fit_continuous(wrong)
    binary = Items(discrimination=np.ones(1), difficulty=np.zeros(1), guess=np.zeros(1))
    with pytest.raises(DataError):
        continuous_ability([0.5], binary)


CELLS = st.sampled_from([np.nan, 0.0, 1.0, 0.5, 1e-9, 0.25, 0.999])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(2, 6).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=2, max_size=6)))
def test_no_table_makes_nan_or_a_residual_of_nothing(table: list[list[float]]) -> None:
    scores = np.array(table)
    if not np.isfinite(scores).any():
        return
    fit = fit_continuous(scores, most_sweeps=60)
    assert fit.items.residual is not None
    assert (fit.items.residual >= 0.019).all()
    assert (fit.items.discrimination > 0).all()
    for values in (
        fit.items.discrimination,
        fit.items.difficulty,
        fit.items.residual,
        fit.discrimination_se,
        fit.difficulty_se,
        fit.covariance,
        fit.ability,
        fit.ability_se,
        np.array(fit.log_likelihood),
    ):
        assert np.isfinite(values).all()
