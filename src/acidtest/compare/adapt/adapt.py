"""How few of a benchmark's items would do, and which: from a table of scores alone."""

from collections.abc import Sequence

import numpy as np

from acidtest.compare.adapt import methods
from acidtest.compare.adapt.foretold import few_answers, foretold_scores
from acidtest.compare.adapt.forms import forms_report, matched, parallel
from acidtest.compare.adapt.held_out import held_out
from acidtest.compare.adapt.judged import judged, sizes_below
from acidtest.compare.adapt.named import named
from acidtest.compare.adapt.roles import FEW_SOLVERS, Roles, roles
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError, counted
from acidtest.stats.interval import rng_for
from acidtest.types.adapt import AdaptReport, ChosenTest, FormsReport


def adapt(  # noqa: PLR0913  # one argument per option
    matrix: ScoreMatrix,
    *,
    sizes: Sequence[int] = (16, 50, 100),
    method: str = "all",
    folds: int | None = None,
    repeats: int = 1,
    forms: int = 0,
    form_items: int = 50,
    match: str = "",
    seed: int = 0,
    level: float = 0.95,
) -> AdaptReport:
    """Judge small tests by solvers that are left out, then make them with all solvers.

    Args:
        matrix: Scores of solvers on items; all its benchmarks count as one.
        sizes: How many items to ask.
        method: A name of `methods.GROUPS`, or all.
        folds: Parts into which solvers are split; families, where the table names them, stay whole. None: five, or as
            many as there are families.
        repeats: How often they are split anew.
        forms: How many parallel forms to make; 0: none.
        form_items: Items of each form.
        match: A benchmark whose items are matched by those of all others; "": none.
        seed: The same seed gives the same report.
        level: Of all intervals.

    Raises:
        DataError: Too few solvers or items, or sizes that leave nothing to foretell.
    """
    scores, n = matrix.scores, matrix.scores.shape[1]
    who, asked, names = roles(matrix, folds), _asked(sizes, n), methods.names_of(method)
    found = held_out(
        scores[who.out],
        names=names,
        sizes=asked,
        groups=who.groups,
        folds=who.folds,
        repeats=repeats,
        seed=seed,
        others=scores[who.calibrating],
        patterns=[np.isfinite(scores[i]) for i in who.few],
    )
    known = methods.calibrated(scores[who.known])
    return AdaptReport(
        benchmark=" + ".join(matrix.benchmarks),
        items=n,
        solvers=len(who.out),
        folds=who.folds,
        repeats=repeats,
        families_whole=len(set(who.groups)) < len(who.groups),
        level=level,
        results=tuple(
            judged(found, name, k, items=n, level=level, seed=seed) for name in (methods.MEAN, *names) for k in asked
        ),
        chosen=tuple(
            _chosen(matrix, known, name, k, seed)
            for name in names
            if name not in methods.GROUPS["adaptive"]
            for k in asked
        ),
        predicted=foretold_scores(*few_answers(matrix, who.few), known, found, level),
        forms=_forms(matrix, known, who, forms=forms, size=form_items, match=match, seed=seed, level=level),
        warnings=_warnings(matrix, len(who.out), asked, sizes),
    )


def _forms(  # noqa: PLR0913  # what is asked, and how
    matrix: ScoreMatrix,
    known: methods.Calibrated,
    who: Roles,
    *,
    forms: int,
    size: int,
    match: str,
    seed: int,
    level: float,
) -> FormsReport | None:
    if not forms and not match:
        return None
    if forms and match:
        raise DataError("both --forms and --match", way_out="Ask for one of them at a time.")
    deal, by_chance = matched(matrix, match, size) if match else parallel(matrix, forms, size)
    return forms_report(
        matrix,
        known,
        matrix.scores[who.out],
        deal=deal,
        by_chance=by_chance,
        groups=who.groups,
        folds=who.folds,
        seed=seed,
        level=level,
        matched_to=match,
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


def _chosen(matrix: ScoreMatrix, known: methods.Calibrated, name: str, k: int, seed: int) -> ChosenTest:
    test = methods.fixed_test(name, known, k, rng_for(seed, "adapt", "chosen", name, str(k)))
    return ChosenTest(method=name, items=named(matrix, known.model.items, test.items, test.weights.tolist()))


def _warnings(matrix: ScoreMatrix, solvers: int, asked: Sequence[int], sizes: Sequence[int]) -> tuple[str, ...]:
    said = list(matrix.notes)
    dropped = sorted({k for k in sizes if k not in asked})
    if dropped:
        number = ", ".join(f"{k:,}" for k in dropped)
        said.append(f"tests of {number} items are left out: the benchmark has {matrix.scores.shape[1]:,}")
    if solvers < FEW_SOLVERS:
        said.append(f"{solvers} solvers judge the tests: with so few, a method may look better by luck")
    return tuple(said)
