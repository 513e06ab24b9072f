"""From draws to an interval, from an interval to an Estimate; and one stream of chance per statistic."""

import hashlib
import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from acidtest.stats import order
from acidtest.stats.bootstrap import solver_bootstrap
from acidtest.stats.estimate import Estimate, FloatArray

Statistic = Callable[[FloatArray, FloatArray], FloatArray]

SOLVER_ROUNDS = 4000
"""Most rounds of the bootstrap over solvers: its expanded quantiles lie far out, .0024 for six solvers."""

BEYOND = 25
"""Draws beyond each end that are enough: they place it as well as 4000 rounds do for six solvers."""

LEAST_FINITE = 0.5
"""A statistic that is undefined in more than this share of the draws has no interval."""


def interval(draws: FloatArray, level: float = 0.95) -> tuple[float, float]:
    """Return the central interval of draws [D] of that level; NaN draws do not count, (NaN, NaN) where most are NaN.

    Ends are draws themselves (no interpolation), so an infinite draw can be an end and a share stays a possible share.

    Example:
        >>> interval(np.arange(1.0, 101.0), level=0.9)
        (5.0, 95.0)
    """
    known = draws[~np.isnan(draws)]
    if known.size == 0 or known.size < LEAST_FINITE * draws.size:
        return math.nan, math.nan
    tail = round((1 - level) / 2, 12)  # (1 - .95) / 2 is a little above .025 in binary, a whole draw further in
    low, high = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)


def from_draws(
    value: float,
    draws: FloatArray,
    *,
    level: float,
    n: int,
    method: str,
    warnings: Sequence[str] = (),
) -> Estimate:
    """Return an Estimate whose `true` is the draws' median and whose ends are their quantiles.

    Args:
        value: The statistic as seen, by its published formula.
        draws: [D] draws of the true statistic.
        level: The interval's level.
        n: Items (fewest of the sets), or solvers where there are no items.
        method: How both were made, in plain words.
        warnings: What a reader must know.

    Example:
        >>> from_draws(0.5, np.arange(1.0, 101.0), level=0.9, n=200, method="posterior").true
        50.0
    """
    low, high = interval(draws, level)
    true, _ = interval(draws, 0.0)
    return Estimate(
        value=float(value), true=true, low=low, high=high, level=level, n=n, method=method, warnings=tuple(warnings)
    )


def rng_for(seed: int, *names: str) -> np.random.Generator:
    """Return the stream of chance that belongs to these names under this seed.

    The same in every process and on every system; adding a statistic, a benchmark or a solver changes no other stream.

    Example:
        >>> int(rng_for(0, "srcc", "gpt4o").integers(1000)) == int(rng_for(0, "srcc", "gpt4o").integers(1000))
        True
    """
    # Lengths stand before the names: ("a", "bc") and ("ab", "c") are two streams.
    text = "".join(f"{len(name)}:{name}," for name in (str(seed), *names))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


def solver_interval(
    statistic: Statistic, real: FloatArray, synthetic: FloatArray, rng: np.random.Generator, level: float = 0.95
) -> tuple[float, float]:
    """Return an interval for a statistic of solvers whose items are not known: over solvers like these, not over items.

    It is a weaker statement than an interval over items, and rests on the solvers being a sample; say so beside it.

    - Correlations, and pairwise agreement as (1 + tau) / 2: Fisher's z with the variances of Bonett and Wright
      (Psychometrika 65, 2000): (1 + r^2/2)/(M - 3) for Spearman, .437/(M - 4) for Kendall, 1/(M - 3) for Pearson. A
      perfect rank correlation is first moved half a step inward: perfect order among six solvers is no proof.
      A bootstrap would draw the same solver twice, and a solver agrees with itself.
    - All else: the bootstrap's expanded percentiles (Hesterberg, American Statistician 69, 2015), which widen the
      quantiles as Student's t with M - 1 degrees of freedom would; plain percentiles and BCa are far too narrow for
      six solvers.

    Args:
        statistic: f(real [..., M], synthetic [..., M]) -> [...].
        real: [M] scores on the real set.
        synthetic: [M] scores on the synthetic set.
        rng: Source of chance of the bootstrap.
        level: The interval's level.

    Returns:
        (low, high); NaN where there are too few solvers (three or fewer; for Kendall and agreement four or fewer).

    Example:
        >>> x = np.arange(6.0)
        >>> low, high = solver_interval(order.srcc, x, x, np.random.default_rng(0))
        >>> round(low, 2), high
        (0.62, 1.0)
    """
    solvers = real.shape[-1]
    value = float(statistic(real, synthetic))
    if not math.isfinite(value) or solvers <= 3:  # noqa: PLR2004 - a spread over three says nothing
        return math.nan, math.nan
    if statistic is order.srcc:
        return _fisher(value, 6 / (solvers * (solvers**2 - 1)), (1 + value**2 / 2) / (solvers - 3), level)
    if statistic is order.pearson:
        return _fisher(value, 0.0, 1 / (solvers - 3), level)
    if statistic is order.kendall_tau or statistic is order.pairwise_agreement:
        tau = value if statistic is order.kendall_tau else 2 * value - 1
        if solvers <= 4:  # noqa: PLR2004 - the variance below divides by M - 4
            return math.nan, math.nan
        low, high = _fisher(tau, 2 / (solvers * (solvers - 1)), 0.437 / (solvers - 4), level)
        return (low, high) if statistic is order.kendall_tau else ((1 + low) / 2, (1 + high) / 2)
    wide = _expanded(level, solvers)
    rounds = min(SOLVER_ROUNDS, math.ceil(2 * BEYOND / (1 - wide))) if wide < 1 else SOLVER_ROUNDS
    drawn = solver_bootstrap(solvers, rng, rounds)
    return interval(statistic(real[drawn], synthetic[drawn]), wide)


def _fisher(r: float, half_step: float, variance: float, level: float) -> tuple[float, float]:
    """Return the interval of a correlation on Fisher's scale; ends that had to be moved inward stay reachable."""
    largest = 1 - max(half_step, 1e-9)
    z = math.atanh(min(max(r, -largest), largest))
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance)
    low, high = math.tanh(z - half), math.tanh(z + half)
    return (-1.0 if r < -largest else low), (1.0 if r > largest else high)


def _expanded(level: float, n: int) -> float:
    """Return the level whose normal quantile is sqrt(n / (n - 1)) times Student's (n - 1 degrees) of `level`."""
    from scipy.special import stdtrit

    t = float(stdtrit(n - 1, (1 + level) / 2)) * math.sqrt(n / (n - 1))
    return 2 * NormalDist().cdf(t) - 1
