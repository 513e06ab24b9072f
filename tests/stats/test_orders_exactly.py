"""Orders of solvers, worth, letters and the classical combination: plain loops and full matrices, at every edge."""

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

from acidtest.stats import combine, order, rank_bootstrap
from acidtest.stats.combine import fay_herriot
from acidtest.stats.estimate import FloatArray
from acidtest.stats.order import average_ranks, pairwise_agreement, tied
from acidtest.stats.rank_groups import compact_letters, rank_groups, ranks
from acidtest.stats.resample_counts import CountItems, count_items
from acidtest.stats.worth import worth_rank_draws, worth_rank_of_perfect_order, worth_score_draws


def loops(real: FloatArray, synthetic: FloatArray, least: float) -> dict[str, float]:
    """Statistics of one row, pair by pair."""
    agreed, counted, concordant, untied = 0.0, 0, 0, [0, 0]
    for i, j in itertools.combinations(range(len(real)), 2):
        a, b = real[i] - real[j], synthetic[i] - synthetic[j]
        concordant += int(np.sign(a) * np.sign(b))
        untied[0] += a != 0
        untied[1] += b != 0
        if abs(a) >= least - 1e-12:
            counted += 1
            agreed += 1.0 if np.sign(a) == np.sign(b) else 0.5 if a * b == 0 else 0.0
    best = np.flatnonzero(synthetic == synthetic.max())
    return {
        "pairwise_agreement": agreed / counted if counted else math.nan,
        "kendall_tau": concordant / math.sqrt(untied[0] * untied[1]) if min(untied) else math.nan,
        "regret_at_1": float(np.mean([real.max() - real[k] for k in best])),
        "top1_agreement": float(np.mean([real[k] == real.max() for k in best])),
    }


@pytest.mark.parametrize("cells", [1, 300, 1 << 18])
@pytest.mark.parametrize("solvers", [2, 5, 64, 65])
def test_statistics_of_many_rows_are_those_of_each_pair(
    solvers: int, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "CELLS_AT_ONCE", cells)
    rng = np.random.default_rng(solvers)
    real, synthetic = rng.integers(0, 8, (2, 2, 3, solvers)) / 8
    synthetic[0, 1] = 0.5
    real[1, 2, 0] = np.nan
    for least in (0.0, 0.25):
        places = set(itertools.product(range(2), range(3))) - {(1, 2)}
        slow = {place: loops(real[place], synthetic[place], least) for place in places}
        found = pairwise_agreement(real, synthetic, min_difference=least)
        assert found.shape == (2, 3)
        assert math.isnan(found[1, 2])
        for place, expected in slow.items():
            assert found[place] == pytest.approx(expected["pairwise_agreement"], rel=1e-12, nan_ok=True)
    for name in ("kendall_tau", "regret_at_1", "top1_agreement"):
        found = getattr(order, name)(real, synthetic)
        assert math.isnan(found[1, 2])
        for place, expected in slow.items():
            assert found[place] == pytest.approx(expected[name], rel=1e-12, nan_ok=True)
    one = synthetic[1, 0]  # one row of scores beside several
    np.testing.assert_array_equal(order.srcc(real, one), order.srcc(real, np.broadcast_to(one, real.shape)))
    expected_srcc = scipy.stats.spearmanr(real[0, 0], synthetic[0, 0]).statistic
    assert order.srcc(real, synthetic)[0, 0] == pytest.approx(float(expected_srcc), rel=1e-12, nan_ok=True)


def test_nothing_to_order_is_undefined() -> None:
    for name in ("srcc", "kendall_tau", "pearson", "pairwise_agreement", "top1_agreement", "regret_at_1"):
        f = getattr(order, name)
        assert np.isnan(f(np.zeros((2, 0)), np.zeros((2, 0)))).tolist() == [True, True]
        alone = f(np.array([0.3]), np.array([0.4])).item()
        assert alone == {"top1_agreement": 1.0, "regret_at_1": 0.0}.get(name) or math.isnan(alone)
    assert average_ranks(np.zeros((3, 0))).shape == (3, 0)
    np.testing.assert_array_equal(average_ranks(np.array([[0.2, np.nan, 0.1]]))[0, [0, 2]], [2, 1])
    assert math.isnan(average_ranks(np.array([0.2, np.nan, 0.1]))[1])
    assert order.pearson(np.array([1.0, 1 + 1e-15, 1]) * 1e-160, np.array([1.0, 2.0, 1.0])) == pytest.approx(1.0)
    # A difference that is asked for is one that binary numbers just miss.
    assert pairwise_agreement(np.array([0.74, 0.72]), np.array([1.0, 0.0]), 0.02) == 1
    assert math.isnan(pairwise_agreement(np.array([0.74, 0.72]), np.array([1.0, 0.0]), 0.0201))


def test_scores_that_rounding_parts_are_one() -> None:
    x = np.array([0.5, np.nan, 0.1 + 0.2, 0.3, 0.3 + 1e-9, -0.7])
    found = tied(x)
    assert found[2] == found[3] == 0.3
    assert found[4] == 0.3 + 1e-9
    np.testing.assert_array_equal(found[[0, 1, 5]], x[[0, 1, 5]])
    assert tied(np.array([np.nan])).shape == (1,)
    assert ranks(np.array([0.3, 0.1 + 0.2, 0.9, -1.0])).tolist() == [2, 2, 1, 4]
    assert ranks(np.zeros(0)).tolist() == []
    assert ranks(np.array([1e-13, 0.0, 1.0])).tolist() == [2, 2, 1]
    assert ranks(np.array([1e-11, 0.0, 1.0])).tolist() == [2, 3, 1]


def test_letters_and_ranges_of_random_tables() -> None:
    rng = np.random.default_rng(3)
    for m in (1, 2, 5, 9):
        scores = np.round(rng.random(m), 1)
        better = (scores[:, None] - scores[None, :] > 0.2) & (rng.random((m, m)) < 0.8)
        found = rank_groups(scores=scores, better=better)
        for k in range(m):
            rank = 1 + int((scores > scores[k]).sum())
            assert found.rank[k] == rank
            assert found.low[k] == min(1 + sum(better[:, k]), rank)
            assert found.high[k] == max(m - sum(better[k]), rank)
            for j in range(m):
                shared = set(found.letters[k]) & set(found.letters[j])
                assert bool(shared) == (not (better[k, j] or better[j, k]))
    assert compact_letters(np.zeros((3, 3), bool)) == ("a", "a", "a")
    assert compact_letters(~np.eye(26, dtype=bool))[25] == "z"
    many = compact_letters(~np.eye(30, dtype=bool), np.arange(30)[::-1])
    assert (many[29], many[4], many[3], many[0]) == ("a", "z", "aa", "ad")


def test_worth_in_exact_fractions() -> None:
    real, synthetic = (
        [[Fraction(1, 2), Fraction(3, 4), Fraction(1, 4)]],
        [[Fraction(1, 2), Fraction(1), Fraction(3, 8)]],
    )
    floats = [np.array(x, float) for x in (real, synthetic)]
    v, v_s, n = Fraction(1, 4), Fraction(1, 8), 40
    b2 = sum((a - b) ** 2 for a, b in zip(real[0], synthetic[0], strict=True)) / 3
    found = worth_score_draws(real=floats[0], synthetic=floats[1], v=0.25, v_s=0.125, n_s=40)
    assert found[0] == pytest.approx(float(v / (b2 + v_s / n)), rel=1e-12)
    mean_r, mean_s = sum(real[0]) / 3, sum(synthetic[0]) / 3
    rr = sum((a - mean_r) ** 2 for a in real[0]) / 2
    ss = sum((b - mean_s) ** 2 for b in synthetic[0]) / 2
    rs = sum((a - mean_r) * (b - mean_s) for a, b in zip(real[0], synthetic[0], strict=True)) / 2
    squared = rs**2 / (rr * (ss + v_s / n))
    found = worth_rank_draws(floats[0], floats[1], 0.25, 0.125, 40)
    assert found[0] == pytest.approx(float(v / rr * squared / (1 - squared)), rel=1e-12)
    perfect = ss / (ss + v_s / n)
    found = worth_rank_of_perfect_order(floats[0], floats[1], 0.25, 0.125, 40)
    assert found[0] == pytest.approx(float(v / rr * perfect / (1 - perfect)), rel=1e-12)
    assert worth_rank_draws(floats[0], -floats[1], 0.25, 0.125, 40)[0] == 0
    assert worth_rank_draws(floats[0], 0 * floats[1], 0.25, 0.125, 40)[0] == 0
    for f in (worth_rank_draws, worth_rank_of_perfect_order):
        assert np.isnan(f(floats[0][:, :1], floats[1][:, :1], 0.25, 0.125, 40)).all()
        assert np.isfinite(f(floats[0][:, :2], floats[1][:, :2], 0.25, 0.125, 40)).all()
        assert f(floats[0], floats[0], 0.25, 0.0, 40)[0] == math.inf
    assert worth_score_draws(floats[0], floats[0], 0.25, 0.0, 40)[0] == math.inf
    assert math.isnan(worth_score_draws(floats[0], floats[0], 0.0, 0.0, 40)[0])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_restricted_likelihood_and_its_errors_are_those_of_full_matrices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = 6
    roots = rng.normal(size=(m, 2, 2))
    noise = 0.2 * roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(2)
    z = rng.normal(size=(m, 2))
    model = combine._Model(z=z, noise=noise)
    at = np.array([0.9, 0.4, 0.7])
    units = [np.array(u, float) for u in ([[1, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]])]
    means, every = np.tile(np.eye(2), (m, 1)), scipy.linalg.block_diag(*noise)

    def parts(place: FloatArray) -> tuple[Any, Any, Any, Any]:
        g = np.kron(np.eye(m), sum(x * u for x, u in zip(place, units, strict=True)))
        inverse = np.linalg.inv(g + every)
        inner = np.linalg.inv(means.T @ inverse @ means)
        return g, inverse, inner, inverse - inverse @ means @ inner @ means.T @ inverse

    def likelihood(place: FloatArray) -> float:
        _, inverse, inner, p = parts(place)
        y = z.ravel()
        return float(0.5 * (np.linalg.slogdet(inverse)[1] + np.linalg.slogdet(inner)[1] - y @ p @ y))

    value, slope = model.log_likelihood(at)
    other = np.array([0.6, -0.2, 0.8])
    assert value - model.log_likelihood(other)[0] == pytest.approx(likelihood(at) - likelihood(other), rel=1e-9)
    for k in range(3):
        h = 1e-5 * np.eye(3)[k]
        assert slope[k] == pytest.approx((likelihood(at + h) - likelihood(at - h)) / 2e-5, rel=1e-6)
    g, inverse, inner, p = parts(at)
    moved = [np.kron(np.eye(m), u) for u in units]
    information = np.array([[0.5 * np.trace(p @ a @ p @ b) for b in moved] for a in moved])
    weights = g @ inverse
    mean = inner @ means.T @ inverse @ z.ravel()
    predicted = means @ mean + weights @ (z.ravel() - means @ mean)
    rest = means - weights @ means
    derivatives = [a @ inverse - weights @ a @ inverse for a in moved]
    of_variances = np.linalg.inv(information)
    g3 = sum(of_variances[i, j] * derivatives[i] @ (g + every) @ derivatives[j].T for i in range(3) for j in range(3))
    error = np.diag(g - weights @ g + rest @ inner @ rest.T + 2 * g3)[::2]
    found, found_error = model.predicted(at)
    np.testing.assert_allclose(found, predicted[::2], rtol=1e-9)
    np.testing.assert_allclose(found_error, error, rtol=1e-9)


def test_a_fay_herriot_estimate_keeps_its_bounds() -> None:
    rng = np.random.default_rng(5)
    real, synthetic = rng.normal(size=(2, 8))
    v = rng.uniform(0.05, 0.2, (2, 8))
    whole = fay_herriot(real, v[0], synthetic, v[1], np.sqrt(v.prod(axis=0)))
    held = fay_herriot(
        real=real,
        real_variance=v[0],
        synthetic=synthetic,
        synthetic_variance=v[1],
        shared=0.95 * np.sqrt(v.prod(axis=0)),
    )
    np.testing.assert_allclose(whole.estimate, held.estimate, rtol=1e-9)
    below = fay_herriot(real, v[0], synthetic, v[1], -np.sqrt(v.prod(axis=0)))
    held = fay_herriot(real, v[0], synthetic, v[1], -0.95 * np.sqrt(v.prod(axis=0)))
    np.testing.assert_allclose(below.estimate, held.estimate, rtol=1e-9)
    low, high = held.interval(0.8)
    np.testing.assert_allclose(high - held.estimate, scipy.stats.norm.ppf(0.9) * np.sqrt(held.mse), rtol=1e-9)
    np.testing.assert_allclose(low + high, 2 * held.estimate, rtol=1e-9)
    # A variance below 0 is none that is known.
    for place in (0, 1):
        wrong = v.copy()
        wrong[place, 3] = -0.1
        found = fay_herriot(real, wrong[0], synthetic, wrong[1], np.zeros(8))
        assert math.isnan(found.estimate[3])
        assert np.isfinite(np.delete(found.estimate, 3)).all()
    zero = v.copy()
    zero[:, 3] = 0.0
    assert np.isfinite(fay_herriot(real, zero[0], synthetic, zero[1], np.zeros(8)).estimate).all()
    nothing = fay_herriot(real[:2], v[0, :2], synthetic[:2], v[1, :2], np.zeros(2), common=1.0)
    assert math.isnan(nothing.slope)
    assert math.isnan(nothing.spread)
    assert nothing.estimate.shape == nothing.mse.shape == (2,)


def test_scores_become_whole_numbers_that_keep_their_order_and_ties() -> None:
    for scores, unit in (
        (np.array([[0.25, 0.5], [1.0, np.nan]]), 1.0),
        (np.array([[0.125, 3.7], [-2.5, 9.99]]), 10.0),
        (np.array([[10.0, 20.0]]), 100.0),
        (np.array([[1 / 3, 2 / 7]]), 1.0),
    ):
        known = np.isfinite(scores)
        whole = rank_bootstrap._whole_numbers(scores, known, most_items=4)
        assert whole.min() == 0
        assert not whole[~known].any()
        kept, found = scores[known], whole[known].astype(float)
        # Up to a shift and a scale, to within a step of the finest grid.
        scaled = (kept - kept.min()) / np.ptp(kept) if np.ptp(kept) else kept * 0
        np.testing.assert_allclose(found / max(found.max(), 1.0), scaled, atol=4 * unit / 720_720_000)
        assert np.gcd.reduce(whole[known]) in (0, 1)
        assert 4 * 2 * whole.max() <= 1 << 53
    assert rank_bootstrap._whole_numbers(np.zeros((2, 3)), np.ones((2, 3), bool), 3).max() == 0
    right = rank_bootstrap._Items.of(np.array([[1.0, 0.0, 1.0]]), None)
    assert right.totals.dtype == np.float32
    assert right.totals.ravel().tolist() == [1, 0, 1]
    assert right.size == 3
    assert right.scored is None
    grouped = rank_bootstrap._Items.of(np.array([[1.0, 0.0, np.nan], [1.0, 1.0, 0.0]]), np.array([5, 2, 5]))
    assert grouped.totals.tolist() == [[0, 1], [1, 1]]
    assert grouped.scored is not None
    assert grouped.scored.tolist() == [[1, 1], [1, 2]]
    fine = rank_bootstrap._Items.of(np.array([[math.sqrt(0.1), 0.0, 0.7]]), None)
    assert fine.totals.dtype == np.float64


def test_many_draws_are_counted_by_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    # As many draws as both sets' items (or groups) and rounds make together decide which code counts.
    asked: list[int] = []

    def counter(draws: int) -> CountItems:
        asked.append(draws)
        return count_items

    monkeypatch.setattr(rank_bootstrap, "item_counter", counter)
    rng = np.random.default_rng(6)
    real, synthetic = rng.random((4, 30)), rng.random((4, 17))
    draws = rank_bootstrap.rank_bootstrap(
        real=real, synthetic=synthetic, rng=rng, rounds=7, groups=(np.arange(30) // 3, None)
    )
    assert asked == [7 * (10 + 17)]
    assert draws.shape == (7,)
