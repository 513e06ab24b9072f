"""Items summed up in blocks, for tables that hold too many to keep: a block is to a metric what an item is.

A metric is a finishing function of sums over items, so sums over blocks of items give exactly the same metric. The
noise of a metric is told by how it moves when one item is left out, or just as well one block of many: both have the
same mean, for the variance of a sum of independent items is the sum of theirs. What blocks cost is certainty about that
noise: the standard error of a variance from B blocks is about sqrt(2 / B) of it, 3 % with 2,000.
"""

from dataclasses import replace

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import finish_quietly
from acidtest.stats.metric import Metric


def in_blocks(metric: Metric) -> Metric:
    """Return a metric for blocks: statistics [..., k + 1] are the block's sums (s_1, ..., s_k) and its scored items.

    Raises:
        ValueError: The metric is no function of sums.

    Example:
        >>> from acidtest.stats.metric import ACCURACY
        >>> float(in_blocks(ACCURACY).finish(np.array([3.0, 4.0]), np.array(2.0)))
        0.75
    """
    finish = metric.finish
    if finish is None:
        raise ValueError(f"metric '{metric.name}' is no function of sums: its items cannot be summed up in blocks")
    return replace(metric, finish=lambda sums, _: finish(sums[..., :-1], sums[..., -1]), is_mean=False, counts=-1)


def block_values(stats: FloatArray, metric: Metric) -> FloatArray:
    """Return [M, B] jackknife pseudo-values of blocks: their mean is about the metric, their variance / B its noise.

    As `linearised` with groups: theta + B (1 - n_b / n) (theta - theta without b), n_b the block's scored items. Blocks
    that a hash fills differ in size, and where the metric is a mean, so the mean of the values is exactly that mean.

    Args:
        stats: [M, B, k + 1] sums of every block, the number of scored items last; NaN where a solver has none there.
        metric: As `in_blocks` returns it.

    Returns:
        [M, B], NaN where nothing is scored, or where the metric is undefined without the block.

    Source: Busing, Meijer and van der Leeden, Statistics and Computing 9 (1999).

    Example:
        >>> from acidtest.stats.metric import ACCURACY
        >>> block_values(np.array([[[1.0, 2.0], [2.0, 2.0], [3.0, 4.0]]]), in_blocks(ACCURACY)).round(3).tolist()
        [[0.562, 0.938, 0.75]]
    """
    values = np.full(stats.shape[:2], np.nan)
    for solver, rows in enumerate(stats):  # one at a time: k may be many, and all at once as large as all sums
        there = np.isfinite(rows).all(axis=-1) & (rows[:, -1] > 0)
        if not there.any():
            continue
        own = rows[there]
        total = own.sum(axis=0)
        whole = finish_quietly(metric, total, total[-1])
        without = finish_quietly(metric, total - own, total[-1] - own[:, -1])
        values[solver, there] = whole + len(own) * (1 - own[:, -1] / total[-1]) * (whole - without)
    return values
