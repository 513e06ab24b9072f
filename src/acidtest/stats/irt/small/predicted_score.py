"""The score on a whole benchmark, predicted from answers to some of its items, with its error.

The estimator is p-IRT of tinyBenchmarks (Polo et al., arXiv 2402.14992, eq. 3.2): items that were answered count with
their own scores, all others with the score that is expected of them; here averaged over all states that the answers
leave possible, not taken at one ability. gp-IRT mixes it with the weighted mean of the answers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.small.score_model import ScoreModel


@dataclass(frozen=True, kw_only=True)
class PredictedScores:
    """Predicted mean scores of M solvers on a whole benchmark, 0 to 1.

    Attributes:
        value: [M] NaN where a solver has no item that counts.
        ability_se: [M] from not knowing the solver well: its ability and slope.
        unseen_se: [M] from the luck of the items that were not asked.
        misfit_se: From the model: solvers that no ability describes, items calibrated on few solvers.
        solvers: How many held-out solvers the last was learnt from; it decides how wide an interval must be.
    """

    value: FloatArray
    ability_se: FloatArray
    unseen_se: FloatArray
    misfit_se: float
    solvers: int

    @property
    def se(self) -> FloatArray:
        """[M] the standard error of all three together."""
        found: FloatArray = np.sqrt(self.ability_se**2 + self.unseen_se**2 + self.misfit_se**2)
        return found

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return ([M], [M]): low and high ends, within 0 and 1, by Student's t with solvers - 1 degrees."""
        wide = float(stdtrit(max(self.solvers - 1, 1), (1 + level) / 2))
        return np.clip(self.value - wide * self.se, 0, 1), np.clip(self.value + wide * self.se, 0, 1)


def predicted_score(
    model: ScoreModel, scores: ArrayLike, *, counts: ArrayLike | None = None, misfit: float = 0.0, solvers: int = 0
) -> PredictedScores:
    """Predict mean scores on all n items from the items that were answered.

    Args:
        model: The calibrated items.
        scores: [M, n], 0 to 1, NaN where not asked.
        counts: [M, n] or [n] true for the items that make up the whole score; all unless given.
        misfit: Standard error that comes from the model, as `misfit` finds it on held-out solvers.
        solvers: How many these were; unless given, those that the items were calibrated on.
    """
    given = np.atleast_2d(np.asarray(scores, np.float64))
    whole = np.ones(given.shape, bool) if counts is None else np.broadcast_to(np.asarray(counts, bool), given.shape)
    asked = np.isfinite(given) & whole
    number = whole.sum(axis=1)
    posterior = model.posterior(np.where(asked, given, np.nan))
    of_state, noise_of_state = _unseen(model, whole, asked)
    mean = (posterior * of_state).sum(axis=1)
    away = (posterior * (of_state - mean[:, None]) ** 2).sum(axis=1)
    luck = model.dispersion * (posterior * noise_of_state).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(number > 0, (np.where(asked, given, 0.0).sum(axis=1) + mean) / number, np.nan)
        ability, noise = np.sqrt(away) / number, np.sqrt(luck) / number
    return PredictedScores(
        value=value, ability_se=ability, unseen_se=noise, misfit_se=misfit, solvers=solvers or model.solvers
    )


def _unseen(model: ScoreModel, whole: NDArray[np.bool_], asked: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return ([M, G], [M, G]): sums over items that count and were not asked, of expected and expected (1 - expected).

    All items less those asked: a small test asks few, and the sums over all are the same for all solvers.
    """
    if whole.all():
        mean = model.expected.sum(axis=1)
        square = np.einsum("gn,gn->g", model.expected, model.expected)
    else:
        mean = whole.astype(np.float64) @ model.expected.T
        square = whole.astype(np.float64) @ (model.expected**2).T
    some = asked.any(axis=0)
    p, at = model.expected[:, some], asked[:, some].astype(np.float64)
    left = mean - at @ p.T
    return left, np.maximum(left - (square - at @ (p**2).T), 0.0)


def misfit(errors: ArrayLike, model_se: ArrayLike) -> float:
    """Return the standard error that held-out solvers show beyond what the model foretells; 0: none.

    Args:
        errors: [M] predicted - true whole scores of solvers that the items were not calibrated on.
        model_se: [M] what the model says their standard errors are.

    Example:
        >>> round(misfit([0.05, -0.05], [0.03, 0.03]), 3)
        0.04
    """
    e, se = np.asarray(errors, np.float64), np.asarray(model_se, np.float64)
    known = np.isfinite(e) & np.isfinite(se)
    if not known.any():
        return 0.0
    return float(np.sqrt(max(float((e[known] ** 2 - se[known] ** 2).mean()), 0.0)))


def mixed(first: FloatArray, first_se: FloatArray, second: FloatArray, second_se: FloatArray) -> FloatArray:
    """Return two predictions mixed by their variances, as gp-IRT mixes p-IRT and the weighted mean: [M].

    Example:
        >>> mixed(np.array([0.5]), np.array([0.03]), np.array([0.6]), np.array([0.03])).round(3).tolist()
        [0.55]
    """
    total = first_se**2 + second_se**2
    share = np.divide(second_se**2, total, out=np.full(np.shape(total), 0.5), where=total > 0)
    found: FloatArray = share * first + (1 - share) * second
    return found
