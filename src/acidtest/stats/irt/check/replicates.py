"""Scores as the fitted model would give them: the yardstick of all checks of fit.

Parameters are drawn from their own uncertainty, scores from the parameters. A check fits each table anew: a fit always
lies nearer to the scores it was made from than to others, and without fitting anew a check would be far too lenient.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.items import Items


def replicates(scores: ArrayLike, fit: Fit, *, rng: np.random.Generator, draws: int) -> Iterator[FloatArray]:
    """Yield `draws` tables [M, n] as the fitted model would give them.

    Args:
        scores: [M, n] the scores that were fitted; cells that are NaN stay so.
        fit: Their fit.
        rng: For parameters and scores.
        draws: How many.
    """
    seen = np.isfinite(np.asarray(scores, np.float64))
    for _ in range(draws):
        yield np.where(seen, simulated(drawn_items(fit, rng), drawn_abilities(fit, rng), rng), np.nan)


def drawn_items(fit: Fit, rng: np.random.Generator) -> Items:
    """Return items drawn from what is known of them: log discrimination and easiness are normal."""
    noise = rng.standard_normal((len(fit.items), 2))
    slope_sd = np.sqrt(np.maximum(fit.covariance[:, 0, 0], 1e-12))
    along = fit.covariance[:, 0, 1] / slope_sd
    rest = np.sqrt(np.maximum(fit.covariance[:, 1, 1] - along**2, 0.0))
    a = fit.items.discrimination * np.exp(slope_sd * noise[:, 0])
    easiness = -fit.items.discrimination * fit.items.difficulty + along * noise[:, 0] + rest * noise[:, 1]
    if fit.model == "rasch":
        a = fit.items.discrimination
    return Items(discrimination=a, difficulty=-easiness / a, guess=fit.items.guess, residual=fit.items.residual)


def drawn_abilities(fit: Fit, rng: np.random.Generator) -> FloatArray:
    """Return [M] abilities drawn from what is known of them, their spread over solvers 1 as fitted."""
    drawn = fit.ability + fit.ability_se * rng.standard_normal(len(fit.ability))
    found: FloatArray = drawn / np.sqrt(1 + float((fit.ability_se**2).mean()))
    return found


def simulated(items: Items, ability: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return [M, n] scores of solvers of these abilities."""
    if items.residual is not None:
        noise = items.residual * rng.standard_normal((len(ability), len(items)))
        between: FloatArray = expit(items.linear(ability) + noise)
        return between
    right: FloatArray = (rng.random((len(ability), len(items))) < items.expected(ability)).astype(float)
    return right
