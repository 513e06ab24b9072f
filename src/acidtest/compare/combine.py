"""Real scores, helped by a synthetic set: each solver's true real score, better told than by the real items alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from acidtest.compare.pair import Pair
from acidtest.compare.sets import ScoredSet
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import from_draws
from acidtest.stats.jackknife import IntArray
from acidtest.stats.noise import plain_variance
from acidtest.stats.ppi import PpiMean, ppi_mean

_POSTERIOR = "mean of the posterior: the real score, drawn to what the synthetic one lets expect"
_OTHER_KIND = (
    "the set also holds items beyond the real ones, but its scores there differ from those on the real items by more "
    "than chance: they are not taken for judged items of the same source"
)
_MANY = 50
"""Real items from which on the posterior's differences between solvers hold as often on real data as they should."""

_FEW_ITEMS = (
    "only {} real items: their noise is known roughly, so differences between solvers are less sure than they look, "
    "and the items counted for order too many"
)
_NO_VARIANCE = "nothing varies: one solver, or scores that are the same on every item"

_FAR = 3.29
"""Standard errors between the judge's scores of labelled and of other items that chance exceeds once in a thousand."""

_FEWEST = 3
"""Items of each kind that every solver needs: a mean and a weight leave one degree of freedom."""

_RELATED = 2.0
"""Standard errors that the covariance of gold and judge over items must lie above 0."""


@dataclass(frozen=True, kw_only=True)
class Combined:
    """What the real items and a synthetic set say together.

    Attributes:
        scores: Solver -> true real score, on the scale as read. Empty where no items are known.
        items: How many real items alone would tell as much: "level" about scores, "order" about differences between
            solvers, which the luck of items that all solvers share does not touch. Empty where no items are known.
    """

    scores: Mapping[str, Estimate] = field(default_factory=dict)
    items: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Variance:
    """Mean variance over solvers of their scores, and of their scores less the mean of all solvers'."""

    level: float
    order: float


def combined(pair: Pair, real: ScoredSet, synthetic: ScoredSet) -> Combined:
    """Return each solver's true real score from its scores on both sets, with the interval of what is left unknown.

    Where the synthetic set holds all real items and more, and its score is a mean, it is taken for a judge that scored
    what gold has not: prediction-powered inference, solver by solver, if its scores follow gold item by item and the
    other items look like the real ones.
    Otherwise the posterior of the pair: a set that tells nothing then leaves the real scores as they were.

    `items` is the number of real items times the mean variance of the real scores alone, over that of the combined
    ones: no more than the number of real items where the synthetic set does not help.
    """
    if not pair.has_items or not pair.models:
        return Combined()
    judged = _Judged.of(pair, real, synthetic)
    if judged is not None and judged.related and judged.same_source:
        found, alone, together = _by_judge(pair, judged)
    else:
        strange = (_OTHER_KIND,) if judged is not None and judged.related else ()
        few = (_FEW_ITEMS.format(pair.real_items),) if pair.real_items < _MANY else ()
        found, together = _by_posterior(pair, (*strange, *few))
        alone = _variance_alone(pair, real)
    items = {
        "level": _items(pair, alone.level, together.level, "scores"),
        "order": _items(pair, alone.order, together.order, "differences between solvers"),
    }
    turn = real.metric.higher_is_better
    scores = {m: one if turn else _turned_back(one, unit=pair.unit) for m, one in zip(pair.models, found, strict=True)}
    return Combined(scores=scores, items=items)


def _items(pair: Pair, alone: float, together: float, what: str) -> Estimate:
    worth = pair.real_items * alone / together if alone > 0 and together > 0 else np.nan
    return Estimate(
        value=worth,
        n=pair.real_items,
        level=pair.settings.level,
        method=f"real items, times the variance of {what} from real items alone, over that of combined ones",
        warnings=(*pair.warnings, *(() if np.isfinite(worth) else (_NO_VARIANCE,))),
    )


def _by_posterior(pair: Pair, warnings: tuple[str, ...]) -> tuple[list[Estimate], _Variance]:
    """Return the posterior's means, and their variance."""
    if pair.posterior is None:
        return [], _Variance(level=np.nan, order=np.nan)
    found = [
        from_draws(
            float(draws.mean()),
            draws,
            level=pair.settings.level,
            n=pair.real_items,
            method=_POSTERIOR,
            warnings=(*pair.warnings, *warnings),
        )
        for draws in pair.posterior.real.T
    ]
    draws = pair.posterior.real
    order = (draws - draws.mean(axis=1, keepdims=True)).var(axis=0).mean()
    return found, _Variance(level=float(draws.var(axis=0).mean()), order=float(order))


def _by_judge(pair: Pair, judged: "_Judged") -> tuple[list[Estimate], _Variance, _Variance]:
    """Return the prediction-powered means, the variance of means of gold alone, and theirs."""
    found, variances = [], []
    for row in range(len(pair.models)):
        one, careful = judged.mean(row), judged.mean(row, careful=pair.unit)
        low, high = careful.interval(pair.settings.level) if pair.unit else one.wider_interval(pair.settings.level)
        value = one.value
        if pair.unit:
            value, low, high = (float(np.clip(x, 0.0, 1.0)) for x in (value, low, high))
        variances.append(careful.variance if pair.unit else one.corrected)
        found.append(
            Estimate(
                value=value,
                true=value,
                low=min(low, value),
                high=max(high, value),
                level=pair.settings.level,
                n=pair.real_items,
                method=f"prediction-powered mean with {judged.others} more items judged, weight {one.weight:.2f}",
                warnings=pair.warnings,
            )
        )
    alone, centred = judged.without_judge(), judged.centred()
    return (
        found,
        _Variance(level=alone.variance(), order=centred.without_judge().variance()),
        _Variance(level=float(np.mean(variances)), order=centred.variance()),
    )


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """Gold scores [M, n] of the real items, a judge's scores [M, n] of the same and [M, N] of other items."""

    gold: FloatArray
    same: FloatArray
    other: FloatArray
    groups: IntArray | None
    groups_other: IntArray | None

    @classmethod
    def of(cls, pair: Pair, real: ScoredSet, synthetic: ScoredSet) -> "_Judged | None":
        """Return it where the set holds all real items and more, and both are means over items."""
        if not real.metric.is_mean or real.scores.stats is None or synthetic.scores.stats is None:
            return None
        place = {item: column for column, item in enumerate(synthetic.scores.items)}
        if not set(real.scores.items) < set(place):
            return None
        columns = [place[item] for item in real.scores.items]
        mine = real.scores.stats[real.rows(pair.models), :, 0]
        its = synthetic.scores.stats[synthetic.rows(pair.models), :, 0]
        if not real.metric.higher_is_better:
            mine, its = (1 - x if pair.unit else -x for x in (mine, its))
        bundles = _bundles(real, synthetic)
        rest = np.setdiff1d(np.arange(len(place)), columns)
        if bundles is not None:
            # A bundle counts whole: what is left of one that has gold items would be drawn with them.
            rest = rest[~np.isin(bundles[rest], bundles[columns])]
        scored = (np.isfinite(mine) & np.isfinite(its[:, columns])).sum(axis=1)
        others = np.isfinite(its[:, rest]).sum(axis=1)
        if min(scored) < _FEWEST or min(others) < _FEWEST:
            return None
        return cls(
            gold=mine,
            same=its[:, columns],
            other=its[:, rest],
            groups=None if bundles is None else bundles[columns],
            groups_other=None if bundles is None else bundles[rest],
        )

    @property
    def others(self) -> int:
        """Number of items that only the judge scored."""
        return int(self.other.shape[1])

    @property
    def related(self) -> bool:
        """Whether both score the same items, and not items that bear the same names by accident."""
        products = np.nansum(_centred(self.gold) * _centred(self.same), axis=0)
        found = ppi_mean(products, products, np.zeros(0))
        return bool(found.value > _RELATED * np.sqrt(found.corrected))

    def mean(self, row: int, *, careful: bool = False) -> PpiMean:
        """Return one solver's prediction-powered mean.

        careful: Two items are added on which gold and judge disagree, once each way. A judge that is seldom wrong may
        not be so at all on few items, and the interval would then hold the truth in 60 to 90 % of cases, not in 95 %.
        """
        gold, same = self.gold[row], self.same[row]
        groups = self.groups
        if careful:
            gold, same = np.append(gold, [1.0, 0.0]), np.append(same, [0.0, 1.0])
            groups = None if groups is None else np.append(groups, groups.max() + np.array([1, 2]))
        return ppi_mean(gold, same, self.other[row], groups=groups, groups_only=self.groups_other)

    def variance(self) -> float:
        """Return the mean over solvers of their means' variances."""
        return float(np.mean([self.mean(row).corrected for row in range(len(self.gold))]))

    def centred(self) -> "_Judged":
        """Return it with each item's mean over solvers taken off: what is left is about their differences."""
        gold, same, other = (x - _over_solvers(x) for x in (self.gold, self.same, self.other))
        return replace(self, gold=gold, same=same, other=other)

    def without_judge(self) -> "_Judged":
        """Return what gold alone tells."""
        groups = None if self.groups is None else np.zeros(0, np.intp)
        return replace(self, same=self.gold, other=np.zeros((len(self.gold), 0)), groups_other=groups)

    @property
    def same_source(self) -> bool:
        """Whether the judge's scores, averaged over solvers, look alike on both kinds of item."""
        same, other = (
            ppi_mean(one, one, np.zeros(0), groups=groups, groups_only=None if groups is None else np.zeros(0, np.intp))
            for one, groups in ((_over_solvers(self.same), self.groups), (_over_solvers(self.other), self.groups_other))
        )
        return bool(abs(same.value - other.value) <= _FAR * np.sqrt(same.variance + other.variance))


def _variance_alone(pair: Pair, real: ScoredSet) -> _Variance:
    """Return the mean over solvers of the real scores' noise variance: with the items' common difficulty, and without.

    Scores less the mean of M solvers have (M - 1) / M of each solver's own noise.
    """
    variance = plain_variance(real.linear[real.rows(pair.models)])
    if pair.unit:
        variance = _off_the_edge(pair.real, variance, pair.real_items)
    solvers = len(pair.models)
    return _Variance(
        level=float(np.nanmean(variance)), order=float(np.nanmean(pair.noise.real)) * (solvers - 1) / solvers
    )


def _off_the_edge(share: FloatArray, variance: FloatArray, n: int) -> FloatArray:
    """Return the variances with that of a share half an item off the edge where no noise was seen."""
    p = (share * n + 0.5) / (n + 1)
    return np.where(variance > 0, variance, p * (1 - p) / n)


def _turned_back(one: Estimate, *, unit: bool) -> Estimate:
    """Return an estimate of a metric of which less is better on the scale as it was read."""
    value, true, low, high = ((1 - x if unit else -x) for x in (one.value, one.true, one.high, one.low))
    return replace(one, value=value, true=true, low=low, high=high)


def _centred(scores: FloatArray) -> FloatArray:
    """Return [M, n] scores less each solver's mean."""
    count = np.isfinite(scores).sum(axis=1, keepdims=True)
    centred: FloatArray = scores - np.nansum(scores, axis=1, keepdims=True) / np.maximum(count, 1)
    return centred


def _over_solvers(scores: FloatArray) -> FloatArray:
    """Return [n]: the mean over those solvers that were scored on the item; NaN where none was."""
    known = np.isfinite(scores)
    count = known.sum(axis=0)
    total = np.where(known, scores, 0.0).sum(axis=0)
    mean: FloatArray = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return mean


def _bundles(real: ScoredSet, synthetic: ScoredSet) -> IntArray | None:
    """Return [n] the bundle of each of the synthetic set's items, by number; None where neither set has bundles."""
    if not any(real.scores.bundles) and not any(synthetic.scores.bundles):
        return None
    named: dict[str, str] = {}
    for one in (synthetic, real):
        bundles = one.scores.bundles or ("",) * len(one.scores.items)
        named |= {item: f"bundle {b}" for item, b in zip(one.scores.items, bundles, strict=True) if b}
    names = [named.get(item, f"item {item}") for item in synthetic.scores.items]
    return np.unique(names, return_inverse=True)[1]
