"""A notebook as people run it: a real kernel, in which an event loop runs, and its outputs in a real browser."""

import time
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import acidtest
from mock_study import content, write_study
from python_study import HOSTILE, study_values, write_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

SCRIPT = "<script>alert(1)</script>"
CELLS = (
    "import asyncio, acidtest\nasyncio.get_running_loop().is_running()",
    "study = acidtest.Study({values!r})\nstudy",
    "study.dry_run()",
    "report = study.run('run')\nreport",
    "study",
    "study.open()",
    "print(report)\nprint(study)\nprint(study.open())",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def outputs(folder: Path) -> list[list[Any]]:
    """The outputs of each cell, as the notebook keeps them."""
    import nbclient
    import nbformat

    write_items(folder)
    values = study_values() | {"study": HOSTILE, "description": f"{HOSTILE} {SCRIPT}"}
    values["synthetic"][0] |= {"name": SCRIPT, "generator": HOSTILE}
    v4: Any = nbformat.v4  # untyped
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell.format(values=values)) for cell in CELLS])
    with quiet_jupyter(folder):
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        )
        client.execute()
    return [cell.outputs for cell in notebook.cells]


@contextmanager
def quiet_jupyter(folder: Path) -> "Iterator[None]":
    """Keep what Jupyter and IPython write out of the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "ACIDTEST_CACHE"):
            patch.setenv(name, str(folder / name.lower()))
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("OPENAI_API_KEY", "mock-key")
        yield


def html_of(outputs: list[Any]) -> list[str]:
    return [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]


def test_a_study_runs_in_a_cell_where_an_event_loop_runs(outputs: list[list[Any]]) -> None:
    assert outputs[0][0]["data"]["text/plain"] == "True"
    *_, report = outputs[3]
    assert "<comparison: 3 solvers, real set 'real'>" in report["data"]["text/plain"]
    assert not [output for cell in outputs for output in cell if output["output_type"] == "error"]


class Parsed(HTMLParser):
    """Collects what a page says, and what in it could act."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.acting = "", list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "iframe", "link", "object", "embed", "form", "a", "base", "meta"):
            self.acting.append(tag)
        self.acting += [name for name, value in attrs if name.startswith("on") or "url(" in (value or "")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_outputs_show_what_they_stand_for_and_cannot_act(outputs: list[list[Any]]) -> None:
    shown = [Parsed(html) for cell in outputs for html in html_of(cell)]
    assert len(shown) == 6
    study, dry, progress, report, done, opened = (one.text for one in shown)
    assert [one.acting for one in shown] == [[]] * 6
    assert "<img src=x onerror=alert(1)>" in study  # as text, for which it was escaped
    assert SCRIPT in study
    assert "\x1b" not in "".join(one.text for one in shown)
    assert all(text in study for text in ("real.jsonl", "made.jsonl", "classic:keyword_rules"))
    assert "How far it is" not in study
    assert "0 calls" in dry
    assert "3 stages done" in progress
    assert "66 of 66" in progress
    assert all(text in report for text in ("Believe the numbers", "Gap", "SRCC", "Scores of all solvers", SCRIPT))
    assert "6 of 6" in done
    assert "Run run: done." in done
    assert "6 of 6" in opened


def test_the_report_holds_each_verdict_and_interval(outputs: list[list[Any]], folder: Path) -> None:
    report = acidtest.open_run(folder / "run").report()
    (*_, html) = html_of(outputs[3])
    gap = report.fidelity[SCRIPT]["gap"]
    assert f"[{gap.low:+.3f}, {gap.high:+.3f}]".replace("-", "\N{MINUS SIGN}") in Parsed(html).text
    for verdict in report.verdict[SCRIPT].values():
        assert f">{verdict.decision}</span>" in html
        assert verdict.because in Parsed(html).text


def test_plain_text_is_short_and_has_no_escape_sequences(outputs: list[list[Any]]) -> None:
    (printed,) = outputs[6]
    text = printed["text"]
    assert len(text.splitlines()) < 10
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [1000, 480])
def test_outputs_in_a_browser_do_nothing_and_stay_in_their_place(
    outputs: list[list[Any]], browser: "Browser", tmp_path: Path, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    path, heard = tmp_path / "outputs.html", list[str]()
    body = "".join(html for cell in outputs for html in html_of(cell))
    path.write_text(f"<!doctype html><meta charset=utf-8><p id=other>beside</p><div>{body}</div>", "utf-8")
    page.on("console", lambda message: heard.append(message.text))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    for summary in page.query_selector_all("summary"):
        summary.click()
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert page.evaluate("getComputedStyle(document.querySelector('.badge')).borderRadius") != "0px"
    assert page.evaluate("getComputedStyle(document.getElementById('other')).fontSize") == "16px"  # styled as before
    page.close()


def test_interrupting_the_kernel_stops_a_run_that_then_goes_on(mock_url: str, tmp_path: Path) -> None:
    from jupyter_client.manager import KernelManager

    text = (write_study(tmp_path / "study", mock_url)).read_text("utf-8").replace("connections: 4", "connections: 1")
    (tmp_path / "study" / "study.yaml").write_text(text, "utf-8")
    answers = tmp_path / "here" / "responses" / "real" / "good.jsonl"
    with quiet_jupyter(tmp_path):
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(cwd=str(tmp_path))
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            sent = client.execute("import acidtest; study = acidtest.Study('study/study.yaml'); study.run('here')")
            deadline = time.monotonic() + 60
            while not (answers.exists() and answers.stat().st_size) and time.monotonic() < deadline:
                time.sleep(0.005)
            manager.interrupt_kernel()
            stopped = client.get_shell_msg(timeout=60)
            while stopped["parent_header"]["msg_id"] != sent:
                stopped = client.get_shell_msg(timeout=60)
            assert stopped["content"]["ename"] == "KeyboardInterrupt"
            assert not (tmp_path / "here" / "fidelity.json").exists()
            kept = answers.read_bytes()
            told = client.execute_interactive("report = study.run('here')", timeout=120, output_hook=lambda _: None)
            assert told["content"]["status"] == "ok"
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        study = acidtest.Study(tmp_path / "study" / "study.yaml")
        study.run(tmp_path / "straight", reporter=acidtest.TerminalReporter())
    assert kept.count(b"\n") >= 1
    assert set(kept.splitlines()[:-1]) <= set(
        answers.read_bytes().splitlines()
    )  # what was answered was not asked again
    here, straight = content(tmp_path / "here"), content(tmp_path / "straight")
    assert here == straight
