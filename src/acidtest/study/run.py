"""A whole study, or any one of its stages, in a folder that can be killed and resumed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from acidtest.data.run_folder import RunFolder
from acidtest.errors import StudyFileError
from acidtest.models.budget import Budget
from acidtest.models.executors.executor import Executor, LocalExecutor
from acidtest.study.callbacks import Callback, RunEnd, RunStart, Told
from acidtest.study.event_loop import in_event_loop
from acidtest.study.fetching import fetch_first
from acidtest.study.lock import alone
from acidtest.study.plan import synthetic_key
from acidtest.study.prepare import Prepared, prepare
from acidtest.study.reporter import Reporter
from acidtest.study.schema import StudyFile
from acidtest.study.shard import Shard, check_shard, write_shard
from acidtest.study.shard_run import own_parts
from acidtest.study.spent import spent_before
from acidtest.study.state import read_state
from acidtest.study.under_way import Run, keep_given, say_what_changes, say_where_keys_go
from acidtest.types import FidelityReport


def run_study(
    study: StudyFile,
    study_folder: Path,
    root: Path,
    reporter: Reporter,
    executor: Executor | None = None,
    *,
    callbacks: Sequence[Callback] = (),
) -> FidelityReport:
    """Do everything that is not done yet: write benchmarks, answer, compare, draw. Return the comparison.

    Models live where the `executor` puts them: in this process, unless it says otherwise. `callbacks` are told how it
    goes, such as `acidtest.tracking.mlflow_logger()`; an error in one of them is said, and never ends the run.

    Raises:
        AcidtestError: Nothing can go on; what was done is kept.
    """
    with Told(callbacks, reporter) as told, started(study, study_folder, root, reporter, executor) as run:
        folder, book = run.prepared.folder, run.prepared.book
        told.begin(RunStart(study=study, folder=folder, models=book.state.models))
        with told.stage("generate"):
            write_benchmarks(run)
        with told.stage("evaluate"):
            answer_benchmarks(run)
        if study.judges:
            with told.stage("rate"):
                rate_benchmarks(run)
        with told.stage("compare"):
            compare_stage(run)
        with told.stage("report"):
            report = report_stage(run)
        told.end(RunEnd(report=report, folder=folder, seconds=told.seconds, cost=run.budget.spent))
        return report


def write_benchmarks(run: Run) -> None:
    """Let the generators write what is not written yet.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
        DataError: The cache, which solvers will need, cannot be used.
    """
    if any(not run.is_done(synthetic_key(g.benchmark)) for g in run.prepared.study.generators):
        if run.prepared.study.cache:
            from acidtest.models.cache import ResponseCache

            ResponseCache().close()  # said before generators are paid
        from acidtest.study.stages.generating import generate_stage

        in_event_loop(lambda: generate_stage(run))


def answer_benchmarks(run: Run, fewest: int = 2) -> None:
    """Let the solvers answer what is not answered yet, the judge say which are right, and score the answers.

    A shard answers its part, and scores nothing.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
        DataError: No benchmark is left to compare, or fewer than `fewest` solvers.
    """
    from acidtest.study.stages.matching import match_stage
    from acidtest.study.stages.solving import all_benchmarks, solve_with_classics, solve_with_models, write_scores

    benchmarks = own_parts(run, all_benchmarks(run))
    solve_with_classics(run, benchmarks)
    if run.prepared.adaptive is not None:
        from acidtest.study.stages.adaptive_solving import solve_adaptively

        in_event_loop(lambda: solve_adaptively(run, benchmarks))
    else:
        in_event_loop(lambda: solve_with_models(run, benchmarks))
    if run.prepared.match is not None:
        in_event_loop(lambda: match_stage(run, benchmarks))
    if run.shard is None:
        write_scores(run, benchmarks, fewest)


def rate_benchmarks(run: Run) -> None:
    """Let the judges rate what is not rated yet.

    Raises:
        StudyFileError: The study names no judges.
        BudgetError: The study's limit of money or calls is reached.
    """
    from acidtest.study.stages.rating import need_judges, rate_stage, say_who_judges_own_items
    from acidtest.study.stages.solving import all_benchmarks

    need_judges(run)
    benchmarks = all_benchmarks(run)
    say_who_judges_own_items(run, benchmarks)
    in_event_loop(lambda: rate_stage(run, benchmarks))


@contextmanager
def started(
    study: StudyFile,
    study_folder: Path,
    root: Path,
    reporter: Reporter,
    executor: Executor | None = None,
    *,
    shard: Shard | None = None,
) -> Iterator[Run]:
    """Give a run that is prepared, in a folder that no other process works in until this is left.

    Args:
        study: What is asked for.
        study_folder: Where relative paths of the study file start.
        root: The run's folder.
        reporter: Told what is done.
        executor: Where models live; None: in this process.
        shard: The part of the items that this run is about; None: all.

    Raises:
        DataError: Another process works in the folder, or the folder is about another part of the items.
        StudyFileError: The study cannot be parted.
    """
    folder = RunFolder(root)
    with alone(folder), executor or LocalExecutor() as there:
        check_shard(folder, study, shard)
        run = _start(study, study_folder, root, reporter, there)
        run.shard = shard
        if shard is not None:
            write_shard(folder, shard, run.prepared.real.name)
        yield run


def _start(study: StudyFile, study_folder: Path, root: Path, reporter: Reporter, executor: Executor) -> Run:
    """Prepare a run, say what a changed study file makes stale, and write down what is given."""
    fetch_first(study, reporter, models=executor.here)
    prepared = prepare(study, study_folder, root, executor)
    limits = study.limits
    budget = Budget(max_cost=limits.max_cost, max_calls=limits.max_calls)
    run = Run(prepared=prepared, reporter=reporter, budget=budget)
    say_where_keys_go(run)
    say_what_changes(run)
    budget.spent, budget.calls = spent_before(prepared)
    keep_given(run)
    return run


def compare_stage(run: Run, *, models_vary: bool = False) -> FidelityReport:
    """Compare what was scored; `models_vary` asks about other solvers like these."""
    from acidtest.study.closing import compare_scores

    prepared = run.prepared
    run.begin("fidelity")
    names = _synthetic_names(prepared)
    report = compare_scores(
        prepared.study,
        prepared.folder,
        prepared.real.name,
        names,
        models_vary=models_vary,
        study_folder=prepared.study_folder,
    )
    run.end("fidelity")
    return report


def report_stage(run: Run) -> FidelityReport:
    """Draw what was compared; name on the page what failed on the way."""
    from acidtest.study.closing import write_report

    run.begin("report")
    notes = tuple(f"{key}: {why}" for key, why in sorted(run.failed.items()))
    prepared = run.prepared
    report = write_report(prepared.study, prepared.folder, notes, study_folder=prepared.study_folder)
    run.end("report")
    return report


def study_of(path: Path) -> tuple[StudyFile, Path, Path | None]:
    """Return the study that a study file or a run's folder holds, the folder of its paths, and the run's folder.

    Raises:
        StudyFileError: It is neither.
    """
    from acidtest.study.load import load_study

    if not path.is_dir():
        study = load_study(path)
        if study.prices is not None:
            study = study.model_copy(update={"prices": str((path.parent / study.prices).resolve())})
        return study, path.parent, None
    state = read_state(RunFolder(path))
    if state is None:
        raise StudyFileError(
            f"'{path}' is a folder, but no run's folder: it holds no run.json",
            way_out="Name a study file or a run's folder.",
        )
    try:
        return StudyFile.model_validate(state.study), Path(state.study_folder), path
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise StudyFileError(
            f"the study in run.json cannot be read: {first['msg'].removeprefix('Value error, ')}",
            where=f"{RunFolder(path).run_json}, key 'study.{'.'.join(map(str, first['loc']))}'",
            way_out=f"Name the study file, and this folder by -o: acidtest run study.yaml -o {path.name}",
        ) from None


def _synthetic_names(prepared: Prepared) -> tuple[str, ...]:
    names = [g.benchmark for g in prepared.study.generators] + [s.name for s in prepared.study.synthetic]
    return tuple(
        name
        for name in names
        if prepared.folder.synthetic(name).exists() and prepared.folder.synthetic(name).stat().st_size
    )
