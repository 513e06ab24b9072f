"""Similarity by what two sentences share: each a measure from 0 to 1, brought to 0-5 by a line fitted on the pool."""

import math
import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from acidtest.models.base import ClassicSolver
from acidtest.models.classic.pool_check import require_pool
from acidtest.registry import register
from acidtest.stats.estimate import FloatArray
from acidtest.types import Item

HIGHEST = 5.0
_WORD = re.compile(r"\w+")
_LETTERS = 3
_LONGEST = 5000
_RIDGE = 1.0
Pair = tuple[str, str]


class MeasuredSimilarity(ClassicSolver):
    """A measure of two sentences, calibrated by least squares on the pool.

    Where the pool says nothing about the slope, or a wrong-way one, the measure times 5 is answered.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"similarity"})
    name: ClassVar[str]

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn the measure's weights, then the line from measure to score."""
        del labels, seed
        require_pool(pool, self.name)
        self.learn([pair(item) for item in pool])
        measured = np.array([self.measure(*pair(item)) for item in pool])
        gold = np.array([_score(item) for item in pool])
        centred = measured - measured.mean()
        spread = float(centred @ centred)
        slope = float(centred @ gold) / spread if spread > 0 else 0.0
        self._line = (float(gold.mean() - slope * measured.mean()), slope) if slope > 0 else (0.0, HIGHEST)

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return one number from 0 to 5 per item."""
        base, slope = self._line
        return [written(base + slope * self.measure(*pair(item))) for item in items]

    def learn(self, pairs: Sequence[Pair]) -> None:
        """Learn what the measure needs of the pool, as the rarity of words."""

    @abstractmethod
    def measure(self, left: str, right: str) -> float:
        """Return how alike two sentences are, 0 to 1."""


@register("classic", "word_overlap")
class WordOverlap(MeasuredSimilarity):
    """Words that both sentences hold, over words that either holds (Jaccard)."""

    name: ClassVar[str] = "word_overlap"

    def measure(self, left: str, right: str) -> float:
        """Return the share of words in common."""
        one, other = set(_words(left)), set(_words(right))
        return _share(len(one & other), len(one | other))


@register("classic", "rare_word_overlap")
class RareWordOverlap(MeasuredSimilarity):
    """As word_overlap, each word weighted by how rare it is in the pool."""

    name: ClassVar[str] = "rare_word_overlap"

    def learn(self, pairs: Sequence[Pair]) -> None:
        """Learn in how many sentences each word stands."""
        self._rarity = _Rarity(_words, pairs)

    def measure(self, left: str, right: str) -> float:
        """Return the weighted share of words in common."""
        one, other = set(_words(left)), set(_words(right))
        both = sum(sorted(self._rarity[word] for word in one & other))
        return _share(both, sum(sorted(self._rarity[word] for word in one | other)))


@register("classic", "tfidf_cosine")
class TfidfCosine(MeasuredSimilarity):
    """Cosine between the sentences' words, weighted by TF-IDF learned on the pool."""

    name: ClassVar[str] = "tfidf_cosine"

    def learn(self, pairs: Sequence[Pair]) -> None:
        """Learn in how many sentences each word stands."""
        self._rarity = _Rarity(_words, pairs)

    def measure(self, left: str, right: str) -> float:
        """Return the cosine."""
        return _cosine(_words(left), _words(right), self._rarity)


@register("classic", "char_ngram_cosine")
class CharNgramCosine(MeasuredSimilarity):
    """Cosine between the sentences' runs of three letters, weighted by TF-IDF learned on the pool."""

    name: ClassVar[str] = "char_ngram_cosine"

    def learn(self, pairs: Sequence[Pair]) -> None:
        """Learn in how many sentences each run stands."""
        self._rarity = _Rarity(_ngrams, pairs)

    def measure(self, left: str, right: str) -> float:
        """Return the cosine."""
        return _cosine(_ngrams(left), _ngrams(right), self._rarity)


@register("classic", "edit_ratio")
class EditRatio(MeasuredSimilarity):
    """Share of letters that stay when one sentence is edited into the other."""

    name: ClassVar[str] = "edit_ratio"

    def measure(self, left: str, right: str) -> float:
        """Return the normalised edit similarity (insertions and deletions)."""
        from rapidfuzz import fuzz

        return float(fuzz.ratio(left.lower()[:_LONGEST], right.lower()[:_LONGEST])) / 100.0


@register("classic", "word_order")
class WordOrder(MeasuredSimilarity):
    """Longest sequence of words that both sentences hold in this order, over the mean length."""

    name: ClassVar[str] = "word_order"

    def measure(self, left: str, right: str) -> float:
        """Return the share of words in the common sequence."""
        from rapidfuzz.distance import LCSseq

        one, other = _words(left[:_LONGEST]), _words(right[:_LONGEST])
        return _share(2 * LCSseq.similarity(one, other), len(one) + len(other))


@register("classic", "length_ratio")
class LengthRatio(MeasuredSimilarity):
    """The shorter sentence's length over the longer one's: knows nothing of meaning."""

    name: ClassVar[str] = "length_ratio"

    def measure(self, left: str, right: str) -> float:
        """Return the ratio of lengths in letters."""
        return _share(min(len(left), len(right)), max(len(left), len(right)))


@register("classic", "measures_ridge")
class MeasuresRidge(ClassicSolver):
    """Ridge regression on all of these measures together. The strong one."""

    tasks: ClassVar[frozenset[str]] = frozenset({"similarity"})
    _parts: ClassVar[tuple[type[MeasuredSimilarity], ...]] = (
        WordOverlap, RareWordOverlap, TfidfCosine, CharNgramCosine, EditRatio, WordOrder, LengthRatio,
    )  # fmt: skip

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn every measure, then their weights."""
        del labels, seed
        require_pool(pool, "measures_ridge")
        self._measures = [part() for part in self._parts]
        for part in self._measures:
            part.learn([pair(item) for item in pool])
        rows = self._rows(pool)
        gold = np.array([_score(item) for item in pool])
        self._centre = rows.mean(axis=0)
        centred = rows - self._centre
        penalty = _RIDGE * np.eye(rows.shape[1])
        self._weights: FloatArray = np.linalg.solve(centred.T @ centred + penalty, centred.T @ (gold - gold.mean()))
        self._base = float(gold.mean())

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return one number from 0 to 5 per item."""
        if not items:
            return []
        return [written(self._base + float(x)) for x in (self._rows(items) - self._centre) @ self._weights]

    def _rows(self, items: Sequence[Item]) -> FloatArray:
        return np.array([[part.measure(*pair(item)) for part in self._measures] for item in items])


def pair(item: Item) -> Pair:
    """Return the two sentences of an item."""
    return item.input["sentence1"], item.input["sentence2"]


def written(score: float) -> str:
    """Return a score as an answer: within 0 and 5, four decimals, so that no order is lost."""
    return f"{min(max(score, 0.0), HIGHEST):.4f}"


class _Rarity:
    """Inverse document frequency of terms; a term that the pool lacks is the rarest."""

    def __init__(self, terms: object, pairs: Sequence[Pair]) -> None:
        split = _ngrams if terms is _ngrams else _words
        self._texts = 2 * len(pairs)
        self._count = Counter(term for two in pairs for text in two for term in set(split(text)))

    def __getitem__(self, term: str) -> float:
        return math.log((1 + self._texts) / (1 + self._count[term])) + 1.0


def _score(item: Item) -> float:
    return float(item.target) if isinstance(item.target, int | float) else math.nan


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _ngrams(text: str) -> list[str]:
    spaced = f" {' '.join(_words(text))} "
    return [spaced[k : k + _LETTERS] for k in range(len(spaced) - _LETTERS + 1)]


def _cosine(left: Sequence[str], right: Sequence[str], rarity: _Rarity) -> float:
    one, other = Counter(left), Counter(right)
    first = {term: count * rarity[term] for term, count in one.items()}
    second = {term: count * rarity[term] for term, count in other.items()}
    inner = math.fsum(weight * second[term] for term, weight in first.items() if term in second)
    lengths = math.fsum(w * w for w in first.values()) * math.fsum(w * w for w in second.values())
    return _share(inner, math.sqrt(lengths))


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
