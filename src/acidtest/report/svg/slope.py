"""Two orders of the same solvers, real on the left and synthetic on the right: lines that cross are pairs reordered."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from acidtest.report.safe_text import fitted, name
from acidtest.report.svg.element import Element, add, chart, text
from acidtest.report.svg.label import spread

WIDTH = 360.0
LABELLED = 24
_LEFT, _RIGHT = 134.0, 226.0
_TOP = 34.0
_WIDEST = 8.9
_LABEL_GAP = 13.0


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One solver with its place in both orders, best first, from 0; ties share the first place of their run."""

    solver: str
    real: int
    synthetic: int
    real_rank: str
    synthetic_rank: str
    own: bool = False


def ranked(
    solvers: Sequence[str], real: Sequence[float], synthetic: Sequence[float], *, descending: bool, own: str = ""
) -> list[Ranked]:
    """Put solvers into both orders. Those without both scores are left out; ties keep the real order."""
    both = [i for i in range(len(solvers)) if math.isfinite(real[i]) and math.isfinite(synthetic[i])]
    sign = -1.0 if descending else 1.0
    by_real = sorted(both, key=lambda i: sign * real[i])
    by_synthetic = sorted(by_real, key=lambda i: sign * synthetic[i])
    real_ranks, synthetic_ranks = _rank_texts(by_real, real), _rank_texts(by_synthetic, synthetic)
    return [
        Ranked(
            solver=solvers[i],
            real=by_real.index(i),
            synthetic=by_synthetic.index(i),
            real_rank=real_ranks[i],
            synthetic_rank=synthetic_ranks[i],
            own=solvers[i] == own,
        )
        for i in by_real
    ]


def draw_slope(solvers: Sequence[Ranked], *, ident: str, synthetic: str) -> str:
    """Return the chart as SVG."""
    row = _row_height(len(solvers))
    height = _TOP + row * max(len(solvers) - 1, 0) + 22
    root = chart(
        WIDTH,
        height,
        ident=ident,
        title=f"Order of solvers: real and {name(synthetic)}",
        description="Left: solvers by their real score, best on top. Right: by their synthetic score. "
        "A line that rises: the synthetic set ranks the solver higher than the real one does.",
    )
    for x, anchor, label in ((_LEFT, "end", "real order"), (_RIGHT, "start", "synthetic order")):
        add(root, "text", label, cls="axis", x=x, y=14, text_anchor=anchor)
    chosen = _worth_a_label(solvers)
    quiet = {s.solver for s in solvers} - {s.solver for s in chosen}
    for solver in sorted(solvers, key=lambda s: (s.own, s.solver not in quiet, s.real != s.synthetic)):
        _draw_line(root, solver, row, "quiet" if solver.solver in quiet else "")
    labels = fitted((s.solver for s in solvers), _WIDEST)
    _draw_side(root, chosen, labels, row, left=True)
    _draw_side(root, chosen, labels, row, left=False)
    return text(root)


def _draw_line(root: Element, solver: Ranked, row: float, loudness: str) -> None:
    moved = "rise" if solver.synthetic < solver.real else "fall" if solver.synthetic > solver.real else "same"
    cls = " ".join(filter(None, ("slope", moved, "own" if solver.own else "", loudness)))
    start, end = _TOP + row * solver.real, _TOP + row * solver.synthetic
    group = add(root, "g", cls=cls)
    beside = ", wrote this set" if solver.own else ""
    add(group, "title", f"{name(solver.solver)}{beside}: real {solver.real_rank}, synthetic {solver.synthetic_rank}")
    add(group, "line", x1=_LEFT + 4, y1=start, x2=_RIGHT - 4, y2=end)
    for x, y in ((_LEFT + 4, start), (_RIGHT - 4, end)):
        add(group, "circle", cx=x, cy=y, r=min(3.2, row / 2.4))


def _draw_side(root: Element, solvers: Sequence[Ranked], labels: Mapping[str, str], row: float, *, left: bool) -> None:
    chosen = sorted(solvers, key=lambda s: s.real if left else s.synthetic)
    wanted = [_TOP + row * (s.real if left else s.synthetic) for s in chosen]
    heights = spread(wanted, _LABEL_GAP, _TOP, _TOP + row * (len(labels) - 1) + _LABEL_GAP)
    ranks = max(len(s.real_rank if left else s.synthetic_rank) for s in chosen)
    for solver, want, y in zip(chosen, wanted, heights, strict=True):
        rank = solver.real_rank if left else solver.synthetic_rank
        edge = _LEFT - 4 if left else _RIGHT + 4
        out = -1 if left else 1
        if abs(want - y) > 1:
            add(root, "line", cls="leader", x1=edge + 4 * -out, y1=want, x2=edge + 2 * out, y2=y)
        anchor = "end" if left else "start"
        add(root, "text", rank, cls="rank", x=edge + 4 * out, y=y + 3.8, text_anchor=anchor)
        cls = "label own" if solver.own else "label"
        add(
            root,
            "text",
            labels[solver.solver],
            cls=cls,
            x=edge + (11 + 6.5 * ranks) * out,
            y=y + 3.8,
            text_anchor=anchor,
        )


def _worth_a_label(solvers: Sequence[Ranked]) -> list[Ranked]:
    """All of a few; of many the generator's own, each order's first five and last two, the five that move most."""
    if len(solvers) <= LABELLED:
        return list(solvers)
    last = len(solvers) - 2
    movers = sorted(solvers, key=lambda s: -abs(s.real - s.synthetic))[:5]
    ends = [s for s in solvers if min(s.real, s.synthetic) < 5 or max(s.real, s.synthetic) >= last]  # noqa: PLR2004
    chosen = [*(s for s in solvers if s.own), *movers, *ends]
    return list({s.solver: s for s in chosen}.values())


def _row_height(n: int) -> float:
    if n <= 12:  # noqa: PLR2004 - a dozen rows have room for air
        return 26.0
    return 17.0 if n <= LABELLED else max(5.0, 420.0 / n)


def _rank_texts(order: Sequence[int], scores: Sequence[float]) -> dict[int, str]:
    texts: dict[int, str] = {}
    for i in order:
        run = [place for place, j in enumerate(order) if scores[j] == scores[i]]
        texts[i] = f"{run[0] + 1}=" if len(run) > 1 else f"{run[0] + 1}"
    return texts
