"""Abilities on known items, curves, warnings, and the regression of what was estimated: beside plain definitions."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt import ability as ability_module
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.engine.fit_warnings import fit_warnings
from acidtest.stats.irt.fit import Fit, Prior, fit_irt
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.latent_regression import Observed, kept_share, latent_regression, without_shrinkage

GRID = np.linspace(-20, 20, 80_001)


def some_items(n: int, seed: int, *, guess: float = 0.0, steep: float = 1.0) -> Items:
    rng = np.random.default_rng(seed)
    return Items(
        discrimination=steep * np.exp(rng.normal(0, 0.5, n)), difficulty=rng.normal(size=n), guess=np.full(n, guess)
    )


def log_posterior(row: FloatArray, items: Items, mean: float, sd: float) -> FloatArray:
    log = -0.5 * ((GRID - mean) / sd) ** 2
    for x, a, b, c in zip(row, items.discrimination, items.difficulty, items.guess, strict=True):
        u = a * (GRID - b)
        if x == 1:
            log = log + np.log(c + (1 - c) * np.exp(-np.logaddexp(0, -u))) if c else log - np.logaddexp(0, -u)
        elif x == 0:
            log = log + math.log(1 - c) - np.logaddexp(0, u)
    return log


@pytest.mark.parametrize("guess", [0.0, 0.25])
@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.6, 1.7)])
def test_abilities_are_those_of_a_dense_grid(guess: float, mean: float, sd: float) -> None:
    items = some_items(9, 1, guess=guess)
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, (6, 9)).astype(float)
    x[rng.random((6, 9)) < 0.3] = np.nan
    x[0], x[1], x[2] = 1.0, 0.0, np.nan
    x[:, 4] = np.nan
    mode = ability(x, items, mean=mean, sd=sd)
    middle = ability(x, items, method="eap", mean=mean, sd=sd)
    for m in range(6):
        log = log_posterior(x[m], items, mean, sd)
        chance = np.exp(log - log.max()) / np.exp(log - log.max()).sum()
        best = int(np.argmax(log))
        if guess == 0:  # else there may be two modes
            curved = np.polyfit(GRID[best - 2 : best + 3] - GRID[best], log[best - 2 : best + 3], 2)
            assert mode.value[m] == pytest.approx(GRID[best] - curved[1] / (2 * curved[0]), abs=1e-5)
            assert mode.se[m] == pytest.approx(math.sqrt(-1 / (2 * curved[0])), rel=1e-4)
        average = chance @ GRID
        assert middle.value[m] == pytest.approx(average, abs=2e-4)
        assert middle.se[m] == pytest.approx(math.sqrt(chance @ (GRID - average) ** 2), abs=2e-4)
    assert (mode.value[2], mode.se[2]) == pytest.approx((mean, sd))
    one = ability(x[3], items, mean=mean, sd=sd)
    assert (one.value[0], one.se[0]) == pytest.approx((mode.value[3], mode.se[3]))
    usual = ability(x, items)
    assert usual.value == pytest.approx(ability(x, items, mean=0.0, sd=1.0).value)


@pytest.mark.parametrize("steep", [8.0, 60.0])
@pytest.mark.parametrize("guess", [0.0, 0.2])
def test_steep_items_make_corners_in_which_the_mode_is_found(steep: float, guess: float) -> None:
    items = some_items(12, 3, steep=steep, guess=guess)
    x = np.random.default_rng(4).integers(0, 2, (8, 12)).astype(float)
    found = ability(x, items, mean=0.4, sd=3.0)
    for m in range(8):
        at = np.clip(np.searchsorted(GRID, found.value[m]), 1, len(GRID) - 1)
        log = log_posterior(x[m], items, 0.4, 3.0)
        if guess == 0:
            assert found.value[m] == pytest.approx(GRID[np.argmax(log)], abs=6e-4)
        else:
            assert (
                log[at - 1 : at + 1].max() >= log[max(at - 40, 0) : at + 40].max() - 1e-3
            )  # a mode, if not the highest


@pytest.mark.parametrize(("difficulty", "right"), [(1e3, 1.0), (1e5, 1.0), (-1e3, 0.0), (-1e5, 0.0)])
def test_a_mode_is_found_as_far_out_as_answers_can_pull(difficulty: float, right: float) -> None:
    """Ten answers right that nobody should get: the slopes of answers and of a prior of sd 10 cancel there."""
    items = Items(discrimination=np.full(10, 3.0), difficulty=np.full(10, difficulty), guess=np.zeros(10))

    def slope(t: float) -> float:
        return 30 * (right - 1 / (1 + math.exp(-3 * min(max(t - difficulty, -200), 200)))) - t / 100

    low, high = -4000.0, 4000.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    assert ability(np.full(10, right), items, sd=10.0).value[0] == pytest.approx(low, abs=1e-4)


def test_the_search_for_a_mode_ends_where_it_hardly_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[FloatArray] = []
    usual = ability_module._Posterior.slope

    def counted(self: ability_module._Posterior, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        calls.append(at)
        return usual(self, at)

    monkeypatch.setattr(ability_module._Posterior, "slope", counted)
    items = some_items(8, 5)
    x = np.random.default_rng(6).integers(0, 2, (5, 8)).astype(float)
    found = ability(x, items, sd=2.0)
    moved = [float(np.abs(b - a).max()) for a, b in pairwise(calls)]
    assert all(move >= 2e-6 for move in moved[:-1])
    assert moved[-1] < 2e-6
    assert found.value.tolist() == calls[-1].tolist()
    assert calls[0].tolist() == [0.0] * 5
    # bare Newton steps, where the posterior has no corners
    for a, b in pairwise(calls):
        for m in range(5):
            slope, information = -a[m] / 4, 1 / 4
            for score, at, to in zip(x[m], items.discrimination, items.difficulty, strict=True):
                s = 1 / (1 + math.exp(-at * (a[m] - to)))
                slope, information = slope + at * (score - s), information + at * at * s * (1 - s)
            assert b[m] == pytest.approx(a[m] + slope / information, abs=1e-9)


@pytest.mark.parametrize("score", [0.5, -1.0, 2.0])
def test_scores_that_items_cannot_have_are_refused(score: float) -> None:
    with pytest.raises(DataError, match="other than 0 and 1"):
        ability([[1.0, score]], some_items(2, 0))


def test_as_many_scores_as_items() -> None:
    for scores in ([[1.0, 0.0]], [[1.0, 0.0, 1.0, 1.0]], [[[1.0, 0.0, 1.0]]]):
        with pytest.raises(DataError, match="for 3 items"):
            ability(np.array(scores), some_items(3, 0))
    with pytest.raises(DataError, match="for 3 items"):
        ability(np.ones((1, 3, 2)), some_items(3, 0))
    continuous = replace(some_items(2, 0), residual=np.ones(2))
    assert ability([[0.3, 0.6]], continuous, mean=5.0, sd=0.01).value[0] == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("guess", [0.0, 0.3])
def test_curves_and_information_by_their_definition(guess: float) -> None:
    items = some_items(4, 7, guess=guess)
    at = np.array([[-1.2, 0.0], [0.7, 2.0]])
    expected, information = items.expected(at), items.information(at)
    for k in np.ndindex(2, 2):
        for i in range(4):
            a, b, h = items.discrimination[i], items.difficulty[i], 1e-5
            t = float(at[k])

            def p(t: float, a: float = a, b: float = b) -> float:
                return guess + (1 - guess) / (1 + math.exp(-a * (t - b)))

            assert expected[(*k, i)] == pytest.approx(p(t))
            slope = (p(t + h) - p(t - h)) / (2 * h)
            assert information[(*k, i)] == pytest.approx(slope**2 / p(t) / (1 - p(t)), rel=1e-7)
    assert items.information(np.array([-900.0, 900.0])).max() == 0
    continuous = replace(items, residual=np.array([0.3, 0.5, 0.9, 1.2]))
    z = np.linspace(-9, 9, 20_001)
    density = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    for i in range(4):
        u = items.discrimination[i] * (0.7 - items.difficulty[i]) + np.array([0.3, 0.5, 0.9, 1.2])[i] * z
        assert continuous.expected(0.7)[i] == pytest.approx(density @ (1 / (1 + np.exp(-u))), abs=1e-6)
    some = continuous.take(np.array([2, 0]))
    assert some.residual is not None
    assert some.residual.tolist() == [0.9, 0.3]
    assert continuous.information(np.zeros((2, 3))).shape == (2, 3, 4)
    assert continuous.information(np.zeros((2, 3)))[1, 2] == pytest.approx(
        (items.discrimination / [0.3, 0.5, 0.9, 1.2]) ** 2
    )


# --- what a fit refuses and warns of


def test_a_fit_gives_up_after_two_hundred_sweeps_and_stops_at_a_ten_thousandth() -> None:
    scores = np.random.default_rng(12).integers(0, 2, (8, 10)).astype(float)
    assert fit_irt(scores).sweeps == fit_irt(scores, tolerance=1e-4).sweeps
    assert fit_irt(scores).sweeps > fit_irt(scores, tolerance=1e-3).sweeps
    endless = fit_irt(scores, tolerance=-1.0)
    assert (endless.sweeps, endless.converged) == (200, False)
    inside = np.random.default_rng(13).random((8, 10))
    assert fit_irt(inside, model="continuous", tolerance=0.0).sweeps == 200


def test_a_fit_takes_two_by_two_and_what_its_model_takes() -> None:
    two = [[1.0, 0.0], [0.0, 1.0]]
    assert len(fit_irt(two, most_sweeps=2).items) == 2
    for wrong in ([[1.0, 0.0]], [[1.0], [0.0]], [1.0, 0.0], [[math.nan] * 2] * 2):
        with pytest.raises(DataError, match="two solvers on two items"):
            fit_irt(np.array(wrong))
    for score in (-0.1, 1.1):
        with pytest.raises(DataError, match="takes 0 to 1"):
            fit_irt([[score, 0.0], [0.0, 1.0]], model="continuous")
    with pytest.raises(DataError, match=r"from -0\.5 to 1\.5"):
        fit_irt([[-0.5, 0.0], [1.5, math.nan]])
    for model in ("rasch", "2pl", "3pl"):
        with pytest.raises(DataError, match="between 0 and 1"):
            fit_irt([[0.01, 0.0], [0.0, 1.0]], model=model)
    assert fit_irt([[0.3, 0.0], [0.2, 1.0]], model="continuous", most_sweeps=3).sweeps == 3
    for chance in (-0.01, 1.0, math.nan):
        with pytest.raises(DataError, match="guessing right"):
            fit_irt(two, model="3pl", guess=chance)
    assert fit_irt(two, model="3pl", guess=[0.0, 0.3], most_sweeps=2).items.guess.tolist() == [0.0, 0.3]
    assert fit_irt(two, model="2pl", guess=0.3, most_sweeps=2).items.guess.tolist() == [0.0, 0.0]


def a_fit(solvers: int, n: int, *, se: float = 0.3, converged: bool = True) -> Fit:
    return Fit(
        model="2pl",
        items=some_items(n, 8),
        discrimination_se=np.ones(n),
        difficulty_se=np.ones(n),
        covariance=np.zeros((n, 2, 2)),
        ability=np.zeros(solvers),
        ability_se=np.full(solvers, se),
        prior=Prior(log_discrimination=0, log_discrimination_sd=1, easiness=0, easiness_sd=1),
        answers=np.ones(n),
        converged=converged,
        sweeps=4,
        log_likelihood=0.0,
    )


def test_a_fit_of_ten_solvers_that_differ_has_nothing_to_warn_of() -> None:
    answers = np.where((np.arange(6)[:, None] + np.arange(10)) % 3 == 0, 1, -1).astype(np.int8)
    assert fit_warnings(answers, a_fit(10, 6)) == ()
    assert fit_warnings(answers, a_fit(10, 6, se=math.sqrt(0.5) - 1e-9)) == ()
    (said,) = fit_warnings(answers[:, :9], a_fit(9, 6))
    assert said.startswith("Only 9 solvers: ")
    (said,) = fit_warnings(answers, a_fit(10, 6, converged=False))
    assert said.startswith("The fit still moved after 4 sweeps")
    for se, share in ((math.sqrt(0.512), "51%"), (1.3, "100%")):
        (said,) = fit_warnings(answers, a_fit(10, 6, se=se))
        assert f": {share} of the spread" in said


def test_items_and_solvers_at_the_ends_are_counted() -> None:
    answers = np.where((np.arange(8)[:, None] + np.arange(12)) % 3 == 0, 1, -1).astype(np.int8)
    answers[0], answers[1], answers[2, ::2], answers[3] = 1, 1, 0, 0
    answers[4] = -1
    answers[:, 5] = 0
    answers[[0, 1, 4], 7] = 0
    answers[5:, 7] = answers[2, 7] = -1
    fit = a_fit(12, 8)
    fit.ability_se[5] = 1.0
    fit.ability_se[:5] = fit.ability_se[6:] = math.sqrt(0.49)  # the mean is over who was asked
    said = fit_warnings(answers, fit)
    assert [text.split(":")[0] for text in said] == [
        "2 items that every solver got right",
        "1 item that every solver got wrong",
        "1 solver that got every item wrong",
        "1 item without any score",
        "1 solver without any score",
    ]
    assert "beyond these solvers' range" in said[0]
    assert "beyond these items' range" in said[2]


def test_groups_that_share_no_items_are_found_by_steps_of_one() -> None:
    """A chain: neighbours share items, its ends none; without a link it falls apart."""
    chain = np.zeros((11, 12), np.int8)
    for i in range(11):
        chain[i, i], chain[i, i + 1] = 1, -1
    middle = [text for text in fit_warnings(chain, a_fit(12, 11)) if "groups" in text]
    assert middle == []
    chain[3], chain[8] = 0, 0
    (said,) = [text for text in fit_warnings(chain, a_fit(12, 11)) if "groups" in text]
    assert said.startswith("Solvers fall into 3 groups")
    chain[5:] = 0  # solvers without any score are no group
    (said,) = [text for text in fit_warnings(chain, a_fit(12, 11)) if "groups" in text]
    assert said.startswith("Solvers fall into 2 groups")


# --- regression


def test_what_was_shrunken_is_stretched_again() -> None:
    rng = np.random.default_rng(9)
    value, se = rng.normal(1, 2, 12), rng.random(12) + 0.2
    value[3], se[5] = np.nan, np.nan
    value[0] = 40.0
    se[1] = 30.0
    found = without_shrinkage(value, se)
    known = [i for i in range(12) if i not in (3, 5)]
    mean = sum(value[i] for i in known) / 10
    apart = sum((value[i] - mean) ** 2 for i in known) / 10
    spread = apart + sum(se[i] ** 2 for i in known) / 10
    assert (found.mean, found.spread) == pytest.approx((mean, spread))
    assert found.ceiling == pytest.approx(math.sqrt(apart / spread))
    for i in known:
        kept = max(1 - se[i] ** 2 / spread, abs(value[i] - mean) / (3 * math.sqrt(spread)))
        kept = min(max(kept, 0.02), 1.0)
        assert found.value[i] == pytest.approx(mean + (value[i] - mean) / kept)
        assert found.variance[i] == pytest.approx(se[i] ** 2 / kept)
    assert np.isnan(found.value[[3, 5]]).all()
    assert np.isinf(found.variance[[3, 5]]).all()
    kept = kept_share(np.array([0.0, 9.0, 0.9]), np.array([5.0, 1.0, 0.1]), 0.0, 1.0)
    assert kept.tolist() == pytest.approx([0.02, 1.0, 0.99])


def test_eight_values_that_differ_are_the_fewest() -> None:
    value, se = np.arange(9.0), np.ones(9)
    assert without_shrinkage(value[:8], se[:8]).mean == 3.5
    for few in (value[:7], np.where(np.arange(9) < 2, np.nan, value), np.ones(9)):
        with pytest.raises(DataError, match="too few"):
            without_shrinkage(few, se[: len(few)])
    seen = Observed(value=np.where(np.arange(9) < 2, np.nan, value), variance=se, mean=0.0, spread=1.0, ceiling=1.0)
    with pytest.raises(DataError, match="7 items"):
        latent_regression(np.zeros((9, 1)), [1], seen)
    assert latent_regression(np.zeros((8, 1)), [1], replace(seen, value=value[:8], variance=se[:8])).weights.shape == (
        2,
    )


@pytest.mark.parametrize("spread", [1.0, 6.25])
def test_weights_are_the_posterior_of_the_variances_found(spread: float) -> None:
    """Bayes' rule for normals, in the values' own units; the constant has a hundred times their spread."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=(40, 5))
    value = 2 + 1.5 * x[:, 0] + rng.normal(0, 1, 40)
    value[7] = np.nan
    seen = Observed(value=value, variance=rng.random(40) + 0.1, mean=1.8, spread=spread, ceiling=1.0)
    found = latent_regression(x, [2, 3], seen)
    used = np.isfinite(value)
    design = np.column_stack([x[used], np.ones(39)])
    noise = np.diag(1 / (seen.variance[used] + found.rest))
    prior = np.diag(1 / np.array([*np.repeat(found.block_variance, [2, 3]), 100 * spread]))
    covariance = np.linalg.inv(design.T @ noise @ design + prior)
    weights = covariance @ design.T @ noise @ (value[used] - 1.8)
    weights[-1] += 1.8
    assert found.weights == pytest.approx(weights, abs=1e-8)
    assert found.covariance == pytest.approx(covariance, abs=1e-10)
    mean, sd = found.predict(x[:3])
    for i in range(3):
        row = np.append(x[i], 1.0)
        assert (mean[i], sd[i]) == pytest.approx((row @ weights, math.sqrt(row @ covariance @ row + found.rest)))
    # no other variances near by are likelier, by the whole normal density
    best = whole_density(x[used], seen, used, found.block_variance, found.rest)
    for k in range(3):
        for by in (0.97, 1.03):
            moved = np.append(found.block_variance, found.rest) * np.where(np.arange(3) == k, by, 1.0)
            held = moved[k] < 1.1e-9 * spread
            assert held or whole_density(x[used], seen, used, moved[:2], moved[2]) <= best + 1e-7
    assert found.converged


def whole_density(x: FloatArray, seen: Observed, used: FloatArray, blocks: FloatArray, rest: float) -> float:
    prior = np.diag(np.repeat(blocks, [2, 3]))
    covariance = x @ prior @ x.T + 100 * seen.spread + np.diag(seen.variance[used] + rest)
    away = seen.value[used] - seen.mean
    return float(-0.5 * (np.linalg.slogdet(covariance)[1] + away @ np.linalg.solve(covariance, away)))


def test_variances_are_held_within_a_hundred_spreads() -> None:
    x = np.zeros((30, 3))
    x[:, 1] = np.linspace(-1, 1, 30)
    seen = Observed(value=1e3 * x[:, 1], variance=np.full(30, 1e-9), mean=0.0, spread=1.0, ceiling=1.0)
    found = latent_regression(x, [1, 1, 1], seen)
    assert found.block_variance[1] == pytest.approx(100)
