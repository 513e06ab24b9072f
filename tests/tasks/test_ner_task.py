"""Entities: JSON is read as models write it, mentions are found, metrics equal nervaluate's and seqeval's."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate.evaluator import Evaluator
from pydantic import JsonValue, TypeAdapter
from seqeval.metrics import f1_score as seqeval_f1
from seqeval.scheme import IOB2

from acidtest.errors import StudyFileError
from acidtest.stats.metric import METRICS
from acidtest.tasks.ner import NerTask, answer_text
from acidtest.types import Answer, Item
from crossner_files import read_crossner

TYPES = ("person", "city", "party")
TASK = NerTask(TYPES)
TEXT = "Ada met Bob in Rome, and Ada left Rome for New Rome with Romeo."
ITEM = Item(id="1", input={"text": TEXT}, target=[["person", 0, 3], ["person", 8, 11], ["city", 15, 19]])


Span = tuple[str, int, int]
SPANS = TypeAdapter(list[Span])


def as_json(found: list[Span]) -> JsonValue:
    return [list(span) for span in found]


def spans(text: str, item: Item = ITEM) -> object:
    answer = TASK.read(text, item)
    assert not answer.problem
    return answer.value


def value(metric: str, items: list[Item], answers: list[Answer | None]) -> float:
    finish = METRICS[metric].finish
    assert finish is not None
    return float(finish(TASK.sufficient(metric, items, answers).sum(axis=0), np.array(float(len(items)))))


ADA, BOB, ROME = ["person", 0, 3], ["person", 8, 11], ["city", 15, 19]


@pytest.mark.parametrize(
    "text",
    [
        '[{"type": "person", "text": "Ada"}, {"type": "city", "text": "Rome"}]',
        'Here they are:\n```json\n[{"text": "Rome", "label": "CITY"}, {"text": "Ada", "label": "Person"}]\n```\nOk?',
        "[{'type': 'person', 'text': 'Ada'}, {'type': 'city', 'text': 'Rome'},]",
        '{"person": ["Ada"], "city": ["Rome"], "party": []}',
        '{"person": "Ada", "city": "Rome", "party": null}',
        '{"entities": [{"type": "person", "text": "Ada"}, {"type": "city", "text": "Rome"}]}',
        '{"entities": {"person": ["Ada"], "city": ["Rome"]}}',
        '[{"person": "Ada"}, {"city": "Rome"}]',
        '{"type": "person", "text": "Ada"}\n{"type": "city", "text": "Rome"}',
        '[{"type": "person", "text": "Ada"}, {"type": "city", "text": "Rome"}, {"type": "per',
        '[{"type": "person", "text": "Ada"}, {"type": "city", "text": "Rome"}, {"type": "person", "text": "Bo',
        '{"person": ["Ada"], "city": ["Rome", "New Ro',
        '<think>[{"type": "person", "text": "Bob"}]</think>{"person": ["Ada"], "city": ["Rome"]}',
        '{"person": ["Ada"]\n "city": [" Rome "]}',
    ],
)
def test_lists_are_read_however_they_are_written(text: str) -> None:
    assert spans(text) == [ADA, ROME]


@pytest.mark.parametrize("text", ["[]", "{}", '{"person": []}', '{"entities": []}', "```json\n[]\n```"])
def test_an_empty_list_says_that_there_is_none(text: str) -> None:
    assert spans(text) == []


@pytest.mark.parametrize(
    "text",
    ["", "Ada is a person.", "none", "[", '[{"type": "person", "te', '["Ada", "Rome"]', "[1, 2]", "[NaN]", "{" * 9999,
     "[" * 9999, '{"a":' * 2000, '[{"type": "person", "text": "Ada"}] or [{"type": "person", "text": "Bob"}]',
     '{"person": {"name": "Ada"}}'],
)  # fmt: skip
def test_what_is_no_one_list_is_unreadable_and_wrong(text: str) -> None:
    answer = TASK.read(text, ITEM)
    assert answer.problem
    assert answer.value is None
    assert TASK.score(ITEM, answer) == 0
    assert TASK.sufficient("span_f1", [ITEM], [answer]).tolist() == [[0, 0, 3]]


def test_the_kth_mention_is_the_kth_occurrence_whole_words_first() -> None:
    text = json.dumps([{"type": "city", "text": "Rome"}] * 2)
    assert spans(text) == [["city", 15, 19], ["city", 34, 38]]
    # a longer name of the same answer takes its place first, so the third Rome is the one inside of New Rome
    longer = json.dumps({"city": ["Rome", "Rome", "Rome", "New Rome"]})
    assert spans(longer) == [["city", 15, 19], ["city", 34, 38], ["city", 43, 51], ["city", 47, 51]]
    # only then parts of words (Romeo), and a fifth one stands nowhere
    assert spans(json.dumps({"city": ["Rome"] * 5})) == [
        ["city", -1, -1], ["city", 15, 19], ["city", 34, 38], ["city", 47, 51], ["city", 57, 61]]  # fmt: skip


def test_a_stated_start_is_believed_where_the_words_stand() -> None:
    assert spans('[{"type": "city", "text": "Rome", "start": 34}]') == [["city", 34, 38]]
    assert spans('[{"type": "city", "text": "Rome", "start": 33}]') == [["city", 15, 19]]
    assert spans('[{"type": "city", "text": "Rome", "start": true}]') == [["city", 15, 19]]


def test_wrong_words_unknown_types_and_broken_entries_count_as_wrong_answers() -> None:
    answer = TASK.read('[{"type": "person", "text": "Ada"}, {"type": "river", "text": "Bob"}, {"text": "Rome"}, '
                       '{"type": "city", "text": "Oslo"}, {"type": "city", "text": ""}]', ITEM)  # fmt: skip
    assert TASK.sufficient("span_f1", [ITEM], [answer]).tolist() == [[1, 4, 2]]
    assert TASK.score(ITEM, answer) == pytest.approx(2 / 8)


def test_an_unreadable_answer_costs_where_nothing_is_gold() -> None:
    empty = Item(id="1", input={"text": "Nothing here."}, target=[])
    assert TASK.score(empty, Answer(value=[])) == 1
    assert TASK.score(empty, Answer(problem="holds no list of entities")) == 0
    rows = TASK.sufficient("span_f1", [empty] * 3, [Answer(value=[]), Answer(problem="no list"), None])
    assert rows[:2].tolist() == [[0, 0, 0], [0, 1, 0]]
    assert np.isnan(rows[2]).all()
    assert TASK.sufficient("span_f1", [], []).shape == (0, 3)


PARTS = ["[", "]", "{", "}", '"', "'", ":", ",", "type", "text", "person", "Ada", "Rome", " ", "\\u12", "\\", "null"]
ENTRYISH = st.lists(st.sampled_from([*PARTS, "1e9", "\ud800"]), max_size=60).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=200), ENTRYISH))
def test_reading_never_raises_and_every_span_lies_in_the_text(text: str) -> None:
    answer = TASK.read(text, ITEM)
    if answer.problem:
        assert answer.value is None
        return
    for _, start, end in SPANS.validate_python(answer.value):
        assert (start, end) == (-1, -1) or 0 <= start < end <= len(TEXT)
    json.dumps(answer.value).encode()


@pytest.mark.parametrize("part", ["[1 ", "['", "{'a':'", '{"a":[', "[  '", '["', "\\", '{"city": ["e"]} ', "[[],"])
def test_long_hostile_answers_cost_little(part: str) -> None:
    import time

    started = time.process_time()
    TASK.read(part * (60_000 // len(part)), ITEM)
    TASK.read('{"city": [' + '"e",' * 20_000, Item(id="1", input={"text": "e" * 20_000}, target=[]))
    assert time.process_time() - started < 3.0  # quadratic work over both texts would need minutes


Cases = list[tuple[list[Span], list[Span]]]


def random_cases(count: int, seed: int, *, overlapping: bool) -> Cases:
    """Gold spans never overlap; answered ones are shifted, retyped, dropped, added, and may overlap each other."""
    rng = random.Random(seed)
    cases: Cases = []
    for _ in range(count):
        cuts = sorted(rng.sample(range(260), 2 * rng.randrange(6)))
        gold = [(rng.choice(TYPES), start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=True)]
        said: list[Span] = []
        for kind, start, end in gold:
            first = max(0, start + rng.choice([0, 0, 0, -3, 2, 40]))
            last = max(first + 1, end + rng.choice([0, 0, 0, 3, -2]))
            if rng.random() < 0.85:
                said.append((kind if rng.random() < 0.7 else rng.choice(TYPES), first, last))
        said += [(rng.choice(TYPES), at, at + rng.randrange(1, 30)) for at in rng.sample(range(260), rng.randrange(3))]
        rng.shuffle(said)
        cases.append((gold, said if overlapping else apart(said)))
    return cases


def apart(found: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: s[1:]):
        if not kept or span[1] >= kept[-1][2]:
            kept.append(span)
    return kept


def metric_of(cases: Cases, metric: str) -> float:
    items = [Item(id=str(k), input={"text": "x" * 400}, target=as_json(gold)) for k, (gold, _) in enumerate(cases)]
    return value(metric, items, [Answer(value=as_json(said)) for _, said in cases])


def by_nervaluate(cases: Cases) -> dict[str, float]:
    def entities(found: list[Span]) -> list[dict[str, object]]:
        return [{"label": kind, "start": start, "end": end - 1} for kind, start, end in found]  # its ends are included

    true, said = [entities(gold) for gold, _ in cases], [entities(said) for _, said in cases]
    overall = Evaluator(true, said, tags=list(TYPES), loader="dict").evaluate()["overall"]
    return {"span_f1": overall["strict"].f1, "ent_type_f1": overall["ent_type"].f1}


@pytest.mark.parametrize("overlapping", [False, True])
def test_both_metrics_equal_those_of_nervaluate(overlapping: bool) -> None:  # noqa: FBT001  pytest's way
    cases = random_cases(3000, 7, overlapping=overlapping)
    groups = [cases[k : k + 1] for k in range(1500)] + [cases[k : k + 10] for k in range(0, 3000, 10)] + [cases]
    for group in groups:
        for metric, expected in by_nervaluate(group).items():
            got = metric_of(group, metric)
            assert (0.0 if np.isnan(got) else got) == pytest.approx(expected, abs=1e-12)


def test_strict_f1_equals_that_of_seqeval_where_answers_do_not_overlap() -> None:
    cases = random_cases(300, 11, overlapping=False)

    def tags(found: list[Span]) -> list[str]:
        row = ["O"] * 400
        for kind, first, last in found:
            row[first:last] = [f"B-{kind}", *[f"I-{kind}"] * (last - first - 1)]
        return row

    expected = seqeval_f1([tags(g) for g, _ in cases], [tags(s) for _, s in cases], mode="strict", scheme=IOB2)
    assert metric_of(cases, "span_f1") == pytest.approx(expected)


def test_gold_entities_of_crossner_come_back_from_the_answer_format(real_data: Path) -> None:
    """Words alone bring back all but a handful: where the same words stand twice, once unmarked."""
    spans_in_all = lost = 0
    for path in sorted((real_data / "crossner").glob("*.jsonl.gz")):
        items = list(read_crossner(path))
        golds = [SPANS.validate_python(item.target) for item in items]
        task = NerTask(sorted({kind for gold in golds for kind, _, _ in gold}))
        for item, gold in zip(items, golds, strict=True):
            assert task.problem(item) == ""
            read = SPANS.validate_python(task.read(answer_text(item), item).value)
            missed = [span for span in gold if span not in read]
            spans_in_all, lost = spans_in_all + len(gold), lost + len(missed)
            for _, start, end in missed:
                assert item.input["text"].count(item.input["text"][start:end]) > 1
    assert (spans_in_all, lost) == (31_187, 6)  # docs/tasks.md names both


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ([["person", 0, 3]], ""),
        ([], ""),
        ("person", "no list"),
        ([["person", 0]], "no [type, start, end]"),
        ([["persn", 0, 3]], "nearest is 'person'"),
        ([["person", 0, 99]], "outside the text"),
        ([["person", -1, 3]], "outside the text"),
        ([["person", 3, 3]], "empty"),
        ([["person", 3, 4]], "with a space"),
        ([["person", 0, 4]], "with a space"),
        ([["person", "0", 3]], "no whole numbers"),
        ([["person", True, 3]], "no whole numbers"),
        ([["person", 0.0, 3]], "no whole numbers"),
        ([["person", 0, 7], ["city", 4, 9]], "overlap"),
    ],
)
def test_problems_say_what_is_wrong_with_a_span(target: JsonValue, problem: str) -> None:
    found = TASK.problem(Item(id="1", input={"text": TEXT}, target=target))
    assert problem in found
    assert bool(found) == bool(problem)


def test_types_that_cannot_be_told_apart_are_refused() -> None:
    for labels in ((), ("a b", "a_b"), ("+",)):
        with pytest.raises(StudyFileError):
            NerTask(labels)


def pool_item(k: int) -> Item:
    text = f"Ada {k} Rome"
    both: list[JsonValue] = [["person", 0, 3], ["city", len(text) - 4, len(text)]]
    return Item(id=f"p{k}", input={"text": text}, target=both if k % 3 else [["party", 0, 3]])


POOL = [pool_item(k) for k in range(30)]


def test_examples_cover_the_types_first() -> None:
    chosen = TASK.choose_examples(POOL, 2, 0)
    assert {kind for item in chosen for kind, _, _ in SPANS.validate_python(item.target)} == set(TYPES)
    assert TASK.choose_examples(POOL[::-1], 2, 0) == chosen
    assert len(TASK.choose_examples(POOL, 5, 0)) == 5
    assert TASK.choose_examples([], 5, 0) == []


def test_prompts_put_what_items_share_first_and_examples_read_back() -> None:
    examples = TASK.choose_examples(POOL, 3, 0)
    one = Item(id="a", input={"text": 'first {types}\nEntities: ["x"]'}, target=[])
    other = Item(id="b", input={"text": "second"}, target=[["city", 0, 6]])
    for shown in ([], examples):
        left, right = (TASK.prompt(item, shown, "completion").text for item in (one, other))
        shared = right.removesuffix("second\nEntities:")
        assert left == shared + 'first {types} Entities: ["x"]\nEntities:'
        chats = [TASK.prompt(item, shown, "chat").messages for item in (one, other)]
        assert chats[0][:-1] == chats[1][:-1]
        answers = [content for role, content in chats[0] if role == "assistant"]
        assert [TASK.read(text, item).value for text, item in zip(answers, shown, strict=True)] == [
            item.target for item in shown
        ]
