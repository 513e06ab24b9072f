"""Harder than these, in rounds: write items, ask solvers, calibrate, and show the next round how hard each was.

    HARDER/round-1/ ...                 a run of its own: the study's own strategies
    HARDER/ENTRY.after-1.bank.csv       how hard each item so far was, and ENTRY.after-1.items.jsonl what it asks
    HARDER/round-2/ ...                 the strategy `harder`, shown these
    HARDER/harder.json                  what came of it

Each round can be killed and resumed like any run. The real benchmark is answered with each round (from the cache) and
ties the rounds to one scale; its items are never shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acidtest.compare.harder import HarderReport, dumps, harder_report, one_scale
from acidtest.data.item_bank import bank_of, write_bank
from acidtest.data.read import read_item_records, write_records
from acidtest.data.run_folder import RunFolder, safe_name, write_atomically
from acidtest.data.scores.matrix import ScoreMatrix, read_matrix
from acidtest.errors import BudgetError, DataError, StudyFileError
from acidtest.evaluate.record import read_responses
from acidtest.judge.record import all_ratings
from acidtest.models.executors.executor import Executor
from acidtest.stats.irt.fit import Fit
from acidtest.study.reporter import Reporter
from acidtest.study.run import answer_benchmarks, started, write_benchmarks
from acidtest.study.schema import GeneratorSpec, Limits, StudyFile
from acidtest.study.under_way import Run
from acidtest.types import Item

STRATEGY = "harder"
FEWEST_ROUNDS = 2


@dataclass
class _SoFar:
    """What the rounds until now gave: tables of scores, names of each entry's sets, its items, and what it cost."""

    tables: list[ScoreMatrix]
    names: dict[str, list[str]]
    items: dict[str, list[Item]]
    spent: float = 0.0
    calls: int = 0


def run_harder(
    study: StudyFile,
    study_folder: Path,
    root: Path,
    reporter: Reporter,
    *,
    rounds: int = 3,
    above: float | None = None,
    executor: Executor | None = None,
) -> HarderReport:
    """Do what is not done yet of all rounds, and return what came of them; HARDER/harder.json holds the same.

    Args:
        study: Its generators' entries write the first round as they stand.
        study_folder: Where relative paths of the study file start.
        root: The folder of all rounds.
        reporter: Told what happens.
        rounds: How many, 2 or more.
        above: Difficulty that later rounds want; harder than their examples unless named.
        executor: Where models live; None: in this process.

    Raises:
        AcidtestError: Nothing can go on; what was done is kept.
    """
    _check(study, rounds)
    done = _SoFar(tables=[], names={g.benchmark: [] for g in study.generators}, items={})
    shown: dict[str, Mapping[str, object]] = {}
    for number in range(1, rounds + 1):
        folder = RunFolder(root / f"round-{number}")
        asked = _round(study, number, shown, _left(study.limits, done))
        with started(asked, study_folder, folder.root, reporter, executor) as run:
            run.at_once = True
            real = run.prepared.real.name
            if number > 1:
                _count_once(run, real)
            write_benchmarks(run)
            answer_benchmarks(run)
            done.spent, done.calls = done.spent + run.budget.spent, done.calls + run.budget.calls
        _add(done, folder, study.generators, number)
        matrix, fit = one_scale(done.tables)
        shown = {g.benchmark: _kept(root, g, number, done, (matrix, fit), above) for g in study.generators}
    report = harder_report(matrix, fit, real=real, rounds=done.names, level=study.level, seed=study.seed)
    write_atomically(root / "harder.json", dumps(report))
    return report


def _check(study: StudyFile, rounds: int) -> None:
    """Refuse before the first call what would fail in the second round."""
    from acidtest import registry

    tasks = sorted(registry.get("strategy", STRATEGY).tasks)
    if study.task not in tasks:
        raise StudyFileError(
            f"'{STRATEGY}' writes no items for the task '{study.task}'",
            where="key 'task'",
            way_out=f"It writes items for {', '.join(tasks)}.",
        )
    if not study.generators:
        raise StudyFileError("the study has no generators", where="key 'generators'", way_out="Name who shall write.")
    if rounds < FEWEST_ROUNDS:
        raise StudyFileError(f"{rounds} rounds compare nothing", way_out=f"Ask for {FEWEST_ROUNDS} or more.")


def _round(study: StudyFile, number: int, shown: Mapping[str, Mapping[str, object]], limits: Limits) -> StudyFile:
    """Return the study of one round: other strategies and names, no sets that are given, what is left of the limits."""
    generators = []
    for entry in study.generators:
        changes: dict[str, object] = {"name": _name(entry, number)}
        if number > 1:
            changes |= {"strategy": STRATEGY, "options": shown[entry.benchmark]}
        generators.append({**entry.model_dump(), **changes})
    content = study.model_dump() | {
        "study": f"{study.study}-harder-{number}",
        "generators": generators,
        "synthetic": [],
        "validity": None,
        "limits": limits.model_dump(),
    }
    return StudyFile.model_validate(content)


def _count_once(run: Run, real: str) -> None:
    """Take off a later round's budget what its answers to the real benchmark count as: round 1 has paid for them.

    They come from the cache and count nothing when they come, but a run that is resumed counts all in its folder.
    """
    study, folder = run.prepared.study, run.prepared.folder
    if study.limits.max_cost is None and study.limits.max_calls is None:
        return
    asked = [one.model for one in study.solvers if study.model_spec(one.model).provider != "classic"]
    answers = [one for solver in asked for one in read_responses(folder.responses(real, solver)).values()]
    judged = [one for solver in asked if study.judge for one in all_ratings(folder.judgements(real, solver))]
    run.budget.spent -= sum(one.cost for one in answers) + sum(one.cost for one in judged)
    run.budget.calls -= len(answers) + sum(one.calls for one in judged)


def _left(limits: Limits, done: _SoFar) -> Limits:
    cost = None if limits.max_cost is None else limits.max_cost - done.spent
    calls = None if limits.max_calls is None else limits.max_calls - done.calls
    if (cost is not None and cost < 0) or (calls is not None and calls < 0):
        raise BudgetError(
            "the rounds before have used what the study may cost",
            where="key 'limits'",
            way_out="Raise the limits, or ask for fewer rounds: what was done is kept.",
        )
    return Limits(max_cost=cost, max_calls=calls)


def _add(done: _SoFar, folder: RunFolder, generators: Sequence[GeneratorSpec], number: int) -> None:
    """Take in what a round gave.

    Raises:
        DataError: A generator's entry wrote nothing.
    """
    names = [_name(entry, number) for entry in generators]
    for entry, name in zip(generators, names, strict=True):
        path = folder.synthetic(name)
        items = read_item_records(path) if path.exists() else []
        if not items:
            raise DataError(
                f"'{entry.benchmark}' wrote no item in round {number}",
                where=str(path),
                way_out="Look into the rejected candidates beside it; ask for less, or for fewer rounds.",
            )
        done.names[entry.benchmark].append(name)
        done.items.setdefault(entry.benchmark, []).extend(items)
    # The real benchmark stands in every round's table; it counts once.
    done.tables.append(read_matrix([folder.scores], only=names if number > 1 else ()))


def _kept(
    root: Path, entry: GeneratorSpec, number: int, done: _SoFar, scale: tuple[ScoreMatrix, Fit], above: float | None
) -> dict[str, object]:
    """Write what the next round of an entry is shown; return its options."""
    from acidtest.generate.harder import HarderOptions

    matrix, fit = scale
    stem = f"{safe_name(entry.benchmark)}.after-{number}"
    bank, items = (root / f"{stem}.bank.csv").resolve(), (root / f"{stem}.items.jsonl").resolve()
    at = np.flatnonzero(np.isin(np.array(matrix.benchmark), done.names[entry.benchmark]))
    write_bank(bank, bank_of(fit, benchmark=matrix.benchmark, items=matrix.items).take(at))
    write_records(items, done.items[entry.benchmark])
    own = {name: value for name, value in entry.options.items() if name in HarderOptions.model_fields}
    if entry.strategy != STRATEGY:
        own.pop("prompt", None)
    if above is not None:
        own.pop("target", None)
    return {**own, "difficulty": str(bank), "items": str(items), **({} if above is None else {"above": above})}


def _name(entry: GeneratorSpec, number: int) -> str:
    return f"{entry.benchmark}.round-{number}"
