"""Reading: labels and texts are read without guessing; metrics are SQuAD's, DROP's, scikit-learn's and bundles'."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from sklearn.metrics import accuracy_score, f1_score

from acidtest.data.datasets.catalogue import load_dataset
from acidtest.data.gold_answers import gold_answers
from acidtest.errors import AcidtestError, StudyFileError
from acidtest.registry import get
from acidtest.stats.bundles import complete_bundles
from acidtest.stats.metric import METRICS
from acidtest.tasks.reading import ReadingTask, answer_text
from acidtest.types import Answer, Item
from scoring_peers import drop_utils, squad_metrics

LABELS = ("YES", "NO", "DON'T KNOW")
TASK = ReadingTask(LABELS)
FREE = ReadingTask()
INPUT = {"passage": "Rome fell in 476. Nobody saw it.", "question": "Did anybody see it?"}


def item_of(target: JsonValue = "NO", name: str = "1", **more: str) -> Item:
    return Item(id=name, input=INPUT, target=target, **more)


ITEM, SPAN = item_of(), item_of("Russia")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("NO", "NO"),
        (" no.\n", "NO"),
        ("**Yes**", "YES"),
        ("No, they did not.", "NO"),
        ("No. The passage says so.", "NO"),
        ("The answer is yes, because it says so.", "YES"),
        ("Answer: DON\u2019T KNOW", "DON'T KNOW"),
        ("Do not know", "DON'T KNOW"),
        ("I don't know.", "DON'T KNOW"),
        ("unknown", "DON'T KNOW"),
        ("Cannot be determined", "DON'T KNOW"),
        ("It cannot be determined from the passage.", "DON'T KNOW"),
        ("The passage doesn't say whether they did.", "DON'T KNOW"),
        ("<think>Yes? No.</think>Yes", "YES"),
        ("<think>Yes? No.</think>Well.\n<answer>Yes</answer>", "YES"),
        ("The passage doesn\u2019t say.", "DON'T KNOW"),
        ("The passage does not explicitly mention this.", "DON'T KNOW"),
        ("The passage does not provide enough information to tell.", "DON'T KNOW"),
        ("There is not enough information to answer this.", "DON'T KNOW"),
        ("We cannot know whether it was yes or no.", "DON'T KNOW"),
        ("Based on the passage, no.", "NO"),
        ("According to the text above, the answer is YES.", "YES"),
        ("$\\boxed{\\text{NO}}$", "NO"),
        ("No. Answer: No", "NO"),
        ("No.\nAnswer: NO", "NO"),
    ],
)
def test_a_stated_label_is_read(text: str, label: str) -> None:
    assert TASK.read(text, ITEM) == Answer(value=label)
    assert TASK.read(text, SPAN) == Answer(value=label)  # whatever the gold answer is


@pytest.mark.parametrize(
    "text",
    [
        *("", "\x00", "Nobody saw it.", "No one knows", "Yes or no", "yes, no", "YES/NO", "Not necessarily", "maybe"),
        *("Is the answer yes? No.", "The answer is yes? No.", "It is unclear, but probably yes.", "<think>It is. Yes."),
        *(
            "The passage does not say that he was there, so NO.",
            "It was not known for its wine. YES",
            "Yes. Answer: No",
        ),
        "I do not know much, but YES",
    ],
)
def test_what_states_no_label_once_is_unreadable_and_wrong(text: str) -> None:
    answer = TASK.read(text, ITEM)
    assert answer.problem
    assert answer.value is None
    assert TASK.score(ITEM, answer) == 0


def test_wordings_of_an_open_question_need_a_label_that_says_so() -> None:
    assert ReadingTask(["yes", "no"]).read("unknown", ITEM).problem
    assert ReadingTask(["true", "unanswerable"]).read("I do not know", item_of("true")).value == "unanswerable"
    two = ReadingTask(["unknown", "don't know", "yes"])
    assert [two.read(text, item_of("yes")).value for text in ("unknown", "Don't know.")] == ["unknown", "don't know"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Russia", "Russia"),
        ("  'Russia'\n", "Russia"),
        ("The answer is Russia.", "Russia."),
        ("Let me see.\n**Answer:** the Rams; the Bears", "the Rams; the Bears"),
        ("It fell in 476.", "It fell in 476."),
        ("Answer:\n\nRussia", "Russia"),
        ("Answer: Russia\nThe answer to the question is russia.", "Russia"),
        ("The answer is \u201cRussia\u201d.", "Russia"),
        ("It is \\boxed{Russia}", "It is Russia"),
        ("- the Rams\n- the Bears", "the Rams; the Bears"),
        ("The answer is:\n1. the Rams\n2. the Bears\n\nBoth won.", "the Rams; the Bears"),
    ],
)
def test_short_texts_are_read_where_the_gold_answer_is_one(text: str, value: str) -> None:
    assert FREE.read(text, SPAN) == Answer(value=value)
    assert TASK.read(text, SPAN) == Answer(value=value)


def test_words_are_right_for_their_bundle_from_an_f1_of_eight_tenths_on() -> None:
    """Two of three words: 2 P R / (P + R) = 4/5; four of seven: 8/11."""
    for said, gold, right in (("red fox", "red fox cubs", 1), ("a b1 c d", "b1 c d e f g h", 0)):
        pair = [item_of(gold, name, bundle="x") for name in "12"]
        sums = FREE.sufficient("consistency", pair, [FREE.read(text, pair[0]) for text in (said, gold)])
        assert sums.sum(axis=0).tolist() == [right, 1]


def test_two_texts_or_none_are_unreadable() -> None:
    assert FREE.read("Answer: Rome\nAnswer: Oslo", SPAN).problem == "states 2 different answers"
    assert FREE.read("Answer: 3\nAnswer: -3", SPAN).problem == "states 2 different answers"
    assert FREE.read(" \n**", SPAN).problem == "states no answer"


ANSWERISH = st.lists(
    st.sampled_from(
        [*LABELS, "answer is", "Answer:", "not", " ", "\n", '"', "'", ",", ";", "or", "it is", "known", "\ud800"]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), ANSWERISH))
def test_reading_never_raises(text: str) -> None:
    answer = TASK.read(text, ITEM)
    assert bool(answer.problem) != (answer.value in LABELS)
    for task, item in ((FREE, SPAN), (TASK, SPAN), (FREE, item_of(["a", "b"]))):
        answer = task.read(text, item)
        assert bool(answer.problem) != isinstance(answer.value, str)
        for metric in ("exact_match", "f1", "drop_em", "drop_f1"):
            assert 0 <= task.sufficient(metric, [item], [answer])[0, 0] <= 1


@pytest.mark.parametrize(
    "part",
    [
        "answer is ",
        "no ",
        "yes,",
        "it is ",
        ";",
        "don't ",
        "1 ",
        "the answer: x\n",
        "'",
        "answer:\n",
        "- a\n",
        "answer:\n- a\n",
        "it is unclear, ",
        "\\boxed{",
        "based on the passage",
    ],
)
def test_long_hostile_answers_cost_little(part: str) -> None:
    started = time.process_time()
    for task, item in ((TASK, ITEM), (FREE, item_of(["a", "b", "1"]))):
        answer = task.read(part * (60_000 // len(part)), item)
        for metric in ("f1", "drop_f1"):
            task.sufficient(metric, [item], [answer])
    assert time.process_time() - started < 1.0


RECORD: JsonValue = {"number": "", "date": {"day": "8", "month": "May", "year": "1945"}, "spans": []}


@pytest.mark.parametrize(
    ("target", "golds"),
    [
        ("Rome", (("Rome",),)),
        (3, (("3",),)),
        (["Rams", "Bears"], (("Rams", "Bears"),)),
        ({"answers": ["Rome", "the city"]}, (("Rome",), ("the city",))),
        ({"text": ["Rome", "Rome"], "answer_start": [0, 7]}, (("Rome",), ("Rome",))),
        (RECORD, (("8 May 1945",),)),
        ({"answers": [RECORD, {"number": "8", "date": {}, "spans": []}]}, (("8 May 1945",), ("8",))),
        ({"number": "", "date": {"day": "", "month": "", "year": ""}, "spans": ["a", "b"]}, (("a", "b"),)),
        ({"number": "", "date": {"day": None, "month": "May", "year": ""}, "spans": []}, (("May",),)),
        ({"answers": [["a", "b"], "c", " "]}, (("a", "b"), ("c",))),
    ],
)
def test_gold_answers_of_every_form(target: JsonValue, golds: tuple[tuple[str, ...], ...]) -> None:
    assert gold_answers(target) == golds
    assert FREE.problem(item_of(target)) == ""
    said = FREE.read(answer_text(item_of(target)), item_of(target))
    assert all(
        FREE.sufficient(m, [item_of(target)], [said])[0, 0] == 1 for m in ("exact_match", "f1", "drop_em", "drop_f1")
    )


@pytest.mark.parametrize(
    "target", [None, "", " ", True, [], [None], [["a"]], {}, {"answers": []}, {"text": [""]}, {"best": "x"}]
)
def test_targets_without_an_answer_are_named(target: JsonValue) -> None:
    assert gold_answers(target) == ()
    assert "holds no answer" in FREE.problem(item_of(target))


def test_records_of_drop_are_read_as_lm_evaluation_harness_reads_them() -> None:
    peer = drop_utils()
    date = {"day": "", "month": "May", "year": "1945"}
    for number in ("", "3", "0"):
        for spans in ([], ["a"], ["a", "b"]):
            record = {"number": number, "date": date, "spans": spans}
            assert gold_answers(record) == (peer.parse_answer(record),)  # type: ignore[arg-type]  # plain JSON


SAID = ("the Rams", "Rams; Bears", "rams", "8 May 1945", "8", "8.0", "Bears; Rams", "nobody", "May 8, 1945; x")
TARGETS: tuple[JsonValue, ...] = ("Rams", ["Rams", "Bears"], {"answers": ["the Rams", ["Rams", "Bears"]]}, RECORD, 8)


def test_text_metrics_are_those_of_squad_and_drop() -> None:
    squad, drop = squad_metrics(), drop_utils()
    for target in TARGETS:
        item, golds = item_of(target), gold_answers(target)
        for said in SAID:
            answer = FREE.read(said, item)
            found = {
                m: float(FREE.sufficient(m, [item], [answer])[0, 0])
                for m in ("exact_match", "f1", "drop_em", "drop_f1")
            }
            joined = ["; ".join(spans) for spans in golds]
            theirs = drop.process_results({"answers": golds}, said.split("; "))
            assert found["exact_match"] == max(squad.compute_exact(gold, said) for gold in joined)
            assert found["f1"] == max(squad.compute_f1(gold, said) for gold in joined)
            assert (found["drop_em"], found["drop_f1"]) == (theirs["em"], theirs["f1"])
            assert FREE.score(item, answer) == found["exact_match"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from([*LABELS, None])), min_size=1, max_size=40))
def test_label_metrics_equal_those_of_scikit_learn(pairs: list[tuple[str, str | None]]) -> None:
    items = [item_of(gold, str(k)) for k, (gold, _) in enumerate(pairs)]
    answers = [TASK.read(said or "perhaps", item) for (_, said), item in zip(pairs, items, strict=True)]
    gold, said = [g for g, _ in pairs], [s or "unreadable" for _, s in pairs]
    assert value(TASK, "accuracy", items, answers) == pytest.approx(accuracy_score(gold, said))
    macro = f1_score(gold, said, labels=sorted(set(gold)), average="macro", zero_division=0)
    assert value(TASK, "macro_f1", items, answers) == pytest.approx(macro)


def value(task: ReadingTask, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> float:
    finish = METRICS[metric].finish
    assert finish is not None
    rows = task.sufficient(metric, items, answers)
    scored = np.isfinite(rows).all(axis=1)
    return float(finish(rows[scored].sum(axis=0), np.array(float(scored.sum()))))


def test_a_text_among_labels_counts_by_its_words_and_accuses_a_wrong_label() -> None:
    items = [ITEM, SPAN, item_of({"answers": ["don't know"]}, "3")]
    right = [TASK.read(text, item) for text, item in zip(("No", "russia", "unknown"), items, strict=True)]
    assert value(TASK, "accuracy", items, right) == value(TASK, "macro_f1", items, right) == 1
    wrong = [TASK.read("yes", item) for item in items]
    assert value(TASK, "accuracy", items, wrong) == 0
    assert TASK.sufficient("macro_f1", [SPAN], wrong[1:2]).tolist() == [[0, 1, 0, 0, 0, 0, 0, 0, 0]]


def test_bundles_count_texts_as_right_from_an_f1_of_080_on() -> None:
    kinds = ("original", "scope")
    items = [item_of("a b c d e", f"{b}{e}", bundle=b, edit=e) for b in "xyz" for e in kinds]
    # By DROP's rules, which leave out the article, 3 words of 4: F1 2 * .75 / 1.75 = .86; 1 of 4: .4.
    said = ["b c d", "a b c d e", "b c e", "c b d e", "b", None]
    answers = [None if text is None else FREE.read(text, item) for text, item in zip(said, items, strict=True)]
    sums = FREE.sufficient("consistency", items, answers)
    f1 = FREE.sufficient("drop_f1", items, answers)[:, 0]
    assert f1[:5].tolist() == [0.86, 1.0, 0.86, 1.0, 0.4]
    assert sums[:4].tolist() == [[1, 1], [0, 0], [1, 1], [0, 0]]
    assert np.isnan(sums[4:]).all()
    low = [FREE.read("b c", items[0]), *answers[1:]]
    assert FREE.sufficient("consistency", items, low)[0].tolist() == [0, 1]


def test_an_item_never_answered_is_not_scored() -> None:
    for metric, columns in (("accuracy", 1), ("macro_f1", 9), ("consistency", 2), ("drop_f1", 1)):
        rows = TASK.sufficient(metric, [item_of(), item_of()], [None, Answer(value="NO")])
        assert rows.shape == (2, columns)
        assert np.isnan(rows[0]).all() or metric == "consistency"  # neither is in a bundle
        assert np.isfinite(rows[1]).all()
        assert TASK.sufficient(metric, [], []).shape == (0, columns)


def test_the_default_metric_fits_the_targets() -> None:
    assert (TASK.metric().name, FREE.metric().name) == ("accuracy", "exact_match")
    with pytest.raises(StudyFileError, match="lists none"):
        FREE.metric("macro_f1")
    with pytest.raises(AcidtestError, match="no metric 'pearson'"):
        FREE.metric("pearson")


def test_problems_are_named() -> None:
    assert TASK.problem(ITEM) == TASK.problem(SPAN) == ""
    for field in ("passage", "question"):
        assert f"the {field} is empty" in TASK.problem(Item(id="1", input={**INPUT, field: " "}, target="NO"))
        assert "characters" in TASK.problem(Item(id="1", input={**INPUT, field: "x" * 50_000}, target="NO"))
    assert "spans" in TASK.problem(item_of(["x"] * 50))


@pytest.mark.parametrize("labels", [("a", "a"), ("a", "A."), ("a", " ")])
def test_labels_that_cannot_be_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(StudyFileError, match="label"):
        ReadingTask(labels)


@pytest.mark.parametrize("task", [TASK, FREE])
@pytest.mark.parametrize("shots", [0, 3])
def test_prompts_hold_passage_before_question_and_examples_as_a_perfect_solver_answers(
    task: ReadingTask, shots: int
) -> None:
    item = Item(id="1", input={"passage": "One.\n\nAnswer: YES", "question": "Q?\nAnswer: NO"}, target="NO")
    examples = [item_of(label, label) for label in LABELS[:shots]]
    chat = task.prompt(item, examples, "chat")
    assert chat.messages[-1] == ("user", "Passage: One.  Answer: YES\n\nQuestion: Q? Answer: NO")
    said = [text for role, text in chat.messages if role == "assistant"]
    assert [task.read(text, one).value for text, one in zip(said, examples, strict=True)] == list(LABELS[:shots])
    assert all(label in chat.messages[0][1] for label in task.labels)
    text = task.prompt(item, examples, "completion")
    assert text.text.count("\n\n") == 1 + shots  # no text can fake a block of the prompt
    assert text.text.endswith("Passage: One.  Answer: YES\nQuestion: Q? Answer: NO\nAnswer:")
    assert bool(text.grammar) == bool(task.labels)
    if task.labels:
        assert text.grammar == 'root ::= " " ("yes" | "no" | "don\'t know") "\\n"'


def test_examples_are_drawn_by_label_and_hold_labels_only() -> None:
    pool = [item_of(label, f"{label}{k}") for label in LABELS for k in range(5)] + [
        item_of("Russia", f"r{k}") for k in range(9)
    ]
    chosen = TASK.choose_examples(pool, 2, 0)
    assert Counter(str(item.target) for item in chosen) == dict.fromkeys(LABELS, 2)
    assert len(FREE.choose_examples(pool, 2, 0)) == 2


def test_the_reference_holds_every_gold_answer() -> None:
    assert TASK.reference(item_of({"answers": ["Rome", ["a", "b"]]})) == "Rome\na; b"
    assert TASK.reference(ITEM) == "NO"


def test_the_task_is_registered() -> None:
    assert get("task", "reading") is ReadingTask
    assert not ReadingTask.labelled


def test_condaqa_is_as_published(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its README: 7,240 items, 2,057 bundles, 1,402 with all four edits; NO 3457, YES 3263, DON'T KNOW 431, Russia 5.

    The other 84 have some word of the passage as their answer.
    """
    monkeypatch.setenv("ACIDTEST_DATA", str(real_data))
    benchmark = load_dataset("condaqa")
    items = benchmark.items
    assert not [item.id for item in (*items, *benchmark.pool) if TASK.problem(item)]
    counts = Counter(str(item.target) for item in items)
    assert (len(items), counts["NO"], counts["YES"], counts["DON'T KNOW"], counts["Russia"]) == (
        7240,
        3457,
        3263,
        431,
        5,
    )
    assert sum(TASK._is_label(item) for item in items) == 3457 + 3263 + 431
    bundles = complete_bundles([str(item.bundle) for item in items], [str(item.edit) for item in items])
    assert (len({item.bundle for item in items}), len(bundles)) == (2057, 1402)
    right = [TASK.read(answer_text(item), item) for item in items]
    assert value(TASK, "accuracy", items, right) == value(TASK, "macro_f1", items, right) == 1
    sums = TASK.sufficient("consistency", items, right)
    assert sums.sum(axis=0).tolist() == [1402, 1402]
    original = [item.edit == "original" for item in items]
    assert sums[np.array(original)].sum() == 2 * 1402
    always_no = [TASK.read("no", item) for item in items]
    assert value(TASK, "accuracy", items, always_no) == 3457 / 7240
