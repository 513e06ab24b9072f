"""The noise of each solver's score, told by all solvers together where its own few items tell it badly.

A share's variance follows from the share: own[m] = ratio[m] p (1 - p) / n. The ratios differ little between solvers,
but one that is told by 20 items differs much, most of all by luck: who was lucky enough to come near 0 or 1 seems to be
certain. So the ratio is drawn towards that of all solvers together, as far as the items do not show that it differs.
"""

import numpy as np

from acidtest.stats.estimate import FloatArray


def pooled_variance(
    own: FloatArray, observed: FloatArray, near: FloatArray, scored: FloatArray, *, unit: bool
) -> FloatArray:
    """Return [M]: the noise variance of each solver's score.

    Args:
        own: [M] variance as each solver's items show it; NaN where they show none.
        observed: [M] scores.
        near: [M] scores that are nearer to the true ones; the variance is that of a share there.
        scored: [M] number of items behind each score.
        unit: Scores lie in [0, 1]. Else variances per item are pooled as they are.

    Returns:
        `own` where no solver's items show any noise.

    Example:
        >>> own, p = np.array([0.0025, 0.0035, 0.003]), np.array([0.5, 0.5, 0.5])
        >>> pooled_variance(own, p, p, np.full(3, 20.0), unit=True).round(6).tolist()
        [0.003, 0.003, 0.003]
    """
    slope, there = (x * (1 - x) if unit else np.ones(len(own)) for x in (observed, near))
    known = np.isfinite(own) & (own > 0) & (slope > 0)
    if not known.any():
        return own
    ratio = float((own * scored)[known].sum() / slope[known].sum())
    relative = np.ones(len(own))
    relative[known] = (own * scored)[known] / slope[known] / ratio
    spread = float(relative[known].var(ddof=1)) if known.sum() > 1 else 0.0
    by_luck = 2 / max(float(scored.mean()) - 1, 1.0)  # relative variance of a variance from so many normal values
    kept = 1 - by_luck / spread if spread > by_luck else 0.0
    pooled: FloatArray = ratio * (1 + kept * (relative - 1)) * there / scored
    return pooled
