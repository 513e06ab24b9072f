"""How good a small test is: foretold beside true whole scores of solvers that were left out."""

import math
from collections.abc import Sequence

import numpy as np

from acidtest.compare.adapt.held_out import HeldOut
from acidtest.compare.adapt.methods import MEAN
from acidtest.stats import order
from acidtest.stats.bounded_mean import bounded_mean
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import Statistic, rng_for, solver_interval
from acidtest.stats.irt.small.predicted_score import misfit
from acidtest.types.adapt import SmallTestResult

THREEFOLD = 3
WITHIN = 0.95
FEWEST = 4
"""Solvers below which no interval over solvers is given."""


def judged(found: HeldOut, method: str, size: int, *, items: int, level: float, seed: int) -> SmallTestResult:
    """Return what `method` with `size` of `items` items is worth, by the solvers that were left out."""
    off = solver_errors(found, method, size)
    rng = rng_for(seed, "adapt", "error", method, str(size))
    error = _over_solvers(off, found.groups, rng, level, "mean absolute error over held-out solvers")
    values = found.runs[method, size]
    against = (MEAN, THREEFOLD * size)
    than = None
    if against in found.runs:
        less = off - solver_errors(found, *against)
        than = _over_solvers(
            less,
            found.groups,
            rng_for(seed, "adapt", "threefold", method, str(size)),
            level,
            f"mean absolute error, less that of the mean of {THREEFOLD * size} random items",
        )
    return SmallTestResult(
        method=method,
        items=size,
        error=error,
        kendall_tau=_agreement(order.kendall_tau, found.whole, values, level),
        srcc=_agreement(order.srcc, found.whole, values, level),
        within=float(np.nanquantile(np.abs(values - found.whole), WITHIN, method="inverted_cdf")),
        coverage=_coverage(found, method, size, level),
        random_items=_random_items(error.value, float(solver_errors(found, MEAN, size).mean()), size, items),
        than_threefold=than,
    )


def solver_errors(found: HeldOut, method: str, size: int) -> FloatArray:
    """Return [M]: each solver's mean absolute error over all repeats; of plain means the one expected of any draw.

    A draw is good or bad for all solvers at once: the mean over hundreds of draws would still be off by some hundredths
    of a point.
    """
    if method == MEAN:
        return found.plain[size]
    errors: FloatArray = np.nanmean(np.abs(found.runs[method, size] - found.whole), axis=0)
    return errors


def _over_solvers(
    of_solver: FloatArray, groups: Sequence[str], rng: np.random.Generator, level: float, method: str
) -> Estimate:
    """Return the mean over solvers: its interval by the bootstrap; by Student's t over families, if any."""

    def mean(x: FloatArray, _: FloatArray) -> FloatArray:
        average: FloatArray = x.mean(axis=-1)
        return average

    low, high, over = math.nan, math.nan, "bootstrap over solvers"
    families = len(set(groups))
    if families < len(of_solver):
        low, high = _over_families(of_solver, groups, level)
        over = f"Student's t over {families} families"
    elif len(of_solver) >= FEWEST:
        low, high = solver_interval(mean, of_solver, of_solver, rng, level)
    return Estimate(
        value=float(of_solver.mean()), low=low, high=high, level=level, n=len(of_solver), method=f"{method}; {over}"
    )


def _over_families(of_solver: FloatArray, groups: Sequence[str], level: float) -> tuple[float, float]:
    """Return the ends of the mean's interval where solvers of one family err alike: a family's sum is one draw."""
    from scipy.special import stdtrit

    of = np.unique(np.array(groups, np.str_), return_inverse=True)[1]
    sums = np.bincount(of, of_solver - of_solver.mean())
    if len(sums) < FEWEST:
        return math.nan, math.nan
    se = math.sqrt(len(sums) / (len(sums) - 1) * float(sums @ sums)) / len(of_solver)
    wide = float(stdtrit(len(sums) - 1, (1 + level) / 2)) * se
    lowest = 0.0 if (of_solver >= 0).all() else -1.0
    return max(float(of_solver.mean()) - wide, lowest), float(of_solver.mean()) + wide


def _agreement(statistic: Statistic, whole: FloatArray, values: FloatArray, level: float) -> Estimate:
    """Return the mean agreement over repeats, with the mean interval of one repeat: repeats make it no surer."""
    rng = np.random.default_rng(0)  # Fisher's interval draws nothing
    seen = [float(statistic(whole, row)) for row in values]
    ends = np.array([solver_interval(statistic, whole, row, rng, level) for row in values])
    return Estimate(
        value=float(np.mean(seen)),
        low=float(ends[:, 0].mean()),
        high=float(ends[:, 1].mean()),
        level=level,
        n=len(whole),
        method="order by foretold and by whole scores; Fisher's z over solvers like these",
    )


def _coverage(found: HeldOut, method: str, size: int, level: float) -> Estimate:
    """Return how often solvers' own intervals hold, the model's misfit learnt from all other solvers."""
    from scipy.special import stdtrit

    errors = found.errors[method, size]
    solvers = len(found.whole)
    if not np.isfinite(errors).any() or solvers < FEWEST:
        return Estimate(value=math.nan, n=solvers, method="no interval of its own", level=level)
    off = found.runs[method, size] - found.whole
    wide = float(stdtrit(solvers - 2, (1 + level) / 2))
    held = np.empty(off.shape)
    for solver in range(solvers):
        rest = np.delete(np.arange(solvers), solver)
        beyond = [misfit(row[rest], error[rest]) for row, error in zip(off, errors, strict=True)]
        held[:, solver] = np.abs(off[:, solver]) <= wide * np.hypot(errors[:, solver], beyond)
    share = bounded_mean(held.mean(axis=0), level=level)
    return Estimate(
        value=share.value,
        low=share.low,
        high=share.high,
        level=level,
        n=solvers,
        method="share of held-out solvers whose own interval holds their whole score",
    )


def _random_items(error: float, plain: float, size: int, items: int) -> float:
    """Return how many random items' plain mean errs as much; the error falls as sqrt(1/k - 1/n), k of n items."""
    if plain <= 0:
        return math.nan
    left = (error / plain) ** 2 * (1 / size - 1 / items)
    return 1 / (left + 1 / items)


def sizes_below(sizes: Sequence[int], items: int) -> tuple[int, ...]:
    """Return the sizes that leave items to foretell, each once, smallest first."""
    return tuple(sorted({k for k in sizes if k < items}))
