"""Question 7, worth: how many real items is the synthetic set worth?"""

from dataclasses import replace

import numpy as np

from acidtest.compare.level import simple_truths
from acidtest.compare.pair import Pair, reaching
from acidtest.registry import register
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import from_draws, interval, rng_for
from acidtest.stats.noise import plain_variance, spread_of_variance
from acidtest.stats.worth import worth_rank_draws, worth_rank_of_perfect_order, worth_score_draws

_METHOD = "size of a real sample; value: posterior median, for the plain formula explodes near a perfect set"
_NO_ITEMS = "no items are known: worth is counted in items"
_ALL_EQUAL = "the real scores do not vary over items: a sample of any size would show the same"


@register("statistic", "worth_score")
def worth_score(pair: Pair) -> Estimate:
    """Size of a real sample whose scores would be as close in level; 0: worth nothing."""
    if pair.posterior is None or not pair.has_items:
        return pair.unknown(_NO_ITEMS, _METHOD)
    per_item = _per_real_item(pair, plain_variance(pair.parts[0].real))
    if not per_item > 0:
        return pair.unknown(_ALL_EQUAL, _METHOD)
    own = pair.plain_noise[1]
    v, v_s = _uncertain(pair, per_item, own * pair.synthetic_items)
    n_s = float(pair.synthetic_items)
    found = _worth(pair, worth_score_draws(pair.posterior.real, pair.posterior.synthetic, v, v_s, n_s))
    if pair.posterior.aligned is not None:
        ends = interval(worth_score_draws(*pair.posterior.aligned, v, v_s, n_s), pair.settings.level)
        found = reaching(found, ends, but_strays=pair.order_rejected)
    tops = [interval(worth_score_draws(*both, v, v_s, n_s), pair.settings.level)[1] for both in simple_truths(pair)]
    found = replace(found, high=max([found.high, *tops]))
    if pair.difference_rejected:
        return found
    same = worth_score_draws(pair.posterior.real, pair.posterior.real, v, v_s, n_s)
    high = max(found.high, interval(same, pair.settings.level)[1])
    return replace(found, high=high, method=f"{found.method}; no difference is not ruled out")


@register("statistic", "worth_rank")
def worth_rank(pair: Pair) -> Estimate:
    """Size of a real sample whose scores would order solvers as well; neither a shift nor a slope hurts it."""
    if pair.posterior is None or not pair.has_items:
        return pair.unknown(_NO_ITEMS, _METHOD)
    per_item = _per_real_item(pair, pair.noise.real)
    if not per_item > 0:
        return pair.unknown(_ALL_EQUAL, _METHOD)
    own = float(np.nanmean(pair.noise.synthetic))
    v, v_s = _uncertain(pair, per_item, own * pair.synthetic_items)
    n_s = float(pair.synthetic_items)
    found = _worth(pair, worth_rank_draws(pair.posterior.real, pair.posterior.synthetic, v, v_s, n_s))
    if pair.posterior.aligned is None or pair.order_rejected:
        return found
    perfect = worth_rank_of_perfect_order(*pair.posterior.aligned, v, v_s, n_s)
    return reaching(found, (found.low, interval(perfect, pair.settings.level)[1]))


def _per_real_item(pair: Pair, variance: FloatArray) -> float:
    """Return the mean over solvers of one real item's variance, from the variances [M] of their scores.

    A solver that was scored on fewer items has a larger variance, but no larger one per item.
    """
    known = np.isfinite(pair.parts[0].real)
    share = pair.parts[0].real_share
    scored = known.sum(axis=1) / max(int(known.any(axis=0).sum()), 1) if share is None else share
    return float(np.nanmean(variance * scored)) * pair.real_items


def _uncertain(pair: Pair, v: float, v_s: float) -> tuple[FloatArray, FloatArray]:
    """Return [D] draws of one real and one synthetic item's variance: items tell them, too, only up to noise."""
    rng = rng_for(pair.settings.seed, "item variance", pair.name)
    count = pair.settings.draws
    error = spread_of_variance(pair.parts[0].real)
    shares = [float(w.mean()) ** 2 for w in pair.weights]
    errors_s = [spread_of_variance(part.linear) for part in pair.parts]
    error_s = float(np.average(errors_s, weights=shares))
    z = rng.standard_normal((2, count))
    return v * np.exp(error * z[0]), v_s * np.exp(error_s * z[1])


def _worth(pair: Pair, draws: FloatArray) -> Estimate:
    found = from_draws(np.nan, draws, level=pair.settings.level, n=pair.n, method=_METHOD, warnings=pair.warnings)
    return replace(found, value=found.true)
