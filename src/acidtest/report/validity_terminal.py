"""Validity in a terminal: a sentence for each benchmark, then tables with what must be known of them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acidtest.report.captioned_table import CaptionedTable
from acidtest.report.rich_parts import bullets, cell, styled
from acidtest.report.safe_text import name
from acidtest.report.validity_panel import validity_panel
from acidtest.types import ValidityReport

if TYPE_CHECKING:
    from rich.console import Console

_NAME = 24
_CELL = 16


def print_validity(found: ValidityReport | None, *, console: "Console | None" = None, whole: bool = True) -> None:
    """Print validity; nothing where nobody rated any item.

    Names and texts are shown as they are: nothing in them is read as markup or as an escape sequence.

    Args:
        found: What was found.
        console: Where to; standard output without one.
        whole: With the tables on judges and criteria; else as a part of a larger report.
    """
    from rich.console import Console

    panel = validity_panel(found)
    if panel is None:
        return
    out = console or Console()
    if not whole:
        out.print()
    heading = f"Validity of the items, by the rubric {panel.rubric} ({panel.level} intervals)"
    out.print(styled(heading, "bold underline" if out.is_terminal else "bold"))
    _list(out, panel.said)
    for table in (*panel.tables, *(panel.folded if whole else ())):
        _table(out, table)
    _list(out, panel.warnings)


def _table(out: "Console", shown: CaptionedTable) -> None:
    out.print()
    out.print(styled(shown.caption, "bold"))
    columns = range(len(shown.grid.columns))
    at_once = max((out.width - _NAME - 2) // _CELL, 1)
    for start in range(0, len(columns), at_once):
        _part(out, shown, columns[start : start + at_once])
    if shown.more:
        out.print(styled(f"and {shown.more} more: --json holds them", "dim"))
    _list(out, [f"{', '.join(note.names)}: {note.text}" for note in shown.grid.footnotes])


def _part(out: "Console", shown: CaptionedTable, columns: Sequence[int]) -> None:
    """Print as many columns as stand beside each other, each interval below its number."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(styled(shown.first, "dim"), overflow="fold", max_width=_NAME)
    for i in columns:
        heading = name(shown.grid.columns[i], _CELL - 2)
        table.add_column(styled(heading, "dim"), justify="right", overflow="fold", min_width=_CELL - 2)
    for row in shown.grid.rows:
        table.add_row(styled(row.name), *(styled(cell(row.figures[i])) for i in columns))
    out.print(table)


def _list(out: "Console", lines: Iterable[str]) -> None:
    shown = bullets(lines)
    if shown.rows:
        out.print(shown)
