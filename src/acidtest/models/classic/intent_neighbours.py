"""Intent by the most alike texts of the pool: by shared rare words, and by letters."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from acidtest.models.base import ClassicSolver
from acidtest.models.classic.pool_check import require_pool
from acidtest.models.classic.tokens import WORD_OR_SIGN
from acidtest.registry import register
from acidtest.types import Item

_NEIGHBOURS = 5
_K1, _B = 1.2, 0.75
_MOST_COMPARED = 2000
_BLOCK = 256


@register("classic", "bm25_neighbours")
class Bm25Neighbours(ClassicSolver):
    """The label most frequent among the five texts with the highest BM25 (Robertson and Zaragoza 2009)."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Weigh the words of the pool's texts."""
        del labels, seed
        require_pool(pool, "bm25_neighbours")
        from sklearn.feature_extraction.text import CountVectorizer

        self._vectors = CountVectorizer(token_pattern=WORD_OR_SIGN)
        counts = self._vectors.fit_transform([*(item.input["text"] for item in pool), "."])[:-1].astype(np.float64)
        length = np.asarray(counts.sum(axis=1)).ravel()
        damping = _K1 * (1 - _B + _B * length / max(length.mean(), 1.0))
        rows = np.repeat(np.arange(len(pool)), np.diff(counts.indptr))
        frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        rarity = np.log1p((len(pool) - frequency + 0.5) / (frequency + 0.5))
        counts.data = counts.data * (_K1 + 1) / (counts.data + damping[rows]) * rarity[counts.indices]
        self._weights: Any = counts.T.tocsc()
        self._targets = [str(item.target) for item in pool]

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the label of most neighbours; of equals the nearest one's."""
        answers: list[str] = []
        for first in range(0, len(items), _BLOCK):
            block = [item.input["text"] for item in items[first : first + _BLOCK]]
            asked = self._vectors.transform(block)
            asked.data[:] = 1
            scores = np.asarray((asked @ self._weights).todense())
            nearest = np.argsort(-scores, axis=1, kind="stable")[:, :_NEIGHBOURS]
            answers += [_vote([self._targets[k] for k in row]) for row in nearest]
        return answers


@register("classic", "edit_neighbour")
class EditNeighbour(ClassicSolver):
    """The label of the text that is nearest letter by letter, out of 2,000 of the pool at most."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Keep the texts of the pool, or a seeded draw of them."""
        del labels
        require_pool(pool, "edit_neighbour")
        kept = list(range(len(pool)))
        if len(pool) > _MOST_COMPARED:
            drawn = np.random.default_rng(seed).choice(len(pool), _MOST_COMPARED, replace=False)
            kept = sorted(int(k) for k in drawn)
        self._texts = [pool[k].input["text"].lower() for k in kept]
        self._targets = [str(pool[k].target) for k in kept]

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the label of the nearest text; of equals the first of the pool."""
        from rapidfuzz import fuzz, process

        answers: list[str] = []
        for first in range(0, len(items), _BLOCK):
            block = [item.input["text"].lower() for item in items[first : first + _BLOCK]]
            nearness = process.cdist(block, self._texts, scorer=fuzz.ratio, workers=1)
            answers += [self._targets[k] for k in nearness.argmax(axis=1)]
        return answers


def _vote(labels: Sequence[str]) -> str:
    """Return the most frequent of some labels, nearest first; of equals the nearest."""
    counts = Counter(labels)
    return max(labels, key=lambda label: counts[label])
