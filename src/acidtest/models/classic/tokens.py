"""Texts as tokens with offsets, spans as BIO tags, and entity answers as tasks read them."""

import json
import re
from collections.abc import Sequence

from acidtest.data.spans import Span

Token = tuple[str, int, int]
OUTSIDE = "O"
WORD_OR_SIGN = r"\w+|[^\w\s]"
"""Runs of letters and digits, and single signs."""


def tokens_of(text: str) -> list[Token]:
    """Return (token, start, end): runs of letters and digits, and single signs.

    Example:
        >>> tokens_of("St. Ives")
        [('St', 0, 2), ('.', 2, 3), ('Ives', 4, 8)]
    """
    return [(found[0], found.start(), found.end()) for found in re.finditer(WORD_OR_SIGN, text)]


def encodable(text: str) -> str:
    """Return a text of the same length without lone surrogates, which no feature hasher takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def tags_of(tokens: Sequence[Token], spans: Sequence[Span]) -> list[str]:
    """Return one BIO tag per token; a token belongs to the span in which it begins."""
    tags = [OUTSIDE] * len(tokens)
    for kind, start, end in spans:
        within = [k for k, token in enumerate(tokens) if start <= token[1] < end]
        for k in within:
            tags[k] = f"{'B' if k == within[0] else 'I'}-{kind}"
    return tags


def spans_from(tokens: Sequence[Token], tags: Sequence[str]) -> list[Span]:
    """Return the spans that tags mark; an I- tag that continues nothing begins a span."""
    spans: list[Span] = []
    open_kind = ""
    for (_, start, end), tag in zip(tokens, tags, strict=True):
        kind = tag[2:]
        if tag == OUTSIDE:
            open_kind = ""
        elif tag.startswith("I-") and kind == open_kind:
            spans[-1] = (kind, spans[-1][1], end)
        else:
            spans.append((kind, start, end))
            open_kind = kind
    return spans


def entity_answer(text: str, spans: Sequence[Span]) -> str:
    """Return spans as a JSON list of {"type", "text", "start"}, the format that entity tasks read."""
    return json.dumps(
        [{"type": kind, "text": text[start:end], "start": start} for kind, start, end in spans], ensure_ascii=False
    )
