"""Curves of items: expected score and information."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.stats.irt.items import Items


@given(a=st.floats(0.1, 5), b=st.floats(-3, 3), guess=st.floats(0, 0.9), ability=st.floats(-4, 4))
def test_information_is_the_slope_squared_over_the_variance(a: float, b: float, guess: float, ability: float) -> None:
    # Definition of Fisher information of a right-or-wrong answer: P'^2 / (P (1 - P)), the slope taken numerically
    item = Items(discrimination=np.array([a]), difficulty=np.array([b]), guess=np.array([guess]))
    step = 1e-4
    slope = (item.expected(ability + step) - item.expected(ability - step)) / (2 * step)
    p = item.expected(ability)
    assert item.information(ability) == pytest.approx(slope**2 / (p * (1 - p)), rel=1e-4, abs=1e-6)


def test_expected_score_at_the_difficulty_lies_halfway_between_guessing_and_right() -> None:
    item = Items(discrimination=np.array([0.7, 2.0]), difficulty=np.array([-1.0, 1.0]), guess=np.array([0.25, 0.0]))
    assert item.expected(np.array([-1.0, 1.0])).diagonal().tolist() == [0.625, 0.5]
    assert item.expected(np.array([-1e3])).tolist() == [[0.25, 0.0]]


def test_expected_score_of_continuous_items_is_that_of_many_draws() -> None:
    item = Items(
        discrimination=np.array([1.3]), difficulty=np.array([0.4]), guess=np.zeros(1), residual=np.array([0.9])
    )
    draws = 1.3 * (1.0 - 0.4) + 0.9 * np.random.default_rng(0).normal(size=400_000)
    assert item.expected(1.0)[0] == pytest.approx(np.mean(1 / (1 + np.exp(-draws))), abs=1e-3)
    assert item.information(1.0)[0] == pytest.approx((1.3 / 0.9) ** 2)


@settings(deadline=None)
@given(keep=st.lists(st.booleans(), min_size=3, max_size=3))
def test_items_are_taken_with_all_their_parameters(keep: list[bool]) -> None:
    items = Items(discrimination=np.arange(1.0, 4), difficulty=np.arange(3.0), guess=np.arange(3) / 4)
    some = items.take(np.array(keep))
    assert len(some) == sum(keep)
    assert some.expected(0.3).tolist() == items.expected(0.3)[np.array(keep)].tolist()
