"""What of a run, or of a file of items, is exported: which benchmarks, and how their items are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from acidtest import registry
from acidtest.data.labels import labels_of
from acidtest.data.read import check_items, read_item_records, read_items
from acidtest.data.run_folder import RunFolder
from acidtest.data.split import without_copies
from acidtest.errors import AcidtestError, DataError, ModelError, UnknownNameError, did_you_mean
from acidtest.export.contract import ExportSet, ExportTarget
from acidtest.models.base import LanguageModel
from acidtest.models.build import build
from acidtest.study.real import real_benchmark, refuse_problem, task_class
from acidtest.study.run import study_of
from acidtest.study.schema import SolverSpec, StudyFile
from acidtest.study.state import RunState, read_state
from acidtest.tasks.base import Task
from acidtest.types import Item, Kind, Style

_HERE = ("local", "hf", "vllm")
"""Providers whose models run in their own process, and continue texts unless said otherwise."""


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What is asked for.

    Attributes:
        target: The tool; its first style is taken where nothing else says one.
        benchmarks: Their names; none: every synthetic one that has items.
        solver: Ask as this solver of the study is asked; "": as the first that the tool can ask so.
        style: Chat or completion; None: as the solver.
        shots: Examples shown with each item, per label where there are labels; None: as the solver.
        metric: What is measured; "": the study's metric.
        licence: SPDX name of the items' licence; "": as far as it is known.
    """

    target: str
    benchmarks: Sequence[str] = ()
    solver: str = ""
    style: Style | None = None
    shots: int | None = None
    metric: str = ""
    licence: str = ""


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """What a file of items does not say of itself.

    Attributes:
        task: The task's name.
        labels: All labels; those that occur where none are named.
        description: One sentence on what the task asks for.
        pool: File of items that may be shown as examples.
        seed: Which of them are shown.
        generator: The model that wrote the items; "": nobody knows, or people did.
    """

    task: str
    labels: Sequence[str] = ()
    description: str = ""
    pool: Path | None = None
    seed: int = 0
    generator: str = ""


def sets_of_run(root: Path, options: ExportOptions) -> list[ExportSet]:
    """Return benchmarks of a run, ready to be written.

    Raises:
        AcidtestError: It is no run, it has no such benchmark or solver, or no benchmark has items.
    """
    if not root.is_dir():
        raise AcidtestError(
            f"'{root}' is no run's folder",
            way_out="Name a run's folder, or add --task NAME where it is a file of items.",
        )
    study, study_folder, _ = study_of(root)
    folder = RunFolder(root)
    state = read_state(folder)
    task = _task_of(study, study_folder, folder, state)
    metric = task.metric(options.metric or study.metric)
    solver = _solver(study, options)
    shots = (solver.shots if solver else 0) if options.shots is None else options.shots
    examples = task.choose_examples(_fit(task, _records(folder.pool), folder.pool), shots, study.seed) if shots else []
    style = options.style or _style_of(study, solver, options.target)
    exactly = solver is not None and (shots, style, "text") == (solver.shots, _style(study, solver), solver.read)
    about = _about(folder, state)
    found = []
    for name, kind, generator, strategy in _chosen(study, study_folder, folder, options.benchmarks):
        found.append(
            ExportSet(
                name=name,
                kind=kind,
                items=tuple(_records(folder.real if kind == "real" else folder.synthetic(name))),
                task=task,
                metric=metric,
                style=style,
                examples=tuple(examples),
                asked_as=solver.model if solver and exactly else "",
                generator=generator,
                strategy=strategy,
                licence=options.licence or (_licence(study) if kind == "real" else "unknown"),
                about=about,
            )
        )
    return found


def _fit(task: Task, pool: Sequence[Item], path: Path) -> Sequence[Item]:
    """Return a pool whose items are all of the task: an example that is none cannot be shown."""
    for item in pool:
        if problem := task.problem(item):
            way_out = "The run's folder was changed: run the study again, or leave out --shots."
            raise DataError(f"item '{item.id[:100]}' of the pool: {problem}", where=str(path), way_out=way_out)
    return pool


def set_of_file(path: Path, options: ExportOptions, about: FileOptions) -> list[ExportSet]:
    """Return a file of items as a benchmark, ready to be written.

    Raises:
        AcidtestError: It cannot be read as items of the task.
    """
    if path.is_dir():
        raise AcidtestError(f"'{path}' is a folder, and --task goes with a file of items", way_out="Leave out --task.")
    if options.solver or len(options.benchmarks) > 1:
        raise AcidtestError(
            "a file of items has no solvers and one benchmark", way_out="Leave out --solver; --benchmark names the set."
        )
    kind: type[Task] = registry.get("task", about.task)
    items = read_items(path, kind.shape)
    pool = read_items(about.pool, kind.shape) if about.pool else []
    labels = tuple(about.labels) or (labels_of([*items, *pool]) if kind.labelled else ())
    task = kind(labels, about.description)
    for place, some in ((path, items), (about.pool, pool)):
        if some:
            check_items(some, labels if task.labelled else (), str(place))
        for item in some:
            refuse_problem(task, item, str(place))
    shots = options.shots or 0
    shown = without_copies(pool, items)  # as in a study: no item is its own example
    if shots and not shown:
        problem = "every item of the pool is also asked" if pool else "--shots needs examples to show"
        raise AcidtestError(problem, way_out="Name a file of other items with --pool.")
    target: ExportTarget = registry.get("export", options.target)()
    return [
        ExportSet(
            name=next(iter(options.benchmarks), "") or path.name.removesuffix(".gz").rpartition(".")[0],
            kind="synthetic" if about.generator else "real",
            items=tuple(items),
            task=task,
            metric=task.metric(options.metric),
            style=options.style or target.styles[0],
            examples=tuple(task.choose_examples(shown, shots, about.seed)) if shots else (),
            generator=about.generator or None,
            licence=options.licence or "unknown",
        )
    ]


def _records(path: Path) -> list[Item]:
    return read_item_records(path) if path.exists() else []


def _task_of(study: StudyFile, study_folder: Path, folder: RunFolder, state: RunState | None) -> Task:
    """Return the task with the labels that solvers were shown."""
    kind = task_class(study)
    labels = tuple(study.labels)
    if state is not None and state.labels is not None:
        labels = state.labels
    elif not labels and kind.labelled and study.real.dataset is not None:  # labels of older runs stand nowhere
        labels = real_benchmark(study, study_folder).labels
    elif not labels and kind.labelled:
        labels = labels_of([*_records(folder.real), *_records(folder.pool)])
    return kind(labels, study.description)


def _chosen(
    study: StudyFile, study_folder: Path, folder: RunFolder, wanted: Sequence[str]
) -> list[tuple[str, Kind, str | None, str | None]]:
    """Return (name, kind, generator, strategy) of the benchmarks that are exported."""
    synthetic: dict[str, tuple[str, Kind, str | None, str | None]] = {
        **{g.benchmark: (g.benchmark, "synthetic", g.model, g.strategy) for g in study.generators},
        **{s.name: (s.name, "synthetic", s.generator, None) for s in study.synthetic},
    }
    if not wanted:
        found = [entry for name, entry in synthetic.items() if _records(folder.synthetic(name))]
        if not found:
            raise AcidtestError(
                "no synthetic benchmark of this run has accepted items",
                where=str(folder.root / "synthetic"),
                way_out="Go on with the run: acidtest generate; or name the real one with --benchmark.",
            )
        return found
    real = _real_name(study, study_folder)
    entries = {real: (real, "real", None, None), **synthetic}
    for name in wanted:
        if name not in entries:
            raise UnknownNameError(
                f"this run has no benchmark '{name[:100]}'",
                where="--benchmark",
                way_out=f"{did_you_mean(name, list(entries))}It has {', '.join(entries)}.",
            )
        if not _records(folder.real if name == real else folder.synthetic(name)):
            raise AcidtestError(
                f"the benchmark '{name}' has no accepted items yet",
                where=str(folder.root),
                way_out="Go on with the run, or name another.",
            )
    return [entries[name] for name in dict.fromkeys(wanted)]


def _real_name(study: StudyFile, study_folder: Path) -> str:
    if study.real.name:
        return study.real.name
    if study.real.dataset is not None:
        return study.real.dataset
    return (study_folder / str(study.real.path)).name.removesuffix(".gz").rpartition(".")[0]


def _licence(study: StudyFile) -> str:
    if study.real.dataset is None:
        return "unknown"
    from acidtest.data.datasets.catalogue import dataset

    return dataset(study.real.dataset).licence


def _solver(study: StudyFile, options: ExportOptions) -> SolverSpec | None:
    """Return the solver whose way of being asked is followed; None where no language model is a solver."""
    models = {s.model: s for s in study.solvers if study.model_spec(s.model).provider != "classic"}
    if options.solver:
        if options.solver not in models:
            raise UnknownNameError(
                f"no language model of this study is called '{options.solver[:100]}'",
                where="--solver",
                way_out=f"{did_you_mean(options.solver, list(models))}It has {', '.join(models) or 'none'}.",
            )
        return models[options.solver]
    target: ExportTarget = registry.get("export", options.target)()
    styles = (options.style,) if options.style else target.styles
    able = [solver for solver in models.values() if _style(study, solver) in styles]
    return next(iter([*able, *models.values()]), None)


def _style(study: StudyFile, solver: SolverSpec) -> Style:
    spec = study.model_spec(solver.model)
    if spec.style is not None:
        return spec.style
    try:
        model = build(spec)
    except ModelError:  # no key, no library: nothing is sent, so none is needed
        return "completion" if spec.provider in _HERE else "chat"
    return model.style if isinstance(model, LanguageModel) else "chat"


def _style_of(study: StudyFile, solver: SolverSpec | None, name: str) -> Style:
    target: ExportTarget = registry.get("export", name)()
    style = _style(study, solver) if solver else target.styles[0]
    return style if style in target.styles else target.styles[0]


def _about(folder: RunFolder, state: RunState | None) -> Mapping[str, JsonValue]:
    """Return what the run knows of its models and benchmarks, as its files have it."""
    import orjson

    about: dict[str, JsonValue] = {}
    if state is not None:
        about |= {"study": state.study.get("study"), "seed": state.seed, "version": state.version}
        about["models"] = {name: dict(model) for name, model in state.models.items()}
    try:
        report = orjson.loads(folder.fidelity.read_bytes())
    except (OSError, orjson.JSONDecodeError):  # not compared yet: an export need not wait for it
        return about
    if isinstance(report, dict):
        about |= {
            key: report[key] for key in ("real", "level", "metric", "verdict", "fidelity", "validity") if key in report
        }
        about["solvers"] = report.get("models")
    return about
