"""Sums over answers, compiled and not: answer by answer, with numerical derivatives."""

import math

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine import kernels, sums
from acidtest.stats.irt.engine.sums import PLAIN, Answers, Curves, Places
from irt_answers import first, second, value


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
