"""One answer's log-likelihood and its slopes, by the definition; for tests."""

import math

H = 1e-5
"""Step of numerical derivatives."""


def value(y: int, u: float, guess: float) -> float:
    """Return the log-likelihood of an answer (1 right, -1 wrong, 0 none) at log-odds u of knowing it."""
    p = guess + (1 - guess) / (1 + math.exp(-u))
    q = (1 - guess) / (1 + math.exp(u))  # 1 - p, which would lose its digits
    return 0.0 if y == 0 else math.log(p if y > 0 else q)


def first(y: int, u: float, guess: float) -> float:
    """Return its slope in u."""
    return (value(y, u + H, guess) - value(y, u - H, guess)) / (2 * H)


def second(y: int, u: float, guess: float) -> float:
    """Return Fisher's information: the squared slope, on average over answers; 0 where there is none."""
    return sum(math.exp(value(k, u, guess)) * first(k, u, guess) ** 2 for k in (1, -1)) if y else 0.0
