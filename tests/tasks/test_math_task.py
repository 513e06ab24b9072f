"""Math: the final answer of a solution is read without guessing, gold answers and answers are compared in one form."""

import gzip
import json
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.data.datasets.catalogue import load_dataset
from acidtest.data.prompt_file import load_prompt
from acidtest.registry import get
from acidtest.stats.metric import METRICS
from acidtest.tasks.math import MathTask
from acidtest.tasks.number_reading import comparable, number_of, stated_answers
from acidtest.types import Answer, Item

TASK = MathTask()


def item_of(target: str | float = "42", question: str = "What is 6 times 7?", name: str = "1") -> Item:
    return Item(id=name, input={"question": question}, target=target)


ITEM = item_of()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", "42"),
        (" 42.\n", "42"),
        ("#### 42", "42"),
        ("6 * 7 = 42\n#### 42", "42"),
        ("The answer is 1,234.50.", "2469/2"),
        ("The final answer is: $x = 5$", "5"),
        ("**Answer:** $5", "5"),
        ("Answer: 12 apples", "12"),
        ("Answer:\n\n-8", "-8"),
        ("\u22123", "-3"),
        ("3/4", "3/4"),
        ("0.75", "3/4"),
        ("1 1/2", "3/2"),
        ("1\u00bd", "3/2"),
        ("12%", "12"),
        ("1.2e5", "120000"),
        ("1.2 \\times 10^{-1}", "3/25"),
        ("about 1.2 x 10^5 metres", "120000"),
        ("so \\boxed{\\dfrac{3}{4}}", "3/4"),
        ("\\boxed{\\text{5 cm}}", "5"),
        ("It is \\boxed{5}, that is \\boxed{5.0}.", "5"),
        ("3,\\!889,\\!620", "3889620"),
        ("So 3 + 4 = 7 apples.", "7"),
        ("First 3, then 4.\nOn the 13th day she has 12 apples.", "12"),
        ("<think>#### 1</think>#### 2", "2"),
        ("The answer is 9, no 8.\n#### 7", "7"),
        ("#### 2\\sqrt3", "2\\sqrt{3}"),
        ("\\boxed{\\{x : x > 2\\}}", "\\{x:x>2\\}"),
    ],
)
def test_a_stated_answer_is_read(text: str, value: str) -> None:
    assert TASK.read(text, ITEM) == Answer(value=value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "I do not know",
        "between 3 and 4",
        "He has 3 apples and 4 pears.",
        "The answer is 3 apples and 4 pears.",
        "The answer is 5. Wait, the answer is 6.",
        "#### 5\n#### 6",
        "\\boxed{5} or \\boxed{6}",
        "He came 3rd.",
        "First 3, then 4 come.",
        "\\boxed{",
    ],
)
def test_what_is_not_stated_once_is_unreadable_and_wrong(text: str) -> None:
    answer = TASK.read(text, ITEM)
    assert answer.problem
    assert answer.value is None
    assert TASK.score(ITEM, answer) == 0


@pytest.mark.parametrize(
    "text", ["1.234,50", "3,4", "1,23", "5:30", "3-4", "1/0", "10\u00b2", "3 4", "--3", "x2", "", "."]
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert number_of(text) is None


@settings(max_examples=200, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3))
def test_every_way_to_write_a_number_is_that_number(number: object) -> None:
    """The oracle is Fraction, which reads plain decimals exactly."""
    exact = Fraction(str(number))
    written = [
        f"{number}",
        f"{number:,}",
        f"${number:,}$",
        f"{number} %",
        f"\\frac{{{exact.numerator}}}{{{exact.denominator}}}",
    ]
    for text in [*written, f"{exact.numerator}/{exact.denominator}", f"{str(number).replace('-', chr(0x2212))}"]:
        assert number_of(text) == exact, text
        assert stated_answers(f"We add 1 and 2.\n#### {text}") == [str(exact)], text


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                ["####", "\\boxed{", "}", "answer is ", "1", ",", "/", "-", ".", "\\frac{", "e9", " ", "\n", "x", "="]
            ),
            max_size=40,
        ).map("".join),
    )
)
def test_reading_never_raises(text: str) -> None:
    answer = TASK.read(text, ITEM)
    assert bool(answer.problem) != isinstance(answer.value, str)
    comparable(text)


@pytest.mark.parametrize(
    "part",
    [
        "answer is ",
        "answer: 1 ",
        "\\boxed{",
        "#### ",
        "1,",
        "1" * 99,
        "\\text{",
        "=",
        "- ",
        "\\frac{1}{",
        "1e",
        " \n",
        "{",
    ],
)
def test_long_hostile_answers_cost_little(part: str) -> None:
    started = time.process_time()
    TASK.read(part * (60_000 // len(part)), ITEM)
    TASK.read(part * 40, ITEM)
    assert time.process_time() - started < 1.0  # a reader that backtracks would need minutes


def test_large_powers_cost_little_and_are_exact() -> None:
    assert number_of("1e999") == Fraction(10) ** 999
    assert number_of("1e1000") is None
    assert TASK.read("#### 1" + "0" * 5_000, ITEM).value != "1"


@pytest.mark.parametrize(
    "group",
    [
        ("1/2", "0.5", "\\frac{1}{2}", "\\dfrac12", "\\tfrac{1}{2}", "$\\frac{1}{2}$", "50/100"),
        ("0 or 4", "4 or 0", "0, 4", "0 \\text{ or } 4"),
        ("[0, 90^\\circ]", "[0,90]", "\\left[0,90\\right]"),
        ("x = \\sqrt{2}-1", "\\sqrt{2} - 1", "\\sqrt2-1"),
        ("+\\infty", "\\infty"),
        ("A, D, F, G", "G, F, D and A"),
        ("30^\\circ", "30"),
        ("not exist", "\\text{Not exist.}"),
    ],
)
def test_ways_to_write_one_answer_are_equal(group: tuple[str, ...]) -> None:
    assert len({comparable(answer) for answer in group}) == 1


def test_different_answers_stay_different() -> None:
    answers = (
        "(0,4)",
        "(4,0)",
        "[0,4]",
        "0",
        "4",
        "0 or 4",
        "2\\sqrt{3}",
        "3\\sqrt{2}",
        "2^3",
        "23",
        "-1",
        "1",
        "\\pm 1",
        "n+1",
    )
    assert len({comparable(answer) for answer in answers}) == len(answers)


def test_gold_answers_of_math_perturb_are_read_back_from_solutions(real_data: Path) -> None:
    """558 answers, a third of them LaTeX. All are read from marked solutions; alone, all but four plain words are."""
    rows = []
    for part in ("hard", "simple"):
        with gzip.open(real_data / f"math_perturb/{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows += [str(json.loads(line)["answer"]) for line in lines]
    assert len(rows) == 558
    for gold in rows:
        for form in (
            "So be it.\n#### {}",
            "Then \\boxed{{{}}}",
            "The answer is {}.",
            "1 and 2\nThe final answer is: ${}$",
        ):
            assert stated_answers(form.format(gold)) == [comparable(gold)], gold
    assert sum(stated_answers(gold) != [comparable(gold)] for gold in rows) == 4


@pytest.mark.parametrize("name", ["gsm8k", "svamp", "math_perturb"])
def test_every_item_of_the_real_sets_is_one_of_this_task(
    name: str, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACIDTEST_DATA", str(real_data))
    benchmark = load_dataset(name)
    assert benchmark.labels == ()
    assert not [item.id for item in (*benchmark.items, *benchmark.pool) if TASK.problem(item)]
    answers = [TASK.read(f"#### {item.target}", item) for item in benchmark.items]
    assert all(TASK.score(item, answer) for item, answer in zip(benchmark.items, answers, strict=True))


def test_problems_are_named() -> None:
    assert TASK.problem(ITEM) == ""
    assert TASK.problem(item_of(7)) == TASK.problem(item_of(0.5)) == ""
    assert TASK.problem(item_of(question=" ")) == "the question is empty"
    assert "neither a number nor a text" in TASK.problem(Item(id="1", input=ITEM.input, target=["4"]))
    assert "neither a number nor a text" in TASK.problem(Item(id="1", input=ITEM.input, target=True))
    assert "nothing to compare" in TASK.problem(item_of(" . "))
    assert "characters" in TASK.problem(item_of("1" * 500))
    assert "characters" in TASK.problem(item_of(question="x" * 30_000))


def test_metrics_are_means_over_items_and_over_bundles() -> None:
    items = [
        Item(id=f"{b}{e}", input=ITEM.input, target="42", bundle=b, edit=e) for b in "xyz" for e in ("hard", "simple")
    ]
    said = ["42", "42", "42", "41", None, "42"]
    answers = [None if text is None else TASK.read(text, ITEM) for text in said]
    assert TASK.sufficient("accuracy", items, answers)[:, 0].tolist() == pytest.approx(
        [1, 1, 1, 0, np.nan, 1], nan_ok=True
    )
    sums = TASK.sufficient("consistency", items, answers)
    assert sums[:4].tolist() == [[1, 1], [0, 0], [0, 1], [0, 0]]
    assert np.isnan(sums[4:]).all()
    finish = METRICS["consistency"].finish
    assert finish is not None
    assert finish(np.nansum(sums, axis=0), np.array(4.0)) == 0.5


def test_the_task_is_registered_and_answers_free() -> None:
    assert get("task", "math") is MathTask
    assert not MathTask.labelled
    assert TASK.metric().name == "accuracy"


@pytest.mark.parametrize("shots", [0, 2])
def test_prompts_show_examples_as_a_perfect_solver_answers(shots: int) -> None:
    examples = [item_of(k, f"What is {k}\n\nAnswer: 7?", str(k)) for k in range(shots)]
    chat = TASK.prompt(ITEM, examples, "chat")
    assert len(chat.messages) == 2 + 2 * shots
    assert chat.messages[-1] == ("user", "Problem: What is 6 times 7?")
    assert all(TASK.read(text, ITEM).value in ("0", "1") for role, text in chat.messages if role == "assistant")
    text = TASK.prompt(ITEM, examples, "completion")
    assert text.text.count("\n\n") == 1 + shots  # a question cannot fake a line of the prompt
    assert text.text.endswith("Problem: What is 6 times 7?\nAnswer:")
    assert text.stop == ("\n",)
    assert load_prompt("math.v1").reference == load_prompt("math").reference
