"""How far items' luck moves each solver's metric, once the luck that all solvers share is taken out.

Model, on linearised values (see `jackknife`): x[m, i] = P[m] + a[m] c[i] + e[m, i]. c is how easy item i is for
everybody; it moves all solvers together and says nothing about their order. e is what is left to each solver alone. a
is 1, or P (1 - P) for scores in [0, 1]: how far a common step on the logit scale moves a solver's score.
"""

from dataclasses import dataclass

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import IntArray

FLOOR = 0.1
"""A solver's own variance is at least this part of the solvers' mean, or its plain variance, if that is less."""

WORST_SHARE = 0.45
"""A solver that makes up more of the common difficulty than this cannot be told from it: all share one variance."""

FEWEST = 2
"""Items for a variance, and solvers for a common difficulty."""

ROUNDING = 1e-10
"""Deviations smaller than this part of the largest value are rounding, and count as none."""

CLOSEST = 0.95
"""Largest correlation that the noise of one solver's two scores may have."""


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Variance of each solver's metric over items, in squared units of the metric.

    Attributes:
        real, synthetic: [M] variance that is each solver's own; NaN where fewer than two items are scored.
        shared: [M] covariance of a solver's two metrics where both sets hold the same items, 0 otherwise.
        common_real, common_synthetic: Mean over solvers of the variance that the items' common difficulty adds. It
            moves all solvers together: it matters to the level, never to the order.
        common_shared: The same as covariance of both sets, 0 where they hold different items.
    """

    real: FloatArray
    synthetic: FloatArray
    shared: FloatArray
    common_real: float = 0.0
    common_synthetic: float = 0.0
    common_shared: float = 0.0


def pair_noise(real: FloatArray, synthetic: FloatArray, *, same_items: bool, unit: bool = False) -> Noise:
    """Return the noise of M solvers' metrics on a real and a synthetic set.

    Args:
        real: [M, n_r] linearised values, NaN where not scored.
        synthetic: [M, n_s] linearised values, NaN where not scored.
        same_items: Column i is the same item (or bundle) in both.
        unit: Scores lie in [0, 1]: an easy item then lifts a middling solver further than one near 0 or 1. Without
            this, solvers near the ends get more noise than they have.

    Raises:
        ValueError: `same_items` with different numbers of columns.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> easy = rng.normal(0, 1, (1, 4000))
        >>> both = pair_noise(easy + rng.normal(0, 2, (3, 4000)), easy + rng.normal(0, 2, (3, 4000)), same_items=False)
        >>> (both.real * 4000).round(1).tolist(), round(both.common_real * 4000, 1)
        ([4.1, 3.9, 3.9], 1.0)
    """
    if same_items and real.shape != synthetic.shape:
        raise ValueError(f"same items, but shapes {real.shape} and {synthetic.shape}")
    r, s = _Split.of(real, unit=unit), _Split.of(synthetic, unit=unit)
    own_r, common_r = r.of_means(r)
    own_s, common_s = s.of_means(s)
    own_r, own_s = _floored(own_r, real), _floored(own_s, synthetic)
    common_r, common_s = max(common_r, 0.0), max(common_s, 0.0)
    shared, common_shared = np.zeros(len(real)), 0.0
    if same_items:
        shared, common_shared = r.of_means(s)
        limit = np.nan_to_num(CLOSEST * np.sqrt(own_r * own_s))
        shared = np.clip(np.nan_to_num(shared), -limit, limit)
        most = float(np.sqrt(common_r * common_s))
        common_shared = min(max(common_shared, -most), most)
    return Noise(
        real=own_r,
        synthetic=own_s,
        shared=shared,
        common_real=common_r,
        common_synthetic=common_s,
        common_shared=common_shared,
    )


def plain_variance(linearised: FloatArray) -> FloatArray:
    """Return [M]: variance over items (n - 1) / number of scored items; NaN with fewer than two.

    Example:
        >>> plain_variance(np.array([[1.0, 0.0, np.nan]])).tolist()
        [0.25]
    """
    variance: FloatArray = _covariance(linearised, linearised) / np.maximum(np.isfinite(linearised).sum(axis=1), 1)
    return variance


def spread_of_variance(linearised: FloatArray) -> float:
    """Return the relative standard error of the per-item variance (mean over solvers), as the items themselves show it.

    The variance is a mean over items of squared deviations, so its error is that of a mean. 0 where nothing varies.

    Example:
        >>> round(spread_of_variance(np.array([[1.0, 0.0, 1.0, 0.0]])), 3), round(
        ...     spread_of_variance(np.array([[1.0, 0.0, 0.0, 0.0]])), 3
        ... )
        (0.0, 0.667)
    """
    linearised = linearised[:, np.isfinite(linearised).any(axis=0)]
    scored = np.isfinite(linearised)
    count = scored.sum(axis=1)
    mean = _ratio(np.where(scored, linearised, 0.0).sum(axis=1), count)
    squares = _unrounded(np.where(scored, linearised - mean[:, None], 0.0), linearised) ** 2
    n = linearised.shape[1]
    # A solver that was scored on fewer items is moved further by each.
    per_item = (squares * np.nan_to_num(_ratio(np.full(len(count), float(n)), count))[:, None]).mean(axis=0)
    total = float(per_item.mean())
    return float(np.sqrt(per_item.var(ddof=1) / n)) / total if total > 0 and n > 1 else 0.0


def deviations(linearised: FloatArray) -> FloatArray:
    """Return [M, n]: how far each item moves each solver's metric, in units of 1 / n; 0 where it was not scored.

    A solver that was scored on fewer items is moved further by each. So these may be added up over solvers and over
    sets that hold the same items, whatever cells are missing, and `plain_variance` of the sum is the sum's noise; of
    one solver's own row it is that solver's. NaN for a solver with fewer than two scored items.

    Example:
        >>> x = np.array([[1.0, 0.0, np.nan, np.nan], [1.0, 0.0, 1.0, 0.0]])
        >>> plain_variance(x).round(3).tolist(), plain_variance(deviations(x)).round(3).tolist()
        ([0.25, 0.083], [0.25, 0.083])
    """
    scored = np.isfinite(linearised)
    count = scored.sum(axis=1)
    n = linearised.shape[1]
    mean = _ratio(np.where(scored, linearised, 0.0).sum(axis=1), count)
    scale = np.sqrt(_ratio(np.full(len(count), float(n * (n - 1))), count * (count - 1)))
    return _unrounded(np.where(scored, linearised - mean[:, None], 0.0), linearised) * scale[:, None]


@dataclass(frozen=True, kw_only=True)
class _Split:
    """One set's values, parted into what solvers have in common and the rest. Everything is 0 where not known.

    known: [M, n] the cells that count: scored, by one of several solvers of the item. rest: [M, n] e less its part in
    the estimate of c. part: [M, n] a[m] / sum of a over the item's solvers. ease: [n] estimate of c, NaN where none.
    loading: [M] a. values: [M, n] as they came.
    """

    values: FloatArray
    known: FloatArray
    rest: FloatArray
    part: FloatArray
    ease: FloatArray
    loading: FloatArray

    @classmethod
    def of(cls, values: FloatArray, *, unit: bool) -> "_Split":
        scored = np.isfinite(values)
        count = scored.sum(axis=1)
        mean = _ratio(np.where(scored, values, 0.0).sum(axis=1), count)
        loading = np.ones(len(values))
        if unit:
            # Half an item inward, so that a perfect solver's loading is above 0.
            p = np.clip(np.nan_to_num(mean, nan=0.5), 0.5 / (count + 1), (count + 0.5) / (count + 1))
            loading = p * (1 - p)
        known = (scored & (scored.sum(axis=0) >= FEWEST)).astype(np.float64)
        total = loading @ known
        centred = np.where(known > 0, values - mean[:, None], 0.0)
        ease = _ratio(centred.sum(axis=0), total)
        part = known * loading[:, None] * np.nan_to_num(_ratio(np.ones(len(total)), total))
        rest = centred - known * loading[:, None] * np.nan_to_num(ease)
        return cls(values=values, known=known, rest=rest, part=part, ease=ease, loading=loading)

    def own(self, other: "_Split") -> FloatArray:
        """Return [M]: (co)variance of one item's own noise e in two sets, free of its part in the estimate of c.

        rest[m, i] = e[m, i] - part[m, i] sum_j e[j, i], so what is seen of m is a known mix of all solvers' variances:
        one linear equation each, whatever cells are missing.
        """
        both = self.known * other.known
        count = both.sum(axis=1)
        plain = _covariance(self.values, other.values)
        seen = _covariance(np.where(both > 0, self.rest, np.nan), np.where(both > 0, other.rest, np.nan))
        usable = np.isfinite(seen)
        if usable.sum() < FEWEST:
            return plain
        parts = self.part * other.part * both
        mix = parts @ both.T
        mix[np.diag_indices(len(mix))] = (both * (1 - self.part) * (1 - other.part)).sum(axis=1)
        mix = mix[np.ix_(usable, usable)] / count[usable, None]
        largest = np.sqrt(parts.sum(axis=1)[usable] / count[usable])
        if largest.max() > WORST_SHARE:
            # Two solvers, or one that outweighs all others: only their sum can be seen.
            plain[usable] = seen[usable].sum() / mix.sum()
        else:
            plain[usable] = np.linalg.solve(mix, seen[usable])
        return plain

    def of_means(self, other: "_Split") -> tuple[FloatArray, float]:
        """Return [M] (co)variance of the solvers' own parts of their metrics, and the mean one of their common part.

        Where solvers answered different items, the ease of those items is luck of each solver's own, in so far as the
        others did not have it too.
        """
        own = self.own(other)
        ease = self.ease_covariance(other, own) * self.loading * other.loading
        mine, theirs = (np.isfinite(x.values).astype(np.float64) for x in (self, other))
        counts = np.outer(mine.sum(axis=1), theirs.sum(axis=1))
        # Covariance of two means, in units of one item's: items in both / (items in one * items in the other).
        overlap = np.divide(mine @ theirs.T, counts, out=np.zeros(counts.shape), where=counts > 0)
        same = overlap.diagonal()
        others = (overlap.sum(axis=1) - same) / max(len(own) - 1, 1)
        answered = counts.diagonal() > 0
        common = float((ease * others)[answered].mean()) if answered.any() else 0.0
        return np.where(answered, own * same + ease * np.maximum(same - others, 0.0), np.nan), common

    def ease_covariance(self, other: "_Split", own: FloatArray) -> float:
        """Return the (co)variance of c over items, the part of `own` in its estimate taken off; may be below 0."""
        seen = float(_covariance(self.ease[None, :], other.ease[None, :])[0])
        known = np.isfinite(own)
        if not np.isfinite(seen) or known.sum() < FEWEST:
            return 0.0
        items = np.isfinite(self.ease) & np.isfinite(other.ease)
        both = (self.known * other.known)[:, items]
        sums = (self.loading @ self.known)[items] * (other.loading @ other.known)[items]
        return seen - float((np.where(known, own, 0.0) @ both / sums).mean())


def _floored(own: FloatArray, values: FloatArray) -> FloatArray:
    """Return [M] variances kept from being taken for certain; NaN where fewer than two items are scored."""
    plain = plain_variance(values)
    own = np.where(np.isfinite(plain), own, np.nan)
    known = own[np.isfinite(own)]
    least = FLOOR * max(float(known.mean()), 0.0) if known.size else 0.0
    floor = np.where(plain > 0, np.minimum(least, np.nan_to_num(plain)), least)
    return np.where(np.isfinite(own), np.maximum(own, floor), np.nan)


def _covariance(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return [M]: covariance over the columns known in both (n - 1); NaN with fewer than two."""
    known = np.isfinite(x) & np.isfinite(y)
    count = known.sum(axis=1)
    x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
    mean_x, mean_y = (_ratio(z.sum(axis=1), count)[:, None] for z in (x, y))
    left_x, left_y = (_unrounded(np.where(known, z - mean, 0.0), z) for z, mean in ((x, mean_x), (y, mean_y)))
    return _ratio((left_x * left_y).sum(axis=1), count - 1)


def _unrounded(deviation: FloatArray, values: FloatArray) -> FloatArray:
    """Return the deviations [M, n] from a mean of values, 0 where they are no more than rounding."""
    largest = np.abs(np.nan_to_num(values)).max(axis=1, initial=0.0, keepdims=True)
    return np.where(np.abs(deviation) > ROUNDING * largest, deviation, 0.0)


def _ratio(top: FloatArray, bottom: FloatArray | IntArray) -> FloatArray:
    ratio: FloatArray = np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)
    return ratio
