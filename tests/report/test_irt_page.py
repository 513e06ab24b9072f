"""The page of a scale: words that fit the numbers, in a real browser quiet and whole, with names that cannot harm."""

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

from acidtest.compare.irt.calibrate import calibrate
from acidtest.compare.irt.scale import irt_report, with_generators
from acidtest.data.scores.matrix import read_matrix
from acidtest.report.irt_page import render_irt_page, write_irt_page
from acidtest.report.irt_terminal import print_irt
from acidtest.report.irt_words import difference_sentence, family_sentence, p_text, share
from acidtest.stats.estimate import Estimate
from acidtest.types.irt import IrtReport
from irt_tables import MADE, REAL, answers, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OVERFLOWING = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, svg, .skip') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
CLIPPED = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const edge = svg.getBoundingClientRect();
  const out = b => b.left < edge.left - 1 || b.right > edge.right + 1 || b.top < edge.top - 1;
  return [...svg.querySelectorAll('text')]
    .filter(t => out(t.getBoundingClientRect()) || t.getBoundingClientRect().bottom > edge.bottom + 1)
    .map(t => svg.querySelector('title').textContent + ': ' + t.textContent); })"""
SMALLEST_WORDS = """() => Math.min(...[...document.querySelectorAll('svg text')].map(t =>
  parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a))"""
EVIL = '<script>alert(1)</script> & "quotes" [bold] ' + "long " * 30


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> IrtReport:
    table = write(tmp_path_factory.mktemp("page") / "scores.csv", answers(1))
    return irt_report(calibrate(with_generators(read_matrix([table]), {MADE: "m1"}), real=REAL))


@pytest.fixture(scope="module")
def evil(found: IrtReport) -> IrtReport:
    """The same with names that somebody made up to harm."""
    return replace(
        found,
        abilities={f"{EVIL}{model}": one for model, one in found.abilities.items()},
        answers={f"{EVIL}{model}": of for model, of in found.answers.items()},
        sets={REAL: found.sets[REAL], EVIL: found.sets[MADE]},
        differences={EVIL: found.differences[MADE]},
        families={EVIL: tuple(replace(one, family=EVIL) for one in found.families[MADE])},
        items=tuple(replace(item, item=f"{EVIL}{i}") for i, item in enumerate(found.items)),
        warnings=(EVIL,),
        notes=(EVIL,),
    )


def sure(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=50, method="made up")


def test_a_sentence_says_easier_only_where_that_is_sure(found: IrtReport) -> None:
    one, real, known = found.sets[MADE], found.sets[REAL], found.differences[MADE]
    easier = difference_sentence("a", one, real, replace(known, easier_by=sure(0.8, 0.5, 1.1)))
    assert "its items are easier by 0.80 [0.50, 1.10] sd of ability" in easier
    harder = difference_sentence("a", one, real, replace(known, easier_by=sure(-0.8, -1.1, -0.5)))
    assert "its items are harder by 0.80 [0.50, 1.10] sd of ability" in harder
    unsure = difference_sentence("a", one, real, replace(known, easier_by=sure(0.1, -0.2, 0.4)))
    assert "not clearly easier or harder (by +0.10 [\N{MINUS SIGN}0.20, +0.40] sd of ability)" in unsure
    less = difference_sentence("a", one, real, replace(known, information_ratio=sure(0.5, 0.4, 0.6)))
    assert "tells as much of these solvers as 0.50 [0.40, 0.60] real ones" in less
    alike = difference_sentence("a", one, real, replace(known, information_ratio=sure(1.0, 0.8, 1.3)))
    assert "tells about as much of these solvers as a real one (1.00 [0.80, 1.30])" in alike
    anything = difference_sentence("a", one, real, replace(known, information_ratio=sure(0.4, 0.1, 1.6)))
    assert "tells 0.40 [0.10, 1.60] times as much of these solvers as a real one: not sure to differ" in anything


def test_the_title_does_not_take_ignorance_for_likeness(found: IrtReport) -> None:
    unsure = replace(found, differences={MADE: replace(found.differences[MADE], easier_by=sure(0.1, -0.9, 1.1))})
    assert f"<h1>{MADE} is not clearly easier or harder than {REAL}</h1>" in render_irt_page(unsure, title="t")


def test_a_share_that_rounds_to_nothing_keeps_a_digit() -> None:
    assert share(sure(0.09, 0.0032, 0.24)) == "9 % [0.3, 24]"
    assert share(sure(0.0, 0.0, 0.0002)) == "0 % [0, 0]"


def test_where_difficulty_was_lost(found: IrtReport) -> None:
    one, real, known = found.sets[MADE], found.sets[REAL], found.differences[MADE]

    def said(hardest: float, easiest: float) -> str:
        ends = {"q90": sure(2 - hardest, 0, 0), "q10": sure(-2 - easiest, 0, 0)}
        moved = replace(one, difficulty={**one.difficulty, **ends})
        whole = replace(real, difficulty={**real.difficulty, "q90": sure(2, 0, 0), "q10": sure(-2, 0, 0)})
        return difference_sentence("a", moved, whole, replace(known, easier_by=sure(0.8, 0.5, 1.1)))

    assert "most at the hard end (the hardest tenth begins 1.50 lower, the easiest ends 0.20 lower)" in said(1.5, 0.2)
    assert "most at the easy end" in said(0.2, 1.5)
    assert "all along" in said(0.9, 0.8)


def test_a_family_sentence_tells_when_others_differ_as_much(found: IrtReport) -> None:
    own = replace(found.families[MADE][0], ability=sure(0.5, 0.2, 0.8), p=0.002, p_spread=0.4)
    assert family_sentence("a", own).endswith("p .002; but other solvers differ as much between the sets.")
    assert "not clearly easier for" in family_sentence("a", replace(own, ability=sure(0.1, -0.2, 0.4), p=0.5))
    assert [p_text(p) for p in (0.0004, 0.0104, math.nan)] == ["< .001", ".010", "-"]


def test_a_footnote_names_the_rows_that_it_is_about(found: IrtReport) -> None:
    few = replace(found.sets[MADE].score, warnings=("only 16 items",))
    one = replace(found.sets[MADE], information=replace(found.sets[MADE].information, warnings=few.warnings))
    console = Console(record=True, width=80, file=io.StringIO())
    print_irt(replace(found, sets={REAL: found.sets[REAL], MADE: one}), console=console)
    assert f"- {MADE}: only 16 items" in console.export_text()


def test_columns_stand_beside_each_other_where_they_fit(found: IrtReport) -> None:
    """Items: four columns of at most 14 signs beside a name fit into 80; none is left for a table of its own."""
    console = Console(record=True, width=80, file=io.StringIO())
    print_irt(found, console=console)
    heads = [line for line in console.export_text().splitlines() if line.startswith("Item ")]
    assert [head.split() for head in heads] == [["Item", "Difficulty", "Discrimination", "Right", "Answers"]]


def test_names_are_escaped(evil: IrtReport) -> None:
    page = render_irt_page(evil, title=EVIL)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_is_quiet_and_fits(evil: IrtReport, browser: "Browser", width: int, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_irt_page(path, evil, title=EVIL)
    page, heard = browser.new_page(viewport={"width": width, "height": 800}), list[str]()
    page.on("console", lambda message: heard.append(message.text))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(SMALLEST_WORDS) >= 9  # pixels
    page.close()


def test_the_map_draws_every_solver_once(found: IrtReport) -> None:
    page = render_irt_page(found, title="t")
    assert page.count('class="mark own"') == len(found.abilities)
    assert np.isfinite([one.value for one in found.abilities.values()]).all()
