"""How far items' luck moves each solver's metric, once the luck that all solvers share is taken out.

Model, on linearised values (see `jackknife`): x[m, i] = P[m] + a[m] c[i] + e[m, i]. c is how easy item i is for
everybody; it moves all solvers together and says nothing about their order. e is what is left to each solver alone. a
is 1, or P (1 - P) for scores in [0, 1]: how far a common step on the logit scale moves a solver's score.
"""

from dataclasses import dataclass

import numpy as np

from acidtest.stats.estimate import FloatArray

FLOOR = 0.1
"""A solver's own variance is at least this part of the solvers' mean, or its plain variance, if that is less."""

WORST_SHARE = 0.45
"""A solver that makes up more of the common difficulty than this cannot be told from it: all share one variance."""

FEWEST = 2
"""Items for a variance, and solvers for a common difficulty."""

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
    own_r, own_s = _floored(r.own(r), real), _floored(s.own(s), synthetic)
    shared, common = np.zeros(len(own_r)), 0.0
    if same_items:
        limit = CLOSEST * np.sqrt(own_r * own_s)
        shared = np.clip(np.nan_to_num(r.own(s)), -np.nan_to_num(limit), np.nan_to_num(limit))
        common = r.common(s)
    common_r, common_s = max(r.common(r), 0.0), max(s.common(s), 0.0)
    limit_common = np.sqrt(common_r * common_s)
    return Noise(
        real=own_r,
        synthetic=own_s,
        shared=shared,
        common_real=common_r,
        common_synthetic=common_s,
        common_shared=float(np.clip(common, -limit_common, limit_common)),
    )


def plain_variance(linearised: FloatArray) -> FloatArray:
    """Return [M]: variance over items (n - 1) / number of scored items; NaN with fewer than two.

    Example:
        >>> plain_variance(np.array([[1.0, 0.0, np.nan]])).tolist()
        [0.25]
    """
    return _covariance(linearised, linearised)


@dataclass(frozen=True, kw_only=True)
class _Split:
    """One set's values, parted into what solvers have in common and the rest.

    rest: [M, n] e less its part in the estimate of c; NaN where not scored. ease: [n] estimate of c. loading: [M] a.
    part: [M] mean over the solver's items of a[m] / sum of a over the item's solvers.
    """

    values: FloatArray
    rest: FloatArray
    ease: FloatArray
    loading: FloatArray
    part: FloatArray

    @classmethod
    def of(cls, values: FloatArray, *, unit: bool) -> "_Split":
        known = np.isfinite(values)
        count = known.sum(axis=1)
        mean = _ratio(np.where(known, values, 0.0).sum(axis=1), count)
        loading = np.ones(len(values))
        if unit:
            # The half item added keeps a perfect solver's loading above 0.
            p = np.clip(np.nan_to_num(mean, nan=0.5), 0.5 / (count + 1), (count + 0.5) / (count + 1))
            loading = p * (1 - p)
        centred = np.where(known, values - mean[:, None], 0.0)
        total_loading = loading @ known
        ease = _ratio(centred.sum(axis=0), total_loading)
        alone = known.sum(axis=0) < FEWEST
        ease[alone] = np.nan
        share = np.where(known & ~alone, loading[:, None] * _ratio(np.ones(len(alone)), total_loading), np.nan)
        rest = np.where(known, centred - loading[:, None] * ease, np.nan)
        return cls(values=values, rest=rest, ease=ease, loading=loading, part=_mean_known(share))

    def own(self, other: "_Split") -> FloatArray:
        """Return [M]: (co)variance of each solver's own noise in two sets, free of its part in the estimate of c.

        With w = a[m] / sum a: Var(rest[m]) = (1 - 2 w) own[m] + w^2 sum(own). The sum follows from adding up.
        """
        seen = _covariance(self.rest, other.rest)
        part = np.sqrt(self.part * other.part)
        usable = np.isfinite(seen) & np.isfinite(part)
        if usable.sum() < FEWEST:
            return _covariance(self.values, other.values)
        if part[usable].max() > WORST_SHARE:
            # Two solvers (or one that outweighs all others): what is seen is the same for all, were they equally noisy.
            equal = 1 - 2 * part[usable] + usable.sum() * part[usable] ** 2
            return np.where(usable, seen[usable].sum() / equal.sum(), _covariance(self.values, other.values))
        w, v = part[usable], seen[usable]
        everybody = (v / (1 - 2 * w)).sum() / (1 + (w**2 / (1 - 2 * w)).sum())
        own = _covariance(self.values, other.values)
        own[usable] = (v - w**2 * everybody) / (1 - 2 * w)
        return own

    def common(self, other: "_Split") -> float:
        """Return the mean over solvers of the (co)variance that c gives the metric; by chance it may be below 0."""
        seen = _covariance(self.ease[None, :], other.ease[None, :])[0]
        own = self.own(other)
        known = np.isfinite(own)
        if not np.isfinite(seen) or known.sum() < FEWEST:
            return 0.0
        own_part = own[known].sum() / (self.loading[known].sum() * other.loading[known].sum())
        return float((seen - own_part) * (self.loading * other.loading)[known].mean())


def _floored(own: FloatArray, values: FloatArray) -> FloatArray:
    known = own[np.isfinite(own)]
    if not known.size:
        return own
    least = FLOOR * max(float(known.mean()), 0.0)
    plain = plain_variance(values)
    return np.where(np.isfinite(own), np.maximum(own, np.where(plain > 0, np.minimum(least, plain), least)), np.nan)


def _covariance(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return [M]: covariance over the columns known in both (n - 1) / their number; NaN with fewer than two."""
    known = np.isfinite(x) & np.isfinite(y)
    count = known.sum(axis=1)
    x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
    mean_x, mean_y = (_ratio(z.sum(axis=1), count)[:, None] for z in (x, y))
    products = np.where(known, (x - mean_x) * (y - mean_y), 0.0).sum(axis=1)
    return np.where(count > 1, _ratio(products, (count * np.maximum(count - 1, 1)).astype(np.float64)), np.nan)


def _mean_known(x: FloatArray) -> FloatArray:
    known = np.isfinite(x)
    return _ratio(np.where(known, x, 0.0).sum(axis=1), known.sum(axis=1))


def _ratio(top: FloatArray, bottom: FloatArray | np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> FloatArray:
    ratio: FloatArray = np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)
    return ratio
