"""Adaptive tests whose scores lie between 0 and 1."""

import numpy as np
import pytest

from acidtest.stats.irt.adaptive.test import AdaptiveTest, Stop, informative
from acidtest.stats.irt.continuous import NEAREST
from acidtest.stats.irt.items import Items


def test_scores_at_the_ends_tell_nothing() -> None:
    """Information as often as a score lies between the ends at which scores are held; against 100,000 drawn ones."""
    items = Items(
        discrimination=np.array([1.0, 2.0, 1.0]),
        difficulty=np.array([0.0, -2.5, 6.0]),
        guess=np.zeros(3),
        residual=np.array([1.0, 1.5, 2.0]),
    )
    assert items.residual is not None
    drawn = items.linear(0.5) + items.residual * np.random.default_rng(19).normal(size=(100_000, 3))
    between = (np.abs(drawn) < np.log(1 / NEAREST - 1)).mean(axis=0)
    assert between[1] < 0.8
    np.testing.assert_allclose(
        informative(items, 0.5), between * (items.discrimination / items.residual) ** 2, rtol=0.02
    )


def test_scores_between_0_and_1_have_a_closed_form() -> None:
    """Logits around a straight line with a normal prior: the posterior mean and its error are exact."""
    rng = np.random.default_rng(17)
    items = Items(
        discrimination=rng.lognormal(0, 0.3, 8),
        difficulty=rng.normal(0, 1, 8),
        guess=np.zeros(8),
        residual=rng.lognormal(0, 0.3, 8),
    )
    scores = rng.uniform(0.05, 0.95, 8)
    test = AdaptiveTest(items, stop=Stop(most_items=8))
    while (item := test.next_item()) is not None:
        test.answer(item, scores[item])
    assert items.residual is not None
    a, y = items.discrimination, np.log(scores / (1 - scores))
    precision = 1 + (a**2 / items.residual**2).sum()
    mean = (a * (y + a * items.difficulty) / items.residual**2).sum() / precision
    assert test.ability == pytest.approx(mean, abs=1e-8)
    assert test.se == pytest.approx(precision**-0.5, rel=1e-12)
