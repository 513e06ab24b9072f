"""What a study would send and cost, counted before anything is sent."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, repeat

from acidtest.generate.strategy import build_strategy
from acidtest.judge.match import answer_texts
from acidtest.judge.shown import item_texts
from acidtest.models.base import LanguageModel
from acidtest.models.price import Price
from acidtest.study.adaptive import is_tested
from acidtest.study.judges import rated_items, rated_names
from acidtest.study.prepare import Prepared, generation_plan, model_price
from acidtest.types import Answer, Item, Prompt

CHARACTERS_PER_TOKEN = 4
"""A common rule of thumb for English; the real number depends on the model."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What one generator or solver would be asked. `cost` is in US dollars, None where the price is not known."""

    model: str
    work: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None


def expected_calls(prepared: Prepared) -> list[Expected]:
    """Return the calls of a study that starts afresh: one per wanted item or step of it, and one per solver and item.

    A generator needs more where candidates are rejected, and a judge where an answer cannot be read; an answer is
    counted as long as it may be. Classic solvers call nothing and are left out.
    """
    study, task, real = prepared.study, prepared.task, prepared.real
    rows = generator_calls(prepared)
    synthetic = sum(entry.items for entry in study.generators)
    for solver in study.solvers:
        model = prepared.models[solver.model]
        if not isinstance(model, LanguageModel):
            continue
        examples = task.choose_examples(real.pool, solver.shots, study.seed) if solver.shots else []
        items = _items(prepared, synthetic)
        prompts = map(partial(task.solver_prompt, examples=examples, style=model.style, reading=solver.read), items)
        tested = is_tested(study, solver, prepared.models)
        price = model_price(study, model)
        rows.append(
            _of_tests(prepared, solver.model, prompts, price)
            if tested
            else expected_row(solver.model, "answers all", prompts, price)
        )
    return [*rows, *_of_judges(prepared), *_of_the_judge(prepared)]


def generator_calls(prepared: Prepared) -> list[Expected]:
    """Return the calls that write the synthetic benchmarks."""
    study, task, real, rows = prepared.study, prepared.task, prepared.real, list[Expected]()
    for entry in study.generators:
        model = prepared.models[entry.model]
        if isinstance(model, LanguageModel):
            plan = generation_plan(study, entry, task, real, model, study_folder=prepared.study_folder)
            strategy = build_strategy(plan, model.style)
            request = strategy.request(0)
            prompt = request.prompt if request else Prompt()
            calls = math.ceil(entry.items * strategy.calls_per_item)  # steps are taken to be as long as the first
            price = model_price(study, model)
            rows.append(expected_row(entry.model, f"writes {entry.benchmark}", [prompt] * calls, price))
    return rows


def _items(prepared: Prepared, unwritten: int) -> Iterator[Item]:
    """Yield all items, those that are not written yet as the first real one: they are taken to be as long."""
    for benchmark in (prepared.real, *prepared.given.values()):
        yield from benchmark.items
    yield from repeat(prepared.real.items[0], unwritten)


def _of_tests(prepared: Prepared, model: str, prompts: Iterable[Prompt], price: Price | None) -> Expected:
    """Return what adaptive tests ask at most. Nobody knows which items: they are taken to be as long as all are."""
    study, adaptive = prepared.study, prepared.adaptive
    sizes = {prepared.real.name: len(prepared.real.items)}
    sizes |= {name: len(benchmark.items) for name, benchmark in prepared.given.items()}
    sizes |= {entry.benchmark: entry.items for entry in study.generators}
    most = adaptive.settings.items if adaptive else 0
    asked = sum(min(most, n) if adaptive and adaptive.calibrates(name) else n for name, n in sizes.items())
    every = expected_row(model, f"is tested, {most} items a set", prompts, price)
    share = asked / max(every.calls, 1)
    tokens_in, tokens_out = round(every.tokens_in * share), round(every.tokens_out * share)
    cost = None if price is None else price.cost(tokens_in, tokens_out)
    return replace(every, calls=asked, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost)


def _of_judges(prepared: Prepared) -> list[Expected]:
    """Return what judges of items are asked: items that are not written yet are taken to be as long as a real one."""
    study, task, judging = prepared.study, prepared.task, prepared.validity
    rows = []
    for name in study.judges if judging else ():
        model = prepared.models[name]
        if not isinstance(model, LanguageModel) or judging is None:
            continue
        judge, rubric = judging.judge(model, task), judging.rubric.rubric
        here = [prepared.real, *prepared.given.values()]
        names = rated_names(study, prepared.real.name, [*prepared.given, *(g.benchmark for g in study.generators)])
        rated = (item for benchmark in here if benchmark.name in names for item in rated_items(study, benchmark))
        limit = study.validity.items if study.validity else None
        unwritten = sum(min(entry.items, limit or entry.items) for entry in study.generators)
        items = chain(rated, repeat(prepared.real.items[0], unwritten))
        prompts = (prompt for item in items for prompt in judge.prompts(rubric, item_texts(task, item)))
        rows.append(expected_row(name, "rates items", prompts, model_price(study, model)))
    return rows


def _of_the_judge(prepared: Prepared) -> list[Expected]:
    """Return what the judge of answers is asked: each answer is taken to be as long as the right one."""
    study, task, judging = prepared.study, prepared.task, prepared.match
    model = prepared.models[study.judge] if study.judge else None
    if judging is None or not isinstance(model, LanguageModel):
        return []
    judge, rubric = judging.judge(model, task), judging.rubric.rubric
    items = _items(prepared, sum(entry.items for entry in study.generators))
    shown = (answer_texts(task, item, Answer(value=task.reference(item))) for item in items)
    prompts = (prompt for texts in shown for prompt in judge.prompts(rubric, texts) * len(study.solvers))
    return [expected_row(model.spec.name, "judges answers", prompts, model_price(study, model))]


def expected_row(model: str, work: str, prompts: Iterable[Prompt], price: Price | None) -> Expected:
    """Return what these prompts come to, each answered as long as it may be."""
    calls = characters = tokens_out = 0
    for prompt in prompts:
        calls += 1
        characters += len(prompt.text) + sum(len(text) for _, text in prompt.messages)
        tokens_out += prompt.max_tokens
    tokens_in = characters // CHARACTERS_PER_TOKEN
    cost = None if price is None else price.cost(tokens_in, tokens_out)
    return Expected(model=model, work=work, calls=calls, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost)
