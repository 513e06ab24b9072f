"""Curves over ability with their intervals, one for each set."""

from collections.abc import Sequence
from dataclasses import dataclass

from acidtest.report.safe_text import fitted
from acidtest.report.svg.element import Element, add, chart, text
from acidtest.report.svg.scale import Scale, tick_text
from acidtest.stats.estimate import FloatArray

WIDTH, HEIGHT = 720.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 706.0, 14.0, 236.0
_KINDS = 6
"""Colours and dashes; more sets than that share them, and the legend tells them apart by order."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One set's curve: its name as shown, whether it is the real one, and its heights with their interval."""

    label: str
    real: bool
    height: FloatArray
    low: FloatArray
    high: FloatArray


def draw_curves(  # what a chart says of itself
    x: FloatArray, curves: Sequence[Curve], solvers: Sequence[float], *, ident: str, title: str, description: str
) -> str:
    """Return the chart as SVG; marks below the axis are the solvers."""
    across = Scale(low=float(x[0]), high=float(x[-1]), start=_LEFT, end=_RIGHT)
    up = Scale(low=0.0, high=max(float(curve.high.max()) for curve in curves), start=_BOTTOM, end=_TOP)
    root = chart(WIDTH, HEIGHT, ident=ident, title=title, description=description)
    ticks = up.ticks(4)
    for tick, label in zip(ticks, tick_text(ticks), strict=True):
        add(root, "line", cls="grid", x1=_LEFT, x2=_RIGHT, y1=up(tick), y2=up(tick))
        add(root, "text", label, cls="tick", x=_LEFT - 6, y=up(tick) + 4, text_anchor="end")
    ticks = across.ticks(8)
    for tick, label in zip(ticks, tick_text(ticks), strict=True):
        add(root, "text", label, cls="tick", x=across(tick), y=_BOTTOM + 26, text_anchor="middle")
    for solver in solvers:
        add(root, "line", cls="band", x1=across(solver), x2=across(solver), y1=_BOTTOM + 3, y2=_BOTTOM + 11)
    for i, curve in enumerate(curves):
        _draw_curve(root, x, curve, (across, up), f"curve c{i % _KINDS}{' real' if curve.real else ''}")
    _draw_legend(root, curves)
    return text(root)


def _draw_curve(root: Element, x: FloatArray, curve: Curve, scales: tuple[Scale, Scale], cls: str) -> None:
    across, up = scales
    group = add(root, "g", cls=cls)

    def points(heights: FloatArray) -> list[str]:
        return [f"{across(float(a)):.2f},{up(float(h)):.2f}" for a, h in zip(x, heights, strict=True)]

    add(group, "polygon", cls="reach", points=" ".join(points(curve.high) + points(curve.low)[::-1]))
    add(group, "polyline", points=" ".join(points(curve.height)))


def _draw_legend(root: Element, curves: Sequence[Curve]) -> None:
    room = (_RIGHT - _LEFT) / max(min(len(curves), 3), 1)
    names = fitted([curve.label for curve in curves], (room - 40) / 11)
    for i, curve in enumerate(curves[:_KINDS]):
        x, y = _LEFT + room * (i % 3), _BOTTOM + 44 + 15 * (i // 3)
        group = add(root, "g", cls=f"curve c{i % _KINDS}{' real' if curve.real else ''}")
        add(group, "polyline", points=f"{x:.2f},{y - 4:.2f} {x + 22:.2f},{y - 4:.2f}")
        add(root, "text", names[curve.label], cls="label", x=x + 28, y=y)
