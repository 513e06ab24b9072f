"""`acidtest harder`: rounds of writing items that are harder than those before, each measured by asking solvers."""

from pathlib import Path
from typing import Annotated

import typer

from acidtest.cli.addresses import place
from acidtest.cli.json_out import echo_json
from acidtest.cli.run import EXECUTOR, RAY_ADDRESS, RAY_WORKERS
from acidtest.cli.shards import NO_SHARD, refuse_shard
from acidtest.errors import AcidtestError

_STUDY = typer.Argument(metavar="STUDY", help="The study file.", show_default=False)
_ROUNDS = typer.Option("--rounds", min=2, help="How often items are written; the first time as the study says.")
_ABOVE = typer.Option(
    "--above", help="Difficulty that later rounds want; harder than their examples unless named.", show_default=False
)
_RUN = typer.Option("--run", "-o", help="Folder of all rounds; resumed if it exists. runs/STUDY-harder unless named.")
_JSON = typer.Option("--json", metavar="FILE", help="Write what was found as JSON, - for the terminal.")


def harder(  # noqa: PLR0913 - one argument per option of the command line
    study: Annotated[Path, _STUDY],
    *,
    rounds: Annotated[int, _ROUNDS] = 3,
    above: Annotated[float | None, _ABOVE] = None,
    folder: Annotated[Path | None, _RUN] = None,
    json_file: Annotated[str | None, _JSON] = None,
    executor: Annotated[str, EXECUTOR] = "local",
    ray_address: Annotated[str | None, RAY_ADDRESS] = None,
    ray_workers: Annotated[int | None, RAY_WORKERS] = None,
    shard: Annotated[str | None, NO_SHARD] = None,
) -> None:
    """Write items, ask solvers how hard they are, show the generator what was hard, and again."""
    from acidtest.cli.progress import TerminalReporter
    from acidtest.compare.harder import dumps
    from acidtest.data.run_folder import safe_name, write_atomically
    from acidtest.models.executors.executor import executor_named
    from acidtest.report.harder_terminal import print_harder
    from acidtest.study.harder import run_harder
    from acidtest.study.run import study_of

    refuse_shard(shard, "each round is written from the answers to the one before")
    asked, study_folder, known = study_of(study)
    if known is not None:
        raise AcidtestError(f"'{study}' is a run's folder", way_out="Name the study file; -o names the folder.")
    root = folder or Path("runs") / safe_name(f"{asked.study}-harder")
    reporter = TerminalReporter()
    there = executor_named(executor, address=ray_address, workers=ray_workers, say=reporter.say)
    report = run_harder(asked, study_folder, root, reporter, rounds=rounds, above=above, executor=there)
    if json_file == "-":
        echo_json(dumps(report))
        return
    print_harder(report)
    typer.echo(f"Wrote {place(root / 'harder.json')}")
    if json_file is not None:
        write_atomically(Path(json_file), dumps(report))
