"""Question 1, level: are scores on the synthetic set the scores on the real one?"""

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from acidtest.compare.pair import Pair
from acidtest.registry import register
from acidtest.stats import level
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.noise import plain_variance


@register("statistic", "gap")
def gap(pair: Pair) -> Estimate:
    """Mean difference of scores, synthetic - real; above 0: the synthetic set is easier.

    Linear in items, so its noise is the items' own: normal, bundles whole, paired where both sets hold the same items.
    """
    if not pair.has_items:
        return pair.estimate("gap", level.gap)
    value = float(level.gap(pair.real, pair.synthetic))
    variance = sum(float(plain_variance(_over_solvers(d))[0]) for d in pair.differences)
    half = NormalDist().inv_cdf((1 + pair.settings.level) / 2) * float(np.sqrt(variance))
    return Estimate(
        value=value,
        true=value,
        low=value - half,
        high=value + half,
        level=pair.settings.level,
        n=pair.n,
        method="plain formula; interval: noise over items, jackknife",
        warnings=pair.warnings,
    )


@register("statistic", "mspd")
def mspd(pair: Pair) -> Estimate:
    """Mean squared performance difference over solvers; 0: every score is the same."""
    return pair.estimate("mspd", level.mspd)


@register("statistic", "mspd_excess")
def mspd_excess(pair: Pair) -> Estimate:
    """Mean squared performance difference less what the items' noise alone adds; may be negative."""
    if not pair.has_items:
        return pair.unknown("no items are known: the noise floor cannot be told", "mspd less its noise floor")
    floor = sum(float(np.nanmean(plain_variance(d))) for d in pair.differences)

    found = pair.estimate("mspd_excess", level.mspd)
    # The draws are free of noise already; only what was seen has a floor to take off.
    return replace(found, value=found.value - floor, method=f"less the noise floor {floor:.2g}: {found.method}")


def _over_solvers(differences: FloatArray) -> FloatArray:
    """Return [1, G]: the mean over solvers of each item's value; an item not scored counts as the solver's mean."""
    mean = np.nanmean(differences, axis=1, keepdims=True)
    over: FloatArray = np.where(np.isfinite(differences), differences, mean).mean(axis=0, keepdims=True)
    return over
