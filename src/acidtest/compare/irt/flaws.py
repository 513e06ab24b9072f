"""The audit of items: which look broken, on what evidence, and how many of these are false alarms.

One scale of ability for all benchmarks; what works, and how often items are broken, is learnt in each. The list of all
benchmarks together keeps the rate that was asked for.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.irt.flaw_answers import Choices, choices_of, matched
from acidtest.compare.irt.flaw_evidence import evidence
from acidtest.data.scores.answers import ItemAnswers
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import counted
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import rng_for
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.flaws.abilities import abilities_without
from acidtest.stats.irt.flaws.audit import KINDS, Flaws, find_flaws, q_values
from acidtest.stats.validity_rate import share
from acidtest.types import Kind

IntArray = NDArray[np.int64]

MOST_TOLD = 100
"""Of the items that are not on the list, so many are told with their evidence, the most suspicious ones."""

FEW_SOLVERS = 14
"""Up to here, simulated lists stayed nearly empty: docs/psychometrics.md."""


@dataclass(frozen=True, kw_only=True)
class FlawedItem:
    """One item that looks broken.

    Attributes:
        position: Which of the matrix's items.
        kind: wrong_key, ambiguous, no_discrimination or upside_down: the likeliest way of being broken.
        evidence: What speaks for it, in one plain sentence; may quote answers, cleaned and cut, never escaped.
        probability: That it is broken in some way; 1 less its local false discovery rate.
        q: Expected share of false alarms among all items that are at least as suspicious.
        listed: Whether it is on the list that keeps the rate.
    """

    position: int
    benchmark: str
    item: str
    kind: str
    evidence: str
    probability: float
    q: float
    listed: bool


@dataclass(frozen=True, kw_only=True)
class BenchmarkFlaws:
    """What is known of one benchmark.

    Attributes:
        kind: real or synthetic, where that is known.
        items: How many it has.
        listed: Items on the list.
        share_listed: The share of items that are on the list.
        share_broken: The share that is broken by the model, listed or not, held towards the 5 % assumed before: with
            few solvers hardly more than that, and too small where far more is broken. Its interval does not know that.
        by_answers: Whether the solvers' answers were used, or their scores alone.
        kinds: How many listed items there are of each kind.
    """

    kind: Kind | None
    items: int
    listed: int
    share_listed: Estimate
    share_broken: Estimate
    by_answers: bool
    kinds: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class FlawAudit:
    """What M solvers' scores and answers say about n items.

    Attributes:
        fdr: Highest expected share of false alarms on the list.
        solvers: M.
        suspicion: [n] log odds that an item is broken; ranks the items.
        probability: [n] that it is broken.
        q: [n] see `FlawedItem`.
        listed: [n] whether it is on the list.
        kinds: [n] likeliest way of being broken, whether listed or not.
        discrimination: [n] signed slope on ability, posterior mean, by the scores alone.
        slope_not_above_0: [n] posterior probability that this slope is 0 or less.
        items: The list, then the most suspicious of the others; most suspicious first.
        expected_false: Expected number of false alarms on the list.
        benchmarks: Benchmark -> what is known of it.
        warnings: What a reader must know.
    """

    fdr: float
    solvers: int
    suspicion: FloatArray
    probability: FloatArray
    q: FloatArray
    listed: NDArray[np.bool_]
    kinds: tuple[str, ...]
    discrimination: FloatArray
    slope_not_above_0: FloatArray
    items: tuple[FlawedItem, ...]
    expected_false: float
    benchmarks: Mapping[str, BenchmarkFlaws]
    warnings: tuple[str, ...] = ()


def audit_items(
    matrix: ScoreMatrix, fit: Fit, *, fdr: float = 0.1, seed: int = 0, answers: ItemAnswers | None = None
) -> FlawAudit:
    """Return which items look broken.

    Args:
        matrix: Scores of M solvers on n items of one or several benchmarks.
        fit: The calibration of the same scores.
        fdr: Highest expected share of false alarms on the list, above 0 and below 1.
        seed: Parts the items at random, so that no item takes part in the abilities it is looked at with.
        answers: What the solvers answered, from `read_answers`: a wrong key shows there long before it does in scores.

    Raises:
        ValueError: A rate that is none.
    """
    scores = matrix.scores
    abilities = abilities_without(scores, fit, rng=rng_for(seed, "flaws", "parts"))
    codes = None if answers is None else matched(matrix, answers)
    found: dict[str, tuple[IntArray, Flaws, Choices | None]] = {}
    for name in matrix.benchmarks:
        here = matrix.of(name)
        choices = None if answers is None or codes is None else choices_of(scores, codes, answers, here)
        flaws = find_flaws(
            scores[:, here],
            abilities.take(here),
            choice=None if choices is None else choices.choice,
            options=None if choices is None else choices.options,
            fdr=fdr,
            rng=rng_for(seed, "flaws", name),
        )
        found[name] = (here, flaws, choices)
    place = np.concatenate([here for here, _, _ in found.values()])

    def joined(parts: list[FloatArray]) -> FloatArray:
        whole = np.empty(len(place), parts[0].dtype)
        whole[place] = np.concatenate(parts)
        return whole

    every = [flaws for _, flaws, _ in found.values()]
    local_fdr = joined([one.local_fdr for one in every])
    q = q_values(local_fdr)
    listed = q <= fdr
    kinds = tuple(KINDS[k] for k in joined([one.kind.astype(float) for one in every]).astype(int).tolist())
    suspicion = joined([one.suspicion for one in every])
    return FlawAudit(
        fdr=fdr,
        solvers=len(matrix.models),
        suspicion=suspicion,
        probability=1 - local_fdr,
        q=q,
        listed=listed,
        kinds=kinds,
        discrimination=joined([one.discrimination for one in every]),
        slope_not_above_0=joined([one.slope_not_above_0 for one in every]),
        items=_told(matrix, fit, found, suspicion, q, listed),
        expected_false=float(local_fdr[listed].sum()),
        benchmarks={name: _of_benchmark(matrix, name, *parts, listed, kinds) for name, parts in found.items()},
        warnings=_warnings(matrix, fit, every, fdr, q, listed),
    )


def flags_of(audit: FlawAudit) -> tuple[str, ...]:
    """Return [n]: the kind of flaw of each item that is on the list, "" for all others."""
    return tuple(kind if on else "" for kind, on in zip(audit.kinds, audit.listed.tolist(), strict=True))


def _told(
    matrix: ScoreMatrix,
    fit: Fit,
    found: Mapping[str, tuple[IntArray, Flaws, Choices | None]],
    suspicion: FloatArray,
    q: FloatArray,
    listed: NDArray[np.bool_],
) -> tuple[FlawedItem, ...]:
    order = np.argsort(-suspicion, kind="stable")
    others = order[~listed[order]][:MOST_TOLD]
    within = {int(position): k for here, _, _ in found.values() for k, position in enumerate(here)}
    told = []
    for position in (*order[listed[order]].tolist(), *others.tolist()):
        name, k = matrix.benchmark[position], within[position]
        _, flaws, choices = found[name]
        kind = KINDS[int(flaws.kind[k])]
        told.append(
            FlawedItem(
                position=position,
                benchmark=name,
                item=matrix.items[position],
                kind=kind,
                evidence=evidence(kind, matrix.scores[:, position], fit.ability, choices, k, int(flaws.right[k])),
                probability=1 - float(flaws.local_fdr[k]),
                q=float(q[position]),
                listed=bool(listed[position]),
            )
        )
    return tuple(told)


def _of_benchmark(
    matrix: ScoreMatrix,
    name: str,
    here: IntArray,
    flaws: Flaws,
    choices: Choices | None,
    listed: NDArray[np.bool_],
    kinds: tuple[str, ...],
) -> BenchmarkFlaws:
    on = here[listed[here]]
    return BenchmarkFlaws(
        kind=matrix.kinds.get(name),
        items=len(here),
        listed=len(on),
        share_listed=share(listed[here].astype(float), name="share of items on the list"),
        share_broken=replace(flaws.share, warnings=(_FEW if len(matrix.models) <= FEW_SOLVERS else _HELD,)),
        by_answers=choices is not None,
        kinds=dict(Counter(kinds[k] for k in on.tolist())),
    )


_FEW = "with so few solvers this is little more than the 5 % that was assumed before"
_HELD = "held towards 5 %, so that the list stays short where answers cannot tell: a larger share reads too small"


def _warnings(
    matrix: ScoreMatrix, fit: Fit, found: list[Flaws], fdr: float, q: FloatArray, listed: NDArray[np.bool_]
) -> tuple[str, ...]:
    solvers = counted(len(matrix.models), "solver")
    said = []
    if not listed.any():
        least = f"the shortest list would be false by {float(np.min(q)):.0%}"
        said.append(
            f"with {solvers}, no item can be called broken at a rate of {fdr:g} ({least}): the order is a ranking only"
        )
    elif len(matrix.models) <= FEW_SOLVERS:
        said.append(f"with {solvers}, most broken items stay unseen: what is not listed is not cleared")
    seen = matrix.scores[np.isfinite(matrix.scores)]
    if ((seen > 0) & (seen < 1)).any():
        said.append("scores between 0 and 1 count as that part of a right answer: the rate is then only roughly kept")
    if not fit.converged or not all(one.converged for one in found):
        said.append("the fit did not come to rest: probabilities are rough")
    said.append(
        "solvers that share a misconception look like a wrong key; people must look at an item before it is dropped"
    )
    return tuple(said)
