"""Resampling as weighted sums: no item is ever scored again."""

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import IntArray, finish_quietly, scored_cells, slow_quietly
from acidtest.stats.metric import Metric

COUNTS_AT_ONCE = 1 << 21
"""Most counts held at once: 16 MB."""


def item_bootstrap(
    stats: FloatArray, metric: Metric, rng: np.random.Generator, rounds: int, groups: IntArray | None = None
) -> FloatArray:
    """Return [R, M]: the metric of every solver on R resamples of the items, the same items for all solvers.

    For what is linear in the scores (a metric, a gap, a bias factor). Not for orders and squares: resampling adds the
    items' noise a second time, see `posterior`.

    Args:
        stats: [M, n, k] sufficient statistics; a row with NaN: not scored.
        metric: How sums become the metric; one without `finish` is recomputed for every resample.
        rng: Source of chance.
        rounds: R.
        groups: [n] group (bundle) of each item; groups are drawn whole.

    Returns:
        [R, M]; NaN where a resample holds nothing that a solver was scored on.

    Example:
        >>> from acidtest.stats.metric import ACCURACY
        >>> draws = item_bootstrap(np.ones((2, 10, 1)), ACCURACY, np.random.default_rng(0), 3)
        >>> draws.tolist()
        [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    """
    solvers, n_items, _ = stats.shape
    of_item = np.arange(n_items) if groups is None else np.unique(groups, return_inverse=True)[1]
    scored = scored_cells(stats)
    if metric.finish is None:
        return _slow(stats, scored, of_item, metric, (rng, rounds))
    # [G, M, k + 1]: every group's sums of statistics, and how many of its items were scored.
    cells = np.concatenate([np.where(scored[..., None], stats, 0.0), scored[..., None]], axis=-1).transpose(1, 0, 2)
    per_group = cells if groups is None else np.zeros((int(of_item.max()) + 1, *cells.shape[1:]))
    if groups is not None:
        np.add.at(per_group, of_item, cells)
    flat = per_group.reshape(len(per_group), -1)
    value = np.empty((rounds, solvers))
    step = max(1, COUNTS_AT_ONCE // max(len(flat), 1))
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        sums = (counts(len(flat), rng, size) @ flat).reshape(size, solvers, -1)
        value[start : start + size] = finish_quietly(metric, sums[..., :-1], sums[..., -1])
    return value


def counts(n: int, rng: np.random.Generator, rounds: int) -> FloatArray:
    """Return [R, n]: how often each of n items stands in each resample of n.

    Example:
        >>> counts(5, np.random.default_rng(0), 2).sum(axis=1).tolist()
        [5.0, 5.0]
    """
    drawn = rng.integers(0, max(n, 1), size=(rounds, n))
    drawn += np.arange(rounds)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=rounds * n).astype(np.float64).reshape(rounds, n)


def solver_bootstrap(solvers: int, rng: np.random.Generator, rounds: int) -> IntArray:
    """Return [R, M] indices: M solvers drawn with replacement, for tables of scores without items."""
    return rng.integers(0, solvers, size=(rounds, solvers)).astype(np.intp)


def _slow(
    stats: FloatArray,
    scored: NDArray[np.bool_],
    of_item: IntArray,
    metric: Metric,
    chance: tuple[np.random.Generator, int],
) -> FloatArray:
    rng, rounds = chance
    solvers = len(stats)
    members = [np.flatnonzero(of_item == group) for group in range(int(of_item.max(initial=-1)) + 1)]
    value = np.full((rounds, solvers), np.nan)
    for turn in range(rounds):
        drawn = rng.integers(0, len(members), size=len(members))
        items = np.concatenate([members[group] for group in drawn])
        for solver in range(solvers):
            kept = items[scored[solver][items]]
            if kept.size:
                value[turn, solver] = slow_quietly(metric, stats[solver][kept])
    return value
