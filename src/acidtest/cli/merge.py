"""`acidtest merge`: shards of one study together."""

from pathlib import Path
from typing import Annotated

import typer

from acidtest.cli.addresses import place
from acidtest.errors import AcidtestError, DataError, counted

_RUNS = typer.Argument(metavar="SHARD...", help="The shards' folders.", show_default=False)
_RUN = typer.Option("--run", "-o", help="The new run's folder.", show_default=False)
_JSON = typer.Option("--json", metavar="FILE", help="Write the comparison as JSON to this file, - for the terminal.")


def merge(
    run: Annotated[list[Path], _RUNS],
    *,
    folder: Annotated[Path, _RUN],
    json_file: Annotated[str | None, _JSON] = None,
) -> None:
    """Put shards of one study together into one run, and compare it where nothing is missing. Nothing is called."""
    from acidtest.report.safe_text import clean
    from acidtest.study.merge import merge_shards

    merged = merge_shards(run, folder)
    if json_file != "-":
        typer.echo(f"Put {counted(merged.shards, 'folder')} together: {place(folder)}")
    if not merged.is_whole:
        typer.echo(clean(str(merged), lines=True), err=True)
        raise DataError(
            "the shards do not make a whole run",
            where=str(folder),
            way_out=f"Finish them and merge into a new folder, or let one machine ask what is missing: "
            f"acidtest run {place(folder)}",
        )
    try:
        _compare(folder, json_file)
    except AcidtestError as error:
        raise AcidtestError(
            f"the shards are put together, but they cannot be compared here: {error.what}",
            where=error.where,
            way_out=f"{error.way_out} Then, where the study's files and models are: acidtest run {place(folder)}",
        ) from None


def _compare(root: Path, json_file: str | None) -> None:
    from acidtest.cli.outcome import show_outcome
    from acidtest.cli.progress import TerminalReporter
    from acidtest.study.merge import refuse_changed
    from acidtest.study.run import run_study, study_of

    study, study_folder, _ = study_of(root)
    refuse_changed(study, study_folder, root)
    report = run_study(study, study_folder, root, TerminalReporter())
    show_outcome(report, page=root / "report.html", json_file=json_file, gate=None)
