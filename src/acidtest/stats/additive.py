"""Set + solver, fitted to all cells but those in which a generator answers its own set."""

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import IntArray

DETERMINED = 1e-8
"""Largest remainder of equations that have a solution: far above rounding, far below any share of a cell."""


def own_cells(wrote: NDArray[np.bool_], own: IntArray, solvers: int) -> NDArray[np.bool_]:
    """Return [G, S, M]: the cells in which a generator answers its own set."""
    itself: NDArray[np.bool_] = np.asarray(own)[:, None, None] == np.arange(solvers)
    return wrote[:, :, None] & itself


def own_weights(fitted: NDArray[np.bool_], cells: NDArray[np.bool_]) -> tuple[FloatArray, float]:
    """Return the weights [S, M] that make the mean residual of `cells` out of all scores, and its variance.

    The residual is from set + solver, fitted by least squares to the `fitted` cells, of which none is in `cells`; the
    variance is in units of one cell's noise.

    Returns:
        NaN where the fitted cells do not determine what the cells should hold: set and solver are not connected.
    """
    undetermined = np.full(fitted.shape, np.nan), float("nan")
    if not cells.any():
        return undetermined
    per_set, per_solver = cells.sum(axis=1) / cells.sum(), cells.sum(axis=0) / cells.sum()
    seen = fitted.astype(np.float64)
    of_set, of_solver = seen.sum(axis=1), seen.sum(axis=0)
    # Normal equations X'X z = wanted with the solvers eliminated: only sets x sets remain to be solved.
    each = np.divide(1.0, of_solver, out=np.zeros(len(of_solver)), where=of_solver > 0)
    left = np.diag(of_set) - (seen * each) @ seen.T
    z_set = np.linalg.pinv(left, hermitian=True, rcond=1e-10) @ (per_set - seen @ (each * per_solver))
    z_solver = each * (per_solver - z_set @ seen)
    missed_set, missed_solver = (
        of_set * z_set + seen @ z_solver - per_set,
        of_solver * z_solver + z_set @ seen - per_solver,
    )
    if max(np.abs(missed_set).max(), np.abs(missed_solver).max()) > DETERMINED:
        return undetermined
    weights = cells / cells.sum() - seen * (z_set[:, None] + z_solver)
    return weights, float((weights**2).sum())


def wrote_sets(n_sets: int, own: IntArray, set_generator: IntArray | None) -> NDArray[np.bool_]:
    """Return [G, S]: which generator wrote which set; without `set_generator`, set s is generator s's."""
    of_set = np.arange(n_sets) if set_generator is None else np.asarray(set_generator)
    if len(of_set) != n_sets or (set_generator is None and len(own) != n_sets):
        raise ValueError(f"{n_sets} sets, {len(own)} generators, {len(of_set)} sets with a generator")
    wrote: NDArray[np.bool_] = of_set == np.arange(len(own))[:, None]
    return wrote
