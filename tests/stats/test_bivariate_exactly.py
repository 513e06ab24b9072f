"""The population of solvers, its grid and its top: every entry against full matrices, dense grids and scipy."""

from typing import Any

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from acidtest.stats import bivariate
from acidtest.stats.bivariate import Grid, Population, posterior_grid
from acidtest.stats.common_order import LIMIT, climb, highest, likelihood_ratio, line_ratio, order_misfit, rising
from acidtest.stats.estimate import FloatArray

PLACES = [(-0.3, 0.2, 0.9), (0.4, -0.5, -0.7), (0.1, 0.3, np.pi / 2)]


class Chance:
    """A source of chance that gives the numbers it was given, in turn, and 0 after them."""

    def __init__(self, numbers: FloatArray | None = None) -> None:
        self.numbers, self.used = np.zeros(0) if numbers is None else numbers, 0

    def standard_normal(self, shape: Any) -> FloatArray:
        size = int(np.prod(shape))
        padded = np.concatenate([self.numbers, np.zeros(self.used + size)])[self.used : self.used + size]
        self.used += size
        return padded.reshape(shape)


def moments(draw: Any) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of what is linear in standard normal numbers: one of them moved at a time."""
    still = Chance()
    mean = np.asarray(draw(still)).ravel()
    moved = np.stack([np.asarray(draw(Chance(row))).ravel() - mean for row in np.eye(still.used)])
    return mean, moved.T @ moved


def seen(seed: int, solvers: int = 5) -> Population:
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.05, 0.4, (solvers, 2))
    f, e = np.ones(solvers), np.zeros(solvers)
    f[1], f[3], e[2] = 2.5, 1.3, 0.7
    c = rng.uniform(-0.6, 0.6, solvers) * np.sqrt(v.prod(axis=1))
    return Population(y=rng.normal(size=(solvers, 2)), v=v, c=c, f=f, e=e)


def point(place: tuple[float, float, float]) -> tuple[FloatArray, FloatArray, FloatArray]:
    r, s, phi = (np.array([x]) for x in place)
    return r, s, phi


class Full:
    """The same model with all scores of one kind after another in one vector: [real of all, synthetic of all]."""

    def __init__(self, p: Population, place: tuple[float, float, float]) -> None:
        r, s, phi = place
        off = np.sin(phi) * np.exp(r + s)
        self.sigma = np.array([[np.exp(2 * r), off], [off, np.exp(2 * s)]])
        m = len(p.y)
        zero = np.zeros((m, m))
        self.noise = np.block([[np.diag(p.v[:, 0]), np.diag(p.c)], [np.diag(p.c), np.diag(p.v[:, 1])]])
        left = np.block([[zero, zero], [zero, np.diag(p.e)]])
        self.spread = np.kron(self.sigma, np.diag(p.f)) + left
        self.seen = self.spread + self.noise
        self.means = np.kron(np.eye(2), np.ones((m, 1)))
        self.y = p.y.T.ravel()
        self.inverse = np.linalg.inv(self.seen)
        self.of_mu = np.linalg.inv(self.means.T @ self.inverse @ self.means)
        self.mu = self.of_mu @ self.means.T @ self.inverse @ self.y
        self.left = self.y - self.means @ self.mu


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_likelihood_is_the_restricted_one_of_full_matrices(place: tuple[float, float, float], seed: int) -> None:
    p, full = seen(seed), Full(seen(seed), place)
    others = (0.0, 0.0, 0.0)
    plain = Full(p, others)

    def slow(at: Full) -> float:
        inner = np.linalg.slogdet(at.means.T @ at.inverse @ at.means)[1]
        return float(-0.5 * (np.linalg.slogdet(at.seen)[1] + inner + at.left @ at.inverse @ at.left))

    both = tuple(np.array([a, b]) for a, b in zip(place, others, strict=True))
    found = p.log_likelihood(both)  # type: ignore[arg-type]  # a tuple of three
    assert found[0] - found[1] == pytest.approx(slow(full) - slow(plain), rel=1e-9)


def test_a_likelihood_worked_out_in_parts_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    p, rng = seen(2), np.random.default_rng(2)
    at = rng.normal(0, 0.5, 23), rng.normal(0, 0.5, 23), rng.uniform(-1.5, 1.5, 23)
    whole = p.log_likelihood(at)
    for cells in (1, 25, 60):
        monkeypatch.setattr(bivariate, "CELLS_AT_ONCE", cells)
        np.testing.assert_array_equal(p.log_likelihood(at), whole)


@pytest.mark.parametrize("place", PLACES)
def test_true_scores_are_drawn_from_the_full_conditional_normal(place: tuple[float, float, float]) -> None:
    p = seen(3)
    full = Full(p, place)
    gain = full.noise @ full.inverse
    by_mu = gain @ full.means
    mean, covariance = moments(lambda chance: p.draw(point(place), chance))
    np.testing.assert_allclose(mean, full.y - gain @ full.left, rtol=1e-9, atol=1e-12)
    expected = full.noise - gain @ full.noise + by_mu @ full.of_mu @ by_mu.T
    np.testing.assert_allclose(covariance, expected, rtol=1e-8, atol=1e-12)
    # What is known of the real scores alone is the first half of it.
    m = len(p.y)
    given, variance, moved = (x[..., 0, :] for x in p.first_given(point(place)))
    np.testing.assert_allclose(given, mean[:m], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.diag(variance) + moved.T @ moved, expected[:m, :m], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("place", PLACES)
def test_other_solvers_and_noise_are_drawn_with_their_covariance(place: tuple[float, float, float]) -> None:
    p = seen(4)
    full, m = Full(p, place), len(p.y)
    mean, covariance = moments(lambda chance: p.draw_others(point(place), chance))
    np.testing.assert_allclose(mean, full.means @ full.mu, rtol=1e-9)
    expected = np.kron(full.sigma, np.eye(m)) + full.means @ full.of_mu @ full.means.T
    np.testing.assert_allclose(covariance, expected, rtol=1e-8, atol=1e-12)
    mean, covariance = moments(lambda chance: p.draw_noise(1, chance))
    np.testing.assert_array_equal(mean, np.zeros(2 * m))
    np.testing.assert_allclose(covariance, full.noise, rtol=1e-12, atol=1e-14)
    assert p.draw_noise(3, np.random.default_rng(0)).shape == (3, 2, m)


def test_how_far_off_the_line_a_solver_lies_is_the_rest_of_a_regression() -> None:
    for seed, place in enumerate(PLACES):
        p = seen(10 + seed)
        full, m = Full(p, place), len(p.y)
        residual, variance = p.off_the_line(np.array(place))
        for k in range(m):
            s11, s12, s22 = full.seen[k, k], full.seen[k, m + k], full.seen[m + k, m + k]
            assert residual[k] == pytest.approx(full.left[m + k] - s12 / s11 * full.left[k], rel=1e-9)
            assert variance[k] == pytest.approx(s22 - s12**2 / s11, rel=1e-9)


def test_a_solvers_place_on_the_line_is_what_its_scores_let_expect() -> None:
    # theta = mu + (sd_r, sd_s) z with z of variance f: the expectation of z given both scores.
    p, (r, s, phi) = seen(5), PLACES[2]
    full, m = Full(p, (r, s, phi)), len(p.y)
    found = p.standing(np.array([r, s, phi]))
    for k in range(m):
        block = full.seen[np.ix_([k, m + k], [k, m + k])]
        both = p.f[k] * np.array([np.exp(r), np.exp(s)])
        assert found[k] == pytest.approx(both @ np.linalg.solve(block, full.left[[k, m + k]]), rel=1e-9)


def test_the_prior_is_half_t_on_each_sd_and_flat_in_phi() -> None:
    p, rng = seen(6), np.random.default_rng(6)
    axes = rng.normal(size=3), rng.normal(size=4), rng.uniform(-1, 1, 2)
    found = bivariate._log_posterior(p, axes)
    prior = scipy.stats.t(df=4, scale=2)
    slow = np.empty((3, 4, 2))
    for i, r in enumerate(axes[0]):
        for j, s in enumerate(axes[1]):
            for k, phi in enumerate(axes[2]):
                likelihood = float(p.log_likelihood(point((r, s, phi)))[0])
                # Of log sd, so the density of sd is multiplied by sd.
                slow[i, j, k] = likelihood + prior.logpdf(np.exp(r)) + r + prior.logpdf(np.exp(s)) + s
    np.testing.assert_allclose(found - found[0, 0, 0], slow - slow[0, 0, 0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("fixed", [False, True])
def test_the_grid_holds_the_posterior_of_a_dense_one(fixed: bool) -> None:  # noqa: FBT001 - a table's column
    p = seen(7, solvers=9)
    one = np.array([np.pi / 2]) if fixed else None
    grid = posterior_grid(p, one)
    low, high = np.log(0.03), np.log(4.0)
    phi = np.array([np.pi / 2]) if fixed else (np.arange(60) + 0.5) * np.pi / 60 - np.pi / 2
    sd = low + (np.arange(90) + 0.5) * (high - low) / 90
    dense = Grid(axes=(sd, sd, phi), log_density=bivariate._log_posterior(p, (sd, sd, phi)))
    assert [len(axis) for axis in grid.axes] == [14, 14, 1 if fixed else 24]
    for i in range(2 if fixed else 3):
        shares = []
        for one_grid in (grid, dense):
            share = np.exp(one_grid.log_density - one_grid.log_density.max())
            shares.append(share.sum(axis=tuple(j for j in range(3) if j != i)) / share.sum())
        means = [float(share @ g.axes[i]) for share, g in zip(shares, (grid, dense), strict=True)]
        spreads = [
            float(np.sqrt(share @ (g.axes[i] - mean) ** 2))
            for share, g, mean in zip(shares, (grid, dense), means, strict=True)
        ]
        assert means[0] == pytest.approx(means[1], abs=0.03 * spreads[1])
        assert spreads[0] == pytest.approx(spreads[1], rel=0.05)
        # All that matters is on the grid, and it ends near where nothing does or where the axis ends.
        step = grid.axes[i][1] - grid.axes[i][0]
        first, last = grid.axes[i][0] - step / 2, grid.axes[i][-1] + step / 2
        profile = dense.log_density.max(axis=tuple(j for j in range(3) if j != i))
        matters = dense.axes[i][profile > profile.max() - 14]
        assert first <= matters[0] + 1e-9
        assert last >= matters[-1] - 1e-9


class Even:
    """A source of chance whose uniform numbers are those given, one array per call."""

    def __init__(self, *numbers: FloatArray) -> None:
        self.numbers = list(numbers)

    def random(self, size: int) -> FloatArray:
        found = self.numbers.pop(0)
        assert found.shape == (size,)
        return found


def test_grid_points_are_drawn_as_often_as_their_density_says_and_moved_within_their_cells() -> None:
    rng = np.random.default_rng(8)
    axes = np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.5]), np.array([-1.5, -0.5, 0.5, 1.5])
    density = rng.random((3, 2, 4))
    grid = Grid(axes=axes, log_density=np.log(density) + 7.0)
    rounds = 40_000
    even, half = (np.arange(rounds) + 0.5) / rounds, np.full(rounds, 0.5)
    found = grid.draw(rounds, Even(even, half, half, half))  # type: ignore[arg-type]  # uniform numbers are all it asks
    counted = np.zeros(density.shape)
    for r, s, phi in zip(*found, strict=True):
        counted[int(r), round(s / 0.5), round(phi + 1.5)] += 1
    np.testing.assert_allclose(counted / rounds, density / density.sum(), atol=1.1 / rounds)
    # A quarter of a cell up, a cell's whole half down; phi not beyond rho = 1.
    quarter, low = np.full(rounds, 0.75), np.zeros(rounds)
    moved = grid.draw(rounds, Even(even, quarter, low, quarter))  # type: ignore[arg-type]
    np.testing.assert_allclose(moved[0], found[0] + 0.25)
    np.testing.assert_allclose(moved[1], found[1] - 0.25)
    np.testing.assert_allclose(moved[2], np.minimum(found[2] + 0.25, np.pi / 2))
    last = grid.draw(1, Even(np.array([1.0]), *[np.array([0.5])] * 3))  # type: ignore[arg-type]
    assert [float(x[0]) for x in last] == [2.0, 0.5, 1.5]


def top(p: Population, *, free: bool) -> float:
    """The likelihood's height by scipy from many starts."""
    edge = (np.log(1e-3), np.log(6.0))

    def below(at: FloatArray) -> float:
        return -float(p.log_likelihood((at[:1], at[1:2], at[2:3] if free else np.array([np.pi / 2])))[0])

    bounds = [edge, edge, *([(-np.pi / 2, np.pi / 2)] if free else [])]
    starts = [[r, s, *([phi] if free else [])] for r in (-2.0, 0.5) for s in (-2.0, 0.5) for phi in (-1.0, 0.2, 1.4)]
    return -min(float(scipy.optimize.minimize(below, x, bounds=bounds, method="L-BFGS-B").fun) for x in starts)


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_the_top_is_scipys_and_the_ratio_twice_what_lies_between_both(seed: int) -> None:
    p = seen(seed, solvers=8)
    log_sd = np.linspace(np.log(0.03), np.log(4.0), 9)
    free, same = top(p, free=True), top(p, free=False)
    height, place = highest(population=p, axes=(log_sd, log_sd, np.array([np.pi / 2])), free=False)
    assert place[2] == np.pi / 2
    assert height == pytest.approx(same, abs=3e-4)
    found, _ = highest(p, (log_sd, log_sd, np.linspace(-1.4, 1.4, 9)), free=True)
    assert found == pytest.approx(free, abs=3e-4)
    ratio, standing = line_ratio(p)
    assert ratio == pytest.approx(2 * (free - same), abs=1e-3)
    np.testing.assert_array_equal(standing, p.standing(place))
    misfit = order_misfit(p, standing)
    expected = ratio if ratio <= LIMIT else min(ratio, misfit)
    assert likelihood_ratio(p) == expected


def test_climbing_starts_anywhere_and_stays_within_the_ends() -> None:
    p = seen(23, solvers=8)
    for start in ([-3.0, 1.5, -1.5], [1.5, -4.0, 1.5], [0.0, 0.0, 0.0]):
        assert climb(population=p, start=np.array(start), free=True)[0] == pytest.approx(top(p, free=True), abs=3e-4)
    # All scores equal and hardly any noise: the spreads go as low as the search does; far apart: as high.
    flat = Population(y=np.zeros((6, 2)), v=np.full((6, 2), 1e-9), c=np.zeros(6), f=np.ones(6), e=np.zeros(6))
    _, place = climb(flat, np.array([-3.0, -3.0, 0.0]), free=True)
    np.testing.assert_allclose(place[:2], np.log(1e-3))
    wide = Population(y=100 * p.y, v=p.v, c=p.c, f=p.f, e=p.e)
    _, place = climb(wide, np.array([0.0, 0.0, 0.0]), free=True)
    np.testing.assert_allclose(place[:2], np.log(6.0))


def test_rising_fits_are_scipys() -> None:
    rng = np.random.default_rng(30)
    for size in (1, 2, 7, 40):
        x, weight = rng.normal(size=size).round(1), rng.uniform(0.2, 3.0, size)
        expected = scipy.optimize.isotonic_regression(x, weights=weight).x
        np.testing.assert_allclose(rising(x, weight), expected, rtol=1e-12, atol=1e-12)


def test_the_misfit_of_unshared_noise_is_that_of_two_rising_fits_in_the_best_of_three_orders() -> None:
    rng = np.random.default_rng(31)
    for _ in range(6):
        m = 9
        y = rng.normal(size=(m, 2)).round(1)
        e = np.where(np.arange(m) == 4, 2.0, 0.0)
        v = rng.uniform(0.05, 0.5, (m, 2))
        p = Population(y=y, v=v, c=np.zeros(m), f=np.ones(m), e=e)
        standing = rng.normal(size=m).round(0)
        # Of solvers at the same place, by their other scores.
        keys: list[Any] = [
            lambda k, standing=standing, y=y: (standing[k], y[k, 0], y[k, 1]),
            lambda k, y=y: (y[k, 0], y[k, 1]),
            lambda k, y=y: (y[k, 1], y[k, 0]),
        ]
        slow = []
        for key in keys:
            order = np.array(sorted(range(m), key=key))
            total = 0.0
            for column, variance in ((0, v[:, 0]), (1, v[:, 1] + e)):
                x, w = y[order, column], 1 / variance[order]
                total += float((w * (x - scipy.optimize.isotonic_regression(x, weights=w).x) ** 2).sum())
            slow.append(total)
        assert order_misfit(p, standing) == pytest.approx(min(slow), rel=1e-9)
