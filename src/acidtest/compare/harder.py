"""Rounds of writing harder items: how hard each round's items turned out to be, asked of solvers, on one scale.

Estimates of single items are drawn to the mean of all: with few solvers a mean of them would hide a part of each
change. So each set is seen as drawn from a population of its own, as in `acidtest irt`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import orjson

from acidtest.compare.irt.calibrate import Calibration
from acidtest.compare.irt.item_sets import SetsOnScale
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import counted
from acidtest.stats.bounded_mean import bounded_mean
from acidtest.stats.estimate import Estimate
from acidtest.stats.interval import from_draws
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.stats.irt.sets.distribution import bundle_numbers

_FEW_SOLVERS = 10
_HOW = "interval: items resampled, bundles whole"
CAUTION = (
    "A wrong key makes an item hard, too: let people or judges rate the items (acidtest rate, acidtest review), and "
    "look for items that the best solvers miss (acidtest irt --flaws)."
)
SOLVERS_CHOSE = (
    "Later rounds were written after what these solvers got wrong: their items may be harder for these than for "
    "others. Do not rank these solvers by them; ask solvers that took no part."
)


@dataclass(frozen=True, kw_only=True)
class SetDifficulty:
    """How hard one set is.

    Attributes:
        benchmark: Its name.
        number: Which round, from 1; 0: the real benchmark.
        items: How many.
        score: Mean score of all solvers.
        difficulty: Mean difficulty, in standard deviations of the solvers' ability.
        change: `difficulty` less that of the first round; above 0: harder. None for the first round and the real set.
    """

    benchmark: str
    number: int
    items: int
    score: Estimate
    difficulty: Estimate
    change: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class HarderReport:
    """What came of the rounds.

    Attributes:
        real: The real benchmark.
        rounds: generator's entry -> its rounds.
        solvers: Who answered.
        findings: A sentence for each entry.
    """

    real: SetDifficulty
    rounds: Mapping[str, tuple[SetDifficulty, ...]]
    solvers: tuple[str, ...]
    findings: Mapping[str, str]
    warnings: tuple[str, ...] = field(default=())


def one_scale(matrices: Sequence[ScoreMatrix]) -> tuple[ScoreMatrix, Fit]:
    """Join tables of the same solvers and put all their items on one scale."""
    models = tuple(dict.fromkeys(model for one in matrices for model in one.models))
    parts = []
    for one in matrices:
        part = np.full((len(models), len(one.items)), np.nan)
        part[[models.index(model) for model in one.models]] = one.scores
        parts.append(part)
    scores = np.concatenate(parts, axis=1)
    joined = replace(
        matrices[0],
        models=models,
        scores=scores,
        items=tuple(item for one in matrices for item in one.items),
        benchmark=tuple(name for one in matrices for name in one.benchmark),
        kinds={name: kind for one in matrices for name, kind in one.kinds.items()},
        generators={name: model for one in matrices for name, model in one.generators.items()},
        topics=tuple(topic for one in matrices for topic in one.topics),
        bundles=tuple(bundle for one in matrices for bundle in one.bundles),
    )
    known = scores[np.isfinite(scores)]
    return joined, fit_irt(scores, model="2pl" if np.isin(known, (0.0, 1.0)).all() else "continuous")


def harder_report(
    matrix: ScoreMatrix, fit: Fit, *, real: str, rounds: Mapping[str, Sequence[str]], level: float, seed: int = 0
) -> HarderReport:
    """Compare the rounds of every generator's entry.

    Args:
        matrix: Scores on the real benchmark and on all rounds.
        fit: Of these scores.
        real: Name of the real benchmark.
        rounds: entry -> names of its sets, in the order of the rounds.
        level: Of all intervals.
        seed: For the resamples of items.
    """
    every = tuple(name for names in rounds.values() for name in names)
    calibration = Calibration(matrix=matrix, fit=fit, real=real, synthetic=every, chosen="", left_out={})
    scale = SetsOnScale(calibration, seed=seed, level=level)
    found = {
        entry: tuple(
            _set(matrix, scale, name, number, first=names[0] if number > 1 else "")
            for number, name in enumerate(names, 1)
        )
        for entry, names in rounds.items()
    }
    few = [] if len(matrix.models) >= _FEW_SOLVERS else [_few(len(matrix.models))]
    own = sorted({model for name in every if (model := matrix.generators.get(name)) in matrix.models})
    return HarderReport(
        real=_set(matrix, scale, real, 0),
        rounds=found,
        solvers=matrix.models,
        findings={entry: _finding(sets) for entry, sets in found.items()},
        warnings=(*few, *map(_own, own), *fit.warnings, CAUTION, SOLVERS_CHOSE),
    )


def dumps(report: HarderReport) -> bytes:
    """Return a report as JSON; NaN becomes null."""
    content = {
        "schema": 1,
        "real": _json(report.real),
        "rounds": {entry: [_json(one) for one in sets] for entry, sets in report.rounds.items()},
        "solvers": list(report.solvers),
        "findings": dict(report.findings),
        "warnings": list(report.warnings),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _set(matrix: ScoreMatrix, scale: SetsOnScale, name: str, number: int, *, first: str = "") -> SetDifficulty:
    at = matrix.of(name)
    scored = matrix.scores[:, at]
    seen = np.isfinite(scored)
    per_item = np.where(seen, scored, 0.0).sum(axis=0) / np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
    bundles = bundle_numbers([matrix.bundles[i] for i in at], len(at))
    return SetDifficulty(
        benchmark=name,
        number=number,
        items=len(at),
        score=bounded_mean(per_item, bundles=bundles, level=scale.level),
        difficulty=_difficulty(scale, name),
        change=_difficulty(scale, name, less=first) if first else None,
    )


def _difficulty(scale: SetsOnScale, name: str, *, less: str = "") -> Estimate:
    """Return a set's mean difficulty, or what it is less another's; NaN ends where there is a single item."""
    sets = [scale.draws[one] for one in (name, less) if one]
    value, *others = [float(one.seen["difficulty"].mean()) for one in sets]
    drawn, *others_drawn = [one.drawn["difficulty"].mean() for one in sets]
    n = min(one.items for one in sets)
    return from_draws(
        value - sum(others),
        np.where(n > 1, drawn - sum(others_drawn), np.nan),
        level=scale.level,
        n=n,
        method=f"{'difference of ' if less else ''}mean difficulty of each set's own population; {_HOW}",
    )


def _finding(sets: Sequence[SetDifficulty]) -> str:
    last = sets[-1]
    if last.change is None:
        return "There is one round alone: nothing to compare."
    size = f"{last.change.value:+.2f} [{last.change.low:+.2f}, {last.change.high:+.2f}] standard deviations of ability"
    if last.change.low > 0:
        return f"Round {last.number} is harder than round 1, by {size}."
    if last.change.high < 0:
        return f"Round {last.number} is easier than round 1: {size}."
    return f"Whether round {last.number} is harder than round 1 cannot be told: {size}."


def _own(model: str) -> str:
    return f"'{model}' wrote items and answers them itself: they may be easier for it than for others."


def _few(solvers: int) -> str:
    who = counted(solvers, "solver")
    return f"{who} answered: the scale rests on few abilities, and intervals may be too narrow."


def _json(one: SetDifficulty) -> dict[str, object]:
    return {
        "benchmark": one.benchmark,
        "round": one.number,
        "items": one.items,
        "score": one.score.as_json(),
        "difficulty": one.difficulty.as_json(),
        "change": one.change.as_json() if one.change else None,
    }
