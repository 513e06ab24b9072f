"""Neighbours in the order of a set, and whether they can be told apart."""

from dataclasses import dataclass
from itertools import pairwise

from acidtest.report import number
from acidtest.report.figure import Figure, figure
from acidtest.report.panels import detailed_sets
from acidtest.report.safe_text import name
from acidtest.types import FidelityReport, PairTest

_SMALLEST_P = 0.001
_MOST_ROWS = 40


@dataclass(frozen=True, kw_only=True)
class PairRow:
    """Two neighbours: the better one, the other, their difference and what the test says."""

    one: str
    other: str
    difference: Figure
    p: str
    p_all: str
    detectable: Figure
    n: str


@dataclass(frozen=True, kw_only=True)
class PairTable:
    """The neighbours of one set, best first; `more` are left out."""

    benchmark: str
    rows: tuple[PairRow, ...]
    more: int


def neighbours(report: FidelityReport) -> tuple[PairTable, ...]:
    """Return the tests of neighbours on every set that has them, the real one first."""
    tables = []
    for benchmark in (report.real, *detailed_sets(report)):
        order = list(report.rank_groups.get(benchmark, {}))
        known = {(test.one, test.other): test for test in report.pair_tests.get(benchmark, ())}
        rows = [_row(known[pair]) for pair in pairwise(order) if pair in known]
        if rows:
            shown = tuple(rows[:_MOST_ROWS])
            tables.append(PairTable(benchmark=name(benchmark), rows=shown, more=len(rows) - len(shown)))
    return tuple(tables)


def _row(test: PairTest) -> PairRow:
    return PairRow(
        one=name(test.one),
        other=name(test.other),
        difference=figure(test.difference, 3, signed=True),
        p=_p(test.p),
        p_all=_p(test.p_holm),
        detectable=Figure(text=number.number(test.detectable, 3), exact=number.exact(test.detectable)),
        n=f"{test.difference.n:,}",
    )


def _p(p: float) -> str:
    return "below 0.001" if p < _SMALLEST_P else number.number(p, 3)
