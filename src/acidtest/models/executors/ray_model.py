"""Models that live on a Ray cluster and answer here."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import orjson

from acidtest.models.base import ClassicSolver, LanguageModel
from acidtest.models.executors.ray_cluster import RayCluster, WorkerLostError
from acidtest.models.executors.ray_pool import WorkerPool
from acidtest.models.executors.ray_worker import UserFiles, classic_answers
from acidtest.models.executors.wire import (
    http_reply_from,
    prompt_to,
    reply_from,
    sampling_to,
    unwrapped,
)
from acidtest.models.failure import AttemptError, HttpReply
from acidtest.types import Item, Prompt, Reply, Sampling


class RayModel(LanguageModel):
    """Stands for a model whose weights are in workers' processes. They are started when it is first asked."""

    def __init__(
        self, model: LanguageModel, connections: int, identify: Callable[[], str], pool: Callable[[str], WorkerPool]
    ) -> None:
        self.spec, self.style, self.revision, self.connections = model.spec, model.style, model.revision, connections
        self.gives_logprobs = model.gives_logprobs
        self._identify, self._make_pool, self._known = identify, pool, ""
        self._pool: WorkerPool | None = None
        self._users = 0

    def identify(self) -> str:
        """Return what exactly answers, as a node of the cluster finds it."""
        if not self._known:
            self._known = self.revision = self._identify()
        return self.revision

    async def __aenter__(self) -> Self:
        """Count those who use it: the workers stay until the last one leaves."""
        await asyncio.to_thread(self.identify)
        self._users += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers with the last one who uses it."""
        self._users -= 1
        if not self._users and self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    async def answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        """Let a worker answer; see `LanguageModel.answer`."""
        if self._pool is None:
            self._pool = self._make_pool(self.revision)
        return reply_from(await self._pool.call("answer", prompt_to(prompt), sampling_to(sampling)))


class RayClient:
    """Posts the bodies of a model on a server from workers' processes.

    Bodies are written, answers are read, retries, limits and costs are kept where the run is, as without a cluster.
    """

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def post(self, body: bytes) -> HttpReply:
        """Send one body and return what came back."""
        try:
            return http_reply_from(await self._pool.call_once("post", body))
        except WorkerLostError as lost:
            raise AttemptError(f"the worker that asked was lost: {lost.why}", paid=True, lost=True) from None

    async def close(self) -> None:
        """End the workers."""
        await self._pool.close()


class RayClassic(ClassicSolver):
    """Stands for a classic solver that is trained and answers on a node of the cluster."""

    def __init__(self, name: str, solver: ClassicSolver, cluster: RayCluster, files: UserFiles) -> None:
        self._name, self._solver, self._cluster, self._files = name, solver, cluster, files
        self._pool: Any = None
        self._key = b""

    def check(self, pool: Sequence[Item], labels: Sequence[str]) -> None:
        """Raise what the solver itself would raise."""
        self._solver.check(pool, labels)

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Bring the pool to the cluster; each worker that answers learns from it once."""
        content = {"items": [item.model_dump_json() for item in pool], "labels": list(labels), "seed": seed}
        self._key = hashlib.sha256(orjson.dumps([self._name, content])).digest()
        self._pool = self._cluster.connect().put(content)

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Let a node answer. A task whose node dies is repeated by Ray: it costs nothing and changes nothing."""
        task = self._cluster.connect().remote(classic_answers).options(num_cpus=1, max_retries=3)
        texts = [item.model_dump_json() for item in items]
        told = self._cluster.result(task.remote(self._key, self._name, self._pool, texts, self._files))
        answers: list[str] = unwrapped(told)["answers"]
        return answers
