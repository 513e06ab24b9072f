"""What a comparison finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal

from acidtest.stats.estimate import Estimate, none_for_nan
from acidtest.types.validity import ValidityReport

Use = Literal["score", "rank", "choose"]
Decision = Literal["GO", "NO-GO", "INCONCLUSIVE"]

_MOST_SAID = 20


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One plain decision about one use of one synthetic benchmark, why, and what would settle it."""

    decision: Decision
    because: str
    settle: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderTest:
    """Does one common order explain both sets? `rejects`: it does not (likelihood ratio above the limit)."""

    likelihood_ratio: float
    limit: float
    rejects: bool


@dataclass(frozen=True, kw_only=True)
class BiasFactor:
    """How much a generator's own solver gains on its own data, with all that stands beside it.

    `band_low`, `band_high`: simultaneous over all generators. `p`: permutation test.
    `family`: the same by model family. `ratio`: Silencer's form, where a real set exists.
    """

    estimate: Estimate
    own_excess: Estimate
    band_low: float
    band_high: float
    p: float
    family: Estimate | None = None
    ratio: Estimate | None = None

    def as_json(self) -> dict[str, object]:
        """Return the ESTIMATE of the JSON contract with further keys beside it."""
        return {
            **self.estimate.as_json(),
            "own_excess": self.own_excess.as_json(),
            "band": [none_for_nan(self.band_low), none_for_nan(self.band_high)],
            "p": none_for_nan(self.p),
            "family": self.family.as_json() if self.family else None,
            "ratio": self.ratio.as_json() if self.ratio else None,
        }


@dataclass(frozen=True, kw_only=True)
class RankGroup:
    """Where one solver stands among the others on one benchmark.

    Attributes:
        rank: As seen, 1 is best; equal scores share one.
        low, high: Best and worst rank that it may truly have; all solvers' ranges hold together at the report's level.
        letters: Solvers that share a letter are not significantly different. With more than 26 groups their names
            stand apart: "y z aa".
    """

    rank: int
    low: int
    high: int
    letters: str


@dataclass(frozen=True, kw_only=True)
class PairTest:
    """Two solvers on one benchmark, by the differences of their scores item by item.

    Attributes:
        one, other: The solvers; `one` has the better score.
        difference: How much better `one` is, in units of the metric; `n` items that both answered.
        p: Two-sided. NaN where it cannot be told.
        p_holm: The same, adjusted for all pairs of the benchmark, listed or not.
        detectable: Smallest true difference that this test finds in 80 % of such studies; NaN where there is none.
    """

    one: str
    other: str
    difference: Estimate
    p: float
    p_holm: float
    detectable: float


@dataclass(frozen=True, kw_only=True)
class Separated:
    """Pairs of solvers that tests tell apart.

    Attributes:
        real: How many the real set tells apart.
        both: How many of them the synthetic set tells apart, the same way round.
        contradicted: How many of them it tells apart the other way round.
    """

    real: int
    both: int
    contradicted: int


@dataclass(frozen=True, kw_only=True)
class BundleConsistency:
    """How often solvers are right on all items of a bundle of one benchmark.

    `shares` and what is derived from it are told of the whole "bundle" and, where bundles have an original, of the
    "original + KIND" for each edit kind; all of the complete bundles alone.

    Attributes:
        complete: Bundles that have every edit kind of the benchmark; without edit kinds, at least two items.
        incomplete: The others, which are left out.
        edits: Edit kinds, in the order of their first items.
        right_at: An item is right where its score is at least this.
        shares: "bundle" | "original + KIND" -> solver -> share of complete bundles where all those items are right.
        differences: The same -> solver -> share less the real set's, on a synthetic benchmark; above 0: easier.
        mean_difference: The same -> mean of the differences over solvers.
    """

    complete: int
    incomplete: int
    edits: tuple[str, ...]
    right_at: float
    shares: Mapping[str, Mapping[str, Estimate]]
    differences: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    mean_difference: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FidelityReport:
    """Everything that a comparison found; the report draws it and computes nothing.

    Attributes:
        models: The solvers that answered the real set, in the order of their real scores, best first.
        fidelity: benchmark -> statistic -> estimate.
        bias_factor: generator model -> bias factor.
        ensemble: rule -> statistic -> estimate.
        verdict: synthetic benchmark -> use -> verdict.
        scores: benchmark -> solver -> estimate of the metric (real set included).
        failure_rate: benchmark -> solver -> share of unreadable answers (NaN: not known).
        order_test: synthetic benchmark -> order test.
        left_out: synthetic benchmark -> solver -> why it is not compared.
        generators: synthetic benchmark -> the model that wrote it, where known.
        items: benchmark -> number of items (0: not known).
        combined: synthetic benchmark -> solver -> true real score, told by real items and that benchmark together;
            benchmarks without items are absent.
        combined_items: synthetic benchmark -> "level" | "order" -> how many real items alone would tell as much as
            both together, about scores and about differences between solvers.
        rank_groups: benchmark -> solver -> rank, range of ranks, letters; absent where no items are known.
        pair_tests: benchmark -> paired tests: of all pairs up to 20 solvers, else of neighbours in the order of scores.
        separated: synthetic benchmark -> which of the real set's separations it shares.
        consistency: benchmark -> how often whole bundles are right; absent where there are no complete bundles.
        gap_by_edit: synthetic benchmark -> edit kind -> mean difference of the items' scores, synthetic - real.
        gap_by_topic: The same by topic.
        validity: What people and judges found of the items; None where none was rated.
    """

    real: str
    metric: str
    level: float
    models: tuple[str, ...]
    fidelity: Mapping[str, Mapping[str, Estimate]]
    bias_factor: Mapping[str, BiasFactor]
    ensemble: Mapping[str, Mapping[str, Estimate]]
    verdict: Mapping[str, Mapping[Use, Verdict]]
    scores: Mapping[str, Mapping[str, Estimate]]
    failure_rate: Mapping[str, Mapping[str, float]]
    order_test: Mapping[str, OrderTest]
    left_out: Mapping[str, Mapping[str, str]]
    generators: Mapping[str, str]
    items: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    combined: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    combined_items: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    rank_groups: Mapping[str, Mapping[str, RankGroup]] = field(default_factory=dict)
    pair_tests: Mapping[str, tuple[PairTest, ...]] = field(default_factory=dict)
    separated: Mapping[str, Separated] = field(default_factory=dict)
    consistency: Mapping[str, BundleConsistency] = field(default_factory=dict)
    gap_by_edit: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    gap_by_topic: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    validity: ValidityReport | None = None

    def __repr__(self) -> str:
        """Return the verdicts in a few lines: with all its numbers it would fill pages."""
        said = [
            f"{name!r}: " + (", ".join(f"{use} {verdict.decision}" for use, verdict in uses.items()) or "not judged")
            for name, uses in self.verdict.items()
        ]
        more = [f"and {len(said) - _MOST_SAID:,} more"] if len(said) > _MOST_SAID else []
        about = f"{len(self.models)} solvers, real set {self.real!r}"
        return "\n  ".join([f"<comparison: {about}>", *said[:_MOST_SAID], *more])

    def _repr_html_(self) -> str:
        """Show itself in a notebook. Found by name, as the public names are: what draws stands above what is drawn."""
        return str(import_module("acidtest.report.report_card").report_html(self))
