"""Choices are read by letter or text, never guessed; what different words say is never merged into one answer."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.data.datasets.catalogue import load_dataset
from acidtest.tasks.stated_choice import ChoiceReader, Stated

CITIES = ("London", "Paris", "Rome", "None of the above")
READER = ChoiceReader(CITIES)


def said(text: str, choices: Sequence[str] = CITIES) -> list[str]:
    return ["".join(sorted(one)) for one in ChoiceReader(choices).stated(text)]


def letters_of(statements: Sequence[Stated]) -> set[str]:
    return {letter for statement in statements for letter in statement}


@pytest.mark.parametrize(
    "text",
    ["B", "b", "(B)", "B.", "**B**", "1. B", "B\n\nB", "B. Paris", "B) Paris", "B: Paris", "(B) Paris is the capital.",
     "Answer: B", "Answer: B.", "Answer:\n\nB. Paris", "**Answer: B) Paris**", "Final answer: B", "answer B",
     "The answer is B because Paris is the capital.", "The answer is (b).", "The correct option is B.", "Option: B",
     "The answer to this question is option B, not A.", "The answer is $\\boxed{B}$.", "\\boxed{\\text{B}}",
     "Option B is correct.", "So B is the best answer.", "Paris", "paris.", '"Paris"', "The answer is Paris.",
     "Answer: Paris, as London is elsewhere.", "B.\n\nLondon is not in France, and C is wrong.",
     "A. London\nB. Paris\nC. Rome\nD. None of the above\nAnswer: B", "b.", "b)", "Answer: b", "The answer is b.",
     "Option B", "It's B.", "So B", "I'd go with option B.", "It's Paris!", "Paris (B)", "B is right.",
     "A. London - not in France\nB. Paris - yes\nC. Rome - no\n\nThe answer is B."],
)  # fmt: skip
def test_one_choice_is_stated(text: str) -> None:
    assert said(text) == ["B"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "E", "Answer: E", "A cat sat.", "The answer is a dog.", "I think B", "The answer is not B.", "B, not A",
     "Option A is wrong.", "I would not choose option B.", "I don't think B is correct.", "B is correct?", "Not Paris",
     "London or so", "AB of C", "Ba", "The answer is Paris Hilton", "Answer: Bristol", "C'est la vie",
     "Is the answer B? No.", "The answer is (B)?", "The answer is Paris? No, Rome.", "Answer: b?", "Paris (C)",
     "A. London - not in France\nB. Paris - maybe\nC. Rome - no", "The answer is a good one.",
     "The capital is a place that A and B know.", "\u0412", "answer", "The answer is", "\\boxed{}", "()", "1", "0"],
)  # fmt: skip
def test_nothing_is_stated(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("A or B", ["AB"]),
        ("A\nC", ["AC"]),
        ("The answer is A or B.", ["AB"]),
        ("A. London?\nAnswer: B", ["A", "B"]),
        ("Answer: A\nAnswer: B", ["A", "B"]),
        ("Answer: B. Rome", ["BC"]),
        ("A: Paris", ["AB"]),
        ("The answer is B. No, the answer is C.", ["B", "C"]),
        ("\\boxed{A} and \\boxed{B}", ["A", "B"]),
        ("A is correct. B is correct.", ["A", "B"]),
    ],
)
def test_different_statements_are_all_told(text: str, stated: list[str]) -> None:
    assert said(text) == stated


@pytest.mark.parametrize(
    "text",
    ["A, C", "A and C", "AC", "A; C.", "A & C", '["A", "C"]', "- A\n- C", "A. London\nC. Rome", "London\nRome",
     "(A), (C)", "The answers are A and C.", "Answer: A, C", "The correct choices are (A) and (C), since both are far.",
     "Both A and C", "a, c", "A and C are correct.", "Options A and C", "The correct answers are:\n- A\n- C",
     "The right choices are:\n\nA. London\nC. Rome", "The answer is \\boxed{A, C}."],
)  # fmt: skip
def test_several_choices_in_one_statement(text: str) -> None:
    assert said(text) == ["AC"]


def test_texts_that_mean_something_else_are_not_cut_short() -> None:
    numbers = ("3", "4", "-3", "3.5")
    stated = {"3": ["A"], "-3": ["C"], "The answer is 3.5.": ["D"], "The answer is 3.": ["A"], "Answer: -3": ["C"]}
    for text, expected in stated.items():
        assert said(text, numbers) == expected
    for text in ("4.5", "Answer: 30", "Answer: 3%", "The answer is 3/4", "3.0", "33", "+3", "Answer: 3.51"):
        assert said(text, numbers) == []
    for text in ("Answer: C. -3\n\nNo other.", "Answer: C - -3", "Answer: C) -3.", "C. -3"):
        assert said(text, numbers) == ["C"]
    assert said("\u22123", numbers) == ["C"]
    assert said("- 3", numbers) == []  # a minus, or the mark of a list
    names = ("The Beatles", "Both A and C", "Queen", "One, two")
    for text, letter in (("The answer is The Beatles.", "A"), ("Both A and C", "B"), ("Answer: One, two.", "D")):
        assert said(text, names) == [letter]


def test_texts_that_two_choices_share_or_that_are_letters_say_nothing() -> None:
    assert said("Yes", ("Yes", "yes", "No")) == []
    assert said("No", ("Yes", "yes", "No")) == ["C"]
    assert said("B", ("B", "A")) == ["B"]  # the letter, as the prompt asks for
    assert said("Answer: A", ("B", "A")) == ["A"]
    blood = ("AB", "B", "A", "O")
    assert [said(text, blood) for text in ("O", "The answer is O.", "B", "AB")] == [["D"], ["D"], ["B"], ["A"]]
    assert said("Answer: x", ("x", "y", "z")) == ["A"]
    speeds = ("2c", "c", "0.8c", "0.5c")
    assert said("c", speeds) == []  # choice B's text, or choice C: nobody can tell
    assert said("C", speeds) == ["C"]
    assert said("b", speeds) == ["B"]


WORDS = st.sampled_from(
    ["A", "B", "C", "E", "a", "answer", "is", "the", "correct", "not", "or", "and", ":", ".", ",", "\n", "(", ")", "**",
     "London", "Paris", "Rome", "because", "\\boxed{", "}", '"', "-", "option", "I", "[", "]", "$"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200), st.lists(WORDS, max_size=25).map(" ".join), st.lists(WORDS, max_size=15).map("".join)
    )
)
def test_reading_never_raises_and_names_only_letters_that_occur(text: str) -> None:
    stated = READER.stated(text)
    assert letters_of(stated) <= set("ABCD")
    assert all(stated)
    low = text.casefold()
    for letter in letters_of(stated):
        assert letter.lower() in low or CITIES["ABCD".index(letter)].casefold() in " ".join(low.split())


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from("ABCD"),
    st.sampled_from(
        ["{}", "({})", "**{}**", "Answer: {}", "The answer is {}.", "{}.", "The answer is {} because it is."]
    ),
    st.text(" \n\t", max_size=3),
)
def test_a_stated_letter_is_read_in_any_wrapping(letter: str, wrapping: str, blank: str) -> None:
    assert said(blank + wrapping.format(letter) + blank) == [letter]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from("ABCD"), st.sampled_from("ABCD"), st.text("efgh .\n", max_size=40))
def test_two_letters_are_never_read_as_one(one: str, other: str, between: str) -> None:
    stated = said(f"The answer is {one}.\n{between}\nAnswer: {other}")
    assert stated[0] == one
    assert set("".join(stated)) >= {one, other}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.lists(st.text(max_size=30), min_size=2, max_size=5))
def test_any_choices_can_be_asked_for(text: str, choices: list[str]) -> None:
    for answer in (text, choices[0], f"Answer: {choices[-1]}"):
        assert letters_of(ChoiceReader(choices).stated(answer)) <= set("ABCDE"[: len(choices)])


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("answer " * 2_900, []),
        ("A\n" * 10_000, ["A"]),
        ("\\boxed{" * 2_800, []),
        ("B, " * 6_600, ["B"]),
        ("x" + " \n" * 9_990 + "y", []),
        ("answer is " + " " * 19_000, []),
        ("(" * 20_000, []),
        ("the answer is London " * 950, []),
        ("**" * 9_000 + "B", ["B"]),
        ("C. " + "Rome " * 3_990, ["C"]),
    ],
)
def test_texts_as_long_as_any_task_reads(text: str, stated: list[str]) -> None:
    """A search that ran away on one of them would take minutes here."""
    assert said(text) == stated


def test_choices_of_a_real_set_come_back_by_letter_and_by_text(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACIDTEST_DATA", str(real_data))
    forms = ("{0}", "({0})", "{0}. {1}", "The answer is {0} because of this.", "Answer: {0}. {1}", "{1}", "Answer: {1}")
    read: Counter[str] = Counter()
    for item in load_dataset("truthfulqa_mc", seed=1).items:
        reader = ChoiceReader(item.choices)
        for letter, choice in zip("ABCDEFGHIJKLM", item.choices, strict=False):
            for form in forms:
                stated = reader.stated(form.format(letter, choice))
                assert all(one == {letter} for one in stated), (form, item.id)  # never another choice
                read[form] += len(stated)
    assert set(read.values()) == {read["{0}"]}  # and never none
