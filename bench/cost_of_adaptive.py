"""Measure what an adaptive test of one solver costs, over a large bank, beside catsim.

    python bench/cost_of_adaptive.py [--solvers 9] [--items 10000] [--asked 100]

prints a section and writes it into docs/benchmarks.md.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmark_page import write_section

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers" / "bin"
MOST = 50.0
"""Milliseconds that a test may cost."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solvers", type=int, default=9)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=100)
    given = parser.parse_args()
    if not (PEERS / "python").exists():
        sys.exit("The peers are not installed. Run: make .venv-peers")
    rng = np.random.default_rng(0)
    items = np.column_stack([rng.lognormal(0, 0.4, given.items), rng.normal(0, 1.2, given.items)])
    truth = rng.normal(0, 1, given.solvers)
    chance = 1 / (1 + np.exp(-items[:, 0] * (truth[:, None] - items[:, 1])))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "items.npy", items)
        np.save(folder / "scores.npy", (rng.random(chance.shape) < chance).astype(float))
        ours, found = tested(Path(sys.executable), "acidtest", folder, given.asked)
        theirs, other = tested(PEERS / "python", "catsim", folder, given.asked)
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    text = TEMPLATE.format(
        items=f"{given.items:,}",
        asked=given.asked,
        solvers=given.solvers,
        own=f"{statistics.median(ours):.0f}",
        most=f"{MOST:g}",
        verdict="met" if statistics.median(ours) <= MOST else "**missed**",
        peer=f"{statistics.median(theirs):,.0f}",
        ratio=f"{statistics.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})",
        own_error=f"{np.sqrt(np.square(np.array(found) - truth).mean()):.3f}",
        peer_error=f"{np.sqrt(np.square(np.array(other) - truth).mean()):.3f}",
        machine=machine(),
        version=version(),
    )
    print(text)
    write_section(text)


def tested(python: Path, way: str, folder: Path, asked: int) -> tuple[list[float], list[float]]:
    """Return milliseconds of CPU time for each solver's test, and the abilities found."""
    command = [str(python), str(HERE / "peers" / "adaptive_test.py"), way, str(folder), str(asked)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    *times, abilities = done.stdout.splitlines()
    return [1000 * float(line) for line in times], [float(x) for x in abilities.split()]


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()}, {platform.machine()}, {python}"


def version() -> str:
    code = "import importlib.metadata as m; print('catsim', m.version('catsim'))"
    return subprocess.run([PEERS / "python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


TEMPLATE = """\
# What an adaptive test costs

`make bench` measures this and writes this section.

One solver, a bank of {items} items, {asked} of them asked one by one, in milliseconds of CPU time:

| | acidtest | at most | | catsim | times acidtest |
|---|---|---|---|---|---|
| the whole test | {own} | {most} | {verdict} | {peer} | {ratio} |
| root mean square error of the ability | {own_error} | | | {peer_error} | |

Medians of {solvers} solvers; in brackets, the range over them. After each answer the ability is estimated anew, and
the information of every item at that ability looked at. acidtest's ability is the likeliest under a normal prior,
catsim's the likeliest without one, so they do not ask the same items. Time of calls alone: imports do not count.

Measured on: {machine}; one thread. Peer: {version}.
"""


if __name__ == "__main__":
    main()
