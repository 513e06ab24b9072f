"""At which prompting level solvers first solve the items."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from acidtest.stats.estimate import Estimate
from acidtest.types.record import Kind

NEVER = "never"
"""Stands beside the levels' names for items that were solved at none."""


@dataclass(frozen=True, kw_only=True)
class SolverLevels:
    """What one solver needed on one benchmark.

    Attributes:
        mean: Mean level, from 1 (all solved at the first) to the number of levels + 1 (none solved): the lower, the
            easier the items are for this solver.
        shares: Level -> share of items first solved there, and `NEVER`.
        asked, unreadable: Level -> items answered there; answers of these that could not be read.
        unknown: Items without a level: an answer that they needed never came.
        tries: Mean number of the try that first solved an item where the first level's prompt was only repeated;
            None: not asked.
        beyond_tries: Mean over items of that number less the level. Above 0: the levels help more than trying again.
        solved: Level -> share of items solved there; where every level was asked about every item, else empty.
        kept: Share of the items solved before the last level that all later levels solve, too; None as above.
        examples: Worked examples that the level `few_shot_reasoning` showed.
    """

    mean: Estimate
    shares: Mapping[str, Estimate]
    asked: Mapping[str, int]
    unreadable: Mapping[str, int]
    unknown: int = 0
    tries: Estimate | None = None
    beyond_tries: Estimate | None = None
    solved: Mapping[str, Estimate] = field(default_factory=dict)
    kept: Estimate | None = None
    examples: int = 0


@dataclass(frozen=True, kw_only=True)
class BenchmarkLevels:
    """What the solvers needed on one benchmark.

    Attributes:
        items: Items that were asked, of all that there are.
        all_items: All its items.
        guess: Mean level of a solver that guesses blindly at every level; exact.
        solvers: solver -> what it needed.
        mean: Mean level over items and the solvers that have a level on every benchmark.
        differences: solver -> its mean level less that on the real set. Below 0: easier than the real set.
        difference: The same for `mean`; None for the real set.
        sentence: The difference in words; "" for the real set.
    """

    kind: Kind
    items: int
    all_items: int
    guess: Estimate
    solvers: Mapping[str, SolverLevels]
    mean: Estimate
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    difference: Estimate | None = None
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class LevelsReport:
    """At which prompting level solvers first solve the items of a study's benchmarks.

    Attributes:
        levels: Names of the levels, the first is 1.
        metric, right_at: An item is solved where its score by this metric is at least that.
        solvers: Those that the means over solvers are of.
        level: Of all intervals.
        prompts: The prompt files, with their hashes.
    """

    real: str
    levels: tuple[str, ...]
    metric: str
    right_at: float
    solvers: tuple[str, ...]
    benchmarks: Mapping[str, BenchmarkLevels]
    level: float
    prompts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
