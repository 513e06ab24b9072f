"""Labels that do not run into each other, nor into the marks they name."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_GAP = 3.0
_RADII = (7.0, 12.0, 18.0, 26.0, 36.0, 48.0, 64.0, 84.0, 110.0)
_WAYS = (
    (1, 0), (-1, 0), (0.8, -0.8), (0.8, 0.8), (-0.8, -0.8), (-0.8, 0.8), (0, -1), (0, 1),
    (0.95, 0.4), (0.4, 0.95), (-0.95, 0.4), (-0.4, 0.95), (0.95, -0.4), (0.4, -0.95), (-0.95, -0.4), (-0.4, -0.95),
)  # fmt: skip
_STEPS = 16
_CROSSING = 60.0
"""What it costs a label that a leader runs through one; covering a thin line costs its area in square units."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle by its left, top, width and height."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """Return the area that both cover."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(wide, 0.0) * max(high, 0.0)

    def touches(self, other: "Box") -> bool:
        """Return whether both cover some area."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def holds(self, other: "Box") -> bool:
        """Return whether the other lies inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A label that is wanted beside a point, and how much room it needs."""

    x: float
    y: float
    width: float
    height: float


def place_around(wanted: Sequence[Wanted], marks: Sequence[Box], thin: Sequence[Box], bounds: Box) -> list[Box | None]:
    """Return where each label goes, in the order given: near its point, over nothing; None where there is no room.

    Args:
        wanted: The labels, the most important first.
        marks: What a label must not cover.
        thin: What a label had better not cover: whiskers, a line.
        bounds: No label leaves these.
    """
    placed: list[Box | None] = []
    leaders: list[list[Box]] = []
    for label in wanted:
        taken = [box for box in placed if box is not None]
        places = [_box_at(label, way, radius) for radius in _RADII for way in _WAYS]
        free = [box for box in places if bounds.holds(box) and not _any_overlap(box, (*marks, *taken))]
        costs = [_cost(label, box, taken, leaders, thin) for box in free]
        best = free[costs.index(min(costs))] if free else None
        placed.append(best)
        if best is not None:
            leaders.append(_leader(label, best))
    return placed


def _cost(
    label: Wanted, box: Box, taken: Sequence[Box], leaders: Sequence[Sequence[Box]], thin: Sequence[Box]
) -> float:
    """How bad a place is: far off, over thin lines, or with leaders that run through labels."""
    crossed = sum(_any_overlap(box, leader) for leader in leaders)
    crossed += sum(_any_overlap(other, _leader(label, box)) for other in taken)
    return distance(label, box) + sum(box.overlap(line) for line in thin) + _CROSSING * crossed


def nearest(label: Wanted, box: Box) -> tuple[float, float]:
    """Return the place in the box that is nearest to the label's point: where a leader ends."""
    return (min(max(label.x, box.x), box.x + box.width), min(max(label.y, box.y), box.y + box.height))


def distance(label: Wanted, box: Box) -> float:
    """Return how far the box is from the label's point."""
    x, y = nearest(label, box)
    return math.hypot(x - label.x, y - label.y)


def _leader(label: Wanted, box: Box) -> list[Box]:
    x, y = nearest(label, box)
    shares = [(i + 1) / (_STEPS + 1) for i in range(_STEPS)]
    return [Box(x=label.x + s * (x - label.x), y=label.y + s * (y - label.y), width=1, height=1) for s in shares]


def _any_overlap(box: Box, others: Iterable[Box]) -> bool:
    return any(box.touches(other) for other in others)


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return heights at least `apart`, as near as a sweep gets to the sorted ones wanted, between low and high."""
    placed: list[float] = []
    for height in wanted:
        placed.append(max(height, placed[-1] + apart if placed else low))
    ceiling = high
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - apart
    return placed


def _box_at(label: Wanted, way: tuple[float, float], radius: float) -> Box:
    x, y = label.x + way[0] * radius, label.y + way[1] * radius
    left = x if way[0] > 0 else x - label.width if way[0] < 0 else x - label.width / 2
    top = y - label.height / 2 + (way[1] * (label.height / 2 - _GAP) if way[1] else 0.0)
    return Box(x=left, y=top, width=label.width, height=label.height)
