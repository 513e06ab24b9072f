"""Each solver's score on each benchmark with its interval over items, and how often its answers could not be read."""

from statistics import NormalDist

import numpy as np

from acidtest.compare.sets import ScoredSet
from acidtest.stats.estimate import Estimate
from acidtest.stats.noise import plain_variance
from acidtest.types import Predicted


def score_estimates(one: ScoredSet, level: float) -> dict[str, Estimate]:
    """Return solver -> metric, as it was read (not turned), with an interval over items where they are known."""
    if one.scores.predicted is not None:
        return _predicted(one, one.scores.predicted, level)
    variance = plain_variance(one.linear) if one.n_items else np.full(len(one.scores.models), np.nan)
    found = {}
    for row, model in enumerate(one.scores.models):
        value = float(one.scores.observed[row])
        n = int(one.scored_items[row]) if one.n_items else 0
        low, high = score_interval(value, float(variance[row]), n, unit=one.metric.unit, level=level)
        found[model] = Estimate(
            value=value,
            true=value,
            low=low,
            high=high,
            level=level,
            n=one.n_items or len(one.scores.models),
            method=f"{one.metric.name}; interval: noise over items" if one.n_items else one.metric.name,
        )
    return found


def _predicted(one: ScoredSet, told: Predicted, level: float) -> dict[str, Estimate]:
    found = {}
    for row, model in enumerate(one.scores.models):
        value, asked = float(one.scores.observed[row]), int(told.asked[row])
        variance = float(told.error[row]) ** 2 + told.common
        low, high = score_interval(value, variance, told.items, unit=one.metric.unit, level=level)
        how = f"predicted from {asked:,} of {told.items:,} items" if asked < told.items else "all items answered"
        found[model] = Estimate(
            value=value,
            true=value,
            low=low,
            high=high,
            level=level,
            n=asked,
            method=f"{one.metric.name}, {how}; interval: error of the ability, and noise over items",
        )
    return found


def failure_rates(one: ScoredSet) -> dict[str, float]:
    """Return solver -> share of unreadable answers; NaN where not known."""
    return dict(zip(one.scores.models, one.scores.failure_rate().tolist(), strict=True))


def score_interval(value: float, variance: float, n: int, *, unit: bool, level: float) -> tuple[float, float]:
    """Return a score's interval: normal on its own scale, or on the logit scale where scores never leave [0, 1]."""
    if not np.isfinite(value) or not np.isfinite(variance):
        return np.nan, np.nan
    z = NormalDist().inv_cdf((1 + level) / 2)
    if not unit:
        half = z * float(np.sqrt(variance))
        return value - half, value + half
    # Half an item is added to each side, and a score of 0 or 1 gets the variance of a share so near the edge.
    p = (value * n + 0.5) / (n + 1)
    spread = float(np.sqrt(variance if variance > 0 else p * (1 - p) / n)) / (p * (1 - p))
    middle = float(np.log(p / (1 - p)))
    low, high = (float(1 / (1 + np.exp(-(middle + side * z * spread)))) for side in (-1, 1))
    return min(low, value), max(high, value)
