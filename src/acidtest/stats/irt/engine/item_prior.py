"""What items have in common, learnt from all of them: the prior of each.

(log discrimination, level) is normal around a mean that all share, where

    level = easiness / w,    w = exp(power x (log discrimination - its mean))

With power 0 easiness varies as much among steep items as among flat ones; with power 1 difficulty does. Taken for 0
where it is 1, it bends the scale: with thousands of items, more than their answers' noise. So it is learnt, too.

Mean and covariance are learnt from the items' own posteriors, width and all, so that eight solvers teach no less spread
than there is. A few imaginary items of usual spread stand beside the real ones: with few solvers, the spread of
discriminations is hardly to be seen in the scores.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray

USUAL_SD = (0.4, 1.5)
"""Standard deviations of log discrimination and easiness of the imaginary items."""
IMAGINARY = 4.0
"""How many they are."""
IMAGINARY_AT_0 = 1.0
"""How many more have log discrimination and easiness 0, so that items which all got right stay finite."""
USUAL_POWER, USUAL_POWER_SD = 0.5, 0.3
"""The power is normal around the first with the second: few items say nothing of it."""
USUAL_SCALE_SD = 1.0
"""The common log discrimination is normal around 0 with this: data that say nothing of it leave it finite."""
MOST_SD = 0.8
"""Log discrimination is taken to vary no more than this: else one item of few can run away with the scale, as steep
as it likes and with a prior that widens to let it. Within two of these, discriminations differ by a factor of 25."""
_MOST_POWER = 0.3
"""The longest step of the power."""
_ONE_SLOPE = 1e-8
"""Variance of log discrimination where all items have one."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What items have in common: (log discrimination, level) is normal around mean [2] with covariance [2, 2]."""

    mean: FloatArray
    covariance: FloatArray
    power: float

    def as_vector(self, *, one_slope: bool) -> FloatArray:
        """Return [6], all free to be any number: mean, Cholesky factor with logarithms on its diagonal, power."""
        root = np.linalg.cholesky(self.covariance)
        first = (0.0, 0.0) if one_slope else (np.log(root[0, 0]), root[1, 0])
        return np.array([*self.mean, *first, np.log(root[1, 1]), self.power])

    def width(self, log_discrimination: FloatArray) -> FloatArray:
        """Return w [...]: how wide easiness is at these discriminations, beside at the usual one."""
        wide: FloatArray = np.exp(self.power * (log_discrimination - self.mean[0]))
        return wide

    def levels(self, parameters: FloatArray) -> FloatArray:
        """Return (log discrimination, level) of (log discrimination, easiness), both [..., 2]."""
        la, easiness = parameters[..., 0], parameters[..., 1]
        return np.stack([la, easiness / self.width(la)], -1)

    def parameters(self, levels: FloatArray) -> FloatArray:
        """Return (log discrimination, easiness) of (log discrimination, level), both [..., 2]."""
        la, level = levels[..., 0], levels[..., 1]
        return np.stack([la, level * self.width(la)], -1)

    def slopes(self, parameters: FloatArray) -> FloatArray:
        """Return [..., 2, 2]: derivatives of (log discrimination, level) by (log discrimination, easiness)."""
        la, easiness = parameters[..., 0], parameters[..., 1]
        wide = self.width(la)
        first = np.stack([np.ones_like(la), np.zeros_like(la)], -1)
        return np.stack([first, np.stack([-self.power * easiness / wide, 1 / wide], -1)], -2)

    def moved(self, centre: float, scale: float) -> "Shared":
        """Return the same where abilities become (ability - centre) / scale."""
        step = np.array([np.log(scale), np.exp(self.mean[0]) * centre])
        return Shared(mean=self.mean + step, covariance=self.covariance, power=self.power)


def shared_of(vector: FloatArray, *, one_slope: bool) -> Shared:
    """Return what `Shared.as_vector` made a vector of."""
    if one_slope:
        return Shared(mean=vector[:2].copy(), covariance=np.diag([_ONE_SLOPE, np.exp(2 * vector[4])]), power=0.0)
    root = np.array([[np.exp(vector[2]), 0.0], [vector[3], np.exp(vector[4])]])
    return Shared(mean=vector[:2].copy(), covariance=root @ root.T, power=float(vector[5]))


def first_shared(easiness: float, *, one_slope: bool) -> Shared:
    """Return what to start from, given the mean easiness."""
    sd = np.array(USUAL_SD)
    variance = (_ONE_SLOPE if one_slope else sd[0] ** 2, sd[1] ** 2)
    power = 0.0 if one_slope else USUAL_POWER
    return Shared(mean=np.array([0.0, easiness]), covariance=np.diag(variance), power=power)


def learnt(levels: FloatArray, weight: FloatArray, before: Shared, *, one_slope: bool) -> Shared:
    """Return what n items have in common, given where (log discrimination, level) of each may be.

    Args:
        levels: [K, n, 2] places of each, by the width that items had `before`.
        weight: [K, n] of each item's places, together 1.
        before: What items were taken to have in common.
        one_slope: All items have one discrimination.
    """
    n = levels.shape[1]
    centre = np.einsum("kn,kni->i", weight, levels) / (n + IMAGINARY_AT_0)
    away = levels - centre
    total = np.einsum("kn,kni,knj->ij", weight, away, away) + IMAGINARY * np.diag(np.square(USUAL_SD))
    total /= n + IMAGINARY
    narrower = np.array([min(1.0, MOST_SD / np.sqrt(total[0, 0])), 1.0])
    total *= np.outer(narrower, narrower)
    if one_slope:
        return Shared(mean=centre, covariance=np.diag([_ONE_SLOPE, total[1, 1]]), power=0.0)
    power = before.power + _power_step(levels, away, weight, total, before.power)
    # levels are those at the usual discrimination, which has moved
    unit = np.array([1.0, np.exp(before.power * (centre[0] - before.mean[0]))])
    return Shared(mean=centre * unit, covariance=total * np.outer(unit, unit), power=power)


def _power_step(
    levels: FloatArray, away: FloatArray, weight: FloatArray, covariance: FloatArray, power: float
) -> float:
    """Return a step of Fisher scoring towards the likeliest power; another one moves levels by -away x level."""
    precision = np.linalg.inv(covariance)
    moved = away[..., 0] * levels[..., 1]
    first = float((weight * ((away @ precision[1]) * moved - away[..., 0])).sum())
    second = float((weight * (precision[1, 1] * moved**2 + away[..., 0] ** 2)).sum())
    pull = 1 / USUAL_POWER_SD**2
    return float(np.clip((first - pull * (power - USUAL_POWER)) / (second + pull), -_MOST_POWER, _MOST_POWER))


def widened(
    covariance: FloatArray,
    alone: FloatArray,
    spread: FloatArray,
    learnt_from: NDArray[np.bool_],
    *,
    one_slope: bool,
) -> FloatArray:
    """Return items' covariances [n, 2, 2] with the doubt about the spread of items in them.

    An item that its own answers say little of is as wide as the spread that all items show. How well is that known? An
    item whose width is a share r of the spread teaches (1 - r)^2 of what an item known exactly would, so the variance
    has f = sum (1 - r)^2 degrees of freedom. Its logarithm has variance 2 / f; its mean is exp(1 / f) as large.

    Args:
        covariance: To be widened.
        alone: [n, 2, 2] each item's own, from which its r follows.
        spread: [n, 2] variances over items like each.
        learnt_from: [n] which items this was learnt from.
        one_slope: All items have one discrimination.
    """
    share = np.minimum(np.diagonal(alone, axis1=1, axis2=2) / spread, 1.0)
    freedom = IMAGINARY + ((1 - share[learnt_from]) ** 2).sum(0)
    factor = np.sqrt(1 + share**2 * np.expm1(1 / freedom))
    if one_slope:
        factor[:, 0] = 1.0
    wider: FloatArray = covariance * factor[:, :, None] * factor[:, None, :]
    return wider
