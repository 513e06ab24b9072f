"""The items of a study's adaptive tests: calibrated on the solvers that answer everything, and asked one by one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from acidtest.data.item_bank import ItemBank, bank_of
from acidtest.errors import DataError, counted
from acidtest.evaluate.record import read_responses
from acidtest.evaluate.score import read_answers
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.adaptive.test import AdaptiveTest, Exposure, Stop
from acidtest.stats.irt.adaptive.trust import flattened
from acidtest.stats.irt.fit import fit_irt
from acidtest.stats.irt.items import Items
from acidtest.study.schema import AdaptiveSettings
from acidtest.tasks.base import Task
from acidtest.types import Benchmark, Item

LEAST_ITEMS = 2
"""A bank that knows fewer items of a benchmark does not calibrate it."""


def item_scores(task: Task, metric: str, items: Sequence[Item], path: Path) -> FloatArray:
    """Return [n] what a solver's responses in a file score, NaN where there is none: by a metric that is a mean."""
    responses = read_responses(path)
    answers = read_answers(task, items, responses.several([item.id for item in items]))
    found: FloatArray = task.sufficient(metric, items, answers)[:, 0]
    return found


def calibrated(benchmarks: Sequence[Benchmark], scores: FloatArray) -> ItemBank:
    """Return a bank of all items of these benchmarks, calibrated on one scale by [M, n] scores of M solvers.

    Raises:
        DataError: There are too few scores.
    """
    known = scores[np.isfinite(scores)]
    fit = fit_irt(scores, model="2pl" if np.isin(known, (0.0, 1.0)).all() else "continuous")
    names = [benchmark.name for benchmark in benchmarks for _ in benchmark.items]
    items = [item for benchmark in benchmarks for item in benchmark.items]
    return bank_of(fit, benchmark=names, items=[item.id for item in items], content=[item.content for item in items])


def bank_items(bank: ItemBank, benchmark: Benchmark) -> tuple[list[Item], ItemBank]:
    """Return the items of a benchmark that are in the bank, and what the bank says of them, in the same order.

    Returns:
        No items where the bank does not know the benchmark's name, or the benchmark has too few to choose from.

    Raises:
        DataError: The bank knows the name and hardly an item, or an item of the same id that says something else.
    """
    place = {item: row for row, (name, item) in enumerate(zip(bank.benchmark, bank.items, strict=True))
             if name == benchmark.name}  # fmt: skip
    if not place or len(benchmark.items) < LEAST_ITEMS:
        return [], bank.take([])
    items = [item for item in benchmark.items if item.id in place]
    if len(items) < LEAST_ITEMS:
        raise DataError(
            f"the bank holds {counted(len(place), 'item')} of '{benchmark.name}', and of the benchmark's "
            f"{len(benchmark.items):,} items it knows {len(items) or 'none'}",
            way_out="Items are matched by their ids: calibrate these ('acidtest irt SCORES --bank FILE'), or take the "
            "benchmark out of the bank, and all its items are asked.",
        )
    known = bank.take([place[item.id] for item in items])
    _refuse_other_content(known, items)
    return items, known


def _refuse_other_content(bank: ItemBank, items: Sequence[Item]) -> None:
    if not bank.content:
        return
    others = [item.id for item, content in zip(items, bank.content, strict=True) if content not in ("", item.content)]
    if others:
        raise DataError(
            f"the bank was calibrated on other items of '{bank.benchmark[0]}': of the same ids, but with another text, "
            f"answer or choices are {len(others):,} of {len(items):,}, such as '{others[0][:100]}'",
            way_out="Calibrate the items anew, or take these out of the bank. If only a space or the like changed, "
            "take out the bank's column 'content'.",
        )


def as_known(bank: ItemBank) -> Items:
    """Return the bank's items with what is vague about them averaged out."""
    return flattened(bank.parameters, bank.discrimination_se, bank.difficulty_se)


def new_test(
    settings: AdaptiveSettings, bank: ItemBank, items: Sequence[Item], cost: Sequence[float], rng: np.random.Generator
) -> AdaptiveTest:
    """Return a test of one solver on one benchmark; the same chance gives the same test for the same answers."""
    return AdaptiveTest(
        as_known(bank),
        stop=Stop(most_items=settings.items, se=settings.se, least_items=settings.least),
        cost=cost if settings.gamma else None,
        gamma=settings.gamma,
        exposure=Exposure(best=settings.exposure.best, share=settings.exposure.share),
        topics=[item.topic or "" for item in items] if settings.topics else None,
        rng=rng,
    )
