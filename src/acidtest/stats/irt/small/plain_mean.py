"""How far the plain mean of k random items is off: the yardstick for every small test, without the luck of draws."""

import math

import numpy as np
from numpy.typing import ArrayLike

from acidtest.stats.estimate import FloatArray

DRAWS = 500
"""Where scores lie between 0 and 1 the error is that of so many draws, other ones for each solver."""
_AT_ONCE = 1 << 22


def plain_mean_errors(scores: ArrayLike, k: int, rng: np.random.Generator) -> FloatArray:
    """Return [M]: the expected absolute error of the mean of k of each solver's items, drawn without replacement.

    Exact where all of a solver's scores are 0 or 1: the number of right ones is hypergeometric.

    Args:
        scores: [M, n], NaN where not scored: drawn never.
        k: How many are drawn; a solver with no more scores than these errs by nothing.
        rng: Source of chance for scores between 0 and 1.

    Returns:
        NaN for a solver without any score.

    Example:
        >>> plain_mean_errors([[1.0, 0.0], [1.0, 1.0]], 1, np.random.default_rng(0)).tolist()
        [0.5, 0.0]
    """
    given = np.atleast_2d(np.asarray(scores, np.float64))
    return np.array([_of_one(row[np.isfinite(row)], k, rng) for row in given])


def _of_one(scores: FloatArray, k: int, rng: np.random.Generator) -> float:
    from scipy.stats import hypergeom

    n = len(scores)
    if n == 0:
        return math.nan
    if k >= n:
        return 0.0
    if np.isin(scores, (0.0, 1.0)).all():
        right = int(scores.sum())
        drawn = np.arange(max(0, k - (n - right)), min(k, right) + 1)
        return float(hypergeom.pmf(drawn, n, right, k) @ np.abs(drawn / k - right / n))
    rounds = max(_AT_ONCE // n, 1)
    errors = [
        np.abs(
            rng.permuted(np.tile(scores, (min(rounds, DRAWS - start), 1)), axis=1)[:, :k].mean(axis=1) - scores.mean()
        )
        for start in range(0, DRAWS, rounds)
    ]
    return float(np.concatenate(errors).mean())
