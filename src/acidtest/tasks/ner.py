"""Named entities: which stretches of a text name something, and of which type."""

import difflib
import json
from collections.abc import Sequence
from heapq import nsmallest
from itertools import pairwise
from typing import ClassVar

import numpy as np

from acidtest.data.prompt_file import fill, load_prompt
from acidtest.data.spans import Span, spans_of
from acidtest.errors import StudyFileError
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.answer_text import key_of, one_line, readable
from acidtest.tasks.base import Task
from acidtest.tasks.gbnf import one_of
from acidtest.tasks.mentions import locate, read_mentions
from acidtest.tasks.span_matching import count_strict, count_type
from acidtest.types import Answer, Item, ItemShape, Prompt, Style

_COUNT = {"span_f1": count_strict, "ent_type_f1": count_type}
_CHAT_TOKENS = 1024
_COMPLETION_TOKENS = 256
_FIELDS = 3


@register("task", "ner")
class NerTask(Task):
    """A text in, a list of entities out, each [type, start, end] in characters, the end not included.

    Metrics, both micro-averaged over items: `span_f1`, right type and both ends right (nervaluate's strict);
    `ent_type_f1`, right type and some overlap (nervaluate's ent_type). Answers name entities by their words. Words that
    stand nowhere in the text are an answered span that is wrong (start and end -1), and so is a type that does not
    exist. An unreadable answer answers nothing: all its gold spans are missed, and where there are none, it counts as
    one wrong span.

    Example:
        >>> task = NerTask(["city"])
        >>> item = Item(id="1", input={"text": "Rome fell."}, target=[["city", 0, 4]])
        >>> task.score(item, task.read('[{"type": "city", "text": "Rome"}]', item))
        1.0
    """

    name: ClassVar[str] = "ner"
    shape: ClassVar[ItemShape] = ItemShape(inputs=("text",), target="entities")
    metrics: ClassVar[tuple[str, ...]] = ("span_f1", "ent_type_f1")
    itemwise: ClassVar[frozenset[str]] = frozenset(metrics)
    prompt_name: ClassVar[str] = "ner.v1"

    def __init__(self, labels: Sequence[str] = (), description: str = "") -> None:
        super().__init__(labels, description)
        _check_types(self.labels)

    def problem(self, item: Item) -> str:
        """Return what is wrong with an item: no text, an unknown type, a span outside the text or overlapping."""
        text = item.input.get("text", "")
        if not text.strip():
            return "the text is empty"
        if not isinstance(item.target, list):
            return "the target is no list of [type, start, end]"
        for entry in item.target:
            if problem := self._span_problem(entry, text):
                return problem
        for left, right in pairwise(spans_of(item)):
            if right[1] < left[2]:
                return f"the spans {list(left)} and {list(right)} overlap"
        return ""

    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt: all that items share first, the item last, so that a prompt cache serves the rest."""
        file = load_prompt(self.prompt_name)
        about = {
            "description": one_line(self.description or file["description"]).strip(),
            "types": ", ".join(self.labels),
        }
        if style == "completion":
            head = fill(file["completion_head"], **about)
            shown = [
                fill(file["completion_example"], text=_text(example), entities=answer_text(example))
                for example in examples
            ]
            last = fill(file["completion_item"], text=_text(item))
            return Prompt(
                text="\n\n".join([head, *shown, last]),
                stop=("\n",),
                max_tokens=_COMPLETION_TOKENS,
                grammar=_grammar(self.labels),
            )
        messages = [("system", fill(file["chat_system"], **about))]
        for example in examples:
            messages += [
                ("user", fill(file["chat_item"], text=_text(example))),
                ("assistant", fill(file["chat_answer"], entities=answer_text(example))),
            ]
        messages.append(("user", fill(file["chat_item"], text=_text(item))))
        return Prompt(messages=tuple(messages), max_tokens=_CHAT_TOKENS)

    def read(self, text: str, item: Item) -> Answer:
        """Read the entities that an answer lists: a value of [type, start, end] in the order of the text."""
        mentions = read_mentions(readable(text), self.labels)
        if isinstance(mentions, str):
            return Answer(problem=mentions)
        return Answer(value=[list(span) for span in locate(mentions, one_line(item.input["text"]))])

    def score(self, item: Item, answer: Answer) -> float:
        """Return the strict F1 of one item; 1 where nothing is gold and nothing was answered, 0 where unreadable."""
        tp, fp, fn = self._counts("span_f1", item, answer)
        return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0

    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, 3] rows (tp, fp, fn)."""
        self.metric(metric)
        rows = [
            (np.nan, np.nan, np.nan) if answer is None else self._counts(metric, item, answer)
            for item, answer in zip(items, answers, strict=True)
        ]
        return np.array(rows, np.float64).reshape(-1, 3)

    def choose_examples(self, pool: Sequence[Item], shots: int, seed: int) -> list[Item]:
        """Return `shots` items in all, drawn so that each adds as many types not yet shown as it can."""
        drawn = nsmallest(4 * shots + 20, pool, key=lambda item: (self._lot(item, seed), item.id))
        chosen: list[Item] = []
        missing = set(self.labels)
        for _ in range(min(shots, len(drawn))):
            best = max(drawn, key=lambda item: len(missing & {span[0] for span in spans_of(item)}))
            missing -= {span[0] for span in spans_of(best)}
            drawn.remove(best)
            chosen.append(best)
        return chosen

    def _counts(self, metric: str, item: Item, answer: Answer) -> tuple[int, int, int]:
        gold = spans_of(item)
        if answer.problem:
            return 0, int(not gold), len(gold)
        return _COUNT[metric](gold, _said(answer.value))

    def _span_problem(self, entry: object, text: str) -> str:
        shown = str(entry)[:80]
        if not isinstance(entry, list | tuple) or len(entry) != _FIELDS:
            return f"{shown} is no [type, start, end]"
        kind, start, end = entry
        if kind not in self.labels:
            near = difflib.get_close_matches(str(kind), self.labels, n=1, cutoff=0.5)
            return f"'{str(kind)[:80]}' is not one of the types" + (f"; the nearest is '{near[0]}'" if near else "")
        if type(start) is not int or type(end) is not int:
            return f"start and end of {shown} are no whole numbers"
        if not 0 <= start < end <= len(text):
            return f"{shown} is empty or lies outside the text of {len(text)} characters"
        words = one_line(text[start:end])
        return "" if words == words.strip() else f"{shown} begins or ends with a space"


def answer_text(item: Item) -> str:
    """Return an item's gold entities in the format that `read` reads: what a perfect solver would answer.

    Example:
        >>> answer_text(Item(id="1", input={"text": "Rome fell."}, target=[["city", 0, 4]]))
        '[{"text": "Rome", "type": "city"}]'
    """
    text = one_line(item.input["text"])
    entries = [{"text": text[start:end], "type": kind} for kind, start, end in spans_of(item)]
    return json.dumps(entries, ensure_ascii=False)


def _said(value: object) -> list[Span]:
    entries = value if isinstance(value, list | tuple) else ()
    return [(str(kind), int(start), int(end)) for kind, start, end in entries]


def _text(item: Item) -> str:
    return one_line(item.input["text"]).strip()


def _grammar(types: Sequence[str]) -> str:
    return "\n".join(
        [
            'root ::= " [" (entry (", " entry)*)? "]" "\\n"',
            'entry ::= "{\\"text\\": \\"" letter+ "\\", \\"type\\": " type "}"',
            f"type ::= {one_of(json.dumps(kind, ensure_ascii=False) for kind in types)}",
            'letter ::= [^"\\\\\\x00-\\x1F] | "\\\\" ["\\\\]',
        ]
    )


def _check_types(types: Sequence[str]) -> None:
    where, way_out = "labels", "List each entity type once, under 'labels' of the study file."
    if not types:
        raise StudyFileError("the task 'ner' has no entity types", where=where, way_out=way_out)
    keys = [key_of(kind) for kind in types]
    for kind, key in zip(types, keys, strict=True):
        if not key or keys.count(key) > 1:
            what = f"the entity type {kind!r} " + ("has no letter" if not key else "cannot be told from another")
            raise StudyFileError(what, where=where, way_out=way_out)
