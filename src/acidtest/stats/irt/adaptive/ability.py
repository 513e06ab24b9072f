"""The likeliest ability of one solver, kept up to date answer by answer."""

import math

from acidtest.stats.irt.continuous import NEAREST
from acidtest.stats.irt.items import Items

_MOST_STEPS = 150
_PATIENCE = 12
"""Newton's steps before every other one halves what is known of the root: along the tail of an item as steep as a step
bare ones creep, each as short as one over its slope."""
_CLOSE = 1e-8
_LONGEST_STEP = 1.0
_STEEPEST = 500.0


class Likelihood:
    """What one solver's answers so far say of its ability, with a normal prior.

    In plain Python numbers: a test has tens of answers, for which calling into arrays costs more than it saves. It is
    the same estimate as `ability.ability(..., method="map")`.
    """

    def __init__(self, items: Items, *, mean: float, sd: float) -> None:
        self._items, self._mean, self._weight = items, mean, 1 / sd**2
        self.positions: list[int] = []
        self.scores: list[float] = []
        self.ability, self.se = mean, sd
        self._known: list[tuple[float, float, float, float]] = []

    def add(self, item: int, score: float) -> None:
        """Take one answer in; `ability` and `se` are then those with it."""
        it = self._items
        a, b = float(it.discrimination[item]), float(it.difficulty[item])
        self.positions.append(item)
        self.scores.append(score)
        if it.residual is None:
            self._known.append((a, b, float(it.guess[item]), score))
        else:
            noise, x = float(it.residual[item]), min(max(score, NEAREST), 1 - NEAREST)
            self._known.append((a / noise, b, 0.0, math.log(x / (1 - x)) / noise))
        self._climb()

    def _climb(self) -> None:
        """Newton's steps with expected information; where one would leave what is known of the root, halve instead."""
        slopes = self._slopes if self._items.residual is None else self._straight_slopes
        low, high = -math.inf, math.inf
        t = self.ability
        for number in range(_MOST_STEPS):
            gradient, information = slopes(t)
            low, high = (t, high) if gradient > 0 else (low, t)
            longest = _LONGEST_STEP * (1.0 if math.isfinite(low + high) else 2.0 ** min(number, _PATIENCE))
            step = min(max(gradient / information, -longest), longest)
            creeping = number > _PATIENCE and number % 2 and abs(step) >= _CLOSE and math.isfinite(low + high)
            if creeping or not low <= t + step <= high:
                step = (low + high) / 2 - t
            t += step
            if abs(step) < _CLOSE:
                break
        self.ability, self.se = t, 1 / math.sqrt(slopes(t)[1])

    def _slopes(self, t: float) -> tuple[float, float]:
        """Return the log posterior's gradient at an ability, and the expected information there."""
        gradient, information = (self._mean - t) * self._weight, self._weight
        for a, b, c, x in self._known:
            z = min(max(a * (t - b), -_STEEPEST), _STEEPEST)
            right = 1 / (1 + math.exp(-z))
            # (dP/dt) / (P (1 - P)) is a right / P: no 0 / 0, however far the item is from the ability
            p = c + (1 - c) * right
            share = a * right / p
            gradient += share * (x - p)
            information += share * a * (1 - c) * right * (1 - right)
        return gradient, information

    def _straight_slopes(self, t: float) -> tuple[float, float]:
        """The same for scores between 0 and 1, whose logits lie around a straight line."""
        gradient, information = (self._mean - t) * self._weight, self._weight
        for a, b, _, y in self._known:
            gradient += a * (y - a * (t - b))
            information += a * a
        return gradient, information
