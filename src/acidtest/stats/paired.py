"""Two solvers on the same items of one benchmark: how much they differ, and whether that is more than the items' luck.

Everything rests on the differences item by item, or bundle by bundle: what makes an item easy for both cancels.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.detectable import detectable_difference, detectable_share
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.paired_proportions import mcnemar_p, tango_interval

BoolArray = NDArray[np.bool_]
Method = Literal["auto", "mcnemar", "mcnemar_exact", "t", "sign_flip"]

FEWEST = 2
"""Items for a variance."""

ALL_FLIPS = 14
"""Up to this many differences that are not 0, every assignment of signs is tried: 16,384."""

FLIPS = 9999
"""Random assignments of signs where there are more."""

ROUNDING = 1e-12
"""A variance of differences below this part of the two variances is rounding: every item's difference is the same.

A difference below this part of the largest value is none, see `_rounding`.
"""

ALIKE = "the difference is the same on every item: its noise is that of items that were not met"
ONE_ITEM = "fewer than two items in common: nothing can be said"
IN_COMMON = "only the items that both answered count, so this is not the difference of their two scores"


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """The test of two solvers on one benchmark.

    Attributes:
        estimate: Difference of their metrics, one - other: 0 as good as each other, above 0 the first is better. `n`
            is the number of items (bundles) that both answered.
        standard_error: From the paired differences; NaN with fewer than two items.
        p: Two-sided; how likely so large a difference is if there is none. NaN where it cannot be told; never 0.
        detectable: Smallest true difference that this test finds in 80 % of such studies; NaN where there is none.
    """

    estimate: Estimate
    standard_error: float
    p: float
    detectable: float


@dataclass(frozen=True, kw_only=True)
class AllPairs:
    """Paired tests of every two of M solvers. [j, k] is about j - k; NaN where a pair has nothing in common.

    Attributes:
        difference: [M, M] difference of metrics.
        variance: [M, M] variance of the items' differences (n - 1); NaN with fewer than two.
        p: [M, M] two-sided p; NaN on the diagonal.
        n: [M, M] items (bundles, blocks of items) that both answered.
        items: [M, M] items that both answered where columns are blocks of them; None: as `n`.
        wins: [M, M] items that j got right and k wrong; None where scores are not 0 or 1.
        partial: [M, M] whether one of the two answered items that the other did not.
        unit: Scores lie in [0, 1].
        level: Of intervals; 1 less the size of tests.
    """

    difference: FloatArray
    variance: FloatArray
    p: FloatArray
    n: FloatArray
    wins: FloatArray | None
    partial: BoolArray
    unit: bool
    level: float
    items: FloatArray | None = None

    @property
    def solvers(self) -> int:
        """Return M."""
        return len(self.p)

    @cached_property
    def p_holm(self) -> FloatArray:
        """[M, M] p adjusted for all pairs, see `holm`."""
        pairs = np.triu_indices(self.solvers, 1)
        adjusted = np.full(self.p.shape, np.nan)
        adjusted[pairs] = holm(self.p[pairs])
        adjusted.T[pairs] = adjusted[pairs]
        return adjusted

    @cached_property
    def better(self) -> BoolArray:
        """[M, M] whether j is better than k, significantly so over all pairs together."""
        clear = np.nan_to_num(self.p_holm, nan=1.0) <= (1 - self.level) * (1 + ROUNDING)
        return np.asarray(clear & (self.difference > 0), np.bool_)

    def test(self, one: int, other: int) -> PairedTest:
        """Return the test of two solvers with its interval and its detectable difference."""
        n, seen = float(self.n[one, other]), float(self.difference[one, other])
        variance = float(self.variance[one, other])
        warnings = [IN_COMMON] if self.partial[one, other] else []
        if n < FEWEST:
            warnings.append(ONE_ITEM)
        elif variance == 0:
            warnings.append(ALIKE)
        low, high, method = self._interval(one, other)
        estimate = Estimate(
            value=seen,
            true=seen,
            low=low,
            high=high,
            level=self.level,
            n=int(n),
            method=method,
            warnings=tuple(warnings),
        )
        return PairedTest(
            estimate=estimate,
            standard_error=math.sqrt(variance / n) if n >= FEWEST else math.nan,
            p=float(self.p[one, other]),
            detectable=self._detectable(one, other),
        )

    def _interval(self, one: int, other: int) -> tuple[float, float, str]:
        n, seen, variance = (float(x[one, other]) for x in (self.n, self.difference, self.variance))
        if self.wins is not None:
            wins, losses = float(self.wins[one, other]), float(self.wins[other, one])
            return *tango_interval(wins, losses, n, self.level), "p: McNemar, mid-p; interval: Tango's score interval"
        method = "paired t test on the items' differences"
        if variance > 0:
            half = _t_quantile(n - 1, self.level) * math.sqrt(variance / n)
            return seen - half, seen + half, method
        if n < FEWEST or not self.unit:
            return math.nan, math.nan, method
        # No item's difference was seen to differ; what items not met may do is bounded by what 0 and 1 could.
        low, high = tango_interval(0, 0, self._met(one, other), self.level)
        return max(seen + low, -1.0), min(seen + high, 1.0), f"{method}; interval: Tango's, as no difference varies"

    def _detectable(self, one: int, other: int) -> float:
        n, variance = float(self.n[one, other]), float(self.variance[one, other])
        if self.wins is not None and n >= FEWEST:
            return detectable_share(n, float(self.wins[one, other] + self.wins[other, one]) / n, level=self.level)
        if variance == 0 and self.unit:
            return detectable_share(self._met(one, other), 0.0, level=self.level)
        return detectable_difference(n, variance, level=self.level)

    def _met(self, one: int, other: int) -> float:
        """Return how many items both answered."""
        return float((self.n if self.items is None else self.items)[one, other])


def paired_test(
    one: FloatArray,
    other: FloatArray,
    *,
    unit: bool = True,
    level: float = 0.95,
    method: Method = "auto",
    rng: np.random.Generator | None = None,
) -> PairedTest:
    """Test two solvers on one benchmark.

    Args:
        one: [n] linearised values (`jackknife.linearised`) of the first solver, higher is better; NaN: not scored.
        other: [n] the same of the second.
        unit: Scores lie in [0, 1].
        level: Of the interval.
        method: "auto": McNemar's mid-p test and Tango's interval where every value is 0 or 1, a paired t test (n - 1
            degrees of freedom) elsewhere. "mcnemar_exact": the exact conditional test's p. "sign_flip": p from
            `sign_flip_p`. The interval stays that of "auto", or with "t" that of the t test.
        rng: Source of chance of "sign_flip".

    Raises:
        ValueError: McNemar's test asked for values that are not 0 or 1, or "sign_flip" without `rng`.

    Example:
        >>> right, wrong = np.repeat([1.0, 0.0], [7, 1]), np.repeat([0.0, 1.0], [7, 1])
        >>> round(paired_test(right, wrong).p, 4)
        0.0391
    """
    pairs = all_pairs(np.stack([one, other]), unit=unit, level=level, shares=method != "t")
    found = pairs.test(0, 1)
    if method in ("mcnemar", "mcnemar_exact"):
        if pairs.wins is None:
            raise ValueError("McNemar's test needs scores of 0 or 1")
        p = mcnemar_p(pairs.wins[0, 1], pairs.wins[1, 0], exact=method == "mcnemar_exact")
        return replace(found, p=float(p))
    if method == "sign_flip":
        if rng is None:
            raise ValueError("random signs need rng")
        known = np.isfinite(one) & np.isfinite(other)
        differences = (one - other)[known]
        told = np.abs(differences) > _rounding(np.stack([one, other]))[0, 1]
        return replace(found, p=sign_flip_p(np.where(told, differences, 0.0), rng))
    return found


def all_pairs(
    values: FloatArray,
    observed: FloatArray | None = None,
    *,
    unit: bool = True,
    level: float = 0.95,
    shares: bool = True,
    items: FloatArray | None = None,
) -> AllPairs:
    """Test every two of M solvers on one benchmark; a few matrix products, whatever their number.

    Args:
        values: [M, n] linearised values, one column per item or bundle; NaN: not scored. Only columns that both of a
            pair have count for it.
        observed: [M] the metric as seen. For metrics that are no means a pair's difference is taken from here where
            both answered the same items; the mean of their values is the metric less its jackknife bias.
        unit: Scores lie in [0, 1].
        level: Of intervals; 1 less the size of tests.
        shares: Where all values are 0 or 1, use McNemar's mid-p test. False: paired t in any case.
        items: [M, M] items that both of a pair answered, where columns are blocks of items: then always a paired t, and
            what was never seen to differ is bounded by the items' number. None: columns are items (or bundles).

    Example:
        >>> found = all_pairs(np.array([[1.0, 1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0]]))
        >>> found.p.round(4).tolist()[0][1:], found.p_holm.round(4).tolist()[0][1:]
        ([0.0156, 1.0], [0.0469, 1.0])
    """
    scored = np.isfinite(values)
    whole = np.round(values)  # bundles of like items are 0 or 1 but for the jackknife's rounding
    if (
        shares
        and items is None
        and bool(((np.abs(values - whole) < ROUNDING) & ((whole == 0) | (whole == 1)) | ~scored).all())
    ):
        return _of_shares(whole, scored, unit=unit, level=level)
    seen = scored.astype(np.float64)
    n = seen @ seen.T
    own = seen.sum(axis=1)
    partial = (n < own[:, None]) | (n < own[None, :])
    filled = np.where(scored, values, 0.0)
    means = np.divide(filled.sum(axis=1), own, out=np.full(len(own), np.nan), where=own > 0)
    rounding = _rounding(values)
    difference, variance = _moments(np.where(scored, values - means[:, None], 0.0), seen, n, rounding)
    difference = difference + (means[:, None] - means[None, :])
    if observed is not None:
        difference = np.where(partial, difference, observed[:, None] - observed[None, :])
    difference = np.where((variance == 0) & (np.abs(difference) <= rounding), 0.0, difference)
    p = np.where(n >= FEWEST, _t_p(difference, variance, n), np.nan)
    np.fill_diagonal(p, np.nan)
    return AllPairs(
        difference=difference,
        variance=variance,
        p=p,
        n=n,
        wins=None,
        partial=partial,
        unit=unit,
        level=level,
        items=items,
    )


def holm(p: FloatArray) -> FloatArray:
    """Return [K] p values adjusted so that at most `level` of studies reject any true hypothesis; NaN stays out.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979), 65-70. Holds however the tests depend on each other.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03, np.nan])).round(2).tolist()
        [0.03, 0.06, 0.06, nan]
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    left = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * left), 1.0) if len(order) else []
    return adjusted


def sign_flip_p(differences: FloatArray, rng: np.random.Generator, *, flips: int = FLIPS) -> float:
    """Return the permutation test's two-sided p: which solver is which is tossed for each item (bundle) anew.

    Exact where at most ALL_FLIPS differences are not 0, else from random signs, counting the signs seen as one of
    them: never 0. For 0/1 scores this is the exact McNemar test.

    Args:
        differences: [n] of the items, none NaN.
        rng: Source of chance.
        flips: How many assignments of signs are drawn.

    Example:
        >>> sign_flip_p(np.array([0.3, 0.1, 0.2]), np.random.default_rng(0))
        0.25
    """
    told = differences[differences != 0]
    if told.size == 0:
        return 1.0 if differences.size else math.nan
    # A sum of as much, added up in another order, is not always the same number.
    edge = abs(float(told.sum())) - ROUNDING * float(np.abs(told).sum())
    if told.size <= ALL_FLIPS:
        signs = 1.0 - 2.0 * ((np.arange(2**told.size)[:, None] >> np.arange(told.size)) & 1)
        return float((np.abs(signs @ told) >= edge).mean())
    as_far = 0
    step = max(1, 2**21 // told.size)
    for start in range(0, flips, step):
        signs = 2.0 * rng.integers(0, 2, (min(step, flips - start), told.size)) - 1
        as_far += int((np.abs(signs @ told) >= edge).sum())
    return (1 + as_far) / (1 + flips)


def _of_shares(right: FloatArray, scored: BoolArray, *, unit: bool, level: float) -> AllPairs:
    """Return the pairs of solvers whose values are 0 or 1: counts say all."""
    seen, right = scored.astype(np.float64), np.where(scored, right, 0.0)
    n, own = seen @ seen.T, seen.sum(axis=1)
    wins = right @ (seen - right).T
    difference = np.divide(wins - wins.T, n, out=np.full(n.shape, np.nan), where=n > 0)
    spread = wins + wins.T - n * np.nan_to_num(difference) ** 2
    p = np.where(n > 0, mcnemar_p(wins, wins.T), np.nan)
    np.fill_diagonal(p, np.nan)
    return AllPairs(
        difference=difference,
        variance=np.divide(np.maximum(spread, 0.0), n - 1, out=np.full(n.shape, np.nan), where=n >= FEWEST),
        p=p,
        n=n,
        wins=wins,
        partial=(n < own[:, None]) | (n < own[None, :]),
        unit=unit,
        level=level,
    )


def _rounding(values: FloatArray) -> FloatArray:
    """Return [M, M]: differences up to this size may be rounding alone.

    In units of the pair's largest value. Pseudo-values are a small difference times the number of columns, and so is
    what rounding left in it.
    """
    largest = np.abs(np.nan_to_num(values)).max(axis=1, initial=0.0)
    part = ROUNDING + 8 * np.finfo(np.float64).eps * values.shape[1]
    return np.asarray(part * np.maximum(largest[:, None], largest[None, :]), np.float64)


def _moments(
    centred: FloatArray, seen: FloatArray, n: FloatArray, rounding: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return [M, M] mean and variance (n - 1) of the differences over common columns; unscored cells hold 0."""
    first = centred @ seen.T
    second = (centred**2) @ seen.T
    mean = np.divide(first - first.T, n, out=np.full(n.shape, np.nan), where=n > 0)
    squares = second + second.T - 2 * (centred @ centred.T)
    spread = squares - n * np.nan_to_num(mean) ** 2
    spread = np.where(spread > ROUNDING * (second + second.T) + n * rounding**2, spread, 0.0)
    return mean, np.divide(spread, n - 1, out=np.full(n.shape, np.nan), where=n >= FEWEST)


def _t_p(difference: FloatArray, variance: FloatArray, n: FloatArray) -> FloatArray:
    """Return two-sided p of paired t tests; where all differences are one number, that of flipping all signs."""
    from scipy.special import stdtr

    error = np.sqrt(np.nan_to_num(variance) / np.maximum(n, 1))
    t = np.divide(np.abs(difference), error, out=np.zeros(n.shape), where=error > 0)
    p = 2 * stdtr(np.maximum(n - 1, 1), -t)
    p = np.where(error > 0, p, np.where(difference != 0, 2.0 ** (1 - n), 1.0))
    return np.asarray(np.maximum(p, np.finfo(np.float64).tiny), np.float64)


def _t_quantile(df: float, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + level) / 2))
