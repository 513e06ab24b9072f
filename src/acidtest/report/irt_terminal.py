"""A scale in a terminal: what was found in sentences, then tables with what must be known of them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acidtest.report.captioned_table import CaptionedTable
from acidtest.report.figure import Figure
from acidtest.report.irt_panel import irt_panel
from acidtest.report.number import MINUS, NOT_KNOWN
from acidtest.report.safe_text import name
from acidtest.types.irt import IrtReport

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_NAME = 26
_CELL = 16


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
    out.print(_text(f"{panel.heading}, {panel.level} intervals", "bold underline" if out.is_terminal else "bold"))
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
    out.print(_text(shown.caption, "bold"))
    columns = range(len(shown.grid.columns))
    at_once = max((out.width - _NAME - 2) // _CELL, 1)
    for start in range(0, len(columns), at_once):
        _part(out, shown, columns[start : start + at_once])
    if shown.more:
        out.print(_text(f"and {shown.more:,} more: --json holds them", "dim"))
    _list(out, [note.text for note in shown.grid.footnotes])


def _part(out: "Console", shown: CaptionedTable, columns: Sequence[int]) -> None:
    """Print as many columns as stand beside each other, each interval below its number."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(_text(shown.first, "dim"), overflow="fold", max_width=_NAME, min_width=12)
    for i in columns:
        heading = name(shown.grid.columns[i], _CELL)
        table.add_column(_text(heading, "dim"), justify="right", overflow="fold", min_width=_CELL - 2)
    for row in shown.grid.rows:
        called = f"{row.name}\n{row.meaning}" if row.meaning else row.name
        table.add_row(_text(called), *(_text(_cell(row.figures[i])) for i in columns))
    out.print(table)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    return figure.text if figure.span in ("", NOT_KNOWN) else f"{figure.text}\n{figure.span}"


def _list(out: "Console", lines: Iterable[str]) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    table.add_column(width=1, no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(_text("-"), _text(line))
    if table.rows:
        out.print(table)


def _text(text: str, style: str = "") -> "Text":
    """Return text that nothing in it can style: rich reads markup in strings, never in Text."""
    from rich.text import Text

    return Text(text.replace(MINUS, "-").replace("\N{NO-BREAK SPACE}", " "), style)
