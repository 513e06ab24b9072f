"""Language models that run in this process, from a GGUF file, through llama.cpp (`xllamacpp`).

Answers depend on model, prompt and sampling alone, not on what was asked before:
design/0002-local-model-determinism.md says how, and what was measured.
"""

import importlib.util
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.failure import readable
from acidtest.models.first_token import MOST_TOKENS, first_token_logprobs
from acidtest.models.gguf import digest_of, model_file
from acidtest.models.own_thread import ModelInThread
from acidtest.models.shared_head import shared_head, shared_messages
from acidtest.registry import register
from acidtest.types import Prompt, Reply, Sampling

DEFAULT_CONTEXT = 4096
_NOTHING: Mapping[str, object] = {}


@register("provider", "local")
def build(spec: ModelSpec) -> LanguageModel:
    """Return the model that a study file names `local:NAME` or `local:PATH.gguf`; loaded when it is entered."""
    return LocalModel(spec)


class LocalModel(ModelInThread):
    """A GGUF file in this process. Plain completion by default: small models answer it best.

    One call at a time, in a thread of its own, so that asyncio goes on. `revision` is the file's SHA-256, known once
    the model is identified or entered.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self._path: Path | None = None
        self._server: Any = None
        self._kept: object = None
        """The head that the model holds in view, as its request, or None."""

    def identify(self) -> str:
        """Return the SHA-256 of the file, which is found, or fetched, for it."""
        if self._path is None:
            if importlib.util.find_spec("xllamacpp") is None:  # said before anything else is done for this model
                raise _no_library(self.spec, "the package xllamacpp is not installed")
            path = model_file(self.spec.model)
            digest = digest_of(path)
            if self.spec.revision and self.spec.revision != digest:
                raise ModelError(
                    f"the file '{path}' is not the revision that is asked for",
                    where=f"model '{self.spec.name}'",
                    way_out=f"Its SHA-256 is {digest}: set 'revision' to it, or leave 'revision' out.",
                )
            self._path, self.revision = path, digest
        return self.revision

    # All below runs in the model's own thread.

    def _load(self) -> None:
        self.identify()
        self._server = _server(self._path, self.spec)

    def _unload(self) -> None:
        self._server = self._kept = None

    def _answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        began = time.perf_counter()
        request = self._request(prompt)
        head = self._head(prompt) if sampling.temperature == 0 else _NOTHING
        if head:
            self._keep(head)
        else:
            self._kept = None
        settings = {
            "max_tokens": prompt.max_tokens,
            "temperature": sampling.temperature,
            "top_k": 0,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "stop": list(prompt.stop),
            "cache_prompt": bool(head),
        }
        if sampling.seed is not None:
            settings["seed"] = sampling.seed % 2**32
        if prompt.grammar:
            settings["grammar"] = prompt.grammar
        if prompt.logprobs:  # of all tokens, before grammar and sampling choose among them
            most = min(prompt.logprobs, MOST_TOKENS)
            settings |= {"logprobs": True, "top_logprobs": most} if "messages" in request else {"logprobs": most}
        answer = self._handle(request | settings)
        return self._reply(answer, time.perf_counter() - began, logprobs=bool(prompt.logprobs))

    def _request(self, prompt: Prompt) -> dict[str, object]:
        if self.style == "chat":
            return {"messages": [{"role": role, "content": text} for role, text in prompt.as_messages()]}
        return {"prompt": prompt.as_text()}

    def _head(self, prompt: Prompt) -> Mapping[str, object]:
        if self.style == "chat":
            messages = shared_messages(prompt) if prompt.messages else ()
            request = self._request(Prompt(messages=messages)) if messages else _NOTHING
            return {**request, "add_generation_prompt": False} if messages else _NOTHING
        head = shared_head(str(self._request(prompt)["prompt"]))
        return {"prompt": head} if head else _NOTHING

    def _keep(self, head: Mapping[str, object]) -> None:
        """Bring the model to the one state that belongs to this head, whatever was asked before."""
        only_read = {**head, "max_tokens": 0, "n_predict": 0, "temperature": 0, "samplers": ["top_k"], "top_k": 1}
        if self._kept != head:
            self._kept = None
            self._handle({**only_read, "cache_prompt": False})
        self._handle({**only_read, "cache_prompt": True})
        self._kept = head

    def _handle(self, request: dict[str, object]) -> dict[str, Any]:
        handle = self._server.handle_chat_completions if "messages" in request else self._server.handle_completions
        answer: dict[str, Any] = handle(request)
        error = answer.get("error")
        if error is None and "choices" in answer:
            return answer
        self._kept = None
        raise self._refusal(error if isinstance(error, dict) else answer)

    def _refusal(self, error: Mapping[str, object]) -> ModelError | TransientModelError:
        where = f"model '{self.spec.name}'"
        said = readable(str(error.get("message", error)))
        if error.get("type") == "exceed_context_size_error":
            what = f"the prompt has {error.get('n_prompt_tokens')} tokens, the model keeps {error.get('n_ctx')} in view"
            way_out = "Raise the model's 'context', or show fewer examples."
            return TransientModelError(what, where=where, way_out=way_out)
        if "grammar" in said:
            way_out = "Check the task's grammar (GBNF); not every model file supports one."
            return ModelError(f"the grammar is refused: {said}", where=where, way_out=way_out)
        return ModelError(f"the model refuses: {said}", where=where, way_out="Check its 'style' and its file.")

    def _reply(self, answer: Mapping[str, Any], seconds: float, *, logprobs: bool) -> Reply:
        choice, usage = answer["choices"][0], answer["usage"]
        text = choice["message"]["content"] if "message" in choice else choice["text"]
        return Reply(
            text=text or "",
            tokens_in=usage["prompt_tokens"],
            tokens_out=usage["completion_tokens"],
            seconds=seconds,
            finish=choice["finish_reason"] or "stop",
            logprobs=first_token_logprobs(choice) if logprobs else None,
        )


def _no_library(spec: ModelSpec, reason: str) -> ModelError:
    way_out = "Install them with: pip install 'acidtest[local]'"
    return ModelError(f"no local models here: {reason}", where=f"model '{spec.name}'", way_out=way_out)


def _server(path: Path | None, spec: ModelSpec) -> Any:
    threads = spec.threads or 1
    if threads > 1:  # threads that spin while they wait take the cores from each other; read once, when it is loaded
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import xllamacpp
    except ImportError as error:
        raise _no_library(spec, str(error)) from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = spec.context or DEFAULT_CONTEXT
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_parallel = 1  # a second slot would make batches, and so roundings, depend on time
    params.cache_ram_mib = 0  # no prompts of old: they would be taken up again or not, depending on history
    params.n_ctx_checkpoints = 0
    params.swa_full = True  # keeps all of a sliding window's past, so that it can be rolled back exactly
    params.fit_params = params.warmup = params.ui = False
    params.verbosity = -1
    params.api_keys = [secrets.token_hex(32)]  # the library opens a port on this machine; nobody else shall use it
    try:
        return xllamacpp.Server(params)
    except Exception as error:  # noqa: BLE001 - the library raises what it likes
        way_out = "Check that the file is whole, that llama.cpp knows its architecture, and that memory suffices."
        raise ModelError(f"'{path}' cannot be loaded: {error}", where=f"model '{spec.name}'", way_out=way_out) from None
