"""Items that are known vaguely, as what they are worth: the curve averaged over what they may truly be.

Calibrated on few solvers, some discriminations come out too high by luck, and choosing the most informative item picks
just those: the test then thinks that it knows more than it does. An answer to a vague item tells of the item as much as
of the solver. Averaged over the item's own uncertainty its curve is flatter, so that it is chosen less often, counts
less, and predicts less boldly.

What few solvers cannot show at all, no curve holds: that items ask for several abilities, that some are guessed, that
new solvers are of another kind. `allowance` widens every error for that.
"""

import numpy as np
from numpy.typing import ArrayLike

from acidtest.stats.irt.items import Items

_FEWEST = 4
"""Solvers from which on the variance of Student's t with solvers - 1 degrees is finite."""


def allowance(solvers: int) -> float:
    """Return the factor by which errors of a new solver grow because the items were calibrated on so many solvers.

    A new solver is one more draw from what these many showed: its error is that of a prediction from a sample, whose
    variance is (1 + 1/M) times Student's with M - 1 degrees. Against solvers left out of simulated and of real tables
    errors that took no account of it were too small by 0 to 25 % with 10 solvers, and 0 to 15 % with 20.

    Args:
        solvers: M, 1 or more; below 4 counts as 4.

    Example:
        >>> [round(allowance(solvers), 2) for solvers in (4, 10, 20, 40, 1000)]
        [1.94, 1.19, 1.08, 1.04, 1.0]
    """
    m = max(solvers, _FEWEST)
    return float(np.sqrt((1 + 1 / m) * (m - 1) / (m - 3)))


def shared(solvers: int) -> float:
    """Return the share of a squared error that all new solvers have in common: of (1 + 1/M) the 1/M.

    They are placed by the same items, which the same M solvers calibrated. In simulated tables errors of two new
    solvers had a correlation of .07 with M = 10, .03 with 20 and .02 with 40.

    Example:
        >>> round(shared(9), 2)
        0.1
    """
    return 1 / (max(solvers, _FEWEST) + 1)


def flattened(items: Items, discrimination_se: ArrayLike, difficulty_se: ArrayLike) -> Items:
    """Return the items as they look with their standard errors.

    The logit a (t - b) = a t + e is taken to have variance t^2 se(a)^2 + se(e)^2, at t^2 = 1, the mean over solvers: a
    slope and the log-odds of an average solver (e) are nearly independent, which a slope and a difficulty are not. An
    average of logistic curves over a normal logit of variance v is close to a logistic curve of the logit divided by
    sqrt(1 + pi v / 8) (MacKay 1992, "The evidence framework applied to classification networks"). Scores between 0 and
    1 are normal on the logit scale: there v adds to the residual's variance.

    Args:
        items: [n] parameters.
        discrimination_se: [n] standard errors, 0 or more.
        difficulty_se: [n] the same.

    Example:
        >>> one = Items(discrimination=np.array([2.0]), difficulty=np.array([0.0]), guess=np.array([0.0]))
        >>> flattened(one, 0.0, 0.0).discrimination.tolist(), flattened(one, 1.0, 1.0).discrimination.round(2).tolist()
        ([2.0], [1.16])
    """
    a, b = items.discrimination, items.difficulty
    a_error = np.broadcast_to(np.asarray(discrimination_se, np.float64), a.shape)
    b_error = np.broadcast_to(np.asarray(difficulty_se, np.float64), a.shape)
    # b = -e / a: its variance is se(e)^2 / a^2 + b^2 se(a)^2 / a^2
    e_variance = np.maximum((a * b_error) ** 2 - (b * a_error) ** 2, 0.0)
    variance = a_error**2 + e_variance
    if items.residual is not None:
        return Items(discrimination=a, difficulty=b, guess=items.guess, residual=np.sqrt(items.residual**2 + variance))
    return Items(discrimination=a / np.sqrt(1 + np.pi * variance / 8), difficulty=b, guess=items.guess)
