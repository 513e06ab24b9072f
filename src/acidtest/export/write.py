"""Write benchmarks for another tool: the folder appears whole, or not at all."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from acidtest import registry
from acidtest.errors import AcidtestError, counted
from acidtest.export.contract import ExportSet, ExportTarget, Written
from acidtest.export.task_names import task_names
from acidtest.stats.metric import METRICS


def export_benchmarks(exported: Sequence[ExportSet], target: str, folder: Path) -> dict[str, Written]:
    """Write benchmarks into a new folder.

    Args:
        exported: The benchmarks; their names differ.
        target: `lm-eval`, `inspect`, `lighteval`, `hf`, `promptfoo`, `jsonl`, or one that a plugin registered.
        folder: Not there yet, or empty.

    Returns:
        Benchmark -> what was written for it.

    Raises:
        AcidtestError: The folder holds something; a benchmark has no items, or the tool cannot express it.
        UnknownNameError: No such target.
    """
    tool: ExportTarget = registry.get("export", target)()
    for one in exported:
        _check(tool, one, target)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AcidtestError(
            f"'{folder}' is there already, and not empty", where="-o", way_out="Name another folder, or remove it."
        )
    folder = folder.resolve()  # "." has no name
    # inside a folder that is there: it may be a file system of its own, and all that one may write to
    partial = (folder if folder.exists() else folder.parent) / f".{folder.name}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        names = task_names([one.name for one in exported], tool.taken)
        written = {one.name: tool.write(one, names[one.name], partial) for one in exported}
        tool.close(exported, written, partial)
        _move(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return written


def _move(partial: Path, folder: Path) -> None:
    if partial.parent != folder:
        partial.replace(folder)
        return
    for path in partial.iterdir():  # somebody's shell may stand in the folder: it stays
        path.replace(folder / path.name)


def _check(tool: ExportTarget, exported: ExportSet, target: str) -> None:
    if not exported.items:
        raise AcidtestError(
            f"the benchmark '{exported.name[:100]}' has no accepted items", way_out="Name another with --benchmark."
        )
    problem = tool.problem(exported)
    if problem:
        able = [name for name in registry.names("export") if not registry.get("export", name)().problem(exported)]
        others = ", ".join(name for name in able if name != target)
        raise AcidtestError(
            problem,
            where=f"{exported.name[:100]}, {counted(len(exported.items), 'item')}",
            way_out=_other_metric(tool, exported)
            + (f"Can express it as it is: {others}." if others else "No target can express it as it is."),
        )


def _other_metric(tool: ExportTarget, exported: ExportSet) -> str:
    """Name the task's first metric that the tool can express, where it is the metric that it cannot."""
    metrics = [METRICS[name] for name in exported.task.metrics if name in METRICS]
    free = [metric.name for metric in metrics if not tool.problem(replace(exported, metric=metric))]
    return f"Add --metric {free[0]}. " if free else ""
