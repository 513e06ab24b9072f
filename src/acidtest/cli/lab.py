"""`acidtest lab`: prompt versions side by side."""

from pathlib import Path
from typing import Annotated

import typer

from acidtest.cli.addresses import place
from acidtest.cli.json_out import echo_json
from acidtest.cli.run import EXECUTOR, RAY_ADDRESS, RAY_WORKERS
from acidtest.cli.shards import NO_SHARD, refuse_shard
from acidtest.errors import AcidtestError

_STUDY = typer.Argument(metavar="STUDY", help="The study file.", show_default=False)
_PROMPTS = typer.Option(
    "--prompts",
    metavar="V1,V2,...",
    help="Versions of the prompt that each generator uses (v1,v2), names of prompts, or .md files.",
    show_default=False,
)
_ITEMS = typer.Option("--items", min=1, help="Items of each version, at least; bundles are whole.")
_RUN = typer.Option("--run", "-o", help="Folder of the lab; resumed if it exists. runs/STUDY-lab unless named.")
_JSON = typer.Option("--json", metavar="FILE", help="Write what was found as JSON, - for the terminal.")


def lab(  # noqa: PLR0913 - one argument per option of the command line
    study: Annotated[Path, _STUDY],
    *,
    prompts: Annotated[str, _PROMPTS],
    items: Annotated[int, _ITEMS] = 16,
    folder: Annotated[Path | None, _RUN] = None,
    json_file: Annotated[str | None, _JSON] = None,
    executor: Annotated[str, EXECUTOR] = "local",
    ray_address: Annotated[str | None, RAY_ADDRESS] = None,
    ray_workers: Annotated[int | None, RAY_WORKERS] = None,
    shard: Annotated[str | None, NO_SHARD] = None,
) -> None:
    """Write a few items with each version of a prompt, and say how valid and how hard each version's items are."""
    from acidtest.cli.progress import TerminalReporter
    from acidtest.compare.lab_json import dumps
    from acidtest.data.run_folder import safe_name, write_atomically
    from acidtest.models.executors.executor import executor_named
    from acidtest.report.lab_terminal import print_lab
    from acidtest.study.lab import run_lab
    from acidtest.study.run import study_of

    refuse_shard(shard, "its few items are written and rated in one run")
    asked, study_folder, known = study_of(study)
    if known is not None:
        raise AcidtestError(
            f"'{study}' is a run's folder", way_out="Name the study file; -o names the folder of the lab."
        )
    root = folder or Path("runs") / safe_name(f"{asked.study}-lab")
    named = [prompt.strip() for prompt in prompts.split(",") if prompt.strip()]
    reporter = TerminalReporter()
    there = executor_named(executor, address=ray_address, workers=ray_workers, say=reporter.say)
    report = run_lab(asked, study_folder, root, reporter, named, items, there)
    if json_file == "-":
        echo_json(dumps(report))
        return
    print_lab(report)
    typer.echo(f"Wrote {place(root / 'lab.json')}")
    if json_file is not None:
        write_atomically(Path(json_file), dumps(report))
