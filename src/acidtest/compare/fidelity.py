"""Scores on a real and on synthetic benchmarks -> all that is known about how well one stands in for the other."""

import math
from collections.abc import Mapping

from acidtest import registry
from acidtest.compare.bias import bias_factors
from acidtest.compare.by_edit import gaps_by_edit, gaps_by_topic
from acidtest.compare.cautions import cautions
from acidtest.compare.combine import combined
from acidtest.compare.consistency import consistencies
from acidtest.compare.ensemble import ensembles
from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.paired import pair_findings
from acidtest.compare.scores import failure_rates, score_estimates
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings, Thresholds
from acidtest.compare.verdict import verdicts
from acidtest.errors import AcidtestError
from acidtest.stats.estimate import Estimate
from acidtest.stats.posterior import LIMIT
from acidtest.types import FidelityReport, OrderTest, Scores

STATISTICS = (
    *("gap", "mspd", "mspd_excess", "srcc", "kendall_tau", "pearson", "pairwise_agreement", "top1_agreement"),
    *("regret_at_1", "srcc_ceiling", "pairwise_ceiling", "worth_score", "worth_rank"),
)
"""The built-in statistics in the order in which they are reported; a user's own follow by name."""

_NOBODY = "no solver answered both sets"


def compare(
    scores: Scores,
    *,
    seed: int = 0,
    level: float = 0.95,
    thresholds: Thresholds | None = None,
    models_vary: bool = False,
    right_at: float | None = None,
) -> FidelityReport:
    """Compare synthetic benchmarks with the real one.

    Args:
        scores: The same solvers on all benchmarks; for each synthetic one, only those that answered both count.
        seed: The same seed gives the same report, to the last digit. Each statistic has its own stream of chance.
        level: Of all intervals, above 0 and below 1.
        thresholds: The verdict's limits.
        models_vary: Ask what another group of as many solvers like these would show, not about these solvers.
        right_at: For bundles: an item is right where its score is at least this. None: 1 where every score is 0 or 1,
            .8 where scores are fractions.

    Returns:
        The report; what is undefined is NaN and said in a warning.

    Raises:
        AcidtestError: A level that is none, or a statistic of the user's that returns no Estimate.
    """
    if not 0 < level < 1:
        raise AcidtestError(f"level is {level:g}", way_out="Choose a level above 0 and below 1, such as 0.95.")
    settings = Settings(seed=seed, level=level, thresholds=thresholds or Thresholds(), models_vary=models_vary)
    real = ScoredSet(scores.real, scores.metric)
    sets = [ScoredSet(one, scores.metric) for one in scores.synthetic]
    pairs, left_out = {}, {}
    for one in sets:
        pairs[one.name], reasons = pair_of(real, one, settings)
        left_out[one.name] = _reasons(reasons, scores, real.name, one.name)
    fidelity = {name: statistics_of(pair) for name, pair in pairs.items()}
    told = pair_findings(real, sets, level)
    worth = {name: of["worth_rank"].value for name, of in fidelity.items()}
    together = {one.name: combined(pairs[one.name], real, one) for one in sets}
    return FidelityReport(
        real=real.name,
        metric=scores.metric.name,
        level=level,
        models=_best_first(real),
        fidelity=fidelity,
        bias_factor=bias_factors(real, sets, scores.families, settings),
        ensemble={rule: statistics_of(pair) for rule, pair in ensembles(real, sets, pairs, worth).items()},
        verdict={name: verdicts(pair) for name, pair in pairs.items()},
        scores={one.name: score_estimates(one, level) for one in (real, *sets)},
        failure_rate={one.name: failure_rates(one) for one in (real, *sets)},
        order_test=_order_tests(pairs),
        left_out=left_out,
        generators={one.name: one.scores.generator for one in sets if one.scores.generator},
        items={one.name: one.n_items or _predicted_items(one) for one in (real, *sets)},
        warnings=(*scores.notes, *cautions(real, sets, list(pairs.values()), scores.families)),
        combined={name: one.scores for name, one in together.items() if one.scores},
        combined_items={name: one.items for name, one in together.items() if one.items},
        rank_groups=told.rank_groups,
        pair_tests=told.pair_tests,
        separated=told.separated,
        consistency=consistencies(real, sets, settings, right_at),
        gap_by_edit=gaps_by_edit(real, sets, settings),
        gap_by_topic=gaps_by_topic(real, sets, settings),
    )


def statistics_of(pair: Pair) -> dict[str, Estimate]:
    """Return every registered statistic of a pair, the built-in ones first."""
    found = {}
    others = [name for name in registry.names("statistic") if name not in STATISTICS]
    for name in (*STATISTICS, *others):
        estimate = registry.get("statistic", name)(pair) if pair.models else pair.unknown(_NOBODY, "")
        if not isinstance(estimate, Estimate):
            raise AcidtestError(
                f"statistic '{name}' returned {type(estimate).__name__}, not an Estimate",
                way_out="Return pair.estimate(...), or an Estimate of your own.",
            )
        found[name] = estimate
    return found


def _predicted_items(one: ScoredSet) -> int:
    return one.scores.predicted.items if one.scores.predicted is not None else 0


def _best_first(real: ScoredSet) -> tuple[str, ...]:
    """Return the real set's solvers, best first; those whose score is undefined stand last, equals by name."""
    seen = {model: score if score == score else -math.inf for model, score in real.observed.items()}  # noqa: PLR0124  # NaN
    return tuple(sorted(seen, key=lambda model: (-seen[model], model)))


def _reasons(reasons: Mapping[str, str], scores: Scores, real: str, name: str) -> dict[str, str]:
    """Return why solvers are left out; what the reading found ("every item failed: ...") says more than its absence."""
    better = {**scores.not_compared.get(name, {}), **scores.not_compared.get(real, {})}
    where = {model: real if model in scores.not_compared.get(real, {}) else name for model in better}
    for model, reason in better.items():
        better[model] = f"{reason} on '{where[model]}'" if reason == "no score" else f"'{where[model]}': {reason}"
    return {**{m: better.get(m, why) for m, why in reasons.items()}, **better}


def _order_tests(pairs: Mapping[str, Pair]) -> dict[str, OrderTest]:
    found = {}
    for name, pair in pairs.items():
        if pair.posterior is not None:
            ratio = pair.posterior.likelihood_ratio
            found[name] = OrderTest(likelihood_ratio=ratio, limit=LIMIT, rejects=pair.order_rejected)
    return found
