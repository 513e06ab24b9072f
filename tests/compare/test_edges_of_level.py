"""Level where little can be seen: near the ceiling, no luck at all, few items in common, rounding."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from acidtest.compare.fidelity import compare
from acidtest.compare.level import gap, mspd
from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import ACCURACY, MEAN, Metric
from acidtest.stats.noise import plain_variance, spread_of_variance
from acidtest.types import Scores
from simulated import answers, scored

SCORE = replace(MEAN, unit=False)


def pair(real: FloatArray, fake: FloatArray, *, first: int = -1, metric: Metric = ACCURACY) -> Pair:
    """Return a pair whose synthetic items are numbered from `first` on where the real ones are from 0; -1: others."""
    one = scored("real", real, prefix="i")
    other = scored("fake", fake, prefix="j")
    if first >= 0:
        other = replace(other, items=tuple(f"i-{first + i}" for i in range(fake.shape[1])))
    return pair_of(ScoredSet(one, metric), ScoredSet(other, metric), Settings(draws=400))[0]


@pytest.mark.long
def test_near_the_ceiling_no_difference_is_seldom_ruled_out() -> None:
    # Twenty real items and 300 synthetic ones, all solvers right in 97 of 100: a real set without a wrong answer has no
    # noise of its own to be seen, yet it differs from .97 by luck alone. Nominal: 2.5 % of studies.
    missed = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        real, fake = ((rng.random((5, n)) < 0.97).astype(float) for n in (20, 300))
        missed += mspd(pair(real, fake)).low > 0
    assert missed <= 9  # 3.75 expected at the nominal rate; it was 25 with each side's own noise


def test_solvers_without_any_luck_do_not_crash() -> None:
    """Each solver has one score on all items: the gap is known to the last digit."""
    constant = np.repeat([[300.0], [4.0], [50_000.0]], 12, axis=1)
    found = compare(
        Scores(metric=SCORE, real=scored("real", constant), synthetic=(scored("fake", constant + 1),))
    ).fidelity["fake"]["gap"]
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("n", [3, 10, 20])
def test_rounding_is_no_variance(n: int) -> None:
    # The mean of n times .1 is not .1 in binary.
    values = np.full((2, n), 0.1)
    assert plain_variance(values).tolist() == [0.0, 0.0]
    assert spread_of_variance(values) == 0.0


def test_the_same_answers_to_the_same_items_do_not_show_that_the_next_will_be() -> None:
    right = answers(np.linspace(-1, 1, 5), 10, np.random.default_rng(0))
    found = gap(pair(right, right, first=0))
    # Half an item more and half an item less right: variance (.5 + .5) / 11 / 10.
    half = stats.norm.ppf(0.975) * np.sqrt(1 / 110)
    assert (found.value, found.low, found.high) == pytest.approx((0.0, -half, half), abs=1e-12)


def test_few_real_items_among_many_others_are_few() -> None:
    """Six real items, one of them among 400 synthetic ones: the variance of the six has five degrees of freedom."""
    held, ability = 0, np.linspace(-1, 1, 6)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        real, fake = answers(ability, 6, rng), answers(ability, 400, rng)
        fake[:, 0] = real[:, 5]
        found = gap(pair(real, fake, first=5))
        held += found.low <= 0 <= found.high
    assert held >= 274  # .914: three standard errors below .95; the union's columns gave .90
