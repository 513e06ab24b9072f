"""Prediction-powered inference: a few items scored by gold and by a judge, many more scored by the judge alone.

    mean = mean(Y) + weight (mean(f on the other items) - mean(f on the labelled items))

The judge may be as wrong as it likes: what it adds on the labelled items is taken off again. `weight` is chosen so that
the variance is least (PPI++), so a judge that knows nothing costs nothing. The items of both kinds must come from one
source.

Source: Angelopoulos, Duchi and Zrnic, PPI++, arXiv 2311.01453; numbers are those of the authors' package `ppi-python`.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import IntArray

FEWEST = 2
"""Labelled items (or groups) for a variance."""


@dataclass(frozen=True, kw_only=True)
class PpiMean:
    """A mean (or a difference of means), its variance, and how far the judge was believed.

    Attributes:
        value: Estimate of the mean of Y; NaN without labelled items.
        variance: Of `value`; NaN with fewer than two labelled items (or groups).
        weight: The paper's lambda. 0: the judge says nothing, the plain mean of Y; 1: all that it says is used.
        labelled: Number of labelled items (or groups).
        corrected: `variance` with the residuals' degrees of freedom, `labelled` - 1, or - 2 where a weight was fitted,
            in place of `labelled`: nearly unbiased for few items. NaN where none are left.
    """

    value: float
    variance: float
    weight: float
    labelled: int
    corrected: float

    @property
    def degrees(self) -> int:
        """Degrees of freedom of `corrected`."""
        return self.labelled - (2 if self.weight > 0 else 1)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the paper's normal interval, too short for fewer than some hundred items; NaN where undefined."""
        half = NormalDist().inv_cdf((1 + level) / 2) * float(np.sqrt(self.variance))
        return self.value - half, self.value + half

    def wider_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval for few items: corrected variance, Student's t; NaN where undefined."""
        from scipy.special import stdtrit

        half = float(stdtrit(max(self.degrees, 1), (1 + level) / 2)) * float(np.sqrt(self.corrected))
        return self.value - half, self.value + half


@dataclass(frozen=True, kw_only=True)
class PpiDifferences:
    """Differences of M solvers' means, row less column: value, variance and weight [M, M]; the diagonal is 0."""

    value: FloatArray
    variance: FloatArray
    weight: FloatArray


def ppi_mean(
    gold: FloatArray,
    judged: FloatArray,
    judged_only: FloatArray,
    *,
    groups: IntArray | None = None,
    groups_only: IntArray | None = None,
) -> PpiMean:
    """Return the prediction-powered mean of Y.

    The weight is cov(Y, f) / ((1 + n / N) var(f)), held within [0, 1] as `ppi-python` does; its covariance is over n,
    its variance over n + N - 1 and over all items. A judge whose scores do not vary, or fall where Y rises, gets 0.

    Args:
        gold: [n] Y, the score by gold of the labelled items. A NaN here or in `judged`: the item does not count.
        judged: [n] f, the score by the judge of the same items.
        judged_only: [N] f of the other items; NaN does not count. N = 0: the plain mean of Y.
        groups: [n] group (bundle) of each labelled item; groups are drawn whole, so the variance is over them.
        groups_only: [N] the same of the other items. A group must not stand on both sides.

    Raises:
        ValueError: Arrays of different lengths, or groups on one side only.

    Example:
        >>> gold, judged = np.array([1.0, 0.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0, 0.0])
        >>> found = ppi_mean(gold, judged, np.array([1.0] * 30 + [0.0] * 10))
        >>> round(found.value, 3), round(found.weight, 3), [round(end, 3) for end in found.interval()]
        (0.89, 0.56, [0.534, 1.246])
    """
    if gold.shape != judged.shape or gold.ndim != 1 or judged_only.ndim != 1:
        raise ValueError(f"shapes {gold.shape}, {judged.shape} and {judged_only.shape}: [n], [n] and [N] are needed")
    if (groups is None) != (groups_only is None):
        raise ValueError("groups are needed for both kinds of item, or for none")
    labelled, other = np.isfinite(gold) & np.isfinite(judged), np.isfinite(judged_only)
    y = _per_group(gold, labelled, groups)
    f = _per_group(judged, labelled, groups)
    rest = _per_group(judged_only, other, groups_only)
    n, more = len(y), len(rest)
    if n == 0:
        return PpiMean(value=np.nan, variance=np.nan, weight=0.0, labelled=0, corrected=np.nan)
    weight = _weight(y, f, rest)
    value = float(y.mean()) + (weight * float(rest.mean() - f.mean()) if more else 0.0)
    residual = float((y - weight * f).var()) / n
    judge = weight**2 * float(rest.var()) / more if more else 0.0
    degrees = n - (2 if weight > 0 else 1)
    return PpiMean(
        value=value,
        variance=residual + judge if n >= FEWEST else np.nan,
        weight=weight,
        labelled=n,
        corrected=residual * n / degrees + judge if degrees > 0 else np.nan,
    )


def ppi_differences(
    gold: FloatArray,
    judged: FloatArray,
    judged_only: FloatArray,
    *,
    groups: IntArray | None = None,
    groups_only: IntArray | None = None,
) -> PpiDifferences:
    """Return the prediction-powered differences of all pairs of M solvers that answered the same items.

    Each is the `ppi_mean` of the items' differences, with a weight of its own: what two solvers share on an item falls
    out, and a judge that is too kind to both costs nothing.

    Args:
        gold: [M, n] scores by gold; a NaN: the item does not count in this solver's pairs.
        judged: [M, n] scores by the judge of the same answers.
        judged_only: [M, N] scores by the judge of the answers to the other items.
        groups: [n] as in `ppi_mean`.
        groups_only: [N] as in `ppi_mean`.

    Raises:
        ValueError: Shapes that do not belong together.

    Example:
        >>> gold = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]])
        >>> ppi_differences(gold, gold, np.ones((2, 0))).value.tolist()
        [[0.0, 0.5], [-0.5, 0.0]]
    """
    if gold.ndim != 2 or judged.shape != gold.shape or judged_only.shape[:1] != gold.shape[:1]:  # noqa: PLR2004 - [M, n]
        raise ValueError(f"shapes {gold.shape}, {judged.shape} and {judged_only.shape}: [M, n], [M, n], [M, N]")
    solvers = len(gold)
    value, variance, weight = np.zeros((3, solvers, solvers))
    for a in range(solvers):
        for b in range(a + 1, solvers):
            found = ppi_mean(
                gold[a] - gold[b],
                judged[a] - judged[b],
                judged_only[a] - judged_only[b],
                groups=groups,
                groups_only=groups_only,
            )
            value[a, b], value[b, a] = found.value, -found.value
            variance[a, b] = variance[b, a] = found.variance
            weight[a, b] = weight[b, a] = found.weight
    return PpiDifferences(value=value, variance=variance, weight=weight)


def _weight(y: FloatArray, f: FloatArray, rest: FloatArray) -> float:
    n, more = len(y), len(rest)
    if more == 0:
        return 0.0
    spread = float(np.concatenate([f, rest]).var(ddof=1))
    together = float(((y - y.mean()) * (f - f.mean())).mean())
    return min(max(together / ((1 + n / more) * spread), 0.0), 1.0) if spread > 0 else 0.0


def _per_group(values: FloatArray, known: NDArray[np.bool_], groups: IntArray | None) -> FloatArray:
    """Return one value per group with the mean of all known items as their mean: the jackknife's pseudo-values."""
    if groups is None:
        return np.asarray(values[known], np.float64)
    if groups.shape != values.shape:
        raise ValueError(f"{len(groups)} groups for {len(values)} items")
    values = np.asarray(values[known], np.float64)
    if not values.size:
        return values
    of_item = np.unique(groups[known], return_inverse=True)[1]
    mean, number = values.mean(), int(of_item.max()) + 1
    moved = np.bincount(of_item, weights=values - mean, minlength=number)
    pseudo: FloatArray = mean + moved * (number / len(values))
    return pseudo
