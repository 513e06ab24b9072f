"""What items have in common, learnt place by place: beside slow twins with numerical derivatives."""

import math

import numpy as np
import pytest

from acidtest.stats.irt.engine import item_prior
from acidtest.stats.irt.engine.item_prior import Shared, first_shared, learnt, shared_of, widened
from acidtest.stats.irt.engine.item_side import on_scale
from irt_answers import H


def a_shared(seed: int, power: float = 0.6) -> Shared:
    root = np.random.default_rng(seed).normal(size=(2, 2)) / 2
    return Shared(mean=np.array([0.2, -0.4]), covariance=root @ root.T + np.diag([0.1, 0.8]), power=power)


def test_levels_are_easiness_over_its_width() -> None:
    shared = a_shared(1)
    given = np.random.default_rng(2).normal(size=(3, 4, 2))
    levels = shared.levels(given)
    for at in np.ndindex(3, 4):
        la, easiness = given[at]
        assert levels[at] == pytest.approx([la, easiness / math.exp(0.6 * (la - 0.2))])
    assert shared.parameters(levels) == pytest.approx(given)
    slopes = shared.slopes(given)
    for at in np.ndindex(3, 4):
        for k in range(2):
            step = H * (np.arange(2) == k)
            by = (shared.levels(given[at] + step) - shared.levels(given[at] - step)) / (2 * H)
            assert slopes[at][:, k] == pytest.approx(by, abs=1e-9)


def test_vectors_say_all_that_is_shared() -> None:
    shared = a_shared(3)
    vector = shared.as_vector(one_slope=False)
    root = np.linalg.cholesky(shared.covariance)
    assert vector == pytest.approx([0.2, -0.4, math.log(root[0, 0]), root[1, 0], math.log(root[1, 1]), 0.6])
    again = shared_of(vector, one_slope=False)
    assert again.covariance == pytest.approx(shared.covariance)
    assert (again.mean.tolist(), again.power) == ([0.2, -0.4], 0.6)
    one = Shared(mean=np.array([0.2, -0.4]), covariance=np.diag([1e-8, 0.7]), power=0.0)
    vector = one.as_vector(one_slope=True)
    assert vector == pytest.approx([0.2, -0.4, 0, 0, math.log(0.7) / 2, 0])
    again = shared_of(vector, one_slope=True)
    assert again.covariance == pytest.approx(one.covariance)
    assert (again.mean.tolist(), again.power) == ([0.2, -0.4], 0.0)


def test_moved_scales_move_what_is_shared_as_an_item() -> None:
    shared = a_shared(4)
    moved = shared.moved(0.3, 1.7)
    t = 1.1
    before = math.exp(shared.mean[0]) * t + shared.mean[1]
    assert math.exp(moved.mean[0]) * (t - 0.3) / 1.7 + moved.mean[1] == pytest.approx(before)
    assert moved.mean[0] - shared.mean[0] == pytest.approx(math.log(1.7))
    assert (moved.covariance.tolist(), moved.power) == (shared.covariance.tolist(), 0.6)
    items = np.random.default_rng(5).normal(size=(4, 2))
    there = on_scale(items, 0.3, 1.7)
    for old, new in zip(items, there, strict=True):
        assert math.exp(new[0]) * (t - 0.3) / 1.7 + new[1] == pytest.approx(math.exp(old[0]) * t + old[1])


def test_the_first_guess_at_what_is_shared() -> None:
    found = first_shared(0.7, one_slope=False)
    assert found.mean.tolist() == [0.0, 0.7]
    assert found.covariance == pytest.approx(np.diag([0.16, 2.25]))
    assert found.power == 0.5
    found = first_shared(0.7, one_slope=True)
    assert found.covariance == pytest.approx(np.diag([1e-8, 2.25]))
    assert found.power == 0.0


@pytest.mark.parametrize("wide", [0.4, 3.0])
@pytest.mark.parametrize("power", [0.5, 0.9])
def test_what_is_shared_is_learnt_from_posteriors(wide: float, power: float) -> None:
    """Moments place by place; the power by the numerical slope of the expected log density of easiness."""
    before = a_shared(6, power)
    rng = np.random.default_rng(7)
    levels, weight = rng.normal([0.3, -0.2], [wide, 1.2], (3, 6, 2)), rng.dirichlet(np.ones(3), 6).T
    found = learnt(levels, weight, before, one_slope=False)
    cells = [(weight[k, i], levels[k, i]) for k in range(3) for i in range(6)]
    centre = sum(w * at for w, at in cells) / 7  # one more item at 0
    total = sum(w * np.outer(at - centre, at - centre) for w, at in cells)
    total = (total + 4 * np.diag([0.16, 2.25])) / 10
    narrower = np.diag([min(1, 0.8 / math.sqrt(total[0, 0])), 1.0])
    total = narrower @ total @ narrower
    assert (narrower[0, 0] < 1) == (wide > 1)
    known = np.linalg.inv(total)

    def log_density(power_now: float) -> float:
        """Of the same easiness, should the power be another: its levels move, and its density with their width."""
        value = 0.0
        for w, at in cells:
            wider = (power_now - power) * (at[0] - centre[0])
            away = np.array([at[0], at[1] * math.exp(-wider)]) - centre
            value += w * (-0.5 * float(away @ known @ away) - wider)
        return value - 0.5 * ((power_now - 0.5) / 0.3) ** 2

    slope = (log_density(power + H) - log_density(power - H)) / (2 * H)
    information = 1 / 0.09
    for w, at in cells:
        moved = (at[0] - centre[0]) * at[1]
        information += w * (known[1, 1] * moved**2 + (at[0] - centre[0]) ** 2)
    step = min(max(slope / information, -0.3), 0.3)
    assert found.power == pytest.approx(power + step, abs=1e-8)
    # levels at the usual discrimination, which has moved
    unit = np.diag([1.0, math.exp(power * (centre[0] - 0.2))])
    assert found.mean == pytest.approx(unit @ centre)
    assert found.covariance == pytest.approx(unit @ total @ unit)
    one = learnt(levels, weight, before, one_slope=True)
    assert one.mean == pytest.approx(centre)
    assert one.covariance == pytest.approx(np.diag([1e-8, total[1, 1]]))
    assert one.power == 0.0


def test_a_step_of_the_power_is_no_longer_than_said() -> None:
    levels = np.random.default_rng(8).normal(0, 1, (1, 200, 2)) * np.array([0.5, 1.0])
    levels[..., 1] = 6 * np.exp(-3 * levels[..., 0])
    away, weight = levels - levels.mean((0, 1)), np.ones((1, 200))
    step = item_prior._power_step(levels, away, weight, np.diag([0.2, 0.4]), 0.5)
    assert abs(step) == 0.3


@pytest.mark.parametrize("one_slope", [False, True])
def test_doubt_about_the_spread_widens_what_is_known_by_it(one_slope: bool) -> None:  # noqa: FBT001  # pytest's
    rng = np.random.default_rng(9)
    root = rng.normal(size=(6, 2, 2)) / 2
    covariance, alone = root @ root.transpose(0, 2, 1), rng.random((6, 2, 2)) / 2
    spread = rng.random((6, 2)) / 2 + 0.1
    learnt_from = np.array([True, True, False, True, True, True])
    found = widened(covariance, alone, spread, learnt_from, one_slope=one_slope)
    share = np.array([[min(alone[i, k, k] / spread[i, k], 1.0) for k in range(2)] for i in range(6)])
    for k in range(2):
        freedom = 4 + sum((1 - share[i, k]) ** 2 for i in range(6) if learnt_from[i])
        for i in range(6):
            factor = 1 + share[i, k] ** 2 * (math.exp(1 / freedom) - 1)
            expected = covariance[i, k, k] * (1 if one_slope and k == 0 else factor)
            assert found[i, k, k] == pytest.approx(expected)
    correlation = [c[0, 1] / math.sqrt(c[0, 0] * c[1, 1]) for c in covariance]
    assert [c[0, 1] / math.sqrt(c[0, 0] * c[1, 1]) for c in found] == pytest.approx(correlation)
