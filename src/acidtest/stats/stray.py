"""Solvers that leave the others' line: a generator on its own set, say, among solvers that keep their order.

One normal population for all would take one such solver for a loose relation of everybody's scores, and then doubt the
order of the others. A stray is given a variance of its own, so that its true score is read from its own items.
"""

from dataclasses import replace

import numpy as np

from acidtest.stats.bivariate import Population
from acidtest.stats.common_order import climb, highest

FEWEST = 5
"""With fewer solvers nobody can say who left whose line."""

MOST = 0.25
"""Largest share of solvers that can be strays; beyond it there is no line to leave."""

SIZE = 0.05
"""How often a stray is seen where there is none, over all solvers together."""


def let_go(population: Population, *, at_least: int = 0) -> Population:
    """Return the population with `e` set for solvers that leave the line, found one after another.

    The next stray is the solver whose freedom raises the likelihood most, and it is one if twice the gain is more than
    chance gives (chi-squared, Bonferroni over solvers).

    Args:
        population: What was seen.
        at_least: So many are let go in any case: the likeliest strays, if there were any.
    """
    from scipy.special import chdtri

    m = len(population.y)
    if m < FEWEST:
        return population
    limit = float(chdtri(1, SIZE / m))
    log_sd = np.linspace(-3.0, 1.2, 7)
    height, top = highest(population, (log_sd, log_sd, np.linspace(-1.4, 1.4, 9)), free=True)
    for found in range(max(int(MOST * m), at_least)):
        residual, variance = population.off_the_line(top)
        likely = np.argsort(-(residual**2) / variance)[:2]
        best = None
        for solver in likely:
            if population.e[solver]:
                continue
            e = population.e.copy()
            e[solver] = residual[solver] ** 2
            freed = replace(population, e=e)
            risen, place = climb(freed, top, free=True)
            if best is None or risen > best[0]:
                best = risen, place, freed
        if best is None or (found >= at_least and 2 * (best[0] - height) < limit):
            break
        height, top, population = best
    return population
