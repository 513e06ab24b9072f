"""A comparison as a card of a notebook: the verdicts, with the numbers and intervals that they rest on."""

from acidtest.report.card import Card, CardTable, Cell, card_html
from acidtest.report.figure import Figure
from acidtest.report.number import NOT_KNOWN
from acidtest.report.panels import Panels, SetPanel, describe
from acidtest.types import FidelityReport

_SHOWN = ("gap", "srcc", "pairwise_agreement", "regret_at_1")
_MOST_ROWS = 40
_MOST_NOTES = 12
_MOST_COLUMNS = 12


def report_html(report: FidelityReport) -> str:
    """Return a comparison as HTML for a notebook; the whole page is `write_page`'s."""
    return card_html(report_card(describe(report)))


def report_card(panels: Panels) -> Card:
    """Put what a report shows on a card."""
    sets = panels.sets[:_MOST_ROWS]
    more = len(panels.sets) - len(sets)
    notes = panels.warnings[:_MOST_NOTES]
    hidden = len(panels.warnings) - len(notes)
    tables = (_glance(panels, sets), _why(sets), _scores(panels)) if sets else ()
    return Card(
        kicker="comparison",
        headline=panels.headline,
        said=(panels.deck, *([f"{more:,} more sets are not shown here."] if more else [])),
        tables=tables,
        notes=(*notes, *([f"and {hidden:,} more"] if hidden else [])),
    )


def _glance(panels: Panels, sets: tuple[SetPanel, ...]) -> CardTable:
    known = {row.statistic: row.name for one in sets for row in one.statistics}
    statistics = [name for name in _SHOWN if name in known]
    purposes = list(dict.fromkeys(worth.purpose for one in sets for worth in one.worth))
    rows = []
    for one in sets:
        found = {row.statistic: row for row in one.statistics}
        worth = {each.purpose: each.figure for each in one.worth}
        figures = [found[name].seen if name in found else None for name in statistics]
        figures += [worth.get(purpose) for purpose in purposes]
        cells = [Cell(text=v.decision or "not judged", mark=v.mark) for v in one.verdicts]
        cells += map(_figure, figures)
        rows.append((Cell(text=one.name), *cells))
    uses = (verdict.use for verdict in sets[0].verdicts)
    worths = (f"Worth for {purpose}" for purpose in purposes)
    return CardTable(
        columns=("Synthetic set", *uses, *(known[name] for name in statistics), *worths),
        caption=f"Verdicts, what was seen, and {panels.level} intervals",
        rows=tuple(rows),
    )


def _why(sets: tuple[SetPanel, ...]) -> CardTable:
    rows = tuple(
        (
            Cell(text=one.name if i == 0 else ""),
            Cell(text=verdict.use, mark=""),
            Cell(text=verdict.because),
            Cell(text=verdict.settle),
        )
        for one in sets
        for i, verdict in enumerate(one.said)
    )
    columns = ("Synthetic set", "Use", "Because", "What would settle it")
    return CardTable(columns=columns, rows=rows, folded="Why, and what would settle it")


def _scores(panels: Panels) -> CardTable:
    shown = panels.scores.rows[:_MOST_ROWS]
    rows = tuple((Cell(text=row.name), *map(_figure, row.figures[:_MOST_COLUMNS])) for row in shown)
    of = len(panels.scores.rows)
    folded = "Scores of all solvers" if len(shown) == of else f"Scores of the first {len(shown)} of {of:,} solvers"
    return CardTable(columns=("Solver", *panels.scores.columns[:_MOST_COLUMNS]), rows=rows, folded=folded)


def _figure(figure: Figure | None) -> Cell:
    if figure is None:
        return Cell(text="\N{EN DASH}", number=True)
    return Cell(text=figure.text, beside="no interval" if figure.span == NOT_KNOWN else figure.span, number=True)
