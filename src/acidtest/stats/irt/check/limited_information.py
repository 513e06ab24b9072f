"""M2: does a 2PL with normal abilities say the shares of right answers of items and of pairs of items?

Valid for few items and many solvers only, so it is made on small random sets of items, fitted on their own by marginal
maximum likelihood.

Source: Maydeu-Olivares and Joe, Journal of the American Statistical Association 100 (2005) and Psychometrika 71 (2006);
its effect size: Maydeu-Olivares and Joe, Multivariate Behavioral Research 49 (2014); p-values of several sets put
together by the Cauchy combination, Liu and Xie, Journal of the American Statistical Association 115 (2020).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acidtest.stats.estimate import Estimate, FloatArray

MOST_ITEMS, LEAST_ITEMS = 10, 4
SOLVERS_PER_ITEM = 20
SETS = 8
NODES = 41
REACH = 5.0
SWEEPS, STILL = 500, 1e-5
LIKELY_SLOPE, SLOPE_SPREAD = 1.0, 2.0
"""A weak normal prior of slopes, for sets where the likelihood alone runs off."""


@dataclass(frozen=True, kw_only=True)
class LimitedInformation:
    """M2 of one or several small sets of items.

    Attributes:
        statistic, degrees: Mean M2 over the sets, and its degrees of freedom.
        p: Chance of so large a misfit were the 2PL true.
        rmsea: Root mean square error of approximation; 0: none, .05: close, above .089: poor (2014, for two levels).
        items: In each set.
        sets: How many sets.
    """

    statistic: float
    degrees: int
    p: float
    rmsea: Estimate
    items: int
    sets: int


def limited_information(scores: FloatArray, *, rng: np.random.Generator) -> LimitedInformation | str:
    """Return M2 of scores [M, n] of 0, 1 and NaN, or why it cannot be had.

    Solvers with holes among a set's items do not count for that set.
    """
    from scipy.stats import chi2

    solvers, n = scores.shape
    size = min(MOST_ITEMS, n, solvers // SOLVERS_PER_ITEM)
    need = LEAST_ITEMS * SOLVERS_PER_ITEM
    if size < LEAST_ITEMS:
        return f"M2 needs {need} solvers and {LEAST_ITEMS} items at least; here are {solvers} and {n}"
    use = np.flatnonzero(_spread_enough(scores))
    size = min(size, len(use))
    found, tables = [], 0
    if size >= LEAST_ITEMS:
        tables = 1 if len(use) == size else SETS
    for _ in range(tables):
        items = np.sort(rng.choice(use, size, replace=False))
        table = scores[:, items]
        table = table[np.isfinite(table).all(1)]
        if len(table) >= size * SOLVERS_PER_ITEM and _spread_enough(table).all():
            found.append((m2(table)[0], len(table)))
    if not found:
        return "M2 needs items that at least five solvers get right and five wrong, without holes; too few are here"
    degrees = size * (size - 3) // 2
    statistics = np.array([one[0] for one in found])
    p = chi2.sf(statistics, degrees)
    together = float(np.mean(np.tan((0.5 - np.clip(p, 1e-15, 1 - 1e-15)) * np.pi)))
    return LimitedInformation(
        statistic=float(statistics.mean()),
        degrees=degrees,
        p=float(0.5 - np.arctan(together) / np.pi),
        rmsea=_rmsea(statistics, degrees, np.array([one[1] for one in found])),
        items=size,
        sets=len(found),
    )


def m2(table: FloatArray) -> tuple[float, int]:
    """Return M2 and its degrees of freedom of a full table [M, k] of 0 and 1."""
    solvers, k = table.shape
    nodes = np.linspace(-REACH, REACH, NODES)
    weight = np.exp(-(nodes**2) / 2)
    weight = weight / weight.sum()
    a, d = _marginal_fit(table, nodes, weight)
    p = expit(np.outer(a, nodes) + d[:, None])
    one, two = np.triu_indices(k, 1)
    member = np.zeros((k + len(one), k))
    member[np.arange(k), np.arange(k)] = 1.0
    member[k + np.arange(len(one)), one] = member[k + np.arange(len(one)), two] = 1.0
    margin = np.exp(member @ np.log(p))
    expected = margin @ weight
    seen = (table @ member.T >= member.sum(1)).mean(0)
    # a product over the union of two sets is that over both, less what they share
    logs = member @ np.log(p)
    covariance = np.empty((len(margin), len(margin)))
    for row in range(len(margin)):
        both = logs[row] + logs - (member * member[row]) @ np.log(p)
        covariance[row] = np.exp(both) @ weight - expected[row] * expected
    slope = p * (1 - p)
    change = np.zeros((len(margin), 2 * k))
    for j in range(k):
        part = member[:, [j]] * margin / p[j] * slope[j]
        change[:, j], change[:, k + j] = (part * nodes) @ weight, part @ weight
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(margin)))
    away, along = np.linalg.solve(root, seen - expected), np.linalg.solve(root, change)
    basis = np.linalg.qr(along)[0]
    left = away - basis @ (basis.T @ away)
    return solvers * float(left @ left), len(margin) - 2 * k


def _spread_enough(scores: FloatArray) -> NDArray[np.bool_]:
    least = 5
    right: NDArray[np.bool_] = (np.nansum(scores, 0) >= least) & (np.nansum(1 - scores, 0) >= least)
    return right


def _marginal_fit(table: FloatArray, nodes: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return [k] slopes and easinesses by marginal maximum likelihood (Bock and Aitkin's EM), slopes of either sign."""
    share = np.clip(table.mean(0), 0.01, 0.99)
    a, d = np.ones(table.shape[1]), np.log(share / (1 - share))
    for _ in range(SWEEPS):
        linear = np.outer(a, nodes) + d[:, None]
        wrong = -np.logaddexp(0, linear)
        log = table @ (linear + wrong) + (1 - table) @ wrong + np.log(weight)
        post = np.exp(log - log.max(1, keepdims=True))
        post = post / post.sum(1, keepdims=True)
        right, number = table.T @ post, post.sum(0)
        before = np.concatenate([a, d])
        for _ in range(2):
            p = expit(np.outer(a, nodes) + d[:, None])
            e, w = right - number * p, number * p * (1 - p)
            ga, gd = e @ nodes - (a - LIKELY_SLOPE) / SLOPE_SPREAD**2, e.sum(1)
            h11, h12, h22 = w @ nodes**2 + SLOPE_SPREAD**-2, w @ nodes, w.sum(1) + 1e-9
            det = h11 * h22 - h12**2
            a = a + np.clip((h22 * ga - h12 * gd) / det, -1, 1)
            d = d + np.clip((h11 * gd - h12 * ga) / det, -1, 1)
        if np.abs(np.concatenate([a, d]) - before).max() < STILL:
            break
    return a, d


def _rmsea(statistics: FloatArray, degrees: int, solvers: FloatArray) -> Estimate:
    from scipy.stats import chi2, ncx2

    def excess(statistic: float, share: float) -> float:
        """Return the noncentrality at which this statistic is the `share` quantile, 0 where none is."""
        from scipy.optimize import brentq

        if chi2.cdf(statistic, degrees) <= share:
            return 0.0
        top = 2 * statistic + 100
        return float(brentq(lambda more: ncx2.cdf(statistic, degrees, more) - share, 1e-9, top))

    per = degrees * float(solvers.mean())
    low = float(np.mean([excess(one, 0.975) for one in statistics]))
    high = float(np.mean([excess(one, 0.025) for one in statistics]))
    return Estimate(
        value=float(np.sqrt(max(float(statistics.mean()) - degrees, 0.0) / per)),
        low=float(np.sqrt(low / per)),
        high=float(np.sqrt(high / per)),
        n=int(solvers.mean()),
        method=f"RMSEA from M2, mean of {len(statistics)} sets of items",
    )
