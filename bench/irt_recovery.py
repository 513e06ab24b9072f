"""Simulate solvers and items whose truth is known; how close do fits of the two-parameter model come to it?

    python bench/irt_recovery.py [--worlds 8x200,50x1000,200x5000,400x10000] [--limit 400] [--peers .venv-irt-peers]

prints a section and writes it into docs/psychometrics.md. The peers' environment: make .venv-irt-peers.
"""

import argparse
import importlib.metadata
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acidtest.stats.irt.items import Items
from benchmark_page import write_section
from irt_world import simulated

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "psychometrics.md"
FloatArray = NDArray[np.float64]

LOG_DISCRIMINATION_SD = 0.3
"""Of the simulated items; the oracle knows it."""

PEERS = {"girth": "girth", "py_irt": "py-irt", "mirt": "mirt (Python)"}
R_PEER = "mirt (R)"
NO_R_PACKAGE = 3
BUSY = 4
"""Times its CPU time that a fit may take by the clock."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Scores [M, n], and the abilities [M] and items [n] that they come from."""

    scores: FloatArray
    ability: FloatArray
    items: Items


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """How far one fit is from the truth.

    Attributes:
        ability: Root mean squared error, after the linear map that gives the fit's abilities the true mean and
            spread (each package has a scale of its own).
        curve: Root mean squared error of the chance to be right, over all solvers and items.
        difficulty: Spearman's correlation with the true difficulties.
        discrimination: Root mean squared error, on the true scale.
        broken: Numbers that are not finite, of all that it gave.
        cpu: Seconds; NaN for the oracle.
    """

    ability: float
    curve: float
    difficulty: float
    discrimination: float
    broken: int
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", default="8x200,50x1000,200x5000,400x10000")
    parser.add_argument("--limit", type=int, default=300, help="seconds of CPU time that one fit may take")
    parser.add_argument("--peers", type=Path, default=HERE.parent / ".venv-irt-peers")
    given = parser.parse_args()
    python = given.peers / "bin" / "python"
    if not python.exists():
        sys.exit("The peers are not installed. Run: make .venv-irt-peers")
    rows, tired = [], set[str]()
    for size in given.worlds.split(","):
        solvers, items = (int(number) for number in size.split("x"))
        for missing in (0.0, 0.1):
            scores, ability, known = simulated(solvers, items, missing=missing, seed=solvers)
            world = World(scores=scores, ability=ability, items=known)
            for name, found in all_fits(world, python, given.limit, tired):
                rows.append(row(f"{solvers} x {items:,}" + (", 10 % missing" if missing else ""), name, found))
                print(rows[-1], file=sys.stderr)
    text = TEMPLATE.format(rows="\n".join(rows), versions=versions(python), limit=given.limit)
    print(text)
    write_section(text, PAGE)


def all_fits(world: World, python: Path, limit: int, tired: set[str]) -> list[tuple[str, Recovered | str]]:
    """Return what each package found of one world, or why it found nothing; the oracle first.

    Args:
        world: The truth, and the scores.
        python: The peers'.
        limit: Seconds of CPU time that a fit may take.
        tired: Packages that took longer on a table before this one, which are not tried again; they are added here.
    """
    found: list[tuple[str, Recovered | str]] = [("oracle", oracle(world))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "table.npz", scores=world.scores)
        np.savetxt(folder / "table.csv", world.scores, fmt="%g", delimiter=",")
        table = (folder / "table.csv").read_text("utf-8").replace("nan", "NA")
        (folder / "table.csv").write_text(table, "utf-8")
        found.append(("acidtest", npz_fit(world, Path(sys.executable), "acidtest", folder, limit)))
        for peer, shown in PEERS.items():
            one = "not tried: see above" if shown in tired else npz_fit(world, python, peer, folder, limit)
            if one == too_long(limit):
                tired.add(shown)
            found.append((shown, one))
        found.append((R_PEER, r_fit(world, folder, limit)))
    return found


def oracle(world: World) -> Recovered:
    """Return the error that is left where the other side is known: abilities by true items, items by true abilities."""
    from acidtest.stats.irt.ability import ability

    slope, easiness = items_of_known_solvers(world)
    items = recovered(world, world.ability, (slope, -easiness / slope), np.nan)
    known = ability(world.scores, world.items).value
    return replace(items, ability=rms(linked(world, known) - world.ability))


def items_of_known_solvers(world: World) -> tuple[FloatArray, FloatArray]:
    """Return discriminations and easinesses by Newton's method, given abilities and the true prior of the items."""
    seen = np.isfinite(world.scores)
    right = np.where(seen, world.scores, 0.0)
    log_slope, easiness = np.zeros(len(world.items)), np.zeros(len(world.items))
    ability = world.ability
    true_easiness = -world.items.discrimination * world.items.difficulty
    middle, spread = true_easiness.mean(), true_easiness.var()
    for _ in range(50):
        slope = np.exp(log_slope)
        chance = expit(slope * ability[:, None] + easiness)
        error, weight = np.where(seen, right - chance, 0.0), np.where(seen, chance * (1 - chance), 0.0)
        by_slope = slope * (ability @ error) - log_slope / LOG_DISCRIMINATION_SD**2
        by_easiness = error.sum(0) - (easiness - middle) / spread
        curve = slope**2 * (ability**2 @ weight) + 1 / LOG_DISCRIMINATION_SD**2
        both, level = slope * (ability @ weight), weight.sum(0) + 1 / spread
        determinant = curve * level - both**2
        log_slope = log_slope + np.clip((level * by_slope - both * by_easiness) / determinant, -0.7, 0.7)
        easiness = easiness + np.clip((curve * by_easiness - both * by_slope) / determinant, -1.5, 1.5)
    return np.exp(log_slope), easiness


def npz_fit(world: World, python: Path, peer: str, folder: Path, limit: int) -> Recovered | str:
    """Let one package fit the table in a process of its own."""
    result = folder / f"{peer}.npz"
    command = [python, HERE / "peers" / "irt_fit.py", peer, folder / "table.npz", result, str(limit)]
    failed = failure(command, limit)
    if failed:
        return failed
    with np.load(result) as read:
        return recovered(world, read["ability"], (read["discrimination"], read["difficulty"]), float(read["cpu"]))


def r_fit(world: World, folder: Path, limit: int) -> Recovered | str:
    """Let R's mirt fit the table, where both are installed."""
    result = folder / "r.csv"
    try:
        failed = failure(["Rscript", HERE / "peers" / "irt_fit.R", folder / "table.csv", result], limit)
    except FileNotFoundError:
        return "not installed"
    if failed:
        return failed
    ability, slope, difficulty, cpu = (
        np.array([float(cell) for cell in line.split(",")]) for line in result.read_text("utf-8").splitlines()
    )
    return recovered(world, ability, (slope, difficulty), float(cpu[0]))


def failure(command: Sequence[str | Path], limit: int) -> str:
    """Run a command; return "" or why there is no result."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    words = [str(word) for word in command]
    try:  # the fit ends itself by its CPU time; a busy machine gives it less than all of the time that passes
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=BUSY * limit)
    except subprocess.TimeoutExpired:
        return too_long(limit)
    if done.returncode == -signal.SIGXCPU:
        return too_long(limit)
    if done.returncode == NO_R_PACKAGE:
        return "not installed"
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return "fails: " + (done.stderr.strip().splitlines() or ["no message"])[-1][:80]
    return ""


def too_long(limit: int) -> str:
    return f"no result in {limit} s"


def recovered(world: World, ability: FloatArray, items: tuple[FloatArray, FloatArray], cpu: float) -> Recovered:
    """Return the errors of one fit, on the true scale."""
    slope, difficulty = items
    broken = int(sum((~np.isfinite(numbers)).sum() for numbers in (ability, slope, difficulty)))
    if broken:
        return Recovered(ability=np.nan, curve=np.nan, difficulty=np.nan, discrimination=np.nan, broken=broken, cpu=cpu)
    stretch = world.ability.std() / ability.std()
    true_slope, true_difficulty = slope / stretch, stretch * (difficulty - ability.mean()) + world.ability.mean()
    chance = expit(true_slope * (world.ability[:, None] - true_difficulty))
    ranks = [np.argsort(np.argsort(numbers)) for numbers in (true_difficulty, world.items.difficulty)]
    return Recovered(
        ability=rms(linked(world, ability) - world.ability),
        curve=rms(chance - world.items.expected(world.ability)),
        difficulty=float(np.corrcoef(*ranks)[0, 1]),
        discrimination=rms(true_slope - world.items.discrimination),
        broken=0,
        cpu=cpu,
    )


def linked(world: World, ability: FloatArray) -> FloatArray:
    """Return abilities on the true scale: with the mean and the spread that the true ones have."""
    unit: FloatArray = (ability - ability.mean()) / ability.std()
    return world.ability.mean() + world.ability.std() * unit


def rms(errors: FloatArray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def row(world: str, name: str, found: Recovered | str) -> str:
    if isinstance(found, str):
        return f"| {world} | {name} | {found} | | | | |"
    if found.broken:
        return f"| {world} | {name} | {found.broken:,} numbers are NaN or infinite | | | | {found.cpu:.2f} |"
    cpu = "" if np.isnan(found.cpu) else f"{found.cpu:.2f}"
    return (
        f"| {world} | {name} | {found.ability:.4f} | {found.curve:.4f} | {found.difficulty:.4f} "
        f"| {found.discrimination:.3f} | {cpu} |"
    )


def versions(python: Path) -> str:
    code = (
        "import importlib.metadata as m; "
        "print(*(f'{n} {m.version(n)}' for n in ('girth', 'py-irt', 'torch', 'mirt')), sep=', ')"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return f"acidtest {importlib.metadata.version('acidtest')}, {done.stdout.strip()}"


TEMPLATE = """\
# Does the fit find the truth?

`make psychometrics` measures this and writes this section.

Simulated answers of solvers (abilities N(0, 1)) to items (difficulties N(0, 1), log discriminations N(0, .3)), fitted
with the two-parameter model. **Oracle**: the other side is known, so no fit can be expected to do better: abilities are
estimated with the true items, items with the true abilities and their true prior.

| solvers x items | fit | ability | chance to be right | difficulty | discrimination | CPU s |
|---|---|---|---|---|---|---|
{rows}

- Errors are root mean squares; for difficulty, the rank correlation with the truth.
- Each package has a scale of its own; all abilities, the oracle's too, are first put on the true scale, by the linear
  map that gives them the true mean and spread. "Chance to be right" is compared at the true abilities.
- Each fit has {limit} seconds of CPU time on one thread; a package that took longer is not tried on later tables.
  CPU time shown is that of the fit and of the abilities, without imports and without compilation.
- Settings are the packages' own defaults: girth `twopl_mml` with `ability_eap`, mirt for Python `fit_mirt` with
  `fscores`, py-irt the hierarchical 2PL for its 2,000 epochs. R's mirt is tried where it is installed.

Versions: {versions}.
"""


if __name__ == "__main__":
    main()
