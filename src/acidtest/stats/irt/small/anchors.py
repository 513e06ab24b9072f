"""Anchors: one item of each of k clusters of items that solvers answer alike, weighted by the size of its cluster.

Anchor points (Vivek et al., arXiv 2309.08638) as tinyBenchmarks takes them (Polo et al., arXiv 2402.14992): k-means on
what is known of the items, the item nearest to each centre, the share of items in its cluster as its weight.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small.small_test import SmallTest

RESTARTS = 3
SWEEPS = 30


def anchor_test(features: ArrayLike, k: int, rng: np.random.Generator) -> SmallTest:
    """Return k anchors.

    Args:
        features: [n, d] what is known of each item; items near each other are taken as alike.
        k: At most n.
        rng: Source of chance: the best of several starts is taken.

    Example:
        >>> found = anchor_test([[0.0], [0.1], [0.2], [5.0]], 2, np.random.default_rng(0))
        >>> sorted(found.items.tolist()), sorted(found.weights.tolist())
        ([1, 3], [0.25, 0.75])
    """
    points = np.asarray(features, np.float64)
    found = [_clustered(points, k, rng) for _ in range(RESTARTS)]
    return min(found, key=lambda one: one[1])[0]


def answers_as_features(scores: ArrayLike) -> FloatArray:
    """Return [n, M]: each item as the scores of the M solvers; where one is missing, the item's mean stands for it."""
    x = np.asarray(scores, np.float64)
    seen = np.isfinite(x)
    total = np.where(seen, x, 0.0).sum(axis=0)
    mean = np.divide(total, seen.sum(axis=0), out=np.full(x.shape[1], 0.5), where=seen.any(axis=0))
    filled: FloatArray = np.where(seen, x, mean).T
    return filled


def parameters_as_features(items: Items) -> FloatArray:
    """Return [n, 2]: each item as its discrimination and its easiness, -discrimination x difficulty."""
    return np.stack([items.discrimination, -items.discrimination * items.difficulty], axis=1)


def _clustered(points: FloatArray, k: int, rng: np.random.Generator) -> tuple[SmallTest, float]:
    from scipy.cluster.vq import kmeans2
    from scipy.spatial.distance import cdist

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a cluster that ran empty: its items are with others
        centres, _ = kmeans2(points, points[_seeds(points, k, rng)], iter=SWEEPS, minit="matrix")
    away = cdist(points, centres, "sqeuclidean")
    chosen: list[int] = []
    for centre in np.argsort(away.min(axis=0), kind="stable"):
        order = np.argsort(away[:, centre], kind="stable")
        chosen.append(int(next(item for item in order.tolist() if item not in set(chosen))))
    items = np.array(chosen, np.int64)
    nearest = cdist(points, points[items], "sqeuclidean")
    nearest[items] = np.where(np.eye(k, dtype=bool), -1.0, nearest[items])  # an anchor stands for itself, twins or not
    size = np.bincount(nearest.argmin(axis=1), minlength=k)
    inertia = float(np.maximum(nearest, 0.0).min(axis=1).sum())
    return SmallTest(items=items, weights=size / len(points)), inertia


def _seeds(points: FloatArray, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return k different points, each drawn by its squared distance from those before (k-means++); twins come last."""
    chosen = [int(rng.integers(len(points)))]
    away = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(k - 1):
        chance = away if away.sum() > 0 else np.ones(len(points))
        chance = np.where(np.isin(np.arange(len(points)), chosen), 0.0, chance)
        chosen.append(int(rng.choice(len(points), p=chance / chance.sum())))
        away = np.minimum(away, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return np.array(chosen, np.int64)
