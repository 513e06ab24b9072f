"""Intent: which one of some labels fits a text."""

import difflib
from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np

from acidtest.data.prompt_file import PromptFile, fill, load_prompt
from acidtest.errors import StudyFileError
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.answer_text import in_words, one_line, readable
from acidtest.tasks.base import Task
from acidtest.tasks.gbnf import one_of
from acidtest.tasks.stated import LabelReader
from acidtest.types import Answer, Item, ItemShape, Prompt, Style

_CHAT_TOKENS = 64
_MOST_TOKENS = 256


@register("task", "intent")
class IntentTask(Task):
    """A text in, one label out.

    Metrics: `accuracy`, the share of right labels; `macro_f1`, the mean F1 of the labels that occur in the gold
    targets. An unreadable answer is a wrong one: it misses its label and accuses no other.

    Example:
        >>> task = IntentTask(["PlayMusic", "GetWeather"])
        >>> item = Item(id="1", input={"text": "play some jazz"}, target="PlayMusic")
        >>> task.score(item, task.read("Intent: play music.", item))
        1.0
    """

    name: ClassVar[str] = "intent"
    shape: ClassVar[ItemShape] = ItemShape(inputs=("text",), target="label")
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1")
    itemwise: ClassVar[frozenset[str]] = frozenset(metrics)
    prompt_name: ClassVar[str] = "intent.v1"

    def __init__(self, labels: Sequence[str] = (), description: str = "") -> None:
        super().__init__(labels, description)
        _check_labels(self.labels)
        self._reader = LabelReader(self.labels)
        self._spoken = _spoken(self.labels, self._reader)
        self._shown = {label: one_line(label).strip() for label in self.labels}

    def problem(self, item: Item) -> str:
        """Return what is wrong with an item: no text, or a target that is none of the labels."""
        if not item.input.get("text", "").strip():
            return "the text is empty"
        if item.target in self.labels:
            return ""
        near = difflib.get_close_matches(str(item.target), self.labels, n=1, cutoff=0.5)
        hint = f"; the nearest is '{near[0]}'" if near else ""
        return f"'{str(item.target)[:80]}' is not one of the {len(self.labels)} labels{hint}"

    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt: all that items share first, the item last, so that a prompt cache serves the rest."""
        if style == "completion":
            return self._completion(item, examples)
        file = load_prompt(self.prompt_name)
        about = {"description": self._about(file), "labels": _listed(self._shown.values())}
        messages = [("system", fill(file["chat_system"], **about))]
        for example in examples:
            messages += [
                ("user", fill(file["chat_item"], text=_text(example))),
                ("assistant", fill(file["chat_answer"], label=self._shown[str(example.target)])),
            ]
        messages.append(("user", fill(file["chat_item"], text=_text(item))))
        return Prompt(messages=tuple(messages), max_tokens=_CHAT_TOKENS)

    def read(self, text: str, item: Item) -> Answer:
        """Read the one label that an answer states; none, or two different ones, make it unreadable."""
        del item
        stated = self._reader.stated(readable(text))
        if len(stated) == 1:
            return Answer(value=stated[0])
        return Answer(problem=f"states {len(stated)} different labels" if stated else "states no label")

    def score(self, item: Item, answer: Answer) -> float:
        """Return 1 for the right label, else 0."""
        return float(not answer.problem and answer.value == item.target)

    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, 1] scores for accuracy, [n, 3 K] (tp, fp, fn) per label for macro-F1."""
        self.metric(metric)
        if metric == "accuracy":
            scores = [np.nan if a is None else self.score(i, a) for i, a in zip(items, answers, strict=True)]
            return np.array(scores, np.float64).reshape(-1, 1)
        position = {label: k for k, label in enumerate(self.labels)}
        counts = np.zeros((len(items), 3 * len(self.labels)))
        for row, item, answer in zip(counts, items, answers, strict=True):
            if answer is None:
                row[:] = np.nan
                continue
            gold = position[str(item.target)]
            said = None if answer.problem else position.get(str(answer.value))
            if said == gold:
                row[3 * gold] = 1
                continue
            row[3 * gold + 2] = 1
            if said is not None:
                row[3 * said + 1] = 1
        return counts

    def _completion(self, item: Item, examples: Sequence[Item]) -> Prompt:
        """Ask by a list of labels, by examples alone where every label has one, or by both."""
        file = load_prompt(self.prompt_name)
        parts = [one_line(self.description).strip()] if self.description else []
        if {str(example.target) for example in examples} != set(self.labels):
            parts.append(fill(file["completion_head"], labels=_listed(self._spoken.values())))
        parts += [
            fill(file["completion_example"], text=_text(example), label=self._spoken[str(example.target)])
            for example in examples
        ]
        parts.append(fill(file["completion_item" if examples else "completion_zero_item"], text=_text(item)))
        longest = max(len(label.encode()) for label in self._spoken.values())
        return Prompt(
            text="\n\n".join(parts),
            stop=("\n",),
            max_tokens=min(_MOST_TOKENS, 8 + longest),
            grammar=f'root ::= " " {one_of(self._spoken.values())} "\\n"',
        )

    def _about(self, file: PromptFile) -> str:
        return one_line(self.description or file["description"]).strip()


def _listed(labels: Iterable[str]) -> str:
    return "\n".join(f"- {label}" for label in labels)


def _spoken(labels: Sequence[str], reader: LabelReader) -> dict[str, str]:
    """Return each label in plain words where all of them can be told apart so, else as they are."""
    words = {label: in_words(one_line(label)) for label in labels}
    clear = all(reader.exactly(said) == label for label, said in words.items())
    return words if clear else {label: one_line(label).strip() for label in labels}


def _text(item: Item) -> str:
    return one_line(item.input["text"]).strip()


def _check_labels(labels: Sequence[str]) -> None:
    where, way_out = "labels", "List each label once, under 'labels' of the study file."
    if not labels:
        raise StudyFileError("the task 'intent' has no labels", where=where, way_out=way_out)
    if empty := [label for label in labels if not label.strip()]:
        raise StudyFileError(f"a label is empty: {empty[0]!r}", where=where, way_out=way_out)
    shown = [one_line(label).strip() for label in labels]
    if twice := sorted({label for label in shown if shown.count(label) > 1}):
        raise StudyFileError(f"the label '{twice[0]}' stands twice", where=where, way_out=way_out)
