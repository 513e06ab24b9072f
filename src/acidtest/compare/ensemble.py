"""Several synthetic sets as one stand-in: by four rules, each also with every solver's own set left out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from acidtest.compare.pair import Pair, Part, common_models, few_solvers, part_of, sum_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.stats.bias import own_excess
from acidtest.stats.ensemble import equal, silencer_fixed_point, weighted, worth_weighted
from acidtest.stats.estimate import FloatArray

LEAVE_OWN_OUT = "leave_own_out"
_JUDGED_BY_ITS_WEIGHTS = "its weights come from the same real scores that it is judged by: it looks a little too good"


def ensembles(
    real: ScoredSet, sets: Sequence[ScoredSet], worth: Mapping[str, float], settings: Settings
) -> dict[str, Pair]:
    """Return rule -> the ensemble as a stand-in; none where there is only one synthetic set.

    `equal` (the advice of arXiv 2409.11968), `worth_weighted` (by worth_rank; only where items are known) and
    `silencer` (arXiv 2505.20738). Where a generator is a solver, each stands there a second time with the solver's own
    sets left out: `leave_own_out` (equal weights), `worth_weighted_leave_own_out`, `silencer_leave_own_out`.
    """
    models, _ = common_models(real, sets)
    if len(sets) < 2 or not models:  # noqa: PLR2004 - one set is no ensemble
        return {}
    p = np.stack([one.values(models) for one in sets])
    own = np.array([models.index(g) if (g := one.scores.generator) in models else -1 for one in sets], np.intp)
    worths = np.array([worth[one.name] for one in sets])
    found = {}
    for left_out in (False, True) if (own >= 0).any() else (False,):
        scores = without_own(p, own) if left_out else p
        for rule, weights, blend in _rules(scores, worths):
            name = rule if not left_out else LEAVE_OWN_OUT if rule == "equal" else f"{rule}_{LEAVE_OWN_OUT}"
            share = _shares(weights, own if left_out else np.full(len(sets), -1), len(models))
            pair = _stand_in(name, (real, sets), models, blend, share, settings)
            found[name] = replace(pair, warnings=(*pair.warnings, _JUDGED_BY_ITS_WEIGHTS)) if "worth" in rule else pair
    order = ("equal", LEAVE_OWN_OUT)
    return {name: found[name] for name in sorted(found, key=lambda n: (order.index(n) if n in order else 2, n))}


def without_own(p: FloatArray, own: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> FloatArray:
    """Return P [S, M] with each solver's score on its own set replaced by what set and solver let expect.

    A solver that skips its own set skips one that may be easy or hard; so it is filled, and NaN where nothing tells.
    """
    filled = p.copy()
    excess = own_excess(p, own)
    for one, solver in enumerate(own):
        if solver >= 0:
            filled[one, solver] -= excess[one]
    return filled


def _rules(p: FloatArray, worths: FloatArray) -> list[tuple[str, FloatArray, FloatArray]]:
    """Return (rule, weights [S], ensemble scores [M])."""
    rules = [("equal", np.full(len(p), 1 / len(p)), equal(p))]
    if np.isfinite(worths).any() or np.isinf(worths).any():
        known = np.where(np.isnan(worths), 0.0, np.maximum(worths, 0.0))
        known = np.isinf(known).astype(np.float64) if np.isinf(known).any() else known
        weights = known / known.sum() if known.any() else rules[0][1]
        rules.append(("worth_weighted", weights, worth_weighted(p, worths)))
    weights, _ = silencer_fixed_point(p)
    rules.append(("silencer", weights, weighted(p, weights)))
    return rules


def _shares(weights: FloatArray, own: np.ndarray[tuple[int, ...], np.dtype[np.intp]], solvers: int) -> FloatArray:
    """Return [S, M]: how much of each set's noise is in each solver's score. A filled cell has no noise of its own."""
    share = np.repeat(weights[:, None], solvers, axis=1)
    for one, solver in enumerate(own):
        if solver >= 0:
            share[one, solver] = 0.0
    total = share.sum(axis=0)
    parted: FloatArray = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
    return parted


def _stand_in(  # everything that a pair is made of
    name: str,
    sides: tuple[ScoredSet, Sequence[ScoredSet]],
    models: tuple[str, ...],
    blend: FloatArray,
    share: FloatArray,
    settings: Settings,
) -> Pair:
    real, sets = sides
    kept = np.isfinite(blend)
    models = tuple(model for model, known in zip(models, kept.tolist(), strict=True) if known)
    parts: tuple[Part, ...] = ()
    if real.n_items and all(one.n_items for one in sets):
        parts = _parts(real, sets, models, share[:, kept])
    return Pair(
        name=f"ensemble {name}",
        models=models,
        real=real.values(models),
        synthetic=blend[kept],
        unit=real.metric.unit,
        real_linear=real.linear[real.rows(models)],
        real_items=real.n_items,
        parts=parts,
        settings=settings,
        warnings=few_solvers(len(models)),
    )


def _parts(real: ScoredSet, sets: Sequence[ScoredSet], models: tuple[str, ...], share: FloatArray) -> tuple[Part, ...]:
    """Return the sets as parts; those that hold the real set's items are one, for they share each item's luck."""
    every = [part_of(real, one, models, share[place]) for place, one in enumerate(sets)]
    paired = [part for part in every if part.same_items]
    alone = [part for part in every if not part.same_items]
    if not paired:
        return tuple(alone)
    weights = sum_of([part.weights for part in paired])
    linear = sum_of([part.weights[:, None] * part.linear for part in paired])
    linear = np.divide(linear, weights[:, None], out=linear, where=weights[:, None] > 0)
    return (replace(paired[0], linear=linear, weights=weights), *alone)
