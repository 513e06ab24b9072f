"""What could explain an item's answers: that it works, and each way of being broken."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.flaws.abilities import AbilitiesWithout
from acidtest.stats.irt.flaws.curves import ABOVE, FLAT, SLOPES, along_curves, log_spread
from acidtest.stats.irt.flaws.mixture import (
    AMBIGUOUS,
    NO_DISCRIMINATION,
    UPSIDE_DOWN,
    WORKS,
    WRONG_KEY,
    Hypothesis,
)

IntArray = NDArray[np.int64]

RIVALS = 3
"""So many other answers of each item are looked at, those with the most votes."""

_SPLIT = 4.0
"""Both answers of an ambiguous item have a share of the solvers that know: Beta(4, 4), most likely one half."""


def of_scores(scores: FloatArray, abilities: AbilitiesWithout) -> list[Hypothesis]:
    """Return hypotheses on scores alone: works, upside down, does not part the able from the others.

    An item that works is one of the bulk, whose slopes are normal and may reach below 0: with few solvers, or where
    ability is not one thing, a slope of 0 alone is no flaw. An item that does not part solvers may be as easy as any
    that works: only who was right speaks for it, never how many.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.
        abilities: Of the solvers, without the item.
    """
    counts = np.where(np.isfinite(scores), abilities.weight[:, None], 0.0)
    return _of_key(np.where(counts > 0, scores, 0.0), counts, abilities, None)


def _of_key(
    right: FloatArray, counts: FloatArray, abilities: AbilitiesWithout, spread: FloatArray | None
) -> list[Hypothesis]:
    every = np.arange(right.shape[1])
    grid = {WORKS: np.arange(len(SLOPES)), UPSIDE_DOWN: ABOVE, NO_DISCRIMINATION: FLAT}
    return [
        Hypothesis(
            kind=kind,
            items=every,
            option=np.zeros_like(every),
            log_factor=np.zeros(len(every)),
            slopes=slopes,
            curves=along_curves(right, counts, abilities, slopes=slopes, upside_down=kind == UPSIDE_DOWN),
            spread=spread,
        )
        for kind, slopes in grid.items()
    ]


def of_answers(choice: IntArray, options: FloatArray, abilities: AbilitiesWithout) -> list[Hypothesis]:
    """Return hypotheses on the answers themselves.

    The true answer is one of `options`, each as likely. Who knows gives it; all others err, and their wrong answers
    spread by the item's own Dirichlet. A wrong key is one more such error. Probabilities are less the 1 / options that
    all hypotheses have in common.

    Args:
        choice: [M, n] 0: the key's answer, 1, 2 ...: other answers of this item, -1: none that could be read.
        options: [n] how many answers there are to choose from, the key's included; two at least.
        abilities: Of the solvers, without the item.
    """
    counts = np.where(choice >= 0, abilities.weight[:, None], 0.0)
    votes = votes_of(choice, abilities.weight)
    others = log_spread(votes[:, 1:], options - 1)
    found = _of_key((choice == 0).astype(float), counts, abilities, others)
    found.extend(_of_rivals(choice, options, counts, votes, abilities))
    return found


def votes_of(choice: IntArray, weight: FloatArray) -> FloatArray:
    """Return [n, o] votes for each answer of each item, solvers by weight."""
    n = choice.shape[1]
    width = max(int(choice.max(initial=0)) + 1, 2)
    votes = np.zeros((n, width))
    rows, items = np.nonzero(choice >= 0)
    np.add.at(votes, (items, choice[rows, items]), weight[rows])
    return votes


def _of_rivals(
    choice: IntArray, options: FloatArray, counts: FloatArray, votes: FloatArray, abilities: AbilitiesWithout
) -> Iterator[Hypothesis]:
    order = 1 + np.argsort(-votes[:, 1:], axis=1, kind="stable")
    for place in range(min(RIVALS, order.shape[1])):
        here = np.flatnonzero(votes[np.arange(len(votes)), order[:, place]] > 0)
        rival, each = order[here, place], np.arange(len(here))
        own, of_item = choice[:, here], abilities.take(here)
        left = votes[here]
        left[each, rival] = 0
        left[:, 0] += 1  # whoever wrote the key erred, too
        yield Hypothesis(
            kind=WRONG_KEY,
            items=here,
            option=rival,
            log_factor=np.zeros(len(here)),
            slopes=ABOVE,
            curves=along_curves((own == rival).astype(float), counts[:, here], of_item, slopes=ABOVE),
            spread=log_spread(left, options[here] - 1),
        )
        many = options[here] > 2  # noqa: PLR2004  # of two answers, one is wrong
        here, rival, own, of_item, left = here[many], rival[many], own[:, many], of_item.take(many), left[many]
        left[:, 0] = 0
        split = betaln(_SPLIT + votes[here, rival], _SPLIT + votes[here, 0]) - betaln(_SPLIT, _SPLIT)
        yield Hypothesis(
            kind=AMBIGUOUS,
            items=here,
            option=rival,
            log_factor=split - np.log(options[here] - 1),
            slopes=ABOVE,
            curves=along_curves(((own == rival) | (own == 0)).astype(float), counts[:, here], of_item, slopes=ABOVE),
            spread=log_spread(left, options[here] - 2),
        )
