"""Differential functioning: is a set, or one item, easier for some solvers than their ability elsewhere says?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaincc, stdtr

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.items import Items

ABILITY_SD = 3.0
"""Of the prior of abilities on one set alone: wide, so that both sets' abilities are hardly drawn to the middle."""

FEWEST_OTHERS = 3
"""Solvers outside of the family that are needed to say how much such solvers differ among themselves."""

STRATA = 4
_PARAMETERS = 2
_TINY = 1e-12

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class SetAbilities:
    """Abilities of M solvers by one set alone.

    Attributes:
        value: [M] NaN where a solver answered none of its items.
        variance: [M] of its error, were the items' parameters known.
        influence: [M, n] how far each answer moves its solver's ability; they sum to about 0.
    """

    value: FloatArray
    variance: FloatArray
    influence: FloatArray


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How much easier a set is for a family than for others of the same ability.

    Attributes:
        ability, ability_se: In standard deviations of ability; above 0: easier for the family.
        score, score_se: The same in score: its mean score on the set, less what its ability says, less others' same.
        degrees: Of freedom of both errors.
        p: Two-sided, that there is no shift on items like these.
        p_spread: Two-sided, that the family differs from others as much as those differ among themselves; NaN with
            fewer than `FEWEST_OTHERS` others.
        members, others: How many solvers are compared.
    """

    ability: float
    ability_se: float
    score: float
    score_se: float
    degrees: int
    p: float
    p_spread: float
    members: int
    others: int


class FamilyShift:
    """Shifts of families from a real set to a synthetic one.

    A family's shift is the ability that its solvers show on the synthetic set less the one they show on the real set,
    less the same of all other solvers: item parameters take up what all have in common. Solvers count by how well
    their own shift is known, given that shifts differ among the others anyway. Its error is the spread of what single
    items contribute (a sandwich estimate, bundles whole), so that solvers that err together count once.

    Args:
        real, synthetic: [M, n] scores.
        real_items, synthetic_items: Their parameters on one scale.
        real_bundles, synthetic_bundles: [n] which bundle each item is of, 0 to B - 1.
    """

    def __init__(
        self,
        real: FloatArray,
        synthetic: FloatArray,
        *,
        real_items: Items,
        synthetic_items: Items,
        real_bundles: IntArray,
        synthetic_bundles: IntArray,
    ) -> None:
        self.real = set_abilities(real, real_items)
        self.synthetic = set_abilities(synthetic, synthetic_items)
        self.bundles = real_bundles, synthetic_bundles
        self.shift = self.synthetic.value - self.real.value
        known = np.nan_to_num(self.real.value)
        self._seen = np.isfinite(synthetic)
        expected = synthetic_items.expected(known)
        self._answers = np.maximum(self._seen.sum(1, keepdims=True), 1)
        self._residual = np.where(self._seen, synthetic - expected, 0.0) / self._answers
        slope = (synthetic_items.expected(known + _STEP) - synthetic_items.expected(known - _STEP)) / (2 * _STEP)
        self._slope = np.where(self._seen, slope, 0.0).sum(1) / self._answers[:, 0]

    def of(self, members: BoolArray) -> Shift:
        """Return the shift of the solvers [M] that are members, against all others."""
        there = np.isfinite(self.shift)
        inside, outside = there & members, there & ~members
        k, rest = int(inside.sum()), int(outside.sum())
        if not k or not rest:
            nan = float("nan")
            return Shift(ability=nan, ability_se=nan, score=nan, score_se=nan, degrees=0, p=nan, p_spread=nan,
                         members=k, others=rest)  # fmt: skip
        own = self.synthetic.variance + self.real.variance
        whole = own + _spread(self.shift[outside], own[outside])
        weight = np.where(inside, 1 / whole, 0) / (1 / whole)[inside].sum()
        weight -= np.where(outside, 1 / whole, 0) / (1 / whole)[outside].sum()
        real = self._grouped(0, weight @ self.real.influence)
        synthetic = self._grouped(1, weight @ self.synthetic.influence)
        value = float(weight @ np.nan_to_num(self.shift))
        # two parameters of every item were fitted to these very answers: what is left is too small by as much
        left = (k + rest) / max(k + rest - _PARAMETERS, 1)
        se = np.sqrt(left * (_variance(real) + _variance(synthetic)))
        by_item = self._grouped(1, weight @ self._residual)
        through = self._grouped(0, (weight * self._slope) @ self.real.influence)
        degrees = min(len(real), len(synthetic)) - 1
        return Shift(
            ability=value,
            ability_se=float(se),
            score=float((weight @ self._residual).sum()),
            score_se=float(np.sqrt(left * (_variance(by_item) + _variance(through)))),
            degrees=degrees,
            p=_two_sided(value / max(float(se), _TINY), degrees),
            p_spread=_two_sided(value / float(np.sqrt((weight**2 * whole)[there].sum())), rest - 1)
            if rest >= FEWEST_OTHERS
            else float("nan"),
            members=k,
            others=rest,
        )

    def _grouped(self, which: int, values: FloatArray) -> FloatArray:
        return np.bincount(self.bundles[which], weights=values).astype(np.float64)


_STEP = 1e-3


def set_abilities(scores: FloatArray, items: Items) -> SetAbilities:
    """Return abilities by these items alone, and how far each answer moves them.

    Args:
        scores: [M, n], NaN where not scored.
        items: [n] parameters, taken as known.
    """
    seen = np.isfinite(scores)
    value = ability(scores, items, sd=ABILITY_SD).value
    linear = items.linear(value)
    if items.residual is not None:
        from acidtest.stats.irt.continuous import log_odds

        slope = items.discrimination / items.residual**2
        moved = slope * (log_odds(np.where(seen, scores, 0.5)) - linear)
        information = np.broadcast_to(slope * items.discrimination, scores.shape)
    else:
        right = expit(linear)
        p = items.guess + (1 - items.guess) * right
        ratio = items.discrimination * right / np.maximum(p, _TINY)  # P' / (P (1 - P))
        moved = ratio * (scores - p)
        information = items.information(value)
    whole = np.where(seen, information, 0.0).sum(1, keepdims=True) + ABILITY_SD**-2
    return SetAbilities(
        value=np.where(seen.any(1), value, np.nan),
        variance=1 / whole[:, 0],
        influence=np.where(seen, moved, 0.0) / whole,
    )


@dataclass(frozen=True, kw_only=True)
class MantelHaenszel:
    """Items by members of a family and others of like ability.

    Attributes:
        log_odds: [n] log of the common odds ratio; above 0: the item is easier for the family. Infinite where one side
            is always right, NaN where the answers say nothing.
        se: [n] its standard error (Robins, Breslow and Greenland); NaN where it is infinite.
        p: [n] of the Mantel-Haenszel test with continuity correction; NaN where the answers say nothing.
    """

    log_odds: FloatArray
    se: FloatArray
    p: FloatArray


def mantel_haenszel(right: FloatArray, members: BoolArray, stratum: IntArray) -> MantelHaenszel:
    """Return for each item whether members of a family answer it better than others in the same stratum.

    Source: Mantel and Haenszel, Journal of the National Cancer Institute 22 (1959), 719-748; Holland and Thayer, in
    Wainer and Braun (eds), Test Validity (1988), 129-145.

    Args:
        right: [M, n] of 0 and 1, NaN where not scored.
        members: [M].
        stratum: [M] solvers of like ability share one, numbered from 0; see `ability_strata`.
    """
    strata = int(stratum.max()) + 1
    seen = np.isfinite(right)
    x = np.where(seen, right, 0.0)

    def total(of: FloatArray, group: BoolArray) -> FloatArray:
        return np.stack([of[group & (stratum == k)].sum(0) for k in range(strata)])

    one, other = seen.astype(np.float64), ~members
    a, c = total(x, members), total(x, other)
    b, d = total(one, members) - a, total(one, other) - c
    n = a + b + c + d
    share = np.maximum(n, 1)
    r, s = a * d / share, b * c / share
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(r.sum(0) / s.sum(0))
        p_part, q_part = (a + d) / share, (b + c) / share
        variance = (
            (p_part * r).sum(0) / (2 * r.sum(0) ** 2)
            + (p_part * s + q_part * r).sum(0) / (2 * r.sum(0) * s.sum(0))
            + (q_part * s).sum(0) / (2 * s.sum(0) ** 2)
        )
        spread = ((a + b) * (c + d) * (a + c) * (b + d) / (share**2 * np.maximum(n - 1, 1))).sum(0)
        away = np.maximum(np.abs((a - (a + b) * (a + c) / share).sum(0)) - 0.5, 0.0)
        chi2 = away**2 / spread
    found = np.where(spread > 0, gammaincc(0.5, np.where(spread > 0, chi2, 0.0) / 2), np.nan)
    return MantelHaenszel(log_odds=odds, se=np.where(np.isfinite(variance), np.sqrt(np.abs(variance)), np.nan), p=found)


def ability_strata(abilities: FloatArray, members: BoolArray, most: int = STRATA) -> IntArray:
    """Return [M]: solvers in order of ability cut into at most `most` groups of like size, each with both kinds.

    Example:
        >>> ability_strata(np.array([0.0, 1.0, 2.0, 3.0]), np.array([True, False, False, True])).tolist()
        [0, 0, 1, 1]
    """
    order = np.argsort(abilities, kind="stable")
    for strata in range(most, 1, -1):
        stratum = np.empty(len(abilities), np.int64)
        stratum[order] = np.arange(len(abilities)) * strata // len(abilities)
        both = [members[stratum == k].any() and (~members[stratum == k]).any() for k in range(strata)]
        if all(both):
            return stratum
    return np.zeros(len(abilities), np.int64)


def false_discovery(p: FloatArray) -> FloatArray:
    """Return p values adjusted for many tests, so that q <= .1 keeps false finds among all at 10 % on average.

    Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995), 289-300. NaN stays NaN and
    counts as no test.

    Example:
        >>> false_discovery(np.array([0.01, np.nan, 0.04, 0.03])).round(3).tolist()
        [0.03, nan, 0.04, 0.04]
    """
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known])]
    found = np.full(len(p), np.nan)
    raised = p[order] * len(order) / np.arange(1, len(order) + 1)
    found[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return found


def _spread(shifts: FloatArray, variance: FloatArray) -> float:
    """Return the variance of true shifts among solvers (DerSimonian and Laird, Controlled Clinical Trials 7, 1986)."""
    weight = 1 / variance
    total = weight.sum()
    middle = (weight * shifts).sum() / total
    q = (weight * (shifts - middle) ** 2).sum()
    room = total - (weight**2).sum() / total
    return max(0.0, float((q - (len(shifts) - 1)) / room)) if room > 0 else 0.0


def _variance(contributions: FloatArray) -> float:
    """Of a sum of independent contributions, their own mean taken out."""
    g = len(contributions)
    return float(((contributions - contributions.mean()) ** 2).sum() * g / max(g - 1, 1))


def _two_sided(t: float, degrees: int) -> float:
    return float(2 * stdtr(max(degrees, 1), -abs(t)))
