"""From a table of scores to one scale: which sets and solvers count, which model fits the scores, and its fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError, counted, did_you_mean
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.types.irt import IrtModel

FEWEST_COMMON = 5
"""Solvers on both sets: with fewer, what links the sets rests on a handful of answers per item."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Items and solvers on one scale.

    Attributes:
        matrix: The sets and solvers that count; scores as they were fitted.
        fit: Of its scores.
        real: The real benchmark, "" where there is none.
        synthetic: The sets that are compared with it.
        chosen: Why this model.
        left_out: solver -> why it does not count.
        warnings: What must be known of the linking.
    """

    matrix: ScoreMatrix
    fit: Fit
    real: str
    synthetic: tuple[str, ...]
    chosen: str
    left_out: dict[str, str]
    warnings: tuple[str, ...] = ()


def calibrate(
    matrix: ScoreMatrix,
    *,
    real: str = "",
    synthetic: Sequence[str] = (),
    model: IrtModel | None = None,
    guess: float = 0.25,
    right_at: float | None = None,
) -> Calibration:
    """Put the items of one or several benchmarks and their solvers on one scale.

    Args:
        matrix: Scores as `read_matrix` reads them.
        real: The real benchmark; where none is named, the one that the table calls real, if there is just one.
        synthetic: Sets to compare with it; all that the table does not call real unless named.
        model: 2pl where all scores are 0 or 1, else continuous, unless given.
        guess: Chance of a right guess, for 3pl.
        right_at: A score from which on an answer is right; scores become 0 and 1.

    Raises:
        DataError: A name that the table lacks; fewer than two solvers or items; nobody answered both sets; all
            scores alike; scores that the model cannot take.
    """
    real, compared = _sets(matrix, real, tuple(synthetic))
    kept = _take_sets(matrix, (real, *compared)) if real else matrix
    kept, left_out, warnings = _linked(kept, real, compared)
    if right_at is not None:
        kept = replace(kept, scores=np.where(np.isfinite(kept.scores), (kept.scores >= right_at) * 1.0, np.nan))
    _refuse_empty(kept)
    asked, chosen = _model(kept.scores, model, right_at)
    fit = fit_irt(kept.scores, model=asked, guess=guess if asked == "3pl" else 0.0)
    return Calibration(
        matrix=kept, fit=fit, real=real, synthetic=compared, chosen=chosen, left_out=left_out, warnings=warnings
    )


def _sets(matrix: ScoreMatrix, real: str, synthetic: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    known = matrix.benchmarks
    named = [("--real", real)] if real else []
    for option, name in [*named, *(("--synthetic", name) for name in synthetic)]:
        if name not in known:
            way_out = f"{did_you_mean(name, known)}{option} takes one of: {', '.join(n[:80] for n in known[:20])}."
            raise DataError(f"no benchmark is called '{name[:80]}'", way_out=way_out)
    if real and matrix.kinds.get(real) == "synthetic":
        raise DataError(
            f"benchmark '{real[:80]}' is called real, but the column kind says synthetic",
            way_out="Name the real benchmark after --real, or mend the column.",
        )
    twice = [name for name in synthetic if name == real or synthetic.count(name) > 1]
    if twice:
        raise DataError(f"benchmark '{twice[0][:80]}' is named twice", way_out="Name each benchmark once.")
    called_real = [name for name in known if matrix.kinds.get(name) == "real"]
    if not real:
        if synthetic and len(called_real) != 1:
            raise DataError("--synthetic without --real", way_out="Name the real benchmark by --real, too.")
        if len(called_real) != 1 or len(known) == 1:
            return "", ()
        real = called_real[0]
    others = synthetic or tuple(n for n in known if n != real and matrix.kinds.get(n) != "real")
    return real, others


def _take_sets(matrix: ScoreMatrix, names: Sequence[str]) -> ScoreMatrix:
    return take(matrix, items=np.concatenate([matrix.of(name) for name in names]))


def take(
    matrix: ScoreMatrix, *, items: NDArray[np.int64] | None = None, solvers: NDArray[np.int64] | None = None
) -> ScoreMatrix:
    """Return some of the items, or of the solvers, by position."""
    at = np.arange(len(matrix.items)) if items is None else items
    who = np.arange(len(matrix.models)) if solvers is None else solvers
    return replace(
        matrix,
        models=tuple(matrix.models[m] for m in who),
        items=tuple(matrix.items[i] for i in at),
        benchmark=tuple(matrix.benchmark[i] for i in at),
        scores=matrix.scores[np.ix_(who, at)],
        topics=tuple(matrix.topics[i] for i in at),
        bundles=tuple(matrix.bundles[i] for i in at),
    )


def _linked(
    matrix: ScoreMatrix, real: str, synthetic: tuple[str, ...]
) -> tuple[ScoreMatrix, dict[str, str], tuple[str, ...]]:
    """Return the matrix of the solvers that link the sets, who else was there and why not, and warnings."""
    answered = {name: _answered(matrix, name) for name in matrix.benchmarks}
    anywhere = np.any(list(answered.values()), axis=0)
    keep, why = anywhere, np.where(anywhere, "", "no score")
    warnings: list[str] = []
    if synthetic:
        on_real, on_any = answered[real], np.any([answered[name] for name in synthetic], axis=0)
        keep = on_real & on_any
        why = np.where(on_real & ~on_any, "answered the real set only", why)
        why = np.where(on_any & ~on_real, f"did not answer '{real[:80]}'", why)
        for name in synthetic:
            common = int((on_real & answered[name]).sum())
            if not common:
                raise DataError(
                    f"no solver answered both '{real[:80]}' and '{name[:80]}'",
                    way_out="Only solvers that answered both put them on one scale: let some answer both.",
                )
            if common < FEWEST_COMMON:
                warnings.append(f"only {counted(common, 'solver')} answered both '{real[:80]}' and '{name[:80]}'")
    else:
        warnings += _unlinked(answered)
    left_out = {model: str(why[m]) for m, model in enumerate(matrix.models) if not keep[m]}
    kept = take(matrix, solvers=np.flatnonzero(keep))
    unanswered = ~np.isfinite(kept.scores).any(0)
    if unanswered.any():
        warnings.append(f"{counted(int(unanswered.sum()), 'item')} without any score: left out")
        kept = take(kept, items=np.flatnonzero(~unanswered))
    return kept, left_out, tuple(warnings)


def _unlinked(answered: dict[str, NDArray[np.bool_]]) -> list[str]:
    """Refuse sets that no solver joins: their scales have nothing to do with each other."""
    names = list(answered)
    joined, reached = {names[0]}, answered[names[0]]
    for _ in names:
        for name in names:
            if name not in joined and (reached & answered[name]).any():
                joined.add(name)
                reached = reached | answered[name]
    apart = [name for name in names if name not in joined]
    if apart:
        raise DataError(
            f"no solver that answered '{names[0][:80]}' answered '{apart[0][:80]}'",
            way_out="Only solvers that answered both put them on one scale. Look at each alone.",
        )
    return []


def _refuse_empty(matrix: ScoreMatrix) -> None:
    if not matrix.items:
        raise DataError("the table holds no items", way_out="Give a score for each item.")
    if len(matrix.models) < 2:  # noqa: PLR2004  # abilities are told from each other
        who = f"one solver alone: {matrix.models[0][:80]}" if matrix.models else "no solver with a score"
        raise DataError(who, way_out="Give scores of two solvers or more, better ten.")
    seen = matrix.scores[np.isfinite(matrix.scores)]
    if seen.min() == seen.max():
        raise DataError(
            f"every score is {seen[0]:g}: nothing tells items or solvers apart",
            way_out="Give scores that differ, or another --right-at.",
        )


def _model(scores: FloatArray, model: IrtModel | None, right_at: float | None) -> tuple[IrtModel, str]:
    """Return the model to fit, and why."""
    seen = scores[np.isfinite(scores)]
    binary = bool(np.isin(seen, (0.0, 1.0)).all())
    if model is None:
        if binary:
            cut = "" if right_at is None else f"; right from {right_at:g} on"
            return "2pl", f"2pl: scores are 0 or 1{cut}"
        share = float(np.mean((seen > 0) & (seen < 1)))
        return "continuous", f"continuous is taken: {100 * share:.1f} % of the scores lie between 0 and 1"
    if not binary and model != "continuous":
        raise DataError(
            f"--model {model} takes scores of 0 and 1, and some lie between",
            way_out="Say --right-at SCORE: an answer is right from it on. Or take --model continuous.",
        )
    return model, f"{model}: as asked for"


def common_solvers(matrix: ScoreMatrix, real: str, synthetic: str) -> NDArray[np.bool_]:
    """Return [M]: who answered both sets."""
    return _answered(matrix, real) & _answered(matrix, synthetic)


def _answered(matrix: ScoreMatrix, name: str) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(matrix.scores[:, matrix.of(name)]).any(axis=1), np.bool_)
