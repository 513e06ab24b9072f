"""Is there any common order that explains both sets?

Two ways for there to be one: a straight line (rho = 1, any slope, tested by a likelihood ratio against free rho), or
any two rising sequences (tested by how far the scores must move, in units of their noise). The smaller of both counts,
so that a bent but rising relation is not taken for two orders.
"""

import itertools

import numpy as np

from acidtest.stats.bivariate import SD_HIGH, SD_LOW, Population, mesh
from acidtest.stats.estimate import FloatArray

LIMIT = 2.71
"""Above this, no common order explains both sets.

rho = 1 lies at the edge of what is possible, so the ratio is half the time 0, else chi-squared with one degree of
freedom: its 95 % point is the 90 % point of chi-squared, 2.71. Size 0 to 3 % in simulation.
"""

SEARCH_LOW, SEARCH_HIGH = 1e-3, 6.0
"""Ends of the search for each sd, in units of the observed spread."""


def likelihood_ratio(population: Population) -> float:
    """Return how much better two orders explain the scores than one common order does, as 2 log of a likelihood ratio.

    The smaller of `line_ratio` and `order_misfit`. 0: a common order explains the scores as well as anything.
    """
    ratio, standing = line_ratio(population)
    return min(ratio, order_misfit(population, standing)) if ratio > LIMIT else ratio


def line_ratio(population: Population) -> tuple[float, FloatArray]:
    """Return 2 (log L with free rho - log L with rho = 1) and [M] where each solver stands on the best line.

    Both with the best sd of each set; mu integrated out. Never negative.
    """
    log_sd = np.linspace(float(np.log(SD_LOW)), float(np.log(SD_HIGH)), 9)
    same, at_same = highest(population, (log_sd, log_sd, np.array([np.pi / 2])), free=False)
    free, _ = highest(population, (log_sd, log_sd, np.linspace(-1.4, 1.4, 9)), free=True)
    near, _ = climb(population, at_same, free=True)
    return max(2 * (max(free, near) - same), 0.0), population.standing(at_same)


def order_misfit(population: Population, standing: FloatArray) -> float:
    """Return chi-squared of the smallest move of the scores that puts both sets in one order.

    Twice the log likelihood ratio of any scores against scores of a common order. Of all orders, three are tried: by
    place on the line, by the real scores, by the synthetic ones. 0 where no two solvers are ordered differently.

    Args:
        population: What was seen.
        standing: [M] place of each solver on the best common line.
    """
    y1, y2 = population.y.T
    orders = (np.lexsort((y2, y1, standing)), np.lexsort((y2, y1)), np.lexsort((y1, y2)))
    return min(_misfit_in_order(population, order) for order in orders)


def rising(x: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the never falling sequence closest to x in weighted squares (pool adjacent violators).

    Example:
        >>> rising(np.array([1.0, 3.0, 2.0]), np.ones(3)).tolist()
        [1.0, 2.5, 2.5]
    """
    blocks: list[tuple[float, float, int]] = []
    for value, w in zip(x.tolist(), weight.tolist(), strict=True):
        blocks.append((value, w, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, wa, na), (b, wb, nb) = blocks[-2:]
            blocks[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return np.repeat([block[0] for block in blocks], [block[2] for block in blocks])


def _misfit_in_order(population: Population, order: np.ndarray) -> float:
    """Return the chi-squared of this order: rising fits of both sets in turn, each given what the other leaves over."""
    y, c = population.y[order], population.c[order]
    v = np.stack([population.v[order, 0], (population.v[:, 1] + population.e)[order]], axis=1)
    fit1, fit2 = rising(y[:, 0], 1 / v[:, 0]), rising(y[:, 1], 1 / v[:, 1])
    if c.any():
        for _ in range(20):
            fit1 = rising(y[:, 0] - c / v[:, 1] * (y[:, 1] - fit2), 1 / (v[:, 0] - c**2 / v[:, 1]))
            fit2 = rising(y[:, 1] - c / v[:, 0] * (y[:, 0] - fit1), 1 / (v[:, 1] - c**2 / v[:, 0]))
    r1, r2 = y[:, 0] - fit1, y[:, 1] - fit2
    determinant = v[:, 0] * v[:, 1] - c**2
    return float(((v[:, 1] * r1**2 + v[:, 0] * r2**2 - 2 * c * r1 * r2) / determinant).sum())


def highest(
    population: Population, axes: tuple[FloatArray, FloatArray, FloatArray], *, free: bool
) -> tuple[float, FloatArray]:
    """Return height and place of the likelihood's top, searched from the best point of a grid."""
    points = np.stack(mesh(axes), axis=1)
    best = points[int(np.argmax(population.log_likelihood((points[:, 0], points[:, 1], points[:, 2]))))]
    return climb(population, best, free=free)


def climb(population: Population, start: FloatArray, *, free: bool) -> tuple[float, FloatArray]:
    """Return height and place of the top near `start`: go to the best neighbour, look closer where none is higher."""
    offsets = np.array(list(itertools.product((0, -1, 1), (0, -1, 1), (0, -1, 1) if free else (0,))), np.float64)
    step = np.array([0.3, 0.3, 0.2])
    place, height = start, -np.inf
    least, most = float(np.log(SEARCH_LOW)), float(np.log(SEARCH_HIGH))
    low, high = np.array([least, least, -np.pi / 2]), np.array([most, most, np.pi / 2])
    for _ in range(60):
        around = np.clip(place + offsets * step, low, high)
        heights = population.log_likelihood((around[:, 0], around[:, 1], around[:, 2]))
        best = int(np.argmax(heights))
        gain = heights[best] - height
        height, place = float(heights[best]), around[best]
        if best == 0:
            step = step / 3
        if step[0] < 1e-3 and gain < 1e-4:  # noqa: PLR2004 - the limit has two decimals
            break
    return height, place
