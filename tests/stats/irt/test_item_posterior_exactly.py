"""Clouds of items and the populations behind sets, beside the definitions computed slowly."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.continuous import log_odds
from acidtest.stats.irt.fit import Fit, Prior
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets import item_posterior as module
from acidtest.stats.irt.sets.item_posterior import (
    Clouds,
    Population,
    SetPosterior,
    drawn_abilities,
    item_clouds,
    log_likelihood,
    prior_of,
)

EM = 400


def a_fit(solvers: int, n: int, seed: int, model: str = "2pl") -> Fit:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, 2, 2)) / 4
    a, b = np.exp(rng.normal(0.1, 0.4, n)), rng.normal(0.2, 1, n)
    return Fit(
        model=model,  # type: ignore[arg-type]  # one of the four
        items=Items(
            discrimination=a,
            difficulty=b,
            guess=np.full(n, 0.2) if model == "3pl" else np.zeros(n),
            residual=rng.random(n) + 0.4 if model == "continuous" else None,
        ),
        discrimination_se=np.ones(n),
        difficulty_se=np.ones(n),
        covariance=root @ root.transpose(0, 2, 1) + 0.01 * np.eye(2),
        ability=rng.normal(0.1, 0.9, solvers),
        ability_se=0.1 + rng.random(solvers) / 4,
        prior=Prior(log_discrimination=0.3, log_discrimination_sd=0.4, easiness=-0.6, easiness_sd=1.2),
        answers=np.full(n, float(solvers)),
        converged=True,
        sweeps=1,
        log_likelihood=0.0,
    )


def some_scores(fit: Fit, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    shape = len(fit.ability), len(fit.items)
    scores = rng.random(shape) if fit.model == "continuous" else rng.integers(0, 2, shape).astype(float)
    return np.where(rng.random(shape) < 0.2, np.nan, scores)


def slow_likelihood(scores: FloatArray, fit: Fit, ability: FloatArray, i: int, x: float, y: float) -> float:
    """Of item i at log discrimination x and easiness y; constants of the continuous one left out."""
    total, c = 0.0, fit.items.guess[i]
    for score, t in zip(scores[:, i], ability, strict=True):
        if math.isnan(score):
            continue
        u = math.exp(x) * t + y
        if fit.items.residual is not None:
            total -= 0.5 * ((float(log_odds(score)) - u) / fit.items.residual[i]) ** 2
        else:
            p = c + (1 - c) / (1 + math.exp(-u))
            total += math.log(p if score == 1 else (1 - c) / (1 + math.exp(u)))
    return total


def test_draws_come_in_opposite_pairs_on_the_scale() -> None:
    fit = a_fit(7, 3, 1)
    found = drawn_abilities(fit, np.random.default_rng(2), 5)
    error = np.random.default_rng(2).standard_normal((3, 7))
    for k, (sign, row) in enumerate([(1, 0), (1, 1), (1, 2), (-1, 0), (-1, 1)]):
        drawn = fit.ability + sign * fit.ability_se * error[row]
        assert found[k] == pytest.approx((drawn - drawn.mean()) / drawn.std())
    assert len(drawn_abilities(fit, np.random.default_rng(2), 4)) == 4
    still = a_fit(3, 2, 1)
    still.ability[:], still.ability_se[:] = 0.5, 0.0
    assert drawn_abilities(still, np.random.default_rng(0), 1).tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("model", ["2pl", "3pl", "continuous"])
def test_likelihoods_are_answer_by_answer(model: str) -> None:
    fit = a_fit(6, 4, 3, model)
    scores = some_scores(fit, 4)
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    found = log_likelihood(scores, fit.ability, x, y, fit.items)
    for i in range(4):
        for s in range(3):
            assert found[i, s] == pytest.approx(slow_likelihood(scores, fit, fit.ability, i, x[i, s], y[i, s]))


def even_point(i: int, s: int) -> list[float]:
    """Roberts (2018): the plastic number's powers; Cranley and Patterson's shift, by roots of 2 and 3."""
    plastic = max(float(z.real) for z in np.roots([1, 0, -1, -1]) if abs(z.imag) < 1e-12)
    steps, shifts = (1 / plastic, 1 / plastic**2), (math.sqrt(2), math.sqrt(3))
    return [NormalDist().inv_cdf((0.5 + (s + 1) * a + i * b) % 1) for a, b in zip(steps, shifts, strict=True)]


@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl", "continuous"])
@pytest.mark.parametrize("drawn", [False, True])
def test_clouds_are_even_points_with_their_likelihood(model: str, drawn: bool) -> None:  # noqa: FBT001  # pytest's
    fit = a_fit(6, 5, 6, model)
    scores = some_scores(fit, 7)
    abilities = drawn_abilities(fit, np.random.default_rng(8), 3) if drawn else None
    found = item_clouds(scores, fit, points=9, abilities=abilities)
    known = (fit.ability - fit.ability.mean()) / fit.ability.std() if drawn else fit.ability
    assert found.drawn.shape == (3 if drawn else 1, 5, 9)
    for i in range(5):
        cov = fit.covariance[i].copy()
        if model == "rasch":
            cov[0, 0] = cov[0, 1] = cov[1, 0] = 0
        root = [[math.sqrt(cov[0, 0]), 0.0], [0.0, 0.0]]
        root[1][0] = cov[0, 1] / root[0][0] if root[0][0] else 0.0
        root[1][1] = math.sqrt(cov[1, 1] - root[1][0] ** 2)
        said: list[list[float]] = [[] for _ in found.drawn]
        for s in range(9):
            z = even_point(i, s)
            a, b = fit.items.discrimination[i], fit.items.difficulty[i]
            x = math.log(a) + 1.4 * root[0][0] * z[0]
            y = -a * b + 1.4 * (root[1][0] * z[0] + root[1][1] * z[1])
            assert found.log_discrimination[i, s] == pytest.approx(x)
            assert found.difficulty[i, s] == pytest.approx(-y / math.exp(x))
            # less the log-density that points were placed by, in difficulty: normal in easiness, times exp(x)
            placed = 0.5 * (z[0] ** 2 + z[1] ** 2) - x
            value = placed + slow_likelihood(scores, fit, known, i, x, y)
            assert found.log_weight[i, s] == pytest.approx(value)
            for k in range(len(found.drawn)):
                at = known if abilities is None else abilities[k]
                said[k].append(placed + slow_likelihood(scores, fit, at, i, x, y))
        for k, row in enumerate(said):
            assert found.drawn[k, i] == pytest.approx(np.array(row) - max(row), rel=1e-5, abs=1e-5)


def test_clouds_of_many_items_are_made_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = a_fit(6, 7, 9)
    scores = some_scores(fit, 10)
    whole = item_clouds(scores, fit, points=5)
    for cells in (1, 60, 61, 89, 90):  # one item at a time, two, three
        monkeypatch.setattr(module, "_CELLS", cells)
        part = item_clouds(scores, fit, points=5)
        assert part.log_weight == pytest.approx(whole.log_weight)
        assert (part.drawn == whole.drawn).all()


def test_points_and_parameters_stay_within_thirty() -> None:
    fit = a_fit(4, 2, 11)
    fit.covariance[0] = np.diag([0.2, 900.0])
    fit.covariance[1] = np.diag([9.0, 1e-30])
    found = item_clouds(some_scores(fit, 12), fit, points=40)
    assert np.abs(found.difficulty).max() == 30
    easiness = -found.difficulty[0] * np.exp(found.log_discrimination[0])
    assert np.abs(easiness).max() <= 30 + 1e-9


def some_clouds(n: int, points: int, seed: int, draws: int = 2) -> Clouds:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0.2, 0.6, (n, points)), rng.normal(-0.3, 1.4, (n, points))
    weight = -2 * ((x - rng.normal(0.2, 0.4, (n, 1))) ** 2 + (y - rng.normal(-0.3, 1.2, (n, 1))) ** 2)
    drawn = weight + 0.2 * rng.normal(size=(draws, n, points))
    return Clouds(log_discrimination=x, difficulty=y, log_weight=weight, drawn=drawn.astype(np.float32))


PRIOR = Population(mean=np.array([0.2, -0.1]), covariance=np.array([[0.16, 0.05], [0.05, 1.3]]))


def slow_posterior(clouds: Clouds, seen: FloatArray, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    found, known = np.empty_like(seen, np.float64), np.linalg.inv(covariance)
    for i in range(len(clouds)):
        chance = []
        for s in range(seen.shape[1]):
            away = np.array([clouds.log_discrimination[i, s], clouds.difficulty[i, s]]) - mean
            chance.append(math.exp(float(seen[i, s]) - 0.5 * float(away @ known @ away)))
        found[i] = np.array(chance) / sum(chance)
    return found


def slow_moments(clouds: Clouds, weights: FloatArray, count: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and raw second moments of items that count so often."""
    mean, second, total = np.zeros(2), np.zeros((2, 2)), count.sum()
    for i in range(len(clouds)):
        for s in range(weights.shape[1]):
            at = np.array([clouds.log_discrimination[i, s], clouds.difficulty[i, s]])
            mean += count[i] * weights[i, s] * at / total
            second += count[i] * weights[i, s] * np.outer(at, at) / total
    return mean, second


def slow_population(mean: FloatArray, second: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Spread as if eight more items with the prior's were there."""
    return mean, (n * (second - np.outer(mean, mean)) + 8 * PRIOR.covariance) / (n + 8)


def slow_em(clouds: Clouds, seen: FloatArray, count: FloatArray) -> tuple[FloatArray, FloatArray]:
    mean, covariance = slow_population(PRIOR.mean, PRIOR.covariance + np.outer(PRIOR.mean, PRIOR.mean), len(clouds))
    for _ in range(EM):
        weights = slow_posterior(clouds, seen, mean, covariance)
        mean, covariance = slow_population(*slow_moments(clouds, weights, count), len(clouds))
    return mean, covariance


def test_the_population_is_where_expectation_and_maximisation_end() -> None:
    clouds = some_clouds(6, 8, 1)
    of = SetPosterior(clouds, PRIOR)
    mean, covariance = slow_em(clouds, clouds.log_weight, np.ones(6))
    assert of.population.mean == pytest.approx(mean, abs=1e-7)
    assert of.population.covariance == pytest.approx(covariance, abs=1e-7)
    assert of.posterior() == pytest.approx(slow_posterior(clouds, clouds.log_weight, mean, covariance), abs=1e-7)
    assert of.draws == 2
    other = Population(mean=np.array([0.5, 0.0]), covariance=np.array([[0.3, -0.1], [-0.1, 0.8]]))
    for k in range(2):
        slow = slow_posterior(clouds, clouds.drawn[k], other.mean, other.covariance)
        assert of.posterior(other, draw=k) == pytest.approx(slow)
    weights = of.posterior()
    a, b = of.parameters()
    for i in range(6):
        x, y = clouds.log_discrimination[i], clouds.difficulty[i]
        slope = math.exp(sum(w * v for w, v in zip(weights[i], x, strict=True)))
        easiness = -sum(w * math.exp(v) * u for w, v, u in zip(weights[i], x, y, strict=True))
        assert (a[i], b[i]) == pytest.approx((slope, -easiness / slope))


def test_newton_ends_where_expectation_and_maximisation_alone_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = some_clouds(6, 8, 2)
    known = SetPosterior(clouds, PRIOR).population
    monkeypatch.setattr(module, "_EM_ROUNDS", 3)
    monkeypatch.setattr(module, "_NEWTON_ROUNDS", 6)
    near = SetPosterior(clouds, PRIOR).population
    assert near.mean == pytest.approx(known.mean, abs=1e-8)
    assert near.covariance == pytest.approx(known.covariance, abs=1e-8)


def test_a_step_of_newton_is_that_of_the_whole_slope_or_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = some_clouds(5, 7, 3)
    of = SetPosterior(clouds, PRIOR)
    every = np.full(5, 0.2)
    start = of._moments + np.array([0.05, -0.1, 0.02, 0.03, 0.1])

    def em(moments: FloatArray) -> FloatArray:
        second = np.array([[moments[2], moments[3]], [moments[3], moments[4]]])
        weights = slow_posterior(clouds, clouds.log_weight, *slow_population(moments[:2], second, 5))
        mean, found = slow_moments(clouds, weights, np.ones(5))
        return np.array([*mean, found[0, 0], found[0, 1], found[1, 1]])

    h = 1e-5
    slope = np.stack([(em(start + h * one) - em(start - h * one)) / (2 * h) for one in np.eye(5)], axis=1)
    assert of._jacobian(start, every) == pytest.approx(slope, abs=2e-4)
    large = of._moments + np.array([0.0, 0.0, 0.0, 0.0, 40.0])
    forward = [(em(large + h * one) - em(large)) / h for h, one in zip([1e-4] * 4 + [4e-3], np.eye(5), strict=True)]
    assert of._jacobian(large, every) == pytest.approx(np.stack(forward, axis=1), abs=1e-6)
    new = start + np.linalg.solve(np.eye(5) - slope, em(start) - start)
    assert of._newton(start, every) == pytest.approx(new, abs=1e-3)
    assert np.abs(em(new) - new).max() < np.abs(em(start) - start).max()
    # where the step would lead further away, or nowhere, the plain one is taken
    monkeypatch.setattr(of, "_jacobian", lambda *_: 5 * np.eye(5))
    bad = start + np.linalg.solve(-4 * np.eye(5), em(start) - start)
    assert np.abs(em(bad) - bad).max() > np.abs(em(start) - start).max()
    assert of._newton(start, every) == pytest.approx(em(start))
    monkeypatch.setattr(of, "_jacobian", lambda *_: np.eye(5))
    assert of._newton(start, every) == pytest.approx(em(start))


def test_resamples_move_the_population_as_expectation_and_maximisation_would() -> None:
    """Small changes of weights, so that one step is enough."""
    clouds = some_clouds(6, 8, 4)
    clouds.drawn[:] = clouds.log_weight.astype(np.float32)
    of = SetPosterior(clouds, PRIOR)
    counts = 100 + np.array([[1.0, 0, 0, 2, 0, -1], [0, -2, 3, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    found = of.resampled(counts)
    for count, one in zip(counts, found, strict=True):
        mean, covariance = slow_em(clouds, clouds.log_weight, count)
        base = of.population
        assert one.mean == pytest.approx(mean, abs=1e-3 * max(1e-3, np.abs(mean - base.mean).max()) + 5e-6)
        assert one.covariance == pytest.approx(covariance, abs=5e-5)
    part = of.take(np.array([0, 3, 5]))
    same = of.resampled(np.array([[2.0, 0, 0, 1, 0, 4]]))[0]
    assert part.resampled(np.array([[2.0, 1, 4]]))[0].mean == pytest.approx(same.mean)
    assert part.posterior() == pytest.approx(of.posterior()[[0, 3, 5]])
    assert len(part.clouds) == 3


def test_resamples_take_turns_at_the_draws_of_abilities() -> None:
    clouds = some_clouds(6, 8, 5, draws=3)
    clouds.drawn[1] += np.linspace(0, 3, 8, dtype=np.float32)
    of = SetPosterior(clouds, PRIOR)
    found = of.resampled(np.ones((7, 6)))
    for r in range(7):
        weights = slow_posterior(clouds, clouds.drawn[r % 3], of.population.mean, of.population.covariance)
        mean, second = slow_moments(clouds, weights, np.ones(6))
        seen = np.array([*mean, second[0, 0], second[0, 1], second[1, 1]])
        moved = of._moments + of._gain @ (seen - of._moments)
        assert found[r].mean == pytest.approx(moved[:2])
        raw = np.array([[moved[2], moved[3]], [moved[3], moved[4]]])
        assert found[r].covariance == pytest.approx(slow_population(moved[:2], raw, 6)[1])


def test_a_population_is_never_narrower_than_said() -> None:
    one = Clouds(
        log_discrimination=np.zeros((40, 1)), difficulty=np.zeros((40, 1)), log_weight=np.zeros((40, 1)),
        drawn=np.zeros((1, 40, 1), np.float32),
    )  # fmt: skip
    narrow = Population(mean=np.zeros(2), covariance=np.diag([1e-6, 1e-6]))
    assert SetPosterior(one, narrow).population.covariance == pytest.approx(0.05**2 * np.eye(2))


def test_the_prior_of_all_is_in_difficulty() -> None:
    found = prior_of(a_fit(3, 2, 1))
    second = PRIOR.covariance + np.outer(PRIOR.mean, PRIOR.mean)
    assert module._second_moments(PRIOR) == pytest.approx((second[0, 0], second[0, 1], second[1, 1]))
    a = math.exp(0.3)
    assert found.mean == pytest.approx([0.3, 0.6 / a])
    assert found.covariance == pytest.approx(np.diag([0.16, (1.2 / a) ** 2]))


def test_roots_of_covariances_that_are_no_such_stay_numbers() -> None:
    fit = a_fit(3, 2, 1)
    fit.covariance[0] = np.array([[0.0, 0.0], [0.0, 0.0]])
    fit.covariance[1] = np.array([[0.25, 0.5], [0.5, 0.9]])
    found = module._root(fit)
    assert np.diagonal(found, axis1=1, axis2=2) == pytest.approx(np.array([[1e-6, 1e-6], [0.5, 1e-6]]))
    assert found[1, 1, 0] == pytest.approx(1.0)
