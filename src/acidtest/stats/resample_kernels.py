"""The compiled twin of `resample_counts.count_items`. Importing this module loads the compiler."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba
import numpy as np

from acidtest.stats import resample_counts
from acidtest.stats.resample_counts import GOLDEN, MIX_1, MIX_2, CountArray

_P = ParamSpec("_P")
_T = TypeVar("_T")

_GOLDEN, _MIX_1, _MIX_2 = np.uint64(GOLDEN), np.uint64(MIX_1), np.uint64(MIX_2)
_LOW = np.uint64(0xFFFFFFFF)
_30, _27, _31, _32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)


def count_items(key: int, first: int, out: CountArray) -> None:
    """Fill out [R, n] with how often each item stands in each resample; see `resample_counts.count_items`."""
    try:
        _count(np.uint64(key), np.uint64(first), out)
    except OSError:  # the compiled code could not be kept: the disk is full, say
        resample_counts.count_items(key, first, out)


def _jit(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Compile on the first call, and keep the result on disk where there is a place for it."""
    try:
        compiled: Callable[_P, _T] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        compiled = numba.njit(nogil=True)(function)
    return compiled


@_jit
def _mixed(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


@_jit
def _count(key: np.uint64, first: np.uint64, out: CountArray) -> None:
    rounds, n = out.shape
    items, per_round = np.uint64(n), np.uint64((n + 1) // 2)
    for r in range(rounds):
        row = out[r]
        row[:] = 0
        begin = key + _GOLDEN * ((first + np.uint64(r)) * per_round + np.uint64(1))
        for k in range(n // 2):
            bits = _mixed(begin + _GOLDEN * np.uint64(k))
            row[((bits >> _32) * items) >> _32] += 1
            row[((bits & _LOW) * items) >> _32] += 1
        if n % 2:
            bits = _mixed(begin + _GOLDEN * np.uint64(n // 2))
            row[((bits >> _32) * items) >> _32] += 1
