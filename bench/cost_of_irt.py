"""Measure what a fit of item response theory costs, and how near its abilities are to those with known items.

    python bench/cost_of_irt.py [--repeats 5]

prints a section and writes it into docs/benchmarks.md.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.fit import fit_irt
from benchmark_page import write_section
from irt_world import on_fitted_scale, simulated

SIZES = ((8, 200), (50, 1000), (200, 5000), (400, 10000), (1000, 10000))
GOAL_SIZE, GOAL, GOAL_RATIO = (400, 10000), 0.5, 1.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    threadpool_limits(1)
    fit_irt(simulated(100, 100)[0])  # the compiler is loaded and its work kept
    rows = [row(size, missing, given.repeats) for size in SIZES for missing in (0.0, 0.1)]
    text = TEMPLATE.format(rows="\n".join(rows), repeats=given.repeats, machine=machine(), goal=GOAL)
    print(text)
    write_section(text)


def row(size: tuple[int, int], missing: float, repeats: int) -> str:
    """Fit one simulated table several times, and place its solvers on the true items."""
    scores, truth, known = simulated(*size, missing, 0)
    truth, known = on_fitted_scale(truth, known)
    fit = fit_irt(scores)
    placed = ability(scores, known)
    ours, oracle = (float(np.sqrt(np.mean((x - truth) ** 2))) for x in (fit.ability, placed.value))
    fitting = cost(lambda: fit_irt(scores), repeats)
    placing = cost(lambda: ability(scores, known), repeats)
    goal = f"{GOAL} s, {GOAL_RATIO:g}" if size == GOAL_SIZE else ""
    verdict = ("met" if fitting <= GOAL and ours <= GOAL_RATIO * oracle else "**missed**") if goal else ""
    table = f"{size[0]} x {size[1]:,}" + (", 10 % missing" if missing else "")
    print(table, f"{fitting:.3f} s", file=sys.stderr)
    return (
        f"| {table} | {fitting:.3f} | {fit.sweeps} | {ours:.4f} | {oracle:.4f} | {ours / oracle:.3f} | {goal} | "
        f"{verdict} | {placing:.4f} |"
    )


def cost(call: Callable[[], object], repeats: int) -> float:
    """Return the median CPU seconds of a call."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()}, {platform.machine()}, {python}"


TEMPLATE = """\
# What a fit of item response theory costs

`make bench` measures this and writes this section.

Discriminations and difficulties (2PL) of all items and abilities of all solvers, from a table of scores:

| solvers x items | CPU s | sweeps | error of abilities | with known items | ratio | at most | | CPU s, known items |
|---|---|---|---|---|---|---|---|---|
{rows}

Medians of {repeats} rounds. Errors are root mean squares, in standard deviations of ability.

## How the fit is measured

- CPU time of one call of `fit_irt` on scores [solvers, items] in double precision, on one thread: from the
  conversion of scores to standard errors and warnings. Imports and compilation do not count; compiled code is kept.
- **With known items** is the least error that can be hoped for: abilities from the same scores and the true items
  (`ability`, its cost in the last column).
- Simulated: abilities and difficulties standard normal, discriminations log-normal with standard deviation .3.
- Tables of fewer than 4,096 cells are summed by NumPy, as loading the compiler would take longer.

Measured on: {machine}; one thread.
"""


if __name__ == "__main__":
    main()
