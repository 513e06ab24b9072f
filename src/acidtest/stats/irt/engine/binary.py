"""The fit for scores of 0 and 1: what is known of solvers and of items, each with the other's doubt in mind.

    items       each one's posterior, at a few points around its mode, given where solvers may stand   (`item_side`)
    prior       what items have in common, learnt from these posteriors                                (`item_prior`)
    solvers     each one's posterior, given where items may stand                                      (`solver_side`)
    scale       abilities moved to mean 0 and standard deviation 1, items with them

These steps are repeated until nothing moves. Where solvers are known well (many items), it is marginal likelihood over
items; where items are (many solvers), it is the usual marginal likelihood over solvers; between them, the mean-field
approximation of both. Joint maximization, which takes the likeliest of everything at once, has too narrow items and too
steep or too flat slopes with few solvers. Last, errors take in what both sides' errors have in common (`joint_errors`).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine.acceleration import Acceleration
from acidtest.stats.irt.engine.fit_warnings import fit_warnings
from acidtest.stats.irt.engine.item_prior import USUAL_SCALE_SD, Shared, first_shared, learnt, shared_of, widened
from acidtest.stats.irt.engine.item_side import ItemSide, curves_of, item_side, on_scale, points_around
from acidtest.stats.irt.engine.joint_errors import Errors, joint_errors
from acidtest.stats.irt.engine.solver_side import NARROW, SolverSide, Table, solver_side, table_of
from acidtest.stats.irt.engine.sums import PLAIN, Answers, Places, Sums, answers_of, sums_for
from acidtest.stats.irt.fit import Fit, Model, Prior
from acidtest.stats.irt.items import Items

_CLOSE = 0.03
"""Moves below which each item is looked at in many points and not only at its mode."""
_DEPTH = 5
_FEW_SOLVERS, _MANY_POINTS, _FEW_POINTS = 64, 5, 3
"""Up to so many solvers, items are so wide that more points are worth it."""
_LEAPS, _GUESSES, _SURE_STEPS = 30, 120, 6
"""After so many sweeps modes are climbed by several half steps, as whole ones may leap to and fro between two places
for ever; and later nothing is guessed of where sweeps end."""
_SMALLEST_SPREAD = 0.5
"""Of first guesses at abilities, so that solvers who are alike are not drawn apart."""
_SINGLE = 5e-5
"""Moves below this are lost in the single precision of compiled sums."""


@dataclass(frozen=True, kw_only=True)
class _Given:
    """What does not change: answers [n, M], guess [n] or None, which items [n] and solvers [M] have any."""

    answers: Answers
    guess: FloatArray | None
    sums: Sums
    one_slope: bool
    items: NDArray[np.bool_]
    solvers: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _State:
    """What a sweep starts from, and the items' posterior that it found on the way."""

    mode: FloatArray
    shared: Shared
    side: SolverSide
    items: ItemSide | None = None


@dataclass(frozen=True, kw_only=True)
class _Climbed:
    """Where sweeps ended."""

    state: _State
    items: ItemSide
    sweeps: int
    converged: bool


def fit_binary(scores: FloatArray, *, model: Model, guess: FloatArray, most_sweeps: int, tolerance: float) -> Fit:
    """Fit scores [M, n] of 0, 1 and NaN; see `fit.fit_irt`."""
    answers = answers_of(scores)
    given = _Given(
        answers=answers,
        guess=guess if guess.any() else None,
        sums=sums_for(answers.size) if tolerance >= _SINGLE else PLAIN,
        one_slope=model == "rasch",
        items=np.asarray(answers.any(1)),
        solvers=np.asarray(answers.any(0)),
    )
    rough = _climb(given, _start(given), sides=1, most=max(1, most_sweeps // 2), tolerance=max(_CLOSE, tolerance))
    start = _widened_places(rough.state)
    sides = _MANY_POINTS if int(given.solvers.sum()) <= _FEW_SOLVERS else _FEW_POINTS
    end = _climb(given, start, sides=sides, most=max(1, most_sweeps - rough.sweeps), tolerance=tolerance)
    return _result(given, end, model=model, guess=guess, sweeps=rough.sweeps + end.sweeps)


def _start(given: _Given) -> _State:
    answers, known = given.answers, given.solvers
    theta = _log_odds(answers, 0)
    theta = np.where(known, (theta - theta[known].mean()) / max(float(theta[known].std()), _SMALLEST_SPREAD), 0.0)
    easiness = _log_odds(answers, 1)
    nobody = np.zeros(len(theta), np.bool_)
    return _State(
        mode=np.stack([np.zeros(len(easiness)), easiness], -1),
        shared=first_shared(float(easiness[given.items].mean()), one_slope=given.one_slope),
        side=SolverSide(mode=theta, mean=theta, variance=np.ones(len(theta)), wide=nobody, places=None),
    )


def _log_odds(answers: Answers, axis: int) -> FloatArray:
    right, wrong = np.count_nonzero(answers > 0, axis), np.count_nonzero(answers < 0, axis)
    odds: FloatArray = np.log((right + 0.5) / (wrong + 0.5))
    return odds


def _widened_places(state: _State) -> _State:
    """Return the state in which solvers that are not known to a hair stand in several places from now on."""
    side = state.side
    wide = side.variance > NARROW
    places = Places(side.mean[None, wide], np.ones((1, int(wide.sum())))) if wide.any() else None
    return replace(state, side=replace(side, wide=wide, places=places))


def _climb(given: _Given, state: _State, *, sides: int, most: int, tolerance: float) -> _Climbed:
    """Repeat sweeps until nothing moves by more than the tolerance."""
    grid = points_around(sides, one_slope=given.one_slope)
    table = table_of(given.answers, state.side.wide)
    faster = Acceleration(_DEPTH)
    sweep, before = 0, state
    while True:
        sweep += 1
        # Where guessing helps, a step of Fisher scoring is not Newton's, and two are worth their time
        steps = _SURE_STEPS if sweep > _LEAPS else 1 if given.guess is None else 2
        after, items = _sweep(given, table, before, grid, steps)
        x, y = _vector(given, before), _vector(given, after)
        moved = float(np.abs(y - x).max())
        if before.items is not None and after.items is not None:
            moved = max(moved, float(np.abs(after.items.mean - before.items.mean)[given.items].max()))
        else:
            moved = max(moved, 2 * tolerance)
        if moved <= tolerance or sweep >= most:
            return _Climbed(state=after, items=items, sweeps=sweep, converged=moved <= tolerance)
        before = _at(given, after, faster.next(x, y) if sweep <= _GUESSES else y)


def _sweep(
    given: _Given, table: Table, state: _State, grid: tuple[FloatArray, FloatArray], steps: int
) -> tuple[_State, ItemSide]:
    length = 0.5 if steps == _SURE_STEPS else 1.0
    items = item_side(
        given.sums,
        table.groups(state.side),
        given.guess,
        mode=state.mode,
        shared=state.shared,
        grid=grid,
        steps=steps,
        length=length,
    )
    answered = given.items
    shared = learnt(items.levels[:, answered], items.chance[:, answered], state.shared, one_slope=given.one_slope)
    curves = curves_of(items.points, given.guess)
    side = solver_side(
        given.sums,
        table,
        curves,
        items.weight.ravel(),
        mode=state.side.mode,
        wide=state.side.wide,
        steps=steps,
        length=length,
    )
    known = given.solvers
    centre = float(side.mean[known].mean())
    spread = float((side.variance + (side.mean - centre) ** 2)[known].mean())
    scale = _scale(spread, int(known.sum()), float(shared.mean[0]))
    side = side.moved(np.where(known, centre, 0.0), np.where(known, scale, 1.0))
    mode = on_scale(items.mode, centre, scale)
    return _State(mode=mode, shared=shared.moved(centre, scale), side=side, items=items), items


def _scale(spread: float, solvers: int, log_slope: float) -> float:
    """Return the scale whose square is the spread of ability; less far off where slopes would leave what is usual."""
    step = 0.5 * np.log(spread)
    weight = 1 / USUAL_SCALE_SD**2
    for _ in range(20):
        relative = spread * np.exp(-2 * step)
        first = solvers * (relative - 1) - weight * (log_slope + step)
        step += first / (2 * solvers * relative + weight)
    return float(np.exp(step))


def _vector(given: _Given, state: _State) -> FloatArray:
    """Return all that sweeps must leave in place, but for the items, which follow from it."""
    return np.concatenate([state.side.mean[given.solvers], state.shared.as_vector(one_slope=given.one_slope)])


def _at(given: _Given, state: _State, vector: FloatArray) -> _State:
    """Return the state with another vector."""
    solvers = vector[: -len(state.shared.as_vector(one_slope=given.one_slope))]
    moved = np.zeros(len(given.solvers))
    moved[given.solvers] = state.side.mean[given.solvers] - solvers
    shared = shared_of(vector[len(solvers) :], one_slope=given.one_slope)
    return replace(state, side=state.side.moved(moved, np.ones(len(moved))), shared=shared)


def _result(given: _Given, end: _Climbed, *, model: Model, guess: FloatArray, sweeps: int) -> Fit:
    items, side, shared = end.items, end.state.side, end.state.shared
    errors = joint_errors(
        given.answers,
        given.guess,
        ability=side.mean,
        parameters=items.mean,
        alone=Errors(ability=side.variance, items=items.covariance),
        shared=shared,
        one_slope=given.one_slope,
    )
    by = np.linalg.inv(shared.slopes(items.mean))
    spread = np.einsum("nij,jk,nik->ni", by, shared.covariance, by)
    covariance = widened(errors.items, items.covariance, spread, given.items, one_slope=given.one_slope)
    a = np.exp(items.mean[:, 0])
    b = -items.mean[:, 1] / a
    # b = -d / a, so db = -(dd + d dlog(a)) / a ... its first derivatives are (-b, -1 / a)
    by = np.stack([-b, -1 / a], -1)
    places = Places(side.mean[None], np.ones((1, len(side.mean))))
    value = given.sums.item_values(given.answers, places, curves_of(items.mean, given.guess))
    found = Fit(
        model=model,
        items=Items(discrimination=a, difficulty=b, guess=guess.copy()),
        discrimination_se=a * np.sqrt(covariance[:, 0, 0]),
        difficulty_se=np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", by, covariance, by), 0.0)),
        covariance=covariance,
        ability=side.mean,
        ability_se=np.sqrt(errors.ability),
        prior=_prior(shared),
        answers=np.count_nonzero(given.answers, 1).astype(np.float64),
        converged=end.converged,
        sweeps=sweeps,
        log_likelihood=float(value.sum()),
    )
    return replace(found, warnings=fit_warnings(given.answers, found))


def _prior(shared: Shared) -> Prior:
    sd = np.sqrt(np.diag(shared.covariance))
    return Prior(
        log_discrimination=float(shared.mean[0]),
        log_discrimination_sd=float(sd[0]),
        easiness=float(shared.mean[1]),
        easiness_sd=float(sd[1]),
        correlation=float(shared.covariance[0, 1] / (sd[0] * sd[1])),
        power=shared.power,
    )
