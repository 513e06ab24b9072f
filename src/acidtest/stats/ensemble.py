"""One stand-in out of several synthetic sets: rules that turn P [S sets, M solvers] into one score per solver.

All take leading axes [..., S, M] -> [..., M], save where said. A cell that is NaN is not scored and has no weight; a
solver without any score is NaN.
"""

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.additive import own_cells, wrote_sets
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import IntArray
from acidtest.stats.order import pearson

EPSILON = 0.01
"""Weight that even a set without any consistency keeps in Silencer's rule; the paper's own value is not known to us."""


def equal(p: FloatArray) -> FloatArray:
    """Return each solver's plain mean over all sets, the advice of arXiv 2409.11968.

    Example:
        >>> equal(np.array([[0.5, 0.7], [0.7, 0.8]])).round(2).tolist()
        [0.6, 0.75]
    """
    return weighted(p, np.ones(p.shape[-2]))


def leave_own_out(p: FloatArray, own: IntArray, set_generator: IntArray | None = None) -> FloatArray:
    """Return each solver's mean over the sets that it did not write, made comparable between solvers.

    A solver that skips its own set skips a set that may be easy or hard. So the own cells are filled with what set and
    solver let expect (least squares on all other cells) before the mean is taken; a solver that wrote nothing keeps its
    plain mean. Where the other cells do not tell (two sets, two solvers), it is the plain mean over the others' sets.

    Args:
        p: [..., S, M] scores; a cell that is NaN anywhere along the leading axes is left out everywhere.
        own: [G] solver of each generator, -1: none.
        set_generator: [S] generator of each set; None: set s is generator s's.

    Returns:
        [..., M]; NaN where a solver wrote every set.

    Example:
        >>> p = np.array([[0.9, 0.5, 0.4], [0.6, 0.9, 0.3], [0.7, 0.6, 0.8]])
        >>> leave_own_out(p, np.array([0, 1, 2])).round(3).tolist()
        [0.65, 0.517, 0.383]
    """
    n_sets, solvers = p.shape[-2:]
    mine = own_cells(wrote_sets(n_sets, own, set_generator), own, solvers).any(axis=0)
    kept = np.asarray(np.isfinite(p).all(axis=tuple(range(p.ndim - 2))) & ~mine, np.bool_)
    plain = weighted(np.where(kept, p, np.nan), np.ones(n_sets))
    level = _connected_levels(kept)
    if level is None:
        return plain
    # The set effects are linear in the kept scores: adding what a solver's own choice of sets took from its mean.
    effects = np.einsum("sij,...ij->...s", level, np.where(kept, p, 0.0))
    share = kept / np.maximum(kept.sum(axis=0), 1)
    score: FloatArray = plain + effects.mean(axis=-1)[..., None] - effects @ share
    return score


def worth_weighted(p: FloatArray, worth: FloatArray) -> FloatArray:
    """Return each solver's mean over sets, weighted by what each set is worth in real items.

    Args:
        p: [..., S, M] scores.
        worth: [S] worth (see `worth`). Unknown or below 0 counts as 0; where some are infinite, those alone count;
            where all are 0, all count alike.
    """
    weight = np.where(np.isnan(worth), 0.0, np.maximum(worth, 0.0))
    if np.isinf(weight).any():
        weight = np.isinf(weight).astype(np.float64)
    return weighted(p, weight if weight.any() else np.ones(len(weight)))


def weighted(p: FloatArray, weight: FloatArray) -> FloatArray:
    """Return each solver's mean over the sets that it is scored on, with these weights [S]."""
    known = np.isfinite(p)
    w = np.where(known, np.asarray(weight)[:, None], 0.0)
    total, count = (np.where(known, p, 0.0) * w).sum(axis=-2), w.sum(axis=-2)
    mean: FloatArray = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def silencer_fixed_point(
    p: FloatArray, own: IntArray | None = None, *, epsilon: float = EPSILON, rounds: int = 1000
) -> tuple[FloatArray, FloatArray]:
    """Return (weights [S], scores [M]) of Silencer's bias-neutralising ensemble.

    The ensemble stands in for the real set: each set's weight is its consistency with the ensemble, and the ensemble is
    the weighted mean; both are taken in turn until they no longer change. weight[s] is in proportion to
    max(0, Pearson(P[s], ensemble)) + epsilon. Sets with less self-bias agree better and count more.

    The rule is that of arXiv 2505.20738, taken from published accounts of the paper. There the correlation is over the
    generators, which are the solvers; here it is over all solvers, or over `own` where given.

    Args:
        p: [S, M] scores.
        own: Solvers that the consistency is taken over (the generators', as in the paper; three or more of them); None:
            all. Entries of -1 do not count.
        epsilon: Weight that no set falls below.
        rounds: Most turns.

    Returns:
        Weights that add up to 1, and each solver's weighted mean.

    Example:
        >>> p = np.array([[0.5, 0.6, 0.7], [0.4, 0.6, 0.8], [0.6, 0.5, 0.5]])
        >>> weights, _ = silencer_fixed_point(p)
        >>> weights.round(2).tolist()
        [0.5, 0.5, 0.0]
    """
    n_sets = p.shape[0]
    compared = np.isfinite(p).all(axis=0)
    if own is not None and len(set(own[own >= 0].tolist())) >= 3:  # noqa: PLR2004 - over two it is 1 or -1 always
        compared &= np.isin(np.arange(p.shape[1]), own)
    weights = np.full(n_sets, 1 / max(n_sets, 1))
    for _ in range(rounds):
        ensemble = weighted(p, weights)
        consistency = np.nan_to_num(pearson(p[:, compared], ensemble[compared]))
        new = np.maximum(consistency, 0.0) + epsilon
        new /= new.sum()
        change = np.abs(new - weights).max(initial=0.0)
        weights = new
        if change < 1e-12:  # noqa: PLR2004 - rounding
            break
    return weights, weighted(p, weights)


def _connected_levels(kept: NDArray[np.bool_]) -> FloatArray | None:
    """Return [S, S, M]: the linear map from kept scores to set effects (solver effects out); None if not determined."""
    n_sets, solvers = kept.shape
    asked = kept.any(axis=0)
    sets, who = np.nonzero(kept)
    design = np.zeros((len(sets), n_sets + solvers))
    design[np.arange(len(sets)), sets] = 1
    design[np.arange(len(sets)), n_sets + who] = 1
    # Set and solver effects share one free constant; any further loss of rank means parts that nothing connects.
    if not kept.any(axis=1).all() or np.linalg.matrix_rank(design) < n_sets + asked.sum() - 1:
        return None
    level = np.zeros((n_sets, n_sets, solvers))
    level[:, sets, who] = np.linalg.pinv(design)[:n_sets]
    return level
