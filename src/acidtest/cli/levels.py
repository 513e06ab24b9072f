"""`acidtest levels`: how much help solvers need before they solve the items."""

from pathlib import Path
from typing import Annotated

import typer

from acidtest.cli.addresses import place
from acidtest.cli.json_out import echo_json
from acidtest.cli.run import EXECUTOR, RAY_ADDRESS, RAY_WORKERS, RUN, STUDY, run_folder
from acidtest.cli.shards import NO_SHARD, refuse_shard

_SOLVER = typer.Option("--solver", metavar="NAME", help="Ask this solver alone; may be repeated.", show_default=False)
_ITEMS = typer.Option("--items", min=1, help="Ask a seeded sample of so many items of each benchmark.")
_LEVELS = typer.Option(
    "--levels",
    metavar="L1,L2,...",
    help="role, reasoning, few_shot_reasoning, least_to_most, generated_knowledge; all unless named.",
    show_default=False,
)
_ALL = typer.Option("--all", help="Ask every level about every item, not the unsolved ones alone.")
_TRIES = typer.Option("--tries", help="Repeat the first level's prompt as often as there are levels, to compare.")
_METRIC = typer.Option("--metric", help="What an answer is scored by; the study's metric unless named.")
_DRY = typer.Option("--dry-run", help="Count calls, tokens and price at most; send nothing.")
_JSON = typer.Option("--json", metavar="FILE", help="Write what was found as JSON, - for the terminal.")


def levels(  # noqa: PLR0913 - one argument per option of the command line
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    solver: Annotated[list[str] | None, _SOLVER] = None,
    items: Annotated[int | None, _ITEMS] = None,
    levels: Annotated[str, _LEVELS] = "",
    everything: Annotated[bool, _ALL] = False,
    tries: Annotated[bool, _TRIES] = False,
    metric: Annotated[str, _METRIC] = "",
    dry_run: Annotated[bool, _DRY] = False,
    json_file: Annotated[str | None, _JSON] = None,
    executor: Annotated[str, EXECUTOR] = "local",
    ray_address: Annotated[str | None, RAY_ADDRESS] = None,
    ray_workers: Annotated[int | None, RAY_WORKERS] = None,
    shard: Annotated[str | None, NO_SHARD] = None,
) -> None:
    """Find the first prompting level at which each solver solves each item, real and synthetic."""
    from acidtest.cli.progress import TerminalReporter
    from acidtest.compare.levels_json import dumps
    from acidtest.data.run_folder import write_atomically
    from acidtest.models.executors.executor import executor_named
    from acidtest.report.levels_terminal import print_levels
    from acidtest.study.levels import LevelOptions, expected_level_calls, run_levels
    from acidtest.study.run import study_of

    refuse_shard(shard, "which level is asked next rests on the answers before")
    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    options = LevelOptions(
        levels=tuple(name.strip().replace("-", "_") for name in levels.split(",") if name.strip()),
        solvers=tuple(solver or ()),
        items=items,
        everything=everything,
        tries=tries,
        metric=metric,
    )
    if dry_run:
        from acidtest.cli.dry_run import print_expected

        print_expected(expected_level_calls(asked, study_folder, options), json_file)
        return
    reporter = TerminalReporter()
    there = executor_named(executor, address=ray_address, workers=ray_workers, say=reporter.say)
    report = run_levels(asked, study_folder, root, reporter, options, there)
    if json_file == "-":
        echo_json(dumps(report))
        return
    print_levels(report)
    typer.echo(f"Wrote {place(root / 'levels.json')} and {place(root / 'levels.parquet')}")
    if json_file is not None:
        write_atomically(Path(json_file), dumps(report))
