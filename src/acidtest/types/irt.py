"""What item response theory finds in tables of scores: items and solvers on one scale, and sets of items compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.types.record import Kind

IrtModel = Literal["rasch", "2pl", "3pl", "continuous"]


@dataclass(frozen=True, kw_only=True)
class CalibratedItem:
    """One item on the scale.

    Attributes:
        difficulty: Ability at which it is answered right half the time (guessing aside), in sd of the solvers.
        discrimination: How sharply it parts solvers there; near 0: not at all.
        right: Mean score of the solvers that answered it.
        answers: How many did.
        flags: What an audit says against it.
    """

    benchmark: str
    item: str
    difficulty: float
    difficulty_se: float
    discrimination: float
    discrimination_se: float
    right: float
    answers: int
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InformationCurve:
    """What one item of a set tells about an ability, on average over its items; in 1 / variance of the ability.

    Attributes:
        ability: [K] where.
        per_item: [K] information there.
        low, high: [K] its interval over items, at each ability by itself.
    """

    ability: FloatArray
    per_item: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """A distribution as drawn: [K + 1] edges, [K] shares that are 1 in all."""

    edges: FloatArray
    share: FloatArray


@dataclass(frozen=True, kw_only=True)
class ItemSet:
    """One benchmark's items on the scale, as a sample of items like these.

    Attributes:
        difficulty: `mean`, `sd` and the quantiles `q10` ... `q90`, noise of single items taken out.
        discrimination: `mean` (geometric) and the quantiles `q10`, `q50`, `q90`.
        share: `below`: of items that even the weakest solver is likelier than not to get right; `within`: in the range
            of the solvers' abilities; `above`: that even the best is likelier than not to get wrong.
        score: Mean score of the solvers.
        information: Per item, averaged over where the solvers are.
        error: Standard error of an ability that the whole set gives, the median over the solvers, in sd of ability.
        curve: Information by ability.
        difficulties: The distribution of difficulty.
    """

    kind: Kind | None
    generator: str
    items: int
    bundles: int
    difficulty: Mapping[str, Estimate]
    discrimination: Mapping[str, Estimate]
    share: Mapping[str, Estimate]
    score: Estimate
    information: Estimate
    error: Estimate
    curve: InformationCurve
    difficulties: Histogram


@dataclass(frozen=True, kw_only=True)
class SetDifference:
    """How a synthetic set differs from the real one.

    Attributes:
        easier_by: Mean difficulty, real less synthetic; above 0: the synthetic set is easier.
        discrimination_ratio: Mean discrimination, synthetic over real; 1: the same, below 1: its items part less.
        information_ratio: Information per item where the solvers are, synthetic over real.
        distance: Wasserstein-1 between the distributions of difficulty; 0: the same.
        distance_floor: The same between two sets of these sizes drawn from the real items alone; low and high: 95 %
            of such draws lie between.
        distance_p: Share of such draws that lie as far apart as the two sets.
        discrimination_distance, discrimination_floor, discrimination_p: The same of log discrimination.
        solvers: How many answered both.
    """

    easier_by: Estimate
    discrimination_ratio: Estimate
    information_ratio: Estimate
    distance: Estimate
    distance_floor: Estimate
    distance_p: float
    discrimination_distance: Estimate
    discrimination_floor: Estimate
    discrimination_p: float
    solvers: int


@dataclass(frozen=True, kw_only=True)
class FamilyDifference:
    """Is a synthetic set easier for one family of solvers than its ability on the real set says?

    Attributes:
        own: It is the family of the set's generator; tested first, and for itself.
        solvers: Its solvers that answered both sets.
        ability: By how much, less the same of all other solvers, in sd of ability; above 0: easier for the family.
        score: The same in score.
        p: Two-sided, over items like these.
        p_adjusted: Adjusted for all families of the set (Holm); the own family's is not.
        p_spread: Whether the family differs more than the others do among themselves; NaN with fewer than 3 others.
    """

    family: str
    own: bool
    solvers: tuple[str, ...]
    ability: Estimate
    score: Estimate
    p: float
    p_adjusted: float
    p_spread: float


@dataclass(frozen=True, kw_only=True)
class ItemDifference:
    """One item that is easier, or harder, for a family than for others of the same ability.

    Attributes:
        log_odds: Log of the odds ratio; above 0: easier for the family. May be infinite.
        q: False discovery rate among all items of the set that were tested.
    """

    benchmark: str
    item: str
    family: str
    log_odds: float
    p: float
    q: float


@dataclass(frozen=True, kw_only=True)
class ItemDifferences:
    """Items of one benchmark tested for one family: how many, and those that were found."""

    benchmark: str
    family: str
    tested: int
    found: tuple[ItemDifference, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IrtReport:
    """Items and solvers on one scale.

    Attributes:
        real: The real benchmark, or "" where none is named.
        model: Which curve was fitted.
        chosen: Why that one.
        level: Of all intervals.
        abilities: solver -> ability, best first; 0 is the mean of the solvers, 1 their standard deviation.
        answers: solver -> benchmark -> how many of its items it answered.
        items: All items, benchmark by benchmark.
        sets: benchmark -> what is known of it, the real one first.
        differences: synthetic benchmark -> how it differs from the real one.
        families: synthetic benchmark -> families; the generator's own first.
        item_differences: Single items that favour a family.
        left_out: solver -> why it is not on the scale.
        converged, sweeps, log_likelihood: Of the fit.
    """

    real: str
    model: IrtModel
    chosen: str
    level: float
    metric: str
    abilities: Mapping[str, Estimate]
    answers: Mapping[str, Mapping[str, int]]
    items: tuple[CalibratedItem, ...]
    sets: Mapping[str, ItemSet]
    converged: bool
    sweeps: int
    log_likelihood: float
    differences: Mapping[str, SetDifference] = field(default_factory=dict)
    families: Mapping[str, tuple[FamilyDifference, ...]] = field(default_factory=dict)
    item_differences: tuple[ItemDifferences, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
