"""One simulated study through the tool, and what of it held: intervals, tests, verdicts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from acidtest.compare.bias import bias_factors
from acidtest.compare.combine import combined
from acidtest.compare.fidelity import statistics_of
from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.scores import score_estimates
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings, Thresholds
from acidtest.compare.verdict import verdicts
from acidtest.stats import bias, level, order
from acidtest.stats.bootstrap import item_bootstrap
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import interval
from acidtest.stats.worth import worth_rank_draws, worth_score_draws
from calibration_world import Cell, Study, simulate

ROUNDS = 400
"""Resamples of the plain bootstrap that stands beside: its coverage is wrong by far more than their number tells."""

Held = dict[str, list[float]]
"""name -> [truth, value, true, low, high] of an interval; "test ..." -> [rejected]; "verdict ..." -> [decision, right].

Decisions: 1 GO, -1 NO-GO, 0 INCONCLUSIVE; right: 1 where GO is the right answer, 0 where NO-GO is.
"""

_PLAIN: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "gap": level.gap,
    "mspd": level.mspd,
    "srcc": order.srcc,
    "kendall_tau": order.kendall_tau,
    "pearson": order.pearson,
}

OTHER_GROUP = 1_000_000
"""Added to the seed of a study: another group of solvers of the same kind."""

ITEMS_OF_OTHERS = 200
"""Studies of so many items are asked about other solvers, too."""

NOMINAL = 0.05
"""Level of the tests."""

CEILING_OF = {"srcc_ceiling": order.srcc, "pairwise_ceiling": order.pairwise_agreement}
"""A ceiling's interval is for what is *seen* where the order is perfect; elsewhere it says nothing."""


def held(cell: Cell, seed: int) -> Held:
    """Return what one study of this kind gives beside its truth."""
    study = simulate(cell, seed)
    settings = Settings(seed=seed)
    real = ScoredSet(study.scores.real, study.scores.metric)
    sets = [ScoredSet(one, study.scores.metric) for one in study.scores.synthetic]
    pair, _ = pair_of(real, sets[0], settings)
    truths = true_values(study, pair)
    found: Held = {}
    for name, one in statistics_of(pair).items():
        if name in truths:
            found[name] = [truths[name], one.value, one.true, one.low, one.high]
        elif name in CEILING_OF:
            found[name] = [float(CEILING_OF[name](pair.real, pair.synthetic)), one.value, one.value, one.low, one.high]
    for name, (low, high) in plain_bootstrap(study, np.random.default_rng(seed)).items():
        found[f"bootstrap {name}"] = [truths[name], found[name][1], np.nan, low, high]
    found["test order"] = [float(pair.order_rejected)]
    found["test difference"] = [float(pair.difference_rejected)]
    for use, (decision, right) in _decisions(study, pair, truths).items():
        found[f"verdict {use}"] = [decision, right]
    found |= _solvers(study, pair, real, sets[0])
    if cell.bias == "own":
        found |= _bias(study, real, sets, settings)
    if cell.bias == "model" and cell.items == ITEMS_OF_OTHERS and not cell.said():
        found |= _others(study, real, sets[0], settings)
    return found


def true_values(study: Study, pair: Pair) -> dict[str, float]:
    """Return each statistic of the true scores; decisions are made by the set in hand, so its scores stay as seen."""
    real, synthetic = study.truths[:2]
    truths = {name: float(statistic(real, synthetic)) for name, statistic in _PLAIN.items()}
    truths["mspd_excess"] = truths["mspd"]
    for statistic in (order.pairwise_agreement, order.top1_agreement, order.regret_at_1):
        truths[statistic.__name__] = float(statistic(real, pair.synthetic))
    if study.per_item is not None:
        v, v_s, v_c, v_cs = study.per_item
        n = pair.synthetic_items * (1 - study.cell.missing)
        truths["worth_score"] = float(worth_score_draws(real[None], synthetic[None], v, v_s, n)[0])
        truths["worth_rank"] = float(worth_rank_draws(real[None], synthetic[None], v_c, v_cs, n)[0])
    return truths


def plain_bootstrap(study: Study, rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Return the usual interval: percentiles over resampled items, each set by itself, whole bundles."""
    draws = []
    for one in (study.scores.real, study.scores.synthetic[0]):
        groups = np.unique(one.bundles, return_inverse=True)[1] if one.bundles else None
        if one.stats is None:
            raise ValueError("a simulated study has items")
        draws.append(item_bootstrap(one.stats, study.scores.metric, rng, ROUNDS, groups))
    return {name: interval(statistic(*draws)) for name, statistic in _PLAIN.items()}


def _solvers(study: Study, pair: Pair, real: ScoredSet, synthetic: ScoredSet) -> Held:
    """Return one solver's real score, alone and helped by the synthetic set: which solver goes round with the seed."""
    place = pair.settings.seed % len(pair.models)
    model, truth = pair.models[place], float(study.truths[0][place])
    alone = score_estimates(real, pair.settings.level)[model]
    helped = combined(pair, real, synthetic).scores[model]
    return {
        "score of a solver": [truth, alone.value, alone.true, alone.low, alone.high],
        "combined score of a solver": [truth, helped.value, helped.true, helped.low, helped.high],
    }


def _others(study: Study, real: ScoredSet, synthetic: ScoredSet, settings: Settings) -> Held:
    """Return intervals for another group of as many solvers, beside the truth of one such group."""
    other = simulate(study.cell, settings.seed + OTHER_GROUP).truths
    pair, _ = pair_of(real, synthetic, replace(settings, models_vary=True))
    found: Held = {}
    estimates = statistics_of(pair)
    for name, statistic in _PLAIN.items():
        one = estimates[name]
        found[f"others' {name}"] = [float(statistic(other[0], other[1])), one.value, one.true, one.low, one.high]
    return found


def _decisions(study: Study, pair: Pair, truths: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Return use -> (decision, whether GO is right by the true scores)."""
    asked = Thresholds()
    agreed = float(order.pairwise_agreement(study.truths[0], pair.synthetic, min_difference=asked.differ))
    right = {
        "score": float(np.sqrt(truths["mspd"]) <= asked.score),
        "rank": float(agreed >= asked.rank) if np.isfinite(agreed) else np.nan,
        "choose": float(truths["regret_at_1"] <= asked.regret),
    }
    said = {"GO": 1.0, "NO-GO": -1.0, "INCONCLUSIVE": 0.0}
    return {use: (said[one.decision], right[use]) for use, one in verdicts(pair).items()}


def _bias(study: Study, real: ScoredSet, sets: list[ScoredSet], settings: Settings) -> Held:
    """The first generator has a bias of its own, the second and third have none."""
    own = np.arange(len(sets))
    truth = {
        "bias_factor": bias.bias_factor(study.truths[1:], own),
        "own_excess": bias.own_excess(study.truths[1:], own),
        "bias_ratio": bias.silencer_ratio(study.truths[0], study.truths[1:], own),
    }
    found: Held = {}
    factors = list(bias_factors(real, sets, {}, settings).values())
    for g, factor in enumerate(factors):
        for name, one in (
            ("bias_factor", factor.estimate),
            ("own_excess", factor.own_excess),
            ("bias_ratio", factor.ratio),
        ):
            if one is not None:
                found[f"{name} {g}"] = [float(truth[name][g]), one.value, one.true, one.low, one.high]
    inside = [f.band_low <= t <= f.band_high for f, t in zip(factors, truth["bias_factor"], strict=True)]
    found["band"] = [float(all(inside)), 1.0, 1.0, 1.0, 1.0]
    found["test permutation, own bias"] = [float(factors[0].p <= NOMINAL)]
    found["test permutation, no bias"] = [float(factors[1].p <= NOMINAL)]
    return found
