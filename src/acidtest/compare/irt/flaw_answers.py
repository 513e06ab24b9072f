"""Answers as the audit of items needs them: numbered within each item, the key's first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.answers import ItemAnswers, answer_options
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.stats.estimate import FloatArray

IntArray = NDArray[np.int64]

RIGHT_AT = 0.5
_OPEN_OPTIONS = 20
"""Open questions: at least so many answers come to mind."""

_ENOUGH = 0.5
"""Answers are used where at least this share of the scored ones is known."""


@dataclass(frozen=True, kw_only=True)
class Codes:
    """[M, n] and [n]: answers and keys of a matrix's solvers and items, -1: not known."""

    codes: NDArray[np.int32]
    target: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Answers of one benchmark.

    Attributes:
        choice: [M, n] 0: the key's, 1, 2 ... others of the item, most votes first; -1: not known.
        options: [n] answers to choose from.
        texts: [n] the texts of choices 0, 1, 2 ... of each item; "" for a key that is not known.
    """

    choice: IntArray
    options: FloatArray
    texts: tuple[tuple[str, ...], ...]


def matched(matrix: ScoreMatrix, answers: ItemAnswers) -> Codes:
    """Return answers in the order of a matrix's solvers and items, whatever their own."""
    model_at = {name: row for row, name in enumerate(answers.models)}
    item_at = {pair: column for column, pair in enumerate(zip(answers.benchmark, answers.items, strict=True))}
    rows = np.array([model_at.get(name, -1) for name in matrix.models], np.int64)
    columns = np.array([item_at.get(p, -1) for p in zip(matrix.benchmark, matrix.items, strict=True)], np.int64)
    there = (rows[:, None] >= 0) & (columns >= 0)
    codes = np.where(there, answers.codes[rows[:, None], columns], -1).astype(np.int32)
    return Codes(codes=codes, target=np.where(columns >= 0, answers.target[columns], -1).astype(np.int32))


def choices_of(scores: FloatArray, known: Codes, answers: ItemAnswers, here: IntArray) -> Choices | None:
    """Return the answers of one benchmark's items, numbered; None where hardly any answer is known.

    The score decides what is right: an answer that scores is the key's, however it is written; one that reads like the
    key and does not score tells nothing.

    Args:
        scores: [M, n] of the matrix.
        known: Its answers.
        answers: Where the texts stand.
        here: Positions of the benchmark's items.
    """
    score, codes, target = scores[:, here], known.codes[:, here], known.target[here]
    scored = np.isfinite(score)
    if not scored.any() or float((codes[scored] >= 0).mean()) < _ENOUGH:
        return None
    shared = answer_options(codes, target)
    if shared is not None:
        codes = np.where(np.isin(codes, shared), codes, -1)
    right = scored & (score >= RIGHT_AT)
    choice = np.where(right, 0, -1).astype(np.int64)
    options, texts = np.empty(len(here)), []
    for k in range(len(here)):
        key = int(target[k]) if target[k] >= 0 else _most_said(codes[right[:, k], k])
        wrong = scored[:, k] & ~right[:, k] & (codes[:, k] >= 0) & (codes[:, k] != key)
        others, votes = np.unique(codes[wrong, k], return_counts=True)
        order = np.argsort(-votes, kind="stable")
        number = np.empty(len(others), np.int64)
        number[order] = np.arange(1, len(others) + 1)
        choice[wrong, k] = number[np.searchsorted(others, codes[wrong, k])]
        options[k] = max(_OPEN_OPTIONS if shared is None else len(shared), len(others) + 1, 2)
        texts.append(tuple(answers.texts[c] if c >= 0 else "" for c in (key, *others[order].tolist())))
    return Choices(choice=choice, options=options, texts=tuple(texts))


def _most_said(codes: NDArray[np.int32]) -> int:
    said, votes = np.unique(codes[codes >= 0], return_counts=True)
    return int(said[votes.argmax()]) if len(said) else -1
