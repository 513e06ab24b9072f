"""Question 2, order: does the synthetic set rank solvers as the real one does?

Every statistic is f(real [..., M], synthetic [..., M]) -> [...], vectorised over leading axes. Higher is better; the
caller flips the sign of metrics where lower is. A NaN among the scores of a row makes its statistic NaN.
"""

from collections.abc import Callable

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.pair_counts import WORD, PairCounts, doubled_ranks, pair_counts

CELLS_AT_ONCE = 1 << 18
"""Most scores (times words of bits, see `pair_counts`) that are worked on at once, so that they stay in cache."""

ROUNDING = 1e-12
"""A difference this close to the asked one counts as reaching it: .74 - .72 is not .02 in binary."""


def srcc(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return Spearman's rank correlation, ties with average ranks: 1 same order, 0 none, -1 reversed.

    NaN where all scores of one set are equal, or with fewer than two solvers. Source: as in arXiv 2409.11968.

    Example:
        >>> srcc(np.array([0.7, 0.8, 0.9]), np.array([0.1, 0.3, 0.2])).round(6).item()
        0.5
    """
    real, synthetic = _rows(real, synthetic)
    return pearson(average_ranks(real), average_ranks(synthetic))


def kendall_tau(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return Kendall's tau-b: (agreeing - opposed pairs) / sqrt(pairs untied in real * pairs untied in synthetic).

    1 same order, 0 none, -1 reversed; NaN where all scores of one set are equal, or with fewer than two solvers.

    Example:
        >>> kendall_tau(np.array([0.7, 0.8, 0.9]), np.array([0.1, 0.3, 0.2])).round(6).item()
        0.333333
    """

    def tau(pairs: PairCounts) -> FloatArray:
        untied_real, untied_synthetic = pairs.counted - pairs.tied_real, pairs.counted - pairs.tied_synthetic
        untied = untied_real - pairs.tied_synthetic + pairs.tied_both
        spread = np.sqrt((untied_real * untied_synthetic).astype(np.float64))
        return _ratio((untied - 2 * pairs.opposed).astype(np.float64), spread)

    return np.clip(_over_pairs(tau, real, synthetic), -1.0, 1.0)


def pearson(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return Pearson's correlation: 1 the same up to shift and scale, 0 no linear relation, -1 reversed.

    NaN where all scores of one set are equal, or with fewer than two solvers.

    Example:
        >>> pearson(np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.7, 0.9])).round(6).item()
        1.0
    """
    real, synthetic = _rows(real, synthetic)
    if real.shape[-1] == 0:
        return np.full(real.shape[:-1], np.nan)
    # Scaled to a spread of 1 first: squares of tiny differences would vanish below the smallest number.
    x, y = (row - row.mean(axis=-1, keepdims=True) for row in (_unit_range(real), _unit_range(synthetic)))
    varies = (np.ptp(real, axis=-1) > 0) & (np.ptp(synthetic, axis=-1) > 0)
    spread = np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
    return np.clip(_ratio((x * y).sum(axis=-1), np.where(varies, spread, 0.0)), -1.0, 1.0)


def pairwise_agreement(real: FloatArray, synthetic: FloatArray, min_difference: float = 0.0) -> FloatArray:
    """Return the share of solver pairs ordered alike: 1 all, 1/2 as good as a coin, 0 all reversed.

    A pair tied in one set counts 1/2, a pair tied in both is alike. Only pairs whose real scores differ by
    `min_difference` or more count; NaN where there are none.

    Example:
        >>> pairwise_agreement(np.array([0.7, 0.8, 0.9]), np.array([0.1, 0.3, 0.2])).round(6).item()
        0.666667
    """

    def share(pairs: PairCounts) -> FloatArray:
        half = (pairs.tied_real + pairs.tied_synthetic) / 2 - pairs.tied_both
        return _ratio(pairs.counted - pairs.opposed - half, pairs.counted.astype(np.float64))

    return _over_pairs(share, real, synthetic, min_difference - ROUNDING)


def top1_agreement(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return 1 where the synthetic set's best solver is best on the real set, 0 where it is not.

    Where several are best on the synthetic set: the share of them that are (or tie as) best on the real one.

    Example:
        >>> top1_agreement(np.array([0.7, 0.9, 0.8]), np.array([0.3, 0.3, 0.1])).item()
        0.5
    """
    real, synthetic = _rows(real, synthetic)
    if real.shape[-1] == 0:
        return np.full(real.shape[:-1], np.nan)
    best = (real == real.max(axis=-1, keepdims=True)).astype(np.float64)
    return _unless_missing(_mean_of_picked(best, synthetic), real, synthetic)


def regret_at_1(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return what is lost on the real set by choosing the synthetic set's best solver, in units of the metric.

    0: nothing is lost. Never negative. Where several are best on the synthetic set: their mean.

    Example:
        >>> regret_at_1(np.array([0.7, 0.9, 0.8]), np.array([0.3, 0.2, 0.1])).round(6).item()
        0.2
    """
    real, synthetic = _rows(real, synthetic)
    if real.shape[-1] == 0:
        return np.full(real.shape[:-1], np.nan)
    lost = real.max(axis=-1, keepdims=True) - real
    return _unless_missing(_mean_of_picked(lost, synthetic), real, synthetic)


def tied(scores: FloatArray) -> FloatArray:
    """Return scores [M] in which those that differ by rounding alone are equal; NaN stays NaN.

    The last digit of a sum of tenths depends on their order, and an order of solvers must not depend on that.

    Example:
        >>> tied(np.array([0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1, 0.5])).tolist()
        [0.6, 0.6, 0.5]
    """
    equal = np.array(scores, np.float64)
    place = np.argsort(equal, kind="stable")
    place = place[np.isfinite(equal[place])]
    if place.size:
        x = equal[place]
        new = np.r_[True, np.diff(x) > ROUNDING * np.abs(x).max()]
        equal[place] = x[np.maximum.accumulate(np.where(new, np.arange(len(x)), 0))]
    return equal


def average_ranks(x: FloatArray) -> FloatArray:
    """Return the ranks of the last axis from 1, smallest first; equal values share their mean rank. NaN stays NaN.

    Example:
        >>> average_ranks(np.array([0.5, 0.1, 0.5])).tolist()
        [2.5, 1.0, 2.5]
    """
    x = np.asarray(x, np.float64)
    size = x.shape[-1]
    if size == 0:
        return np.empty(x.shape)
    ranks = (doubled_ranks(x.reshape(-1, size)).reshape(x.shape) + size + 1) / 2
    return np.where(np.isnan(x), np.nan, ranks)


def _rows(real: FloatArray, synthetic: FloatArray) -> tuple[FloatArray, FloatArray]:
    r, s = np.broadcast_arrays(np.asarray(real, np.float64), np.asarray(synthetic, np.float64))
    return r, s


def _unit_range(x: FloatArray) -> FloatArray:
    low, spread = x.min(axis=-1, keepdims=True), np.ptp(x, axis=-1, keepdims=True)
    scaled: FloatArray = (x - low) / np.where(spread > 0, spread, 1.0)
    return scaled


def _mean_of_picked(x: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return the mean of x over the solvers that are best on the synthetic set."""
    picked = synthetic == synthetic.max(axis=-1, keepdims=True)
    return _ratio(np.where(picked, x, 0.0).sum(axis=-1), picked.sum(axis=-1).astype(np.float64))


def _unless_missing(value: FloatArray, real: FloatArray, synthetic: FloatArray) -> FloatArray:
    missing = np.isnan(real).any(axis=-1) | np.isnan(synthetic).any(axis=-1)
    return np.where(missing, np.nan, value)


def _over_pairs(
    f: Callable[[PairCounts], FloatArray], real: FloatArray, synthetic: FloatArray, least: float = 0.0
) -> FloatArray:
    """Return f of the numbers of pairs of each row, a bounded number of rows at a time."""
    real, synthetic = _rows(real, synthetic)
    shape, size = real.shape[:-1], real.shape[-1]
    rows = int(np.prod(shape))
    flat_real, flat_synthetic = real.reshape(rows, size), synthetic.reshape(rows, size)
    value = np.full(rows, np.nan)
    step = max(1, CELLS_AT_ONCE // max(size * -(-size // WORD), 1))
    for start in range(0, rows if size > 1 else 0, step):
        r, s = flat_real[start : start + step], flat_synthetic[start : start + step]
        value[start : start + step] = _unless_missing(f(pair_counts(r, s, least)), r, s)
    return value.reshape(shape)


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    ratio: FloatArray = np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)
    return ratio
