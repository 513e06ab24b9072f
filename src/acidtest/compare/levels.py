"""Question 5, prompting levels: how much help do solvers need, and do synthetic items need less of it?

An item's level is relative to a solver: the first of some ways to ask, from the barest to the most helped, that gets
its right answer. The mean over items is the Hierarchical Prompting Index of Budagam et al. (arXiv 2406.12644), but
that an item which no level solves counts as the number of levels + 1, not as 5 plus what people gave its data set.

More levels are more tries, and a try can succeed by luck. So two things stand beside the mean: the level of a blind
guess, min(G, L + 1) for G geometric: its mean is the sum over k = 0 ... L of (1 - p)^k for L levels and a chance of p;
and, where it was asked, at which try the first prompt alone, repeated, solves the item.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from acidtest.errors import counted
from acidtest.stats.bounded_mean import bounded_mean
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.jackknife import IntArray
from acidtest.stats.validity_rate import difference
from acidtest.types import Kind
from acidtest.types.levels import NEVER, BenchmarkLevels, LevelsReport, SolverLevels

_SURELY_LIKE = 0.1
"""Levels within which a difference counts as none, if its whole interval lies there."""


@dataclass(frozen=True, kw_only=True)
class SolverAnswers:
    """What one solver did on n items at L levels.

    Attributes:
        solved: [L, n] 1: solved, 0: not, NaN: not asked, or no answer came.
        unreadable: [L] answers that could not be read.
        tries: [L, n] the same for the first level's prompt, sent L times; row 0 is that of `solved`. None: not asked.
        examples: Worked examples that were shown.
    """

    solved: FloatArray
    unreadable: Sequence[int]
    tries: FloatArray | None = None
    examples: int = 0


@dataclass(frozen=True, kw_only=True)
class LevelSet:
    """One benchmark with what all solvers did on the n of its items that were asked.

    Attributes:
        bundles: [n] bundle of each item, "" where it has none; or empty.
        chance: [n] how likely a blind guess solves each item.
    """

    name: str
    kind: Kind
    items: tuple[str, ...]
    all_items: int
    chance: FloatArray
    solvers: Mapping[str, SolverAnswers]
    bundles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AskedLevels:
    """What was asked: the levels' names, the metric and score that count as solved, all levels of every item or not."""

    levels: tuple[str, ...]
    metric: str
    right_at: float
    everything: bool = False
    level: float = 0.95
    prompts: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())


def first_solved(solved: FloatArray) -> FloatArray:
    """Return [n] the first row, from 1, that is 1 where all before are known; L + 1 where all are 0; else NaN.

    Example:
        >>> first_solved(np.array([[1.0, 0, 0, np.nan, 0], [np.nan, 1, 0, 1, np.nan]]))
        array([ 1.,  2.,  3., nan, nan])
    """
    number = np.full(solved.shape[1], len(solved) + 1.0)
    for place in range(len(solved) - 1, -1, -1):
        row = solved[place]
        number = np.where(row == 1, place + 1.0, np.where(np.isnan(row), np.nan, number))
    return number


def guessed_level(chance: FloatArray, levels: int) -> float:
    """Return the mean level of a solver that guesses blindly.

    Example:
        >>> guessed_level(np.array([0.25]), 5) == sum(0.75**k for k in range(6))
        True
    """
    return float(np.mean(np.sum((1 - chance) ** np.arange(levels + 1)[:, None], axis=0)))


def levels_report(real: LevelSet, synthetic: Sequence[LevelSet], asked: AskedLevels) -> LevelsReport:
    """Return what solvers needed on the real benchmark and on each synthetic one."""
    sets = (real, *synthetic)
    everywhere = [name for name in real.solvers if all(_has_level(one, name) for one in sets)]
    base = _benchmark(real, everywhere, asked)
    found = {real.name: base}
    for one in synthetic:
        found[one.name] = _against(_benchmark(one, everywhere, asked), base, one.name, real.name, asked)
    left = [n for n in dict.fromkeys(name for one in sets for name in one.solvers) if n not in everywhere]
    warnings = list(asked.warnings)
    if left:
        warnings.append(f"means over solvers are without those that lack levels on a benchmark: {', '.join(left)}")
    return LevelsReport(
        real=real.name,
        levels=asked.levels,
        metric=asked.metric,
        right_at=asked.right_at,
        solvers=tuple(everywhere),
        benchmarks=found,
        level=asked.level,
        prompts=asked.prompts,
        warnings=tuple(warnings),
    )


def _benchmark(one: LevelSet, everywhere: Sequence[str], asked: AskedLevels) -> BenchmarkLevels:
    levels, groups = len(asked.levels), _groups(one)
    each = [first_solved(one.solvers[name].solved) for name in everywhere]
    together: FloatArray = np.mean(each, axis=0) if each else np.full(len(one.items), np.nan)
    guess = Estimate(
        value=guessed_level(one.chance, levels) if len(one.items) else math.nan,
        n=len(one.items),
        method="mean level of blind guesses, exact; 1 in the number of choices or labels, 0 for free answers",
    )
    return BenchmarkLevels(
        kind=one.kind,
        items=len(one.items),
        all_items=one.all_items,
        guess=guess,
        solvers={name: _beside(_solver(told, groups, asked), guess, levels) for name, told in one.solvers.items()},
        mean=_mean_level(together, groups, levels, asked.level),
    )


def _solver(told: SolverAnswers, groups: IntArray | None, asked: AskedLevels) -> SolverLevels:
    number, names = first_solved(told.solved), (*asked.levels, NEVER)
    mean = _mean_level(number, groups, len(asked.levels), asked.level)
    unknown = int(np.isnan(number).sum())
    if unknown:
        words = f"{counted(unknown, 'item')} without a level, for want of an answer, left out; they may be hard ones"
        mean = replace(mean, warnings=(*mean.warnings, words))

    def share(of: FloatArray) -> Estimate:
        return replace(bounded_mean(of, bundles=groups, level=asked.level), method="share of items")

    known = np.isfinite(number)
    found = SolverLevels(
        mean=mean,
        shares={name: share(np.where(known, number == place, np.nan)) for place, name in enumerate(names, start=1)},
        asked={name: int(np.isfinite(row).sum()) for name, row in zip(asked.levels, told.solved, strict=True)},
        unreadable=dict(zip(asked.levels, told.unreadable, strict=True)),
        unknown=unknown,
        examples=told.examples,
    )
    if told.tries is not None:
        found = _with_tries(found, number, told.tries, groups, asked)
    if asked.everything:
        kept = _kept(told.solved)
        found = replace(
            found,
            solved={name: share(row) for name, row in zip(asked.levels, told.solved, strict=True)},
            kept=replace(
                share(kept), method="share of the items solved before the last level that all later levels solve"
            ),
        )
    return found


def _beside(found: SolverLevels, guess: Estimate, levels: int) -> SolverLevels:
    """Say where a mean level may be that of blind guesses."""
    if not (guess.value < levels + 1 and found.mean.high >= guess.value):
        return found
    words = f"blind guesses may do as well, at a mean level of {guess.value:.1f}"
    return replace(found, mean=replace(found.mean, warnings=(*found.mean.warnings, words)))


def _with_tries(
    found: SolverLevels, number: FloatArray, tries: FloatArray, groups: IntArray | None, asked: AskedLevels
) -> SolverLevels:
    levels = len(asked.levels)
    tried = first_solved(tries)
    scaled = bounded_mean((tried - number + levels) / (2 * levels), bundles=groups, level=asked.level)
    return replace(
        found,
        tries=replace(
            _mean_level(tried, groups, levels, asked.level),
            method="mean try that solves an item, the first level's prompt repeated",
        ),
        beyond_tries=_moved(scaled, 2 * levels, -levels, "mean over items of the try less the level, paired"),
    )


def _against(own: BenchmarkLevels, base: BenchmarkLevels, name: str, real: str, asked: AskedLevels) -> BenchmarkLevels:
    """Return a synthetic benchmark's levels with their differences to the real one's."""
    levels = len(asked.levels)
    both = [solver for solver in own.solvers if solver in base.solvers]
    total = _less(own.mean, base.mean, levels)
    return replace(
        own,
        differences={solver: _less(own.solvers[solver].mean, base.solvers[solver].mean, levels) for solver in both},
        difference=total,
        sentence=_sentence(total, name, real, asked.level),
    )


def _less(own: Estimate, other: Estimate, levels: int) -> Estimate:
    found = difference(_moved(own, 1 / levels, -1 / levels, ""), _moved(other, 1 / levels, -1 / levels, ""))
    return _moved(found, levels, 0.0, "difference of mean levels, MOVER interval")


def _sentence(found: Estimate, name: str, real: str, level: float) -> str:
    size = f"{abs(found.value):.1f}"
    words = "level" if size == "1.0" else "levels"
    if not math.isfinite(found.low) or not math.isfinite(found.high):
        return f"Whether items of {name} need more help than those of {real} cannot be told."
    held = f"{level:.0%} interval {found.low:+.2f} to {found.high:+.2f}".replace("-", "\N{MINUS SIGN}")
    if found.high < 0:
        return f"Items of {name} need {size} {words} less than those of {real}: they are easier ({held})."
    if found.low > 0:
        return f"Items of {name} need {size} {words} more than those of {real}: they are harder ({held})."
    if max(-found.low, found.high) <= _SURELY_LIKE:
        return f"Items of {name} need as much help as those of {real} ({held})."
    return f"Whether items of {name} need more or less help than those of {real} cannot be told ({held})."


def _kept(solved: FloatArray) -> FloatArray:
    """Return [n] 1: solved at some level before the last and at all after it, 0: lost again; NaN: neither, or unknown.

    Example:
        >>> _kept(np.array([[1.0, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]))
        array([ 1.,  0.,  1., nan])
    """
    number = first_solved(solved)
    whole = np.isfinite(solved).all(axis=0) & (number < len(solved))
    after = np.arange(len(solved))[:, None] >= number - 1
    return np.where(whole, np.where(after, solved, 1.0).min(axis=0), np.nan)


def _mean_level(number: FloatArray, groups: IntArray | None, levels: int, level: float) -> Estimate:
    found = bounded_mean((number - 1) / levels, bundles=groups, level=level)
    how = found.method.removeprefix("mean score, ")
    return _moved(found, levels, 1.0, f"mean level, {how}")


def _moved(found: Estimate, times: float, plus: float, method: str) -> Estimate:
    value, low, high = (x * times + plus for x in (found.value, found.low, found.high))
    return replace(found, value=value, low=low, high=high, method=method or found.method)


def _groups(one: LevelSet) -> IntArray | None:
    if not any(one.bundles):
        return None
    names = [("bundle", b) if b else ("item", i) for b, i in zip(one.bundles, one.items, strict=True)]
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], np.intp)


def _has_level(one: LevelSet, solver: str) -> bool:
    return solver in one.solvers and bool(np.isfinite(first_solved(one.solvers[solver].solved)).any())
