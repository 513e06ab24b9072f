"""The units of work of a study, each with a fingerprint of all that its result depends on.

A unit whose fingerprint stands in run.json as done is not done again. One whose fingerprint differs is done anew, and
so is everything that is made from it: its fingerprint is part of theirs. All fingerprints are known before anything is
sent, so a run can say first what it will redo.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import orjson
from pydantic import JsonValue

from acidtest.data.prompt_file import is_path
from acidtest.data.run_folder import RunFolder
from acidtest.judge.record import keep_ratings
from acidtest.judge.shown import about_task
from acidtest.models.base import ModelSpec
from acidtest.study.adaptive import Adaptive
from acidtest.study.judges import Judging, rated_names
from acidtest.study.schema import GeneratorSpec, GivenSet, SolverSpec, StudyFile
from acidtest.study.state import RunBook
from acidtest.tasks.base import Task
from acidtest.types import Benchmark, Item

CLOSING = frozenset({"scores", "fidelity", "report"})
"""The units that are made of all answers."""

COMPARED = frozenset({"fidelity", "report"})
"""The units that are made of ratings, too."""

RATINGS = "ratings/"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One piece of work.

    Attributes:
        files: What it makes, and what is deleted before it is done anew.
        answers: The benchmark that a solver answers in it; "" for other work.
    """

    key: str
    fingerprint: str
    files: tuple[Path, ...]
    answers: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All units of a study in their order."""

    units: Mapping[str, Unit]

    def __getitem__(self, key: str) -> Unit:
        """Return the unit of this key."""
        return self.units[key]


def synthetic_key(benchmark: str) -> str:
    """Return the key of the unit that makes, or copies, a synthetic benchmark."""
    return f"synthetic/{benchmark}"


def responses_key(benchmark: str, solver: str) -> str:
    """Return the key of the unit in which a solver answers a benchmark."""
    return f"responses/{benchmark}/{solver}"


def ratings_key(benchmark: str, judge: str) -> str:
    """Return the key of the unit in which a judge rates the items of a benchmark."""
    return f"{RATINGS}{benchmark}/{judge}"


def judgements_key(benchmark: str, solver: str) -> str:
    """Return the key of the unit in which the judge says which answers of a solver to a benchmark are right."""
    return f"judgements/{benchmark}/{solver}"


def adaptive_key(benchmark: str, solver: str) -> str:
    """Return the key of the unit in which a solver takes an adaptive test of a benchmark."""
    return f"adaptive/{benchmark}/{solver}"


BANK = "bank"
"""The key of the unit that calibrates the items of adaptive tests."""


@dataclass(frozen=True, kw_only=True)
class PlanInput:
    """All that a plan depends on.

    Attributes:
        study: What is asked for.
        real: The real benchmark, already read.
        task: The task with the real benchmark's labels.
        given: The synthetic benchmarks that are already there, by name.
        revisions: Model name -> what exactly answers under that name.
        writers: Synthetic benchmark -> the prompt, with its hash, that its generator is sent.
        sources: Synthetic benchmark -> the hash of what its strategy takes from elsewhere, such as documents.
        validity: What judges are asked about items; None: nothing.
        match: What the judge is asked about answers; None: nothing.
        adaptive: What is said of adaptive tests; None: every solver answers everything.
    """

    study: StudyFile
    real: Benchmark
    task: Task
    given: Mapping[str, Benchmark]
    revisions: Mapping[str, str]
    writers: Mapping[str, str]
    sources: Mapping[str, str] = field(default_factory=dict)
    validity: Judging | None = None
    match: Judging | None = None
    adaptive: Adaptive | None = None


def make_plan(asked: PlanInput, folder: RunFolder) -> Plan:
    """Return the plan of a study whose files stand in `folder`."""
    study, real = asked.study, asked.real
    real_print = _print_items(["real", real.name, real.labels], real.items)
    pool_print = _print_items(["pool"], real.pool)
    units = [Unit(key="real", fingerprint=_print([real_print, pool_print]), files=(folder.real, folder.pool))]
    prints = {real.name: real_print}
    for generator in study.generators:
        unit = _generator_unit(asked, generator, pool_print, folder)
        units.append(unit)
        prints[generator.benchmark] = unit.fingerprint
    for entry in study.synthetic:
        unit = _given_unit(entry, asked.given[entry.name], folder)
        units.append(unit)
        prints[entry.name] = unit.fingerprint
    for solver in study.solvers:
        solver_print = _solver_print(asked, solver, pool_print)
        for benchmark, content in prints.items():
            path = folder.responses(benchmark, solver.model)
            key = responses_key(benchmark, solver.model)
            answers = Unit(key=key, fingerprint=_print([solver_print, content]), files=(path,), answers=benchmark)
            units.append(answers)
            units += _judgement_units(asked, benchmark, solver, answers, folder)
    units += _adaptive_units(asked, prints, units, folder)
    ratings = _rating_units(asked, prints)
    closing = _closing_units(study, asked.task, units, ratings, folder)
    return Plan(units={unit.key: unit for unit in [*units, *ratings, *closing]})


def _judgement_units(
    asked: PlanInput, benchmark: str, solver: SolverSpec, answers: Unit, folder: RunFolder
) -> list[Unit]:
    if asked.match is None or asked.study.judge is None:
        return []
    content = [answers.fingerprint, _judge_print(asked, asked.study.judge, asked.match)]
    key, path = judgements_key(benchmark, solver.model), folder.judgements(benchmark, solver.model)
    return [Unit(key=key, fingerprint=_print(content), files=(path,))]


def _adaptive_units(
    asked: PlanInput, benchmarks: Mapping[str, str], units: Sequence[Unit], folder: RunFolder
) -> list[Unit]:
    """Return the unit that calibrates items, and one per test. A test's answers are files of the units of responses."""
    adaptive = asked.adaptive
    if adaptive is None:
        return []
    answers = {unit.key: unit.fingerprint for unit in units}
    found, about = [], [adaptive.fingerprint, asked.task.metric(asked.study.metric).name]
    if adaptive.bank is None:
        full = [s.model for s in asked.study.solvers if s.model not in adaptive.tested]
        content = [answers[responses_key(benchmark, solver)] for benchmark in benchmarks for solver in full]
        found.append(Unit(key=BANK, fingerprint=_print([about[1], version("acidtest"), content]), files=(folder.bank,)))
        about.append(found[0].fingerprint)
    for solver in adaptive.tested:
        for benchmark in benchmarks:
            content = [*about, answers[responses_key(benchmark, solver)]]
            found.append(Unit(key=adaptive_key(benchmark, solver), fingerprint=_print(content), files=()))
    return found


def _rating_units(asked: PlanInput, prints: Mapping[str, str]) -> list[Unit]:
    """Return a unit per judge and benchmark. One file holds all that a judge said, so `clear` drops lines, no files."""
    study, judging = asked.study, asked.validity
    if judging is None or study.validity is None:
        return []
    synthetic = [name for name in prints if name != asked.real.name]
    found = []
    for judge in study.judges:
        judge_print = _judge_print(asked, judge, judging)
        for benchmark in rated_names(study, asked.real.name, synthetic):
            content = [judge_print, prints[benchmark], study.validity.items, study.seed]
            found.append(Unit(key=ratings_key(benchmark, judge), fingerprint=_print(content), files=()))
    return found


def _judge_print(asked: PlanInput, judge: str, judging: Judging) -> str:
    """Return the hash of all that decides what a judge says, the items aside."""
    identity = _identity(asked.study.model_spec(judge), asked.revisions[judge])
    return _print([identity, judging.rubric.reference, judging.prompt.reference, about_task(asked.task)])


def _closing_units(
    study: StudyFile, task: Task, units: Sequence[Unit], ratings: Sequence[Unit], folder: RunFolder
) -> list[Unit]:
    families = {name: settings.family for name, settings in study.models.items()}
    scores = Unit(
        key="scores",
        fingerprint=_print([task.metric(study.metric).name, version("acidtest"), [u.fingerprint for u in units]]),
        files=(folder.scores, folder.adaptive, folder.adaptive_items),
    )
    asked = [scores.fingerprint, study.verdict.model_dump(), study.level, study.right_at, study.seed, families]
    asked += [unit.fingerprint for unit in ratings]
    fidelity = Unit(key="fidelity", fingerprint=_print(asked), files=(folder.fidelity,))
    report = Unit(key="report", fingerprint=_print([fidelity.fingerprint, study.study]), files=(folder.report,))
    return [scores, fidelity, report]


def _generator_unit(asked: PlanInput, generator: GeneratorSpec, pool_print: str, folder: RunFolder) -> Unit:
    name, task = generator.benchmark, asked.task
    settings = generator.model_dump(mode="json", exclude={"name"})  # the name is the unit's key
    if is_path(str(settings["options"].get("prompt", ""))):
        del settings["options"]["prompt"]  # what stands in the file counts, not where it is: `writers` has its hash
    content = [
        settings,
        _identity(asked.study.model_spec(generator.model), asked.revisions[generator.model]),
        [pool_print, task.name, task.labels, task.description, asked.study.seed, asked.writers[name]],
    ]
    content += [asked.sources[name]] if asked.sources.get(name) else []
    files = (folder.synthetic(name), folder.rejected(name))  # recorded calls stay: those that still fit are used again
    return Unit(key=synthetic_key(name), fingerprint=_print(content), files=files)


def _given_unit(entry: GivenSet, benchmark: Benchmark, folder: RunFolder) -> Unit:
    fingerprint = _print_items([entry.model_dump(mode="json")], benchmark.items)
    return Unit(key=synthetic_key(entry.name), fingerprint=fingerprint, files=(folder.synthetic(entry.name),))


def _solver_print(asked: PlanInput, solver: SolverSpec, pool_print: str) -> str:
    """Return the hash of all that decides a solver's answers, the items aside.

    A prompt made for one item stands for the wording of all: whatever changes it changes this.
    """
    study, task = asked.study, asked.task
    spec = study.model_spec(solver.model)
    identity = _identity(spec, asked.revisions[solver.model])
    content: list[object] = [identity, study.seed, task.name, task.labels]
    if spec.provider == "classic":
        return _print([*content, pool_print])
    examples = task.choose_examples(asked.real.pool, solver.shots, study.seed) if solver.shots else []
    for style in ("chat", "completion"):
        prompt = task.solver_prompt(asked.real.items[0], examples, style, solver.read)
        content.append([prompt.messages, prompt.text, prompt.stop, prompt.max_tokens, prompt.grammar])
    if solver.read != "text":
        content.append(["read", solver.read])
    return _print(content)


def model_identity(spec: ModelSpec) -> list[JsonValue]:
    """Return what decides a model's answers, its revision aside; how fast or where it runs does not."""
    return [spec.use, spec.base_url, spec.style, spec.context]


def _identity(spec: ModelSpec, revision: str) -> list[JsonValue]:
    return [*model_identity(spec), revision]


def _print(asked: object) -> str:
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _print_items(asked: list[object], items: Sequence[Item]) -> str:
    """Return `_print([*asked, [item.model_dump(mode="json") for item in items]])` with one item in memory at a time."""
    found = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)[:-1])
    start = b",["
    for item in items:
        found.update(start)
        found.update(orjson.dumps(item.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS))
        start = b","
    found.update(b"]]" if items else b",[]]")
    return found.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Staleness:
    """What stands in the folder and does not fit the study any more.

    Attributes:
        changed: Units to do anew.
        dropped: Keys of units that are gone.
        unknown: Units that nothing is written down of. Where their files are there, a study that was changed and
            changed back left them, and what they were made of may be another by now.
    """

    changed: tuple[Unit, ...]
    dropped: frozenset[str]
    unknown: tuple[Unit, ...] = ()


def staleness(plan: Plan, book: RunBook) -> Staleness:
    """Compare the plan with what run.json says was begun or done."""
    known = book.state.stages
    changed = tuple(
        unit for key, unit in plan.units.items() if key in known and known[key].fingerprint != unit.fingerprint
    )
    unknown = tuple(unit for key, unit in plan.units.items() if key not in known)
    return Staleness(changed=changed, dropped=frozenset(known) - frozenset(plan.units), unknown=unknown)


def clear(stale: Staleness, book: RunBook) -> None:
    """Delete what the changed and unknown units made, and forget them."""
    units = (*stale.changed, *stale.unknown)
    for unit in units:
        for path in unit.files:
            path.unlink(missing_ok=True)
    ratings = {key for key in (*(unit.key for unit in units), *stale.dropped) if key.startswith(RATINGS)}
    for path in book.folder.all_judged() if ratings else ():
        keep_ratings(path, lambda rating: ratings_key(rating.benchmark, rating.rater) not in ratings)
    if stale.changed or stale.dropped:
        book.forget({unit.key for unit in stale.changed} | stale.dropped)
