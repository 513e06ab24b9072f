"""Parts of what terminals show: texts that nothing in them can style, cells, lists of sentences."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acidtest.report.figure import Figure
from acidtest.report.number import MINUS, NOT_KNOWN
from acidtest.report.safe_text import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text


def styled(text: str, style: str = "") -> "Text":
    """Return text that nothing in it can style, in signs that every terminal has: rich reads markup in strings."""
    from rich.text import Text

    return Text(text.replace(MINUS, "-").replace("\N{NO-BREAK SPACE}", " "), style)


def cell(figure: Figure | None) -> str:
    """Return a figure, and its interval on a line below; "-" where there is none."""
    if figure is None:
        return "-"
    return figure.text if figure.span in ("", NOT_KNOWN) else f"{figure.text}\n{figure.span}"


def bullets(lines: Iterable[str]) -> "Table":
    """Return sentences as a list, each behind a dash; without rows where there are none."""
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    table.add_column(width=1, no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(styled("-"), styled(line))
    return table


def print_table(out: "Console", columns: Sequence[str], rows: Sequence[Sequence[str]], widest: int) -> None:
    """Print a table of texts from outside, made safe; names of columns are cut to `widest` characters."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(Text(clean(column)[:widest], "dim"), overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(text)) for text in row))
    out.print()
    out.print(table)


def print_line(out: "Console", text: str, style: str = "") -> None:
    """Print a line of text from outside, made safe."""
    from rich.text import Text

    out.print(Text(clean(text), style))
