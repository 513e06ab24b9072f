"""The smallest study that would probably be decided: simulated futures on a ladder of sizes, searched by halves."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.pair import Pair
from acidtest.compare.planning.future import MOST_SOLVERS, Size, future
from acidtest.compare.verdict import verdicts
from acidtest.stats.common_order import rising
from acidtest.stats.estimate import FloatArray
from acidtest.types import Use, Verdict

Way = Literal["real", "synthetic", "both", "solvers"]
WAYS: tuple[Way, ...] = ("real", "synthetic", "both", "solvers")
USES: tuple[Use, ...] = ("score", "rank", "choose")

RUNGS = (1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
"""Times the items, or solvers, in hand. What needs more than the last is no advice ..."""

SMALL_RUNGS, MANY = (100.0, 200.0), 5000
"""... unless so many times the items in hand are still fewer than MANY."""

SOLVER_WORK = 120
"""Studies of more solvers than this (or twice those in hand) are not simulated: they take long, and nobody has them."""

GLANCE = 20
"""After so many futures a size that is clearly too small, or clearly enough, is judged."""

CLEARLY_FEW = 0.4
"""Share of GLANCE futures that are decided at most, where a size is clearly too small for a power of .8."""

DECISIONS = ("INCONCLUSIVE", "GO", "NO-GO")
CodeArray = NDArray[np.int8]
Simulate = Callable[[Size, int], CodeArray]


@dataclass(frozen=True, kw_only=True)
class Found:
    """The smallest size that decides with the power asked for, or how far the largest one comes.

    Attributes:
        size: That size.
        settles: Whether it is enough.
        probability: How often a study of that size would be decided.
        go, no_go: How often it would say so; they sum to `probability`.
    """

    size: Size
    settles: bool
    probability: float
    go: float
    no_go: float


@dataclass(kw_only=True)
class Search:
    """Looks for sizes that decide one pair's open uses. What was simulated for one use serves the others.

    Attributes:
        pair: The study as it is.
        rounds: Futures of each size; twice as many of a size that is found to be enough.
        power: How often the size that is looked for must be decided.
        open_uses: The uses that are not decided now.
        lift: On the way of both, synthetic items grow by so many times the factor of the real ones.
    """

    pair: Pair
    rounds: int
    power: float
    open_uses: tuple[Use, ...]
    lift: float = 1.0
    _seen: dict[tuple[Way, float], CodeArray] = field(default_factory=dict)

    def smallest(self, way: Way, use: Use) -> Found:
        """Return the smallest size on this way that decides this use with the power asked for."""
        rungs = self.rungs(way)
        top = len(rungs) - 1
        if self.probability(way, rungs[top], use) < self.power:
            return self._found(way, use, rungs[top], settles=False)
        low, high = -1, top
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.probability(way, rungs[middle], use) >= self.power else (middle, high)
        # The first of several that passes has often passed by luck: as many further futures must confirm it.
        while self._confirmed(way, rungs[high], use) < self.power:
            if high == top:
                return self._found(way, use, rungs[top], settles=False)
            high += 1
        return self._found(way, use, self._between(way, use, rungs), settles=True)

    def rungs(self, way: Way) -> tuple[float, ...]:
        """Return the ladder: times the items, or times the solvers."""
        if way != "solvers":
            longer = zip((RUNGS[-1], *SMALL_RUNGS), SMALL_RUNGS, strict=False)
            return (*RUNGS, *(rung for before, rung in longer if before * self.pair.n < MANY))
        now = len(self.pair.models)
        most = max(SOLVER_WORK, 2 * now)
        found = tuple(r for r in RUNGS if now * r <= most and now * (r - 1) <= MOST_SOLVERS)
        return found or RUNGS[:1]

    def size(self, way: Way, rung: float) -> Size:
        """Return the size that a rung stands for."""
        if way == "solvers":
            return Size(solvers=min(math.ceil(len(self.pair.models) * (rung - 1)), MOST_SOLVERS))
        if way == "both":
            return Size(real=rung, synthetic=max(1.0, self.lift * rung))
        return Size(real=rung) if way == "real" else Size(synthetic=rung)

    def tried(self, way: Way, use: Use) -> tuple[tuple[Size, float], ...]:
        """Return the sizes that were simulated on this way, and how often each decided this use."""
        rungs = sorted(rung for known, rung in self._seen if known == way)
        return tuple((self.size(way, rung), self.probability(way, rung, use)) for rung in rungs)

    def probability(self, way: Way, rung: float, use: Use) -> float:
        """Return how often this use is decided at this size."""
        return float((self.decisions(way, rung)[:, USES.index(use)] > 0).mean())

    def decisions(self, way: Way, rung: float) -> CodeArray:
        """Return [futures, uses] 0 open, 1 GO, 2 NO-GO; fewer futures where the answer is clear after GLANCE."""
        key = (way, rung)
        if key not in self._seen:
            size = self.size(way, rung)
            first = simulate(self.pair, size, range(min(GLANCE, self.rounds)))
            decided = (first[:, [USES.index(use) for use in self.open_uses]] > 0).mean(axis=0)
            clear = (decided <= min(CLEARLY_FEW, self.power / 2)) | (decided >= 1)
            more = range(len(first), len(first) if clear.all() else self.rounds)
            self._seen[key] = np.concatenate([first, simulate(self.pair, size, more)])
        return self._seen[key]

    def _confirmed(self, way: Way, rung: float, use: Use) -> float:
        """Return how often this use is decided at this size, over twice the rounds."""
        codes = self.decisions(way, rung)
        if len(codes) < 2 * self.rounds:
            more = simulate(self.pair, self.size(way, rung), range(len(codes), 2 * self.rounds))
            self._seen[way, rung] = np.concatenate([codes, more])
        return self.probability(way, rung, use)

    def _between(self, way: Way, use: Use, rungs: tuple[float, ...]) -> float:
        """Return where the share of decided futures, made to rise, passes the power; straight in the log of size."""
        known = [r for r in rungs if (way, r) in self._seen]
        share = self._rising(way, use, known)
        above = int(np.flatnonzero(share >= self.power - 1e-9)[0])
        low, high = (1.0, known[0]) if above == 0 else (known[above - 1], known[above])
        p_low, p_high = (0.0 if above == 0 else float(share[above - 1])), float(share[above])
        part = (self.power - p_low) / (p_high - p_low)
        return math.exp(math.log(low) + part * (math.log(high) - math.log(low)))

    def _rising(self, way: Way, use: Use, known: list[float]) -> FloatArray:
        share = np.array([self.probability(way, r, use) for r in known])
        return rising(share, np.array([float(len(self.decisions(way, r))) for r in known]))

    def _found(self, way: Way, use: Use, rung: float, *, settles: bool) -> Found:
        """Return a size with its shares; between two rungs those of the upper one, scaled to the power."""
        known = sorted(r for w, r in self._seen if w == way)
        upper = next(r for r in known if r >= rung - 1e-9)
        codes = self.decisions(way, upper)[:, USES.index(use)]
        decided, go = float((codes > 0).mean()), float((codes == 1).mean())
        probability = min(self.power, decided) if settles and upper > rung else decided
        share = probability / decided if decided > 0 else 0.0
        size = self.size(way, rung)
        return Found(size=size, settles=settles, probability=probability, go=go * share, no_go=(decided - go) * share)


def simulate(pair: Pair, size: Size, numbers: Iterable[int]) -> CodeArray:
    """Return [futures, uses] decisions of these futures of a pair: 0 open, 1 GO, 2 NO-GO."""
    rows = [_codes(verdicts(future(pair, number, size))) for number in numbers]
    return np.array(rows, dtype=np.int8).reshape(-1, len(USES))


def _codes(found: Mapping[Use, Verdict]) -> list[int]:
    return [DECISIONS.index(found[use].decision) for use in USES]
