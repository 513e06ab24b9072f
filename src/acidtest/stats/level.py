"""Question 1, level: are the scores on the synthetic set the scores on the real one?"""

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.noise import deviations, plain_variance


def gap(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return the mean over solvers of synthetic - real, [..., M] -> [...], in the metric's units.

    0: the same level; above 0: the synthetic set is easier; below: harder. Solvers with NaN in either do not count.

    Example:
        >>> gap(np.array([0.5, 0.7]), np.array([0.6, 0.9])).round(3).item()
        0.15
    """
    return _mean_over_solvers(np.asarray(synthetic) - np.asarray(real))


def mspd(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    """Return the mean squared performance difference over solvers, [..., M] -> [...], in squared units of the metric.

    0: every score is the same. Never negative; items' noise adds to it (see `mspd_excess`).
    Source: arXiv 2409.11968, confirmed against the authors' numbers.

    Example:
        >>> mspd(np.array([0.5, 0.7]), np.array([0.6, 0.9])).round(3).item()
        0.025
    """
    return _mean_over_solvers((np.asarray(synthetic) - np.asarray(real)) ** 2)


def mspd_noise_floor(real_linearised: FloatArray, synthetic_linearised: FloatArray, *, same_items: bool) -> float:
    """Return what `mspd` would be on average from the items' noise alone: mean over solvers of Var(P_s - P_r).

    Args:
        real_linearised: [M, n_r] scores, or jackknife pseudo-values (one per bundle where there are bundles).
        synthetic_linearised: [M, n_s] the same of the synthetic set.
        same_items: Both hold the same items in the same columns; the variance is then that of paired differences.

    Returns:
        In squared units of the metric; NaN where no solver has two scored items.

    Raises:
        ValueError: `same_items` with different numbers of columns.
    """
    if not same_items:
        return _mean_of_known(plain_variance(real_linearised) + plain_variance(synthetic_linearised))
    if real_linearised.shape != synthetic_linearised.shape:
        raise ValueError(f"same items, but shapes {real_linearised.shape} and {synthetic_linearised.shape}")
    return _mean_of_known(plain_variance(deviations(synthetic_linearised) - deviations(real_linearised)))


def mspd_excess(real: FloatArray, synthetic: FloatArray, noise_floor: float) -> FloatArray:
    """Return `mspd` less its noise floor: an unbiased estimate of the true mean squared difference.

    0: no more than noise. May be negative, and is reported so: cutting it off would make it biased.
    """
    return mspd(real, synthetic) - noise_floor


def no_difference_p(difference: FloatArray, own: FloatArray, common: float, freedom: float = np.inf) -> float:
    """Return how likely differences at least as large as those seen are if no true score differs.

    Squares are never below 0, so draws of them never quite reach it; while this is not small, no true difference is
    ruled out, and an interval of squares must reach 0. Two tests, the smaller p twice (Bonferroni): that any solver's
    scores differ, d' V^-1 d / M against F with M and `freedom` degrees of freedom, V = diag(own) + common; and that
    their mean does, which sees a common shift with fewer items.

    Args:
        difference: [M] synthetic - real of each solver.
        own: [M] noise variance of each difference that is the solver's own.
        common: Noise variance that moves all differences together.
        freedom: Degrees of freedom of the noise variances: items less one, or infinite where they are known.

    Example:
        >>> round(no_difference_p(np.array([0.2, 0.2]), np.array([0.02, 0.02]), 0.0), 4)
        0.091
    """
    from scipy.special import chdtrc, fdtrc

    m = len(difference)
    largest = float(own.max(initial=0.0)) + common
    if not largest > 0:
        return 1.0 if not np.any(difference) else 0.0
    # A solver without noise is as certain as one with a billionth of the others'.
    precision = 1 / np.maximum(own, 1e-9 * largest)
    together = common * float((difference * precision).sum()) ** 2 / (1 + common * float(precision.sum()))
    any_differs = max(float((difference**2 * precision).sum()) - together, 0.0)
    mean_differs = float(difference.mean()) ** 2 / max(float(own.sum()) / m**2 + common, np.finfo(np.float64).tiny)
    if np.isfinite(freedom):
        tails = fdtrc(m, freedom, any_differs / m), fdtrc(1, freedom, mean_differs)
    else:
        tails = chdtrc(m, any_differs), chdtrc(1, mean_differs)
    return min(1.0, 2 * float(min(tails)))


def _mean_over_solvers(x: FloatArray) -> FloatArray:
    known = np.isfinite(x)
    count = known.sum(axis=-1)
    total = np.where(known, x, 0.0).sum(axis=-1)
    mean: FloatArray = np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    return mean


def _mean_of_known(x: FloatArray) -> float:
    known = x[np.isfinite(x)]
    return float(known.mean()) if known.size else float("nan")
