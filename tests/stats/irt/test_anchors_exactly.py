"""Anchors: no better clusters by any other choice of items, weights by nearest anchor, seeds by squared distance."""

from itertools import combinations

import numpy as np
import pytest

from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small import anchors
from acidtest.stats.irt.small.anchors import anchor_test, answers_as_features, parameters_as_features


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_shares_of_nearest_items_and_anchors_nearest_to_the_middle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.normal(centre, 0.4, (size, 2)) for centre, size in ((0, 6), (4, 9), (8, 3))])
    found = anchor_test(points, 3, rng)
    away = ((points[:, None] - points[found.items]) ** 2).sum(-1)
    assert found.weights == pytest.approx(np.bincount(away.argmin(1), minlength=3) / 18)
    for item, number in zip(found.items, range(3), strict=True):
        mine = points[away.argmin(1) == number]
        assert item == ((points - mine.mean(0)) ** 2).sum(1).argmin()
    # clusters this far apart: of all choices of three items, one of each is nearest to all
    total = min(((points[:, None] - points[list(c)]) ** 2).sum(-1).min(1).sum() for c in combinations(range(18), 3))
    assert away.min(1).sum() <= 1.3 * total


def test_the_best_of_three_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).normal(size=(25, 2))
    tried: list[float] = []
    real = anchors._clustered

    def watched(*args: object) -> object:
        found = real(*args)  # type: ignore[arg-type]  # whatever it is called with
        away = ((points[:, None] - points[found[0].items]) ** 2).sum(-1)
        assert found[1] == pytest.approx(away.min(1).sum())
        tried.append(found[1])
        return found

    monkeypatch.setattr(anchors, "_clustered", watched)
    best = anchor_test(points, 5, np.random.default_rng(1))
    assert len(tried) == 3
    assert len(set(tried)) > 1
    assert ((points[:, None] - points[best.items]) ** 2).sum(-1).min(1).sum() == pytest.approx(min(tried))


def test_seeds_are_drawn_by_their_squared_distance() -> None:
    """Three points on a line at 0, 1 and 3: all orders' chances from k-means++ as published, 4,000 draws."""
    points = np.array([[0.0], [1.0], [3.0]])
    rng = np.random.default_rng(2)
    drawn = [tuple(anchors._seeds(points, 2, rng).tolist()) for _ in range(4000)]
    for first in range(3):
        squares = (points[:, 0] - points[first, 0]) ** 2
        for second in range(3):
            share = squares[second] / squares.sum() / 3
            assert drawn.count((first, second)) / 4000 == pytest.approx(share, abs=4 * np.sqrt(0.25 / 4000))
    third = [anchors._seeds(np.array([[0.0], [1.0], [3.0], [3.5]]), 3, rng).tolist() for _ in range(4000)]
    of_pair = [one[2] for one in third if one[:2] == [0, 3]]
    # distances to the nearest of 0 and 3.5: 1 and .5; squares 1 and .25
    assert of_pair.count(1) / len(of_pair) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / len(of_pair)))
    assert all(len(set(one)) == 3 for one in third)


def test_twins_come_last() -> None:
    points = np.repeat([[0.0], [5.0]], 3, axis=0)
    for seed in range(20):
        seeds = anchors._seeds(points, 4, np.random.default_rng(seed))
        assert len(set(seeds.tolist())) == 4
        assert {seeds[0] // 3, seeds[1] // 3} == {0, 1}
        found = anchor_test(points, 2, np.random.default_rng(seed))
        assert found.weights.tolist() == [0.5, 0.5]


def test_an_anchor_stands_for_itself_and_items_count_once() -> None:
    points = np.array([[0.0], [0.0], [0.0], [9.0]])
    found = anchor_test(points, 3, np.random.default_rng(0))
    weights = dict(zip(found.items.tolist(), found.weights.tolist(), strict=True))
    assert weights[3] == 0.25
    assert sorted(weights.values()) == [0.25, 0.25, 0.5]


def test_features_fill_holes_by_the_items_mean() -> None:
    scores = np.array([[0.2, np.nan, 1.0], [0.6, np.nan, np.nan], [np.nan, np.nan, 0.5]])
    assert answers_as_features(scores).ravel().tolist() == pytest.approx([0.2, 0.6, 0.4, 0.5, 0.5, 0.5, 1.0, 0.75, 0.5])
    items = Items(discrimination=np.array([2.0, 0.5]), difficulty=np.array([-0.5, 3.0]), guess=np.zeros(2))
    assert parameters_as_features(items).tolist() == [[2.0, 1.0], [0.5, -1.5]]
