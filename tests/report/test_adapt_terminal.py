"""Small tests in a terminal: what stands on which line, at 80 columns and more."""

import io

import pytest
from rich.console import Console

from acidtest.report.adapt_terminal import headline, print_adapt
from acidtest.stats.estimate import Estimate
from acidtest.types.adapt import AdaptReport, ChosenItem, FormsReport, SmallTestResult


def estimate(value: float, wide: float = 0.02) -> Estimate:
    return Estimate(value=value, low=value - wide, high=value + wide, n=9, method="m")


def result(method: str, items: int, error: float) -> SmallTestResult:
    return SmallTestResult(
        method=method,
        items=items,
        error=estimate(error),
        kendall_tau=estimate(0.75),
        srcc=estimate(0.8),
        within=3 * error,
        coverage=estimate(0.9),
        random_items=2.4 * items,
        than_threefold=None,
    )


def report(**changed: object) -> AdaptReport:
    values: dict[str, object] = {
        "benchmark": "sums",
        "items": 800,
        "solvers": 51,
        "folds": 5,
        "repeats": 1,
        "families_whole": False,
        "level": 0.95,
        "results": (
            result("anchors by parameters, gp-IRT", 16, 0.0857),
            result("adaptive", 16, 0.05),
            result("anchors by parameters, gp-IRT", 50, 0.0257),
            result("adaptive", 50, 0.0206),
        ),
        "chosen": (),
        "predicted": {},
        "forms": None,
        "warnings": (),
    }
    return AdaptReport(**{**values, **changed})  # type: ignore[arg-type]  # as the class takes them


def printed(shown: AdaptReport, width: int) -> list[str]:
    out = io.StringIO()
    print_adapt(shown, console=Console(file=out, width=width, color_system=None))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_intervals_stand_whole_below_their_numbers_at_80_columns() -> None:
    lines = printed(report(), 80)
    assert max(map(len, lines)) <= 80
    row = next(i for i, line in enumerate(lines) if line.startswith("anchors"))
    assert lines[row].split() == ["anchors", "by", "parameters,", "gp-IRT", "8.57", "25.7", "0.75", "38"]
    assert lines[row + 1].split() == ["[6.57,", "10.57]", "[0.73,", "0.77]"]
    assert lines[row + 1].index("10.57]") + 6 == lines[row].index("8.57") + 4  # right ends below each other


def test_intervals_stand_beside_their_numbers_where_there_is_room() -> None:
    lines = printed(report(), 96)
    row = next(line for line in lines if line.startswith("adaptive"))
    assert row.split() == ["adaptive", "5.00", "[3.00,", "7.00]", "15.0", "0.75", "[0.73,", "0.77]", "38"]


def test_each_size_has_its_own_table_and_the_largest_its_sentence() -> None:
    lines = printed(report(), 80)
    assert [line for line in lines if line[:2] in ("16", "50") and line.endswith("items")] == ["16 items", "50 items"]
    assert headline(report()).startswith("50 items (adaptive) tell the score on all 800 of sums within 6.2 points")


def test_scores_of_new_solvers_alone() -> None:
    names = {f"solver {i}": estimate(0.5) for i in range(22)}
    names["\x1b[31m[bold]x[/bold]"] = estimate(0.5)
    shown = report(results=(), predicted=dict(reversed(names.items())))
    text = "\n".join(printed(shown, 80))
    assert "Scores on all 800 items of sums, foretold of 23 solvers." in text
    assert "\x1b" not in text
    assert "[bold]x[/bold]" in text
    assert "0.50 [0.48, 0.52]" in text
    assert "and 3 more: --json names all" in text
    assert "errs as much" not in text


@pytest.mark.parametrize(("to", "title"), [("", "2 parallel forms of 1 item"), ("real", "1 item of real, matched by")])
def test_forms(to: str, title: str) -> None:
    item = ChosenItem(benchmark="sums", item="a", weight=1.0, difficulty=0.0, discrimination=1.0)
    forms = FormsReport(
        forms=((item,), (item,)),
        matched_to=to,
        information_gap=0.013,
        random_information_gap=0.4,
        score_gap=0.012,
        random_score_gap=0.05,
        agreement=estimate(-0.4),
        random_agreement=estimate(0.6),
        difference=estimate(0.03),
        random_difference=estimate(0.06),
    )
    lines = printed(report(forms=forms), 80)
    assert max(map(len, lines)) <= 80
    assert any(line.startswith(title) for line in lines)
    assert any(line.split()[-2:] == ["1.3%", "40.0%"] for line in lines)
    assert any(line.split()[-2:] == ["1.20", "5.00"] for line in lines)
    correlation = next(i for i, line in enumerate(lines) if line.startswith("correlation"))
    assert lines[correlation].split()[-2:] == ["-0.40", "0.60"]
    assert lines[correlation + 1].split() == ["[-0.42,", "-0.38]", "[0.58,", "0.62]"]
