"""Language models that run in this process through vLLM, on a GPU: many prompts at once.

vLLM batches what is under way, and in a batch the last digits of an answer depend on who else is asked. To set
VLLM_BATCH_INVARIANT=1 ends that, at some cost in speed, on GPUs that vLLM supports it on; see docs/executors.md.
"""

import importlib.util
import inspect
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.failure import readable
from acidtest.models.first_token import MOST_TOKENS, first_token_logprobs
from acidtest.models.weights_folder import not_installed, weights_folder
from acidtest.registry import register
from acidtest.types import Prompt, Reply, Sampling

DEFAULT_CONNECTIONS = 64
_BROKEN_OFF = frozenset({"abort", "error"})
"""How vLLM says that it gave an answer up: what it wrote until then is none."""


@register("provider", "vllm")
def build(spec: ModelSpec) -> LanguageModel:
    """Return the model that a study file names `vllm:FOLDER` or `vllm:ORGANISATION/NAME`; loaded when it is entered."""
    return VllmModel(spec)


class VllmModel(LanguageModel):
    """Weights on the GPUs of this process. Plain completion by default; `style: chat` uses the model's chat template.

    Grammars are left out. `revision` is the hub's commit, or the hash of the folder's files.
    """

    gives_logprobs: bool = True
    in_process: ClassVar[bool] = True

    def __init__(self, spec: ModelSpec) -> None:
        self.spec, self.style = spec, spec.style or "completion"
        self.revision, self.connections = spec.revision or "", spec.connections or DEFAULT_CONNECTIONS
        self._folder: Path | None = None
        self._engine: Any = None
        self._tokenizer: Any = None
        self._asked = 0

    def identify(self) -> str:
        """Return what exactly answers; the files are found, or fetched, for it."""
        if self._folder is None:
            if importlib.util.find_spec("vllm") is None:  # said before anything else is done for this model
                raise not_installed("vllm", self._where)
            self._folder, self.revision = weights_folder(self.spec.model, self.spec.revision, where=self._where)
        return self.revision

    async def __aenter__(self) -> Self:
        """Load the weights."""
        self.identify()
        for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK"):  # vLLM counts its users unless it is told not to
            os.environ.setdefault(name, "1")
        try:
            from vllm import AsyncEngineArgs, AsyncLLMEngine

            self._engine = AsyncLLMEngine.from_engine_args(AsyncEngineArgs(**engine_settings(self._folder, self.spec)))
            tokenizer = self._engine.get_tokenizer()
            self._tokenizer = await tokenizer if inspect.isawaitable(tokenizer) else tokenizer  # by version
        except Exception as error:  # noqa: BLE001 - the library raises what it likes
            way_out = "Check that the files are whole, that vLLM knows the model, and that the GPUs' memory suffices."
            said = readable(str(error))
            raise ModelError(f"'{self._folder}' cannot be loaded: {said}", where=self._where, way_out=way_out) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the weights."""
        if self._engine is not None:
            self._engine.shutdown()
            self._engine = self._tokenizer = None

    async def answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        """Answer one prompt; see `LanguageModel.answer`."""
        if self._engine is None:
            way_out = "Use it as 'async with model'."
            raise ModelError("the model is not loaded", where=self._where, way_out=way_out)
        from vllm import SamplingParams

        began = time.perf_counter()
        self._asked += 1
        last: Any = None
        try:
            settings = SamplingParams(**sampling_settings(prompt, sampling))
            async for state in self._engine.generate(self._text(prompt), settings, str(self._asked)):
                last = state  # each holds all that was written so far
        except Exception as error:  # noqa: BLE001 - the library raises what it likes
            raise self._refusal(error) from None
        if last is None or last.outputs[0].finish_reason in _BROKEN_OFF:
            raise TransientModelError("no whole answer came", where=self._where, way_out="Run again.")
        written = last.outputs[0]
        return Reply(
            text=written.text,
            tokens_in=len(last.prompt_token_ids or ()),
            tokens_out=len(written.token_ids),
            seconds=time.perf_counter() - began,
            finish=str(written.finish_reason or "stop"),
            logprobs=_first(written.logprobs, prompt.logprobs) if prompt.logprobs else None,
        )

    def _refusal(self, error: Exception) -> ModelError | TransientModelError:
        """Return the error for a prompt that vLLM refuses, as too long, or for an engine that failed."""
        said = readable(str(error)) or readable(str(error.__cause__ or "")) or type(error).__name__
        of_the_prompt = isinstance(error, ValueError) or any(
            kind.__name__ == "VLLMClientError" for kind in type(error).__mro__
        )
        if of_the_prompt:
            way_out = "Show fewer examples; the other items go on."
            return TransientModelError(f"the prompt is refused: {said}", where=self._where, way_out=way_out)
        way_out = "Look at the GPU's memory, and run again: what was answered is not asked again."
        return ModelError(f"vLLM failed: {said}", where=self._where, way_out=way_out)

    def _text(self, prompt: Prompt) -> Any:
        if self.style != "chat":
            return prompt.as_text()
        messages = [{"role": role, "content": text} for role, text in prompt.as_messages()]
        text = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return {"prompt_token_ids": self._tokenizer(text, add_special_tokens=False)["input_ids"]}

    @property
    def _where(self) -> str:
        return f"model '{self.spec.name}'"


def engine_settings(folder: Path | None, spec: ModelSpec) -> dict[str, object]:
    """Return what the engine is started with: one GPU per model, or as many whole ones as `gpus` says."""
    settings: dict[str, object] = {
        "model": str(folder),
        "trust_remote_code": False,
        "load_format": "safetensors",
        "generation_config": "vllm",  # what the model's authors prefer is not what the study says
        "tensor_parallel_size": max(int(spec.gpus or 1), 1),
        "max_num_seqs": spec.connections or DEFAULT_CONNECTIONS,
        "max_logprobs": MOST_TOKENS,
        "logprobs_mode": "raw_logprobs",
        "disable_log_stats": True,
        "seed": 0,
    }
    return settings | ({"max_model_len": spec.context} if spec.context else {})


def sampling_settings(prompt: Prompt, sampling: Sampling) -> dict[str, object]:
    """Return how one answer is drawn.

    Example:
        >>> settings = sampling_settings(Prompt(text="2 + 2 =", max_tokens=3, stop=("=",)), Sampling(temperature=0.0))
        >>> settings["max_tokens"], settings["stop"], settings["temperature"], settings["seed"]
        (3, ['='], 0.0, None)
    """
    return {
        "max_tokens": prompt.max_tokens,
        "stop": [stop for stop in prompt.stop if stop],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": 0,
        "min_p": sampling.min_p,
        "seed": sampling.seed,
        "logprobs": min(prompt.logprobs, MOST_TOKENS) or None,
    }


def _first(places: Any, most: int) -> dict[str, float]:
    """Return the likeliest first tokens of what vLLM tells: for each place of the answer, token id -> Logprob.

    vLLM adds the token that was drawn, where it is none of them.
    """
    first = sorted(places[0].values() if places else (), key=lambda entry: -float(entry.logprob))[:most]
    rows = [{"token": entry.decoded_token, "logprob": min(float(entry.logprob), 0.0)} for entry in first]
    return first_token_logprobs({"logprobs": {"content": [{"top_logprobs": rows}]}})
