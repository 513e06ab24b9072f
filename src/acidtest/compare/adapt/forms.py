"""Sets of items that ask the same, and how well solvers that were left out score alike on them."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.adapt.held_out import split
from acidtest.compare.adapt.methods import Calibrated, calibrated, whole_scores
from acidtest.compare.adapt.named import named
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError, counted, did_you_mean
from acidtest.stats import order
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import rng_for, solver_interval
from acidtest.stats.irt.small.parallel_forms import (
    evenly_spread,
    information_gap,
    matched_items,
    parallel_forms,
    random_forms,
    score_gap,
)
from acidtest.stats.irt.small.small_test import information_test
from acidtest.types.adapt import FormsReport

Positions = NDArray[np.int64]
Deal = Callable[[Calibrated], Positions]
"""What is known of the items -> [forms, size] positions of items."""
ByChance = Callable[[Positions, np.random.Generator], Positions]
"""Forms -> forms of the same size that chance alone made: the yardstick."""

RANDOM = 50
"""Forms made by chance that the others are compared with."""


def forms_report(  # noqa: PLR0913  # what is asked, and how
    matrix: ScoreMatrix,
    known: Calibrated,
    scores: FloatArray,
    *,
    deal: Deal,
    by_chance: ByChance,
    groups: Sequence[str],
    folds: int,
    seed: int,
    level: float,
    matched_to: str = "",
) -> FormsReport:
    """Make forms with all solvers, and judge forms made in the same way by solvers that were left out.

    Args:
        matrix: Names the items.
        known: What all solvers tell of the items.
        scores: [M, n] of the solvers that are left out in turn.
        deal: Makes forms; see `parallel` and `matched`.
        by_chance: Makes forms to compare them with.
        groups: [M] solvers of one group are left out together.
        folds: Into how many parts.
        seed: The same seed gives the same forms.
        level: Of the intervals.
        matched_to: The benchmark whose items the first form holds, where the second takes their places.
    """
    items, at = known.model.items, known.model.ability[known.model.solver_state]
    dealt = deal(known)
    others = [by_chance(dealt, rng_for(seed, "adapt", "forms", str(draw))) for draw in range(RANDOM)]
    found = np.full((1, len(dealt), len(scores)), np.nan)
    chance = np.full((RANDOM, len(dealt), len(scores)), np.nan)
    for out in split(groups, folds, rng_for(seed, "adapt", "form folds")):
        own = deal(calibrated(np.delete(scores, out, axis=0)))
        found[0][:, out] = _means(scores[out], own)
        for draw in range(RANDOM):
            one = by_chance(own, rng_for(seed, "adapt", "forms", str(draw)))
            chance[draw][:, out] = _means(scores[out], one)
    rng = rng_for(seed, "adapt", "form differences")
    size = dealt.shape[1]
    return FormsReport(
        forms=tuple(named(matrix, items, form, [1 / size] * size) for form in dealt),
        matched_to=matched_to,
        information_gap=information_gap(items, dealt, at),
        random_information_gap=float(np.mean([information_gap(items, one, at) for one in others])),
        score_gap=score_gap(items, dealt, at),
        random_score_gap=float(np.mean([score_gap(items, one, at) for one in others])),
        agreement=_agreement(found, level),
        random_agreement=_agreement(chance, level),
        difference=_difference(found, level, rng),
        random_difference=_difference(chance, level, rng),
    )


def parallel(matrix: ScoreMatrix, forms: int, size: int) -> tuple[Deal, ByChance]:
    """Return how `forms` forms of the items that say most are dealt, and how chance alone would deal the same items.

    Raises:
        DataError: More items than there are, or too few of them.
    """
    n = len(matrix.items)
    if forms < 2 or size < 2:  # noqa: PLR2004 - one form is parallel to nothing
        raise DataError(
            f"{counted(forms, 'form')} of {counted(size, 'item')}", way_out="Ask for 2 forms of 2 items, or more."
        )
    if forms * size > n:
        raise DataError(
            f"{forms} forms of {counted(size, 'item')} need {forms * size:,} items, and the benchmark has {n:,}",
            way_out=f"Ask for at most {n // forms:,}: --form-items {n // forms}.",
        )

    def deal(known: Calibrated) -> Positions:
        chosen = information_test(known.model, forms * size).items
        topics = [matrix.topics[item] for item in chosen] if any(matrix.topics) else []
        abilities = known.model.ability[known.model.solver_state]
        own = parallel_forms(known.model.items.take(chosen), forms=forms, abilities=abilities, topics=topics)
        found: Positions = chosen[own]
        return found

    def by_chance(dealt: Positions, rng: np.random.Generator) -> Positions:
        found: Positions = dealt.ravel()[random_forms(dealt.size, forms, size, rng)]
        return found

    return deal, by_chance


def matched(matrix: ScoreMatrix, name: str, size: int) -> tuple[Deal, ByChance]:
    """Return how items of other benchmarks are matched to items of this one, and how chance would take them.

    Raises:
        DataError: No such benchmark, no other one, or more items than either has.
    """
    if name not in matrix.benchmarks:
        raise DataError(
            f"--match: no benchmark is called '{name[:80]}'",
            way_out=f"{did_you_mean(name, matrix.benchmarks)}It holds: {', '.join(matrix.benchmarks)}.",
        )
    target = matrix.of(name)
    pool = np.delete(np.arange(len(matrix.items)), target)
    most = min(len(target), len(pool))
    if not len(pool):
        raise DataError(
            f"--match {name[:80]}: the table holds no other benchmark",
            way_out="Give scores on both, of the same solvers.",
        )
    if not 2 <= size <= most:  # noqa: PLR2004 - a single item has no mean to compare
        raise DataError(
            f"--match {name[:80]}: {counted(size, 'item')} of {len(target):,}, and {len(pool):,} to take their places",
            way_out=f"Ask for 2 to {most:,}: --form-items {most}.",
        )

    def deal(known: Calibrated) -> Positions:
        items, at = known.model.items, known.model.ability[known.model.solver_state]
        taken = target[evenly_spread(items.take(target), size, abilities=at)]
        return np.array([taken, pool[matched_items(items.take(taken), items.take(pool), abilities=at)]])

    def by_chance(dealt: Positions, rng: np.random.Generator) -> Positions:
        return np.array([dealt[0], rng.choice(pool, size, replace=False)])

    return deal, by_chance


def _means(scores: FloatArray, dealt: NDArray[np.int64]) -> FloatArray:
    """Return [forms, M]: mean scores on each form's items."""
    return np.array([whole_scores(scores[:, form]) for form in dealt])


def _pairs(means: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    return [(one[a], one[b]) for one in means for a in range(len(one)) for b in range(a + 1, len(one))]


def _agreement(means: FloatArray, level: float) -> Estimate:
    pairs = _pairs(means)
    rng = np.random.default_rng(0)  # Fisher's interval draws nothing
    ends = np.array([solver_interval(order.pearson, a, b, rng, level) for a, b in pairs])
    return Estimate(
        value=float(np.mean([order.pearson(a, b) for a, b in pairs])),
        low=float(ends[:, 0].mean()),
        high=float(ends[:, 1].mean()),
        level=level,
        n=means.shape[-1],
        method="correlation of held-out solvers' mean scores; Fisher's z over solvers like these",
    )


def _difference(means: FloatArray, level: float, rng: np.random.Generator) -> Estimate:
    def mean(x: FloatArray, _: FloatArray) -> FloatArray:
        average: FloatArray = x.mean(axis=-1)
        return average

    of_solver = np.mean([np.abs(a - b) for a, b in _pairs(means)], axis=0)
    low, high = solver_interval(mean, of_solver, of_solver, rng, level) if len(of_solver) else (math.nan, math.nan)
    return Estimate(
        value=float(of_solver.mean()),
        low=low,
        high=high,
        level=level,
        n=len(of_solver),
        method="mean absolute difference of held-out solvers' mean scores; bootstrap over solvers",
    )
