"""What is sent to Anthropic's messages API, and what is read from it."""

from typing import Any

import orjson
import pytest

from acidtest.errors import ModelError
from acidtest.models.anthropic import AnthropicModel
from acidtest.models.base import ModelSpec
from acidtest.models.build import build
from acidtest.types import Prompt, Sampling
from model_specs import spec

PROMPT = Prompt(messages=(("system", "Be brief."), ("user", "Well?")), stop=("\n", "END"), max_tokens=5)


def made() -> AnthropicModel:
    return AnthropicModel(spec("http://here:8000", use="anthropic:claude-x"))


def sent(sampling: Sampling) -> Any:
    return orjson.loads(made().body(PROMPT, sampling))


def test_a_request() -> None:
    assert made().url == "http://here:8000/v1/messages"
    assert sent(Sampling(seed=3, min_p=0.1)) == {
        "model": "claude-x",
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Well?"}],
        "max_tokens": 5,
        "temperature": 0.0,
        "stop_sequences": ["END"],  # a stop of white space alone is refused by the API
    }


@pytest.mark.parametrize(
    ("temperature", "top_p", "name", "value"),
    [(0.9, 0.95, "temperature", 0.9), (1.0, 0.95, "top_p", 0.95), (1.0, 1.0, "temperature", 1.0)],
)
def test_temperature_or_top_p_never_both(temperature: float, top_p: float, name: str, value: float) -> None:
    request = sent(Sampling(temperature=temperature, top_p=top_p))
    assert request[name] == value
    assert len({"temperature", "top_p"} & set(request)) == 1


def test_an_answer() -> None:
    answer = {
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes\nno"}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 11, "output_tokens": 4},
    }
    assert made().read(answer, PROMPT) == ("yes", "length", 11, 4)


def test_plain_completion_is_refused_and_a_key_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ModelError, match="chat only"):
        build(ModelSpec(name="m", use="anthropic:claude-x", style="completion"))
    with pytest.raises(ModelError) as raised:
        build(ModelSpec(name="m", use="anthropic:claude-x"))
    assert raised.value.where == "environment variable ANTHROPIC_API_KEY"
