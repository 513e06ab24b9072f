"""Measure what a fit of item response theory costs, and how near its abilities are to those with known items.

    python bench/cost_of_irt.py [--tables 10]

prints a section and writes it into docs/benchmarks.md.
"""

import argparse
import os
import platform
import statistics
import sys
import time

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
    parser.add_argument("--tables", type=int, default=10)
    given = parser.parse_args()
    threadpool_limits(1)
    fit_irt(simulated(100, 100)[0])  # the compiler is loaded and its work kept
    rows = [row(size, missing, given.tables) for size in SIZES for missing in (0.0, 0.1)]
    text = TEMPLATE.format(rows="\n".join(rows), tables=given.tables, machine=machine(), goal=GOAL)
    print(text)
    write_section(text)


def row(size: tuple[int, int], missing: float, tables: int) -> str:
    """Fit simulated tables, and place their solvers on the true items."""
    rounds = [measured(size, missing, seed) for seed in range(tables)]
    fitting, placing = (statistics.median(one[which] for one in rounds) for which in ("fitting", "placing"))
    ours, oracle = (statistics.fmean(one[which] for one in rounds) ** 0.5 for which in ("ours", "oracle"))
    ratios = [(one["ours"] / one["oracle"]) ** 0.5 for one in rounds]
    goal = f"{GOAL} s, {GOAL_RATIO:g}" if size == GOAL_SIZE else ""
    verdict = ("met" if fitting <= GOAL and ours <= GOAL_RATIO * oracle else "**missed**") if goal else ""
    table = f"{size[0]} x {size[1]:,}" + (", 10 % missing" if missing else "")
    print(table, f"{fitting:.3f} s", file=sys.stderr)
    sweeps = statistics.median(one["sweeps"] for one in rounds)
    return (
        f"| {table} | {fitting:.3f} | {sweeps:g} | {ours:.4f} | {oracle:.4f} | "
        f"{ours / oracle:.3f} ({min(ratios):.3f} to {max(ratios):.3f}) | {goal} | {verdict} | {placing:.4f} |"
    )


def measured(size: tuple[int, int], missing: float, seed: int) -> dict[str, float]:
    """Return CPU seconds, sweeps and mean squared errors of one table."""
    scores, truth, known = simulated(*size, missing, seed)
    truth, known = on_fitted_scale(truth, known)
    begun = time.process_time()
    fit = fit_irt(scores)
    fitted = time.process_time()
    placed = ability(scores, known)
    ended = time.process_time()
    ours, oracle = (float(np.mean((x - truth) ** 2)) for x in (fit.ability, placed.value))
    seconds = {"fitting": fitted - begun, "placing": ended - fitted}
    return {**seconds, "sweeps": fit.sweeps, "ours": ours, "oracle": oracle}


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

{tables} tables of each size: medians of CPU time, errors as root mean squares over all of them, in standard deviations
of ability. Ratio: of these errors, and in brackets the range over the tables.

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
