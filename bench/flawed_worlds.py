"""Simulated solvers that choose among four answers, on items some of which are broken on purpose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

OPTIONS = 4
WORKS, WRONG_KEY, NOISE = range(3)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of world; what is not said is as the audit assumes.

    Attributes:
        name: As shown.
        wrong_key, noise: Share of items whose key is one of the wrong answers; of items that everybody guesses, each
            item with its own rates.
        slope_sd: Of log discriminations.
        guessing: Whoever does not know picks any of the four answers, the right one included.
        second: Weight of a second ability, which helps on half the items and hurts on the others.
        family: Solvers come in families of so many, who give the same answer four times of five.
    """

    name: str
    wrong_key: float = 0.04
    noise: float = 0.03
    slope_sd: float = 0.3
    guessing: bool = False
    second: float = 0.0
    family: int = 1


KINDS = (
    Kind(name="as assumed"),
    Kind(name="nothing is broken", wrong_key=0.0, noise=0.0),
    Kind(name="one in a hundred is broken", wrong_key=0.006, noise=0.004),
    Kind(name="a fifth is broken", wrong_key=0.12, noise=0.08),
    Kind(name="slopes vary twice as much", slope_sd=0.6),
    Kind(name="guessing", guessing=True),
    Kind(name="two abilities", second=0.5),
    Kind(name="families of 4", family=4),
)


@dataclass(frozen=True, kw_only=True)
class FlawedWorld:
    """Scores [M, n]; choices [M, n], 0 the key's; and what each item [n] truly is."""

    scores: FloatArray
    choice: IntArray
    truth: IntArray


def flawed_world(kind: Kind, solvers: int, items: int, rng: np.random.Generator) -> FlawedWorld:
    """Return one world: discrimination lognormal around 1, easiness N(.8, 1.5), distractors with a Dirichlet share."""
    family = np.arange(solvers) // kind.family
    ability, other = rng.normal(size=(2, family[-1] + 1))[:, family]
    side = rng.choice([-1.0, 1.0], items)
    slope, easiness = np.exp(rng.normal(0, kind.slope_sd, items)), rng.normal(0.8, 1.5, items)
    ability_there = ability[:, None] + kind.second * side * other[:, None]
    knows = _alike(rng, family, items, kind) < expit(slope * ability_there + easiness)
    favour = rng.dirichlet(np.full(OPTIONS - 1, 2 / (OPTIONS - 1)), items)
    drawn = _alike(rng, family, items, kind)
    wrong = 1 + (drawn[..., None] > np.cumsum(favour, -1)[:, :-1]).sum(-1)
    guessed = (rng.random((solvers, items)) * OPTIONS).astype(np.int64)
    answer = np.where(knows, 0, guessed if kind.guessing else wrong)
    truth = rng.choice(3, items, p=[1 - kind.wrong_key - kind.noise, kind.wrong_key, kind.noise])
    rates = rng.dirichlet(np.full(OPTIONS, 1.5), items)
    blind = (rng.random((solvers, items))[..., None] > np.cumsum(rates, -1)[:, :-1]).sum(-1)
    answer = np.where(truth == NOISE, blind, answer)
    printed = 1 + (rng.random(items)[:, None] > np.cumsum(favour, -1)[:, :-1]).sum(-1)
    key = np.where(truth == WRONG_KEY, printed, 0)
    choice = np.where(answer == key, 0, np.where(answer == 0, key, answer))
    return FlawedWorld(scores=(choice == 0).astype(float), choice=choice, truth=truth)


def _alike(rng: np.random.Generator, family: IntArray, items: int, kind: Kind) -> FloatArray:
    own = rng.random((len(family), items))
    if kind.family == 1:
        return own
    shared = rng.random((family[-1] + 1, items))[family]
    return np.where(rng.random(own.shape) < _SAME, shared, own)


_SAME = 0.8
