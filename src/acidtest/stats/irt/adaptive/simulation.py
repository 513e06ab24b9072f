"""Adaptive tests of solvers whose answers are all known: what they would have been asked, and what would be known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.adaptive.test import AdaptiveTest, Exposure, Stop
from acidtest.stats.irt.items import Items


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """M adaptive tests.

    Attributes:
        asked: [M, k] positions of the items in the order they were asked; -1 where a test ended earlier.
        ability, se: [M] as each test left them.
    """

    asked: NDArray[np.int64]
    ability: FloatArray
    se: FloatArray

    def scores(self, scores: ArrayLike) -> FloatArray:
        """Return [M, n] the scores that were asked for, NaN elsewhere."""
        given = np.asarray(scores, np.float64)
        seen = np.full(given.shape, np.nan)
        for row, items in enumerate(self.asked):
            chosen = items[items >= 0]
            seen[row, chosen] = given[row, chosen]
        return seen


def simulate_adaptive(  # noqa: PLR0913  # one argument per rule of the test
    scores: ArrayLike,
    items: Items,
    *,
    most_items: int,
    se: float | None = None,
    least_items: int = 1,
    round_size: int = 1,
    cost: ArrayLike | None = None,
    gamma: float = 0.0,
    exposure: Exposure | None = None,
    topics: Sequence[str] | None = None,
    seed: int = 0,
) -> Simulation:
    """Give each solver an adaptive test, answering from a table of scores.

    Args:
        scores: [M, n], 0 to 1; NaN: not known, never asked.
        items: [n] parameters.
        most_items: See `Stop`.
        se: See `Stop`.
        least_items: See `Stop`.
        round_size: Items asked side by side, before the ability is looked at again.
        cost: See `AdaptiveTest`.
        gamma: See `AdaptiveTest`.
        exposure: See `AdaptiveTest`.
        topics: See `AdaptiveTest`.
        seed: Each solver draws from a stream of its own, by its row.
    """
    given = np.atleast_2d(np.asarray(scores, np.float64))
    stop = Stop(most_items=most_items, se=se, least_items=least_items)
    tests = []
    for row, answers in enumerate(given):
        test = AdaptiveTest(
            items,
            stop=stop,
            cost=cost,
            gamma=gamma,
            exposure=exposure,
            topics=topics,
            rng=np.random.default_rng([seed, row]),
            available=np.isfinite(answers),
        )
        while chosen := test.next_items(round_size):
            for item in chosen:
                test.answer(item, float(answers[item]))
        tests.append(test)
    longest = max((len(test.asked) for test in tests), default=0)
    asked = np.full((len(tests), longest), -1, np.int64)
    for row, test in enumerate(tests):
        asked[row, : len(test.asked)] = test.asked
    return Simulation(
        asked=asked, ability=np.array([test.ability for test in tests]), se=np.array([test.se for test in tests])
    )
