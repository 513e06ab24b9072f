"""Solvers and the items of several sets on one scale: a Wright map, lying down."""

from collections.abc import Sequence
from dataclasses import dataclass

from acidtest.report.safe_text import fitted
from acidtest.report.svg.element import Element, add, chart, text
from acidtest.report.svg.scale import Scale, tick_text
from acidtest.stats.estimate import Estimate
from acidtest.types.irt import Histogram

WIDTH = 720.0
_LEFT, _RIGHT = 14.0, 706.0
_SOLVERS, _SET, _TOP = 58.0, 104.0, 8.0
_STACK = 7.0
_LABEL = 0.62
"""Share of the width that a label may take."""


@dataclass(frozen=True, kw_only=True)
class MapRow:
    """One set: its name as shown, whether it is the real one, its difficulties, their mean."""

    label: str
    real: bool
    difficulties: Histogram
    mean: Estimate


def draw_item_map(abilities: Sequence[tuple[str, float]], rows: Sequence[MapRow], *, ident: str) -> str:
    """Return the chart as SVG.

    Args:
        abilities: (solver, ability), best first.
        rows: The sets, the real one first.
        ident: Unique in the page.
    """
    edges = rows[0].difficulties.edges
    scale = Scale(low=float(edges[0]), high=float(edges[-1]), start=_LEFT, end=_RIGHT)
    bottom = _TOP + _SOLVERS + _SET * len(rows)
    root = chart(
        WIDTH,
        bottom + 36,
        ident=ident,
        title="Solvers and items on one scale",
        description="Top: each dot is a solver, better ones to the right. Below, for each set, how many of its items "
        "have which difficulty; the mark is the mean with its interval.",
    )
    ticks = scale.ticks(8)
    for tick, label in zip(ticks, tick_text(ticks), strict=True):
        add(root, "line", cls="grid", x1=scale(tick), x2=scale(tick), y1=_TOP + 16, y2=bottom)
        add(root, "text", label, cls="tick", x=scale(tick), y=bottom + 14, text_anchor="middle")
    add(root, "text", "easier items, weaker solvers", cls="aside", x=_LEFT, y=bottom + 30)
    add(root, "text", "harder items, better solvers", cls="aside", x=_RIGHT, y=bottom + 30, text_anchor="end")
    for _, ability in (abilities[0], abilities[-1]):
        add(root, "line", cls="reference", x1=scale(ability), x2=scale(ability), y1=_TOP + 16, y2=bottom)
    _draw_solvers(root, abilities, scale)
    highest = max(float(row.difficulties.share.max()) for row in rows)
    for i, row in enumerate(rows):
        _draw_set(root, row, scale, (_TOP + _SOLVERS + _SET * i, highest))
    return text(root)


def _draw_solvers(root: Element, abilities: Sequence[tuple[str, float]], scale: Scale) -> None:
    add(root, "text", f"{len(abilities)} solvers", cls="label", x=_LEFT, y=_TOP + 10)
    base, stacked = _TOP + _SOLVERS - 8, dict[int, int]()
    for solver, ability in reversed(abilities):
        place = round(scale(ability) / _STACK)
        stacked[place] = stacked.get(place, 0) + 1
        dot = add(
            root, "circle", cls="mark own", cx=place * _STACK, cy=max(base - _STACK * (stacked[place] - 1), 12), r=3
        )
        add(dot, "title", solver)


def _draw_set(root: Element, row: MapRow, scale: Scale, place: tuple[float, float]) -> None:
    top, highest = place
    base, high = top + _SET - 8, _SET - 36
    edges, share = row.difficulties.edges, row.difficulties.share
    group = add(root, "g", cls="bars real" if row.real else "bars")
    for left, right, part in zip(edges[:-1], edges[1:], share, strict=True):
        height = high * float(part) / highest
        if height > 0.1:  # noqa: PLR2004  # thinner than a hair
            x, wide = scale(float(left)), scale(float(right)) - scale(float(left)) - 1
            add(group, "rect", x=x, y=base - height, width=max(wide, 0.5), height=height)
    add(root, "line", cls="band", x1=_LEFT, x2=_RIGHT, y1=base, y2=base)
    low, high_end, middle = (scale(x) for x in (row.mean.low, row.mean.high, row.mean.value))
    add(root, "line", cls="interval", x1=low, x2=high_end, y1=base + 4, y2=base + 4)
    add(root, "circle", cls="true", cx=middle, cy=base + 4, r=3.6)
    label = fitted([row.label], _LABEL * (_RIGHT - _LEFT) / 11)[row.label]
    add(root, "text", f"{label} (real)" if row.real else label, cls="label", x=_LEFT, y=top + 18)
