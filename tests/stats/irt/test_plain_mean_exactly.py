"""Errors of plain means: scipy's expectation for right and wrong answers, 500 draws one by one for all others."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from acidtest.stats.irt.small import plain_mean
from acidtest.stats.irt.small.plain_mean import plain_mean_errors


@pytest.mark.parametrize("at_once", [None, 15, 1])
def test_scores_in_between_by_the_same_draws(at_once: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if at_once:  # two rows at once, or one: the same draws
        monkeypatch.setattr(plain_mean, "_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    scores = rng.random((3, 7))
    scores[1, 2] = np.nan
    found = plain_mean_errors(scores, 3, np.random.default_rng(1))
    same, slow = np.random.default_rng(1), []
    for row in scores:
        known = row[~np.isnan(row)]
        slow.append(np.mean([abs(same.permuted(known)[:3].mean() - known.mean()) for _ in range(500)]))
    assert found == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("right", [0, 1, 4, 19, 20])
@pytest.mark.parametrize("k", [1, 7, 19])
def test_right_and_wrong_answers_by_scipys_expectation(right: int, k: int) -> None:
    row = np.r_[np.ones(right), np.zeros(20 - right)]
    slow = hypergeom(20, right, k).expect(lambda drawn: abs(drawn / k - right / 20))
    assert plain_mean_errors(row, k, np.random.default_rng(0))[0] == pytest.approx(slow, abs=1e-12)


def test_all_items_or_none() -> None:
    between = [0.2, 0.9, np.nan]
    assert plain_mean_errors([between, [np.nan] * 3], 2, np.random.default_rng(0))[0] == 0.0
    assert np.isnan(plain_mean_errors([between, [np.nan] * 3], 2, np.random.default_rng(0))[1])
    one = plain_mean_errors(between, 1, np.random.default_rng(0))[0]
    assert one == pytest.approx(0.35)  # either is so far from their mean
