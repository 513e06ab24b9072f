"""Which items are broken: a probability for each item and each way, and a list whose false alarms are controlled.

Every item either works (it is one of the bulk, where on the whole the abler are oftener right), or its key is wrong,
or two of its answers are right, or it does not part able solvers from others, or it stands upside down (the able miss
it and the others get it). What items that work look like is learnt from all items together, and so is how often each
kind happens, from a start of 5 % broken ones that counts as much as the items do.

The posterior probability that an item works is its local false discovery rate. The list is the longest one over which
these probabilities average to no more than the rate that was asked for (Efron et al., JASA 96, 2001; q values).
Simulated rates: docs/psychometrics.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.flaws.abilities import AbilitiesWithout, IntArray
from acidtest.stats.irt.flaws.curves import EASINESS, SLOPES
from acidtest.stats.irt.flaws.hypotheses import of_answers, of_scores
from acidtest.stats.irt.flaws.mixture import (
    NO_DISCRIMINATION,
    UPSIDE_DOWN,
    WORKS,
    Hypothesis,
    chances,
    learn,
    on_curves,
    own_weights,
)

KINDS = ("works", "wrong_key", "ambiguous", "no_discrimination", "upside_down")
"""Kinds of items, in the order of the columns of `Flaws.probability`."""


@dataclass(frozen=True, kw_only=True)
class Flaws:
    """What is known of n items.

    Attributes:
        probability: [n, kinds] of each kind, see KINDS; rows sum to 1.
        suspicion: [n] log odds that the item is broken; above 0: rather broken than not. It ranks the items.
        local_fdr: [n] probability that the item works: what it adds to the false alarms if it is listed.
        q: [n] expected share of false alarms among all items that are at least as suspicious.
        flagged: [n] whether the item is on the list.
        kind: [n] most likely way of being broken, whether listed or not; position in KINDS.
        right: [n] the answer other than the key's that is most likely right, numbered as in `choice`; 0: none.
        discrimination: [n] signed slope on ability, posterior mean by the scores alone; below 0: the able miss it.
        slope_not_above_0: [n] posterior probability of a slope of 0 or below, by the scores alone.
        share: Share of broken items, posterior median and interval.
        expected_false: Expected number of false alarms on the list.
        converged: Whether the mixture's fit came to rest.
    """

    probability: FloatArray
    suspicion: FloatArray
    local_fdr: FloatArray
    q: FloatArray
    flagged: NDArray[np.bool_]
    kind: IntArray
    right: IntArray
    discrimination: FloatArray
    slope_not_above_0: FloatArray
    share: Estimate
    expected_false: float
    converged: bool


def find_flaws(
    scores: FloatArray,
    abilities: AbilitiesWithout,
    *,
    choice: IntArray | None = None,
    options: FloatArray | None = None,
    fdr: float = 0.1,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Flaws:
    """Return which of n items look broken.

    Args:
        scores: [M, n] of M solvers, 0 to 1, NaN where not scored.
        abilities: Of the solvers, without the item, from `abilities_without`.
        choice: [M, n] which answer a solver gave: 0 the key's, 1, 2 ... others of this item, -1 none that could be
            read. Without: by the scores alone, and a wrong key is only seen where it turns the item upside down.
        options: [n] how many answers an item has to choose from, its key's included.
        fdr: Highest expected share of false alarms on the list.
        level: Of the interval of `share`.
        rng: Draws the shares of kinds from their posterior.

    Raises:
        ValueError: `choice` without `options`, or a rate that is none.
    """
    if (choice is None) != (options is None):
        raise ValueError("choice and options go together")
    if not 0 < fdr < 1:
        raise ValueError(f"a rate between 0 and 1 is needed, not {fdr}")
    by_scores = of_scores(scores, abilities)
    hypotheses = by_scores
    if choice is not None and options is not None:
        hypotheses = of_answers(choice, options, abilities)
    learnt = learn(hypotheses, len(KINDS))
    each, drawn = chances(hypotheses, learnt, rng=rng)
    of_kind = np.array([h.kind for h in hypotheses])
    probability = np.stack([each[of_kind == kind].sum(0) for kind in range(len(KINDS))], axis=1)
    works = probability[:, WORKS]
    broken = probability[:, 1:].sum(1)  # not 1 - works, which has no digits left where nearly all items work
    q = q_values(works)
    slope, not_above = _signed_slope(by_scores, learnt.curve, learnt.share)
    flagged = q <= fdr
    low, middle, high = np.quantile(1 - drawn[:, WORKS], [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Flaws(
        probability=probability,
        suspicion=np.log(np.maximum(broken, _TINY)) - np.log(np.maximum(works, _TINY)),
        local_fdr=works,
        q=q,
        flagged=flagged,
        kind=1 + probability[:, 1:].argmax(1),
        right=_likely_right(hypotheses, each),
        discrimination=slope,
        slope_not_above_0=not_above,
        share=Estimate(
            value=float(middle),
            low=float(low),
            high=float(high),
            n=len(works),
            level=level,
            method="share of broken items by a mixture of kinds, held towards 5 %, posterior median",
        ),
        expected_false=float(works[flagged].sum()),
        converged=learnt.converged,
    )


def q_values(local_fdr: FloatArray) -> FloatArray:
    """Return [n]: the mean local false discovery rate of all items that have at most an item's own.

    Example:
        >>> q_values(np.array([0.3, 0.0, 0.9])).round(2).tolist()
        [0.15, 0.0, 0.4]
    """
    ordered = np.sort(local_fdr)
    mean = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    last = np.searchsorted(ordered, local_fdr, side="right") - 1  # equals share one value
    found: FloatArray = mean[last]
    return found


def _likely_right(hypotheses: list[Hypothesis], each: FloatArray) -> IntArray:
    """Return the answer other than the key's that is most likely right; 0 where nobody gave another."""
    best, found = np.zeros(each.shape[1]), np.zeros(each.shape[1], np.int64)
    for h, chance in zip(hypotheses, each, strict=True):
        better = (h.option > 0) & (chance[h.items] > best[h.items])
        best[h.items[better]] = chance[h.items[better]]
        found[h.items[better]] = h.option[better]
    return found


def _signed_slope(by_scores: list[Hypothesis], curve: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return [n] posterior mean of a signed slope, and P(slope <= 0), by the scores alone."""
    prior = {kind: share[kind] for kind in (WORKS, NO_DISCRIMINATION)}
    prior[UPSIDE_DOWN] = 1 - sum(prior.values())
    chance, mean, not_above = [], [], []
    for h in by_scores:
        own = own_weights(h, curve)
        held = on_curves(h, curve)
        slopes = np.repeat(SLOPES[h.slopes], len(EASINESS)) * (-1.0 if h.kind == UPSIDE_DOWN else 1.0)
        chance.append(h.curves.log_largest + np.log(held) + np.log(max(prior[h.kind], _TINY)))
        mean.append((h.curves.relative @ (own * slopes)) / held)
        not_above.append((h.curves.relative @ (own * (slopes <= 0))) / held)
    weight = np.exp(np.stack(chance) - np.max(chance, axis=0))
    weight /= weight.sum(0)
    return (weight * np.stack(mean)).sum(0), np.clip((weight * np.stack(not_above)).sum(0), 0.0, 1.0)


_TINY = 1e-300
