"""Who else is told how a run goes: trackers of experiments, a program's own code. None of them can break the run."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from pydantic import JsonValue

from acidtest.data.run_folder import RunFolder
from acidtest.study.reporter import Reporter
from acidtest.study.schema import StudyFile
from acidtest.types import FidelityReport

STAGES = ("generate", "evaluate", "rate", "compare", "report")
"""The stages of a run, in their order; `rate` only where judges are named."""

_LONGEST = 500


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """A run that begins, or goes on.

    Attributes:
        study: What is asked for.
        folder: Where it is kept.
        models: Model -> `use`, `revision` (what exactly answers) and `family`.
    """

    study: StudyFile
    folder: RunFolder
    models: Mapping[str, Mapping[str, JsonValue]]


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """A run that is done; its files stand in the folder.

    Attributes:
        seconds: Stage -> how long it took this time; what was done before takes no time.
        cost: US dollars that were spent on it in all.
    """

    report: FidelityReport
    folder: RunFolder
    seconds: Mapping[str, float]
    cost: float


class Callback(Protocol):
    """What a run tells. An error of a callback is said once; from then on it is told no more, and the run goes on."""

    def begin(self, run: RunStart) -> None:
        """Hear that a run begins: nothing was sent yet."""

    def stage_done(self, stage: str, seconds: float) -> None:
        """Hear that a stage is done; stages are those of `STAGES`."""

    def end(self, run: RunEnd) -> None:
        """Hear that all is done."""

    def fail(self, error: BaseException) -> None:
        """Hear that the run stops before its end: by an error, or by Ctrl-C (a KeyboardInterrupt)."""


class Told:
    """The callbacks of one run: used as a context manager around it, so that they hear of its end however it ends."""

    def __init__(self, callbacks: Sequence[Callback], reporter: Reporter) -> None:
        self._callbacks, self._reporter = list(callbacks), reporter
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._tell("fail", error)

    def begin(self, run: RunStart) -> None:
        """Tell that the run begins."""
        self._tell("begin", run)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of a stage, and tell it at its end."""
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began
        self._tell("stage_done", name, self.seconds[name])

    def end(self, run: RunEnd) -> None:
        """Tell that all is done."""
        self._tell("end", run)

    def _tell(self, what: str, *about: object) -> None:
        for callback in list(self._callbacks):
            try:
                getattr(callback, what)(*about)
            except Exception as error:  # noqa: BLE001  # whatever a tracker does wrong, the run goes on
                self._callbacks.remove(callback)
                name = getattr(callback, "name", type(callback).__name__)
                said = f"{type(error).__name__}: {error}"[:_LONGEST]
                self._reporter.say(f"{name} failed and is told no more; the run goes on. {said}")
