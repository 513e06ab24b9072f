"""Reading: a question is answered from a passage, by one of some labels or by words of the passage."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from acidtest.data.gold_answers import gold_answers
from acidtest.data.item_file import kept
from acidtest.data.prompt_file import fill, load_prompt
from acidtest.errors import StudyFileError
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import Metric
from acidtest.tasks.answer_text import in_words, key_of, one_line, readable
from acidtest.tasks.base import Task
from acidtest.tasks.bundle_consistency import bundle_sums, no_bundles
from acidtest.tasks.drop_score import drop_score
from acidtest.tasks.gbnf import one_of
from acidtest.tasks.reading_answer import ReadingLabels, stated_text
from acidtest.tasks.squad_score import squad_score
from acidtest.types import Answer, Item, ItemShape, Prompt, Style

LONGEST_PASSAGE = 40_000
"""Characters: some 10,000 tokens. A longer text is a document, and is parted into passages first."""

RIGHT_F1 = 0.8
"""From this F1 on an answer in words is right for its bundle, as in the contrast sets of DROP (arXiv 2004.02709)."""

_LONGEST_QUESTION = 4_000
_MOST_SPANS = 40
_CHAT_TOKENS = 128
_COMPLETION_TOKENS = 48


@register("task", "reading")
class ReadingTask(Task):
    """A passage and a question in, an answer out: one of the labels where a study lists some, else a short text.

    Metrics: `exact_match`, the default, and `f1` by SQuAD's rules; `drop_em` and `drop_f1` by DROP's, for numbers,
    dates and several spans; `consistency`, the share of bundles whose members are all right (words: DROP's F1 is .8 or
    more); with labels `accuracy`, then the default, and `macro_f1` over the labels that occur in the gold targets. An
    item whose target is a label is right or wrong, by any metric.

    Example:
        >>> task = ReadingTask(["YES", "NO", "DON'T KNOW"])
        >>> item = Item(id="1", input={"passage": "Rome is old.", "question": "Is Oslo old?"}, target="DON'T KNOW")
        >>> task.score(item, task.read("The passage does not say.", item))
        1.0
    """

    name: ClassVar[str] = "reading"
    shape: ClassVar[ItemShape] = ItemShape(inputs=("passage", "question"), target="answer")
    metrics: ClassVar[tuple[str, ...]] = (
        "exact_match",
        "f1",
        "drop_em",
        "drop_f1",
        "accuracy",
        "macro_f1",
        "consistency",
    )
    itemwise: ClassVar[frozenset[str]] = frozenset(metrics) - {"consistency"}
    labelled: ClassVar[bool] = False
    prompt_name: ClassVar[str] = "reading.v1"

    def __init__(self, labels: Sequence[str] = (), description: str = "") -> None:
        super().__init__(labels, description)
        _check_labels(self.labels)
        self._reader = ReadingLabels(self.labels)
        spoken = {label: in_words(one_line(label)) for label in self.labels}
        clear = all(self._reader.exactly(said) == label for label, said in spoken.items())
        self._spoken = spoken if clear else {label: one_line(label).strip() for label in self.labels}

    def metric(self, name: str = "") -> Metric:
        """Return a metric of this task; where no name is given, accuracy with labels, else exact match.

        Raises:
            StudyFileError: It counts labels, and there are none.
        """
        found = super().metric(name or ("accuracy" if self.labels else "exact_match"))
        if found.name in ("accuracy", "macro_f1") and not self.labels:
            raise StudyFileError(
                f"the metric '{found.name}' counts labels, and the study lists none",
                where="key 'metric'",
                way_out="List what may be answered under 'labels', or choose exact_match, f1, drop_em or drop_f1.",
            )
        return found

    def problem(self, item: Item) -> str:
        """Return what is wrong with an item: no passage, no question, one that is too long, or no answer."""
        for field, most in (("passage", LONGEST_PASSAGE), ("question", _LONGEST_QUESTION)):
            text = item.input.get(field, "")
            if not text.strip():
                return f"the {field} is empty"
            if len(text) > most:
                return f"the {field} has {len(text):,} characters, more than {most:,}"
        golds = gold_answers(item.target)
        if not golds:
            return f"the target {str(item.target)[:80]!r} holds no answer"
        return (
            "" if all(len(spans) <= _MOST_SPANS for spans in golds) else f"an answer has more than {_MOST_SPANS} spans"
        )

    def problem_of_set(self, metric: str, items: Sequence[Item]) -> str:
        """Return why items cannot be measured by a metric: `consistency` needs bundles."""
        return no_bundles(metric, items)

    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt: all that items share first, then the passage, its question last, so that caches serve."""
        file = load_prompt(self.prompt_name)
        kind = "_labels" if self.labels else ""
        about = {"description": one_line(self.description or file["description"]).strip()}
        if style == "completion":
            listed = {"labels": ", ".join(self._spoken.values())} if self.labels else {}
            shown = [fill(file["completion_example"], **_texts(one), answer=self._shown(one)) for one in examples]
            parts = [fill(file[f"completion_head{kind}"], **about, **listed), *shown]
            longest = max((len(label.encode()) for label in self._spoken.values()), default=_COMPLETION_TOKENS)
            return Prompt(
                text="\n\n".join([*parts, fill(file["completion_item"], **_texts(item))]),
                stop=("\n",),
                max_tokens=8 + longest,
                grammar=f'root ::= " " {one_of(self._spoken.values())} "\\n"' if self.labels else "",
            )
        listed = {"labels": ", ".join(map(one_line, self.labels))} if self.labels else {}
        messages = [("system", fill(file[f"chat_system{kind}"], **about, **listed))]
        for example in examples:
            messages += [
                ("user", fill(file["chat_item"], **_texts(example))),
                ("assistant", fill(file["chat_answer"], answer=answer_text(example))),
            ]
        messages.append(("user", fill(file["chat_item"], **_texts(item))))
        return Prompt(messages=tuple(messages), max_tokens=_CHAT_TOKENS)

    def read(self, text: str, item: Item) -> Answer:
        """Read the label that an answer states, or its short text; where the gold answer is a label, only a label.

        None, or two different ones, make it unreadable.
        """
        text = readable(text)
        stated = self._reader.stated(text) if self.labels else []
        what = "labels"
        if not stated and not self._is_label(item):
            stated, what = stated_text(text), "answers"
        if len(stated) == 1:
            return Answer(value=stated[0])
        return Answer(problem=f"states {len(stated)} different {what}" if stated else f"states no {what[:-1]}")

    def reference(self, item: Item) -> str:
        """Return the gold answers, one per line, the spans of one parted by semicolons."""
        return "\n".join(one_line("; ".join(spans)) for spans in gold_answers(item.target))

    def score(self, item: Item, answer: Answer) -> float:
        """Return 1 for the right label, or for a text that is the same but for case, articles and punctuation."""
        return self._score("exact_match", item, answer)

    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, 1] scores; for macro-F1 [n, 3 K] (tp, fp, fn) per label; for consistency [n, 2]."""
        self.metric(metric)
        if metric == "macro_f1":
            return self._label_counts(items, answers)
        by = {"accuracy": "exact_match", "consistency": "drop_f1"}.get(metric, metric)
        scores = np.array(
            [np.nan if a is None else self._score(by, i, a) for i, a in zip(items, answers, strict=True)], np.float64
        )
        if metric == "consistency":
            return bundle_sums(items, np.where(np.isnan(scores), np.nan, scores >= RIGHT_F1))
        return scores.reshape(-1, 1)

    def choose_examples(self, pool: Sequence[Item], shots: int, seed: int) -> list[Item]:
        """Return examples: `shots` of each label where there are labels, for no other may be answered then."""
        return super().choose_examples(kept(pool, self._is_label) if self.labels else pool, shots, seed)

    def stratum(self, item: Item) -> str:
        """Return an item's label, under the name that the study gives it."""
        return self._label(item) or ""

    def _score(self, metric: str, item: Item, answer: Answer) -> float:
        if answer.problem or not isinstance(answer.value, str):
            return 0.0
        if self._is_label(item):
            return float(answer.value == self._label(item))
        golds = gold_answers(item.target)
        if metric in ("exact_match", "f1"):
            return squad_score(answer.value, ["; ".join(spans) for spans in golds])[metric == "f1"]
        return drop_score(_spans(answer.value), golds)[metric == "drop_f1"]

    def _label_counts(self, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        place = {label: 3 * k for k, label in enumerate(self.labels)}
        counts = np.zeros((len(items), 3 * len(self.labels)))
        for row, item, answer in zip(counts, items, answers, strict=True):
            if answer is None:
                row[:] = np.nan
                continue
            gold = place.get(self._label(item) or "")
            said = None if answer.problem else place.get(str(answer.value))
            if said is not None:
                row[said if said == gold else said + 1] = 1
            if gold is not None and said != gold:
                row[gold + 2] = 1
        return counts

    def _label(self, item: Item) -> str | None:
        """Return the label that an item's target is, None where it is none."""
        if isinstance(item.target, str) and item.target in self.labels:
            return item.target
        golds = gold_answers(item.target) if self.labels else ()
        return self._reader.exactly(golds[0][0]) if len(golds) == 1 and len(golds[0]) == 1 else None

    def _is_label(self, item: Item) -> bool:
        return self._label(item) is not None

    def _shown(self, item: Item) -> str:
        label = self._label(item)
        return answer_text(item) if label is None else self._spoken[label]


def answer_text(item: Item) -> str:
    """Return an item's first gold answer in the format that is read: several spans parted by semicolons.

    Example:
        >>> answer_text(Item(id="1", input={}, target=["Rome", "Oslo"]))
        'Rome; Oslo'
    """
    golds = gold_answers(item.target)
    return one_line("; ".join(golds[0])).strip() if golds else ""


def _spans(said: str) -> list[str]:
    parts = [part.strip() for part in said.split(";", _MOST_SPANS)]
    return [part for part in parts if part] or [said]


def _texts(item: Item) -> dict[str, str]:
    return {name: one_line(item.input[name]).strip() for name in ReadingTask.shape.inputs}


def _check_labels(labels: Sequence[str]) -> None:
    keys = [key_of(label) for label in labels]
    for label, key in zip(labels, keys, strict=True):
        if not key or keys.count(key) > 1:
            what = f"the label {label!r} " + ("has no letter" if not key else "cannot be told from another")
            raise StudyFileError(
                what, where="labels", way_out="List each label once, under 'labels' of the study file."
            )
