"""Items that are known vaguely: chosen less, and counted for what they are worth."""

import numpy as np
import pytest

from acidtest.stats.irt.adaptive.simulation import simulate_adaptive
from acidtest.stats.irt.adaptive.trust import flattened
from acidtest.stats.irt.items import Items
from acidtest.study.bank import as_known
from adaptive_study import bank as study_bank


def test_vague_items_are_chosen_less_and_count_less() -> None:
    """The winner's curse: discriminations that were estimated without a prior, on few solvers, promise too much.

    Chosen by them, +-1.96 se holds far fewer than 95 % of the abilities; flattened by their errors nearly all again.
    """
    rng = np.random.default_rng(14)
    n, truth = 400, rng.normal(0, 1, 250)
    drawn = np.random.default_rng(15)
    items = Items(discrimination=drawn.lognormal(0, 0.4, n), difficulty=drawn.normal(0, 1.2, n), guess=np.zeros(n))
    scores = (np.random.default_rng(1).random((len(truth), n)) < items.expected(truth)).astype(float)
    log_error = np.where(np.arange(n) % 2, 0.1, 0.8)  # every other item is known well
    noisy = items.discrimination * np.exp(log_error * rng.normal(size=n))
    guessed = Items(discrimination=noisy, difficulty=items.difficulty, guess=items.guess)
    # standard error as a calibration would state it, at the estimate
    wary = flattened(guessed, noisy * log_error, np.zeros(n))
    bold, careful = (simulate_adaptive(scores, items_, most_items=25) for items_ in (guessed, wary))
    covered = [float((np.abs(found.ability - truth) <= 1.96 * found.se).mean()) for found in (bold, careful)]
    vague = [float((found.asked % 2 == 0).mean()) for found in (bold, careful)]
    assert covered[0] < 0.70
    assert covered[1] > 0.90
    assert vague[0] > 0.7
    assert vague[1] < vague[0] - 0.2


def test_flattened_curves_are_the_average_over_what_an_item_may_be() -> None:
    """Against the average of 20,000 drawn curves, at an average solver's distance of one standard deviation."""
    rng = np.random.default_rng(16)
    a, e, a_error, e_error = 1.2, -0.6, 0.3, 0.5
    b_error = np.sqrt(e_error**2 / a**2 + (e / a) ** 2 * a_error**2 / a**2)
    item = Items(discrimination=np.array([a]), difficulty=np.array([-e / a]), guess=np.zeros(1))
    flat = flattened(item, a_error, b_error)
    slopes, intercepts = rng.normal(a, a_error, 20_000), rng.normal(e, e_error, 20_000)
    for t in (-1.0, 1.0):
        average = float((1 / (1 + np.exp(-(slopes * t + intercepts)))).mean())
        assert flat.expected(t)[0] == pytest.approx(average, abs=0.01)


def test_an_error_of_the_slope_alone_counts_once() -> None:
    """The log-odds of an average solver are known exactly, -1.5: then the difficulty's whole error is the slope's."""
    a, b, a_error = 1.5, 1.0, 0.6
    item = Items(discrimination=np.array([a]), difficulty=np.array([b]), guess=np.zeros(1))
    found = flattened(item, a_error, b * a_error / a).discrimination[0]
    assert found == pytest.approx(a / np.sqrt(1 + np.pi * a_error**2 / 8))


def test_known_items_stay_as_they_are() -> None:
    items = Items(discrimination=np.array([0.4, 0.8, 1.0, 1.7, 3.0]), difficulty=np.arange(5.0) - 2, guess=np.zeros(5))
    np.testing.assert_array_equal(flattened(items, 0.0, 0.0).discrimination, items.discrimination)
    straight = Items(
        discrimination=items.discrimination, difficulty=items.difficulty, guess=items.guess, residual=np.ones(5)
    )
    wider = flattened(straight, 0.0, 1.0 / items.discrimination).residual
    assert wider is not None
    np.testing.assert_allclose(wider, np.sqrt(2.0))  # variance 1 of the residual and 1 of the item's own place


def test_a_study_takes_its_bank_as_it_is_known() -> None:
    found = study_bank()
    rough = flattened(found.parameters, found.discrimination_se, found.difficulty_se)
    np.testing.assert_array_equal(as_known(found).discrimination, rough.discrimination)
    assert (rough.discrimination < found.parameters.discrimination).all()
