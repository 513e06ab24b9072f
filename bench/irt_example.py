"""Make this example: answers of sixteen solvers to a real set and to one that a solver wrote; the truth stands here.

python bench/irt_example.py examples/irt
"""

import sys
from pathlib import Path

import numpy as np

SOLVERS = [f"{family}-{size}" for family in ("alder", "birch", "cedar", "dogwood") for size in (1, 2, 3, 4)]
WRITER = "cedar-2"
EASIER, FAVOUR = 1.0, 1.0
"""The synthetic items are easier by this, in standard deviations of ability; and by this more for their writer."""


def main() -> None:
    rng = np.random.default_rng(11)
    ability = np.array([-1.2, -0.4, 0.4, 1.2] * 4) + rng.normal(0, 0.4, len(SOLVERS))
    ability = (ability - ability.mean()) / ability.std()
    for name, n, shift in (("real", 80, 0.0), ("made", 60, EASIER)):
        slope, difficulty = np.exp(rng.normal(0.3, 0.3, n)), rng.normal(0, 0.9, n) - shift
        at = ability + FAVOUR * (np.array(SOLVERS) == WRITER) * (name == "made")
        right = rng.random((n, len(SOLVERS))) < 1 / (1 + np.exp(-slope[:, None] * (at - difficulty[:, None])))
        rows = [f"{name}-{i:02d}," + ",".join("1" if x else "0" for x in row) for i, row in enumerate(right)]
        path = Path(sys.argv[1]) / f"{name}.csv"
        path.write_text("\n".join([",".join(["item", *SOLVERS]), *rows]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
