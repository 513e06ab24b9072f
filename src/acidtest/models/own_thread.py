"""Models that hold this process while they compute: they do so in a thread of their own, so that asyncio goes on."""

import asyncio
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import ClassVar, Self

from acidtest.errors import ModelError
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.types import Prompt, Reply, Sampling


class ModelInThread(LanguageModel):
    """Weights in this process, one call at a time. Plain completion unless the study says otherwise."""

    gives_logprobs = True
    in_process: ClassVar[bool] = True

    def __init__(self, spec: ModelSpec) -> None:
        self.spec, self.style = spec, spec.style or "completion"
        self.revision, self.connections = spec.revision or "", 1
        self._thread: ThreadPoolExecutor | None = None

    @abstractmethod
    def _load(self) -> None:
        """Find the files, fetching them where needed, and load them; in the model's thread, as the next two."""

    @abstractmethod
    def _answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        """Answer one prompt."""

    @abstractmethod
    def _unload(self) -> None:
        """Free the weights."""

    async def __aenter__(self) -> Self:
        """Load the weights."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="acidtest-model")
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._load)
        except BaseException:
            self._thread.shutdown(wait=False)
            self._thread = None
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the weights."""
        if self._thread is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._unload)
            self._thread.shutdown()
            self._thread = None

    async def answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        """Answer one prompt; see `LanguageModel.answer`."""
        if self._thread is None:
            way_out = "Use it as 'async with model'."
            raise ModelError("the model is not loaded", where=self._where, way_out=way_out)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, prompt, sampling)

    @property
    def _where(self) -> str:
        return f"model '{self.spec.name}'"
