import numpy as np
from sklearn.cluster import KMeans

from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small.anchors import anchor_test, answers_as_features, parameters_as_features


def test_clusters_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(centre, 0.1, (size, 3)) for centre, size in ((0, 5), (3, 9), (7, 6))])
    found = anchor_test(points, 3, np.random.default_rng(1))
    peer = KMeans(3, n_init=5, random_state=0).fit(points)
    for item, weight in zip(found.items, found.weights, strict=True):
        mates = peer.labels_ == peer.labels_[item]
        assert weight == mates.mean()
        away = np.linalg.norm(points - peer.cluster_centers_[peer.labels_[item]], axis=1)
        assert item == away.argmin()


def test_all_items_and_twins_stand_for_themselves() -> None:
    points = np.zeros((6, 2))
    found = anchor_test(points, 6, np.random.default_rng(0))
    assert sorted(found.items.tolist()) == list(range(6))
    assert np.allclose(found.weights, 1 / 6)


def test_more_anchors_than_different_items() -> None:
    points = np.repeat([[0.0], [1.0]], 5, axis=0)
    found = anchor_test(points, 4, np.random.default_rng(0))
    assert len(set(found.items.tolist())) == 4
    assert found.weights.sum() == 1
    assert (found.weights > 0).all()


def test_features() -> None:
    scores = np.array([[1.0, np.nan, np.nan], [0.0, 1.0, np.nan]])
    assert answers_as_features(scores).tolist() == [[1.0, 0.0], [1.0, 1.0], [0.5, 0.5]]
    items = Items(discrimination=np.array([2.0]), difficulty=np.array([-0.5]), guess=np.zeros(1))
    assert parameters_as_features(items).tolist() == [[2.0, 1.0]]
