"""A run's folder, or its address, opened for reading: what stands in it as data frames, also while it is under way."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acidtest.data.clean_text import clean
from acidtest.data.file_row import refuse_odd_groups
from acidtest.data.remote.address import run_address
from acidtest.data.run_folder import RunFolder
from acidtest.errors import DataError
from acidtest.frames import run_rows
from acidtest.frames.frame import ColumnKind, FrameKind, framed, table_of
from acidtest.frames.of_results import fidelity_frame, verdict_frame
from acidtest.study.how_far import Step, steps_of
from acidtest.study.run import study_of
from acidtest.study.schema import StudyFile
from acidtest.study.state import read_state
from acidtest.types import FidelityReport

_STEPS: dict[str, ColumnKind] = {"step": "text", "done": "whole", "of": "whole", "missing": "texts"}


class OpenedRun:
    """A run, for reading: each method reads its files anew, so that a run under way can be followed.

    Every method that returns a frame takes `frame`: "pandas" (as it is unless said otherwise), "polars" or "arrow".
    Where nothing of the kind is there, the frame has no rows; `missing` tells what is not done yet.

    Attributes:
        folder: The run's folder; of an address, the local copy.
        name: What it was opened by.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._files = RunFolder(folder)

    @property
    def study(self) -> StudyFile:
        """The study, as run.json holds it."""
        return study_of(self.folder)[0]

    @property
    def models(self) -> Mapping[str, Mapping[str, Any]]:
        """Model -> `use`, `revision` and `family`."""
        state = read_state(self._files)
        return {} if state is None else state.models

    @property
    def steps(self) -> tuple[Step, ...]:
        """How far each step of the run is."""
        return steps_of(self.study, read_state(self._files))

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not done yet: keys such as `responses/BENCHMARK/SOLVER`, with the reason where one is known."""
        return tuple(key + (f": {why}" if why else "") for step in self.steps for key, why in step.missing)

    def progress(self, frame: FrameKind = "pandas") -> Any:
        """Return how far the run is: one row per step, `step, done, of, missing`."""
        rows = (
            {"step": s.name, "done": s.done, "of": s.of, "missing": [key for key, _ in s.missing]} for s in self.steps
        )
        return framed(table_of(rows, _STEPS), frame)

    def items(self, frame: FrameKind = "pandas") -> Any:
        """Return the items of all benchmarks: one row per item.

        Columns: `benchmark, kind, generator, strategy, item`, an `input_NAME` per input of the task, `target,
        choices, edit, bundle, topic`, and of written items `prompt, call, seed, provenance` (JSON text). Targets are
        text, or numbers where all are; other targets, such as spans, are JSON text.
        """
        rows, columns = run_rows.item_rows(self._files, run_rows.benchmarks_of(self.study))
        return framed(table_of(rows, columns), frame)

    def responses(self, frame: FrameKind = "pandas") -> Any:
        """Return what solvers answered: one row per benchmark, solver, item and repeat, the last answer to each.

        Columns: `benchmark, kind, model, item, epoch, text, tokens_in, tokens_out, cost, seconds, logprobs` (JSON
        text) and `error`, which says why no answer came. Texts are as models wrote them: show them escaped.
        """
        study = self.study
        solvers = [solver.model for solver in study.solvers]
        rows, columns = run_rows.response_rows(self._files, run_rows.benchmarks_of(study), solvers)
        return framed(table_of(rows, columns), frame)

    def rejected(self, frame: FrameKind = "pandas") -> Any:
        """Return the candidates that generators wrote and that were not accepted, with `reason` and `detail`."""
        rows, columns = run_rows.rejected_rows(self._files, run_rows.benchmarks_of(self.study))
        return framed(table_of(rows, columns), frame)

    def ratings(self, frame: FrameKind = "pandas") -> Any:
        """Return what people and judges said of items: one row per rating, a column `mark_CRITERION` per criterion."""
        rows, columns = run_rows.rating_rows(self._files)
        return framed(table_of(rows, columns), frame)

    def judgements(self, frame: FrameKind = "pandas") -> Any:
        """Return what the judge said of solvers' answers: one row per benchmark, solver and item, the last judgement.

        Columns: `model` and those of `ratings`; where no judge decides the metric, there are no rows.
        """
        study = self.study
        solvers = [solver.model for solver in study.solvers]
        rows, columns = run_rows.judgement_rows(self._files, run_rows.benchmarks_of(study), solvers)
        return framed(table_of(rows, columns), frame)

    def scores(self, frame: FrameKind = "pandas") -> Any:
        """Return RUN/scores.parquet: one row per benchmark, solver and item; docs/scores.md tells its columns.

        Raises:
            DataError: Nothing was scored yet, or the file is broken.
        """
        import pyarrow as pa
        from pyarrow import parquet

        path = self._need(self._files.scores)
        try:
            refuse_odd_groups(parquet.read_metadata(path), path)
            table = parquet.read_table(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(
                f"'{path.name}' is not a readable Parquet file: {str(error).partition(chr(10))[0][:200]}",
                where=self.name,
                way_out="Delete it and run the study again: nothing that was answered is asked again.",
            ) from error
        return framed(table, frame)

    def report(self) -> FidelityReport:
        """Return the comparison.

        Raises:
            DataError: Nothing was compared yet.
        """
        from acidtest.compare.contract import read

        return read(self._need(self._files.fidelity))

    def fidelity(self, frame: FrameKind = "pandas") -> Any:
        """Return the comparison's statistics: one row per benchmark and statistic; see `fidelity_frame`."""
        return fidelity_frame(self.report(), frame)

    def verdict(self, frame: FrameKind = "pandas") -> Any:
        """Return the verdicts: one row per benchmark and use; see `verdict_frame`."""
        return verdict_frame(self.report(), frame)

    def __repr__(self) -> str:
        done = ", ".join(f"{step.name} {step.done}/{step.of}" for step in self.steps)
        return f"<run {self.name!r} of study {self.study.study!r}: {done}>"

    def _repr_html_(self) -> str:
        from acidtest.frames.run_card import study_card
        from acidtest.report.card import card_html

        return card_html(study_card(self.study, self.name, self.steps))

    def _need(self, path: Path) -> Path:
        if not path.exists():
            raise DataError(
                f"'{path.name}' is not there yet",
                where=self.name,
                way_out=f"Run the study to its end; still missing: {', '.join(self.missing)[:500]}.",
            )
        return path


def open_run(run: str | Path) -> OpenedRun:
    """Open a run for reading, done or under way.

    Args:
        run: Its folder, or an address that fsspec knows, such as `s3://bucket/run`: then what is there now is copied
            here first.

    Raises:
        AcidtestError: It is no run's folder, or the address cannot be read.
    """
    address = run_address(run)
    if address is None:
        folder, name = Path(run), str(run)
    else:
        from acidtest.data.remote.folder import reading_copy
        from acidtest.data.remote.store import RemoteStore

        folder, name = reading_copy(RemoteStore(address), _say), address.shown
    if not folder.is_dir():
        raise DataError(f"there is no folder '{name}'", way_out="Name the folder of a run: acidtest run STUDY -o RUN.")
    study_of(folder)
    return OpenedRun(folder, name)


def _say(text: str) -> None:
    sys.stderr.write(clean(text) + "\n")
