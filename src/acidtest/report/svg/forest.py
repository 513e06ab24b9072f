"""One statistic across several sets: a line per set with its interval, the true and the seen number, its ceiling."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from acidtest.report.safe_text import fitted, width
from acidtest.report.svg.element import Element, add, chart, text
from acidtest.report.svg.scale import Scale, extent, tick_text

WIDTH = 304.0
_LEFT, _RIGHT = 10.0, 294.0
_FONT = 11.0
_ROW = 42.0
_TOP = 6.0


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One row: a label, the number as text, and the places on the axis; NaN where there is none.

    Attributes:
        band: A second, wider interval, drawn thin: simultaneous over all rows.
        ceiling: What a perfect order would show, drawn as a shaded stretch.
    """

    label: str
    shown: str
    seen: float
    true: float = math.nan
    low: float = math.nan
    high: float = math.nan
    band: tuple[float, float] = (math.nan, math.nan)
    ceiling: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What the rows are measured by.

    Attributes:
        reference: A number worth a line: no gap, the same order, the size of the real set. NaN: none.
        reference_text: What that line says.
        within: Bounds that no number can pass.
        log: The axis grows tenfold from tick to tick.
    """

    reference: float = math.nan
    reference_text: str = ""
    within: tuple[float, float] = (-math.inf, math.inf)
    log: bool = False


def draw_forest(strips: Sequence[Strip], axis: Axis, *, ident: str, title: str, description: str) -> str:
    """Return the chart as SVG."""
    bottom = _TOP + _ROW * len(strips) + 4
    root = chart(WIDTH, bottom + 34, ident=ident, title=title, description=description)
    scale = _scale(strips, axis)
    ticks = scale.ticks(5)
    for tick, label in zip(ticks, tick_text(ticks), strict=True):
        _draw_line(root, "grid", scale(tick), len(strips))
        add(root, "text", label, cls="tick", x=scale(tick), y=bottom + 13, text_anchor=_anchor(scale(tick)))
    if math.isfinite(axis.reference):
        x = scale(axis.reference)
        _draw_line(root, "reference", x, len(strips))
        add(root, "text", axis.reference_text, cls="aside", x=x, y=bottom + 28, text_anchor=_anchor(x))
    for i, strip in enumerate(strips):
        _draw_strip(root, strip, scale, _TOP + _ROW * i)
    return text(root)


def _draw_line(root: Element, cls: str, x: float, rows: int) -> None:
    """Draw a line down through the strips, but not through the words above them."""
    for i in range(rows):
        add(root, "line", cls=cls, x1=x, x2=x, y1=_TOP + _ROW * i + 19, y2=_TOP + _ROW * (i + 1) - 4)


def _scale(strips: Sequence[Strip], axis: Axis) -> Scale:
    numbers = [axis.reference]
    for strip in strips:
        numbers += [strip.seen, strip.true, strip.low, strip.high, *strip.band, *strip.ceiling]
    low, high = extent(numbers, within=axis.within)
    endless = any(math.isinf(strip.high) for strip in strips)
    high *= 3.0 if endless and axis.log else 1.0
    return Scale(low=0.0 if axis.log else low, high=max(high, 10.0) if axis.log else high, start=_LEFT, end=_RIGHT,
                 log=axis.log)  # fmt: skip


def _draw_strip(root: Element, strip: Strip, scale: Scale, top: float) -> None:
    middle = top + 28
    if _known(*strip.ceiling):
        left, right = scale(strip.ceiling[0]), scale(strip.ceiling[1])
        add(root, "rect", cls="ceiling", x=left, y=middle - 8, width=max(right - left, 2), height=16)
    if _known(*strip.band):
        add(root, "line", cls="band", x1=scale(strip.band[0]), x2=scale(strip.band[1]), y1=middle, y2=middle)
    if not math.isnan(strip.low) and not math.isnan(strip.high):
        add(root, "line", cls="interval", x1=scale(strip.low), x2=scale(strip.high), y1=middle, y2=middle)
    if not math.isnan(strip.true):
        add(root, "circle", cls="true", cx=scale(strip.true), cy=middle, r=4.4)
    if not math.isnan(strip.seen):
        x, r = scale(strip.seen), 5.2
        corners = f"{x:.2f},{middle - r:.2f} {x + r:.2f},{middle:.2f} {x:.2f},{middle + r:.2f} {x - r:.2f},{middle:.2f}"
        add(root, "polygon", cls="seen", points=corners)
    if math.isinf(strip.high):
        add(root, "path", cls="endless", d=f"M{_RIGHT - 2:.2f} {middle - 5:.2f} l7 5 l-7 5")
    widest = (_RIGHT - _LEFT - 1.08 * _FONT * width(strip.shown)) / _FONT
    label = fitted([strip.label], widest)[strip.label]
    add(root, "text", label, cls="label", x=_LEFT - 8, y=top + 14)
    add(root, "text", strip.shown, cls="value", x=_RIGHT + 8, y=top + 14, text_anchor="end")


def _known(low: float, high: float) -> bool:
    return math.isfinite(low) and math.isfinite(high)


def _anchor(x: float) -> str:
    if x < _LEFT + 40:
        return "start"
    return "end" if x > _RIGHT - 40 else "middle"
