"""Entity spans: those of an item, and those that token tags mark: BIO, IOB1, IO, BILOU and BIOES, by one rule.

The rule is that of conlleval, which seqeval follows by default: a span begins at B, S or U, where the type changes, and
where I, E or L follows nothing or a finished span; it ends where the next begins or with O. In IO tags two neighbours
of one type are therefore one span: the tags cannot say otherwise.
"""

import re
from collections.abc import Sequence

from acidtest.errors import DataError
from acidtest.types import Item

Span = tuple[str, int, int]
"""Type, start and end in characters; the end is the character after the last."""

_PARTS = 3
_TAG = re.compile(r"(?P<prefix>[BIELSU])-(?P<type>.+)")
_SAME = {"L": "E", "U": "S"}


def spans_of(item: Item) -> list[Span]:
    """Return an item's gold spans in the order of the text; what is no span is passed over.

    Example:
        >>> spans_of(Item(id="1", input={"text": "In Rome"}, target=[["city", 3, 7]]))
        [('city', 3, 7)]
    """
    found: list[Span] = []
    for span in item.target if isinstance(item.target, list) else ():
        if isinstance(span, list) and len(span) == _PARTS:
            kind, start, end = span
            if isinstance(kind, str) and isinstance(start, int) and isinstance(end, int):
                found.append((kind, start, end))
    return sorted(found, key=lambda span: span[1:])


def tag_spans(tags: Sequence[str]) -> list[Span]:
    """Return (type, first token, token after the last) of every span, in order.

    Raises:
        DataError: A tag is neither O nor a prefix (B, I, L, U, E, S), a hyphen and a type.

    Source: Tjong Kim Sang and Buchholz, "Introduction to the CoNLL-2000 Shared Task", its script conlleval.

    Example:
        >>> tag_spans(["B-PER", "I-PER", "O", "I-LOC"])
        [('PER', 0, 2), ('LOC', 3, 4)]
    """
    spans: list[Span] = []
    open_type, began, finished = "", 0, True
    for position, tag in enumerate(tags):
        prefix, kind = _parted(tag)
        continues = prefix in ("I", "E") and not finished and kind == open_type
        if not continues:
            if open_type:
                spans.append((open_type, began, position))
            open_type, began = kind, position
        finished = prefix in ("O", "E", "S")
    if open_type:
        spans.append((open_type, began, len(tags)))
    return spans


def character_spans(tokens: Sequence[str], tags: Sequence[str]) -> tuple[str, list[Span]]:
    """Return the text, tokens joined by one blank, and (type, start, end) of every span in it.

    `text[start:end]` is exactly the span: `end` is the character after its last.

    Raises:
        DataError: Tokens and tags differ in number, a token is empty, or a tag is unknown.

    Example:
        >>> character_spans(["Ada", "Lovelace", "wrote"], ["B-PER", "I-PER", "O"])
        ('Ada Lovelace wrote', [('PER', 0, 12)])
    """
    if len(tokens) != len(tags):
        raise DataError(f"{len(tokens)} tokens but {len(tags)} tags")
    starts, position = [], 0
    for token in tokens:
        if not token:
            raise DataError("a token is empty")
        starts.append(position)
        position += len(token) + 1
    spans = [
        (kind, starts[first], starts[after - 1] + len(tokens[after - 1])) for kind, first, after in tag_spans(tags)
    ]
    return " ".join(tokens), spans


def _parted(tag: str) -> tuple[str, str]:
    if tag == "O":
        return "O", ""
    parts = _TAG.fullmatch(tag)
    if parts is None:
        raise DataError(
            f"'{tag[:60]}' is not a tag", way_out="Tags are O, or one of B I L U E S with a hyphen and the type: B-PER."
        )
    return _SAME.get(parts["prefix"], parts["prefix"]), parts["type"]
