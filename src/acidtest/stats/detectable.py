"""How small a difference of two solvers a benchmark can show, and how many items would show a given one."""

import math
from functools import cache
from statistics import NormalDist

POWER = 0.8
HALVINGS = 60
MOST_ITEMS = 10**12


def detectable_difference(n: float, variance: float, *, level: float = 0.95, power: float = POWER) -> float:
    """Return the smallest true difference that a paired t test finds with this power.

    Args:
        n: Items (bundles) that both solvers answered.
        variance: Of the items' differences (n - 1).
        level: 1 less the two-sided test's size.
        power: Share of studies that would find it.

    Returns:
        In the metric's units; NaN with fewer than two items or no variance known.

    Example:
        >>> round(detectable_difference(100, 0.25), 4)
        0.1415
    """
    if not n >= 2 or not variance > 0:  # noqa: PLR2004 - a variance needs two
        return math.nan
    return _noncentrality(n - 1, level, power) * math.sqrt(variance / n)


def detectable_share(n: float, discordance: float, *, level: float = 0.95, power: float = POWER) -> float:
    """Return the smallest true difference of two shares of right answers that McNemar's test finds with this power.

    Args:
        n: Items that both solvers answered.
        discordance: Share of items that one got right and the other wrong. A difference above it would bring more of
            them, so the discordance is then taken to be the difference itself: 0 may be given.
        level: 1 less the two-sided test's size.
        power: Share of studies that would find it.

    Returns:
        In [0, 1]; NaN where not even a difference of 1 would be found.

    Source: Connor, Biometrics 43 (1987), 207-211.

    Example:
        >>> round(detectable_share(200, 0.2), 3), round(detectable_share(200, 0.0), 3)
        (0.088, 0.039)
    """
    low, high = 0.0, 1.0
    if not n > 0 or _share_needs(high, discordance, level, power) > n:
        return math.nan
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _share_needs(middle, discordance, level, power) > n:
            low = middle
        else:
            high = middle
    return high


def items_needed(difference: float, variance: float, *, level: float = 0.95, power: float = POWER) -> float:
    """Return how many items (bundles) a paired t test needs to find a true difference with this power.

    The inverse of `detectable_difference`; infinite where nothing differs.

    Example:
        >>> items_needed(0.1415, 0.25)
        100.0
    """
    if difference == 0 or not variance > 0:
        return math.inf if difference == 0 else math.nan
    low, high = 1, 2
    while detectable_difference(high, variance, level=level, power=power) > abs(difference):
        low, high = high, 2 * high
        if high > MOST_ITEMS:
            return math.inf
    while high - low > 1:
        middle = (low + high) // 2
        if detectable_difference(middle, variance, level=level, power=power) > abs(difference):
            low = middle
        else:
            high = middle
    return float(high)


def items_needed_share(difference: float, discordance: float, *, level: float = 0.95, power: float = POWER) -> float:
    """Return how many items McNemar's test needs to find a true difference of two shares with this power.

    The inverse of `detectable_share`; infinite where nothing differs.

    Example:
        >>> items_needed_share(0.088, 0.2)
        201.0
    """
    return math.inf if difference == 0 else math.ceil(_share_needs(abs(difference), discordance, level, power)) * 1.0


def _share_needs(difference: float, discordance: float, level: float, power: float) -> float:
    """Equation (3) of Connor, with the discordance at least as large as the difference."""
    normal = NormalDist()
    different = max(discordance, difference)
    if difference == 0:
        return math.inf
    null = normal.inv_cdf((1 + level) / 2) * math.sqrt(different)
    other = normal.inv_cdf(power) * math.sqrt(max(different - difference**2, 0.0))
    return ((null + other) / difference) ** 2


@cache
def _noncentrality(df: float, level: float, power: float) -> float:
    """Return how many standard errors a difference must be away from 0 for a t test of that power."""
    from scipy.special import nctdtr, stdtrit

    edge = float(stdtrit(df, (1 + level) / 2))
    if df >= 1000:  # noqa: PLR2004 - the normal limit is then exact to .001, and nctdtr's series is slow far out
        return edge + NormalDist().inv_cdf(power)
    low, high = 0.0, 2 * edge + 10
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        # With few items the series gives NaN for the far tail, where less than any rounding is left.
        far = float(nctdtr(df, middle, -edge))
        found = 1 - float(nctdtr(df, middle, edge)) + (0.0 if math.isnan(far) else far)
        low, high = (middle, high) if found < power else (low, middle)
    return high
