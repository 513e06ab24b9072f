"""Whole scores of solvers that answered some items only: from the table itself, or from a table of new answers."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.adapt import methods
from acidtest.compare.adapt.held_out import HeldOut, held_out
from acidtest.compare.adapt.roles import FEW_SOLVERS, roles
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError, counted, did_you_mean
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.small.predicted_score import misfit, predicted_score
from acidtest.types.adapt import AdaptReport

_MOST_NAMED = 5


def adapt_answers(
    matrix: ScoreMatrix,
    answers: ScoreMatrix,
    *,
    unnamed: Collection[str] = (),
    folds: int | None = None,
    repeats: int = 1,
    seed: int = 0,
    level: float = 0.95,
) -> AdaptReport:
    """Foretell whole scores of new solvers, from their answers to any of a benchmark's items.

    Args:
        matrix: Scores of other solvers, which calibrate the items; all its benchmarks count as one.
        answers: Scores of the new solvers; items are found by their ids.
        unnamed: Names of benchmarks of `answers` that are the file's own name: nobody called them so. Where `matrix`
            holds one benchmark, theirs are its items.
        folds: Parts into which the solvers of `matrix` are split to learn how far foretold scores are off.
        repeats: How often they are split anew.
        seed: The same seed gives the same report.
        level: Of the intervals.

    Raises:
        DataError: A solver that stands in both tables, answers to no item of the first, or too few solvers in it.
    """
    who = roles(matrix, folds)
    rows, warnings = aligned(matrix, answers, unnamed)
    told = [bool(np.isfinite(row).any()) for row in rows]
    silent = [name for name, any_ in zip(answers.models, told, strict=True) if not any_]
    if silent:
        warnings = (*warnings, f"{_few(silent)}: no answer to an item of the table, nothing is foretold")
    if len(who.out) < FEW_SOLVERS:
        few = (
            f"{len(who.out)} solvers say how far foretold scores are off: with so few, intervals are far too wide where"
        )
        warnings = (*warnings, f"{few} the same solvers chose the items")
    names, rows = [name for name, any_ in zip(answers.models, told, strict=True) if any_], rows[told]
    found = held_out(
        matrix.scores[who.out],
        names=(),
        sizes=(),
        groups=who.groups,
        folds=who.folds,
        repeats=repeats,
        seed=seed,
        others=matrix.scores[who.calibrating],
        patterns=[np.isfinite(row) for row in rows],
    )
    known = methods.calibrated(matrix.scores[who.known])
    return AdaptReport(
        benchmark=" + ".join(matrix.benchmarks),
        items=len(matrix.items),
        solvers=len(who.out),
        folds=who.folds,
        repeats=repeats,
        families_whole=len(set(who.groups)) < len(who.groups),
        level=level,
        results=(),
        chosen=(),
        predicted=foretold_scores(names, rows, known, found, level),
        forms=None,
        warnings=(*matrix.notes, *answers.notes, *warnings),
    )


def foretold_scores(
    names: Sequence[str], rows: FloatArray, known: methods.Calibrated, found: HeldOut, level: float
) -> dict[str, Estimate]:
    """Return whole scores of solvers by name, from scores [L, n] on the items that they answered.

    The model's misfit is that of held-out solvers asked the same items: `found` has a pattern for each row.
    """
    foretold = {}
    for name, row, (off, errors) in zip(names, rows, found.patterns, strict=True):
        one = predicted_score(known.model, row, misfit=misfit(off, errors), solvers=len(off))
        low, high = one.interval(level)
        foretold[name] = Estimate(
            value=float(one.value[0]),
            low=float(low[0]),
            high=float(high[0]),
            level=level,
            n=int(np.isfinite(row).sum()),
            method="p-IRT from these answers; its error that of held-out solvers asked the same items",
        )
    return foretold


def aligned(
    matrix: ScoreMatrix, answers: ScoreMatrix, unnamed: Collection[str] = ()
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return ([L, n], warnings): the answers on the items of another table, NaN where there is none.

    Raises:
        DataError: A solver that stands in both, or no item that does.
    """
    both = [name for name in answers.models if name in set(matrix.models)]
    if both:
        raise DataError(
            f"{_few(both)}: in both tables",
            way_out="Leave the solver out of one, or give the new one another name. Solvers that stand in SCORES with "
            "few answers are foretold without --answers.",
        )
    place = {key: at for at, key in enumerate(zip(matrix.benchmark, matrix.items, strict=True))}
    one = matrix.benchmarks[0] if len(matrix.benchmarks) == 1 else ""
    meant = {name: one if one and name in unnamed else name for name in answers.benchmarks}
    keys = [(meant[of], item) for of, item in zip(answers.benchmark, answers.items, strict=True)]
    at = np.array([place.get(key, -1) for key in keys], np.int64)
    if (at < 0).all():
        raise DataError(
            "no item of --answers stands in SCORES",
            way_out=_way_out(matrix, answers, meant.values()),
        )
    if len(set(at[at >= 0].tolist())) < int((at >= 0).sum()):
        raise DataError("two files of --answers hold the same items", way_out="Name their benchmarks in a column.")
    rows = np.full((len(answers.models), len(matrix.items)), np.nan)
    rows[:, at[at >= 0]] = answers.scores[:, at >= 0]
    unknown = [answers.items[i] for i in np.flatnonzero(at < 0).tolist()]
    said = (
        (f"{counted(len(unknown), 'item')} of --answers not in SCORES, left out: {_few(unknown)}",) if unknown else ()
    )
    return rows, said


def few_answers(matrix: ScoreMatrix, few: NDArray[np.int64]) -> tuple[list[str], FloatArray]:
    """Return the names and scores of solvers that a table holds few answers of."""
    return [matrix.models[i] for i in few.tolist()], matrix.scores[few]


def _way_out(matrix: ScoreMatrix, answers: ScoreMatrix, meant: Collection[str]) -> str:
    named = [name for name in meant if name not in matrix.benchmarks]
    if named:
        return (
            f"{did_you_mean(named[0], matrix.benchmarks)}--answers names the benchmark '{named[0][:80]}', and SCORES "
            f"{_few(matrix.benchmarks)}."
        )
    return f"Items are found by their ids: '{answers.items[0][:80]}' there, '{matrix.items[0][:80]}' in SCORES."


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"'{name[:80]}'" for name in names[:_MOST_NAMED]) + more
