"""The Fay-Herriot estimate: against its definition computed slowly, in simulated studies, and beside the posterior."""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from acidtest.stats.combine import fay_herriot
from acidtest.stats.estimate import FloatArray
from acidtest.stats.noise import Noise
from acidtest.stats.posterior import pair_posterior


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is seen of solvers whose truth is known; noise variances of the real and the synthetic scores."""

    truth: FloatArray
    real: FloatArray
    real_variance: FloatArray
    synthetic: FloatArray
    synthetic_variance: FloatArray
    shared: FloatArray

    @property
    def given(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        return self.real, self.real_variance, self.synthetic, self.synthetic_variance, self.shared


def seen(rng: np.random.Generator, solvers: int, rho: float, *, noise: float = 0.5, shared: float = 0.0) -> Seen:
    x = rng.normal(size=solvers)
    truth = 0.5 + rho * x + np.sqrt(1 - rho**2) * rng.normal(size=solvers)
    v_y, v_x = noise * rng.uniform(0.6, 1.4, solvers), 0.1 * rng.uniform(0.6, 1.4, solvers)
    c = shared * np.sqrt(v_y * v_x)
    e, h = rng.normal(size=(2, solvers))
    return Seen(
        truth=truth,
        real=truth + np.sqrt(v_y) * e,
        real_variance=v_y,
        synthetic=x + c / np.sqrt(v_y) * e + np.sqrt(v_x - c**2 / v_y) * h,
        synthetic_variance=v_x,
        shared=c,
    )


def slowly(one: Seen) -> tuple[FloatArray, FloatArray]:
    """Estimate and error by full matrices of both scores of all solvers, the top found without derivatives."""
    m = len(one.real)
    z = np.stack([one.real, one.synthetic], axis=1).ravel()
    v_y, v_x, c = one.real_variance, one.synthetic_variance, one.shared
    noise = scipy.linalg.block_diag(*[np.array([[v_y[i], c[i]], [c[i], v_x[i]]]) for i in range(m)])
    means = np.tile(np.eye(2), (m, 1))
    units = [np.array(u, float) for u in ([[1, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]])]

    def covariance(at: FloatArray) -> FloatArray:
        t, s = np.exp(at[0]), np.exp(at[2])
        return np.array([[(at[1] * t) ** 2 + s**2, at[1] * t**2], [at[1] * t**2, t**2]])

    def lower(at: FloatArray) -> float:
        v = np.kron(np.eye(m), covariance(at)) + noise
        inverse = np.linalg.inv(v)
        inner = means.T @ inverse @ means
        p = inverse - inverse @ means @ np.linalg.inv(inner) @ means.T @ inverse
        return float(0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1] + z @ p @ z))

    top = scipy.optimize.minimize(
        lower, [0.0, 0.7, -0.5], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxfev": 4000}
    )
    g = np.kron(np.eye(m), covariance(top.x))
    inverse = np.linalg.inv(g + noise)
    inner = np.linalg.inv(means.T @ inverse @ means)
    p = inverse - inverse @ means @ inner @ means.T @ inverse
    mean = inner @ means.T @ inverse @ z
    predicted = means @ mean + g @ inverse @ (z - means @ mean)
    moved = [np.kron(np.eye(m), u) for u in units]
    information = np.array([[0.5 * np.trace(p @ a @ p @ b) for b in moved] for a in moved])
    weights = g @ inverse
    g1 = g - weights @ g
    rest = means - weights @ means
    g2 = rest @ inner @ rest.T
    derivatives = [a @ inverse - g @ inverse @ a @ inverse for a in moved]
    of_variances = np.linalg.inv(information)
    g3 = sum(of_variances[i, j] * derivatives[i] @ (g + noise) @ derivatives[j].T for i in range(3) for j in range(3))
    return predicted[::2], np.diag(g1 + g2 + 2 * g3)[::2]


@pytest.mark.parametrize(("solvers", "shared"), [(7, 0.0), (7, 0.6), (12, 0.3)])
def test_estimate_and_error_against_the_definition(solvers: int, shared: float) -> None:
    one = seen(np.random.default_rng(solvers), solvers, 0.6, noise=0.2, shared=shared)
    estimate, mse = slowly(one)
    found = fay_herriot(*one.given)
    np.testing.assert_allclose(found.estimate, estimate, atol=2e-5)
    np.testing.assert_allclose(found.mse, mse, rtol=1e-4)


def test_equal_noise_has_a_closed_form() -> None:
    # All solvers equally noisy: the restricted maximum is the sample covariance (n - 1) less the noise.
    rng = np.random.default_rng(1)
    one = seen(rng, 15, 0.7)
    z = np.stack([one.real, one.synthetic])
    noise = np.array([[0.3, 0.05], [0.05, 0.1]])
    sample = np.cov(z)
    assert np.linalg.eigvalsh(sample - noise).min() > 0
    centre = z.mean(axis=1, keepdims=True)
    expected = (centre + (sample - noise) @ np.linalg.inv(sample) @ (z - centre))[0]
    full = [np.full(15, x) for x in (0.3, 0.1, 0.05)]
    found = fay_herriot(one.real, full[0], one.synthetic, full[1], full[2])
    np.testing.assert_allclose(found.estimate, expected, atol=1e-5)
    slope = (sample - noise)[0, 1] / (sample - noise)[1, 1]
    assert found.slope == pytest.approx(slope, abs=1e-4)
    assert found.spread**2 == pytest.approx((sample - noise)[0, 0] - slope * (sample - noise)[0, 1], abs=1e-4)


@pytest.mark.long
@pytest.mark.parametrize(("rho", "shared"), [(0.5, 0.0), (0.8, 0.5)])
def test_stated_error_is_the_error_made(rho: float, shared: float) -> None:
    # 300 studies of 20 solvers; real scores half as noisy as they are spread.
    rng = np.random.default_rng(2)
    made, stated, alone, held = [], [], [], []
    for _ in range(300):
        one = seen(rng, 20, rho, shared=shared)
        found = fay_herriot(*one.given)
        made.append((found.estimate - one.truth) ** 2)
        alone.append((one.real - one.truth) ** 2)
        stated.append(found.mse)
        low, high = found.interval()
        held.append((low <= one.truth) & (one.truth <= high))
    assert np.mean(stated) == pytest.approx(np.mean(made), rel=0.15)
    assert 0.92 < np.mean(held) < 0.98
    assert np.mean(made) < 0.75 * np.mean(alone)


@pytest.mark.long
def test_with_few_solvers_the_stated_error_is_too_large_never_too_small() -> None:
    # The second-order terms are made for many solvers; with six they overstate.
    rng = np.random.default_rng(3)
    made, stated = [], []
    for _ in range(200):
        one = seen(rng, 6, 0.8)
        found = fay_herriot(*one.given)
        made.append((found.estimate - one.truth) ** 2)
        stated.append(found.mse)
    assert np.mean(stated) > np.mean(made)


@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_the_posterior_says_nearly_the_same(shared: float) -> None:
    rng = np.random.default_rng(4)
    apart, errors, stated, posterior_error = [], [], [], []
    for _ in range(25):
        one = seen(rng, 20, 0.7, shared=shared)
        found = fay_herriot(*one.given)
        noise = Noise(real=one.real_variance, synthetic=one.synthetic_variance, shared=one.shared)
        draws = pair_posterior(one.real, one.synthetic, noise, rng, unit=False, n_items=(100, 400), draws=1000).real
        apart.append(draws.mean(axis=0) - found.estimate)
        errors.append(found.estimate - one.truth)
        stated.append(found.mse)
        posterior_error.append(draws.var(axis=0))
    # Two estimates of one thing: they differ by far less than either errs.
    assert np.sqrt(np.mean(np.square(apart))) < 0.25 * np.sqrt(np.mean(np.square(errors)))
    # Where the best line leaves no spread the classical error is too large: it lies above on average.
    assert np.mean(posterior_error) == pytest.approx(np.mean(stated), rel=0.25)
    assert np.mean(posterior_error) == pytest.approx(np.mean(np.square(errors)), rel=0.2)


def test_a_perfect_line_is_followed() -> None:
    # The synthetic scores tell all, without noise: real scores go to the line, whatever their own noise did.
    rng = np.random.default_rng(5)
    x = rng.normal(size=30)
    real = 0.2 + 0.5 * x + 0.3 * rng.normal(size=30)
    found = fay_herriot(real, np.full(30, 0.3**2), x, np.full(30, 1e-8), np.zeros(30))
    assert found.spread < 0.1
    assert found.slope == pytest.approx(0.5, abs=0.15)
    assert np.abs(found.estimate - 0.2 - 0.5 * x).max() < 0.5 * np.abs(real - 0.2 - 0.5 * x).max()


def test_no_spread_left_is_an_ordinary_case() -> None:
    # Seen scores lie closer to the line than their noise would put them: s = 0.
    x = np.linspace(-1, 1, 8)
    found = fay_herriot(x, np.full(8, 0.4), x, np.full(8, 0.01), np.zeros(8))
    assert found.spread == pytest.approx(0, abs=1e-6)
    assert np.isfinite(found.estimate).all()
    assert (found.mse > 0).all()


def test_a_set_that_tells_nothing_leaves_what_solvers_tell_of_each_other() -> None:
    # James and Stein: equal noise v, sample variance s2; each score goes to the mean by v / s2.
    rng = np.random.default_rng(6)
    real = rng.normal(0, 1, 40)
    found = fay_herriot(real, np.full(40, 0.4), rng.normal(0, 1, 40), np.full(40, 1e6), np.zeros(40))
    kept = 1 - 0.4 / real.var(ddof=1)
    np.testing.assert_allclose(found.estimate, real.mean() + kept * (real - real.mean()), atol=0.02)


def test_real_scores_without_noise_stay() -> None:
    one = seen(np.random.default_rng(7), 9, 0.8)
    found = fay_herriot(one.real, np.zeros(9), one.synthetic, one.synthetic_variance, np.zeros(9))
    np.testing.assert_allclose(found.estimate, one.real, atol=1e-6)
    assert found.mse.max() < 1e-6


def test_all_equal_scores_are_one_score_with_an_error() -> None:
    same = np.full(5, 0.7)
    found = fay_herriot(same, np.full(5, 1e-3), same, np.full(5, 1e-3), np.zeros(5))
    np.testing.assert_allclose(found.estimate, same, atol=1e-9)
    assert ((found.mse > 0) & (found.mse < 5e-3)).all()
    assert fay_herriot(same, np.zeros(5), same, np.zeros(5), np.zeros(5)).estimate == pytest.approx(same)


def test_three_solvers_are_the_fewest() -> None:
    one = seen(np.random.default_rng(8), 3, 0.8)
    assert np.isfinite(fay_herriot(*one.given).mse).all()
    two = fay_herriot(*(x[:2] for x in one.given))
    assert np.isnan([*two.estimate, *two.mse, two.slope, two.spread]).all()
    assert np.isnan(two.interval()[0]).all()


def test_a_solver_of_whom_something_is_missing_is_left_out() -> None:
    one = seen(np.random.default_rng(9), 8, 0.8)
    whole = fay_herriot(*(x[1:] for x in one.given))
    for place in range(5):
        holes = [x.copy() for x in one.given]
        holes[place][0] = np.nan
        found = fay_herriot(*holes)
        assert np.isnan([found.estimate[0], found.mse[0]]).all()
        np.testing.assert_array_equal(found.estimate[1:], whole.estimate)
        np.testing.assert_array_equal(found.mse[1:], whole.mse)


def test_units_and_shifts_do_not_matter() -> None:
    one = seen(np.random.default_rng(10), 10, 0.7, shared=0.4)
    plain = fay_herriot(*one.given)
    y, v_y, x, v_x, c = one.given
    turned = fay_herriot(1000 * y + 7, 1e6 * v_y, -0.01 * x, 1e-4 * v_x, -10 * c)
    np.testing.assert_allclose(turned.estimate, 1000 * plain.estimate + 7, rtol=1e-4)
    np.testing.assert_allclose(turned.mse, 1e6 * plain.mse, rtol=1e-3)
    assert turned.slope == pytest.approx(-1e5 * plain.slope, rel=1e-3)


def test_what_all_solvers_share_of_the_items_luck_is_in_every_error() -> None:
    one = seen(np.random.default_rng(11), 10, 0.7)
    plain, common = fay_herriot(*one.given), fay_herriot(*one.given, common=0.25)
    np.testing.assert_array_equal(common.estimate, plain.estimate)
    np.testing.assert_allclose(common.mse, plain.mse + 0.25, rtol=1e-12)


def test_arrays_of_different_lengths_are_refused() -> None:
    ones = np.ones(4)
    with pytest.raises(ValueError, match="five arrays"):
        fay_herriot(ones, ones, ones[:3], ones, ones)
    with pytest.raises(ValueError, match="five arrays"):
        fay_herriot(*[np.ones((2, 2))] * 5)
