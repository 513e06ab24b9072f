"""Do the intervals hold the truth, and the tests their size? Simulated studies through the tool, counted.

    python bench/calibration.py [--repeats 300] [--jobs 2] [--out docs/calibration] [--first N] [--only TEXT] [--page]

Writes OUT.json (every count) and OUT.md (the page).
"""

import argparse
import itertools
import json
import math
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from calibration_page import page
from calibration_pairs import rank_rows
from calibration_pairs import rows as pair_rows
from calibration_study import Held, held
from calibration_world import Cell

CHUNK = 10
BESIDE = ("n", "coverage", "width")
"""What is kept of the intervals that only stand beside."""

MANY = 60
"""Solvers of the cells that get a third of the studies: each costs eight times one of twenty solvers."""

BIASES = ("none", "slope", "uniform", "model", "own")


def cells() -> Iterator[Cell]:
    """Yield every kind of study: the grid, then one thing at a time that makes it harder."""
    for solvers, items, spread, bias in itertools.product((3, 6, 20, 60), (30, 200, 2000), (0.1, 1.0), BIASES):
        yield Cell(solvers=solvers, items=items, spread=spread, bias=bias)
    for bias, solvers in itertools.product(("none", "model"), (6, 20)):
        for special in (
            {"missing": 0.05},
            {"bundle": 3},
            {"shared": 1.0},
            {"shared": 0.5},
            {"outlier": 3.0},
            {"sharp": True},
            {"family": 3},
            {"items_synthetic": 2000},
            {"items_synthetic": 30},
            {"metric": "macro_f1"},
            {"metric": "pearson"},
        ):
            yield Cell(solvers=solvers, items=210, spread=0.5, bias=bias, **special)
    yield Cell(solvers=4, items=200, spread=1.0, bias="model")
    yield Cell(solvers=20, items=500, spread=0.3, bias="model")
    yield Cell(solvers=20, items=500, spread=1.0, bias="model")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("docs/calibration"))
    parser.add_argument("--first", type=int, default=0, help="first study; others than these need another number")
    parser.add_argument("--only", default="", help="only cells whose description (repr) holds this text; no page")
    parser.add_argument("--page", action="store_true", help="only write the page again, from OUT.json")
    asked = parser.parse_args()
    kept = asked.out.with_suffix(".json")
    if not asked.page:
        chosen = [cell for cell in cells() if asked.only in repr(cell)]
        cells_found = [
            {"cell": asdict(cell), **counts} for cell, counts in run(chosen, asked.repeats, asked.jobs, asked.first)
        ]
        found = {
            "repeats": asked.repeats,
            "cells": cells_found,
            "pairs": [] if asked.only else pair_rows(asked.repeats, 0),
            "ranks": [] if asked.only else rank_rows(asked.repeats, 0),
        }
        kept.write_text(json.dumps(_rounded(found), separators=(",", ":")) + "\n")
    if asked.only:
        return  # a page needs all cells
    read = json.loads(kept.read_text())
    asked.out.with_suffix(".md").write_text(page(read["cells"], read["repeats"], read["pairs"], read["ranks"]))


def _rounded(x: object) -> object:
    """Return the counts with four digits, NaN as null: the file is committed."""
    if isinstance(x, dict):
        return {key: _rounded(value) for key, value in x.items()}
    if isinstance(x, list):
        return [_rounded(value) for value in x]
    if isinstance(x, float):
        return float(f"{x:.4g}") if math.isfinite(x) else None
    return x


def run(chosen: list[Cell], repeats: int, jobs: int, first: int = 0) -> Iterator[tuple[Cell, dict[str, object]]]:
    """Yield each cell with its counts, in their order; studies are spread over processes."""
    with ProcessPoolExecutor(jobs) as pool:
        # Large studies first, so that no process is left with one at the end.
        futures = {}
        for cell in sorted(chosen, key=lambda cell: -cell.solvers):
            studies = repeats // 3 if cell.solvers == MANY else repeats
            starts = range(first, first + studies, CHUNK)
            futures[cell] = [pool.submit(_chunk, cell, start, min(start + CHUNK, first + studies)) for start in starts]
        for cell in chosen:
            yield cell, counted([study for future in futures[cell] for study in future.result()])
            print(cell, flush=True)


def _chunk(cell: Cell, start: int, stop: int) -> list[Held]:
    return [held(cell, seed) for seed in range(start, stop)]


def counted(studies: list[Held]) -> dict[str, object]:
    """Return what the studies of one cell show together: intervals, tests, verdicts."""
    intervals: dict[str, dict[str, float]] = {}
    tests: dict[str, float] = {}
    decisions: dict[str, dict[str, int]] = {}
    for name in sorted({name for study in studies for name in study}):
        rows = np.array([study[name] for study in studies if name in study])
        if name.startswith("test "):
            tests[name.removeprefix("test ")] = float(rows.mean())
        elif name.startswith("verdict "):
            decisions[name.removeprefix("verdict ")] = _decided(rows)
        else:
            found = _intervals(rows)
            beside = name.startswith("bootstrap ")
            intervals[name] = {key: x for key, x in found.items() if not beside or key in BESIDE}
    return {"studies": len(studies), "intervals": intervals, "tests": tests, "verdicts": decisions}


def _intervals(rows: np.ndarray) -> dict[str, float]:
    """Count intervals that hold the truth; one that is undefined holds nothing and is counted by itself."""
    truth, value, true, low, high = rows[np.isfinite(rows[:, 0])].T if np.isfinite(rows[:, 0]).any() else rows.T
    known = ~np.isnan(low) & ~np.isnan(high) & ~np.isnan(truth)
    if not known.any():
        return {"n": 0}
    slack = 1e-9 * (1 + np.abs(truth))
    inside = (low - slack <= truth) & (truth <= high + slack)
    ratio = true[known] / truth[known] if (truth[known] > 0).all() else np.array([math.nan])
    return {
        "n": int(known.sum()),
        "undefined": int((~known).sum()),
        "coverage": float(inside[known].mean()),
        "below": float((high + slack < truth)[known].mean()),
        "above": float((truth < low - slack)[known].mean()),
        "width": float(np.median((high - low)[known])),
        "error": float(np.median(np.abs(true - truth)[known])),
        "error_seen": float(np.median(np.abs(value - truth)[known])),
        "ratio": float(np.median(ratio)),
    }


def _decided(rows: np.ndarray) -> dict[str, int]:
    decision, right = rows.T
    return {
        "go": int((decision == 1).sum()),
        "go_wrong": int(((decision == 1) & (right == 0)).sum()),
        "no_go": int((decision == -1).sum()),
        "no_go_wrong": int(((decision == -1) & (right == 1)).sum()),
        "open": int((decision == 0).sum()),
    }


if __name__ == "__main__":
    main()
