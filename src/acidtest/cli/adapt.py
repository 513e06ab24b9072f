"""`acidtest adapt`: how few items would do, and which, from scores that one has already. Nothing is called."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.json_out import echo_json
from acidtest.cli.score_options import METRIC
from acidtest.errors import AcidtestError

if TYPE_CHECKING:
    from acidtest.types.adapt import AdaptReport

_FILES = typer.Argument(
    metavar="SCORES...", help="CSV, TSV, JSON lines (each also .gz) or Parquet, item by item.", show_default=False
)
_BENCHMARK = typer.Option(
    "--benchmark", metavar="NAME", help="The benchmark; all in the table as one, unless named.", show_default=False
)
_ITEMS = typer.Option("--items", metavar="K,K...", help="How many items to ask.")
_METHOD = typer.Option("--method", metavar="NAME", help="information, anchors, random, adaptive or all.")
_FOLDS = typer.Option(
    "--folds", help="Solvers are left out in so many parts, families whole; 5 unless named.", show_default=False
)
_REPEATS = typer.Option("--repeats", help="Split solvers anew so often: slower and steadier.")
_FORMS = typer.Option("--forms", help="Make so many parallel forms; 0: none.")
_FORM_ITEMS = typer.Option("--form-items", help="Items of each parallel form, or to match.")
_MATCH = typer.Option(
    "--match", metavar="BENCHMARK", help="Match items of this one by items of the others.", show_default=False
)
_ANSWERS = typer.Option(
    "--answers",
    metavar="NEW",
    help="New solvers' answers to some items: foretell their whole scores.",
    show_default=False,
)
_CHOOSE = typer.Option("--choose", metavar="FILE", help="Write the chosen items (.csv or .jsonl).", show_default=False)
_JSON = typer.Option("--json", metavar="FILE", help="Write what was found as JSON, - for the terminal.")
_LEVEL = typer.Option("--level", help="Of all intervals.")
_PERCENT = typer.Option("--percent", help="Scores are percentages.")


def adapt(  # noqa: PLR0913  # one argument per option
    scores: Annotated[list[Path], _FILES],
    *,
    benchmark: Annotated[list[str] | None, _BENCHMARK] = None,
    metric: Annotated[str, METRIC] = "",
    items: Annotated[str, _ITEMS] = "16,50,100",
    method: Annotated[str, _METHOD] = "all",
    folds: Annotated[int | None, _FOLDS] = None,
    repeats: Annotated[int, _REPEATS] = 1,
    forms: Annotated[int, _FORMS] = 0,
    form_items: Annotated[int, _FORM_ITEMS] = 50,
    match: Annotated[str, _MATCH] = "",
    answers: Annotated[list[Path] | None, _ANSWERS] = None,
    choose: Annotated[Path | None, _CHOOSE] = None,
    json_file: Annotated[str | None, _JSON] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 0,
    level: Annotated[float, _LEVEL] = 0.95,
    percent: Annotated[bool, _PERCENT] = False,
) -> None:
    """Say how few items would tell the score on all, how well, and which: judged by solvers that are left out."""
    if not 0 < level < 1:
        raise AcidtestError(f"--level {level:g} is no probability", way_out="Name one above 0 and below 1.")
    if repeats < 1:
        raise AcidtestError(f"--repeats {repeats}", way_out="Split at least once: --repeats 1.")
    if choose is not None:
        from acidtest.data.chosen_items import check_ending

        check_ending(choose)
    from acidtest.compare.adapt.adapt import adapt as adapt_to
    from acidtest.compare.adapt.methods import names_of
    from acidtest.data.scores.matrix import read_matrix

    names_of(method)
    asked = _sizes(items)
    if answers and (forms or match or choose is not None):
        raise AcidtestError(
            "--answers foretells scores, and makes no tests or forms", way_out="Make those without --answers."
        )
    matrix = read_matrix(scores, only=tuple(benchmark or ()), metric=metric, percent=percent)
    if answers:
        from acidtest.compare.adapt.foretold import adapt_answers

        new = read_matrix(answers, metric=metric, percent=percent)
        unnamed = {path.name.removesuffix(".gz").rpartition(".")[0] or path.name for path in answers}
        _show(
            adapt_answers(matrix, new, unnamed=unnamed, folds=folds, repeats=repeats, seed=seed, level=level), json_file
        )
        return
    found = adapt_to(
        matrix,
        sizes=asked,
        method=method,
        folds=folds,
        repeats=repeats,
        forms=forms,
        form_items=form_items,
        match=match,
        seed=seed,
        level=level,
    )
    if choose is not None:
        _write(choose, found)
    _show(found, json_file)


def _write(path: Path, found: "AdaptReport") -> None:
    from acidtest.data.chosen_items import write_chosen

    made = found.forms
    tests = [(f"{one.method} {len(one.items)}", one.items) for one in found.chosen]
    if made is not None and made.matched_to:
        tests += zip((f"of {made.matched_to}", f"matched to {made.matched_to}"), made.forms, strict=True)
    elif made is not None:
        tests += [(f"form {number}", one) for number, one in enumerate(made.forms, 1)]
    write_chosen(path, tests)


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise AcidtestError(
            f"--items '{text[:60]}' is no list of numbers", way_out="Part them by commas: --items 16,50,100."
        ) from None


def _show(found: "AdaptReport", json_file: str | None) -> None:
    if json_file == "-":
        from acidtest.compare.adapt.contract import dumps

        echo_json(dumps(found))
        return
    from acidtest.report.adapt_terminal import print_adapt

    print_adapt(found)
    if json_file:
        from acidtest.compare.adapt.contract import dumps
        from acidtest.data.run_folder import write_atomically

        write_atomically(Path(json_file), dumps(found))
