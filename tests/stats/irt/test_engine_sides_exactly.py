"""Sums, priors and both sides of the fit, each beside a slow twin: answer by answer, with numerical derivatives."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine import item_prior, kernels, sums
from acidtest.stats.irt.engine.item_prior import Shared, first_shared, learnt, shared_of, widened
from acidtest.stats.irt.engine.item_side import curves_of, item_side, on_scale, points_around
from acidtest.stats.irt.engine.solver_side import SolverSide, solver_side, table_of
from acidtest.stats.irt.engine.sums import PLAIN, Answers, Curves, Places

H = 1e-5


def value(y: int, u: float, guess: float) -> float:
    p = guess + (1 - guess) / (1 + math.exp(-u))
    q = (1 - guess) / (1 + math.exp(u))  # 1 - p, which would lose its digits
    return 0.0 if y == 0 else math.log(p if y > 0 else q)


def first(y: int, u: float, guess: float) -> float:
    return (value(y, u + H, guess) - value(y, u - H, guess)) / (2 * H)


def second(y: int, u: float, guess: float) -> float:
    """Fisher information: the squared slope, on average over answers; 0 where there is none."""
    return sum(math.exp(value(k, u, guess)) * first(k, u, guess) ** 2 for k in (1, -1)) if y else 0.0


def a_table(solvers: int, items: int, seed: int, guessing: str) -> tuple[Answers, FloatArray | None]:
    rng = np.random.default_rng(seed)
    answers = rng.integers(-1, 2, (items, solvers)).astype(np.int8)
    guess = None if guessing == "none" else rng.random(items) / 3
    return answers, guess


@pytest.mark.parametrize("guessing", ["none", "some"])
def test_all_sums_are_those_of_single_answers(guessing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, guess = a_table(4, 5, 1, guessing)
    rng = np.random.default_rng(2)
    row = np.array([0, 3, 3, 1, 2, 4, 0])
    curves = Curves(row, np.exp(rng.normal(size=7)), rng.normal(size=7), None if guess is None else guess[row])
    places, weight = Places(rng.normal(size=(3, 4)), rng.random((3, 4))), rng.random(7)
    by_item, values = np.zeros((5, 7)), np.zeros(7)
    by_solver, at_places = np.zeros((2, 4)), np.zeros((3, 4))
    for r in range(7):
        c, a = 0.0 if guess is None else float(guess[row[r]]), curves.slope[r]
        for m in range(4):
            y = int(answers[row[r], m])
            for q in range(3):
                t, w = places.ability[q, m], places.weight[q, m]
                u = a * t + curves.easiness[r]
                f, s = w * first(y, u, c), w * second(y, u, c)
                by_item[:, r] += [f, f * t, s, s * t, s * t * t]
                values[r] += w * value(y, u, c)
                at_places[q, m] += weight[r] * value(y, u, c)
            u = a * places.ability[1, m] + curves.easiness[r]
            by_solver[:, m] += [weight[r] * a * first(y, u, c), weight[r] * a * a * second(y, u, c)]
    for cells in (1, 7, 8, 11, 12, 1 << 16):  # cells at once: one curve, one, two, two, three, all
        monkeypatch.setattr(sums, "_AT_ONCE", cells)
        assert PLAIN.item_sums(answers, places, curves) == pytest.approx(by_item, rel=1e-6, abs=1e-8)
        assert PLAIN.item_values(answers, places, curves) == pytest.approx(values)
        assert PLAIN.solver_sums(answers, places.ability[1], curves, weight) == pytest.approx(by_solver, rel=1e-6)
        assert PLAIN.solver_values(answers, places.ability, curves, weight) == pytest.approx(at_places)


def test_parts_are_as_many_rows_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    curves = Curves(np.arange(7), np.ones(7), np.zeros(7), None)
    for cells, rows in ((11, 2), (12, 3), (3, 1)):
        monkeypatch.setattr(sums, "_AT_ONCE", cells)
        assert next(sums._parts(curves, 4)).indices(7)[:2] == (0, rows)
        assert sum(len(range(*part.indices(7))) for part in sums._parts(curves, 4)) == 7
    assert [part.stop for part in sums._parts(curves, 0)] == [3, 6, 9]


def test_answers_far_from_the_difficulty_are_no_nan() -> None:
    answers = np.array([[1, -1, 0]], np.int8)
    for guess in (None, np.array([0.0]), np.array([0.2])):
        curves = Curves(np.zeros(1, int), np.array([1.0]), np.array([0.0]), guess)
        for far in (-800.0, 800.0):
            places = Places(np.full((1, 3), far), np.ones((1, 3)))
            assert np.isfinite(PLAIN.item_sums(answers, places, curves)).all()
            expected = [far, 0.0, 0.0] if far < 0 else [0.0, -far, 0.0]
            if guess is not None and guess[0] and far < 0:
                expected = [math.log(0.2), math.log(0.8), 0.0]
            if guess is not None and guess[0] and far > 0:
                expected[1] += math.log(0.8)
            found = PLAIN.solver_values(answers, places.ability, curves, np.ones(1))[0]
            assert found[[0, 2]] == pytest.approx(np.array(expected)[[0, 2]], abs=1e-12)
            assert found[1] == pytest.approx(expected[1], abs=1e-12)


def test_compiled_curves_are_exact_to_single_precision() -> None:
    half, soft = kernels._half_tanh, kernels._softplus
    for u in np.concatenate([np.linspace(-40, 40, 1601), np.geomspace(1e-4, 1, 60)]):
        x = np.float32(u)
        exact = math.tanh(float(x) / 2) / 2
        assert float(half(x)) == pytest.approx(exact, rel=5e-7, abs=1e-12)
        expected = max(float(x), 0) + math.log1p(math.exp(-abs(float(x))))
        assert float(soft(x, half(x))) == pytest.approx(expected, rel=4e-7, abs=1.5e-7)


@pytest.mark.parametrize("guessing", ["none", "some"])
def test_compiled_sums_of_hundreds_of_rows_are_exact_to_single_precision(guessing: str) -> None:
    answers, guess = a_table(5, 300, 3, guessing)
    rng = np.random.default_rng(4)
    row = np.arange(300)
    curves = Curves(row, np.exp(rng.normal(0, 0.4, 300)), rng.normal(size=300), guess)
    places, weight = Places(rng.normal(size=(2, 5)), rng.random((2, 5))), rng.random(300)
    for name, given in (
        ("item_sums", (answers, places, curves)),
        ("item_values", (answers, places, curves)),
        ("solver_sums", (answers, places.ability[1], curves, weight)),
        ("solver_values", (answers, places.ability, curves, weight)),
    ):
        plain = getattr(PLAIN, name)(*given)
        assert getattr(kernels.COMPILED, name)(*given) == pytest.approx(plain, rel=2e-6, abs=4e-6), name


# --- what items have in common


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


# --- items given solvers, and solvers given items


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
