"""`acidtest irt`: items and solvers on one scale, from scores that one has already. Nothing is called."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from acidtest.cli.score_options import BENCHMARK, METRIC, SYNTHETIC
from acidtest.errors import AcidtestError, did_you_mean

if TYPE_CHECKING:
    from acidtest.types.irt import IrtModel

_FILES = typer.Argument(
    metavar="RUN|SCORES...",
    help="The folder of a run, or files: CSV, TSV, JSON lines (each also .gz) or Parquet; long or wide, item by item.",
    show_default=False,
)
_REAL = typer.Option(
    "--real", metavar="NAME", help="The real benchmark; the one that the table calls real unless named."
)
_GENERATOR = typer.Option("--generator", metavar="BENCHMARK=MODEL", help="Which model wrote a synthetic benchmark.")
_PERCENT = typer.Option("--percent", help="Scores are percentages.")
_MODEL = typer.Option(
    "--model",
    metavar="MODEL",
    help="rasch, 2pl, 3pl or continuous; 2pl where all scores are 0 or 1, else continuous, unless named.",
    show_default=False,
)
_GUESS = typer.Option("--guess", help="For 3pl: the chance of a right guess.")
_RIGHT_AT = typer.Option(
    "--right-at", metavar="SCORE", help="An answer is right from this score on; all scores become 0 or 1.",
    show_default=False,
)  # fmt: skip
_FLAWS = typer.Option("--flaws", help="Look for broken items, too: wrong keys, two right answers, items upside down.")
_FDR = typer.Option("--fdr", help="False alarms among the items that are named, at most.")
_CHECK = typer.Option("--check", help="Check the model, too: its fit, and how many abilities there are.")
_TEXTS = typer.Option("--texts", metavar="FILE", help="What the items ask: does that tell of their difficulty?")
_PREDICT = typer.Option("--predict", metavar="FILE", help="New items: how difficult will they be, by their texts?")
_DEMANDS = typer.Option("--demands", metavar="FILE", help="Ratings by the rubric demands.v1, used beside the texts.")
_EMBED = typer.Option("--embed", help="With --texts: use a sentence encoder, too (extra 'embed').")
_BANK = typer.Option("--bank", metavar="FILE", help="Write the items as a bank for small and adaptive tests.")
_ITEMS = typer.Option("--items", metavar="FILE", help="Write a table of the items: .csv, .jsonl or .parquet.")
_JSON = typer.Option("--json", metavar="FILE", help="Write what was found as JSON, - for the terminal.")
_HTML = typer.Option("--html", metavar="FILE", help="Write it as one HTML file.")

_MODELS = ("rasch", "2pl", "3pl", "continuous")


def irt(  # noqa: PLR0913  # one argument per option
    scores: Annotated[list[Path], _FILES],
    *,
    real: Annotated[str, _REAL] = "",
    synthetic: Annotated[list[str] | None, SYNTHETIC] = None,
    generator: Annotated[list[str] | None, _GENERATOR] = None,
    benchmark: Annotated[list[str] | None, BENCHMARK] = None,
    metric: Annotated[str, METRIC] = "",
    percent: Annotated[bool, _PERCENT] = False,
    model: Annotated[str | None, _MODEL] = None,
    guess: Annotated[float, _GUESS] = 0.25,
    right_at: Annotated[float | None, _RIGHT_AT] = None,
    flaws: Annotated[bool, _FLAWS] = False,
    fdr: Annotated[float, _FDR] = 0.1,
    check: Annotated[bool, _CHECK] = False,
    texts: Annotated[list[Path] | None, _TEXTS] = None,
    predict: Annotated[Path | None, _PREDICT] = None,
    demands: Annotated[list[Path] | None, _DEMANDS] = None,
    embed: Annotated[bool, _EMBED] = False,
    bank: Annotated[Path | None, _BANK] = None,
    items: Annotated[Path | None, _ITEMS] = None,
    json_file: Annotated[str | None, _JSON] = None,
    html: Annotated[Path | None, _HTML] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 0,
    level: Annotated[float, typer.Option("--level", help="Of all intervals.")] = 0.95,
) -> None:
    """Put items and solvers on one scale: how hard each item is, what it tells, and where synthetic sets differ."""
    asked = _model(model)
    _check_numbers({"--fdr": fdr, "--level": level})
    if not 0 <= guess < 1:
        raise AcidtestError(f"--guess {guess:g} is no chance", way_out="Name one from 0 to below 1.")
    if (predict or demands or embed) and not texts:
        raise AcidtestError("nothing can be learnt without texts", way_out="Name the file of the items: --texts FILE.")
    paths = _score_files(scores)
    from acidtest.cli.generators import generators_of
    from acidtest.cli.irt_outcome import IrtFiles, audit_of, check_of, flags_by_item, show_irt, texts_of
    from acidtest.compare.irt.calibrate import calibrate
    from acidtest.compare.irt.scale import irt_report, with_generators
    from acidtest.data.scores.matrix import read_matrix

    files = IrtFiles(json=json_file, html=html, bank=bank, items=items, scores=tuple(paths))
    matrix = read_matrix(paths, benchmark=benchmark or (), metric=metric, percent=percent)
    matrix = with_generators(matrix, generators_of(generator or ()))
    found = calibrate(matrix, real=real, synthetic=synthetic or (), model=asked, guess=guess, right_at=right_at)
    audit = audit_of(found, paths, benchmark or (), fdr=fdr, seed=seed) if flaws else None
    checked = check_of(found, seed=seed) if check else None
    told = texts_of(found, texts, predict, demands or (), embed=embed, seed=seed) if texts else None
    report = irt_report(found, seed=seed, level=level, fdr=fdr, flags=flags_by_item(found, audit))
    show_irt(report, found, audit=audit, check=checked, files=files, texts=told)


def _model(name: str | None) -> "IrtModel | None":
    if name is not None and name not in _MODELS:
        way_out = f"{did_you_mean(name, _MODELS)}Name one of {', '.join(_MODELS)}."
        raise AcidtestError(f"--model knows no '{name[:40]}'", way_out=way_out)
    return cast("IrtModel | None", name)


def _check_numbers(given: dict[str, float]) -> None:
    for option, value in given.items():
        if not 0 < value < 1:
            raise AcidtestError(f"{option} {value:g} is no probability", way_out="Name one above 0 and below 1.")


def _score_files(given: list[Path]) -> list[Path]:
    """Return the files of scores; a run's folder stands for the scores in it."""
    if not any(path.is_dir() for path in given):
        return given
    if len(given) > 1:
        raise AcidtestError("a run's folder stands beside other files", way_out="Name one run, or files.")
    from acidtest.data.run_folder import RunFolder

    scores = RunFolder(given[0]).scores
    if not scores.exists():
        raise AcidtestError("this run has no scores yet", where=str(scores), way_out="Run acidtest evaluate first.")
    return [scores]
