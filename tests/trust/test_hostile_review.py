"""The review's pages are built the same whatever items and notes say: a text never becomes a tag or attribute."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from review.browsing import Review
from review_plan import plan
from trust.fuzz.texts import ALL, HTML

PAGES = ("/", "/queue/rate", "/queue/choose", "/queue/answer", "/keys", "/progress")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Built(HTMLParser):
    """The kinds of elements that a page has: tag, names of attributes, and where links and forms lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.kinds: set[tuple[str, ...]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        leads = [
            re.sub(r"[0-9a-zA-Z_-]{8,}", "", value or "") for name, value in attrs if name in ("href", "src", "action")
        ]
        self.kinds.add((tag, *(name for name, _ in attrs), *leads))


def pages(folder: Path, text: str) -> dict[str, str]:
    """Return the pages of a review whose items, notes and answers are this text."""
    review = Review(folder, plan(text=text))
    found = {}
    for name in ("ann", "owner"):
        browser = review.browser(name)
        if name == "ann":
            assert browser.rate(note=text[:200]).status_code == 303
        for path in PAGES:
            found[f"{name} {path}"] = browser.get(path).text
    return found


@pytest.mark.parametrize("number", range(0, len(ALL), 4))
def test_pages_are_built_alike_whatever_the_texts(tmp_path: Path, number: int) -> None:
    text = "\n".join(ALL[number : number + 4])
    harmless = pages(tmp_path / "harmless", "One line.\nAnother line.\nAnd more.")
    for name, page in pages(tmp_path / "hostile", text).items():
        assert Built(page).kinds <= Built(harmless[name]).kinds, name
        assert not _CONTROL.search(page), name


def test_the_texts_are_shown(tmp_path: Path) -> None:
    """Else the pages above would show nothing; escaped, as a page shows what looks like its own tags."""
    shown = pages(tmp_path / "hostile", HTML[0])
    assert "&lt;script&gt;document.title" in "".join(shown.values())
