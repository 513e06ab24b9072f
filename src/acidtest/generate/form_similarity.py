"""Pairs of sentences with a degree of similarity: `Sentence 1: ...` and `Sentence 2: ...`."""

import re
from collections.abc import Sequence
from typing import ClassVar

from acidtest.generate.forms import Form, unquoted
from acidtest.generate.strategy import Draft
from acidtest.generate.text_checks import tidy
from acidtest.types import Item

_PAIR = re.compile(
    r"(?:^|\n)[^\S\n]*(?:[-*\d.)]*\s*)?\**Sentence 1:?\**:?[^\S\n]*(?P<one>[^\n]*)\n+"
    r"[^\S\n]*(?:[-*]\s*)?\**Sentence 2:?\**:?[^\S\n]*(?P<two>[^\n]*)",
    re.IGNORECASE,
)
_DEGREES = range(6)


class SimilarityForm(Form):
    """The cell is the score, rounded to a whole degree from 0 to 5."""

    even: ClassVar[bool] = False
    separator: ClassVar[str] = "\n\n"
    tokens: ClassVar[int] = 120

    def cells_of(self, item: Item) -> Sequence[str]:
        """Return the degree nearest to the item's score (half up)."""
        return (str(int(item.target + 0.5)),) if isinstance(item.target, int | float) else ()

    def cells(self) -> Sequence[str]:
        """Return the degrees that occur in the pool: without an example there is nothing to go by."""
        return [str(degree) for degree in _DEGREES if str(degree) in self.by_cell]

    def drawn(self, cell: str) -> float:
        """Return the score."""
        return float(cell)

    def describe(self, cell: str) -> str:
        """Return what a degree means, in the words of the SemEval guidelines."""
        return self.descriptions.get(cell) or self.prompt[f"degree_{cell}"]

    def show(self, item: Item) -> str:
        """Return the pair on two lines."""
        one, two = (" ".join(item.input[name].split()) for name in ("sentence1", "sentence2"))
        return f"Sentence 1: {one}\nSentence 2: {two}"

    def read(self, text: str, cell: str) -> list[Draft]:
        """Return every pair with the drawn score; a text without a pair is one unreadable candidate."""
        drafts = []
        for pair in _PAIR.finditer(text):
            one, two = (unquoted(tidy(pair[name])) for name in ("one", "two"))
            drafts.append(Draft(text=pair[0].strip(), input={"sentence1": one, "sentence2": two}, target=float(cell)))
        if not drafts and text.strip():
            return [Draft(text=text, reason="unreadable", detail="no 'Sentence 1:' with a 'Sentence 2:' below it")]
        return drafts
