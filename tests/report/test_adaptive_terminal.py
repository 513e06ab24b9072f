"""The table of adaptive tests: what was asked, what is foretold; names cannot harm the terminal."""

import io
from dataclasses import replace

from rich.console import Console

from acidtest.compare.adaptive import AdaptiveBenchmark, AdaptiveReport, AdaptiveSolver
from acidtest.report.adaptive_terminal import print_adaptive
from acidtest.report.number import MINUS
from acidtest.stats.estimate import Estimate


def solver(score: float, *, asked: int, tested: bool) -> AdaptiveSolver:
    return AdaptiveSolver(
        asked=asked,
        tested=tested,
        ability=Estimate(value=-0.5, low=-1.0, high=0.0, n=asked, method="m"),
        score=Estimate(value=score, low=score - 0.1, high=score + 0.1, n=asked, method="m"),
        error=0.05,
        failure_rate=0.0,
        items=(),
    )


def printed(report: AdaptiveReport) -> str:
    out = io.StringIO()
    print_adaptive(report, console=Console(file=out, width=120, color_system=None))
    return out.getvalue()


REPORT = AdaptiveReport(
    metric="accuracy",
    level=0.95,
    bank_model="2pl",
    bank_solvers=40,
    benchmarks={
        "gsm": AdaptiveBenchmark(
            items=1319,
            uncalibrated=0,
            common=1e-5,
            solvers={"weak": solver(0.4, asked=50, tested=True), "strong": solver(0.8, asked=1319, tested=False)},
        )
    },
    warnings=("Mind the gap.",),
)


def test_the_best_stands_first_with_what_it_was_asked() -> None:
    lines = printed(REPORT).splitlines()
    assert lines[0] == "Adaptive tests: accuracy of the whole benchmark, 95% intervals"
    rows = [line.split() for line in lines]
    assert rows[2] == ["strong", "all", "1,319", "0.80", "[0.70,", "0.90]", f"{MINUS}0.50", f"[{MINUS}1.00,", "0.00]"]
    assert rows[3] == [
        "weak",
        "50",
        "of",
        "1,319",
        "0.40",
        "[0.30,",
        "0.50]",
        f"{MINUS}0.50",
        f"[{MINUS}1.00,",
        "0.00]",
    ]
    assert "1,269 calls were not needed." in lines  # 1,319 - 50
    assert lines[-1] == "- Mind the gap."


def test_names_are_shown_as_they_are() -> None:
    bad = "\x1b[31m[bold]x[/bold]\u202e"
    benchmark = replace(REPORT.benchmarks["gsm"], solvers={bad: solver(0.4, asked=50, tested=True)})
    text = printed(replace(REPORT, benchmarks={bad: benchmark}))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]x[/bold]" in text
