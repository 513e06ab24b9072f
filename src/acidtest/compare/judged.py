"""A judge's scores of labelled and of other items beside gold scores of the labelled ones."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.pair import Pair
from acidtest.compare.sets import ScoredSet
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.jackknife import IntArray
from acidtest.stats.ppi import PpiMean, ppi_mean

_FAR = 3.29
"""Standard errors between the judge's scores of labelled and of other items that chance exceeds once in a thousand."""

_RELATED = 2.0
"""Standard errors that the covariance of gold and judge over items must lie above 0."""


_PARTS = 20
"""Parts of the labelled items that are left out in turn: enough for a standard error."""


@dataclass(frozen=True, kw_only=True)
class Gain:
    """How many times the squared error of real items alone is that of combined scores; NaN: not known.

    value: Of the error that is expected. median, low, high: Of what it may be, as how good the set is is not known.
    """

    value: float = np.nan
    median: float = np.nan
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Gold scores [M, n] of the real items, a judge's scores [M, n] of the same and [M, N] of other items."""

    gold: FloatArray
    same: FloatArray
    other: FloatArray
    groups: IntArray | None
    groups_other: IntArray | None

    FEWEST: ClassVar[int] = 3
    """Items of each kind that every solver needs: a mean and a weight leave one degree of freedom."""

    @classmethod
    def of(cls, pair: Pair, real: ScoredSet, synthetic: ScoredSet) -> "Judged | None":
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
        if min(scored) < cls.FEWEST or min(others) < cls.FEWEST:
            return None
        return cls(
            gold=mine,
            same=its[:, columns],
            other=its[:, rest],
            groups=None if bundles is None else bundles[columns],
            groups_other=None if bundles is None else bundles[rest],
        )

    def scores(self, pair: Pair, warnings: tuple[str, ...]) -> list[Estimate]:
        """Return the prediction-powered means."""
        found = []
        for row in range(len(pair.models)):
            one, careful = self.mean(row), self.mean(row, careful=pair.unit)
            low, high = careful.interval(pair.settings.level) if pair.unit else one.wider_interval(pair.settings.level)
            value = one.value
            if pair.unit:
                value, low, high = (float(np.clip(x, 0.0, 1.0)) for x in (value, low, high))
            found.append(
                Estimate(
                    value=value,
                    true=value,
                    low=min(low, value),
                    high=max(high, value),
                    level=pair.settings.level,
                    n=pair.real_items,
                    method=f"prediction-powered mean with {self.others} more items judged, weight {one.weight:.2f}",
                    warnings=warnings,
                )
            )
        return found

    def gains(self, pair: Pair) -> dict[str, Gain]:
        """Return what the judge gains, "level" and "order"; the intervals leave out parts of the labelled items."""
        from scipy.special import stdtrit

        found = self.log_gains()
        groups = (
            np.arange(self.gold.shape[1]) if self.groups is None else np.unique(self.groups, return_inverse=True)[1]
        )
        parts = min(_PARTS, int(groups.max()) + 1)
        left = np.array([self._at(groups % parts != part).log_gains() for part in range(parts)])
        error = np.sqrt((parts - 1) * left.var(axis=0))
        far = float(stdtrit(max(parts - 1, 1), (1 + pair.settings.level) / 2))
        return {
            name: Gain(value=value, median=value, low=value / reach, high=value * reach)
            for name, value, reach in zip(("level", "order"), np.exp(found), np.exp(far * error), strict=True)
        }

    def log_gains(self) -> FloatArray:
        """Return [2]: log of the variance by gold alone over that with the judge, of scores and of differences."""
        centred = self.centred()
        variances = [
            (self.without_judge().variance(), self.variance()),
            (centred.without_judge().variance(), self._variance_of_differences()),
        ]
        return np.array([np.log(a / b) if a > 0 and b > 0 else np.nan for a, b in variances])

    def _at(self, kept: NDArray[np.bool_]) -> "Judged":
        """Return it with some of the labelled items only."""
        groups = None if self.groups is None else self.groups[kept]
        return replace(self, gold=self.gold[:, kept], same=self.same[:, kept], groups=groups)

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

    def _variance_of_differences(self) -> float:
        """Return the mean over solvers of the variances of their means, each with its own weight, less all solvers'."""
        weights = np.array([[self.mean(row).weight] for row in range(len(self.gold))])
        labelled, other = self.gold - weights * self.same, weights * self.other
        return _variance_of_left(labelled, self.groups) + _variance_of_left(other, self.groups_other)

    def centred(self) -> "Judged":
        """Return it with each item's mean over solvers taken off: what is left is about their differences."""
        gold, same, other = (x - _over_solvers(x) for x in (self.gold, self.same, self.other))
        return replace(self, gold=gold, same=same, other=other)

    def without_judge(self) -> "Judged":
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


def _variance_of_left(scores: FloatArray, groups: IntArray | None) -> float:
    """Return the mean over solvers of the variance of their mean score, less the mean of all solvers."""
    only = None if groups is None else np.zeros(0, np.intp)
    left = scores - _over_solvers(scores)
    found = [ppi_mean(row, row, np.zeros(0), groups=groups, groups_only=only) for row in left]
    return float(np.mean([one.corrected for one in found]))


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
