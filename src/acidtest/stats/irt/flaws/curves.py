"""How likely an item's answers are along every curve of a grid of discriminations and easinesses.

    P(right | ability t) = 1 / (1 + exp(-(a t + d)))

The grid is the same for all items, so the prior over it can be learnt from them (empirical Bayes).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, log_expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.flaws.abilities import AbilitiesWithout, IntArray

SLOPES = np.sinh(np.linspace(-3.0, 3.0, 25)) / np.sinh(3.0) * 6.0
ABOVE, FLAT = np.flatnonzero(SLOPES > 0), np.flatnonzero(SLOPES == 0)
"""Of SLOPES: those above 0, and the one of 0."""

EASINESS = np.linspace(-8.0, 8.0, 65)
CONCENTRATIONS = np.array([0.5, 1.5, 4.0, 12.0, 40.0])
"""Dirichlet concentrations of wrong answers over the options: small: one draws all; large: all draw alike."""

HITS = np.array([0.1, 0.35, 0.65, 1.0])
HITS_PRIOR = np.array([0.3, 0.3, 0.2, 0.2])
"""Share of wrong answers that meet a printed key that is wrong itself: 1/3 for four options, 1 for two."""


@dataclass(frozen=True, kw_only=True)
class OnCurves:
    """[n, curves] likelihoods of n items' answers, each item divided by its largest; [n] the log of that divisor."""

    relative: NDArray[np.float32]
    log_largest: FloatArray


def along_curves(
    right: FloatArray,
    counts: FloatArray,
    abilities: AbilitiesWithout,
    *,
    slopes: IntArray,
    upside_down: bool = False,
) -> OnCurves:
    """Return how likely answers are along each curve of the grid.

    Args:
        right: [M, n] 1 where the answer is the one that the curve is of, 0 where not, or between.
        counts: [M, n] what each answer counts, 0 where there is none.
        abilities: Of the solvers, without the item.
        slopes: Which of SLOPES the grid has.
        upside_down: The curve is that of another answer, and this one is among the wrong ones: P = hit (1 - curve).
    """
    n = right.shape[1]
    curves = len(slopes) * len(EASINESS)
    logs = np.empty((n, curves))
    for part, ability in enumerate(abilities.ability):
        here = abilities.part == part
        if not here.any():
            continue
        linear = (ability[:, None, None] * SLOPES[slopes][:, None] + EASINESS).reshape(len(ability), curves)
        yes = (right[:, here] * counts[:, here]).T
        no = ((1 - right[:, here]) * counts[:, here]).T
        logs[here] = _upside_down(yes, no, linear) if upside_down else yes @ log_expit(linear) + no @ log_expit(-linear)
    largest = logs.max(1)
    return OnCurves(relative=np.exp(logs - largest[:, None]).astype(np.float32), log_largest=largest)


def _upside_down(yes: FloatArray, no: FloatArray, linear: FloatArray) -> FloatArray:
    log_wrong = log_expit(-linear)
    found: FloatArray | None = None
    for hit, prior in zip(HITS, HITS_PRIOR, strict=True):
        one = yes @ (np.log(hit) + log_wrong) + no @ np.log1p(-hit * np.exp(log_wrong)) + np.log(prior)
        found = one if found is None else np.logaddexp(found, one)
    return np.asarray(found)


def log_spread(votes: FloatArray, options: FloatArray) -> FloatArray:
    """Return [n, concentrations]: the log probability of votes over equal options, one Dirichlet share for each item.

    Args:
        votes: [n, o] votes for the options that had any; 0 elsewhere.
        options: [n] how many options could have had a vote.
    """
    total = votes.sum(1)
    found = np.empty((len(votes), len(CONCENTRATIONS)))
    for k, whole in enumerate(CONCENTRATIONS):
        each = whole / np.maximum(options, 1.0)[:, None]
        of_options = np.where(votes > 0, gammaln(each + votes) - gammaln(each), 0.0).sum(1)
        found[:, k] = gammaln(whole) - gammaln(whole + total) + of_options
    return found
