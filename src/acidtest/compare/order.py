"""Question 2, order: does the synthetic set rank solvers as the real one does?"""

from dataclasses import replace

import numpy as np

from acidtest.compare.pair import Pair, Statistic, reaching
from acidtest.registry import register
from acidtest.stats import order
from acidtest.stats.estimate import Estimate
from acidtest.stats.interval import from_draws


@register("statistic", "srcc")
def srcc(pair: Pair) -> Estimate:
    """Spearman's rank correlation: 1 same order, 0 none, -1 reversed."""
    return pair.estimate("srcc", order.srcc)


@register("statistic", "kendall_tau")
def kendall_tau(pair: Pair) -> Estimate:
    """Kendall's tau-b: solver pairs ordered alike less those ordered otherwise; 1 same order, -1 reversed."""
    return pair.estimate("kendall_tau", order.kendall_tau)


@register("statistic", "pearson")
def pearson(pair: Pair) -> Estimate:
    """Pearson's correlation of scores: 1 the same up to shift and slope, 0 none, -1 reversed."""
    found = pair.estimate("pearson", order.pearson)
    # A line on the logit scale is bent on the scores' own, and a straight one is possible, too.
    return found if pair.posterior is None or pair.order_rejected else reaching(found, (found.low, 1.0))


@register("statistic", "pairwise_agreement")
def pairwise_agreement(pair: Pair) -> Estimate:
    """Share of solver pairs that the set in hand orders as the real one: 1 all, 1/2 as good as a coin."""
    return pair.estimate("pairwise_agreement", order.pairwise_agreement, drawn="real")


@register("statistic", "top1_agreement")
def top1_agreement(pair: Pair) -> Estimate:
    """Whether the set's best solver is best on the real set: 1 yes, 0 no, between where solvers tie."""
    return pair.estimate("top1_agreement", order.top1_agreement, drawn="real")


@register("statistic", "regret_at_1")
def regret_at_1(pair: Pair) -> Estimate:
    """What is lost on the real set by choosing the set's best solver; 0: nothing."""
    return pair.estimate("regret_at_1", order.regret_at_1, drawn="real")


@register("statistic", "srcc_ceiling")
def srcc_ceiling(pair: Pair) -> Estimate:
    """What srcc would show with these item numbers were the order perfect; compare srcc with it, not with 1."""
    return _ceiling(pair, order.srcc)


@register("statistic", "pairwise_ceiling")
def pairwise_ceiling(pair: Pair) -> Estimate:
    """What pairwise_agreement of both observed orders would show were the order perfect."""
    return _ceiling(pair, order.pairwise_agreement)


def _ceiling(pair: Pair, statistic: Statistic) -> Estimate:
    """Return the median and quantiles of a statistic of scores as a perfect order would show them."""
    method = "what a perfect order would show: posterior with perfect correlation, noise added"
    if pair.posterior is None:
        return pair.unknown("no items are known: how much of the order is noise cannot be told", method)
    draws = statistic(pair.posterior.ceiling_real, pair.posterior.ceiling_synthetic)
    found = from_draws(np.nan, draws, level=pair.settings.level, n=pair.n, method=method, warnings=pair.warnings)
    return replace(found, value=found.true, true=np.nan)
