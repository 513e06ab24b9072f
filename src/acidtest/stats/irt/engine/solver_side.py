"""What is known of each solver's ability, given where items may stand: the same idea as in `item_side`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine.sums import Answers, Curves, Places, Sums

_MOST = 1.0
"""The longest step of an ability."""
_PLACES = 7
"""Where a solver's ability is not narrow, the places at which it is looked at."""
NARROW = 0.004
"""Variance of an ability below which one place says all: its width changes no item's parameter by 1 in 1,000."""


@dataclass(frozen=True, kw_only=True)
class SolverSide:
    """Where M solvers may stand, before anything else is known: ability is normal, 0 on average, variance 1.

    Attributes:
        mode: [M] the likeliest ability.
        mean, variance: [M] of the ability.
        wide: [M] whose ability is looked at in several places.
        places: Of the wide ones, [Q, W]; None where there are none.
    """

    mode: FloatArray
    mean: FloatArray
    variance: FloatArray
    wide: NDArray[np.bool_]
    places: Places | None

    def moved(self, centre: FloatArray, scale: FloatArray) -> "SolverSide":
        """Return the same with abilities (ability - centre) / scale, both [M]."""
        wide, places = self.wide, self.places
        if places is not None:
            places = Places((places.ability - centre[wide]) / scale[wide], places.weight)
        return SolverSide(
            mode=(self.mode - centre) / scale,
            mean=(self.mean - centre) / scale,
            variance=self.variance / scale**2,
            wide=self.wide,
            places=places,
        )


@dataclass(frozen=True)
class Table:
    """Answers [n, M], and those of the wide solvers alone [n, W], so that these are copied once."""

    answers: Answers
    wide_answers: Answers

    def groups(self, side: SolverSide) -> list[tuple[Answers, Places]]:
        """Return answers with the places of who gave them."""
        found = []
        if not side.wide.all():
            found.append((self.answers, Places(side.mean[None], (~side.wide)[None].astype(float))))
        if side.places is not None:
            found.append((self.wide_answers, side.places))
        return found


def table_of(answers: Answers, wide: NDArray[np.bool_]) -> Table:
    """Return the table for these wide solvers."""
    return Table(answers, answers if wide.all() else np.ascontiguousarray(answers[:, wide]))


def solver_side(  # noqa: PLR0913  # what is known, and how to climb
    sums: Sums,
    table: Table,
    curves: Curves,
    weight: FloatArray,
    *,
    mode: FloatArray,
    wide: NDArray[np.bool_],
    steps: int,
    length: float = 1.0,
) -> SolverSide:
    """Climb `steps` Newton steps (a whole one has `length` 1) from a mode [M], and look around there."""
    for _ in range(steps):
        first, second = sums.solver_sums(table.answers, mode, curves, weight)
        information = second + 1
        mode = mode + length * np.clip((first - mode) / information, -_MOST, _MOST)
    mean, variance = mode.copy(), 1 / information
    if not wide.any():
        return SolverSide(mode=mode, mean=mean, variance=variance, wide=wide, places=None)
    place, there = np.polynomial.hermite_e.hermegauss(_PLACES)
    ability = mode[wide] + place[:, None] * np.sqrt(variance[wide])
    value = sums.solver_values(table.wide_answers, ability, curves, weight)
    value += -0.5 * ability**2 + (np.log(there) + 0.5 * place**2)[:, None]
    chance = np.exp(value - value.max(0))
    chance /= chance.sum(0)
    mean[wide] = (chance * ability).sum(0)
    variance[wide] = (chance * (ability - mean[wide]) ** 2).sum(0)
    return SolverSide(mode=mode, mean=mean, variance=variance, wide=wide, places=Places(ability, chance))
