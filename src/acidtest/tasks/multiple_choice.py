"""Multiple choice: which of some choices is right, or which are."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from pydantic import JsonValue

from acidtest.data.prompt_file import fill, load_prompt
from acidtest.data.row_choices import LETTERS
from acidtest.errors import DataError
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.answer_text import one_line, readable
from acidtest.tasks.base import Task
from acidtest.tasks.choice_logprobs import likeliest_letter
from acidtest.tasks.gbnf import one_of
from acidtest.tasks.stated_choice import ChoiceReader, offers_alternatives
from acidtest.types import Answer, Item, ItemShape, Prompt, Reading, Response, Style

_CHAT_TOKENS = 64
_ASKED_LOGPROBS = 20
"""As many as OpenAI gives; the letters of the choices are among them, or none is likely."""


@register("task", "multiple_choice")
class MultipleChoiceTask(Task):
    """A question with choices in, the letter of the right one out, or the letters of all right ones.

    The target is a letter ("B") where one choice is right, and a list of letters (["A", "C"]) where several may be.

    Metrics, means over items: `accuracy`, 1 where exactly what is right is named; `exact_match`, the same by the name
    it has where several may be right; `jaccard`, |said and right| / |said or right|; `count_difference`,
    | |said| - |right| |: 0 is best, lower is better, and whether too many or too few were named does not show in it,
    since only what has a best end can order solvers. An unreadable answer scores 0, and in `count_difference` as far
    off as any answer could be.

    Example:
        >>> task = MultipleChoiceTask()
        >>> item = Item(id="1", input={"question": "The capital of France?"}, choices=("Rome", "Paris"), target="B")
        >>> task.score(item, task.read("The answer is (B).", item)), task.score(item, task.read("Paris", item))
        (1.0, 1.0)
    """

    name: ClassVar[str] = "multiple_choice"
    shape: ClassVar[ItemShape] = ItemShape(inputs=("question",), optional=("passage",), target="answer", choices=True)
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "exact_match", "jaccard", "count_difference")
    itemwise: ClassVar[frozenset[str]] = frozenset(metrics)
    labelled: ClassVar[bool] = False
    readings: ClassVar[tuple[Reading, ...]] = ("text", "logprob")
    prompt_name: ClassVar[str] = "multiple_choice.v1"

    def problem(self, item: Item) -> str:
        """Return what is wrong with an item: its question, its choices, or a target that names none of them."""
        if not item.input.get("question", "").strip():
            return "the question is empty"
        if not 2 <= len(item.choices) <= len(LETTERS):  # noqa: PLR2004 - one choice is none
            return f"it has {len(item.choices)} choices, not 2 to {len(LETTERS)}"
        shown = [" ".join(one_line(choice).split()) for choice in item.choices]
        if "" in shown:
            return f"choice {LETTERS[shown.index('')]} is empty"
        return _target_problem(item, shown)

    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt: all that items share first, the item last, so that a prompt cache serves the rest.

        Of the examples those are shown that have one right choice as the item has, or several as it has.
        """
        file, kind = load_prompt(self.prompt_name), "_all" if _several(item) else ""
        about = one_line(self.description or file[f"description{kind}"]).strip()
        shown = [example for example in examples if _several(example) == _several(item)]
        if style == "completion":
            parts = [fill(file[f"completion_head{kind}"], description=about)]
            parts += [_filled("completion_example", example, letters=_gold(example)) for example in shown]
            parts.append(_filled("completion_item", item))
            letter = one_of(LETTERS[: len(item.choices)])
            more = f'(", " {letter})*' if kind else ""
            return Prompt(
                text="\n\n".join(parts),
                stop=("\n",),
                max_tokens=3 + 2 * len(item.choices) if kind else 3,
                grammar=f'root ::= " " {letter} {more} "\\n"',
            )
        messages = [("system", fill(file[f"chat_system{kind}"], description=about))]
        for example in shown:
            answer = fill(file["chat_answer"], letters=_gold(example))
            messages += [("user", _filled("chat_item", example)), ("assistant", answer)]
        messages.append(("user", _filled("chat_item", item)))
        return Prompt(messages=tuple(messages), max_tokens=_CHAT_TOKENS)

    def solver_prompt(self, item: Item, examples: Sequence[Item], style: Style, reading: Reading) -> Prompt:
        """Return the prompt; where answers are read by log-probability, it asks for one token and holds to no format.

        Raises:
            DataError: Several choices of the item may be right: one token tells one letter.
        """
        prompt = self.prompt(item, examples, style)
        if reading == "text":
            return prompt
        if _several(item):
            raise DataError(
                f"item '{item.id[:100]}' may have several right choices, and one token's log-probability tells one",
                way_out="Leave 'read' of the solver out: its answers are then read by what they say.",
            )
        return replace(prompt, max_tokens=1, stop=(), grammar="", logprobs=_ASKED_LOGPROBS)

    def read_response(self, response: Response, item: Item) -> Answer:
        """Read a response by its log-probabilities where they were asked for, else by its text; never by both."""
        if response.logprobs is None:
            return self.read(response.text, item)
        letter, problem = likeliest_letter(response.logprobs, LETTERS[: len(item.choices)])
        return Answer(value=letter or None, problem=problem)

    def read(self, text: str, item: Item) -> Answer:
        """Read the letter, or the letters, that an answer states; none, or different ones, make it unreadable."""
        text = readable(text)
        stated = ChoiceReader([one_line(choice) for choice in item.choices]).stated(text)
        if not stated:
            return Answer(problem="states no choice")
        if len(stated[0]) > 1 and offers_alternatives(text):
            return Answer(problem="offers alternatives")
        if len(stated) > 1:
            return Answer(problem="states different choices")
        letters = list[JsonValue](sorted(stated[0]))
        if _several(item):
            return Answer(value=letters)
        return Answer(value=letters[0]) if len(letters) == 1 else Answer(problem=f"states {len(letters)} choices")

    def score(self, item: Item, answer: Answer) -> float:
        """Return 1 where exactly the right choices are named, else 0."""
        return float(not answer.problem and _letters(answer.value) == _letters(item.target))

    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, 1]: what each item contributes to the mean that the metric is."""
        self.metric(metric)
        measure = {"jaccard": _jaccard, "count_difference": _count_difference}.get(metric, self.score)
        rows = [math.nan if a is None else measure(item, a) for item, a in zip(items, answers, strict=True)]
        return np.array(rows, np.float64).reshape(-1, 1)

    def reference(self, item: Item) -> str:
        """Return the right choices with their letters, one per line, as a judge is shown them."""
        right = sorted(_letters(item.target))
        return "\n".join(f"{letter}. {item.choices[LETTERS.index(letter)]}" for letter in right)

    def stratum(self, item: Item) -> str:
        """Return the right letter, or that there may be several: examples show each letter as right in turn."""
        return "several" if _several(item) else str(item.target)


def _target_problem(item: Item, shown: Sequence[str]) -> str:
    """Return what is wrong with a target; wrong choices may be the same, and are in published sets."""
    named = item.target if isinstance(item.target, list) else [item.target]
    known = LETTERS[: len(shown)]
    if not named:
        return "no choice is right"
    for letter in named:
        if not isinstance(letter, str) or letter not in tuple(known):
            return f"the answer {str(letter)[:40]!r} is not one of the letters {known[0]} to {known[-1]}"
    if len(set(map(str, named))) < len(named):
        return "a choice is named twice as right"
    for letter, choice in zip(known, shown, strict=True):
        other = next(
            (a for a, b in zip(known, shown, strict=True) if b == choice and (a in named) != (letter in named)), ""
        )
        if other:
            return f"choices {letter} and {other} read the same, and one of them is right"
    return ""


def _several(item: Item) -> bool:
    return isinstance(item.target, list)


def _letters(value: JsonValue) -> frozenset[str]:
    return frozenset(str(letter) for letter in (value if isinstance(value, list) else [value]))


def _gold(item: Item) -> str:
    return ", ".join(sorted(_letters(item.target)))


def _jaccard(item: Item, answer: Answer) -> float:
    """Return |said and right| / |said or right|, 0 where the answer is unreadable."""
    said, right = _letters(answer.value), _letters(item.target)
    return 0.0 if answer.problem else len(said & right) / len(said | right)


def _count_difference(item: Item, answer: Answer) -> float:
    """Return how many choices too many or too few were named; the most there can be where it is unreadable."""
    right = len(_letters(item.target))
    if answer.problem:
        return float(max(right, len(item.choices) - right))
    return float(abs(len(_letters(answer.value)) - right))


def _filled(section: str, item: Item, **more: str) -> str:
    """Return an item as the prompt file writes it, its passage before it where it has one."""
    file = load_prompt(MultipleChoiceTask.prompt_name)
    question = one_line(item.input["question"]).strip()
    listed = "\n".join(
        f"{letter}. {one_line(choice).strip()}" for letter, choice in zip(LETTERS, item.choices, strict=False)
    )
    text = fill(file[section], question=question, choices=listed, **more)
    passage = one_line(item.input.get("passage", "")).strip()
    return f"{fill(file['passage'], passage=passage)}\n{text}" if passage else text
