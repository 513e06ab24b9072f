"""What every model offers. Two kinds answer items: language models, and classic solvers trained on the pool."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import ClassVar, Self

from pydantic import Field, model_validator

from acidtest.types import Item, Prompt, Record, Reply, Sampling, Style

MOST_CONNECTIONS = 1024
"""Calls at once over connections of their own; calls that wait for a batch have none."""


class ModelSettings(Record):
    """A model as it stands under `models:` in a study file.

    `use` is `provider:model`: `local:smollm2-135m-instruct-q4_1`, `local:/models/any.gguf`, `openai:gpt-4o-mini` (any
    OpenAI-compatible server, with `base_url`), `anthropic:claude-...`, `classic:tfidf_logreg`, `hf:` or `vllm:` with a
    folder of weights or a name on the hub.
    """

    use: str = Field(pattern=r"^[a-z_]+:.+", description="provider:model")
    base_url: str | None = None
    key_env: str | None = Field(default=None, description="environment variable that holds the key")
    style: Style | None = Field(default=None, description="chat or completion; each provider has its default")
    family: str | None = Field(default=None, description="models of one family may favour each other's data")
    revision: str | None = None
    connections: int | None = Field(
        default=None, ge=1, le=100_000, description="most calls at once; above 1024 only with batch"
    )
    timeout: float = Field(default=60.0, gt=0, description="seconds that one call may take")
    retries: int = Field(default=5, ge=0, le=20)
    price_in: float | None = Field(default=None, ge=0, description="US dollars per million tokens read")
    price_out: float | None = Field(default=None, ge=0, description="US dollars per million tokens written")
    threads: int | None = Field(default=None, ge=1, description="of a local model")
    context: int | None = Field(default=None, ge=256, description="tokens that a local model keeps in view")
    workers: int | None = Field(default=None, ge=1, le=1024, description="on a Ray cluster: processes that answer")
    gpus: float | None = Field(default=None, ge=0, le=64, description="on a Ray cluster: GPUs that each worker gets")
    batch: bool = Field(default=False, description="send calls together, as the provider's batches: later, and cheaper")
    batch_wait: float = Field(default=2.0, gt=0, le=3600, description="seconds without a new call before it is sent")
    batch_poll: float = Field(default=60.0, gt=0, le=3600, description="most seconds between two looks at a batch")

    @model_validator(mode="after")
    def _few_connections_without_batches(self) -> Self:
        if not self.batch and self.connections is not None and self.connections > MOST_CONNECTIONS:
            raise ValueError(f"'connections' is at most {MOST_CONNECTIONS} where 'batch' is not true")
        return self


class ModelSpec(ModelSettings):
    """A model's settings with the name that the study calls it by."""

    name: str

    @property
    def provider(self) -> str:
        """The word before the colon."""
        return self.use.partition(":")[0]

    @property
    def model(self) -> str:
        """All after the first colon."""
        return self.use.partition(":")[2]


class LanguageModel(ABC):
    """A model that continues text or answers chat messages. Used as an async context manager.

    Attributes:
        spec: What the study file says of it.
        style: Whether prompts are chat messages or a text to continue.
        revision: What exactly answers: a file's SHA-256, a provider's model version; part of the cache key.
        connections: Most calls at once.
        gives_logprobs: It can tell the log-probabilities of the first token, where a prompt asks for them.
        in_process: It runs on the cores, or the GPU, of the process that opens it.
        gathers: It sends many calls together and answers them together, hours later: no call should wait for another.
        paid_failure: Told of each failed attempt that may have been charged, and whether another one follows.
        say: Told what a user should know while he waits.
    """

    gives_logprobs: bool = False
    in_process: ClassVar[bool] = False
    gathers: ClassVar[bool] = False
    paid_failure: Callable[[Prompt, bool], None] = staticmethod(lambda _prompt, _again: None)
    say: Callable[[str], None] = staticmethod(lambda _text: None)
    spec: ModelSpec
    style: Style
    revision: str
    connections: int

    def identify(self) -> str:
        """Return the revision before the model is opened; a local model's file is found, or fetched, and hashed."""
        return self.revision

    @abstractmethod
    async def answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        """Send one prompt and return the reply. Retries happen inside.

        Raises:
            ModelError: The model refuses and will go on refusing (wrong key, unknown model).
            TransientModelError: No answer came after all retries; another item may fare better.
        """

    async def answer_repeat(self, prompt: Prompt, sampling: Sampling, repeat: int) -> Reply:
        """Like `answer`; `repeat` tells apart calls that are alike in all else, for who writes down what was sent."""
        del repeat
        return await self.answer(prompt, sampling)

    async def __aenter__(self) -> Self:
        """Open connections, load weights."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections, free weights."""
        return


class ClassicSolver(ABC):
    """A method without a language model: trained on the pool, then answers in the words a task can read.

    Attributes:
        tasks: The tasks it can solve.
    """

    tasks: ClassVar[frozenset[str]]

    def check(self, pool: Sequence[Item], labels: Sequence[str]) -> None:
        """Raise what `fit` would raise, as far as that shows at once: a study asks before it pays for anything."""
        del pool, labels

    @abstractmethod
    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn from the items of the pool."""

    @abstractmethod
    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return one answer per item, in the format that the task reads."""
