"""Prompting levels in a terminal: the answers first, then how much help each solver needed."""

import math
from typing import TYPE_CHECKING

from acidtest.errors import counted
from acidtest.report.number import NOT_KNOWN, interval, number, percent
from acidtest.report.rich_parts import print_line, print_table
from acidtest.stats.estimate import Estimate
from acidtest.stats.metric import METRICS
from acidtest.types.levels import NEVER, LevelsReport, SolverLevels

if TYPE_CHECKING:
    from rich.console import Console

_NAME = 24


def print_levels(report: LevelsReport, *, console: "Console | None" = None) -> None:
    """Print at which level items are solved. Nothing in a name is read as markup or escape sequence."""
    from rich.console import Console

    out = console or Console()
    print_line(out, f"Prompting levels: how much help solvers need, {report.level:.0%} intervals", "bold")
    for found in report.benchmarks.values():
        if found.sentence:
            print_line(out, f"- {found.sentence}")
    _needed(out, report)
    _checks(out, report)
    numbered = [f"{place} {name}" for place, name in enumerate(report.levels, start=1)]
    numbered.append(f"{len(report.levels) + 1} {NEVER} solved")
    print_line(out, "")
    print_line(out, "Level of an item: the first that solves it. " + ", ".join(numbered) + ".")
    print_line(out, f"Solved: {_by(report)} of {report.right_at:g} or more. The lower the mean, the easier the items.")
    for warning in _warnings(report):
        print_line(out, f"- {warning}")


def _needed(out: "Console", report: LevelsReport) -> None:
    """Print each solver's mean level on each benchmark, then where items were first solved."""
    rows = []
    for name, found in report.benchmarks.items():
        sampled = found.items < found.all_items
        items = f"{found.items} of {counted(found.all_items, 'item')}" if sampled else counted(found.items, "item")
        rows.append([name, f"all, {items}", _shown(found.mean), _less(found.difference)])
        rows += [
            ["", solver, _shown(told.mean), _less(found.differences.get(solver))]
            for solver, told in found.solvers.items()
        ]
        rows.append(["", "blind guesses", number(found.guess.value), ""])
    print_table(out, ["benchmark", "solver", "mean level", "less the real set"], rows, _NAME)
    rows = [
        [name, solver, *(percent(told.shares[level].value) for level in (*report.levels, NEVER))]
        for name, found in report.benchmarks.items()
        for solver, told in found.solvers.items()
    ]
    print_table(out, ["first solved at", "solver", *_numbers(report), NEVER], rows, _NAME)


def _checks(out: "Console", report: LevelsReport) -> None:
    """Print what speaks against reading a level as difficulty alone."""
    told = [(name, s, one) for name, found in report.benchmarks.items() for s, one in found.solvers.items()]
    if any(one.tries for _, _, one in told):
        rows = [[name, s, _shown(one.tries), _shown(one.beyond_tries, signed=True)] for name, s, one in told]
        print_table(out, ["first prompt repeated", "solver", "mean try", "less the level"], rows, _NAME)
    if any(one.kept for _, _, one in told):
        rows = [
            [name, s, *(percent(one.solved[level].value) for level in report.levels), _shown(one.kept)]
            for name, s, one in told
        ]
        print_table(out, ["solved at", "solver", *_numbers(report), "kept by all later"], rows, _NAME)
    if any(sum(one.unreadable.values()) for _, _, one in told):
        rows = [[name, s, *(_unreadable(one, level) for level in report.levels)] for name, s, one in told]
        print_table(out, ["unreadable answers", "solver", *_numbers(report)], rows, _NAME)


def _by(report: LevelsReport) -> str:
    """Return what single items are scored by: a metric of whole sets, as a correlation, says nothing of one."""
    known = METRICS.get(report.metric)
    alone = known is None or (known.is_mean and known.higher_is_better)
    return (
        report.metric if alone else f"the task's own score of an answer (the metric {report.metric} is of whole sets)"
    )


def _numbers(report: LevelsReport) -> list[str]:
    return [str(place) for place in range(1, len(report.levels) + 1)]


def _less(estimate: Estimate | None) -> str:
    return "" if estimate is None else _shown(estimate, signed=True)


def _unreadable(told: SolverLevels, level: str) -> str:
    return f"{told.unreadable[level]} of {told.asked[level]}"


def _warnings(report: LevelsReport) -> list[str]:
    found = list(report.warnings)
    if not any(told.tries for one in report.benchmarks.values() for told in one.solvers.values()):
        found.append("Each level is one more try, and a try may succeed by luck: --tries shows what tries alone do.")
    for name, one in report.benchmarks.items():
        for solver, told in one.solvers.items():
            found += [f"{name}, {solver}: {warning}" for warning in told.mean.warnings]
    return found


def _shown(estimate: Estimate | None, *, signed: bool = False) -> str:
    if estimate is None or math.isnan(estimate.value):
        return NOT_KNOWN
    return f"{number(estimate.value, signed=signed)} {interval(estimate, signed=signed)}"
