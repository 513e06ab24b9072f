"""Measure what the statistics cost: the rank bootstrap beside other ways to do it, and `acidtest audit` of big tables.

    python bench/cost_of_statistics.py [--repeats 3] [--ours]

prints a section and writes it into docs/benchmarks.md. `--ours` leaves the others out, and writes nothing.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark_page import write_section
from process_cost import Cost, cost_of

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers" / "bin"
PUBLISHED = HERE.parent / "examples" / "published" / "politics_ner.csv"
SOLVERS, ITEMS, ROUNDS = 100, 10_000, 10_000
MOST_AUDIT, MOST_PEAK, MOST_SMALL_AUDIT, MOST_HELP = 6.0, 500, 1.0, 0.3


@dataclass(frozen=True, kw_only=True)
class Task:
    """One bootstrap: which scores, which statistic, and how many CPU seconds it may take us."""

    name: str
    statistic: str
    form: str
    most: float


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to do it, and how many rounds it is run for; its time is scaled to ROUNDS."""

    name: str
    word: str
    rounds: int


TASKS = (
    Task(name="Spearman, right or wrong", statistic="srcc", form="right-or-wrong", most=1),
    Task(name="Spearman, real-valued", statistic="srcc", form="real-valued", most=4),
    Task(name="Kendall's tau-b, right or wrong", statistic="kendall_tau", form="right-or-wrong", most=3),
    Task(name="Kendall's tau-b, real-valued", statistic="kendall_tau", form="real-valued", most=12),
    Task(name="pairwise agreement, right or wrong", statistic="pairwise_agreement", form="right-or-wrong", most=3),
    Task(name="pairwise agreement, real-valued", statistic="pairwise_agreement", form="real-valued", most=12),
)
OURS = Way(name="acidtest", word="acidtest", rounds=ROUNDS)
OTHERS = (
    Way(name="`scipy.stats.bootstrap`", word="scipy", rounds=100),
    Way(name="arch", word="arch", rounds=100),
    Way(name="plain loop", word="loop", rounds=100),
    Way(name="counts times scores", word="product", rounds=500),
)


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """CPU seconds of ROUNDS resamples, run by run, and the interval of the last run."""

    cpu: Sequence[float]
    low: float
    high: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ours", action="store_true", help="leave the other ways out; write no page")
    given = parser.parse_args()
    ways = [OURS] if given.ours else [OURS, *OTHERS]
    if not given.ours and not (PEERS / "python").exists():
        sys.exit("The other ways are not installed. Run: make .venv-peers")
    bootstraps = {task: measure(task, ways, given.repeats) for task in TASKS}
    text = TEMPLATE.format(
        goals="\n".join([*map(bootstrap_goal, TASKS, bootstraps.values()), *audit_rows(given.repeats)]),
        heads=" | ".join(way.name for way in ways),
        line="|".join("---" for _ in ways),
        ratios="\n".join(ratio_row(task, bootstraps[task]) for task in TASKS),
        intervals="\n".join(interval_row(task, bootstraps[task]) for task in TASKS),
        rounds=", ".join(f"{way.name} {way.rounds:,}" for way in ways),
        machine=machine(),
        versions=versions(given.ours),
        repeats=given.repeats,
    )
    print(text)
    if not given.ours:
        write_section(text)


def measure(task: Task, ways: Sequence[Way], repeats: int) -> list[Bootstrap]:
    """Run all ways in turn, round by round, so that a slow minute of the machine meets all of them."""
    cpus: list[list[float]] = [[] for _ in ways]
    ends = [(0.0, 0.0)] * len(ways)
    with tempfile.TemporaryDirectory() as folder:
        write_scores(Path(folder), task.form)
        for _ in range(repeats):
            for place, way in enumerate(ways):
                python = sys.executable if way is OURS else PEERS / "python"
                command = [python, HERE / "peers" / "rank_bootstraps.py", way.word, task.statistic, str(way.rounds)]
                environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
                done = subprocess.run(
                    command, cwd=folder, env=environment, capture_output=True, text=True, check=True
                ).stdout
                cpu, *interval = (float(word) for word in done.split())
                cpus[place].append(cpu * ROUNDS / way.rounds)
                ends[place] = (interval[0], interval[1])
                print(f"{task.name}: {way.name}: {cpus[place][-1]:.2f} CPU s", file=sys.stderr)
    return [Bootstrap(cpu=cpu, low=low, high=high) for cpu, (low, high) in zip(cpus, ends, strict=True)]


def write_scores(folder: Path, form: str, items: int = ITEMS, solvers: int = SOLVERS) -> None:
    """Write simulated scores into the folder, see `simulated_scores.py`."""
    command = [sys.executable, HERE / "simulated_scores.py", folder, form, str(items), str(solvers)]
    subprocess.run(command, check=True)


def audit_rows(repeats: int) -> list[str]:
    """Return the rows of goals of whole commands."""
    start: list[str | Path] = [sys.executable, "-m", "acidtest"]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for items, solvers in ((ITEMS, SOLVERS), (ITEMS // 2, SOLVERS), (ITEMS, SOLVERS // 2)):
            write_scores(folder, "table", items, solvers)
            command = [*start, "audit", "scores.parquet", "--real", "real", "--json", "report.json"]
            costs = [cost_of(command, folder=folder, variables={}) for _ in range(repeats)]
            what = f"`acidtest audit`, {solvers} solvers x {items:,} items x 2 sets"
            whole = (items, solvers) == (ITEMS, SOLVERS)
            rows += cost_rows(what, costs, whole=whole)
        audits = [
            cost_of([*start, "audit", PUBLISHED, "--real", "original"], folder=folder, variables={}).cpu
            for _ in range(repeats)
        ]
        helps = [cost_of([*start, "--help"], folder=folder, variables={}).cpu for _ in range(repeats)]
    what = "`acidtest audit` of the published scores (six solvers)"
    rows.append(goal(what, f"{statistics.median(audits):.2f} CPU s", statistics.median(audits), MOST_SMALL_AUDIT))
    rows.append(goal("`acidtest --help`", f"{statistics.median(helps):.2f} CPU s", statistics.median(helps), MOST_HELP))
    return rows


def cost_rows(what: str, costs: Sequence[Cost], *, whole: bool) -> list[str]:
    cpu, peak = statistics.median(cost.cpu for cost in costs), statistics.median(cost.peak for cost in costs)
    if not whole:
        return [f"| {what} | {cpu:.2f} CPU s, {peak:.0f} MB | | |"]
    return [
        goal(f"{what}, all statistics", f"{cpu:.2f} CPU s", cpu, MOST_AUDIT),
        goal("its peak memory", f"{peak:.0f} MB", peak, MOST_PEAK),
    ]


def bootstrap_goal(task: Task, found: Sequence[Bootstrap]) -> str:
    cpu = statistics.median(found[0].cpu)
    return goal(f"bootstrap: {task.name}", f"{cpu:.2f} CPU s", cpu, task.most)


def goal(what: str, shown: str, value: float, most: float) -> str:
    return f"| {what} | {shown} | {most:g} | {'met' if value <= most else '**missed**'} |"


def ratio_row(task: Task, found: Sequence[Bootstrap]) -> str:
    cells = []
    for one in found:
        ratios = [theirs / own for theirs, own in zip(one.cpu, found[0].cpu, strict=True)]
        spread = f" ({min(ratios):.3g} to {max(ratios):.3g})" if one is not found[0] else ""
        cells.append(f"{statistics.median(ratios):.3g}{spread}")
    return f"| {task.name} | {' | '.join(cells)} |"


def interval_row(task: Task, found: Sequence[Bootstrap]) -> str:
    return f"| {task.name} | {' | '.join(f'{one.low:.3f} to {one.high:.3f}' for one in found)} |"


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()}, {platform.machine()}, {python}"


def versions(ours: bool) -> str:  # noqa: FBT001  # the one question there is
    code = (
        "import importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in ('numpy', 'scipy', 'arch')), sep=', ')"
    )
    if ours:
        return "not installed"
    return subprocess.run([PEERS / "python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


TEMPLATE = """\
# What the statistics cost

`make bench` measures this and writes this section.

## Goals of the statistics

| what | measured | at most | |
|---|---|---|---|
{goals}

## The rank bootstrap beside other ways

10,000 resamples of the items of two sets, each of 10,000 items, answered by 100 solvers; CPU time, times acidtest's:

| | {heads} |
|---|{line}|
{ratios}

Medians of {repeats} rounds; in brackets, the range over the rounds. The 95 % intervals that they give:

| | {heads} |
|---|{line}|
{intervals}

## How the statistics are measured

- **This bootstrap is not acidtest's interval.** Resampling items adds their noise a second time, and the interval then
  mostly misses the true rank correlation. `acidtest.stats.rank_bootstrap` is there to be set beside the posterior's.
- **CPU time**, user and system, on one thread. That of a bootstrap is the call alone, after a first call in the same
  process, so neither imports nor the compiler count; that of a command is the whole process.
- Resamples that each way draws in a run:
  {rounds}.
  The time of fewer is scaled up to 10,000, for it grows evenly with them; ends of intervals from so few are rough.
- **Ratios, not seconds**, carry over to other machines: in each round all ways run one after the other, and the ratio
  is taken within the round.
- The plain loop draws items, takes means and ranks them; `scipy.stats.bootstrap` runs vectorised with batches of 10,
  arch as `IndependentSamplesBootstrap`. Counts times scores is the quickest way in a few lines of NumPy: a matrix
  product in 32-bit floats, which for real-valued scores rounds its sums. Ranks and tau are SciPy's in all of them; for
  agreement they look at every pair.
- The first call for much work loads the compiled part, and the first one ever compiles it: about half a CPU second.
  Small work stays with NumPy, which gives the same draws to the last bit.
- The table of the audit is Parquet in long form: benchmark, model, item, score. Items or solvers halved show how the
  cost grows; most of what is left then is the start of the process and its imports.

Measured on: {machine}; one thread. Versions of the peers' environment: {versions}.
"""


if __name__ == "__main__":
    main()
