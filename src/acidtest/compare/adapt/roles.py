"""Who is left out in turn, who only calibrates, whose whole score is foretold: by how much of a table each answered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError, counted

ENOUGH = 0.9
"""Of the items: a solver with as many scores is left out in turn, and its whole score compared."""
CALIBRATES = 0.5
"""A solver with fewer is not calibrated on; its whole score is foretold."""
FEWEST_SOLVERS = 6
FEWEST_ITEMS = 10
FOLDS = 5
FEW_SOLVERS = 20
"""With fewer, a reader is warned."""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Positions of solvers: left out in turn (and of which group), only calibrated on, foretold."""

    out: NDArray[np.int64]
    groups: tuple[str, ...]
    calibrating: NDArray[np.int64]
    few: NDArray[np.int64]
    folds: int

    @property
    def known(self) -> NDArray[np.int64]:
        """All solvers that items are calibrated on."""
        return np.concatenate([self.out, self.calibrating])


def roles(matrix: ScoreMatrix, folds: int | None) -> Roles:
    """Return the role of each solver.

    Args:
        matrix: The table.
        folds: Into how many parts solvers are split; families stay whole. None: five, or as many as there are families.

    Raises:
        DataError: Too few solvers or items, or more parts than solvers or families.
    """
    share = np.isfinite(matrix.scores).mean(axis=1)
    out = np.flatnonzero(share >= ENOUGH)
    groups = tuple(matrix.families.get(matrix.models[i], f"\0{i}") for i in out)
    parts = len(set(groups))
    asked = min(FOLDS, max(parts, 2)) if folds is None else folds
    _check(len(out), matrix.scores.shape[1], asked)
    if parts < asked:
        raise DataError(
            f"{counted(asked, 'fold')}, and the solvers are of {parts} {'family' if parts == 1 else 'families'}, which "
            "stay whole",
            way_out=f"Ask for fewer: --folds {parts}." if parts > 1 else "Leave the column 'family' out of the table.",
        )
    return Roles(
        out=out,
        groups=groups,
        calibrating=np.flatnonzero((share >= CALIBRATES) & (share < ENOUGH)),
        few=np.flatnonzero((share < CALIBRATES) & (share > 0)),
        folds=asked,
    )


def _check(solvers: int, n: int, folds: int) -> None:
    if n < FEWEST_ITEMS:
        raise DataError(f"{counted(n, 'item')}: too few to choose among", way_out=f"Give {FEWEST_ITEMS} or more.")
    if solvers < FEWEST_SOLVERS:
        raise DataError(
            f"{counted(solvers, 'solver')} with scores on {ENOUGH:.0%} of the items: too few to leave some out",
            way_out=f"Give scores of {FEWEST_SOLVERS} solvers or more, or name one benchmark that they all answered: "
            "--benchmark NAME.",
        )
    if not 2 <= folds <= solvers:  # noqa: PLR2004 - one part out, one part in
        raise DataError(f"{counted(folds, 'fold')} of {solvers} solvers", way_out=f"Ask for 2 to {solvers}.")
