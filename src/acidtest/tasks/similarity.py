"""Similarity: how alike the meanings of two sentences are, from 0 to 5."""

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from acidtest.data.prompt_file import fill, load_prompt
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.answer_text import one_line, readable
from acidtest.tasks.base import Task
from acidtest.tasks.stated import stated_numbers
from acidtest.types import Answer, Item, ItemShape, Prompt, Style

HIGHEST = 5.0
_CHAT_TOKENS = 64
_COMPLETION_TOKENS = 8
_GRAMMAR = 'root ::= " " ([0-4] "." [0-9] | "5.0") "\\n"'


@register("task", "similarity")
class SimilarityTask(Task):
    """Two sentences in, a number from 0 (unrelated) to 5 (same meaning) out.

    Metrics: `pearson` and `spearman`, the correlation of answers with gold scores over items.

    An unreadable answer enters a correlation as the mirror image of its gold score, 5 - gold: as wrong as the scale
    allows in direction. So it always stays in, it is no guess, and a solver that is never readable has -1, the lowest
    value there is, as its accuracy would be 0. The per-item score is 1 - |answer - gold| / 5, and 0 where unreadable.

    Example:
        >>> task = SimilarityTask()
        >>> item = Item(id="1", input={"sentence1": "A cat sat.", "sentence2": "A cat was sitting."}, target=4.5)
        >>> task.score(item, task.read("4.0", item))
        0.9
    """

    name: ClassVar[str] = "similarity"
    shape: ClassVar[ItemShape] = ItemShape(inputs=("sentence1", "sentence2"), target="score")
    metrics: ClassVar[tuple[str, ...]] = ("pearson", "spearman")
    itemwise: ClassVar[frozenset[str]] = frozenset(metrics)
    prompt_name: ClassVar[str] = "similarity.v1"

    def problem(self, item: Item) -> str:
        """Return what is wrong with an item: a sentence that is empty, or a score outside 0 to 5."""
        for name in self.shape.inputs:
            if not item.input.get(name, "").strip():
                return f"{name} is empty"
        score = item.target
        if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
            return f"the score {str(score)[:40]!r} is not a number from 0 to 5"
        return "" if 0 <= score <= HIGHEST else f"the score {score} does not lie in 0 to 5"

    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt: all that items share first, the item last, so that a prompt cache serves the rest."""
        file = load_prompt(self.prompt_name)
        description = one_line(self.description or file["description"]).strip()
        if style == "completion":
            head = fill(file["completion_head"], description=description)
            shown = [
                fill(file["completion_example"], **_sentences(example), score=f"{_gold(example):.1f}")
                for example in examples
            ]
            last = fill(file["completion_item"], **_sentences(item))
            return Prompt(
                text="\n\n".join([head, *shown, last]),
                stop=("\n",),
                max_tokens=_COMPLETION_TOKENS,
                grammar=_GRAMMAR,
            )
        messages = [("system", fill(file["chat_system"], description=description))]
        for example in examples:
            messages += [
                ("user", fill(file["chat_item"], **_sentences(example))),
                ("assistant", fill(file["chat_answer"], score=f"{_gold(example):.1f}")),
            ]
        messages.append(("user", fill(file["chat_item"], **_sentences(item))))
        return Prompt(messages=tuple(messages), max_tokens=_CHAT_TOKENS)

    def read(self, text: str, item: Item) -> Answer:
        """Read the one number from 0 to 5 that an answer states; nothing is clamped, rounded or guessed."""
        del item
        stated = stated_numbers(readable(text), HIGHEST)
        if not stated:
            return Answer(problem="states no number")
        if len(stated) > 1:
            return Answer(problem=f"states {len(stated)} different numbers")
        if not 0 <= stated[0] <= HIGHEST:  # NaN, a score on another scale, is refused as well
            return Answer(problem="states a number outside 0 to 5")
        return Answer(value=stated[0])

    def score(self, item: Item, answer: Answer) -> float:
        """Return 1 - |answer - gold| / 5, and 0 where the answer is unreadable."""
        if answer.problem or not isinstance(answer.value, int | float):
            return 0.0
        return 1.0 - abs(float(answer.value) - _gold(item)) / HIGHEST

    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, 5] rows (x, y, x^2, y^2, xy) for Pearson, [n, 2] rows (x, y) for Spearman; x is the gold score."""
        self.metric(metric)
        gold = np.array([_gold(item) for item in items], np.float64)
        said = np.array([_said(i, a) for i, a in zip(items, answers, strict=True)], np.float64)
        gold = np.where(np.isnan(said), np.nan, gold)
        columns = [gold, said] if metric == "spearman" else [gold, said, gold**2, said**2, gold * said]
        return np.column_stack(columns)

    def stratum(self, item: Item) -> str:
        """Return the whole score nearest to the item's: examples are spread over the scale."""
        return str(round(_gold(item)))


def _gold(item: Item) -> float:
    return float(item.target) if isinstance(item.target, int | float) else math.nan


def _said(item: Item, answer: Answer | None) -> float:
    if answer is None:
        return math.nan
    if answer.problem or not isinstance(answer.value, int | float):
        return HIGHEST - _gold(item)
    return float(answer.value)


def _sentences(item: Item) -> dict[str, str]:
    return {name: one_line(item.input[name]).strip() for name in SimilarityTask.shape.inputs}
