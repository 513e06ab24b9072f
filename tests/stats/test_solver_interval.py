"""Intervals over solvers: fewer rounds for many solvers leave the ends where many rounds put them."""

import numpy as np
import pytest

from acidtest.stats import order
from acidtest.stats.bootstrap import solver_bootstrap
from acidtest.stats.interval import SOLVER_ROUNDS, solver_interval
from acidtest.stats.level import gap


def test_rounds_follow_the_number_of_solvers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ends of a mean of 300 solvers are Student's; six solvers take all rounds, 300 a quarter of them."""
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(2, 300))
    ends = np.array([solver_interval(gap, real, synthetic, np.random.default_rng(s)) for s in range(20)])
    difference = synthetic - real
    half = 1.968 * difference.std(ddof=1) / np.sqrt(300)
    assert ends.mean(axis=0) == pytest.approx([difference.mean() - half, difference.mean() + half], abs=0.05 * half)
    assert ends.std(axis=0).max() < 0.1 * half
    taken: list[int] = []

    def counted(solvers: int, rng: np.random.Generator, rounds: int) -> object:
        taken.append(rounds)
        return solver_bootstrap(solvers, rng, rounds)

    monkeypatch.setattr("acidtest.stats.interval.solver_bootstrap", counted)
    for solvers in (6, 300):
        solver_interval(gap, real[:solvers], synthetic[:solvers], rng)
    assert taken[0] == SOLVER_ROUNDS
    assert 1000 <= taken[1] < 1100


def test_kendalls_tau_varies_on_fishers_scale_as_its_interval_says() -> None:
    # Fieller, Hartley and Pearson (Biometrika 44, 1957): .437 / (M - 4), here of 4000 samples of 40 solvers.
    rng = np.random.default_rng(2)
    real = rng.normal(size=(4000, 40))
    synthetic = 0.5 * real + np.sqrt(0.75) * rng.normal(size=(4000, 40))
    seen = float(np.arctanh(order.kendall_tau(real, synthetic)).var(ddof=1))
    low, high = solver_interval(order.kendall_tau, real[0], synthetic[0], rng)
    said = ((np.arctanh(high) - np.arctanh(low)) / (2 * 1.959964)) ** 2
    assert said == pytest.approx(0.437 / 36, rel=1e-6)
    assert said == pytest.approx(seen, rel=0.1)  # the variance's own standard error is .022 of it
