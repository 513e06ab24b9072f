"""M2 from all answer patterns of a small test; its fit, its p-value and its RMSEA by scipy."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import cauchy, chi2, ncx2

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check import limited_information as module
from acidtest.stats.irt.check.limited_information import LimitedInformation, limited_information, m2

NODES = np.linspace(-5, 5, 41)
WEIGHT = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


def simulated(solvers: int, k: int, seed: int, *, reverse: bool = False) -> FloatArray:
    rng = np.random.default_rng(seed)
    a, d = rng.lognormal(0.2, 0.4, k), rng.normal(0.2, 0.8, k)
    if reverse:
        a[0] = -0.8
    return (rng.random((solvers, k)) < expit(rng.normal(size=(solvers, 1)) * a + d)).astype(float)


def patterns(a: FloatArray, d: FloatArray) -> FloatArray:
    """The chance of each of all 2^k answer patterns, abilities normal and summed over 41 nodes from -5 to 5."""
    p = expit(np.outer(a, NODES) + d[:, None])
    every = np.array(list(product((0, 1), repeat=len(a))))
    return np.array([np.prod(np.where(one[:, None] == 1, p, 1 - p), axis=0) @ WEIGHT for one in every])


def slow_m2(table: FloatArray, a: FloatArray, d: FloatArray) -> float:
    """Maydeu-Olivares and Joe (2005): N e' (X - X D (D' X D)^-1 D' X) e, X the inverse of the margins' covariance."""
    k = len(a)
    every = np.array(list(product((0, 1), repeat=k)))
    sets = [(j,) for j in range(k)] + list(combinations(range(k), 2))
    to_margins = np.array([[all(one[j] for j in chosen) for one in every] for chosen in sets], float)
    chance = patterns(a, d)
    covariance = to_margins @ (np.diag(chance) - np.outer(chance, chance)) @ to_margins.T
    change = []
    for j in range(2 * k):
        step = np.zeros(2 * k)
        step[j] = 1e-5
        up, down = (patterns(a + sign * step[:k], d + sign * step[k:]) for sign in (1, -1))
        change.append(to_margins @ (up - down) / 2e-5)
    slope, inverse = np.array(change).T, np.linalg.inv(covariance)
    seen = np.array([np.mean([all(row[j] == 1 for j in chosen) for row in table]) for chosen in sets])
    away = seen - to_margins @ chance
    inner = inverse - inverse @ slope @ np.linalg.solve(slope.T @ inverse @ slope, slope.T @ inverse)
    return float(len(table) * away @ inner @ away)


@pytest.mark.parametrize(("solvers", "k"), [(90, 4), (150, 5), (120, 6)])
def test_m2_is_that_of_all_patterns(solvers: int, k: int) -> None:
    table = simulated(solvers, k, solvers)
    a, d = module._marginal_fit(table, NODES, WEIGHT)
    found, degrees = m2(table)
    assert found == pytest.approx(slow_m2(table, a, d), rel=1e-5)
    assert degrees == k * (k + 1) // 2 - 2 * k


@pytest.mark.parametrize("reverse", [False, True])
def test_items_are_the_most_probable_ones(reverse: bool) -> None:  # noqa: FBT001
    """scipy's minimum of the marginal likelihood with slopes normal around 1, standard deviation 2."""
    table = simulated(120, 5, 1, reverse=reverse)

    def loss(both: FloatArray) -> float:
        a, d = both[:5], both[5:]
        p = expit(np.outer(a, NODES) + d[:, None])
        each = np.array([np.prod(np.where(row[:, None] == 1, p, 1 - p), axis=0) @ WEIGHT for row in table])
        return float(-np.log(each).sum() + ((a - 1) ** 2).sum() / 8)

    share = np.clip(table.mean(0), 0.01, 0.99)
    best = minimize(loss, np.r_[np.ones(5), np.log(share / (1 - share))], method="BFGS", options={"gtol": 1e-6})
    a, d = module._marginal_fit(table, NODES, WEIGHT)
    assert np.r_[a, d] == pytest.approx(best.x, abs=2e-3)
    assert loss(np.r_[a, d]) == pytest.approx(best.fun, abs=1e-5)
    assert (a[0] < 0) == reverse


def test_a_slope_that_runs_off_is_held_by_its_prior() -> None:
    table = simulated(100, 4, 3)
    table[:, 1] = table[:, 0]  # the same answers twice: the likelihood alone wants a step
    a, _ = module._marginal_fit(table, NODES, WEIGHT)
    assert np.isfinite(a).all()
    assert 3 < a[:2].max() < 12


def test_several_sets_are_put_together() -> None:
    """8 sets of as many items as there are 20 solvers for, the same draws: mean M2, Cauchy's combination of p."""
    scores = simulated(105, 9, 4)
    scores[:, 3] = (np.arange(105) < 4).astype(float)  # too few right: in no set
    scores[50, 0] = np.nan
    found = limited_information(scores, rng=np.random.default_rng(6))
    assert isinstance(found, LimitedInformation)
    rng, statistics, solvers = np.random.default_rng(6), [], []
    use = [0, 1, 2, 4, 5, 6, 7, 8]
    for _ in range(8):
        chosen = np.sort(rng.choice(use, 5, replace=False))
        table = scores[:, chosen]
        table = table[~np.isnan(table).any(1)]
        statistics.append(m2(table)[0])
        solvers.append(len(table))
    p = chi2.sf(statistics, 5)
    assert found.statistic == pytest.approx(np.mean(statistics), rel=1e-9)
    assert found.p == pytest.approx(cauchy.sf(np.mean(cauchy.isf(p))), rel=1e-9)
    assert (found.degrees, found.items, found.sets) == (5, 5, 8)
    assert (found.rmsea.n, found.rmsea.level) == (int(np.mean(solvers)), 0.95)
    assert "8 sets" in found.rmsea.method


@pytest.mark.parametrize("statistic", [60.0, 22.0, 9.0, 2.0])
def test_rmsea_by_the_noncentral_chi_square(statistic: float) -> None:
    """Its ends: noncentralities at which M2 would be the 97.5 % and the 2.5 % quantile."""
    found = module._rmsea(np.array([statistic, statistic]), 9, np.array([200.0, 220.0]))
    value, low, high = (end**2 * 9 * 210 for end in (found.value, found.low, found.high))
    assert value == pytest.approx(max(statistic - 9, 0), abs=1e-9)
    for end, share in ((low, 0.975), (high, 0.025)):
        if chi2.cdf(statistic, 9) <= share:
            assert end == 0
        else:
            assert ncx2.cdf(statistic, 9, end) == pytest.approx(share, abs=1e-6)
    assert found.n == 210


def test_rmsea_is_the_root_of_the_mean_over_sets() -> None:
    both = module._rmsea(np.array([60.0, 30.0]), 9, np.array([200.0, 200.0]))
    one, other = (module._rmsea(np.array([x]), 9, np.array([200.0])) for x in (60.0, 30.0))
    for end in ("value", "low", "high"):
        mean = (getattr(one, end) ** 2 + getattr(other, end) ** 2) / 2
        assert getattr(both, end) == pytest.approx(np.sqrt(mean), rel=1e-6)


def test_where_m2_is_had() -> None:
    """80 solvers, 4 items, five right and five wrong each; then all items in one set."""
    rng = np.random.default_rng(0)
    found = limited_information(simulated(80, 4, 5), rng=rng)
    assert isinstance(found, LimitedInformation)
    assert (found.items, found.sets, found.degrees) == (4, 1, 2)
    assert "80 solvers and 4 items" in str(limited_information(simulated(79, 4, 5), rng=rng))
    assert "80 solvers and 4 items" in str(limited_information(simulated(200, 3, 5), rng=rng))
    for right in (5, 4):
        for turned in (False, True):
            scores = simulated(80, 4, 5)
            column = (np.arange(80) % 16 == 0) & (np.arange(80) < 16 * right)
            scores[:, 2] = ~column if turned else column
            assert isinstance(limited_information(scores, rng=rng), str) == (right == 4)
    scores = simulated(90, 4, 5)
    scores[:10, 1] = np.nan
    assert isinstance(limited_information(scores, rng=rng), LimitedInformation)  # 80 without holes
    scores[10, 1] = np.nan
    assert isinstance(limited_information(scores, rng=rng), str)
    many = limited_information(simulated(300, 12, 6), rng=rng)
    assert isinstance(many, LimitedInformation)
    assert (many.items, many.sets, many.degrees) == (10, 8, 35)
