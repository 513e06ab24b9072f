"""Pairs of solvers, counted without looking at each pair: how many two sets order alike, otherwise, or tie.

Solvers are taken up from the lowest real score to the highest, and those taken up are marked by one bit each at their
place in the synthetic set's order. Bits above a solver's own place are then the solvers that the two sets order
otherwise: 64 pairs are counted at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray

WORD = 64
"""Bits of one number."""

Counts = NDArray[np.int64]
_Words = NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class PairCounts:
    """For each of B rows, how many solver pairs there are of each kind, [B] each.

    Attributes:
        counted: All pairs that count.
        opposed: Of these, those that the two sets order otherwise; a tie is no order.
        tied_real, tied_synthetic, tied_both: Of these, those tied in the one, the other, and in both sets.
    """

    counted: Counts
    opposed: Counts
    tied_real: Counts
    tied_synthetic: Counts
    tied_both: Counts


def pair_counts(real: FloatArray, synthetic: FloatArray, least: float = 0.0) -> PairCounts:
    """Return how many pairs of M solvers two sets of scores order alike and otherwise, row by row.

    Args:
        real: [B, M] scores on the real set, none missing.
        synthetic: [B, M] scores on the synthetic set.
        least: Only pairs whose real scores differ by this or more count; 0: all pairs, tied ones too.

    Example:
        >>> found = pair_counts(np.array([[0.7, 0.8, 0.9]]), np.array([[0.1, 0.3, 0.2]]))
        >>> found.counted.item(), found.opposed.item()
        (3, 1)
    """
    rows, solvers = real.shape
    real_ties, synthetic_ties = _Ties.of(real), _Ties.of(synthetic)
    # One number holds both orders: by real score, and where that ties by synthetic place, so no tie looks opposed.
    places = np.sort(real_ties.first * solvers + synthetic_ties.place, axis=1) % solvers
    if least <= 0:
        both = np.zeros(rows, np.int64)
        if real_ties.pairs.any() and synthetic_ties.pairs.any():
            both = _Ties.of((real_ties.first * solvers + synthetic_ties.first).astype(np.float64)).pairs
        return PairCounts(
            counted=np.full(rows, solvers * (solvers - 1) // 2),
            opposed=_opposed(places, synthetic_ties),
            tied_real=real_ties.pairs,
            tied_synthetic=synthetic_ties.pairs,
            tied_both=both,
        )
    before = _how_many_lie_below(np.sort(real, axis=1), least)
    opposed, alike = _ordered_at_distance(places, before, synthetic_ties)
    counted, none = before.sum(axis=1), np.zeros(rows, np.int64)
    return PairCounts(
        counted=counted, opposed=opposed, tied_real=none, tied_synthetic=counted - opposed - alike, tied_both=none
    )


def doubled_ranks(x: FloatArray) -> Counts:
    """Return [B, M]: twice the average rank of each score in its row, less M + 1, so that each row's sum is 0.

    Whole numbers, so that sums of them are exact.

    Example:
        >>> doubled_ranks(np.array([[0.5, 0.1, 0.5]])).tolist()
        [[1, -2, 1]]
    """
    ties = _Ties.of(x)
    return np.take_along_axis(ties.middle, ties.place, axis=1)


@dataclass(frozen=True, kw_only=True)
class _Ties:
    """Rows of scores in their order, with what ties in it.

    place: [B, M] place of each solver in its row's order, from 0; those that tie stand in any order. first: [B, M]
    lowest place of those that tie with the solver. At each place of the order [B, M]: begin, end: lowest and highest
    place that ties with it; middle: their sum less M - 1. pairs: [B] number of tied pairs.
    """

    place: Counts
    first: Counts
    begin: Counts
    end: Counts
    pairs: Counts

    @property
    def middle(self) -> Counts:
        middle: Counts = self.begin + self.end - (self.place.shape[1] - 1)
        return middle

    @classmethod
    def of(cls, x: FloatArray) -> "_Ties":
        rows, size = x.shape
        # Flat positions: taking and putting along an axis costs several times as much.
        order = (np.argsort(x, axis=1) + np.arange(rows)[:, None] * size).ravel()
        values = x.ravel()[order].reshape(rows, size)
        new = np.ones((rows, size), np.bool_)
        np.not_equal(values[:, 1:], values[:, :-1], out=new[:, 1:])
        at = np.flatnonzero(new)
        run = np.diff(at, append=rows * size)
        begin = np.repeat(at % max(size, 1), run)
        end = begin + np.repeat(run - 1, run)
        place, first = np.empty((2, rows * size), np.int64)
        there = np.tile(np.arange(size), rows)
        place[order], first[order] = there, begin
        # The place among those that tie, summed, is the number of tied pairs.
        pairs = (there - begin).reshape(rows, size).sum(axis=1)
        back = (rows, size)
        return cls(
            place=place.reshape(back),
            first=first.reshape(back),
            begin=begin.reshape(back),
            end=end.reshape(back),
            pairs=pairs,
        )


def _opposed(places: Counts, ties: _Ties) -> Counts:
    """Return [B]: how many pairs stand in falling order, from the places [B, M] in the order of the real scores."""
    rows, solvers = places.shape
    above, own = _words_above(solvers), _words_of(solvers)
    ends = np.ascontiguousarray(np.take_along_axis(ties.end, places, axis=1).T)
    taken_up = np.zeros((own.shape[0], rows), np.uint64)
    opposed = np.zeros(rows, np.int64)
    for place, end in zip(np.ascontiguousarray(places.T), ends, strict=True):
        opposed += np.bitwise_count(taken_up & above[:, end]).sum(axis=0, dtype=np.int64)
        taken_up |= own[:, place]
    return opposed


def _how_many_lie_below(values: FloatArray, least: float) -> Counts:
    """Return [B, M]: how many of a row's rising values lie lower than each by `least` or more; above 0."""
    low = np.zeros(values.shape, np.int64)
    high = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    while (low < high).any():
        middle = (low + high) // 2
        far = (values - np.take_along_axis(values, middle, axis=1) >= least) & (low < high)
        low, high = np.where(far, middle + 1, low), np.where(far, high, np.minimum(middle, high))
    return low


def _ordered_at_distance(places: Counts, before: Counts, ties: _Ties) -> tuple[Counts, Counts]:
    """Return [B] opposed and [B] alike pairs, each solver beside the first `before` [B, M] in order of real scores."""
    rows, solvers = places.shape
    above, own = _words_above(solvers), _words_of(solvers)
    words, row = np.arange(own.shape[0])[:, None], np.arange(rows)
    ends, begins = (np.take_along_axis(x, places, axis=1) for x in (ties.end, ties.begin))
    taken_up = np.zeros((solvers + 1, own.shape[0], rows), np.uint64)
    for k in range(solvers):
        np.bitwise_or(taken_up[k], own[:, places[:, k]], out=taken_up[k + 1])
    opposed, alike = np.zeros((2, rows), np.int64)
    for k in range(solvers):
        there = taken_up[before[:, k], words, row]
        opposed += np.bitwise_count(there & above[:, ends[:, k]]).sum(axis=0, dtype=np.int64)
        not_below = above[:, begins[:, k]] | own[:, begins[:, k]]
        alike += np.bitwise_count(there & ~not_below).sum(axis=0, dtype=np.int64)
    return opposed, alike


def _words_of(solvers: int) -> _Words:
    """Return [W, M]: the bit of each place."""
    place = np.arange(solvers)
    bits = np.zeros((-(-solvers // WORD), solvers), np.uint64)
    bits[place // WORD, place] = np.uint64(1) << (place % WORD).astype(np.uint64)
    return bits


def _words_above(solvers: int) -> _Words:
    """Return [W, M]: the bits of all places above each place."""
    bits = _words_of(solvers)
    upward = np.bitwise_or.accumulate(bits[:, ::-1], axis=1)[:, ::-1]
    return upward ^ bits
