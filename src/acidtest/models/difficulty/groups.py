"""Items that belong together: bundles, and texts that are nearly the same. Who has seen one has seen the others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.8
"""Cosine between two texts' weighted words from which they are near copies."""

_ROWS_AT_ONCE = 500


def groups_of(texts: Sequence[str], bundles: Sequence[str] = ()) -> NDArray[np.int64]:
    """Return [n] numbers: items of one bundle, or of texts that are near copies, have the same.

    Args:
        texts: [n] texts. Words that stand in more than half of them do not count: a common instruction makes no copies.
        bundles: [n] names, "" where an item is in none; none at all where nothing is given.

    Example:
        >>> groups_of(["two red cats ran", "how far is Rome", "two red cats ran!"]).tolist()
        [0, 1, 0]
    """
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
