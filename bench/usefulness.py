"""Is it useful? Few real items and an alternative benchmark predict many real items: `make usefulness`.

    ACIDTEST_DATA=folder python bench/usefulness.py           writes docs/usefulness.json and docs/usefulness.md
    python bench/usefulness.py --page FILE.json               writes the page of an earlier run to the terminal

Options: --repeats N (40), --only TEXT (pairs whose name holds it), --out FOLDER (docs), --processes N (2).
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from acidtest.data.run_folder import write_atomically
from acidtest.stats.interval import rng_for
from usefulness_page import page
from usefulness_pairs import RealPair, all_pairs
from usefulness_runs import SETTINGS, draw, full_of, run_of
from usefulness_solvers import solver_pairs
from usefulness_summary import GOAL, WORTH_LIMIT, Done, summary_of
from usefulness_tables import PUBLISHED_ITEMS, whole_numbers

FRACTIONS = (0.10, 0.25)
SPLITS = 8
SOLVER_REPEATS = 80
SIMULATED_PART = 0.4
"""Of the repeats: pairs with simulated items, which are large, get this part of them."""


def measured(pair: RealPair, folder: Path, repeats: int) -> list[dict[str, object]]:
    """Return a pair's summaries, one per fraction; draws of the tables take turns."""
    repeats = max(round(repeats * SIMULATED_PART), 2) if pair.simulated else repeats
    tables = [draw(pair, folder, split) for split in range(min(pair.splits, repeats))]
    fulls = [full_of(pair, *one) for one in tables]
    real, alternative = tables[0]
    found = []
    for fraction in FRACTIONS:
        runs = []
        for repeat, split in enumerate(islice(cycle(range(len(tables))), repeats)):
            rng = rng_for(SETTINGS.seed, "usefulness", pair.name, f"{fraction:g}", str(repeat))
            of_split = tables[split][0]
            k = round(fraction * len(of_split.items))
            runs.append(run_of(tables[split], fulls[split], k, rng, split))
        done = Done(
            pair=pair,
            fraction=fraction,
            sizes=(len(real.models), len(real.items), len(alternative.items)),
            fulls=tuple(fulls),
            runs=tuple(runs),
        )
        found.append(summary_of(done))
    return found


def all_measured(pairs: Sequence[RealPair], folder: Path, repeats: int, processes: int) -> Iterator[dict[str, object]]:
    """Yield every pair's summaries, in order, and say each when it is there."""
    work = partial(measured, folder=folder, repeats=repeats)
    with ProcessPoolExecutor(processes) as pool:
        for pair, found in zip(pairs, pool.map(work, pairs), strict=True):
            print(f"{pair.name}: done", file=sys.stderr)
            yield from found


def main() -> None:
    asked = _arguments()
    if asked.page:
        sys.stdout.write(page(json.loads(asked.page.read_text("utf-8"))))
        return
    folder = Path(os.environ.get("ACIDTEST_DATA", ""))
    if not (folder / "zeroeval_responses").is_dir():
        sys.exit("no real data sets here: set ACIDTEST_DATA to a folder that holds them")
    pairs = [pair for pair in all_pairs(SPLITS) if asked.only in pair.name]
    if not pairs:
        sys.exit(f"no pair's name holds '{asked.only}'; there are: {', '.join(p.name for p in all_pairs(SPLITS))}")
    found = {
        "schema": 1,
        "level": SETTINGS.level,
        "seed": SETTINGS.seed,
        "goal": {"worth_rank_above_labels_times": WORTH_LIMIT, "saving": GOAL},
        "published_items": {
            name: {"items": PUBLISHED_ITEMS[name], "figures_that_fit": round(share, 3)}
            for name, share in whole_numbers(folder).items()
        },
        "pairs": list(all_measured(pairs, folder, asked.repeats, asked.processes)),
        "without_items": [] if asked.only else solver_pairs(folder, FRACTIONS, SOLVER_REPEATS),
    }
    asked.out.mkdir(parents=True, exist_ok=True)
    write_atomically(asked.out / "usefulness.json", (json.dumps(found, indent=1) + "\n").encode())
    write_atomically(asked.out / "usefulness.md", page(found).encode())
    print(f"written: {asked.out / 'usefulness.md'}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Few real items and an alternative predict many real items.")
    parser.add_argument("--repeats", type=int, default=40, help="random subsets per pair and fraction")
    parser.add_argument("--only", default="", help="only pairs whose name holds this text")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the page and its numbers")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--page", type=Path, help="write the page of this JSON file to the terminal, run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
