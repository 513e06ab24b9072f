"""Rounds of writing harder items, in a terminal: what came of it first, then the rounds below each other."""

from typing import TYPE_CHECKING

from acidtest.compare.harder import HarderReport, SetDifficulty
from acidtest.report.number import interval, number
from acidtest.report.safe_text import clean
from acidtest.stats.estimate import Estimate

if TYPE_CHECKING:
    from rich.console import Console


def print_harder(report: HarderReport, *, console: "Console | None" = None) -> None:
    """Print what came of the rounds. Names are shown as they are: nothing in them is read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = console or Console()
    for entry, sets in report.rounds.items():
        out.print(Text(clean(f"{entry}: {report.findings[entry]}"), "bold"))
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in ("", "items", "mean score", "mean difficulty", "less round 1's"):
            table.add_column(Text(column, "dim"), overflow="fold")
        for one in (*sets, report.real):
            table.add_row(*(Text(clean(cell)) for cell in _row(one)))
        out.print(table)
        out.print()
    out.print(Text(clean(f"Solvers: {', '.join(report.solvers)}. Difficulty 0: half of them are right.")))
    for warning in report.warnings:
        out.print(Text(f"- {clean(warning)}"))


def _row(one: SetDifficulty) -> list[str]:
    name = f"round {one.number}" if one.number else f"real: {one.benchmark}"
    change = _shown(one.change, signed=True) if one.change else ""
    return [name, str(one.items), _shown(one.score), _shown(one.difficulty), change]


def _shown(estimate: Estimate, *, signed: bool = False) -> str:
    return f"{number(estimate.value, signed=signed)} {interval(estimate, signed=signed)}"
