"""The fit on simulated tables whose truth is known: intervals hold it, and abilities err little more than they must."""

from typing import Any

import numpy as np
import pytest

from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.engine import sums
from acidtest.stats.irt.fit import Model, fit_irt
from irt_worlds import off_by, parameters, world


@pytest.fixture(autouse=True)
def always_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables take NumPy's sums, so that a single fit need not load the compiler; here are many."""
    monkeypatch.setattr(sums, "COMPILED_FROM", 0)


CELLS: list[tuple[int, int, int, Model, dict[str, Any]]] = [
    (8, 200, 24, "2pl", {}),
    (8, 200, 24, "2pl", {"missing": 0.1, "easiness": 3.0}),
    (20, 100, 16, "2pl", {}),
    (20, 100, 16, "3pl", {"guess": 0.25}),
    (20, 100, 16, "rasch", {"slopes": 0.0}),
    (50, 1000, 4, "2pl", {"missing": 0.1}),
    (200, 30, 36, "2pl", {}),
]


@pytest.mark.parametrize(("solvers", "items", "repeats", "model", "kind"), CELLS)
def test_intervals_hold_the_truth(solvers: int, items: int, repeats: int, model: Model, kind: dict[str, Any]) -> None:
    held: list[list[float]] = [[], [], []]
    for seed in range(repeats):
        scores, truth, known = world(solvers, items, seed, **kind)
        fit = fit_irt(scores, model=model, guess=known.guess)
        assert fit.converged
        of_ability, of_items = off_by(fit, truth, known)
        for kept, z in zip(held, (of_ability, of_items[:, 0], of_items[:, 1]), strict=True):
            kept.append(float((np.abs(z) < 1.96).mean()))
    shares = [float(np.mean(kept)) for kept in held]
    # .95 is meant; the bands leave room for the chance of so few tables, and catch errors half or twice as wide
    assert 0.90 < shares[0] < 0.99
    assert 0.91 < shares[1] < 0.995 or model == "rasch"
    assert 0.91 < shares[2] < 0.99


@pytest.mark.parametrize(("solvers", "items"), [(60, 800), (150, 600)])
def test_abilities_err_little_more_than_with_known_items(solvers: int, items: int) -> None:
    scores, truth, known = world(solvers, items, 3)
    found, oracle = fit_irt(scores).ability - truth, ability(scores, known).value - truth
    assert np.sqrt(np.mean(found**2)) < 1.1 * np.sqrt(np.mean(oracle**2))


def test_discriminations_of_few_solvers_are_neither_stretched_nor_flat() -> None:
    # Joint maximization makes them steeper by its own error: their mean log is what it is in truth
    gaps, noise = [], []
    for seed in range(12):
        scores, _, known = world(10, 150, seed)
        fit = fit_irt(scores)
        gap = parameters(fit.items)[:, 0] - parameters(known)[:, 0]
        gaps.append(gap.mean())
        noise.append(np.sqrt(np.mean(gap**2)))
    assert abs(np.mean(gaps)) < 0.08
    assert np.mean(noise) < 0.33
