"""Strays: how many there can be, how sure one must be, and who is let go in any case."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from acidtest.stats.bivariate import Population
from acidtest.stats.estimate import FloatArray
from acidtest.stats.stray import let_go


def on_a_line(solvers: int, off: FloatArray) -> Population:
    """Solvers on a line but for noise, and how far each lies off it, in standard errors of a synthetic score."""
    rng = np.random.default_rng(4)
    z = np.linspace(-1.5, 1.5, solvers)
    y = np.stack([z, z], axis=1) + 0.1 * rng.normal(size=(solvers, 2))
    y[:, 1] += 0.1 * off
    return Population(y=y, v=np.full((solvers, 2), 0.01), c=np.zeros(solvers), f=np.ones(solvers), e=np.zeros(solvers))


def gain(population: Population, solver: int) -> float:
    """Twice the log likelihood ratio of one solver's freedom, both tops found by scipy."""

    def top(free: bool) -> float:  # noqa: FBT001 - two likelihoods
        def below(at: FloatArray) -> float:
            e = np.zeros(len(population.y))
            e[solver] = np.exp(at[3]) if free else 0.0
            one = Population(y=population.y, v=population.v, c=population.c, f=population.f, e=e)
            phi = np.clip(at[2], -np.pi / 2, np.pi / 2)
            return -float(one.log_likelihood((at[:1], at[1:2], np.array([phi])))[0])

        starts = [np.array([0.0, 0.0, phi, -2.0], np.float64) for phi in (1.2, 1.5)]
        tops = [scipy.optimize.minimize(below, s, method="Nelder-Mead", tol=1e-6) for s in starts]
        return -min(float(one.fun) for one in tops)

    return 2 * (top(free=True) - top(free=False))


@pytest.mark.parametrize(("off", "gone"), [(8.25, False), (9.25, True)])
def test_who_leaves_the_line_must_do_so_more_than_chance_lets_one_of_twenty_studies(off: float, gone: bool) -> None:  # noqa: FBT001 - a table's column
    solvers, place = 10, 6
    p = on_a_line(solvers, off * (np.arange(solvers) == place))
    limit = scipy.stats.chi2.isf(0.05 / solvers, 1)
    found = gain(p, place)
    # Not far from the limit on either side: that of one study in five lies at 5.4.
    assert (limit < found < limit + 2) if gone else (limit - 2 < found < limit)
    assert np.flatnonzero(let_go(p).e).tolist() == [place] * gone


def test_at_most_a_quarter_of_the_solvers_can_leave_the_line() -> None:
    # Each three times as far as the one before: seen from the line, whoever is farthest stands out from the others.
    far = np.zeros(12)
    far[[1, 4, 6, 9]] = 15.0, -45.0, 135.0, -405.0
    assert np.count_nonzero(let_go(on_a_line(12, far)).e) == 3
    assert np.count_nonzero(let_go(on_a_line(11, far[:11])).e) == 2
    assert not let_go(on_a_line(4, np.array([0.0, 40.0, 0.0, 0.0]))).e.any()


def test_the_likeliest_are_let_go_though_nobody_left_if_that_is_asked() -> None:
    for solvers, at_least in ((12, 0), (12, 1), (12, 2), (6, 2)):  # a quarter of six is one
        p = on_a_line(solvers, np.zeros(solvers))
        assert np.count_nonzero(let_go(p, at_least=at_least).e) == at_least
    far = on_a_line(12, 40.0 * (np.arange(12) == 3))
    assert np.flatnonzero(let_go(far, at_least=1).e).tolist() == [3]
