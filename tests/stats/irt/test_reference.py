"""The fit beside the whole posterior of a small table, drawn by Metropolis's method."""

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Prior, fit_irt
from irt_worlds import parameters, world

SWEEPS, UNUSED, CHAINS = 1400, 400, 6


def drawn(scores: FloatArray, prior: Prior) -> tuple[FloatArray, FloatArray]:
    """Return abilities [S, M] and (log discrimination, easiness) [S, n, 2]; abilities at mean 0, sd 1 in each."""
    rng = np.random.default_rng(0)
    ability = rng.normal(size=(CHAINS, scores.shape[0]))
    items = np.tile([prior.log_discrimination, 0.0], (CHAINS, scores.shape[1], 1))
    middle = np.array([prior.log_discrimination, prior.easiness])
    off = prior.correlation * prior.log_discrimination_sd * prior.easiness_sd
    precision = np.linalg.inv([[prior.log_discrimination_sd**2, off], [off, prior.easiness_sd**2]])

    def likelihood(t: FloatArray, x: FloatArray) -> FloatArray:
        u = np.exp(x[:, None, :, 0]) * t[:, :, None] + x[:, None, :, 1]
        return np.asarray(-np.logaddexp(0, -(2 * scores - 1) * u))

    def before(x: FloatArray) -> FloatArray:
        power = prior.power * (x[..., 0] - prior.log_discrimination)
        away = np.stack([x[..., 0], x[..., 1] * np.exp(-power)], -1) - middle
        return np.asarray(-0.5 * np.einsum("cni,ij,cnj->cn", away, precision, away) - power)

    abilities, parameters_ = [], []
    steps = np.array([[0.45, 0.0], [0.0, 0.9], [0.35, 0.7]])
    now = likelihood(ability, items)
    for sweep in range(SWEEPS):
        new = ability + 0.6 * rng.normal(size=ability.shape)
        there = likelihood(new, items)
        gain = there.sum(2) - now.sum(2) - (new**2 - ability**2) / 2
        taken = np.log(rng.random(ability.shape)) < gain
        ability, now = np.where(taken, new, ability), np.where(taken[..., None], there, now)
        for step in steps:
            moved = items + step * rng.normal(size=items.shape)
            there = likelihood(ability, moved)
            gain = there.sum(1) - now.sum(1) + before(moved) - before(items)
            taken = np.log(rng.random(gain.shape)) < gain
            items, now = np.where(taken[..., None], moved, items), np.where(taken[:, None], there, now)
        if sweep >= UNUSED:
            centre, spread = ability.mean(1), ability.std(1)
            easier = np.exp(items[..., 0]) * centre[:, None]
            abilities.append((ability - centre[:, None]) / spread[:, None])
            parameters_.append(items + np.stack([np.log(spread)[:, None] + 0 * easier, easier], -1))
    return np.concatenate(abilities), np.concatenate(parameters_)


def test_means_and_errors_are_those_of_the_whole_posterior() -> None:
    scores, _, _ = world(8, 40, 1)
    fit = fit_irt(scores, tolerance=1e-6)
    ability, items = drawn(scores, fit.prior)
    width = np.sqrt(np.diagonal(fit.covariance, axis1=1, axis2=2))
    # Draws are few: their own error is about a tenth of a width. The doubt about what items share widens items' errors.
    assert np.abs((fit.ability - ability.mean(0)) / ability.std(0)).max() < 0.3
    assert fit.ability_se / ability.std(0) == pytest.approx(np.ones(8), abs=0.2)
    assert np.abs((parameters(fit.items) - items.mean(0)) / items.std(0)).mean() < 0.12
    assert (width / items.std(0)).mean(0) == pytest.approx([1.1, 1.0], abs=0.1)
