"""What is known of each item's (log discrimination, easiness), given where solvers may stand and what items share.

Each item's posterior is taken at a few points around its own mode, as wide apart as it is wide (adaptive Gauss-Hermite
quadrature). So an item that eight solvers answered keeps its whole uncertainty.
"""

from dataclasses import dataclass

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine.item_prior import Shared
from acidtest.stats.irt.engine.sums import Answers, Curves, Places, Sums

_MOST_SLOPE, _MOST_EASINESS = 0.7, 1.5
"""The longest step of log discrimination and of level."""
_CROSS = np.sqrt(2.0) * np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
"""Places of mean 0 and variance 1."""


@dataclass(frozen=True, kw_only=True)
class ItemSide:
    """Where n items may stand.

    Attributes:
        mode: [n, 2] the likeliest (log discrimination, easiness).
        points, weight: [K, n, 2] and [K, n]: K places of each item, weights summing to 1.
        levels, chance: [L, n, 2] and [L, n]: the same as (log discrimination, level), see `item_prior`; where one
            place stands for all, four that have the width around it.
        mean, covariance: [n, 2] and [n, 2, 2] of these.
    """

    mode: FloatArray
    points: FloatArray
    weight: FloatArray
    levels: FloatArray
    chance: FloatArray
    mean: FloatArray
    covariance: FloatArray


def on_scale(parameters: FloatArray, centre: float, scale: float) -> FloatArray:
    """Return parameters [..., 2] where abilities become (ability - centre) / scale."""
    step = np.stack([np.full(parameters.shape[:-1], np.log(scale)), centre * np.exp(parameters[..., 0])], -1)
    moved: FloatArray = parameters + step
    return moved


def curves_of(parameters: FloatArray, guess: FloatArray | None) -> Curves:
    """Return the curves of parameters [..., n, 2] of n items, in one row."""
    n = parameters.shape[-2]
    flat = parameters.reshape(-1, 2)
    row = np.resize(np.arange(n), len(flat))
    return Curves(row, np.exp(flat[:, 0]), flat[:, 1], None if guess is None else guess[row])


def points_around(side: int, *, one_slope: bool) -> tuple[FloatArray, FloatArray]:
    """Return [K, 2] standard places and [K] log weights of Gauss-Hermite quadrature, `side` in each direction."""
    place, weight = np.polynomial.hermite_e.hermegauss(side)
    if one_slope:
        return np.stack([np.zeros(side), place], -1), np.log(weight)
    grid = np.stack(np.meshgrid(place, place, indexing="ij"), -1).reshape(-1, 2)
    return grid, np.log(np.outer(weight, weight)).ravel()


def item_side(  # noqa: PLR0913  # what is known, and how to climb
    sums: Sums,
    groups: list[tuple[Answers, Places]],
    guess: FloatArray | None,
    *,
    mode: FloatArray,
    shared: Shared,
    grid: tuple[FloatArray, FloatArray],
    steps: int,
    length: float = 1.0,
) -> ItemSide:
    """Climb `steps` Newton steps from a mode [n, 2], and look around there.

    Both go by (log discrimination, level), in which what items share is normal: an item that nobody answered is met
    exactly.

    Args:
        sums: Compiled or plain.
        groups: Answers [n, M] of groups of solvers, and where these may stand.
        guess: [n], or None.
        mode: [n, 2] to start from.
        shared: What items have in common.
        grid: Of `points_around`.
        steps: 1 or more.
        length: Of each, 1: a whole one.
    """
    precision = np.asarray(np.linalg.inv(shared.covariance), np.float64)
    for _ in range(steps):
        mode, covariance = _climbed(sums, groups, guess, mode, shared, precision, length)
    places, log_weight = grid
    middle, root = shared.levels(mode), np.linalg.cholesky(covariance)
    if len(places) == 1:
        levels = middle + np.einsum("nij,kj->kni", root, _CROSS)
        one, all_four = np.ones((1, len(mode))), np.full((len(_CROSS), len(mode)), 1 / len(_CROSS))
        return ItemSide(
            mode=mode, points=mode[None], weight=one, levels=levels, chance=all_four, mean=mode, covariance=covariance
        )
    levels = middle + np.einsum("nij,kj->kni", root, places)
    points = shared.parameters(levels)
    away = levels - shared.mean
    value = -0.5 * np.einsum("kni,ij,knj->kn", away, precision, away) + (log_weight + 0.5 * (places**2).sum(1))[:, None]
    curves = curves_of(points, guess)
    for answers, where in groups:
        value += sums.item_values(answers, where, curves).reshape(value.shape)
    weight = np.exp(value - value.max(0))
    weight /= weight.sum(0)
    mean = np.einsum("kn,kni->ni", weight, points)
    away = points - mean
    covariance = np.einsum("kn,kni,knj->nij", weight, away, away)
    return ItemSide(
        mode=mode, points=points, weight=weight, levels=levels, chance=weight, mean=mean, covariance=covariance
    )


def _climbed(
    sums: Sums,
    groups: list[tuple[Answers, Places]],
    guess: FloatArray | None,
    mode: FloatArray,
    shared: Shared,
    precision: FloatArray,
    length: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the mode after one step of Fisher scoring, and the inverse information about levels before it."""
    curves = curves_of(mode, guess)
    found = sum(sums.item_sums(answers, where, curves) for answers, where in groups)
    r0, r1, s0, s1, s2 = np.asarray(found)
    a, levels = curves.slope, shared.levels(mode)
    # steeper by 1 / 1, in logarithms, an item of the same level is easier by `easier`; of a higher level, by `wide`
    easier, wide = shared.power * mode[:, 1], shared.width(mode[:, 0])
    pull = (levels - shared.mean) @ precision
    g0, g1 = a * r1 + easier * r0 - pull[:, 0], wide * r0 - pull[:, 1]
    h00 = a**2 * s2 + 2 * a * easier * s1 + easier**2 * s0 + precision[0, 0]
    h01 = wide * (a * s1 + easier * s0) + precision[0, 1]
    h11 = wide**2 * s0 + precision[1, 1]
    determinant = h00 * h11 - h01**2
    step = np.stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0], -1) / determinant[:, None]
    most = np.array([_MOST_SLOPE, _MOST_EASINESS])
    covariance = np.stack([np.stack([h11, -h01], -1), np.stack([-h01, h00], -1)], -2) / determinant[:, None, None]
    return shared.parameters(levels + length * np.clip(step, -most, most)), covariance
