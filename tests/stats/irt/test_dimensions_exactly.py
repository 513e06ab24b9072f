"""How many abilities: both methods against their definitions, and what is made of their answers."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t as student

from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.check import dimensions as module
from acidtest.stats.irt.check.dimensions import how_many_dimensions
from acidtest.stats.irt.check.misfit import misfit
from acidtest.stats.irt.check.quick_fit import quick_fit
from acidtest.stats.irt.check.replicates import replicates
from acidtest.stats.irt.continuous import fit_continuous
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.stats.irt.several.multidimensional import fit_multidimensional


def simulated(solvers: int, n: int, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, solvers, 1))
    half = np.arange(n) % 2
    chance = expit(1.5 * (one * half + two * (1 - half)) + rng.normal(0, 1, n))
    scores: FloatArray = (rng.random(chance.shape) < chance).astype(float)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    scores[5] = np.nan
    return scores


def slow_roots(scores: FloatArray, like: Fit, number: int) -> FloatArray:
    found = misfit(scores, *quick_fit(scores, like))
    there = found.variance > 0
    z = np.where(there, found.residual / np.sqrt(np.where(there, found.variance, 1)), 0)
    squares = np.linalg.svd(z, compute_uv=False) ** 2
    relative: FloatArray = squares / squares.mean()
    largest: FloatArray = relative[:number]
    return largest


def test_both_methods_are_their_definitions() -> None:
    scores = simulated(16, 14, 0)
    fit = fit_irt(scores)
    found = how_many_dimensions(scores, seed=3, most=2, fit=fit, draws=19)
    rng = np.random.default_rng(3)
    roots = slow_roots(scores, fit, 2)
    drawn = np.array([slow_roots(one, fit, 2) for one in replicates(scores, fit, rng=rng, draws=19)])
    np.testing.assert_allclose(found.roots, roots, rtol=1e-8)
    usual = [np.quantile(drawn[:, 0], 0.95), np.quantile(drawn[:, 1], 0.99)]
    np.testing.assert_allclose(found.usual, usual, rtol=1e-8)
    assert found.p == ((drawn[:, 0] >= roots[0]).sum() + 1) / 20
    above = roots > usual
    assert found.parallel == (1 if not above[0] else 2 if not above[1] else 3)

    fold = rng.integers(0, 5, scores.shape)
    log = []
    for dimensions in (1, 2):
        each = np.full(scores.shape, np.nan)
        for k in range(5):
            kept = scores.copy()
            kept[fold == k] = np.nan
            p = fit_multidimensional(kept, dimensions, most_sweeps=150, tolerance=1e-3).expected
            for m, j in zip(*np.nonzero((fold == k) & ~np.isnan(scores)), strict=True):
                each[m, j] = np.log(p[m, j] if scores[m, j] == 1 else 1 - p[m, j])
        log.append(each)
    difference = log[1] - log[0]
    value, low, high = slow_gain(difference)
    assert (found.gain[1].value, found.gain[1].low, found.gain[1].high) == pytest.approx((value, low, high), rel=1e-9)
    assert found.gain[1].n == np.isfinite(scores).sum()
    assert (found.gain[0].value, found.gain[0].low, found.gain[0].high) == (0.0, 0.0, 0.0)
    error = (high - value) / student(14).ppf(0.975)
    assert found.held_out == (1 if value <= 0 or value <= error else 2)
    assert found.warnings == ()


def slow_gain(difference: FloatArray) -> tuple[float, float, float]:
    """The mean over all answers; a solver's part is its sum, so many times as there are solvers per answer."""
    rows = [row[np.isfinite(row)] for row in difference]
    rows = [row for row in rows if len(row)]
    parts = np.array([row.sum() for row in rows]) * len(rows) / sum(len(row) for row in rows)
    half = student(len(rows) - 1).ppf(0.975) * parts.std(ddof=1) / np.sqrt(len(rows))
    return float(np.nanmean(difference)), float(np.nanmean(difference) - half), float(np.nanmean(difference) + half)


def made_up(gains: list[float], noise: float) -> list[FloatArray]:
    """Held-out log-likelihoods of models of 1, 2, ... abilities with these mean gains over the first."""
    rng = np.random.default_rng(0)
    first = rng.normal(-0.6, 0.1, (12, 10))
    first[3, :4], first[7] = np.nan, np.nan
    found = []
    for gain in gains:
        own = rng.normal(0, noise, (12, 1)) if gain else np.zeros((12, 1))
        found.append(first + gain + own - np.nanmean(own + 0 * first))
    return found


@pytest.mark.parametrize(
    ("gains", "noise", "tried", "held_out"),
    [
        ([0.0, 0.1, 0.3, 0.2, 0.25], 0.01, 5, 3),  # two in a row that did not help
        ([0.0, 0.1, 0.3, 0.2, 0.35], 0.01, 5, 5),
        ([0.0, -0.1, -0.1, 0.5, 0.5], 0.01, 3, 1),
        ([0.0, 0.3, 0.301, 0.2, 0.2], 0.1, 5, 2),  # as good as the best within an error
        ([0.0, 0.01, 0.011, 0.0, 0.0], 0.3, 5, 1),
    ],
)
def test_the_fewest_abilities_that_are_as_good_as_the_best(
    monkeypatch: pytest.MonkeyPatch, gains: list[float], noise: float, tried: int, held_out: int
) -> None:
    log = made_up(gains, noise)
    asked = []

    def likelihood(_: FloatArray, __: FloatArray, dimensions: int) -> FloatArray:
        asked.append(dimensions)
        return log[dimensions - 1]

    monkeypatch.setattr(module, "_likelihood", likelihood)
    found, fewest = module._held_out(np.ones((12, 10)), np.random.default_rng(0), 5)
    assert (len(found), fewest) == (tried, held_out)
    assert asked == list(range(1, tried + 1))
    for one, each in zip(found[1:], log[1:], strict=False):
        assert (one.value, one.low, one.high) == pytest.approx(slow_gain(each - log[0]), rel=1e-9, abs=1e-12)
        assert one.n == np.isfinite(log[0]).sum()


def test_one_standard_error_is_the_bound() -> None:
    """Parts 0, 1, 2: mean 1, standard error 1 / sqrt(3)."""
    assert module._error(np.array([0.0, 1.0, 2.0])) == pytest.approx(1 / np.sqrt(3))
    assert module._error(np.array([0.0, 2.0])) == pytest.approx(1.0)
    assert module._error(np.array([5.0])) == np.inf
    assert module._per_solver(np.array([[1.0, 2.0], [np.nan, 4.0], [np.nan, np.nan]])) == pytest.approx(
        [3 * 2 / 3, 4 * 2 / 3]
    )


def test_chances_that_are_0_or_1_stay_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sure:
        expected = np.array([[1.0, 0.0], [0.3, 0.9]])

    monkeypatch.setattr(module, "fit_multidimensional", lambda *_, **__: Sure)
    found = module._likelihood(np.array([[0.0, 1.0], [1.0, np.nan]]), np.array([[0, 1], [1, 1]]), 1)
    assert found[1, 0] == pytest.approx(np.log(0.3))
    assert found[0] == pytest.approx(np.log([1e-9, 1e-9]), rel=1e-6)
    assert np.isnan(found[1, 1])


def test_all_cells_left_out_are_no_fit() -> None:
    scores = np.array([[1.0, np.nan], [0.0, np.nan]])
    assert np.isnan(module._likelihood(scores, np.zeros((2, 2), np.int64), 1)).all()


def test_as_many_abilities_are_tried_as_there_is_room_for() -> None:
    scores = simulated(16, 14, 1)
    assert len(how_many_dimensions(scores[[0, 1, 2, 3]], seed=0, most=5, draws=3).roots) == 3
    assert len(how_many_dimensions(scores[:, :3], seed=0, most=5, draws=3).roots) == 2
    assert len(how_many_dimensions(scores, seed=0, most=0, draws=3).roots) == 1
    nine, ten = (how_many_dimensions(scores[6 : 6 + k], seed=0, most=1, draws=3) for k in (9, 10))
    assert (nine.warnings, ten.warnings) == (("only 9 solvers: few abilities can be told apart",), ())


def test_100_tables_unless_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def parallel(*given: object) -> tuple[FloatArray, FloatArray, float]:
        asked.append(given[-1])
        return np.ones(1), np.ones(1), 1.0

    monkeypatch.setattr(module, "_parallel", parallel)
    how_many_dimensions(np.random.default_rng(2).random((12, 4)), seed=0, most=1, fit=_between())
    assert asked == [100]


def test_what_is_said() -> None:
    gain = tuple(Estimate(value=value, n=1, method="") for value in (0.0, 0.02))
    assert "one scale holds" in module._sentences(1, 0.5, 1, gain)[0]
    assert module._sentences(1, 0.5, 1, gain)[1].endswith("as well by one ability as by more.")
    both = module._sentences(3, 0.0123, 1, gain)
    assert "(p = 0.012): at least 3 abilities" in both[0]
    assert "too few to use them" in both[1]
    assert "is 2 % likelier" in module._sentences(2, 0.01, 2, gain)[1]  # e^.02 = 1.0202
    assert len(module._sentences(2, 0.01, 0, ())) == 1


@pytest.mark.parametrize("above", range(4))
def test_leading_roots_above_the_usual_are_abilities(monkeypatch: pytest.MonkeyPatch, above: int) -> None:
    roots = np.array([5.0, 4.0, 3.0])
    usual = np.where(np.arange(3) < above, roots - 1, roots)
    if above < 2:
        usual[2] = 0.0  # a later one beyond a gap is none
    monkeypatch.setattr(module, "_parallel", lambda *_: (roots, usual, 0.5))
    found = how_many_dimensions(np.tile([[0.0], [0.5], [1.0]], (4, 4)), seed=0, most=3, fit=_between())
    assert (found.parallel, found.held_out, found.gain) == (1 + above, 0, ())


def _between() -> Fit:
    return fit_continuous(np.random.default_rng(0).random((12, 4)))
