"""One possible future of a study: some truth that its posterior holds, and what further items or solvers would show.

Conditional on a truth drawn from the posterior, what is in hand stays as it is; only what is added is new:

    future mean = (items in hand * observed mean + further items * (truth + new noise)) / all items

New noise has the variance of the items in hand, by number. The further items' common difficulty moves all solvers.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from acidtest.compare.pair import Pair
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import rng_for
from acidtest.stats.noise import Noise

DRAWS = 400
"""Posterior draws of a future study: enough for a quantile of .025, at a third of the time of 2,000."""

MOST_SOLVERS = 300
"""No plan adds more solvers than these."""

_EDGE = 1e-4
_FEWEST_DEGREES = 3
"""Degrees of freedom of the population's covariance with five solvers or fewer; with less its spread has no mean."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a study would be.

    Attributes:
        real, synthetic: Times the items in hand; 1: none are added.
        solvers: Number of further solvers.
    """

    real: float = 1.0
    synthetic: float = 1.0
    solvers: int = 0


@dataclass(frozen=True, kw_only=True)
class Future(Pair):
    """A pair that was not measured but simulated; its noise is given, for its items do not exist."""

    given: Noise

    @cached_property
    def noise(self) -> Noise:
        """The noise that so many items would leave."""
        return self.given


def future(pair: Pair, number: int, size: Size) -> Future:
    """Return one future of a pair.

    The same number gives the same truth and the same luck whatever the size, so that sizes are compared under the same
    circumstances.

    Args:
        pair: The study as it is; it must have items.
        number: Which future, from 0; fewer than the posterior's draws.
        size: How large it would be.

    Raises:
        ValueError: The pair has no posterior.
    """
    if pair.posterior is None:
        raise ValueError("without items there is no posterior to draw a future from")
    luck = rng_for(pair.settings.seed, "plan", pair.name, str(number))
    truth = np.stack([pair.posterior.real[number], pair.posterior.synthetic[number]])
    seen = np.stack([pair.real, pair.synthetic])
    present = _present_noise(pair)
    own, common = _further_items(present, size, luck, len(pair.models))
    added = np.array([[size.real - 1], [size.synthetic - 1]])
    now = (seen + added * (truth + own + common[:, None])) / (1 + added)
    noise, models, weights = _scaled(present, size), pair.models, pair.weights
    if size.solvers:
        new, variance, shared = _new_solvers(pair, present, truth, size.solvers, luck)
        now = np.concatenate([now, new], axis=1)
        noise = replace(
            noise,
            real=np.concatenate([noise.real, variance[0]]),
            synthetic=np.concatenate([noise.synthetic, variance[1]]),
            shared=np.concatenate([noise.shared, shared]),
        )
        models = (*models, *(f"further solver {i + 1}" for i in range(size.solvers)))
        weights = np.concatenate([weights, np.repeat(weights.mean(axis=1, keepdims=True), size.solvers, 1)], axis=1)
    now = np.clip(now, 0.0, 1.0) if pair.unit else now
    return Future(
        name=pair.name,
        models=models,
        real=now[0],
        synthetic=now[1],
        unit=pair.unit,
        real_items=round(size.real * pair.real_items),
        parts=tuple(replace(part, n_items=round(size.synthetic * part.n_items)) for part in pair.parts),
        weights=weights,
        settings=replace(pair.settings, draws=min(DRAWS, pair.settings.draws)),
        given=noise,
    )


def _present_noise(pair: Pair) -> Noise:
    """Return the noise of the items in hand, none of it unknown or 0: a score of 0 or 1 is that of a share so close."""
    noise, found = pair.noise, []
    sides = ((pair.real, noise.real, pair.real_items), (pair.synthetic, noise.synthetic, pair.synthetic_items))
    for scores, own, n in sides:
        known = np.isfinite(own)
        usual = float(own[known].mean()) if known.any() else 0.0
        variance = np.where(known, own, usual)
        if pair.unit:
            share = np.clip(scores, 0.5 / (n + 1), (n + 0.5) / (n + 1))
            variance = np.where(variance > 0, variance, share * (1 - share) / n)
        found.append(variance)
    return replace(noise, real=found[0], synthetic=found[1], shared=np.nan_to_num(noise.shared))


def _further_items(noise: Noise, size: Size, luck: np.random.Generator, solvers: int) -> tuple[FloatArray, FloatArray]:
    """Return [2, M] own noise and [2] common noise of the mean over the added items alone."""
    z, common_z = luck.standard_normal((2, solvers)), luck.standard_normal(2)
    more = (size.real - 1, size.synthetic - 1)
    own = _two(noise.real, noise.synthetic, noise.shared, more, z)
    real, synthetic, shared = np.array([[noise.common_real], [noise.common_synthetic], [noise.common_shared]])
    return own, _two(real, synthetic, shared, more, common_z[:, None])[:, 0]


def _two(
    real: FloatArray, synthetic: FloatArray, shared: FloatArray, more: tuple[float, float], z: FloatArray
) -> FloatArray:
    """Return [2, M] noise of both sides for `more` times the items; items that both sides hold are added to both."""
    a, b = more
    v_r = real / a if a > 0 else np.zeros_like(real)
    v_s = synthetic / b if b > 0 else np.zeros_like(synthetic)
    c = shared * min(a, b) / (a * b) if a > 0 and b > 0 else np.zeros_like(shared)
    return _correlated(v_r, v_s, c, z)


def _correlated(v_r: FloatArray, v_s: FloatArray, c: FloatArray, z: FloatArray) -> FloatArray:
    """Return [2, M] normal numbers with these variances and covariances, made from independent ones."""
    slope = np.divide(c, np.sqrt(v_r), out=np.zeros_like(c), where=v_r > 0)
    return np.stack([np.sqrt(v_r) * z[0], slope * z[0] + np.sqrt(np.maximum(v_s - slope**2, 0.0)) * z[1]])


def _scaled(noise: Noise, size: Size) -> Noise:
    """Return the noise of means over all items; the covariance comes from the items that both sides hold."""
    most = max(size.real, size.synthetic)
    return Noise(
        real=noise.real / size.real,
        synthetic=noise.synthetic / size.synthetic,
        shared=noise.shared / most,
        common_real=noise.common_real / size.real,
        common_synthetic=noise.common_synthetic / size.synthetic,
        common_shared=noise.common_shared / most,
    )


def _new_solvers(
    pair: Pair, noise: Noise, truth: FloatArray, count: int, luck: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return [2, count] scores that further solvers would show on the items in hand, their noise, and its covariance.

    They come from the population that this truth's solvers are a sample of. They answer the items in hand, so the luck
    that those items bring to everybody (as far as the other solvers' scores tell) is theirs too.
    """
    mean, root = _population(_logit(truth) if pair.unit else truth, luck)
    theirs = mean[:, None] + root @ luck.standard_normal((MOST_SOLVERS, 2))[:count].T
    if pair.unit:
        theirs = 0.5 * (1 + np.tanh(theirs / 2))
    seen = np.stack([pair.real, pair.synthetic])
    own, size = np.stack([noise.real, noise.synthetic]), np.ones((2, count))
    shared = np.full(count, float(noise.shared.mean()))
    if pair.unit:  # the noise of a share goes with p (1 - p)
        usual = np.clip(seen * (1 - seen), _EDGE, None).mean(axis=1, keepdims=True)
        size = np.clip(theirs * (1 - theirs), _EDGE, None) / usual
        shared = shared * np.sqrt(size.prod(axis=0))
    variance = own.mean(axis=1, keepdims=True) * size
    z = luck.standard_normal((2, MOST_SOLVERS))[:, :count]
    common = _common_luck(pair, truth, seen, own, luck)
    return theirs + common[:, None] + _correlated(variance[0], variance[1], shared, z), variance, shared


def _population(theta: FloatArray, luck: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return mean [2] and a root [2, 2] of the covariance of the normal population that theta [2, M] is a sample of.

    Drawn from what M solvers tell of it: an inverse Wishart covariance and a normal mean. The prior is that of the pair
    posterior as nearly as the family has it: flat in both standard deviations.
    """
    m = theta.shape[1]
    away = theta - theta.mean(axis=1, keepdims=True)
    squares = away @ away.T
    squares = squares + np.eye(2) * max(float(np.trace(squares)) * 1e-6, 1e-12)
    degrees = max(m - 2, _FEWEST_DEGREES)
    factor = np.array([[np.sqrt(luck.chisquare(degrees)), 0.0], [luck.standard_normal(), 0.0]])
    factor[1, 1] = np.sqrt(luck.chisquare(degrees - 1))
    # Sigma = S^(1/2) (A A')^-1 S^(1/2)', so a root of it is S^(1/2) A'^-1.
    root: FloatArray = np.linalg.cholesky(squares) @ np.linalg.inv(factor).T
    mean: FloatArray = theta.mean(axis=1) + root @ luck.standard_normal(2) / np.sqrt(m)
    return mean, root


def _common_luck(
    pair: Pair, truth: FloatArray, seen: FloatArray, own: FloatArray, luck: np.random.Generator
) -> FloatArray:
    """Return [2]: how far the items in hand move everybody, under this truth."""
    common = np.array([pair.noise.common_real, pair.noise.common_synthetic])
    rest = own.mean(axis=1) / len(pair.models)
    share = np.divide(common, common + rest, out=np.zeros(2), where=common + rest > 0)
    moved: FloatArray = share * (seen - truth).mean(axis=1) + np.sqrt(share * rest) * luck.standard_normal(2)
    return moved


def _logit(p: FloatArray) -> FloatArray:
    p = np.clip(p, _EDGE, 1 - _EDGE)
    return np.log(p / (1 - p))


def numbers(pair: Pair, size: Size) -> tuple[int, int, int]:
    """Return (real items, synthetic items, solvers) of a study of that size."""
    synthetic = sum(round(size.synthetic * part.n_items) for part in pair.parts)
    return round(size.real * pair.real_items), synthetic, len(pair.models) + size.solvers
