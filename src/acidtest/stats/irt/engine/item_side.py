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
"""The longest step of log discrimination and of easiness."""


@dataclass(frozen=True, kw_only=True)
class ItemSide:
    """Where n items may stand.

    Attributes:
        mode: [n, 2] the likeliest (log discrimination, easiness).
        points, weight: [K, n, 2] and [K, n]: K places of each item, weights summing to 1.
        mean, covariance: [n, 2] and [n, 2, 2] of these.
    """

    mode: FloatArray
    points: FloatArray
    weight: FloatArray
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


def item_side(
    sums: Sums,
    groups: list[tuple[Answers, Places]],
    guess: FloatArray | None,
    *,
    mode: FloatArray,
    shared: Shared,
    grid: tuple[FloatArray, FloatArray],
    steps: int,
) -> ItemSide:
    """Climb `steps` Newton steps from a mode [n, 2], and look around there.

    Args:
        sums: Compiled or plain.
        groups: Answers [n, M] of groups of solvers, and where these may stand.
        guess: [n], or None.
        mode: [n, 2] to start from.
        shared: What items have in common.
        grid: Of `points_around`.
        steps: 1 or more.
    """
    precision = np.asarray(np.linalg.inv(shared.covariance), np.float64)
    for _ in range(steps):
        mode, covariance = _climbed(sums, groups, guess, mode, shared.mean, precision)
    places, log_weight = grid
    if len(places) == 1:
        return ItemSide(mode=mode, points=mode[None], weight=np.ones((1, len(mode))), mean=mode, covariance=covariance)
    root = np.linalg.cholesky(covariance)
    points = mode + np.einsum("nij,kj->kni", root, places)
    away = points - shared.mean
    value = -0.5 * np.einsum("kni,ij,knj->kn", away, precision, away) + (log_weight + 0.5 * (places**2).sum(1))[:, None]
    curves = curves_of(points, guess)
    for answers, where in groups:
        value += sums.item_values(answers, where, curves).reshape(value.shape)
    weight = np.exp(value - value.max(0))
    weight /= weight.sum(0)
    mean = np.einsum("kn,kni->ni", weight, points)
    away = points - mean
    covariance = np.einsum("kn,kni,knj->nij", weight, away, away)
    return ItemSide(mode=mode, points=points, weight=weight, mean=mean, covariance=covariance)


def _climbed(
    sums: Sums,
    groups: list[tuple[Answers, Places]],
    guess: FloatArray | None,
    mode: FloatArray,
    centre: FloatArray,
    precision: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the mode after one step of Fisher scoring, and the inverse information before it."""
    curves = curves_of(mode, guess)
    found = sum(sums.item_sums(answers, where, curves) for answers, where in groups)
    r0, r1, s0, s1, s2 = np.asarray(found)
    a = curves.slope
    pull = (mode - centre) @ precision
    g0, g1 = a * r1 - pull[:, 0], r0 - pull[:, 1]
    h00, h01, h11 = a**2 * s2 + precision[0, 0], a * s1 + precision[0, 1], s0 + precision[1, 1]
    determinant = h00 * h11 - h01**2
    step = np.stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0], -1) / determinant[:, None]
    most = np.array([_MOST_SLOPE, _MOST_EASINESS])
    covariance = np.stack([np.stack([h11, -h01], -1), np.stack([-h01, h00], -1)], -2) / determinant[:, None, None]
    return mode + np.clip(step, -most, most), covariance
