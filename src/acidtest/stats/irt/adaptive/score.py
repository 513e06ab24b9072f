"""The score on a whole benchmark of solvers that were asked some of its items, with its error.

A solver's score is what it scored on the items it was asked, and what its state lets expect on the others. Its raw mean
over the items asked says little: a good solver was asked hard ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.adaptive.trust import allowance, shared
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small.predicted_score import predicted_score
from acidtest.stats.irt.small.score_model import ABILITIES, NEAREST, SLOPES, SPREAD, ScoreModel

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
        common: Variance of all solvers' values at once: by the items' common difficulty, had other items been drawn,
            and by how the items came out in their calibration. `error` leaves it out.
        calibration: The second part alone.
    """

    value: FloatArray
    error: FloatArray
    ability: FloatArray
    ability_se: FloatArray
    asked: FloatArray
    common: float
    calibration: float = 0.0


def whole_scores(scores: ArrayLike, items: Items, *, solvers: int | None = None) -> WholeScores:
    """Return the scores of M solvers on all n items; see `predicted_score`, which knows that solvers differ in slope.

    Let A be what the answered items are expected to bring, and U the others. Over the solver's possible states U varies
    by Var(U), and the luck of each answer adds its own: the prediction's squared error is Var(U) and the luck on U.
    Luck on the answered items also moves what is expected of the others: the estimate's squared error is the luck on A,
    2 Cov(U, A) and Var(U).

    Args:
        scores: [M, n], 0 to 1; NaN: not asked.
        items: [n] parameters, taken as known; see `trust.flattened`.
        solvers: How many solvers the items were calibrated on, for which errors are widened (`trust.allowance`); None:
            the items are known.

    Example:
        >>> bank = Items(discrimination=np.ones(4), difficulty=np.zeros(4), guess=np.zeros(4))
        >>> found = whole_scores([[1, 1, np.nan, np.nan], [1, 1, 1, 0]], bank)
        >>> found.value.round(1).tolist(), found.asked.tolist()
        ([0.8, 0.8], [2.0, 4.0])
    """
    given = np.atleast_2d(np.asarray(scores, np.float64))
    asked, n = np.isfinite(given), len(items)
    model = bank_model(items)
    found = predicted_score(model, given)
    weight = model.posterior(given)
    ours, others = (np.where(at, 1.0, 0.0) @ model.expected.T for at in (asked, ~asked))
    covariance = (weight * ours * others).sum(axis=1) - (weight * ours).sum(axis=1) * (weight * others).sum(axis=1)
    luck = np.where(asked, model.noise(weight), 0.0).sum(axis=1)
    estimated = found.ability_se**2 + (luck + 2 * np.maximum(covariance, 0.0)) / n**2
    error = np.sqrt(np.maximum(found.ability_se**2 + found.unseen_se**2, estimated))
    # Who answered everything has a mean like any other: a curve that does not fit must not make it less certain.
    plain = np.sqrt(np.maximum(np.nan_to_num(given**2).mean(axis=1) - found.value**2, 0.0) / max(n - 1, 1))
    everything, placed = asked.all(axis=1), ability(given, items)
    wider = 1.0 if solvers is None else allowance(solvers)
    # Only those who were tested share the calibration's error: their part of it is the whole mean's.
    tested = asked.any(axis=1) & ~everything
    share = float(tested.sum()) / max(int(asked.any(axis=1).sum()), 1)
    same = share**2 * shared(solvers) if solvers else 0.0
    together = same * float(np.square(wider * error[tested]).mean()) if same else 0.0
    drawn = float((weight @ model.expected).mean(axis=0).var(ddof=1)) / n if n > 1 else 0.0
    return WholeScores(
        value=found.value,
        error=np.where(everything, np.minimum(error, plain), np.sqrt(1 - same) * wider * error),
        ability=placed.value,
        ability_se=wider * placed.se,
        asked=asked.sum(axis=1).astype(np.float64),
        common=drawn + together,
        calibration=together,
    )


def bank_model(items: Items) -> ScoreModel:
    """Return which states to expect of a new solver of whom only the items' scale is known: abilities are N(0, 1)."""
    at, slope = np.repeat(ABILITIES, len(SLOPES)), np.tile(np.exp(SPREAD * SLOPES), len(ABILITIES))
    likely = np.outer(np.exp(-0.5 * ABILITIES**2), np.exp(-0.5 * SLOPES**2)).ravel()
    expected, luck = np.empty((len(at), len(items))), np.zeros((len(at), len(items)))
    for one in np.unique(slope):
        rows = slope == one
        steeper = Items(
            discrimination=one * items.discrimination,
            difficulty=items.difficulty,
            guess=items.guess,
            residual=items.residual,
        )
        expected[rows] = np.clip(steeper.expected(at[rows] / one), NEAREST, 1 - NEAREST)
        if items.residual is not None:
            luck[rows] = _luck(steeper, items.residual, at[rows] / one)
    weight = likely / likely.sum()
    binomial = expected * (1 - expected)
    return ScoreModel(
        items=items,
        ability=at,
        slope=slope,
        log_weight=np.log(weight),
        expected=expected,
        dispersion=1.0 if items.residual is None else float((weight @ luck).sum() / (weight @ binomial).sum()),
        spread=SPREAD,
        solver_state=np.zeros(0, np.int64),
        solvers=0,
    )


def _luck(items: Items, residual: FloatArray, t: FloatArray) -> FloatArray:
    """Return [..., n]: the variance of a score between 0 and 1 around what the ability lets expect."""
    mean = items.expected(t)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    variance, scale = np.zeros_like(mean), weights.sum()
    for node, share in zip(nodes, weights / scale, strict=True):  # one by one: all at once would fill the memory
        variance += share * np.square(expit(items.linear(t) + residual * node) - mean)
    return variance
