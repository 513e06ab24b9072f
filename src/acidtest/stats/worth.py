"""Question 7, worth: the size of a real sample that would tell as much as the synthetic set does.

Each function turns posterior draws of the true scores into draws of the worth; the reported value is their median, for
the plug-in estimate explodes near a perfect set.
"""

import numpy as np

from acidtest.stats.estimate import FloatArray


def worth_score_draws(
    real: FloatArray, synthetic: FloatArray, v: FloatArray | float, v_s: FloatArray | float, n_s: float
) -> FloatArray:
    """Return [D]: number of real items whose scores would be as close in level: v / (b2 + v_s / n_s).

    A sample of N real items misses the true real score by v / N on average (squared); the synthetic set by its true
    squared difference b2 (per draw, the mean over solvers) and its own sampling noise v_s / n_s.

    Args:
        real: [D, M] draws of true real scores.
        synthetic: [D, M] draws of true synthetic scores, of the same draws.
        v: Per-item variance within a solver on the real set (n - 1), averaged over solvers: `plain_variance` * n_r.
        v_s: The same on the synthetic set.
        n_s: Items of the synthetic set.

    Returns:
        0: worth nothing. Infinite only where the set is perfect and has no noise of its own (v_s 0 or n_s infinite).
        NaN where v is 0 too: then every real sample is perfect.

    Example:
        >>> worth_score_draws(np.array([[0.5, 0.7]]), np.array([[0.6, 0.8]]), 0.25, 0.25, 250).round(1).tolist()
        [22.7]
    """
    b2 = ((synthetic - real) ** 2).mean(axis=-1)
    return _ratio(np.broadcast_to(v, b2.shape), b2 + v_s / n_s)


def worth_rank_draws(
    real: FloatArray, synthetic: FloatArray, v_c: FloatArray | float, v_cs: FloatArray | float, n_s: float
) -> FloatArray:
    """Return [D]: number of real items whose scores would correlate as strongly with the true real scores.

    Scores of N real items have squared correlation s_r2 / (s_r2 + v_c / N) with the true ones; the synthetic scores
    have R2 = s_rs^2 / (s_r2 (s_s2 + v_cs / n_s)). Equated: N = (v_c / s_r2) R2 / (1 - R2). s are the draw's own
    (co)variances over the solvers in hand (M - 1). Neither a shift nor a slope hurts an order.

    Args:
        real: [D, M] draws of true real scores.
        synthetic: [D, M] draws of true synthetic scores, of the same draws.
        v_c: Per-item variance on the real set after item effects, mean over solvers: `pair_noise(...).real` * n_r.
        v_cs: The same on the synthetic set.
        n_s: Items of the synthetic set.

    Returns:
        0 where the true scores do not rise together (s_rs <= 0). Infinite only where they correlate perfectly and the
        set has no noise of its own. NaN with fewer than two solvers.

    Example:
        >>> worth_rank_draws(np.array([[0.4, 0.6]]), np.array([[0.5, 0.9]]), 0.2, 0.2, 100).round(1).tolist()
        [400.0]
    """
    if real.shape[-1] < 2:  # noqa: PLR2004 - one solver has no order
        return np.full(real.shape[:-1], np.nan)
    r = real - real.mean(axis=-1, keepdims=True)
    s = synthetic - synthetic.mean(axis=-1, keepdims=True)
    free = real.shape[-1] - 1
    s_r2, s_s2, s_rs = ((x * y).sum(axis=-1) / free for x, y in ((r, r), (s, s), (r, s)))
    # (v_c / s_r2) R2 / (1 - R2), multiplied out so that neither R2 = 1 nor s_r2 = 0 stands below a line.
    unexplained = np.maximum(s_r2 * s_s2 - s_rs**2, 0.0) + s_r2 * v_cs / n_s
    return np.where(s_rs > 0, _ratio(v_c * s_rs**2, s_r2 * unexplained), 0.0)


def worth_rank_of_perfect_order(
    real: FloatArray, synthetic: FloatArray, v_c: FloatArray | float, v_cs: FloatArray | float, n_s: float
) -> FloatArray:
    """Return [D]: `worth_rank_draws` were the true scores of each draw perfectly correlated, their spreads as they are.

    R2 is then s_s2 / (s_s2 + v_cs / n_s), and N = v_c s_s2 n_s / (s_r2 v_cs). Draws of the correlation never quite
    reach 1, so their own quantiles miss this end where it is the truth. Arguments as above.

    Example:
        >>> worth_rank_of_perfect_order(np.array([[0.4, 0.6]]), np.array([[0.9, 0.5]]), 0.2, 0.2, 100).round(1).tolist()
        [400.0]
    """
    if real.shape[-1] < 2:  # noqa: PLR2004 - one solver has no order
        return np.full(real.shape[:-1], np.nan)
    s_r2, s_s2 = real.var(axis=-1, ddof=1), synthetic.var(axis=-1, ddof=1)
    return _ratio(v_c * s_s2, s_r2 * v_cs / n_s)


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    perfect = np.where(top > 0, np.inf, np.nan)
    ratio: FloatArray = np.divide(top, bottom, out=perfect, where=bottom > 0)
    return ratio
