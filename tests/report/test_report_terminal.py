"""The terminal: verdict first, 80 columns, no colours in a file, nothing that others wrote is obeyed."""

import dataclasses
import io
import math
import re

import pytest
from rich.console import Console

from acidtest.report.terminal import print_report
from acidtest.report.words import STATISTICS, USES
from acidtest.stats.estimate import Estimate
from acidtest.types import FidelityReport, Use, Verdict
from report_example import SETS, example, large, minimal


def printed(report: FidelityReport, *, width: int = 80, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    print_report(report, console=console)
    return out.getvalue()


@pytest.mark.parametrize("report", [example(), minimal(), large(100, 8)], ids=["example", "minimal", "large"])
def test_it_fits_80_columns_without_an_escape(report: FidelityReport) -> None:
    text = printed(report)
    assert "\x1b" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_colours_stand_only_on_a_terminal() -> None:
    coloured = printed(example(), terminal=True)
    assert "\x1b[1;32mGO" in coloured
    assert "\x1b[1;31mNO-GO" in coloured


def test_verdicts_come_first_then_worth_then_statistics() -> None:
    text = printed(example())
    places = [text.index(part) for part in ("believe one", "NO-GO", "worth about 8.4 real labels", "SRCC", "Bias")]
    assert places == sorted(places)


def test_every_statistic_has_its_value_interval_and_true_number() -> None:
    lines = printed(example()).splitlines()
    for statistic, row in (
        ("SRCC", "SRCC 0.86 [0.71, 0.95] 0.91 0.98 [0.93, 1.00]"),
        ("Gap", "Gap -0.065 [-0.088, -0.041]"),
        ("MSPD", "MSPD 0.0119 [0.0078, 0.0163] 0.0113"),
        ("Worth for order", "Worth for order 41 [13, 96]"),
    ):
        assert row in {" ".join(line.split()) for line in lines}, statistic
    for name in STATISTICS:
        if "ceiling" not in name:
            assert sum(line.startswith(STATISTICS[name].name) for line in lines) >= len(SETS), name


def test_real_scores_stand_beside_those_that_a_set_helped() -> None:
    text = " ".join(printed(example(), width=120).split())
    start = text.index("Real scores, helped by the synthetic set")
    row = "tfidf_logreg 0.964 [0.939, 0.989] 0.960 [0.944, 0.974] 0.960 [0.944, 0.974]"
    assert row in text[start:]
    assert "700 real items tell as much for level as about 1,043 alone" in text[start:]
    assert "Real scores, helped" not in printed(minimal())


def test_what_is_not_known_is_said_with_its_reason() -> None:
    text = " ".join(printed(minimal()).split())
    assert "SRCC not known" in text
    assert "SRCC, Worth for level, Worth for order: two solvers have no rank correlation to speak of" in text
    assert "Its worth for level and for order is not known: two solvers have no" in text
    assert "could not be read not known: the scores do not say" in text


def test_what_every_set_warns_of_is_said_once() -> None:
    report = example()
    note = "intervals are over solvers alone"
    tables = {
        key: {s: dataclasses.replace(e, warnings=(note,)) for s, e in table.items()}
        for key, table in report.fidelity.items()
    }
    text = " ".join(printed(dataclasses.replace(report, fidelity=tables)).split())
    assert text.count(f"Regret of choosing, Worth for level, Worth for order: {note}") == 1
    assert text.index("Of every set:") < text.index(f"Worth for order: {note}")
    assert printed(report).count("an order of so few says little") == 1


def test_failures_biases_and_warnings_are_told() -> None:
    text = " ".join(printed(example()).split())
    assert "snips: smollm2-135m 8.5 %, qwen2.5-1.5b 1.4 %" in text
    assert "none; not known for llama3.2-3b" in text
    assert "smollm2-135m +0.143 [+0.098, +0.187] [+0.086, +0.199] +0.139 0.167" in text
    assert example().warnings[0] in text
    assert "smollm2-135m: it gave no score on this set" in text


@pytest.mark.parametrize(
    "name",
    ["[bold red]x[/bold red]", "[/]", "[link=https://a.example]b[/link]", ":smile:", "a\x1b]0;title\x07b", "\x9b31mx"],
)
def test_names_are_shown_and_not_obeyed(name: str) -> None:
    report = minimal(name)
    report = dataclasses.replace(report, warnings=(name,), generators={name: name})
    for terminal in (False, True):
        text = printed(report, terminal=terminal)
        assert "\x9b" not in text
        assert "\x07" not in text
        assert not re.search(r"\x1b(?!\[[0-9;]*m)", text), "only colours of our own"
        safe = re.sub(r"[\x00-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", name)
        assert safe in re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_console_that_knows_only_ascii_gets_ascii() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    print_report(minimal("größe\N{SNOWMAN}"), console=Console(file=out, width=80))
    out.flush()
    assert b"gr??e?" in raw.getvalue()


def test_many_solvers_are_cut_short_and_counted() -> None:
    text = printed(large(100, 2))
    assert "and 70 more solvers: --html and --json show all" in text
    assert "and 90 more" in text


def test_very_many_sets_fill_two_screens_and_say_where_the_rest_is() -> None:
    report = large(60, 212)
    text = printed(report, width=100)
    lines = text.splitlines()
    assert len(lines) <= 100
    assert max(len(line.rstrip()) for line in lines) <= 100
    assert sum(line.startswith("generator-") and " GO " in line for line in lines) == 30
    assert "and 182 more: --html and --json show all" in text
    assert "and 50 more solvers and 210 more sets: --html" in text
    assert "and 8 more generators: --html" in text
    row = next(" ".join(line.split()) for line in lines if line.startswith("generator-1.") and "INCONCLUSIVE" in line)
    assert "INCONCLUSIVE INCONCLUSIVE GO 0.81 0.98 188 56" in row
    assert "Pairwise agreement" not in text


def test_sets_of_which_all_is_said_alike_are_told_by_their_correlations() -> None:
    """Without items nobody has a ceiling: the interval stands beside SRCC instead."""
    report = large(12, 8)
    told = Verdict(decision="INCONCLUSIVE", because="No items are known.", settle="Give items.")
    silent = Estimate(value=math.nan, n=12, method="none", warnings=("no items",))
    tables = {
        key: {**of, **dict.fromkeys(("srcc_ceiling", "pairwise_ceiling", "worth_score", "worth_rank"), silent)}
        for key, of in report.fidelity.items()
    }
    verdict: dict[str, dict[Use, Verdict]] = {key: {use: told for use in USES} for key in tables}  # noqa: C420
    text = printed(dataclasses.replace(report, fidelity=tables, verdict=verdict))
    lines = text.splitlines()
    assert sum("0.86 [0.71, 0.95]" in line for line in lines) == 3
    assert not any("its ceiling" in line or "Worth for order" in line for line in lines)
    assert " ".join(text.split()).count("No items are known.") == 1


def test_what_a_set_adds_to_real_scores_is_shown_where_it_adds_anything() -> None:
    report = example()
    nothing = {
        key: {s: dataclasses.replace(e, value=700.0) for s, e in of.items()}
        for key, of in report.combined_items.items()
    }
    text = " ".join(printed(dataclasses.replace(report, combined_items=nothing), width=120).split())
    assert "700 real items tell no more than without it, for level and order" in text
    assert "real items alone" not in text
    assert "real items alone" in " ".join(printed(report, width=120).split())


def test_columns_that_nothing_stands_in_are_left_out() -> None:
    text = printed(minimal())
    assert "ceiling" not in text
    assert any(line.split() == ["seen"] for line in text.splitlines())
