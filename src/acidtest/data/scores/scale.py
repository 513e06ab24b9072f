"""On which scale each benchmark's scores are: fractions from 0 to 1, percentages, or any other numbers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from acidtest.errors import DataError, did_you_mean
from acidtest.stats.estimate import FloatArray

ROUNDING = 1e-9
"""Scores that leave [0, 1] by no more than this left it by rounding."""

_MOST_PERCENT = 100.0


class Ranged(Protocol):
    """What is known of a benchmark's scores before they are put on a scale."""

    def highest(self) -> float:
        """Return the highest score, or 0 where there is none."""

    def lowest(self) -> float:
        """Return the lowest score, or 0 where none is below."""


def scales(
    grids: Mapping[str, Ranged], *, percent: bool | None, fractions: Sequence[str] = (), guessed: Collection[str] = ()
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return what each benchmark's scores are multiplied by (1 or .01), and what a reader should know about it.

    Percentages are so by the whole table, not by benchmark: one that is so hard that nobody has more than 1 % on it
    looks like fractions, and is none.

    Args:
        grids: The benchmarks.
        percent: True: all are percentages, unless no score of any is above 1. False: none is. None: not said.
        fractions: Benchmarks that hold fractions where all others are percentages.
        guessed: Benchmarks that nobody named: they may be no benchmarks at all.

    Raises:
        DataError: Scores above 1 in one benchmark and at most 1 in another, and nobody said why.
    """
    tops = {name: grid.highest() for name, grid in grids.items()}
    above = [name for name, top in tops.items() if top > 1 + ROUNDING]
    below = [name for name in tops if name not in above]
    _check_fractions(fractions, tops, above)
    if percent is None and not fractions and above and below:
        raise DataError(
            f"scores of '{above[0]}' go up to {tops[above[0]]:g}, those of '{below[0]}' stay at most 1",
            way_out=f"Say --percent if all are percentages, or --percent --fraction '{below[0]}' if that one is not; "
            f"--no-percent if all are on one scale already.{_no_benchmark((*above, *below), guessed)}",
        )
    if percent is False or not (percent or fractions) or not above:
        return dict.fromkeys(grids, 1.0), ()
    beyond = [name for name in above if tops[name] > _MOST_PERCENT + 1 and name in guessed]
    if beyond:
        raise DataError(
            f"scores of '{beyond[0]}' go up to {tops[beyond[0]]:g}: these are no percentages",
            way_out=_no_benchmark(beyond, guessed).strip(),
        )
    doubts = tuple(
        f"'{name}' goes up to {tops[name]:g} and is read as {tops[name]:g} %, as --percent says of the whole table: if "
        f"it holds fractions, say --fraction '{name}'."
        for name in below
        if name not in fractions and tops[name] > 0
    )
    return {name: 1.0 if name in fractions else 0.01 for name in grids}, doubts


def in_unit(score: float) -> bool:
    """Return whether a score lies in [0, 1], but for rounding.

    Example:
        >>> in_unit(1.0000000000000002), in_unit(1.01)
        (True, False)
    """
    return -ROUNDING <= score <= 1 + ROUNDING


def within_unit(scores: FloatArray) -> FloatArray:
    """Return scores that left [0, 1] by rounding put back; NaN stays."""
    clipped: FloatArray = scores.clip(0.0, 1.0)
    return clipped


def _check_fractions(fractions: Sequence[str], tops: Mapping[str, float], above: Collection[str]) -> None:
    for name in fractions:
        if name not in tops:
            raise DataError(
                f"no benchmark is called '{name[:80]}'",
                way_out=f"{did_you_mean(name, list(tops))}--fraction takes a benchmark that is compared.",
            )
        if name in above:
            raise DataError(
                f"'{name}' goes up to {tops[name]:g}: it holds no fractions", way_out="Leave out --fraction."
            )


def _no_benchmark(names: Sequence[str], guessed: Collection[str]) -> str:
    """Return the way out for columns that nobody said are benchmarks."""
    if not set(names) & set(guessed):
        return ""
    return " Columns that are no benchmark: name the benchmarks by --synthetic, and only they are read."
