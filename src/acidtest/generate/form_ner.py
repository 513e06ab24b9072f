"""Sentences with names, marked in the text: `<country>France</country> won`."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from acidtest.data.prompt_file import PromptFile
from acidtest.data.spans import Span, spans_of
from acidtest.generate.forms import Form, list_lines
from acidtest.generate.name_grammar import marked_names
from acidtest.generate.names import KnownNames, short_items, splits_word
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.strategy import Draft
from acidtest.types import Item, Style

_TAG = re.compile(r"<(/?)([A-Za-z][\w.-]*)>")


class NerForm(Form):
    """The cell is an entity type that the sentence should hold; others may stand beside it.

    The drawn type only steers the examples: a sentence that holds other names than asked for is still right, as
    long as all its names are marked.
    """

    tokens: ClassVar[int] = 200

    def __init__(self, plan: GenerationPlan, prompt: PromptFile, descriptions: Mapping[str, str], style: Style) -> None:
        super().__init__(plan, prompt, descriptions, style)
        self.known = KnownNames(plan.pool)

    def cells_of(self, item: Item) -> Sequence[str]:
        """Return the types that occur in the item."""
        return sorted({kind for kind, _, _ in spans_of(item)})

    def cells(self) -> Sequence[str]:
        """Return the types that occur in the pool."""
        return [kind for kind in self.plan.task.labels if kind in self.by_cell]

    def describe(self, cell: str) -> str:
        """Return the type as it is marked: here its identifier is part of the format."""
        description = self.descriptions.get(cell, "")
        return f"{cell} ({description})" if description else cell

    def examples(self, cell: str, count: int, rng: random.Random) -> list[Item]:
        """Return pool items of a cell: for a text to continue short ones where there are enough, see `short_items`."""
        known = self.by_cell[cell] if self.style == "chat" else short_items(self.by_cell[cell], count)
        return rng.sample(known, min(count, len(known)))

    def grammar(self) -> str:
        """Return the grammar of a marked line."""
        return marked_names(self.plan.task.labels)

    def show(self, item: Item) -> str:
        """Return the sentence with its names marked, as a line of a list."""
        return f"- {marked(item)}"

    def read(self, text: str, cell: str) -> list[Draft]:  # noqa: ARG002  any type may occur
        """Return every line as a sentence with the spans that its marks give."""
        return [self._read_line(line) for line in list_lines(text)]

    def _read_line(self, line: str) -> Draft:
        try:
            text, spans = unmarked(line, self.plan.task.labels)
        except ValueError as error:
            return Draft(text=line, reason="unreadable", detail=str(error))
        draft = Draft(text=line, input={"text": text}, target=[list(span) for span in spans])
        if not spans:
            return replace(draft, reason="name missing", detail="no name is marked")
        names = {text[start:end]: kind for kind, start, end in spans}
        overlooked = self.known.overlooked(text, spans, names)
        if overlooked:
            return replace(draft, reason="unmarked name", detail=overlooked)
        return draft


def marked(item: Item) -> str:
    """Return an item's text with its names marked.

    Example:
        >>> marked(Item(id="1", input={"text": "France won"}, target=[["country", 0, 6]]))
        '<country>France</country> won'
    """
    text = item.input["text"]
    for kind, start, end in reversed(spans_of(item)):
        text = f"{text[:start]}<{kind}>{text[start:end]}</{kind}>{text[end:]}"
    return " ".join(text.split())


def unmarked(line: str, kinds: Sequence[str]) -> tuple[str, list[Span]]:
    """Return a marked line's plain text and its spans.

    Raises:
        ValueError: A mark that is no type, is not closed, stands inside another, around nothing, or in a word.

    Example:
        >>> unmarked("<country>France</country> won", ["country"])
        ('France won', [('country', 0, 6)])
    """
    text, end, spans = "", 0, []
    opened: tuple[str, int] | None = None
    for tag in _TAG.finditer(line):
        text += line[end : tag.start()]
        end = tag.end()
        closes, kind = bool(tag[1]), tag[2]
        if kind not in kinds:
            raise ValueError(f"marks '{kind[:40]}', which is no type")
        if not closes and opened is None:
            opened = kind, len(text)
        elif closes and opened is not None and opened[0] == kind:
            start, stop = _trimmed(text, opened[1])
            if start >= stop:
                raise ValueError(f"marks nothing as '{kind}'")
            spans.append((kind, start, stop))
            opened = None
        else:
            raise ValueError(f"has a mark '{tag[0][:40]}' in the wrong place")
    if opened is not None:
        raise ValueError(f"does not close '{opened[0]}'")
    text += line[end:]
    for _, start, stop in spans:
        if splits_word(text, start) or splits_word(text, stop):
            raise ValueError(f"marks a part of a word: '{text[start:stop][:60]}'")
    return text, spans


def _trimmed(text: str, start: int) -> tuple[int, int]:
    """Return the span from `start` to the text's end without spaces at its ends."""
    name = text[start:]
    return start + len(name) - len(name.lstrip()), start + len(name.rstrip())
