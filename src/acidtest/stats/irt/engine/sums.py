"""Sums over a table of answers, which is where a fit spends its time: in NumPy here, compiled in `kernels`.

Answers are whole numbers [n, M], items in rows: 1 right, -1 wrong, 0 not asked. With u = slope x ability + easiness,

    P(right) = guess + (1 - guess) s(u),    s(u) = 1 / (1 + exp(-u))

`first` below is the derivative of an answer's log-likelihood in u, `second` the Fisher information about u:

    right: k (1 - s)    wrong: -s    information: k s (1 - s),    k = (1 - guess) s(u) / P(right)

k, the chance that a right answer was known and not guessed, is 1 without guessing.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acidtest.stats.estimate import FloatArray

Answers = NDArray[np.int8]
IntArray = NDArray[np.intp]

COMPILED_FROM = 1 << 12
"""Cells of a table from which compiled code is used: for fewer, NumPy is done before the compiler is loaded."""

_AT_ONCE = 1 << 16
"""Cells handled at once, so that they stay in cache."""


class Places(NamedTuple):
    """Where solvers may stand: `ability` [Q, M] with weights [Q, M]; Q = 1 where each stands in one place."""

    ability: FloatArray
    weight: FloatArray


class Curves(NamedTuple):
    """R curves that items may have: item `row` [R] with slope, easiness and guess [R]; guess None: all 0."""

    row: IntArray
    slope: FloatArray
    easiness: FloatArray
    guess: FloatArray | None


class Sums(NamedTuple):
    """The four sums, as this module or `kernels` takes them."""

    item_sums: Callable[[Answers, Places, Curves], FloatArray]
    """[5, R]: sums over solvers of first, first t, second, second t, second t^2, t the ability."""
    item_values: Callable[[Answers, Places, Curves], FloatArray]
    """[R]: the log-likelihood of each curve's item, weighted over the places."""
    solver_sums: Callable[[Answers, FloatArray, Curves, FloatArray], FloatArray]
    """[2, M], from abilities [M] and weights [R]: sums over curves of weight slope first, weight slope^2 second."""
    solver_values: Callable[[Answers, FloatArray, Curves, FloatArray], FloatArray]
    """[Q, M]: the log-likelihood of each solver at its abilities [Q, M], weighted over the curves."""


def answers_of(scores: FloatArray) -> Answers:
    """Return [n, M] answers of scores [M, n] of 0, 1 and NaN.

    Example:
        >>> answers_of(np.array([[1.0, 0.0, np.nan]])).ravel().tolist()
        [1, -1, 0]
    """
    right = (scores == 1).astype(np.int8)
    return np.ascontiguousarray((right - (scores == 0)).T, np.int8)


def item_sums(answers: Answers, places: Places, curves: Curves) -> FloatArray:
    """Return [5, R]; see `Sums`."""
    found = np.zeros((5, len(curves.row)))
    for part in _parts(curves, places.ability.shape[1]):
        given = answers[curves.row[part]]
        for t, weight in zip(*places, strict=True):
            first, second = _derivatives(given, _linear(curves, part, t), _guess(curves, part))
            first, second = first * weight, second * weight
            found[:, part] += np.stack([first.sum(1), first @ t, second.sum(1), second @ t, second @ t**2])
    return found


def item_values(answers: Answers, places: Places, curves: Curves) -> FloatArray:
    """Return [R]; see `Sums`."""
    found = np.zeros(len(curves.row))
    for part in _parts(curves, places.ability.shape[1]):
        given = answers[curves.row[part]]
        for t, weight in zip(*places, strict=True):
            found[part] += _values(given, _linear(curves, part, t), _guess(curves, part)) @ weight
    return found


def solver_sums(answers: Answers, ability: FloatArray, curves: Curves, weight: FloatArray) -> FloatArray:
    """Return [2, M]; see `Sums`."""
    found = np.zeros((2, len(ability)))
    for part in _parts(curves, len(ability)):
        given = answers[curves.row[part]]
        first, second = _derivatives(given, _linear(curves, part, ability), _guess(curves, part))
        each = weight[part] * curves.slope[part]
        found += np.stack([each @ first, (each * curves.slope[part]) @ second])
    return found


def solver_values(answers: Answers, ability: FloatArray, curves: Curves, weight: FloatArray) -> FloatArray:
    """Return [Q, M]; see `Sums`."""
    found = np.zeros_like(ability)
    for part in _parts(curves, ability.shape[1]):
        given = answers[curves.row[part]]
        for q, t in enumerate(ability):
            found[q] += weight[part] @ _values(given, _linear(curves, part, t), _guess(curves, part))
    return found


def sums_for(cells: int) -> Sums:
    """Return the compiled sums where a table is large, else NumPy's; those also where there is no compiler."""
    compiled = _compiled() if cells >= COMPILED_FROM else None
    return compiled or PLAIN


@cache
def _compiled() -> Sums | None:
    try:
        from acidtest.stats.irt.engine.kernels import COMPILED
    except ImportError:
        return None
    return COMPILED


def _parts(curves: Curves, solvers: int) -> Iterator[slice]:
    step = max(1, _AT_ONCE // max(solvers, 1))
    return (slice(start, start + step) for start in range(0, len(curves.row), step))


def _linear(curves: Curves, part: slice, ability: FloatArray) -> FloatArray:
    return curves.slope[part, None] * ability + curves.easiness[part, None]


def _guess(curves: Curves, part: slice) -> FloatArray | None:
    return None if curves.guess is None else curves.guess[part, None]


def _derivatives(given: Answers, u: FloatArray, guess: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    right, asked = given > 0, given != 0
    s = expit(u)
    if guess is None:
        return (right - s) * asked, s * expit(-u) * asked
    known = (1 - guess) * s / (guess + (1 - guess) * s + _TINY)
    return np.where(right, known * expit(-u), -s) * asked, known * s * expit(-u) * asked


def _values(given: Answers, u: FloatArray, guess: FloatArray | None) -> FloatArray:
    if guess is None:
        value: FloatArray = -np.logaddexp(0, -given * u) * (given != 0)
        return value
    wrong = np.log1p(-guess) - np.logaddexp(0, u)
    with np.errstate(divide="ignore"):
        right = np.logaddexp(np.log(guess), np.log1p(-guess) - np.logaddexp(0, -u))
    both: FloatArray = np.where(given > 0, right, wrong) * (given != 0)
    return both


_TINY = 1e-300
PLAIN = Sums(item_sums, item_values, solver_sums, solver_values)
