"""few_shot: the prompt in four parts, the draws, and what is read from a reply."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from acidtest.data.spans import spans_of
from acidtest.generate.form_ner import marked, unmarked
from acidtest.generate.forms import list_lines, room_for
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.rounds import Rounds, shares
from acidtest.generate.strategy import build_strategy
from acidtest.registry import get
from acidtest.tasks.answer_text import in_words
from acidtest.types import Item, Prompt, Reply
from scripted_generator import Scripted, intent_plan, run, words


def similarity_plan(n: int = 20, **more: Any) -> GenerationPlan:
    rng = random.Random(1)
    scores = [0.0] * 6 + [1.4] * 3 + [2.5] * 3 + [4.8] * 8
    pool = tuple(
        Item(id=f"s{i}", input={"sentence1": words(rng, 5), "sentence2": words(rng, 5)}, target=score)
        for i, score in enumerate(scores)
    )
    return intent_plan(n, task=get("task", "similarity")(), pool=pool, **more)


def ner_pool() -> tuple[Item, ...]:
    rng = random.Random(2)
    items = []
    for i in range(12):
        city, person = words(rng, 1).capitalize(), words(rng, 1).capitalize()
        text = f"{person} went to {city} in spring {words(rng, 2)}"
        spans = [["person", 0, len(person)], ["city", text.index(city), text.index(city) + len(city)]]
        items.append(Item(id=f"n{i}", input={"text": text}, target=spans))
    return tuple(items)


def ner_plan(n: int = 8, **more: Any) -> GenerationPlan:
    return intent_plan(n, task=get("task", "ner")(["person", "city"]), pool=ner_pool(), **more)


def test_the_chat_prompt_has_the_four_parts() -> None:
    options: dict[str, Any] = {"label_descriptions": {"PlayMusic": "hear music"}, "examples": 3}
    plan = intent_plan(options=options)
    strategy = build_strategy(plan, "chat")
    requests = [strategy.request(i) for i in range(6)]
    request = next(r for r in requests if r and r.drawn == "PlayMusic")
    (_, system), (_, user) = request.prompt.messages
    assert "nothing else" in system
    parts = [
        "Task: ",
        "Label: play music (hear music)",
        "Examples of this label:",
        "Instruction: write exactly one new text",
    ]
    places = [user.index(part) for part in parts]
    assert places == sorted(places)
    assert [line[2:] for line in user.splitlines() if line.startswith("- ")] == [i.input["text"] for i in request.shown]


def test_the_text_to_continue_ends_inside_the_list() -> None:
    request = build_strategy(intent_plan(), "completion").request(0)
    assert request is not None
    assert request.prompt.text.endswith("\n-")
    assert request.prompt.text.count("\n- ") == 6
    assert request.prompt.stop == ("\n",)
    assert (request.prompt.messages, request.prompt.grammar) == ((), "")


async def test_scores_are_drawn_as_often_as_in_the_pool(tmp_path: Path) -> None:
    def pairs(prompt: Prompt, rng: random.Random) -> str:
        assert prompt.text.endswith("\n\nSentence 1:")
        return f" {words(rng, 5)}\nSentence 2: {words(rng, 5)}"

    outcome = await run(similarity_plan(20), Scripted(pairs), tmp_path)
    # The pool: 6 of 20 at 0, 3 at 1.4 (nearest: 1), 3 at 2.5 (half up: 3), 8 at 4.8 (nearest: 5).
    assert Counter(item.target for item in outcome.accepted) == {0.0: 6, 1.0: 3, 3.0: 3, 5.0: 8}
    even = await run(similarity_plan(20, options={"draw": "even"}), Scripted(pairs), tmp_path)
    assert Counter(item.target for item in even.accepted) == {0.0: 5, 1.0: 5, 3.0: 5, 5.0: 5}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Sentence 1: a b\nSentence 2: c d", [("a b", "c d")]),
        (
            'Sure!\n\n1. Sentence 1: "a b"\n   Sentence 2: "c d"\n\n2. Sentence 1: e\nSentence 2: f',
            [("a b", "c d"), ("e", "f")],
        ),
        ("**Sentence 1:** a b\n\n**Sentence 2:** c d", [("a b", "c d")]),
        ("Sentence 1: a\nSentence 2:", [("a", "")]),
    ],
)
def test_pairs_are_read(text: str, pairs: list[tuple[str, str]]) -> None:
    strategy = build_strategy(similarity_plan(), "chat")
    request = strategy.request(0)
    assert request is not None
    drafts = strategy.read(request, Reply(text=text))
    assert [(draft.input["sentence1"], draft.input["sentence2"]) for draft in drafts] == pairs
    assert {draft.target for draft in drafts} == {request.drawn}


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("no pair here", "stop", "unreadable"),
        (" ", "stop", "empty"),
        ("Sentence 1: a\nSentence 2: b", "length", "cut off"),
    ],
)
def test_what_is_no_pair_is_a_rejected_candidate(text: str, finish: str, reason: str) -> None:
    strategy = build_strategy(similarity_plan(), "chat")
    request = strategy.request(0)
    assert request is not None
    assert [draft.reason for draft in strategy.read(request, Reply(text=text, finish=finish))] == [reason]


async def test_sentences_with_marked_names(tmp_path: Path) -> None:
    def sentence(prompt: Prompt, rng: random.Random) -> str:
        assert 'mark ::= ("<person>" name "</person>" | "<city>" name "</city>")' in prompt.grammar
        return f" <person>{words(rng, 1).title()}</person> saw {words(rng, 3)} in <city>{words(rng, 1).title()}</city>."

    outcome = await run(ner_plan(), Scripted(sentence), tmp_path)
    assert len(outcome.accepted) == 8
    for item in outcome.accepted:
        text = item.input["text"]
        spans = [(kind, text[start:end]) for kind, start, end in spans_of(item)]
        assert spans == [("person", text.split()[0]), ("city", text.split()[-1].rstrip("."))]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("<person>Ann</person> left.", ""),
        ("<person>Ann left.", "unreadable"),
        ("<dog>Ann</dog> left.", "unreadable"),
        ("<person>Ann</city> left.", "unreadable"),
        ("<person><city>Ann</city></person> left.", "unreadable"),
        ("<person> </person> left.", "unreadable"),
        ("the<person>Ann</person> left.", "unreadable"),
        ("somebody left.", "name missing"),
        ("<person>Ann</person> met Ann.", "unmarked name"),
        ("<person>Ann</person> met Bobby.", "unmarked name"),
    ],
)
def test_marks_are_read_exactly_or_not_at_all(line: str, reason: str) -> None:
    strategy = build_strategy(ner_plan(), "chat")
    request = strategy.request(0)
    assert request is not None
    (draft,) = strategy.read(request, Reply(text=f"- {line}"))
    assert draft.reason == reason


def test_marking_and_reading_are_inverse() -> None:
    for item in ner_pool():
        text, spans = unmarked(marked(item), ["person", "city"])
        assert (text, [list(span) for span in spans]) == (item.input["text"], item.target)


def test_room_for_long_items_and_no_more() -> None:
    assert room_for(["x" * 30] * 10, 60) == 60
    assert room_for(["x" * 300] * 9 + ["x" * 3000], 60) == 1000  # the tenth of ten texts is the one at nine tenths
    assert room_for(["x" * 300] * 19 + ["x" * 3000], 60) == 100


def test_lists_of_a_model() -> None:
    text = "<think>a list\n- no</think>\n1. one\n 2) two\n* three\n---\n```\n\u201cfour\u201d\n'five' and 'six'"
    assert list_lines(text) == ["one", "two", "three", "four", "'five' and 'six'"]
    assert in_words("SearchScreeningEvent") == "search screening event"


def test_shares_are_the_largest_remainders() -> None:
    # 10 items at 5 : 3 : 2 : 1: exactly 4.54, 2.72, 1.81 and .90; the whole parts 4 2 1 0 leave three for b, c and d.
    weights = {"a": 5.0, "b": 3.0, "c": 2.0, "d": 1.0}
    assert shares(10, weights, random.Random(0)) == {"a": 4, "b": 3, "c": 2, "d": 1}


def test_rounds_ask_again_only_for_what_is_missing() -> None:
    rounds = Rounds({"a": 2, "b": 2}, 1, random.Random)
    first = [rounds.cell(i) for i in range(4)]
    assert sorted(map(str, first[:2])) == sorted(map(str, first[2:])) == ["a", "b"]
    assert rounds.cell(4) is None  # the first round is not settled
    for cell in first:
        assert cell is not None
        rounds.settle(cell, int(cell == "a"))
    assert [rounds.cell(4), rounds.cell(5)] == ["b", "b"]
    assert rounds.cell(6) is None
    rounds.settle("b", 1)
    rounds.settle("b", 1)
    assert rounds.cell(6) is None
