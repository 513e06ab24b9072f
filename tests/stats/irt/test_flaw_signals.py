"""Classical signals of flawed items, against their definitions computed slowly."""

import numpy as np
import pytest
from numpy.typing import NDArray

from acidtest.stats.irt.flaws import signals

SCORES = (np.random.default_rng(0).random((25, 9)) < np.linspace(0.2, 0.8, 9)).astype(float)


def pairs(i: int) -> list[int]:
    return [j for j in range(SCORES.shape[1]) if j != i]


def test_item_rest_is_numpys_correlation_with_the_others() -> None:
    slow = [-np.corrcoef(SCORES[:, i], SCORES[:, pairs(i)].mean(1))[0, 1] for i in range(9)]
    assert signals.item_rest_correlation(SCORES) == pytest.approx(slow)


def test_item_rest_skips_what_was_not_scored() -> None:
    holed = SCORES.copy()
    holed[0, 3] = holed[5, 0] = np.nan
    there = np.arange(25) != 0
    rest = np.array([np.nanmean(np.delete(row, 3)) for row in holed])
    slow = -np.corrcoef(holed[there, 3], rest[there])[0, 1]
    assert signals.item_rest_correlation(holed)[3] == pytest.approx(slow)


def test_loevingers_h_is_its_definition() -> None:
    """Covariances over the largest that the margins allow (Mokken, 1971)."""
    p = SCORES.mean(0)
    slow = []
    for i in range(9):
        together = sum(np.cov(SCORES[:, i], SCORES[:, j], ddof=0)[0, 1] for j in pairs(i))
        most = sum(min(p[i], p[j]) - p[i] * p[j] for j in pairs(i))
        slow.append(-together / most)
    assert signals.loevinger_h(SCORES) == pytest.approx(slow)


def test_a_guttman_scale_has_h_1() -> None:
    scale = np.tril(np.ones((6, 5)), -1)
    assert signals.loevinger_h(scale) == pytest.approx(-np.ones(5))


def test_the_tetrachoric_mean_is_its_definition() -> None:
    def cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        n = [[((a == x) & (b == y)).sum() + 0.5 for y in (0, 1)] for x in (0, 1)]
        return float(np.cos(np.pi / (1 + np.sqrt(n[0][0] * n[1][1] / (n[0][1] * n[1][0])))))

    slow = [-np.mean([cosine(SCORES[:, i], SCORES[:, j]) for j in pairs(i)]) for i in range(9)]
    assert signals.mean_tetrachoric(SCORES) == pytest.approx(slow)


def test_outfit_is_1_on_average_where_the_model_holds() -> None:
    rng = np.random.default_rng(1)
    expected = rng.uniform(0.2, 0.8, (400, 30))
    scores = (rng.random(expected.shape) < expected).astype(float)
    found = signals.outfit(scores, expected)
    assert found[0] == pytest.approx(
        np.mean((scores[:, 0] - expected[:, 0]) ** 2 / expected[:, 0] / (1 - expected[:, 0]))
    )
    assert found.mean() == pytest.approx(1, abs=0.03)


def test_items_that_say_nothing_have_no_correlation() -> None:
    scores = np.array([[1.0, 0, 1, np.nan], [1, 0, 0, np.nan], [1, 1, 1, np.nan]])
    for signal in (signals.item_rest_correlation, signals.loevinger_h, signals.mean_tetrachoric):
        found = signal(scores)
        assert np.isnan(found[[0, 3]]).all()
        assert np.isfinite(found[[1, 2]]).all()
    assert signals.share_wrong(scores) == pytest.approx([0, 2 / 3, 1 / 3, np.nan], nan_ok=True)
