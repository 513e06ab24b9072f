"""What prompting levels cost at most: as if no level solved anything, counted before anything is sent."""

from collections.abc import Mapping, Sequence

from acidtest.evaluate.level_prompts import LevelPrompts, WorkedExample
from acidtest.models.base import LanguageModel
from acidtest.study.expected_calls import CHARACTERS_PER_TOKEN, Expected, expected_row
from acidtest.study.prepare import Prepared, model_price
from acidtest.study.stages.levels import EXAMPLES, LevelAsk, worked_pool
from acidtest.study.under_way import Run
from acidtest.types import Benchmark, Item, Prompt


def most_calls(run: Run, benchmarks: Sequence[Benchmark], ask: LevelAsk) -> int:
    """Return how many calls it takes where no level solves anything and nothing was asked before."""
    items, calls = sum(len(benchmark.items) for benchmark in benchmarks), 0
    for name in ask.solvers:
        model = run.prepared.models[name]
        if isinstance(model, LanguageModel):
            prompts = LevelPrompts(run.prepared.task, model.style)
            calls += items * (sum(1 + len(prompts.notes(level)) for level in ask.levels) + len(ask.again))
            if "few_shot_reasoning" in ask.levels:
                calls += len(worked_pool(run.prepared).items) * (1 + len(prompts.notes("reasoning")))
    return calls


def level_calls(
    prepared: Prepared, given: Sequence[Benchmark], unwritten: Mapping[str, int], ask: LevelAsk
) -> list[Expected]:
    """Return the same by solver and level, with tokens and price.

    Args:
        prepared: The study.
        given: Benchmarks with the items that would be asked.
        unwritten: Benchmark -> how many items of it would be asked: taken to be as long as a real one.
        ask: What would be asked. What a solver writes before it answers is taken to be as long as it may be.
    """
    items = [item for benchmark in given for item in benchmark.items]
    items += [prepared.real.items[0]] * sum(unwritten.values())
    rows = []
    for name in ask.solvers:
        model = prepared.models[name]
        if not isinstance(model, LanguageModel):
            continue
        price, pool = model_price(prepared.study, model), worked_pool(prepared).items
        plain = LevelPrompts(prepared.task, model.style)
        for level in ask.levels:
            prompts = plain
            if level == "few_shot_reasoning":
                tried = [prompt for item in pool for prompt in _prompts(plain, "reasoning", item)]
                rows.append(expected_row(name, "works out examples", tried, price))
                thoughts = _as_long_as(_prompts(plain, "reasoning", pool[0])[0])
                shown = [WorkedExample(item=item, thoughts=thoughts) for item in pool[:EXAMPLES]]
                prompts = LevelPrompts(prepared.task, model.style, shown)
            asked = [prompt for item in items for prompt in _prompts(prompts, level, item)]
            rows.append(expected_row(name, f"level {level}", asked, price))
        if ask.again:
            again = [prompt for item in items for prompt in _prompts(plain, ask.levels[0], item)] * len(ask.again)
            rows.append(expected_row(name, "further tries", again, price))
    return rows


def _prompts(prompts: LevelPrompts, level: str, item: Item) -> list[Prompt]:
    """Return all calls about an item at a level, each reply as long as it may be."""
    found, replies = list[Prompt](), list[str]()
    for _ in range(1 + len(prompts.notes(level))):
        found.append(prompts.prompt(level, item, replies))
        replies.append(_as_long_as(found[-1]))
    return found


def _as_long_as(prompt: Prompt) -> str:
    return "x" * (CHARACTERS_PER_TOKEN * prompt.max_tokens)
