"""What a solver can, told without the item that is looked at: else an item would vouch for itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    residual = np.where(seen, (x - expected) / np.sqrt(variance), 0.0)
    return AbilitiesWithout(part=part, ability=ability, weight=_weights(np.clip(residual, -_FAR, _FAR), seen))


_FAR = 4.0
_CHANCE = 3.0
"""Standard errors of a correlation of 0."""


def _weights(residual: FloatArray, seen: NDArray[np.bool_]) -> FloatArray:
    """Return 1 / (1 + the squared correlations of a solver's errors with others'): of two equal solvers, half each."""
    both = seen.astype(float) @ seen.astype(float).T
    size = np.sqrt(np.maximum((residual**2) @ seen.T.astype(float), _TINY))
    together = (residual @ residual.T) / (size * size.T)
    # only what is well above chance is alike; fitting an item's difficulty pushes all pairs below 0 besides
    squared = np.where(together > _CHANCE / np.sqrt(np.maximum(both, 1.0)), together**2, 0.0)
    np.fill_diagonal(squared, 0.0)
    weight: FloatArray = 1 / (1 + np.minimum(squared, 1.0).sum(1))
    return weight
