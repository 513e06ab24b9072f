"""Write scores of simulated solvers on two sets: `python bench/simulated_scores.py FOLDER FORM ITEMS SOLVERS`.

FORM is "right-or-wrong" or "real-valued" (`real.npy` and `synthetic.npy`, [M, n]), or "table" (`scores.parquet` in long
form). A process of its own: what it holds in memory would count as that of commands that its parent starts.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.write import write_score_table

NAMES = ("real", "synthetic")


def scores(form: str, items: int, solvers: int) -> list[NDArray[np.float64]]:
    """Return [M, n] of solvers of normal ability on two sets of items of normal difficulty."""
    rng = np.random.default_rng(0)
    ability = rng.normal(size=solvers)
    sets = []
    for _ in NAMES:
        there = ability + rng.normal(0, 0.3, solvers)
        share = 1 / (1 + np.exp(rng.normal(size=items) - there[:, None]))
        right = (rng.random(share.shape) < share).astype(np.float64)
        sets.append(rng.beta(4 * share, 4 * (1 - share)) if form == "real-valued" else right)
    return sets


def main() -> None:
    folder, form, items, solvers = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    sets = scores(form, items, solvers)
    if form != "table":
        for name, values in zip(NAMES, sets, strict=True):
            np.save(folder / f"{name}.npy", values)
        return
    columns = {
        "benchmark": [name for name in NAMES for _ in range(items * solvers)],
        "model": [f"solver {m}" for _ in NAMES for m in range(solvers) for _ in range(items)],
        "item": [f"{name}-{i}" for name in NAMES for _ in range(solvers) for i in range(items)],
        "score": np.concatenate([values.ravel() for values in sets]),
    }
    write_score_table(folder / "scores.parquet", columns)


if __name__ == "__main__":
    main()
