"""Sums over answers: the definition computed slowly, and the compiled twin beside NumPy's."""

import math
import sys

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine import kernels, sums
from acidtest.stats.irt.engine.kernels import COMPILED
from acidtest.stats.irt.engine.sums import PLAIN, Answers, Curves, Places, Sums


def a_table(solvers: int, items: int, guess: float, places: int) -> tuple[Answers, Places, Curves, FloatArray]:
    rng = np.random.default_rng(items)
    answers = rng.integers(-1, 2, (items, solvers)).astype(np.int8)
    where = Places(rng.normal(0, 2, (places, solvers)), rng.random((places, solvers)))
    row = rng.integers(0, items, 2 * items)
    curves = Curves(
        row, np.exp(rng.normal(size=len(row))), rng.normal(0, 3, len(row)), np.full(len(row), guess) if guess else None
    )
    return answers, where, curves, rng.random(len(row))


def slow_value(y: int, u: float, guess: float) -> float:
    p = guess + (1 - guess) / (1 + math.exp(-u))
    q = (1 - guess) / (1 + math.exp(u))  # 1 - p, which would lose its digits
    return 0.0 if y == 0 else math.log(p if y > 0 else q)


@pytest.mark.parametrize("guess", [0.0, 0.25])
def test_values_and_slopes_are_those_of_the_definition(guess: float) -> None:
    answers, places, curves, weight = a_table(4, 3, guess, 2)
    values, step = np.zeros(len(curves.row)), 1e-5
    slope, of_solver = np.zeros(len(curves.row)), np.zeros(4)
    for r, (item, a, d) in enumerate(zip(curves.row, curves.slope, curves.easiness, strict=True)):
        for m in range(4):
            y = int(answers[item, m])
            for t, w in zip(places.ability[:, m], places.weight[:, m], strict=True):
                values[r] += w * slow_value(y, a * t + d, guess)
                high, low = (slow_value(y, a * t + d + by, guess) for by in (step, -step))
                slope[r] += w * (high - low) / (2 * step)
            of_solver[m] += weight[r] * slow_value(y, a * places.ability[0, m] + d, guess)
    assert PLAIN.item_values(answers, places, curves) == pytest.approx(values)
    assert PLAIN.item_sums(answers, places, curves)[0] == pytest.approx(slope, abs=1e-6)
    assert PLAIN.solver_values(answers, places.ability, curves, weight)[0] == pytest.approx(of_solver)


@pytest.mark.parametrize("guess", [0.0, 0.25])
@pytest.mark.parametrize("shape", [(1, 2), (17, 5), (33, 300)])
def test_compiled_sums_are_numpys(shape: tuple[int, int], guess: float) -> None:
    answers, places, curves, weight = a_table(*shape, guess, 3)

    def all_four(way: Sums) -> list[FloatArray]:
        return [
            way.item_sums(answers, places, curves),
            way.item_values(answers, places, curves),
            way.solver_sums(answers, places.ability[0], curves, weight),
            way.solver_values(answers, places.ability, curves, weight),
        ]

    for compiled, plain in zip(all_four(COMPILED), all_four(PLAIN), strict=True):
        assert compiled == pytest.approx(plain, rel=2e-5, abs=5e-4)


def test_large_tables_take_compiled_sums_and_all_take_numpys_without_a_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sums.sums_for(sums.COMPILED_FROM) is COMPILED
    assert sums.sums_for(sums.COMPILED_FROM - 1) is PLAIN
    sums._compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "acidtest.stats.irt.engine.kernels", None)
    assert sums.sums_for(sums.COMPILED_FROM) is PLAIN
    monkeypatch.undo()
    sums._compiled.cache_clear()


def test_where_compiled_code_cannot_be_kept_numpy_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    answers, places, curves, weight = a_table(6, 4, 0.0, 1)
    for name in ("_item_sums", "_item_values", "_solver_sums", "_solver_values"):
        monkeypatch.setattr(kernels, name, full)
    ability = places.ability
    assert (COMPILED.item_sums(answers, places, curves) == PLAIN.item_sums(answers, places, curves)).all()
    assert (COMPILED.item_values(answers, places, curves) == PLAIN.item_values(answers, places, curves)).all()
    pair = [way.solver_sums(answers, ability[0], curves, weight) for way in (COMPILED, PLAIN)]
    assert (pair[0] == pair[1]).all()
    pair = [way.solver_values(answers, ability, curves, weight) for way in (COMPILED, PLAIN)]
    assert (pair[0] == pair[1]).all()
