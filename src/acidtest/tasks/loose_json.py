"""Reads JSON as language models write it, and nothing that is not there.

Why no repairing library: they guess (they close strings, turn bare words into text), and a guess would be scored.
Forgiven are: prose and code fences around, single quotes, trailing or missing commas, bare keys, Python's True and
None, line ends inside strings, and an end of text in the middle, where only complete entries are kept.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | list[Value] | tuple[tuple[str, Value], ...] | None"
"""A JSON value; an object is a tuple of pairs, so that a key that stands twice loses nothing."""

_DEEPEST = 8
_OPENER = re.compile(r"[\[{]")
_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "false": False, "False": False,
    "null": None, "None": None, "NaN": None, "Infinity": None,
}  # fmt: skip
_CLOSES = re.compile(r"\s*([,:\]}]|$)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_HEX = re.compile(r"[0-9a-fA-F]{4}")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A list or object found in a text; `complete` is False where the text ended before it did."""

    value: Value
    complete: bool


class _NotJsonError(Exception):
    """Here stands something else than JSON."""


def find_json(text: str) -> list[Found]:
    r"""Return the lists and objects that stand in a text, in order; what is broken inside is left out as a whole.

    Example:
        >>> find_json("Sure! ```json\n[{'type': 'city', 'text': 'Rome'},]```")[0].value
        [(('type', 'city'), ('text', 'Rome'))]
    """
    found: list[Found] = []
    at = 0
    while opener := _OPENER.search(text, at):
        reader = _Reader(text, opener.start())
        try:
            found.append(Found(value=reader.value(0), complete=not reader.ended))
            at = reader.at
        except _NotJsonError:
            at = opener.end()
    return found


class _Reader:
    """A descent through one value. `ended` turns True where the text ends first."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at, self.ended = text, at, False

    def value(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise _NotJsonError
        first = self.peek()
        if first == "[":
            return self.list(depth)
        if first == "{":
            return self.object(depth)
        if first in ('"', "'"):
            return self.string(first)
        return self.bare()

    def list(self, depth: int) -> Value:
        self.at += 1
        entries: list[Value] = []
        while (first := self.peek()) != "]":
            if not first:
                return entries
            entry = self.value(depth + 1)
            if self.ended:  # an entry that was cut off says nothing; a list keeps what it holds complete
                return [*entries, entry] if isinstance(entry, list) and entry else entries
            entries.append(entry)
            self.skip_comma()
        self.at += 1
        return entries

    def object(self, depth: int) -> Value:
        self.at += 1
        pairs: list[tuple[str, Value]] = []
        while (first := self.peek()) != "}":
            if not first:
                return tuple(pairs)
            key = self.string(first) if first in ('"', "'") else self.word()
            if self.ended or not self.peek():
                self.ended = True
                return tuple(pairs)
            if self.peek() != ":":
                raise _NotJsonError
            self.at += 1
            entry = self.value(depth + 1)
            if self.ended:
                keep = isinstance(entry, list | tuple) and entry
                return (*pairs, (key, entry)) if keep else tuple(pairs)
            pairs.append((key, entry))
            self.skip_comma()
        self.at += 1
        return tuple(pairs)

    def string(self, quote: str) -> str:
        parts: list[str] = []
        at = self.at + 1
        while at < len(self.text):
            letter = self.text[at]
            if letter == "\\":
                part, at = self.escape(at)
                parts.append(part)
            elif letter == quote and (quote == '"' or _CLOSES.match(self.text, at + 1)):
                self.at = at + 1
                return _whole("".join(parts))
            else:
                parts.append(letter)
                at += 1
        self.at, self.ended = len(self.text), True
        return ""

    def escape(self, at: int) -> tuple[str, int]:
        letter = self.text[at + 1 : at + 2]
        if letter == "u":
            if found := _HEX.match(self.text, at + 2):
                return chr(int(found[0], 16)), at + 6
            if at + 6 > len(self.text):
                return "", len(self.text)
            raise _NotJsonError
        return _ESCAPES.get(letter, letter), at + 2

    def bare(self) -> Value:
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            self.ended = self.ended or self.at == len(self.text)
            return float(number[0]) if number[1] or number[2] else int(number[0])
        word = self.word()
        if word not in _WORDS and not self.ended:
            raise _NotJsonError
        return _WORDS.get(word)

    def word(self) -> str:
        found = _WORD.match(self.text, self.at)
        if not found:
            if self.at >= len(self.text):
                self.ended = True
                return ""
            raise _NotJsonError
        self.at = found.end()
        self.ended = self.ended or self.at == len(self.text)
        return found[0]

    def peek(self) -> str:
        """Step over space and return the next letter; at the end of the text, an empty string."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        if self.at >= len(self.text):
            self.ended = True
            return ""
        return self.text[self.at]

    def skip_comma(self) -> None:
        if self.peek() == ",":
            self.at += 1


def _whole(text: str) -> str:
    """Join surrogate pairs; a lone half becomes the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
