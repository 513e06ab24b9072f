"""What a study needs from elsewhere is fetched first, in sight of the user: model files and data sets."""

import math
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from acidtest.data.hub import fetch
from acidtest.data.model_files import model_files
from acidtest.study.reporter import Reporter
from acidtest.study.schema import StudyFile

if TYPE_CHECKING:
    from acidtest.types import Progress

_MEGABYTE = 1_000_000


def fetch_first(study: StudyFile, reporter: Reporter, *, models: bool = True) -> None:
    """Fetch the registered models and the data set that a study names and that are not here yet.

    Without `models`, data alone: the models live elsewhere and are fetched there.

    Raises:
        FetchError: One cannot be had, or is not the file that was expected.
    """
    known = {model.name for model in model_files()}
    named = [g.model for g in study.generators] + [s.model for s in study.solvers] + study.judges
    used = {study.model_spec(name) for name in [*named, *([study.judge] if study.judge else [])]}
    wanted = sorted({spec.model for spec in used if models and spec.provider == "local"} & known)
    if study.real.dataset is not None:
        wanted.append(study.real.dataset)
    for name in wanted:
        with _FetchBar(reporter, name) as bar:
            fetch(name, bar)


class _FetchBar:
    """Shows a bar in megabytes, from the first byte that really has to be fetched."""

    def __init__(self, reporter: Reporter, name: str) -> None:
        self.reporter, self.name = reporter, name
        self.stack = ExitStack()
        self.progress: Progress | None = None
        self.shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def __call__(self, done: int, total: int | None) -> None:
        if self.progress is None:
            size = math.ceil((total or 0) / _MEGABYTE)
            self.progress = self.stack.enter_context(self.reporter.stage(f"fetch {self.name} (MB)", size))
        megabytes = math.ceil(done / _MEGABYTE)
        self.progress.advance(megabytes - self.shown)
        self.shown = megabytes
