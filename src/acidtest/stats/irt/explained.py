"""How much of the differences between items a prediction explains, beside the most that it could."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import Estimate, FloatArray

ROUNDS = 1_000
_METHOD = "cross-validated; percentile bootstrap over groups of items, predictions kept"


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
    known = np.isfinite(value) & np.isfinite(predicted)
    y, x, z = value[known], predicted[known], plain[known]
    of_item = np.unique(groups[known], return_inverse=True)[1]
    count = int(of_item.max(initial=-1)) + 1
    members = np.argsort(of_item, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(of_item, minlength=count))])
    draws = np.empty((ROUNDS, 4))
    for turn in range(ROUNDS):
        drawn = rng.integers(0, count, size=count)
        items = members[_spans(ends[drawn], ends[drawn + 1])]
        draws[turn] = _all(x[items], z[items], y[items])
    seen = _all(x, z, y)
    return Explained(
        **{
            name: _estimate(seen[i], draws[:, i], len(y), level)
            for i, name in enumerate(("r2", "pearson", "spearman", "rmse"))
        }
    )


def _spans(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all positions of all spans, one span after the other."""
    sizes = ends - starts
    before = np.repeat(np.cumsum(sizes) - sizes, sizes)
    spans: NDArray[np.int64] = np.arange(int(sizes.sum())) - before + np.repeat(starts, sizes)
    return spans


def _all(x: FloatArray, plain: FloatArray, y: FloatArray) -> tuple[float, float, float, float]:
    from scipy.stats import rankdata

    error, most = float(((y - x) ** 2).sum()), float(((y - plain) ** 2).sum())
    r2 = 1 - error / most if most > 0 else np.nan
    return r2, _correlation(x, y), _correlation(rankdata(x), rankdata(y)), float(np.sqrt(error / max(len(y), 1)))


def _correlation(x: FloatArray, y: FloatArray) -> float:
    dx, dy = x - x.mean(), y - y.mean()
    size = float(np.sqrt((dx @ dx) * (dy @ dy)))
    return float(dx @ dy) / size if size > 1e-12 * max(1.0, float(np.abs(x).max())) else np.nan


def _estimate(value: float, draws: FloatArray, n: int, level: float) -> Estimate:
    kept = draws[np.isfinite(draws)]
    tail = (1 - level) / 2
    low, high = np.quantile(kept, [tail, 1 - tail]) if kept.size else (np.nan, np.nan)
    return Estimate(value=float(value), low=float(low), high=float(high), level=level, n=n, method=_METHOD)
