"""Small tests in a terminal: one sentence, then a row for each method and size."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acidtest.errors import counted
from acidtest.report.number import MINUS, NOT_KNOWN, count, interval, level, number, span
from acidtest.report.safe_text import clean, name
from acidtest.stats.estimate import Estimate
from acidtest.types.adapt import AdaptReport, FormsReport, SmallTestResult

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_COLUMNS = ("method", "error", "95 %\nwithin", "tau", "random\nitems")
_MOST_SHOWN = 20
_POINTS = 100
_WIDE = 96
"""Columns of a terminal from which on an interval stands beside its number, not below it."""
_NAME = 40


def print_adapt(report: AdaptReport, *, console: "Console | None" = None) -> None:
    """Print how few items would do. Names are shown as they are, nothing in them is read as markup."""
    from rich.console import Console

    out = console or Console()
    _line(out, headline(report), "bold")
    _line(out, how(report), "dim")
    for size in sorted({one.items for one in report.results}):
        _line(out, "")
        _line(out, counted(size, "item"), "bold")
        _table(out, _COLUMNS, [_row(one, _wide(out)) for one in report.results if one.items == size])
    if report.predicted:
        _predicted(out, report)
    if report.forms is not None:
        _forms(out, report.forms)
    if report.warnings:
        _line(out, "")
    for warning in report.warnings:
        _line(out, f"- {warning}")


def headline(report: AdaptReport) -> str:
    """Return the best small test in one sentence: the best of the largest size."""
    if not report.results:
        solvers = counted(len(report.predicted), "solver")
        return f"Scores on all {report.items:,} items of {name(report.benchmark)}, foretold of {solvers}."
    largest = max(one.items for one in report.results)
    best = min((one for one in report.results if one.items == largest), key=lambda one: one.error.value)
    return (
        f"{largest:,} items ({best.method}) tell the score on all {report.items:,} of {name(report.benchmark)} within "
        f"{number(_POINTS * best.within, 1)} points for 95\N{NO-BREAK SPACE}% of solvers, "
        f"{number(_POINTS * best.error.value, 1)} on average."
    )


def how(report: AdaptReport) -> str:
    """Return how the tests were judged, and what the columns mean."""
    who = "families" if report.families_whole else "solvers"
    whole = ", families whole" if report.families_whole else ""
    again = f", split anew {report.repeats} times" if report.repeats > 1 else ""
    out = f"{counted(report.solvers, 'solver')} {{}} left out in turn ({counted(report.folds, 'fold')}{whole}{again})"
    if not report.results:
        return (
            f"{out.format('were')} and foretold from the same items: what their errors show is in the "
            f"{level(report.level)} intervals."
        )
    return (
        f"Each of {out.format('was')}; {level(report.level)} intervals over {who}. Errors are in points, .01 of a "
        "score. Random items: the plain mean of so many errs as much."
    )


def _row(one: SmallTestResult, between: str) -> list[str]:
    return [
        one.method,
        _points(one.error, between),
        number(_POINTS * one.within, 1),
        _shown(one.kendall_tau, between),
        "" if math.isnan(one.random_items) else count(max(round(one.random_items), 1)),
    ]


def _wide(out: "Console") -> str:
    """Return what stands between a number and its interval: they part where one line has no room for both."""
    return " " if out.width >= _WIDE else "\n"


def _points(estimate: Estimate, between: str) -> str:
    """Return an estimate of a difference of scores in points of 100, with its interval."""
    return _parted(number(_POINTS * estimate.value, 2), span(_POINTS * estimate.low, _POINTS * estimate.high), between)


def _shown(estimate: Estimate, between: str = " ") -> str:
    return _parted(number(estimate.value), interval(estimate), between)


def _parted(value: str, ends: str, between: str) -> str:
    return value if NOT_KNOWN in (value, ends) else f"{value}{between}{ends}"


def _predicted(out: "Console", report: AdaptReport) -> None:
    _line(out, "")
    if report.results:
        _line(out, f"Foretold scores on all {report.items:,} items, of solvers with few answers", "bold")
    rows = [[name(solver), f"{one.n:,}", _shown(one)] for solver, one in report.predicted.items()]
    _table(out, ("solver", "answers", "whole score"), rows[:_MOST_SHOWN])
    if len(rows) > _MOST_SHOWN:
        _line(out, f"and {len(rows) - _MOST_SHOWN} more: --json names all", "dim")


def _forms(out: "Console", forms: FormsReport) -> None:
    _line(out, "")
    size, between = counted(len(forms.forms[0]), "item"), _wide(out)
    if forms.matched_to:
        _line(out, f"{size} of {name(forms.matched_to)}, matched by items of other benchmarks", "bold")
        columns = ("between the two", "matched", "by chance")
    else:
        _line(out, f"{len(forms.forms)} parallel forms of {size}", "bold")
        columns = ("between the forms", "matched", "random")
    rows = [
        ["largest difference of information", f"{forms.information_gap:.1%}", f"{forms.random_information_gap:.1%}"],
        ["largest difference of expected scores, points", *_both(forms.score_gap, forms.random_score_gap)],
        [
            "correlation of held-out solvers' scores",
            _shown(forms.agreement, between),
            _shown(forms.random_agreement, between),
        ],
        [
            "their mean difference, points",
            _points(forms.difference, between),
            _points(forms.random_difference, between),
        ],
    ]
    _table(out, columns, rows)


def _both(one: float, other: float) -> list[str]:
    return [number(_POINTS * one, 2), number(_POINTS * other, 2)]


def _table(out: "Console", columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        first = place == 0
        table.add_column(
            _text(column, "dim", lines=True),
            overflow="fold",
            justify="left" if first else "right",
            max_width=_NAME if first else None,
            no_wrap=not first,
        )
    for row in rows:
        table.add_row(*(_text(cell, lines=True) for cell in row))
    out.print(table)


def _line(out: "Console", text: str, style: str = "") -> None:
    out.print(_text(text, style))


def _text(text: str, style: str = "", *, lines: bool = False) -> "Text":
    """Return text that nothing in it can style, in signs that every terminal has."""
    from rich.text import Text

    return Text(clean(text, lines=lines).replace(MINUS, "-").replace("\N{NO-BREAK SPACE}", " "), style)
