"""Measure how much memory an evaluation takes as its items grow: `acidtest evaluate` against the mock server.

    python bench/memory_of_evaluation.py [--sizes 1000 10000 100000 300000] [--tasks intent reading]

prints a table and, unless sizes or tasks are named, writes its section of docs/benchmarks.md.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson

from benchmark_page import write_section
from cost_of_a_call import in_folder, machine, mock_server
from harnesses import WORDS
from process_cost import Cost, cost_of

SIZES, TASKS = (1_000, 10_000, 100_000, 300_000), ("intent", "reading")
PROMISED, MOST = 100_000, 400
"""Items of each set that are to be evaluated, within so many megabytes."""

MODELS = 3
POOL = 300
LABELS = ("alarm", "music", "weather", "travel", "bank", "other")
CLASSIC = {"intent": "tfidf_logreg", "reading": "overlap_sentence"}
STUDY = """\
study: memory of an evaluation
task: {task}
real: {{path: real.jsonl, pool: pool.jsonl}}
synthetic:
  - {{name: made, path: made.jsonl}}
models:
  first: {{use: "openai:choose:alarm|music|weather|travel", base_url: "{url}", connections: 64}}
  second: {{use: "openai:choose:alarm|music|none", base_url: "{url}", connections: 64}}
  third: {{use: "openai:fixed:alarm", base_url: "{url}", connections: 64}}
solvers: [first, second, third, "classic:{classic}"]
limits: {{max_calls: {calls}}}
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The commands of one study: the first stops in the middle, the second goes on, the third compares."""

    task: str
    items: int
    fresh: Cost
    resumed: Cost
    compared: Cost

    @property
    def peak(self) -> float:
        """Megabytes that `acidtest evaluate` held at most."""
        return max(self.fresh.peak, self.resumed.peak)

    @property
    def cpu(self) -> float:
        """CPU seconds of `acidtest evaluate`."""
        return self.fresh.cpu + self.resumed.cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    given = parser.parse_args()
    measured = []
    with mock_server(latency=0.0) as url:
        for task in given.tasks:
            for items in given.sizes:
                measured.append(in_folder(partial(measure, task, items, url)))
                print(measured[-1], file=sys.stderr, flush=True)
    text = page(measured)
    print(text)
    if (tuple(given.sizes), tuple(given.tasks)) == (SIZES, TASKS):
        write_section(text)


def measure(task: str, items: int, url: str, folder: Path) -> Measured:
    """Evaluate half of a study, then the rest; compare."""
    for name, count in (("real", items), ("made", items), ("pool", POOL)):
        write_items(folder / f"{name}.jsonl", task, count)
    all_calls = 2 * MODELS * items
    costs = []
    for calls in (all_calls // 2, all_calls):
        study = STUDY.format(task=task, url=url, classic=CLASSIC[task], calls=calls)
        (folder / "study.yaml").write_text(study, "utf-8")
        costs.append(command("evaluate", "study.yaml", "-o", "run", folder=folder, stops=calls < all_calls))
    compared = command("compare", "run", folder=folder)
    return Measured(task=task, items=items, fresh=costs[0], resumed=costs[1], compared=compared)


def command(*words: str, folder: Path, stops: bool = False) -> Cost:
    """Run a command of acidtest; `stops`: it is to end where the limit of calls is reached."""
    whole: list[str | Path] = [sys.executable, "-m", "acidtest", *words]
    if stops:
        whole = ["sh", "-c", '"$@"; test $? -eq 2', "sh", *whole]
    return cost_of(whole, folder=folder, variables={"ACIDTEST_CACHE": str(folder / "cache")}, terminal=True)


def write_items(path: Path, task: str, count: int) -> None:
    """Write items of some 45 words; the same count gives the same items."""
    rng = random.Random(f"{path.stem} {count}")
    with path.open("wb") as file:
        for number in range(count):
            words, label = " ".join(rng.choices(WORDS, k=40)), rng.choice(LABELS)
            row = {"id": f"{path.stem}-{number}"}
            if task == "intent":
                row |= {"text": f"Request {number}: {words}, please.", "label": label}
            else:
                row |= {"passage": f"{words}. The word is {label}.", "question": f"Which word ({number})?"}
                row |= {"answer": label}
            file.write(orjson.dumps(row) + b"\n")


def page(measured: Sequence[Measured]) -> str:
    """Return the section as Markdown."""
    rows = [
        f"| {one.task} | {one.items:,} | {one.fresh.peak:.0f} | {one.resumed.peak:.0f} | {goal(one)} "
        f"| {one.cpu * 1_000 / (2 * (MODELS + 1) * one.items):.3f} | {one.compared.peak:.0f} |"
        for one in measured
    ]
    return TEMPLATE.format(rows="\n".join(rows), growth="\n".join(growth(measured)), pool=POOL, machine=machine())


def goal(one: Measured) -> str:
    if one.items != PROMISED:
        return ""
    return f"{MOST}: {'met' if one.peak <= MOST else '**missed**'}"


def growth(measured: Sequence[Measured]) -> list[str]:
    """Return the rows of the table of growth: between the two largest sizes of each task."""
    rows = []
    for task in dict.fromkeys(one.task for one in measured):
        of_task = sorted((one for one in measured if one.task == task), key=lambda one: one.items)
        if len(of_task) > 1:
            small, large = of_task[-2:]
            items = 2 * (large.items - small.items)
            evaluate, compare = (
                (getattr(large, what).peak - getattr(small, what).peak) * 1e6 / items
                for what in ("resumed", "compared")
            )
            rows.append(f"| {task} | {small.items:,} to {large.items:,} | {evaluate:.0f} | {compare:.0f} |")
    return rows


TEMPLATE = """\
# Memory

`make bench` measures this and writes this section.

The most memory, in MB, that `acidtest evaluate` holds:

| task | items of each set | stopped half-way | resumed | at most | CPU s per 1,000 answers | `compare` |
|---|---|---|---|---|---|---|
{rows}

How it grows, in bytes per further item:

| task | items of each set | `evaluate` | `compare` |
|---|---|---|---|
{growth}

## How memory is measured

- The peak is that of the whole process, as the operating system counts it (resident memory).
- A study has a real and a synthetic set of so many items, 250 to 350 characters each, a pool of {pool} items, three
  language models on the mock server over 64 connections each, and a classic solver. The response cache is on. The first
  command stops at the study's limit of calls, when half of the answers are there; the second asks for the rest and
  writes the scores.
- Items are read once, checked, and kept in an unnamed file; in memory stay 24 bytes of each, its place and its id's
  hash. Answers are found the same way, and scores are written part by part. Sets below 4 million characters stay in
  memory, for they are quicker so.
- What remains to grow is these places; metrics of whole bundles (`consistency`), judges' marks and adaptive tests still
  hold a solver's answers to one set at a time, and a classic solver holds what it learns from the pool.
- `acidtest compare` holds all scores at once, as arrays.

Measured on: {machine}; one thread.
"""


if __name__ == "__main__":
    main()
