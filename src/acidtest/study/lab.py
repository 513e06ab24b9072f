"""A lab: the study with several versions of its generators' prompts, a few items each, rated and answered alike.

It is a study of its own, in a folder of its own: killed and resumed, capped and reviewed by people like any other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from acidtest.compare.lab import LabReport, LabSet, lab_report, level_of_changes
from acidtest.compare.lab_json import dumps
from acidtest.data.line_file import whole_lines
from acidtest.data.prompt_file import is_path, load_prompt
from acidtest.data.run_folder import write_atomically
from acidtest.errors import StudyFileError
from acidtest.generate.call_log import CallLog
from acidtest.generate.strategy import Strategy, build_strategy
from acidtest.models.base import LanguageModel
from acidtest.models.build import build
from acidtest.models.executors.executor import Executor
from acidtest.study.prepare import generation_plan
from acidtest.study.real import real_benchmark, task_class
from acidtest.study.reporter import Reporter
from acidtest.study.run import answer_benchmarks, rate_benchmarks, started, write_benchmarks
from acidtest.study.schema import GeneratorSpec, StudyFile
from acidtest.study.stages.solving import scored_benchmark, with_items
from acidtest.study.under_way import Run
from acidtest.study.validity import validity_of_run
from acidtest.types import Benchmark, ValidityReport

ITEMS = 16
"""Items of each version unless more are asked for; bundles are whole, so that there may be a few more."""


@dataclass(frozen=True, kw_only=True)
class LabEntry:
    """One version of one generator's prompt: the entry of the study, the version, and the benchmark it writes."""

    generator: str
    version: str
    benchmark: str


def run_lab(
    study: StudyFile,
    study_folder: Path,
    root: Path,
    reporter: Reporter,
    prompts: Sequence[str],
    items: int = ITEMS,
    executor: Executor | None = None,
) -> LabReport:
    """Write, answer and rate what is not there yet of a lab, and return what it found; RUN/lab.json holds the same.

    Args:
        study: The study; its generators are tried with every prompt.
        study_folder: Where relative paths of the study file start.
        root: The lab's own folder.
        reporter: Told what happens.
        prompts: 'v2' is that version of the prompt that a generator's entry uses; else a prompt's name, or a .md file.
        items: Items of each version, at least.
        executor: Where models live; None: in this process.

    Raises:
        AcidtestError: Nothing can go on; what was done is kept.
    """
    lab, entries = lab_study(study, study_folder, prompts, items)
    with started(lab, study_folder, root, reporter, executor) as run:
        write_benchmarks(run)
        answer_benchmarks(run, fewest=1)
        if lab.judges:
            rate_benchmarks(run)
        report = report_of(run, entries)
        write_atomically(run.prepared.folder.lab, dumps(report))
        return report


def lab_study(
    study: StudyFile, study_folder: Path, prompts: Sequence[str], items: int
) -> tuple[StudyFile, list[LabEntry]]:
    """Return the study of a lab: each generator's entry once per prompt, nothing else changed.

    Raises:
        StudyFileError: The study has no generators, or no prompt or no items are asked for.
    """
    if not study.generators:
        raise StudyFileError("the study has no generators", where="key 'generators'", way_out="A lab compares prompts.")
    if not prompts or items < 1:
        raise StudyFileError("a lab needs at least one prompt and one item", way_out="--prompts v1,v2 --items 16")
    generators, entries = [], []
    for entry in study.generators:
        strategy = _strategy(study, study_folder, entry)
        size = strategy.bundle_size
        wanted = math.ceil(items / size) * size
        for asked in prompts:
            prompt, version = _prompt(entry, strategy, asked, study_folder)
            name = f"{entry.benchmark}.{version}"
            calls = entry.calls and math.ceil(entry.calls * wanted / entry.items)
            options = {**entry.options, "prompt": prompt}
            generators.append({**entry.model_dump(), "name": name, "items": wanted, "calls": calls, "options": options})
            entries.append(LabEntry(generator=entry.benchmark, version=version, benchmark=name))
    twice = [entry.benchmark for entry in entries if sum(other == entry for other in entries) > 1]
    if twice:
        raise StudyFileError(
            f"'{twice[0]}' is asked for twice", way_out="Name each version once, files by other names."
        )
    content = {**study.model_dump(), "study": f"{study.study}-lab", "generators": generators}
    return StudyFile.model_validate(content), entries


def report_of(run: Run, entries: Sequence[LabEntry]) -> LabReport:
    """Return what a lab found, from what stands in its folder."""
    prepared, study = run.prepared, run.prepared.study
    made = [_set(run, entry) for entry in entries]

    def validity(level: float) -> ValidityReport | None:
        at = study.model_copy(update={"level": level})
        return validity_of_run(at, prepared.study_folder, prepared.folder, real=prepared.real.name)

    return lab_report(
        _scored(run, prepared.real),
        made,
        validity(study.level),
        validity(level_of_changes(made, study.level)),
        level=study.level,
        right_at=study.right_at,
    )


def _set(run: Run, entry: LabEntry) -> LabSet:
    prepared = run.prepared
    spec = next(g for g in prepared.study.generators if g.benchmark == entry.benchmark)
    benchmark = with_items(prepared, spec)
    calls = 0
    if prepared.folder.calls(entry.benchmark).exists():
        with CallLog(prepared.folder.calls(entry.benchmark)) as log:
            calls = len(log.calls)
    return _scored(
        run,
        benchmark,
        generator=entry.generator,
        version=entry.version,
        prompt=prepared.book.state.prompts.get(entry.benchmark, ""),
        wanted=spec.items,
        rejected=len(whole_lines(prepared.folder.rejected(entry.benchmark))),
        calls=calls,
    )


def _scored(run: Run, benchmark: Benchmark, **about: Any) -> LabSet:
    solvers, columns = scored_benchmark(run, benchmark)
    scores = np.array(columns["score"], np.float64).reshape(len(solvers), len(benchmark.items))
    return LabSet(benchmark=benchmark, scores=scores, solvers=tuple(solvers), **about)


def _strategy(study: StudyFile, study_folder: Path, entry: GeneratorSpec) -> Strategy:
    """Return the strategy of an entry as the study has it: it knows the size of its bundles, and its own prompt."""
    real = real_benchmark(study, study_folder)
    task = task_class(study)(real.labels, study.description)
    model = build(study.model_spec(entry.model))
    if not isinstance(model, LanguageModel):
        raise StudyFileError(f"'{entry.model}' is no language model and cannot write items")
    plan = generation_plan(study, entry, task, real, model, study_folder=study_folder)
    return build_strategy(plan, model.style)


def _prompt(entry: GeneratorSpec, strategy: Strategy, asked: str, study_folder: Path) -> tuple[str, str]:
    """Return the prompt to write into the entry, and what to call the version."""
    own = str(entry.options.get("prompt") or "")
    if asked[:1] == "v" and asked[1:].isdecimal():
        if is_path(own):
            stem = own.removesuffix(".md").removesuffix(f".{strategy.prompt.version}")
            return f"{stem}.{asked}.md", asked
        return f"{strategy.prompt.name}.{asked}", asked
    if is_path(asked):
        here = Path(asked)
        path = here.resolve() if here.exists() else (study_folder / here).resolve()
        return str(path), _called(load_prompt(path).name, load_prompt(path).version)
    return asked, _called(load_prompt(asked).name, load_prompt(asked).version)


def _called(name: str, version: str) -> str:
    return f"{name}.{version}"
