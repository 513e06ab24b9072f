"""How much of the differences between items a prediction explains, beside the most that it could."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.bootstrap import COUNTS_AT_ONCE, counts
from acidtest.stats.estimate import Estimate, FloatArray

ROUNDS = 1_000
_METHOD = "cross-validated; percentile bootstrap over groups of items, predictions and ranks kept"
_ROUNDING = 1e-20


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What a prediction of n estimates is worth.

    Attributes:
        r2: 1 - squared errors / those of the plain prediction. 1: exact; 0: no better; below 0: worse.
        pearson, spearman: Correlations of predictions and estimates; NaN where predictions do not differ.
        rmse: Root mean squared error.
    """

    r2: Estimate
    pearson: Estimate
    spearman: Estimate
    rmse: Estimate


def explained(
    predicted: FloatArray,
    plain: FloatArray,
    value: FloatArray,
    *,
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    level: float = 0.95,
) -> Explained:
    """Compare predictions with values.

    Args:
        predicted: [n], each made without the item's own value.
        plain: [n] the plain prediction: the mean of the other items.
        value: [n], NaN where not known.
        groups: [n] items that are drawn together.
        rng: Source of chance.
        level: Of the intervals. They say how other items like these would come out, not what another learning would.

    Example:
        >>> x = np.arange(20.0)
        >>> found = explained(x, np.full(20, 9.5), x, groups=np.arange(20), rng=np.random.default_rng(0))
        >>> found.r2.value, found.spearman.value, found.rmse.value
        (1.0, 1.0, 0.0)
    """
    from scipy.stats import rankdata

    known = np.isfinite(value) & np.isfinite(predicted)
    y, x, z = value[known], predicted[known], plain[known]
    of_item = np.unique(groups[known], return_inverse=True)[1]
    count = int(of_item.max(initial=-1)) + 1
    rank_x, rank_y = rankdata(x), rankdata(y)
    # Correlations are of what is left of both means: the same numbers, without rounding away small differences.
    centred = [part - part.sum() / max(len(part), 1) for part in (x, y, rank_x, rank_y)]
    per_item = np.column_stack(
        [np.ones(len(y)), (y - x) ** 2, (y - z) ** 2, *_moments(*centred[:2]), *_moments(*centred[2:])]
    )
    per_group = np.zeros((count, per_item.shape[1]))
    np.add.at(per_group, of_item, per_item)
    at_once = max(1, COUNTS_AT_ONCE // max(count, 1))
    sizes = [min(at_once, ROUNDS - start) for start in range(0, ROUNDS, at_once)]
    draws = _finish(np.concatenate([counts(count, rng, size) @ per_group for size in sizes]))
    seen = _finish(per_item.sum(axis=0, keepdims=True))[0]
    return Explained(
        **{
            name: _estimate(seen[i], draws[:, i], len(y), level)
            for i, name in enumerate(("r2", "pearson", "spearman", "rmse"))
        }
    )


def _moments(x: FloatArray, y: FloatArray) -> tuple[FloatArray, ...]:
    return x, y, x * x, y * y, x * y


def _finish(sums: FloatArray) -> FloatArray:
    """Return [R, 4] of [R, 13] sums over items."""
    n, error, most = sums[:, 0], sums[:, 1], sums[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(most > 0, 1 - error / most, np.nan)
        pearson, spearman = (_correlation(n, sums[:, at : at + 5]) for at in (3, 8))
        return np.column_stack([r2, pearson, spearman, np.sqrt(error / n)])


def _correlation(n: FloatArray, sums: FloatArray) -> FloatArray:
    x, y, xx, yy, xy = sums.T
    variance_x, variance_y = xx - x * x / n, yy - y * y / n
    same = (variance_x <= _ROUNDING * n) | (variance_y <= _ROUNDING * n)
    found: FloatArray = np.where(same, np.nan, (xy - x * y / n) / np.sqrt(variance_x * variance_y))
    return found


def _estimate(value: float, draws: FloatArray, n: int, level: float) -> Estimate:
    kept = draws[np.isfinite(draws)]
    tail = (1 - level) / 2
    low, high = np.quantile(kept, [tail, 1 - tail]) if kept.size else (np.nan, np.nan)
    return Estimate(value=float(value), low=float(low), high=float(high), level=level, n=n, method=_METHOD)
