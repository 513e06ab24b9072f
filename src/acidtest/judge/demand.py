"""Ratings on demand scales as numbers: what an item demands of who answers it, from 0 to as many levels as a scale has.

A scale is a run of a rubric's criteria, `steps_1`, `steps_2` ...: each asks whether the item reaches that level. So
people and judges of any kind rate demands as they rate everything else: yes, no or unsure. The level is the number of
yes; an unsure counts half. After the demand levels of Zhou et al. (General Scales Unlock AI Evaluation, arXiv
2503.06378), whose eighteen rubrics ask for a level from 0 to 5 at once; the scales here are our own and fewer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.types import Mark, Rating, Rubric

RUBRIC = "demands"
_LEVEL = re.compile(r"([a-z][a-z0-9_]*?)_([1-9])")
_POINTS: Mapping[Mark, float] = {"yes": 1.0, "unsure": 0.5, "no": 0.0}


@dataclass(frozen=True, kw_only=True)
class DemandTable:
    """What items demand.

    Attributes:
        scales: [k] names.
        levels: item -> [k] levels, the mean over raters; NaN where nobody rated.
        odd: Share of ratings whose level is not reached step by step: a yes after a no. High: the rater guesses.
    """

    scales: tuple[str, ...]
    levels: Mapping[str, FloatArray]
    odd: float

    @property
    def rated(self) -> int:
        """How many items have a rating."""
        return len(self.levels)

    def columns(self, items: Sequence[str]) -> FloatArray:
        """Return [n, k] levels of these items, NaN where one is not rated."""
        unknown = np.full(len(self.scales), np.nan)
        return np.array([self.levels.get(item, unknown) for item in items]).reshape(-1, len(self.scales))


def demand_scales(rubric: Rubric) -> dict[str, int]:
    """Return scale -> its levels, in the rubric's order; criteria that belong to no scale are left aside.

    Example:
        >>> from acidtest.types import Criterion
        >>> ask = [Criterion(id=name, question="?") for name in ("clear", "steps_1", "steps_2")]
        >>> demand_scales(Rubric(name="r", version="v1", criteria=tuple(ask)))
        {'steps': 2}
    """
    found: dict[str, list[int]] = {}
    for criterion in rubric.criteria:
        named = _LEVEL.fullmatch(criterion.id)
        if named:
            found.setdefault(named[1], []).append(int(named[2]))
    return {scale: len(levels) for scale, levels in found.items() if levels == list(range(1, len(levels) + 1))}


def demand_table(ratings: Iterable[Rating], rubric: Rubric, *, benchmark: str = "") -> DemandTable:
    """Return levels out of ratings by a rubric of demand scales.

    Args:
        ratings: Of any rubrics; those of another one, and those without marks, are left aside. A rater's last counts.
        rubric: The rubric with the scales.
        benchmark: Keep ratings of this benchmark alone; all unless named.

    Raises:
        DataError: The rubric holds no scale.
    """
    scales = demand_scales(rubric)
    if not scales:
        raise DataError(
            f"the rubric '{rubric.name}' holds no scale",
            way_out="A scale is criteria such as steps_1, steps_2, steps_3; see rubrics/demands.v1.yaml.",
        )
    last: dict[tuple[str, str], Rating] = {}
    for rating in ratings:
        of_rubric = rating.rubric.split(" ")[0] in (f"{rubric.name}.{rubric.version}", rubric.name)
        if rating.marks and of_rubric and benchmark in ("", rating.benchmark):
            last[rating.item, rating.rater] = rating
    rows: dict[str, list[FloatArray]] = {}
    odd = []
    for (item, _), rating in last.items():
        marks = [[rating.marks.get(f"{scale}_{level + 1}") for level in range(n)] for scale, n in scales.items()]
        rows.setdefault(item, []).append(np.array([_level(one) for one in marks]))
        odd += [_goes_back(one) for one in marks if any(one)]
    return DemandTable(
        scales=tuple(scales),
        levels={item: np.mean(levels, axis=0) for item, levels in rows.items()},
        odd=float(np.mean(odd)) if odd else float("nan"),
    )


def _level(marks: Sequence[Mark | None]) -> float:
    """Return the level of one scale; NaN where a mark is missing."""
    return sum(_POINTS[mark] for mark in marks if mark) if all(marks) else float("nan")


def _goes_back(marks: Sequence[Mark | None]) -> bool:
    points = [_POINTS[mark] for mark in marks if mark]
    return points != sorted(points, reverse=True)
