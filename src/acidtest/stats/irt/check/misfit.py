"""How far scores lie from a fitted model: per item, per pair of items, over solvers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.continuous import log_odds
from acidtest.stats.irt.items import Items

LEAST_VARIANCE = 0.01
"""Of an answer: one surprise where the model is sure would drown all else."""
GROUP, MOST_GROUPS = 5, 10
FEWEST_OF_A_KIND, FEWEST_SHARED = 3, 8
TINY = 1e-12
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """Of n items, NaN where nobody answered.

    Attributes:
        outfit: [n] mean square of standardised residuals; about 1, more where answers surprise.
        curve: [n] squared differences of observed and expected scores in groups of solvers of like ability, over their
            variances, summed (the idea of Orlando and Thissen's S-X2, with groups by fitted ability).
        residual: [M, n] residuals, 0 where not scored.
        variance: [M, n] their variances under the model, 0 where not scored.
        parting: [n] whether scores part solvers at all: right and wrong answers, three of each at least.
    """

    outfit: FloatArray
    curve: FloatArray
    residual: FloatArray
    variance: FloatArray
    parting: NDArray[np.bool_]


def misfit(scores: FloatArray, items: Items, ability: FloatArray) -> Misfit:
    """Return residuals of scores [M, n] from a fit of their own, and what they amount to for each item."""
    seen = np.isfinite(scores)
    if items.residual is None:
        p = items.expected(ability)
        residual = np.where(seen, scores - p, 0.0)
        variance = np.where(seen, np.maximum(p * (1 - p), LEAST_VARIANCE), 0.0)
    else:
        residual = np.where(seen, log_odds(scores) - items.linear(ability), 0.0)
        variance = np.where(seen, items.residual**2, 0.0)
    count = seen.sum(0)
    squares = np.divide(residual**2, variance, out=np.zeros_like(residual), where=seen).sum(0)
    outfit = np.divide(squares, count, out=np.full(len(count), np.nan), where=count > 0)
    member = _groups(ability)
    over, under = member.T @ residual, member.T @ variance
    curve = np.divide(over**2, under, out=np.zeros_like(over), where=under > 0).sum(0)
    return Misfit(
        outfit=outfit,
        curve=np.where(count > 0, curve, np.nan),
        residual=residual,
        variance=variance,
        parting=parting(scores),
    )


def parting(scores: FloatArray) -> NDArray[np.bool_]:
    """Return [n]: whether at least three solvers are better, and three worse, than the middle of the item's scores."""
    known = np.isfinite(scores)
    few = known.sum(0) < 2 * FEWEST_OF_A_KIND
    middle = np.where(few, np.nan, np.nansum(np.where(known, scores, 0.0), 0) / np.maximum(known.sum(0), 1))
    with np.errstate(invalid="ignore"):
        better, worse = (scores > middle).sum(0), (scores < middle).sum(0)
    found: NDArray[np.bool_] = (better >= FEWEST_OF_A_KIND) & (worse >= FEWEST_OF_A_KIND)
    return found


def residual_correlations(found: Misfit, items: IntArray) -> FloatArray:
    """Return [k (k - 1) / 2]: correlations over solvers of the residuals of pairs among k items (Yen's Q3).

    Pairs in the order of np.triu_indices(k, 1); NaN where an item parts no solvers (its residuals only mirror their
    abilities), or fewer than eight solvers answered both. With holes, each item is centred over all its own answers,
    and a pair counts those that both have.
    """
    seen = (found.variance[:, items] > 0).astype(float)
    residual = found.residual[:, items]
    mean = residual.sum(0) / np.maximum(seen.sum(0), 1)
    e = np.where(seen > 0, residual - mean, 0.0)
    above = np.triu_indices(len(items), 1)
    shared = (seen.T @ seen)[above]
    squares = (e**2).T @ seen
    size = np.sqrt(squares * squares.T)[above]
    both = (found.parting[items][:, None] & found.parting[items])[above]
    fit_to_use = both & (shared >= FEWEST_SHARED) & (size > TINY)
    correlation: FloatArray = np.divide((e.T @ e)[above], size, out=np.full(len(shared), np.nan), where=fit_to_use)
    return correlation


def largest_roots(found: Misfit, number: int) -> FloatArray:
    """Return [number]: largest eigenvalues of standardised residuals' products over solvers, per item."""
    z = np.divide(found.residual, np.sqrt(found.variance), out=np.zeros_like(found.residual), where=found.variance > 0)
    z = z / np.sqrt(max(float((z**2).mean()), 1e-12))
    gram = z @ z.T if len(z) <= z.shape[1] else z.T @ z
    roots: FloatArray = np.linalg.eigvalsh(gram)[::-1][:number] / max(z.shape)
    return np.concatenate([roots, np.zeros(number - len(roots))])


def false_discovery(p: FloatArray) -> FloatArray:
    """Return [n] Benjamini and Hochberg's q, the rate of false finds if all up to this one are called; NaN stays.

    Example:
        >>> false_discovery(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
        [0.03, 0.04, 0.04, nan]
    """
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known])]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q = np.full(len(p), np.nan)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def _groups(ability: FloatArray) -> FloatArray:
    """Return [M, G]: 1 where a solver is in a group of like ability."""
    solvers = len(ability)
    number = int(np.clip(solvers // GROUP, 2, MOST_GROUPS))
    rank = np.argsort(np.argsort(ability, kind="stable"), kind="stable")
    member: FloatArray = (rank[:, None] * number // solvers == np.arange(number)).astype(float)
    return member
