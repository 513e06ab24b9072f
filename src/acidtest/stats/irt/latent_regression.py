"""Regress what was itself estimated, such as items' difficulties, on columns that are known of every item.

    true_i = columns_i . weights + rest_i,      seen_i = true_i + error_i,   error_i ~ N(0, se_i^2)

Weights are normal with one variance per block of columns (words, plain counts, ratings ...), the rest is normal with
one variance for all. These variances maximise the likelihood of all items, with the weights integrated out: a block
that tells nothing gets the variance 0 and drops out, so nothing is tuned by hand. A linear latent regression with
ridge penalties by block; Bayesian linear regression with evidence maximisation (MacKay, Neural Computation 4, 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray

FEWEST = 8
"""Items that a regression needs."""

_WIDE = 100.0
_LEAST = 1e-9
_KEPT = 0.02
_FARTHEST = 3.0


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What is regressed: values whose errors are independent of them, as a regression needs them.

    Attributes:
        value: [n], NaN where an item's scores tell nothing of it.
        variance: [n] of the errors.
        mean: Of the true values, over items.
        spread: Variance of the true values, over items.
        ceiling: The largest correlation that a perfect prediction can have with the values that were given.
    """

    value: FloatArray
    variance: FloatArray
    mean: float
    spread: float
    ceiling: float


@dataclass(frozen=True, kw_only=True)
class LatentRegression:
    """Weights of p columns, and how sure they are.

    Attributes:
        weights: [p + 1] posterior means, that of the constant last.
        covariance: [p + 1, p + 1] of them.
        rest: Variance of true values around the regression.
        block_variance: [blocks] prior variances of the weights; next to 0: the block tells nothing.
        converged: Whether the search for the variances ended where it should.
    """

    weights: FloatArray
    covariance: FloatArray
    rest: float
    block_variance: FloatArray
    converged: bool

    def predict(self, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return [m] means and [m] standard deviations of the true values of items with these [m, p] columns."""
        x = _with_constant(columns)
        mean: FloatArray = x @ self.weights
        sd: FloatArray = np.sqrt(np.einsum("ij,jk,ik->i", x, self.covariance, x) + self.rest)
        return mean, sd


def without_shrinkage(value: FloatArray, se: FloatArray) -> Observed:
    """Return estimates that were shrunken towards their common mean as they would be without.

    Estimates of item parameters are means of posteriors under one common prior. Their errors are not independent of the
    true values: who regressed them as they are would find too little. With a normal prior of variance V and posterior
    variance se^2, an estimate keeps the share 1 - se^2 / V of a true difference; see `kept_share` for its bounds.

    Args:
        value: [n] posterior means; NaN: not known.
        se: [n] posterior standard deviations.

    Raises:
        DataError: Fewer than 8 values are known, or all are equal.
    """
    known = np.isfinite(value) & np.isfinite(se)
    if known.sum() < FEWEST or np.ptp(value[known]) == 0:
        raise DataError(
            f"{int(known.sum())} items of known difficulty are too few, or all equally difficult",
            way_out=f"Give scores of {FEWEST} items or more that differ in difficulty.",
        )
    mean = float(value[known].mean())
    apart, noise = float(value[known].var()), float((se[known] ** 2).mean())
    spread = apart + noise
    kept = kept_share(value, se, mean, spread)
    return Observed(
        value=np.where(known, mean + (value - mean) / kept, np.nan),
        variance=np.where(known, se**2 / kept, np.inf),
        mean=mean,
        spread=spread,
        ceiling=float(np.sqrt(apart / spread)),
    )


def kept_share(value: FloatArray, se: FloatArray, mean: float | FloatArray, spread: float | FloatArray) -> FloatArray:
    """Return [n]: the share of a true difference from the mean that each estimate keeps, .02 to 1.

    1 - se^2 / spread, but no less than would put the true value 3 standard deviations out. Where all solvers or none
    are right, the normal approximation calls an estimate that lies far out worth nothing: both cannot be. Simulated
    with 14 and 44 solvers, bounds of 2 to 6 and none predict equally well (share explained within .02, correlation
    within .002); with 8, intervals of new items widened by the check hold 91 % with this bound, 98 % without.
    """
    far = np.abs(value - mean) / (_FARTHEST * np.sqrt(spread))
    kept: FloatArray = np.clip(np.maximum(1 - se**2 / spread, far), _KEPT, 1.0)
    return kept


def latent_regression(columns: FloatArray, blocks: Sequence[int], seen: Observed) -> LatentRegression:
    """Return the regression of true values on columns.

    Args:
        columns: [n, p], each of about mean 0 and of like size within its block; no NaN.
        blocks: How many columns each block has, in their order; they add up to p.
        seen: [n] values and the variances of their errors; those that are NaN are left out.

    Raises:
        DataError: Fewer than 8 values are known.
    """
    from scipy.optimize import minimize

    used = np.isfinite(seen.value)
    if used.sum() < FEWEST:
        raise DataError(f"{int(used.sum())} items of known difficulty are too few", way_out=f"Give {FEWEST} or more.")
    data = _Data.of(columns[used], blocks, seen.value[used] - seen.mean, seen.variance[used], seen.spread)
    start = np.log(np.append(np.full(len(blocks), 0.25 / max(1, sum(blocks))), 0.5))
    bounds = [(np.log(_LEAST), np.log(_WIDE))] * (len(blocks) + 1)
    found = minimize(data.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100})
    variances = np.exp(found.x)
    weights, covariance = data.weights(found.x)
    weights *= data.unit
    weights[-1] += seen.mean
    return LatentRegression(
        weights=weights,
        covariance=covariance * data.unit**2,
        rest=float(variances[-1]) * data.unit**2,
        block_variance=variances[:-1] * data.unit**2,
        converged=bool(found.success),
    )


@dataclass(frozen=True, kw_only=True)
class _Data:
    """Values around their mean in units of their spread, columns with a constant last, and the block of each column."""

    x: FloatArray
    y: FloatArray
    noise: FloatArray
    block: NDArray[np.int64]
    unit: float

    @classmethod
    def of(
        cls, columns: FloatArray, blocks: Sequence[int], value: FloatArray, variance: FloatArray, spread: float
    ) -> "_Data":
        unit = float(np.sqrt(spread))
        return cls(
            x=_with_constant(columns),
            y=value / unit,
            noise=variance / unit**2,
            block=np.repeat(np.arange(len(blocks)), list(blocks)),
            unit=unit,
        )

    def weights(self, log_variances: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return posterior mean and covariance of the weights."""
        scaled = self.x / (self.noise + np.exp(log_variances[-1]))[:, None]
        covariance = self._covariance(scaled.T @ self.x, np.exp(log_variances[:-1]))
        return covariance @ (scaled.T @ self.y), covariance

    def _covariance(self, gram: FloatArray, variances: FloatArray) -> FloatArray:
        prior = np.append(1 / variances[self.block], 1 / _WIDE)
        inverse = np.linalg.inv(gram + np.diag(prior))
        symmetric: FloatArray = (inverse + inverse.T) / 2
        return symmetric

    def loss(self, log_variances: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the log likelihood of all values (a constant aside), and its slope in the log variances.

        C = D + X V X' is [n, n]; by Woodbury's identity only [p, p] matrices are turned: C^-1 = W - W X A X' W, with
        W = D^-1 and A the posterior covariance of the weights.
        """
        variances, rest = np.exp(log_variances[:-1]), float(np.exp(log_variances[-1]))
        w = 1 / (self.noise + rest)
        scaled = self.x * w[:, None]
        gram = scaled.T @ self.x
        a = self._covariance(gram, variances)
        prior_log = np.log(variances[self.block]).sum() + np.log(_WIDE)
        xy = scaled.T @ self.y
        solved = w * self.y - scaled @ (a @ xy)  # C^-1 y
        log_det = -np.log(w).sum() + prior_log - np.linalg.slogdet(a)[1]
        value = 0.5 * (log_det + float(self.y @ solved))
        projected = self.x.T @ solved
        through = np.diag(gram) - np.einsum("ij,ji->i", gram @ a, gram)  # diagonal of X' C^-1 X
        per_column = 0.5 * (through - projected**2)[:-1]
        slope = np.array([per_column[self.block == i].sum() for i in range(len(variances))]) * variances
        trace = w.sum() - float(np.einsum("ij,ij->", scaled.T @ scaled, a))
        return float(value), np.append(slope, 0.5 * (trace - float(solved @ solved)) * rest)


def _with_constant(columns: FloatArray) -> FloatArray:
    return np.concatenate([columns, np.ones((len(columns), 1))], axis=1)
