"""`acidtest generate | evaluate | compare | report`: one stage of a study each."""

from pathlib import Path
from typing import Annotated

import typer

from acidtest.cli.run import JSON, RUN, STUDY, run_folder


def generate(study: Annotated[Path, STUDY], *, folder: Annotated[Path | None, RUN] = None) -> None:
    """Write the synthetic benchmarks that are not written yet."""
    from acidtest.cli.progress import TerminalReporter
    from acidtest.study.run import start, study_of, write_benchmarks

    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    run = start(asked, study_folder, root, TerminalReporter())
    write_benchmarks(run)
    _finish(run.failed, root / "synthetic")


def evaluate(study: Annotated[Path, STUDY], *, folder: Annotated[Path | None, RUN] = None) -> None:
    """Let every solver answer every benchmark of the run, and score the answers."""
    from acidtest.cli.progress import TerminalReporter
    from acidtest.study.run import answer_benchmarks, start, study_of

    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    run = start(asked, study_folder, root, TerminalReporter())
    answer_benchmarks(run)
    _finish(run.failed, root / "scores.parquet")


def compare(
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    json_file: Annotated[str | None, JSON] = None,
) -> None:
    """Compare the scores of the run; write RUN/fidelity.json and print the verdict."""
    from acidtest.cli.outcome import show_outcome
    from acidtest.cli.progress import TerminalReporter
    from acidtest.study.run import compare_stage, start, study_of

    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    result = compare_stage(start(asked, study_folder, root, TerminalReporter()))
    show_outcome(result, page=None, json_file=json_file, gate=None)


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


def _finish(failed: dict[str, str], made: Path) -> None:
    if failed:
        from acidtest.report.safe_text import clean

        for key, why in failed.items():
            typer.echo(clean(f"not done: {key}: {why}"), err=True)
        raise typer.Exit(2)
    typer.echo(f"Wrote {made}")
