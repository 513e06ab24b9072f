"""What items have in common, learnt from all of them: the prior of each.

(log discrimination, easiness) is normal around a mean that all share. Mean and covariance are learnt from the items'
own posteriors, width and all, so that eight solvers teach no less spread than there is. A few imaginary items of usual
spread stand beside the real ones: with few solvers, the spread of discriminations is hardly to be seen in the scores.
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
USUAL_SCALE_SD = 1.0
"""The common log discrimination is normal around 0 with this: data that say nothing of it leave it finite."""
_ONE_SLOPE = 1e-8
"""Variance of log discrimination where all items have one."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What items have in common: (log discrimination, easiness) is normal around mean [2] with covariance [2, 2]."""

    mean: FloatArray
    covariance: FloatArray

    def as_vector(self, *, one_slope: bool) -> FloatArray:
        """Return [5], all free to be any number: the mean, and the Cholesky factor with logarithms on its diagonal."""
        root = np.linalg.cholesky(self.covariance)
        first = (0.0, 0.0) if one_slope else (np.log(root[0, 0]), root[1, 0])
        return np.array([*self.mean, *first, np.log(root[1, 1])])

    def moved(self, centre: float, scale: float) -> "Shared":
        """Return the same where abilities become (ability - centre) / scale."""
        step = np.array([np.log(scale), np.exp(self.mean[0]) * centre])
        return Shared(mean=self.mean + step, covariance=self.covariance)


def shared_of(vector: FloatArray, *, one_slope: bool) -> Shared:
    """Return what `Shared.as_vector` made a vector of."""
    if one_slope:
        return Shared(mean=vector[:2].copy(), covariance=np.diag([_ONE_SLOPE, np.exp(2 * vector[4])]))
    root = np.array([[np.exp(vector[2]), 0.0], [vector[3], np.exp(vector[4])]])
    return Shared(mean=vector[:2].copy(), covariance=root @ root.T)


def first_shared(easiness: float, *, one_slope: bool) -> Shared:
    """Return what to start from, given the mean easiness."""
    sd = np.array(USUAL_SD)
    variance = (_ONE_SLOPE if one_slope else sd[0] ** 2, sd[1] ** 2)
    return Shared(mean=np.array([0.0, easiness]), covariance=np.diag(variance))


def learnt(mean: FloatArray, covariance: FloatArray, *, one_slope: bool) -> Shared:
    """Return what n items have in common, given means [n, 2] and covariances [n, 2, 2] of each."""
    centre = mean.sum(0) / (len(mean) + IMAGINARY_AT_0)
    away = mean - centre
    total = covariance.sum(0) + away.T @ away + IMAGINARY * np.diag(np.square(USUAL_SD))
    total /= len(mean) + IMAGINARY
    if one_slope:
        total = np.diag([_ONE_SLOPE, total[1, 1]])
    return Shared(mean=centre, covariance=total)


def widened(
    covariance: FloatArray, alone: FloatArray, shared: Shared, learnt_from: NDArray[np.bool_], *, one_slope: bool
) -> FloatArray:
    """Return items' covariances [n, 2, 2] with the doubt about the spread of items in them.

    An item that its own answers say little of is as wide as the spread that all items show. How well is that known? An
    item whose width is a share r of the spread teaches (1 - r)^2 of what an item known exactly would, so the variance
    has f = sum (1 - r)^2 degrees of freedom. Its logarithm has variance 2 / f; its mean is exp(1 / f) as large.

    Args:
        covariance: To be widened.
        alone: [n, 2, 2] each item's own, from which its r follows.
        shared: What items have in common.
        learnt_from: [n] which items this was learnt from.
        one_slope: All items have one discrimination.
    """
    share = np.minimum(np.diagonal(alone, axis1=1, axis2=2) / np.diag(shared.covariance), 1.0)
    freedom = IMAGINARY + ((1 - share[learnt_from]) ** 2).sum(0)
    factor = np.sqrt(1 + share**2 * np.expm1(1 / freedom))
    if one_slope:
        factor[:, 0] = 1.0
    wider: FloatArray = covariance * factor[:, :, None] * factor[:, None, :]
    return wider
