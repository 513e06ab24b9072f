"""Intent by letters: naive Bayes on character n-grams."""

from collections.abc import Sequence
from typing import ClassVar

from acidtest.models.base import ClassicSolver
from acidtest.models.classic.pool_check import require_pool
from acidtest.models.classic.tokens import encodable
from acidtest.registry import register
from acidtest.types import Item

_SMOOTHING = 0.1
_FEATURES = 2**17


@register("classic", "char_ngram_nb")
class CharNgramBayes(ClassicSolver):
    """Multinomial naive Bayes on 2 to 4 letters in a row, within words."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent"})

    def fit(self, pool: Sequence[Item], labels: Sequence[str], seed: int) -> None:
        """Count n-grams per label."""
        del labels, seed
        require_pool(pool, "char_ngram_nb")
        from sklearn.feature_extraction.text import HashingVectorizer
        from sklearn.naive_bayes import MultinomialNB

        self._vectors = HashingVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), alternate_sign=False, norm=None, n_features=_FEATURES
        )
        rows = self._vectors.transform([encodable(item.input["text"]) for item in pool])
        self._model = MultinomialNB(alpha=_SMOOTHING).fit(rows, [str(item.target) for item in pool])

    def answer(self, items: Sequence[Item]) -> list[str]:
        """Return the likeliest label of each item."""
        if not items:
            return []
        rows = self._vectors.transform([encodable(item.input["text"]) for item in items])
        return [str(label) for label in self._model.predict(rows)]
