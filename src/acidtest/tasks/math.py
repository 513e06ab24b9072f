"""Math: problems with one final answer, a number or an expression."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from acidtest.data.prompt_file import fill, load_prompt
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.answer_text import one_line, readable
from acidtest.tasks.base import Task
from acidtest.tasks.bundle_consistency import bundle_sums, no_bundles
from acidtest.tasks.number_reading import comparable, stated_answers
from acidtest.types import Answer, Item, ItemShape, Prompt, Style

_CHAT_TOKENS = 1024
_COMPLETION_TOKENS = 48
_LONGEST_QUESTION = 20_000
_LONGEST_TARGET = 400


@register("task", "math")
class MathTask(Task):
    r"""A problem in, one final answer out.

    Metrics: `accuracy`, the share of right answers; `consistency`, the share of bundles whose members are all right.
    Numbers are compared exactly, as fractions; other answers as text or LaTeX without what does not change its meaning.

    Example:
        >>> task = MathTask()
        >>> item = Item(id="1", input={"question": "What is half of three?"}, target="\\frac{3}{2}")
        >>> task.score(item, task.read("3 / 2 = 1.5\n#### 1.5", item))
        1.0
    """

    name: ClassVar[str] = "math"
    shape: ClassVar[ItemShape] = ItemShape(inputs=("question",), target="answer")
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "consistency")
    itemwise: ClassVar[frozenset[str]] = frozenset(metrics) - {"consistency"}
    labelled: ClassVar[bool] = False
    prompt_name: ClassVar[str] = "math.v1"

    def problem(self, item: Item) -> str:
        """Return what is wrong with an item: no question, or a target that is no number and no short text."""
        question = item.input.get("question", "")
        if not question.strip():
            return "the question is empty"
        if len(question) > _LONGEST_QUESTION:
            return f"the question has {len(question):,} characters, more than {_LONGEST_QUESTION:,}"
        target = item.target
        if isinstance(target, bool) or not isinstance(target, str | int | float):
            return f"the answer {str(target)[:80]!r} is neither a number nor a text"
        if len(str(target)) > _LONGEST_TARGET:
            return f"the answer has more than {_LONGEST_TARGET} characters"
        return "" if comparable(str(target)) else f"the answer {target!r} holds nothing to compare"

    def problem_of_set(self, metric: str, items: Sequence[Item]) -> str:
        """Return why items cannot be measured by a metric: `consistency` needs bundles."""
        return no_bundles(metric, items)

    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt: all that items share first, the item last, so that a prompt cache serves the rest."""
        file = load_prompt(self.prompt_name)
        description = one_line(self.description or file["description"]).strip()
        if style == "completion":
            shown = [fill(file["completion_example"], **_question(one), answer=_answer(one)) for one in examples]
            parts = [fill(file["completion_head"], description=description), *shown]
            text = "\n\n".join([*parts, fill(file["completion_item"], **_question(item))])
            return Prompt(text=text, stop=("\n",), max_tokens=_COMPLETION_TOKENS)
        messages = [("system", fill(file["chat_system"], description=description))]
        for example in examples:
            messages += [
                ("user", fill(file["chat_item"], **_question(example))),
                ("assistant", fill(file["chat_answer"], answer=_answer(example))),
            ]
        messages.append(("user", fill(file["chat_item"], **_question(item))))
        return Prompt(messages=tuple(messages), max_tokens=_CHAT_TOKENS)

    def read(self, text: str, item: Item) -> Answer:
        """Read the one final answer that a solution states; none, or two different ones, make it unreadable."""
        del item
        stated = stated_answers(readable(text))
        if len(stated) == 1:
            return Answer(value=stated[0])
        return Answer(problem=f"states {len(stated)} different answers" if stated else "states no answer")

    def score(self, item: Item, answer: Answer) -> float:
        """Return 1 for the right answer, else 0."""
        return float(not answer.problem and answer.value == comparable(str(item.target)))

    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, 1] scores for accuracy, [n, 2] (right bundle, bundle) for consistency."""
        self.metric(metric)
        scores = [np.nan if a is None else self.score(i, a) for i, a in zip(items, answers, strict=True)]
        if metric == "consistency":
            return bundle_sums(items, scores)
        return np.array(scores, np.float64).reshape(-1, 1)


def _question(item: Item) -> dict[str, str]:
    return {"question": one_line(item.input["question"]).strip()}


def _answer(item: Item) -> str:
    return one_line(str(item.target)).strip()
