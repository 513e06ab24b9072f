"""Numbers, names and sentences as people read them."""

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.report import number
from acidtest.report.safe_text import clean, excerpt, fitted, name, width
from acidtest.report.statements import combined_sentence, headline_of, order_test_of, worth_sentence
from acidtest.report.words import STATISTICS, USES, in_order, words_of
from acidtest.stats.estimate import Estimate
from acidtest.types import Decision, OrderTest, Use, Verdict
from report_example import LLAMA, QWEN, SMOL, example


@pytest.mark.parametrize(
    ("x", "digits", "signed", "shown"),
    [
        (0.83333, 2, False, "0.83"),
        (-0.0312, 3, True, "\N{MINUS SIGN}0.031"),
        (0.0312, 3, True, "+0.031"),
        (0.0, 3, True, "0.000"),
        (0.00004, 2, False, "0.00004"),
        (1e-9, 2, False, "1e-09"),
        (math.inf, 2, False, "∞"),
        (math.nan, 2, True, "not known"),
    ],
)
def test_numbers_as_shown(x: float, digits: int, signed: bool, shown: str) -> None:  # noqa: FBT001 - a table's column
    assert number.number(x, digits, signed=signed) == shown


@settings(deadline=None, max_examples=60)  # other work on the machine must not fail a test
@given(st.floats(min_value=-1e6, max_value=1e6), st.integers(min_value=0, max_value=5))
def test_a_shown_number_is_the_number_to_half_its_last_digit(x: float, digits: int) -> None:
    text = number.number(x, digits).replace("\N{MINUS SIGN}", "-")
    assert (float(text) == 0) == (x == 0)
    if "e" not in text:
        assert abs(float(text) - x) <= 0.5 * 10.0 ** -len(text.partition(".")[2]) * (1 + 1e-9) + 1e-10


@pytest.mark.parametrize(
    ("n", "shown"),
    [(0, "0"), (1, "1"), (8.44, "8.4"), (0.02, "0.02"), (41.3, "41"), (12345.6, "12,346"), (math.inf, "∞")],
)
def test_counts_as_shown(n: float, shown: str) -> None:
    assert number.count(n) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (0.085, "8.5 %"), (1.0, "100.0 %"), (0.00001, "0.001 %"), (math.nan, "not known")],
)
def test_shares_as_shown(share: float, shown: str) -> None:
    assert number.percent(share) == shown


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (41.3, 12.7, 96.2, "This set is worth about 41 real labels for order [13, 96]."),
        (1.0, math.nan, math.nan, "This set is worth about 1 real label for order, interval not known."),
        (0.0, 0.0, 3.0, "This set is worth no real label for order [0, 3]."),
        (1312.7, 402.0, math.inf, "This set is worth about 1,313 real labels for order [402, ∞]."),
        (math.nan, math.nan, math.nan, "Its worth for order is not known: too few solvers"),
    ],
)
def test_worth_in_words(value: float, low: float, high: float, said: str) -> None:
    estimate = Estimate(value=value, low=low, high=high, n=9, method="m", warnings=("too few solvers",))
    assert worth_sentence(estimate, "order") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1043.4, "700 real items tell as much for level as about 1,043 alone"),
        (700.2, "700 real items tell no more for level than without it"),
        (655.0, "700 real items tell no more for level than without it"),
        (math.nan, "how much it helps for level is not known (nothing varies)"),
    ],
)
def test_help_in_words(value: float, said: str) -> None:
    level = Estimate(value=value, n=700, method="m", warnings=("nothing varies",))
    order = Estimate(value=2200.0, n=700, method="m")
    beside = "700 real items tell as much for order as about 2,200 alone"
    assert combined_sentence({"level": level, "order": order}, "fake") == f"With fake: {said}; {beside}."


def test_help_in_words_has_its_interval() -> None:
    order = Estimate(value=2200.0, low=650.0, high=4000.4, n=700, method="m")
    said = "With fake: 700 real items tell as much for order as about 2,200 [650, 4,000] alone."
    assert combined_sentence({"order": order}, "fake") == said


def test_headlines_say_what_to_believe() -> None:
    report = example()
    several = (
        "Of three synthetic sets, believe one for the numbers, one for the order, and all for picking the best solver."
    )
    assert headline_of(report, (SMOL, QWEN, LLAMA)) == several
    open_still = "Whether to believe its numbers is not settled. Whether to believe its order is not settled."
    assert headline_of(report, (QWEN,)) == f"{open_still} Pick the best solver by it."
    no = "Do not believe its numbers. Do not believe its order. Pick the best solver by it."
    assert headline_of(report, (SMOL,)) == no


def verdicts(*decisions: Decision) -> dict[Use, Verdict]:
    return {use: Verdict(decision=d, because="") for use, d in zip(USES, decisions, strict=True)}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            ("GO", "GO", "GO"),
            "The synthetic set can stand in for the real one: for its numbers, its order and its best",
        ),
        (("NO-GO", "NO-GO", "NO-GO"), "The synthetic set cannot stand in for the real one."),
        (("INCONCLUSIVE",) * 3, "Whether the synthetic set can stand in for the real one is not settled."),
    ],
)
def test_one_set_with_one_decision_needs_one_sentence(table: tuple[Decision, ...], said: str) -> None:
    report = dataclasses.replace(example(), verdict={SMOL: verdicts(*table)})
    assert headline_of(report, (SMOL,)).startswith(said)


def test_several_sets_of_which_none_is_believed() -> None:
    unsure = dict.fromkeys((SMOL, QWEN), verdicts("INCONCLUSIVE", "INCONCLUSIVE", "INCONCLUSIVE"))
    no = {**unsure, QWEN: verdicts("NO-GO", "NO-GO", "INCONCLUSIVE")}
    report = dataclasses.replace(example(), verdict=unsure)
    assert headline_of(report, (SMOL, QWEN)) == "Whether to believe any of the two synthetic sets is not settled."
    report = dataclasses.replace(example(), verdict=no)
    assert headline_of(report, (SMOL, QWEN)) == "None of the two synthetic sets has shown that it can be believed."
    assert headline_of(dataclasses.replace(report, verdict={}), (SMOL, QWEN)) == "No verdict was asked for."


def test_the_order_test_in_words() -> None:
    said = order_test_of(OrderTest(likelihood_ratio=9.31, limit=2.71, rejects=True))
    assert said == "Order test: no common order of solvers explains both sets (likelihood ratio 9.31, limit 2.71)."
    assert "can explain" in order_test_of(OrderTest(likelihood_ratio=1.0, limit=2.71, rejects=False))
    assert "not known" in order_test_of(OrderTest(likelihood_ratio=math.nan, limit=2.71, rejects=False))


@settings(deadline=None, max_examples=60)  # other work on the machine must not fail a test
@given(st.text(max_size=300))
def test_cleaned_text_holds_nothing_that_steers(text: str) -> None:
    shown = clean(text)
    shown.encode("utf-8")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2028\ufffe" for c in shown)
    assert clean(shown) == shown
    assert len(shown) == len(text)


@settings(deadline=None, max_examples=60)  # other work on the machine must not fail a test
@given(st.text(max_size=300), st.integers(min_value=8, max_value=80))
def test_names_are_bounded_and_never_empty(text: str, longest: int) -> None:
    assert 0 < len(name(text, longest)) <= max(longest, len("(no name)"))


def test_names_too_long_keep_both_ends() -> None:
    assert name("a" * 9_000 + "z") == "a" * 43 + "…" + "a" * 27 + "z"
    assert excerpt("x" * 2_000, 10) == "xxxxxxxxxx… (cut: 2,000 characters in all)"


def test_labels_keep_what_tells_names_apart() -> None:
    names = [f"mistralai/Mixtral-8x7B-Instruct-v0.{i}" for i in range(3)]
    labels = fitted(names, 9.0)
    assert len(set(labels.values())) == len(names)
    assert fitted(["org/model-1", "org/model-2"], 5.0) == {"org/model-1": "model-1", "org/model-2": "model-2"}
    assert fitted(["a/model-one-two", "b/model-one-two"], 5.0)["a/model-one-two"].startswith("a")


@settings(deadline=None, max_examples=60)  # other work on the machine must not fail a test
@given(st.lists(st.text(min_size=1, max_size=60), max_size=6), st.floats(min_value=5, max_value=20))
def test_labels_fit(names: list[str], ems: float) -> None:
    assert all(width(label) <= ems + 1 or len(label) <= 5 for label in fitted(names, ems).values())


def test_statistics_stand_in_one_order_and_unknown_ones_are_kept() -> None:
    assert in_order({"my_own", "srcc", "gap"}) == ["gap", "srcc", "my_own"]
    assert words_of("my_own").name == "my own"
    assert {words.ceiling for words in STATISTICS.values() if words.ceiling} <= set(STATISTICS)
