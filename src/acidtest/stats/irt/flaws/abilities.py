"""What a solver can, told without the item that is looked at: else an item would vouch for itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit

IntArray = NDArray[np.int64]

FOLDS = 20
_STEP = 1e-3
_TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class AbilitiesWithout:
    """Abilities of M solvers, each told without one part of the items.

    Attributes:
        part: [n] the part that an item is in.
        ability: [parts, M] ability by all items of other parts.
        weight: [M] what a solver's answers count, 0 to 1: solvers that err alike count together as one.
    """

    part: IntArray
    ability: FloatArray
    weight: FloatArray

    def take(self, index: IntArray | NDArray[np.bool_]) -> "AbilitiesWithout":
        """Return the same for some of the items."""
        return AbilitiesWithout(part=self.part[index], ability=self.ability, weight=self.weight)


def abilities_without(scores: ArrayLike, fit: Fit, *, rng: np.random.Generator, parts: int = FOLDS) -> AbilitiesWithout:
    """Return abilities that owe nothing to the item they are used for.

    Items fall into parts at random. Leaving a part out is one Newton step from the ability of all items, with the
    gradient and the information of the items that stay.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.
        fit: The calibration of the same table.
        rng: Who decides which item is in which part.
        parts: How many there are; at most one per item.
    """
    x = np.asarray(scores, np.float64)
    n = x.shape[1]
    parts = min(parts, n)
    part = rng.permutation(n) % parts
    seen = np.isfinite(x)
    expected = np.clip(fit.items.expected(fit.ability), _TINY, 1 - _TINY)
    slope = (fit.items.expected(fit.ability + _STEP) - fit.items.expected(fit.ability - _STEP)) / (2 * _STEP)
    variance = expected * (1 - expected)
    pull = np.where(seen, slope * (x - expected) / variance, 0.0)
    known = np.where(seen, slope**2 / variance, 0.0)
    total = known.sum(1) + 1.0
    ability = np.empty((parts, len(x)))
    for fold in range(parts):
        out = part == fold
        ability[fold] = fit.ability - pull[:, out].sum(1) / np.maximum(total - known[:, out].sum(1), 1.0)
    return AbilitiesWithout(part=part, ability=ability, weight=solver_weights(x))


_CHANCE = 3.0
"""Standard errors of a correlation of 0."""


def solver_weights(scores: ArrayLike) -> FloatArray:
    """Return [M]: 1 / (1 + the sum of a solver's correlations with the others), 1 where all are independent.

    Correlations are of what solver and item leave unexplained in a model of these alone (Rasch's). Taking the item's
    share off pushes all of them below 0, the more the fewer families there are; the median pair is taken for one of
    strangers, and put back to 0. What is not clearly above chance counts as 0. Of two equal solvers each counts half
    (Kish's design effect).

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.

    Source: Kish, Survey Sampling, 1965, section 5.4.
    """
    x = np.asarray(scores, np.float64)
    seen = np.isfinite(x)
    there = seen.astype(float)
    rest = _less_solver_and_item(np.where(seen, x, 0.0), there)
    size = np.sqrt(np.maximum((rest**2) @ there.T, _TINY))
    alike = (rest @ rest.T) / (size * size.T)
    pairs = alike[np.triu_indices(len(x), 1)]
    back = max(-float(np.median(pairs)), 0.0)
    alike = (alike + back) / (1 + back)
    alike = np.where(alike > _CHANCE / np.sqrt(np.maximum(there @ there.T, 1.0)), np.minimum(alike, 1.0), 0.0)
    np.fill_diagonal(alike, 0.0)
    weight: FloatArray = 1 / (1 + alike.sum(1))
    return weight


def _less_solver_and_item(scores: FloatArray, there: FloatArray) -> FloatArray:
    """Return scores less what Rasch's model expects, 0 where there is none; both sides are held by a wide prior."""
    solver, item = np.zeros((len(scores), 1)), np.zeros((1, scores.shape[1]))
    for _ in range(_STEPS):
        item = item + _step(scores, there, solver + item, item, axis=0)
        solver = solver + _step(scores, there, solver + item, solver, axis=1)
    return (scores - expit(solver + item)) * there


def _step(scores: FloatArray, there: FloatArray, linear: FloatArray, side: FloatArray, *, axis: int) -> FloatArray:
    p = expit(linear)
    pull = ((scores - p) * there).sum(axis, keepdims=True) - side / _WIDE**2
    known = (p * (1 - p) * there).sum(axis, keepdims=True) + 1 / _WIDE**2
    step: FloatArray = np.clip(pull / known, -1.0, 1.0)
    return step


_STEPS = 30
_WIDE = 3.0
