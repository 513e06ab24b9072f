"""How items of one task are drawn, shown to a generator, and read back from what it wrote."""

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import JsonValue

from acidtest.data.prompt_file import PromptFile
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.strategy import Draft
from acidtest.generate.text_checks import tidy
from acidtest.tasks.answer_text import in_words
from acidtest.types import Item, Style

_BULLET = re.compile(r"^\s*(?:[-*\u2022]+|\d{1,3}[.):])\s+")
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "`": "`"}
_MOST_TOKENS = 1000


class Form(ABC):
    """One task's side of `few_shot`.

    Every item belongs to a cell: what a strategy draws for a call, and what its examples have in common.

    Attributes:
        even: Whether cells are drawn evenly by default; otherwise as often as in the pool.
        separator: What stands between examples in a text to continue; it also ends an item there.
        tokens: Most tokens of one item, more where the pool's items are longer.
    """

    even: ClassVar[bool] = True
    separator: ClassVar[str] = "\n"
    tokens: ClassVar[int] = 60

    def __init__(self, plan: GenerationPlan, prompt: PromptFile, descriptions: Mapping[str, str], style: Style) -> None:
        self.plan, self.prompt, self.descriptions, self.style = plan, prompt, descriptions, style
        self.by_cell: dict[str, list[Item]] = {}
        for item in plan.pool:
            for cell in self.cells_of(item):
                self.by_cell.setdefault(cell, []).append(item)
        self.most_tokens = room_for([self.show(item) for items in self.by_cell.values() for item in items], self.tokens)

    @abstractmethod
    def cells_of(self, item: Item) -> Sequence[str]:
        """Return the cells of a pool item."""

    @abstractmethod
    def cells(self) -> Sequence[str]:
        """Return the cells that there should be, in a fixed order."""

    def drawn(self, cell: str) -> JsonValue:
        """Return what the provenance says of a call's cell."""
        return cell

    def describe(self, cell: str) -> str:
        """Return the words for a cell that a prompt uses."""
        return described(cell, self.descriptions)

    def examples(self, cell: str, count: int, rng: random.Random) -> list[Item]:
        """Return up to `count` pool items of a cell, another draw for every call."""
        known = self.by_cell[cell]
        return rng.sample(known, min(count, len(known)))

    def grammar(self) -> str:
        """Return the grammar of one item in a text to continue; empty where any line will do."""
        return ""

    @abstractmethod
    def show(self, item: Item) -> str:
        """Return an example as a prompt shows it."""

    @abstractmethod
    def read(self, text: str, cell: str) -> list[Draft]:
        """Return all candidates in a generator's text."""


def described(label: str, descriptions: Mapping[str, str]) -> str:
    """Return a label in plain words, with what it means in brackets where somebody said so."""
    about = descriptions.get(label, "")
    return in_words(label) + (f" ({about})" if about else "")


def room_for(texts: Sequence[str], fewest: int) -> int:
    """Return tokens enough for nine of ten of these texts, at three characters each, between `fewest` and 1000.

    A limit far above what is usual would let a model that rambles take its time.
    """
    lengths = sorted(map(len, texts))
    usual = lengths[len(lengths) * 9 // 10] if lengths else 0
    return max(fewest, min(_MOST_TOKENS, usual // 3))


def list_lines(text: str) -> list[str]:
    r"""Return the lines of a list that a model wrote, without bullets, numbers, quotation marks and empty lines.

    What a reasoning model thinks first is left out.

    Example:
        >>> list_lines('1. "wake me at six"\n\n- lights off')
        ['wake me at six', 'lights off']
    """
    text = text.rpartition("</think>")[2]
    lines = (unquoted(tidy(_BULLET.sub("", line))) for line in text.splitlines())
    return [line for line in lines if line.strip("-*#`= ")]


def unquoted(text: str) -> str:
    """Return a text without the quotation marks that stand around all of it."""
    if len(text) > 1 and text[-1] == _QUOTES.get(text[0]) and text[0] not in text[1:-1]:
        return text[1:-1].strip()
    return text
