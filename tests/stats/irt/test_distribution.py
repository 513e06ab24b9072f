"""Distributions of difficulty: distances against SciPy, items' posteriors against slow integration, populations."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import wasserstein_distance

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit, Prior
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets import distribution
from acidtest.stats.irt.sets.distribution import (
    DifficultyOf,
    Spread,
    bundle_numbers,
    difficulty_edges,
    expected_information,
    wasserstein,
)
from acidtest.stats.irt.sets.item_posterior import (
    Population,
    SetPosterior,
    drawn_abilities,
    item_clouds,
    prior_of,
)

SD_LOG_A, SD_EASINESS = 0.4, 1.2


def known_fit(scores: FloatArray, ability: FloatArray) -> Fit:
    """Return a fit with true abilities, and every item at the middle of a wide prior: the clouds must do the rest."""
    n = scores.shape[1]
    share = (np.nansum(scores, axis=0) + 1) / (np.isfinite(scores).sum(0) + 2)
    easiness = np.log(share / (1 - share))
    covariance = np.zeros((n, 2, 2))
    covariance[:, 0, 0], covariance[:, 1, 1] = 0.3**2, 0.5**2
    return Fit(
        model="2pl",
        items=Items(discrimination=np.ones(n), difficulty=-easiness, guess=np.zeros(n)),
        discrimination_se=np.full(n, 0.3),
        difficulty_se=np.full(n, 0.5),
        covariance=covariance,
        ability=ability,
        ability_se=np.full(len(ability), 0.1),
        prior=Prior(log_discrimination=0.0, log_discrimination_sd=SD_LOG_A, easiness=0.0, easiness_sd=SD_EASINESS),
        answers=np.isfinite(scores).sum(0).astype(float),
        converged=True,
        sweeps=1,
        log_likelihood=0.0,
    )


def simulated(seed: int, n: int, solvers: int, mean: float) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=solvers)
    slope, difficulty = np.exp(rng.normal(0, SD_LOG_A, n)), rng.normal(mean, 1.0, n)
    return (rng.random((solvers, n)) < expit(slope * (ability[:, None] - difficulty))).astype(np.float64), ability


def test_the_distance_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    edges = np.linspace(-3, 3, 61)
    one, other = (Spread(edges=edges, share=rng.dirichlet(np.ones(60))) for _ in range(2))
    peer = wasserstein_distance(one.middles, other.middles, one.share, other.share)
    assert float(wasserstein(one, other)) == pytest.approx(peer)
    assert float(wasserstein(one, one)) == 0


def test_moments_and_shares_of_a_spread() -> None:
    """A uniform distribution from 0 to 4: mean 2, standard deviation 4 / sqrt(12), quantiles straight."""
    spread = Spread(edges=np.linspace(0, 4, 401), share=np.full((2, 400), 1 / 400))
    assert spread.mean() == pytest.approx([2, 2])
    assert spread.sd() == pytest.approx([4 / 12**0.5] * 2, rel=1e-4)
    assert spread.quantile(0.1) == pytest.approx([0.4, 0.4])
    assert spread.below([1.0, 3.0]) == pytest.approx([0.25, 0.75])


def test_posteriors_of_items_are_those_of_slow_integration() -> None:
    scores, ability = simulated(1, 6, 25, 0.0)
    scores[4, 2] = np.nan
    clouds = item_clouds(scores, known_fit(scores, ability), points=4096)
    posterior = SetPosterior(clouds, prior_of(known_fit(scores, ability)))
    population = Population(mean=np.array([0.1, -0.2]), covariance=np.array([[0.16, 0.05], [0.05, 1.0]]))
    weight = posterior.posterior(population)
    la, b = np.meshgrid(np.linspace(-2.2, 2.2, 221), np.linspace(-7, 7, 281), indexing="ij")
    x = np.stack([la - 0.1, b + 0.2], axis=-1)
    prior = -0.5 * np.einsum("...i,ij,...j", x, np.linalg.inv(population.covariance), x)
    for i in range(6):
        like = prior.copy()
        for m in np.flatnonzero(np.isfinite(scores[:, i])):
            way = 1 if scores[m, i] else -1
            like -= np.logaddexp(0, -way * np.exp(la) * (ability[m] - b))
        slow = np.exp(like - like.max())
        slow /= slow.sum()
        assert (weight[i] * clouds.difficulty[i]).sum() == pytest.approx((slow * b).sum(), abs=0.05)
        assert (weight[i] * clouds.log_discrimination[i]).sum() == pytest.approx((slow * la).sum(), abs=0.03)


@pytest.mark.parametrize("solvers", [12, 40])
def test_the_population_of_a_set_is_found_again(solvers: int) -> None:
    """Estimates of single items would be drawn together: their spread falls short of 1, the population's does not."""
    means, widths, naive = [], [], []
    for seed in range(12):
        scores, ability = simulated(100 + seed, 150, solvers, -0.7)
        fit = known_fit(scores, ability)
        clouds = item_clouds(scores, fit)
        of = SetPosterior(clouds, prior_of(fit))
        means.append(of.population.mean[1])
        widths.append(of.population.covariance[1, 1] ** 0.5)
        naive.append((of.posterior() * clouds.difficulty).sum(1).std())
    assert np.mean(means) == pytest.approx(-0.7, abs=0.1)
    assert np.mean(widths) == pytest.approx(1.0, abs=0.1)
    assert np.mean(naive) < np.mean(widths) - 0.03


def test_resamples_move_the_population_as_a_new_fit_would() -> None:
    scores, ability = simulated(7, 120, 30, 0.3)
    fit = known_fit(scores, ability)
    clouds = item_clouds(scores, fit)
    of = SetPosterior(clouds, prior_of(fit))
    counts = np.random.default_rng(0).multinomial(120, np.full(120, 1 / 120), size=3).astype(float)
    for count, quick in zip(counts, of.resampled(counts), strict=True):
        slow = SetPosterior(clouds.take(np.repeat(np.arange(120), count.astype(int))), prior_of(fit)).population
        assert quick.mean == pytest.approx(slow.mean, abs=0.04)
        assert quick.covariance[1, 1] == pytest.approx(slow.covariance[1, 1], abs=0.1)


def test_bundles_are_resampled_whole() -> None:
    scores, ability = simulated(3, 12, 20, 0.0)
    fit = known_fit(scores, ability)
    bundles = bundle_numbers(["a"] * 5 + ["b"] * 5 + ["", ""], 12)
    assert bundles.tolist() == [0] * 5 + [1] * 5 + [2, 3]
    of = DifficultyOf(item_clouds(scores, fit), prior_of(fit), edges=difficulty_edges(ability), bundles=bundles)
    counts = of.resamples(np.random.default_rng(0), 50)
    assert (counts[:, :5] == counts[:, :1]).all()
    assert (counts[:, 5:10] == counts[:, 5:6]).all()
    assert len({tuple(row) for row in counts.tolist()}) > 10
    drawn = of.drawn(counts)["difficulty"]
    assert drawn.share.sum(-1) == pytest.approx(np.ones(50))


def test_information_is_the_mean_over_the_cloud() -> None:
    scores, ability = simulated(4, 5, 15, 0.0)
    fit = known_fit(scores, ability)
    clouds = item_clouds(scores, fit, points=8)
    weight = SetPosterior(clouds, prior_of(fit)).posterior()
    at = np.array([-1.0, 0.5])
    found = expected_information(clouds, weight, at, fit.items)
    for i in range(5):
        for k, place in enumerate(at):
            a = np.exp(clouds.log_discrimination[i])
            p = expit(a * (place - clouds.difficulty[i]))
            assert found[i, k] == pytest.approx((weight[i] * a * a * p * (1 - p)).sum())


def test_draws_of_abilities_keep_the_scale() -> None:
    scores, ability = simulated(6, 20, 12, 0.0)
    fit = known_fit(scores, ability)
    drawn = drawn_abilities(fit, np.random.default_rng(0), 9)
    assert drawn.shape == (9, 12)
    assert drawn.mean(1) == pytest.approx(np.zeros(9), abs=1e-12)
    assert drawn.std(1) == pytest.approx(np.ones(9))
    many = drawn_abilities(fit, np.random.default_rng(0), 4000)
    assert many.std(0).mean() == pytest.approx(0.1 / ability.std(), rel=0.1)  # the errors, on a scale of spread 1
    assert many.mean(0) == pytest.approx((ability - ability.mean()) / ability.std(), abs=0.03)


def test_the_set_is_the_mean_over_draws_of_the_abilities() -> None:
    """Resample r is seen at draw r modulo K; all items once, at every draw, is what is seen."""
    scores, ability = simulated(8, 30, 15, 0.0)
    fit, bundles = known_fit(scores, ability), bundle_numbers([], 30)
    drawn = drawn_abilities(fit, np.random.default_rng(0), 3)
    edges = difficulty_edges(ability)
    of = DifficultyOf(item_clouds(scores, fit, abilities=drawn), prior_of(fit), edges=edges, bundles=bundles)
    six = of.drawn(np.ones((6, 30)))["difficulty"].share
    assert six[3:] == pytest.approx(six[:3])
    assert of.seen()["difficulty"].share == pytest.approx(six[:3].mean(0))
    assert np.abs(six[0] - six[1]).max() > 1e-5


def test_a_part_of_very_many_items_tells_how_far_all_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resamples of 60 of 240 items spread twice as far as those of all: put right, their intervals are alike."""
    scores, ability = simulated(11, 240, 25, 0.2)
    fit, bundles = known_fit(scores, ability), bundle_numbers([f"b{i // 2}" for i in range(240)], 240)
    clouds, edges = item_clouds(scores, fit), difficulty_edges(ability)
    wide, middle = [], []
    for most in (240, 60):
        monkeypatch.setattr(distribution, "MOST_RESAMPLED", most)
        of = DifficultyOf(clouds, prior_of(fit), edges=edges, bundles=bundles)
        assert len(of.part) == most
        assert of.narrower == pytest.approx((most / 240) ** 0.5)
        means = of.drawn(of.resamples(np.random.default_rng(0), 300))["difficulty"].mean()
        wide.append(means.std())
        middle.append(means.mean() - of.seen()["difficulty"].mean())
    assert wide[1] == pytest.approx(wide[0], rel=0.25)
    assert middle == pytest.approx([0, 0], abs=0.03)


def test_items_of_a_set_are_the_middles_of_their_posteriors() -> None:
    scores, ability = simulated(2, 6, 25, 0.0)
    fit = known_fit(scores, ability)
    clouds = item_clouds(scores, fit)
    of = SetPosterior(clouds, prior_of(fit))
    discrimination, difficulty = of.parameters()
    weight = of.posterior()
    for i in range(6):
        points = zip(weight[i], clouds.log_discrimination[i], clouds.difficulty[i], strict=True)
        log_a, easiness = np.sum([(w * a, -w * np.exp(a) * b) for w, a, b in points], axis=0)
        assert np.log(discrimination[i]) == pytest.approx(log_a)
        assert discrimination[i] * difficulty[i] == pytest.approx(-easiness)


def test_rasch_items_have_one_discrimination() -> None:
    from acidtest.stats.irt.fit import fit_irt

    scores, _ = simulated(5, 60, 25, 0.0)
    fit = fit_irt(scores, model="rasch")
    clouds = item_clouds(scores, fit)
    assert np.ptp(clouds.log_discrimination) == pytest.approx(0, abs=1e-6)
    of = SetPosterior(clouds, prior_of(fit))
    assert np.isfinite(of.population.mean).all()
