"""Adaptive tests: each solver is asked the items that say most about it, until enough is known.

The ability so far is the likeliest one; the next item is the one with the most Fisher information there (Lord 1980,
Birnbaum 1968), on wish per unit of cost, spread over topics, and drawn among the best.

Why not information about the score on the whole benchmark, which is what users want? That score is S(t), the sum of the
items' curves, and its error is S'(t) times the ability's: on one scale S'(t) is the same factor for every candidate and
changes no choice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from acidtest.errors import AcidtestError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.adaptive.ability import Likelihood
from acidtest.stats.irt.continuous import NEAREST
from acidtest.stats.irt.items import Items

_STRONGEST = 10.0
_NODES = 9
"""Of the prior, over which the first item's information is averaged: nothing is known of the solver yet."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """When a test ends: at `most_items` answers, or once the ability's standard error is at most `se`.

    Attributes:
        most_items: Never more answers than these.
        se: In standard deviations of ability; None: only the number counts.
        least_items: Never end by `se` before so many answers.
    """

    most_items: int
    se: float | None = None
    least_items: int = 1

    def __post_init__(self) -> None:
        if self.most_items < 1 or self.least_items < 0 or (self.se is not None and not self.se > 0):
            raise AcidtestError(
                f"a test of at most {self.most_items} items, at least {self.least_items}, to a standard error of "
                f"{self.se} is none",
                way_out="Ask for at least 1 item, and for a standard error above 0.",
            )


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """How chance keeps all solvers from being asked the same few items.

    Attributes:
        best: Each item is drawn among so many best ones (the randomesque rule; Kingsbury and Zara 1989). 1: the best.
        share: Only a random share of the bank, at least one item, may be asked of one solver, so that no item is asked
            of more than this share of many solvers, whoever comes first (eligibility; van der Linden and Veldkamp
            2004). A test is no longer than that share. 1: all of it.
    """

    best: int = 1
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.best < 1 or not 0 < self.share <= 1:
            raise AcidtestError(
                f"exposure control among the {self.best} best of a share of {self.share:g} is none",
                way_out="Give 'best' from 1 on, and 'share' above 0 and at most 1.",
            )


class AdaptiveTest:
    """One solver's test. Items are positions in the bank; each is handed out once at most.

    Args:
        items: [n] the bank, taken as known; see `trust.flattened` for items that are known vaguely.
        stop: When it ends.
        cost: [n] what asking an item costs, above 0: tokens, or money.
        gamma: Information is divided by cost to this power. 0: cost does not count; 1: most information per token.
        exposure: How chance spreads the items.
        topics: [n] topic of each item: shares of topics asked stay near those of the bank (Kingsbury and Zara 1989).
        rng: Needed where `exposure` draws; the same generator gives the same test for the same answers.
        available: [n] which items may be asked at all; all unless given.
        start, spread: Mean and standard deviation of the solver's ability as it is expected before any answer.

    Raises:
        AcidtestError: Costs that are not above 0, a power of them that leaves nothing else, or chance without a
            generator.

    Example:
        >>> bank = Items(discrimination=np.ones(3), difficulty=np.array([-1.0, 0.1, 1.5]), guess=np.zeros(3))
        >>> test = AdaptiveTest(bank, stop=Stop(most_items=2))
        >>> test.next_item()
        1
        >>> test.answer(1, 1.0)
        >>> test.next_item(), round(test.ability, 2), round(test.se, 2)
        (2, 0.42, 0.9)
    """

    def __init__(  # noqa: PLR0913  # one argument per rule of the test
        self,
        items: Items,
        *,
        stop: Stop,
        cost: ArrayLike | None = None,
        gamma: float = 0.0,
        exposure: Exposure | None = None,
        topics: Sequence[str] | None = None,
        rng: np.random.Generator | None = None,
        available: ArrayLike | None = None,
        start: float = 0.0,
        spread: float = 1.0,
    ) -> None:
        n, exposure = len(items), exposure or Exposure()
        self.items, self.stop = items, stop
        self._start, self._spread = start, spread
        self._divisor = _divisor(cost, gamma, n)
        self._best, self._rng = exposure.best, rng
        if rng is None and (exposure.best > 1 or exposure.share < 1):
            raise AcidtestError("exposure control draws by chance", way_out="Give the test a generator: rng=...")
        self._free = np.ones(n, bool) if available is None else np.array(available, bool)
        if rng is not None and exposure.share < 1:
            open_items = rng.permutation(np.flatnonzero(self._free))
            self._free[open_items[max(int(exposure.share * len(open_items)), 1) :]] = False
        self._topic, self._wanted = _topic_shares(topics, n)
        self._given = np.zeros(len(self._wanted), np.int64)
        self._handed: dict[int, None] = {}
        self._likelihood = Likelihood(items, mean=start, sd=spread)

    @property
    def ability(self) -> float:
        """The likeliest ability so far; `start` before any answer."""
        return self._likelihood.ability

    @property
    def se(self) -> float:
        """The ability's standard error so far, the prior's included; `spread` before any answer."""
        return self._likelihood.se

    @property
    def asked(self) -> tuple[int, ...]:
        """The items that were answered, in the order of their answers."""
        return tuple(self._likelihood.positions)

    @property
    def waiting(self) -> tuple[int, ...]:
        """The items that were handed out and have no answer yet."""
        return tuple(self._handed)

    @property
    def done(self) -> bool:
        """Whether the test is at its end: enough answers, a small enough error, or no item left."""
        return not self._handed and (self._enough() or not self._free.any())

    def next_item(self) -> int | None:
        """Hand out the next item; None: no more now, the test is at its end or waits for answers."""
        found = self.next_items(1)
        return found[0] if found else None

    def next_items(self, count: int) -> list[int]:
        """Hand out up to `count` items that can be asked side by side: those that are best at the ability so far.

        Information adds up, so the best set is the set of the best. Fewer come where the test ends earlier.
        """
        room = self.stop.most_items - len(self._likelihood.positions) - len(self._handed)
        if self._enough() or room <= 0:
            return []
        value = self._value()
        found: list[int] = []
        while len(found) < min(count, room):
            item = self._choose(value)
            if item is None:
                break
            found.append(item)
            self._free[item] = False
            self._given[self._topic[item]] += 1
            self._handed[item] = None
        return found

    def answer(self, item: int, score: float) -> None:
        """Take the score, 0 to 1, of an item that was handed out.

        Raises:
            AcidtestError: It was not handed out, was answered before, or the score is none.
        """
        self._take_back(item)
        if not 0 <= score <= 1:
            raise AcidtestError(f"a score of {score:g} is not from 0 to 1", way_out="Skip an item that has no score.")
        self._likelihood.add(item, score)

    def skip(self, item: int) -> None:
        """Go on without an answer to an item that was handed out: it counts for nothing and is not handed out again."""
        self._take_back(item)
        self._given[self._topic[item]] -= 1

    def _take_back(self, item: int) -> None:
        if item not in self._handed:
            raise AcidtestError(f"item {item} waits for no answer", way_out="Answer what next_item() handed out, once.")
        del self._handed[item]

    def _enough(self) -> bool:
        answers = len(self._likelihood.positions)
        small = self.stop.se is not None and answers >= self.stop.least_items and self.se <= self.stop.se
        return answers >= self.stop.most_items or (small and answers > 0)

    def _value(self) -> FloatArray:
        """Return [n]: what asking each item is worth at the ability so far."""
        if self._likelihood.positions:
            return informative(self.items, self.ability) / self._divisor
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        spread = informative(self.items, self._start + self._spread * nodes)
        average: FloatArray = (weights / weights.sum()) @ spread / self._divisor
        return average

    def _choose(self, value: FloatArray) -> int | None:
        allowed = self._free & self._in_topic()
        if not allowed.any():
            return None
        value = np.where(allowed, value, -1.0)
        if self._best > 1 and self._rng is not None:
            return self._draw(value, int(allowed.sum()), self._rng)
        return int(value.argmax())

    def _draw(self, value: FloatArray, allowed: int, rng: np.random.Generator) -> int:
        among = min(self._best, allowed)
        last = np.partition(value, -among)[-among]  # no sort: all but a few places do not matter
        best, even = np.flatnonzero(value > last), np.flatnonzero(value == last)
        return int(np.concatenate([best, even])[rng.integers(among)])

    def _in_topic(self) -> NDArray[np.bool_]:
        """Return [n]: the items of the topic that lags farthest behind its share, of those that have items left."""
        if len(self._wanted) == 1:
            return np.ones(len(self._free), bool)
        left = np.bincount(self._topic[self._free], minlength=len(self._wanted)) > 0
        lag = np.where(left, self._wanted * (self._given.sum() + 1) - self._given, -np.inf)
        lagging: NDArray[np.bool_] = self._topic == int(lag.argmax())
        return lagging


def informative(items: Items, ability: ArrayLike) -> FloatArray:
    """Return [..., n] the information that answers would give.

    Of scores between 0 and 1 those at the ends tell little, for they are held there whatever their log-odds: the
    information counts as often as a score lies between them.
    """
    if items.residual is None:
        return items.information(ability)
    middle, end = items.linear(ability), math.log(1 / NEAREST - 1)
    between: FloatArray = ndtr((end - middle) / items.residual) - ndtr((-end - middle) / items.residual)
    return items.information(ability) * between


def _divisor(cost: ArrayLike | None, gamma: float, n: int) -> FloatArray:
    if cost is None:
        return np.ones(n)
    price = np.broadcast_to(np.asarray(cost, np.float64), n)
    if not (np.isfinite(price) & (price > 0)).all():
        raise AcidtestError("an item's cost is not above 0", way_out="Give tokens or money, above 0, for each item.")
    if not abs(gamma) <= _STRONGEST:
        raise AcidtestError(f"cost to the power of {gamma:g} leaves nothing else", way_out="Name a gamma from 0 to 4.")
    divisor: FloatArray = (price / np.exp(np.log(price).mean())) ** gamma if n else price
    return divisor


def _topic_shares(topics: Sequence[str] | None, n: int) -> tuple[NDArray[np.int64], FloatArray]:
    """Return [n] the number of each item's topic, and the share of each topic in the bank."""
    if topics is None or n == 0:
        return np.zeros(n, np.int64), np.ones(1)
    names, number = np.unique(np.array(topics, dtype=np.str_), return_inverse=True)
    return number.astype(np.int64), np.bincount(number, minlength=len(names)) / n
