"""Progress: bars that fit a terminal of 80 columns, plain lines elsewhere, several stages side by side."""

import io
import re
import time

import pytest
from rich.console import Console

from acidtest.cli.progress import TerminalReporter

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.mark.parametrize("width", [80, 120])
def test_a_bar_fits_in_one_line_with_all_its_numbers(width: int) -> None:
    screen = io.StringIO()
    reporter = TerminalReporter(Console(force_terminal=True, width=width, file=screen))
    with reporter.stage("a-model-with-a-long-name answers another-model.few_shot", 10_000) as progress:
        for _ in range(12):
            progress.advance(100, tokens=12_000, cost=0.031)
            time.sleep(0.02)
    lines = [ESCAPES.sub("", line).rstrip() for line in re.split(r"[\r\n]+", screen.getvalue())]
    last = [line for line in lines if line][-1]
    assert last.startswith("a-model-with")
    for part in ("1200/10000", "/s", "144.0k tokens", "$0.3720"):
        assert part in last
    assert re.search(r"\d+:\d\d$", last)


def test_stages_side_by_side_share_one_display() -> None:
    screen = io.StringIO()
    reporter = TerminalReporter(Console(force_terminal=True, width=100, file=screen))
    with reporter.stage("one", 2) as one, reporter.stage("two", 2) as two:
        one.advance()
        two.advance(2)
    text = ESCAPES.sub("", screen.getvalue())
    assert "1/2" in text
    assert "2/2" in text


def test_without_a_terminal_each_stage_leaves_one_line() -> None:
    log = io.StringIO()
    reporter = TerminalReporter(Console(force_terminal=False, width=80, file=log))
    with reporter.stage("x [bold]answers[/bold] y", 3) as progress:
        progress.advance(3, tokens=1234, cost=0.5)
    (line,) = log.getvalue().splitlines()
    assert line.startswith("x [bold]answers[/bold] y: 3 of 3 items, ")
    assert line.endswith("1,234 tokens, $0.5000")
    assert "\x1b" not in line


@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_cannot_steer_the_terminal(*, terminal: bool) -> None:
    screen = io.StringIO()
    reporter = TerminalReporter(Console(force_terminal=terminal, width=100, file=screen))
    hostile = "\x1b]0;title\x07\x1b[2J\u202e"
    with reporter.stage(f"{hostile} answers", 1) as progress:
        progress.advance()
    reporter.say(f"{hostile}\nfailed")
    text = screen.getvalue()
    assert "title" in text
    assert "\nfailed" in text
    for steering in ("\x1b]", "\x07", "\x1b[2J", "\u202e"):
        assert steering not in text
