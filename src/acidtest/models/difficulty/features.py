"""Texts as columns: their words and letters, a few plain counts, embeddings and ratings where there are some."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.errors import AcidtestError, DataError
from acidtest.stats.estimate import FloatArray

Embed = Callable[[Sequence[str]], FloatArray]
"""Texts -> [n, d] numbers, such as a sentence encoder gives."""

LONGEST_TEXT = 20_000
"""Characters of a text that are read."""

DIMENSIONS = 64
"""Most directions that words, and that letters, are summed up in."""

_ITEMS_PER_DIMENSION = 6
_COMMON = 0.9
_MOST_COLUMNS = 50_000
_EACH = ("counts", "ratings")
"""Blocks whose columns are scaled one by one; in the others a direction that matters less stays smaller."""

_FAR = 10.0
_PIECE = r"(?u)\w+|[^\w\s]"
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"[.!?]+(?:\s|$)")
_SIGNS = re.compile(r"[=+*/^<>\\{}\[\]()_|%$-]")


@dataclass(frozen=True, kw_only=True)
class Block:
    """Columns that belong together.

    Attributes:
        name: What they are.
        columns: [n, d], about mean 0 and with mean square 1 over the items that they were made from.
    """

    name: str
    columns: FloatArray


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What n items hold: counts of words and of letters (sparse), and numbers that are few (dense); NaN: not known."""

    sparse: Mapping[str, Any]
    dense: Mapping[str, FloatArray]

    def take(self, index: NDArray[np.int64]) -> "Counted":
        """Return some of the items."""
        return Counted(
            sparse={name: counts[index] for name, counts in self.sparse.items()},
            dense={name: columns[index] for name, columns in self.dense.items()},
        )


class TextReader:
    """Counts what texts hold; knows the words and the runs of letters of the texts it was made from.

    Args:
        texts: What items ask. They are data: nothing in them is carried out.
        embed: An encoder, where one is at hand.
    """

    def __init__(self, texts: Sequence[str], embed: Embed | None = None) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        self._embed = embed
        self._vectors: dict[str, Any] = {}
        bounded = [text[:LONGEST_TEXT] for text in texts]
        for name, analyzer, runs in (("words", "word", (1, 2)), ("letters", "char_wb", (3, 5))):
            pattern = _PIECE if analyzer == "word" else None
            vectors = CountVectorizer(analyzer=analyzer, token_pattern=pattern, ngram_range=runs, min_df=2)
            with suppress(ValueError):  # the texts share nothing
                self._vectors[name] = vectors.fit(bounded)

    def count(
        self, texts: Sequence[str], choices: Sequence[int] | None = None, ratings: FloatArray | None = None
    ) -> Counted:
        """Return what items hold.

        Args:
            texts: [n].
            choices: [n] how many choices each has; None: none has any.
            ratings: [n, k] ratings, NaN where not known; None: none.

        Raises:
            DataError: These are not of the same number of items, or the encoder gives something else than numbers.
        """
        if {len(texts)} != {len(part) for part in (texts, choices, ratings) if part is not None}:
            raise DataError(
                "texts, choices and ratings are not of the same items", way_out="Give one of each per item."
            )
        bounded = [text[:LONGEST_TEXT] for text in texts]
        dense = {"counts": plain_counts(bounded, choices)}
        if self._embed is not None:
            dense["embedding"] = _checked(self._embed(bounded), len(texts))
        if ratings is not None:
            dense["ratings"] = np.asarray(ratings, np.float64)
        return Counted(
            sparse={name: one.transform(bounded).tocsr() for name, one in self._vectors.items()}, dense=dense
        )


class TextColumns:
    """Makes columns of what items hold; learnt from some items, then the same for any others.

    Args:
        items: What it is learnt from.
        seed: For the decomposition, which draws.
    """

    def __init__(self, items: Counted, seed: int = 0) -> None:
        n = len(items.dense["counts"])
        size = min(DIMENSIONS, n // _ITEMS_PER_DIMENSION)
        found = {name: _Decomposed.of(counts, size, seed) for name, counts in items.sparse.items()}
        self._decomposed = {name: one for name, one in found.items() if one is not None}
        self._scale = {
            name: _Scale.of(columns, together=name not in _EACH) for name, columns in self._raw(items).items()
        }

    def blocks(self, items: Counted) -> list[Block]:
        """Return the columns of items.

        Raises:
            DataError: They have ratings and those it was learnt from had none, or the other way round.
        """
        raw = self._raw(items)
        for name, scale in self._scale.items():
            given = raw[name].shape[1] if name in raw else 0
            if given != len(scale.mean):
                raise DataError(
                    f"{given} columns of {name} are given, {len(scale.mean)} were learnt from",
                    way_out="Give the same for all items; NaN where an item has none.",
                )
        if set(raw) != set(self._scale):
            raise DataError("ratings are given, and none were learnt from", way_out="Leave them out.")
        return [Block(name=name, columns=scale.apply(raw[name])) for name, scale in self._scale.items()]

    def _raw(self, items: Counted) -> dict[str, FloatArray]:
        summed = {name: one.apply(items.sparse[name]) for name, one in self._decomposed.items()}
        return {**items.dense, **summed}


def plain_counts(texts: Sequence[str], choices: Sequence[int] | None = None) -> FloatArray:
    """Return [n, 10]: what can be counted in a text.

    Characters, words, sentences, lines (logs), mean length of a word, share of words that differ, numbers (log), length
    of the longest number, signs of formulas and code (log), choices.
    """
    given = choices if choices is not None else [0] * len(texts)
    return np.array([_counts(text, count) for text, count in zip(texts, given, strict=True)], np.float64).reshape(
        -1, 10
    )


def lengths(texts: Sequence[str]) -> FloatArray:
    """Return [n, 1]: the log of each text's length, the plainest thing that may tell of difficulty."""
    return np.log1p([[len(text[:LONGEST_TEXT])] for text in texts])


def sentence_encoder(name: str = "sentence-transformers/all-MiniLM-L6-v2") -> Embed:
    """Return a sentence encoder of the library sentence-transformers, where it is installed.

    Raises:
        AcidtestError: It is not.
    """
    from importlib.util import find_spec

    if find_spec("sentence_transformers") is None:
        raise AcidtestError(
            "embeddings need the library sentence-transformers, which is not installed",
            way_out="pip install 'acidtest[embed]', or leave embeddings out: words and letters are used anyway.",
        )
    from importlib import import_module

    model = import_module("sentence_transformers").SentenceTransformer(name)
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False), np.float64)


def _counts(text: str, choices: int) -> list[float]:
    words, numbers = _WORD.findall(text), _NUMBER.findall(text)
    return [
        np.log1p(len(text)),
        np.log1p(len(words)),
        np.log1p(len(_SENTENCE.findall(text))),
        np.log1p(text.count("\n")),
        sum(map(len, words)) / max(1, len(words)),
        len({word.lower() for word in words}) / max(1, len(words)),
        np.log1p(len(numbers)),
        max((len(number) for number in numbers), default=0),
        np.log1p(len(_SIGNS.findall(text))),
        choices,
    ]


@dataclass(frozen=True, kw_only=True)
class _Decomposed:
    """Weighted counts, summed up in a few directions; only what stands in two learnt items or more counts."""

    used: NDArray[np.int64]
    weights: Any
    directions: Any

    @classmethod
    def of(cls, counts: Any, size: int, seed: int) -> "_Decomposed | None":
        """Return what counts are summed up by; None where items share nothing."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer

        items = np.bincount(counts.indices, minlength=counts.shape[1])
        shared = np.flatnonzero((items > 1) & (items <= _COMMON * counts.shape[0]))
        used = np.sort(shared[np.argsort(-items[shared], kind="stable")[:_MOST_COLUMNS]])
        size = min(size, len(used) - 1)
        if size < 1:
            return None
        weights = TfidfTransformer(sublinear_tf=True).fit(counts[:, used])
        svd = TruncatedSVD(n_components=size, random_state=seed).fit(weights.transform(counts[:, used]))
        return cls(used=used, weights=weights, directions=svd)

    def apply(self, counts: Any) -> FloatArray:
        """Return [n, size] sums."""
        summed: FloatArray = np.asarray(
            self.directions.transform(self.weights.transform(counts[:, self.used])), np.float64
        )
        return summed


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Mean 0 for each column; mean square 1 for each, or for all of a block together."""

    mean: FloatArray
    size: FloatArray

    @classmethod
    def of(cls, columns: FloatArray, *, together: bool) -> "_Scale":
        known = np.isfinite(columns)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, columns, 0.0).sum(axis=0) / count
        square = np.where(known, (columns - mean) ** 2, 0.0).sum(axis=0) / count
        if together:
            square = np.full_like(square, square.mean())
        return cls(mean=mean, size=np.where(square > 0, np.sqrt(square), 1.0))

    def apply(self, columns: FloatArray) -> FloatArray:
        """Return scaled columns; what is not known becomes the mean, and what is far out is bounded."""
        scaled: FloatArray = (columns - self.mean) / self.size
        return np.clip(np.where(np.isfinite(scaled), scaled, 0.0), -_FAR, _FAR)


def _checked(columns: FloatArray, n: int) -> FloatArray:
    found = np.asarray(columns, np.float64)
    if found.ndim != 2 or len(found) != n or not np.isfinite(found).all():  # noqa: PLR2004  # a table
        raise DataError(
            f"the encoder gave {found.shape} for {n} texts, or numbers that are not finite",
            way_out="It must give one row of finite numbers per text.",
        )
    return found
