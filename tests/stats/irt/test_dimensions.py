"""One ability is found where there is one, two where there are two."""

import numpy as np
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check.dimensions import how_many_dimensions
from acidtest.stats.irt.check.misfit import largest_roots, misfit
from acidtest.stats.irt.continuous import fit_continuous
from acidtest.stats.irt.items import Items


def simulated(solvers: int, n: int, seed: int, *, second: float = 0.0) -> FloatArray:
    rng = np.random.default_rng(seed)
    a, d = np.exp(rng.normal(0, 0.3, n)), rng.normal(0.3, 1.0, n)
    one, two = rng.normal(size=(solvers, 1)), rng.normal(size=(solvers, 1))
    half = np.arange(n) % 2
    chance = expit(a * (one * (1 - half) + two * half) + d) if second else expit(a * one + d)
    return np.asarray(rng.random(chance.shape) < chance, np.float64)


def test_one_ability_is_found_where_there_is_one() -> None:
    """6 tables; parallel analysis errs in 5 % of them by design: 3 or more errors would be a chance of 1 in 450."""
    found = [how_many_dimensions(simulated(40, 60, seed), seed=seed, most=3, draws=40) for seed in range(6)]
    assert sum(one.parallel != 1 for one in found) <= 2
    assert sum(one.held_out != 1 for one in found) <= 1
    assert any("one scale holds the items" in one.said[0] for one in found)


def test_two_abilities_are_found_where_there_are_two() -> None:
    for seed in range(2):
        found = how_many_dimensions(simulated(60, 80, seed, second=1.0), seed=seed, most=3, draws=40)
        assert found.parallel >= 2
        assert found.held_out == 2
        assert found.p < 0.05
        assert found.gain[1].low > 0
        assert "at least" in found.said[0]
        assert "2 abilities foretell" in found.said[1]


def test_independent_answers_are_no_reason_for_more_abilities() -> None:
    """Against independent answers one strong ability alone would pass Horn's test; against one ability it must not."""
    scores = simulated(50, 60, 11)
    found = how_many_dimensions(scores, seed=0, most=2, draws=40)
    first = np.linalg.eigvalsh(np.corrcoef(scores.T))[-1]
    rng = np.random.default_rng(0)
    independent = [np.linalg.eigvalsh(np.corrcoef(rng.permuted(scores, axis=0).T))[-1] for _ in range(40)]
    assert first > max(independent)
    assert found.parallel == 1


def test_roots_are_those_of_the_standardised_residuals() -> None:
    scores = simulated(10, 30, 3)
    items = Items(discrimination=np.ones(30), difficulty=np.zeros(30), guess=np.zeros(30))
    ability = np.linspace(-1, 1, 10)
    p = 1 / (1 + np.exp(-ability[:, None]))
    z = (scores - p) / np.sqrt(p * (1 - p))
    squares = np.linalg.svd(z, compute_uv=False) ** 2
    found = largest_roots(misfit(scores, items, ability), 10)
    np.testing.assert_allclose(found, squares / squares.mean(), rtol=1e-9)


def test_scores_between_0_and_1_have_parallel_analysis_alone() -> None:
    rng = np.random.default_rng(5)
    half = np.arange(40) % 2
    one, two = rng.normal(size=(30, 1)), rng.normal(size=(30, 1))
    scores = expit(one * (1 - half) + two * half + 0.6 * rng.standard_normal((30, 40)))
    found = how_many_dimensions(scores, seed=0, fit=fit_continuous(scores), draws=40, most=3)
    assert found.parallel == 2
    assert (found.held_out, found.gain) == (0, ())


def test_few_solvers_and_small_tables_are_said() -> None:
    found = how_many_dimensions(simulated(3, 6, 0), seed=0, draws=20)
    assert found.parallel in (1, 2)
    assert "only 3 solvers" in found.warnings[0]
