"""What an import of logs found, in a terminal."""

from typing import TYPE_CHECKING

from acidtest.data.logs.import_summary import ImportSummary
from acidtest.errors import counted
from acidtest.report.rich_parts import bullets, print_line, print_table
from acidtest.report.safe_text import clean

if TYPE_CHECKING:
    from rich.console import Console

_MOST_PARTS = 30
_MOST_NAMED = 8
_WIDEST = 24
_COLUMNS = ("benchmark", "metric", "models", "rows", "without score", "without item")


def print_import(found: ImportSummary, *, console: "Console | None" = None) -> None:
    """Print what was read, what was left out, and the next command. Names are shown as they are, and style nothing.

    Args:
        found: The import.
        console: Where to; standard output without one.
    """
    from rich.console import Console

    out = console or Console()
    read = ", ".join(f"{name} {number:,}" for name, number in found.files.items())
    print_line(out, f"{found.output}: {counted(found.rows, 'row')}", "bold")
    print_line(out, f"Files read: {read}. {_left_alone(found)}")
    print_line(out, f"Models: {_few(found.models)}")
    rows = [
        (p.benchmark, p.metric, f"{p.models:,}", f"{p.rows:,}", f"{p.unscored:,}", f"{p.without_item:,}")
        for p in found.parts
    ]
    print_table(out, _COLUMNS, rows[:_MOST_PARTS], _WIDEST)
    if rows[_MOST_PARTS:]:
        print_line(out, f"and {len(rows) - _MOST_PARTS:,} more: --json holds them", "dim")
    if found.notes:
        out.print()
        out.print(bullets(map(clean, found.notes)))
    out.print()
    print_line(out, f"Next: {found.command}")
    if " NAME" in found.command:
        print_line(out, f"NAME is the real benchmark, one of: {_few(found.benchmarks)}", "dim")


def _left_alone(found: ImportSummary) -> str:
    helped = f"{counted(found.helpers, 'file')} beside them only helped. " if found.helpers else ""
    if not found.ignored:
        return helped
    few = ", ".join(found.ignored_examples[:3])
    return f"{helped}Ignored, since no tool is known that writes them: {counted(found.ignored, 'file')} ({few}...)."


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if names[_MOST_NAMED:] else ""
    return ", ".join(name[:80] for name in names[:_MOST_NAMED]) + more
