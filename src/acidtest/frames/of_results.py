"""What is in memory as data frames: a comparison, and the scores that it was made of."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from acidtest.frames.frame import ColumnKind, FrameKind, framed, table_of
from acidtest.stats.estimate import Estimate, none_for_nan
from acidtest.types import BenchmarkScores, FidelityReport, Scores

_ESTIMATE: dict[str, ColumnKind] = {
    "value": "number", "true": "number", "low": "number", "high": "number", "level": "number", "n": "whole",
    "method": "text", "warnings": "texts",
}  # fmt: skip
_FIDELITY: dict[str, ColumnKind] = {"benchmark": "text", "statistic": "text", **_ESTIMATE}
_VERDICT: dict[str, ColumnKind] = {
    "benchmark": "text", "use": "text", "decision": "text", "because": "text", "settle": "text",
}  # fmt: skip
_REPORTED: dict[str, ColumnKind] = {
    "benchmark": "text", "kind": "text", "generator": "text", "model": "text", "metric": "text", **_ESTIMATE,
    "failure_rate": "number",
}  # fmt: skip
_SCORES: dict[str, ColumnKind] = {
    "benchmark": "text", "kind": "text", "generator": "text", "strategy": "text", "model": "text", "item": "text",
    "metric": "text", "score": "number", "stats": "numbers", "bundle": "text", "edit": "text", "topic": "text",
    "failure": "flag",
}  # fmt: skip


def fidelity_frame(report: FidelityReport, frame: FrameKind = "pandas") -> Any:
    """Return a comparison's statistics: one row per synthetic benchmark and statistic.

    Args:
        report: What `compare_scores`, `run_study` or `OpenedRun.report` gave.
        frame: "pandas", "polars" or "arrow".

    Returns:
        Columns `benchmark, statistic, value, true, low, high, level, n, method, warnings`; see `Estimate`. What is
        not known is an empty cell.

    Raises:
        AcidtestError: The library of that frame is not installed.
    """
    return framed(table_of(_statistics(report), _FIDELITY), frame)


def verdict_frame(report: FidelityReport, frame: FrameKind = "pandas") -> Any:
    """Return a comparison's verdicts: one row per synthetic benchmark and use.

    Columns: `benchmark, use, decision, because, settle`. See `fidelity_frame` for the arguments.
    """
    rows = (
        {"benchmark": benchmark, "use": use, "decision": v.decision, "because": v.because, "settle": v.settle}
        for benchmark, uses in report.verdict.items()
        for use, v in uses.items()
    )
    return framed(table_of(rows, _VERDICT), frame)


def scores_frame(scores: Scores | FidelityReport, frame: FrameKind = "pandas") -> Any:
    """Return scores as a long table.

    Args:
        scores: What `read_scores` gave: one row per benchmark, solver and item that was scored (one per benchmark and
            solver where no items are known or kept). Or a comparison: one row per benchmark and solver, with its
            interval.
        frame: "pandas", "polars" or "arrow".

    Returns:
        Of `Scores`, the columns `benchmark, kind, generator, strategy, model, item, metric, score, stats, bundle,
        edit, topic, failure`; `score` is empty where the metric is no mean of items' scores and no items' scores are
        kept: then `stats` tell. Of a comparison, `benchmark, kind, generator, model, metric`, those of
        `fidelity_frame`, and `failure_rate`.

    Raises:
        AcidtestError: The library of that frame is not installed.
    """
    if isinstance(scores, FidelityReport):
        return framed(table_of(_reported(scores), _REPORTED), frame)
    sets = (scores.real, *scores.synthetic)
    rows = (row for one in sets for row in _scored(one, scores.metric.name, is_mean=scores.metric.is_mean))
    return framed(table_of(rows, _SCORES), frame)


def _statistics(report: FidelityReport) -> Iterator[dict[str, object]]:
    for benchmark, statistics in report.fidelity.items():
        for statistic, estimate in statistics.items():
            yield {"benchmark": benchmark, "statistic": statistic, **_cells(estimate)}


def _reported(report: FidelityReport) -> Iterator[dict[str, object]]:
    for benchmark, solvers in report.scores.items():
        about = {
            "benchmark": benchmark,
            "kind": "real" if benchmark == report.real else "synthetic",
            "generator": report.generators.get(benchmark),
            "metric": report.metric,
        }
        failures = report.failure_rate.get(benchmark, {})
        for model, estimate in solvers.items():
            yield {**about, "model": model, **_cells(estimate), "failure_rate": failures.get(model)}


def _cells(estimate: Estimate) -> dict[str, object]:
    return {name: getattr(estimate, name) for name in _ESTIMATE}  # no JSON here: what is infinite stays so


def _scored(one: BenchmarkScores, metric: str, *, is_mean: bool) -> Iterator[dict[str, object]]:
    about = {
        "benchmark": one.name, "kind": one.kind, "generator": one.generator, "strategy": one.strategy, "metric": metric,
    }  # fmt: skip
    if one.stats is None or one.blocks is not None:
        for model, score in zip(one.models, one.observed.tolist(), strict=True):
            if not np.isnan(score):
                yield {**about, "model": model, "score": score}
        return
    own = one.stats[:, :, 0] if one.item_scores is None and is_mean else one.item_scores
    scored = np.asarray(np.isfinite(one.stats).all(axis=2))
    for m, model in enumerate(one.models):
        for i in np.flatnonzero(scored[m]).tolist():
            yield {
                **about,
                "model": model,
                "item": one.items[i],
                "score": None if own is None else none_for_nan(own[m, i]),
                "stats": one.stats[m, i],
                "failure": None if one.failures is None else none_for_nan(one.failures[m, i]),
                **{
                    name: of[i] or None
                    for name, of in (("bundle", one.bundles), ("edit", one.edits), ("topic", one.topics))
                    if of
                },
            }
