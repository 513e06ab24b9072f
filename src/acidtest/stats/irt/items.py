"""Parameters of items on one scale, and what follows from them: expected score and information at an ability."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray


@dataclass(frozen=True, kw_only=True)
class Items:
    """Parameters of n items: P(right | ability t) = guess + (1 - guess) / (1 + exp(-discrimination (t - difficulty))).

    Attributes:
        discrimination: [n], above 0; 1 is usual. Near 0: the item does not part good solvers from bad ones.
        difficulty: [n], in standard deviations of ability; 0: the average solver is right half the time.
        guess: [n], in [0, 1): how often a solver that knows nothing is right.
        residual: [n], for scores between 0 and 1: log(score / (1 - score)) is normal around
            discrimination (t - difficulty) with this standard deviation. None: scores are 0 or 1.

    Example:
        >>> one = Items(discrimination=np.array([1.0]), difficulty=np.array([0.5]), guess=np.array([0.0]))
        >>> one.expected(0.5).tolist(), one.information(0.5).tolist()
        ([0.5], [0.25])
    """

    discrimination: FloatArray
    difficulty: FloatArray
    guess: FloatArray
    residual: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.difficulty)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> "Items":
        """Return some of the items, by position or by a mask."""
        return Items(
            discrimination=self.discrimination[index],
            difficulty=self.difficulty[index],
            guess=self.guess[index],
            residual=None if self.residual is None else self.residual[index],
        )

    def linear(self, ability: ArrayLike) -> FloatArray:
        """Return [..., n]: discrimination (ability - difficulty)."""
        away: FloatArray = np.asarray(ability, np.float64)[..., None] - self.difficulty
        return self.discrimination * away

    def expected(self, ability: ArrayLike) -> FloatArray:
        """Return [..., n]: the expected score, 0 to 1, of solvers of these abilities."""
        if self.residual is None:
            curve: FloatArray = self.guess + (1 - self.guess) * _expit(self.linear(ability))
            return curve
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        spread = _expit(self.linear(ability)[..., None] + self.residual[:, None] * nodes)
        mean: FloatArray = spread @ (weights / weights.sum())
        return mean

    def information(self, ability: ArrayLike) -> FloatArray:
        """Return [..., n]: Fisher information about the ability, 1 / variance units; 0: the answer says nothing."""
        if self.residual is not None:
            flat = np.ones(np.shape(ability))[..., None]
            level: FloatArray = flat * (self.discrimination / self.residual) ** 2
            return level
        right = _expit(self.linear(ability))
        # (dP/dt)^2 / (P (1 - P)), written so that it is no 0 / 0 far from the difficulty
        found: FloatArray = (
            self.discrimination**2
            * right
            * (1 - right)
            * (1 - self.guess)
            * right
            / (self.guess + (1 - self.guess) * right + _TINY)
        )
        return found


_NODES = 21
_TINY = 1e-300


def _expit(x: FloatArray) -> FloatArray:
    from scipy.special import expit  # a bank is read, and data sets are listed, without it

    found: FloatArray = expit(x)
    return found
