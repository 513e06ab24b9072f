"""Measure `acidtest audit` of score tables that are larger than memory, and check what it says of them.

    python bench/large_audit.py [--wide MODELS ITEMS] [--long MODELS ITEMS] [--folder FOLDER]

writes the tables in chunks (some gigabytes, in a temporary folder unless one is named; tables that stand there already
are used again), audits them in a process of its own, prints a table and, at the usual sizes, writes its section of
docs/benchmarks.md.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from benchmark_page import write_section
from cost_of_a_call import machine
from large_world import World, write_long, write_wide
from process_cost import Cost, cost_of

WIDE, LONG = (1_000, 1_000_000), (1_000, 100_000)
MOST_GIGABYTES, MOST_MINUTES = 4.0, 15
SETS = ("real", "fake")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One audit."""

    form: str
    models: int
    items: int
    size: float
    cost: Cost
    error: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wide", type=int, nargs=2, default=WIDE)
    parser.add_argument("--long", type=int, nargs=2, default=LONG)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    measured = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for form, size in (("wide", given.wide), ("long", given.long)):
            if size[0]:
                measured.append(measure(form, World(models=size[0], items=size[1]), folder))
                print(measured[-1], file=sys.stderr, flush=True)
    text = page(measured)
    print(text)
    if (tuple(given.wide), tuple(given.long)) == (WIDE, LONG):
        write_section(text)


def measure(form: str, world: World, folder: Path) -> Measured:
    """Audit both sets in one form."""
    write: Callable[..., object] = write_wide if form == "wide" else write_long
    files = [folder / f"{form}-{world.models}-{world.items}-{name}.parquet" for name in SETS]
    truths = []
    for name, file in zip(SETS, files, strict=True):
        known = file.with_suffix(".npy")
        if not known.exists():
            np.save(known, write(world, name, file))
        truths.append(np.load(known))
    named = [word for name in SETS for word in ("--benchmark", name)] if form == "wide" else []
    command = [Path(sys.executable).parent / "acidtest", "audit", *files, "--real", "real", *named]
    result, html = folder / "audit.json", folder / "audit.html"
    cost = cost_of([*command, "--json", result, "--html", html], folder=folder, variables={})
    found = orjson.loads(result.read_bytes())
    error = max(
        abs(found["scores"][name][model]["value"] - truth)
        for name, means in zip(SETS, truths, strict=True)
        for model, truth in zip(world.names, means.tolist(), strict=True)
    )
    print(f"JSON {result.stat().st_size:,}, HTML {html.stat().st_size:,} bytes", file=sys.stderr)
    print(f"terminal {len((folder / 'output.txt').read_text('utf-8').splitlines())} lines", file=sys.stderr)
    size = sum(file.stat().st_size for file in files) / 1e9
    return Measured(form=form, models=world.models, items=world.items, size=size, cost=cost, error=error)


def page(measured: Sequence[Measured]) -> str:
    """Return the section."""
    rows = "\n".join(
        f"| {one.form} | {one.models:,} | {one.items:,} | {2 * one.models * one.items / 1e6:,.0f} million | "
        f"{one.size:.1f} GB | {one.cost.peak / 1e3:.2f} GB | {one.cost.cpu:,.0f} s | {one.cost.wall:,.0f} s | "
        f"{one.error:.0e} |"
        for one in measured
    )
    return f"""# Score tables larger than memory

`acidtest audit real.parquet fake.parquet --real real --json FILE --html FILE` of a real and a synthetic set with as
many items each, on {machine()}. Scores are 0 or 1, from solvers of known ability on items of
known difficulty; wide tables have one column per solver, long ones one row per score. Items are summed up in 2,000
blocks ([scores.md](scores.md)). Promised: 1,000 models on 1,000,000 items below {MOST_GIGABYTES:g} GB of memory in less
than {MOST_MINUTES} minutes. `make large` measures it.

| form | models | items of each set | scores | files | peak memory | CPU | wall | largest error of a score |
|---|---|---|---|---|---|---|---|---|
{rows}

Wall time depends on what else runs: the load average of the machine was {os.getloadavg()[0]:.0f} at the end.

The error is the largest difference between a score that the audit reports and the mean that was counted as the table
was written.
"""


if __name__ == "__main__":
    main()
