"""Several synthetic sets as one stand-in: by four rules, each also with every solver's own set left out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from acidtest.compare.pair import Pair, Part, common_models, few_solvers, part_of, sum_of
from acidtest.compare.sets import ScoredSet, same_columns, shared_columns
from acidtest.stats.bias import own_excess
from acidtest.stats.ensemble import equal, silencer_fixed_point, weighted, worth_weighted
from acidtest.stats.estimate import FloatArray
from acidtest.stats.order import tied

LEAVE_OWN_OUT = "leave_own_out"
_JUDGED_BY_ITS_WEIGHTS = "its weights come from the same real scores that it is judged by: it looks a little too good"


def ensembles(
    real: ScoredSet, sets: Sequence[ScoredSet], pairs: Mapping[str, Pair], worth: Mapping[str, float]
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
    parts = [_part(real, one, pairs[one.name], models) for one in sets]
    whole = Pair(
        name="",
        models=models,
        real=real.values(models),
        synthetic=p.mean(axis=0),
        unit=real.metric.unit,
        real_items=real.n_items,
        parts=tuple(part for part in parts if part is not None) if None not in parts else (),
        weights=np.empty((0, len(models))),
        settings=pairs[sets[0].name].settings,
        warnings=few_solvers(len(models)),
    )
    found = {}
    for left_out in (False, True) if (own >= 0).any() else (False,):
        scores = without_own(p, own) if left_out else p
        for rule, weights, blend in _rules(scores, worths):
            name = rule if not left_out else LEAVE_OWN_OUT if rule == "equal" else f"{rule}_{LEAVE_OWN_OUT}"
            share = _shares(weights, own if left_out else np.full(len(sets), -1), len(models))
            pair = _stand_in(replace(whole, name=f"ensemble {name}"), blend, share)
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


def _part(real: ScoredSet, one: ScoredSet, pair: Pair, models: tuple[str, ...]) -> Part | None:
    """Return a set's items beside the real ones; the pair's own where the solvers are the same: its noise is known."""
    if not (real.n_items and one.n_items):
        return None
    if pair.models == models and (not shared_columns(real, one) or same_columns(real, one)):
        return pair.parts[0]
    return part_of(real, one, models, partly=False)


def _stand_in(whole: Pair, blend: FloatArray, share: FloatArray) -> Pair:
    """Return all sets as a pair with these scores [M] and shares [S, M]; a solver without a score is left out."""
    kept = np.isfinite(blend)
    parts, share = list(whole.parts), share[:, kept]
    if not kept.all():
        shares = [None if part.real_share is None else part.real_share[kept] for part in parts]
        parts = [
            replace(part, real=part.real[kept], linear=part.linear[kept], real_share=share_)
            for part, share_ in zip(parts, shares, strict=True)
        ]
    parts, share = _joined(parts, share)
    models = tuple(model for model, known in zip(whole.models, kept.tolist(), strict=True) if known)
    return replace(
        whole, models=models, real=whole.real[kept], synthetic=tied(blend[kept]), parts=tuple(parts), weights=share
    )


def _joined(parts: list[Part], share: FloatArray) -> tuple[list[Part], FloatArray]:
    """Return the parts with those that hold the real set's items made one, for they share each item's luck."""
    same = [place for place, part in enumerate(parts) if part.same_items]
    if len(same) < 2:  # noqa: PLR2004 - nothing to join
        return parts, share
    weights = share[same].sum(axis=0)
    linear = sum_of([share[place][:, None] * parts[place].linear for place in same])
    linear = np.divide(linear, weights[:, None], out=linear, where=weights[:, None] > 0)
    others = [place for place in range(len(parts)) if place not in same]
    joined = replace(parts[same[0]], linear=linear)
    return [joined, *(parts[place] for place in others)], np.stack([weights, *(share[place] for place in others)])
