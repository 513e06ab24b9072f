"""Question 7, worth: how many real items is the synthetic set worth?"""

import numpy as np

from acidtest.compare.pair import Pair
from acidtest.registry import register
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import from_draws
from acidtest.stats.worth import worth_rank_draws, worth_score_draws

_METHOD = "size of a real sample; value: posterior median, for the plain formula explodes near a perfect set"


@register("statistic", "worth_score")
def worth_score(pair: Pair) -> Estimate:
    """Size of a real sample whose scores would be as close in level; 0: worth nothing."""
    if pair.posterior is None:
        return pair.unknown("no items are known: worth is counted in items", _METHOD)
    real, synthetic = pair.plain_noise
    draws = worth_score_draws(
        pair.posterior.real,
        pair.posterior.synthetic,
        real * pair.real_items,
        synthetic * pair.synthetic_items,
        pair.synthetic_items,
    )
    return _worth(pair, draws)


@register("statistic", "worth_rank")
def worth_rank(pair: Pair) -> Estimate:
    """Size of a real sample whose scores would order solvers as well; neither a shift nor a slope hurts it."""
    if pair.posterior is None:
        return pair.unknown("no items are known: worth is counted in items", _METHOD)
    draws = worth_rank_draws(
        pair.posterior.real,
        pair.posterior.synthetic,
        float(np.nanmean(pair.noise.real)) * pair.real_items,
        float(np.nanmean(pair.noise.synthetic)) * pair.synthetic_items,
        pair.synthetic_items,
    )
    return _worth(pair, draws)


def _worth(pair: Pair, draws: FloatArray) -> Estimate:
    found = from_draws(np.nan, draws, level=pair.settings.level, n=pair.n, method=_METHOD, warnings=pair.warnings)
    return Estimate(
        value=found.true,
        true=found.true,
        low=found.low,
        high=found.high,
        level=found.level,
        n=found.n,
        method=found.method,
        warnings=found.warnings,
    )
