"""Simulate sets on one scale whose truth is known: do the intervals of `acidtest irt` hold, and what do its tests find?

    python bench/irt_scale.py [--rounds 100]

prints a section and writes it into docs/psychometrics.md.
"""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtri

from acidtest.compare.irt.calibrate import Calibration, calibrate
from acidtest.compare.irt.families import family_differences
from acidtest.compare.irt.item_sets import SetsOnScale
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.stats.estimate import Estimate, FloatArray
from benchmark_page import PSYCHOMETRICS, write_section

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SPREAD_OF_LOG_DISCRIMINATION = 0.4
USUAL = 0.05
BEYOND = 2.0
"""Difficulties count up to so far beyond all solvers, in the truth as in the estimates."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Solvers and two sets: the synthetic one is easier by `easier` on average, and for a family by `favour` more."""

    solvers: int
    real: int
    synthetic: int
    easier: float
    family: int = 0
    favour: float = 0.0
    differ: float = 0.0


SETS = (
    World(solvers=8, real=150, synthetic=100, easier=0.5),
    World(solvers=12, real=150, synthetic=100, easier=0.0),
    World(solvers=30, real=150, synthetic=100, easier=0.0),
    World(solvers=30, real=150, synthetic=100, easier=0.5),
    World(solvers=30, real=40, synthetic=400, easier=0.3),
    World(solvers=60, real=600, synthetic=400, easier=1.0),
)
FAMILIES = (
    World(solvers=10, real=150, synthetic=100, easier=0.3, family=1),
    World(solvers=30, real=150, synthetic=100, easier=0.3, family=5),
    World(solvers=30, real=150, synthetic=100, easier=0.3, family=5, differ=0.3),
    World(solvers=10, real=150, synthetic=100, easier=0.3, family=1, favour=0.5),
    World(solvers=30, real=150, synthetic=100, easier=0.3, family=5, favour=0.3),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    text = TEMPLATE.format(
        rounds=rounds,
        sets="\n".join(sets_row(world, rounds) for world in SETS),
        families="\n".join(families_row(world, rounds) for world in FAMILIES),
    )
    print(text)
    write_section(text, PSYCHOMETRICS)


def drawn(world: World, rng: np.random.Generator) -> tuple[Calibration, FloatArray, FloatArray]:
    """Return a calibration of simulated answers, the true abilities, and each solver's favour on the synthetic set."""
    ability = rng.normal(size=world.solvers)
    ability = (ability - ability.mean()) / ability.std()
    n = world.real + world.synthetic
    slope = np.exp(rng.normal(0, SPREAD_OF_LOG_DISCRIMINATION, n))
    difficulty = rng.normal(0, 1, n) - np.repeat([0, world.easier], [world.real, world.synthetic])
    members = np.arange(world.solvers) < world.family
    order = rng.permutation(world.solvers)
    ability = ability[order]
    favour = members * world.favour + rng.normal(size=world.solvers) * world.differ
    on_set = np.repeat([[0.0, 1.0]], [world.real, world.synthetic], axis=1)
    right = rng.random((world.solvers, n)) < expit(slope * (ability[:, None] + favour[:, None] * on_set - difficulty))
    models = tuple(f"m{i}" for i in range(world.solvers))
    matrix = ScoreMatrix(
        models=models,
        items=tuple(f"i{i}" for i in range(n)),
        benchmark=("real",) * world.real + ("synthetic",) * world.synthetic,
        scores=right.astype(np.float64),
        kinds={},
        generators={"synthetic": "m0"} if world.family else {},
        families={m: "own" if inside else m for m, inside in zip(models, members, strict=True)},
        topics=("",) * n,
        bundles=("",) * n,
    )
    return calibrate(matrix, real="real"), ability, favour


def true_difficulties(easier: float, ability: FloatArray) -> FloatArray:
    """Return difficulties of a set without end, counted up to as far beyond the solvers as the estimates are."""
    even = ndtri((np.arange(20_000) + 0.5) / 20_000) - easier
    return np.clip(even, ability.min() - BEYOND, ability.max() + BEYOND)


def sets_row(world: World, rounds: int) -> str:
    """Return one row: how often each interval holds the truth, in a hundred studies."""
    held: dict[str, list[bool]] = {}
    naive, seen, wide = [], [], []
    for k in range(rounds):
        calibration, ability, _ = drawn(world, np.random.default_rng(k))
        sets = SetsOnScale(calibration, seed=k, level=0.95)
        difference, one = sets.difference("synthetic"), sets.item_set("synthetic")
        real, synthetic = true_difficulties(0.0, ability), true_difficulties(world.easier, ability)
        truth = real.mean() - synthetic.mean()
        found: dict[str, tuple[Estimate, float]] = {
            "easier": (difference.easier_by, truth),
            "distance": (difference.distance, truth),
            "below": (one.share["below"], float((synthetic < ability.min()).mean())),
            "hard": (one.difficulty["q90"], float(np.quantile(synthetic, 0.9))),
            "slope": (difference.discrimination_ratio, 1.0),
        }
        for name, (estimate, true) in found.items():
            held.setdefault(name, []).append(estimate.low <= true <= estimate.high)
        b = calibration.fit.items.difficulty
        naive.append(float(b[: world.real].mean() - b[world.real :].mean()))
        seen.append(difference.easier_by.value)
        wide.append(difference.easier_by.high - difference.easier_by.low)
    cells = [f"{100 * np.mean(held[name]):.0f}" for name in ("easier", "distance", "below", "hard", "slope")]
    return (
        f"| {world.solvers} | {world.real} + {world.synthetic} | {world.easier:g} | {np.mean(seen):.2f} | "
        f"{np.mean(naive):.2f} | {np.mean(wide):.2f} | {' | '.join(cells)} |"
    )


def families_row(world: World, rounds: int) -> str:
    """Return one row: how often the own family is found, and how often the interval holds the truth."""
    p, spread, held, value = [], [], [], []
    for k in range(rounds):
        calibration, _, favour = drawn(world, np.random.default_rng(1000 + k))
        sets = SetsOnScale(calibration, seed=k, level=0.95)
        items = {name: sets.items(name) for name in calibration.matrix.benchmarks}
        rows = family_differences(calibration, "synthetic", level=0.95, items=items)
        own = next(row for row in rows if row.own)
        inside = np.arange(world.solvers) < world.family
        truth = favour[inside].mean() - favour[~inside].mean()
        p.append(own.p)
        spread.append(own.p_spread)
        held.append(own.ability.low <= truth <= own.ability.high)
        value.append(own.ability.value)
    return (
        f"| {world.solvers} | {world.family} | {world.favour:g} | {world.differ:g} | {np.mean(value):.2f} | "
        f"{percent(held)} | {percent(np.array(p) < USUAL)} | {percent(np.array(spread) < USUAL)} |"
    )


def percent(of: "ArrayLike") -> str:
    """Return how many in a hundred."""
    return f"{100 * np.mean(of):.0f}"


TEMPLATE = """\
# Two sets on one scale

`make psychometrics` simulates this and writes this section: {rounds} studies per row. Abilities and difficulties are
normal with standard deviation 1, log discriminations with .4; the synthetic items are easier by the number given.

Per hundred studies, how often the 95 % interval of `acidtest irt` holds the truth:

| solvers | items | easier by | seen | single items | width | easier by | distance | below all | hardest | slope |
|---|---|---|---|---|---|---|---|---|---|---|
{sets}

*Items* are real + synthetic. *Seen* is the mean of the estimates; *single items* what the means of the items' own
estimates would say, which the fit draws towards all items' middle. *Width* is the mean width of the interval of *easier
by*. Then come the rates: of *easier by* itself; of the distance, which holds the truth of sets that are alike if its
interval begins at 0; of the share of items below all solvers; of where the hardest tenth begins; and of the ratio of
discriminations.

Is the synthetic set easier for the family that wrote it? Per hundred studies, how often the interval holds the truth,
and how often p is below .05, over items and against how much solvers differ anyway (favour and differences in standard
deviations of ability):

| solvers | of the family | favour | solvers differ by | seen | interval holds | p < .05 | p of spread < .05 |
|---|---|---|---|---|---|---|---|
{families}

Where there is no favour and solvers do not differ, both tests should find 5. Where solvers differ anyway, the first
test finds what is there: this family, as any other, does better or worse on such items. The second asks whether it is
out of the ordinary.
"""


if __name__ == "__main__":
    main()
