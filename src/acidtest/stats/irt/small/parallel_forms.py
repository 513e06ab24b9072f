"""Parallel forms: sets of items, none in two, that are equally hard and tell equally much of every solver.

Items are matched by optimal transport (an assignment of least total cost), the cost being how far two items' curves lie
apart for solvers of these abilities; then the members of each match are dealt to the forms so that the forms' test
information and expected scores agree. Matched sets of items from anywhere: `matched_items`.

Source: van der Linden and Boekkooi-Timminga, Applied Psychological Measurement 12 (1988), who match items in pairs and
assign them at random; here the dealing is optimised, too.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items

OTHER_TOPIC = 1.0
"""Added cost of a match across topics, as much as two items that have nothing in common."""
MOST_SWEEPS = 20
STARTS = 10
NEARER = 1e-6
"""A swap must take at least so much of the squared distance: less is rounding."""


def parallel_forms(
    items: Items, *, forms: int = 2, abilities: ArrayLike, topics: Sequence[str] = ()
) -> NDArray[np.int64]:
    """Deal items to forms of equal size.

    Args:
        items: [n] parameters; those beyond a multiple of `forms` are left out, worst matched first.
        forms: At least 2.
        abilities: [A] of solvers whom the forms are for.
        topics: [n] topic of each item: matches stay within topics as far as they can; or none.

    Returns:
        [forms, n // forms] positions of items; a column holds the items that were matched.

    Example:
        >>> hard = np.array([-1.0, 1.0, -1.1, 1.1])
        >>> pool = Items(discrimination=np.ones(4), difficulty=hard, guess=np.zeros(4))
        >>> sorted(sorted(form) for form in parallel_forms(pool, abilities=[-1.0, 0.0, 1.0]).tolist())
        [[0, 3], [1, 2]]
    """
    at = np.asarray(abilities, np.float64)
    features = _features(items, at)
    dealt = _matched(features, forms, _codes(topics, len(items)))
    return _balanced(dealt, features)


def matched_items(target: Items, pool: Items, *, abilities: ArrayLike) -> NDArray[np.int64]:
    """Return, for each of m target items, the item of a pool that takes its place: no item twice, least cost in all.

    From a synthetic set, the items that are most like a real test: matched item by item, their test information and
    expected scores follow the target's.

    Args:
        target: [m] parameters.
        pool: [n] parameters, on the same scale; n at least m.
        abilities: [A] of solvers whom the test is for.

    Returns:
        [m] positions in the pool.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    at = np.asarray(abilities, np.float64)
    both = _features(_joined(target, pool), at)
    cost = cdist(both[: len(target)], both[len(target) :], "sqeuclidean")
    found: NDArray[np.int64] = linear_sum_assignment(cost)[1].astype(np.int64)
    return found


def evenly_spread(items: Items, k: int, *, abilities: ArrayLike) -> NDArray[np.int64]:
    """Return k of n items, as easy and as hard as all of them: the middle one of each k-th part by expected score.

    Example:
        >>> bank = Items(discrimination=np.ones(6), difficulty=np.arange(6.0), guess=np.zeros(6))
        >>> evenly_spread(bank, 2, abilities=[0.0]).tolist()
        [4, 1]
    """
    easiness = items.expected(np.asarray(abilities, np.float64)).mean(axis=0)
    parts = np.array_split(np.argsort(easiness, kind="stable"), k)
    return np.array([part[len(part) // 2] for part in parts], np.int64)


def random_forms(n: int, forms: int, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return [forms, size] of n items, dealt at random."""
    return rng.permutation(n)[: forms * size].reshape(forms, size).astype(np.int64)


def information_gap(items: Items, dealt: NDArray[np.int64], abilities: ArrayLike) -> float:
    """Return the largest difference between forms' test information at any ability, as a share of its mean there.

    0: all forms tell equally much of every solver.
    """
    of_form = items.information(np.asarray(abilities, np.float64))[:, dealt].sum(axis=-1)
    return float((np.ptp(of_form, axis=1) / np.maximum(of_form.mean(axis=1), 1e-12)).max())


def score_gap(items: Items, dealt: NDArray[np.int64], abilities: ArrayLike) -> float:
    """Return the largest difference between forms' expected mean scores at any ability. 0: equally hard for all."""
    of_form = items.expected(np.asarray(abilities, np.float64))[:, dealt].mean(axis=-1)
    return float(np.ptp(of_form, axis=1).max())


def _features(items: Items, abilities: FloatArray) -> FloatArray:
    """Return [n, 2A]: each item's curve, and its information as a share of the mean there; both scaled alike."""
    curve, information = items.expected(abilities), items.information(abilities)
    relative = information / np.maximum(information.mean(axis=1, keepdims=True), 1e-12)
    both = [table / max(float(table.std()), 1e-12) for table in (curve, relative)]
    found: FloatArray = np.concatenate(both).T / np.sqrt(2 * len(abilities))
    return found


def _joined(first: Items, second: Items) -> Items:
    residual = None
    if first.residual is not None and second.residual is not None:
        residual = np.concatenate([first.residual, second.residual])
    return Items(
        discrimination=np.concatenate([first.discrimination, second.discrimination]),
        difficulty=np.concatenate([first.difficulty, second.difficulty]),
        guess=np.concatenate([first.guess, second.guess]),
        residual=residual,
    )


def _codes(topics: Sequence[str], n: int) -> NDArray[np.int64]:
    if not topics:
        return np.zeros(n, np.int64)
    return np.unique(np.array(topics, np.str_), return_inverse=True)[1].astype(np.int64)


def _matched(features: FloatArray, forms: int, topic: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return [forms, m]: column by column, items that are alike.

    Sorted by topic and mean score, every `forms`-th item starts a column; each other form takes those items whose
    assignment to the columns costs least in all.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    half = features.shape[1] // 2
    order = np.lexsort((features[:, :half].mean(axis=1), topic))
    m = len(order) // forms
    order = order[: m * forms].reshape(m, forms).T
    columns = [order[0]]
    left = order[1:].ravel()
    for _ in range(forms - 1):
        apart = topic[columns[0]][:, None] != topic[left]
        cost = cdist(features[columns[0]], features[left], "sqeuclidean") + OTHER_TOPIC * apart
        chosen = linear_sum_assignment(cost)[1]
        columns.append(left[chosen])
        left = np.delete(left, chosen)
    return np.array(columns, np.int64)


def _balanced(dealt: NDArray[np.int64], features: FloatArray) -> NDArray[np.int64]:
    """Return the columns dealt anew, so that the forms' curves agree: the best of several starts."""
    rng = np.random.default_rng(0)
    found = [_swapped(rng.permuted(dealt, axis=0), features) for _ in range(STARTS)]
    return min(found, key=lambda one: float(features[one].sum(axis=1).var(axis=0).sum()))


def _swapped(dealt: NDArray[np.int64], features: FloatArray) -> NDArray[np.int64]:
    """Swap matched items between forms, in one column or in two at once, while that brings their curves nearer.

    Each swap is the best of all for its two forms; third forms keep their curves, and the mean of all stays.
    """
    for _ in range(MOST_SWEEPS):
        moved = False
        for one, other in combinations(range(len(dealt)), 2):
            while (columns := _best_swap(features[dealt[one]], features[dealt[other]])) is not None:
                at = np.array(columns)
                dealt[one, at], dealt[other, at] = dealt[other, at], dealt[one, at]
                moved = True
        if not moved or len(dealt) == 2:  # noqa: PLR2004 - two forms are done at once
            break
    return dealt


def _best_swap(one: FloatArray, other: FloatArray) -> tuple[int, ...] | None:
    """Return the column, or the two, of [m, d] and [m, d] whose swap brings the sums nearest; None: no swap does."""
    apart = (one - other).sum(axis=0)
    step = 2 * (other - one)
    # |apart + s|^2 - |apart|^2 = 2 apart s + |s|^2; of two columns also 2 s1 s2
    alone = 2 * step @ apart + (step**2).sum(axis=1)
    together = alone[:, None] + alone + 2 * step @ step.T
    together[np.diag_indices(len(step))] = alone
    best = int(together.argmin())
    if together.ravel()[best] > -NEARER * max(float(apart @ apart), 1e-300):
        return None
    return tuple(sorted(set(divmod(best, len(step)))))
