"""Prompting levels of a study: each solver is asked at one level after another until an item is solved.

Everything stands in the run's folder, beside the answers of the study itself: RUN/levels/LEVEL/BENCHMARK/SOLVER.jsonl.
Killed and started again, nothing that was answered is asked again; the study's limits hold for both together.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from acidtest.compare.levels import AskedLevels, LevelSet, first_solved, levels_report
from acidtest.compare.levels_json import dumps
from acidtest.data.prompt_file import load_prompt
from acidtest.data.run_folder import write_atomically
from acidtest.data.split import sample
from acidtest.errors import DataError, StudyFileError, counted, did_you_mean
from acidtest.evaluate.level_prompts import FORMS, LEVELS, prompt_of
from acidtest.evaluate.levels import RIGHT_AT, chance
from acidtest.models.base import LanguageModel
from acidtest.models.executors.executor import Executor
from acidtest.study.event_loop import in_event_loop
from acidtest.study.expected_calls import Expected, generator_calls
from acidtest.study.level_calls import level_calls, most_calls
from acidtest.study.prepare import Prepared, prepare
from acidtest.study.real import task_class
from acidtest.study.reporter import Reporter
from acidtest.study.run import started, write_benchmarks
from acidtest.study.schema import StudyFile
from acidtest.study.stages.levels import LevelAsk, answers_at_levels, level_stage
from acidtest.study.stages.solving import all_benchmarks
from acidtest.study.under_way import Run
from acidtest.types import Benchmark
from acidtest.types.levels import LevelsReport

METRIC = "level_reached"
"""The score of levels.parquet: 1, solved at the first level; 0, at none; evenly between."""


@dataclass(frozen=True, kw_only=True)
class LevelOptions:
    """What is asked.

    Attributes:
        levels: Names of levels, in whatever order; empty: all.
        solvers: Names of the study's solvers; empty: all that are language models.
        items: A seeded sample of so many items of each benchmark; None: all.
        everything: Every level is asked about every item, not only the unsolved ones.
        tries: The first level's prompt is repeated, with sampling, as often as there are levels.
        metric: By which answers are scored; the study's own unless named.
    """

    levels: tuple[str, ...] = ()
    solvers: tuple[str, ...] = ()
    items: int | None = None
    everything: bool = False
    tries: bool = False
    metric: str = ""


def run_levels(
    study: StudyFile,
    study_folder: Path,
    root: Path,
    reporter: Reporter,
    options: LevelOptions,
    executor: Executor | None = None,
) -> LevelsReport:
    """Ask what was not asked yet, and return at which level items are solved; RUN/levels.json holds the same.

    Models live where the `executor` puts them: in this process, unless it says otherwise.

    Raises:
        AcidtestError: Nothing can go on; what was done is kept.
    """
    levels = _checked(study, options)
    with started(study, study_folder, root, reporter, executor) as run:
        ask = _ask(run.prepared, options, levels, reporter.say)
        write_benchmarks(run)
        whole = {benchmark.name: benchmark for benchmark in all_benchmarks(run)}
        benchmarks = [_sampled(study, benchmark, options) for benchmark in whole.values()]
        reporter.say(f"At most {counted(most_calls(run, benchmarks, ask), 'call')}; fewer where early levels solve.")
        in_event_loop(lambda: level_stage(run, benchmarks, ask, whole))
        report = _report(run, benchmarks, ask, {name: len(one.items) for name, one in whole.items()})
        write_atomically(run.prepared.folder.levels, dumps(report))
        return report


def expected_level_calls(study: StudyFile, study_folder: Path, options: LevelOptions) -> list[Expected]:
    """Return what would be sent at most, in a folder of its own and with no level that solves anything. Sends nothing.

    Raises:
        AcidtestError: The study, or what is asked of it, cannot be done.
    """
    levels = _checked(study, options)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = prepare(study, study_folder, Path(scratch))
    ask = _ask(prepared, options, levels, lambda _: None)
    given = [_sampled(study, benchmark, options) for benchmark in (prepared.real, *prepared.given.values())]
    unwritten = {g.benchmark: min(g.items, options.items or g.items) for g in study.generators}
    return [*generator_calls(prepared), *level_calls(prepared, given, unwritten, ask)]


def _checked(study: StudyFile, options: LevelOptions) -> tuple[str, ...]:
    """Return the levels in their order; refuse what shows before anything is read."""
    for name in options.levels:
        if name not in LEVELS:
            raise StudyFileError(
                f"no prompting level is called '{name[:80]}'",
                where="--levels",
                way_out=f"{did_you_mean(name, LEVELS)}Known: {', '.join(LEVELS)}.",
            )
    solvers = [solver.model for solver in study.solvers]
    for name in options.solvers:
        if name not in solvers:
            raise StudyFileError(
                f"'{name[:80]}' is no solver of this study",
                where="--solver",
                way_out=f"{did_you_mean(name, solvers)}Its solvers: {', '.join(solvers)}.",
            )
    kind = task_class(study)
    metric = options.metric or study.metric or kind.metrics[0]
    if metric in kind.judged_metrics:
        raise StudyFileError(
            f"the metric '{metric}' needs a judge, and answers at prompting levels are scored without one",
            where="--metric" if options.metric else "key 'metric'",
            way_out=f"--metric {next(name for name in kind.metrics if name not in kind.judged_metrics)}",
        )
    levels = tuple(name for name in LEVELS if name in options.levels) or LEVELS
    if options.tries and len(levels) == 1:
        raise StudyFileError(
            "one level is one try, and there is nothing to compare it with",
            where="--tries",
            way_out="Name two levels or more, or leave --tries out.",
        )
    return levels


def _ask(prepared: Prepared, options: LevelOptions, levels: tuple[str, ...], say: Callable[[str], None]) -> LevelAsk:
    study, models = prepared.study, prepared.models
    named = tuple(dict.fromkeys(options.solvers)) or tuple(solver.model for solver in study.solvers)
    solvers = tuple(name for name in named if isinstance(models[name], LanguageModel))
    if not solvers:
        raise StudyFileError(
            "no solver is a language model, and no other can be asked in several ways",
            where="key 'solvers'",
            way_out="Add one under 'models' and 'solvers'; 'acidtest list models' names the providers.",
        )
    left = [name for name in named if name not in solvers]
    if left:
        say(f"Without prompts there are no levels, so these are not asked: {', '.join(left)}.")
    if "few_shot_reasoning" in levels and not prepared.real.pool:
        raise StudyFileError(
            "the level 'few_shot_reasoning' shows examples, and there is no pool of them",
            where="key 'real'",
            way_out="Name a file under 'pool', set 'pool_share', or name other levels by --levels.",
        )
    return LevelAsk(
        levels=levels,
        solvers=solvers,
        metric=prepared.task.metric(options.metric or study.metric).name,
        right_at=RIGHT_AT if study.right_at is None else study.right_at,
        everything=options.everything,
        tries=options.tries,
    )


def _sampled(study: StudyFile, benchmark: Benchmark, options: LevelOptions) -> Benchmark:
    chosen = sample(benchmark.items, options.items, study.seed, f"levels {benchmark.name}")
    if not chosen:
        raise StudyFileError(
            f"no bundle of '{benchmark.name}' is as small as {options.items}", where="--items", way_out="Ask for more."
        )
    return replace(benchmark, items=chosen)


def _report(run: Run, benchmarks: Sequence[Benchmark], ask: LevelAsk, all_items: Mapping[str, int]) -> LevelsReport:
    """Return the report, and write the scores by item."""
    sets = [_level_set(run, benchmark, ask, all_items[benchmark.name]) for benchmark in benchmarks]
    if not any(np.isfinite(told.solved).any() for one in sets for told in one.solvers.values()):
        reasons = "; ".join(dict.fromkeys(run.failed.values()))
        raise DataError(
            f"no solver answered anything ({reasons})",
            where=str(run.prepared.folder.root),
            way_out="Mend what is named above and run again: nothing that was answered is asked again.",
        )
    study = run.prepared.study
    asked = AskedLevels(
        levels=ask.levels,
        metric=ask.metric,
        right_at=ask.right_at,
        everything=ask.everything,
        level=study.level,
        prompts=tuple([prompt_of(level).reference for level in ask.levels] + [load_prompt(FORMS).reference]),
        warnings=tuple(f"{key}: {why}" for key, why in run.failed.items()),
    )
    _write_scores(run, benchmarks, sets)
    return levels_report(sets[0], sets[1:], asked)


def _level_set(run: Run, benchmark: Benchmark, ask: LevelAsk, all_items: int) -> LevelSet:
    told = {name: answers_at_levels(run, benchmark, name, ask) for name in ask.solvers}
    return LevelSet(
        name=benchmark.name,
        kind=benchmark.kind,
        items=tuple(item.id for item in benchmark.items),
        all_items=all_items,
        chance=np.array([chance(run.prepared.task, item) for item in benchmark.items]),
        solvers={name: one for name, one in told.items() if np.isfinite(one.solved).any()},
        bundles=tuple(item.bundle or "" for item in benchmark.items),
    )


def _write_scores(run: Run, benchmarks: Sequence[Benchmark], sets: Sequence[LevelSet]) -> None:
    """Write the level of each item and solver as a score between 0 and 1, for all that reads tables of scores."""
    from acidtest.data.scores.write import write_score_table

    names = ("benchmark", "kind", "generator", "model", "item", "metric", "score", "bundle", "edit", "topic")
    columns: dict[str, list[object]] = {name: [] for name in names}
    for benchmark, one in zip(benchmarks, sets, strict=True):
        for solver, told in one.solvers.items():
            count = len(benchmark.items)
            columns["benchmark"] += [benchmark.name] * count
            columns["kind"] += [benchmark.kind] * count
            columns["generator"] += [benchmark.generator] * count
            columns["model"] += [solver] * count
            columns["item"] += [item.id for item in benchmark.items]
            columns["metric"] += [METRIC] * count
            columns["score"] += [float(x) for x in 1 - (first_solved(told.solved) - 1) / len(told.solved)]
            columns["bundle"] += [item.bundle for item in benchmark.items]
            columns["edit"] += [item.edit for item in benchmark.items]
            columns["topic"] += [item.topic for item in benchmark.items]
    write_score_table(run.prepared.folder.level_scores, columns)
