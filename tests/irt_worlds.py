"""Simulated tables of answers whose truth is known, and how a fit did on them; for tests."""

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.items import Items


def world(
    solvers: int,
    items: int,
    seed: int,
    *,
    missing: float = 0.0,
    slopes: float = 0.3,
    easiness: float = 0.0,
    guess: float = 0.0,
) -> tuple[FloatArray, FloatArray, Items]:
    """Return scores [M, n], abilities with mean 0 and standard deviation 1 over these solvers, and the items."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=solvers)
    ability = (ability - ability.mean()) / ability.std()
    a, d = np.exp(rng.normal(0, slopes, items)), rng.normal(easiness, 1, items)
    known = Items(discrimination=a, difficulty=-d / a, guess=np.full(items, guess))
    scores = (rng.random((solvers, items)) < known.expected(ability)).astype(float)
    scores[rng.random(scores.shape) < missing] = np.nan
    return scores, ability, known


def parameters(items: Items) -> FloatArray:
    """Return [n, 2] log discrimination and easiness."""
    return np.stack([np.log(items.discrimination), -items.discrimination * items.difficulty], -1)


def off_by(fit: Fit, ability: FloatArray, items: Items) -> tuple[FloatArray, FloatArray]:
    """Return errors over standard errors, of abilities [M] and of items' parameters [n, 2]."""
    width = np.sqrt(np.diagonal(fit.covariance, axis1=1, axis2=2))
    return (fit.ability - ability) / fit.ability_se, (parameters(fit.items) - parameters(items)) / width
