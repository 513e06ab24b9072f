"""Question 1, level: are scores on the synthetic set the scores on the real one?"""

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from acidtest.compare.pair import Pair
from acidtest.registry import register
from acidtest.stats import level
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import interval
from acidtest.stats.noise import plain_variance


@register("statistic", "gap")
def gap(pair: Pair) -> Estimate:
    """Mean difference of scores, synthetic - real; above 0: the synthetic set is easier.

    Linear in items, so its noise is the items' own: Student's t, bundles whole, paired where both sets hold the same
    items.
    """
    if not pair.has_items or pair.settings.models_vary:
        return pair.estimate("gap", level.gap)
    value = float(level.gap(pair.real, pair.synthetic))
    variances = [float(plain_variance(d.mean(axis=0, keepdims=True))[0]) for d in pair.differences]
    half = _t(variances, pair.difference_items, pair.settings.level) * float(np.sqrt(sum(variances) + _edge(pair)))
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
    return _to_zero(pair, pair.estimate("mspd", level.mspd))


@register("statistic", "mspd_excess")
def mspd_excess(pair: Pair) -> Estimate:
    """Mean squared performance difference less what the items' noise alone adds; may be negative."""
    if not pair.has_noise:
        return pair.unknown("no items are known: the noise floor cannot be told", "mspd less its noise floor")
    if pair.told is not None:
        one = pair.noise
        floor = float((one.real + one.synthetic).mean()) + one.common_real + one.common_synthetic
    else:
        floor = sum(float(np.nanmean(plain_variance(d))) for d in pair.differences)

    found = _to_zero(pair, pair.estimate("mspd_excess", level.mspd))
    # The draws are free of noise already; only what was seen has a floor to take off.
    return replace(found, value=found.value - floor, method=f"less the noise floor {floor:.2g}: {found.method}")


def simple_truths(pair: Pair) -> list[tuple[FloatArray, FloatArray]]:
    """Return draws of (real, synthetic) true scores under simple truths that are possible: their squares are small.

    No shift of all solvers' scores, while the gap does not rule that out, with the free draws and with those of a
    perfect order; and no difference at all but for strays. What is drawn is never exactly so, and its square adds to
    every mean squared difference.
    """
    drawn = pair.posterior
    if drawn is None:
        return []
    found = []
    if not _shifted(pair):
        both = [(drawn.real, drawn.synthetic), drawn.aligned]
        found += [(r, s - (s - r).mean(axis=-1, keepdims=True)) for r, s in (one for one in both if one is not None)]
    if drawn.strays and not pair.others_differ:
        stray = np.isin(np.arange(len(pair.models)), drawn.strays)
        found.append((drawn.real, np.where(stray, drawn.synthetic, drawn.real)))
    return found


def _shifted(pair: Pair) -> bool:
    """Return whether the gap is more than the items' noise."""
    noise = pair.noise
    own = np.nan_to_num(noise.real) + np.nan_to_num(noise.synthetic) - 2 * noise.shared
    common = noise.common_real + noise.common_synthetic - 2 * noise.common_shared
    error = np.sqrt(own.sum() / len(own) ** 2 + max(common, 0.0))
    z = NormalDist().inv_cdf((1 + pair.settings.level) / 2)
    return abs(float(level.gap(pair.real, pair.synthetic))) > z * float(error)


def _to_zero(pair: Pair, found: Estimate) -> Estimate:
    """Return the interval of a square with the simple truths that are possible."""
    if pair.posterior is None:
        return found
    if not pair.difference_rejected:
        return replace(found, low=0.0, method=f"{found.method}; no difference is not ruled out")
    ends = [interval(level.mspd(*both), pair.settings.level)[0] for both in simple_truths(pair)]
    return replace(found, low=min([found.low, *ends]))


def _t(variances: list[float], items: list[int], level: float) -> float:
    """Return Student's quantile with the degrees of freedom of a sum of variances (Welch and Satterthwaite)."""
    from scipy.special import stdtrit

    largest = max(variances)
    if not largest > 0:
        return NormalDist().inv_cdf((1 + level) / 2)
    shares = [v / largest for v in variances]
    freedom = sum(shares) ** 2 / sum(v**2 / max(n - 1, 1) for v, n in zip(shares, items, strict=True))
    return float(stdtrit(freedom, (1 + level) / 2))


def _edge(pair: Pair) -> float:
    """Return the noise of sets on which all scores are equal: that of a share so close to the edge, as in `scores`.

    Twenty right answers of twenty do not show that the next will be right.
    """
    if not pair.unit:
        return 0.0
    if pair.parts[0].same_items and not pair.differences[0].any():
        # The same answers to the same items: half an item each way is the least that may still differ.
        n = pair.difference_items[0] if pair.parts[0].real_share is None else pair.n
        return 1 / (n * (n + 1))
    sides = [(1.0, pair.parts[0].real, pair.real_items)]
    sides += [(float(w.mean()), part.linear, part.n_items) for w, part in zip(pair.weights, pair.parts, strict=True)]
    noise = 0.0
    for weight, values, n in sides:
        if not np.nan_to_num(plain_variance(values)).any():
            p = float(np.clip(np.nanmean(values), 0.5 / (n + 1), (n + 0.5) / (n + 1)))
            noise += weight**2 * p * (1 - p) / n
    return noise
