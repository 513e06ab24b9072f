"""Small tests in a terminal: one sentence, then a row for each method and size."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acidtest.errors import counted
from acidtest.report.number import NOT_KNOWN, count, interval, level, number, span
from acidtest.report.safe_text import clean, name
from acidtest.stats.estimate import Estimate
from acidtest.types.adapt import AdaptReport, FormsReport, SmallTestResult

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS = ("items", "method", "error", "95 % within", "tau", "random items")
_MOST_SHOWN = 20
_POINTS = 100


def print_adapt(report: AdaptReport, *, console: "Console | None" = None) -> None:
    """Print how few items would do. Names are shown as they are, nothing in them is read as markup."""
    from rich.console import Console

    out = console or Console()
    _line(out, headline(report), "bold")
    _line(out, how(report), "dim")
    _table(out, _COLUMNS, [_row(one) for one in sorted(report.results, key=lambda one: one.items)])
    if report.predicted:
        _predicted(out, report)
    if report.forms is not None:
        _forms(out, report.forms)
    for warning in report.warnings:
        _line(out, f"- {warning}")


def headline(report: AdaptReport) -> str:
    """Return the best small test in one sentence: the best of the largest size."""
    if not report.results:
        return "No small test was judged."
    largest = max(one.items for one in report.results)
    best = min((one for one in report.results if one.items == largest), key=lambda one: one.error.value)
    return (
        f"{largest:,} items ({best.method}) tell the score on all {report.items:,} of {name(report.benchmark)} within "
        f"{number(_POINTS * best.within, 1)} points for 95\N{NO-BREAK SPACE}% of solvers, "
        f"{number(_POINTS * best.error.value, 1)} on average."
    )


def how(report: AdaptReport) -> str:
    """Return how the tests were judged, and what the columns mean."""
    whole = ", families whole" if report.families_whole else ""
    again = f", split anew {report.repeats} times" if report.repeats > 1 else ""
    return (
        f"Each of {counted(report.solvers, 'solver')} was left out in turn ({counted(report.folds, 'fold')}{whole}"
        f"{again}); {level(report.level)} intervals over solvers. Errors are in points, .01 of a score. Random items: "
        "the plain mean of so many errs as much."
    )


def _row(one: SmallTestResult) -> list[str]:
    return [
        f"{one.items:,}",
        one.method,
        points(one.error),
        number(_POINTS * one.within, 1),
        _shown(one.kendall_tau),
        "" if math.isnan(one.random_items) else count(max(round(one.random_items), 1)),
    ]


def points(estimate: Estimate, *, signed: bool = False) -> str:
    """Return an estimate of a difference of scores in points of 100, with its interval."""
    value = number(_POINTS * estimate.value, 2, signed=signed)
    return f"{value} {span(_POINTS * estimate.low, _POINTS * estimate.high, 2, signed=signed)}"


def _shown(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return NOT_KNOWN
    return f"{number(estimate.value)} {interval(estimate)}"


def _predicted(out: "Console", report: AdaptReport) -> None:
    _line(out, "")
    _line(out, f"Foretold scores on all {report.items:,} items, of solvers with few answers", "bold")
    rows = [[name(solver), f"{one.n:,}", _shown(one)] for solver, one in report.predicted.items()]
    _table(out, ("solver", "answers", "whole score"), rows[:_MOST_SHOWN])
    if len(rows) > _MOST_SHOWN:
        _line(out, f"and {len(rows) - _MOST_SHOWN} more: --json names all", "dim")


def _forms(out: "Console", forms: FormsReport) -> None:
    _line(out, "")
    size = len(forms.forms[0]) if forms.forms else 0
    _line(out, f"{len(forms.forms)} parallel forms of {counted(size, 'item')}", "bold")
    rows = [
        ["largest difference of information", f"{forms.information_gap:.1%}", f"{forms.random_information_gap:.1%}"],
        ["largest difference of expected scores, points", *_both(forms.score_gap, forms.random_score_gap)],
        ["correlation of held-out solvers' scores", _shown(forms.agreement), _shown(forms.random_agreement)],
        ["their mean difference, points", points(forms.difference), points(forms.random_difference)],
    ]
    _table(out, ("between the forms", "matched", "random halves"), rows)


def _both(one: float, other: float) -> list[str]:
    return [number(_POINTS * one, 2), number(_POINTS * other, 2)]


def _table(out: "Console", columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(Text(column, "dim"), overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    out.print(table)


def _line(out: "Console", text: str, style: str = "") -> None:
    from rich.text import Text

    out.print(Text(clean(text), style))
