"""Language models that run in this process through transformers: a folder of weights, or a name on the hub.

One prompt at a time. In a batch, shorter prompts are padded and sums run in another order, so that the last digits of
an answer would depend on who else was asked: the same study could end differently each time. Several workers on a
cluster answer side by side instead (docs/executors.md).
"""

import importlib
import importlib.util
import time
from collections.abc import Sequence
from typing import Any

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.failure import readable
from acidtest.models.first_token import MOST_TOKENS, first_token_logprobs
from acidtest.models.own_thread import ModelInThread
from acidtest.models.remote import cut_at
from acidtest.models.weights_folder import not_installed, weights_folder
from acidtest.registry import register
from acidtest.types import Prompt, Reply, Sampling

_LOOK_BACK = 64
"""Tokens of the answer's end that are searched for a stop after each new one."""


@register("provider", "hf")
def build(spec: ModelSpec) -> LanguageModel:
    """Return the model that a study file names `hf:FOLDER` or `hf:ORGANISATION/NAME`; loaded when it is entered."""
    return HfModel(spec)


class HfModel(ModelInThread):
    """Weights in this process, on a GPU where there is one.

    Plain completion by default; `style: chat` uses the model's own chat template. Grammars are left out. `revision` is
    the hub's commit, or the hash of the folder's files.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self._folder: Any = None
        self._model: Any = None
        self._tokenizer: Any = None
        self._most = 0
        self._ends: list[int] = []

    def identify(self) -> str:
        """Return what exactly answers; the files are found, or fetched, for it."""
        if self._folder is None:
            for package in ("torch", "transformers"):
                if importlib.util.find_spec(package) is None:  # said before anything else is done for this model
                    raise not_installed(package, self._where)
            self._folder, self.revision = weights_folder(self.spec.model, self.spec.revision, where=self._where)
        return self.revision

    # All below runs in the model's own thread.

    def _load(self) -> None:
        self.identify()
        import torch

        transformers: Any = importlib.import_module("transformers")  # its types are those of some versions alone
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        if self.spec.threads or not torch.cuda.is_available():
            torch.set_num_threads(self.spec.threads or 1)
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder, trust_remote_code=False)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                self._folder, trust_remote_code=False, use_safetensors=True, dtype="auto"
            )
            self._model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        except Exception as error:  # noqa: BLE001 - the library raises what it likes
            way_out = "Check that the files are whole, that transformers knows the model, and that memory suffices."
            said = readable(str(error))
            raise ModelError(f"'{self._folder}' cannot be loaded: {said}", where=self._where, way_out=way_out) from None
        if self.style == "chat" and not self._tokenizer.chat_template:
            way_out = "Leave 'style' out, or write 'completion'."
            raise ModelError("the model has no chat template", where=self._where, way_out=way_out)
        known = int(getattr(self._model.config, "max_position_embeddings", 0) or 0)
        self._most = min(known or 10**9, self.spec.context or 10**9)
        self._ends = _ends(self._model.generation_config.eos_token_id, self._tokenizer.eos_token_id)
        # What the model's authors prefer (penalties, top_k) is not what the study says.
        self._model.generation_config = transformers.GenerationConfig(pad_token_id=(self._ends or [0])[0])

    def _unload(self) -> None:
        self._model = self._tokenizer = None

    def _answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        import torch

        began = time.perf_counter()
        asked = self._tokens(prompt)
        room = self._most - len(asked)
        if room < 1:
            what = f"the prompt has {len(asked)} tokens, the model keeps {self._most} in view"
            raise TransientModelError(what, where=self._where, way_out="Show fewer examples.")
        tokens = torch.tensor([asked], device=self._model.device)
        try:
            with torch.inference_mode(), torch.random.fork_rng(enabled=sampling.seed is not None):
                if sampling.seed is not None:
                    torch.manual_seed(sampling.seed)
                given = self._model.generate(
                    tokens,
                    attention_mask=torch.ones_like(tokens),
                    max_new_tokens=min(prompt.max_tokens, room),
                    eos_token_id=self._ends or None,
                    stopping_criteria=[_AtStop(self._tokenizer, prompt.stop, len(asked))] if prompt.stop else None,
                    output_logits=bool(prompt.logprobs),
                    return_dict_in_generate=True,
                    **_drawing(sampling),
                )
        except torch.cuda.OutOfMemoryError:
            what = f"the GPU's memory does not suffice for a prompt of {len(asked)} tokens"
            raise TransientModelError(what, where=self._where, way_out="Set 'context' lower.") from None
        except Exception as error:  # noqa: BLE001 - the library raises what it likes
            what = f"transformers failed: {readable(str(error)) or type(error).__name__}"
            way_out = "Check that the files are whole, and the sampling settings."
            raise ModelError(what, where=self._where, way_out=way_out) from None
        written = given.sequences[0, len(asked) :].tolist()
        text = self._tokenizer.decode(written, skip_special_tokens=True)
        cut = cut_at(text, prompt.stop)
        ended = cut != text or (bool(written) and written[-1] in self._ends)
        return Reply(
            text=cut,
            tokens_in=len(asked),
            tokens_out=len(written),
            seconds=time.perf_counter() - began,
            finish="stop" if ended else "length",
            logprobs=self._first(given.logits[0][0], prompt.logprobs) if prompt.logprobs else None,
        )

    def _tokens(self, prompt: Prompt) -> list[int]:
        if self.style == "chat":
            messages = [{"role": role, "content": text} for role, text in prompt.as_messages()]
            try:
                text = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
            except Exception as error:  # noqa: BLE001 - a template says no by an error of its own
                what = f"the model's chat template refuses the messages: {readable(str(error))}"
                way_out = "Leave 'style' out, or write 'completion'."
                raise ModelError(what, where=self._where, way_out=way_out) from None
            return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])  # the template wrote them
        return list(self._tokenizer(prompt.as_text())["input_ids"])

    def _first(self, logits: Any, most: int) -> dict[str, float]:
        """Return the likeliest first tokens: of all, before sampling chooses among them."""
        import torch

        values, tokens = torch.log_softmax(logits.float(), dim=-1).topk(min(most, MOST_TOKENS, logits.shape[-1]))
        pairs = zip(tokens.tolist(), values.tolist(), strict=True)
        rows = [{"token": self._tokenizer.decode([token]), "logprob": min(value, 0.0)} for token, value in pairs]
        return first_token_logprobs({"logprobs": {"content": [{"top_logprobs": rows}]}})


def _drawing(sampling: Sampling) -> dict[str, object]:
    if sampling.temperature == 0:
        return {"do_sample": False}
    settings = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    return {"do_sample": True, **settings, "min_p": sampling.min_p or None}


def _ends(*given: Any) -> list[int]:
    """Return the tokens at which an answer ends: those of the model and of its tokenizer."""
    found = [token for one in given for token in (one if isinstance(one, list) else [one])]
    return sorted({int(token) for token in found if token is not None})


class _AtStop:
    """Ends an answer as soon as a stop stands in it."""

    def __init__(self, tokenizer: Any, stops: Sequence[str], start: int) -> None:
        self._tokenizer, self._stops, self._start = tokenizer, [stop for stop in stops if stop], start

    def __call__(self, tokens: Any, scores: Any, **_: object) -> Any:
        import torch

        del scores
        end = tokens[0, max(self._start, tokens.shape[1] - _LOOK_BACK) :]
        text = self._tokenizer.decode(end, skip_special_tokens=True)
        return torch.tensor([any(stop in text for stop in self._stops)], device=tokens.device)
