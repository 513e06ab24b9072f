"""Is the advice right? Studies of known truth are planned, made as large as advised, and judged anew.

As a program it prints the table of docs/statistics.md: `python tests/compare/plan_check.py STUDIES [FIRST_SEED]`.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.planning.future import Size
from acidtest.compare.planning.search import USES, WAYS, Found, Search, Way
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.compare.verdict import verdicts
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import ACCURACY
from acidtest.types import Use
from simulated import scored

LARGEST = 20_000
"""Items of a set; larger studies are not made."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One advice that was followed. `way` is "guide" where it was the one in the verdict's own words."""

    use: Use
    way: str
    found: Found
    decision: str


@dataclass(frozen=True, kw_only=True)
class Truth:
    """How solvers' abilities are spread: on the real set, between the sets, and how much easier the synthetic is."""

    spread: float
    apart: float
    easier: float

    def abilities(self, number: int, rng: np.random.Generator) -> FloatArray:
        """Return [2, M] abilities on the real and the synthetic set."""
        real = rng.normal(0, self.spread, number)
        return np.stack([real, real + self.easier + rng.normal(0, self.apart, number)])


class World:
    """A study of known truth, and what larger ones would show: the answers in hand stay as they are."""

    def __init__(self, truth: Truth, solvers: int, items: int, seed: int) -> None:
        self.rng, self.truth = np.random.default_rng([seed, 2]), truth
        self.ability = truth.abilities(solvers, self.rng)
        self.difficulty = self.rng.normal(0, 1, (2, items))
        self.right = [self._answers(a, d) for a, d in zip(self.ability, self.difficulty, strict=True)]
        self.settings = Settings(seed=seed)

    def pair(self) -> Pair:
        """Return the study in hand."""
        return self._pair(self.right)

    def larger(self, size: Size) -> Pair:
        """Return a larger study: further items for the solvers in hand, or further solvers on the items in hand."""
        if size.solvers:
            more = self.truth.abilities(size.solvers, self.rng)
            further = [self._answers(a, d) for a, d in zip(more, self.difficulty, strict=True)]
            return self._pair([np.concatenate(both) for both in zip(self.right, further, strict=True)])
        right = []
        for old, ability, times in zip(self.right, self.ability, (size.real, size.synthetic), strict=True):
            difficulty = self.rng.normal(0, 1, round((times - 1) * old.shape[1]))
            right.append(np.concatenate([old, self._answers(ability, difficulty)], axis=1))
        return self._pair(right)

    def _answers(self, ability: FloatArray, difficulty: FloatArray) -> FloatArray:
        """Return [M, n] right (1) or wrong (0): the one-parameter logistic model."""
        chance = 1 / (1 + np.exp(difficulty - ability[:, None]))
        right: FloatArray = (self.rng.random(chance.shape) < chance).astype(np.float64)
        return right

    def _pair(self, right: list[FloatArray]) -> Pair:
        real, synthetic = (scored(name, of) for name, of in zip(("real", "synthetic"), right, strict=True))
        return pair_of(ScoredSet(real, ACCURACY), ScoredSet(synthetic, ACCURACY), self.settings)[0]


def drawn_world(seed: int) -> World:
    """Return a study of a size and a truth drawn by this seed."""
    rng = np.random.default_rng([seed, 1])
    truth = Truth(
        spread=float(rng.choice([0.4, 1.0])),
        apart=float(rng.choice([0.0, 0.15, 0.4])),
        easier=float(rng.choice([0.0, 0.15, 0.6])),
    )
    return World(truth, int(rng.choice([6, 12, 20])), int(rng.choice([60, 150, 400])), seed)


def followed(world: World, ways: tuple[Way, ...] = WAYS, *, rounds: int = 60, power: float = 0.8) -> Iterator[Tried]:
    """Plan a study, follow each advice, and tell what the verdict then is."""
    pair = world.pair()
    now = verdicts(pair)
    open_uses = tuple(use for use in USES if now[use].decision == "INCONCLUSIVE")
    search = Search(pair=pair, rounds=rounds, power=power, open_uses=open_uses)
    for use in open_uses:
        guide = re.findall(r"About (\d+) items", now[use].settle)
        advice = {str(way): search.smallest(way, use) for way in ways}
        if guide:
            times = int(guide[0]) / pair.n
            size = Size(real=times, synthetic=times)
            advice["guide"] = Found(size=size, settles=True, probability=0.8, go=np.nan, no_go=np.nan)
        for way, found in advice.items():
            if found.settles and max(found.size.real, found.size.synthetic) * pair.n <= LARGEST:
                then = verdicts(world.larger(found.size))[use].decision
                yield Tried(use=use, way=way, found=found, decision=then)


def main(studies: int, first: int) -> None:
    """Print one line for each use and way: how often the advice settled it, and how often it was said to."""
    rows: dict[tuple[str, str], list[Tried]] = defaultdict(list)
    for seed in range(first, first + studies):
        for one in followed(drawn_world(seed)):
            rows[one.use, one.way].append(one)
            if one.way != "guide":
                rows["all", "all"].append(one)
    for (use, way), found in sorted(rows.items()):
        decided = np.mean([one.decision != "INCONCLUSIVE" for one in found])
        go, said = np.mean([one.decision == "GO" for one in found]), np.mean([one.found.go for one in found])
        sys.stdout.write(
            f"{use:<7} {way:<10} {len(found):>5} followed, decided {decided:.2f} (.80 said), "
            f"GO {go:.2f} ({said:.2f} said)\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
