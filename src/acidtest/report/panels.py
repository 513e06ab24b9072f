"""What a report shows, described in words and ready to draw: the page and the terminal show the same panels.

Names and texts in panels are cleaned and bounded, never escaped: each display escapes for its own format.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from acidtest.report import number
from acidtest.report.figure import Figure, figure, plain_figure, warnings_of
from acidtest.report.footnotes import Footnote, footnotes
from acidtest.report.safe_text import excerpt, name
from acidtest.report.standing import letters_of, ranks_of, separated_sentence
from acidtest.report.statements import (
    brief_sentence,
    combined_sentence,
    deck_of,
    headline_of,
    helps,
    order_test_of,
    worth_sentence,
)
from acidtest.report.words import CEILINGS, DECISIONS, USES, in_order, words_of
from acidtest.stats.estimate import Estimate
from acidtest.types import BiasFactor, Decision, FidelityReport, Use, Verdict

MOST_DETAILED = 24
"""Sets that are shown with all that is known of them; of more, one line each, and JSON holds the rest."""

MOST_CELLS = 5400
"""Scores (solvers times sets) that a page holds while it stays below 5 MB; with very many solvers, fewer sets."""


@dataclass(frozen=True, kw_only=True)
class VerdictPanel:
    """One decision on one use."""

    use: str
    question: str
    decision: Decision | None
    mark: str
    because: str
    settle: str


@dataclass(frozen=True, kw_only=True)
class WorthPanel:
    """How many real labels a set is worth, for its level or its order."""

    purpose: str
    figure: Figure
    sentence: str


@dataclass(frozen=True, kw_only=True)
class StatisticRow:
    """One statistic of one set."""

    statistic: str
    name: str
    meaning: str
    seen: Figure
    true: Figure
    ceiling: Figure | None
    n: str
    method: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SetPanel:
    """All about one synthetic benchmark. `key` is its name as the report holds it."""

    key: str
    name: str
    generator: str
    items: str
    verdicts: tuple[VerdictPanel, ...]
    worth: tuple[WorthPanel, ...]
    statistics: tuple[StatisticRow, ...]
    order_test: str
    separated: str
    left_out: tuple[tuple[str, str], ...]

    @property
    def said(self) -> tuple[VerdictPanel, ...]:
        """The verdicts to read: those that say the same are one."""
        return _without_repeats(self.verdicts)

    @property
    def worth_said(self) -> tuple[WorthPanel, ...]:
        """What it is worth, to read: where nothing is known for one reason, that is said once."""
        reasons = {worth.figure.why for worth in self.worth}
        if len(self.worth) <= 1 or len(reasons) > 1 or "" in reasons:
            return self.worth
        sentence = f"Its worth for level and for order is not known: {self.worth[0].figure.why}"
        return (replace(self.worth[0], purpose="level and order", sentence=sentence),)

    @property
    def footnotes(self) -> tuple[Footnote, ...]:
        """The warnings of all its statistics."""
        return footnotes((row.name, row.warnings) for row in self.statistics)


@dataclass(frozen=True, kw_only=True)
class BiasRow:
    """The bias factor of one generator, and what stands beside it."""

    generator: str
    factor: Figure
    band: str
    own_excess: Figure
    p: str
    family: Figure | None
    ratio: Figure | None
    n: str
    method: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GridRow:
    """One row of a table with a figure per column; a column without one is None."""

    name: str
    meaning: str
    figures: tuple[Figure | None, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table of figures."""

    columns: tuple[str, ...]
    rows: tuple[GridRow, ...]

    @property
    def footnotes(self) -> tuple[Footnote, ...]:
        """The warnings of all its rows."""
        return footnotes((row.name, row.warnings) for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Panels:
    """Everything on the page, but for the pictures.

    `sets` are all. `detailed` are those shown with all that is known of them: tables that have a column for each set
    hold them alone, and `brief_said` says so.
    """

    headline: str
    deck: str
    brief_said: str
    real: str
    real_items: str
    metric: str
    level: str
    sets: tuple[SetPanel, ...]
    detailed: tuple[SetPanel, ...]
    bias: tuple[BiasRow, ...]
    ensembles: Grid
    combined: Grid
    combined_said: tuple[str, ...]
    combined_helps: bool
    scores: Grid
    failures: Grid
    warnings: tuple[str, ...]

    @property
    def brief(self) -> tuple[SetPanel, ...]:
        """The sets that are shown in one line each."""
        return self.sets[len(self.detailed) :]

    @property
    def cards(self) -> tuple[tuple[SetPanel, ...], ...]:
        """The detailed sets, those together of which the same is to be said."""
        return alike(self.detailed)

    @property
    def bias_footnotes(self) -> tuple[Footnote, ...]:
        """The warnings of all bias factors."""
        return footnotes((row.generator, row.warnings) for row in self.bias)


def alike(panels: Sequence[SetPanel]) -> tuple[tuple[SetPanel, ...], ...]:
    """Return sets put together of which the same is to be said."""
    groups: dict[object, list[SetPanel]] = {}
    for panel in panels:
        groups.setdefault((panel.said, panel.worth_said), []).append(panel)
    return tuple(tuple(group) for group in groups.values())


def describe(report: FidelityReport) -> Panels:
    """Put a comparison into words. Nothing is computed: every figure stands in the report."""
    detailed = detailed_sets(report)
    benchmarks = (report.real, *detailed)
    sets = tuple(_set_panel(report, key) for key in synthetic_sets(report))
    return Panels(
        headline=headline_of(report, synthetic_sets(report)),
        deck=deck_of(report, synthetic_sets(report)),
        brief_said=brief_sentence(len(detailed), len(sets)),
        real=name(report.real),
        real_items=items_text(report.items.get(report.real, 0)),
        metric=name(report.metric),
        level=number.level(report.level),
        sets=sets,
        detailed=sets[: len(detailed)],
        bias=tuple(_bias_row(generator, bias) for generator, bias in report.bias_factor.items()),
        ensembles=_ensembles(report),
        combined=_combined(report),
        combined_said=tuple(
            combined_sentence(of, key) for key, of in report.combined_items.items() if key in benchmarks
        ),
        combined_helps=any(helps(one) for of in report.combined_items.values() for one in of.values()),
        scores=_scores(report, benchmarks),
        failures=_failures(report, benchmarks),
        warnings=tuple(excerpt(text) for text in report.warnings),
    )


def synthetic_sets(report: FidelityReport) -> tuple[str, ...]:
    """Return the names of the synthetic benchmarks, in the report's own order."""
    keys = (*report.fidelity, *report.verdict, *report.scores, *report.left_out)
    return tuple(key for key in dict.fromkeys(keys) if key != report.real)


def detailed_sets(report: FidelityReport) -> tuple[str, ...]:
    """Return the names of the synthetic benchmarks that are shown with all that is known of them: the first ones."""
    most = min(MOST_DETAILED, max(MOST_CELLS // max(len(all_solvers(report)), 1), 1))
    return synthetic_sets(report)[:most]


def all_solvers(report: FidelityReport) -> tuple[str, ...]:
    """Return every solver that the report names: best on the real set first, then those it does not rank."""
    others = (solver for table in (*report.scores.values(), *report.left_out.values()) for solver in table)
    return tuple(dict.fromkeys((*report.models, *others)))


def items_text(items: int) -> str:
    """Return the size of a set in words."""
    if items == 0:
        return "number of items not known"
    return "1 item" if items == 1 else f"{items:,} items"


def _set_panel(report: FidelityReport, key: str) -> SetPanel:
    statistics = report.fidelity.get(key, {})
    ceilings_used = {words_of(s).ceiling for s in statistics}
    shown = [s for s in in_order(set(statistics)) if s not in CEILINGS or s not in ceilings_used]
    return SetPanel(
        key=key,
        name=name(key),
        generator=name(report.generators[key]) if key in report.generators else "",
        items=items_text(report.items.get(key, 0)),
        verdicts=tuple(_verdict_panel(use, report.verdict.get(key, {}).get(use)) for use in USES),
        worth=tuple(
            _worth_panel(statistics[statistic], purpose)
            for statistic, purpose in (("worth_score", "level"), ("worth_rank", "order"))
            if statistic in statistics
        ),
        statistics=tuple(_statistic_row(s, statistics[s], statistics.get(words_of(s).ceiling)) for s in shown),
        order_test=order_test_of(report.order_test.get(key)),
        separated=separated_sentence(report.separated.get(key)),
        left_out=tuple((name(solver), excerpt(why)) for solver, why in report.left_out.get(key, {}).items()),
    )


def _verdict_panel(use: Use, verdict: Verdict | None) -> VerdictPanel:
    words = USES[use]
    if verdict is None:
        return VerdictPanel(use=words.name, question=words.question, decision=None, mark="none", because="", settle="")
    return VerdictPanel(
        use=words.name,
        question=words.question,
        decision=verdict.decision,
        mark=DECISIONS[verdict.decision],
        because=excerpt(verdict.because),
        settle=excerpt(verdict.settle),
    )


def _without_repeats(verdicts: Sequence[VerdictPanel]) -> tuple[VerdictPanel, ...]:
    said: dict[tuple[str, str, str], VerdictPanel] = {}
    for verdict in verdicts:
        key = (verdict.mark, verdict.because, verdict.settle)
        use = f"{said[key].use}, {verdict.use.lower()}" if key in said else verdict.use
        question = "" if key in said else verdict.question
        said[key] = replace(verdict, use=use, question=question)
    return tuple(said.values())


def _worth_panel(estimate: Estimate, purpose: str) -> WorthPanel:
    return WorthPanel(purpose=purpose, figure=figure(estimate, None), sentence=worth_sentence(estimate, purpose))


def _statistic_row(statistic: str, estimate: Estimate, ceiling: Estimate | None) -> StatisticRow:
    words = words_of(statistic)
    return StatisticRow(
        statistic=statistic,
        name=name(words.name),
        meaning=words.meaning,
        seen=figure(estimate, words.digits, signed=words.signed),
        true=plain_figure(estimate.true, words.digits, signed=words.signed),
        ceiling=figure(ceiling, words.digits) if ceiling else None,
        n=f"{estimate.n:,}",
        method=excerpt(estimate.method),
        warnings=warnings_of(estimate, ceiling),
    )


def _bias_row(generator: str, bias: BiasFactor) -> BiasRow:
    def beside(estimate: Estimate | None, *, signed: bool = True) -> Figure | None:
        return figure(estimate, 3, signed=signed) if estimate else None

    return BiasRow(
        generator=name(generator),
        factor=figure(bias.estimate, 3, signed=True),
        band=number.span(bias.band_low, bias.band_high, 3, signed=True),
        own_excess=figure(bias.own_excess, 3, signed=True),
        p=number.number(bias.p, 3),
        family=beside(bias.family),
        ratio=beside(bias.ratio, signed=False),
        n=f"{bias.estimate.n:,}",
        method=excerpt(bias.estimate.method),
        warnings=warnings_of(bias.estimate, bias.own_excess, bias.family, bias.ratio),
    )


def _ensembles(report: FidelityReport) -> Grid:
    rules = tuple(report.ensemble)
    rows = []
    for statistic in in_order({s for table in report.ensemble.values() for s in table}):
        words = words_of(statistic)
        estimates = [report.ensemble[rule].get(statistic) for rule in rules]
        rows.append(_grid_row(words.name, words.meaning, estimates, words.digits, signed=words.signed))
    return Grid(columns=tuple(name(rule) for rule in rules), rows=tuple(rows))


def _combined(report: FidelityReport) -> Grid:
    """Real scores alone, then as each set helps to tell them."""
    keys = [key for key in detailed_sets(report) if key in report.combined]
    tables = [report.scores.get(report.real, {}), *(report.combined[key] for key in keys)]
    rows = [
        _grid_row(solver, "", [table.get(solver) for table in tables], 3)
        for solver in all_solvers(report)
        if any(solver in table for table in tables[1:])
    ]
    return Grid(columns=("real items alone", *(f"with {name(key)}" for key in keys)), rows=tuple(rows))


def _scores(report: FidelityReport, benchmarks: tuple[str, ...]) -> Grid:
    rows = []
    for solver in all_solvers(report):
        estimates = [report.scores.get(benchmark, {}).get(solver) for benchmark in benchmarks]
        row = _grid_row(solver, "", estimates, 3)
        standing = [(letters_of(report, b, solver), ranks_of(report, b, solver)) for b in benchmarks]
        figures = tuple(
            replace(each, letters=letters, ranks=ranks) if each else None
            for each, (letters, ranks) in zip(row.figures, standing, strict=True)
        )
        rows.append(replace(row, figures=figures))
    return Grid(columns=tuple(name(b) for b in benchmarks), rows=tuple(rows))


def _grid_row(
    called: str, meaning: str, estimates: Sequence[Estimate | None], digits: int | None, *, signed: bool = False
) -> GridRow:
    return GridRow(
        name=name(called),
        meaning=meaning,
        figures=tuple(figure(e, digits, signed=signed) if e else None for e in estimates),
        warnings=warnings_of(*estimates),
    )


def _failures(report: FidelityReport, benchmarks: tuple[str, ...]) -> Grid:
    rows = []
    known = any(math.isfinite(rate) for table in report.failure_rate.values() for rate in table.values())
    for solver in all_solvers(report) if known else ():
        rates = [report.failure_rate.get(benchmark, {}).get(solver) for benchmark in benchmarks]
        figures = tuple(None if r is None else Figure(text=number.percent(r), exact=number.exact(r)) for r in rates)
        rows.append(GridRow(name=name(solver), meaning="", figures=figures))
    return Grid(columns=tuple(name(b) for b in benchmarks), rows=tuple(rows))
