"""Charts: where marks stand, and that labels keep clear of each other."""

import itertools
import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.report.pictures import draw, higher_is_better
from acidtest.report.svg.element import add, chart, text
from acidtest.report.svg.forest import Axis, Strip, draw_forest
from acidtest.report.svg.heat import Column, draw_heat
from acidtest.report.svg.label import Box, Wanted, place_around, spread
from acidtest.report.svg.scale import Scale, extent, rounded, tick_text
from acidtest.report.svg.scatter import Point, draw_scatter
from acidtest.report.svg.slope import ranked
from acidtest.stats.estimate import Estimate
from report_example import SETS, example, large


def estimate(value: float) -> Estimate:
    return Estimate(value=value, low=value - 0.1, high=value + 0.1, n=9, method="m")


def test_a_scale_is_straight_and_clamps() -> None:
    scale = Scale(low=0.0, high=2.0, start=100.0, end=0.0)
    assert [scale(x) for x in (0.0, 0.5, 2.0, -9.0, math.inf)] == [100.0, 75.0, 0.0, 100.0, 0.0]
    assert scale.ticks(4) == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_logarithmic_scale_knows_zero() -> None:
    scale = Scale(low=0.0, high=999.0, start=0.0, end=3.0, log=True)
    assert scale(0.0) == 0.0
    assert scale(9.0) == pytest.approx(1.0)  # log10(10) of log10(1000)
    assert scale(99.0) == pytest.approx(2.0)
    assert scale.ticks() == [0.0, 1.0, 10.0, 100.0]


@settings(deadline=None, max_examples=60)  # other work on the machine must not fail a test
@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_ticks_are_few_even_and_inside(low: float, length: float) -> None:
    ticks = Scale(low=low, high=low + length, start=0.0, end=1.0).ticks(5)
    assert 2 <= len(ticks) <= 7
    assert all(low - 1e-6 * length <= t <= low + length * (1 + 1e-6) for t in ticks)
    assert len(set(tick_text(ticks))) == len(ticks)


def test_extents_hold_every_number_and_skip_what_is_not_one() -> None:
    assert extent([math.nan, math.inf]) == (0.0, 1.0)
    low, high = extent([0.2, 0.99, math.nan], within=(0.0, 1.0))
    assert low <= 0.2
    assert high == 1.0
    assert rounded((0.13, 0.97)) == pytest.approx((0.1, 1.0))


@settings(deadline=None, max_examples=60)  # other work on the machine must not fail a test
@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_spread_labels_are_apart(heights: list[float]) -> None:
    placed = spread(sorted(heights), 13.0, 0.0, math.inf)
    assert all(b - a >= 13.0 - 1e-9 for a, b in itertools.pairwise(placed))
    assert placed[0] >= 0


@settings(deadline=None, max_examples=60)  # other work on the machine must not fail a test
@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300)), min_size=1, max_size=15))
def test_placed_labels_cover_no_mark_and_no_other_label(points: list[tuple[float, float]]) -> None:
    bounds = Box(x=0, y=0, width=300, height=300)
    marks = [Box(x=x - 5, y=y - 5, width=10, height=10) for x, y in points]
    boxes = place_around([Wanted(x=x, y=y, width=70, height=13) for x, y in points], marks, [], bounds)
    found = [box for box in boxes if box is not None]
    assert not any(a.overlap(b) for a, b in itertools.combinations(found, 2))
    assert not any(box.overlap(mark) for box in found for mark in marks)
    assert all(bounds.holds(box) for box in found)


def test_marks_stand_at_their_scores() -> None:
    points = [Point(solver="a", real=estimate(0.5), synthetic=estimate(1.0)),
              Point(solver="b", real=estimate(0.0), synthetic=estimate(0.0)),
              Point(solver="c", real=estimate(1.0), synthetic=estimate(math.nan))]  # fmt: skip
    root = ET.fromstring(draw_scatter(points, domain=(0.0, 1.0), ident="s", synthetic="s", metric="m"))  # noqa: S314
    marks = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in root.iter("circle")]
    assert marks == [(46 + 302 / 2, 12), (46, 12 + 302)]  # the middle and the corner of the plot
    assert "real 0.500 [0.400, 0.600], synthetic 1.000" in "".join(root.itertext())


def test_orders_and_ties() -> None:
    order = ranked(["a", "b", "c", "d"], [0.9, 0.8, 0.8, math.nan], [0.1, 0.3, 0.2, 0.5], descending=True, own="c")
    assert [(r.solver, r.real, r.synthetic, r.real_rank, r.synthetic_rank, r.own) for r in order] == [
        ("a", 0, 2, "1", "3", False),
        ("b", 1, 0, "2=", "1", False),
        ("c", 2, 1, "2=", "2", True),
    ]
    assert [r.solver for r in ranked(["a", "b"], [2.0, 1.0], [1.0, 2.0], descending=False)] == ["b", "a"]


def test_the_direction_of_the_metric_is_read_from_the_order_of_solvers() -> None:
    report = example()
    assert higher_is_better(report)
    assert not higher_is_better(type(report)(**{**vars(report), "models": report.models[::-1]}))


def test_heat_marks_the_cells_of_own_data() -> None:
    scores = {"a": 0.9, "b": 0.1}
    columns = [Column(benchmark="real", scores=scores), Column(benchmark="s", scores={"a": 0.4}, generator="a")]
    svg = draw_heat(["a", "b"], columns, ident="h")
    root = ET.fromstring(svg)  # noqa: S314 - our own output
    cells = {"".join(g.itertext()): g.get("class", "") for g in root.iter("g") if "".join(g.itertext())}
    assert cells == {
        "a: 0.900 on real0.900": "cell above4",  # the middle of 'real' is 0.9: only 'a' answered every set
        "b: 0.100 on real0.100": "cell below4",
        "a, on the set it wrote: 0.400 on s◆ 0.400": "cell mid own",
        "b: not known on s\N{EN DASH}": "cell none",
    } | {"a: 0.900 on real0.900": "cell mid"}


def test_a_strip_without_numbers_draws_no_mark() -> None:
    svg = draw_forest(
        [Strip(label="s", shown="not known", seen=math.nan)], Axis(), ident="f", title="t", description="d"
    )
    assert "not known" in svg
    assert not re.search(r'class="(seen|true|interval|ceiling|band)"', svg)


def test_an_interval_without_end_gets_an_arrow() -> None:
    strip = Strip(label="s", shown="9", seen=9.0, low=1.0, high=math.inf)
    assert 'class="endless"' in draw_forest([strip], Axis(log=True), ident="f", title="t", description="d")


def test_text_in_charts_is_escaped() -> None:
    root = chart(9, 9, ident="a", title="<b>", description='"')
    add(root, "text", "</svg><script>", cls='x" onload="y')
    assert "<b>" not in text(root)
    assert "<script" not in text(root)
    assert 'onload="y"' not in text(root)


def test_every_set_has_its_pair_of_charts() -> None:
    pictures = draw(example())
    assert len(pictures.pairs) == len(SETS)
    assert all(pair.scatter and pair.slope for pair in pictures.pairs)
    assert draw(large(2, 1)).pairs[0].slope


@pytest.mark.parametrize("crowd", [0.0, 0.01, 0.03])
def test_up_to_fifteen_solvers_are_all_labelled_however_close_they_stand(crowd: float) -> None:
    points = [
        Point(
            solver=f"solver-{i:02d}",
            real=estimate(0.8 + crowd * math.sin(i)),
            synthetic=estimate(0.8 + crowd * math.cos(i)),
        )
        for i in range(12)
    ]
    svg = draw_scatter(points, domain=(0.0, 1.0), ident="s", synthetic="s", metric="m")
    labels = [t.text for t in ET.fromstring(svg).iter("text") if t.get("class") == "label"]  # noqa: S314 - our own
    assert sorted(filter(None, labels)) == [p.solver for p in points]
