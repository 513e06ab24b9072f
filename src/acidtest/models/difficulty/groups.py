"""Items that belong together: bundles, and texts that are nearly the same. Who has seen one has seen the others."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.models.difficulty.features import LONGEST_TEXT
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.latent_regression import FEWEST

ALIKE = 0.8
"""Cosine between two texts' weighted words from which they are near copies."""

_ROWS_AT_ONCE = 500
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def groups_of(texts: Sequence[str], bundles: Sequence[str] = ()) -> NDArray[np.int64]:
    """Return [n] numbers: items of one bundle, or of texts that are near copies, have the same.

    Texts that differ in their numbers alone are copies: who has seen one of a template has seen the others. Only where
    that leaves too few groups to predict one from the others (drills in arithmetic) do numbers count as words.

    Args:
        texts: [n] texts. Words that stand in more than half of them do not count: a common instruction makes no copies.
        bundles: [n] names, "" where an item is in none; none at all where nothing is given.

    Example:
        >>> groups_of(["two red cats ran", "how far is Rome", "two red cats ran!"]).tolist()
        [0, 1, 0]
    """
    bounded = [text[:LONGEST_TEXT] for text in texts]
    found = _linked([_NUMBER.sub("0", text) for text in bounded], bundles)
    return found if found.max(initial=-1) >= FEWEST - 1 else _linked(bounded, bundles)


def _linked(texts: Sequence[str], bundles: Sequence[str]) -> NDArray[np.int64]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(texts)
    first: dict[str, int] = {}
    pairs = [(i, first.setdefault(name, i)) for i, name in enumerate(bundles) if name]
    pairs += _near_copies(texts)
    one, other = np.array(pairs, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    return np.asarray(labels, np.int64)


def likeness(known: Sequence[str], new: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Return how like each text is to the known one that is most like it: [n] of known ones to others, [m] of new ones.

    Cosines of weighted words, 0: no word in common, to 1.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    known, new = ([text[:LONGEST_TEXT] for text in texts] for texts in (known, new))
    words = TfidfVectorizer(max_df=0.5 if len(known) > 3 else 1.0)  # noqa: PLR2004  # as for near copies
    try:
        learnt = words.fit_transform(known).tocsr()
    except ValueError:  # no word is left
        return np.zeros(len(known)), np.zeros(len(new))
    return _nearest(learnt, learnt, own=True), _nearest(words.transform(new).tocsr(), learnt, own=False)


def _nearest(one: Any, other: Any, *, own: bool) -> FloatArray:
    found = np.zeros(one.shape[0])
    for start in range(0, one.shape[0], _ROWS_AT_ONCE):
        alike = (one[start : start + _ROWS_AT_ONCE] @ other.T).toarray()
        if own:
            alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = 0
        found[start : start + len(alike)] = alike.max(axis=1)
    return found


def _near_copies(texts: Sequence[str]) -> list[tuple[int, int]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    same: dict[str, int] = {}
    pairs = [(i, same.setdefault(" ".join(text.lower().split()), i)) for i, text in enumerate(texts)]
    try:
        words = TfidfVectorizer(max_df=0.5 if len(texts) > 3 else 1.0)  # noqa: PLR2004
        counted = words.fit_transform(texts).tocsr()
    except ValueError:  # no word is left
        return pairs
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        alike = (counted[start : start + _ROWS_AT_ONCE] @ counted.T).tocoo()
        close = alike.data >= ALIKE
        pairs += zip((alike.row[close] + start).tolist(), alike.col[close].tolist(), strict=True)
    return pairs
