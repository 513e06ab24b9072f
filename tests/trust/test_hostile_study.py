"""A whole study of hostile names, items and answers: nothing reaches the terminal, leaves the folder or is obeyed."""

import csv
import json
import os
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acidtest.compare.contract import read
from acidtest.data.run_folder import RunFolder
from acidtest.evaluate.record import read_responses
from acidtest.registry import names
from review.running import served_review
from review.test_review_browser import Seen
from trust.fuzz.hostile_study import ITEMS, LABELS, MODELS, REAL, HostileStudy, Said, hostile_server
from trust.fuzz.texts import ALL, BEACON, HTML

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("hostile_study")
ABOUT_TERMINALS = (b"\x1b]", b"\x1b[2J", b"\x1bP", b"\xc2\x9b", b"\x07", b"\x08", b"\x7f", b"\x00")
ALIVE = """() => [...document.querySelectorAll('script:not([src]), iframe, object, embed, base, link, img, form,' +
  'animate, foreignObject, meta[http-equiv="refresh"], [style*="url("]')]
  .concat([...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on') ||
    (['href', 'src', 'xlink:href', 'action'].includes(a.name) && !/^#/.test(a.value)))))
  .map(e => e.outerHTML.slice(0, 160))"""
"""What in a page of ours would run, load or lead away: there is none in it, whatever the texts."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostileStudy, Said]]:
    made = HostileStudy(tmp_path_factory.mktemp("hostile"))
    with hostile_server() as server:
        made.write(server.url)
        yield made, made.say("run", "study.yaml", "-o", "run")


def test_a_run_says_it_without_control_characters_and_stays_in_its_folder(study: tuple[HostileStudy, Said]) -> None:
    made, said = study
    assert said.code == 0, said.out.decode("utf-8", "replace")[-2000:]
    assert said.controls() == []
    assert made.escaped() == []
    found = [path for path in made.folder.rglob("*") if "pwned" in path.name and "/" in str(path)]
    assert {path.parent.name for path in found} <= {"synthetic", "responses", "ratings", *(p.name for p in found)}
    assert max(len(path.name.encode()) for path in made.folder.rglob("*")) <= 200
    assert sum(path.stat().st_size for path in made.folder.rglob("*") if path.is_file()) < 5_000_000


def test_hostile_answers_are_scored_as_texts(study: tuple[HostileStudy, Said]) -> None:
    """By construction: 'good' always says the label, 'odd' beside odd letters, 'liar' never, 'huge' all but once."""
    made, _ = study
    folder = RunFolder(made.folder / "run")
    report = read(folder.fidelity)
    scores = report.scores[REAL]
    assert scores[MODELS["good"]].value == 1.0
    assert scores[MODELS["odd"]].value == 1.0
    assert scores[MODELS["liar"]].value == 0.0
    assert report.failure_rate[REAL][MODELS["liar"]] == 1.0
    huge = list(read_responses(folder.responses(REAL, MODELS["huge"])).each())
    assert sum(one.error is not None for one in huge) == 1
    assert sum(one.text in LABELS for one in huge) == ITEMS - 1
    told = {one.text for one in read_responses(folder.responses(REAL, MODELS["liar"])).each()}
    assert len(told & set(ALL)) >= ITEMS * 2 // 3  # the raw text is kept as it came; line ends and the like included


COMMANDS = {
    "report": ("report", "run"),
    "audit": ("audit", "run/scores.parquet", "--real", REAL, "--html", "audit.html"),
    "audit as JSON": ("audit", "run/scores.parquet", "--real", REAL, "--json", "-"),
    "audit of no such set": ("audit", "run/scores.parquet", "--real", HTML[0] + "\x1b]0;x\x07"),
    "irt": ("irt", "run/scores.parquet", "--html", "irt.html", "--bank", "calibrated.csv"),
    "irt with texts": (
        *("irt", "run/scores.parquet", "--real", REAL, "--flaws", "--texts", "real.jsonl", "--bank", "again.csv"),
    ),
    "lab": ("lab", "study.yaml", "--prompts", "v1,mine.v1.md", "--items", "3", "-o", "lab"),
    "levels": ("levels", "study.yaml", "--items", "1", "-o", "levels"),
    "harder": ("harder", "study.yaml", "--rounds", "2", "-o", "harder"),
    "adaptive": ("run", "study.yaml", "-o", "adaptive", "--adaptive", "5", "--bank", "bank.csv"),
    "adapt": ("adapt", "run/scores.parquet", "--benchmark", REAL, "--items", "5"),
    "plan": ("plan", "run/scores.parquet", "--real", REAL, "--quick", "--rounds", "4"),
    "shard": ("evaluate", "run", "--shard", "1/2", "-o", "shard"),
    "merge": ("merge", "shard", "-o", "whole"),
    "validity": ("validity", "run"),
    "dry run": ("run", "study.yaml", "--dry-run"),
    "import": ("import", "tidy.csv", "-o", "tidy.parquet"),
    "import of no log": ("import", "real.jsonl", "-o", "real.parquet"),
    "no such file": ("audit", "\x1b]0;pwned\x07<script>.csv", "--real", "\x1b[31mx"),
    "no such command": ("\x1b]0;pwned\x07",),
    **{f"export to {tool}": ("export", "run", "--to", tool, "-o", f"out.{tool}") for tool in names("export")},
}
QUICK = {
    *("report", "audit", "audit as JSON", "no such file", "validity", "export to hf", "import"),
    *("lab", "levels", "adaptive"),
}
"""Those of `make test`; `make fuzz` tries all."""

TRIED = [name for name in COMMANDS if name in QUICK or "ACIDTEST_FUZZ_ROUNDS" in os.environ]
WRONG = {"audit of no such set", "import of no log", "no such file", "no such command"} | {
    "harder",  # the writer's second texts are its first ones again
    "adapt",  # five solvers are too few
    "merge",  # of two shards there is one
}


@pytest.mark.parametrize("name", TRIED)
def test_a_command_says_it_without_control_characters(study: tuple[HostileStudy, Said], name: str) -> None:
    made, _ = study
    if name == "adaptive":
        made.write_bank()
    with (made.folder / "tidy.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["benchmark", "model", "item", "score"])
        rows.writerows([REAL.replace("\x07", ""), text.replace("\0", ""), text, 1] for text in ALL)
    said = made.say(*COMMANDS[name])
    assert said.controls() == []
    assert made.escaped() == []
    assert b"Traceback" not in said.out
    assert said.code == (2 if name in WRONG else 0), said.out.decode("utf-8", "replace")[-2000:]


def test_nothing_but_our_own_colours_reaches_a_terminal(study: tuple[HostileStudy, Said]) -> None:
    made, _ = study
    for command in (("run", "study.yaml", "-o", "run"), COMMANDS["audit of no such set"]):
        found = made.say_to_terminal(*command)
        assert found
        assert [bad for bad in ABOUT_TERMINALS if bad in found] == []


def test_exported_files_hold_texts_and_no_code(study: tuple[HostileStudy, Said]) -> None:
    """Python files that an export writes are the same for any texts; items stand in data files alone."""
    made, _ = study
    for folder in sorted(made.folder.glob("out.*")):
        for path in folder.rglob("*"):
            if path.suffix in (".py", ".cjs", ".js", ".yaml", ".yml"):
                text = path.read_text("utf-8")
                assert not any(line.strip() in text for line in HTML), path
                assert "{{7*7}}{% include" not in text, path


def pages(made: HostileStudy) -> dict[str, Path]:
    """Return the pages that are made of the study, the ones that notebooks and hubs show put into bare ones."""
    from markdown_it import MarkdownIt

    from acidtest.frames.open_run import open_run
    from acidtest.report.report_card import report_html

    for name, file in (("audit", "audit.html"), ("irt", "irt.html"), ("export to hf", "out.hf")):
        assert name not in TRIED or (made.folder / file).exists() or made.say(*COMMANDS[name]).code == 0
    bare = "<!doctype html><html><head><meta charset=utf-8><title>t</title></head><body>{}</body></html>"
    run = made.folder / "run"
    cards = {
        "notebook": report_html(read(RunFolder(run).fidelity)),
        "opened": open_run(run)._repr_html_(),
        "dataset": MarkdownIt("commonmark").render(
            (made.folder / "out.hf" / "README.md").read_text("utf-8").split("---\n", 2)[2]
        ),
    }
    for name, card in cards.items():
        (made.folder / f"{name}.html").write_text(bare.replace("{}", card), "utf-8")
    return {
        "report": run / "report.html",
        **{name: made.folder / f"{name}.html" for name in ("audit", *(["irt"] if "irt" in TRIED else []), *cards)},
    }


def heard_of(page: Any, path: Path) -> list[str]:
    """Return the list that will hold all that a page complains about, asks people, or asks for."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
    return heard


@pytest.mark.long
def test_a_page_that_lets_texts_through_would_be_seen(browser: "Browser", tmp_path: Path) -> None:
    """Each text of HTML, as it is, in a page of its own: what is looked for below is found there."""
    for number, text in enumerate(HTML[:10]):
        path = tmp_path / f"{number}.html"
        path.write_text(f"<!doctype html><meta charset=utf-8><p>{text}</p>", "utf-8")
        page = browser.new_page()
        heard = heard_of(page, path)
        page.goto(path.as_uri(), wait_until="commit")
        for _ in range(40):
            page.wait_for_timeout(50)
            if heard:
                break
        assert heard or page.evaluate(ALIVE), text
        page.close()


def test_no_page_runs_loads_or_leads_away(study: tuple[HostileStudy, Said], browser: "Browser") -> None:
    made, _ = study
    for name, path in pages(made).items():
        page = browser.new_page()
        heard = heard_of(page, path)
        page.goto(path.as_uri())
        title = page.title()
        for link in page.query_selector_all("a, summary, button")[:60]:
            link.dispatch_event("click")
        page.wait_for_timeout(100)
        assert heard == [], name
        assert page.evaluate("window.pwned") is None, name
        assert page.title() == title, name
        assert page.url.split("#")[0] == path.as_uri(), name
        assert page.evaluate(ALIVE) == [], name
        assert json.dumps(BEACON)[1:-1] in page.content() or name == "irt", name  # the texts are there: it is tried
        page.close()


OF_OTHERS = """own => [...document.querySelectorAll('*')].filter(e => e.tagName === 'SCRIPT' && !e.src ||
  ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'IMG', 'foreignObject', 'animate'].includes(e.tagName) ||
  [...e.attributes].some(a => a.name.startsWith('on') ||
    a.value.includes('pwned') && !['value', 'content'].includes(a.name) ||
    ['href', 'src', 'xlink:href', 'action', 'formaction', 'data', 'hx-get', 'hx-post'].includes(a.name) &&
      !new URL(a.value, document.baseURI).href.startsWith(own + '/')))
  .map(e => e.outerHTML.slice(0, 160))"""
"""What in a page of the review would run, load or lead elsewhere."""

NOTE = "\n".join(ALL).replace("\0", "")


def test_no_page_of_a_review_runs_loads_or_leads_away(study: tuple[HostileStudy, Said], browser: "Browser") -> None:
    """Two people rate with a hostile note, choose and answer; a third settles what they differ in; the owner looks."""
    made, _ = study
    with served_review(made.folder / "run", names=("ann", "bob", "cy")) as review:
        people = {name: Seen(browser, review, name) for name in ("ann", "bob", "cy", "owner")}

        def look(name: str, path: str) -> str:
            page = people[name].page
            page.goto(review.address + path)
            assert page.evaluate(OF_OTHERS, review.address) == [], path
            assert page.evaluate("window.pwned") is None
            assert "pwned" not in page.title()
            assert page.url == review.address + path
            return page.content()

        def rate(name: str, queue: str, mark: str) -> str:
            content, page = look(name, f"/queue/{queue}"), people[name].page
            for box in page.query_selector_all(f"form.work input[value={mark}]"):
                box.check()
            page.fill("#note", NOTE)
            with page.expect_response(lambda answer: answer.request.method == "POST"):
                page.press("#note", "Control+Enter")
            page.wait_for_function("() => !document.querySelector('form.htmx-request')")
            return content

        assert "wish" in rate("ann", "rate", "yes") + look("ann", "/queue/choose")
        assert "wish" in look("ann", "/queue/answer")
        rate("bob", "rate", "no")
        notes = rate("cy", "adjudicate", "yes")
        look("ann", "/")
        look("owner", "/progress")
        assert [(name, one.heard) for name, one in people.items() if one.heard] == []
    assert notes.count("Note of rater") == 2
    assert [text for text in HTML if escape(text, quote=False) not in notes] == []  # they were there: it was tried
