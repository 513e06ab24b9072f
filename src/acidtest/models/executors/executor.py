"""From a model's settings to the model, wherever it lives. Cache, budget, folder and resume know nothing of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self

from acidtest.errors import StudyFileError, did_you_mean
from acidtest.models.base import ClassicSolver, LanguageModel, ModelSpec
from acidtest.models.build import build

EXECUTORS = ("local", "ray")


class Executor(ABC):
    """Builds the models of a study. Used as a context manager, which frees what it took elsewhere.

    Attributes:
        here: Models live in this process, and their files have to be here.
    """

    here: bool = True

    @abstractmethod
    def model(self, spec: ModelSpec) -> LanguageModel | ClassicSolver:
        """Return a model that answers as `build(spec)` would; nothing is sent or loaded yet.

        Raises:
            UnknownNameError: No provider, or no classic solver, has that name.
            ModelError: A key is missing, or the provider cannot be used that way.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free what was taken elsewhere."""
        return


class LocalExecutor(Executor):
    """Models live in this process."""

    def model(self, spec: ModelSpec) -> LanguageModel | ClassicSolver:
        """Return the model itself; see `Executor.model`."""
        return build(spec)


def executor_named(
    name: str, *, address: str | None = None, workers: int | None = None, say: Callable[[str], None] = lambda _: None
) -> Executor:
    """Return the executor of this name; nothing is connected yet.

    Args:
        name: One of `EXECUTORS`.
        address: HOST:PORT of a Ray cluster; None: the one that RAY_ADDRESS names, or else one on this machine alone.
        workers: Worker processes of each model that does not say how many; None: 1.
        say: Told of workers that were lost and of waiting for room.

    Raises:
        StudyFileError: There is no such executor, or it takes no such setting.

    Example:
        >>> executor_named("local").here
        True
    """
    if name not in EXECUTORS:
        raise StudyFileError(
            f"no executor is called '{name}'",
            where="option '--executor'",
            way_out=f"{did_you_mean(name, EXECUTORS)}Known: {', '.join(EXECUTORS)}.",
        )
    if name == "ray":
        from acidtest.models.executors.ray_executor import RayExecutor

        return RayExecutor(address, workers or 1, say)
    if address is not None or workers is not None:
        raise StudyFileError(
            "an address and workers of a Ray cluster are named, and models live in this process",
            where="options '--ray-address' and '--ray-workers'",
            way_out="Add: --executor ray",
        )
    return LocalExecutor()
