"""From numbers to places: linear and logarithmic scales with round ticks."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A straight map from [low, high] to [start, end]. With `log`, of log(1 + x): it knows zero.

    Example:
        >>> Scale(low=0.0, high=1.0, start=100.0, end=0.0)(0.25)
        75.0
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, x: float) -> float:
        """Return the place of x; what lies outside is put on the edge."""
        low, high, x = (self._bent(value) for value in (self.low, self.high, min(max(x, self.low), self.high)))
        share = (x - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round numbers within the scale, about so many."""
        if self.log:
            powers = [10.0**power for power in range(12) if 10.0**power <= self.high]
            return [0.0, *powers[:: max(1, math.ceil(len(powers) / about))]]
        step = _step(self.high - self.low, about)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 10) + 0.0 for i in range(first, last + 1)]

    def _bent(self, x: float) -> float:
        return math.log1p(max(x, 0.0)) if self.log else x


def extent(
    numbers: Iterable[float], *, within: tuple[float, float] = (-math.inf, math.inf), pad: float = 0.05
) -> tuple[float, float]:
    """Return a range that holds all finite numbers with some room; `within` bounds the room, never a number."""
    finite = [x for x in numbers if math.isfinite(x)]
    if not finite:
        return (0.0, 1.0)
    low, high = min(finite), max(finite)
    room = pad * (high - low) if high > low else max(abs(high) * pad, 0.01)
    return (min(low, max(low - room, within[0])), max(high, min(high + room, within[1])))


def rounded(domain: tuple[float, float], about: int = 5) -> tuple[float, float]:
    """Return the range widened to its next round ticks."""
    step = _step(domain[1] - domain[0], about) / 2
    return (math.floor(domain[0] / step + 1e-9) * step, math.ceil(domain[1] / step - 1e-9) * step)


def tick_text(ticks: Sequence[float]) -> list[str]:
    """Return the ticks with as many decimals as they need, all the same."""
    digits = max((len(f"{tick:.6f}".rstrip("0").partition(".")[2]) for tick in ticks), default=0)
    return [f"{tick:,.{digits}f}".replace("-", "\N{MINUS SIGN}") for tick in ticks]


def _step(length: float, about: int) -> float:
    rough = max(length, 1e-9) / about
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in _ROUND if power * factor >= rough * 0.999)
