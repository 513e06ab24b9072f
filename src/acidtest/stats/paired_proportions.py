"""Two solvers, right or wrong on the same items: only the items on which they differ tell them apart."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from acidtest.stats.estimate import FloatArray

HALVINGS = 60
"""Halvings of [-1, 1]: the last step is far below any score's rounding."""


def mcnemar_p(wins: FloatArray, losses: FloatArray, *, exact: bool = False) -> FloatArray:
    """Return McNemar's two-sided p, [...]: how likely so uneven a split is if both solvers are as good.

    The mid-p form counts half of the probability of the split that was seen. It is the default on size and power.
    Where at most 70 % of the items tell the solvers apart its size stays below the level (at 5 %: .040 to .050; up to
    .065 where every item does), and it has nearly the power of the asymptotic test. The exact test rejects far too
    seldom: with 30 items, of which 20 % tell the solvers apart, in 1.3 % of cases where 5 % are meant.

    Args:
        wins: Items that the first solver got right and the second wrong.
        losses: Items that the second got right and the first wrong.
        exact: The exact conditional test, whose size is never above the level.

    Returns:
        p; 1 where no item tells the two apart. Never 0.

    Source: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91 (2013).

    Example:
        >>> mcnemar_p(np.array(1.0), np.array(7.0)).round(4).item()
        0.0391
        >>> mcnemar_p(np.array(1.0), np.array(7.0), exact=True).round(4).item()
        0.0703
    """
    from scipy.special import betainc, gammaln

    fewer, total = np.minimum(wins, losses), np.asarray(wins + losses, np.float64)
    # P(X <= k) of Binomial(m, 1/2) is the regularised incomplete beta function at (m - k, k + 1).
    below = np.where(total > 0, betainc(np.maximum(total - fewer, 1.0), fewer + 1, 0.5), 1.0)
    seen = np.exp(gammaln(total + 1) - gammaln(fewer + 1) - gammaln(total - fewer + 1) - total * math.log(2))
    p: FloatArray = np.minimum(2 * below if exact else 2 * below - seen, 1.0)
    return np.maximum(np.where(total > 0, p, 1.0), np.finfo(np.float64).tiny)


def tango_interval(wins: float, losses: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of the difference of two paired shares, (wins - losses) / n.

    All differences that a score test does not reject: the discordance that is not known is put at its likeliest value
    under each. It keeps a width where no item tells the two solvers apart, and never leaves [-1, 1].

    Args:
        wins: Items that the first solver got right and the second wrong.
        losses: Items that the second got right and the first wrong.
        n: Items that both answered.
        level: Of the interval.

    Returns:
        (low, high); NaN without items.

    Source: Tango, Statistics in Medicine 17 (1998), 891-908.

    Example:
        >>> [round(end, 3) for end in tango_interval(1, 7, 21)]
        [-0.517, -0.026]
    """
    if n <= 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + level) / 2)

    def score(difference: float) -> float:
        """Equation (11) there: falls as the difference rises."""
        b = -wins - losses + (2 * n - wins + losses) * difference
        c = -losses * difference * (1 - difference)
        lost = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * lost + difference * (1 - difference))
        distance = wins - losses - n * difference
        if variance <= 0:
            return math.copysign(math.inf, distance) if distance else 0.0
        return distance / math.sqrt(variance)

    seen = (wins - losses) / n
    low = -1.0 if seen <= -1 else _where_it_falls(lambda x: score(x) - z, -1.0, seen)
    high = 1.0 if seen >= 1 else _where_it_falls(lambda x: score(x) + z, seen, 1.0)
    return low, high


def _where_it_falls(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function crosses 0 between two points."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
