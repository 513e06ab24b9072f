"""How often each item stands in each resample: the same numbers from compiled code and from NumPy.

Chance comes from a counter, not from a state: draw k of a stream is splitmix64 of (key, k), so that NumPy can make
many at once and compiled code one after the other, and both make the same. A draw has 64 bits and picks two items, each
by its 32 bits times n, shifted right by 32: no item is likelier than another by more than one part in 2^32 / n.

Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014; multiply-shift: Lemire, ACM
Transactions on Modeling and Computer Simulation 29 (2019).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CountArray = NDArray[np.floating[Any]]
CountItems = Callable[[int, int, CountArray], None]
"""(key, first round, out [R, n]) fills out."""

COMPILED_FROM = 1 << 27
"""Draws from which compiled code is used: NumPy needs about as long for so many as the compiler to load."""

GOLDEN = 0x9E3779B97F4A7C15
MIX_1, MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""The constants of splitmix64."""

_ALL_BITS = (1 << 64) - 1
_AT_ONCE = 1 << 14
"""Draws made at once, so that they stay in cache."""


def item_counter(draws: int) -> CountItems:
    """Return the function that counts, for that many draws in all: compiled code where they are many.

    Where there is no compiler for this system, NumPy does all of it.
    """
    compiled = _compiled() if draws >= COMPILED_FROM else None
    return compiled or count_items


def count_items(key: int, first: int, out: CountArray) -> None:
    """Fill out [R, n] with how often each of n items stands in resamples `first`, `first` + 1 ... of n draws each.

    Args:
        key: Which stream of chance, 0 to 2^64 - 1.
        first: Number of the first resample; each has its own part of the stream.
        out: Filled; floating, because it is multiplied by scores next.

    Example:
        >>> out = np.empty((2, 5))
        >>> count_items(7, 0, out)
        >>> out.sum(axis=1).tolist()
        [5.0, 5.0]
    """
    rounds, n = out.shape
    per_round = -(-n // 2)
    step = max(1, _AT_ONCE // max(per_round, 1))
    draw = np.arange(step * per_round, dtype=np.uint64) * np.uint64(GOLDEN)
    row = np.repeat(np.arange(step), n) * n
    for start in range(0, rounds if n else 0, step):
        size = min(step, rounds - start)
        begin = (key + GOLDEN * ((first + start) * per_round + 1)) & _ALL_BITS
        bits = _mixed(draw[: size * per_round] + np.uint64(begin))
        halves = np.stack([bits >> np.uint64(32), bits & np.uint64(0xFFFFFFFF)], axis=-1).reshape(size, -1)[:, :n]
        item = ((halves * np.uint64(n)) >> np.uint64(32)).astype(np.int64).ravel()
        out[start : start + size] = np.bincount(item + row[: item.size], minlength=size * n).reshape(size, n)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_2)
    return z ^ (z >> np.uint64(31))


@cache
def _compiled() -> CountItems | None:
    try:
        from acidtest.stats.resample_kernels import count_items as compiled
    except ImportError:
        return None
    return compiled
