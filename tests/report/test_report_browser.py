"""The page in a real browser: no complaint, no request, no overflow on a phone, no label over another."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acidtest.report.page import write_page
from acidtest.types import FidelityReport
from report_example import example, large, minimal, samples

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPORTS = {"example": example(), "minimal": minimal("<img src=x onerror=alert(1)>"), "large": large(100, 8)}

OVERFLOWING = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, svg, .skip') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
CLIPPED = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const edge = svg.getBoundingClientRect();
  const out = b => b.left < edge.left - 1 || b.right > edge.right + 1 || b.top < edge.top - 1;
  return [...svg.querySelectorAll('text')]
    .filter(t => out(t.getBoundingClientRect()) || t.getBoundingClientRect().bottom > edge.bottom + 1)
    .map(t => svg.querySelector('title').textContent + ': ' + t.textContent); })"""
OVERLAPPING = """() => [...document.querySelectorAll('.pair svg')].flatMap(svg => {
  const boxes = [...svg.querySelectorAll('.label')].map(t => [t.textContent, t.getBoundingClientRect()]);
  const across = (p, q) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2;
  const down = (p, q) => Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 3;
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([b, q]) => across(p, q) && down(p, q)).map(([b]) => a + ' | ' + b)); })"""
GROUNDS = """() => ['.deck', '.meaning', '.badge.go', '.badge.no-go', '.badge.open', '.span', '.mark-note', '.lead',
  '.footnotes', 'nav a', '.settle', '.t-above', '.t-below'].map(selector => {
    const words = document.querySelector(selector);
    const clear = e => getComputedStyle(e).backgroundColor === 'rgba(0, 0, 0, 0)';
    let ground = words;
    while (clear(ground)) ground = ground.parentElement;
    return [selector, getComputedStyle(words).color, getComputedStyle(ground).backgroundColor]; })"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("pages")
    for name, report in REPORTS.items():
        write_page(written / f"{name}.html", report, title=f"The {name} study", samples=samples(), notes=("A note.",))
    return written


def opened(browser: "Browser", path: Path, width: int, scheme: Any = "light") -> tuple[Any, list[str]]:
    """Open a page; return it with everything that it complained about or asked for."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    return page, heard


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [360, 1200])
def test_a_page_is_quiet_and_fits(browser: "Browser", folder: Path, name: str, width: int) -> None:
    page, heard = opened(browser, folder / f"{name}.html", width)
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(OVERLAPPING) == []
    page.close()


def test_the_style_sheet_is_applied_and_knows_the_dark(browser: "Browser", folder: Path) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page, heard = opened(browser, folder / "example.html", 800, scheme)
        assert heard == []
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert colours == ["rgb(251, 250, 247)", "rgb(21, 23, 26)"]  # --paper of the style sheet, light and dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(browser: "Browser", folder: Path, scheme: str) -> None:
    """Contrast of at least 4.5, as WCAG 2.2 AA asks of text; luminance as defined there."""
    page, _ = opened(browser, folder / "example.html", 1200, scheme)
    pairs = page.evaluate(GROUNDS)
    page.close()
    for selector, ink, ground in pairs:
        low, high = sorted((luminance(ink), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector


def luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_print_leaves_no_table_cut_off(browser: "Browser", folder: Path) -> None:
    page, _ = opened(browser, folder / "example.html", 700)  # about the width of A4 within its margins, in CSS pixels
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_reports_differ_so_that_these_tests_see_several_pages() -> None:
    assert all(isinstance(report, FidelityReport) for report in REPORTS.values())
    assert len({len(report.models) for report in REPORTS.values()}) == 3
