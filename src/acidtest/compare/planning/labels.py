"""Which real items to label next: those on which solvers whose order is open gave different answers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

CELLS_AT_ONCE = 1 << 21
"""Largest array of (solvers x solvers x items) held at once, in numbers."""


@dataclass(frozen=True, kw_only=True)
class ToLabel:
    """One item to label.

    Attributes:
        item: Its id.
        probability: How likely it was to be chosen among the items without a label.
        weight: What its scores count in a weighted mean over all labelled items.
        answers: How many different answers solvers gave.
    """

    item: str
    probability: float
    weight: float
    answers: int


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Which items to label, and how to count them.

    Attributes:
        items: What to label, what tells most first.
        unlabelled: Items with answers and no score.
        alike: Those of them to which all solvers gave the same answer.
        gain: About how many labels drawn at random tell as much about the order as one of these.
        weights: Item -> weight of each item that has scores already, once these are labelled, too.
    """

    items: tuple[ToLabel, ...]
    unlabelled: int
    alike: int
    gain: float
    weights: Mapping[str, float]


def choose_labels(
    items: tuple[str, ...],
    codes: IntArray,
    scored: BoolArray,
    open_pairs: FloatArray,
    accuracy: FloatArray,
    number: int,
    rng: np.random.Generator,
) -> Labels:
    """Choose items to label so that the order of solvers becomes known with few labels, and no estimate is biased.

    An item on which two solvers gave the same answer tells nothing about their order. A score is a function of answer
    and target alone, s = f(answer, target), so with equal answers s_a - s_b = f(x, t) - f(x, t) = 0 for every target t
    that a label could turn out to be. What is not known before labelling has no part in the difference. So an item with
    one answer from all solvers has D = 0 for all pairs, and is never chosen.

    For the others the expected squared difference is guessed: if a's answer is right with probability w(a), and only
    one answer is right, E (s_a - s_b)^2 = w(a) + w(b) where the answers differ. w of an answer is the summed accuracy
    of the solvers that gave it, over the number of solvers. Over pairs it is weighted by how open their order is. Items
    are drawn without replacement with probability pi proportional to the root of that: of all designs it estimates the
    mean difference with the least variance (Neyman; as in active testing, Kossen et al., arXiv 2103.05331).

    Items with a score are taken as a random sample of all. An item is then among the labelled ones with probability
    f + (1 - f) pi, f being their share; the weights are one over it, then scaled so that items with one answer, and
    the others, count as much as there are of each. With them the weighted mean is consistent for every metric that
    is a mean, order and level both. (Where no item with one answer has a score, none stands for them: all differences
    are then too large by one factor, which no order feels, and the level is that of the others.)

    Args:
        items: [n] ids.
        codes: [M, n] equal where answers are; -1: none known. A solver without an answer says nothing on that item.
        scored: [n] whether it has a score.
        open_pairs: [M, M] symmetric; how open each pair's order is: 0 decided, 1 nobody knows.
        accuracy: [M] share of right answers, about.
        number: How many items to choose; fewer where fewer can tell anything.
        rng: Source of chance.

    Raises:
        ValueError: There is no scored item: nobody can say how likely others were to be scored.
    """
    if not scored.any():
        raise ValueError("no item is scored")
    squared = expected_squares(codes, open_pairs, accuracy)
    root = np.sqrt(squared)
    probability = np.zeros(len(items))
    pool = ~scored
    chances = inclusion(root[pool], number)
    probability[pool] = chances
    largest = float(np.max(np.divide(chances, root[pool], out=np.zeros_like(chances), where=root[pool] > 0), initial=0))
    probability[scored] = np.minimum(1.0, largest * root[scored])  # what they would have had
    chosen = np.flatnonzero(pool)[systematic(chances, rng)]
    weight = _weights(scored, chosen, probability, one_answer(codes))
    different = answers_each(codes)
    first = chosen[np.argsort(-squared[chosen], kind="stable")]
    total = float(root[pool].sum())
    return Labels(
        items=tuple(
            ToLabel(
                item=items[i], probability=float(probability[i]), weight=float(weight[i]), answers=int(different[i])
            )
            for i in first
        ),
        unlabelled=int(pool.sum()),
        alike=int((pool & one_answer(codes)).sum()),
        gain=float(pool.sum() * squared[pool].sum()) / total**2 if total > 0 else math.nan,
        weights={items[i]: float(weight[i]) for i in np.flatnonzero(scored)},
    )


def expected_squares(codes: IntArray, open_pairs: FloatArray, accuracy: FloatArray) -> FloatArray:
    """Return [n]: expected squared difference of two solvers' scores on each item, summed over open pairs.

    0 where no pair that is open gave two answers.

    Example:
        >>> codes = np.array([[0, 0], [0, 1]])
        >>> expected_squares(codes, np.ones((2, 2)) - np.eye(2), np.array([0.8, 0.6])).round(2).tolist()
        [0.0, 0.7]
    """
    m, n = codes.shape
    found = np.zeros(n)
    step = max(1, CELLS_AT_ONCE // max(m * m, 1))
    for start in range(0, n, step):
        part = codes[:, start : start + step]
        known = part >= 0
        same = (part[:, None] == part[None]) & known[:, None] & known[None]
        right = np.einsum("abi,b->ai", same.astype(np.float64), accuracy) / m
        differ = ((part[:, None] != part[None]) & known[:, None] & known[None]).astype(np.float64)
        # Every pair stands there twice, so each solver's share may be summed alone.
        found[start : start + step] = np.einsum("abi,ab,ai->i", differ, open_pairs, right)
    return found


def inclusion(size: FloatArray, number: int) -> FloatArray:
    """Return [n] probabilities proportional to size, at most 1, that sum to `number` (or to as many as have a size).

    Example:
        >>> inclusion(np.array([8.0, 1.0, 1.0, 0.0]), 2).tolist()
        [1.0, 0.5, 0.5, 0.0]
    """
    probability = np.zeros(len(size))
    free = size > 0
    left = min(number, int(free.sum()))
    while left > 0 and free.any():
        share = left * size / size[free].sum()
        full = free & (share >= 1 - 1e-12)
        if not full.any():
            probability[free] = share[free]
            break
        probability[full] = 1.0
        free &= ~full
        left -= int(full.sum())
    return probability


def systematic(probability: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return the places drawn with these inclusion probabilities: a fixed number, systematically, in random order."""
    order = rng.permutation(len(probability))
    upto = np.cumsum(probability[order])
    number = round(float(upto[-1])) if len(upto) else 0
    ticks = rng.random() + np.arange(number)
    places = np.minimum(np.searchsorted(upto, ticks, side="right"), len(order) - 1)
    return np.sort(order[np.unique(places)]).astype(np.int64)


def one_answer(codes: IntArray) -> BoolArray:
    """Return [n]: whether all solvers of which an answer is known gave the same."""
    alike: BoolArray = answers_each(codes) <= 1
    return alike


def answers_each(codes: IntArray) -> IntArray:
    """Return [n]: how many different answers each item got."""
    ordered = np.sort(codes, axis=0)
    new = np.concatenate([ordered[:1] >= 0, (ordered[1:] != ordered[:-1]) & (ordered[1:] >= 0)])
    number: IntArray = new.sum(axis=0)
    return number


def _weights(scored: BoolArray, chosen: IntArray, probability: FloatArray, alike: BoolArray) -> FloatArray:
    """Return [n]: one over the probability to be labelled one way or the other, then so that both kinds count right."""
    labelled = scored.copy()
    labelled[chosen] = True
    share = float(scored.mean())
    weight = np.where(labelled, 1 / (share + (1 - share) * probability), 0.0)
    for kind in (alike, ~alike):
        total = float(weight[kind].sum())
        if total > 0:
            weight[kind] *= kind.sum() / total
    return weight
