"""Fewer sweeps to the same place: Anderson's acceleration of a repeated step."""

import numpy as np

from acidtest.stats.estimate import FloatArray

_RIDGE, _TINY = 1e-10, 1e-300
"""A little weight on the diagonal keeps the combination small where steps are alike."""
_FAR, _GROWN = 0.5, 2.0


class Acceleration:
    """Guess where the steps x -> step(x) end, from how the last ones changed.

    It takes the combination of the last steps whose changes cancel best (Walker and Ni, SIAM Journal on Numerical
    Analysis 49 (2011)), forgets them where steps grow, and goes part of the way where the guess lies far off.

    Args:
        depth: Most steps remembered.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._ends: list[FloatArray] = []
        self._changes: list[FloatArray] = []

    def next(self, start: FloatArray, end: FloatArray) -> FloatArray:
        """Return where to start the next step, after one from `start` [k] to `end` [k]."""
        change = end - start
        if self._changes and np.abs(change).max() > _GROWN * np.abs(self._changes[-1]).max():
            self._ends, self._changes = [], []
        self._ends = [*self._ends, end][-self._depth - 1 :]
        self._changes = [*self._changes, change][-self._depth - 1 :]
        if len(self._ends) == 1:
            return end
        across = np.diff(np.stack(self._changes), axis=0)
        gram = across @ across.T
        gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram) + _TINY
        share = np.linalg.solve(gram, across @ change)
        guess: FloatArray = end - share @ np.diff(np.stack(self._ends), axis=0)
        far = float(np.abs(guess - end).max())
        return guess if far <= _FAR else end + (guess - end) * (_FAR / far)
