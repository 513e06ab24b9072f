from itertools import combinations

import numpy as np
import pytest

from acidtest.stats.irt.small.plain_mean import plain_mean_errors


def every_draw(scores: list[float], k: int) -> float:
    """The definition: the mean over all ways to draw k items."""
    mean = sum(scores) / len(scores)
    errors = [abs(sum(drawn) / k - mean) for drawn in combinations(scores, k)]
    return sum(errors) / len(errors)


@pytest.mark.parametrize("k", [1, 3, 7, 9])
def test_right_and_wrong_answers_are_exact(k: int) -> None:
    rows = [[1.0] * right + [0.0] * (10 - right) for right in (0, 1, 5, 8, 10)]
    found = plain_mean_errors(rows, k, np.random.default_rng(0))
    assert found == pytest.approx([every_draw(row, k) for row in rows], abs=1e-12)


def test_scores_between_by_draws() -> None:
    row = [0.1, 0.9, 0.5, 1.0, 0.0, 0.3, 0.7, 0.2, 1.0, 0.6]
    found = plain_mean_errors([row] * 8, 4, np.random.default_rng(0))
    assert found.mean() == pytest.approx(every_draw(row, 4), rel=0.04)  # 4,000 draws: four standard errors
    assert found.std() > 0  # other draws for each solver


def test_cells_without_a_score_are_no_items() -> None:
    full = [1.0, 1.0, 0.0, 1.0, 0.0]
    holes = [1.0, np.nan, 1.0, 0.0, np.nan, 1.0, 0.0]
    rng = np.random.default_rng(0)
    assert plain_mean_errors(holes, 2, rng)[0] == pytest.approx(every_draw(full, 2))
    assert plain_mean_errors(holes, 5, rng).tolist() == plain_mean_errors(holes, 6, rng).tolist() == [0.0]
    assert np.isnan(plain_mean_errors([[np.nan, np.nan]], 1, rng)[0])
