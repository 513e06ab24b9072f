"""Items given solvers and solvers given items, each beside a slow twin: answer by answer, numerical derivatives."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine.item_prior import Shared
from acidtest.stats.irt.engine.item_side import curves_of, item_side, points_around
from acidtest.stats.irt.engine.solver_side import SolverSide, solver_side, table_of
from acidtest.stats.irt.engine.sums import PLAIN, Answers, Places
from irt_answers import H, second, value


def a_table(solvers: int, items: int, seed: int, guessing: str) -> tuple[Answers, FloatArray | None]:
    rng = np.random.default_rng(seed)
    answers = rng.integers(-1, 2, (items, solvers)).astype(np.int8)
    guess = None if guessing == "none" else rng.random(items) / 3
    return answers, guess


def a_shared(seed: int, power: float = 0.6) -> Shared:
    root = np.random.default_rng(seed).normal(size=(2, 2)) / 2
    return Shared(mean=np.array([0.2, -0.4]), covariance=root @ root.T + np.diag([0.1, 0.8]), power=power)


def test_curves_go_place_by_place() -> None:
    parameters = np.random.default_rng(10).normal(size=(3, 4, 2))
    guess = np.array([0.1, 0.2, 0.3, 0.4])
    found = curves_of(parameters, guess)
    assert found.guess is not None
    for k in range(3):
        for i in range(4):
            r = 4 * k + i
            assert (found.row[r], found.guess[r]) == (i, guess[i])
            assert (found.slope[r], found.easiness[r]) == pytest.approx(
                (math.exp(parameters[k, i, 0]), parameters[k, i, 1])
            )
    assert curves_of(parameters[0], None).guess is None


def test_points_are_those_of_gauss_and_hermite() -> None:
    """Exact for polynomials of a standard normal: E x^2 = 1, E x^4 = 3, E x^2 y^2 = 1."""
    grid, log_weight = points_around(3, one_slope=False)
    weight = np.exp(log_weight) / np.exp(log_weight).sum()
    x, y = grid.T
    moments = [(weight * f).sum() for f in (x, y, x * x, y * y, x * y, x**4, x * x * y * y)]
    assert moments == pytest.approx([0, 0, 1, 1, 0, 3, 1], abs=1e-12)
    line, log_weight = points_around(5, one_slope=True)
    weight = np.exp(log_weight) / np.exp(log_weight).sum()
    assert line[:, 0].tolist() == [0.0] * 5
    assert [(weight * line[:, 1] ** k).sum() for k in (2, 4, 6, 8)] == pytest.approx([1, 3, 15, 105])


def groups_of(answers: Answers, seed: int) -> list[tuple[Answers, Places]]:
    """Some solvers in one place, others in three."""
    rng = np.random.default_rng(seed)
    solvers = answers.shape[1]
    narrow = (np.arange(solvers) < 3).astype(float)
    three = rng.normal(size=(3, solvers - 3)), rng.dirichlet(np.ones(3), solvers - 3).T
    return [
        (answers, Places(rng.normal(size=(1, solvers)), narrow[None])),
        (np.ascontiguousarray(answers[:, 3:]), Places(*three)),
    ]


def expected_value(
    groups: list[tuple[Answers, Places]], i: int, la: float, easiness: float, guess: float, shared: Shared
) -> float:
    """Log posterior of (log discrimination, level), expected over where solvers may stand."""
    level = easiness / math.exp(shared.power * (la - shared.mean[0]))
    away = np.array([la, level]) - shared.mean
    total = -0.5 * float(away @ np.linalg.inv(shared.covariance) @ away)
    for answers, places in groups:
        for q, m in np.ndindex(*places.ability.shape):
            u = math.exp(la) * float(places.ability[q, m]) + easiness
            total += float(places.weight[q, m]) * value(int(answers[i, m]), u, guess)
    return total


def information_of(
    groups: list[tuple[Answers, Places]], i: int, la: float, easiness: float, guess: float, shared: Shared
) -> FloatArray:
    """Expected information about (log discrimination, level): of the linear predictor, through its slopes."""
    wide = math.exp(shared.power * (la - shared.mean[0]))
    found = np.linalg.inv(shared.covariance)
    for answers, places in groups:
        for q, m in np.ndindex(*places.ability.shape):
            t, a = float(places.ability[q, m]), math.exp(la)
            by = np.array([a * t + shared.power * easiness, wide])
            found = found + places.weight[q, m] * second(int(answers[i, m]), a * t + easiness, guess) * np.outer(by, by)
    return np.asarray(found)


@pytest.mark.parametrize("guessing", ["none", "some"])
@pytest.mark.parametrize("length", [1.0, 0.5])
@pytest.mark.parametrize("far", [0.0, 6.0])
def test_items_climb_and_look_around(guessing: str, length: float, far: float) -> None:
    answers, guess = a_table(8, 4, 11, guessing)
    answers[2] = 0
    groups, shared = groups_of(answers, 12), a_shared(13)
    start = np.random.default_rng(14).normal(0, 0.4, (4, 2)) + np.array([0, far])
    grid = points_around(3, one_slope=False)
    found = item_side(PLAIN, groups, guess, mode=start, shared=shared, grid=grid, steps=2, length=length)
    single = item_side(PLAIN, groups, guess, mode=start, shared=shared, grid=points_around(1, one_slope=False), steps=2,
                       length=length)  # fmt: skip
    for i in range(4):
        c = 0.0 if guess is None else float(guess[i])
        mode = start[i]
        for _ in range(2):
            level = shared.levels(mode)

            def at(by: NDArray[np.float64], i: int = i, c: float = c, level: FloatArray = level) -> float:
                la, easiness = shared.parameters(level + by)
                return expected_value(groups, i, la, easiness, c, shared)

            slope = np.array([(at(H * one) - at(-H * one)) / (2 * H) for one in np.eye(2)])
            information = information_of(groups, i, mode[0], mode[1], c, shared)
            step = np.clip(np.linalg.solve(information, slope), [-0.7, -1.5], [0.7, 1.5])
            mode = shared.parameters(level + length * step)
        assert found.mode[i] == pytest.approx(mode, abs=1e-6)
        covariance = np.linalg.inv(information)
        root, middle = np.linalg.cholesky(covariance), shared.levels(mode)
        chance, places = [], []
        for k in range(9):
            level = middle + root @ grid[0][k]
            assert found.levels[k, i] == pytest.approx(level, abs=1e-5)
            la, easiness = shared.parameters(level)
            assert found.points[k, i] == pytest.approx([la, easiness], abs=1e-5)
            log = expected_value(groups, i, la, easiness, c, shared) + grid[1][k] + 0.5 * float(grid[0][k] @ grid[0][k])
            chance.append(log)
            places.append(np.array([la, easiness]))
        weight = np.exp(np.array(chance) - max(chance))
        weight /= weight.sum()
        assert found.weight[:, i] == pytest.approx(weight, abs=1e-5)
        mean = sum(w * p for w, p in zip(weight, places, strict=True))
        assert found.mean[i] == pytest.approx(mean, abs=1e-5)
        around = sum(w * np.outer(p - mean, p - mean) for w, p in zip(weight, places, strict=True))
        assert found.covariance[i] == pytest.approx(around, abs=1e-5)
        assert found.chance is found.weight
        # one place for all: four stand for its width
        assert single.mean[i] == pytest.approx(mode, abs=1e-6)
        assert single.covariance[i] == pytest.approx(covariance, abs=1e-6)
        four = single.levels[:, i] - middle
        assert four.mean(0) == pytest.approx([0, 0], abs=1e-6)
        assert np.einsum("ki,kj->ij", four, four) / 4 == pytest.approx(covariance, abs=1e-6)
        assert single.chance[:, i].tolist() == [0.25] * 4
        assert (single.weight[:, i].tolist(), single.points[0, i]) == ([1.0], pytest.approx(mode, abs=1e-6))


@pytest.mark.parametrize("guessing", ["none", "some"])
@pytest.mark.parametrize("length", [1.0, 0.5])
def test_solvers_climb_and_look_around(guessing: str, length: float) -> None:
    answers, guess = a_table(5, 6, 15, guessing)
    answers[:, 4] = 1
    rng = np.random.default_rng(16)
    curves = curves_of(rng.normal(0, 0.5, (2, 6, 2)) + np.array([0.5, 0.0]), guess)
    weight, start = rng.random(12), np.array([0.3, -0.6, 4.0, 0.1, -5.0])
    wide = np.array([True, False, True, False, True])
    found = solver_side(PLAIN, table_of(answers, wide), curves, weight, mode=start, wide=wide, steps=2, length=length)
    place, there = np.polynomial.hermite_e.hermegauss(7)
    for m in range(5):

        def log(t: float, m: int = m) -> float:
            total = -0.5 * t * t
            for r in range(12):
                c = 0.0 if curves.guess is None else float(curves.guess[r])
                y = int(answers[curves.row[r], m])
                total += weight[r] * value(y, curves.slope[r] * t + curves.easiness[r], c)
            return total

        mode = float(start[m])
        for _ in range(2):
            information = 1.0
            for r in range(12):
                c = 0.0 if curves.guess is None else float(curves.guess[r])
                u = curves.slope[r] * mode + curves.easiness[r]
                information += weight[r] * curves.slope[r] ** 2 * second(int(answers[curves.row[r], m]), u, c)
            step = (log(mode + H) - log(mode - H)) / (2 * H) / information
            mode += length * min(max(step, -1.0), 1.0)
        assert found.mode[m] == pytest.approx(mode, abs=1e-6)
        if not wide[m]:
            assert found.mean[m] == pytest.approx(mode, abs=1e-6)
            assert found.variance[m] == pytest.approx(1 / information, rel=1e-6)
            continue
        at = mode + place / math.sqrt(information)
        chance = np.array([math.log(w) + 0.5 * z * z + log(t) for z, w, t in zip(place, there, at, strict=True)])
        chance = np.exp(chance - chance.max()) / np.exp(chance - chance.max()).sum()
        assert found.mean[m] == pytest.approx(chance @ at, abs=1e-6)
        assert found.variance[m] == pytest.approx(chance @ (at - chance @ at) ** 2, rel=1e-5)
        k = int(wide[:m].sum())
        assert found.places is not None
        assert found.places.ability[:, k] == pytest.approx(at, abs=1e-6)
        assert found.places.weight[:, k] == pytest.approx(chance, abs=1e-6)
    alike = solver_side(PLAIN, table_of(answers, ~wide & wide), curves, weight, mode=start, wide=~wide & wide, steps=2)
    assert alike.places is None


def test_moved_solvers_take_their_places_along() -> None:
    rng = np.random.default_rng(17)
    wide = np.array([True, False, True])
    side = SolverSide(mode=rng.normal(size=3), mean=rng.normal(size=3), variance=rng.random(3), wide=wide,
                      places=Places(rng.normal(size=(2, 2)), rng.random((2, 2))))  # fmt: skip
    centre, scale = np.array([0.5, 0.1, -0.3]), np.array([2.0, 1.5, 0.7])
    moved = side.moved(centre, scale)
    for m in range(3):
        assert moved.mode[m] == pytest.approx((side.mode[m] - centre[m]) / scale[m])
        assert moved.mean[m] == pytest.approx((side.mean[m] - centre[m]) / scale[m])
        assert moved.variance[m] == pytest.approx(side.variance[m] / scale[m] ** 2)
    assert moved.places is not None
    assert side.places is not None
    for k, m in enumerate((0, 2)):
        assert moved.places.ability[:, k] == pytest.approx((side.places.ability[:, k] - centre[m]) / scale[m])
    assert moved.places.weight is side.places.weight


def test_groups_hold_each_solver_once() -> None:
    answers, _ = a_table(4, 3, 18, "none")
    mean = np.arange(4.0)
    for wide in ([True] * 4, [False] * 4, [True, False, False, True]):
        mask = np.array(wide)
        places = Places(np.zeros((2, int(mask.sum()))), np.full((2, int(mask.sum())), 0.5)) if mask.any() else None
        table = table_of(answers, mask)
        groups = table.groups(SolverSide(mode=mean, mean=mean, variance=mean, wide=mask, places=places))
        assert len(groups) == (not all(wide)) + any(wide)
        assert sum(float(where.weight.sum()) for _, where in groups) == 4
        if not all(wide):
            assert groups[0][1].weight[0].tolist() == [float(not w) for w in wide]
            assert groups[0][1].ability[0].tolist() == mean.tolist()
        if any(wide):
            assert groups[-1][0].tolist() == answers[:, mask].tolist()
