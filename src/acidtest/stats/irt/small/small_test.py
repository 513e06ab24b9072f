"""Small tests: which k of a benchmark's n items to ask, so that few answers tell the score on all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.small.score_model import ABILITIES, SLOPES, ScoreModel, normalised

MOST_STATES = 60
"""Solvers over whom a test is made to be good; more tell it nothing new."""


@dataclass(frozen=True, kw_only=True)
class SmallTest:
    """Some items of a benchmark, and how much each stands for.

    Attributes:
        items: [k] positions, each once; where the order means anything, the best first.
        weights: [k] above 0, sum 1: the share of the benchmark that an item stands for in a weighted mean.
    """

    items: NDArray[np.int64]
    weights: FloatArray


def random_test(n: int, k: int, rng: np.random.Generator) -> SmallTest:
    """Return k of n items, drawn at random: the yardstick for all others."""
    return SmallTest(items=rng.choice(n, k, replace=False).astype(np.int64), weights=np.full(k, 1 / k))


def stratified_test(easiness: ArrayLike, k: int, rng: np.random.Generator) -> SmallTest:
    """Return one random item from each of k groups of like easiness.

    Args:
        easiness: [n] such as mean scores; ties are broken at random.
        k: At most n.
        rng: Source of chance.
    """
    easy = np.asarray(easiness, np.float64)
    order = np.lexsort((rng.random(len(easy)), easy))
    groups = np.array_split(order, k)
    chosen = np.array([group[rng.integers(len(group))] for group in groups], np.int64)
    return SmallTest(items=chosen, weights=np.array([len(group) for group in groups]) / len(easy))


def information_test(model: ScoreModel, k: int) -> SmallTest:
    """Return the k items that together say most about the score on all, one after the other.

    Each next item is the one that lowers the expected posterior variance of the whole score most, averaged over solvers
    like those that were calibrated on (greedy Bayesian c-optimal design; Chaloner and Verdinelli, Statistical Science
    10, 1995). An answer takes off what it tells of the solver, and its own luck, which is part of the whole score. With
    one ability, one solver and very many items that is the item of most Fisher information.

    The weights are equal: whole scores are predicted by `predicted_score`, a mean of such items is no estimate of them.
    """
    states = np.sort(model.solver_state)
    if len(states) > MOST_STATES:
        states = states[np.linspace(0, len(states) - 1, MOST_STATES).round().astype(int)]
    slopes, noise = _slopes(model, states)
    whole = slopes.mean(axis=1)
    cov = np.repeat(_prior(model)[None], len(states), axis=0)
    free = np.ones(len(model), bool)
    chosen = []
    for _ in range(k):
        towards = np.einsum("sa,sab->sb", whole, cov)
        gain = (np.einsum("sb,snb->sn", towards, slopes) + noise / len(model)) ** 2
        spread = np.einsum("sna,sab,snb->sn", slopes, cov, slopes, optimize=True)
        value = np.where(free, (gain / (noise + spread)).mean(axis=0), -1.0)
        item = int(value.argmax())
        free[item] = False
        chosen.append(item)
        whole -= slopes[:, item] / len(model)
        along = np.einsum("sab,sb->sa", cov, slopes[:, item])
        cov -= along[:, :, None] * along[:, None, :] / (noise[:, item] + spread[:, item])[:, None, None]
    return SmallTest(items=np.array(chosen, np.int64), weights=np.full(k, 1 / k))


def adaptive_tests(model: ScoreModel, scores: ArrayLike, k: int) -> NDArray[np.int64]:
    """Ask each solver the item that says most about its whole score, after every answer anew.

    The next item has the largest squared covariance of its answer with the whole score, over its answer's variance:
    what the answer takes off the score's variance, as far as a straight line tells it. The answer is part of the score
    itself: where items are few, that counts, too.

    Args:
        model: The calibrated items.
        scores: [M, n] 0 to 1; NaN: not known, never asked.
        k: How many to ask.

    Returns:
        [M, k] positions in the order in which they were asked; -1 where a solver has no more scores.
    """
    given = np.atleast_2d(np.asarray(scores, np.float64))
    free = np.isfinite(given)
    rows = np.arange(len(given))
    log_weight = np.repeat(model.log_weight[None], len(given), axis=0)
    square = model.expected**2
    left = np.repeat(model.expected.mean(axis=1)[None], len(given), axis=0)  # what the unseen items bring, by state
    asked = np.full((len(given), k), -1, np.int64)
    for step in range(min(k, len(model))):
        weight = normalised(log_weight)
        p, squares = weight @ model.expected, weight @ square
        luck = model.dispersion * (p - squares)
        away = left - (weight * left).sum(axis=1, keepdims=True)
        together = (weight * away) @ model.expected + luck / len(model)
        value = np.where(free, together**2 / (luck + squares - p**2), -1.0)
        item = value.argmax(axis=1)
        open_ = free[rows, item]
        asked[open_, step] = item[open_]
        free[rows, item] = False
        curve = model.expected[:, item].T
        left -= np.where(open_[:, None], curve, 0.0) / len(model)
        score = np.where(open_, np.nan_to_num(given[rows, item]), 0.0)[:, None]
        moved = score * np.log(curve) + (1 - score) * np.log1p(-curve)
        log_weight = log_weight + np.where(open_[:, None], moved, 0.0) / model.dispersion
    return asked


def _slopes(model: ScoreModel, states: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return [S, n, 2]: how expected scores change with ability and log slope at states; [S, n]: their noise there."""
    grid = model.expected.reshape(len(ABILITIES), len(SLOPES), -1)
    row, column = np.divmod(states, len(SLOPES))
    up, down = np.minimum(row + 1, len(ABILITIES) - 1), np.maximum(row - 1, 0)
    by_ability = (grid[up, column] - grid[down, column]) / (ABILITIES[up] - ABILITIES[down])[:, None]
    right, left = np.minimum(column + 1, len(SLOPES) - 1), np.maximum(column - 1, 0)
    by_slope = (grid[row, right] - grid[row, left]) / (model.spread * (SLOPES[right] - SLOPES[left]))[:, None]
    p = grid[row, column]
    return np.stack([by_ability, by_slope], axis=-1), model.dispersion * p * (1 - p)


def _prior(model: ScoreModel) -> FloatArray:
    weight = np.exp(model.log_weight)
    mean = weight @ model.ability
    return np.diag([float(weight @ (model.ability - mean) ** 2), model.spread**2])
