"""Names in sentences: exact search, and names that a sentence holds but does not mark."""

import re
from collections.abc import Iterator, Mapping, Sequence

from acidtest.data.spans import Span, spans_of
from acidtest.types import Item

SHORT = 160
"""Characters of a short sentence."""

_CAPITAL = re.compile(r"\b[^\W\d_]\w*(?:[-'\u2019]\w+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|[\"\u201c(]\s*)$")
_CALENDAR = (
    "I Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November December Mr Mrs Ms Dr"
)
_USUAL = 0.9


def find_names(text: str, names: Mapping[str, str]) -> list[Span]:
    """Return every occurrence of the names, whole words only, in order; where two overlap the longer one counts.

    Args:
        text: The sentence.
        names: Name -> type.

    Example:
        >>> find_names("Ann Lee met Ann.", {"Ann": "person", "Ann Lee": "person"})
        [('person', 0, 7), ('person', 12, 15)]
    """
    found: list[Span] = []
    taken: list[tuple[int, int]] = []
    for name in sorted(names, key=lambda name: (-len(name), name)):
        for start, end in occurrences(text, name):
            if not any(start < stop and begin < end for begin, stop in taken):
                taken.append((start, end))
                found.append((names[name], start, end))
    return sorted(found, key=lambda span: span[1])


def occurrences(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where a name stands as whole words; upper and lower case differ."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        if not splits_word(text, start) and not splits_word(text, end):
            yield start, end
        start = text.find(name, start + 1)


def splits_word(text: str, place: int) -> bool:
    """Say whether a place in a text lies inside a word."""
    return 0 < place < len(text) and _in_word(text[place - 1]) and _in_word(text[place])


class KnownNames:
    """Names that are known to be names, from the pool and from what a generator listed.

    Where nearly all names of the pool have a capital, any other word with a capital is held to be part of a name, too,
    unless it begins a sentence or the pool has it outside of names.

    Attributes:
        types: Name -> its types.
        capitals: Whether names begin with capitals here.
    """

    def __init__(self, pool: Sequence[Item]) -> None:
        self.types: dict[str, set[str]] = {}
        self._plain_capitals: set[str] = set(_CALENDAR.split())
        for item in pool:
            self._learn(item)
        names = list(self.types)
        self.capitals = bool(names) and sum(any(map(str.isupper, name)) for name in names) >= _USUAL * len(names)

    def add(self, name: str, kind: str) -> None:
        """Remember a name of a type."""
        self.types.setdefault(name, set()).add(kind)

    def overlooked(self, text: str, spans: Sequence[Span], names: Mapping[str, str]) -> str:
        """Return the first name that stands in a sentence outside of its spans, in words; empty where there is none.

        Args:
            text: The sentence.
            spans: What is marked.
            names: The marked names: another unmarked occurrence of one of them is an oversight, too.
        """
        for name in sorted({*self.types, *names}):
            if name[0] in text:
                for start, end in occurrences(text, name):
                    if not any(begin <= start and end <= stop for _, begin, stop in spans):
                        return f"'{name}' stands outside of the marked names"
        if self.capitals:
            for word in _CAPITAL.finditer(text):
                if self._looks_like_name(text, word) and not any(b <= word.start() < e for _, b, e in spans):
                    return f"'{word[0]}' looks like a name"
        return ""

    def _looks_like_name(self, text: str, word: re.Match[str]) -> bool:
        plain = re.split(r"['\u2019]", word[0])[0]
        return word[0][0].isupper() and plain not in self._plain_capitals and not _begins(text, word)

    def _learn(self, item: Item) -> None:
        text = item.input["text"]
        spans = spans_of(item)
        for kind, start, end in spans:
            name = " ".join(text[start:end].split())
            if name:
                self.add(name, kind)
        for word in _CAPITAL.finditer(text):
            outside = not any(start <= word.start() < end for _, start, end in spans)
            if outside and word[0][0].isupper() and not _begins(text, word):
                self._plain_capitals.add(re.split(r"['\u2019]", word[0])[0])


def short_items(items: Sequence[Item], fewest: int) -> list[Item]:
    """Return the items whose text is no longer than `SHORT`, or the `fewest` shortest where there are fewer.

    A small model that is shown long sentences writes until it is cut off.
    """
    by_length = sorted(items, key=lambda item: len(item.input["text"]))
    short = sum(len(item.input["text"]) <= SHORT for item in items)
    return by_length[: max(short, fewest)]


def _begins(text: str, word: re.Match[str]) -> bool:
    return bool(_SENTENCE_START.search(text[: word.start()]))


def _in_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"
