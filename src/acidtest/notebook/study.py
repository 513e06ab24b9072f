"""A study as an object: made from a file or from Python values, run from a script or a notebook's cell."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acidtest.data.remote.address import looks_like_address, run_address
from acidtest.data.run_folder import RunFolder, safe_name
from acidtest.frames.open_run import OpenedRun, open_run
from acidtest.frames.run_card import study_card
from acidtest.models.executors.executor import Executor
from acidtest.notebook.dry_run import DryRun
from acidtest.notebook.progress import reporter_here
from acidtest.report.card import card_html
from acidtest.study.callbacks import Callback
from acidtest.study.how_far import steps_of
from acidtest.study.load import study_from
from acidtest.study.reporter import Reporter
from acidtest.study.run import run_study, study_of
from acidtest.study.state import read_state
from acidtest.types import FidelityReport

if TYPE_CHECKING:
    from acidtest.study.schema import StudyFile


class Study:
    """One real benchmark, synthetic ones, and the solvers that answer all of them.

    In a notebook it shows what is asked of whom, and how far its run is.

    Args:
        source: A study file, the folder of an earlier run, the address of a study file, or the keys of a study file
            as dicts and lists.
        folder: Where relative paths start, of a study that is given as dicts: here, unless said otherwise.

    Attributes:
        file: What was read, checked: a frozen record with the keys of the study file.
        folder: Where relative paths start.
        run_folder: Where its runs are kept unless another is named: the run it was read from, or `runs/STUDY`.

    Raises:
        StudyFileError: The study asks for something that cannot be; with the key and the way out.
    """

    def __init__(self, source: str | Path | Mapping[str, Any], *, folder: str | Path | None = None) -> None:
        known: Path | None = None
        if isinstance(source, Mapping):
            self.file: StudyFile = study_from(source)
            self.folder = Path(folder or ".")
        else:
            self.file, self.folder, known = study_of(_local(source))
        self.run_folder: str | Path = known or Path("runs") / safe_name(self.file.study)

    @property
    def name(self) -> str:
        """What the study is called."""
        return self.file.study

    def dry_run(self) -> DryRun:
        """Check everything that can be checked without a call, and count calls, tokens and price; nothing is sent.

        Raises:
            AcidtestError: The study asks for something that cannot be, or a file cannot be read.
        """
        from acidtest.study.expected_calls import expected_calls
        from acidtest.study.prepare import prepare

        with tempfile.TemporaryDirectory(prefix="acidtest-") as scratch:
            return DryRun(rows=tuple(expected_calls(prepare(self.file, self.folder, Path(scratch)))))

    def run(
        self,
        run: str | Path | None = None,
        *,
        reporter: Reporter | None = None,
        callbacks: Sequence[Callback] = (),
        executor: Executor | None = None,
    ) -> FidelityReport:
        """Do everything that is not done yet, and return the comparison. Stopped, it goes on where it was.

        It may be called from a notebook's cell, where an event loop runs already; Ctrl-C (interrupt the kernel) stops
        it, and nothing that was answered is lost.

        Args:
            run: The run's folder, or an address such as `s3://bucket/run`; `run_folder` unless named.
            reporter: Told what is done; the terminal, or the notebook's cell, unless named.
            callbacks: Told of stages and results, such as `acidtest.tracking.mlflow_logger()`.
            executor: Where models live; in this process unless named.

        Raises:
            AcidtestError: Nothing can go on; what was done is kept.
        """
        if run is not None:
            self.run_folder = run
        told = reporter or reporter_here()
        with _folder_of(self.run_folder, told) as root:
            return run_study(self.file, self.folder, root, told, executor, callbacks=callbacks)

    def open(self, run: str | Path | None = None) -> OpenedRun:
        """Open the run for reading, done or under way; see `acidtest.open_run`.

        Raises:
            AcidtestError: There is no such run.
        """
        return open_run(self.run_folder if run is None else run)

    def __repr__(self) -> str:
        solvers, made = len(self.file.solvers), len(self.file.generators) + len(self.file.synthetic)
        return f"<study {self.name!r}: task {self.file.task!r}, {made} synthetic sets, {solvers} solvers>"

    def _repr_html_(self) -> str:
        here = None if looks_like_address(self.run_folder) else RunFolder(Path(self.run_folder))
        state = read_state(here) if here is not None else None
        steps = () if state is None else steps_of(self.file, state)
        return card_html(study_card(self.file, str(self.run_folder), steps))


def _local(source: str | Path) -> Path:
    """Return a local copy of a study file or a run that is named by an address."""
    address = run_address(source)
    if address is None:
        return Path(source)
    from acidtest.study.remote_run import fetched_study

    return fetched_study(address)


@contextmanager
def _folder_of(run: str | Path, reporter: Reporter) -> Iterator[Path]:
    """Give the local folder that a run is done in; what changes in that of an address is brought there."""
    address = run_address(run)
    if address is None:
        yield Path(run)
        return
    from acidtest.study.remote_run import run_at

    with run_at(address, reporter.say) as work:
        yield work
