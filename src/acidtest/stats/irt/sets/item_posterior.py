"""What answers say of each item before any set is assumed, and the population of items that a set was drawn from.

Estimates of single items mislead about a set: those of a Bayesian fit are drawn towards all items' middle, those of
maximum likelihood are scattered by noise. So each item keeps a cloud of weighted points of (log discrimination,
difficulty), its likelihood. A set's population, a bivariate normal, is then fitted to the clouds of its own items
(marginal maximum likelihood by expectation and maximisation), and each item's posterior is its cloud under that
population. The spread of these posteriors, pooled, is the set's distribution: neither too narrow nor too wide.

Abilities are estimates, too, and their errors are common to all items of a set: they do not average out. So the
likelihoods are taken at several draws of the abilities, and what is said of a set is the mean over these.

Source: Mislevy, Psychometrika 56 (1991), 177-196 (plausible values); Bock and Aitkin, Psychometrika 46 (1981), 443-459.
"""

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, ndtri

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.items import Items

POINTS = 64
"""Points per item. They lie evenly, not at random: 64 give a set's moments to a hundredth."""

INFLATION = 1.4
"""How much wider than the fitted posterior the points lie: likelihoods of easy items have long tails."""

NARROWEST = 0.05
"""Smallest standard deviation of a population: below it, items count as alike."""

PRIOR_ITEMS = 8.0
"""A set's spread is learnt as if so many items with the spread of all items had been seen: ten items tell little."""

_ROOT = 1.324717957244746  # of x^3 = x + 1
_STEPS = np.array([1 / _ROOT, 1 / _ROOT**2])
_SHIFTS = np.sqrt([2.0, 3.0]) % 1
_TINY = 1e-12
_LARGEST = 30.0
_EM_ROUNDS = 60
_NEWTON_ROUNDS = 4
_DIFFERENCE = 1e-4
_CELLS = 1 << 21


@dataclass(frozen=True, kw_only=True)
class Clouds:
    """S weighted points for each of n items.

    Attributes:
        log_discrimination, difficulty: [n, S] where the points lie.
        log_weight: [n, S] log-likelihood of the answers there, less the log-density that the points were placed by.
        drawn: [K, n, S] the same at draws of the abilities, up to a constant for each item.
    """

    log_discrimination: FloatArray
    difficulty: FloatArray
    log_weight: FloatArray
    drawn: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.difficulty)

    def take(self, index: NDArray[np.int64]) -> "Clouds":
        """Return some items, by their positions."""
        return Clouds(
            log_discrimination=self.log_discrimination[index],
            difficulty=self.difficulty[index],
            log_weight=self.log_weight[index],
            drawn=self.drawn[:, index],
        )


def drawn_abilities(fit: Fit, rng: np.random.Generator, draws: int) -> FloatArray:
    """Return [K, M]: abilities as they may be, each draw of mean 0 and standard deviation 1, as the scale has it.

    Draws come in pairs whose errors are opposite, so that their mean is off by less.

    Args:
        fit: Of M solvers.
        rng: Source of chance.
        draws: K.
    """
    error = rng.standard_normal(((draws + 1) // 2, len(fit.ability)))
    return _on_scale(fit.ability + fit.ability_se * np.concatenate([error, -error])[:draws])


def _on_scale(abilities: FloatArray) -> FloatArray:
    away: FloatArray = abilities - abilities.mean(-1, keepdims=True)
    away /= np.maximum(away.std(-1, keepdims=True), _TINY)
    return away


def item_clouds(scores: FloatArray, fit: Fit, *, points: int = POINTS, abilities: ArrayLike | None = None) -> Clouds:
    """Return what the scores say of each item.

    Args:
        scores: [M, n] as they were fitted.
        fit: Of these scores.
        points: S.
        abilities: [K, M] as `drawn_abilities` gives them; those of the fit, taken as known, unless given.
    """
    drawn = np.atleast_2d(fit.ability if abilities is None else np.asarray(abilities, np.float64))
    middle_ability = fit.ability if abilities is None else _on_scale(fit.ability)
    middle = np.stack([np.log(fit.items.discrimination), -fit.items.discrimination * fit.items.difficulty], axis=-1)
    z = _even_normal(len(middle), points)
    moved = INFLATION * np.einsum("nij,nsj->nsi", _root(fit), z)
    x = middle[:, None, 0] + moved[..., 0]
    y = np.clip(middle[:, None, 1] + moved[..., 1], -_LARGEST, _LARGEST)
    weight = 0.5 * (z**2).sum(-1) - x  # the points were placed by easiness; d easiness / d difficulty is exp(x)
    moved_weight = np.empty((len(drawn), *weight.shape), np.float32)
    step = max(1, _CELLS // (points * len(scores)))
    for start in range(0, len(x), step):
        part = np.arange(start, min(start + step, len(x)))
        placed, of_part = weight[part], (x[part], y[part], fit.items.take(part))
        for k, ability in enumerate(drawn):
            at = placed + log_likelihood(scores[:, part], ability, *of_part)
            moved_weight[k, part] = at - at.max(axis=1, keepdims=True)
        weight[part] = placed + log_likelihood(scores[:, part], middle_ability, *of_part)
    difficulty = np.clip(-y * np.exp(-x), -_LARGEST, _LARGEST)
    return Clouds(log_discrimination=x, difficulty=difficulty, log_weight=weight, drawn=moved_weight)


def log_likelihood(
    scores: FloatArray, ability: FloatArray, log_discrimination: FloatArray, easiness: FloatArray, items: Items
) -> FloatArray:
    """Return [n, S]: log-likelihood of each item's scores [M, n] at S points of its two parameters."""
    seen = np.isfinite(scores)
    x = np.where(seen, scores, 0.0)[..., None]
    linear = np.exp(log_discrimination) * ability[:, None, None] + easiness
    if items.residual is not None:
        from acidtest.stats.irt.continuous import log_odds

        away = (log_odds(x) - linear) / items.residual[:, None]
        each = -0.5 * away**2
    elif not items.guess.any():
        each = log_expit(np.where(x > 0.5, linear, -linear))  # noqa: PLR2004  # right or wrong
    else:
        c = items.guess[:, None]
        p = c + (1 - c) * expit(linear)
        wrong = np.log1p(-c) + log_expit(-linear)
        each = np.where(x > 0.5, np.log(p), wrong)  # noqa: PLR2004
    found: FloatArray = np.where(seen[..., None], each, 0.0).sum(0)
    return found


@dataclass(frozen=True, kw_only=True)
class Population:
    """What items of one set are drawn from: (log discrimination, difficulty) normal with this mean and covariance."""

    mean: FloatArray
    covariance: FloatArray


class SetPosterior:
    """The items of one set under the population that they show themselves.

    Attributes:
        clouds: Of its n items.
        population: Fitted to them.
    """

    def __init__(self, clouds: Clouds, prior: Population) -> None:
        self.clouds = clouds
        self._prior, self._items = prior, len(clouds)
        x, y = clouds.log_discrimination, clouds.difficulty
        self._powers = np.stack([x, y, x * x, x * y, y * y], axis=-1)
        every = np.full(len(clouds), 1 / len(clouds))
        moments = np.array([*prior.mean, *_second_moments(prior)])
        for _ in range(_EM_ROUNDS):
            moments = every @ self._item_moments(moments)
        for _ in range(_NEWTON_ROUNDS):
            moments = self._newton(moments, every)
        self._moments = moments
        self._gain = np.linalg.inv(np.eye(5) - self._jacobian(moments, every))
        self.population = self._population(moments)
        self._of_items = np.stack(
            [self._moments_of(self.posterior(self.population, draw=k)) for k in range(self.draws)]
        )

    @property
    def draws(self) -> int:
        """K: at how many draws of the abilities the items were looked at."""
        return len(self.clouds.drawn)

    def take(self, index: NDArray[np.int64]) -> "SetPosterior":
        """Return some of its items, by their positions, under the population of all."""
        part = copy(self)
        part.clouds = self.clouds.take(index)
        part._powers = self._powers[index]  # noqa: SLF001  # of this very class
        part._of_items = self._of_items[:, index]  # noqa: SLF001
        return part

    def resampled(self, counts: FloatArray) -> list[Population]:
        """Return the populations of resamples, by one Newton step from the set's own.

        Args:
            counts: [R, n] how often each item stands in each. Resample r is seen at draw r modulo K of the abilities.
        """
        draw = np.arange(len(counts)) % self.draws
        mean = np.stack([count @ self._of_items[k] / count.sum() for count, k in zip(counts, draw, strict=True)])
        moved = self._moments + (mean - self._moments) @ self._gain.T
        return [self._population(one) for one in moved]

    def posterior(self, population: Population | None = None, *, draw: int | None = None) -> FloatArray:
        """Return [n, S]: how likely each point of an item's cloud is; 1 in all for each item.

        Args:
            population: The set's own unless given.
            draw: Of the abilities; those of the fit unless given.
        """
        found = population or self.population
        seen = self.clouds.log_weight if draw is None else self.clouds.drawn[draw]
        return _normalised(seen + self._log_density(found))

    def parameters(self) -> tuple[FloatArray, FloatArray]:
        """Return [n] discrimination and [n] difficulty of each item: the middle of its posterior in this set.

        The fit draws items of all sets towards one middle. Where sets discriminate differently, it takes one for
        steeper and the other for flatter than they are, and so all strong solvers for stronger on one of them.
        """
        weights, x = self.posterior(), self.clouds.log_discrimination
        discrimination = np.exp((weights * x).sum(1))
        easiness = -(weights * np.exp(x) * self.clouds.difficulty).sum(1)
        return discrimination, -easiness / discrimination

    def _item_moments(self, moments: FloatArray) -> FloatArray:
        return self._moments_of(self.posterior(self._population(moments)))

    def _moments_of(self, weights: FloatArray) -> FloatArray:
        found: FloatArray = np.einsum("ns,nsk->nk", weights, self._powers)
        return found

    def _jacobian(self, moments: FloatArray, every: FloatArray) -> FloatArray:
        base = every @ self._item_moments(moments)
        columns = []
        for k in range(5):
            step = np.zeros(5)
            step[k] = _DIFFERENCE * max(1.0, abs(moments[k]))
            columns.append((every @ self._item_moments(moments + step) - base) / step[k])
        return np.stack(columns, axis=1)

    def _newton(self, moments: FloatArray, every: FloatArray) -> FloatArray:
        """Return moments nearer to the fixed point; expectation and maximisation alone is slow with few answers."""
        away = every @ self._item_moments(moments) - moments
        try:
            step = np.linalg.solve(np.eye(5) - self._jacobian(moments, every), away)
        except np.linalg.LinAlgError:
            return moments + away
        new = moments + step
        left = every @ self._item_moments(new) - new
        return new if np.abs(left).max() < np.abs(away).max() else moments + away

    def _population(self, moments: FloatArray) -> Population:
        n, mean = self._items, moments[:2]
        second = np.array([[moments[2], moments[3]], [moments[3], moments[4]]])
        spread = (n * (second - np.outer(mean, mean)) + PRIOR_ITEMS * self._prior.covariance) / (n + PRIOR_ITEMS)
        values, vectors = np.linalg.eigh(spread)
        return Population(mean=mean, covariance=(vectors * np.maximum(values, NARROWEST**2)) @ vectors.T)

    def _log_density(self, population: Population) -> FloatArray:
        (p, q), (_, r) = np.linalg.inv(population.covariance)
        x, y = (self._powers[..., k] - population.mean[k] for k in range(2))
        found: FloatArray = -0.5 * (p * x * x + 2 * q * x * y + r * y * y)
        return found


def prior_of(fit: Fit) -> Population:
    """Return what all fitted items have in common, as a population."""
    a = float(np.exp(fit.prior.log_discrimination))
    spread = np.diag([fit.prior.log_discrimination_sd**2, (fit.prior.easiness_sd / a) ** 2])
    return Population(mean=np.array([fit.prior.log_discrimination, -fit.prior.easiness / a]), covariance=spread)


def _second_moments(population: Population) -> tuple[float, float, float]:
    whole = population.covariance + np.outer(population.mean, population.mean)
    return float(whole[0, 0]), float(whole[0, 1]), float(whole[1, 1])


def _normalised(log_weight: FloatArray) -> FloatArray:
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    found: FloatArray = weight / weight.sum(axis=1, keepdims=True)
    return found


def _even_normal(n: int, points: int) -> FloatArray:
    """Return [n, S, 2]: for each item, points that fill a normal distribution evenly.

    They are an additive recurrence put through the normal quantiles, shifted for each item: what is uneven in one
    item's points must not be uneven in all.

    Source: Roberts, The unreasonable effectiveness of quasirandom sequences (2018); Cranley and Patterson (1976).
    """
    base = 0.5 + np.arange(1, points + 1)[:, None] * _STEPS
    shift = np.arange(n)[:, None] * _SHIFTS
    even: FloatArray = ndtri(np.clip((base + shift[:, None, :]) % 1, 1e-6, 1 - 1e-6))
    return even


def _root(fit: Fit) -> FloatArray:
    """Return [n, 2, 2]: lower triangles whose squares are the fit's covariances."""
    covariance = fit.covariance
    root = np.zeros_like(covariance)
    if fit.model != "rasch":  # there, discrimination is one number, known well
        root[:, 0, 0] = np.sqrt(np.maximum(covariance[:, 0, 0], _TINY))
        root[:, 1, 0] = covariance[:, 1, 0] / root[:, 0, 0]
    root[:, 1, 1] = np.sqrt(np.maximum(covariance[:, 1, 1] - root[:, 1, 0] ** 2, _TINY))
    return root
