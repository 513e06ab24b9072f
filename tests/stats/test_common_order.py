"""Rising fits of two sets whose noise is shared."""

import numpy as np
import pytest
import scipy.optimize

from acidtest.stats.bivariate import Population
from acidtest.stats.common_order import order_misfit
from acidtest.stats.jackknife import IntArray


def slow_misfit(population: Population, order: IntArray) -> float:
    """The smallest squared move, in units of the noise, to two sequences that rise in this order: one convex problem.

    theta = (first, steps of at least 0), so it is least squares with bounds.
    """
    m = len(population.y)
    steps = np.tril(np.ones((m, m)))
    covariance = np.zeros((2 * m, 2 * m))
    for k, i in enumerate(order):
        covariance[k, k], covariance[m + k, m + k] = population.v[i]
        covariance[k, m + k] = covariance[m + k, k] = population.c[i]
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    least = np.full(2 * m, 0.0)
    least[[0, m]] = -np.inf
    y = population.y[order].T.ravel()
    found = scipy.optimize.lsq_linear(root @ np.kron(np.eye(2), steps), root @ y, (least, np.inf), tol=1e-14)
    return float(2 * found.cost)


@pytest.mark.parametrize("shared", [-0.7, 0.3, 0.8])
def test_the_misfit_under_shared_noise_is_that_of_bounded_least_squares(shared: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(5):
        v = 0.04 * rng.uniform(0.5, 1.5, (9, 2))
        p = Population(y=rng.normal(size=(9, 2)), v=v, c=shared * np.sqrt(v.prod(axis=1)), f=np.ones(9), e=np.zeros(9))
        standing = p.y.sum(axis=1)
        slow = min(slow_misfit(p, np.argsort(by)) for by in (standing, p.y[:, 0], p.y[:, 1]))
        assert order_misfit(p, standing) == pytest.approx(slow, rel=2e-3)
