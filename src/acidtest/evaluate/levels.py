"""Solvers answer items at one prompting level; every call is on disk before the next one is sent."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from acidtest.data.line_file import LineFile
from acidtest.evaluate.answer import LONGEST_ANSWER, answer_items
from acidtest.evaluate.level_prompts import LevelPrompts, read_final
from acidtest.evaluate.record import read_responses
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.base import Task
from acidtest.types import Answer, Item, Progress, Prompt, Reply, Response

Call = Callable[[Prompt], Awaitable[Reply]]
RIGHT_AT = 0.8
"""Scores of 0 or 1 are right from here on as from 1; fractions, such as F1, as for bundles (arXiv 2004.02709)."""


@dataclass(frozen=True, kw_only=True)
class LevelWork:
    """What one solver is asked at one level.

    Attributes:
        level: One of `LEVELS`: how it is asked.
        items: All items of the benchmark, in the order that the file gets.
        wanted: Ids of those to ask; answers to others that stand in the file are kept.
        answers: File of responses to the last call of the level.
        notes: Name of an earlier call of the level -> file of the responses to it.
    """

    level: str
    items: Sequence[Item]
    wanted: Collection[str]
    answers: Path
    notes: Mapping[str, Path]


async def answer_at_level(
    prompts: LevelPrompts, work: LevelWork, call: Call, *, concurrency: int, progress: Progress
) -> int:
    """Let a solver answer the wanted items that have no answer in the file yet.

    Args:
        prompts: What the solver is sent.
        work: What it is asked.
        call: Sends one prompt.
        concurrency: Most items at once.
        progress: Told of every item that is done.

    Returns:
        The number of items that no answer came for; they are tried again when this is called again.

    Raises:
        ModelError, BudgetError: See `answer_items`.
    """
    known = {item for item, response in read_responses(work.answers).items() if response.error is None}
    asked = [item for item in work.items if item.id in work.wanted or item.id in known]
    with ExitStack() as stack:
        kept = [stack.enter_context(_Notes(path, progress)) for path in work.notes.values()]

        async def ask(item: Item) -> Reply:
            replies: list[str] = []
            for note in kept:
                replies.append(await note.text(item.id, call, prompts.prompt(work.level, item, replies)))
            return await call(prompts.prompt(work.level, item, replies))

        return await answer_items(asked, ask, path=work.answers, concurrency=concurrency, progress=progress)


def read_level(task: Task, items: Sequence[Item], responses: Sequence[Response | None]) -> tuple[Answer | None, ...]:
    """Return how each response is read; None where no answer came."""
    return tuple(
        None if response is None or response.error is not None else read_final(task, item, response.text)
        for item, response in zip(items, responses, strict=True)
    )


def solved(
    task: Task, metric: str, items: Sequence[Item], answers: Sequence[Answer | None], right_at: float
) -> FloatArray:
    """Return [n] 1: scores `right_at` or more, 0: less, NaN: no answer came."""
    return np.array(
        [
            np.nan if answer is None else float(item_score(task, metric, item, answer) >= right_at)
            for item, answer in zip(items, answers, strict=True)
        ],
        np.float64,
    )


def item_score(task: Task, metric: str, item: Item, answer: Answer) -> float:
    """Return what an answer scores alone: by the metric where that is a mean over items, else by the task."""
    known = task.metric(metric)
    if known.is_mean and known.higher_is_better:
        return float(task.sufficient(known.name, [item], [answer])[0, 0])
    return task.score(item, answer)


def chance(task: Task, item: Item) -> float:
    """Return how likely a blind guess is right: one in the number of choices, or of labels; 0 for free answers.

    Example:
        >>> from acidtest.tasks.multiple_choice import MultipleChoiceTask
        >>> item = Item(id="1", input={"question": "?"}, choices=("a", "b", "c", "d"), target="B")
        >>> chance(MultipleChoiceTask(), item), chance(MultipleChoiceTask(), item.model_copy(update={"target": ["B"]}))
        (0.25, 0.06666666666666667)
    """
    if item.choices:
        return 1 / (2 ** len(item.choices) - 1 if isinstance(item.target, list) else len(item.choices))
    stratum = task.stratum(item)
    return 1 / len(task.labels) if task.labels and stratum in task.labels else 0.0


class _Notes:
    """The replies to one of the calls before the last: each is asked for once, whatever is started again."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self.known = {i: r.text for i, r in read_responses(path).items() if r.error is None}
        self.path, self.progress = path, progress

    def __enter__(self) -> Self:
        self.file = LineFile(self.path)
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    async def text(self, item: str, call: Call, prompt: Prompt) -> str:
        if item not in self.known:
            reply = await call(prompt)
            self.known[item] = reply.text[:LONGEST_ANSWER]
            self.file.add(
                {
                    "item": item,
                    "text": self.known[item],
                    "tokens_in": reply.tokens_in,
                    "tokens_out": reply.tokens_out,
                    "cost": reply.cost,
                    "seconds": round(reply.seconds, 4),
                }
            )
            self.progress.advance(0, tokens=reply.tokens_in + reply.tokens_out, cost=reply.cost)
        return self.known[item]
