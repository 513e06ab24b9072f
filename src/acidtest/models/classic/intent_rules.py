"""Intent by rules: keywords learned from the pool, first words, and the most frequent label."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import ClassVar

from acidtest.models.base import ClassicSolver
from acidtest.models.classic.pool_check import require_pool
from acidtest.registry import register
from acidtest.types import Item

_WORD = re.compile(r"\w+")
_KEYWORDS = 15
_PRIOR = 0.5


@register("classic", "keyword_rules")
class KeywordRules(ClassicSolver):
    """Each label has 15 keywords, those whose log odds it raises most; the label with most of them in the text wins."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Choose keywords by log odds against all other labels, weighted by the root of how often they occur."""
        del labels, seed
        require_pool(pool, "keyword_rules")
        texts: Counter[str] = Counter(str(item.target) for item in pool)
        within: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for item in pool:
            within[str(item.target)].update(set(_words(item)))
        total = sum(within.values(), Counter[str]())
        self._labels = [label for label, _ in _by_count(texts)]
        self._keywords: dict[str, set[str]] = {}
        for label in self._labels:
            weights = {
                word: math.sqrt(count) * _log_odds(count, texts[label], total[word] - count, len(pool) - texts[label])
                for word, count in within[label].items()
            }
            ranked = sorted(weights, key=lambda word: (-weights[word], word))
            self._keywords[label] = set(ranked[:_KEYWORDS])

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the label with most keywords; of equals the most frequent one."""
        answers = []
        for item in items:
            words = set(_words(item))
            answers.append(max(self._labels, key=lambda label: len(words & self._keywords[label])))
        return answers


@register("classic", "first_words")
class FirstWords(ClassicSolver):
    """The label that is most frequent among texts that begin with the same two words, else the same word."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Count labels by the first two words, the first word, and in all."""
        del labels, seed
        require_pool(pool, "first_words")
        counts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for item in pool:
            words = tuple(_words(item)[:2])
            for begin in {words, words[:1], ()}:
                counts[begin][str(item.target)] += 1
        self._label = {begin: _by_count(count)[0][0] for begin, count in counts.items()}

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the label of the longest beginning that the pool knows."""
        begins = [tuple(_words(item)[:2]) for item in items]
        return [self._label.get(begin) or self._label.get(begin[:1]) or self._label[()] for begin in begins]


@register("classic", "majority")
class Majority(ClassicSolver):
    """The most frequent label of the pool, whatever the text: what any solver must beat."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Count the labels of the pool."""
        del labels, seed
        require_pool(pool, "majority")
        self._label = _by_count(Counter(str(item.target) for item in pool))[0][0]

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the same label for every item."""
        return [self._label] * len(items)


def _words(item: Item) -> list[str]:
    return _WORD.findall(item.input["text"].lower())


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _log_odds(inside: int, texts_inside: int, outside: int, texts_outside: int) -> float:
    there = (inside + _PRIOR) / (texts_inside - inside + _PRIOR)
    elsewhere = (outside + _PRIOR) / (texts_outside - outside + _PRIOR)
    return math.log(there / elsewhere)
