"""The result of every statistic: a number with its interval, and how both were made."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A statistic with its uncertainty.

    Attributes:
        value: The statistic as it was seen, by its published formula; NaN where it is undefined.
        true: The same statistic of the true scores, items' noise removed (posterior median); NaN: none.
        low, high: The ends of the interval for the true statistic; NaN where there is none. `value` may lie outside.
        level: The interval's level, .95 unless the user asked for another.
        n: Items (fewest of the sets), or solvers where there are no items.
        method: How value and interval were made, in a few plain words.
        warnings: What a reader must know before leaning on the number.

    Example:
        >>> Estimate(value=0.5, n=200, method="share").as_json()["low"] is None
        True
    """

    value: float
    n: int
    method: str
    true: float = math.nan
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    warnings: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """Return the ESTIMATE of the JSON contract; NaN becomes None."""
        return {
            "value": none_for_nan(self.value),
            "true": none_for_nan(self.true),
            "low": none_for_nan(self.low),
            "high": none_for_nan(self.high),
            "n": self.n,
            "method": self.method,
            "warnings": list(self.warnings),
        }


def none_for_nan(x: float) -> float | None:
    """Return None for NaN and infinities (JSON has neither), a plain float otherwise."""
    return float(x) if math.isfinite(x) else None
