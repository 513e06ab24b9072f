"""The stages of a run in their order. Each reads what the one before wrote, skips what is done, and can be killed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from acidtest.data.read import read_item_records, write_item_records, write_records
from acidtest.errors import AcidtestError, DataError, ModelError, TransientModelError
from acidtest.evaluate.answer import answer_items, answer_with_classic
from acidtest.evaluate.record import read_responses
from acidtest.evaluate.score import COLUMNS, score_columns
from acidtest.models.base import ClassicSolver, LanguageModel
from acidtest.models.budget import Budget
from acidtest.models.cache import ResponseCache
from acidtest.models.caller import Caller
from acidtest.models.price import price_of
from acidtest.study.plan import Unit, clear, responses_key, staleness, synthetic_key
from acidtest.study.prepare import Prepared, generation_plan, revision
from acidtest.study.reporter import Reporter
from acidtest.study.schema import GeneratorSpec, SolverSpec
from acidtest.types import Benchmark, Item, Reply, Sampling

GREEDY = Sampling(temperature=0.0)


@dataclass
class Run:
    """A prepared study on its way, with what goes wrong on it: one failing model does not stop the others."""

    prepared: Prepared
    reporter: Reporter
    budget: Budget
    failed: dict[str, str] = field(default_factory=dict)

    def is_done(self, key: str) -> bool:
        """Tell whether a unit need not be done again."""
        unit, known = self.prepared.plan[key], self.prepared.book.unit(key)
        return known is not None and known.status == "done" and known.fingerprint == unit.fingerprint

    def begin(self, key: str) -> Unit:
        """Write down that a unit is under way."""
        unit = self.prepared.plan[key]
        self.prepared.book.mark(key, unit.fingerprint, "started")
        return unit

    def end(self, key: str, detail: str = "") -> None:
        """Write down that a unit is done."""
        self.prepared.book.mark(key, self.prepared.plan[key].fingerprint, "done", detail)

    def fail(self, keys: Sequence[str], error: AcidtestError) -> None:
        """Write down that units could not be done, and say so at once."""
        for key in keys:
            self.prepared.book.mark(key, self.prepared.plan[key].fingerprint, "failed", error.what)
            self.failed[key] = error.what
        self.reporter.say(f"{', '.join(keys)} failed: {error}")


def say_what_changes(run: Run) -> None:
    """Name what stands in the folder and does not fit the study file any more; then clear it away."""
    stale = staleness(run.prepared.plan, run.prepared.book)
    if stale.changed:
        names = ", ".join(unit.key for unit in stale.changed)
        run.reporter.say(f"The study changed since this folder was written. Done anew: {names}.")
    clear(stale, run.prepared.book)


def keep_given(run: Run) -> None:
    """Write the real benchmark, its pool, and synthetic benchmarks that are already there into the run's folder."""
    prepared = run.prepared
    prepared.book.name_models(
        {
            name: {
                "use": prepared.study.model_spec(name).use,
                "revision": revision(model),
                "family": prepared.study.model_spec(name).family,
            }
            for name, model in prepared.models.items()
        }
    )
    if not run.is_done("real"):
        run.begin("real")
        write_item_records(prepared.folder.real, prepared.real.items)
        write_item_records(prepared.folder.pool, prepared.real.pool)
        run.end("real", f"{len(prepared.real.items)} items, {len(prepared.real.pool)} in the pool")
    for name, benchmark in prepared.given.items():
        if not run.is_done(synthetic_key(name)):
            run.begin(synthetic_key(name))
            write_item_records(prepared.folder.synthetic(name), benchmark.items)
            run.end(synthetic_key(name), f"{len(benchmark.items)} items")


async def generate_stage(run: Run) -> None:
    """Let every generator write its benchmark.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
    """
    waiting = [g for g in run.prepared.study.generators if not run.is_done(synthetic_key(g.benchmark))]
    for entry in waiting:
        key = synthetic_key(entry.benchmark)
        run.begin(key)
        try:
            await _write_benchmark(run, entry)
        except (ModelError, TransientModelError) as error:
            run.fail([key], error)


async def _write_benchmark(run: Run, entry: GeneratorSpec) -> None:
    from acidtest.generate.generation import generate

    prepared, key = run.prepared, synthetic_key(entry.benchmark)
    model = prepared.models[entry.model]
    if not isinstance(model, LanguageModel):
        raise ModelError(f"'{entry.model}' is no language model and cannot write items")
    plan = generation_plan(prepared.study, entry, prepared.task, prepared.real, model)
    async with AsyncExitStack() as stack:
        call = await _open_caller(run, model, stack, cached=False)
        progress = stack.enter_context(run.reporter.stage(f"write {entry.benchmark}", entry.items))
        outcome = await generate(
            plan,
            call.call,
            calls_path=prepared.folder.calls(entry.benchmark),
            style=model.style,
            concurrency=model.connections,
            progress=progress,
        )
    write_item_records(prepared.folder.synthetic(entry.benchmark), outcome.accepted)
    write_records(prepared.folder.rejected(entry.benchmark), outcome.rejected)
    for note in outcome.notes:
        run.reporter.say(f"{entry.benchmark}: {note}")
    if outcome.why_short:
        run.reporter.say(f"{entry.benchmark}: {outcome.why_short}")
    run.end(key, outcome.why_short or f"{len(outcome.accepted)} items of {outcome.calls} calls")


async def evaluate_stage(run: Run) -> None:
    """Let every solver answer every benchmark, and score the answers.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
        DataError: No benchmark, or no solver, is left to compare.
    """
    benchmarks = all_benchmarks(run)
    for solver in run.prepared.study.solvers:
        await _solve(run, solver, benchmarks)
    write_scores(run, benchmarks)


def all_benchmarks(run: Run) -> list[Benchmark]:
    """Return the real benchmark and every synthetic one that has items, the real one first.

    Raises:
        DataError: No synthetic benchmark has items.
    """
    prepared = run.prepared
    found = []
    for entry in prepared.study.generators:
        path = prepared.folder.synthetic(entry.benchmark)
        items = tuple(read_item_records(path)) if path.exists() else ()
        if items:
            found.append(
                Benchmark(
                    name=entry.benchmark,
                    kind="synthetic",
                    items=items,
                    labels=prepared.task.labels,
                    generator=entry.model,
                    strategy=entry.strategy,
                )
            )
        else:
            run.failed.setdefault(synthetic_key(entry.benchmark), "it has no items")
    found += prepared.given.values()
    if not found:
        reasons = "; ".join(f"{key}: {why}" for key, why in run.failed.items())
        raise DataError(
            f"no synthetic benchmark has items ({reasons})",
            where=str(prepared.folder.root / "synthetic"),
            way_out="Look at the .rejected.jsonl files there, mend the study file, and run again.",
        )
    return [prepared.real, *found]


async def _solve(run: Run, solver: SolverSpec, benchmarks: Sequence[Benchmark]) -> None:
    """Let one solver answer all benchmarks that it has not answered yet; open it once for all of them."""
    waiting = [b for b in benchmarks if not run.is_done(responses_key(b.name, solver.model))]
    if not waiting:
        return
    model = run.prepared.models[solver.model]
    if isinstance(model, ClassicSolver):
        _solve_with_classic(run, solver, model, waiting)
        return
    try:
        async with AsyncExitStack() as stack:
            call = await _open_caller(run, model, stack, cached=run.prepared.study.cache)
            for benchmark in waiting:
                await _answer_benchmark(run, solver, model, call, benchmark)
    except ModelError as error:
        keys = [responses_key(benchmark.name, solver.model) for benchmark in waiting]
        run.fail([key for key in keys if not run.is_done(key)], error)


def _solve_with_classic(run: Run, solver: SolverSpec, model: ClassicSolver, waiting: Sequence[Benchmark]) -> None:
    prepared = run.prepared
    total = sum(len(b.items) for b in waiting)
    with run.reporter.stage(f"{solver.model} answers", total) as progress:
        model.fit(prepared.real.pool, prepared.task.labels, prepared.study.seed)
        for benchmark in waiting:
            key = responses_key(benchmark.name, solver.model)
            run.begin(key)
            path = prepared.folder.responses(benchmark.name, solver.model)
            answer_with_classic(model, benchmark.items, path=path, progress=progress)
            run.end(key)


async def _answer_benchmark(
    run: Run, solver: SolverSpec, model: LanguageModel, caller: Caller, benchmark: Benchmark
) -> None:
    prepared, task = run.prepared, run.prepared.task
    key = responses_key(benchmark.name, solver.model)
    shots, seed = solver.shots, prepared.study.seed
    examples = task.choose_examples(prepared.real.pool, shots, seed) if shots else []

    async def ask(item: Item) -> Reply:
        return await caller.call(task.prompt(item, examples, model.style), GREEDY)

    unit = run.begin(key)
    path = prepared.folder.responses(benchmark.name, solver.model)
    with run.reporter.stage(f"{solver.model} answers {benchmark.name}", len(benchmark.items)) as progress:
        unanswered = await answer_items(
            benchmark.items, ask, path=path, concurrency=model.connections, progress=progress
        )
    if unanswered:
        detail = f"{unanswered} items stayed without an answer; run again to ask them again"
        prepared.book.mark(key, unit.fingerprint, "incomplete", detail)
        run.failed[key] = detail
        run.reporter.say(f"{key}: {detail}")
    else:
        run.end(key)


def write_scores(run: Run, benchmarks: Sequence[Benchmark]) -> None:
    """Score all responses into scores.parquet.

    Raises:
        DataError: Fewer than two solvers answered.
    """
    from acidtest.data.score_write import write_score_table

    prepared = run.prepared
    if run.is_done("scores") and not run.failed:
        return
    metric = prepared.task.metric(prepared.study.metric).name
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    answered: set[str] = set()
    for benchmark in benchmarks:
        responses = {}
        for solver in prepared.study.solvers:
            found = read_responses(prepared.folder.responses(benchmark.name, solver.model))
            if any(response.error is None for response in found.values()):
                responses[solver.model] = found
        answered |= set(responses)
        for name, values in score_columns(prepared.task, metric, benchmark, responses).items():
            columns[name] += values
    if len(answered) < 2:  # noqa: PLR2004  # an order needs two
        reasons = "; ".join(dict.fromkeys(run.failed.values())) or "the study names fewer than two"
        raise DataError(
            f"fewer than two solvers answered, so there is nothing to compare ({reasons})",
            where=str(prepared.folder.root),
            way_out="Mend what is named above and run again: nothing that was answered is asked again.",
        )
    run.begin("scores")
    write_score_table(prepared.folder.scores, columns)
    run.end("scores")


async def _open_caller(run: Run, model: LanguageModel, stack: AsyncExitStack, *, cached: bool) -> Caller:
    study = run.prepared.study
    price = price_of(model.spec, Path(study.prices) if study.prices else None)
    if price is None:
        run.reporter.say(f"The price of '{model.spec.name}' is not known: its cost counts as 0.")
    cache = stack.enter_context(ResponseCache()) if cached else None
    return await stack.enter_async_context(Caller(model, cache=cache, budget=run.budget, price=price))


def in_event_loop(work: Callable[[], Awaitable[None]]) -> None:
    """Run asynchronous work on uvloop where it is there: it costs half the time per call."""

    async def whole() -> None:
        await work()

    try:
        import uvloop
    except ImportError:
        asyncio.run(whole())
    else:
        uvloop.run(whole())
