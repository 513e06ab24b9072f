"""Classical signals with holes and with scores in between: each definition, one item and one pair at a time."""

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.flaws import signals


def holed(seed: int, solvers: int = 17, n: int = 11, *, between: bool = False) -> FloatArray:
    rng = np.random.default_rng(seed)
    scores = rng.random((solvers, n)) ** np.linspace(0.4, 2.5, n)
    scores = scores if between else (scores > 0.5).astype(float)
    scores[rng.random(scores.shape) < 0.15] = np.nan
    scores[:, 2], scores[:, 5] = np.nan, np.where(np.isnan(scores[:, 5]), np.nan, 1.0)
    scores[:, 7] = np.where(np.isnan(scores[:, 7]), np.nan, 0.0)
    scores[3] = np.nan
    scores[4, [0, *range(2, n)]] = np.nan  # one answer alone
    scores[4, 1] = 1.0
    scores[5, 0], scores[5, 1] = 0.5, 0.4999
    return scores


@pytest.mark.parametrize("between", [False, True])
def test_signals_with_holes(between: bool) -> None:  # noqa: FBT001
    x = holed(0, between=between)
    solvers, n = x.shape
    seen = ~np.isnan(x)
    mean = [x[seen[:, i], i].mean() if seen[:, i].any() else np.nan for i in range(n)]
    assert signals.share_wrong(x) == pytest.approx([1 - m for m in mean], nan_ok=True)
    rest, scaled = [], []
    for i in range(n):
        pairs = []
        for m in range(solvers):
            others = [x[m, j] for j in range(n) if j != i and seen[m, j]]
            if seen[m, i] and others:
                pairs.append((x[m, i], np.mean(others)))
        a, b = np.array(pairs).T if pairs else (np.zeros(1), np.zeros(1))
        rest.append(-np.corrcoef(a, b)[0, 1] if a.std() > 0 else np.nan)
        together = sum(
            (x[m, i] - mean[i]) * (x[m, j] - mean[j])
            for m in range(solvers)
            for j in range(n)
            if j != i and seen[m, i] and seen[m, j]
        ) / max(seen[:, i].sum(), 1)
        known = [0.0 if np.isnan(m) else m for m in mean]
        most = sum(min(known[i], known[j]) - known[i] * known[j] for j in range(n) if j != i)
        scaled.append(-together / most if a.std() > 0 else np.nan)
    assert signals.item_rest_correlation(x) == pytest.approx(rest, rel=1e-9, nan_ok=True)
    assert signals.loevinger_h(x) == pytest.approx(scaled, rel=1e-9, nan_ok=True)
    assert np.isnan(rest).sum() == 3


def slow_tetrachoric(x: FloatArray, i: int) -> float:
    right, wrong = x >= 0.5, x < 0.5
    works = [j for j in range(x.shape[1]) if right[:, j].any() and wrong[:, j].any()]
    each = []
    for j in works:
        if j != i:
            cells = [int((one[:, i] & two[:, j]).sum()) + 0.5 for one in (right, wrong) for two in (right, wrong)]
            each.append(np.cos(np.pi / (1 + np.sqrt(cells[0] * cells[3] / (cells[1] * cells[2])))))
    return -float(np.mean(each)) if i in works else np.nan


@pytest.mark.parametrize("n", [11, 300])
def test_tetrachoric_with_holes_and_many_items(n: int) -> None:
    x = holed(1, n=n, between=True)
    some = list(range(11)) if n == 11 else [0, 1, 2, 5, 200, *range(250, 270), 299]
    slow = [slow_tetrachoric(x, i) for i in some]
    assert signals.mean_tetrachoric(x)[some] == pytest.approx(slow, rel=1e-9, nan_ok=True)


def test_one_item_alone_has_nobody_to_go_with() -> None:
    x = np.array([[1.0], [0.0], [1.0]])
    assert signals.mean_tetrachoric(x).tolist() == [0.0]
    assert np.isnan(signals.loevinger_h(x)).all()
    assert np.isnan(signals.item_rest_correlation(x)).all()


def test_outfit_with_holes() -> None:
    x = holed(2, between=True)
    expected = np.random.default_rng(3).uniform(0.1, 0.9, x.shape)
    squares = (x - expected) ** 2 / (expected - expected**2)
    slow = [np.mean(column[~np.isnan(column)]) if (~np.isnan(column)).any() else np.nan for column in squares.T]
    assert signals.outfit(x, expected) == pytest.approx(slow, rel=1e-9, nan_ok=True)
