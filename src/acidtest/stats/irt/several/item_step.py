"""One step for all items of a normal or logistic model at once: what each says about its slope and its easiness.

Given the solvers, an item's log-likelihood is quadratic in (a, d), a its discrimination and d its easiness:

    T1 a + T0 d - (S2 a^2 + 2 S1 a d + S0 d^2) / 2

exactly so where log-odds of scores are normal, and as a lower bound of the logistic one (Jaakkola and Jordan 2000;
Polson, Scott and Windle 2013). Priors: log a normal, d normal, the same for all items and learnt from all.
"""

from dataclasses import dataclass

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Prior

FIRST_PRIOR = Prior(log_discrimination=0.0, log_discrimination_sd=0.3, easiness=0.0, easiness_sd=1.5)
IMAGINARY = 4.0
"""Imaginary items of the first prior's spread among those that the spread is learnt from: two items teach little."""
LARGEST_MOVE = 0.7


@dataclass(frozen=True, kw_only=True)
class ItemSums:
    """[n] each: S0, S1, S2 (weights, times ability, times its square) and T0, T1 (scores, times ability)."""

    weight: FloatArray
    first: FloatArray
    second: FloatArray
    score: FloatArray
    score_first: FloatArray


@dataclass(frozen=True, kw_only=True)
class ItemStep:
    """[n] log discriminations and easinesses, and [n, 2, 2] the covariance of both."""

    log_discrimination: FloatArray
    easiness: FloatArray
    covariance: FloatArray


def item_step(sums: ItemSums, prior: Prior, log_discrimination: FloatArray, easiness: FloatArray) -> ItemStep:
    """Return the items after two guarded Fisher steps towards the most probable ones."""
    la, d = log_discrimination, easiness
    va, vd = prior.log_discrimination_sd**2, prior.easiness_sd**2
    for _ in range(2):
        a = np.exp(la)
        ga = a * (sums.score_first - a * sums.second - d * sums.first) - (la - prior.log_discrimination) / va
        gd = sums.score - a * sums.first - d * sums.weight - (d - prior.easiness) / vd
        cov = _covariance(sums, a, va, vd)
        la = la + np.clip(cov[:, 0, 0] * ga + cov[:, 0, 1] * gd, -LARGEST_MOVE, LARGEST_MOVE)
        # the best easiness at the new slope is exact
        d = (sums.score - np.exp(la) * sums.first + prior.easiness / vd) / (sums.weight + 1 / vd)
    return ItemStep(log_discrimination=la, easiness=d, covariance=_covariance(sums, np.exp(la), va, vd))


def learnt_prior(step: ItemStep, answered: FloatArray) -> Prior:
    """Return what the items that anybody answered have in common; `answered` [n] is 1 or 0."""
    number = float(answered.sum())
    means, spreads = [], []
    for k, (values, first) in enumerate(
        (
            (step.log_discrimination, FIRST_PRIOR.log_discrimination_sd),
            (step.easiness, FIRST_PRIOR.easiness_sd),
        )
    ):
        mean = float(answered @ values) / number
        squares = float(answered @ ((values - mean) ** 2 + step.covariance[:, k, k]))
        means.append(mean)
        spreads.append(float(np.sqrt((squares + IMAGINARY * first**2) / (number + IMAGINARY))))
    return Prior(
        log_discrimination=means[0], log_discrimination_sd=spreads[0], easiness=means[1], easiness_sd=spreads[1]
    )


def difficulty_se(log_discrimination: FloatArray, easiness: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return [n]: standard errors of -easiness / discrimination, by the delta method."""
    a = np.exp(log_discrimination)
    b = -easiness / a
    variance = covariance[:, 1, 1] / a**2 + 2 * b / a * covariance[:, 0, 1] + b**2 * covariance[:, 0, 0]
    found: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return found


def _covariance(sums: ItemSums, a: FloatArray, va: float, vd: float) -> FloatArray:
    h11, h12, h22 = a * a * sums.second + 1 / va, a * sums.first, sums.weight + 1 / vd
    det = h11 * h22 - h12**2
    found: FloatArray = np.stack([np.stack([h22, -h12], -1), np.stack([-h12, h11], -1)], -2) / det[:, None, None]
    return found
