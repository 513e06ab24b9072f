"""Adaptive tests in a terminal: what was asked, and what each solver would score on the whole benchmark."""

import math
from typing import TYPE_CHECKING

from acidtest.compare.adaptive import AdaptiveReport, AdaptiveSolver
from acidtest.report.number import NOT_KNOWN, interval, number
from acidtest.report.safe_text import clean
from acidtest.stats.estimate import Estimate

if TYPE_CHECKING:
    from rich.console import Console

_NAME = 40
_COLUMNS = ("solver", "asked", "predicted score", "ability")


def print_adaptive(report: AdaptiveReport, *, console: "Console | None" = None) -> None:
    """Print what adaptive tests found. Names are shown as they are: nothing in them is read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = console or Console()
    heading = f"Adaptive tests: {report.metric} of the whole benchmark, {report.level:.0%} intervals"
    out.print(Text(heading, "bold"))
    for name, one in report.benchmarks.items():
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in (clean(name)[:_NAME], *_COLUMNS[1:]):
            table.add_column(Text(column, "dim"), overflow="fold")
        best_first = sorted(one.solvers.items(), key=lambda pair: (-pair[1].score.value, pair[0]))
        for solver, found in best_first:
            cells = (clean(solver), _asked(found, one.items), _shown(found.score), _shown(found.ability))
            table.add_row(*(Text(cell) for cell in cells))
        out.print(table)
        out.print()
    out.print(Text(f"{report.saved:,} calls were not needed."))
    for warning in report.warnings:
        out.print(Text(f"- {clean(warning)}"))


def _asked(found: AdaptiveSolver, items: int) -> str:
    return f"{found.asked:,} of {items:,}" if found.tested else f"all {found.asked:,}"


def _shown(estimate: Estimate) -> str:
    return NOT_KNOWN if math.isnan(estimate.value) else f"{number(estimate.value)} {interval(estimate)}"
