"""Give solvers adaptive tests in one way: `python bench/peers/adaptive_test.py WAY FOLDER ASKED`.

WAY is "acidtest" or "catsim". FOLDER holds `items.npy` [n, 2] (discrimination, difficulty) and `scores.npy` [M, n].
Prints a line of CPU seconds for each solver, a first one not counted, and a last line of all abilities found.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Test = Callable[[Array], float]
"""A solver's scores [n] -> its ability after the test."""


def acidtest(items: Array, asked: int) -> Test:
    from acidtest.stats.irt.adaptive.test import AdaptiveTest, Stop
    from acidtest.stats.irt.items import Items

    bank = Items(discrimination=items[:, 0].copy(), difficulty=items[:, 1].copy(), guess=np.zeros(len(items)))

    def test(scores: Array) -> float:
        one = AdaptiveTest(bank, stop=Stop(most_items=asked))
        while (item := one.next_item()) is not None:
            one.answer(item, float(scores[item]))
        return one.ability

    return test


def catsim(items: Array, asked: int) -> Test:
    from catsim.estimation import NumericalSearchEstimator
    from catsim.item_bank import ItemBank
    from catsim.selection import MaxInfoSelector

    bank = ItemBank(np.column_stack([items, np.zeros(len(items)), np.ones(len(items))]))
    choose, estimate = MaxInfoSelector(), NumericalSearchEstimator()

    def test(scores: Array) -> float:
        theta, given, right = 0.0, [], []
        for _ in range(asked):
            item = int(choose.select(item_bank=bank, administered_items=given, est_theta=theta))
            given.append(item)
            right.append(bool(scores[item]))
            theta = estimate.estimate(item_bank=bank, administered_items=given, response_vector=right, est_theta=theta)
        return theta

    return test


def main() -> None:
    way, folder, asked = {"acidtest": acidtest, "catsim": catsim}[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
    scores = np.load(folder / "scores.npy")
    times, found = [], []
    with contextlib.redirect_stdout(sys.stderr):  # a peer may talk
        test = way(np.load(folder / "items.npy"), asked)
        test(scores[0])
        for row in scores:
            began = time.process_time()
            found.append(test(row))
            times.append(time.process_time() - began)
    print(*times, sep="\n")
    print(*found)


if __name__ == "__main__":
    main()
