"""A real model in this process: its answers depend on the prompt alone, and its errors can be read."""

import asyncio
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import ModelSpec
from acidtest.models.gguf import digest_of
from acidtest.models.local import LocalModel
from acidtest.models.shared_head import shared_head, shared_messages
from acidtest.types import Prompt, Sampling

HEAD = (
    "Each text is what a person says to an assistant. Name its intent.\n\n"
    "Text: play some jazz\nIntent: play_music\n\nText: will it rain tomorrow\nIntent: weather\n\n"
)
TEXTS = ("play some blues", "is it cold outside", "play some blues please", "will it snow")
GRAMMAR = 'root ::= " play_music" | " weather"'


def item(text: str, **more: Any) -> Prompt:
    return Prompt(text=f"{HEAD}Text: {text}\nIntent:", **{"max_tokens": 8, **more})


def local(path: Path, **more: Any) -> LocalModel:
    return LocalModel(ModelSpec(name="m", use=f"local:{path}", **more))


async def greedy(model: LocalModel, prompts: Sequence[Prompt]) -> list[str]:
    return [(await model.answer(prompt, Sampling())).text for prompt in prompts]


async def test_an_answer_does_not_depend_on_what_was_asked_before(smollm2: Path) -> None:
    prompts = [item(text) for text in TEXTS]  # free tokens, no grammar: a rounding that differs may show
    other = Prompt(text="Once upon a time there was a king who had three daughters.\n\n" * 2, max_tokens=4)
    async with local(smollm2) as model:
        forwards = await greedy(model, prompts)
        backwards = await greedy(model, prompts[::-1])
        await model.answer(other, Sampling(temperature=1.0, seed=1))
        third = await greedy(model, prompts[2:3])
        await model.answer(other, Sampling())
        await greedy(model, [Prompt(text=HEAD + "Text:" + " and" * 20, max_tokens=2)])
        first = await greedy(model, prompts[:1])
    async with local(smollm2) as afresh:
        last = await greedy(afresh, prompts[-1:])
    assert backwards == forwards[::-1]
    assert (first, third, last) == (forwards[:1], forwards[2:3], forwards[-1:])
    assert len(set(forwards)) > 1


async def test_the_state_before_the_item_is_the_same_whatever_came_before(smollm2: Path) -> None:
    """Stricter than equal text: equal probabilities of every token, to the last digit."""
    async with local(smollm2) as model:
        handle = model._handle
        seen: list[Any] = []

        def probed(request: dict[str, object]) -> dict[str, Any]:
            answer = handle({**request, "n_probs": 1} if request.get("max_tokens") else request)
            if request.get("max_tokens"):
                tokens = answer["choices"][0]["logprobs"]["content"]
                seen.append(([token["logprob"] for token in tokens], answer["timings"]["cache_n"]))
            return answer

        model._handle = probed  # type: ignore[method-assign]  # looks at what the library says
        await greedy(model, [item(text) for text in (*TEXTS, *TEXTS[::-1])])
    assert seen[:4] == seen[:3:-1]
    kept = {cached for _, cached in seen}
    assert len(kept) == 1  # the head's tokens, no more though "play some blues" came right before, no less
    assert kept.pop() > 40


async def test_the_same_seed_writes_the_same_text(smollm2: Path) -> None:
    prompt = Prompt(text="Things that people say to an assistant:\n- play some jazz\n-", stop=("\n",), max_tokens=12)
    async with local(smollm2) as model:
        texts = [
            (await model.answer(prompt, Sampling(temperature=0.99, top_p=0.95, min_p=0.05, seed=seed))).text
            for seed in (1, 2, 3, 1, 2, 3)
        ]
    assert texts[:3] == texts[3:]
    assert len(set(texts)) > 1
    assert not any("\n" in text for text in texts)


async def test_a_grammar_holds_and_asyncio_goes_on_meanwhile(smollm2: Path) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async with local(smollm2) as model:
        ticking = asyncio.ensure_future(tick())
        reply = await model.answer(item("play some blues", grammar=GRAMMAR), Sampling())
        ticking.cancel()
    assert reply.text in (" play_music", " weather")
    assert reply.finish == "stop"
    assert reply.tokens_in > 40
    assert 0 < reply.tokens_out <= 8
    assert ticks > 5  # the head alone takes a tenth of a second and more


async def test_chat_uses_the_models_own_template(smollm2: Path) -> None:
    messages = (("system", HEAD), ("user", "Text: play some blues\nIntent:"))
    async with local(smollm2, style="chat") as model:
        first, _, again = [
            await model.answer(Prompt(messages=(messages[0], (role, text)), max_tokens=8), Sampling())
            for role, text in (messages[1], ("user", "Text: will it snow\nIntent:"), messages[1])
        ]
        plain = await model.answer(Prompt(messages=messages[1:], max_tokens=1), Sampling())
    assert first.text == again.text
    assert first.tokens_in > plain.tokens_in > 12  # the template adds its markers


async def test_a_prompt_that_is_too_long_and_a_wrong_grammar_are_said(smollm2: Path) -> None:
    async with local(smollm2, context=256) as model:
        with pytest.raises(TransientModelError, match=r"the prompt has \d+ tokens, the model keeps 256 in view"):
            await model.answer(Prompt(text="far too long " * 200), Sampling())
        with pytest.raises(ModelError, match="grammar is refused"):
            await model.answer(item("x", grammar="root ::= ("), Sampling())
        assert (await model.answer(item("play some blues", grammar=GRAMMAR), Sampling())).text


async def test_the_port_that_the_library_opens_answers_nobody(smollm2: Path) -> None:
    async with local(smollm2) as model:
        request = urllib.request.Request(  # noqa: S310 - an address on this machine
            f"{model._server.listening_address}/v1/completions", data=b'{"prompt": "x", "max_tokens": 1}'
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            await asyncio.to_thread(urllib.request.urlopen, request)
        refused.value.close()
    assert refused.value.code == 401


async def test_the_revision_is_the_files_digest_and_is_remembered(
    smollm2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
    copy = tmp_path / "m.gguf"
    copy.write_bytes(b"GGUF" + b"0" * 1000)
    # printf 'GGUF' followed by a thousand zeros | sha256sum
    expected = "e48a5091fe187bd21f9e257983424dee73fb80dd649e1fcf80ec5310a1d5ad8e"
    assert LocalModel(ModelSpec(name="m", use=f"local:{copy}")).identify() == expected
    memory = tmp_path / "digests.json"
    known = orjson.loads(memory.read_bytes())
    known[str(copy.resolve())]["sha256"] = "remembered"
    memory.write_bytes(orjson.dumps(known))
    assert digest_of(copy) == "remembered"
    os.utime(copy, ns=(1, 1))  # changed since
    assert digest_of(copy) == expected
    memory.write_bytes(b"not json")
    assert digest_of(copy) == expected
    with pytest.raises(ModelError, match="not the revision"):
        local(copy, revision="0" * 64).identify()
    with pytest.raises(ModelError, match="cannot be loaded"):
        async with local(copy):
            pass
    assert local(smollm2).identify() != expected


def test_files_that_are_no_models_are_said(tmp_path: Path) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("hello")
    with pytest.raises(ModelError, match="is not a GGUF file"):
        local(text).identify()
    with pytest.raises(ModelError, match="no model file"):
        local(tmp_path / "none.gguf").identify()
    with pytest.raises(ModelError, match="no model file"):
        local(tmp_path).identify()


async def test_a_missing_library_is_said(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelError) as raised:
        async with local(smollm2):
            pass
    assert "pip install 'acidtest[local]'" in raised.value.way_out


def test_the_shared_head() -> None:
    assert shared_head(item("anything\nat all").text) == HEAD + "Text:"
    assert shared_head("short\n\nText: x") == ""
    assert shared_head("no blank line " * 20) == ""
    long = "a" * 100
    assert shared_head(f"{long}\n\nplain words: x") == f"{long}\n\n"  # no field's name
    system, user = ("system", long), ("user", "Text: x")
    assert shared_messages(Prompt(messages=(system, user))) == (system,)
    assert shared_messages(Prompt(messages=(("user", f"{long}\n\nText: x"),))) == (("user", f"{long}\n\nText:"),)
    assert shared_messages(Prompt(messages=(user,))) == ()
