"""OpenAI-compatible chat and completions: OpenAI itself, vLLM, llama.cpp's server, Ollama, and many more."""

from typing import cast

import orjson

from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.first_token import MOST_TOKENS, first_token_logprobs
from acidtest.models.remote import RemoteModel, address_of, cut_at, key_of
from acidtest.registry import register
from acidtest.types import Prompt, Sampling, Style

ADDRESS = "https://api.openai.com/v1"
KEY_VARIABLE = "OPENAI_API_KEY"
_MOST_STOPS = 4
_MOST_LOGPROBS: dict[Style, int] = {"chat": 20, "completion": 5}
"""What OpenAI itself takes; other servers are asked for as many as the prompt wants."""

_PATHS: dict[Style, str] = {"chat": "/chat/completions", "completion": "/completions"}


@register("provider", "openai")
def build(spec: ModelSpec) -> LanguageModel:
    """Return the model that a study file names `openai:MODEL`.

    Chat by default; plain completions with `style: completion`. `base_url` names any compatible server. With `batch`
    its calls go out as batches.

    Raises:
        ModelError: The key is missing, or the address is none.
    """
    if not spec.batch:
        return OpenAIModel(spec)
    from acidtest.models.batches.batch import BatchedModel
    from acidtest.models.batches.openai import OpenAIBatches

    return BatchedModel(OpenAIModel(spec), OpenAIBatches, address_of(spec, ADDRESS, ""))


class OpenAIModel(RemoteModel):
    """Speaks OpenAI's chat completions or completions."""

    default_key_variable = KEY_VARIABLE
    gives_logprobs = True

    def __init__(self, spec: ModelSpec) -> None:
        style: Style = spec.style or "chat"
        key = key_of(spec, KEY_VARIABLE)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        super().__init__(spec, style=style, url=address_of(spec, ADDRESS, _PATHS[style]), key=key, headers=headers)
        own = spec.base_url is None
        # OpenAI's newer models refuse the old name, other servers do not know the new one.
        self._longest = "max_completion_tokens" if own and style == "chat" else "max_tokens"
        self._takes_min_p = not own
        self._most_logprobs = _MOST_LOGPROBS[style] if own else MOST_TOKENS

    def body(self, prompt: Prompt, sampling: Sampling) -> bytes:
        """Return the request's body. A grammar is left out: there is no common word for it."""
        content: dict[str, object] = {"model": self.spec.model}
        if self.style == "chat":
            content["messages"] = [{"role": role, "content": text} for role, text in prompt.as_messages()]
        else:
            content["prompt"] = prompt.as_text()
        content[self._longest] = prompt.max_tokens
        content["temperature"] = sampling.temperature
        if sampling.top_p != 1.0:
            content["top_p"] = sampling.top_p
        if sampling.min_p and self._takes_min_p:
            content["min_p"] = sampling.min_p
        if sampling.seed is not None:
            content["seed"] = sampling.seed
        if prompt.stop:
            content["stop"] = prompt.stop[:_MOST_STOPS]
        if prompt.logprobs:
            most = min(prompt.logprobs, self._most_logprobs)
            content |= {"logprobs": True, "top_logprobs": most} if self.style == "chat" else {"logprobs": most}
        return orjson.dumps(content)

    def read(self, answer: object, prompt: Prompt) -> tuple[str, str, int, int]:
        """Return text, finish, tokens in and out."""
        whole = cast("dict[str, list[dict[str, dict[str, object]]]]", answer)
        choice = whole["choices"][0]
        text = choice["message"]["content"] if self.style == "chat" else choice["text"]
        if text is None:
            text = ""
        usage = cast("dict[str, object]", whole.get("usage") or {})
        tokens_in, tokens_out = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
        finish = choice.get("finish_reason") or "stop"
        if not (
            isinstance(text, str)
            and isinstance(finish, str)
            and isinstance(tokens_in, int)
            and isinstance(tokens_out, int)
        ):
            raise TypeError
        if len(prompt.stop) > _MOST_STOPS:
            text = cut_at(text, prompt.stop)
        return text, finish[:40], tokens_in, tokens_out

    def logprobs(self, answer: object) -> dict[str, float]:
        """Return the likeliest first tokens with their log-probabilities."""
        return first_token_logprobs(cast("dict[str, list[object]]", answer)["choices"][0])
