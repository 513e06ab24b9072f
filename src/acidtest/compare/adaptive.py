"""What adaptive tests found: each solver's ability, and what it would score on the whole benchmark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from acidtest.compare.scores import score_interval
from acidtest.errors import counted
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.adaptive.score import whole_scores
from acidtest.stats.irt.adaptive.trust import allowance
from acidtest.stats.irt.items import Items
from acidtest.types import BenchmarkScores, Predicted, Scores


@dataclass(frozen=True, kw_only=True)
class AdaptiveSolver:
    """One solver on one benchmark.

    Attributes:
        asked: Items that it answered.
        tested: A test chose them; else it was asked everything.
        ability: On the bank's scale: 0 is the mean of the solvers that calibrated it, 1 their standard deviation.
        score: What it would score on all items.
        error: Standard error of the score that is the solver's own; its interval adds the `common` one, as the interval
            of a score with items does.
        failure_rate: Share of its answers that could not be read.
        items: Ids of the items that it answered, in the benchmark's order; empty where it was asked everything.
    """

    asked: int
    tested: bool
    ability: Estimate
    score: Estimate
    error: float
    failure_rate: float
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AdaptiveBenchmark:
    """All solvers on one benchmark.

    Attributes:
        items: Calibrated items, which the scores are about.
        uncalibrated: The benchmark's other items, which are left out.
        common: Variance of all scores at once by the items' common difficulty, and by their calibration.
        calibration: The second part alone: benchmarks of one bank have it together.
    """

    items: int
    uncalibrated: int
    common: float
    solvers: Mapping[str, AdaptiveSolver]
    calibration: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AdaptiveReport:
    """All adaptive tests of a run.

    Attributes:
        metric: What scores are, 0 to 1.
        level: Of all intervals.
        bank_model: The curve that was fitted to the items.
        bank_solvers: How many solvers they were calibrated on.
        warnings: What a reader must know.
    """

    metric: str
    level: float
    bank_model: str
    bank_solvers: int
    benchmarks: Mapping[str, AdaptiveBenchmark]
    warnings: tuple[str, ...] = ()

    @property
    def saved(self) -> int:
        """How many calls the tests did not make."""
        return sum(
            one.items + one.uncalibrated - solver.asked
            for one in self.benchmarks.values()
            for solver in one.solvers.values()
            if solver.tested
        )


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Which of n calibrated items M solvers answered, and how.

    Attributes:
        scores: [M, n], 0 to 1, NaN where not answered.
        failures: [M, n] 1 where the answer was unreadable.
        tested: [M] a test chose the solver's items.
        uncalibrated: How many more items the benchmark has.
    """

    models: tuple[str, ...]
    items: tuple[str, ...]
    scores: FloatArray
    failures: FloatArray
    tested: tuple[bool, ...]
    uncalibrated: int = 0


_METHOD = "likeliest ability; interval: normal"


def adaptive_benchmark(
    answered: Answered, items: Items, *, metric: str, level: float, calibrated_on: int | None = None
) -> AdaptiveBenchmark:
    """Return what a benchmark's tests found, solvers in the order they come in; one without any answer is left out.

    Args:
        answered: Who answered what.
        items: [n] the calibrated items.
        metric: What scores are.
        level: Of all intervals.
        calibrated_on: How many solvers the items were calibrated on; None: the items are known.
    """
    found = whole_scores(answered.scores, items, solvers=calibrated_on)
    n, z = len(items), NormalDist().inv_cdf((1 + level) / 2)
    solvers = {}
    for row, model in enumerate(answered.models):
        there = np.isfinite(answered.scores[row])
        asked, value, error = int(there.sum()), float(found.value[row]), float(found.error[row])
        if not asked:
            continue
        t, t_error = float(found.ability[row]), float(found.ability_se[row])
        low, high = score_interval(value, error**2 + found.common, n, unit=True, level=level)
        how = f"predicted from {asked:,} of {n:,} items" if asked < n else "all items answered"
        about = Estimate(
            value=t,
            true=t,
            low=t - z * t_error,
            high=t + z * t_error,
            level=level,
            n=asked,
            method=_METHOD
            if calibrated_on is None
            else f"{_METHOD}, widened for {calibrated_on:,} calibrating solvers",
        )
        solvers[model] = AdaptiveSolver(
            asked=asked,
            tested=answered.tested[row],
            ability=about,
            score=replace(about, value=value, true=value, low=low, high=high, method=f"{metric}, {how}"),
            error=error,
            failure_rate=float(np.nansum(answered.failures[row][there])) / asked,
            items=tuple(answered.items[i] for i in np.flatnonzero(there)) if answered.tested[row] else (),
        )
    return AdaptiveBenchmark(
        items=n,
        uncalibrated=answered.uncalibrated,
        common=found.common,
        calibration=found.calibration,
        solvers=solvers,
    )


def with_predictions(scores: Scores, report: AdaptiveReport) -> Scores:
    """Return scores with the benchmarks that adaptive tests were of known as predicted, with their errors."""
    found = report.benchmarks

    def told(one: BenchmarkScores) -> BenchmarkScores:
        return _told(one, found[one.name]) if one.name in found else one

    return replace(
        scores,
        real=told(scores.real),
        synthetic=tuple(told(one) for one in scores.synthetic),
        notes=(*scores.notes, *report.warnings),
    )


def _told(one: BenchmarkScores, found: AdaptiveBenchmark) -> BenchmarkScores:
    known = [found.solvers[model] for model in one.models]
    return replace(
        one,
        stats=None,
        items=(),
        failures=np.array([[solver.failure_rate] for solver in known]),
        predicted=Predicted(
            error=np.array([solver.error for solver in known]),
            asked=np.array([float(solver.asked) for solver in known]),
            items=found.items,
            common=found.common,
            calibration=found.calibration,
        ),
    )


FEW_SOLVERS = 20
"""Items that were calibrated on fewer solvers are known roughly."""


def bank_warnings(solvers: int, classic: int | None, uncalibrated: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Return what a reader must know of the bank.

    Args:
        solvers: How many solvers it was calibrated on.
        classic: How many of them are no language models; None: not known.
        uncalibrated: (benchmark, items that the bank does not know).
    """
    found = []
    if solvers < FEW_SOLVERS:
        found.append(
            f"The items were calibrated on {counted(solvers, 'solver')}: their parameters are rough, and predicted "
            f"scores with them. Intervals are widened for it, by {allowance(solvers) - 1:.0%}: a rule, not what these "
            "items showed."
        )
    if classic and classic * 2 > solvers:
        found.append(
            f"{classic} of the {solvers} solvers that calibrated the items are no language models: what is hard for "
            "them need not be what is hard for language models."
        )
    found += [
        f"The bank does not know {count:,} items of '{name}': all scores there are about the others."
        for name, count in uncalibrated
        if count
    ]
    return tuple(found)
