"""The second stage with adaptive tests: language models answer the items that say most about them, and no others."""

from collections.abc import Sequence

import numpy as np

from acidtest.data.item_bank import ItemBank, read_bank, write_bank
from acidtest.errors import DataError, counted
from acidtest.evaluate.adaptive import TakenTest, answer_adaptively, score_of
from acidtest.evaluate.record import put_in_order
from acidtest.models.base import ClassicSolver, LanguageModel
from acidtest.models.caller import Caller
from acidtest.stats.interval import rng_for
from acidtest.study.adaptive import FEWEST_SOLVERS, calibrating, is_tested
from acidtest.study.bank import LEAST_ITEMS, bank_items, calibrated, item_scores, new_test
from acidtest.study.plan import BANK, adaptive_key, responses_key
from acidtest.study.schema import SolverSpec
from acidtest.study.stages.solving import GREEDY, answer_benchmark, prompter, solve_in_full, solve_waiting
from acidtest.study.under_way import Run, all_at_once
from acidtest.types import Benchmark, Item, Prompt, Reply

CHARACTERS_PER_TOKEN = 4


async def solve_adaptively(run: Run, benchmarks: Sequence[Benchmark]) -> None:
    """Let every language model take an adaptive test of every benchmark whose items are calibrated.

    Those that calibrate the items answer everything first. Benchmarks that the bank does not know are answered in full.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
        DataError: Too few solvers answered everything to calibrate the items, or the bank holds other items.
    """
    study, models = run.prepared.study, run.prepared.models
    await solve_in_full(run, benchmarks, calibrating(study, models))
    bank = item_bank(run, benchmarks)
    for benchmark in benchmarks:
        if not _knows(bank, benchmark):
            run.reporter.say(f"The bank does not know '{benchmark.name}': all its items are asked.")
    solvers = {solver.model: solver for solver in study.solvers if is_tested(study, solver, models)}

    async def solve(name: str) -> None:
        solver = solvers[name]
        waiting = {_key(bank, b, solver): b for b in benchmarks if not run.is_done(responses_key(b.name, name))}
        waiting = {key: benchmark for key, benchmark in waiting.items() if not run.is_done(key)}

        async def answer(
            run: Run, solver: SolverSpec, model: LanguageModel, caller: Caller, benchmark: Benchmark
        ) -> None:
            if _knows(bank, benchmark):
                await _test(run, solver, model, caller, benchmark, bank)
            else:
                await answer_benchmark(run, solver, model, caller, benchmark)

        await solve_waiting(run, solver, waiting, answer)

    await all_at_once(run, list(solvers), solve)


def item_bank(run: Run, benchmarks: Sequence[Benchmark]) -> ItemBank:
    """Return the bank that the study names, or one that is calibrated on the solvers that answered everything.

    Raises:
        DataError: Too few did.
    """
    prepared = run.prepared
    if prepared.adaptive is not None and prepared.adaptive.bank is not None:
        return prepared.adaptive.bank
    if run.is_done(BANK):
        bank = read_bank(prepared.folder.bank)
        if {benchmark.name for benchmark in benchmarks} <= set(bank.benchmarks):
            return bank
    everyone = calibrating(prepared.study, prepared.models)
    full = [name for name in everyone if all(run.is_done(responses_key(b.name, name)) for b in benchmarks)]
    if len(full) < FEWEST_SOLVERS:
        raise DataError(
            f"{counted(len(full), 'solver')} answered everything, and {FEWEST_SOLVERS} are needed to calibrate the "
            "items of adaptive tests",
            where=str(prepared.folder.root),
            way_out="Mend what failed and run again: nothing that was answered is asked again.",
        )
    metric, folder = prepared.task.metric(prepared.study.metric).name, prepared.folder
    rows = [
        np.concatenate(
            [item_scores(prepared.task, metric, b.items, folder.responses(b.name, name)) for b in benchmarks]
        )
        for name in full
    ]
    run.begin(BANK)
    with run.reporter.stage(f"{len(full)} solvers calibrate the items", len(rows[0])) as progress:
        bank = calibrated(benchmarks, np.stack(rows))
        progress.advance(len(bank))
    write_bank(folder.bank, bank)
    classic = sum(isinstance(prepared.models[name], ClassicSolver) for name in full)
    run.end(BANK, f"{len(bank)} items, {len(full)} solvers, {classic} of them classic")
    return bank


def _knows(bank: ItemBank, benchmark: Benchmark) -> bool:
    return len(bank_items(bank, benchmark)[0]) >= LEAST_ITEMS


def _key(bank: ItemBank, benchmark: Benchmark, solver: SolverSpec) -> str:
    key = adaptive_key if _knows(bank, benchmark) else responses_key
    return key(benchmark.name, solver.model)


async def _test(
    run: Run, solver: SolverSpec, model: LanguageModel, caller: Caller, benchmark: Benchmark, bank: ItemBank
) -> None:
    """Let an open model take a test of one benchmark."""
    prepared, settings = run.prepared, run.prepared.study.adaptive
    if settings is None:
        return
    key, prompt = adaptive_key(benchmark.name, solver.model), prompter(run, solver, model)
    items, known = bank_items(bank, benchmark)
    cost = [_tokens(prompt(item)) for item in items] if settings.gamma else []
    test = new_test(
        settings, known, items, cost, rng_for(prepared.study.seed, "adaptive", benchmark.name, solver.model)
    )

    async def ask(item: Item) -> Reply:
        return await caller.call(prompt(item), GREEDY)

    run.begin(key)
    whole = prepared.plan[responses_key(benchmark.name, solver.model)]
    # Not begun, but known: its file of responses, which now grows, must not be taken for a stranger's.
    prepared.book.mark(whole.key, whole.fingerprint, "incomplete", "an adaptive test asks some of the items")
    path = prepared.folder.responses(benchmark.name, solver.model)
    title = f"{solver.model} is tested on {benchmark.name}"
    with run.reporter.stage(title, min(settings.items, len(items))) as progress:
        found = await answer_adaptively(
            items,
            test,
            ask,
            score_of(prepared.task, prepared.task.metric(prepared.study.metric).name),
            round_size=settings.round,
            concurrency=model.connections,
            path=path,
            progress=progress,
        )
    put_in_order(path, benchmark.items)
    _note(run, key, found, benchmark, solver.model)


def _tokens(prompt: Prompt) -> float:
    """Return about how many tokens an item takes; its answer is taken to be as long as any."""
    characters = len(prompt.text) + sum(len(text) for _, text in prompt.messages)
    return max(characters / CHARACTERS_PER_TOKEN, 1.0)


def _note(run: Run, key: str, found: TakenTest, benchmark: Benchmark, solver: str) -> None:
    if found.given_up:
        why = f"{counted(found.unanswered, 'item')} stayed without an answer; run again to go on"
        run.incomplete(key, f"asked {len(found.asked)} of {len(benchmark.items)} items; {why}")
    else:
        run.end(key, f"asked {len(found.asked)} of {len(benchmark.items)} items")
        if len(found.asked) == len(benchmark.items):
            run.end(responses_key(benchmark.name, solver), "an adaptive test asked everything")
