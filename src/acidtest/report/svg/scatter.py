"""Real against synthetic scores, one mark per solver, intervals both ways, and the diagonal where both agree."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from acidtest.report import number
from acidtest.report.safe_text import fitted, name, width
from acidtest.report.svg.element import Element, add, chart, text
from acidtest.report.svg.label import Box, Wanted, distance, nearest, place_around
from acidtest.report.svg.scale import Scale, tick_text
from acidtest.stats.estimate import Estimate

SIDE = 360.0
LABELLED = 15
_FONT = 11.0
_PLOT = Box(x=46.0, y=12.0, width=302.0, height=302.0)
_MARK = 4.5
_WIDEST = 9.5
_BOLD = 1.09


@dataclass(frozen=True, kw_only=True)
class Point:
    """One solver: its score on the real set, on the synthetic set, and whether it wrote the synthetic one."""

    solver: str
    real: Estimate
    synthetic: Estimate
    own: bool = False


def draw_scatter(
    points: Sequence[Point], *, domain: tuple[float, float], ident: str, synthetic: str, metric: str
) -> str:
    """Return the chart as SVG. `domain` is the range of both axes, the same for all sets, so that they compare."""
    root = chart(
        SIDE,
        SIDE,
        ident=ident,
        title=f"Real against synthetic scores: {name(synthetic)}",
        description=f"Each mark is a solver. Across: its {name(metric)} on the real set. Up: on the synthetic set. "
        f"Marks above the diagonal: the synthetic set is easier. Every number stands in the table of scores.",
    )
    across = Scale(low=domain[0], high=domain[1], start=_PLOT.x, end=_PLOT.x + _PLOT.width)
    up = Scale(low=domain[0], high=domain[1], start=_PLOT.y + _PLOT.height, end=_PLOT.y)
    _draw_frame(root, across, up, metric)
    shown = [p for p in points if math.isfinite(p.real.value) and math.isfinite(p.synthetic.value)]
    for point in shown:
        _draw_whiskers(root, point, across, up)
    for point in shown:
        _draw_mark(root, point, across(point.real.value), up(point.synthetic.value))
    _draw_labels(root, shown, across, up)
    return text(root)


def _draw_frame(root: Element, across: Scale, up: Scale, metric: str) -> None:
    left, right = _PLOT.x, _PLOT.x + _PLOT.width
    top, bottom = _PLOT.y, _PLOT.y + _PLOT.height
    ticks = across.ticks(5)
    for tick, label in zip(ticks, tick_text(ticks), strict=True):
        add(root, "line", cls="grid", x1=across(tick), x2=across(tick), y1=top, y2=bottom)
        add(root, "line", cls="grid", x1=left, x2=right, y1=up(tick), y2=up(tick))
        add(root, "text", label, cls="tick", x=across(tick), y=bottom + 15, text_anchor="middle")
        add(root, "text", label, cls="tick", x=left - 7, y=up(tick) + 3.8, text_anchor="end")
    add(root, "line", cls="diagonal", x1=left, y1=bottom, x2=right, y2=top)
    add(root, "text", "easier than real", cls="aside", x=left + 8, y=top + 16)
    add(root, "text", "harder than real", cls="aside", x=right - 8, y=bottom - 9, text_anchor="end")
    measure = fitted([metric], 12.0)[metric]
    add(root, "text", f"real {measure} →", cls="axis", x=right, y=bottom + 34, text_anchor="end")
    add(
        root,
        "text",
        f"synthetic {measure} →",
        cls="axis",
        x=-top,
        y=11,
        text_anchor="end",
        transform="rotate(-90)",
    )


def _draw_whiskers(root: Element, point: Point, across: Scale, up: Scale) -> None:
    x, y = across(point.real.value), up(point.synthetic.value)
    cls = "whisker own" if point.own else "whisker"
    if math.isfinite(point.real.low) and math.isfinite(point.real.high):
        add(root, "line", cls=cls, x1=across(point.real.low), x2=across(point.real.high), y1=y, y2=y)
    if math.isfinite(point.synthetic.low) and math.isfinite(point.synthetic.high):
        add(root, "line", cls=cls, x1=x, x2=x, y1=up(point.synthetic.low), y2=up(point.synthetic.high))


def _draw_mark(root: Element, point: Point, x: float, y: float) -> None:
    if point.own:
        r = _MARK + 1.8
        corners = f"{x:.2f},{y - r:.2f} {x + r:.2f},{y:.2f} {x:.2f},{y + r:.2f} {x - r:.2f},{y:.2f}"
        mark = add(root, "polygon", cls="mark own", points=corners)
    else:
        mark = add(root, "circle", cls="mark", cx=x, cy=y, r=_MARK)
    beside = ", wrote this set" if point.own else ""
    real = f"{number.number(point.real.value, 3)} {number.interval(point.real, 3)}"
    synthetic = f"{number.number(point.synthetic.value, 3)} {number.interval(point.synthetic, 3)}"
    add(mark, "title", f"{name(point.solver)}{beside}: real {real}, synthetic {synthetic}")


def _draw_labels(root: Element, points: Sequence[Point], across: Scale, up: Scale) -> None:
    chosen = _worth_a_label(points)
    short = fitted((p.solver for p in points), _WIDEST)
    texts = [short[p.solver] for p in chosen]
    places = [(across(p.real.value), up(p.synthetic.value)) for p in chosen]
    marks = [_around(across(p.real.value), up(p.synthetic.value), _MARK + 1) for p in points]
    thin = [box for p in points for box in _thin(p, across, up)] + _diagonal()
    wanted = [
        Wanted(x=x, y=y, width=width(label) * _FONT * (_BOLD if p.own else 1.0) + 2, height=_FONT + 2)
        for p, (x, y), label in zip(chosen, places, texts, strict=True)
    ]
    words = [Box(x=_PLOT.x + 6, y=_PLOT.y + 5, width=88, height=15)]
    words.append(Box(x=_PLOT.x + _PLOT.width - 96, y=_PLOT.y + _PLOT.height - 21, width=90, height=15))
    boxes = place_around(wanted, [*marks, *words], thin, _PLOT)
    for point, label, want, box in zip(chosen, texts, wanted, boxes, strict=True):
        if box is None:
            continue
        if distance(want, box) > 2.2 * _MARK:
            near_x, near_y = nearest(want, box)
            add(root, "line", cls="leader", x1=want.x, y1=want.y, x2=near_x, y2=near_y)
        cls = "label own" if point.own else "label"
        add(root, "text", label, cls=cls, x=box.x + 1, y=box.y + _FONT - 0.5)


def _worth_a_label(points: Sequence[Point]) -> list[Point]:
    """All of a few; of many the generator's own, the real set's best three and worst, and those furthest off."""
    own_first = sorted(points, key=lambda p: not p.own)
    if len(points) <= LABELLED:
        return own_first
    furthest = sorted(points, key=lambda p: -abs(p.synthetic.value - p.real.value))
    chosen = [*(p for p in own_first if p.own), *points[:3], points[-1], *furthest[:5]]
    return list({p.solver: p for p in chosen}.values())


def _around(x: float, y: float, reach: float) -> Box:
    return Box(x=x - reach, y=y - reach, width=2 * reach, height=2 * reach)


def _thin(point: Point, across: Scale, up: Scale) -> list[Box]:
    x, y = across(point.real.value), up(point.synthetic.value)
    boxes = []
    if math.isfinite(point.real.low) and math.isfinite(point.real.high):
        left = across(point.real.low)
        boxes.append(Box(x=left, y=y - 1, width=across(point.real.high) - left, height=2))
    if math.isfinite(point.synthetic.low) and math.isfinite(point.synthetic.high):
        top = up(point.synthetic.high)
        boxes.append(Box(x=x - 1, y=top, width=2, height=up(point.synthetic.low) - top))
    return boxes


def _diagonal() -> list[Box]:
    steps = 60
    size = _PLOT.width / steps
    return [
        Box(x=_PLOT.x + i * size, y=_PLOT.y + _PLOT.height - (i + 1) * size, width=2, height=2) for i in range(steps)
    ]
