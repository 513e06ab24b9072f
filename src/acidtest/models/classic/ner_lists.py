"""Entities by lists and letters: a gazetteer, runs of capitals, and nothing at all."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import ClassVar

from acidtest.data.spans import Span, spans_of
from acidtest.models.base import ClassicSolver
from acidtest.models.classic.pool_check import require_pool
from acidtest.models.classic.tokens import Token, entity_answer, tokens_of
from acidtest.registry import register
from acidtest.types import Item


@register("classic", "gazetteer")
class Gazetteer(ClassicSolver):
    """Finds the entities of the pool again, the longest first, each with its most frequent type."""

    tasks: ClassVar[frozenset[str]] = frozenset({"ner"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """List the entities of the pool as rows of tokens."""
        del labels, seed
        require_pool(pool, "gazetteer")
        types: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for item in pool:
            for kind, start, end in spans_of(item):
                types[tuple(token for token, _, _ in tokens_of(item.input["text"][start:end]))][kind] += 1
        self._type = {name: _most(counts) for name, counts in types.items() if name}
        self._longest = max((len(name) for name in self._type), default=0)

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the longest matches from left to right."""
        return [entity_answer(item.input["text"], self.found(tokens_of(item.input["text"]))) for item in items]

    def found(self, tokens: Sequence[Token]) -> list[Span]:
        """Return the matches among some tokens; none overlaps another."""
        words = [token for token, _, _ in tokens]
        spans: list[Span] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                kind = self._type.get(tuple(words[at : at + length]))
                if kind is not None:
                    spans.append((kind, tokens[at][1], tokens[at + length - 1][2]))
                    at += length - 1
                    break
            at += 1
        return spans


@register("classic", "capitalised_runs")
class CapitalisedRuns(ClassicSolver):
    """Every run of capitalised words is an entity, of the pool's most frequent type."""

    tasks: ClassVar[frozenset[str]] = frozenset({"ner"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn the most frequent type, and which words begin sentences without being names."""
        del seed
        require_pool(pool, "capitalised_runs")
        counts = Counter(span[0] for item in pool for span in spans_of(item))
        self._type = _most(counts) if counts else min(labels, default="")
        self._plain = _plain_words(pool)

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the runs of each text."""
        answers = []
        for item in items:
            runs = _runs(tokens_of(item.input["text"]), self._plain)
            spans = [(self._type, run[0][1], run[-1][2]) for run in runs if self._type]
            answers.append(entity_answer(item.input["text"], spans))
        return answers


@register("classic", "capitalised_votes")
class CapitalisedVotes(ClassicSolver):
    """Every run of capitalised words is an entity; its words vote on its type, as the pool's entities have them."""

    tasks: ClassVar[frozenset[str]] = frozenset({"ner"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Count types by word; words that the pool lacks vote by their last two letters."""
        del seed
        require_pool(pool, "capitalised_votes")
        self._by_word: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for item in pool:
            for kind, start, end in spans_of(item):
                for word, _, _ in tokens_of(item.input["text"][start:end]):
                    for feature in (word, f"-{word[-2:]}", ""):
                        self._by_word[feature][kind] += 1
        if not self._by_word[""]:
            self._by_word[""][min(labels, default="")] += 1
        self._plain = _plain_words(pool)

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the runs of each text, each with its type."""
        answers = []
        for item in items:
            runs = _runs(tokens_of(item.input["text"]), self._plain)
            spans = [(self._vote(run), run[0][1], run[-1][2]) for run in runs]
            answers.append(entity_answer(item.input["text"], [span for span in spans if span[0]]))
        return answers

    def _vote(self, run: Sequence[Token]) -> str:
        votes: Counter[str] = Counter()
        for word, _, _ in run:
            known = self._by_word.get(word) or self._by_word.get(f"-{word[-2:]}") or self._by_word[""]
            total = sum(known.values())
            for kind, count in known.items():
                votes[kind] += count * 1000 // total  # whole numbers, so that no order of adding matters
        return _most(votes)


@register("classic", "no_entities")
class NoEntities(ClassicSolver):
    """Answers that there is none, whatever the text: what any solver must beat."""

    tasks: ClassVar[frozenset[str]] = frozenset({"ner"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn nothing."""
        del pool, labels, seed

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return an empty list for every item."""
        return ["[]"] * len(items)


def _plain_words(pool: Sequence[Item]) -> frozenset[str]:
    """Return the capitalised words that the pool shows outside of entities more often than within."""
    balance: Counter[str] = Counter()
    for item in pool:
        spans = spans_of(item)
        for word, start, _ in tokens_of(item.input["text"]):
            if word[0].isupper():
                balance[word] += -1 if any(s <= start < e for _, s, e in spans) else 1
    return frozenset(word for word, surplus in balance.items() if surplus > 0)


def _runs(tokens: Sequence[Token], plain: frozenset[str]) -> list[list[Token]]:
    runs: list[list[Token]] = [[]]
    for token in tokens:
        if token[0][0].isupper() and token[0] not in plain:
            runs[-1].append(token)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _most(counts: Counter[str]) -> str:
    return min(counts, key=lambda kind: (-counts[kind], kind))
