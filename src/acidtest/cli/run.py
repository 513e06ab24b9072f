"""`acidtest run`: a whole study, from its file to its report."""

from pathlib import Path
from typing import Annotated

import typer

STUDY = typer.Argument(help="The study file, or the folder of an earlier run.", show_default=False)
RUN = typer.Option("--run", "-o", help="Folder of the run; resumed if it exists. runs/STUDY unless named.")
JSON = typer.Option("--json", help="Write the comparison as JSON to this file, - for the terminal.")


def run(
    study: Annotated[Path, STUDY],
    *,
    folder: Annotated[Path | None, RUN] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count calls, tokens and price; send nothing.")] = False,
    json_file: Annotated[str | None, JSON] = None,
    gate: Annotated[
        str | None, typer.Option(help="score, rank or choose: exit 0 for GO, 10 for NO-GO, 11 for INCONCLUSIVE.")
    ] = None,
) -> None:
    """Write the synthetic benchmarks, let all solvers answer, compare, and write RUN/report.html."""
    from acidtest.cli.outcome import check_gate, show_outcome
    from acidtest.cli.progress import TerminalReporter
    from acidtest.study.run import run_study, study_of

    check_gate(gate)
    asked, study_folder, known = study_of(study)
    root = run_folder(folder, known, asked.study)
    if dry_run:
        from acidtest.cli.dry_run import print_dry_run

        print_dry_run(asked, study_folder, json_file)
        return
    report = run_study(asked, study_folder, root, TerminalReporter())
    show_outcome(report, page=root / "report.html", json_file=json_file, gate=gate)


def run_folder(named: Path | None, known: Path | None, study: str) -> Path:
    """Return the run's folder: the named one, the one that was given as the study, or runs/STUDY."""
    from acidtest.data.run_folder import safe_name

    return named or known or Path("runs") / safe_name(study)
