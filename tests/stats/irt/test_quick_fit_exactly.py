"""The quick fit, sweep by sweep, against its formulas cell by cell."""

import numpy as np
import pytest
from scipy.special import expit, logit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check.quick_fit import quick_fit
from acidtest.stats.irt.continuous import fit_continuous
from acidtest.stats.irt.fit import Fit, Model, fit_irt
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.several.item_step import FIRST_PRIOR, ItemSums, item_step, learnt_prior

SOLVERS, N = 9, 7


def scores_of(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    scores = (rng.random((SOLVERS, N)) < expit(rng.normal(size=(SOLVERS, 1)) + rng.normal(0, 1, N))).astype(float)
    scores[rng.random(scores.shape) < 0.15] = np.nan
    scores[:, 2] = 1.0
    return scores


def like(model: Model, guess: FloatArray) -> Fit:
    """All that the quick fit takes from a fit is its model and its guessing."""
    fit = fit_irt(scores_of(0), model=model, guess=guess if model == "3pl" else 0.0, most_sweeps=1)
    return Fit(**{**vars(fit), "items": Items(discrimination=np.ones(N), difficulty=np.zeros(N), guess=guess)})


class Slow:
    """Abilities normal with a variance each; items at their most probable, by the formulas of the method."""

    def __init__(self, scores: FloatArray, model: Model, guess: FloatArray) -> None:
        self.scores, self.model, self.guess = scores, model, guess
        seen = np.isfinite(scores)
        share = [(np.nansum(scores[:, j]) + 0.5) / (seen[:, j].sum() + 1) for j in range(N)]
        away = [np.mean([scores[m, j] - share[j] for j in range(N) if seen[m, j]] or [0.0]) for m in range(SOLVERS)]
        self.theta = (np.array(away) - np.mean(away)) / np.std(away)
        self.variance = np.zeros(SOLVERS)
        self.log_a, self.prior = np.zeros(N), FIRST_PRIOR
        self.d = np.array([logit(min(max((p - c) / (1 - c), 0.05), 0.99)) for p, c in zip(share, guess, strict=True)])

    def cell(self, m: int, j: int) -> tuple[float, float]:
        """The curve's slope with the ability's doubt folded in, and the working answer times it; none: 0, 0."""
        x, a = self.scores[m, j], np.exp(self.log_a[j])
        if np.isnan(x):
            return 0.0, 0.0
        linear = a * self.theta[m] + self.d[j]
        flatter = (1 + np.pi * a**2 * self.variance[m] / 8) ** -0.5
        right = expit(flatter * linear)
        knew = x * right / (self.guess[j] + (1 - self.guess[j]) * right)
        weight = max(flatter * right * (1 - right), 1e-4)
        return weight, weight * linear + knew - right

    def cells(self) -> tuple[FloatArray, FloatArray]:
        both = np.array([[self.cell(m, j) for j in range(N)] for m in range(SOLVERS)])
        return both[..., 0], both[..., 1]

    def sweep(self) -> float:
        w, y = self.cells()
        second = [sum(w[m, j] * (self.theta[m] ** 2 + self.variance[m]) for m in range(SOLVERS)) for j in range(N)]
        sums = ItemSums(
            weight=w.sum(0),
            first=np.array([w[:, j] @ self.theta for j in range(N)]),
            second=np.array(second),
            score=y.sum(0),
            score_first=np.array([y[:, j] @ self.theta for j in range(N)]),
        )
        step = item_step(sums, self.prior, self.log_a, self.d)
        if self.model == "rasch":
            step = type(step)(
                log_discrimination=np.full(N, step.log_discrimination.mean()),
                easiness=step.easiness,
                covariance=step.covariance,
            )
        seen = np.isfinite(self.scores)
        self.prior = learnt_prior(step, seen.any(0).astype(float))
        self.log_a, self.d = step.log_discrimination, step.easiness
        w, y = self.cells()
        a, new, variance = np.exp(self.log_a), np.empty(SOLVERS), np.empty(SOLVERS)
        for m in range(SOLVERS):
            precision = 1 + sum(w[m, j] * a[j] ** 2 for j in range(N))
            new[m] = sum(a[j] * (y[m, j] - w[m, j] * self.d[j]) for j in range(N)) / precision
            variance[m] = 1 / precision
        there = seen.any(1)
        centre = new[there].mean()
        size = np.sqrt(np.mean((new[there] - centre) ** 2 + variance[there]))
        moved = float(np.abs((new - centre) / size - self.theta).max())
        self.theta, self.variance = (new - centre) / size, variance / size**2
        self.d, self.log_a = self.d + a * centre, self.log_a + np.log(size)  # the same curves on the new scale
        return moved


@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl"])
@pytest.mark.parametrize("sweeps", [0, 1, 2, 7])
def test_every_sweep_is_the_formulas(model: Model, sweeps: int) -> None:
    scores = scores_of(3)
    if sweeps == 2:
        scores[4], scores[:, 5] = np.nan, np.nan
    guess = np.linspace(0.1, 0.3, N) if model == "3pl" else np.zeros(N)
    slow = Slow(scores, model, guess)
    for _ in range(sweeps):
        slow.sweep()
    items, ability = quick_fit(scores, like(model, guess), most_sweeps=sweeps, tolerance=0.0)
    np.testing.assert_allclose(ability, slow.theta, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(items.discrimination, np.exp(slow.log_a), rtol=1e-8)
    np.testing.assert_allclose(items.difficulty, -slow.d / np.exp(slow.log_a), rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(items.guess, guess)


@pytest.mark.parametrize(("seed", "sweeps"), [(3, 16), (16, 60)])
def test_it_ends_when_nothing_moves_by_more_than_the_tolerance_or_after_60_sweeps(seed: int, sweeps: int) -> None:
    scores = scores_of(seed)
    slow = Slow(scores, "2pl", np.zeros(N))
    moves = [slow.sweep() for _ in range(sweeps)]
    assert min(moves[:-1]) > 2e-3
    assert (moves[-1] <= 2e-3) == (sweeps < 60)
    np.testing.assert_allclose(quick_fit(scores, like("2pl", np.zeros(N)))[1], slow.theta, rtol=1e-7, atol=1e-9)


def test_scores_in_between_take_their_own_fit() -> None:
    scores = np.random.default_rng(5).random((8, 6))
    fit = fit_continuous(scores)
    items, ability = quick_fit(scores, fit, most_sweeps=4, tolerance=1e-3)
    same = fit_continuous(scores, most_sweeps=4, tolerance=1e-3)
    np.testing.assert_array_equal(ability, same.ability)
    np.testing.assert_array_equal(items.difficulty, same.items.difficulty)
    assert np.abs(ability - fit.ability).max() > 1e-6


def test_curves_that_are_nearly_flat_and_tables_that_are_all_right() -> None:
    """The least slope of a curve, 1e-4, counts where all are right."""
    scores = np.ones((SOLVERS, N))
    scores[0, 0] = 0.0
    slow = Slow(scores, "2pl", np.zeros(N))
    for _ in range(12):
        slow.sweep()
    found = quick_fit(scores, like("2pl", np.zeros(N)), most_sweeps=12, tolerance=0.0)
    np.testing.assert_allclose(found[1], slow.theta, rtol=1e-7, atol=1e-9)
    assert np.isfinite(quick_fit(np.ones((SOLVERS, N)), like("2pl", np.zeros(N)))[1]).all()
