"""Entities by tagging tokens: logistic regression, an averaged perceptron, and naive Bayes."""

import math
import random
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import ClassVar

from acidtest.data.spans import spans_of
from acidtest.models.base import ClassicSolver
from acidtest.models.classic.pool_check import require_pool
from acidtest.models.classic.tokens import (
    OUTSIDE,
    Token,
    encodable,
    entity_answer,
    spans_from,
    tags_of,
    tokens_of,
)
from acidtest.registry import register
from acidtest.types import Item

_SWEEPS = 5
_FEATURES = 2**18
_STRENGTH = 1e-5
_SMOOTHING = 0.1


class _Tagger(ClassicSolver):
    """Tokens in, BIO tags out; a tagger differs by how it tags the tokens of one text."""

    tasks: ClassVar[frozenset[str]] = frozenset({"ner"})

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the tagged spans of each text."""
        texts = [item.input["text"] for item in items]
        rows = [tokens_of(encodable(text)) for text in texts]
        return [
            entity_answer(text, spans_from(tokens, tags))
            for text, tokens, tags in zip(texts, rows, self.tags(rows), strict=True)
        ]

    @abstractmethod
    def tags(self, rows: Sequence[Sequence[Token]]) -> list[list[str]]:
        """Return one BIO tag per token of each text."""


@register("classic", "token_logreg")
class TokenLogreg(_Tagger):
    """Logistic regression on a token, its neighbours and their shapes."""

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn from the pool by stochastic gradient descent, a fixed number of sweeps."""
        del labels
        require_pool(pool, "token_logreg")
        from sklearn.feature_extraction import FeatureHasher
        from sklearn.linear_model import SGDClassifier

        self._hasher = FeatureHasher(_FEATURES, input_type="string", alternate_sign=False)
        features, tags = _examples(pool)
        self._only = tags[0] if len(set(tags)) == 1 else "" if tags else OUTSIDE
        if self._only:
            return
        self._model = SGDClassifier(
            loss="log_loss", alpha=_STRENGTH, max_iter=_SWEEPS, tol=None, random_state=seed, average=True
        )
        self._model.fit(self._hasher.transform(features), tags)

    def tags(self, rows: Sequence[Sequence[Token]]) -> list[list[str]]:
        """Return the likeliest tag of each token."""
        contexts = [list(_context(tokens, k)) for tokens in rows for k in range(len(tokens))]
        if self._only or not contexts:
            return [[self._only] * len(tokens) for tokens in rows]
        tags = iter(self._model.predict(self._hasher.transform(contexts)).tolist())
        return [list(islice(tags, len(tokens))) for tokens in rows]


@register("classic", "perceptron_tagger")
class PerceptronTagger(_Tagger):
    """Averaged perceptron (Collins 2002) that also sees the tag it gave to the token before."""

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn from mistakes, five times through the pool in a seeded order."""
        del labels
        require_pool(pool, "perceptron_tagger")
        self._weights: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        sums: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        texts = [(tokens := tokens_of(item.input["text"]), tags_of(tokens, spans_of(item))) for item in pool]
        self._tags = sorted({OUTSIDE, *(tag for _, tags in texts for tag in tags)})
        contexts = [[list(_context(tokens, k)) for k in range(len(tokens))] for tokens, _ in texts]
        rng, step = random.Random(f"perceptron_tagger/{seed}"), 0
        for _ in range(_SWEEPS):
            for index in rng.sample(range(len(texts)), len(texts)):
                before = OUTSIDE
                for context, gold in zip(contexts[index], texts[index][1], strict=True):
                    step += 1
                    features = [*context, f"before={before}"]
                    before = self._best(features)
                    if before != gold:
                        for feature in features:
                            for tag, change in ((gold, 1.0), (before, -1.0)):
                                self._weights[feature][tag] += change
                                sums[feature][tag] += change * step
        for feature, weights in self._weights.items():
            for tag in weights:
                weights[tag] -= sums[feature][tag] / (step + 1)

    def tags(self, rows: Sequence[Sequence[Token]]) -> list[list[str]]:
        """Return the best tag of each token, from left to right."""
        return [self._tagged(tokens) for tokens in rows]

    def _tagged(self, tokens: Sequence[Token]) -> list[str]:
        tags: list[str] = []
        for k in range(len(tokens)):
            before = tags[-1] if tags else OUTSIDE
            tags.append(self._best([*_context(tokens, k), f"before={before}"]))
        return tags

    def _best(self, features: Iterable[str]) -> str:
        scores: defaultdict[str, float] = defaultdict(float)
        for feature in features:
            for tag, weight in self._weights.get(feature, {}).items():
                scores[tag] += weight
        return max(self._tags, key=lambda tag: scores.get(tag, 0.0))


@register("classic", "token_bayes")
class TokenBayes(_Tagger):
    """Naive Bayes on a token, its shape and the token before."""

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Count tags by feature."""
        del labels, seed
        require_pool(pool, "token_bayes")
        self._tag_counts: Counter[str] = Counter()
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for item in pool:
            tokens = tokens_of(item.input["text"])
            for k, tag in enumerate(tags_of(tokens, spans_of(item))):
                self._tag_counts[tag] += 1
                for feature in self._seen(tokens, k):
                    self._counts[feature][tag] += 1
        self._tag_counts = self._tag_counts or Counter({OUTSIDE: 1})

    def tags(self, rows: Sequence[Sequence[Token]]) -> list[list[str]]:
        """Return the likeliest tag of each token."""
        return [[self._likeliest(self._seen(tokens, k)) for k in range(len(tokens))] for tokens in rows]

    def _seen(self, tokens: Sequence[Token], k: int) -> list[str]:
        word, before = tokens[k][0], tokens[k - 1][0] if k else ""
        return [f"word={word}", f"shape={_shape(word)}", f"before={before}"]

    def _likeliest(self, features: Sequence[str]) -> str:
        return max(sorted(self._tag_counts), key=lambda tag: self._log_likelihood(tag, features))

    def _log_likelihood(self, tag: str, features: Sequence[str]) -> float:
        texts = self._tag_counts[tag]
        known = [self._counts[feature] for feature in features if feature in self._counts]
        return math.log(texts) + math.fsum(
            math.log((counts[tag] + _SMOOTHING) / (texts + _SMOOTHING * len(self._counts))) for counts in known
        )


def _examples(pool: Sequence[Item]) -> tuple[list[list[str]], list[str]]:
    features: list[list[str]] = []
    tags: list[str] = []
    for item in pool:
        tokens = tokens_of(encodable(item.input["text"]))
        features += [list(_context(tokens, k)) for k in range(len(tokens))]
        tags += tags_of(tokens, spans_of(item))
    return features, tags


def _context(tokens: Sequence[Token], k: int) -> Iterable[str]:
    word = tokens[k][0]
    yield from ("bias", f"word={word}", f"lower={word.lower()}", f"end={word[-3:]}", f"begin={word[:3]}")
    yield f"shape={_shape(word)}"
    for step in (-2, -1, 1, 2):
        near = tokens[k + step][0] if 0 <= k + step < len(tokens) else ""
        yield f"{step}={near.lower()}"
        yield f"{step}shape={_shape(near)}|{_shape(word)}"
    if k:
        yield f"pair={tokens[k - 1][0].lower()}|{word.lower()}"


def _shape(word: str) -> str:
    """Return a word's letters as X and x, digits as 9, runs shortened: "Xx", "X", "9", "," itself."""
    shape: list[str] = []
    for letter in word:
        kind = "X" if letter.isupper() else "x" if letter.isalpha() else "9" if letter.isdigit() else letter
        if not shape or shape[-1] != kind:
            shape.append(kind)
    return "".join(shape[:4])
