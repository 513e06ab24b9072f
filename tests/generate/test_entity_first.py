"""entity_first: the gold is right or the sentence is rejected."""

import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.data.spans import spans_of
from acidtest.errors import StudyFileError
from acidtest.generate.name_lists import NameLists, clean_name
from acidtest.generate.names import KnownNames, find_names
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.strategy import build_strategy
from acidtest.registry import get
from acidtest.types import Item, Prompt, Reply
from scripted_generator import Scripted, files_of, intent_plan, run, words

KINDS = ("person", "city", "party")
NAMES = {
    "person": ("Ada Byron", "Grace Hopper", "Alan Turing", "Emmy Noether"),
    "city": ("Leeds", "Porto", "Graz", "Turku"),
    "party": ("Green League", "Reform Union", "Farmers Party", "New Left"),
}


def item(number: int, *parts: tuple[str, str]) -> Item:
    """Return a pool sentence of plain words and names, given as (text, type) with an empty type for plain words."""
    text, spans = "", []
    for piece, kind in parts:
        start = len(text)
        text += piece
        if kind:
            spans.append([kind, start, len(text)])
    return Item(id=f"p{number}", input={"text": text}, target=spans)


POOL = (
    item(1, ("Ada Lovelace", "person"), (" moved to ", ""), ("Bergen", "city"), (".", "")),
    item(2, ("The President met ", ""), ("Joan Clarke", "person"), (" in ", ""), ("Lyon", "city"), (".", "")),
    item(3, ("In ", ""), ("Bergen", "city"), (", the ", ""), ("Old Guard", "party"), (" lost.", "")),
    item(4, ("Nothing happened that day.", "")),
)


def plan(n: int = 10, budget: int = 200, **more: Any) -> GenerationPlan:
    defaults = {"options": {"names": 4, "names_per_call": 4}, "benchmark": "m.entity_first", "strategy": "entity_first"}
    return intent_plan(n, budget, **{**defaults, "task": get("task", "ner")(KINDS), "pool": POOL, **more})


def kind_of(prompt: Prompt) -> str:
    return prompt.text.splitlines()[0].removeprefix("Names of this type: ")


def asked_names(prompt: Prompt) -> list[str]:
    line = [line for line in prompt.text.splitlines() if line.startswith("Names: ")][-1]
    return [part.rpartition(" (")[0] for part in line.removeprefix("Names: ").split("; ")]


def writer(prompt: Prompt, rng: random.Random) -> str:
    if prompt.text.startswith("Names of this type"):
        return " " + "\n- ".join(rng.sample(NAMES[kind_of(prompt)], 4))
    between = f" {words(rng, 3)} "
    return f" {between.join(asked_names(prompt))}."


def careless(prompt: Prompt, rng: random.Random) -> str:
    """Forget a name in a third of the sentences, and put in another in a third."""
    text = writer(prompt, rng)
    if prompt.text.startswith("Names of this type"):
        return text
    lot = rng.randrange(3)
    if lot == 0:
        return text.replace(asked_names(prompt)[0], "somebody")
    return text[:-1] + f" and {rng.choice(['Lyon', 'Turku', 'Zanzibar'])}." if lot == 1 else text


async def test_the_spans_are_those_of_the_drawn_names(tmp_path: Path) -> None:
    call = Scripted(writer)
    outcome = await run(plan(12), call, tmp_path)
    assert len(outcome.accepted) == 12
    assert outcome.calls == 3 + 12  # one call for names per type
    pool_kinds = [sorted(kind for kind, _, _ in spans_of(i)) for i in POOL[:3]]
    for accepted in outcome.accepted:
        text, origin = accepted.input["text"], accepted.provenance
        assert origin is not None
        found = sorted((text[start:end], kind) for kind, start, end in spans_of(accepted))
        assert isinstance(origin.drawn, list)
        assert found == sorted((str(pair[0]), str(pair[1])) for pair in origin.drawn if isinstance(pair, list))
        assert sorted(kind for _, kind in found) in pool_kinds  # types occur together as in the pool
        assert all(name in NAMES[kind] for name, kind in found)
    drawn = Counter(tuple(sorted(kind for kind, _, _ in spans_of(i))) for i in outcome.accepted)
    assert drawn == {("city", "person"): 8, ("city", "party"): 4}  # the pool's sentences in turn: 2 of 3, 1 of 3


async def test_no_gold_is_wrong_however_careless_the_generator(tmp_path: Path) -> None:
    outcome = await run(plan(20), Scripted(careless), tmp_path)
    assert len(outcome.accepted) == 20
    everything = {name: kind for kind, names in NAMES.items() for name in names} | {
        i.input["text"][start:end]: kind for i in POOL for kind, start, end in spans_of(i)
    }
    for accepted in outcome.accepted:
        text = accepted.input["text"]
        # The definition, slowly: every whole-word occurrence of every name that anyone knows.
        gold = sorted(
            (kind, *match.span()) for name, kind in everything.items() for match in re.finditer(rf"\b{name}\b", text)
        )
        assert sorted(spans_of(accepted)) == gold
        assert "Zanzibar" not in text
    assert {r.reason for r in outcome.rejected} == {"name missing", "unmarked name"}


async def test_two_stages_with_any_concurrency_and_after_any_kill(tmp_path: Path) -> None:
    results, unused = [], []
    for concurrency in (1, 3, 8):
        call = Scripted(careless, shuffled=True)
        outcome = await run(plan(15), call, tmp_path / str(concurrency), concurrency=concurrency)
        results.append((files_of(outcome), outcome.calls))
        unused.append(outcome.unused)
        assert len(call.prompts) == outcome.calls + outcome.unused
        assert outcome.unused < concurrency
    assert results[0] == results[1] == results[2]
    assert max(unused) > 0  # otherwise nothing was ahead, and this test shows little
    content = (tmp_path / "1" / "calls.jsonl").read_bytes()
    for cut in range(0, len(content), len(content) // 25):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / "calls.jsonl").write_bytes(content[:cut])
        call = Scripted(careless)
        outcome = await run(plan(15), call, folder)
        assert (files_of(outcome), outcome.calls) == results[0]
        assert len(call.prompts) == outcome.calls - content[:cut].count(b"\n")


async def test_a_generator_that_lists_no_names_is_told_so(tmp_path: Path) -> None:
    outcome = await run(plan(), Scripted(lambda _prompt, _rng: "Here are some names:"), tmp_path, concurrency=2)
    assert (outcome.accepted, outcome.calls) == ((), 12)  # four calls for each of three types
    assert "the generator listed no usable names" in outcome.why_short


async def test_a_type_without_names_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    def no_parties(prompt: Prompt, rng: random.Random) -> str:
        return "" if prompt.text.startswith("Names of this type: party") else writer(prompt, rng)

    outcome = await run(plan(9), Scripted(no_parties), tmp_path)
    assert len(outcome.accepted) == 9
    assert outcome.notes == ("The generator listed no usable name of party: no sentence holds one.",)
    assert {kind for i in outcome.accepted for kind, _, _ in spans_of(i)} == {"person", "city"}


def test_a_pool_without_names_is_refused() -> None:
    with pytest.raises(StudyFileError, match="no item of the pool has a name"):
        build_strategy(plan(pool=POOL[3:]), "chat")


def test_the_prompts() -> None:
    strategy = build_strategy(plan(), "completion")
    for index in range(3):
        request = strategy.request(index)
        assert request is not None
        assert (request.wants, request.prompt.stop) == (0, ("\n\n",))
        assert strategy.read(request, Reply(text=writer(request.prompt, random.Random(index)))) == []
        assert strategy.request(index + 1) is None or index < 2  # sentences wait for all names
        strategy.settle(request, 0)
    sentence = strategy.request(3)
    assert sentence is not None
    assert sentence.prompt.text.endswith("\nSentence:")
    assert sentence.prompt.text.count("Sentence: ") == 3
    root = sentence.prompt.grammar.splitlines()[0]
    places = [root.index(f'"{name}"') for name in asked_names(sentence.prompt)]
    assert places == sorted(places)


NAME = st.text(alphabet="aAb ", min_size=1, max_size=4).filter(lambda name: name.strip() == name and name != "")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="aAb .,", max_size=25), st.lists(NAME, min_size=1, max_size=4, unique=True))
def test_the_search_is_exact(text: str, names: list[str]) -> None:
    spans = find_names(text, {name: name for name in names})
    taken: set[int] = set()
    gold = []
    # The definition: longer names first, each place at most once, both ends at the edge of a word.
    for name in sorted(names, key=lambda name: (-len(name), name)):
        for match in re.finditer(rf"(?<!\w)(?={re.escape(name)}(?!\w))", text):
            places = set(range(match.start(), match.start() + len(name)))
            if not places & taken:
                taken |= places
                gold.append((name, match.start(), match.start() + len(name)))
    assert spans == sorted(gold, key=lambda span: span[1])


@pytest.mark.parametrize(
    ("text", "overlooked"),
    [
        ("Ada Byron moved to Porto.", ""),
        ("Ada Byron's friends left Porto", ""),
        ("On Monday the President and I saw Ada Byron in Porto", ""),
        ("Ada Byron left Porto for Lyon", "'Lyon' stands outside"),
        ("Ada Byron left Porto for Xanadu", "'Xanadu' looks like a name"),
        ("Ada Byron left Porto; Porto stayed", ""),
        ("Ada Byron-Smith left Porto", ""),
        ("Ada Byron left Porto, Mr Turing did not", "'Turing' looks like a name"),
    ],
)
def test_other_names_are_not_overlooked(text: str, overlooked: str) -> None:
    known = KnownNames(POOL)
    names = {"Ada Byron": "person", "Porto": "city"}
    found = known.overlooked(text, find_names(text, names), names)
    assert found.startswith(overlooked)
    assert bool(found) == bool(overlooked)


def test_names_of_two_types_and_shown_names_are_dropped() -> None:
    lists = NameLists(KnownNames(POOL), KINDS, wanted=3)
    lists.add("city", ["Porto", "Georgia", "Bergen", "Joan Clarke", "a town", "Porto"], frozenset({"Bergen"}))
    lists.add("person", ["Georgia", "Ada Byron"], frozenset())
    # Georgia stands under two types, Bergen was shown, the pool knows Joan Clarke as a person, 'a town' has no capital.
    assert lists.of("city") == ["Porto"]
    assert lists.of("person") == ["Ada Byron"]
    assert lists.lacking() == list(KINDS)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Sentence: {0} walked through {1} all day.", ""),
        ("{0} walked through {1} all day. {1} is old.", ""),
        ("Names: {0} (person); {1} (city)", "echo of the prompt"),
        ("{0} (person) walked through {1} (city).", "echo of the prompt"),
        ("{0}s walked through {1}.", "name missing"),
        ("{0} walked through the town.", "name missing"),
        ("{0} walked through {1} with Joan Clarke.", "unmarked name"),
        ("{0} walked through {1} with Dorothy.", "unmarked name"),
    ],
)
async def test_sentences_are_read_exactly_or_not_at_all(tmp_path: Path, line: str, reason: str) -> None:
    def rule(prompt: Prompt, rng: random.Random) -> str:
        if prompt.text.startswith("Names of this type"):
            return writer(prompt, rng)
        return line.format(*asked_names(prompt)) if "(party)" not in prompt.text.splitlines()[-2] else ""

    outcome = await run(plan(1, 12), Scripted(rule), tmp_path)
    reasons = {rejected.reason for rejected in outcome.rejected}
    if reason:
        assert reason in reasons
        assert outcome.accepted == ()
    else:
        (accepted,) = outcome.accepted
        text = accepted.input["text"]
        assert not text.startswith("Sentence")
        assert [text[start:end] for _, start, end in spans_of(accepted)] == re.findall(
            "[A-Z][a-z]+(?: [A-Z][a-z]+)?", text
        )


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Angela Merkel, Germany.", "Angela Merkel, Germany"),
        ("**Oslo** - the capital of Norway", "Oslo"),
        ("São Tomé: an island", "São Tomé"),
        ("<b>Oslo</b>", ""),
        ("Oslo\u202e", ""),
        ("x" * 81, ""),
        ("a very long list of far too many words here", ""),
        ("2024", ""),
        ("...", ""),
    ],
)
def test_names_are_cleaned(line: str, name: str) -> None:
    assert clean_name(line) == name
