"""Solvers that cannot be told apart: the ranks that each may truly have, and letters that equals share."""

from dataclasses import dataclass
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray

BoolArray = NDArray[np.bool_]

ROUNDING = 1e-12
"""Scores closer than this part of the largest are equal: added up in another order, one score is two numbers."""


@dataclass(frozen=True, kw_only=True)
class RankGroups:
    """What the items at hand can say about the order of M solvers.

    Attributes:
        rank: [M] rank as seen, 1 is best; equal scores share one, the best of those they take up.
        low, high: [M] best and worst rank that each may truly have; all these ranges hold together at the level of the
            tests behind them.
        letters: [M] solvers that share a letter are not significantly different; those that share none are. Up to 26
            groups "abc", with more of them names of columns with blanks between: "y z aa".
    """

    rank: NDArray[np.intp]
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    letters: tuple[str, ...]


def rank_groups(scores: FloatArray, better: BoolArray) -> RankGroups:
    """Return rank ranges and letters of M solvers.

    The range of a solver goes from 1 + the number of solvers that are significantly better to M less the number that
    are significantly worse. The tests behind it must hold over all pairs together: then, with that probability, no
    range leaves out its solver's true rank. Holm's correction over pairs serves: it holds whatever the dependence
    between pairs, except that a wrong direction of a true difference is ruled out by simulation only. Stepwise
    resampling of the largest t would be a little narrower (3.54 against 3.65 standard errors for 20 equal solvers), at
    the price of chance in who shares a letter, and of normal tails where 30 items have none.

    Args:
        scores: [M] metric, higher is better, none NaN.
        better: [M, M] whether j is significantly better than k; the tests behind it over all pairs together.

    Source: Mogstad, Romano, Shaikh and Wilhelm, Review of Economic Studies 91 (2024), 476-518 (ranges); Piepho,
    Journal of Computational and Graphical Statistics 13 (2004), 456-466 (letters).

    Example:
        >>> apart = np.array([[False, False, True], [False, False, False], [False, False, False]])
        >>> found = rank_groups(np.array([0.9, 0.8, 0.7]), apart)
        >>> found.letters, found.low.tolist(), found.high.tolist()
        (('a', 'ab', 'b'), [1, 1, 2], [2, 3, 3])
    """
    rank = ranks(scores)
    low = 1 + better.sum(axis=0)
    high = len(scores) - better.sum(axis=1)
    order = np.lexsort((np.arange(len(scores)), rank))
    # Where a pair shares few items, its test may go against the order of the two scores over all items.
    return RankGroups(
        rank=rank,
        low=np.minimum(low, rank),
        high=np.maximum(high, rank),
        letters=compact_letters(better | better.T, order),
    )


def ranks(scores: FloatArray) -> NDArray[np.intp]:
    """Return [M] rank of each score, 1 is best; equal ones, but for rounding, share the best of those they take up.

    Example:
        >>> ranks(np.array([0.3, 0.1 + 0.2, 0.9])).tolist()
        [2, 2, 1]
    """
    falling = np.argsort(-scores, kind="stable")
    near = ROUNDING * float(np.abs(scores).max(initial=0.0))
    new = np.r_[True, -np.diff(scores[falling]) > near][: len(scores)]
    rank = np.zeros(len(scores), np.intp)
    rank[falling] = np.maximum.accumulate(np.where(new, np.arange(1, len(scores) + 1), 0))
    return rank


def compact_letters(apart: BoolArray, order: NDArray[np.intp] | None = None) -> tuple[str, ...]:
    """Return each solver's letters: two share one if and only if they are not apart.

    Every letter is a group of solvers none of whom are apart, as large as can be. They are grown one by one from the
    first pair in the order that shares no letter yet, and one that the others make needless is dropped: at most one
    group per pair, where the original insert-and-absorb may need exponentially many on the way.

    Args:
        apart: [M, M] symmetric: whether two solvers are significantly different.
        order: [M] the solvers, best first: letters come in this order. None: as they stand.

    Source: the display: Piepho (2004), see `rank_groups`; growing: Gramm, Guo, Hüffner, Niedermeier, Piepho and Schmid,
    Computational Statistics & Data Analysis 52 (2007), 725-736.

    Example:
        >>> compact_letters(np.array([[False, False, False], [False, False, True], [False, True, False]]))
        ('ab', 'a', 'b')
    """
    sequence = np.arange(len(apart)) if order is None else order
    alike = ~(apart | np.eye(len(apart), dtype=bool))[np.ix_(sequence, sequence)]
    groups = _needed(_cliques(alike), alike)
    held: list[list[str]] = [[] for _ in range(len(apart))]
    blank = " " if len(groups) > len(ascii_lowercase) else ""
    for place, group in enumerate(sorted(groups, key=lambda g: np.flatnonzero(g).tolist())):
        for position in np.flatnonzero(group):
            held[int(sequence[position])].append(_column(place))
    return tuple(blank.join(letters) for letters in held)


def _cliques(alike: BoolArray) -> list[BoolArray]:
    """Return groups of solvers all of whom are alike, that hold every solver and every pair that is alike."""
    groups: list[BoolArray] = []
    covered = np.zeros(alike.shape, dtype=bool)
    for first in range(len(alike)):
        while (open_to := np.flatnonzero(alike[first] & ~covered[first])).size or not covered[first, first]:
            group = np.zeros(len(alike), dtype=bool)
            group[first] = True
            fits = alike[first].copy()
            if open_to.size:
                fits = _joined(group, fits, alike, int(open_to[0]))
            while (candidates := np.flatnonzero(fits)).size:
                fits = _joined(group, fits, alike, int(candidates[0]))
            covered |= np.outer(group, group)
            groups.append(group)
    return groups


def _joined(group: BoolArray, fits: BoolArray, alike: BoolArray, solver: int) -> BoolArray:
    """Take a solver into the group; return who still fits."""
    group[solver] = True
    return np.asarray(fits & alike[solver], np.bool_)


def _needed(groups: list[BoolArray], alike: BoolArray) -> list[BoolArray]:
    """Return the groups without those whose every pair and solver stands in another one, too."""
    times = np.zeros(alike.shape, dtype=np.intp)
    for group in groups:
        times += np.outer(group, group)
    kept = []
    for group in groups:
        if (times[np.ix_(group, group)] > 1).all():
            times -= np.outer(group, group)
        else:
            kept.append(group)
    return kept


def _column(place: int) -> str:
    """Return a, b ... z, aa, ab ... as spreadsheets name columns."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, len(ascii_lowercase))
        name = ascii_lowercase[letter] + name
    return name
