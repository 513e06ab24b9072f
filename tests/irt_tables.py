"""Tables of scores whose truth is known, for tests of scales."""

from pathlib import Path

import numpy as np
from scipy.special import expit

from acidtest.stats.estimate import FloatArray

REAL, MADE = "real set", "made set"


def answers(
    seed: int = 0, *, solvers: int = 14, real: int = 60, made: int = 50, easier: float = 1.0, favour: float = 0.0
) -> dict[str, FloatArray]:
    """Return benchmark -> [M, n] of 0 and 1; the made set is easier, and for the first three solvers by more."""
    rng = np.random.default_rng(seed)
    ability = np.linspace(-1.6, 1.6, solvers)[rng.permutation(solvers)]
    found = {}
    for name, n, shift in ((REAL, real, 0.0), (MADE, made, easier)):
        slope, difficulty = np.exp(rng.normal(0.2, 0.3, n)), rng.normal(0, 0.9, n) - shift
        at = ability + (favour * (np.arange(solvers) < 3) if name == MADE else 0)
        found[name] = (rng.random((solvers, n)) < expit(slope * (at[:, None] - difficulty))).astype(np.float64)
    return found


def rows(of: dict[str, FloatArray], **fields: str) -> list[str]:
    """Return long CSV rows: benchmark, model, item, score; three solvers are of one family."""
    lines = ["benchmark,model,item,score,family,bundle," + ",".join(fields)]
    for name, scores in of.items():
        for m, row in enumerate(scores):
            for i, score in enumerate(row):
                if np.isfinite(score):
                    family = "kin" if m < 3 else f"f{m}"
                    lines.append(f"{name},m{m},{name[:4]}-{i},{score:g},{family},{name[:4]}-b{i // 2}," +
                                 ",".join(fields.values()))  # fmt: skip
    return lines


def write(path: Path, of: dict[str, FloatArray]) -> Path:
    """Write a long table; return its path."""
    path.write_text("\n".join(rows(of)) + "\n", "utf-8")
    return path
