"""Errors of abilities and items that know of each other.

A fit finds each solver's width with the items' widths in mind, but not that both err together: of eight solvers, one
who is placed too high pulls all items with it. The second derivatives of the whole (all abilities, all items, and the
centre of what items share) hold that; their inverse, at fixed mean and spread of ability, gives errors with all of it
(linear response: Giordano, Broderick and Jordan, Journal of Machine Learning Research 19 (2018)).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine.item_prior import Shared
from acidtest.stats.irt.engine.sums import Answers

MOST_WORK = 1e9
"""Multiplications beyond which a table is so large that one side's errors hardly touch the other's."""
_FIXED = 1e6
"""How firmly mean and spread of ability are held, in units of the best known ability."""
_FEWEST = 5
"""With fewer solvers, fixed mean and spread leave hardly any error, whatever is in doubt: each keeps its own."""
_LEAST_OWN = 0.25
"""Least share of its own variance that an ability keeps: where one solver alone stands out, fixed mean and spread would
leave it none."""
_LEAST = 0.05
"""Least share of its information that any direction keeps."""
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Variances [M] of ability, and [n, 2, 2] of (log discrimination, easiness)."""

    ability: FloatArray
    items: FloatArray


def joint_errors(
    answers: Answers,
    guess: FloatArray | None,
    *,
    ability: FloatArray,
    parameters: FloatArray,
    alone: Errors,
    shared: Shared,
    one_slope: bool,
) -> Errors:
    """Return errors with the other side's in them; those given, where the table is too large for that to matter.

    Args:
        answers: [n, M].
        guess: [n], or None.
        ability: [M].
        parameters: [n, 2] log discrimination and easiness.
        alone: Each side's errors, the other one known no better than it is.
        shared: What items have in common.
        one_slope: All items have one discrimination.
    """
    here, there = np.flatnonzero(answers.any(0)), np.flatnonzero(answers.any(1))
    k, n = len(here), len(there)
    if 2.0 * n * k**2 + k**3 > MOST_WORK:
        return alone
    given = answers[np.ix_(there, here)]
    t, la, d = ability[here], parameters[there, 0], parameters[there, 1]
    cross, slope_easiness, slope_slope = _curvature(given, t, np.exp(la), d, None if guess is None else guess[there])
    own, centre = (slice(1, 2), 1) if one_slope else (slice(0, 2), 2)
    precision = np.linalg.inv(shared.covariance)[own, own]
    globals_ = centre + one_slope
    between = np.zeros((n, centre, k + globals_))
    between[:, :, :k] = cross[:, own]
    between[:, :, k : k + centre] = -(shared.slopes(parameters[there])[:, own, own].transpose(0, 2, 1) @ precision)
    whole = np.zeros((k + globals_, k + globals_))
    whole[np.arange(k), np.arange(k)] = 1 / alone.ability[here]
    whole[k : k + centre, k : k + centre] = n * precision
    if one_slope:
        between[:, 0, -1] = slope_easiness
        whole[-1, :k] = whole[:k, -1] = cross[:, 0].sum(0)
        whole[-1, -1] = slope_slope.sum()
    root = np.linalg.cholesky(alone.items[there][:, own, own] + _TINY * np.eye(centre))
    scaled = (root.transpose(0, 2, 1) @ between).reshape(n * centre, -1)
    covariance = _inverse(whole, scaled, t)
    spread = (scaled @ covariance).reshape(n, centre, -1) @ scaled.reshape(n, centre, -1).transpose(0, 2, 1)
    variance, items = alone.ability.copy(), alone.items.copy()
    variance[here] = np.maximum(np.diag(covariance)[:k], _LEAST_OWN * alone.ability[here])
    if k < _FEWEST:
        variance = np.maximum(variance, alone.ability)
    items[there, own, own] += root @ spread @ root.transpose(0, 2, 1)
    if one_slope:
        items[:, 0, 0] = covariance[-1, -1]
        moved = -(root * root)[:, 0, 0] * (between[:, 0] @ covariance[:, -1])
        items[there, 0, 1] = items[there, 1, 0] = moved
    return Errors(ability=variance, items=items)


def _curvature(
    given: Answers, t: FloatArray, a: FloatArray, d: FloatArray, guess: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return minus second derivatives: [n, 2, k] of ability and item; [n] of both of an item's; [n] of its slope."""
    asked = given != 0
    s = expit(a[:, None] * t + d[:, None])
    known = np.ones_like(s) if guess is None else (1 - guess[:, None]) * s / (guess[:, None] + (1 - guess[:, None]) * s)
    second = known * s * (1 - s) * asked
    first = np.where(given > 0, known * (1 - s), -s) * asked
    b = a[:, None]
    cross = np.stack([b * (b * t * second - first), b * second], 1)
    return cross, a * (second @ t), a**2 * (second @ t**2)


def _inverse(whole: FloatArray, scaled: FloatArray, t: FloatArray) -> FloatArray:
    """Return the covariance of abilities and what is common to all, items left free, mean and spread of t held."""
    k = len(t)
    held = np.zeros((len(whole), 2))
    held[:k, 0] = 1 / np.sqrt(k)
    held[:k, 1] = t / max(float(np.sqrt(t @ t)), _TINY)
    size = 1 / np.sqrt(np.maximum(np.diag(whole), _TINY))
    left = whole - scaled.T @ scaled + _FIXED * whole.max() * (held @ held.T)
    left = left * size * size[:, None]
    value, vector = np.linalg.eigh((left + left.T) / 2)
    half = size[:, None] * vector / np.sqrt(np.maximum(value, _LEAST))
    covariance: FloatArray = half @ half.T
    return covariance
