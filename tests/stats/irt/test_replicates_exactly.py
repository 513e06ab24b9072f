"""Simulated tables: parameters from their normal distributions, scores from the parameters."""

import numpy as np
import pytest
from scipy.special import expit

from acidtest.stats.irt.check.replicates import drawn_abilities, drawn_items, replicates, simulated
from acidtest.stats.irt.fit import Fit, Model, Prior
from acidtest.stats.irt.items import Items

N, SOLVERS = 6, 5


def fit_of(model: Model) -> Fit:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(N, 2, 2)) * 0.3
    items = Items(
        discrimination=rng.lognormal(0, 0.3, N),
        difficulty=rng.normal(0, 1, N),
        guess=np.full(N, 0.2 if model == "3pl" else 0.0),
        residual=rng.uniform(0.4, 1.0, N) if model == "continuous" else None,
    )
    return Fit(
        model=model,
        items=items,
        discrimination_se=np.ones(N),
        difficulty_se=np.ones(N),
        covariance=root @ root.transpose(0, 2, 1),
        ability=rng.normal(size=SOLVERS),
        ability_se=rng.uniform(0.2, 0.6, SOLVERS),
        prior=Prior(log_discrimination=0, log_discrimination_sd=1, easiness=0, easiness_sd=1),
        answers=np.full(N, 5.0),
        converged=True,
        sweeps=1,
        log_likelihood=0.0,
    )


@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl", "continuous"])
def test_items_are_drawn_by_the_root_of_their_covariance(model: Model) -> None:
    """numpy's Cholesky root of (log discrimination, easiness); the slope of a Rasch model is everybody's."""
    fit = fit_of(model)
    found = drawn_items(fit, np.random.default_rng(1))
    noise = np.random.default_rng(1).standard_normal((N, 2))
    for j in range(N):
        away = np.linalg.cholesky(fit.covariance[j]) @ noise[j]
        a = fit.items.discrimination[j] * (1 if model == "rasch" else np.exp(away[0]))
        easiness = -fit.items.discrimination[j] * fit.items.difficulty[j] + away[1]
        assert found.discrimination[j] == pytest.approx(a, rel=1e-9)
        assert found.difficulty[j] == pytest.approx(-easiness / a, rel=1e-9)
    np.testing.assert_array_equal(found.guess, fit.items.guess)
    assert (found.residual is None) == (fit.items.residual is None)


def test_known_items_are_drawn_as_they_are() -> None:
    fit = fit_of("2pl")
    known = Fit(**{**vars(fit), "covariance": np.zeros((N, 2, 2))})
    found = drawn_items(known, np.random.default_rng(1))
    np.testing.assert_allclose(found.discrimination, fit.items.discrimination, rtol=1e-5)
    np.testing.assert_allclose(found.difficulty, fit.items.difficulty, rtol=1e-5)


def test_abilities_and_scores_are_drawn_in_turn() -> None:
    for model in ("2pl", "3pl", "continuous"):
        fit = fit_of(model)
        rng, same = np.random.default_rng(2), np.random.default_rng(2)
        scores = np.ones((SOLVERS, N))
        scores[1, 2] = np.nan
        for table in replicates(scores, fit, rng=rng, draws=3):
            items = drawn_items(fit, same)
            ability = fit.ability + fit.ability_se * same.standard_normal(SOLVERS)
            ability = ability / np.sqrt(1 + (fit.ability_se**2).sum() / SOLVERS)
            slow = np.empty((SOLVERS, N))
            chance = same.standard_normal((SOLVERS, N)) if model == "continuous" else same.random((SOLVERS, N))
            for m in range(SOLVERS):
                for j in range(N):
                    linear = items.discrimination[j] * (ability[m] - items.difficulty[j])
                    if items.residual is None:
                        right = items.guess[j] + (1 - items.guess[j]) / (1 + np.exp(-linear))
                        slow[m, j] = chance[m, j] < right
                    else:
                        slow[m, j] = expit(linear + items.residual[j] * chance[m, j])
            slow[1, 2] = np.nan
            np.testing.assert_allclose(table, slow, rtol=1e-9)


def test_simulated_spread() -> None:
    """A mean of ability^2 + se^2 of 1 gives drawn abilities of variance 1, and scores vary as the curve says."""
    fit = fit_of("2pl")
    drawn = np.array([drawn_abilities(fit, np.random.default_rng(seed)) for seed in range(3000)])
    scale = 1 + (fit.ability_se**2).mean()
    np.testing.assert_allclose(drawn.mean(0), fit.ability / np.sqrt(scale), atol=0.05)
    np.testing.assert_allclose(drawn.var(0), fit.ability_se**2 / scale, rtol=0.12)
    right = simulated(fit.items, np.repeat(fit.ability, 3000), np.random.default_rng(0)).reshape(SOLVERS, 3000, N)
    np.testing.assert_allclose(right.mean(1), fit.items.expected(fit.ability), atol=0.04)
