"""The compiled twin of `sums`, in single precision. Importing this module loads the compiler.

Every loop over a row of answers is written so that the compiler can take 8 or 16 cells at a time: no branches, and a
rational function for the logistic curve. A row's sum is exact to about 1e-5; sums over rows are gathered in double.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine import sums
from acidtest.stats.irt.engine.sums import Answers, Curves, IntArray, Places, Sums

_P = ParamSpec("_P")
_T = TypeVar("_T")
Single = NDArray[np.float32]


class _Where(NamedTuple):
    ability: Single
    weight: Single


class _Shape(NamedTuple):
    row: IntArray
    slope: Single
    easiness: Single


_f = np.float32
_ZERO, _QUARTER, _HALF, _ONE = _f(0), _f(0.25), _f(0.5), _f(1)
_END = _f(7.905)
"""tanh is 1 in single precision from here on."""
_P6, _P5, _P4, _P3 = (
    _f(-2.76076847742355e-16),
    _f(2.00018790482477e-13),
    _f(-8.60467152213735e-11),
    _f(5.12229709037114e-8),
)
_P2, _P1, _P0 = _f(1.48572235717979e-5), _f(6.37261928875436e-4), _f(4.89352455891786e-3)
_Q3, _Q2, _Q1, _Q0 = _f(1.19825839466702e-6), _f(1.18534705686654e-4), _f(2.2684346324390e-3), _f(4.89352518554385e-3)
"""tanh(x) = x P(x^2) / Q(x^2): the minimax coefficients that Eigen publishes, exact to single precision."""
_SMALLEST = _f(1e-30)
_ROWS_IN_SINGLE = 128
"""Rows summed up in single precision before the sum moves to double."""


def _log_part(power: int) -> np.float32:
    """Return a coefficient of -log(1 - x) / x on [0, 1/2], by interpolation at Chebyshev's points."""
    x = (1 + np.polynomial.chebyshev.chebpts1(200)) / 4
    fitted = np.polynomial.chebyshev.Chebyshev.fit(x, -np.log1p(-x) / x, 9, domain=[0, 0.5])
    return _f(fitted.convert(kind=np.polynomial.Polynomial, domain=[-1, 1], window=[-1, 1]).coef[power])


_L0, _L1, _L2, _L3, _L4 = (_log_part(power) for power in range(5))
_L5, _L6, _L7, _L8, _L9 = (_log_part(power) for power in range(5, 10))


def item_sums(answers: Answers, places: Places, curves: Curves) -> FloatArray:
    """Return [5, R]; see `sums.Sums`."""
    out = np.zeros((5, len(curves.row)))
    where = _Where(_single(places.ability), _single(places.weight))
    done = _run(_item_sums, answers, where, *_curves(curves), out)
    return out if done else sums.item_sums(answers, places, curves)


def item_values(answers: Answers, places: Places, curves: Curves) -> FloatArray:
    """Return [R]; see `sums.Sums`."""
    out = np.zeros(len(curves.row))
    where = _Where(_single(places.ability), _single(places.weight))
    done = _run(_item_values, answers, where, *_curves(curves), out)
    return out if done else sums.item_values(answers, places, curves)


def solver_sums(answers: Answers, ability: FloatArray, curves: Curves, weight: FloatArray) -> FloatArray:
    """Return [2, M]; see `sums.Sums`."""
    out = np.zeros((2, len(ability)))
    done = _run(_solver_sums, answers, _single(ability), *_curves(curves), _single(weight), out)
    return out if done else sums.solver_sums(answers, ability, curves, weight)


def solver_values(answers: Answers, ability: FloatArray, curves: Curves, weight: FloatArray) -> FloatArray:
    """Return [Q, M]; see `sums.Sums`."""
    out = np.zeros(ability.shape)
    done = _run(_solver_values, answers, _single(ability), *_curves(curves), _single(weight), out)
    return out if done else sums.solver_values(answers, ability, curves, weight)


def _run(function: Callable[..., None], *arguments: object) -> bool:
    try:
        function(*arguments)
    except OSError:  # the compiled code could not be kept: the disk is full, say
        return False
    return True


def _single(values: FloatArray) -> Single:
    return np.ascontiguousarray(values, np.float32)


def _curves(curves: Curves) -> tuple[_Shape, Single | None]:
    guess = None if curves.guess is None else _single(curves.guess)
    row = np.ascontiguousarray(curves.row, np.intp)
    return _Shape(row, _single(curves.slope), _single(curves.easiness)), guess


def _jit(*, inline: str = "never") -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Compile on the first call, and keep the result on disk where there is a place for it."""
    # Division must not stop at 0, else no loop that divides runs on several cells at a time.
    options: dict[str, Any] = {"fastmath": True, "error_model": "numpy", "nogil": True, "inline": inline}

    def compiled(function: Callable[_P, _T]) -> Callable[_P, _T]:
        try:
            kept: Callable[_P, _T] = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # neither the package's folder nor the user's can be written
            kept = numba.njit(**options)(function)
        return kept

    return compiled


@_jit(inline="always")
def _half_tanh(u: np.float32) -> np.float32:
    """Return s(u) - 1/2."""
    x = min(max(u * _HALF, -_END), _END)
    q = x * x
    above = ((((((_P6 * q + _P5) * q + _P4) * q + _P3) * q + _P2) * q + _P1) * q + _P0) * x
    return _HALF * above / (((_Q3 * q + _Q2) * q + _Q1) * q + _Q0)


@_jit(inline="always")
def _softplus(u: np.float32, half: np.float32) -> np.float32:
    """Return log(1 + exp(u)), given s(u) - 1/2."""
    x = _HALF - abs(half)
    high = ((((_L9 * x + _L8) * x + _L7) * x + _L6) * x + _L5) * x
    return max(u, _ZERO) + ((((((high + _L4) * x + _L3) * x + _L2) * x + _L1) * x + _L0) * x)


@_jit()
def _item_sums(answers: Answers, where: _Where, shape: _Shape, guess: Single | None, out: FloatArray) -> None:
    ability, weight = where.ability, where.weight
    row, slope, easiness = shape.row, shape.slope, shape.easiness
    for r in range(len(row)):
        given, a, d = answers[row[r]], slope[r], easiness[r]
        for q in range(len(ability)):
            t, w = ability[q], weight[q]
            r0, r1, s0, s1, s2 = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
            for i in range(len(t)):
                h = _half_tanh(a * t[i] + d)
                y = _f(given[i])
                m = y * y * w[i]
                first, second = _HALF * w[i] * y - m * h, m * (_QUARTER - h * h)
                if guess is not None:
                    c = guess[r]
                    known = (_ONE - c) * (_HALF + h) / (c + (_ONE - c) * (_HALF + h))
                    first = _HALF * m * ((_ONE + y) * known * (_HALF - h) - (_ONE - y) * (_HALF + h))
                    second = second * known
                r0 += first
                r1 += first * t[i]
                s0 += second
                s1 += second * t[i]
                s2 += second * t[i] * t[i]
            out[0, r] += r0
            out[1, r] += r1
            out[2, r] += s0
            out[3, r] += s1
            out[4, r] += s2


@_jit()
def _solver_sums(
    answers: Answers, ability: Single, shape: _Shape, guess: Single | None, weight: Single, out: FloatArray
) -> None:
    row, slope, easiness = shape.row, shape.slope, shape.easiness
    first, second = np.zeros_like(ability), np.zeros_like(ability)
    for r in range(len(row)):
        given, a, d = answers[row[r]], slope[r], easiness[r]
        w = weight[r] * a
        for i in range(len(ability)):
            h = _half_tanh(a * ability[i] + d)
            y = _f(given[i])
            m = y * y * w
            if guess is None:
                first[i] += _HALF * w * y - m * h
                second[i] += m * a * (_QUARTER - h * h)
            else:
                c = guess[r]
                known = (_ONE - c) * (_HALF + h) / (c + (_ONE - c) * (_HALF + h))
                first[i] += _HALF * m * ((_ONE + y) * known * (_HALF - h) - (_ONE - y) * (_HALF + h))
                second[i] += m * a * (_QUARTER - h * h) * known
        if r % _ROWS_IN_SINGLE == _ROWS_IN_SINGLE - 1 or r == len(row) - 1:
            for i in range(len(ability)):
                out[0, i] += first[i]
                out[1, i] += second[i]
                first[i], second[i] = _ZERO, _ZERO


@_jit(inline="always")
def _value(y: np.float32, u: np.float32, log_guess: np.float32, log_rest: np.float32) -> np.float32:
    """Return the log-likelihood of an answer where guessing helps."""
    wrong = log_rest - _softplus(u, _half_tanh(u))
    # guess + (1 - guess) s(u) = s(u) (1 + guess exp(-u))
    right = _softplus(log_guess - u, _half_tanh(log_guess - u)) - _softplus(-u, _half_tanh(-u))
    return _HALF * ((_ONE + y) * right + (_ONE - y) * wrong)


@_jit()
def _item_values(answers: Answers, where: _Where, shape: _Shape, guess: Single | None, out: FloatArray) -> None:
    ability, weight = where.ability, where.weight
    row, slope, easiness = shape.row, shape.slope, shape.easiness
    for r in range(len(row)):
        given, a, d = answers[row[r]], slope[r], easiness[r]
        c = _ZERO if guess is None else guess[r]
        log_guess, log_rest = np.log(max(c, _SMALLEST)), np.log(_ONE - c)
        for q in range(len(ability)):
            t, w, total = ability[q], weight[q], _ZERO
            for i in range(len(t)):
                u = a * t[i] + d
                y = _f(given[i])
                if guess is None:
                    total -= w[i] * y * y * _softplus(-y * u, _half_tanh(u))
                else:
                    total += w[i] * y * y * _value(y, u, log_guess, log_rest)
            out[r] += total


@_jit()
def _solver_values(
    answers: Answers, ability: Single, shape: _Shape, guess: Single | None, weight: Single, out: FloatArray
) -> None:
    row, slope, easiness = shape.row, shape.slope, shape.easiness
    for q in range(len(ability)):
        t, total = ability[q], np.zeros_like(ability[q])
        for r in range(len(row)):
            given, a, d, w = answers[row[r]], slope[r], easiness[r], weight[r]
            c = _ZERO if guess is None else guess[r]
            log_guess, log_rest = np.log(max(c, _SMALLEST)), np.log(_ONE - c)
            for i in range(len(t)):
                u = a * t[i] + d
                y = _f(given[i])
                if guess is None:
                    total[i] -= w * y * y * _softplus(-y * u, _half_tanh(u))
                else:
                    total[i] += w * y * y * _value(y, u, log_guess, log_rest)
            if r % _ROWS_IN_SINGLE == _ROWS_IN_SINGLE - 1 or r == len(row) - 1:
                for i in range(len(t)):
                    out[q, i] += total[i]
                    total[i] = _ZERO


COMPILED = Sums(item_sums, item_values, solver_sums, solver_values)
