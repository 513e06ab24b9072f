"""Is it worth choosing which items to label? On MMLU: chosen labels beside as many and more at random.

    ACIDTEST_DATA=... python bench/label_next.py

prints the table of docs/statistics.md. 500 items, 400 labels hidden, 100 asked for; 50 repeats. The truth: the
differences of solvers on all 500.
"""

import gzip
import os
from pathlib import Path

import numpy as np
import orjson
from pyarrow import parquet

from acidtest.compare.planning.labels import choose_labels
from acidtest.stats.estimate import FloatArray

ITEMS, IN_HAND, ASKED, REPEATS = 500, 100, 100, 50


def mmlu(folder: Path) -> tuple[FloatArray, np.ndarray]:
    """Return scores [M, n] of language models, and the letters that they answered as codes."""
    table = parquet.read_table(folder / "predictions.parquet")
    with gzip.open(folder / "items.jsonl.gz") as lines:
        key = {row["item"]: row["answer"] for row in map(orjson.loads, lines)}
    given = np.array([table[name].to_pylist() for name in table.column_names[1:]])
    right = (given == np.array([key[item] for item in table["item"].to_pylist()])).astype(np.float64)
    return right, np.searchsorted(np.unique(given), given)


def chosen(scores: FloatArray, codes: np.ndarray, seed: int) -> FloatArray:
    """Return the weights [n] of items after one choice; 0: not labelled."""
    rng = np.random.default_rng(seed)
    there = np.zeros(ITEMS, dtype=np.bool_)
    there[rng.permutation(ITEMS)[:IN_HAND]] = True
    solvers = len(scores)
    open_pairs = np.ones((solvers, solvers)) - np.eye(solvers)
    accuracy = scores[:, there].mean(axis=1)
    labels = choose_labels(tuple(map(str, range(ITEMS))), codes, there, open_pairs, accuracy, ASKED, rng)
    weight = np.zeros(ITEMS)
    for item, w in [*labels.weights.items(), *((one.item, one.weight) for one in labels.items)]:
        weight[int(item)] = w
    return weight


def main() -> None:
    right, codes = mmlu(Path(os.environ["ACIDTEST_DATA"]) / "mmlu_redux_helm")
    errors: dict[str, list[float]] = {}
    turned: dict[str, list[float]] = {}
    for seed in range(REPEATS):
        some = np.random.default_rng([seed, 9]).permutation(right.shape[1])[:ITEMS]
        scores = right[:, some]
        truth = scores.mean(axis=1)
        first, second = np.triu_indices(len(truth), 1)
        true = truth[first] - truth[second]
        weights = {
            f"the {IN_HAND} in hand" if not more else f"+ {more} at random": np.arange(ITEMS) < IN_HAND + more
            for more in (0, 100, 200, 300)
        }
        for name, weight in {**weights, f"+ {ASKED} chosen": chosen(scores, codes[:, some], seed)}.items():
            score = (scores * weight).sum(axis=1) / weight.sum()
            seen = score[first] - score[second]
            errors.setdefault(name, []).append(float(((seen - true) ** 2).mean()))
            wrong = np.abs(np.sign(seen) - np.sign(true)) / 2
            turned.setdefault(name, []).append(float(wrong[true != 0].mean()))
    print("| labels | error of a difference of two solvers (root mean square) | solver pairs in the wrong order |")
    print("|---|---|---|")
    for name, squares in errors.items():
        print(f"| {name} | {np.sqrt(np.mean(squares)):.3f} | {np.mean(turned[name]):.0%} |")


if __name__ == "__main__":
    main()
