"""Anthropic's messages."""

from typing import Any

import orjson

from acidtest.errors import ModelError
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.remote import RemoteModel, address_of, cut_at, key_of
from acidtest.registry import register
from acidtest.types import Prompt, Sampling

ADDRESS = "https://api.anthropic.com"
KEY_VARIABLE = "ANTHROPIC_API_KEY"
VERSION = "2023-06-01"
_FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}


@register("provider", "anthropic")
def build(spec: ModelSpec) -> LanguageModel:
    """Return the model that a study file names `anthropic:MODEL`. It answers chat only; with `batch`, in batches.

    Raises:
        ModelError: The key is missing, the address is none, or `style` asks for plain completion.
    """
    if spec.style == "completion":
        way_out = "Leave 'style' out, or write 'chat'."
        raise ModelError("Anthropic's models answer chat only", where=f"style of model '{spec.name}'", way_out=way_out)
    if not spec.batch:
        return AnthropicModel(spec)
    from acidtest.models.batches.anthropic import AnthropicBatches
    from acidtest.models.batches.batch import BatchedModel

    return BatchedModel(AnthropicModel(spec), AnthropicBatches, address_of(spec, ADDRESS, ""))


class AnthropicModel(RemoteModel):
    """Speaks Anthropic's messages API."""

    default_key_variable = KEY_VARIABLE

    def __init__(self, spec: ModelSpec) -> None:
        key = key_of(spec, KEY_VARIABLE)
        headers = {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})
        super().__init__(spec, style="chat", url=address_of(spec, ADDRESS, "/v1/messages"), key=key, headers=headers)

    def body(self, prompt: Prompt, sampling: Sampling) -> bytes:
        """Return the request's body. Seed, min_p and grammar are left out: the API has none."""
        messages = prompt.as_messages()
        content: dict[str, object] = {
            "model": self.spec.model,
            "max_tokens": prompt.max_tokens,
            "messages": [{"role": role, "content": text} for role, text in messages if role != "system"],
        }
        # Newer models refuse a request that sets both.
        if sampling.temperature == 1.0 and sampling.top_p != 1.0:
            content["top_p"] = sampling.top_p
        else:
            content["temperature"] = sampling.temperature
        if system := "\n\n".join(text for role, text in messages if role == "system"):
            content["system"] = system
        if stops := [stop for stop in prompt.stop if stop.strip()]:
            content["stop_sequences"] = stops
        return orjson.dumps(content)

    def read(self, answer: Any, prompt: Prompt) -> tuple[str, str, int, int]:
        """Return text, finish, tokens in and out."""
        text = "".join(block["text"] for block in answer["content"] if block["type"] == "text")
        usage, reason = answer["usage"], answer["stop_reason"] or "stop"
        tokens_in, tokens_out = usage["input_tokens"], usage["output_tokens"]
        if not (isinstance(tokens_in, int) and isinstance(tokens_out, int) and isinstance(reason, str)):
            raise TypeError
        # A stop of white space alone is refused by the API, so it is applied here.
        blank = tuple(stop for stop in prompt.stop if not stop.strip())
        return cut_at(text, blank) if blank else text, _FINISH.get(reason, reason[:40]), tokens_in, tokens_out
