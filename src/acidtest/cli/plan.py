"""`acidtest plan`: how many items, solvers or labels would settle the verdicts that are open. Nothing is called."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.json_out import echo_json
from acidtest.cli.score_options import BENCHMARK, FRACTION, LOWER, METRIC, PERCENT, SYNTHETIC
from acidtest.errors import AcidtestError, DataError

if TYPE_CHECKING:
    from acidtest.compare.planning.plan import Costs, Plan
    from acidtest.compare.thresholds import Thresholds
    from acidtest.types import Scores

_FILES = typer.Argument(
    metavar="SCORES...", help="Score tables as for `audit`, or the folder of a run.", show_default=False
)
_REAL = typer.Option("--real", metavar="NAME", help="The real benchmark; a run knows its own.", show_default=False)
_JSON = typer.Option("--json", metavar="FILE", help="Write the plan as JSON, - for the terminal.")
_POWER = typer.Option("--power", help="How often an advised study must be decided.")
_ROUNDS = typer.Option("--rounds", help="Simulated futures of each size; more are slower and finer.")
_QUICK = typer.Option("--quick", help="A third of the rounds: a first look.")
_LABEL = typer.Option("--label", metavar="N", help="How many real items to choose for labelling.")
_LEVEL = typer.Option("--level", help="Of the intervals that verdicts rest on; .95, or the run's.", show_default=False)
_SEED = typer.Option("--seed", help="The same seed gives the same plan; 0, or the run's.", show_default=False)
_COST_REAL = typer.Option("--cost-real", help="Cost of one more real item.", show_default=False)
_COST_SYNTHETIC = typer.Option("--cost-synthetic", help="Cost of one more synthetic item.", show_default=False)
_COST_SOLVER = typer.Option("--cost-solver", help="Cost of one more solver on all items.", show_default=False)


def plan(  # noqa: PLR0913  # one argument per option
    scores: Annotated[list[Path], _FILES],
    *,
    real: Annotated[str | None, _REAL] = None,
    synthetic: Annotated[list[str] | None, SYNTHETIC] = None,
    json_file: Annotated[str | None, _JSON] = None,
    power: Annotated[float, _POWER] = 0.8,
    rounds: Annotated[int, _ROUNDS] = 60,
    quick: Annotated[bool, _QUICK] = False,
    label: Annotated[int, _LABEL] = 100,
    seed: Annotated[int | None, _SEED] = None,
    level: Annotated[float | None, _LEVEL] = None,
    cost_real: Annotated[float | None, _COST_REAL] = None,
    cost_synthetic: Annotated[float | None, _COST_SYNTHETIC] = None,
    cost_solver: Annotated[float | None, _COST_SOLVER] = None,
    percent: Annotated[bool | None, PERCENT] = None,
    fraction: Annotated[list[str] | None, FRACTION] = None,
    lower_is_better: Annotated[list[str] | None, LOWER] = None,
    metric: Annotated[str, METRIC] = "",
    benchmark: Annotated[list[str] | None, BENCHMARK] = None,
) -> None:
    """Say how many items, solvers or labels would settle each verdict that is open, and which items to label next."""
    from acidtest.compare.planning.answers import read_answers
    from acidtest.compare.planning.plan import plan as plan_of
    from acidtest.compare.thresholds import Thresholds
    from acidtest.data.scores.table import read_scores

    thresholds, names = Thresholds(), tuple(benchmark or ())
    if any(path.is_dir() for path in scores):
        _alone(scores, real)
        read, scores, (own_seed, own_level, thresholds) = _of_run(scores[0], tuple(synthetic or ()))
    else:
        if not real:
            raise AcidtestError("the real benchmark is not named", way_out="Name it: --real NAME.")
        own_seed, own_level = 0, 0.95
        read = read_scores(
            scores,
            real=real,
            synthetic=synthetic or (),
            metric=metric,
            percent=percent,
            fractions=fraction or (),
            lower_is_better=lower_is_better or (),
            benchmark=names,
        )
    found = plan_of(
        read,
        seed=own_seed if seed is None else seed,
        level=own_level if level is None else level,
        thresholds=thresholds,
        power=power,
        rounds=max(rounds // 3, 20) if quick else rounds,
        costs=_costs(cost_real, cost_synthetic, cost_solver),
        answers=read_answers(scores, read.real.name, names=names),
        label=label,
    )
    _show(found, json_file)


def _costs(real: float | None, synthetic: float | None, solver: float | None) -> "Costs":
    from acidtest.compare.planning.plan import Costs

    unknown = float("nan")
    return Costs(
        real=unknown if real is None else real,
        synthetic=unknown if synthetic is None else synthetic,
        solver=unknown if solver is None else solver,
    )


def _alone(scores: list[Path], real: str | None) -> None:
    if len(scores) > 1:
        raise AcidtestError("a run's folder stands beside other files", way_out="Name one run, or files of scores.")
    if real:
        raise AcidtestError("--real and a run's folder", way_out="Leave out --real: the run knows its own.")


def _of_run(root: Path, synthetic: tuple[str, ...]) -> "tuple[Scores, list[Path], tuple[int, float, Thresholds]]":
    """Return a run's scores, their file, and the study's seed, level and limits."""
    from dataclasses import replace

    from acidtest.compare.planning.answers import real_benchmark
    from acidtest.compare.thresholds import Thresholds
    from acidtest.data.run_folder import RunFolder
    from acidtest.data.scores.table import read_scores
    from acidtest.study.run import study_of

    study, _, _ = study_of(root)
    table = RunFolder(root).scores
    if not table.exists():
        raise DataError("no answer of this run is scored yet", where=str(root), way_out=f"First: acidtest run {root}")
    scores = read_scores([table], real=real_benchmark(table), synthetic=synthetic)
    families = {name: settings.family for name, settings in study.models.items() if settings.family}
    scores = replace(scores, families={**scores.families, **families})
    return scores, [table], (study.seed, study.level, Thresholds(**study.verdict.model_dump()))


def _show(found: "Plan", json_file: str | None) -> None:
    if json_file == "-":
        from acidtest.compare.planning.contract import dumps

        echo_json(dumps(found))
        return
    from acidtest.cli.plan_table import print_plan

    print_plan(found)
    if json_file:
        from acidtest.compare.planning.contract import dumps
        from acidtest.data.run_folder import write_atomically

        write_atomically(Path(json_file), dumps(found))
