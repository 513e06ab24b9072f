"""Scores of solvers by benchmarks, coloured by how far each lies from its set's middle; own-data cells are framed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from acidtest.report import number
from acidtest.report.safe_text import fitted, name, width
from acidtest.report.svg.element import Element, add, chart, text
from acidtest.report.svg.scale import tick_text

STEPS = 4
_NAMES_EMS = 12.0
_FONT = 11.0
_CELL = 56.0
_SLANT = math.radians(38)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One benchmark: its scores by solver, and the model that wrote it (empty: people, or not known)."""

    benchmark: str
    scores: Mapping[str, float]
    generator: str = ""


def draw_heat(solvers: Sequence[str], columns: Sequence[Column], *, ident: str) -> str:
    """Return the chart as SVG: the number in a cell is the score, its colour the distance to the set's middle.

    The middle of a set is the mean of the solvers that answered every set, so that one who is missing moves none.
    """
    short, names = fitted((c.benchmark for c in columns), 15.0), fitted(solvers, _NAMES_EMS)
    labels = [short[c.benchmark] for c in columns]
    left = min(max((width(label) for label in names.values()), default=0), _NAMES_EMS) * _FONT + 14
    longest = max((width(label) for label in labels), default=0) * _FONT
    top, row = 16 + longest * math.sin(_SLANT), _row_height(len(solvers))
    overhang = width(labels[-1]) * _FONT * math.cos(_SLANT) - _CELL / 2 if labels else 0
    right = left + _CELL * len(columns) + max(overhang, 4.0)
    offsets = _offsets(solvers, columns)
    reach = _reach(offsets)
    bottom = top + row * len(solvers)
    root = chart(
        max(right, left + 24 * (2 * STEPS + 1)),
        bottom + 52,
        ident=ident,
        title="Scores by solver and benchmark",
        description="Rows are solvers, best on the real set first; columns are benchmarks. Blue: above the set's "
        "middle; orange: below. A framed cell is a generator's own model on the set it wrote.",
    )
    for i, label in enumerate(labels):
        _draw_heading(root, label, left + _CELL * (i + 0.5), top - 7)
    for r, solver in enumerate(solvers):
        middle = top + row * r + row / 2
        add(root, "text", names[solver], cls="label", x=left - 8, y=middle + 3.8, text_anchor="end")
    cells = [(r, c) for r in range(len(solvers)) for c in range(len(columns))]
    for r, c in sorted(cells, key=lambda cell: columns[cell[1]].generator == solvers[cell[0]]):
        _draw_cell(root, solvers[r], columns[c], offsets[r][c], reach, (left + _CELL * c, top + row * r, row))
    _draw_legend(root, left, bottom + 18, reach)
    return text(root)


def _draw_heading(root: Element, label: str, x: float, y: float) -> None:
    turn = f"rotate({-math.degrees(_SLANT):.0f} {x:.2f} {y:.2f})"
    add(root, "text", label, cls="label", x=x, y=y, transform=turn)


def _draw_cell(
    root: Element, solver: str, column: Column, offset: float, reach: float, place: tuple[float, float, float]
) -> None:
    x, y, row = place
    score = column.scores.get(solver, math.nan)
    own = bool(column.generator) and column.generator == solver
    cls = f"cell {_step_class(offset, reach)}"
    group = add(root, "g", cls=f"{cls} own" if own else cls)
    beside = ", on the set it wrote" if own else ""
    where = f"{number.number(score, 3)} on {name(column.benchmark)}"
    add(group, "title", f"{name(solver)}{beside}: {where}")
    inset = 1.5 if own else 0.5
    add(group, "rect", x=x + inset, y=y + inset, width=_CELL - 2 * inset, height=row - 2 * inset)
    shown = "\N{EN DASH}" if math.isnan(score) else number.number(score, 3)
    add(group, "text", f"◆ {shown}" if own else shown, x=x + _CELL / 2, y=y + row / 2 + 3.8, text_anchor="middle")


def _draw_legend(root: Element, x: float, y: float, reach: float) -> None:
    cell = 24.0
    for i, step in enumerate(range(-STEPS, STEPS + 1)):
        group = add(root, "g", cls=f"cell {_name_of(step)}")
        add(group, "rect", x=x + cell * i + 0.5, y=y, width=cell - 1, height=10)
    texts = tick_text([-reach, 0.0, reach])
    for place, anchor, label in zip((0.0, STEPS + 0.5, 2 * STEPS + 1), ("start", "middle", "end"), texts, strict=True):
        shown = {"start": f"\N{LESS-THAN OR EQUAL TO} {label}", "end": f"\N{GREATER-THAN OR EQUAL TO} +{label}"}.get(
            anchor, label
        )
        add(root, "text", shown, cls="tick", x=x + cell * place, y=y + 23, text_anchor=anchor)


def _offsets(solvers: Sequence[str], columns: Sequence[Column]) -> list[list[float]]:
    table = [[c.scores.get(solver, math.nan) for c in columns] for solver in solvers]
    whole = [row for row in table if all(math.isfinite(x) for x in row)]
    rows = whole or table
    middles = []
    for c in range(len(columns)):
        known = [row[c] for row in rows if math.isfinite(row[c])]
        middles.append(math.fsum(known) / len(known) if known else math.nan)
    return [[x - middle for x, middle in zip(row, middles, strict=True)] for row in table]


def _reach(offsets: Sequence[Sequence[float]]) -> float:
    """The distance from which on a cell has the strongest colour: one outlying solver shall not bleach all others."""
    sizes = sorted(abs(x) for row in offsets for x in row if math.isfinite(x))
    large = sizes[min(len(sizes) - 1, int(0.75 * len(sizes)))] if sizes else 0.0
    power = 10.0 ** math.floor(math.log10(large)) if large > 0 else 0.1
    return next(power * step for step in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0) if power * step >= large * 0.999)


def _step_class(offset: float, reach: float) -> str:
    if math.isnan(offset):
        return "none"
    return _name_of(max(-STEPS, min(STEPS, round(offset / reach * (STEPS + 0.5)))))


def _name_of(step: int) -> str:
    return "mid" if step == 0 else f"{'above' if step > 0 else 'below'}{abs(step)}"


def _row_height(n: int) -> float:
    return 28.0 if n <= 20 else 18.0 if n <= 40 else 15.0  # noqa: PLR2004 - few rows have room for air
