"""Texts as columns: their words and letters, a few plain counts, embeddings and ratings where there are some."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acidtest.errors import AcidtestError, DataError
from acidtest.stats.estimate import FloatArray

Embed = Callable[[Sequence[str]], FloatArray]
"""Texts -> [n, d] numbers, such as a sentence encoder gives."""

LONGEST_TEXT = 20_000
"""Characters of a text that are read."""

DIMENSIONS = 64
"""Most directions that words, and that letters, are summed up in."""

_ITEMS_PER_DIMENSION = 6
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


class TextColumns:
    """Makes columns of texts; learnt from some items, then the same for any others.

    Args:
        texts: What the items ask. They are data: nothing in them is carried out.
        choices: How many choices each item has; 0 where it has none.
        extra: [n, k] further numbers, NaN where not known: ratings by a judge.
        embed: An encoder, where one is at hand.
        plain_only: No words and letters: the counts alone.
        seed: For the decomposition, which draws.
    """

    def __init__(
        self,
        texts: Sequence[str],
        *,
        choices: Sequence[int] | None = None,
        extra: FloatArray | None = None,
        embed: Embed | None = None,
        plain_only: bool = False,
        seed: int = 0,
    ) -> None:
        self.embed = embed
        self.extra_columns = 0 if extra is None else extra.shape[1]
        size = min(DIMENSIONS, len(texts) // _ITEMS_PER_DIMENSION)
        kinds = () if plain_only or size < 2 else (("words", "word"), ("letters", "char_wb"))  # noqa: PLR2004
        found = ((name, _Decomposed.of(texts, analyzer, size, seed)) for name, analyzer in kinds)
        self._decomposed = {name: one for name, one in found if one is not None}
        raw = self._raw(texts, choices, extra)
        self._scale = {name: _Scale.of(columns, together=name not in _EACH) for name, columns in raw.items()}

    def blocks(
        self, texts: Sequence[str], *, choices: Sequence[int] | None = None, extra: FloatArray | None = None
    ) -> list[Block]:
        """Return the columns of items; [m] texts, and the same further numbers as were learnt with.

        Raises:
            DataError: There are other numbers of texts, choices or further columns.
        """
        given = 0 if extra is None else extra.shape[1]
        if given != self.extra_columns:
            raise DataError(
                f"{given} columns of ratings are given, {self.extra_columns} were learnt from",
                way_out="Give the same ratings for all items; NaN where an item has none.",
            )
        raw = self._raw(texts, choices, extra)
        return [Block(name=name, columns=self._scale[name].apply(columns)) for name, columns in raw.items()]

    def _raw(
        self, texts: Sequence[str], choices: Sequence[int] | None, extra: FloatArray | None
    ) -> dict[str, FloatArray]:
        if (choices is not None and len(choices) != len(texts)) or (extra is not None and len(extra) != len(texts)):
            raise DataError(
                "texts, choices and ratings are not of the same items", way_out="Give one of each per item."
            )
        short = [text[:LONGEST_TEXT] for text in texts]
        raw = {"counts": plain_counts(short, choices)}
        raw |= {name: one.apply(short) for name, one in self._decomposed.items()}
        if self.embed is not None:
            raw["embedding"] = _checked(self.embed(short), len(texts))
        if extra is not None:
            raw["ratings"] = extra
        return raw


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
    """Weighted counts of words or of letters, summed up in a few directions."""

    vectors: Any
    directions: Any

    @classmethod
    def of(cls, texts: Sequence[str], analyzer: str, size: int, seed: int) -> "_Decomposed | None":
        """Return what texts are summed up by; None where they share nothing."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectors = TfidfVectorizer(
            analyzer=analyzer,
            token_pattern=_PIECE if analyzer == "word" else None,
            ngram_range=(1, 2) if analyzer == "word" else (3, 5),
            min_df=2,
            max_df=0.9,
            sublinear_tf=True,
            max_features=50_000,
            dtype=np.float64,
        )
        try:
            counted = vectors.fit_transform([text[:LONGEST_TEXT] for text in texts])
        except ValueError:  # no word is left
            return None
        size = min(size, counted.shape[1] - 1, counted.shape[0] - 1)
        if size < 1:
            return None
        return cls(vectors=vectors, directions=TruncatedSVD(n_components=size, random_state=seed).fit(counted))

    def apply(self, texts: Sequence[str]) -> FloatArray:
        columns: FloatArray = np.asarray(self.directions.transform(self.vectors.transform(texts)), np.float64)
        return columns


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
