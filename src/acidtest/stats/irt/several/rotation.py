"""Axes for abilities that are fitted up to a turn: varimax, with rules for order and sign that leave one answer."""

import numpy as np

from acidtest.stats.estimate import FloatArray

_TURNS = 1000
_STILL = 1e-12


def axes(loadings: FloatArray) -> FloatArray:
    """Return [D, D], orthogonal: loadings @ axes are simple (large or near 0), the most explaining axis first.

    It starts from the principal axes, so the answer does not depend on how the given loadings were turned; columns are
    ordered by their sum of squares and signed so that their sum is not below 0.

    Args:
        loadings: [n, D].

    Source: Kaiser, Psychometrika 23 (1958), raw varimax, by singular value decomposition.

    Example:
        >>> given = np.array([[1.0, 1.0], [2.0, 2.0], [1.0, -1.0]])
        >>> np.abs((given @ axes(given)).round(6)).tolist()
        [[1.414214, 0.0], [2.828427, 0.0], [0.0, 1.414214]]
    """
    d = loadings.shape[1]
    turn: FloatArray = np.linalg.svd(loadings, full_matrices=False)[2].T
    turn = _signed(loadings, turn)
    if d > 1 and np.abs(loadings).max() > 0:
        turn = _varimax(loadings / np.abs(loadings).max(), turn)
    order = np.argsort(-((loadings @ turn) ** 2).sum(0), kind="stable")
    return _signed(loadings, turn[:, order])


def _varimax(loadings: FloatArray, turn: FloatArray) -> FloatArray:
    before = 0.0
    for _ in range(_TURNS):
        turned = loadings @ turn
        gradient = loadings.T @ (turned**3 - turned * (turned**2).mean(0))
        left, values, right = np.linalg.svd(gradient)
        turn = left @ right
        reached = float(values.sum())
        if reached - before <= _STILL * reached:
            break
        before = reached
    return turn


def _signed(loadings: FloatArray, turn: FloatArray) -> FloatArray:
    found: FloatArray = turn * np.where((loadings @ turn).sum(0) < 0, -1.0, 1.0)
    return found
