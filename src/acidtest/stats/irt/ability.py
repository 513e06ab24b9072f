"""Place solvers on the scale of items that are calibrated already."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine.sums import Answers, Curves, Sums, answers_of, sums_for
from acidtest.stats.irt.items import Items

_PLACES = 31
"""Places at which a posterior is looked at for its mean, which is exact to 1e-4 then, even after one answer."""
_MOST_STEPS = 100
_CLOSE = 1e-6
"""A Newton step so short leaves an error far below itself."""


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """[M] abilities and their standard errors, in standard deviations of the solvers that the items were fitted on."""

    value: FloatArray
    se: FloatArray


@dataclass(frozen=True, kw_only=True)
class _Posterior:
    """Of M abilities: answers [n, M] to items of known curves, and a normal prior."""

    answers: Answers
    curves: Curves
    sums: Sums
    mean: float
    sd: float

    def slope(self, ability: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return [M] the derivative of the log posterior and its information, at abilities [M]."""
        first, second = self.sums.solver_sums(self.answers, ability, self.curves, np.ones(len(self.curves.row)))
        return first - (ability - self.mean) / self.sd**2, second + 1 / self.sd**2

    def value(self, ability: FloatArray) -> FloatArray:
        """Return [Q, M] the log posterior at abilities [Q, M]."""
        likelihood = self.sums.solver_values(self.answers, ability, self.curves, np.ones(len(self.curves.row)))
        posterior: FloatArray = likelihood - 0.5 * ((ability - self.mean) / self.sd) ** 2
        return posterior


def ability(
    scores: ArrayLike, items: Items, *, method: Literal["map", "eap"] = "map", mean: float = 0.0, sd: float = 1.0
) -> Abilities:
    """Return abilities of solvers from their scores on calibrated items.

    Args:
        scores: [M, n] or [n], 0 to 1, NaN where not asked; only 0 and 1 where items have no `residual`.
        items: [n] parameters, taken as known.
        method: `map`: the likeliest ability, and the error that the information there leaves; `eap`: mean and standard
            deviation of the posterior. They differ where answers are few.
        mean: The prior's; what a solver without any score gets.
        sd: The prior's standard deviation, above 0.

    Raises:
        DataError: Scores that the items cannot have, or not as many as items.

    Example:
        >>> items = Items(discrimination=np.ones(2), difficulty=np.array([-1.0, 1.0]), guess=np.zeros(2))
        >>> ability([[1.0, 0.0], [np.nan, np.nan]], items).value.tolist()
        [0.0, 0.0]
    """
    x = np.atleast_2d(np.asarray(scores, np.float64))
    if x.ndim != 2 or x.shape[1] != len(items):  # noqa: PLR2004  # solvers by items
        raise DataError(f"scores of shape {x.shape} for {len(items)} items", way_out="Give one score per item.")
    if items.residual is not None:
        from acidtest.stats.irt.continuous import continuous_ability

        return continuous_ability(x, items, mean=mean, sd=sd)
    posterior = _posterior(x, items, mean, sd)
    mode, information = _mode(posterior)
    if method == "map":
        return Abilities(value=mode, se=1 / np.sqrt(information))
    return _mean(posterior, mode, information)


def _posterior(scores: FloatArray, items: Items, mean: float, sd: float) -> _Posterior:
    if not ((scores == 0) | (scores == 1) | np.isnan(scores)).all():
        raise DataError(
            "scores other than 0 and 1 on items that are right or wrong",
            way_out="Use items of the continuous model, or say from which score on an answer is right (--right-at).",
        )
    asked = np.flatnonzero(~np.isnan(scores).all(0))
    answers = answers_of(scores[:, asked] if len(asked) < len(items) else scores)
    some = items.take(asked)
    easiness = -some.discrimination * some.difficulty
    curves = Curves(np.arange(len(asked)), some.discrimination, easiness, some.guess if some.guess.any() else None)
    return _Posterior(answers=answers, curves=curves, sums=sums_for(answers.size), mean=mean, sd=sd)


def _mode(posterior: _Posterior) -> tuple[FloatArray, FloatArray]:
    """Return [M] modes and the information there: Newton's steps, held between where the log posterior rises and falls.

    Steep items make a posterior with corners, over which bare Newton steps leap to and fro for ever.
    """
    solvers = posterior.answers.shape[1]
    theta = np.full(solvers, posterior.mean)
    reach = posterior.sd**2 * float(np.abs(posterior.curves.slope).sum()) + posterior.sd
    low, high = theta - reach, theta + reach
    for _ in range(_MOST_STEPS):
        first, information = posterior.slope(theta)
        low, high = np.where(first > 0, theta, low), np.where(first < 0, theta, high)
        new = theta + first / information
        new = np.where((new > low) & (new < high), new, (low + high) / 2)
        new = np.where(first == 0, theta, new)
        moved = float(np.abs(new - theta).max(initial=0.0))
        theta = new
        if moved < _CLOSE * posterior.sd:
            break
    return theta, posterior.slope(theta)[1]


def _mean(posterior: _Posterior, mode: FloatArray, information: FloatArray) -> Abilities:
    """Return mean and standard deviation, from places around each solver's own mode, as wide apart as it is wide."""
    place, weight = np.polynomial.hermite_e.hermegauss(_PLACES)
    there = mode + place[:, None] / np.sqrt(information)
    value = posterior.value(there) + (np.log(weight) + 0.5 * place**2)[:, None]
    chance = np.exp(value - value.max(0))
    chance /= chance.sum(0)
    mean = (chance * there).sum(0)
    return Abilities(value=mean, se=np.sqrt((chance * (there - mean) ** 2).sum(0)))
