"""Every candidate that is not good is rejected for the right reason, kept, and does no harm."""

import gzip
import random
from pathlib import Path

import orjson
import pytest

from acidtest.generate.accept import LONGEST_TEXT, REASONS, Acceptance
from acidtest.generate.strategy import Draft, Request
from acidtest.generate.text_checks import echo, names_label, text_problem, tidy
from acidtest.registry import get
from acidtest.types import Item, Prompt, RejectedCandidate
from scripted_generator import Scripted, files_of, intent_plan, run, words

FRESH = "could you put on the record my brother gave me"


def judged(text: str, *, pool: tuple[Item, ...] = (), target: str = "PlayMusic") -> RejectedCandidate | None:
    """Return what became of one candidate; None: accepted."""
    shown = Item(id="shown", input={"text": "play the second song of that album again"}, target="PlayMusic")
    prompt = Prompt(
        messages=(("user", f"Instruction: write one new text that a real person would say.\n- {shown.input}"),)
    )
    acceptance = Acceptance(intent_plan(pool=(shown, *pool)), "few_shot_intent.v1 sha256:0")
    draft = Draft(text=text, input={"text": tidy(text)}, target=target)
    accepted = acceptance.judge(draft, Request(index=0, prompt=prompt, seed=1, shown=(shown,)))
    assert len(acceptance.accepted) == accepted
    assert len(acceptance.rejected) == (not accepted)
    return acceptance.rejected[0] if acceptance.rejected else None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("word " * 300, "too long"),
        ("\x00\x01play\x1b[31m red", "unreadable"),
        ("play \u202egnos txen eht", "unreadable"),  # text that is shown backwards
        ("play \udcff some", "unreadable"),
        ("play \ue000 some", "unreadable"),
        ("?!... --- 7", "garbage"),
        ("a", "garbage"),
        ("haaaaaaaaaaaaaaa", "repeats itself"),
        ("no no no no no no", "repeats itself"),
        ("play it and play it and play it and play it and play it", "repeats itself"),
        ("this is a PlayMusic request for you", "names a label"),
        ("play the second song of that album again!", "copy of an example"),
        ("play the second song off that album again", "near copy"),
        ("Sure! Here is one:", "echo of the prompt"),
        ("Of course, here are some: play jazz", "echo of the prompt"),
        ("As an AI language model I cannot listen to music", "echo of the prompt"),
        ("Here are three examples of requests", "echo of the prompt"),
        ("write one new text that a real person would say", "echo of the prompt"),
        ("play jazz <|im_end|>", "echo of the prompt"),
    ],
)
def test_what_is_rejected_and_why(text: str, reason: str) -> None:
    rejected = judged(text)
    assert rejected is not None
    assert rejected.reason == reason
    assert rejected.reason in REASONS
    assert rejected.provenance.call == 0


@pytest.mark.parametrize(
    "text",
    [
        FRESH,
        "next",
        "soooo good, again!!!",
        "<script>alert(1)</script> is the title of the song I want",  # markup is text here; whoever shows it escapes it
        "../../etc/passwd by that band",
        "här är min låt \u2014 spela den \U0001f3b5",
        "la la la la land soundtrack",
        "{text} by {artist}",
        "here is where I stopped listening, go on from there",
    ],
)
def test_what_people_say_is_accepted(text: str) -> None:
    assert judged(text) is None


def test_a_target_that_the_task_refuses() -> None:
    rejected = judged(FRESH, target="Sing")
    assert rejected is not None
    assert (rejected.reason, rejected.detail.startswith("'Sing' is not one of the 3 labels")) == ("not valid", True)


def test_a_pool_item_that_was_not_shown_is_no_less_copied() -> None:
    rejected = judged(f"{FRESH}!", pool=(Item(id="p9", input={"text": FRESH}, target="GetWeather"),))
    assert rejected is not None
    assert (rejected.reason, rejected.detail) == ("near copy", "of pool item 'p9', likeness 1.00")


def pair(one: str, two: str, score: float, known: tuple[str, str] = ("how do I bake a cake", "what is a cake")) -> str:
    pool = (Item(id="p", input={"sentence1": known[0], "sentence2": known[1]}, target=3.0),)
    acceptance = Acceptance(intent_plan(task=get("task", "similarity")(), pool=pool), "p")
    draft = Draft(text="", input={"sentence1": one, "sentence2": two}, target=score)
    acceptance.judge(draft, Request(index=0, prompt=Prompt(text="x"), seed=1))
    return acceptance.rejected[0].reason if acceptance.rejected else ""


def test_pairs_of_sentences() -> None:
    assert pair("is tea healthy", "does tea do you good", 4.0) == ""
    assert pair("is tea healthy", "Is tea healthy?", 4.0) == "same sentences"
    assert pair("is tea healthy", "Is tea healthy?", 5.0) == ""
    assert pair("is tea healthy", "how do I bake a cake?", 0.0) == "near copy"  # half of a known pair
    assert pair("is tea healthy", "", 0.0) == "empty"
    assert pair("is tea healthy", "is coffee healthy", 7.0) == "not valid"


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*")]


async def test_hostile_replies_stay_inside_the_two_files(tmp_path: Path) -> None:
    hostile = [
        "\x00" * 50_000,
        "A" * 1_000_000,
        "\ud800\udfff lone halves",
        "../../../../tmp/owned\n../../../../tmp/owned2",
        '"}\n{"id": "x", "input": {"text": "smuggled"}, "target": "SetAlarm"}',
        "</script><img src=x onerror=alert(1)>",
        "\x1b]0;title\x07 terminal",
        "- " * 10_000,
        "\u2028line\u2029ends\x85inside",
    ]

    def rule(_prompt: Prompt, rng: random.Random) -> str:
        return rng.choice([*hostile, words(rng, 5)])

    outcome = await run(intent_plan(12), Scripted(rule), tmp_path, style="chat", concurrency=4)
    assert len(outcome.accepted) == 12
    assert files_in(tmp_path) == ["calls.jsonl"]
    assert all(len(line) < 400_000 for line in (tmp_path / "calls.jsonl").read_bytes().splitlines())
    for content in files_of(outcome):
        lines = content.splitlines()
        assert [orjson.loads(line) for line in lines]
    assert len(files_of(outcome)[0].splitlines()) == 12
    assert all(len(candidate.text) <= LONGEST_TEXT for candidate in outcome.rejected)
    again = await run(intent_plan(12), Scripted(rule), tmp_path, style="chat")
    assert files_of(again) == files_of(outcome)


@pytest.mark.parametrize("name", ["snips/train.jsonl.gz", "banking77/train.jsonl.gz"])
def test_what_people_wrote_is_hardly_ever_called_garbage(real_data: Path, name: str) -> None:
    texts = [orjson.loads(line)["text"] for line in gzip.decompress((real_data / name).read_bytes()).splitlines()]
    labels = ("PlayMusic", "AddToPlaylist", "card_arrival")
    wrong = [
        text
        for text in texts
        if text_problem(tidy(text), longest=10_000) or echo(tidy(text), Prompt()) or names_label(text, labels)
    ]
    assert len(texts) > 9000
    assert len(wrong) / len(texts) < 0.002  # measured: 9 of 13,784 with broken encodings
