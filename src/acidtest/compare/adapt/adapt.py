"""How few of a benchmark's items would do, and which: from a table of scores alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.adapt import methods
from acidtest.compare.adapt.forms import forms_report
from acidtest.compare.adapt.held_out import HeldOut, held_out
from acidtest.compare.adapt.judged import judged, sizes_below
from acidtest.compare.adapt.named import named
from acidtest.data.score_matrix import ScoreMatrix
from acidtest.errors import DataError, counted
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import rng_for
from acidtest.stats.irt.small.predicted_score import misfit, predicted_score
from acidtest.types.adapt import AdaptReport, ChosenTest

ENOUGH = 0.9
"""Of the items: a solver with as many scores is left out in turn, and its whole score compared."""
CALIBRATES = 0.5
"""A solver with fewer is not calibrated on; its whole score is foretold."""
FEWEST_SOLVERS = 6
FEWEST_ITEMS = 10
FEW_SOLVERS = 20


@dataclass(frozen=True, kw_only=True)
class _Roles:
    """Solvers by how much they answered: left out in turn (and of which group), only calibrated on, foretold."""

    out: NDArray[np.int64]
    groups: tuple[str, ...]
    calibrating: NDArray[np.int64]
    few: NDArray[np.int64]


def adapt(  # noqa: PLR0913  # one argument per option
    matrix: ScoreMatrix,
    *,
    sizes: Sequence[int] = (16, 50, 100),
    method: str = "all",
    folds: int = 5,
    repeats: int = 1,
    forms: int = 0,
    form_items: int = 50,
    seed: int = 0,
    level: float = 0.95,
) -> AdaptReport:
    """Judge small tests by solvers that are left out, then make them with all solvers.

    Args:
        matrix: Scores of solvers on items; all its benchmarks count as one.
        sizes: How many items to ask.
        method: A name of `methods.GROUPS`, or all.
        folds: Parts into which solvers are split; families, where the table names them, stay whole.
        repeats: How often they are split anew.
        forms: How many parallel forms to make; 0: none.
        form_items: Items of each form.
        seed: The same seed gives the same report.
        level: Of all intervals.

    Raises:
        DataError: Too few solvers or items, or sizes that leave nothing to foretell.
    """
    scores, n = matrix.scores, matrix.scores.shape[1]
    who, asked, names = _roles(matrix, folds), _asked(sizes, n), methods.names_of(method)
    found = held_out(
        scores[who.out],
        names=names,
        sizes=asked,
        groups=who.groups,
        folds=folds,
        repeats=repeats,
        seed=seed,
        others=scores[who.calibrating],
        patterns=[np.isfinite(scores[i]) for i in who.few],
    )
    known = methods.calibrated(scores[np.concatenate([who.out, who.calibrating])])
    made = None
    if forms:
        made = forms_report(
            matrix,
            known,
            scores[who.out],
            groups=who.groups,
            folds=folds,
            forms=forms,
            size=form_items,
            seed=seed,
            level=level,
        )
    return AdaptReport(
        benchmark=" + ".join(matrix.benchmarks),
        items=n,
        solvers=len(who.out),
        folds=folds,
        repeats=repeats,
        families_whole=len(set(who.groups)) < len(who.groups),
        level=level,
        results=tuple(
            judged(found, name, k, items=n, level=level, seed=seed) for name in (methods.MEAN, *names) for k in asked
        ),
        chosen=tuple(
            _chosen(matrix, known, name, k, seed) for name in names if name != methods.ADAPTIVE for k in asked
        ),
        predicted=_foretold(matrix, known, found, who.few, level),
        forms=made,
        warnings=_warnings(matrix, len(who.out), asked, sizes),
    )


def _asked(sizes: Sequence[int], n: int) -> tuple[int, ...]:
    wrong = [k for k in sizes if k < 1]
    if wrong or not sizes:
        raise DataError(
            f"a test of {wrong[0] if wrong else 0} items is none", way_out="Name sizes from 1 on: --items 16,50."
        )
    asked = sizes_below(sizes, n)
    if not asked:
        raise DataError(
            f"the benchmark has {counted(n, 'item')}, and the smallest test asked for {min(sizes):,}",
            way_out=f"Name sizes below {n:,}: --items {max(n // 4, 1)}.",
        )
    return asked


def _roles(matrix: ScoreMatrix, folds: int) -> _Roles:
    share = np.isfinite(matrix.scores).mean(axis=1)
    out = np.flatnonzero(share >= ENOUGH)
    groups = tuple(matrix.families.get(matrix.models[i], f"\0{i}") for i in out)
    _check(len(out), matrix.scores.shape[1], folds)
    if len(set(groups)) < folds:
        raise DataError(
            f"{counted(folds, 'fold')}, and the solvers are of {len(set(groups))} families, which stay whole",
            way_out=f"Ask for fewer: --folds {max(len(set(groups)), 2)}.",
        )
    return _Roles(
        out=out,
        groups=groups,
        calibrating=np.flatnonzero((share >= CALIBRATES) & (share < ENOUGH)),
        few=np.flatnonzero((share < CALIBRATES) & (share > 0)),
    )


def _check(solvers: int, n: int, folds: int) -> None:
    if n < FEWEST_ITEMS:
        raise DataError(f"{counted(n, 'item')}: too few to choose among", way_out=f"Give {FEWEST_ITEMS} or more.")
    if solvers < FEWEST_SOLVERS:
        raise DataError(
            f"{counted(solvers, 'solver')} with scores on {ENOUGH:.0%} of the items: too few to leave some out",
            way_out=f"Give scores of {FEWEST_SOLVERS} solvers or more, or name one benchmark that they all answered: "
            "--benchmark NAME.",
        )
    if not 2 <= folds <= solvers:  # noqa: PLR2004 - one part out, one part in
        raise DataError(f"{counted(folds, 'fold')} of {solvers} solvers", way_out=f"Ask for 2 to {solvers}.")


def _chosen(matrix: ScoreMatrix, known: methods.Calibrated, name: str, k: int, seed: int) -> ChosenTest:
    test = methods.fixed_test(name, known, k, rng_for(seed, "adapt", "chosen", name, str(k)))
    return ChosenTest(method=name, items=named(matrix, known.model.items, test.items, test.weights.tolist()))


def _foretold(
    matrix: ScoreMatrix, known: methods.Calibrated, found: HeldOut, few: NDArray[np.int64], level: float
) -> dict[str, Estimate]:
    """Foretell whole scores from few answers; the model's misfit is that of held-out solvers asked the same items."""
    foretold = {}
    for solver, (off, errors) in zip(few.tolist(), found.patterns, strict=True):
        row: FloatArray = matrix.scores[solver]
        one = predicted_score(known.model, row, misfit=misfit(off, errors), solvers=len(off))
        low, high = one.interval(level)
        foretold[matrix.models[solver]] = Estimate(
            value=float(one.value[0]),
            low=float(low[0]),
            high=float(high[0]),
            level=level,
            n=int(np.isfinite(row).sum()),
            method="p-IRT from these answers; its error that of held-out solvers asked the same items",
        )
    return foretold


def _warnings(matrix: ScoreMatrix, solvers: int, asked: Sequence[int], sizes: Sequence[int]) -> tuple[str, ...]:
    said = list(matrix.notes)
    dropped = sorted({k for k in sizes if k not in asked})
    if dropped:
        number = ", ".join(f"{k:,}" for k in dropped)
        said.append(f"tests of {number} items are left out: the benchmark has {matrix.scores.shape[1]:,}")
    if solvers < FEW_SOLVERS:
        said.append(f"{solvers} solvers judge the tests: with so few, a method may look better by luck")
    return tuple(said)
