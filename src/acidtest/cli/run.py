"""`acidtest run`: a whole study, from its file to its report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.shards import SHARD, answer_part, asked_shard

if TYPE_CHECKING:
    from acidtest.study.callbacks import Callback
    from acidtest.study.schema import StudyFile

STUDY = typer.Argument(help="The study file, or the folder of an earlier run.", show_default=False)
RUN = typer.Option("--run", "-o", help="Folder of the run; resumed if it exists. runs/STUDY unless named.")
ADAPTIVE = typer.Option(
    "--adaptive", min=1, help="Ask language models at most so many items of a benchmark, those that say most."
)
BANK = typer.Option("--bank", help="With --adaptive: file of calibrated items, from 'acidtest irt SCORES --bank FILE'.")
EXECUTOR = typer.Option("--executor", metavar="local|ray", help="Where models live: here, or on a Ray cluster.")
RAY_ADDRESS = typer.Option("--ray-address", metavar="HOST:PORT", help="The cluster; RAY_ADDRESS, or one of its own.")
RAY_WORKERS = typer.Option("--ray-workers", min=1, max=1024, help="Workers of a model that names no 'workers'; 1.")
LOG_TO = typer.Option("--log-to", metavar="mlflow|wandb", help="Tell a tracker of experiments; see docs/tracking.md.")
JSON = typer.Option("--json", help="Write the comparison as JSON to this file, - for the terminal.")


def run(  # noqa: PLR0913 - a command's options
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count calls, tokens and price; send nothing.")] = False,
    adaptive: Annotated[int | None, ADAPTIVE] = None,
    bank: Annotated[Path | None, BANK] = None,
    json_file: Annotated[str | None, JSON] = None,
    gate: Annotated[
        str | None, typer.Option(help="score, rank or choose: exit 0 for GO, 10 for NO-GO, 11 for INCONCLUSIVE.")
    ] = None,
    executor: Annotated[str, EXECUTOR] = "local",
    ray_address: Annotated[str | None, RAY_ADDRESS] = None,
    ray_workers: Annotated[int | None, RAY_WORKERS] = None,
    shard: Annotated[str | None, SHARD] = None,
    log_to: Annotated[list[str] | None, LOG_TO] = None,
) -> None:
    """Write the synthetic benchmarks, let all solvers answer, compare, and write RUN/report.html."""
    from acidtest.cli.outcome import check_gate, show_outcome
    from acidtest.cli.progress import TerminalReporter
    from acidtest.models.executors.executor import executor_named
    from acidtest.study.run import run_study, started, study_of

    check_gate(gate)
    asked, study_folder, known = study_of(study)
    asked = with_adaptive(asked, adaptive, bank)
    root = run_folder(folder, known, asked.study)
    if dry_run:
        from acidtest.cli.dry_run import print_dry_run

        print_dry_run(asked, study_folder, json_file)
        return
    reporter = TerminalReporter()
    trackers = trackers_named(log_to or [], shard)
    there = executor_named(executor, address=ray_address, workers=ray_workers, say=reporter.say)
    if (part := asked_shard(shard, folder, known)) is not None:
        with started(asked, study_folder, root, reporter, there, shard=part) as under_way:
            answer_part(under_way, part)
        return
    report = run_study(asked, study_folder, root, reporter, there, callbacks=trackers)
    if json_file != "-":
        show_adaptive(root)
    show_outcome(report, page=root / "report.html", json_file=json_file, gate=gate)


def trackers_named(names: list[str], shard: str | None) -> "list[Callback]":
    """Return the loggers that `--log-to` names.

    Raises:
        AcidtestError: There is no such logger, its library is not installed, or the run is a shard.
    """
    from acidtest.errors import AcidtestError
    from acidtest.registry import get

    if names and shard is not None:
        raise AcidtestError(
            "--log-to is for whole runs, and this is a shard",
            way_out="Leave it out; after 'acidtest merge', log the whole: acidtest run STUDY -o MERGED --log-to NAME",
        )
    return [get("tracker", name)() for name in names]


def with_adaptive(study: "StudyFile", items: int | None, bank: Path | None) -> "StudyFile":
    """Return the study with adaptive tests as the options say; as it is where they say nothing.

    Raises:
        StudyFileError: A bank, and neither the option nor the study asks for adaptive tests.
    """
    if items is None and bank is None:
        return study
    from acidtest.errors import StudyFileError
    from acidtest.study.schema import AdaptiveSettings

    if items is None and study.adaptive is None:
        raise StudyFileError(
            "--bank is for adaptive tests, and the study asks for none",
            way_out="Say how many items each solver may be asked: --adaptive 50",
        )
    changed: dict[str, object] = {} if items is None else {"items": items}
    if bank is not None:
        changed |= {"bank": str(bank.resolve()), "calibrate": []}
    return study.model_copy(update={"adaptive": (study.adaptive or AdaptiveSettings()).model_copy(update=changed)})


def show_adaptive(root: Path) -> None:
    """Print what the adaptive tests of a run found, where there were some."""
    from acidtest.data.run_folder import RunFolder

    path = RunFolder(root).adaptive
    if path.exists():
        from acidtest.compare.adaptive_json import read
        from acidtest.report.adaptive_terminal import print_adaptive

        print_adaptive(read(path))


def run_folder(named: Path | None, known: Path | None, study: str) -> Path:
    """Return the run's folder: the named one, the one that was given as the study, or runs/STUDY."""
    from acidtest.data.run_folder import safe_name

    return named or known or Path("runs") / safe_name(study)
