"""What is sent to OpenAI-compatible servers, and what is read from them."""

from typing import Any

import orjson
import pytest

from acidtest.errors import ModelError
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.build import build
from acidtest.models.openai import OpenAIModel
from acidtest.types import Prompt, Sampling
from model_specs import spec

CHAT = Prompt(messages=(("system", "Be brief."), ("user", "Well?")), stop=("\n",), max_tokens=5, grammar="root ::= x")


def sent(model: OpenAIModel, prompt: Prompt, sampling: Sampling) -> Any:
    return orjson.loads(model.body(prompt, sampling))


def test_a_chat_request_to_another_server() -> None:
    model = OpenAIModel(spec("http://here:8000/v1/", use="openai:a/b"))
    assert model.url == "http://here:8000/v1/chat/completions"
    assert sent(model, CHAT, Sampling(temperature=0.9, top_p=0.95, min_p=0.05, seed=3)) == {
        "model": "a/b",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Well?"}],
        "max_tokens": 5,
        "temperature": 0.9,
        "top_p": 0.95,
        "min_p": 0.05,
        "seed": 3,
        "stop": ["\n"],
    }


def test_openai_itself_gets_only_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    model = OpenAIModel(ModelSpec(name="m", use="openai:gpt-4o-mini"))
    assert model.url == "https://api.openai.com/v1/chat/completions"
    request = sent(model, CHAT, Sampling(min_p=0.05))
    assert set(request) == {"model", "messages", "max_completion_tokens", "temperature", "stop"}


def test_a_completion_request() -> None:
    model = OpenAIModel(spec("http://here:8000/v1", style="completion"))
    assert model.url == "http://here:8000/v1/completions"
    assert sent(model, Prompt(text="Once", max_tokens=9), Sampling()) == {
        "model": "any",
        "prompt": "Once",
        "max_tokens": 9,
        "temperature": 0.0,
    }


def test_more_than_four_stops_are_applied_here() -> None:
    model = OpenAIModel(spec("http://here/v1", style="completion"))
    stops = ("1", "2", "3", "4", "5")
    prompt = Prompt(text="Count", stop=stops)
    assert sent(model, prompt, Sampling())["stop"] == ["1", "2", "3", "4"]
    answer = {"choices": [{"text": "0 5 6", "finish_reason": "length"}], "usage": None}
    assert model.read(answer, prompt) == ("0 ", "length", 0, 0)


def test_an_answer_without_text_is_empty_not_an_error() -> None:
    model = OpenAIModel(spec("http://here/v1"))
    answer = {"choices": [{"message": {"content": None}, "finish_reason": "content_filter"}]}
    assert model.read(answer, CHAT) == ("", "content_filter", 0, 0)


def test_the_usual_key_goes_to_the_usual_address_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-usual")
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    own = OpenAIModel(ModelSpec(name="m", use="openai:gpt-4o"))
    assert own._headers["Authorization"] == "Bearer sk-usual"
    elsewhere = OpenAIModel(spec("https://elsewhere.example/v1"))
    assert "Authorization" not in elsewhere._headers
    named = OpenAIModel(spec("https://elsewhere.example/v1", key_env="OTHER_KEY"))
    assert named._headers["Authorization"] == "Bearer sk-other"


def test_a_missing_key_is_said_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("BAD_KEY", "sk-\u2603")
    with pytest.raises(ModelError) as raised:
        build(ModelSpec(name="m", use="openai:gpt-4o"))
    assert raised.value.where == "environment variable OPENAI_API_KEY"
    with pytest.raises(ModelError, match="MISSING_KEY"):
        build(spec("http://here/v1", key_env="MISSING_KEY"))
    with pytest.raises(ModelError, match="characters no key has") as raised:
        build(spec("http://here/v1", key_env="BAD_KEY"))
    assert "\u2603" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "here:8000",
        "ftp://here/v1",
        "http://",
        "http://he re/v1",
        "http://h:port/",
        "http://h:99999",
        "http://h:0",
        "http://h/\r\nX: y",
    ],
)
def test_an_address_that_is_none_is_said(address: str) -> None:
    with pytest.raises(ModelError, match="is no address"):
        build(spec(address))


@pytest.mark.parametrize(
    ("address", "proxy", "client"),
    [
        ("http://here/v1", "", "HttpClient"),
        ("https://here/v1", "", "AiohttpClient"),
        ("http://here/v1", "http://proxy:3128", "AiohttpClient"),
        ("http://localhost:8000/v1", "http://proxy:3128", "HttpClient"),
    ],
)
def test_which_client_serves_an_address(address: str, proxy: str, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy)
    assert type(OpenAIModel(spec(address)).own_client()).__name__ == client


async def test_the_mock_server_answers_every_api(mock_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk")
    texts = []
    for use, base, style in (
        ("openai:fixed:yes", f"{mock_url}/v1", None),
        ("openai:fixed:yes", f"{mock_url}/v1", "completion"),
        ("anthropic:fixed:yes", mock_url, None),
    ):
        model = build(ModelSpec.model_validate({"name": "m", "use": use, "base_url": base, "style": style}))
        assert isinstance(model, LanguageModel)
        async with model:
            reply = await model.answer(CHAT, Sampling())
            texts.append((reply.text, reply.tokens_in, reply.tokens_out, reply.finish))
    assert texts == [("yes", 3, 1, "stop")] * 3  # "Be brief." and "Well?" are three words


async def test_the_mock_server_is_deterministic_and_seeds_differ(mock_url: str) -> None:
    async with OpenAIModel(spec(f"{mock_url}/v1", use="openai:words:6")) as model:
        first, again, other = [
            (await model.answer(CHAT, Sampling(temperature=1, seed=seed))).text for seed in (1, 1, 2)
        ]
    assert first == again
    assert first != other
    assert len(first.split()) == 6
