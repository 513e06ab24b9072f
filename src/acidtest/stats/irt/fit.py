"""Calibrate items and solvers together: one scale for both, from a table of scores with holes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items

Model = Literal["rasch", "2pl", "3pl", "continuous"]


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What all items have in common, learnt from them: log discrimination and easiness are normal around these.

    Easiness is -discrimination x difficulty: the log-odds of being right for a solver of ability 0. `correlation` is
    that of both over items. With a `power` that is not 0, easiness / (discrimination / usual)^power is normal, where
    the usual discrimination is exp(log_discrimination): 0 where easiness has one spread whatever the discrimination,
    1 where difficulty has.
    """

    log_discrimination: float
    log_discrimination_sd: float
    easiness: float
    easiness_sd: float
    correlation: float = 0.0
    power: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What M solvers' scores on n items say about both.

    Attributes:
        model: Which curve was fitted.
        items: [n] parameters; an item that nobody answered has those of the prior, and their width as its errors.
        discrimination_se, difficulty_se: [n] standard errors; `difficulty_se` may be large where discrimination is
            near 0, never NaN.
        covariance: [n, 2, 2] of (log discrimination, easiness).
        ability: [M]. The scale is fixed by the solvers: their true abilities have mean 0 and standard deviation 1.
            These are posterior means, whose spread and errors together make 1 (mean of ability^2 + ability_se^2), so
            they lie closer together where items are few. 0 for a solver without any score.
        ability_se: [M] standard errors; 1 for a solver without any score.
        prior: What items have in common.
        answers: [n] scores seen of each item.
        converged: True only if the last sweep moved nothing by more than the tolerance.
        sweeps: How many there were.
        log_likelihood: Of the scores at these parameters.
        warnings: What a reader must know, in plain words.
    """

    model: Model
    items: Items
    discrimination_se: FloatArray
    difficulty_se: FloatArray
    covariance: FloatArray
    ability: FloatArray
    ability_se: FloatArray
    prior: Prior
    answers: FloatArray
    converged: bool
    sweeps: int
    log_likelihood: float
    warnings: tuple[str, ...] = ()


def fit_irt(
    scores: ArrayLike, *, model: Model = "2pl", guess: ArrayLike = 0.0, most_sweeps: int = 200, tolerance: float = 1e-4
) -> Fit:
    """Calibrate n items on M solvers.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored. `rasch`, `2pl` and `3pl` take scores of 0 and 1 only.
        model: `rasch`: all items have one discrimination; `2pl`: each its own; `3pl`: and a known chance of guessing
            right; `continuous`: scores between 0 and 1.
        guess: For `3pl`: [n] or one number for all, such as .25 for four choices.
        most_sweeps: Give up after so many; then `converged` is False.
        tolerance: Largest move of an ability in the last sweep.

    Raises:
        DataError: Scores outside 0 to 1, none at all, fewer than 2 solvers or items, or scores between 0 and 1 where
            the model takes none.
    """
    given = _checked(scores, model)
    if model == "continuous":
        from acidtest.stats.irt.continuous import fit_continuous

        return fit_continuous(given, most_sweeps=most_sweeps, tolerance=tolerance)
    from acidtest.stats.irt.engine.binary import fit_binary

    chance = np.broadcast_to(np.asarray(guess, np.float64), given.shape[1:])
    if not ((chance >= 0) & (chance < 1)).all():
        raise DataError("a chance of guessing right outside 0 to 1", way_out="Give 0.25 for four choices, say.")
    if model != "3pl":
        chance = np.zeros(given.shape[1])
    return fit_binary(given, model=model, guess=chance, most_sweeps=most_sweeps, tolerance=tolerance)


def _checked(scores: ArrayLike, model: Model) -> FloatArray:
    given = np.asarray(scores, np.float64)
    if given.ndim != 2 or min(given.shape) < 2 or np.isnan(given).all():  # noqa: PLR2004  # a table with two sides
        raise DataError("a scale needs scores of two solvers on two items at least", way_out="Give more scores.")
    with np.errstate(invalid="ignore"):
        if ((given < 0) | (given > 1)).any():
            raise DataError(
                f"scores from {np.nanmin(given):g} to {np.nanmax(given):g}: a scale takes 0 to 1",
                way_out="Divide percentages by 100.",
            )
        if model != "continuous" and ((given > 0) & (given < 1)).any():
            raise DataError(
                "scores between 0 and 1 where the model takes right (1) or wrong (0)",
                way_out="Use the continuous model, or say from which score on an answer is right (--right-at).",
            )
    return given
