"""A mixture of items that work and of items that are broken; its shares, curves and spreads are learnt from all items.

Each item has one of several hypotheses: a kind, and what its answers would look like. A hypothesis that has a curve
takes it from one prior, that of the items that work (slopes normal, easiness a histogram pulled to the normal); wrong
answers spread by a Dirichlet whose concentration has a prior that all items share.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.flaws.abilities import IntArray
from acidtest.stats.irt.flaws.curves import CONCENTRATIONS, EASINESS, SLOPES, OnCurves

WORKS, WRONG_KEY, AMBIGUOUS, NO_DISCRIMINATION, UPSIDE_DOWN = range(5)

PRIOR_ITEMS = 20.0
"""What is known of curves and spreads before any item is seen counts as so many items."""

PRIOR_BROKEN = 0.05
"""Share of broken items before any is seen: 3.3 % of labels are wrong in ten test sets (Northcutt et al., 2021, arXiv
2103.14749), 6.5 % of MMLU's items have some error (Gema et al., 2024, arXiv 2406.04127).

It counts as many items as there are, PRIOR_ITEMS at least: answers tell a kind that is rare from the tail of what works
only where there are many solvers, and then its share hardly matters. Where the items themselves want less, it is less:
a kind that hardly happens must not be taken for a common one."""

_SLOPE, _SLOPE_SD = 0.7, 0.4
_WIDTH = 2.0
_MOST_STEPS = 200
_TOLERANCE = 1e-5
_DRAWS = 400
_BURN = 50


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """What some items' answers would look like under one explanation.

    Attributes:
        kind: One of the kinds above.
        items: [k] the items that it can explain.
        option: [k] which answer is right under it; 0: the key's.
        log_factor: [k] what depends on nothing that is learnt.
        slopes: Which slopes of the grid it allows.
        curves: Likelihoods of these items along these slopes and all easinesses.
        spread: [k, concentrations] log probabilities of the wrong answers; None: not used.
    """

    kind: int
    items: IntArray
    option: IntArray
    log_factor: FloatArray
    slopes: IntArray
    curves: OnCurves
    spread: FloatArray | None = None


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """The mixture's parameters.

    `curve`: [curves] weights, `spread`: [concentrations] weights, `share`: [kinds]; each sums to 1.
    `log_likelihood`: [hypotheses, n], without the shares.
    """

    curve: FloatArray
    spread: FloatArray
    share: FloatArray
    log_likelihood: FloatArray
    converged: bool


def learn(hypotheses: Sequence[Hypothesis], kinds: int) -> Learnt:
    """Fit the mixture by expectation and maximisation, from a start where nearly every item works."""
    of_kind = np.array([h.kind for h in hypotheses])
    n = 1 + max(int(h.items.max(initial=0)) for h in hypotheses)
    pseudo = prior_counts(of_kind, kinds, n)
    share = pseudo / pseudo.sum()
    curve = _curve_prior(np.zeros((len(SLOPES), len(EASINESS))))
    spread = np.full(len(CONCENTRATIONS), 1 / len(CONCENTRATIONS))
    before = -np.inf
    converged = False
    for _ in range(_MOST_STEPS):
        logs = np.full((len(hypotheses), n), -np.inf)
        for row, h in zip(logs, hypotheses, strict=True):
            row[h.items] = _log_likelihood(h, curve, spread)
        with np.errstate(divide="ignore"):
            joint = logs + np.log(share)[of_kind, None]
        whole = logsumexp(joint, axis=0)
        chance = np.exp(joint - whole)
        now = float(whole.sum())
        converged = abs(now - before) < _TOLERANCE * n
        if converged:
            break
        before = now
        held = np.bincount(of_kind, chance.sum(1), minlength=kinds) + pseudo
        share = held / held.sum()
        curve, spread = _maximised(hypotheses, chance, curve, spread)
    return Learnt(curve=curve, spread=spread, share=share, log_likelihood=logs, converged=converged)


def chances(
    hypotheses: Sequence[Hypothesis], learnt: Learnt, *, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return [hypotheses, n] probabilities, averaged over likely shares; and [draws, kinds] these shares."""
    of_kind = np.array([h.kind for h in hypotheses])
    kinds = len(learnt.share)
    n = learnt.log_likelihood.shape[1]
    pseudo = prior_counts(of_kind, kinds, n)
    there = pseudo > 0
    likelihood = np.exp(learnt.log_likelihood - learnt.log_likelihood.max(0))
    by_kind = np.stack([likelihood[of_kind == kind].sum(0) for kind in range(kinds)])
    pseudo = _no_more_than_seen(by_kind, pseudo)
    share, drawn, mean = learnt.share, [], np.zeros((kinds, n))
    for draw in range(_BURN + _DRAWS):
        chance = by_kind * share[:, None]
        chance /= chance.sum(0)
        which = (rng.random(n) > np.cumsum(chance, axis=0)[:-1]).sum(0)
        share = np.zeros(kinds)
        share[there] = rng.dirichlet((np.bincount(which, minlength=kinds) + pseudo)[there])
        if draw >= _BURN:
            mean += chance / _DRAWS
            drawn.append(share)
    within = likelihood / np.maximum(by_kind[of_kind], np.finfo(float).tiny)
    return within * mean[of_kind], np.stack(drawn)


def _no_more_than_seen(by_kind: FloatArray, pseudo: FloatArray) -> FloatArray:
    """Return imaginary items of each kind, no more broken ones than the items would have if little were assumed."""
    n = by_kind.shape[1]
    little = pseudo / pseudo.sum() * min(PRIOR_ITEMS, float(n))
    share = pseudo / pseudo.sum()
    for _ in range(_MOST_STEPS):
        chance = by_kind * share[:, None]
        share = (chance / chance.sum(0)).sum(1) + little
        share /= share.sum()
    capped: FloatArray = np.minimum(pseudo, share * pseudo.sum())
    capped[WORKS] += pseudo.sum() - capped.sum()
    return capped


def prior_counts(of_kind: IntArray, kinds: int, n: int) -> FloatArray:
    """Return [kinds] imaginary items of each kind; 0 for kinds that no hypothesis is of."""
    counts = np.zeros(kinds)
    imagined = max(PRIOR_ITEMS, float(n))
    broken = sorted(set(of_kind.tolist()) - {WORKS})
    counts[broken] = imagined * PRIOR_BROKEN / max(len(broken), 1)
    counts[WORKS] = imagined * (1 - PRIOR_BROKEN)
    return counts


def on_curves(h: Hypothesis, curve: FloatArray) -> FloatArray:
    """Return [k]: the likelihood of a hypothesis, its curve averaged over, relative to the largest of the curve's."""
    found = h.curves.relative @ own_weights(h, curve).astype(np.float32)
    return np.maximum(found.astype(np.float64), _TINY)


def own_weights(h: Hypothesis, curve: FloatArray) -> FloatArray:
    """Return the weights of a hypothesis's own curves: slopes that it does not allow are cut off."""
    table = curve.reshape(len(SLOPES), len(EASINESS))
    allowed = table[h.slopes] if len(h.slopes) > 1 else table.sum(0)[None]
    own: FloatArray = (allowed / allowed.sum()).ravel()
    return own


def _log_likelihood(h: Hypothesis, curve: FloatArray, spread: FloatArray) -> FloatArray:
    logs: FloatArray = h.log_factor + h.curves.log_largest + np.log(on_curves(h, curve))
    if h.spread is not None:
        logs = logs + logsumexp(h.spread, axis=1, b=spread)
    return logs


def _maximised(
    hypotheses: Sequence[Hypothesis], chance: FloatArray, curve: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    on_curve = np.zeros_like(curve)
    on_spread = np.full(len(spread), PRIOR_ITEMS / len(spread))
    for h, of_all in zip(hypotheses, chance, strict=True):
        held = of_all[h.items]
        if h.kind == WORKS:
            each = (held / on_curves(h, curve)).astype(np.float32)
            on_curve += curve * (each @ h.curves.relative)
        if h.spread is not None:
            part = np.exp(h.spread - logsumexp(h.spread, axis=1, b=spread, keepdims=True)) * spread
            on_spread += held @ part
    return _curve_prior(on_curve.reshape(len(SLOPES), len(EASINESS))), on_spread / on_spread.sum()


def _curve_prior(held: FloatArray) -> FloatArray:
    """Return weights of the grid from what its curves hold: slopes normal, easiness a smoothed histogram."""
    slopes, easiness = held.sum(1), held.sum(0)
    number = held.sum() + PRIOR_ITEMS
    middle = (float(slopes @ SLOPES) + PRIOR_ITEMS * _SLOPE) / number
    spread = np.sqrt((slopes @ (SLOPES - middle) ** 2 + PRIOR_ITEMS * _SLOPE_SD**2) / number)
    centre = float(easiness @ EASINESS) / number
    width = np.sqrt((easiness @ (EASINESS - centre) ** 2 + PRIOR_ITEMS * _WIDTH**2) / number)
    # the grid's slopes are not equally far apart: each stands for the room around it
    of_slope = norm.pdf(SLOPES, middle, spread) * np.gradient(SLOPES)
    normal = norm.pdf(EASINESS, centre, width)
    of_easiness = easiness + PRIOR_ITEMS * normal / normal.sum()
    weights: FloatArray = np.outer(of_slope / of_slope.sum(), of_easiness / of_easiness.sum()).ravel()
    return weights


_TINY = 1e-30
