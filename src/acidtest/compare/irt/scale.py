"""Question 5, difficulty, by item response theory: items and solvers on one scale, and where difficulty was lost."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from acidtest.compare.irt.calibrate import Calibration
from acidtest.compare.irt.families import family_differences, item_differences
from acidtest.compare.irt.item_sets import FEW_SOLVERS, SetsOnScale
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError, counted, did_you_mean
from acidtest.stats.estimate import Estimate
from acidtest.types.irt import CalibratedItem, IrtReport

_MOSTLY_NOISE = 0.5
"""Mean square of errors of abilities, whose standard deviation is 1."""


def irt_report(
    calibration: Calibration,
    *,
    seed: int = 0,
    level: float = 0.95,
    fdr: float = 0.1,
    flags: Mapping[tuple[str, str], tuple[str, ...]] | None = None,
) -> IrtReport:
    """Return all that a calibration says of items, solvers and sets.

    Args:
        calibration: Items and solvers on one scale.
        seed: The same seed gives the same numbers.
        level: Of all intervals.
        fdr: False discovery rate among single items that favour a family.
        flags: (benchmark, item) -> what an audit says against it.
    """
    matrix, fit = calibration.matrix, calibration.fit
    sets = SetsOnScale(calibration, seed=seed, level=level)
    compared = calibration.synthetic
    items = {name: sets.items(name) for name in matrix.benchmarks}
    return IrtReport(
        real=calibration.real,
        model=fit.model,
        chosen=calibration.chosen,
        level=level,
        metric=matrix.metric,
        abilities=_abilities(calibration, level),
        answers=_answers(matrix),
        items=_items(calibration, flags or {}),
        sets={name: sets.item_set(name) for name in matrix.benchmarks},
        differences={name: sets.difference(name) for name in compared},
        families={name: family_differences(calibration, name, level=level, items=items) for name in compared},
        item_differences=tuple(
            one for name in (compared or matrix.benchmarks) for one in item_differences(calibration, name, fdr=fdr)
        ),
        left_out=calibration.left_out,
        converged=fit.converged,
        sweeps=fit.sweeps,
        log_likelihood=fit.log_likelihood,
        notes=(*_absent_writers(calibration), *matrix.notes),
        warnings=_warnings(calibration),
    )


def with_generators(matrix: ScoreMatrix, generators: Mapping[str, str]) -> ScoreMatrix:
    """Return the table with the models that wrote its benchmarks, as the caller names them.

    Raises:
        DataError: A benchmark that the table lacks.
    """
    for name in generators:
        if name not in matrix.benchmarks:
            known = ", ".join(n[:80] for n in matrix.benchmarks[:20])
            way_out = f"{did_you_mean(name, matrix.benchmarks)}--generator takes one of: {known}."
            raise DataError(f"no benchmark is called '{name[:80]}'", way_out=way_out)
    return replace(matrix, generators={**matrix.generators, **generators})


def _abilities(calibration: Calibration, level: float) -> dict[str, Estimate]:
    from statistics import NormalDist

    matrix, fit = calibration.matrix, calibration.fit
    z = NormalDist().inv_cdf((1 + level) / 2)
    answers = np.isfinite(matrix.scores).sum(1)
    found = {}
    for m in np.argsort(-fit.ability, kind="stable"):
        value, half = float(fit.ability[m]), z * float(fit.ability_se[m])
        found[matrix.models[m]] = Estimate(
            value=value, true=value, low=value - half, high=value + half, level=level, n=int(answers[m]),
            method=f"{fit.model}, ability; mean 0, standard deviation 1 over the solvers",
        )  # fmt: skip
    return found


def _answers(matrix: ScoreMatrix) -> dict[str, dict[str, int]]:
    counts = {name: np.isfinite(matrix.scores[:, matrix.of(name)]).sum(1) for name in matrix.benchmarks}
    return {model: {name: int(of[m]) for name, of in counts.items()} for m, model in enumerate(matrix.models)}


def _items(calibration: Calibration, flags: Mapping[tuple[str, str], tuple[str, ...]]) -> tuple[CalibratedItem, ...]:
    matrix, fit = calibration.matrix, calibration.fit
    right = np.nanmean(matrix.scores, axis=0)
    return tuple(
        CalibratedItem(
            benchmark=benchmark,
            item=item,
            difficulty=float(fit.items.difficulty[i]),
            difficulty_se=float(fit.difficulty_se[i]),
            discrimination=float(fit.items.discrimination[i]),
            discrimination_se=float(fit.discrimination_se[i]),
            right=float(right[i]),
            answers=int(fit.answers[i]),
            flags=flags.get((benchmark, item), ()),
        )
        for i, (benchmark, item) in enumerate(zip(matrix.benchmark, matrix.items, strict=True))
    )


def _warnings(calibration: Calibration) -> tuple[str, ...]:
    fit, solvers = calibration.fit, len(calibration.matrix.models)
    own = [*calibration.warnings]
    if fit.model == "continuous":  # the other models' fit says all this itself
        if solvers < FEW_SOLVERS:
            own.append(f"{counted(solvers, 'solver')}: single items are hardly known; look at sets, not at items")
        if not fit.converged:
            own.append(f"the fit had not settled after {fit.sweeps} sweeps")
        noise = float(np.mean(fit.ability_se**2))
        if noise > _MOSTLY_NOISE:
            own.append(
                f"these solvers can hardly be told apart: errors of their abilities ({noise**0.5:.1f}) are as large as "
                "their differences (1); nothing below is to be leaned on"
            )
    return tuple(dict.fromkeys((*own, *fit.warnings)))


def _absent_writers(calibration: Calibration) -> tuple[str, ...]:
    """Return for which sets nobody of the writer's family answered, so that no favour can be seen."""
    matrix = calibration.matrix
    there = {matrix.families.get(model, model) for model in matrix.models}
    wrote = {name: matrix.generators.get(name, "") for name in calibration.synthetic}
    return tuple(
        f"'{writer[:80]}', which wrote '{name[:80]}', is not among its solvers: whether the set is easier for it "
        "cannot be seen"
        for name, writer in wrote.items()
        if writer and matrix.families.get(writer, writer) not in there
    )
