"""A solver's true real score from a few real items and its score on a synthetic set: the classical estimate.

    y[m] = theta[m] + e[m]         the real score, from few items
    x[m] = X[m] + h[m]             the synthetic score, itself noisy
    theta[m] = b0 + b1 X[m] + u[m]   X ~ N(mu, t^2), u ~ N(0, s^2); (e, h): known (co)variances

It is the area-level model of Fay and Herriot with measurement error in the covariate (Ybarra and Lohr, Biometrika 95,
2008), the covariate's own spread known to be normal. Then (theta, X) is bivariate normal, the best predictor shrinks y
towards its regression on x, and restricted likelihood with its second-order error (Datta and Lahiri, Statistica Sinica
10, 2000) applies as it stands.

A comparison shows the posterior's mean (`posterior`), which also knows scores in [0, 1] and odd solvers; this is the
independent check beside it.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from acidtest.stats.estimate import FloatArray

FEWEST = 3
"""Solvers: with fewer, three variances and two means cannot be told apart."""

LEAST_VARIANCE = 1e-9
"""Smallest noise variance in units of the scores' spread squared; keeps every matrix invertible."""

LARGEST_CORRELATION = 0.95
"""Largest correlation of a solver's two noises."""

_UNIT = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
"""[3, 2, 2] what (s11, s12, s22) add to the covariance of (theta, X)."""


@dataclass(frozen=True, kw_only=True)
class FayHerriot:
    """What was found of M solvers; NaN for a solver whose scores or variances are not all known.

    Attributes:
        estimate: [M] predicted true real score.
        mse: [M] its mean squared error, squared units of the score.
        slope: b1, by how much the true real score rises with the true synthetic one; NaN where that does not vary.
        spread: s, standard deviation of true real scores around the line; 0: the synthetic set tells all.
    """

    estimate: FloatArray
    mse: FloatArray
    slope: float
    spread: float

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return the normal intervals' ends [M]."""
        half = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(self.mse)
        return self.estimate - half, self.estimate + half


def fay_herriot(
    real: FloatArray,
    real_variance: FloatArray,
    synthetic: FloatArray,
    synthetic_variance: FloatArray,
    shared: FloatArray,
    *,
    common: float = 0.0,
) -> FayHerriot:
    """Return each solver's true real score, predicted from both scores, and the prediction's mean squared error.

    The error is g1 + g2 + 2 g3: of the predictor, of the two means, and of the three variances, twice because g1 is
    too small by g3 on average.

    Args:
        real: [M] scores on the real items at hand.
        real_variance: [M] their noise variances over items, each solver's own.
        synthetic: [M] scores on the synthetic set.
        synthetic_variance: [M] their noise variances.
        shared: [M] covariance of the two noises, where both sets hold the same items; else 0.
        common: Variance of the shift that the real items' common difficulty gives all solvers alike; no other solver
            and no other set can tell it, so all of it is added to the error.

    Returns:
        Estimates; all NaN for fewer than three solvers that are known.

    Raises:
        ValueError: Arrays of different lengths.

    Example:
        >>> found = fay_herriot(
        ...     np.array([0.4, 0.5, 0.7, 0.6]), np.full(4, 4e-3),
        ...     np.array([0.5, 0.6, 0.7, 0.8]), np.full(4, 1e-4), np.zeros(4),
        ... )
        >>> found.estimate.round(2).tolist()
        [0.42, 0.51, 0.63, 0.65]
    """
    given = [np.asarray(x, np.float64) for x in (real, real_variance, synthetic, synthetic_variance, shared)]
    if real.ndim != 1 or any(x.shape != real.shape for x in given):
        raise ValueError(f"five arrays [M] are needed, not {[x.shape for x in given]}")
    known = np.isfinite(given).all(axis=0) & (given[1] >= 0) & (given[3] >= 0)
    estimate, mse = np.full((2, len(real)), np.nan)
    if known.sum() < FEWEST:
        return FayHerriot(estimate=estimate, mse=mse, slope=np.nan, spread=np.nan)
    y, v_y, x, v_x, c = (z[known] for z in given)
    unit = np.array([_scale(y, v_y), _scale(x, v_x)])
    v_y, v_x = (np.maximum(v / u**2, LEAST_VARIANCE) for v, u in ((v_y, unit[0]), (v_x, unit[1])))
    limit = LARGEST_CORRELATION * np.sqrt(v_y * v_x)
    c = np.clip(c / unit.prod(), -limit, limit)
    centre = np.array([y.mean(), x.mean()])
    model = _Model(
        z=(np.stack([y, x], axis=1) - centre) / unit, noise=np.stack([v_y, c, c, v_x], axis=1).reshape(-1, 2, 2)
    )
    at = _restricted_maximum(model)
    predicted, error = model.predicted(at)
    estimate[known] = centre[0] + unit[0] * predicted
    mse[known] = unit[0] ** 2 * error + common
    s11, s12, s22 = at
    line = s12 / s22 if s22 > 0 else np.nan
    around = s11 - (s12 * line if s22 > 0 else 0.0)
    return FayHerriot(
        estimate=estimate,
        mse=mse,
        slope=float(line * unit[0] / unit[1]),
        spread=float(unit[0] * np.sqrt(max(around, 0.0))),
    )


@dataclass(frozen=True, kw_only=True)
class _Model:
    """Scores z [M, 2] (real, synthetic) with noise [M, 2, 2]; `at` is (s11, s12, s22), the covariance of (theta, X)."""

    z: FloatArray
    noise: FloatArray

    def log_likelihood(self, at: FloatArray) -> tuple[float, FloatArray]:
        """Return the restricted log likelihood, up to a constant, and its derivatives by (s11, s12, s22)."""
        w, c0, r = self._fit(at)
        q = _times(w, r)
        log_determinants = -np.linalg.slogdet(w)[1].sum() - np.linalg.slogdet(c0)[1]
        value = -0.5 * (log_determinants + (q * r).sum())
        trace = np.einsum("mab,iba->i", w, _UNIT) - np.einsum("ab,iba->i", c0, self._squares(w))
        slope = 0.5 * (np.einsum("ma,iab,mb->i", q, _UNIT, q) - trace)
        return float(value), slope

    def predicted(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return [M] the best predictor of theta, and [M] its mean squared error g1 + g2 + 2 g3."""
        w, c0, r = self._fit(at)
        sigma = _matrix(at)
        mean = self.z[0] - r[0]
        b = w @ sigma[:, 0]  # [M, 2]: how theta follows from both scores
        g1 = sigma[0, 0] - b @ sigma[:, 0]
        d = _times(w, self.noise[:, :, 0])  # e1 - b, without the cancellation
        g2 = np.einsum("ma,ab,mb->m", d, c0, d)
        moved = np.einsum("iab,mb->mia", _UNIT, d)
        by_variance = np.einsum("mia,mab,mjb->mij", moved, w, moved)
        g3 = np.einsum("mij,ij->m", by_variance, np.linalg.pinv(self._information(w, c0), hermitian=True))
        return mean[0] + (b * r).sum(axis=1), np.maximum(g1, 0.0) + g2 + 2 * g3

    def _fit(self, at: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the precisions [M, 2, 2], the covariance [2, 2] of the two means, and the residuals [M, 2]."""
        w = np.asarray(np.linalg.inv(_matrix(at) + self.noise), np.float64)
        c0 = np.asarray(np.linalg.inv(w.sum(axis=0)), np.float64)
        return w, c0, self.z - c0 @ _times(w, self.z).sum(axis=0)

    def _information(self, w: FloatArray, c0: FloatArray) -> FloatArray:
        """Return [3, 3]: tr(P E_i P E_j) / 2 with P = W - W 1 C 1' W, never larger than 2 x 2."""
        first = np.einsum("mab,ibc,mcd,jda->ij", w, _UNIT, w, _UNIT, optimize=True)
        middle = np.einsum("ab,mbc,icd,mde,jef,mfa->ij", c0, w, _UNIT, w, _UNIT, w, optimize=True)
        squares = self._squares(w)
        last = np.einsum("ab,ibc,cd,jda->ij", c0, squares, c0, squares)
        return np.asarray(0.5 * (first - middle - middle.T + last))

    @staticmethod
    def _squares(w: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("mab,ibc,mcd->iad", w, _UNIT, w, optimize=True))


def _restricted_maximum(model: _Model) -> FloatArray:
    """Return (s11, s12, s22) of the largest restricted likelihood.

    The search is over (t, b1 t, s): every point is a covariance, and s = 0, the perfect line, is an ordinary one.
    """
    from scipy.optimize import minimize

    def lower(root: FloatArray) -> tuple[float, FloatArray]:
        t, b, s = root
        value, (d11, d12, d22) = model.log_likelihood(_covariance(root))
        return -value, -np.array([2 * t * d22 + b * d12, t * d12 + 2 * b * d11, 2 * s * d11])

    starts = ([0.9, 0.8, 0.4], [0.9, 0.0, 0.9], [0.9, -0.8, 0.4], [0.3, 0.1, 0.2])
    bounds = [(0.0, None), (None, None), (0.0, None)]
    tops = [minimize(lower, start, jac=True, bounds=bounds, method="L-BFGS-B") for start in starts]
    return _covariance(min(tops, key=lambda top: float(top.fun)).x)


def _covariance(root: FloatArray) -> FloatArray:
    t, b, s = root
    return np.array([b * b + s * s, t * b, t * t])


def _matrix(at: FloatArray) -> FloatArray:
    return np.array([[at[0], at[1]], [at[1], at[2]]])


def _times(matrices: FloatArray, vectors: FloatArray) -> FloatArray:
    """Return [M, 2] from [M, 2, 2] and [M, 2]."""
    return np.asarray(np.einsum("mab,mb->ma", matrices, vectors))


def _scale(scores: FloatArray, variance: FloatArray) -> float:
    """Return the scores' spread, or the size of their noise where that is larger; 1 where there is neither."""
    spread = max(float(scores.std()), float(np.sqrt(variance.mean())))
    return spread if spread > 1e-9 * max(float(np.abs(scores).max()), 1e-300) else 1.0
