"""Which charts a page shows, and what stands in each."""

import math
from dataclasses import dataclass

from acidtest.report import number
from acidtest.report.figure import figure
from acidtest.report.panels import all_solvers, detailed_sets
from acidtest.report.svg.forest import Axis, Strip, draw_forest
from acidtest.report.svg.heat import Column, draw_heat
from acidtest.report.svg.scale import extent, rounded
from acidtest.report.svg.scatter import Point, draw_scatter
from acidtest.report.svg.slope import draw_slope, ranked
from acidtest.report.words import words_of
from acidtest.stats.estimate import Estimate
from acidtest.types import FidelityReport

_COMPARED = ("worth_rank", "worth_score", "srcc", "pairwise_agreement", "gap", "regret_at_1")
_MOST_CELLS = 2500
"""Of the heat map; with more, it ends at a solver further up."""

_NO_ESTIMATE = Estimate(value=math.nan, n=0, method="not scored")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One statistic across all sets."""

    title: str
    meaning: str
    svg: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two charts of one set; empty where no solver has both scores."""

    scatter: str
    slope: str


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """All charts of a page, as SVG; `heat_said` tells which solvers the heat map leaves out."""

    comparisons: tuple[Comparison, ...]
    heat: str
    heat_said: str
    pairs: tuple[Pair, ...]
    bias: str


def draw(report: FidelityReport) -> Pictures:
    """Draw every chart that the report has numbers for."""
    sets = detailed_sets(report)
    domain = _domain(report)
    heat, heat_said = _heat(report)
    return Pictures(
        comparisons=tuple(_comparison(report, s) for s in _COMPARED if any(_finite(report, key, s) for key in sets)),
        heat=heat,
        heat_said=heat_said,
        pairs=tuple(_pair(report, key, f"set{i + 1}", domain) for i, key in enumerate(sets)),
        bias=_bias(report),
    )


def higher_is_better(report: FidelityReport) -> bool:
    """Return the metric's direction, which the order of the solvers tells: the best on the real set comes first."""
    real = report.scores.get(report.real, {})
    known = [real[s].value for s in report.models if s in real and math.isfinite(real[s].value)]
    return not known or known[0] >= known[-1]


def _finite(report: FidelityReport, key: str, statistic: str) -> bool:
    estimate = report.fidelity.get(key, {}).get(statistic)
    return estimate is not None and math.isfinite(estimate.value)


def _domain(report: FidelityReport) -> tuple[float, float]:
    numbers = [x for scores in report.scores.values() for e in scores.values() for x in (e.value, e.low, e.high)]
    finite = [x for x in numbers if math.isfinite(x)]
    unit = bool(finite) and min(finite) >= 0 and max(finite) <= 1
    low, high = rounded(extent(numbers))
    return (max(low, 0.0), min(high, 1.0)) if unit else (low, high)


def _pair(report: FidelityReport, key: str, ident: str, domain: tuple[float, float]) -> Pair:
    real, synthetic = report.scores.get(report.real, {}), report.scores.get(key, {})
    own = report.generators.get(key, "")
    both = [s for s in report.models if s in real and s in synthetic]
    both = [s for s in both if math.isfinite(real[s].value) and math.isfinite(synthetic[s].value)]
    if not both:
        return Pair(scatter="", slope="")
    points = [Point(solver=s, real=real[s], synthetic=synthetic[s], own=s == own) for s in both]
    order = ranked(
        both,
        [real[s].value for s in both],
        [synthetic[s].value for s in both],
        descending=higher_is_better(report),
        own=own,
    )
    return Pair(
        scatter=draw_scatter(points, domain=domain, ident=f"{ident}-scatter", synthetic=key, metric=report.metric),
        slope=draw_slope(order, ident=f"{ident}-slope", synthetic=key),
    )


def _heat(report: FidelityReport) -> tuple[str, str]:
    columns = [
        Column(
            benchmark=key,
            scores={solver: estimate.value for solver, estimate in report.scores.get(key, {}).items()},
            generator=report.generators.get(key, ""),
        )
        for key in (report.real, *detailed_sets(report))
    ]
    solvers = [s for s in all_solvers(report) if any(math.isfinite(c.scores.get(s, math.nan)) for c in columns)]
    shown = solvers[: _MOST_CELLS // len(columns)]
    said = f"Drawn: the first {len(shown)} of {len(solvers)} solvers." if len(shown) < len(solvers) else ""
    return (draw_heat(shown, columns, ident="chart-heat") if solvers else ""), said


def _comparison(report: FidelityReport, statistic: str) -> Comparison:
    words = words_of(statistic)
    strips = []
    for key in detailed_sets(report):
        estimate = report.fidelity.get(key, {}).get(statistic, _NO_ESTIMATE)
        ceiling = report.fidelity.get(key, {}).get(words.ceiling, _NO_ESTIMATE)
        strips.append(_strip(key, estimate, ceiling, words.digits, signed=words.signed))
    svg = draw_forest(
        strips,
        _axis(report, statistic),
        ident=f"compare-{statistic.replace('_', '-')}",
        title=f"{words.name} of every synthetic set",
        description=f"{words.meaning}. Each row is a set; every number stands in the set's own table.",
    )
    return Comparison(title=words.name, meaning=words.meaning, svg=svg)


def _strip(label: str, estimate: Estimate, ceiling: Estimate, digits: int | None, *, signed: bool) -> Strip:
    return Strip(
        label=label,
        shown=_shown(estimate, digits, signed=signed),
        seen=estimate.value,
        true=estimate.true,
        low=estimate.low,
        high=estimate.high,
        ceiling=(ceiling.low, ceiling.high),
    )


def _shown(estimate: Estimate, digits: int | None, *, signed: bool) -> str:
    shown = figure(estimate, digits, signed=signed)
    return f"{shown.text} {shown.span}" if shown.span not in ("", number.NOT_KNOWN) else shown.text


def _axis(report: FidelityReport, statistic: str) -> Axis:
    words = words_of(statistic)
    if words.digits is None:
        items = report.items.get(report.real, 0)
        return Axis(reference=items or math.nan, reference_text=f"{items:,} real items here", log=True)
    said = {"gap": "as hard as the real set", "regret_at_1": "nothing lost"}.get(statistic, "same order")
    bounds = {"srcc": (-1.0, 1.0), "pairwise_agreement": (0.0, 1.0), "regret_at_1": (0.0, math.inf)}
    within = bounds.get(statistic, (-math.inf, math.inf))
    reference = math.nan if words.perfect is None else words.perfect
    return Axis(reference=reference, reference_text=said, within=within)


def _bias(report: FidelityReport) -> str:
    strips = [
        Strip(
            label=generator,
            shown=_shown(bias.estimate, 3, signed=True),
            seen=bias.estimate.value,
            true=bias.estimate.true,
            low=bias.estimate.low,
            high=bias.estimate.high,
            band=(bias.band_low, bias.band_high),
        )
        for generator, bias in report.bias_factor.items()
    ]
    if not strips:
        return ""
    return draw_forest(
        strips,
        Axis(reference=0.0, reference_text="no favour"),
        ident="chart-bias",
        title="Bias factor of every generator",
        description="Right of 0: the generator's own model does better on the set it wrote than on the others' sets.",
    )
