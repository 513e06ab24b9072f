"""Place solvers on the scale of items that are calibrated already."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """[M] abilities and their standard errors, in standard deviations of the solvers that the items were fitted on."""

    value: FloatArray
    se: FloatArray


def ability(
    scores: ArrayLike, items: Items, *, method: Literal["map", "eap"] = "map", mean: float = 0.0, sd: float = 1.0
) -> Abilities:
    """Return abilities of solvers from their scores on calibrated items.

    Args:
        scores: [M, n] or [n], 0 to 1, NaN where not asked.
        items: [n] parameters, taken as known.
        method: `map`: the likeliest ability; `eap`: the mean of the posterior.
        mean: The prior's; what a solver without any score gets.
        sd: The prior's standard deviation.
    """
    x = np.atleast_2d(np.asarray(scores, np.float64))
    if items.residual is not None:
        from acidtest.stats.irt.continuous import continuous_ability

        return continuous_ability(x, items, mean=mean, sd=sd)
    seen = np.isfinite(x)
    x = np.where(seen, x, 0.0)
    theta = np.full(len(x), mean)
    for _ in range(100):
        right = expit(items.linear(theta))
        p = items.guess + (1 - items.guess) * right
        slope = items.discrimination * (1 - items.guess) * right * (1 - right)
        w = np.where(seen, slope**2 / np.maximum(p * (1 - p), 1e-12), 0.0)
        g = np.where(seen, slope * (x - p) / np.maximum(p * (1 - p), 1e-12), 0.0).sum(1) - (theta - mean) / sd**2
        h = w.sum(1) + 1 / sd**2
        step = np.clip(g / h, -1, 1)
        theta = theta + step
        if np.abs(step).max() < 1e-8:
            break
    return Abilities(value=theta, se=1 / np.sqrt(h))
