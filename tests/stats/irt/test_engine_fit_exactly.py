"""The fit of right and wrong answers: each part of a sweep, and the whole, beside slow twins."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine import binary
from acidtest.stats.irt.engine.acceleration import Acceleration
from acidtest.stats.irt.engine.binary import fit_binary
from acidtest.stats.irt.engine.item_prior import learnt, widened
from acidtest.stats.irt.engine.item_side import curves_of, item_side, points_around
from acidtest.stats.irt.engine.joint_errors import Errors, joint_errors
from acidtest.stats.irt.engine.solver_side import solver_side, table_of
from acidtest.stats.irt.engine.sums import PLAIN, answers_of
from acidtest.stats.irt.fit import Fit
from irt_answers import H, value


def test_a_guess_is_the_combination_whose_changes_cancel_best() -> None:
    """By least squares over all differences of the last steps; far ones are gone half of the way of 1."""
    rng = np.random.default_rng(3)
    faster, ends, changes = Acceleration(3), list[FloatArray](), list[FloatArray]()
    half = 0
    for k in range(9):
        start = rng.normal(size=6)
        change = 0.5 * rng.normal(size=6) / (k + 1)
        end = start + change
        if changes and np.abs(change).max() > 2 * np.abs(changes[-1]).max():
            ends, changes = [], []
        ends, changes = [*ends, end][-4:], [*changes, change][-4:]
        found = faster.next(start, end)
        if len(ends) == 1:
            assert found.tolist() == end.tolist()
            continue
        across = np.array([b - a for a, b in pairwise(changes)])
        moves = np.array([b - a for a, b in pairwise(ends)])
        guess = end - np.linalg.lstsq(across.T, change, rcond=None)[0] @ moves
        far = np.abs(guess - end).max()
        half += far > 0.5
        expected = guess if far <= 0.5 else end + (guess - end) * 0.5 / far
        assert found == pytest.approx(expected, abs=1e-6)
    assert 0 < half < 8


def test_steps_that_grow_are_forgotten() -> None:
    x, right, up = np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0])
    faster = Acceleration(5)
    faster.next(x, 0.01 * right)
    faster.next(0.01 * right, 0.015 * right + 0.001 * up)
    assert faster.next(x, 0.2 * up).tolist() == [0.0, 0.2]
    last = Acceleration(5)
    last.next(x, right)
    last.next(right, 1.01 * right)
    assert last.next(x, 0.05 * up).tolist() == [0.0, 0.05]  # longer than the last one, if not than the first
    again = Acceleration(5)
    again.next(x, 0.1 * up)
    assert again.next(x, 0.2 * right).tolist() != [0.2, 0.0]  # just twice as long is not too long
    alike = Acceleration(5)
    alike.next(x, x)
    assert alike.next(x, x).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("spread", "solvers", "log_slope"), [(0.3, 5, 0.4), (1.0, 40, 0.0), (6.0, 2, -2.0), (1e-4, 9, 0.1)]
)
def test_a_scale_balances_the_spread_and_what_slopes_are_usual(spread: float, solvers: int, log_slope: float) -> None:
    """The maximum of a normal likelihood of M abilities and a normal prior of the log slope that the scale leaves."""

    def slope(step: float) -> float:
        def log(s: float) -> float:
            return -solvers * s - solvers * spread * math.exp(-2 * s) / 2 - (log_slope + s) ** 2 / 2

        return (log(step + H) - log(step - H)) / (2 * H)

    best = brentq(slope, -12, 12, xtol=1e-12)
    assert math.log(binary._scale(spread, solvers, log_slope)) == pytest.approx(best, abs=1e-6)


def a_given(seed: int, *, one_slope: bool = False, guessing: bool = False) -> binary._Given:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 2, (7, 9)).astype(float)
    scores[rng.random((7, 9)) < 0.2] = np.nan
    scores[3], scores[:, 4] = np.nan, np.nan
    answers = answers_of(scores)
    return binary._Given(
        answers=answers, guess=rng.random(9) / 3 if guessing else None, sums=PLAIN, one_slope=one_slope,
        items=np.asarray(answers.any(1)), solvers=np.asarray(answers.any(0)),
    )  # fmt: skip


@pytest.mark.parametrize("one_slope", [False, True])
def test_a_fit_starts_from_log_odds(one_slope: bool) -> None:  # noqa: FBT001  # pytest gives it
    given = a_given(4, one_slope=one_slope)
    state = binary._start(given)
    odds = np.array([math.log((sum(y > 0) + 0.5) / (sum(y < 0) + 0.5)) for y in given.answers.T])
    known = odds[given.solvers]
    expected = np.where(given.solvers, (odds - known.mean()) / max(known.std(), 0.5), 0)
    assert state.side.mean == pytest.approx(expected)
    assert state.side.mode == pytest.approx(expected)
    assert state.side.variance.tolist() == [1.0] * 7
    assert not state.side.wide.any()
    easiness = np.array([math.log((sum(y > 0) + 0.5) / (sum(y < 0) + 0.5)) for y in given.answers])
    assert state.mode == pytest.approx(np.stack([np.zeros(9), easiness], -1))
    assert state.shared.mean == pytest.approx([0, easiness[given.items].mean()])
    assert state.shared.covariance[0, 0] == pytest.approx(1e-8 if one_slope else 0.16)
    alike = replace(given, answers=np.ones((9, 7), np.int8), solvers=np.ones(7, bool))
    assert binary._start(alike).side.mean == pytest.approx([0.0] * 7, abs=1e-12)
    near = np.ones((9, 7), np.int8)
    near[0, 0] = -1
    few = binary._start(replace(given, answers=near, solvers=np.ones(7, bool))).side.mean
    odds = np.array([math.log(8.5 / 1.5)] + [math.log(9.5 / 0.5)] * 6)
    assert few == pytest.approx((odds - odds.mean()) / 0.5)


def test_solvers_that_are_not_known_to_a_hair_stand_in_several_places() -> None:
    state = binary._start(a_given(5))
    variance = np.array([0.1, 0.004, 0.0041, 0.001, 0.5, 0.003, 0.2])
    found = binary._widened_places(replace(state, side=replace(state.side, variance=variance))).side
    assert found.wide.tolist() == [True, False, True, False, True, False, True]
    assert found.places is not None
    assert found.places.ability.tolist() == [state.side.mean[found.wide].tolist()]
    assert found.places.weight.tolist() == [[1.0] * 4]
    narrow = binary._widened_places(replace(state, side=replace(state.side, variance=np.full(7, 0.001)))).side
    assert narrow.places is None


@pytest.mark.parametrize("one_slope", [False, True])
def test_a_state_is_found_again_from_its_vector(one_slope: bool) -> None:  # noqa: FBT001  # pytest gives it
    given = a_given(6, one_slope=one_slope)
    state = binary._widened_places(binary._start(given))
    vector = binary._vector(given, state)
    assert vector[:6] == pytest.approx(state.side.mean[given.solvers])
    assert vector[6:] == pytest.approx(state.shared.as_vector(one_slope=one_slope))
    other = vector + np.random.default_rng(7).normal(0, 0.2, len(vector))
    if one_slope:
        other[[8, 9, 11]] = 0.0
    found = binary._at(given, state, other)
    assert binary._vector(given, found) == pytest.approx(other)
    assert found.side.variance.tolist() == state.side.variance.tolist()
    assert found.side.places is not None
    assert found.side.places.ability[0] == pytest.approx(found.side.mean[found.side.wide])
    assert found.side.mean[3] == state.side.mean[3]


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("one_slope", [False, True])
def test_a_sweep_is_items_prior_solvers_and_scale(steps: int, one_slope: bool) -> None:  # noqa: FBT001  # pytest's
    given = a_given(8, one_slope=one_slope, guessing=not one_slope)
    state = binary._widened_places(binary._start(given))
    table, grid = table_of(given.answers, state.side.wide), points_around(3, one_slope=one_slope)
    after, items = binary._sweep(given, table, state, grid, steps)
    length = 0.5 if steps == 6 else 1.0
    slow = item_side(PLAIN, table.groups(state.side), given.guess, mode=state.mode, shared=state.shared, grid=grid,
                     steps=steps, length=length)  # fmt: skip
    assert items.mode == pytest.approx(slow.mode)
    assert items.weight == pytest.approx(slow.weight)
    assert after.items is items
    shared = learnt(slow.levels[:, given.items], slow.chance[:, given.items], state.shared, one_slope=one_slope)
    side = solver_side(PLAIN, table, curves_of(slow.points, given.guess), slow.weight.ravel(), mode=state.side.mode,
                       wide=state.side.wide, steps=steps, length=length)  # fmt: skip
    known = given.solvers
    centre = side.mean[known].mean()
    spread = (side.variance[known] + (side.mean[known] - centre) ** 2).mean()
    scale = binary._scale(spread, 6, float(shared.mean[0]))
    assert after.side.mean[known] == pytest.approx((side.mean[known] - centre) / scale)
    assert after.side.mean[3] == side.mean[3]
    assert after.side.variance[known] == pytest.approx(side.variance[known] / scale**2)
    assert after.shared.mean == pytest.approx(shared.moved(centre, scale).mean)
    assert after.shared.covariance == pytest.approx(shared.covariance)
    a, d = np.exp(slow.mode[:, 0]), slow.mode[:, 1]
    there = np.exp(after.mode[:, 0]) * (0.4 - centre) / scale + after.mode[:, 1]
    assert there == pytest.approx(a * 0.4 + d)


@pytest.mark.parametrize(("leaps", "guesses"), [(30, 120), (4, 8)])
def test_climbing_counts_sweeps_and_guesses_where_they_end(
    leaps: int, guesses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "_LEAPS", leaps)
    monkeypatch.setattr(binary, "_GUESSES", guesses)
    given = a_given(9)
    start = binary._widened_places(binary._start(given))
    grid, table = points_around(3, one_slope=False), table_of(given.answers, start.side.wide)
    faster, before, moves, means = Acceleration(5), start, list[float](), list[FloatArray]()
    for sweep in range(1, 40):
        after, items = binary._sweep(given, table, before, grid, 6 if sweep > leaps else 1)
        x, y = binary._vector(given, before), binary._vector(given, after)
        moved = np.abs(y - x).max()
        if before.items is not None:
            moved = max(moved, np.abs(items.mean - before.items.mean)[given.items].max())
        moves.append(float(moved) if sweep > 1 else math.inf)
        means.append(after.side.mean)
        before = binary._at(given, after, faster.next(x, y) if sweep <= guesses else y)
    for sweeps in (1, 2, 5, 6, 7, 9, 10, 33):
        end = binary._climb(given, start, sides=3, most=sweeps, tolerance=0.0)
        assert (end.sweeps, end.converged) == (sweeps, False)
        assert end.state.side.mean == pytest.approx(means[sweeps - 1], abs=1e-9)
    for k in (2, 6, 10):
        tolerance = moves[k] * 1.0001
        sweeps = 1 + next(j for j, moved in enumerate(moves) if moved <= tolerance)
        end = binary._climb(given, start, sides=3, most=200, tolerance=tolerance)
        assert (end.sweeps, end.converged) == (sweeps, True)
        assert binary._climb(given, start, sides=3, most=sweeps, tolerance=tolerance).converged
    at_once = binary._climb(given, start, sides=3, most=200, tolerance=1e9)
    assert at_once.sweeps == 2  # the first sweep has no items to compare with


def test_where_guessing_helps_each_sweep_climbs_twice() -> None:
    given = a_given(10, guessing=True)
    start = binary._widened_places(binary._start(given))
    table = table_of(given.answers, start.side.wide)
    after, _ = binary._sweep(given, table, start, points_around(3, one_slope=False), 2)
    end = binary._climb(given, start, sides=3, most=1, tolerance=0.0)
    assert end.state.side.mean == pytest.approx(after.side.mean)


def says_errors_of_items(fit: Fit, end: binary._Climbed, errors: Errors, *, one_slope: bool) -> None:
    """With the doubt about their spread; those of difficulties by the delta method."""
    items, shared, a = end.items, end.state.shared, np.exp(end.items.mean[:, 0])
    spread = []
    for one in items.mean:  # of (log discrimination, easiness) where (log discrimination, level) is as shared
        by = np.stack([(shared.parameters(shared.levels(one) + H * e) - shared.parameters(shared.levels(one) - H * e))
                       / (2 * H) for e in np.eye(2)], axis=1)  # fmt: skip
        spread.append(np.diag(by @ shared.covariance @ by.T))
    covariance = widened(errors.items, items.covariance, np.array(spread), np.ones(6, bool), one_slope=one_slope)
    assert fit.covariance == pytest.approx(covariance, rel=1e-6, abs=1e-9)
    assert fit.discrimination_se == pytest.approx(a * np.sqrt(covariance[:, 0, 0]))
    for i in range(6):
        la, d = items.mean[i]

        def difficulty(la: float, d: float) -> float:
            return -d / math.exp(la)

        slope = np.array([(difficulty(la + H, d) - difficulty(la - H, d)) / (2 * H),
                          (difficulty(la, d + H) - difficulty(la, d - H)) / (2 * H)])  # fmt: skip
        assert fit.difficulty_se[i] == pytest.approx(math.sqrt(slope @ covariance[i] @ slope), rel=1e-6)


@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl"])
@pytest.mark.parametrize(("solvers", "sides", "most"), [(64, 5, 31), (65, 3, 5)])
def test_a_fit_is_a_rough_climb_and_a_fine_one(model: str, solvers: int, sides: int, most: int) -> None:
    rng = np.random.default_rng(11)
    scores = (rng.random((solvers, 6)) < 1 / (1 + np.exp(-rng.normal(size=(solvers, 1)) - rng.normal(size=6)))).astype(
        float
    )
    one_slope, guess = model == "rasch", np.full(6, 0.2 * (model == "3pl"))
    fit = fit_binary(scores, model=model, guess=guess, most_sweeps=most, tolerance=1e-4)  # type: ignore[arg-type]
    answers = answers_of(scores)
    given = binary._Given(
        answers=answers, guess=guess if model == "3pl" else None, sums=PLAIN, one_slope=one_slope,
        items=np.asarray(answers.any(1)), solvers=np.asarray(answers.any(0)),
    )  # fmt: skip
    rough = binary._climb(given, binary._start(given), sides=1, most=most // 2, tolerance=0.03)
    end = binary._climb(
        given, binary._widened_places(rough.state), sides=sides, most=most - rough.sweeps, tolerance=1e-4
    )
    assert fit.sweeps == rough.sweeps + end.sweeps
    side, items, shared = end.state.side, end.items, end.state.shared
    assert fit.ability == pytest.approx(side.mean)
    assert fit.converged == end.converged
    a = np.exp(items.mean[:, 0])
    assert fit.items.discrimination == pytest.approx(a)
    assert fit.items.difficulty == pytest.approx(-items.mean[:, 1] / a)
    assert fit.items.guess.tolist() == guess.tolist()
    errors = joint_errors(
        answers, given.guess, ability=side.mean, parameters=items.mean,
        alone=Errors(ability=side.variance, items=items.covariance), shared=shared, one_slope=one_slope,
    )  # fmt: skip
    assert fit.ability_se**2 == pytest.approx(errors.ability)
    says_errors_of_items(fit, end, errors, one_slope=one_slope)
    total = 0.0
    for m in range(solvers):
        for i in range(6):
            total += value(int(answers[i, m]), a[i] * side.mean[m] + items.mean[i, 1], guess[i])
    assert fit.log_likelihood == pytest.approx(total)
    assert fit.answers.tolist() == [float(solvers)] * 6
    sd = np.sqrt(np.diag(shared.covariance))
    prior = fit.prior
    assert (prior.log_discrimination, prior.easiness) == pytest.approx(tuple(shared.mean))
    assert (prior.log_discrimination_sd, prior.easiness_sd) == pytest.approx(tuple(sd))
    assert prior.correlation * sd[0] * sd[1] == pytest.approx(shared.covariance[0, 1])
    assert prior.power == shared.power


def test_very_fine_fits_are_not_left_to_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counting(cells: int) -> object:
        asked.append(cells)
        return PLAIN

    monkeypatch.setattr(binary, "sums_for", counting)
    scores = np.random.default_rng(12).integers(0, 2, (6, 5)).astype(float)
    fit_binary(scores, model="2pl", guess=np.zeros(5), most_sweeps=3, tolerance=4.9e-5)
    assert asked == []
    fit_binary(scores, model="2pl", guess=np.zeros(5), most_sweeps=3, tolerance=5e-5)
    assert asked == [30]
    short = fit_binary(scores, model="2pl", guess=np.zeros(5), most_sweeps=1, tolerance=1e-3)
    assert (short.sweeps, short.converged) == (2, False)  # one sweep of either kind, at least
