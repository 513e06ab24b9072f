"""The noise of two sets of scores of which at least one is predicted by adaptive tests: no items show it."""

import numpy as np

from acidtest.compare.sets import ScoredSet
from acidtest.stats.estimate import FloatArray
from acidtest.stats.noise import Noise, pair_noise


def told_noise(real: ScoredSet, synthetic: ScoredSet, models: tuple[str, ...]) -> tuple[Noise, tuple[int, int]] | None:
    """Return the noise of these solvers' scores, and the items of each set; None where that of either is not known.

    Both sets' noise is taken as independent, also where they hold the same items; but what the calibration of one bank
    does to both, by where it puts the solvers, it does to both alike.
    """
    sides = [_side(one, models) for one in (real, synthetic)]
    if sides[0] is None or sides[1] is None or not models:
        return None
    (own_r, common_r, n_r), (own_s, common_s, n_s) = sides[0], sides[1]
    noise = Noise(
        real=own_r,
        synthetic=own_s,
        shared=np.zeros(len(models)),
        common_real=common_r,
        common_synthetic=common_s,
        common_shared=float(np.sqrt(_calibration(real) * _calibration(synthetic))),
    )
    return noise, (n_r, n_s)


def _calibration(one: ScoredSet) -> float:
    return 0.0 if one.scores.predicted is None else one.scores.predicted.calibration


def _side(one: ScoredSet, models: tuple[str, ...]) -> tuple[FloatArray, float, int] | None:
    """Return [M] variance that is each solver's own, the mean one that all share, and the number of items."""
    rows = one.rows(models)
    told = one.scores.predicted
    if told is not None:
        return told.error[rows] ** 2, told.common, told.items
    if not one.n_items:
        return None
    linear = one.linear[rows]
    seen = pair_noise(linear, linear, same_items=False, unit=one.metric.unit)
    return seen.real, seen.common_real, one.n_items
