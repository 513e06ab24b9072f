"""Intent by weighted words: logistic regression and nearest centroid, both on TF-IDF."""

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from acidtest.models.base import ClassicSolver
from acidtest.models.classic.pool_check import require_pool
from acidtest.models.classic.tokens import WORD_OR_SIGN
from acidtest.registry import register
from acidtest.types import Item

_SWEEPS = 40
_STRENGTH = 10.0


@register("classic", "tfidf_logreg")
class TfidfLogreg(ClassicSolver):
    """Multinomial logistic regression on words and pairs of words, weighted by TF-IDF. The strong one."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn from the pool; one label alone is answered always."""
        del labels
        require_pool(pool, "tfidf_logreg")
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

        self._vectors, rows = _tfidf(pool, words=2)
        targets = [str(item.target) for item in pool]
        self._only = targets[0] if len(set(targets)) == 1 else ""
        if self._only:
            return
        self._model = LogisticRegression(C=_STRENGTH, max_iter=_SWEEPS, random_state=seed)
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)  # enough sweeps for the order of labels
            self._model.fit(rows, targets)

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the likeliest label of each item."""
        if self._only or not items:
            return [self._only] * len(items)
        return [str(label) for label in self._model.predict(self._vectors.transform(_texts(items)))]


@register("classic", "nearest_centroid")
class NearestCentroid(ClassicSolver):
    """The label whose mean TF-IDF vector has the largest cosine with the text's."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Learn one vector per label of the pool."""
        del labels, seed
        require_pool(pool, "nearest_centroid")
        from sklearn.preprocessing import normalize

        self._vectors, rows = _tfidf(pool, words=1)
        targets = np.array([str(item.target) for item in pool])
        self._labels = sorted(set(targets.tolist()))
        means = [np.asarray(rows[np.flatnonzero(targets == label)].mean(axis=0)) for label in self._labels]
        self._centroids = normalize(np.vstack(means))

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the nearest label of each item; of equals, the first in the alphabet."""
        if not items:
            return []
        nearness = self._vectors.transform(_texts(items)) @ self._centroids.T
        return [self._labels[k] for k in np.asarray(nearness).argmax(axis=1)]


def _tfidf(pool: Sequence[Item], words: int) -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(ngram_range=(1, words), token_pattern=WORD_OR_SIGN, sublinear_tf=True)
    return vectors, vectors.fit_transform([*_texts(pool), "."])[:-1]  # the last one keeps a wordless pool alive


def _texts(items: Sequence[Item]) -> list[str]:
    return [item.input["text"] for item in items]
