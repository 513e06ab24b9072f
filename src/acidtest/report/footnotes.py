"""Warnings said once: what many rows share stands below the table, and each row points to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Footnote:
    """One warning, its number in its table, and the names of the rows that it is about."""

    number: int
    names: tuple[str, ...]
    text: str


def footnotes(rows: Iterable[tuple[str, Sequence[str]]]) -> tuple[Footnote, ...]:
    """Return the warnings of named rows, each once, in the order they first come.

    Example:
        >>> [(n.number, n.names, n.text) for n in footnotes([("Gap", ["few"]), ("SRCC", ["few", "old"])])]
        [(1, ('Gap', 'SRCC'), 'few'), (2, ('SRCC',), 'old')]
    """
    about: dict[str, list[str]] = {}
    for row, warnings in rows:
        for text in dict.fromkeys(warnings):
            about.setdefault(text, []).append(row)
    return tuple(Footnote(number=i + 1, names=tuple(names), text=text) for i, (text, names) in enumerate(about.items()))
