"""Answers of `hf:` beside transformers' own `generate`, token by token; `make torch-tests` runs these."""

import importlib
import math
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import ModelSpec
from acidtest.models.build import build
from acidtest.models.hf import HfModel
from acidtest.types import Prompt, Sampling

transformers: Any = importlib.import_module("transformers")  # its types are those of some versions alone
GREEDY = Sampling(temperature=0.0)
DRAWN = Sampling(temperature=0.8, top_p=0.9, min_p=0.02, seed=11)
PROMPTS = ["Text: play some jazz\nIntent:", "Q: 2 + 2?", "x", "Ein Satz über Äpfel.", "a b " * 40]


def spec(folder: Path, **more: Any) -> ModelSpec:
    return ModelSpec(name="tiny", use=f"hf:{folder}", **more)


@pytest.fixture
async def model(folder: Path) -> AsyncIterator[HfModel]:
    built = build(spec(folder))
    assert isinstance(built, HfModel)
    async with built:
        yield built


@pytest.fixture(scope="module")
def oracle(folder: Path) -> tuple[Any, Any]:
    torch.set_num_threads(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    return model, transformers.AutoTokenizer.from_pretrained(folder)


def own(oracle: tuple[Any, Any], text: str, **settings: object) -> list[int]:
    """Return the tokens that transformers itself writes, without penalties and top_k of the model's own settings."""
    model, tokenizer = oracle
    asked = tokenizer(text, return_tensors="pt")["input_ids"]
    plain = {"repetition_penalty": 1.0, "pad_token_id": 1, "eos_token_id": 1, "attention_mask": torch.ones_like(asked)}
    tokens: list[int] = model.generate(asked, **plain, **settings)[0, asked.shape[1] :].tolist()
    return tokens


@pytest.mark.parametrize("text", PROMPTS)
async def test_greedy_answers_are_those_of_generate(model: HfModel, oracle: tuple[Any, Any], text: str) -> None:
    reply = await model.answer(Prompt(text=text, max_tokens=20), GREEDY)
    tokens = own(oracle, text, max_new_tokens=20, do_sample=False)
    assert reply.text == oracle[1].decode(tokens, skip_special_tokens=True)
    assert reply.tokens_out == len(tokens)
    assert reply.tokens_in == len(oracle[1](text)["input_ids"])
    assert reply.finish == ("stop" if tokens[-1] == 1 else "length")


@pytest.mark.parametrize("text", PROMPTS)
async def test_drawn_answers_are_those_of_generate_with_the_same_seed(
    model: HfModel, oracle: tuple[Any, Any], text: str
) -> None:
    reply = await model.answer(Prompt(text=text, max_tokens=20), DRAWN)
    torch.manual_seed(11)
    drawn = {"do_sample": True, "temperature": 0.8, "top_p": 0.9, "min_p": 0.02, "top_k": 0}
    assert reply.text == oracle[1].decode(own(oracle, text, max_new_tokens=20, **drawn), skip_special_tokens=True)
    again = await model.answer(Prompt(text=text, max_tokens=20), DRAWN)
    assert again.text == reply.text


async def test_answers_depend_on_the_prompt_alone(model: HfModel) -> None:
    prompts = [Prompt(text=text, max_tokens=12) for text in PROMPTS]
    forward = [(await model.answer(prompt, GREEDY)).text for prompt in prompts]
    backward = [(await model.answer(prompt, GREEDY)).text for prompt in reversed(prompts)]
    assert forward == backward[::-1]
    assert len(set(forward)) == len(prompts)


async def test_an_answer_ends_at_the_first_stop(model: HfModel) -> None:
    whole = (await model.answer(Prompt(text="x", max_tokens=20), GREEDY)).text
    stop = whole[6:8]
    reply = await model.answer(Prompt(text="x", max_tokens=20, stop=("", "never so", stop)), GREEDY)
    assert reply.text == whole[: whole.index(stop)]
    assert reply.finish == "stop"
    assert reply.tokens_out < 20


async def test_first_token_log_probabilities_are_those_of_the_logits(model: HfModel, oracle: tuple[Any, Any]) -> None:
    own_model, tokenizer = oracle
    reply = await model.answer(Prompt(text="Q:", max_tokens=3, logprobs=5), DRAWN)
    with torch.inference_mode():
        logits = own_model(tokenizer("Q:", return_tensors="pt")["input_ids"]).logits[0, -1]
    expected = torch.log_softmax(logits.float(), -1)
    assert reply.logprobs is not None
    ascii_only = {token: value for token, value in reply.logprobs.items() if "\ufffd" not in token}
    assert ascii_only
    for token, value in ascii_only.items():
        number = tokenizer(token)["input_ids"][-1]
        assert math.isclose(value, float(expected[number]), rel_tol=1e-5)


async def test_chat_uses_the_models_own_template(folder: Path, oracle: tuple[Any, Any]) -> None:
    async with HfModel(spec(folder, style="chat")) as model:
        messages = (("system", "Be brief."), ("user", "hi"))
        reply = await model.answer(Prompt(messages=messages, max_tokens=10), GREEDY)
    written = "<system>Be brief.\n<user>hi\n<assistant>"
    assert reply.text == oracle[1].decode(own(oracle, written, max_new_tokens=10, do_sample=False))


async def test_a_template_that_refuses_a_system_message_is_said(folder: Path, tmp_path: Path) -> None:
    """As some models' own templates do."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    refusal = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    (copy / "chat_template.jinja").write_text(refusal + "{{ messages[0]['content'] }}")
    async with HfModel(spec(copy, style="chat")) as model:
        with pytest.raises(ModelError, match="chat template refuses the messages: System role not supported"):
            await model.answer(Prompt(messages=(("system", "Be brief."), ("user", "hi")), max_tokens=3), GREEDY)


async def test_what_transformers_raises_is_said(model: HfModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")

    monkeypatch.setattr(model._model, "generate", fails)
    with pytest.raises(ModelError, match="transformers failed: probability tensor"):
        await model.answer(Prompt(text="x", max_tokens=3), DRAWN)


async def test_a_prompt_that_is_too_long_stays_unanswered(folder: Path) -> None:
    async with HfModel(spec(folder, context=256)) as model:
        with pytest.raises(TransientModelError, match="has 300 tokens, the model keeps 256 in view"):
            await model.answer(Prompt(text="a" * 300), GREEDY)
        reply = await model.answer(Prompt(text="a" * 250, max_tokens=50), GREEDY)
        assert reply.tokens_out <= 6


def test_the_revision_is_the_hash_of_all_files_that_decide(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    first = HfModel(spec(folder)).identify()
    assert HfModel(spec(copy)).identify() == first  # wherever it stands
    (copy / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    assert HfModel(spec(copy)).identify() != first
    with pytest.raises(ModelError, match="not the revision that is asked for"):
        HfModel(spec(copy, revision=first)).identify()


@pytest.mark.parametrize("kept", ["pytorch_model.bin", None])
def test_weights_that_could_run_code_are_refused(folder: Path, tmp_path: Path, kept: str | None) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "model.safetensors").unlink()
    if kept:
        (copy / kept).write_bytes(b"x")
    with pytest.raises(ModelError, match=r"holds no \.safetensors"):
        HfModel(spec(copy)).identify()


def test_a_name_that_is_nowhere_is_said_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="the model 'nobody/nothing' cannot be had"):
        HfModel(ModelSpec(name="m", use="hf:nobody/nothing")).identify()


def test_files_that_are_broken_are_said_plainly(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "model.safetensors").write_bytes(b"broken")

    async def opened() -> None:
        async with HfModel(spec(copy)):
            pass

    import asyncio

    with pytest.raises(ModelError, match="cannot be loaded"):
        asyncio.run(opened())


def test_how_a_batch_would_change_the_digits(oracle: tuple[Any, Any]) -> None:
    """Why there is one prompt at a time: padding changes the last digits, and so, some day, an answer."""
    model, tokenizer = oracle
    tokenizer.pad_token, tokenizer.padding_side = "</s>", "left"
    with torch.inference_mode():
        alone = model(**tokenizer("Q: 2 + 2?", return_tensors="pt", return_token_type_ids=False)).logits[0, -1]
        batch = tokenizer(["Q: 2 + 2?", "a b " * 40], return_tensors="pt", padding=True, return_token_type_ids=False)
        together = model(**batch).logits[0, -1]
    assert torch.allclose(alone, together, atol=1e-3)
    assert not torch.equal(alone, together)
