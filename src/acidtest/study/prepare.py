"""Everything that a run needs before its first call: read, built and checked, so that nothing fails late and dear."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from acidtest import registry
from acidtest.data.run_folder import BESIDE, RunFolder, safe_name
from acidtest.errors import StudyFileError
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.strategy import Strategy, build_strategy
from acidtest.models.base import ClassicSolver, LanguageModel, ModelSpec
from acidtest.models.executors.executor import Executor, LocalExecutor
from acidtest.models.price import Price, price_of
from acidtest.study.adaptive import Adaptive, checked_adaptive
from acidtest.study.judges import Judging, check_judges, match_judging, validity_judging
from acidtest.study.plan import Plan, PlanInput, make_plan, model_identity, ratings_key, responses_key
from acidtest.study.real import given_benchmark, real_benchmark, task_class
from acidtest.study.schema import GeneratorSpec, StudyFile
from acidtest.study.state import RunBook, RunState, read_state, write_state
from acidtest.tasks.base import Task
from acidtest.types import Benchmark

Model = LanguageModel | ClassicSolver


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A study that is ready to run.

    Attributes:
        models: Every generator, solver and judge by name; language models are not opened yet.
        given: Synthetic benchmarks that are already there, by name.
        study_folder: Where relative paths of the study file start.
        validity: What judges are asked about items; None: nothing.
        match: What the judge is asked about answers; None: nothing.
        adaptive: What is said of adaptive tests; None: every solver answers everything.
    """

    study: StudyFile
    folder: RunFolder
    task: Task
    real: Benchmark
    given: Mapping[str, Benchmark]
    models: Mapping[str, Model]
    study_folder: Path
    plan: Plan
    book: RunBook
    validity: Judging | None = None
    match: Judging | None = None
    adaptive: Adaptive | None = None


def prepare(study: StudyFile, study_folder: Path, root: Path, executor: Executor | None = None) -> Prepared:
    """Read the data, build the models, and check all that can be checked before anything is paid for.

    The models live where the `executor` puts them: in this process, unless it says otherwise.

    Raises:
        StudyFileError: The study asks for something that cannot be.
        DataError: A benchmark cannot be read.
        ModelError: A model cannot be had: no key, no such file.
    """
    kind = task_class(study)
    _check_metric(study, kind)
    validity = validity_judging(study, study_folder)
    match = match_judging(study, study_folder, study.metric or kind.metrics[0], kind)
    for name in _model_names(study):
        check_model(study, study.model_spec(name))
    real = real_benchmark(study, study_folder)
    task = kind(real.labels, study.description)
    _check_pool(study, task, real)
    given = {entry.name: given_benchmark(entry, study_folder, task) for entry in study.synthetic}
    _check_names(study, real)
    models = _models(study, real, executor or LocalExecutor())
    strategies = {
        g.benchmark: _strategy_of(study, g, task, real, models[g.model], study_folder) for g in study.generators
    }
    writers = {name: strategy.prompt.reference for name, strategy in strategies.items()}
    _check_readings(study, task, (real, *given.values()), models)
    for names, judging in ((study.judges, validity), ([study.judge] if study.judge else [], match)):
        if judging:
            check_judges({name: models[name] for name in names}, judging, task)
    _check_prices(study, models)
    adaptive = checked_adaptive(study, study_folder, task, [real, *given.values()], [*writers], models)
    folder = RunFolder(root)
    asked = PlanInput(
        study=study,
        real=real,
        task=task,
        given=given,
        revisions={name: revision(model) for name, model in models.items()},
        writers=writers,
        sources={name: strategy.fingerprint for name, strategy in strategies.items()},
        validity=validity,
        match=match,
        adaptive=adaptive,
    )
    book = _open_book(study, study_folder, folder, {**_other_prompts(task, validity, match), **writers}, task.labels)
    return Prepared(
        study=study,
        folder=folder,
        task=task,
        real=real,
        given=given,
        models=models,
        study_folder=study_folder,
        plan=make_plan(asked, folder),
        book=book,
        validity=validity,
        match=match,
        adaptive=adaptive,
    )


def _models(study: StudyFile, real: Benchmark, executor: Executor) -> dict[str, Model]:
    """Build every model; refuse a classic solver that could not learn from the pool."""
    models: dict[str, Model] = {name: executor.model(study.model_spec(name)) for name in _model_names(study)}
    for model in models.values():
        if isinstance(model, ClassicSolver):
            model.check(real.pool, real.labels)
    return models


def generation_plan(
    study: StudyFile,
    entry: GeneratorSpec,
    task: Task,
    real: Benchmark,
    model: Model,
    *,
    study_folder: Path | None = None,
) -> GenerationPlan:
    """Return what one generator is asked for."""
    return GenerationPlan(
        benchmark=entry.benchmark,
        generator=entry.model,
        revision=revision(model),
        strategy=entry.strategy,
        options=entry.options,
        task=task,
        pool=real.pool,
        n=entry.items,
        budget=entry.calls,
        seed=study.seed,
        temperature=entry.temperature,
        top_p=entry.top_p,
        min_p=entry.min_p,
        near_copy=entry.near_copy,
        folder=study_folder,
        identity=tuple(model_identity(study.model_spec(entry.model))),
    )


def revision(model: Model) -> str:
    """Return what exactly answers: a language model's revision, or our version for a solver that is our own code."""
    return model.identify() if isinstance(model, LanguageModel) else version("acidtest")


def _model_names(study: StudyFile) -> list[str]:
    names = [g.model for g in study.generators] + [s.model for s in study.solvers] + study.judges
    return list(dict.fromkeys([*names, *([study.judge] if study.judge else [])]))


def _check_metric(study: StudyFile, kind: type[Task]) -> None:
    if study.metric and study.metric not in kind.metrics:
        raise StudyFileError(
            f"the task '{study.task}' has no metric '{study.metric}'",
            where="key 'metric'",
            way_out=f"It has: {', '.join(kind.metrics)}.",
        )


def check_model(study: StudyFile, spec: ModelSpec) -> None:
    """Raise where a model cannot do what the study asks of it, as far as that shows without calling it."""
    where = f"model '{spec.name}'"
    if spec.provider == "classic":
        if spec.name in (*study.judges, study.judge):
            raise StudyFileError(
                f"'{spec.use}' is no language model and cannot judge", where=where, way_out="Name another model."
            )
        solver = registry.get("classic", spec.model)
        if study.task not in solver.tasks:
            raise StudyFileError(
                f"'{spec.use}' does not solve '{study.task}'",
                where=where,
                way_out=f"It solves {', '.join(sorted(solver.tasks))}; see 'acidtest list models'.",
            )
        if any(g.model == spec.name for g in study.generators):
            raise StudyFileError(
                f"'{spec.use}' is no language model and cannot write items", where=where, way_out="Name another model."
            )
        return
    registry.get("provider", spec.provider)
    if spec.key_env and not os.environ.get(spec.key_env):
        raise StudyFileError(
            f"the environment variable {spec.key_env} is not set",
            where=where,
            way_out="Set it to the key, or take 'key_env' out where the server wants none.",
        )


def _check_pool(study: StudyFile, task: Task, real: Benchmark) -> None:
    shown = any(s.shots or study.model_spec(s.model).provider == "classic" for s in study.solvers)
    needed = any(registry.get("strategy", g.strategy).needs_pool for g in study.generators)
    if (needed or shown) and not real.pool:
        raise StudyFileError(
            "there is no pool of examples, and this study needs one",
            where="key 'real'",
            way_out="Name a file under 'pool', or set 'pool_share' so that a part of the items is set aside.",
        )
    for solver in study.solvers:
        if solver.shots and real.pool:
            task.choose_examples(real.pool, solver.shots, study.seed)


def _check_readings(study: StudyFile, task: Task, benchmarks: Sequence[Benchmark], models: Mapping[str, Model]) -> None:
    """Refuse to read answers in a way that the model or the task does not know, before the first call."""
    for solver in study.solvers:
        model = models[solver.model]
        if solver.read == "text":
            continue
        if not isinstance(model, LanguageModel) or not model.gives_logprobs:
            raise StudyFileError(
                f"'{solver.model}' gives no log-probabilities",
                where="key 'read' of the solver",
                way_out="Leave 'read' out: its answers are then read by what they say.",
            )
        for item in (item for benchmark in benchmarks for item in benchmark.items):
            task.solver_prompt(item, (), model.style, solver.read)


def _check_prices(study: StudyFile, models: Mapping[str, Model]) -> None:
    """Refuse a cap on the cost that could not be kept, before the first call."""
    if study.limits.max_cost is None:
        return
    for name, model in models.items():
        if isinstance(model, LanguageModel) and model_price(study, model) is None:
            raise StudyFileError(
                f"'max_cost' cannot be kept: the price of '{name}' is not known",
                where=f"model '{name}'",
                way_out="Give it 'price_in' and 'price_out' (US dollars per million tokens; 0: free).",
            )


def model_price(study: StudyFile, model: LanguageModel) -> Price | None:
    """Return what a model costs, with the study's own price table first; None where nobody knows."""
    return price_of(model.spec, Path(study.prices) if study.prices else None)


def _check_names(study: StudyFile, real: Benchmark) -> None:
    made = {g.benchmark for g in study.generators} | {s.name for s in study.synthetic}
    if real.name in made:
        raise StudyFileError(
            f"the real benchmark and a synthetic one are both called '{real.name}'",
            where="key 'real'",
            way_out="Give the real one another 'name'.",
        )
    solvers = [s.model for s in study.solvers]
    files = [(name, safe_name(name)) for name in (real.name, *sorted(made))]
    beside = [(g.benchmark, f"{safe_name(g.benchmark)}.{kind}") for g in study.generators for kind in BESIDE]
    _refuse_one_file("benchmarks", [*files, *beside])
    _refuse_one_file("solvers", [(name, safe_name(name)) for name in solvers])
    _refuse_one_file("judges", [(name, safe_name(name)) for name in study.judges])
    pairs = [(f"{name} and {solver}", responses_key(name, solver)) for name, _ in files for solver in solvers]
    _refuse_one_file("pairs of benchmark and solver", pairs)
    rated = [(f"{name} and {judge}", ratings_key(name, judge)) for name, _ in files for judge in study.judges]
    _refuse_one_file("pairs of benchmark and judge", rated)


def _refuse_one_file(what: str, files: Sequence[tuple[str, str]]) -> None:
    """Refuse names that would share a file: on some systems those that differ in case do, too."""
    known: dict[str, str] = {}
    for name, file in files:
        other = known.setdefault(file.casefold(), name)
        if other != name:
            raise StudyFileError(
                f"the {what} '{other}' and '{name}' would share one file",
                where="names of the study file",
                way_out="Give one another name; a model gets its name under 'models'.",
            )


def _strategy_of(
    study: StudyFile, entry: GeneratorSpec, task: Task, real: Benchmark, model: Model, study_folder: Path
) -> Strategy:
    """Return what a generator is asked with; on the way, its options, the pool and its documents are checked."""
    if not isinstance(model, LanguageModel):
        raise StudyFileError(f"'{entry.model}' is no language model and cannot write items")
    plan = generation_plan(study, entry, task, real, model, study_folder=study_folder)
    return build_strategy(plan, model.style)


def _other_prompts(task: Task, validity: Judging | None, match: Judging | None) -> dict[str, str]:
    """Return who else is asked with which prompt file."""
    asked = {"solvers": task.prompt_file(), "judges": validity and validity.prompt, "judge": match and match.prompt}
    return {who: file.reference for who, file in asked.items() if file}


def _open_book(
    study: StudyFile, study_folder: Path, folder: RunFolder, prompts: dict[str, str], labels: tuple[str, ...]
) -> RunBook:
    """Return the run's state: what an earlier run left, under the study as it is now."""
    now = RunState(
        version=version("acidtest"),
        seed=study.seed,
        study=study.model_dump(mode="json"),
        study_folder=str(study_folder.resolve()),
        prompts=prompts,
        labels=labels,
    )
    before = read_state(folder)
    if before is not None:
        now = now.model_copy(update={"stages": before.stages, "models": before.models})
    folder.root.mkdir(parents=True, exist_ok=True)
    write_state(folder, now)
    return RunBook(folder, now)
