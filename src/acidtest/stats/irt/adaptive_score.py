"""The score on a whole benchmark of solvers that were asked some of its items, with its error.

A solver's score is what it scored on the items it was asked, and what its ability lets expect on the others. Its raw
mean over the items asked says little: a good solver was asked hard ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.items import Items

_NODES = 21


@dataclass(frozen=True, kw_only=True)
class WholeScores:
    """What M solvers would score on all n items.

    Attributes:
        value: [M] mean score, 0 to 1.
        error: [M] standard error: of `value` as a prediction of what the solver would score on just these items, or as
            an estimate of what it scores on items like these, whichever is larger.
        ability, ability_se: [M] on the scale of the items.
        asked: [M] how many items were answered.
        common: Variance of all solvers' values at once by the items' common difficulty, had other items been drawn.
    """

    value: FloatArray
    error: FloatArray
    ability: FloatArray
    ability_se: FloatArray
    asked: FloatArray
    common: float


def whole_scores(scores: ArrayLike, items: Items) -> WholeScores:
    """Return the scores of M solvers on all n items.

    With x the scores of the items asked (A), E(t) the curves of the others (U), t the ability with its standard error
    s, v the variance of an answer around its curve, and D the sum of the curves' slopes, the value is
    (sum_A x + sum_U E(t)) / n. Misses on U are D_U (t - true t) and the luck of each answer there; the luck on A moves
    t, too. So n^2 times the squared error is sum_U v + D_U^2 s^2 of the prediction, and
    sum_A v + 2 D_U D_A s^2 + D_U^2 s^2 of the estimate.

    Args:
        scores: [M, n], 0 to 1; NaN: not asked.
        items: [n] parameters, taken as known; see `adaptive_trust.flattened`.

    Example:
        >>> bank = Items(discrimination=np.ones(4), difficulty=np.zeros(4), guess=np.zeros(4))
        >>> found = whole_scores([[1, 1, np.nan, np.nan], [1, 1, 1, 0]], bank)
        >>> found.value.round(2).tolist(), found.asked.tolist()
        ([0.83, 0.75], [2.0, 4.0])
    """
    given = np.atleast_2d(np.asarray(scores, np.float64))
    asked = np.isfinite(given)
    found = ability(given, items)
    t, squared = found.value, found.se**2
    curve, slope, luck = items.expected(t), _slope(items, t), _luck(items, t)
    value = np.where(asked, np.nan_to_num(given), curve).mean(axis=1)
    d_asked, d_other = (np.where(at, slope, 0.0).sum(axis=1) for at in (asked, ~asked))
    v_asked, v_other = (np.where(at, luck, 0.0).sum(axis=1) for at in (asked, ~asked))
    predicted = v_other + d_other**2 * squared
    estimated = v_asked + (2 * d_other * d_asked + d_other**2) * squared
    n = len(items)
    error = np.sqrt(np.maximum(predicted, estimated)) / n
    # Who answered everything has a mean like any other: a curve that does not fit must not make it less certain.
    plain = np.sqrt(np.maximum(np.nan_to_num(given**2).mean(axis=1) - value**2, 0.0) / max(n - 1, 1))
    return WholeScores(
        value=value,
        error=np.where(asked.all(axis=1), np.minimum(error, plain), error),
        ability=t,
        ability_se=found.se,
        asked=asked.sum(axis=1).astype(np.float64),
        common=float(curve.mean(axis=0).var(ddof=1)) / n if n > 1 else 0.0,
    )


def _slope(items: Items, t: FloatArray) -> FloatArray:
    """Return [M, n]: the derivative of the expected score by ability."""
    step = 1e-4
    slope: FloatArray = (items.expected(t + step) - items.expected(t - step)) / (2 * step)
    return slope


def _luck(items: Items, t: FloatArray) -> FloatArray:
    """Return [M, n]: the variance of a score around what the ability lets expect."""
    mean = items.expected(t)
    if items.residual is None:
        return mean * (1 - mean)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    drawn = expit(items.linear(t)[..., None] + items.residual[:, None] * nodes)
    variance: FloatArray = np.square(drawn - mean[..., None]) @ (weights / weights.sum())
    return variance
