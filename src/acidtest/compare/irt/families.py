"""Is a set easier for a family of solvers, the generator's own first, than its ability says? And single items?"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from acidtest.compare.irt.calibrate import Calibration
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets.dif import (
    FamilyShift,
    Shift,
    ability_strata,
    false_discovery,
    mantel_haenszel,
)
from acidtest.stats.irt.sets.distribution import bundle_numbers
from acidtest.stats.paired import holm
from acidtest.types.irt import FamilyDifference, ItemDifference, ItemDifferences

FEWEST_MEMBERS = 3
"""Solvers of a family, and others, from which single items are tested for a family that wrote nothing."""

_METHOD = "ability shown on the synthetic set less on the real set, less the same of all others; error: sandwich"
_SCORE_METHOD = "mean score less what the ability on the real set says, less the same of all others; error: sandwich"


def family_differences(
    calibration: Calibration, name: str, *, level: float, items: Mapping[str, Items]
) -> tuple[FamilyDifference, ...]:
    """Return the families of solvers on one synthetic set, the generator's own first, then by the size of the shift.

    A solver without an entry in `families` is a family of its own.

    Args:
        calibration: Items and solvers on one scale.
        name: The synthetic set.
        level: Of the intervals.
        items: benchmark -> its items as it shows them itself, `SetsOnScale.items`. With those of the fit, a set that
            parts solvers more than the real one would seem easier for whoever is strong.
    """
    matrix = calibration.matrix
    real, synthetic = matrix.of(calibration.real), matrix.of(name)
    shifts = FamilyShift(
        matrix.scores[:, real],
        matrix.scores[:, synthetic],
        real_items=items[calibration.real],
        synthetic_items=items[name],
        real_bundles=bundle_numbers([matrix.bundles[i] for i in real], len(real)),
        synthetic_bundles=bundle_numbers([matrix.bundles[i] for i in synthetic], len(synthetic)),
    )
    families = _families(matrix.models, matrix.families)
    own = _own(calibration, name)
    found = {family: shifts.of(members) for family, members in families.items()}
    found = {family: shift for family, shift in found.items() if np.isfinite(shift.ability)}
    adjusted = _adjusted(found, own)
    there = np.isfinite(shifts.shift)
    rows = [
        FamilyDifference(
            family=family,
            own=family == own,
            solvers=tuple(m for m, inside in zip(matrix.models, families[family] & there, strict=True) if inside),
            ability=_estimate(shift.ability, shift.ability_se, shift, len(synthetic), level, _METHOD),
            score=_estimate(shift.score, shift.score_se, shift, len(synthetic), level, _SCORE_METHOD),
            p=shift.p,
            p_adjusted=adjusted[family],
            p_spread=shift.p_spread,
        )
        for family, shift in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: (not row.own, -abs(row.ability.value))))


def item_differences(calibration: Calibration, name: str, *, fdr: float) -> tuple[ItemDifferences, ...]:
    """Return single items of a set that favour a family: the generator's own; else every family of three solvers.

    Nothing where scores are neither 0 nor 1.

    Args:
        calibration: Items and solvers on one scale.
        name: The set.
        fdr: False discovery rate among the items of the set that are tested for one family.
    """
    if calibration.fit.model == "continuous":
        return ()
    matrix = calibration.matrix
    right = matrix.scores[:, matrix.of(name)]
    there = np.isfinite(right).any(1)
    families = {family: members & there for family, members in _families(matrix.models, matrix.families).items()}
    own = _own(calibration, name)
    if own:
        asked = [own] if own in families and families[own].any() else []
    else:
        enough = [f for f, members in families.items() if members.sum() >= FEWEST_MEMBERS]
        asked = [f for f in enough if (there & ~families[f]).sum() >= FEWEST_MEMBERS]
    return tuple(_items(calibration, name, family, families[family], fdr) for family in asked)


def _items(calibration: Calibration, name: str, family: str, members: NDArray[np.bool_], fdr: float) -> ItemDifferences:
    matrix = calibration.matrix
    at = matrix.of(name)
    there = np.isfinite(matrix.scores[:, at]).any(1)
    right, inside = matrix.scores[np.ix_(there, at)], members[there]
    tested = mantel_haenszel(right, inside, ability_strata(calibration.fit.ability[there], inside))
    q = false_discovery(tested.p)
    found = [
        ItemDifference(
            benchmark=name,
            item=matrix.items[at[i]],
            family=family,
            log_odds=float(tested.log_odds[i]),
            p=float(tested.p[i]),
            q=float(q[i]),
        )
        for i in np.argsort(np.where(np.isfinite(q), tested.p, 2.0), kind="stable")
        if q[i] <= fdr
    ]
    k, others = int(inside.sum()), int((~inside).sum())
    few = min(k, others) < FEWEST_MEMBERS
    warnings = (f"{k} of '{family[:80]}' and {others} others: too few to find single items",) if few else ()
    return ItemDifferences(
        benchmark=name, family=family, tested=int(np.isfinite(q).sum()), found=tuple(found), warnings=warnings
    )


def _families(models: tuple[str, ...], families: Mapping[str, str]) -> dict[str, NDArray[np.bool_]]:
    of = np.array([families.get(model, model) for model in models], object)
    return {family: np.asarray(of == family, np.bool_) for family in dict.fromkeys(of)}


def _own(calibration: Calibration, name: str) -> str:
    generator = calibration.matrix.generators.get(name, "")
    return calibration.matrix.families.get(generator, generator)


def _adjusted(found: Mapping[str, Shift], own: str) -> dict[str, float]:
    """Return family -> p: the own family's is the one question asked beforehand; all others are corrected (Holm)."""
    others = [family for family in found if family != own]
    adjusted: FloatArray = holm(np.array([found[family].p for family in others])) if others else np.zeros(0)
    kept = {own: found[own].p} if own in found else {}
    return {**kept, **dict(zip(others, adjusted.tolist(), strict=True))}


def _estimate(value: float, se: float, shift: Shift, n: int, level: float, method: str) -> Estimate:
    half = float(stdtrit(max(shift.degrees, 1), (1 + level) / 2)) * se
    warnings = ("one solver alone",) if shift.members == 1 else ()
    return Estimate(
        value=value, true=value, low=value - half, high=value + half, level=level, n=n, method=method, warnings=warnings
    )
