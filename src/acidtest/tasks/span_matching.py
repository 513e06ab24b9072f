"""Counts matches between gold and answered entity spans, by nervaluate's definitions.

The definitions are those of SemEval-2013 task 9 as nervaluate 1.2 computes them, one item at a time: spans are compared
in the order given, an answered span uses up one gold span at most, and spans overlap where they share at least 1 % of
the gold span. F1 = 2 correct / (possible + actual), so (tp, fp, fn) = (correct, actual - correct, possible - correct).
An answered span with start and end -1 stands nowhere in the text.
"""

from collections.abc import Sequence

from acidtest.data.spans import Span

_LEAST_OVERLAP = 1.0
"""Per cent of the gold span, nervaluate's default."""


def count_strict(gold: Sequence[Span], said: Sequence[Span]) -> tuple[int, int, int]:
    """Return (tp, fp, fn) where a span is right only with the same type and the same ends.

    A span that overlaps a gold one without being right uses it up, as nervaluate has it; this matters only where
    answered spans overlap each other.

    Example:
        >>> count_strict([("city", 0, 4), ("city", 9, 14)], [("city", 0, 4), ("river", 9, 14)])
        (1, 1, 1)
    """
    used: set[int] = set()
    correct = 0
    for span in said:
        overlapping = None
        for position, true in enumerate(gold):
            if position in used:
                continue
            if span == true:
                correct += 1
                overlapping = position
                break
            if overlapping is None and _overlap(span, true):
                overlapping = position
        if overlapping is not None:
            used.add(overlapping)
    return correct, len(said) - correct, len(gold) - correct


def count_type(gold: Sequence[Span], said: Sequence[Span]) -> tuple[int, int, int]:
    """Return (tp, fp, fn) where a span is right if it overlaps a gold span of its type; the nearest ends are taken.

    Example:
        >>> count_type([("city", 0, 8)], [("city", 4, 8)])
        (1, 0, 0)
    """
    used: set[int] = set()
    correct = 0
    for span in said:
        nearest = wrong = None
        for position, true in enumerate(gold):
            if position in used or not _overlap(span, true):
                continue
            if span[0] != true[0]:
                wrong = position if wrong is None else wrong
            elif nearest is None or _distance(span, true) < _distance(span, gold[nearest]):
                nearest = position
        correct += nearest is not None
        taken = nearest if nearest is not None else wrong
        if taken is not None:
            used.add(taken)
    return correct, len(said) - correct, len(gold) - correct


def _overlap(span: Span, true: Span) -> bool:
    shared = min(span[2], true[2]) - max(span[1], true[1])
    return shared > 0 and shared / (true[2] - true[1]) * 100.0 >= _LEAST_OVERLAP


def _distance(span: Span, true: Span) -> int:
    return abs(span[1] - true[1]) + abs(span[2] - true[2])
