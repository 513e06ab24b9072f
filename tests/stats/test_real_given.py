"""What both sets tell of the true real scores, were the spreads known: against slow definitions."""

import numpy as np
import pytest

from acidtest.stats.bivariate import Population
from acidtest.stats.noise import Noise
from acidtest.stats.pooled_noise import pooled_variance
from acidtest.stats.posterior import RealGiven, pair_posterior, real_given


def test_expected_scores_and_their_spread_against_the_full_conditional_normal() -> None:
    # theta and y of all solvers as one normal vector; the flat mean is a normal one with a huge variance.
    rng = np.random.default_rng(0)
    solvers, wide = 4, 1e4
    p = Population(
        y=rng.normal(size=(solvers, 2)),
        v=rng.uniform(0.1, 0.5, (solvers, 2)),
        c=rng.uniform(0.0, 0.1, solvers),
        f=np.array([3.0, 1.0, 1.0, 1.0]),
        e=np.array([0.0, 0.0, 0.0, 0.6]),
    )
    log_r, log_s, phi = -0.2, 0.1, 0.9
    off = np.sin(phi) * np.exp(log_r + log_s)
    sigma = np.array([[np.exp(2 * log_r), off], [off, np.exp(2 * log_s)]])
    prior = wide * np.kron(np.ones((solvers, solvers)), np.eye(2))
    noise = np.zeros((2 * solvers, 2 * solvers))
    for m in range(solvers):
        block = slice(2 * m, 2 * m + 2)
        prior[block, block] += p.f[m] * sigma + np.diag([0.0, p.e[m]])
        noise[block, block] = [[p.v[m, 0], p.c[m]], [p.c[m], p.v[m, 1]]]
    gain = prior @ np.linalg.inv(prior + noise)
    mean, covariance = (gain @ p.y.ravel())[::2], (prior - gain @ prior)[::2, ::2]
    found = p.first_given(tuple(np.array([x]) for x in (log_r, log_s, phi)))  # type: ignore[arg-type]  # a tuple of three
    np.testing.assert_allclose(found[0][0], mean, atol=1e-3)
    np.testing.assert_allclose(np.diag(found[1][0]) + found[2][:, 0].T @ found[2][:, 0], covariance, atol=1e-3)


@pytest.mark.parametrize("centred", [False, True])
def test_expected_squared_error_against_draws(centred: bool) -> None:  # noqa: FBT001 - a table's column
    rng = np.random.default_rng(1)
    given = RealGiven(
        mean=rng.normal(size=(1, 5)),
        variance=rng.uniform(0.1, 1.0, (1, 5)),
        moved=rng.normal(0, 0.5, (2, 1, 5)),
        draws=np.zeros((1, 5)),
    )
    guess = rng.normal(size=5)
    z, u = rng.standard_normal((200_000, 5)), rng.standard_normal((200_000, 2))
    missed = given.mean[0] + np.sqrt(given.variance[0]) * z + u @ given.moved[:, 0] - guess
    slow = (missed - missed.mean(axis=1, keepdims=True) if centred else missed) ** 2
    assert given.squared_error(guess, centred=centred)[0] == pytest.approx(slow.mean(), rel=0.01)


def test_draws_are_those_of_the_posterior_of_the_pair() -> None:
    # Around the observed scores both are the same model: means and spreads differ by the chance of draws alone.
    real, synthetic = np.linspace(0.3, 0.8, 8), np.linspace(0.5, 0.9, 8) + np.tile([0.03, -0.03], 4)
    noise = Noise(
        real=np.full(8, 2e-3), synthetic=np.full(8, 4e-4), shared=np.full(8, 2e-4), common_real=1e-3, common_shared=3e-4
    )
    both = pair_posterior(real, synthetic, noise, np.random.default_rng(0), unit=True, n_items=(100, 500), draws=20_000)
    found, aligned = real_given(
        real, synthetic, noise, np.random.default_rng(1), unit=True, n_items=(100, 500), draws=20_000
    )
    np.testing.assert_allclose(found.draws.mean(axis=0), both.real.mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(found.draws.std(axis=0), both.real.std(axis=0), rtol=0.05)
    # The mean to the second order is that of the draws, one grid point or many.
    np.testing.assert_allclose(found.mean.mean(axis=0), found.draws.mean(axis=0), atol=2e-3)
    assert (aligned is None) == (both.aligned is None)


def test_pooled_variance_of_equal_solvers_and_of_unlike_ones() -> None:
    # Variances that differ as those of 20 items do by chance are taken for one; of 2,000 items, they are what they are.
    rng = np.random.default_rng(2)
    p, n = np.full(40, 0.5), np.full(40, 20.0)
    own = 0.01 * rng.chisquare(19, 40) / 19
    assert pooled_variance(own, p, p, n, unit=True).std() < 0.5 * own.std()
    unlike = np.geomspace(0.001, 0.01, 40)
    np.testing.assert_allclose(pooled_variance(unlike, p, p, 100 * n, unit=True), unlike, rtol=0.02)
    # The ratio stays, the variance follows the share, a solver without noise of its own has the others' ratio.
    moved = pooled_variance(np.append(np.full(39, 0.01), np.nan), p, np.full(40, 0.1), n, unit=True)
    np.testing.assert_allclose(moved, 0.01 * 0.09 / 0.25)
    assert np.isnan(pooled_variance(np.full(3, np.nan), p[:3], p[:3], n[:3], unit=True)).all()
