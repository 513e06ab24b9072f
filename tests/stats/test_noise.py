"""Noise after common difficulty: closed forms, and worlds where the truth is known."""

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.noise import FLOOR, pair_noise, plain_variance


def simple_noise(scores: FloatArray) -> FloatArray:
    """The formula for complete tables: Var(x - mean over solvers) = d (1 - 2/M) + sum(d) / M^2, solved for d."""
    solvers, n = scores.shape
    seen = [np.var(row, ddof=1) / n for row in scores - scores.mean(axis=0)]
    total = sum(seen) * solvers / (solvers - 1)
    return np.array([(one - total / solvers**2) / (1 - 2 / solvers) for one in seen])


def test_complete_tables_follow_the_formula() -> None:
    rng = np.random.default_rng(20)
    easy = rng.normal(0, 2, 80)
    real, synthetic = (easy + rng.normal(0, s, (5, 80)) for s in (1.0, 0.5))
    noise = pair_noise(real, synthetic, same_items=False)
    np.testing.assert_allclose(noise.real, simple_noise(real), rtol=1e-10)
    np.testing.assert_allclose(noise.synthetic, simple_noise(synthetic), rtol=1e-10)
    assert not noise.shared.any()
    assert noise.common_shared == 0
    # The common part and the solvers' own add up to the variance of the mean score over solvers.
    together = np.var(real.mean(axis=0), ddof=1) / 80
    assert noise.common_real + noise.real.sum() / 25 == pytest.approx(float(together), rel=1e-10)


def test_two_solvers_share_one_variance() -> None:
    rng = np.random.default_rng(21)
    real = rng.normal(size=(2, 40)) + rng.normal(0, 3, 40)
    noise = pair_noise(real, real[:, ::-1], same_items=False)
    expected = np.var(real[0] - real[1], ddof=1) / 40 / 2
    np.testing.assert_allclose(noise.real, [expected, expected], rtol=1e-10)


def test_one_solver_has_all_its_variance() -> None:
    real = np.random.default_rng(22).normal(size=(1, 40))
    noise = pair_noise(real, real, same_items=True)
    np.testing.assert_allclose(noise.real, plain_variance(real))
    assert noise.common_real == 0


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_truth_is_found_on_average(missing: float) -> None:
    # Own standard deviations 1, 2, 1, .5, 1; common 1.5; the own noise of both sets correlates .6 (same items).
    rng, n = np.random.default_rng(23), 400
    own = np.array([1.0, 2.0, 1.0, 0.5, 1.0])
    found, shared, common, common_shared = [], [], [], []
    for _ in range(60):
        z = rng.normal(size=(5, n))
        a = own[:, None] * z
        b = own[:, None] * (0.6 * z + 0.8 * rng.normal(size=(5, n)))
        easy = rng.normal(0, 1.5, n)
        real, synthetic = a + easy, b + 0.5 * easy
        for x in (real, synthetic):
            x[rng.random(x.shape) < missing] = np.nan
        noise = pair_noise(real, synthetic, same_items=True)
        found.append(noise.real * n)
        shared.append(noise.shared * n)
        common.append(noise.common_real * n)
        common_shared.append(noise.common_shared * n)
    # A mean over a share q of the items has variance own / (q n); the ease of items that others did not get adds to it.
    luck = 2.25 * (1 / (1 - missing) - 1)
    np.testing.assert_allclose(np.mean(found, axis=0), own**2 / (1 - missing) + luck, rtol=0.06)
    np.testing.assert_allclose(np.mean(shared, axis=0), 0.6 * own**2, rtol=0.15)
    assert np.mean(common) == pytest.approx(2.25, rel=0.06)
    assert np.mean(common_shared) == pytest.approx(1.125, rel=0.1)


def test_loadings_of_shares() -> None:
    # 0/1 answers to items of common logit difficulty: a solver near 1 has little own noise, and must not be given more.
    rng = np.random.default_rng(24)
    ability, n = np.array([-1.0, 0.0, 1.0, 5.0]), 4000
    p = 1 / (1 + np.exp(rng.normal(0, 1, n) - ability[:, None]))
    answers = (rng.random(p.shape) < p).astype(float)
    own = (p * (1 - p)).mean(axis=1) / n  # each answer's own chance, given the item
    plain, loaded = (
        pair_noise(answers, answers[:, ::-1], same_items=False, unit=unit).real / own for unit in (False, True)
    )
    np.testing.assert_allclose(loaded[:3], 1, atol=0.15)
    assert 0.7 < loaded[3] < 1.5
    assert plain[3] > 2 * loaded[3]


def test_no_variance_is_taken_for_certain() -> None:
    rng = np.random.default_rng(25)
    real = np.concatenate([rng.normal(0, 3, (3, 50)) + rng.normal(size=50), np.zeros((1, 50))])
    real[3] = real[:3].mean(axis=0) * 4 / 3  # its rest is nearly nothing
    noise = pair_noise(real, real, same_items=True)
    assert noise.real[3] == pytest.approx(FLOOR * noise.real[:3].sum() / 4, rel=0.15)
    assert (np.abs(noise.shared) < np.sqrt(noise.real * noise.synthetic)).all()


def test_constant_scores() -> None:
    noise = pair_noise(np.ones((3, 10)), np.zeros((3, 10)), same_items=False, unit=True)
    for part in (noise.real, noise.synthetic, noise.shared):
        np.testing.assert_array_equal(part, np.zeros(3))
    assert (noise.common_real, noise.common_synthetic) == (0.0, 0.0)


def test_items_that_one_solver_alone_answered_and_single_items() -> None:
    rng = np.random.default_rng(26)
    real = rng.normal(size=(3, 30))
    holed = np.concatenate([real, [[5.0], [np.nan], [np.nan]]], axis=1)
    np.testing.assert_allclose(
        pair_noise(holed, holed, same_items=False).real[1:],
        pair_noise(real, real, same_items=False).real[1:],
        rtol=0.15,
    )
    assert np.isnan(pair_noise(real[:, :1], real[:, :1], same_items=False).real).all()
    unscored = real.copy()
    unscored[0] = np.nan
    noise = pair_noise(unscored, real, same_items=True)
    assert np.isnan(noise.real[0])
    assert np.isfinite(noise.real[1:]).all()
    assert np.isfinite(noise.shared).all()


def test_same_items_need_the_same_columns() -> None:
    with pytest.raises(ValueError, match="same items"):
        pair_noise(np.zeros((2, 3)), np.zeros((2, 4)), same_items=True)


def test_plain_variance() -> None:
    x = np.array([[1.0, 2.0, 4.0, np.nan], [1.0, np.nan, np.nan, np.nan]])
    np.testing.assert_allclose(plain_variance(x), np.array([np.var([1, 2, 4], ddof=1) / 3, np.nan]))
