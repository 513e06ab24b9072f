"""True scores of solvers on two sets as a bivariate normal population, seen through each solver's own noise.

    theta[m] = (theta_r, theta_s) ~ N2(mu, f[m] Sigma + ((0, 0), (0, e[m])))       Sigma: (sd_r, sd_s, rho)
    y[m]     ~ N2(theta[m], V[m])                             V[m]: ((v_r, c), (c, v_s)), known

mu has a flat prior and is integrated out, so only (sd_r, sd_s, rho) need a grid. All is linear in solvers: every
matrix is 2 x 2 and written out. Units: both columns of y are scaled so that their spread is about 1.
"""

from dataclasses import dataclass

import numpy as np

from acidtest.stats.estimate import FloatArray

CELLS_AT_ONCE = 1 << 19
"""Largest array of (grid points x solvers) held at once: 4 MB, so that its dozen stay in cache."""

SD_LOW, SD_HIGH = 0.03, 4.0
"""Ends of the grid of each sd, in units of the observed spread."""

PRIOR_SCALE, PRIOR_DF = 2.0, 4.0
"""Half-t prior on each sd, in units of the observed spread.

phi is uniform, with rho = sin phi: near rho = 1 that is flat in what the line leaves over, sd_s cos phi, as is usual
for a spread. Uniform in rho would push it away from 0, and every mean squared difference up.
"""

NEGLIGIBLE = 14.0
"""Log density below the top that no longer matters: e^-14 is one in a million."""

Point = tuple[FloatArray, FloatArray, FloatArray]
"""(log sd_r [K], log sd_s [K], phi [K]) with rho = sin phi: a grid even in phi is dense where rho is near 1."""


@dataclass(frozen=True, kw_only=True)
class Population:
    """What was seen of M solvers.

    Attributes:
        y: [M, 2] scores.
        v: [M, 2] noise variances.
        c: [M] noise covariance of the two.
        f: [M] how much larger than Sigma the spread around this solver is; above 1 for one far from the rest.
        e: [M] variance that lets a solver leave the others' line on the synthetic set; 0 for all but a few.
    """

    y: FloatArray
    v: FloatArray
    c: FloatArray
    f: FloatArray
    e: FloatArray

    def log_likelihood(self, at: Point) -> FloatArray:
        """Return [K]: log density of y with mu integrated out, up to a constant."""
        size = max(1, CELLS_AT_ONCE // len(self.y))
        r, s, phi = at
        parts = [(r[i : i + size], s[i : i + size], phi[i : i + size]) for i in range(0, len(r), size)]
        return np.concatenate([self._log_likelihood(part) for part in parts])

    def draw(self, at: Point, rng: np.random.Generator) -> FloatArray:
        """Return [K, 2, M]: one draw of all true scores for each grid point."""
        y1, y2 = self.y.T
        w11, w22, w12, _ = self._precision(at)
        mu1, mu2 = _draw_pair(*_mean_and_covariance(w11, w22, w12, y1, y2), rng)
        r1, r2 = y1 - mu1[:, None], y2 - mu2[:, None]
        v1, v2, c = self.v[:, 0], self.v[:, 1], self.c
        # theta | y, mu ~ N(y - V W (y - mu), V - V W V); this form loses no digits where the noise is small.
        g11, g12, g21, g22 = v1 * w11 + c * w12, v1 * w12 + c * w22, c * w11 + v2 * w12, c * w12 + v2 * w22
        mean1, mean2 = y1 - g11 * r1 - g12 * r2, y2 - g21 * r1 - g22 * r2
        c11, c12, c22 = v1 - g11 * v1 - g12 * c, c - g11 * c - g12 * v2, v2 - g21 * c - g22 * v2
        return np.stack(_draw_pair(mean1, mean2, c11, c12, c22, rng), axis=1)

    def first_given(self, at: Point) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what y tells of theta_r at each grid point: [K, M] mean and own variance, and [2, K, M] what mu adds.

        theta_r[m] = mean[m] + sqrt(variance[m]) z[m] + moved[0, m] z' + moved[1, m] z'': mu moves all solvers at once.
        """
        y1, y2 = self.y.T
        w11, w22, w12, _ = self._precision(at)
        mu1, mu2, c11, c12, c22 = _mean_and_covariance(w11, w22, w12, y1, y2)
        v1, c = self.v[:, 0], self.c
        g11, g12 = v1 * w11 + c * w12, v1 * w12 + c * w22  # as in `draw`
        root = np.sqrt(np.maximum(c11, 1e-300))
        left = np.sqrt(np.maximum(c22 - (c12 / root) ** 2, 0.0))
        moved = np.stack([g11 * root[:, None] + g12 * (c12 / root)[:, None], g12 * left[:, None]])
        mean = y1 - g11 * (y1 - mu1[:, None]) - g12 * (y2 - mu2[:, None])
        return mean, np.maximum(v1 - g11 * v1 - g12 * c, 0.0), moved

    def draw_others(self, at: Point, rng: np.random.Generator) -> FloatArray:
        """Return [K, 2, M]: true scores of M other solvers of the same population, one group for each grid point."""
        y1, y2 = self.y.T
        w11, w22, w12, _ = self._precision(at)
        mu1, mu2 = _draw_pair(*_mean_and_covariance(w11, w22, w12, y1, y2), rng)
        s1, s2, rho = (x[:, None] for x in (np.exp(at[0]), np.exp(at[1]), np.sin(at[2])))
        z1, z2 = rng.standard_normal((2, len(at[0]), len(self.y)))
        left = np.sqrt(np.maximum(1 - rho**2, 0.0))
        return np.stack([mu1[:, None] + s1 * z1, mu2[:, None] + s2 * (rho * z1 + left * z2)], axis=1)

    def standing(self, at: FloatArray) -> FloatArray:
        """Return [M]: where each solver stands on the line theta = mu + (sd_r, sd_s) z, for one point of rho = 1."""
        y1, y2 = self.y.T
        w11, w22, w12, _ = self._precision((at[:1], at[1:2], at[2:3]))
        m1, m2, *_ = _mean_and_covariance(w11, w22, w12, y1, y2)
        r1, r2 = y1 - m1[:, None], y2 - m2[:, None]
        z: FloatArray = np.exp(at[0]) * (w11 * r1 + w12 * r2)[0] + np.exp(at[1]) * (w12 * r1 + w22 * r2)[0]
        return self.f * z  # the spread around a solver far from the rest is larger

    def off_the_line(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return [M]: how far each synthetic score lies from what the real one lets expect, and the variance of that.

        At one point (log sd_r, log sd_s, phi), for mu as all solvers place it.
        """
        y1, y2 = self.y.T
        w11, w22, w12, _ = self._precision((at[:1], at[1:2], at[2:3]))
        m1, m2, *_ = _mean_and_covariance(w11, w22, w12, y1, y2)
        # Given the first of a normal pair, the second has mean -w12 / w22 times its deviation, and variance 1 / w22.
        return ((y2 - m2[:, None]) + w12 / w22 * (y1 - m1[:, None]))[0], (1 / w22)[0]

    def draw_noise(self, rounds: int, rng: np.random.Generator) -> FloatArray:
        """Return [K, 2, M]: noise of the kind that moved y away from theta."""
        shape = (rounds, len(self.y))
        v1, v2, c = (np.broadcast_to(x, shape) for x in (self.v[:, 0], self.v[:, 1], self.c))
        return np.stack(_draw_pair(np.zeros(shape), np.zeros(shape), v1, c, v2, rng), axis=1)

    def _precision(self, at: Point) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return [K, M] entries 11, 22, 12 of (f Sigma + V)^-1, and the determinant of f Sigma + V."""
        log_r, log_s, phi = (axis[:, None] for axis in at)
        s11, s22 = np.exp(2 * log_r), np.exp(2 * log_s)
        s12 = np.sin(phi) * np.exp(log_r + log_s)
        v1, v2, c, f = self.v[:, 0], self.v[:, 1] + self.e, self.c, self.f
        # Written out, not a b - o^2: at rho = 1 that would cancel.
        determinant = s11 * s22 * np.cos(phi) ** 2 * f**2 + f * (s11 * v2 + s22 * v1 - 2 * s12 * c) + (v1 * v2 - c * c)
        return (s22 * f + v2) / determinant, (s11 * f + v1) / determinant, -(s12 * f + c) / determinant, determinant

    def _log_likelihood(self, at: Point) -> FloatArray:
        y1, y2 = self.y.T
        w11, w22, w12, determinant = self._precision(at)
        m1, m2, c11, c12, c22 = _mean_and_covariance(w11, w22, w12, y1, y2)
        r1, r2 = y1 - m1[:, None], y2 - m2[:, None]
        squares = (w11 * r1 * r1 + w22 * r2 * r2 + 2 * w12 * r1 * r2).sum(axis=1)
        log_density: FloatArray = 0.5 * (np.log(c11 * c22 - c12**2) - np.log(determinant).sum(axis=1) - squares)
        return log_density


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Axes (log sd_r, log sd_s, phi) and the log posterior density [n_r, n_s, n_phi] on them."""

    axes: tuple[FloatArray, FloatArray, FloatArray]
    log_density: FloatArray

    def draw(self, rounds: int, rng: np.random.Generator) -> Point:
        """Return `rounds` points, each moved evenly within its cell so that the grid does not show."""
        density = np.exp(self.log_density - self.log_density.max()).ravel()
        cumulative = np.cumsum(density)
        chosen = np.searchsorted(cumulative, rng.random(rounds) * cumulative[-1], side="right")
        places = np.unravel_index(np.minimum(chosen, density.size - 1), self.log_density.shape)
        log_r, log_s, phi = (
            axis[place] + _step(axis) * (rng.random(rounds) - 0.5)
            for axis, place in zip(self.axes, places, strict=True)
        )
        return log_r, log_s, np.clip(phi, -np.pi / 2, np.pi / 2)


def posterior_grid(population: Population, phi: FloatArray | None = None) -> Grid:
    """Return the posterior of (sd_r, sd_s, rho) on a grid that covers what matters: coarse first, then closer.

    Args:
        population: What was seen.
        phi: Fixed values of phi (pi / 2: rho = 1); None: all of rho.
    """
    edge = (float(np.log(SD_LOW)), float(np.log(SD_HIGH)))
    bounds = [edge, edge, (-np.pi / 2, np.pi / 2)]
    for n_sd, n_phi in ((9, 12), (9, 12), (9, 12), (14, 24)):
        axes = (_middles(*bounds[0], n_sd), _middles(*bounds[1], n_sd), _middles(*bounds[2], n_phi))
        if phi is not None:
            axes = (axes[0], axes[1], phi)
        grid = Grid(axes=axes, log_density=_log_posterior(population, axes))
        bounds = [_closer(grid, i, bounds[i]) for i in range(3)]
    return grid


def mesh(axes: tuple[FloatArray, FloatArray, FloatArray]) -> Point:
    """Return every point of a grid, in C order."""
    log_r, log_s, phi = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    return log_r, log_s, phi


def _log_posterior(population: Population, axes: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
    log_r, log_s, phi = mesh(axes)
    log_prior = _log_half_t(log_r) + _log_half_t(log_s)
    return (population.log_likelihood((log_r, log_s, phi)) + log_prior).reshape([len(axis) for axis in axes])


def _log_half_t(log_sd: FloatArray) -> FloatArray:
    """Return the log prior density of log sd."""
    log_density: FloatArray = log_sd - (PRIOR_DF + 1) / 2 * np.log1p((np.exp(log_sd) / PRIOR_SCALE) ** 2 / PRIOR_DF)
    return log_density


def _closer(grid: Grid, i: int, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the part of an axis that holds what matters, one cell wider on both sides."""
    axis = grid.axes[i]
    profile = grid.log_density.max(axis=tuple(j for j in range(3) if j != i))
    matters = axis[profile > profile.max() - NEGLIGIBLE]
    margin = 1.5 * _step(axis)
    return max(bounds[0], float(matters[0]) - margin), min(bounds[1], float(matters[-1]) + margin)


def _middles(low: float, high: float, n: int) -> FloatArray:
    return np.asarray(low + (np.arange(n) + 0.5) * ((high - low) / n), np.float64)


def _step(axis: FloatArray) -> float:
    return float(axis[1] - axis[0]) if len(axis) > 1 else 0.0


def _mean_and_covariance(
    w11: FloatArray, w22: FloatArray, w12: FloatArray, y1: FloatArray, y2: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return [K] mean (1, 2) and covariance (11, 12, 22) of mu given the solvers' precisions [K, M]."""
    p11, p22, p12 = w11.sum(axis=1), w22.sum(axis=1), w12.sum(axis=1)
    h1, h2 = (w11 * y1 + w12 * y2).sum(axis=1), (w12 * y1 + w22 * y2).sum(axis=1)
    determinant = p11 * p22 - p12**2
    c11, c12, c22 = p22 / determinant, -p12 / determinant, p11 / determinant
    return c11 * h1 + c12 * h2, c12 * h1 + c22 * h2, c11, c12, c22


def _draw_pair(
    mean1: FloatArray, mean2: FloatArray, c11: FloatArray, c12: FloatArray, c22: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    z1, z2 = rng.standard_normal((2, *mean1.shape))
    root = np.sqrt(np.maximum(c11, 1e-300))
    slope = c12 / root
    return mean1 + root * z1, mean2 + slope * z1 + np.sqrt(np.maximum(c22 - slope**2, 0.0)) * z2
