"""One posterior per pair of benchmarks: what the true scores may be, the items' noise removed.

Statistics of orders and of squares take their interval from here, and not from a bootstrap over items: resampling adds
the items' noise a second time, and its 95 % interval for a rank correlation then holds the truth in 24 to 52 % of
cases.
"""

from dataclasses import dataclass

import numpy as np

from acidtest.stats.bivariate import Population, posterior_grid
from acidtest.stats.common_order import LIMIT, likelihood_ratio
from acidtest.stats.estimate import FloatArray
from acidtest.stats.noise import Noise
from acidtest.stats.stray import let_go

__all__ = ["LIMIT", "PairPosterior", "RealGiven", "pair_posterior", "real_given"]

LEAST_VARIANCE = 1e-9
"""Smallest noise variance in units of the observed spread squared; keeps every matrix invertible."""

LARGEST_CORRELATION = 0.95
"""Largest correlation of a solver's two noises."""

FAR = 2.5
"""A solver further than this many robust standard deviations from the rest is let go: it shall not set their spread."""

FEWEST_FOR_FAR = 4
"""With fewer solvers nobody can say who is the outlier."""


@dataclass(frozen=True, kw_only=True)
class PairPosterior:
    """Draws of what two benchmarks would show.

    Attributes:
        real, synthetic: [D, M] true scores on the metric's own scale; draw d of both belongs together.
        aligned: The same (real, synthetic) were the order perfect (any slope), strays aside; None where that is ruled
            out. Draws of a free correlation never quite reach 1, so their quantiles miss the truth where it is there.
        ceiling_real, ceiling_synthetic: [D, M] scores as they would be observed were the order perfect: true scores
            drawn at rho = 1, noise of these item numbers added. On the metric's own scale.
        likelihood_ratio: How much better two orders explain the scores than one, see `common_order`.
        strays: Solvers that leave the others' line, see `stray`.
        in_hand: [D, M] what the synthetic set would show of the solvers of each draw, where they are others than those
            that were seen; None where they are those.
    """

    real: FloatArray
    synthetic: FloatArray
    aligned: tuple[FloatArray, FloatArray] | None
    ceiling_real: FloatArray
    ceiling_synthetic: FloatArray
    likelihood_ratio: float
    strays: tuple[int, ...] = ()
    in_hand: FloatArray | None = None

    @property
    def rejects(self) -> bool:
        """Whether no common order explains both sets."""
        return self.likelihood_ratio > LIMIT


def pair_posterior(  # noqa: PLR0913  # two sets, their noise, and what is asked of them
    observed_real: FloatArray,
    observed_synthetic: FloatArray,
    noise: Noise,
    rng: np.random.Generator,
    *,
    unit: bool,
    n_items: tuple[int, int],
    draws: int = 2000,
    others: bool = False,
) -> PairPosterior:
    """Return draws of the true scores of M solvers on a real and a synthetic set.

    True scores are bivariate normal over solvers (on the logit scale where scores lie in [0, 1]), observed ones normal
    around them; see `bivariate`. Solvers far from the rest are down-weighted: their spread is let grow until they are
    ordinary. The items' common difficulty moves all solvers of a draw together by `noise.common_*`.

    Args:
        observed_real: [M] metric of each solver on the real set; all must be known.
        observed_synthetic: [M] the same on the synthetic set.
        noise: Of `pair_noise`, on the metric's own scale. Where a solver's is unknown (NaN), the others' mean is taken;
            where all are, the most that there could be.
        rng: Source of chance.
        unit: Scores lie in [0, 1]. Scores of exactly 0 or 1 are moved half an item inward, with the noise of a share.
        n_items: Items of the real and of the synthetic set.
        draws: D.
        others: Draw as many other solvers from the same population, instead of those that were seen: what another
            group of solvers like these would show. Their spread is normal; nobody knows who would be far from the rest.

    Raises:
        ValueError: A score is missing.

    Example:
        >>> real, synthetic = np.array([0.5, 0.6, 0.7, 0.8]), np.array([0.6, 0.7, 0.75, 0.9])
        >>> noise = Noise(real=np.full(4, 1e-4), synthetic=np.full(4, 1e-4), shared=np.zeros(4))
        >>> p = pair_posterior(real, synthetic, noise, np.random.default_rng(0), unit=True, n_items=(999, 999))
        >>> p.real.shape, p.rejects
        ((2000, 4), False)
    """
    observed = np.stack([observed_real, observed_synthetic], axis=1).astype(np.float64)
    if not np.isfinite(observed).all():
        raise ValueError("a score is missing: leave out solvers that did not answer both sets")
    scale = _Scale.of(observed, noise, unit=unit, n_items=n_items)
    drawn = _one_solver(scale, draws, rng) if len(observed) == 1 else _several(scale, draws, rng, others=others)
    shift = scale.shift(draws, rng)
    true, ceiling = scale.back(drawn.true + shift), scale.back(drawn.ceiling)
    aligned = None if drawn.aligned is None else scale.back(drawn.aligned + shift)
    return PairPosterior(
        real=true[..., 0],
        synthetic=true[..., 1],
        aligned=None if aligned is None else (aligned[..., 0], aligned[..., 1]),
        ceiling_real=ceiling[..., 0],
        ceiling_synthetic=ceiling[..., 1],
        likelihood_ratio=drawn.likelihood_ratio,
        strays=drawn.strays,
        in_hand=None if drawn.seen is None else scale.back(drawn.seen)[..., 1],
    )


@dataclass(frozen=True, kw_only=True)
class RealGiven:
    """What two benchmarks tell of the true real scores, were spreads and correlation known: those of each draw.

    Attributes:
        mean: [D, M] expected true real score, on the metric's own scale.
        variance: [D, M] what each solver's may differ from that on its own.
        moved: [2, D, M] how far the two lucks (standard normal) of the population's means move all solvers at once.
        draws: [D, M] of true real scores; the real items' difficulty, which moves all solvers, is in them alone.
    """

    mean: FloatArray
    variance: FloatArray
    moved: FloatArray
    draws: FloatArray

    def squared_error(self, guess: FloatArray, *, centred: bool) -> FloatArray:
        """Return [D]: expected squared error of a guess [M], mean over solvers; of guesses less their mean if centred.

        What the difficulty of the real items adds for all solvers at once is not in it.
        """
        missed, moved, share = self.mean - guess, self.moved, 1.0
        if centred:
            missed, moved = (x - x.mean(axis=-1, keepdims=True) for x in (missed, moved))
            share = 1 - 1 / len(guess)  # of independent errors less their mean
        expected: FloatArray = (missed**2 + share * self.variance + (moved**2).sum(axis=0)).mean(axis=-1)
        return expected


def real_given(  # noqa: PLR0913  # as `pair_posterior`
    observed_real: FloatArray,
    observed_synthetic: FloatArray,
    noise: Noise,
    rng: np.random.Generator,
    *,
    unit: bool,
    n_items: tuple[int, int],
    draws: int = 2000,
    around: FloatArray | None = None,
) -> tuple[RealGiven, RealGiven | None]:
    """Return what is known of the true real scores for each draw of the spreads, and the same were the order perfect.

    The second is None where a perfect order is ruled out.

    Args:
        observed_real: As for `pair_posterior`.
        observed_synthetic: The same.
        noise: The same.
        rng: The same.
        unit: The same.
        n_items: The same.
        draws: The same.
        around: [M, 2] shares near the true ones, around which the logit scale is a straight line. None: the observed
            ones; a solver with luck then seems to be noisier than one without, and the others closer to the line.
    """
    observed = np.stack([observed_real, observed_synthetic], axis=1).astype(np.float64)
    scale = _Scale.of(observed, noise, unit=unit, n_items=n_items, around=around)
    strict = scale.population
    if len(observed) == 1:
        y, v = strict.y[:, 0], strict.v[:, 0]
        shape = (draws, 1)
        known = np.broadcast_to(y, shape), np.broadcast_to(v, shape), np.zeros((2, *shape))
        return scale.real(known, rng), None
    free = let_go(strict)
    lined_up = strict if likelihood_ratio(strict) <= LIMIT else _lined_up(strict, free)
    found = scale.real(free.first_given(posterior_grid(free).draw(draws, rng)), rng)
    if lined_up is None:
        return found, None
    return found, scale.real(lined_up.first_given(posterior_grid(lined_up, _AT_ONE).draw(draws, rng)), rng)


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """[D, M, 2] draws on the model's scale: true scores, the same at rho = 1, what that would show, others in hand."""

    true: FloatArray
    aligned: FloatArray | None
    ceiling: FloatArray
    likelihood_ratio: float
    strays: tuple[int, ...] = ()
    seen: FloatArray | None = None


def _one_solver(scale: "_Scale", draws: int, rng: np.random.Generator) -> _Drawn:
    """One solver has no spread and no order: its true scores are its scores and their noise."""
    theta, noise = (_transposed(scale.population.draw_noise(draws, rng)) * scale.spread for _ in range(2))
    true = scale.y[None] + theta
    return _Drawn(true=true, aligned=None, ceiling=true + noise, likelihood_ratio=0.0)


def _several(scale: "_Scale", draws: int, rng: np.random.Generator, *, others: bool) -> _Drawn:
    strict = scale.population
    free = let_go(strict)

    def true_scores(population: Population, phi: FloatArray | None = None) -> FloatArray:
        at = posterior_grid(population, phi).draw(draws, rng)
        return population.draw_others(at, rng) if others else population.draw(at, rng)

    true = true_scores(free)
    # Ceilings and the order test ask about all solvers on one line, strays included.
    one_line = true_scores(strict, _AT_ONE)
    ratio = likelihood_ratio(strict)
    aligned: FloatArray | None = one_line
    if ratio > LIMIT:
        lined_up = _lined_up(strict, free)
        aligned = None if lined_up is None else true_scores(lined_up, _AT_ONE)
    return _Drawn(
        true=scale.restored(true),
        aligned=None if aligned is None else scale.restored(aligned),
        ceiling=scale.restored(one_line + strict.draw_noise(draws, rng)),
        likelihood_ratio=ratio,
        strays=tuple(np.flatnonzero(free.e).tolist()),
        seen=scale.restored(true + strict.draw_noise(draws, rng)) if others else None,
    )


def _lined_up(strict: Population, free: Population) -> Population | None:
    """Return the population whose solvers may be on one line but for its strays; None where that is ruled out, too."""
    # Perhaps all but one keep their order; that one need not be certain for the rest to be possible.
    freed = free if free.e.any() else let_go(strict, at_least=1)
    return freed if freed.e.any() and likelihood_ratio(freed) <= LIMIT else None


_AT_ONE = np.array([np.pi / 2])
"""phi where rho is 1."""


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """The way from the metric's scale to the one that the model works on, and back.

    y: [M, 2] scores on the logit scale (or their own). centre, spread: [2]. common: [2, 2] covariance of the shift that
    the items' common difficulty gives all solvers.
    """

    y: FloatArray
    centre: FloatArray
    spread: FloatArray
    common: FloatArray
    population: Population
    unit: bool

    @classmethod
    def of(
        cls,
        observed: FloatArray,
        noise: Noise,
        *,
        unit: bool,
        n_items: tuple[int, int],
        around: FloatArray | None = None,
    ) -> "_Scale":
        n = np.maximum(np.array(n_items, np.float64), 1.0)
        # Where no noise is known at all, the most that there could be: a share's at 1/2, or all the spread there is.
        most = 0.25 / n if unit else observed.var(axis=0)
        y = observed
        v = np.stack([_known(noise.real, most[0]), _known(noise.synthetic, most[1])], axis=1)
        c = np.nan_to_num(noise.shared)
        common = np.array([[noise.common_real, noise.common_shared], [noise.common_shared, noise.common_synthetic]])
        if unit:
            p = np.clip(observed, 0.5 / (n + 1), (n + 0.5) / (n + 1))
            near = p if around is None else np.clip(around, 0.5 / (n + 1), (n + 0.5) / (n + 1))
            slope = near * (1 - near)
            # At the edge no noise was seen; that of a share so close to it is the honest guess.
            v = np.where((observed <= 0) | (observed >= 1), slope / n, v) / slope**2
            c = c / slope.prod(axis=1)
            y = np.log(near / (1 - near)) + (p - near) / slope
            lift = np.sqrt((slope**2).mean(axis=0))
            common = common / np.outer(lift, lift)
        weights = _weights(y, v)
        centre = np.average(y, axis=0, weights=weights)
        seen = np.sqrt((weights[:, None] * (y - centre) ** 2).sum(axis=0) / max(len(y) - 1, 1))
        spread = np.maximum(seen, np.sqrt(np.median(v, axis=0)))
        # All scores equal, no noise: any small spread will do.
        spread = np.where(spread > 1e-9 * np.maximum(np.abs(centre), 1.0), spread, 1e-6)
        v = np.maximum(v / spread**2, LEAST_VARIANCE)
        limit = LARGEST_CORRELATION * np.sqrt(v.prod(axis=1))
        c = np.clip(c / spread.prod(), -limit, limit)
        population = Population(y=(y - centre) / spread, v=v, c=c, f=1 / weights, e=np.zeros(len(y)))
        return cls(y=y, centre=centre, spread=spread, common=common, population=population, unit=unit)

    def restored(self, scaled: FloatArray) -> FloatArray:
        """Return [D, M, 2] from scaled draws [D, 2, M]."""
        return self.centre + self.spread * _transposed(scaled)

    def shift(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Return [D, 1, 2]: how far the items' common difficulty may have moved each set."""
        (c11, c12), (_, c22) = self.common
        z = rng.standard_normal((draws, 2))
        first = np.sqrt(max(c11, 0.0))
        slope = c12 / first if first > 0 else 0.0
        second = np.sqrt(max(c22 - slope**2, 0.0))
        return np.stack([first * z[:, 0], slope * z[:, 0] + second * z[:, 1]], axis=1)[:, None, :]

    def real(self, known: tuple[FloatArray, FloatArray, FloatArray], rng: np.random.Generator) -> RealGiven:
        """Return `Population.first_given` on the metric's own scale, to the second order, and draws of it."""
        mean, variance, moved = known
        mean, variance = self.centre[0] + self.spread[0] * mean, self.spread[0] ** 2 * variance
        moved, shift = self.spread[0] * moved, max(self.common[0, 0], 0.0)
        together = np.einsum("ikm,ik->km", moved, rng.standard_normal(moved.shape[:2]))
        together += np.sqrt(shift) * rng.standard_normal((len(mean), 1))
        draws = self.back(mean + np.sqrt(variance) * rng.standard_normal(mean.shape) + together)
        if self.unit:
            share = self.back(mean)
            slope = share * (1 - share)
            mean = share + slope * (0.5 - share) * (variance + (moved**2).sum(axis=0) + shift)
            variance, moved = slope**2 * variance, slope * moved
        return RealGiven(mean=mean, variance=variance, moved=moved, draws=draws)

    def back(self, theta: FloatArray) -> FloatArray:
        """Return theta on the metric's own scale."""
        if not self.unit:
            return theta
        # tanh does not overflow where exp would.
        score: FloatArray = 0.5 * (1 + np.tanh(theta / 2))
        return score


def _weights(y: FloatArray, v: FloatArray) -> FloatArray:
    """Return [M]: 1 for ordinary solvers, less for those far from the rest on either set."""
    if len(y) < FEWEST_FOR_FAR:
        return np.ones(len(y))
    away = np.abs(y - np.median(y, axis=0))
    usual = np.sqrt((1.4826 * np.median(away, axis=0)) ** 2 + np.median(v, axis=0) / 4)
    # The rest may be all equal and noiseless; then any distance is far, but no weight may vanish.
    z = (away / np.maximum(usual, 1e-3 * away.max(axis=0) + 1e-300)).max(axis=1)
    weights: FloatArray = np.minimum(1.0, (FAR / np.maximum(z, 1e-9)) ** 2)
    return weights


def _known(variance: FloatArray, most: float) -> FloatArray:
    """Return the variances with the mean of the known ones for those that are not known."""
    known = np.isfinite(variance)
    return np.where(known, np.maximum(variance, 0.0), variance[known].mean() if known.any() else most)


def _transposed(x: FloatArray) -> FloatArray:
    return np.swapaxes(x, 1, 2)
