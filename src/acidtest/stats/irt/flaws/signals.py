"""Item statistics that are in use for finding broken items, for comparison: each larger where an item is worse."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray

_CHUNK = 256
_HALF = 0.5


def share_wrong(scores: ArrayLike) -> FloatArray:
    """Return [n]: 1 less the mean score of each item of [M, n]; NaN where nobody was scored."""
    _, seen, mean, _ = _parts(scores)
    return np.where(seen.any(0), 1 - mean, np.nan)


def item_rest_correlation(scores: ArrayLike) -> FloatArray:
    """Return [n]: minus the correlation of an item with solvers' mean score on the others (corrected point-biserial).

    Between -1 and 1; above 0: the able miss the item. NaN where all are right, or all wrong.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.

    Example:
        >>> item_rest_correlation([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).round(2).tolist()
        [nan, nan, 1.0]
    """
    x, seen, _, _ = _parts(scores)
    count = seen.sum(1, keepdims=True) - seen
    rest = np.divide((x * seen).sum(1, keepdims=True) - x * seen, count, out=np.zeros_like(x), where=count > 0)
    there = seen & (count > 0)
    number = np.maximum(there.sum(0), 1)
    a = np.where(there, x - (x * there).sum(0) / number, 0.0)
    b = np.where(there, rest - (rest * there).sum(0) / number, 0.0)
    size = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    found: FloatArray = -np.divide((a * b).sum(0), size, out=np.full(x.shape[1], np.nan), where=size > _TINY)
    return found


def loevinger_h(scores: ArrayLike) -> FloatArray:
    """Return [n]: minus Loevinger's H of each item, as in Mokken scaling.

    H = sum of an item's covariances with the others over the largest that their means allow. 1: no Guttman error; 0: as
    many as by chance. The sign is turned: above 0, the item goes against the others. NaN where all are right, or all
    wrong. With holes, each item's mean is over those who were scored.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.

    Source: Mokken, A Theory and Procedure of Scale Analysis, 1971, page 151.
    """
    _, seen, mean, away = _parts(scores)
    total = away.sum(1, keepdims=True)
    together = (away * (total - away)).sum(0) / np.maximum(seen.sum(0), 1)
    order = np.argsort(mean)
    p = mean[order]
    below, above = np.concatenate([[0.0], np.cumsum(p)[:-1]]), np.cumsum((1 - p)[::-1])[::-1] - (1 - p)
    most = np.empty_like(p)
    most[order] = below * (1 - p) + above * p
    flat = (away**2).sum(0) <= _TINY
    return np.where(flat | (most <= _TINY), np.nan, -together / np.maximum(most, _TINY))


def mean_tetrachoric(scores: ArrayLike) -> FloatArray:
    """Return [n]: minus the mean tetrachoric correlation of an item with the others, by the cosine of Pearson (1900).

    r = cos(pi / (1 + sqrt(odds ratio))), half a solver added to every cell; an approximation, but good enough to rank
    items. NaN where all are right, or all wrong.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored; right is .5 and above.
    """
    x, seen, _, _ = _parts(scores)
    right, wrong = (seen & (x >= _HALF)).astype(float), (seen & (x < _HALF)).astype(float)
    n = x.shape[1]
    flat = (right.sum(0) == 0) | (wrong.sum(0) == 0)
    others = np.flatnonzero(~flat)
    found = np.full(n, np.nan)
    for start in range(0, len(others), _CHUNK):
        mine = others[start : start + _CHUNK]
        both, neither = right[:, mine].T @ right[:, others], wrong[:, mine].T @ wrong[:, others]
        one, other = right[:, mine].T @ wrong[:, others], wrong[:, mine].T @ right[:, others]
        odds = (both + _HALF) * (neither + _HALF) / ((one + _HALF) * (other + _HALF))
        correlation = np.cos(np.pi / (1 + np.sqrt(odds)))
        correlation[np.arange(len(mine)), np.arange(start, start + len(mine))] = 0.0
        found[mine] = -correlation.sum(1) / max(len(others) - 1, 1)
    return found


def outfit(scores: ArrayLike, expected: ArrayLike) -> FloatArray:
    """Return [n]: the mean squared standardised residual of each item; 1 is what the model expects, more is worse.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.
        expected: [M, n] what the model expects, above 0 and below 1.

    Source: Wright and Masters, Rating Scale Analysis, 1982.
    """
    x, seen, _, _ = _parts(scores)
    p = np.asarray(expected, np.float64)
    square = np.where(seen, (x - p) ** 2 / (p * (1 - p)), 0.0)
    found: FloatArray = np.divide(square.sum(0), seen.sum(0), out=np.full(x.shape[1], np.nan), where=seen.any(0))
    return found


def _parts(scores: ArrayLike) -> tuple[FloatArray, NDArray[np.bool_], FloatArray, FloatArray]:
    """Return scores with 0 for holes, where they are, items' means, and scores less these (0 for holes)."""
    given = np.asarray(scores, np.float64)
    seen = np.isfinite(given)
    x = np.where(seen, given, 0.0)
    mean = x.sum(0) / np.maximum(seen.sum(0), 1)
    return x, seen, mean, np.where(seen, x - mean, 0.0)


_TINY = 1e-12
