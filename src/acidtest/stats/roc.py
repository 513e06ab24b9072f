"""Area under the receiver operating characteristic: how well numbers rank what is so above what is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from acidtest.stats.estimate import Estimate, FloatArray


@dataclass(frozen=True, kw_only=True)
class Areas:
    """Areas of several ways to rank the same items, by name, and each one's difference from the first."""

    area: Mapping[str, Estimate]
    less_first: Mapping[str, Estimate]


def areas_under_roc(numbers: Mapping[str, FloatArray], positive: NDArray[np.bool_], *, level: float = 0.95) -> Areas:
    """Return P(a positive has the larger number) for each of several rankings of the same items; a tie counts one half.

    Args:
        numbers: Name -> [n], larger where an item is rather positive; no NaN.
        positive: [n] what is so.
        level: Of the normal intervals, areas on the logit scale.

    Raises:
        ValueError: Fewer than two positives or negatives among the items, or a NaN.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988), equations 1 to 8.

    Example:
        >>> found = areas_under_roc({"a": np.array([0.9, 0.4, 0.3, 0.2])}, np.array([True, False, True, False]))
        >>> found.area["a"].value
        0.75
    """
    names, m, n = list(numbers), int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:  # noqa: PLR2004  # a variance needs two
        raise ValueError("two items of both kinds are needed")
    if any(np.isnan(numbers[name]).any() for name in names):
        raise ValueError("a NaN has no rank")
    of_positive, of_negative = np.empty((len(names), m)), np.empty((len(names), n))
    for row, name in enumerate(names):
        x, y = numbers[name][positive], numbers[name][~positive]
        ranks = rankdata(np.concatenate([x, y]))
        of_positive[row] = (ranks[:m] - rankdata(x)) / n
        of_negative[row] = 1 - (ranks[m:] - rankdata(y)) / m
    area = of_positive.mean(1)
    covariance = np.atleast_2d(np.cov(of_positive)) / m + np.atleast_2d(np.cov(of_negative)) / n
    z = NormalDist().inv_cdf((1 + level) / 2)
    found, less = {}, {}
    for row, name in enumerate(names):
        se = float(np.sqrt(covariance[row, row]))
        found[name] = _on_logit(float(area[row]), se * z, m + n, level)
        difference = float(area[row] - area[0])
        variance = covariance[row, row] + covariance[0, 0] - 2 * covariance[row, 0]
        half = z * float(np.sqrt(max(variance, 0.0)))
        less[name] = Estimate(
            value=difference,
            low=difference - half,
            high=difference + half,
            n=m + n,
            level=level,
            method=f"area under ROC, less that of {names[0]}, DeLong",
        )
    return Areas(area=found, less_first=less)


def _on_logit(area: float, half: float, n: int, level: float) -> Estimate:
    low = high = area
    if 0 < area < 1:
        logit, scaled = np.log(area / (1 - area)), half / (area * (1 - area))
        low, high = (float(1 / (1 + np.exp(-end))) for end in (logit - scaled, logit + scaled))
    return Estimate(value=area, low=low, high=high, n=n, level=level, method="area under ROC, DeLong, logit interval")
