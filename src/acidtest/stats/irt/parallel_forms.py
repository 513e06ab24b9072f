"""Parallel forms: sets of items, none in two, that are equally hard and tell equally much of every solver.

Items are matched by optimal transport (an assignment of least total cost), the cost being how far two items' curves lie
apart for solvers of these abilities; then the members of each match are dealt to the forms so that the forms' test
information and expected scores agree. Matched sets of items from anywhere: `matched_items`.

Source: van der Linden and Boekkooi-Timminga, Applied Psychological Measurement 12 (1988), who match items in pairs and
assign them at random; here the dealing is optimised, too.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items

OTHER_TOPIC = 1.0
"""Added cost of a match across topics, as much as two items that have nothing in common."""
MOST_SWEEPS = 20


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
    """Return [n, 2A]: each item's curve and information at the abilities, scaled to weigh alike."""
    curve, information = items.expected(abilities), items.information(abilities)
    mean = max(float(information.mean()), 1e-12)
    spread = max(float(curve.std()), 1e-12)
    found: FloatArray = np.concatenate([curve / spread, information / mean / 2]).T / np.sqrt(len(abilities))
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
    """Swap matched items between two forms as long as that brings the forms' curves nearer to each other."""
    dealt = dealt.copy()
    total = features[dealt].sum(axis=1)
    for _ in range(MOST_SWEEPS):
        moved = False
        for column in range(dealt.shape[1]):
            for one in range(len(dealt)):
                for other in range(one + 1, len(dealt)):
                    swap = features[dealt[other, column]] - features[dealt[one, column]]
                    apart = total[one] - total[other]
                    # |apart + 2 swap|^2 < |apart|^2; third forms keep their curves, and the mean stays
                    if float(swap @ (apart + swap)) < -1e-12:  # noqa: PLR2004 - nearer by more than rounding
                        total[one] += swap
                        total[other] -= swap
                        dealt[[one, other], column] = dealt[[other, one], column]
                        moved = True
        if not moved:
            break
    return dealt
