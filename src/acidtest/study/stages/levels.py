"""The stage in which solvers are asked at one prompting level after another; each at its own pace."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

from acidtest.compare.levels import SolverAnswers, first_solved
from acidtest.data.prompt_file import load_prompt
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError, ModelError, counted
from acidtest.evaluate.level_prompts import FORMS, LevelPrompts, WorkedExample, prompt_of, thoughts_of
from acidtest.evaluate.levels import Call, LevelWork, answer_at_level, read_level, solved
from acidtest.evaluate.record import read_responses
from acidtest.models.base import LanguageModel
from acidtest.stats.estimate import FloatArray
from acidtest.study.plan import responses_key
from acidtest.study.prepare import Prepared
from acidtest.study.under_way import Run, all_at_once, open_caller
from acidtest.types import Answer, Benchmark, Item, Prompt, Reply, Sampling

if TYPE_CHECKING:
    from acidtest.models.caller import Caller

EXAMPLES = 3
"""Worked examples that are shown, as in the source of the levels."""

_MOST_CANDIDATES = 12
_WORKED = "examples"
_POOL = "pool"
_GREEDY = Sampling(temperature=0.0)
_TEMPERATURE = 0.8
"""Of the repeated tries: greedy answers would be the same each time."""


@dataclass(frozen=True, kw_only=True)
class LevelAsk:
    """What is asked, checked: see `LevelOptions`."""

    levels: tuple[str, ...]
    solvers: tuple[str, ...]
    metric: str
    right_at: float
    everything: bool
    tries: bool

    @property
    def again(self) -> tuple[str, ...]:
        """Names of the tries after the first one, as many as there are further levels."""
        return tuple(f"{self.levels[0]}.try{k}" for k in range(2, len(self.levels) + 1)) if self.tries else ()


async def level_stage(run: Run, benchmarks: Sequence[Benchmark], ask: LevelAsk, whole: Mapping[str, Benchmark]) -> None:
    """Let every solver answer what it was not asked yet.

    Args:
        run: The run.
        benchmarks: With the items that are asked.
        ask: How they are asked.
        whole: Name -> the benchmark with all its items: answers to others than those asked now are kept.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
    """

    async def solve(name: str) -> None:
        model = run.prepared.models[name]
        if not isinstance(model, LanguageModel):
            return
        try:
            async with AsyncExitStack() as stack:
                await _Work(run, model, stack, ask, whole).all_levels(benchmarks)
        except ModelError as error:
            run.failed[f"levels of {name}"] = error.what
            run.reporter.say(f"levels of {name} failed: {error}")

    await all_at_once(run, list(ask.solvers), solve)


def answers_at_levels(run: Run, benchmark: Benchmark, solver: str, ask: LevelAsk) -> SolverAnswers:
    """Return what stands on disk of one solver's answers to the items of a benchmark."""
    found = [_read(run, benchmark, solver, level) for level in ask.levels]
    rows = np.array([_right(run, benchmark.items, answers, ask) for answers in found])
    rows = rows.reshape(len(ask.levels), len(benchmark.items))
    if not ask.everything:
        rows = _as_asked(rows)
    unreadable = [
        sum(bool(known and answer and answer.problem) for answer, known in zip(answers, row, strict=True))
        for answers, row in zip(found, np.isfinite(rows), strict=True)
    ]
    tries = None
    if ask.again:
        again = [_right(run, benchmark.items, _read(run, benchmark, solver, name), ask) for name in ask.again]
        tries = _as_asked(np.array([rows[0], *again]))
    pool = worked_pool(run.prepared)
    worked = _right(run, pool.items, _read(run, pool, solver, _WORKED), ask)
    examples = min(EXAMPLES, int(np.nansum(worked))) if "few_shot_reasoning" in ask.levels else 0
    return SolverAnswers(solved=rows, unreadable=unreadable, tries=tries, examples=examples)


class _Work:
    """One solver's way through the levels. The model is opened when the first call is sent, and only then."""

    def __init__(
        self, run: Run, model: LanguageModel, stack: AsyncExitStack, ask: LevelAsk, whole: Mapping[str, Benchmark]
    ) -> None:
        self.run, self.model, self.stack, self.ask, self.whole = run, model, stack, ask, whole
        self.name, self.task = model.spec.name, run.prepared.task
        self._caller: Caller | None = None
        self._opening = asyncio.Lock()

    async def all_levels(self, benchmarks: Sequence[Benchmark]) -> None:
        plain = LevelPrompts(self.task, self.model.style)
        for place, level in enumerate(self.ask.levels):
            wanted = {one.name: self._wanted(one, self.ask.levels[:place]) for one in benchmarks}
            prompts = plain
            if level == "few_shot_reasoning" and any(wanted.values()):
                prompts = LevelPrompts(self.task, self.model.style, await self._worked())
            for one in benchmarks:
                if wanted[one.name]:
                    await self._answer(level, level, one, wanted[one.name], prompts, _GREEDY)
        first = self.ask.levels[0]
        for place, name in enumerate(self.ask.again, start=1):
            for one in benchmarks:
                missed = self._missed(one, (first, *self.ask.again[: place - 1]))
                drawn = Sampling(temperature=_TEMPERATURE, seed=(self.run.prepared.study.seed + place) % 2**32)
                if missed:
                    await self._answer(name, first, one, missed, plain, drawn)

    def _wanted(self, benchmark: Benchmark, before: Sequence[str]) -> set[str]:
        if self.ask.everything or not before:
            return {item.id for item in benchmark.items}
        return self._missed(benchmark, before)

    def _missed(self, benchmark: Benchmark, before: Sequence[str]) -> set[str]:
        """Return the items that were answered each time, and never right."""
        rows = [
            _right(self.run, benchmark.items, _read(self.run, benchmark, self.name, level), self.ask)
            for level in before
        ]
        missed = (np.array(rows) == 0).all(axis=0)
        return {item.id for item, one in zip(benchmark.items, missed, strict=True) if one}

    async def _answer(
        self,
        name: str,
        level: str,
        benchmark: Benchmark,
        wanted: Collection[str],
        prompts: LevelPrompts,
        sampling: Sampling,
    ) -> None:
        """Let the solver answer some items; `name` is that of the files, `level` of the prompts."""
        folder = self.run.prepared.folder
        work = LevelWork(
            level=level,
            items=self.whole.get(benchmark.name, benchmark).items if name != _WORKED else benchmark.items,
            wanted=wanted,
            answers=folder.level_answers(name, benchmark.name, self.name),
            notes={n: folder.level_answers(f"{name}.{n}", benchmark.name, self.name) for n in prompts.notes(level)},
        )
        self._claim(work, self._print(name, level, benchmark, prompts))
        known = {item for item, response in read_responses(work.answers).items() if response.error is None}
        if known >= set(wanted):
            return
        title = f"{self.name} at {name}: {benchmark.name}"
        with self.run.reporter.stage(title, len(known | set(wanted))) as progress:
            lacking = await answer_at_level(
                prompts, work, self._call(sampling), concurrency=self.model.connections, progress=progress
            )
        if lacking:
            errors = [one.error for one in read_responses(work.answers).values() if one.error is not None]
            detail = f"{counted(lacking, 'item')} stayed without an answer ({errors[-1][:160]}); run again to ask again"
            self.run.failed[title] = detail
            self.run.reporter.say(f"{title}: {detail}")

    async def _worked(self) -> list[WorkedExample]:
        """Return worked examples: pool items with the solver's own thoughts, those alone that it got right.

        Where it got none right, the same items with their right answers alone.
        """
        pool, prompts = worked_pool(self.run.prepared), LevelPrompts(self.task, self.model.style)
        candidates, right = pool.items, list[Item]()
        for asked in range(0, len(candidates) + EXAMPLES, EXAMPLES):
            # first none: what was answered before may do, and an item that failed then changes no example now
            now = {item.id for item in candidates[:asked]}
            await self._answer(_WORKED, "reasoning", pool, now, prompts, _GREEDY)
            solved_now = _right(self.run, candidates, _read(self.run, pool, self.name, _WORKED), self.ask)
            right = [item for item, one in zip(candidates, solved_now, strict=True) if one == 1]
            if len(right) >= EXAMPLES:
                break
        if not right:
            self.run.reporter.say(
                f"{self.name} solved none of {counted(len(candidates), 'item')} of the pool by reasoning: the level "
                "few_shot_reasoning shows it examples without thoughts."
            )
            return [WorkedExample(item=item) for item in candidates[:EXAMPLES]]
        name = f"{_WORKED}.thoughts" if prompts.notes("reasoning") else _WORKED
        said = read_responses(self.run.prepared.folder.level_answers(name, _POOL, self.name))
        keep = thoughts_of if self.model.style == "chat" else str.strip
        return [WorkedExample(item=item, thoughts=keep(said[item.id].text)) for item in right[:EXAMPLES]]

    def _print(self, name: str, level: str, benchmark: Benchmark, prompts: LevelPrompts) -> str:
        """Return the hash of all that answers at a level depend on, but for how a stage before them is asked."""
        prepared, worked = self.run.prepared, name == _WORKED
        answered = responses_key(prepared.real.name if worked else benchmark.name, self.name)
        content: list[object] = [prepared.plan[answered].fingerprint, level, prompt_of(level).reference]
        content += [load_prompt(FORMS).reference, self.task.description]
        content += [[one.item.digest, one.thoughts] for one in prompts.examples]
        content += [item.digest for item in benchmark.items] if worked else []
        return hashlib.sha256(orjson.dumps(content)).hexdigest()

    def _claim(self, work: LevelWork, fingerprint: str) -> None:
        """Delete answers that were given to something else, and write down what these are given to."""
        book, key = self.run.prepared.folder.level_units, "/".join(work.answers.parts[-3:])
        known = _units_in(book)
        if known.get(key) == fingerprint:
            return
        files = [path for path in (work.answers, *work.notes.values()) if path.exists()]
        if files:
            self.run.reporter.say(f"The study changed since this folder was written. Done anew: levels/{key}.")
        for path in files:
            path.unlink()
        write_atomically(book, orjson.dumps({**known, key: fingerprint}, option=orjson.OPT_INDENT_2))

    def _call(self, sampling: Sampling) -> Call:
        async def call(prompt: Prompt) -> Reply:
            async with self._opening:
                if self._caller is None:
                    cached = self.run.prepared.study.cache
                    self._caller = await open_caller(self.run, self.model, self.stack, cached=cached)
            return await self._caller.call(prompt, sampling)

        return call


def _units_in(book: Path) -> dict[str, str]:
    """Return what the answers at each level were given to, as it was written down."""
    try:
        known = orjson.loads(book.read_bytes()) if book.exists() else {}
    except orjson.JSONDecodeError:
        known = None
    if not isinstance(known, dict):
        way_out = (
            "Delete the folder that it stands in: then the levels' answers are asked for anew, or read from the cache."
        )
        raise DataError("this file does not say what was asked", where=str(book), way_out=way_out)
    return known


def worked_pool(prepared: Prepared) -> Benchmark:
    """Return pool items to work out as examples: those that the task would choose first, up to so many."""
    chosen = list[Item]()
    for shots in range(1, _MOST_CANDIDATES + 1):
        more = prepared.task.choose_examples(prepared.real.pool, shots, prepared.study.seed)
        chosen += [item for item in more if item not in chosen]
        if len(chosen) >= _MOST_CANDIDATES:
            break
    return Benchmark(name=_POOL, kind="real", items=tuple(chosen[:_MOST_CANDIDATES]))


def _read(run: Run, benchmark: Benchmark, solver: str, level: str) -> tuple[Answer | None, ...]:
    found = read_responses(run.prepared.folder.level_answers(level, benchmark.name, solver))
    return read_level(run.prepared.task, benchmark.items, found.several([item.id for item in benchmark.items]))


def _right(run: Run, items: Sequence[Item], answers: Sequence[Answer | None], ask: LevelAsk) -> FloatArray:
    return solved(run.prepared.task, ask.metric, items, answers, ask.right_at)


def _as_asked(rows: FloatArray) -> FloatArray:
    """Return rows without what was answered although a row before was right: another call may have asked for it."""
    number = first_solved(rows)
    after: FloatArray = np.where(np.arange(1, len(rows) + 1)[:, None] > number, np.nan, rows)
    return after
