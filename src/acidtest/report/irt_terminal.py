"""A scale in a terminal: what was found in sentences, then tables with what must be known of them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acidtest.report.captioned_table import CaptionedTable
from acidtest.report.irt_panel import irt_panel
from acidtest.report.rich_parts import bullets, cell, styled
from acidtest.report.safe_text import name
from acidtest.types.irt import IrtReport

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_NAME = 26
_CELL = 16
_LEAST = 12
_NAMED = 3
"""Rows that a footnote names."""


def print_irt(report: IrtReport, *, console: "Console | None" = None, more: "Sequence[RenderableType]" = ()) -> None:
    """Print a scale.

    Names and texts are shown as they are: nothing in them is read as markup or as an escape sequence.

    Args:
        report: What was found.
        console: Where to; standard output without one.
        more: Further parts, such as the audit of flawed items; shown below.
    """
    from rich.console import Console

    out = console or Console()
    panel = irt_panel(report)
    out.print(styled(f"{panel.heading}, {panel.level} intervals", "bold underline" if out.is_terminal else "bold"))
    _list(out, panel.said)
    for table in (*panel.tables, *(() if more else (panel.items,))):
        _table(out, table)
    for part in more:
        out.print()
        out.print(part)
    if panel.warnings or panel.notes:
        out.print()
    _list(out, (*panel.warnings, *panel.notes))


def _table(out: "Console", shown: CaptionedTable) -> None:
    out.print()
    out.print(styled(shown.caption, "bold"))
    columns = range(len(shown.grid.columns))
    start = 0
    while start < len(columns):
        room, end = out.width - _first(shown) - 2, start
        while end < len(columns) and (end == start or room >= _width(shown, end)):
            room -= _width(shown, end) + 2
            end += 1
        _part(out, shown, columns[start:end])
        start = end
    if shown.more:
        out.print(styled(f"and {shown.more:,} more: --json holds them", "dim"))
    rows = len(shown.grid.rows)
    for note in shown.grid.footnotes:
        about = (
            ""
            if len(note.names) == rows
            else f"{', '.join(note.names[:_NAMED])}{', ...' * (len(note.names) > _NAMED)}: "
        )
        _list(out, [f"{about}{note.text}"])


def _first(shown: CaptionedTable) -> int:
    """Return how wide the names of the rows may stand."""
    names = [line for row in shown.grid.rows for line in (*row.name.split("\n"), row.meaning)]
    return min(max(_LEAST, len(shown.first), *map(len, names)), _NAME)


def _width(shown: CaptionedTable, column: int) -> int:
    """Return how wide a column is: its heading, or its widest cell."""
    cells = [cell(row.figures[column]) for row in shown.grid.rows]
    lines = [len(line) for cell in cells for line in cell.split("\n")]
    return max(len(name(shown.grid.columns[column], _CELL)), *lines, 0)


def _part(out: "Console", shown: CaptionedTable, columns: Sequence[int]) -> None:
    """Print as many columns as stand beside each other, each interval below its number."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(styled(shown.first, "dim"), overflow="fold", max_width=_NAME, min_width=_first(shown))
    for i in columns:
        heading = name(shown.grid.columns[i], _CELL)
        table.add_column(styled(heading, "dim"), justify="right", overflow="fold", min_width=_width(shown, i))
    for row in shown.grid.rows:
        called = f"{row.name}\n{row.meaning}" if row.meaning else row.name
        table.add_row(styled(called), *(styled(cell(row.figures[i])) for i in columns))
    out.print(table)


def _list(out: "Console", lines: Iterable[str]) -> None:
    shown = bullets(lines)
    if shown.rows:
        out.print(shown)
