"""The second stage: every solver answers every benchmark, and the answers are scored."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from acidtest.data.read import spooled_item_records
from acidtest.errors import DataError, ModelError, counted
from acidtest.evaluate.answer import answer_items, answer_with_classic
from acidtest.evaluate.record import read_responses
from acidtest.evaluate.score import COLUMNS, score_parts
from acidtest.models.base import ClassicSolver, LanguageModel
from acidtest.models.caller import Caller
from acidtest.models.side_by_side import side_by_side
from acidtest.study.plan import responses_key, synthetic_key
from acidtest.study.prepare import Prepared
from acidtest.study.schema import GeneratorSpec, SolverSpec
from acidtest.study.stages.matching import marks_on
from acidtest.study.under_way import Run, all_at_once, open_caller
from acidtest.types import Benchmark, Item, Prompt, Reply, Sampling

if TYPE_CHECKING:
    from acidtest.study.stages.adaptive_scores import PredictedScores

GREEDY = Sampling(temperature=0.0)
FEWEST = 2
"""Solvers that a comparison needs: an order needs two."""


def solve_with_classics(run: Run, benchmarks: Sequence[Benchmark]) -> None:
    """Let every classic solver answer every benchmark. Not in the event loop: there an interrupt would have to wait."""
    for solver in run.prepared.study.solvers:
        model = run.prepared.models[solver.model]
        waiting = [b for b in benchmarks if not run.is_done(responses_key(b.name, solver.model))]
        if waiting and isinstance(model, ClassicSolver):
            _solve_with_classic(run, solver, model, waiting)


async def solve_with_models(run: Run, benchmarks: Sequence[Benchmark]) -> None:
    """Let every language model that is a solver answer every benchmark.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
    """
    await solve_in_full(run, benchmarks, [solver.model for solver in run.prepared.study.solvers])


async def solve_in_full(run: Run, benchmarks: Sequence[Benchmark], names: Sequence[str]) -> None:
    """Let the language models among these solvers answer every item of every benchmark."""
    solvers = {solver.model: solver for solver in run.prepared.study.solvers}

    async def solve(name: str) -> None:
        waiting = {responses_key(b.name, name): b for b in benchmarks if not run.is_done(responses_key(b.name, name))}
        await solve_waiting(run, solvers[name], waiting, answer_benchmark)

    await all_at_once(run, names, solve)


def all_benchmarks(run: Run) -> list[Benchmark]:
    """Return the real benchmark and every synthetic one that has items, the real one first.

    Raises:
        DataError: No synthetic benchmark has items.
    """
    prepared = run.prepared
    found = []
    for entry in prepared.study.generators:
        benchmark = with_items(prepared, entry)
        if benchmark.items:
            found.append(benchmark)
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


def with_items(prepared: Prepared, entry: GeneratorSpec) -> Benchmark:
    """Return what a generator wrote; without items where it wrote none."""
    path = prepared.folder.synthetic(entry.benchmark)
    return Benchmark(
        name=entry.benchmark,
        kind="synthetic",
        items=spooled_item_records(path) if path.exists() else (),
        labels=prepared.task.labels,
        generator=entry.model,
        strategy=entry.strategy,
    )


AnswerOne = Callable[[Run, SolverSpec, LanguageModel, Caller, Benchmark], Awaitable[None]]
"""Let an open model answer one benchmark, and write down how far that is."""


async def solve_waiting(run: Run, solver: SolverSpec, waiting: Mapping[str, Benchmark], answer: AnswerOne) -> None:
    """Let one solver, where it is a language model, answer the benchmarks of these units; open it once for all."""
    model = run.prepared.models[solver.model]
    if not waiting or not isinstance(model, LanguageModel):
        return
    try:
        async with AsyncExitStack() as stack:
            call = await open_caller(run, model, stack, cached=run.prepared.study.cache)
            if model.gathers:  # all in one batch, or each would wait for the one before
                await side_by_side([answer(run, solver, model, call, benchmark) for benchmark in waiting.values()])
                return
            for benchmark in waiting.values():
                await answer(run, solver, model, call, benchmark)
    except ModelError as error:
        run.fail([key for key in waiting if not run.is_done(key)], error)


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


def prompter(run: Run, solver: SolverSpec, model: LanguageModel) -> Callable[[Item], Prompt]:
    """Return how a solver is asked an item."""
    prepared, task = run.prepared, run.prepared.task
    examples = task.choose_examples(prepared.real.pool, solver.shots, prepared.study.seed) if solver.shots else []
    return lambda item: task.solver_prompt(item, examples, model.style, solver.read)


async def answer_benchmark(
    run: Run, solver: SolverSpec, model: LanguageModel, caller: Caller, benchmark: Benchmark
) -> None:
    """Let an open model answer every item of a benchmark that it has not answered yet."""
    key, prompt = responses_key(benchmark.name, solver.model), prompter(run, solver, model)

    async def ask(item: Item) -> Reply:
        return await caller.call(prompt(item), GREEDY)

    run.begin(key)
    path = run.prepared.folder.responses(benchmark.name, solver.model)
    with run.reporter.stage(f"{solver.model} answers {benchmark.name}", len(benchmark.items)) as progress:
        unanswered = await answer_items(
            benchmark.items, ask, path=path, concurrency=model.connections, progress=progress
        )
    if unanswered:
        run.incomplete(key, f"{counted(unanswered, 'item')} stayed without an answer; run again to ask again")
    else:
        run.end(key)


def scored_benchmark(run: Run, benchmark: Benchmark) -> tuple[list[str], dict[str, list[object]]]:
    """Return the solvers that answered a benchmark, and its rows of the score table: solver by solver, as columns."""
    answered, parts = score_rows(run, benchmark)
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for part in parts:
        for name, values in part.items():
            columns[name] += values
    return answered, columns


def score_rows(run: Run, benchmark: Benchmark) -> tuple[list[str], Iterator[dict[str, list[object]]]]:
    """Return what `scored_benchmark` returns, the rows some thousands at a time."""
    prepared, responses = run.prepared, {}
    metric = prepared.task.metric(prepared.study.metric).name
    for solver in prepared.study.solvers:
        found = read_responses(prepared.folder.responses(benchmark.name, solver.model))
        if found.answered:
            responses[solver.model] = found
    return list(responses), score_parts(prepared.task, metric, benchmark, responses, marks_on(run, benchmark))


def write_scores(run: Run, benchmarks: Sequence[Benchmark], fewest: int = FEWEST) -> None:
    """Score all responses into scores.parquet.

    Raises:
        DataError: Fewer than `fewest` solvers answered.
    """
    from acidtest.data.scores.write import ScoreTable

    prepared = run.prepared
    if run.is_done("scores") and not run.failed:
        return
    answered: set[str] = set()
    tests = _predicted(run)
    with ScoreTable(prepared.folder.scores) as table:
        for benchmark in benchmarks:
            solvers, parts = score_rows(run, benchmark)
            answered |= set(solvers)
            for rows in tests.instead_of(parts, benchmark, solvers) if tests else parts:
                table.add(rows)
        if len(answered) < fewest:
            reasons = "; ".join(dict.fromkeys(run.failed.values())) or "the study names fewer"
            few = "fewer than two solvers" if fewest == FEWEST else "no solver"
            raise DataError(
                f"{few} answered, so there is nothing to compare ({reasons})",
                where=str(prepared.folder.root),
                way_out="Mend what is named above and run again: nothing that was answered is asked again.",
            )
        run.begin("scores")
    if tests:
        tests.write()
    run.end("scores")


def _predicted(run: Run) -> "PredictedScores | None":
    if run.prepared.adaptive is None:
        return None
    from acidtest.study.stages.adaptive_scores import PredictedScores

    return PredictedScores(run)
