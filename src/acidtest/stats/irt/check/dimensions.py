"""How many abilities do the scores ask for? Two answers that err differently.

Parallel analysis: the largest eigenvalues of what one ability leaves unexplained, beside those of tables simulated with
one ability and the same items (not with independent answers, against which any test has one dimension or more).
Held-out answers: cells are left out at random, models of 1, 2, ... abilities are fitted to the rest, and that is best
which makes the left-out answers likeliest.

Source: Horn, Psychometrika 30 (1965); tables of the smaller model as its yardstick: Ruscio and Roche, Psychological
Assessment 24 (2012); held-out cells: Owen and Perry, Annals of Applied Statistics 3 (2009).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.check.misfit import IntArray, largest_roots, misfit
from acidtest.stats.irt.check.quick_fit import quick_fit
from acidtest.stats.irt.check.replicates import replicates
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.stats.irt.several.multidimensional import MOST, checked, fit_multidimensional

DRAWS = 100
LEVEL, LATER = 0.95, 0.99
FOLDS = 5
FEW_SOLVERS = 10
SWEEPS, TOLERANCE = 150, 1e-3
PATIENCE = 2
"""Larger models are no longer tried once so many in a row did not help."""


@dataclass(frozen=True, kw_only=True)
class Dimensions:
    """How many abilities the scores ask for, by two methods.

    Attributes:
        roots: [k] eigenvalues of what one ability leaves unexplained, the largest first; the mean of all is 1.
        usual: [k] what 95 % of simulated one-ability tables stay below; 99 % from the second on, as the first disturbs.
        parallel: 1 and the number of leading eigenvalues above `usual`.
        p: Chance of so large a first eigenvalue with one ability.
        gain: [D] held-out log-likelihood per answer beyond one ability's, for 1, 2, ... abilities; above 0: better.
            Intervals over solvers. Empty for scores between 0 and 1.
        held_out: The fewest abilities that are as good as the best ones within a standard error; 0: not asked.
        said: What it means, in plain English.
        warnings: What a reader must know.
    """

    roots: FloatArray
    usual: FloatArray
    parallel: int
    p: float
    gain: tuple[Estimate, ...]
    held_out: int
    said: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def how_many_dimensions(
    scores: ArrayLike, *, seed: int, most: int = MOST, fit: Fit | None = None, draws: int = DRAWS
) -> Dimensions:
    """Ask both methods how many abilities there are.

    Args:
        scores: [M, n], 0 and 1 (between them where `fit` is continuous), NaN where not scored.
        seed: Of the draws and of the cells left out.
        most: Abilities to try at most.
        fit: The fit of one ability; made here without one.
        draws: Tables to simulate.

    Raises:
        DataError: Scores that no scale can be fitted to.
    """
    given = np.asarray(scores, np.float64)
    fit = fit or fit_irt(given)
    rng = np.random.default_rng(seed)
    most = max(min(most, MOST, min(given.shape) - 1), 1)
    roots, usual, p = _parallel(given, fit, rng, most, draws)
    parallel = 1 + int(np.argmin(np.append(roots > usual, False)))
    gain, held_out = ((), 0) if fit.model == "continuous" else _held_out(checked(given), rng, most)
    solvers = int(np.isfinite(given).any(1).sum())
    return Dimensions(
        roots=roots,
        usual=usual,
        parallel=parallel,
        p=p,
        gain=gain,
        held_out=held_out,
        said=_sentences(parallel, p, held_out, gain),
        warnings=(f"only {solvers} solvers: few abilities can be told apart",) if solvers < FEW_SOLVERS else (),
    )


def _parallel(
    given: FloatArray, fit: Fit, rng: np.random.Generator, most: int, draws: int
) -> tuple[FloatArray, FloatArray, float]:
    roots = largest_roots(misfit(given, *quick_fit(given, fit)), most)
    tables = replicates(given, fit, rng=rng, draws=draws)
    drawn = np.array([largest_roots(misfit(table, *quick_fit(table, fit)), most) for table in tables])
    p = (int((drawn[:, 0] >= roots[0]).sum()) + 1) / (draws + 1)
    usual = np.quantile(drawn, LATER, axis=0)
    usual[0] = np.quantile(drawn[:, 0], LEVEL)
    return roots, usual, p


def _held_out(given: FloatArray, rng: np.random.Generator, most: int) -> tuple[tuple[Estimate, ...], int]:
    fold = rng.integers(0, FOLDS, given.shape, np.int64)
    log: list[FloatArray] = []
    gain: list[Estimate] = []
    for dimensions in range(1, most + 1):
        log.append(_likelihood(given, fold, dimensions))
        gain.append(_gain(log[-1] - log[0], dimensions))
        best = max(range(len(gain)), key=lambda k: gain[k].value)
        if dimensions - 1 - best >= PATIENCE:
            break
    best = max(range(len(gain)), key=lambda k: gain[k].value)
    for fewer in range(best):
        behind = _per_solver(log[best] - log[fewer])
        if float(behind.mean()) <= _error(behind):
            return tuple(gain), fewer + 1
    return tuple(gain), best + 1


def _likelihood(given: FloatArray, fold: IntArray, dimensions: int) -> FloatArray:
    """Return [M, n]: log-likelihood of each answer by a fit that did not see it; NaN where there is none."""
    found = np.full(given.shape, np.nan)
    for k in range(FOLDS):
        out = (fold == k) & np.isfinite(given)
        kept = np.where(out, np.nan, given)
        if not out.any() or not np.isfinite(kept).any():
            continue
        fit = fit_multidimensional(kept, dimensions, most_sweeps=SWEEPS, tolerance=TOLERANCE)
        p = np.clip(fit.expected, 1e-9, 1 - 1e-9)
        found[out] = np.log(np.where(given == 1, p, 1 - p))[out]
    return found


def _per_solver(difference: FloatArray) -> FloatArray:
    """Return one value per solver with the mean over all answers as their mean."""
    known = np.isfinite(difference)
    answers = known.sum(1)
    sums = np.nansum(difference, 1)[answers > 0]
    found: FloatArray = sums * np.count_nonzero(answers) / answers.sum()
    return found


def _error(values: FloatArray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("inf")


def _gain(difference: FloatArray, dimensions: int) -> Estimate:
    from scipy.special import stdtrit

    values = _per_solver(difference)
    half = float(stdtrit(max(len(values) - 1, 1), (1 + LEVEL) / 2)) * _error(values) if dimensions > 1 else 0.0
    value = float(values.mean())
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        n=int(np.isfinite(difference).sum()),
        method="held-out log-likelihood per answer beyond one ability's, interval over solvers",
    )


def _sentences(parallel: int, p: float, held_out: int, gain: tuple[Estimate, ...]) -> tuple[str, ...]:
    said = []
    if parallel == 1:
        said.append("What one ability leaves unexplained is no more than chance leaves: one scale holds the items.")
    else:
        said.append(
            f"One ability leaves more unexplained than chance does (p = {p:.2g}): at least {parallel} abilities "
            "are needed to describe all answers."
        )
    if held_out == 1:
        so = "" if parallel == 1 else ": what more abilities there are, these answers are too few to use them"
        said.append(f"Answers that were left out are foretold as well by one ability as by more{so}.")
    elif held_out:
        ratio = np.exp(gain[held_out - 1].value)
        said.append(
            f"{held_out} abilities foretell answers that were left out better than one: each is "
            f"{100 * (ratio - 1):.2g} % likelier on average."
        )
    return tuple(said)
