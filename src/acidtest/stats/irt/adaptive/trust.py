"""Items that are known vaguely, as what they are worth: the curve averaged over what they may truly be.

Calibrated on few solvers, some discriminations come out too high by luck, and choosing the most informative item picks
just those: the test then thinks that it knows more than it does. An answer to a vague item tells of the item as much as
of the solver. Averaged over the item's own uncertainty its curve is flatter, so that it is chosen less often, counts
less, and predicts less boldly.
"""

import numpy as np
from numpy.typing import ArrayLike

from acidtest.stats.irt.items import Items


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
