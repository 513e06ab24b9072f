"""Parallel forms of a benchmark, and how well solvers that were left out score alike on them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.adapt.held_out import split
from acidtest.compare.adapt.methods import Calibrated, calibrated, whole_scores
from acidtest.compare.adapt.named import named
from acidtest.data.score_matrix import ScoreMatrix
from acidtest.errors import DataError, counted
from acidtest.stats import order
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import rng_for, solver_interval
from acidtest.stats.irt.small.parallel_forms import information_gap, parallel_forms, random_forms, score_gap
from acidtest.stats.irt.small.small_test import information_test
from acidtest.types.adapt import FormsReport

RANDOM = 50
"""Random splits that the forms are compared with."""


def forms_report(  # noqa: PLR0913  # what is asked, and how
    matrix: ScoreMatrix,
    known: Calibrated,
    scores: FloatArray,
    *,
    groups: Sequence[str],
    folds: int,
    forms: int,
    size: int,
    seed: int,
    level: float,
) -> FormsReport:
    """Make forms with all solvers, and judge forms made in the same way by solvers that were left out.

    Args:
        matrix: Names the items.
        known: What all solvers tell of the items.
        scores: [M, n] of the solvers that are left out in turn.
        groups: [M] solvers of one group are left out together.
        folds: Into how many parts.
        forms: How many, 2 or more.
        size: Items of each.
        seed: The same seed gives the same forms.
        level: Of the intervals.
    """
    n = scores.shape[1]
    if forms < 2 or size < 2:  # noqa: PLR2004 - one form is parallel to nothing
        raise DataError(
            f"{counted(forms, 'form')} of {counted(size, 'item')}", way_out="Ask for 2 forms of 2 items, or more."
        )
    if forms * size > n:
        raise DataError(
            f"{forms} forms of {counted(size, 'item')} need {forms * size:,} items, and the benchmark has {n:,}",
            way_out=f"Ask for at most {n // forms:,}: --form-items {n // forms}.",
        )
    chosen, dealt = _forms(known, matrix.topics, forms, size)
    at = known.model.ability[known.model.solver_state]
    rng = rng_for(seed, "adapt", "forms")
    items = known.model.items.take(chosen)
    by_chance = [random_forms(len(chosen), forms, size, rng) for _ in range(RANDOM)]
    matched = np.full((1, forms, len(scores)), np.nan)
    halves = np.full((RANDOM, forms, len(scores)), np.nan)
    for out in split(groups, folds, rng_for(seed, "adapt", "form folds")):
        fold = calibrated(np.delete(scores, out, axis=0))
        taken, own = _forms(fold, matrix.topics, forms, size)
        matched[0][:, out] = _means(scores[out], taken[own])
        for draw, one in enumerate(by_chance):
            halves[draw][:, out] = _means(scores[out], taken[one])
    return FormsReport(
        forms=tuple(named(matrix, known.model.items, chosen[form], [1 / size] * size) for form in dealt),
        information_gap=information_gap(items, dealt, at),
        random_information_gap=float(np.mean([information_gap(items, one, at) for one in by_chance])),
        score_gap=score_gap(items, dealt, at),
        random_score_gap=float(np.mean([score_gap(items, one, at) for one in by_chance])),
        agreement=_agreement(matched, level),
        random_agreement=_agreement(halves, level),
        difference=_difference(matched, level, rng),
        random_difference=_difference(halves, level, rng),
    )


def _forms(
    known: Calibrated, topics: Sequence[str], forms: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the items that say most, and how they are dealt: [forms, size] positions among them."""
    chosen = information_test(known.model, forms * size).items
    of_topic = [topics[item] for item in chosen] if any(topics) else []
    abilities = known.model.ability[known.model.solver_state]
    return chosen, parallel_forms(known.model.items.take(chosen), forms=forms, abilities=abilities, topics=of_topic)


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
