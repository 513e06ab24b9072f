"""`acidtest generate | evaluate | compare | report`: one stage of a study each."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.run import JSON, RUN, STUDY, run_folder

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from acidtest.study.under_way import Run


def generate(study: Annotated[Path, STUDY], *, folder: Annotated[Path | None, RUN] = None) -> None:
    """Write the synthetic benchmarks that are not written yet."""
    from acidtest.study.run import write_benchmarks

    with _started(study, folder) as run:
        write_benchmarks(run)
        _finish(run.failed, run.prepared.folder.root / "synthetic")


def evaluate(study: Annotated[Path, STUDY], *, folder: Annotated[Path | None, RUN] = None) -> None:
    """Let every solver answer every benchmark of the run, and score the answers."""
    from acidtest.study.run import answer_benchmarks

    with _started(study, folder) as run:
        answer_benchmarks(run)
        _finish(run.failed, run.prepared.folder.scores)


def compare(
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    json_file: Annotated[str | None, JSON] = None,
) -> None:
    """Compare the scores of the run; write RUN/fidelity.json and print the verdict."""
    from acidtest.cli.outcome import show_outcome
    from acidtest.study.run import compare_stage

    with _started(study, folder) as run:
        show_outcome(compare_stage(run), page=None, json_file=json_file, gate=None)


def report(
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    json_file: Annotated[str | None, JSON] = None,
) -> None:
    """Draw the comparison of the run into RUN/report.html and print it."""
    from acidtest.cli.outcome import show_outcome
    from acidtest.data.run_folder import RunFolder
    from acidtest.study.closing import write_report
    from acidtest.study.run import study_of

    asked, _, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    drawn = write_report(asked, RunFolder(root))
    show_outcome(drawn, page=root / "report.html", json_file=json_file, gate=None)


def _started(study: Path, folder: Path | None) -> "AbstractContextManager[Run]":
    """Return the run of a study, prepared and checked, in a folder that is ours alone."""
    from acidtest.cli.progress import TerminalReporter
    from acidtest.study.run import started, study_of

    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    return started(asked, study_folder, root, TerminalReporter())


def _finish(failed: dict[str, str], made: Path) -> None:
    if failed:
        from acidtest.report.safe_text import clean

        for key, why in failed.items():
            typer.echo(clean(f"not done: {key}: {why}"), err=True)
        raise typer.Exit(2)
    typer.echo(f"Wrote {made}")
