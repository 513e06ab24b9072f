"""The way from scores to the model's scale and back, by its definition solver by solver; and what is drawn where."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.special

from acidtest.stats import posterior
from acidtest.stats.estimate import FloatArray
from acidtest.stats.noise import Noise
from acidtest.stats.posterior import PairPosterior, RealGiven, pair_posterior, real_given


def slow_weights(y: FloatArray, v: FloatArray) -> list[float]:
    """1 within 2.5 robust standard deviations on both sets, beyond it the square of how much further."""
    if len(y) < 4:
        return [1.0] * len(y)
    weights = []
    for row in y:
        far = 0.0
        for column in (0, 1):
            away = [abs(x - np.median(y[:, column])) for x in y[:, column]]
            usual = math.sqrt((1.4826 * float(np.median(away))) ** 2 + float(np.median(v[:, column])) / 4)
            z = abs(row[column] - np.median(y[:, column])) / max(usual, 1e-3 * max(away))
            far = max(far, float(z))
        weights.append(min(1.0, (2.5 / far) ** 2) if far > 0 else 1.0)
    return weights


class Slow:
    """The scaled scores of each solver, one after another."""

    def __init__(
        self, observed: FloatArray, noise: Noise, n_items: tuple[int, int], *, unit: bool, around: FloatArray | None
    ) -> None:
        m = len(observed)
        self.y, self.v, self.c = np.zeros((m, 2)), np.zeros((m, 2)), np.zeros(m)
        slopes = np.ones((m, 2))
        for column, given in ((0, noise.real), (1, noise.synthetic)):
            n = n_items[column]
            known = [max(x, 0.0) for x in given if np.isfinite(x)]
            unknown = np.mean(known) if known else (0.25 / n if unit else np.var(observed[:, column]))
            for k in range(m):
                score = observed[k, column]
                variance = max(given[k], 0.0) if np.isfinite(given[k]) else float(unknown)
                if unit:
                    p = min(max(score, 0.5 / (n + 1)), (n + 0.5) / (n + 1))
                    near = p if around is None else min(max(around[k, column], 0.5 / (n + 1)), (n + 0.5) / (n + 1))
                    slopes[k, column] = near * (1 - near)
                    if score <= 0 or score >= 1:
                        variance = slopes[k, column] / n
                    score = scipy.special.logit(near) + (p - near) / slopes[k, column]
                    variance /= slopes[k, column] ** 2
                self.y[k, column], self.v[k, column] = score, variance
        self.c = np.nan_to_num(noise.shared) / slopes[:, 0] / slopes[:, 1]
        common = [[noise.common_real, noise.common_shared], [noise.common_shared, noise.common_synthetic]]
        lift = [math.sqrt(np.mean(slopes[:, column] ** 2)) for column in (0, 1)]
        self.common = np.array([[common[i][j] / (lift[i] * lift[j]) for j in (0, 1)] for i in (0, 1)])
        w = slow_weights(self.y, self.v)
        self.f = np.array([1 / x for x in w])
        self.centre = np.array([sum(w * self.y[:, i]) / sum(w) for i in (0, 1)])
        self.spread = np.zeros(2)
        for i in (0, 1):
            seen = math.sqrt(sum(w * (self.y[:, i] - self.centre[i]) ** 2) / max(m - 1, 1))
            self.spread[i] = max(seen, math.sqrt(float(np.median(self.v[:, i]))))


def case(name: str) -> tuple[FloatArray, Noise, bool]:
    rng = np.random.default_rng(3)
    m = 3 if name == "three" else 7
    unit = name != "plain"
    observed = rng.uniform(0.2, 0.8, (m, 2))
    real, synthetic = rng.uniform(1e-3, 4e-3, (2, m))
    shared = rng.uniform(-0.5, 0.5, m) * np.sqrt(real * synthetic)
    if name == "edges":
        observed[0, 0], observed[1, 1], observed[2, 1] = 1.0, 0.0, 0.001
        real[0], real[4] = 0.0, -1e-4
    if name == "unknown":
        real[1] = np.nan
        synthetic[:] = np.nan
        shared[2] = np.nan
    if name == "plain":
        observed = 10 * observed + 5
        observed[5, 1] += 60.0
        real[3] = np.nan
    noise = Noise(
        real=real, synthetic=synthetic, shared=shared, common_real=2e-3, common_synthetic=1e-3, common_shared=-7e-4
    )
    return observed, noise, unit


@pytest.mark.parametrize("name", ["inside", "edges", "unknown", "plain", "three", "around"])
def test_scores_on_the_models_scale_by_their_definition(name: str) -> None:
    observed, noise, unit = case(name)
    n_items = (120, 40)
    around = None
    if name == "around":
        around = observed + 0.05
        around[0, 0], around[1, 1], around[2] = 1.0, 0.0, (0.0, 1.0)
    found = posterior._Scale.of(observed=observed, noise=noise, unit=unit, n_items=n_items, around=around)
    slow = Slow(observed, noise, n_items, unit=unit, around=around)
    np.testing.assert_allclose(found.y, slow.y, rtol=1e-12)
    np.testing.assert_allclose(found.common, slow.common, rtol=1e-12)
    np.testing.assert_allclose(found.centre, slow.centre, rtol=1e-12)
    np.testing.assert_allclose(found.spread, slow.spread, rtol=1e-12)
    p = found.population
    np.testing.assert_allclose(p.f, slow.f, rtol=1e-12)
    assert p.f.max() > 1.5 or name not in ("plain", "edges")
    np.testing.assert_allclose(p.y, (slow.y - slow.centre) / slow.spread, rtol=1e-12, atol=1e-14)
    v = np.maximum(slow.v / slow.spread**2, 1e-9)
    np.testing.assert_allclose(p.v, v, rtol=1e-12)
    limit = 0.95 * np.sqrt(v[:, 0] * v[:, 1])
    np.testing.assert_allclose(p.c, np.clip(slow.c / slow.spread[0] / slow.spread[1], -limit, limit), rtol=1e-12)
    np.testing.assert_array_equal(p.e, np.zeros(len(observed)))


def test_noises_correlate_by_95_percent_at_most_and_are_never_none() -> None:
    observed, noise, _ = case("plain")
    v = np.abs(np.nan_to_num(noise.real, nan=1e-3))
    for sign in (1, -1):
        whole = Noise(real=v, synthetic=4 * v, shared=sign * 2 * v)
        p = posterior._Scale.of(observed, whole, unit=False, n_items=(1, 1)).population
        np.testing.assert_allclose(p.c / np.sqrt(p.v[:, 0] * p.v[:, 1]), sign * 0.95, rtol=1e-12)
    certain = Noise(real=0 * v, synthetic=0 * v, shared=0 * v)
    np.testing.assert_array_equal(posterior._Scale.of(observed, certain, unit=False, n_items=(1, 1)).population.v, 1e-9)
    flat = posterior._Scale.of(
        np.full((5, 2), 3.0), Noise(real=v[:5] * 0, synthetic=v[:5] * 0, shared=v[:5] * 0), unit=False, n_items=(1, 1)
    )
    np.testing.assert_array_equal(flat.spread, 1e-6)
    one = posterior._Scale.of(
        observed[:1], Noise(real=v[:1], synthetic=v[:1], shared=v[:1] * 0), unit=False, n_items=(1, 1)
    )
    np.testing.assert_allclose(one.spread, np.sqrt(v[0]))


class Chance:
    """Standard normal numbers that are those given, one array per call."""

    def __init__(self, *numbers: FloatArray) -> None:
        self.numbers = list(numbers)

    def standard_normal(self, shape: Any) -> FloatArray:
        return self.numbers.pop(0).reshape(shape)


def test_the_common_shift_has_the_common_covariance() -> None:
    observed, noise, _ = case("inside")
    scale = posterior._Scale.of(observed, noise, unit=True, n_items=(120, 40))
    factor = scale.shift(2, Chance(np.eye(2)))[:, 0]  # type: ignore[arg-type]  # normal numbers are all it asks
    np.testing.assert_allclose(factor.T @ factor, scale.common, rtol=1e-12)
    none = Noise(real=noise.real, synthetic=noise.synthetic, shared=noise.shared, common_synthetic=1e-3)
    scale = posterior._Scale.of(observed, none, unit=True, n_items=(120, 40))
    factor = scale.shift(2, Chance(np.eye(2)))[:, 0]  # type: ignore[arg-type]
    np.testing.assert_allclose(factor.T @ factor, scale.common, rtol=1e-12)


@pytest.mark.parametrize("unit", [False, True])
def test_what_is_known_of_the_real_scores_by_its_definition(unit: bool) -> None:  # noqa: FBT001 - a table's column
    observed, noise, _ = case("inside")
    scale = posterior._Scale.of(observed, noise, unit=unit, n_items=(120, 40))
    rng = np.random.default_rng(4)
    mean, variance, moved = rng.normal(size=(3, 7)), rng.uniform(0.01, 0.2, (3, 7)), rng.normal(0, 0.2, (2, 3, 7))
    lucks, common, own = rng.normal(size=(2, 3)), rng.normal(size=(3, 1)), rng.normal(size=(3, 7))
    found = scale.real((mean, variance, moved), Chance(lucks, common, own))  # type: ignore[arg-type]
    a, b, shift = scale.centre[0], scale.spread[0], scale.common[0, 0]
    for d in range(3):
        for k in range(7):
            theta, move = a + b * mean[d, k], b * moved[:, d, k]
            drawn = (
                theta + b * math.sqrt(variance[d, k]) * own[d, k] + move @ lucks[:, d] + math.sqrt(shift) * common[d, 0]
            )
            assert found.draws[d, k] == pytest.approx(scipy.special.expit(drawn) if unit else drawn, rel=1e-10)
            share = scipy.special.expit(theta)
            # Derivatives of the share by the logit, taken numerically.
            h = 1e-4
            left, right = scipy.special.expit(theta - h), scipy.special.expit(theta + h)
            slope, bend = (right - left) / (2 * h), (right - 2 * share + left) / h**2
            whole = b**2 * variance[d, k] + move @ move + shift
            expected = share + bend / 2 * whole if unit else theta
            assert found.mean[d, k] == pytest.approx(expected, rel=1e-6)
            once = slope if unit else 1.0
            assert found.variance[d, k] == pytest.approx(once**2 * b**2 * variance[d, k], rel=1e-6)
            np.testing.assert_allclose(found.moved[:, d, k], once * move, rtol=1e-6)


def studied(m: int = 8) -> tuple[FloatArray, FloatArray, Noise]:
    real = np.linspace(0.2, 0.45, m)
    synthetic = np.linspace(0.55, 0.9, m)
    return real, synthetic, Noise(real=np.full(m, 6e-4), synthetic=np.full(m, 3e-4), shared=np.zeros(m))


def test_one_order_is_drawn_for_both_sets_and_seen_through_their_noise() -> None:
    real, synthetic, noise = studied()
    p = pair_posterior(real, synthetic, noise, np.random.default_rng(0), unit=True, n_items=(200, 300), draws=6000)
    assert p.aligned is not None
    assert p.in_hand is None
    assert p.strays == ()
    assert not p.rejects
    for drawn in ((p.real, p.synthetic), p.aligned, (p.ceiling_real, p.ceiling_synthetic)):
        for x, y in zip(drawn, (real, synthetic), strict=True):
            assert x.shape == (6000, 8)
            np.testing.assert_allclose(x.mean(axis=0), y, atol=0.03)
    on_line = [scipy.special.logit(x) for x in p.aligned]
    correlations = [np.corrcoef(a, b)[0, 1] for a, b in zip(*(x[:50] for x in on_line), strict=True)]
    assert min(correlations) > 0.9999
    loose = [scipy.special.logit(x) for x in (p.real, p.synthetic)]
    assert np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(*(x[:200] for x in loose), strict=True)]) < 0.9999
    for above, below, v, y in (
        (p.ceiling_real, on_line[0], noise.real, real),
        (p.ceiling_synthetic, on_line[1], noise.synthetic, synthetic),
    ):
        more = scipy.special.logit(above).var(axis=0) - below.var(axis=0)
        np.testing.assert_allclose(more, v / (y * (1 - y)) ** 2, rtol=0.25)
        assert more.sum() == pytest.approx((v / (y * (1 - y)) ** 2).sum(), rel=0.08)


def test_the_common_shift_is_in_true_and_aligned_scores_alike() -> None:
    real, synthetic, noise = studied()
    moved = Noise(
        real=noise.real, synthetic=noise.synthetic, shared=noise.shared, common_real=4e-3, common_synthetic=4e-3
    )
    drawn: list[PairPosterior] = [
        pair_posterior(real, synthetic, one, np.random.default_rng(1), unit=True, n_items=(200, 300), draws=4000)
        for one in (noise, moved)
    ]
    still, more = drawn
    assert still.aligned is not None
    assert more.aligned is not None
    for a, b, y in (
        (still.real, more.real, real),
        (still.synthetic, more.synthetic, synthetic),
        (still.aligned[0], more.aligned[0], real),
        (still.aligned[1], more.aligned[1], synthetic),
    ):
        added = scipy.special.logit(b).mean(axis=1).var() - scipy.special.logit(a).mean(axis=1).var()
        assert added == pytest.approx(4e-3 / np.mean((y * (1 - y)) ** 2), rel=0.12)
    assert more.ceiling_real.mean(axis=1).std() < 0.7 * more.real.mean(axis=1).std()


def test_what_others_show_is_their_true_score_and_its_noise() -> None:
    real, synthetic, noise = studied()
    p = pair_posterior(
        observed_real=real,
        observed_synthetic=synthetic,
        noise=noise,
        rng=np.random.default_rng(2),
        unit=True,
        n_items=(200, 300),
        draws=4000,
        others=True,
    )
    assert p.in_hand is not None
    error = scipy.special.logit(p.in_hand) - scipy.special.logit(p.synthetic)
    np.testing.assert_allclose(error.var(axis=0), noise.synthetic / (synthetic * (1 - synthetic)) ** 2, rtol=0.1)
    # Others are no longer in the order of those that were seen.
    assert np.ptp(p.real.mean(axis=0)) < 0.03


def test_one_solver_alone_is_its_score_and_its_noise() -> None:
    noise = Noise(real=np.array([0.04]), synthetic=np.array([0.01]), shared=np.array([0.015]))
    p = pair_posterior(
        np.array([3.0]), np.array([5.0]), noise, np.random.default_rng(3), unit=False, n_items=(9, 9), draws=20_000
    )
    assert p.aligned is None
    assert p.likelihood_ratio == 0
    covariance = np.cov(p.real[:, 0], p.synthetic[:, 0])
    np.testing.assert_allclose(covariance, [[0.04, 0.015], [0.015, 0.01]], rtol=0.05)
    ceiling = np.cov(p.ceiling_real[:, 0], p.ceiling_synthetic[:, 0])
    np.testing.assert_allclose(ceiling, [[0.08, 0.03], [0.03, 0.02]], rtol=0.05)
    assert (p.real.mean(), p.synthetic.mean()) == pytest.approx((3.0, 5.0), abs=0.01)
    given, aligned = real_given(
        observed_real=np.array([3.0]),
        observed_synthetic=np.array([5.0]),
        noise=noise,
        rng=np.random.default_rng(3),
        unit=False,
        n_items=(9, 9),
        draws=5000,
    )
    assert aligned is None
    np.testing.assert_allclose(given.mean, 3.0)
    np.testing.assert_allclose(given.variance, 0.04)
    np.testing.assert_array_equal(given.moved, np.zeros((2, 5000, 1)))
    assert given.draws.var() == pytest.approx(0.04, rel=0.06)


def test_one_stray_leaves_the_others_in_order_and_two_orders_leave_none() -> None:
    real, synthetic, noise = studied(12)
    stray = synthetic.copy()
    stray[2] = 0.93
    p = pair_posterior(real, stray, noise, np.random.default_rng(4), unit=True, n_items=(400, 600), draws=400)
    assert p.strays == (2,)
    assert p.rejects
    assert p.aligned is not None
    line = [scipy.special.logit(np.delete(x, 2, axis=1)) for x in p.aligned]
    assert min(np.corrcoef(a, b)[0, 1] for a, b in zip(*(x[:50] for x in line), strict=True)) > 0.9999
    _, aligned = real_given(real, stray, noise, np.random.default_rng(4), unit=True, n_items=(400, 600), draws=50)
    assert aligned is not None
    two = np.where(np.arange(12) % 2, synthetic, synthetic[::-1])
    p = pair_posterior(real, two, noise, np.random.default_rng(5), unit=True, n_items=(400, 600), draws=50)
    assert p.rejects
    assert p.aligned is None
    _, aligned = real_given(real, two, noise, np.random.default_rng(5), unit=True, n_items=(400, 600), draws=50)
    assert aligned is None


def test_the_expected_squared_error_of_a_guess_by_its_definition() -> None:
    rng = np.random.default_rng(6)
    mean, variance, moved = rng.normal(size=(3, 4)), rng.uniform(0.1, 1, (3, 4)), rng.normal(size=(2, 3, 4))
    given, guess = RealGiven(mean=mean, variance=variance, moved=moved, draws=mean), rng.normal(size=4)
    for centred in (False, True):
        found = given.squared_error(guess=guess, centred=centred)
        out = np.eye(4) - (0.25 if centred else 0.0)  # what takes the mean over solvers off
        for d in range(3):
            covariance = np.diag(variance[d]) + moved[:, d].T @ moved[:, d]
            missed = out @ (mean[d] - guess)
            expected = (missed @ missed + np.trace(out @ covariance @ out.T)) / 4
            assert found[d] == pytest.approx(expected, rel=1e-12)
