"""Simulated tables of answers whose solvers and items are known."""

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items


def simulated(
    solvers: int,
    items: int,
    missing: float = 0.0,
    seed: int = 0,
    *,
    easiness: tuple[float, float] | None = None,
    slopes: float = 0.3,
    guess: float = 0.0,
) -> tuple[FloatArray, FloatArray, Items]:
    """Return scores [M, n], abilities [M] and items: abilities normal, discrimination log-normal around 1.

    Args:
        solvers: M.
        items: n.
        missing: Share of scores that are NaN.
        seed: Of all chance.
        easiness: Mean and standard deviation of easiness; None: difficulties are standard normal instead.
        slopes: Standard deviation of log discrimination. 0: a Rasch world.
        guess: Chance of guessing right.
    """
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=solvers)
    difficulty = rng.normal(size=items)
    discrimination = np.exp(rng.normal(0, slopes, items))
    if easiness is not None:
        difficulty = -(easiness[0] + easiness[1] * difficulty) / discrimination
    known = Items(discrimination=discrimination, difficulty=difficulty, guess=np.full(items, guess))
    scores = (rng.random((solvers, items)) < known.expected(ability)).astype(float)
    if missing:
        scores[rng.random(scores.shape) < missing] = np.nan
    return scores, ability, known


def on_fitted_scale(ability: FloatArray, items: Items) -> tuple[FloatArray, Items]:
    """Return abilities with mean 0 and standard deviation 1 over these solvers, and the items on that scale."""
    centre, scale = ability.mean(), ability.std()
    moved = Items(
        discrimination=items.discrimination * scale, difficulty=(items.difficulty - centre) / scale, guess=items.guess
    )
    return (ability - centre) / scale, moved
