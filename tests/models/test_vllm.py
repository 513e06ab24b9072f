"""What of `vllm:` can be checked without a GPU: settings, what is asked, how an answer is read, and the way out.

The engine is a stand-in with vLLM's documented interface; nothing here says that vLLM itself works.
"""

import sys
import types
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import ModelSpec
from acidtest.models.build import build
from acidtest.models.vllm import VllmModel, engine_settings, sampling_settings
from acidtest.types import Prompt, Sampling

GREEDY = Sampling(temperature=0.0)


def spec(model: str = "some/model", **more: Any) -> ModelSpec:
    return ModelSpec(name="big", use=f"vllm:{model}", **more)


def test_without_vllm_the_way_out_is_said() -> None:
    with pytest.raises(ModelError, match="vllm is not installed") as caught:
        build_vllm().identify()
    assert "pip install 'acidtest[vllm]'" in caught.value.way_out


def test_many_calls_at_once_and_log_probabilities_unless_told_otherwise() -> None:
    assert build_vllm().connections == 64
    assert build_vllm(connections=8).connections == 8
    assert build_vllm().gives_logprobs
    assert build_vllm().style == "completion"


def test_the_engine_runs_no_strangers_code_and_follows_the_study_alone() -> None:
    settings = engine_settings(Path("/m"), spec(gpus=2, context=8192, connections=16))
    expected = {"trust_remote_code": False, "load_format": "safetensors", "generation_config": "vllm"}
    assert expected.items() <= settings.items()
    assert (settings["tensor_parallel_size"], settings["max_model_len"], settings["max_num_seqs"]) == (2, 8192, 16)
    assert "max_model_len" not in engine_settings(Path("/m"), spec())


def test_drawing_is_as_the_study_says() -> None:
    drawn = Sampling(temperature=0.7, top_p=0.9, min_p=0.05, seed=3)
    settings = sampling_settings(Prompt(text="x", max_tokens=9, stop=("", "\n"), logprobs=500), drawn)
    assert settings == {
        "max_tokens": 9,
        "stop": ["\n"],
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 0,
        "min_p": 0.05,
        "seed": 3,
        "logprobs": 100,
    }


class VLLMClientError(Exception):
    """As of version 0.33, what a request is to blame for; before, such errors were ValueErrors."""


class VLLMValidationError(VLLMClientError):
    """One of them."""


class EngineGenerateError(Exception):
    """What vLLM makes of an unexpected error: it has no words, its cause has."""


class Engine:
    """vLLM's interface as its documentation gives it: states of one answer, each with all that was written so far."""

    asked: list[tuple[object, dict[str, object], str]] = []  # noqa: RUF012 - shared on purpose
    ended = False
    finish = "length"

    @classmethod
    def from_engine_args(cls, settings: dict[str, object]) -> "Engine":
        assert settings["model"] == "None"  # `identify` is a stand-in, too, and found no folder
        return cls()

    def get_tokenizer(self) -> "Engine":
        return self

    def apply_chat_template(self, messages: list[dict[str, str]], **_: object) -> str:
        return "".join(f"<{message['role']}>{message['content']}" for message in messages)

    def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [ord(letter) for letter in text]}

    async def generate(self, prompt: object, settings: dict[str, object], name: str) -> AsyncIterator[object]:
        if prompt == "too long":
            raise VLLMValidationError("The decoder prompt (length 300) is longer than the maximum model length of 256.")
        if prompt == "dies":
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        if prompt == "dies unheard":
            raise EngineGenerateError from RuntimeError("CUDA out of memory")
        self.asked.append((prompt, settings, name))
        for text in ("a", "ab"):
            rare = types.SimpleNamespace(decoded_token="z", logprob=-9.0)  # noqa: S106 - the token that was drawn
            told = types.SimpleNamespace(decoded_token="a", logprob=-0.25)  # noqa: S106 - a token of text
            written = types.SimpleNamespace(
                text=text, token_ids=list(text), finish_reason=self.finish, logprobs=[{122: rare, 97: told}]
            )
            yield types.SimpleNamespace(outputs=[written], prompt_token_ids=[1, 2, 3])

    def shutdown(self) -> None:
        Engine.ended = True


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    library = types.ModuleType("vllm")
    library.AsyncLLMEngine, library.AsyncEngineArgs, library.SamplingParams = Engine, dict, dict  # type: ignore[attr-defined] # stand-ins
    monkeypatch.setitem(sys.modules, "vllm", library)
    monkeypatch.setattr(VllmModel, "identify", lambda _: "hash")
    for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK"):
        monkeypatch.delenv(name, raising=False)
    Engine.asked, Engine.ended = [], False
    return Engine


async def test_an_answer_is_the_last_state_and_the_engine_is_ended(engine: type[Engine]) -> None:
    import os

    async with build_vllm() as model:
        reply = await model.answer(Prompt(text="x", max_tokens=2, logprobs=1), GREEDY)
        await model.answer(Prompt(text="x", max_tokens=2), GREEDY)
        with pytest.raises(TransientModelError, match="longer than the maximum model length"):
            await model.answer(Prompt(text="too long"), GREEDY)
        with pytest.raises(ModelError, match="vLLM failed: CUDA error"):
            await model.answer(Prompt(text="dies"), GREEDY)
        with pytest.raises(ModelError, match="vLLM failed: CUDA out of memory"):
            await model.answer(Prompt(text="dies unheard"), GREEDY)
    assert (reply.text, reply.tokens_in, reply.tokens_out, reply.finish) == ("ab", 3, 2, "length")
    assert reply.logprobs == {"a": -0.25}
    assert len({name for _, _, name in engine.asked}) == 2  # vLLM tells requests apart by it
    assert engine.ended
    assert os.environ["VLLM_NO_USAGE_STATS"] == os.environ["DO_NOT_TRACK"] == "1"


@pytest.mark.parametrize("finish", ["abort", "error"])
async def test_an_answer_that_vllm_gave_up_is_none(
    engine: type[Engine], monkeypatch: pytest.MonkeyPatch, finish: str
) -> None:
    """Its FinishReason: stop, length, abort, error."""
    monkeypatch.setattr(engine, "finish", finish)
    async with build_vllm() as model:
        with pytest.raises(TransientModelError, match="no whole answer"):
            await model.answer(Prompt(text="x", max_tokens=2), GREEDY)


async def test_older_versions_give_the_tokenizer_later(engine: type[Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    async def later(self: Engine) -> Engine:
        return self

    monkeypatch.setattr(engine, "get_tokenizer", later)
    async with build_vllm(style="chat") as model:
        await model.answer(Prompt(text="hi"), GREEDY)
    assert engine.asked


async def test_chat_goes_through_the_models_own_template(engine: type[Engine]) -> None:
    async with build_vllm(style="chat") as model:
        await model.answer(Prompt(messages=(("user", "hi"),)), GREEDY)
    assert engine.asked[0][0] == {"prompt_token_ids": [ord(letter) for letter in "<user>hi"]}


def build_vllm(**more: Any) -> VllmModel:
    model = build(spec(**more))
    assert isinstance(model, VllmModel)
    return model
