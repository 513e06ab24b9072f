"""`acidtest generate | evaluate | rate | compare | report`: one stage of a study each."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.addresses import place
from acidtest.cli.json_out import echo_json
from acidtest.cli.run import (
    ADAPTIVE,
    BANK,
    EXECUTOR,
    JSON,
    RAY_ADDRESS,
    RAY_WORKERS,
    RUN,
    STUDY,
    run_folder,
    show_adaptive,
    with_adaptive,
)
from acidtest.cli.shards import SHARD, asked_shard, end_shard

_JSON = typer.Option("--json", metavar="FILE", help="Write what was done as JSON, - for the terminal.")
_MODELS_VARY = typer.Option("--models-vary", help="Ask about other solvers like these, not about these.")

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from acidtest.study.schema import StudyFile
    from acidtest.study.under_way import Run


def generate(
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    json_file: Annotated[str | None, _JSON] = None,
    executor: Annotated[str, EXECUTOR] = "local",
    ray_address: Annotated[str | None, RAY_ADDRESS] = None,
    ray_workers: Annotated[int | None, RAY_WORKERS] = None,
) -> None:
    """Write the synthetic benchmarks that are not written yet."""
    from acidtest.study.run import write_benchmarks

    there = (executor, ray_address, ray_workers)
    with _started(study, folder, there=there) as run:
        write_benchmarks(run)
        _finish(run, run.prepared.folder.root / "synthetic", ("synthetic/",), json_file)


def evaluate(  # noqa: PLR0913 - a command's options
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    adaptive: Annotated[int | None, ADAPTIVE] = None,
    bank: Annotated[Path | None, BANK] = None,
    json_file: Annotated[str | None, _JSON] = None,
    executor: Annotated[str, EXECUTOR] = "local",
    ray_address: Annotated[str | None, RAY_ADDRESS] = None,
    ray_workers: Annotated[int | None, RAY_WORKERS] = None,
    shard: Annotated[str | None, SHARD] = None,
) -> None:
    """Let every solver answer every benchmark of the run, and score the answers."""
    from acidtest.study.run import answer_benchmarks

    there = (executor, ray_address, ray_workers)
    tests = lambda asked, _: with_adaptive(asked, adaptive, bank)  # noqa: E731 - one line, used once
    with _started(study, folder, tests, there=there, shard=shard) as run:
        answer_benchmarks(run)
        if run.shard is not None:
            _end_part(run, json_file)
            return
        if json_file != "-":
            show_adaptive(run.prepared.folder.root)
        units = ("responses/", "adaptive/", "bank", "judgements/", "scores")
        _finish(run, run.prepared.folder.scores, units, json_file)


def rate(
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    json_file: Annotated[str | None, _JSON] = None,
    executor: Annotated[str, EXECUTOR] = "local",
    ray_address: Annotated[str | None, RAY_ADDRESS] = None,
    ray_workers: Annotated[int | None, RAY_WORKERS] = None,
    shard: Annotated[str | None, SHARD] = None,
) -> None:
    """Let the study's judges rate the items of the run by the study's rubric."""
    from acidtest.study.run import rate_benchmarks

    there = (executor, ray_address, ray_workers)
    with _started(study, folder, there=there, shard=shard) as run:
        rate_benchmarks(run)
        if run.shard is not None:
            _end_part(run, json_file)
            return
        _finish(run, run.prepared.folder.root / "ratings", ("ratings/",), json_file)


def compare(
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    json_file: Annotated[str | None, JSON] = None,
    models_vary: Annotated[bool, _MODELS_VARY] = False,
) -> None:
    """Compare the scores of the run; write RUN/fidelity.json and print the verdict."""
    from acidtest.cli.outcome import show_outcome
    from acidtest.study.run import compare_stage

    with _started(study, folder) as run:
        show_outcome(compare_stage(run, models_vary=models_vary), page=None, json_file=json_file, gate=None)


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

    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    drawn = write_report(asked, RunFolder(root), study_folder=study_folder)
    show_outcome(drawn, page=root / "report.html", json_file=json_file, gate=None)


def _started(
    study: Path,
    folder: Path | None,
    tests: "Callable[[StudyFile, Path], StudyFile] | None" = None,
    *,
    there: tuple[str, str | None, int | None] = ("local", None, None),
    shard: str | None = None,
) -> "AbstractContextManager[Run]":
    """Return the run of a study, prepared and checked, in a folder that is ours alone.

    Args:
        study: As it was named.
        folder: As it was named.
        tests: What the study becomes by options about adaptive tests; None: those that the run was answered with stay.
        there: Where models live: the executor, the cluster's address, its workers per model.
        shard: The part of the items that is asked for, K/N; None: all.
    """
    from acidtest.cli.progress import TerminalReporter
    from acidtest.models.executors.executor import executor_named
    from acidtest.study.adaptive import as_answered
    from acidtest.study.run import started, study_of

    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    asked = (tests or as_answered)(asked, root)
    reporter, (executor, address, workers) = TerminalReporter(), there
    where = executor_named(executor, address=address, workers=workers, say=reporter.say)
    return started(asked, study_folder, root, reporter, where, shard=asked_shard(shard, folder, known))


def _end_part(run: "Run", json_file: str | None) -> None:
    """Say what a shard has done, as JSON too where it is asked for."""
    from acidtest.study.shard import SHARED

    if json_file is not None:
        _write_json(run, run.prepared.folder.root, SHARED, json_file)
    if run.shard is not None and json_file != "-":
        end_shard(run, run.shard)
    if run.failed:
        raise typer.Exit(2)


def _finish(run: "Run", made: Path, units: tuple[str, ...], json_file: str | None) -> None:
    """Say what was made and what was not: in words, or as JSON with how far each unit of the stage is."""
    if json_file is not None:
        _write_json(run, made, units, json_file)
    if run.failed and json_file != "-":
        from acidtest.report.safe_text import clean

        for key, why in run.failed.items():
            typer.echo(clean(f"not done: {key}: {why}"), err=True)
    if run.failed:
        raise typer.Exit(2)
    if json_file != "-":
        typer.echo(f"Wrote {place(made)}")


def _write_json(run: "Run", made: Path, units: tuple[str, ...], json_file: str) -> None:
    import orjson

    from acidtest.data.run_folder import write_atomically

    found = {
        "schema": 1,
        "run": place(run.prepared.folder.root),
        "wrote": place(made) if made.exists() else None,
        "units": {
            key: {"status": unit.status, "detail": unit.detail}
            for key, unit in run.prepared.book.state.stages.items()
            if key.startswith(units)
        },
        "failed": run.failed,
    }
    content = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if json_file == "-":
        echo_json(content)
    else:
        write_atomically(Path(json_file), content)
