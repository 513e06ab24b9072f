"""`acidtest validity`: are the items what the task asks for, in the eyes of people and of judges. Nothing is called."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.json_out import echo_json
from acidtest.errors import AcidtestError, DataError

if TYPE_CHECKING:
    from acidtest.types import ValidityReport

_FILES = typer.Argument(
    metavar="RUN|RATINGS...",
    help="The folder of a run, or files of ratings: our own (JSON lines), or tables with the columns item, rater and "
    "one per criterion (or criterion and mark).",
    show_default=False,
)
_RUBRIC = typer.Option(
    "--rubric", metavar="NAME|FILE", help="What the items were rated by; a run knows its own.", show_default=False
)
_REAL = typer.Option("--real", metavar="NAME", help="A real benchmark among files of ratings.", show_default=False)
_JSON = typer.Option("--json", metavar="FILE", help="Write what was found as JSON, - for the terminal.")
_LEVEL = typer.Option("--level", help="Of all intervals; .95, or the run's.", show_default=False)


def validity(
    ratings: Annotated[list[Path], _FILES],
    *,
    rubric: Annotated[str, _RUBRIC] = "",
    real: Annotated[list[str] | None, _REAL] = None,
    json_file: Annotated[str | None, _JSON] = None,
    level: Annotated[float | None, _LEVEL] = None,
) -> None:
    """Say which share of the items is valid, how far people agree, and how far judges can be believed."""
    if level is not None and not 0 < level < 1:
        raise AcidtestError(f"--level {level:g} is no probability", way_out="Name one above 0 and below 1.")
    if any(path.is_dir() for path in ratings):
        if len(ratings) > 1:
            raise AcidtestError("a run's folder stands beside other files", way_out="Name one run, or files.")
        if real:
            raise AcidtestError("--real and a run's folder", way_out="Leave out --real: the run knows its own.")
        found = _of_run(ratings[0], rubric, level)
    else:
        found = _of_files(ratings, rubric, tuple(real or ()), 0.95 if level is None else level)
    _show(found, json_file)


def _of_run(root: Path, rubric: str, level: float | None) -> "ValidityReport":
    from acidtest.data.run_folder import RunFolder
    from acidtest.study.run import study_of
    from acidtest.study.validity import validity_of_run

    study, study_folder, _ = study_of(root)
    if level is not None:
        study = study.model_copy(update={"level": level})
    found = validity_of_run(study, study_folder, RunFolder(root), rubric=rubric)
    if found is None:
        raise DataError(
            "nobody rated an item of this run yet",
            where=str(root / "ratings"),
            way_out=f"Let people rate: acidtest review {root}. Or let judges: add 'validity: {{judges: [MODEL]}}' to "
            "the study file, then acidtest rate.",
        )
    return found


def _of_files(paths: list[Path], rubric: str, real: tuple[str, ...], level: float) -> "ValidityReport":
    from acidtest.compare.validity import validity_report
    from acidtest.data.rating_files import read_rating_files
    from acidtest.data.rubric_file import load_rubric, rubric_names

    if not rubric:
        known = ", ".join(rubric_names())
        raise AcidtestError("the rubric is not named", way_out=f"--rubric NAME ({known}), or a .yaml file of your own.")
    asked = load_rubric(rubric)
    files = read_rating_files(paths, asked, real=real)
    if not files.ratings:
        raise DataError("the files hold no rating", where=", ".join(map(str, paths)), way_out="Name others.")
    return validity_report(files.ratings, asked.rubric, files.benchmarks, level=level)


def _show(found: "ValidityReport", json_file: str | None) -> None:
    if json_file == "-":
        from acidtest.compare.validity_contract import dumps

        echo_json(dumps(found))
        return
    from acidtest.report.validity_terminal import print_validity

    print_validity(found)
    if json_file:
        from acidtest.compare.validity_contract import dumps
        from acidtest.data.run_folder import write_atomically

        write_atomically(Path(json_file), dumps(found))
