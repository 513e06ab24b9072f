"""The page: nothing in it loads or runs, nothing that others wrote becomes markup, and every number is the report's."""

import base64
import dataclasses
import hashlib
import math
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from acidtest.report.page import render_page, write_page
from acidtest.report.panels import all_solvers, detailed_sets, synthetic_sets
from acidtest.report.samples import Sample
from acidtest.report.words import STATISTICS
from acidtest.stats.estimate import Estimate
from acidtest.types import FidelityReport, Verdict
from report_example import LLAMA, NO_WORTH, SMOL, example, large, minimal, samples

VOID = {"meta", "br"}
SVG = {"svg", "title", "desc", "g", "line", "circle", "rect", "polygon", "path", "text"}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]><svg/onload=alert(1)>",
    "</title></style></svg><b>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;i&gt; &amp; &#60;",
    "javascript:alert(1)",
    "\u202egnp.exe",
)


class Page(HTMLParser):
    """The elements of a page in order, each with the text that stands in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.by_tag: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.by_tag.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)
        if self.open:
            self.by_tag[self.open[-1]][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def render(report: FidelityReport) -> str:
    return render_page(report, title="A study", samples=samples(), notes=("A note.",))


def renamed(report: FidelityReport, old: str, new: str) -> FidelityReport:
    """Give a solver, set or generator another name, everywhere."""

    def rename(value: object) -> object:
        if isinstance(value, dict):
            return {(new if key == old else key): rename(inner) for key, inner in value.items()}
        if isinstance(value, tuple):
            return tuple(rename(inner) for inner in value)
        return new if value == old else value

    fields = {f.name: rename(getattr(report, f.name)) for f in dataclasses.fields(report)}
    return FidelityReport(**fields)  # type: ignore[arg-type]  # the same fields, only renamed


def estimates(report: FidelityReport) -> Iterator[float]:
    """Every number of a report that has a place of its own on the page."""
    tables = (*report.fidelity.values(), *report.ensemble.values(), *report.scores.values(), *report.combined.values())
    yield from (estimate.value for table in tables for estimate in table.values())
    yield from (e.true for table in report.fidelity.values() for s, e in table.items() if "ceiling" not in s)
    yield from (rate for table in report.failure_rate.values() for rate in table.values())
    for bias in report.bias_factor.values():
        yield from (bias.estimate.value, bias.own_excess.value)


@pytest.mark.parametrize("report", [example(), minimal(), large(30, 2)], ids=["example", "minimal", "large"])
def test_every_number_of_the_report_is_on_the_page_with_all_its_digits(report: FidelityReport) -> None:
    page = Page(render(report))
    shown = {attrs["value"] for tag, attrs in page.elements if tag == "data"}
    wanted = {repr(x) for x in estimates(report) if not math.isnan(x)}
    assert wanted == shown


@pytest.mark.parametrize("report", [example(), minimal(), large(30, 2)], ids=["example", "minimal", "large"])
def test_what_is_read_is_the_number_to_its_last_shown_digit(report: FidelityReport) -> None:
    page = Page(render(report))
    values = [float(attrs["value"] or "nan") for tag, attrs in page.elements if tag == "data"]
    assert len(values) == len(page.by_tag["data"]) > 0
    for value, text in zip(values, page.by_tag["data"], strict=True):
        plain = text.replace("\N{MINUS SIGN}", "-").replace("+", "").replace(",", "")
        scale = 100 if plain.endswith(" %") else 1
        plain = plain.removesuffix(" %")
        half = 0.5 * 10.0 ** -len(plain.partition(".")[2])
        assert abs(float(plain) - scale * value) <= half * 1.000001, text
        assert (float(plain) == 0) <= (abs(value) < 1e-9), "only a true zero reads as zero"


@pytest.mark.parametrize("report", [example(), minimal(), large(100, 8)], ids=["example", "minimal", "large"])
def test_every_solver_set_and_statistic_is_named(report: FidelityReport) -> None:
    page = Page(render(report))
    for name in (*all_solvers(report), *synthetic_sets(report), report.real, *report.bias_factor):
        assert name in page.by_tag["bdi"], name
    for statistic in {s for table in report.fidelity.values() for s in table}:
        assert "ceiling" in statistic or STATISTICS[statistic].name in page.text


def test_verdicts_stand_first_with_why_and_what_would_settle_them() -> None:
    report = example()
    page = Page(render(report))
    places = [
        page.text.index(part)
        for part in ("believe one for the numbers", "At a glance", "Scores differ by 0.11", "SRCC")
    ]
    assert places == sorted(places)
    for table in report.verdict.values():
        for verdict in table.values():
            assert verdict.because in page.text
            assert verdict.settle in page.text


def test_sets_of_which_the_same_is_said_share_a_card() -> None:
    html = render_page(large(6, 6), title="x")  # verdicts and worth of three kinds, each twice
    assert html.count("<article") == 3
    first = re.search(r'<h3 id="card-1">(.*?)</h3>', html)
    assert first is not None
    assert Page(first[0]).text == "generator-0.strategy_number_0, generator-3.strategy_number_3"


def test_very_many_sets_are_one_line_each_but_for_the_first() -> None:
    """As many as the largest table known: 338 solvers, 212 sets. JSON holds what the page leaves out."""
    report = dataclasses.replace(large(338, 212), bias_factor={})
    before = time.process_time()
    html = render_page(report, title="x")
    assert time.process_time() - before < 10
    assert len(html.encode()) < 5_000_000
    tables = re.findall(r'<table class="glance">.*?</table>', html, re.DOTALL)
    rows = [row for table in tables for row in table.split("<tr>")[2:]]
    assert len(rows) == 212
    for row, of in zip(rows, report.fidelity.values(), strict=True):
        assert repr(of["srcc"].value) in row
    assert ["#set-" in row for row in rows] == [True] * 15 + [False] * 197
    assert html.count('<section class="set"') == 15
    assert len(detailed_sets(large(40, 212))) == 24
    said = "The first 15 of 212 sets are shown in full, the others in one line each; --json holds everything."
    assert html.count(said) == 3
    assert "Drawn: the first 156 of 338 solvers." in html


def test_not_known_is_said_with_its_reason_and_never_zero() -> None:
    html = render_page(minimal(), title="x")
    rows = re.findall(r"<tr>.*?</tr>", html, re.DOTALL)
    srcc = next(row for row in rows if "SRCC" in row)
    assert "not known" in srcc
    assert "<data" not in srcc
    (note,) = re.findall(r'<sup class="mark-note">(\d)</sup>', srcc)
    notes = re.findall(r"<li>(.*?)</li>", html[html.index('<ol class="footnotes"') :])
    assert notes[int(note) - 1] == "two solvers have no rank correlation to speak of"
    assert "nan" not in Page(html).text.lower().split()
    assert NO_WORTH in Page(render(example())).text


def test_a_number_that_is_not_known_and_warns_of_nothing_shows_how_it_would_be_made() -> None:
    silent = Estimate(value=math.nan, n=3, method="needs two generators at least")
    report = dataclasses.replace(minimal(), fidelity={"made_up": {"srcc": silent}})
    assert silent.method in render_page(report, title="x").split('<ol class="footnotes"')[1]


def test_verdicts_that_say_the_same_are_said_once() -> None:
    told = Verdict(decision="INCONCLUSIVE", because="No items are known.", settle="Give items.")
    report = dataclasses.replace(minimal(), verdict={"made_up": dict.fromkeys(("score", "rank", "choose"), told)})
    text = Page(render_page(report, title="x")).text
    assert text.count(told.because) == 1
    assert "Believe the numbers, believe the order, pick the best by it" in text
    assert text.startswith("x · acidtest Skip to the verdict acidtest x Whether the synthetic set")


def test_solvers_that_answered_only_one_of_the_sets_are_named_with_the_reason() -> None:
    html = render(example())
    left_out = html[html.index('class="left-out"') :][:600]
    assert "smollm2-135m" in left_out
    assert example().left_out[LLAMA]["smollm2-135m"] in left_out


def test_the_policy_allows_one_style_sheet_and_nothing_else() -> None:
    html = render(example())
    page = Page(html)
    (policy,) = (a["content"] or "" for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert html.index("Content-Security-Policy") < html.index("<style>")


@pytest.mark.parametrize("report", [example(), minimal()], ids=["example", "minimal"])
def test_nothing_loads_and_nothing_runs(report: FidelityReport) -> None:
    html = render(report)
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "image", "use", "iframe", "object", "embed", "form", "input", "base"}
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"style", "src", "srcset", "xlink:href"}, (tag, name)
            assert name != "href" or (value or "").startswith("#"), (tag, value)
    assert not re.search(r"url\(|@import|https?://", html)
    targets = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {(a["href"] or "")[1:] for t, a in page.elements if t == "a"} <= targets
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 10_000, "\x00\x1b[31m\ud800\ufffe"], ids=range(len(HOSTILE) + 2))
def test_what_others_wrote_never_becomes_markup(text: str) -> None:
    solver, name = example().models[1], f"{text} "
    report = renamed(renamed(example(), SMOL, f"{name}set"), solver, f"{name}solver")
    report = dataclasses.replace(report, metric=name, warnings=(text,), real=report.real)
    told = Verdict(decision="NO-GO", because=text, settle=text)
    report = dataclasses.replace(report, verdict={**report.verdict, f"{name}set": {"score": told}})
    shown = (Sample(benchmark=f"{name}set", kind="synthetic", target=text, text=text),)
    harmless_report = dataclasses.replace(
        renamed(example(), SMOL, "other"), verdict={**example().verdict, "other": {"score": told}}
    )
    harmless_sample = Sample(benchmark="other", kind="synthetic", target="t", text="x")
    plain = render_page(harmless_report, title="t", samples=(harmless_sample,), notes=("n",))
    html = render_page(report, title=name, samples=shown, notes=(text,))
    page, harmless = Page(html), Page(plain)
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in harmless.elements}
    attributes = {(tag, name) for tag, attrs in page.elements for name in attrs}
    assert attributes <= {(tag, name) for tag, attrs in harmless.elements for name in attrs}
    html.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", html)
    if text.isprintable() and len(text) < 100:
        assert " ".join(text.split()) in page.text


def test_long_texts_are_cut_and_say_so() -> None:
    sample = Sample(benchmark="real", kind="real", target="t", text="word " * 10_000)
    html = render_page(minimal(), title="x", samples=(sample,))
    assert "50,000 characters in all" in html
    assert len(html) < len(render_page(minimal(), title="x")) + 4_000


@pytest.mark.parametrize("report", [example(), minimal("<a&b>"), large(40, 3)], ids=["example", "hostile", "large"])
def test_charts_are_well_formed_named_and_described(report: FidelityReport) -> None:
    charts = re.findall(r"<svg.*?</svg>", render(report), re.DOTALL)
    assert charts
    for chart in charts:
        root = ET.fromstring(chart)  # noqa: S314 - our own output
        assert {element.tag for element in root.iter()} <= SVG
        title, description = root[0], root[1]
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert title.text
        assert description.text
        numbers = [x for e in root.iter() for k in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy") if (x := e.get(k))]
        assert all(math.isfinite(float(x)) for x in numbers)


def test_the_same_report_gives_the_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib; from report_example import example, samples; from acidtest.report.page import render_page;"
        "print(hashlib.sha256(render_page(example(), title='t', samples=samples()).encode()).hexdigest())"
    )
    folder = str(Path(__file__).parents[1])
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": folder},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = hashlib.sha256(render_page(example(), title="t", samples=samples()).encode()).hexdigest()
    assert found == {f"{here}\n"}


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_page(path, example(), title="A study", samples=samples(), notes=("A note.",))
    assert path.read_bytes() == render(example()).encode("utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_a_report_without_synthetic_sets_or_solvers_still_has_a_page() -> None:
    nothing = FidelityReport(
        real="gold", metric="m", level=0.95, models=(), fidelity={}, bias_factor={}, ensemble={}, verdict={},
        scores={}, failure_rate={}, order_test={}, left_out={}, generators={}, items={},
    )  # fmt: skip
    assert "There is no synthetic set to judge." in Page(render_page(nothing, title="x")).text
    bare = dataclasses.replace(nothing, verdict={"s": {}})
    assert "No verdict was asked for." in Page(render_page(bare, title="x")).text
