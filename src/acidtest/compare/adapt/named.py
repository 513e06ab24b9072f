"""Items of a small test by name, with what is known of them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.stats.irt.items import Items
from acidtest.types.adapt import ChosenItem


def named(
    matrix: ScoreMatrix, parameters: Items, items: NDArray[np.int64], weights: Iterable[float]
) -> tuple[ChosenItem, ...]:
    """Return items at these positions of the table, in their order."""
    return tuple(
        ChosenItem(
            benchmark=matrix.benchmark[item],
            item=matrix.items[item],
            weight=float(weight),
            difficulty=float(parameters.difficulty[item]),
            discrimination=float(parameters.discrimination[item]),
        )
        for item, weight in zip(items.tolist(), weights, strict=True)
    )
