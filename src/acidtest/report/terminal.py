"""The report in a terminal: the verdict first, then the numbers. It reads well at 80 columns, and as plain text."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acidtest.report.footnotes import Footnote, footnotes
from acidtest.report.number import MINUS, NOT_KNOWN
from acidtest.report.panels import BiasRow, Figure, Grid, Panels, SetPanel, StatisticRow, describe
from acidtest.report.safe_text import fitted
from acidtest.types import FidelityReport

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_STYLES = {"go": "bold green", "no-go": "bold red", "open": "bold yellow", "none": "dim"}
_MOST_ROWS = 30
_NAME_EMS = 10.0
_MOST_NAMES = 10
_ASCII = {"…": "...", "∞": "inf", "\N{EN DASH}": "-", "\N{REPLACEMENT CHARACTER}": "?"}


def print_report(report: FidelityReport, *, console: "Console | None" = None) -> None:
    """Print a report: verdicts, what each set is worth, statistics with intervals, bias, failures, warnings.

    Names and texts are shown as they are: nothing in them is read as markup or as an escape sequence.

    Args:
        report: What a comparison found.
        console: Where to; standard output without one. Colours only where it is a terminal.
    """
    from rich.console import Console

    _Printer(console or Console()).print(describe(report))


class _Printer:
    """Prints panels on one console."""

    def __init__(self, console: "Console") -> None:
        self.console = console
        self.wide = console.encoding.lower().startswith("utf")

    def print(self, panels: Panels) -> None:
        """Print all panels, the most important first."""
        self._line((panels.headline, "bold"))
        self._line((panels.deck, "dim"))
        for alike in panels.cards:
            self._verdicts(alike)
        self._list("Before you lean on these numbers", panels.warnings)
        shared = _shared(panels.sets)
        for panel in panels.sets:
            self._statistics(panel, panels.level, shared)
        self._list("Of every set", shared)
        if panels.bias:
            self._bias(panels.bias, panels.level)
        self._ensembles(panels.ensembles)
        self._combined(panels)
        self._scores(panels)
        self._failures(panels.failures)

    def _verdicts(self, alike: Sequence[SetPanel]) -> None:
        panel = alike[0]
        author = f"written by {panel.generator}, " if panel.generator else ""
        about = f"  ({author}{panel.items})" if len(alike) == 1 else ""
        self._line()
        self._line((", ".join(each.name for each in alike), "bold"), (about, "dim"))
        table = self._grid(len("INCONCLUSIVE") + 2)
        for verdict in panel.said:
            decision = verdict.decision or "not judged"
            said = self._text((f"{verdict.use}. ", "bold"), (verdict.because, ""))
            if verdict.settle:
                said.append_text(self._text((f" What would settle it: {verdict.settle}", "dim")))
            table.add_row(self._text((decision, _STYLES[verdict.mark])), said)
        for worth in panel.worth_said:
            table.add_row(self._text(("", "")), self._text((worth.sentence, "bold")))
        self.console.print(table)

    def _statistics(self, panel: SetPanel, level: str, shared: Sequence[str]) -> None:
        self._heading(panel.name)
        if panel.statistics:
            table = self._table("", "seen", f"{level} interval", "true", "ceiling")
            for row in panel.statistics:
                table.add_row(*(self._text((cell, "")) for cell in _cells(row)))
            self.console.print(table)
        if panel.order_test:
            self._line((panel.order_test, ""))
        self._list("", [line for line in _lines(panel.footnotes) if line not in shared])
        self._list("Not compared here", [f"{solver}: {why}" for solver, why in panel.left_out])

    def _bias(self, rows: Sequence[BiasRow], level: str) -> None:
        self._heading("Bias factors (above 0: favours its own data)")
        short = fitted((row.generator for row in rows), _NAME_EMS)
        table = self._table("generator", "factor", f"{level} interval", "band over all", "own excess", "p")
        for row in rows:
            spans = ("" if span == NOT_KNOWN else span for span in (row.factor.span, row.band))
            cells = (short[row.generator], row.factor.text, *spans, row.own_excess.text, row.p)
            table.add_row(*(self._text((cell, "")) for cell in cells))
        self.console.print(table)
        family = [f"{short[row.generator]} {_figure_text(row.family)}" for row in rows if row.family]
        ratio = [f"{short[row.generator]} {_figure_text(row.ratio)}" for row in rows if row.ratio]
        beside = [f"{what}: {', '.join(told)}" for what, told in (("By family", family), ("Ratio form", ratio)) if told]
        self._list("", (*beside, *_lines(footnotes((short[row.generator], row.warnings) for row in rows), len(rows))))

    def _ensembles(self, grid: Grid) -> None:
        if not grid.rows:
            return
        self._heading("Ensembles of generators")
        self._figures(grid)
        self._list("", _lines(grid.footnotes))

    def _combined(self, panels: Panels) -> None:
        if not panels.combined.rows:
            return
        self._heading("Real scores, helped by the synthetic set")
        self._figures(panels.combined)
        self._list("", (*panels.combined_said, *_lines(panels.combined.footnotes, len(panels.combined.rows))))

    def _scores(self, panels: Panels) -> None:
        lettered = any(figure and figure.letters for row in panels.scores.rows for figure in row.figures)
        legend = "; who share a letter cannot be told apart" if lettered else ""
        self._heading(f"Scores ({panels.metric}), real set first{legend}")
        self._figures(panels.scores)

    def _figures(self, grid: Grid) -> None:
        """Print a table, as many columns at a time as the width has room for."""
        longest = max((len(f.letters) for row in grid.rows for f in row.figures if f), default=0)
        at_once = max(1, (self.console.width - 22) // (25 if longest == 0 else 24 + longest))
        short = fitted((row.name for row in grid.rows), _NAME_EMS)
        for start in range(0, len(grid.columns), at_once):
            part = slice(start, start + at_once)
            columns = grid.columns[part]
            table = self._table("", *(columns if longest == 0 else [x for name in columns for x in (name, "")]))
            for letters in table.columns[2::2] if longest else ():
                letters.justify = "left"
            for row in grid.rows[:_MOST_ROWS]:
                cells = [short[row.name]]
                for figure in row.figures[part]:
                    cells += [_figure_text(figure), *([figure.letters if figure else ""] if longest else [])]
                table.add_row(*(self._text((cell, "")) for cell in cells))
            self.console.print(table)
        if len(grid.rows) > _MOST_ROWS:
            self._line((f"and {len(grid.rows) - _MOST_ROWS} more: --html and --json show all", "dim"))

    def _failures(self, grid: Grid) -> None:
        self._heading("Answers that could not be read")
        if not grid.rows:
            self._line(("not known: the scores do not say", ""))
            return
        for i, benchmark in enumerate(grid.columns):
            rates = [(row.name, row.figures[i]) for row in grid.rows]
            rates.sort(key=lambda pair: -float(pair[1].exact or 0) if pair[1] else 0.0)
            known = [f"{solver} {rate.text}" for solver, rate in rates if rate and rate.exact and rate.text != "0 %"]
            unknown = [solver for solver, rate in rates if rate is not None and not rate.exact]
            said = ", ".join(known[:_MOST_NAMES]) + _more(known) if known else "none"
            if unknown:
                everyone = len(unknown) == sum(rate is not None for _, rate in rates)
                said = (
                    NOT_KNOWN
                    if everyone
                    else f"{said}; not known for {', '.join(unknown[:_MOST_NAMES])}{_more(unknown)}"
                )
            if all(rate is None for _, rate in rates):
                said = NOT_KNOWN
            self._line((f"{benchmark}: ", "bold"), (said, ""))

    def _list(self, heading: str, lines: Iterable[str]) -> None:
        lines = list(lines)
        if heading and lines:
            self._line()
            self._line((f"{heading}:", "bold yellow"))
        if not lines:
            return
        table = self._grid(1)
        for line in lines:
            table.add_row(self._text(("-", "")), self._text((line, "")))
        self.console.print(table)

    def _heading(self, heading: str) -> None:
        self._line()
        self._line((heading, "bold underline" if self.console.is_terminal else "bold"))

    def _line(self, *parts: tuple[str, str]) -> None:
        self.console.print(self._text(*parts))

    def _text(self, *parts: tuple[str, str]) -> "Text":
        """Return text that no part can style but by its own style: rich reads markup in strings, never in Text."""
        from rich.text import Text

        return Text.assemble(*((self._writable(text), style) for text, style in parts))

    def _writable(self, text: str) -> str:
        text = text.replace(MINUS, "-").replace("\N{NO-BREAK SPACE}", " ")
        if self.wide:
            return text
        for character, plain in _ASCII.items():
            text = text.replace(character, plain)
        return text.encode(self.console.encoding, "replace").decode(self.console.encoding)

    def _table(self, *columns: str) -> "Table":
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for i, column in enumerate(columns):
            table.add_column(self._text((column, "dim")), justify="right" if i else "left", overflow="fold")
        return table

    def _grid(self, first: int) -> "Table":
        from rich.table import Table

        table = Table.grid(padding=(0, 1))
        table.add_column(width=first, justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        return table


def _lines(notes: Iterable[Footnote], rows: int = 0) -> list[str]:
    """Each warning after the names it is about; `rows`: that many names are all of them."""
    return [f"{'All' if len(note.names) == rows else ', '.join(note.names)}: {note.text}" for note in notes]


def _shared(sets: Sequence[SetPanel]) -> list[str]:
    """The lines that every one of several sets would repeat."""
    if len(sets) <= 1:
        return []
    others = [set(_lines(panel.footnotes)) for panel in sets[1:]]
    return [line for line in _lines(sets[0].footnotes) if all(line in lines for lines in others)]


def _cells(row: StatisticRow) -> tuple[str, ...]:
    span = "" if row.seen.span == NOT_KNOWN else row.seen.span
    true = row.true.text if row.true.exact else ""
    return (row.name, row.seen.text, span, true, _figure_text(row.ceiling) if row.ceiling else "")


def _more(names: Sequence[str]) -> str:
    return f", and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""


def _figure_text(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    return figure.text if figure.span in ("", NOT_KNOWN) else f"{figure.text} {figure.span}"
