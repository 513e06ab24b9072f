"""Open questions: an answer in the solver's own words, against one right answer or several."""

import math
import re
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from acidtest.data.prompt_file import fill, load_prompt
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.answer_text import one_line, readable
from acidtest.tasks.base import Task
from acidtest.tasks.squad_score import squad_score
from acidtest.types import Answer, Item, ItemShape, Prompt, Style

_CHAT_TOKENS = 128
_COMPLETION_TOKENS = 64
_LONGEST = 5_000
"""Characters of an answer that are compared letter by letter."""

_FIELD = re.compile(r"\A[\"'`*_]*answer[\"'`*_]*:[\"'`*_]*\s*", re.IGNORECASE)
_MOST_REFERENCES = 20


@register("task", "open_qa")
class OpenQuestionTask(Task):
    """A question in, an answer in one's own words out.

    The target is one right answer, a list of right answers, or {"best", "correct", "incorrect"}: the best answer, all
    right ones, and wrong ones, which no metric here uses.

    Metrics, each the mean over items of the best over the right answers: `exact_match`, 1 where the answer is the same
    to the letter, blanks around it aside; `normalised_match`, 1 where it is the same by the rules of SQuAD (case,
    punctuation, articles and blanks do not count); `fuzzy_match`, from 0 to 1, the share of letters that stay when one
    is edited into the other (case and runs of blanks do not count); `judged`, 1 where a judge says that it means the
    same as a right answer. An empty answer is unreadable and scores 0; so does one that leaves the judge unsure.

    Example:
        >>> task = OpenQuestionTask()
        >>> item = Item(id="1", input={"question": "Where is the Louvre?"}, target=["Paris", "in Paris"])
        >>> task.sufficient("normalised_match", [item], [task.read("Answer: In the Paris.", item)]).tolist()
        [[1.0]]
    """

    name: ClassVar[str] = "open_qa"
    shape: ClassVar[ItemShape] = ItemShape(inputs=("question",), optional=("passage",), target="answer")
    metrics: ClassVar[tuple[str, ...]] = ("exact_match", "normalised_match", "fuzzy_match", "judged")
    itemwise: ClassVar[frozenset[str]] = frozenset(metrics)
    judged_metrics: ClassVar[frozenset[str]] = frozenset({"judged"})
    labelled: ClassVar[bool] = False
    prompt_name: ClassVar[str] = "open_qa.v1"

    def problem(self, item: Item) -> str:
        """Return what is wrong with an item: an empty question, or a target that holds no right answer."""
        if not item.input.get("question", "").strip():
            return "the question is empty"
        right = right_answers(item)
        if not right:
            return 'the target is no answer: a text, a list of texts, or {"best": ..., "correct": [...]}'
        return "" if all(answer.strip() for answer in right) else "a right answer is empty"

    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt: all that items share first, the item last, so that a prompt cache serves the rest."""
        file = load_prompt(self.prompt_name)
        about = one_line(self.description or file["description"]).strip()
        if style == "completion":
            parts = [fill(file["completion_head"], description=about)]
            parts += [_filled("completion_example", example, answer=_first(example)) for example in examples]
            parts.append(_filled("completion_item", item))
            return Prompt(text="\n\n".join(parts), stop=("\n",), max_tokens=_COMPLETION_TOKENS)
        messages = [("system", fill(file["chat_system"], description=about))]
        for example in examples:
            answer = fill(file["chat_answer"], answer=_first(example))
            messages += [("user", _filled("chat_item", example)), ("assistant", answer)]
        messages.append(("user", _filled("chat_item", item)))
        return Prompt(messages=tuple(messages), max_tokens=_CHAT_TOKENS)

    def read(self, text: str, item: Item) -> Answer:
        """Read an answer: all that is said, but for the prompt's own "Answer:" where it is repeated."""
        del item
        said = _FIELD.sub("", readable(text)).strip()
        return Answer(value=said) if said else Answer(problem="says nothing")

    def score(self, item: Item, answer: Answer) -> float:
        """Return what a judge said of an answer where one did, else 1 where it is right to the letter and 0 if not."""
        return _judged(item, answer) if answer.mark else _exact(item, answer)

    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, 1]: what each item contributes to the mean that the metric is; NaN where no judge has said it."""
        self.metric(metric)
        measure = _MEASURES[metric]
        rows = [
            math.nan if answer is None else 0.0 if answer.problem else measure(item, answer)
            for item, answer in zip(items, answers, strict=True)
        ]
        return np.array(rows, np.float64).reshape(-1, 1)

    def reference(self, item: Item) -> str:
        """Return the right answers, one per line, the best first, as a judge is shown them; twenty at most."""
        return "\n".join(one_line(answer).strip() for answer in right_answers(item)[:_MOST_REFERENCES])

    def stratum(self, item: Item) -> str:
        """Return the item's topic: examples are spread over topics."""
        return item.topic or ""


def right_answers(item: Item) -> list[str]:
    """Return the answers that count as right, the best first; empty where the target holds none.

    Example:
        >>> target = {"best": "no", "correct": ["never", "no"], "incorrect": ["yes"]}
        >>> right_answers(Item(id="1", input={"question": "Ever?"}, target=target))
        ['no', 'never']
    """
    target = item.target
    listed: list[object] = []
    if isinstance(target, dict):
        correct = target.get("correct", [])
        listed = [target.get("best"), *(correct if isinstance(correct, list) else [correct])]
        listed = [answer for answer in listed if answer is not None]
    elif isinstance(target, list):
        listed = list(target)
    elif target is not None:
        listed = [target]
    if not all(isinstance(answer, str | int | float) for answer in listed):
        return []
    return list(dict.fromkeys(str(answer) for answer in listed))


def fuzzy_match(said: str, right: Sequence[str]) -> float:
    """Return the share of letters that stay when an answer is edited into a right one, 0 to 1; the best of them.

    It is 2 LCS / (both lengths), the normalised similarity by insertions and deletions. Case and runs of blanks do not
    count; of long texts the first 5,000 characters are compared.

    Example:
        >>> fuzzy_match("the  lourve", ["The Louvre"])
        0.9
    """
    from rapidfuzz import fuzz

    mine = _plain(said)
    return max(float(fuzz.ratio(mine, _plain(answer))) / 100.0 for answer in right)


def _exact(item: Item, answer: Answer) -> float:
    return float(not answer.problem and answer.value in [right.strip() for right in right_answers(item)])


def _normalised(item: Item, answer: Answer) -> float:
    return squad_score(str(answer.value), right_answers(item))[0]


def _fuzzy(item: Item, answer: Answer) -> float:
    return fuzzy_match(str(answer.value), right_answers(item))


def _judged(item: Item, answer: Answer) -> float:
    del item
    return {"yes": 1.0, "no": 0.0, "unsure": 0.0}[answer.mark] if answer.mark else math.nan


_MEASURES = {"exact_match": _exact, "normalised_match": _normalised, "fuzzy_match": _fuzzy, "judged": _judged}


def _plain(text: str) -> str:
    return " ".join(text[:_LONGEST].casefold().split())


def _first(item: Item) -> str:
    return one_line(right_answers(item)[0]).strip()


def _filled(section: str, item: Item, **more: str) -> str:
    """Return an item as the prompt file writes it, its passage before it where it has one."""
    file = load_prompt(OpenQuestionTask.prompt_name)
    text = fill(file[section], question=one_line(item.input["question"]).strip(), **more)
    passage = one_line(item.input.get("passage", "")).strip()
    return f"{fill(file['passage'], passage=passage)}\n{text}" if passage else text
