"""`--executor ray`: every model of a study lives on a Ray cluster."""

import math
import os
from collections.abc import Callable
from types import TracebackType

from acidtest.models.base import ClassicSolver, LanguageModel, ModelSpec
from acidtest.models.build import build
from acidtest.models.executors.executor import Executor
from acidtest.models.executors.ray_cluster import RayCluster
from acidtest.models.executors.ray_model import RayClassic, RayClient, RayModel
from acidtest.models.executors.ray_pool import WorkerPlan, WorkerPool
from acidtest.models.executors.ray_worker import UserFiles, identify
from acidtest.models.executors.wire import unwrapped
from acidtest.models.remote import RemoteModel
from acidtest.registry import loaded_files

_ON_GPUS = frozenset({"hf", "vllm"})
_SLIVER = 0.01
"""Of a GPU: enough to be sent to a node that has one, where a model's files are."""


class RayExecutor(Executor):
    """Models live in worker processes on a Ray cluster, which is not asked before a model is."""

    here = False

    def __init__(self, address: str | None, workers: int, say: Callable[[str], None]) -> None:
        self.cluster, self.workers, self.say = RayCluster(address), workers, say
        self._told = set[tuple[str, str]]()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster."""
        self.cluster.disconnect()

    def model(self, spec: ModelSpec) -> LanguageModel | ClassicSolver:
        """Return what stands here for a model on the cluster; see `Executor.model`."""
        model = build(spec)
        if isinstance(model, ClassicSolver):
            return RayClassic(spec.model, model, self.cluster, _files())
        if isinstance(model, RemoteModel):
            return self._posting(model)
        if spec.batch:
            return model  # its calls are gathered here, and answered in the provider's own time
        connections = model.connections * self._workers(spec)
        return RayModel(
            model, connections, lambda: self._identified(spec), lambda revision: self._pool(model, revision)
        )

    def _posting(self, model: RemoteModel) -> RemoteModel:
        """Let a model on a server post from the cluster. `connections` stays the most calls at once, of all workers."""
        model.make_client = lambda: RayClient(self._pool(model))
        return model

    def _keys(self, model: LanguageModel) -> dict[str, str]:
        """Return the keys that a model uses, and say once where they go."""
        if isinstance(model, RemoteModel):
            keys = model.key_in_use
        else:
            keys = {name: os.environ[name] for name in (model.spec.key_env,) if name and os.environ.get(name)}
        for name in keys:
            if (name, model.spec.name) not in self._told:
                self.say(f"The key in {name} goes to the workers of '{model.spec.name}' on {self.cluster.place}.")
                self._told.add((name, model.spec.name))
        return keys

    def _workers(self, spec: ModelSpec) -> int:
        return spec.workers or self.workers

    def _gpus(self, spec: ModelSpec) -> float:
        if spec.gpus is not None:
            return spec.gpus
        return 1.0 if spec.provider in _ON_GPUS and self.cluster.has_gpus() else 0.0

    def _pool(self, model: LanguageModel, revision: str | None = None) -> WorkerPool:
        spec = model.spec
        elsewhere = isinstance(model, RemoteModel)
        workers = min(self._workers(spec), model.connections) if elsewhere else self._workers(spec)
        plan = WorkerPlan(
            name=spec.name,
            spec=spec.model_dump(mode="json"),
            keys=self._keys(model),
            files=_files(),
            workers=workers,
            slots=math.ceil(model.connections / workers) if elsewhere else model.connections,
            cpus=0.0 if elsewhere else float(spec.threads or 1),
            gpus=0.0 if elsewhere else self._gpus(spec),
            revision=revision,
        )
        return WorkerPool(self.cluster, plan, self.say)

    def _identified(self, spec: ModelSpec) -> str:
        ray = self.cluster.connect()
        task = ray.remote(identify).options(num_cpus=0, num_gpus=min(self._gpus(spec), _SLIVER), max_retries=3)
        told = unwrapped(self.cluster.result(task.remote(spec.model_dump(mode="json"), _files())))
        return str(told["revision"])


def _files() -> UserFiles:
    return [(path.name, path.read_text("utf-8")) for path in loaded_files()]
