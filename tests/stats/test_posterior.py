"""The posterior: against slow independent computations, in simulated studies, and where it could break."""

import numpy as np
import pytest
import scipy.stats

from acidtest.stats import common_order, order
from acidtest.stats.bivariate import Population, posterior_grid
from acidtest.stats.common_order import LIMIT, likelihood_ratio, line_ratio, order_misfit, rising
from acidtest.stats.estimate import FloatArray
from acidtest.stats.noise import Noise, pair_noise
from acidtest.stats.posterior import PairPosterior, pair_posterior


def population(seed: int, solvers: int, rho: float, noise: float = 0.3, shared: float = 0.0) -> Population:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(2, solvers))
    theta = np.stack([z[0], rho * z[0] + np.sqrt(1 - rho**2) * z[1]], axis=1)
    v = noise**2 * rng.uniform(0.5, 1.5, (solvers, 2))
    c = shared * np.sqrt(v.prod(axis=1))
    return Population(
        y=theta + noise * rng.normal(size=(solvers, 2)),
        v=v,
        c=c,
        f=np.array([3.0] + [1.0] * (solvers - 1)),
        e=np.array([0.0] * (solvers - 1) + [0.6]),
    )


def full_covariance(p: Population, log_r: float, log_s: float, phi: float) -> FloatArray:
    """[2M, 2M] covariance of y, solver by solver; the flat mean is a normal one with a huge variance."""
    solvers = len(p.y)
    off = np.sin(phi) * np.exp(log_r + log_s)
    sigma = np.array([[np.exp(2 * log_r), off], [off, np.exp(2 * log_s)]])
    noise = [np.array([[p.v[m, 0], p.c[m]], [p.c[m], p.v[m, 1]]]) for m in range(solvers)]
    free = [np.diag([0.0, p.e[m]]) for m in range(solvers)]
    return np.asarray(scipy.linalg.block_diag(*[p.f[m] * sigma + free[m] + noise[m] for m in range(solvers)]))


WIDE = 1e4
"""Variance of the prior of mu in the slow computations: nearly flat."""


@pytest.mark.parametrize("phi", [-0.7, 0.0, 1.1, np.pi / 2])
def test_likelihood_against_the_full_normal_density(phi: float) -> None:
    p = population(30, 5, 0.5, shared=0.4)
    points = [(-0.3, 0.2, phi), (0.4, -1.0, phi)]
    flat = WIDE * np.kron(np.ones((5, 5)), np.eye(2))
    slow = [
        scipy.stats.multivariate_normal.logpdf(p.y.ravel(), np.zeros(10), full_covariance(p, *at) + flat)
        for at in points
    ]
    fast = p.log_likelihood(tuple(np.array(axis) for axis in zip(*points, strict=True)))  # type: ignore[arg-type]  # a tuple of three
    assert fast[0] - fast[1] == pytest.approx(slow[0] - slow[1], abs=2e-3)


def test_draws_against_the_full_conditional_normal() -> None:
    p = population(31, 4, 0.5, shared=0.4)
    at = (-0.2, 0.1, 0.9)
    flat = WIDE * np.kron(np.ones((4, 4)), np.eye(2))
    noise = scipy.linalg.block_diag(*[np.array([[a, c], [c, b]]) for (a, b), c in zip(p.v, p.c, strict=True)])
    prior = full_covariance(p, *at) - noise + flat
    gain = prior @ np.linalg.inv(prior + noise)
    mean, covariance = gain @ p.y.ravel(), prior - gain @ prior
    draws = p.draw(tuple(np.full(200_000, x) for x in at), np.random.default_rng(0))  # type: ignore[arg-type]  # a tuple of three
    flat_draws = draws.transpose(0, 2, 1).reshape(len(draws), -1)
    np.testing.assert_allclose(flat_draws.mean(axis=0), mean, atol=0.005)
    np.testing.assert_allclose(np.cov(flat_draws.T), covariance, atol=0.004)


def slow_posterior(p: Population, rng: np.random.Generator, keep: int) -> FloatArray:
    """[keep, 2, M]: draws by Metropolis steps in (log sd_r, log sd_s, rho) on the full density, then theta."""
    solvers = len(p.y)
    flat = WIDE * np.kron(np.ones((solvers, solvers)), np.eye(2))
    noise = scipy.linalg.block_diag(*[np.array([[a, c], [c, b]]) for (a, b), c in zip(p.v, p.c, strict=True)])
    y = p.y.ravel()

    def log_density(x: FloatArray) -> float:
        if abs(x[2]) >= 1:
            return -np.inf
        covariance = full_covariance(p, x[0], x[1], np.arcsin(x[2])) + flat
        factor = np.linalg.cholesky(covariance)
        z = np.linalg.solve(factor, y)
        half_t = x[:2] - 2.5 * np.log1p(np.exp(2 * x[:2]) / 4 / 4)  # half-t, 4 degrees, scale 2; in log sd
        # Uniform in the angle: d rho = cos phi d phi.
        return float(-np.log(np.diag(factor)).sum() - 0.5 * z @ z + half_t.sum() - 0.5 * np.log(1 - x[2] ** 2))

    x = np.array([0.0, 0.0, 0.3])
    height, draws = log_density(x), []
    for turn in range(keep * 3 + 300):
        other = x + rng.normal(0, [0.4, 0.4, 0.3])
        level = log_density(other)
        if np.log(rng.random()) < level - height:
            x, height = other, level
        if turn >= 300 and turn % 3 == 0:
            prior = full_covariance(p, x[0], x[1], np.arcsin(x[2])) - noise + flat
            gain = prior @ np.linalg.inv(prior + noise)
            root = np.linalg.cholesky(prior - gain @ prior + 1e-9 * np.eye(2 * solvers))
            draws.append((gain @ y + root @ rng.normal(size=2 * solvers)).reshape(solvers, 2).T)
    return np.array(draws)


@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_posterior_against_a_slow_markov_chain(shared: float) -> None:
    p = population(32, 6, 0.6, noise=0.5, shared=shared)
    slow = slow_posterior(p, np.random.default_rng(1), 4000)
    rng = np.random.default_rng(2)
    fast = p.draw(posterior_grid(p).draw(8000, rng), rng)
    np.testing.assert_allclose(fast.mean(axis=0), slow.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(fast.std(axis=0), slow.std(axis=0), rtol=0.08)
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    for statistic, close in ((order.srcc, 0.07), (order.pearson, 0.07)):
        np.testing.assert_allclose(
            np.quantile(statistic(fast[:, 0], fast[:, 1]), quantiles),
            np.quantile(statistic(slow[:, 0], slow[:, 1]), quantiles),
            atol=close,
        )


def test_the_grid_finds_a_narrow_posterior() -> None:
    # With 400 solvers and hardly any noise the spreads and rho are known: to 1 / sqrt(2 * 400) and (1 - rho^2) / 20.
    p = population(33, 400, 0.8, noise=0.05)
    seen = (p.y / np.sqrt(p.f)[:, None]).std(axis=0, ddof=1)
    log_r, log_s, phi = posterior_grid(p).draw(4000, np.random.default_rng(0))
    assert log_r.mean() == pytest.approx(float(np.log(seen[0])), abs=0.02)
    assert log_s.mean() == pytest.approx(float(np.log(seen[1])), abs=0.02)
    assert log_r.std() == pytest.approx(1 / np.sqrt(800), rel=0.2)
    assert np.sin(phi).mean() == pytest.approx(float(order.pearson(p.y[:, 0], p.y[:, 1])), abs=0.02)
    assert np.sin(phi).std() == pytest.approx(0.36 / 20, rel=0.2)


def answers(ability: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """0/1 answers of solvers (rows) to n items of N(0, 1) difficulty."""
    return (rng.random((ability.size, n)) < 1 / (1 + np.exp(rng.normal(0, 1, n) - ability[:, None]))).astype(float)


def true_scores(ability: FloatArray) -> FloatArray:
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    means: FloatArray = (weights / (1 + np.exp(nodes - ability[:, None]))).sum(axis=1) / weights.sum()
    return means


def study(
    seed: int, solvers: int, spread: float, bias: float, n: int = 200
) -> tuple[FloatArray, FloatArray, PairPosterior]:
    """True scores on both sets, and the posterior of what n items show."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, spread, solvers)
    other = ability + 0.3 + rng.normal(0, bias, solvers)
    real, synthetic = answers(ability, n, rng), answers(other, n, rng)
    noise = pair_noise(real, synthetic, same_items=False, unit=True)
    found = pair_posterior(real.mean(axis=1), synthetic.mean(axis=1), noise, rng, unit=True, n_items=(n, n), draws=1000)
    return true_scores(ability), true_scores(other), found


def holds(draws: FloatArray, truth: float, level: float) -> bool:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return bool(low - 1e-9 <= truth <= high + 1e-9)


def test_coverage_of_simulated_studies() -> None:
    # 80 studies, solvers biased by N(0, .3). 95 % intervals of order statistics are wide for six solvers, never narrow;
    # 80 % intervals of the mean squared difference must not hold always, or they say nothing.
    held = {"srcc": 0, "pairwise": 0, "level": 0, "squares": 0}
    for seed in range(80):
        real, synthetic, found = study(seed, 6, 0.5, 0.3)
        for name, f in (("srcc", order.srcc), ("pairwise", order.pairwise_agreement)):
            held[name] += holds(f(found.real, found.synthetic), float(f(real, synthetic)), 0.95)
        held["level"] += holds((found.synthetic - found.real).mean(axis=1), float((synthetic - real).mean()), 0.8)
        held["squares"] += holds(
            ((found.synthetic - found.real) ** 2).mean(axis=1), float(((synthetic - real) ** 2).mean()), 0.8
        )
    assert min(held["srcc"], held["pairwise"]) >= 73  # 91 %: two standard errors below 95 %
    assert 54 <= held["level"] <= 75  # 80 % is 64, standard error 3.6
    assert 54 <= held["squares"] <= 77


def test_level_is_as_uncertain_as_the_items_common_difficulty_makes_it() -> None:
    # 20 solvers on items that differ much: their common luck is most of the uncertainty of the gap.
    rng = np.random.default_rng(34)
    real, synthetic = answers(rng.normal(0, 0.3, 20), 300, rng), answers(rng.normal(0, 0.3, 20), 300, rng)
    noise = pair_noise(real, synthetic, same_items=False, unit=True)
    found = pair_posterior(real.mean(axis=1), synthetic.mean(axis=1), noise, rng, unit=True, n_items=(300, 300))
    expected = (real.mean(axis=0).var(ddof=1) + synthetic.mean(axis=0).var(ddof=1)) / 300  # variance over items
    assert (found.synthetic - found.real).mean(axis=1).var() == pytest.approx(float(expected), rel=0.15)


def test_shared_items_take_their_noise_out_of_the_difference() -> None:
    shared, apart = (
        pair_posterior(
            np.linspace(0.3, 0.7, 8),
            np.linspace(0.35, 0.75, 8),
            Noise(real=np.full(8, 4e-4), synthetic=np.full(8, 4e-4), shared=np.full(8, c)),
            np.random.default_rng(0),
            unit=True,
            n_items=(500, 500),
        )
        for c in (3.6e-4, 0.0)
    )
    assert (shared.synthetic - shared.real).std(axis=0).mean() < 0.6 * (apart.synthetic - apart.real).std(axis=0).mean()


def test_ceiling_is_what_a_perfect_order_would_show() -> None:
    # The truth: scores with a perfect order, 200 items. The mean ceiling must be near the mean srcc that such studies
    # show, and rise with the items.
    seen, ceilings = [], []
    for seed in range(40):
        rng = np.random.default_rng(100 + seed)
        ability = rng.normal(0, 0.5, 12)
        real, synthetic = answers(ability, 200, rng), answers(ability + 0.3, 200, rng)
        noise = pair_noise(real, synthetic, same_items=False, unit=True)
        found = pair_posterior(
            real.mean(axis=1), synthetic.mean(axis=1), noise, rng, unit=True, n_items=(200, 200), draws=400
        )
        seen.append(float(order.srcc(real.mean(axis=1), synthetic.mean(axis=1))))
        ceilings.append(float(order.srcc(found.ceiling_real, found.ceiling_synthetic).mean()))
        assert ((found.ceiling_real >= 0) & (found.ceiling_real <= 1)).all()
    assert np.mean(ceilings) == pytest.approx(np.mean(seen), abs=0.04)
    _, _, many = study(1, 12, 0.5, 0.0, n=5000)
    assert order.srcc(many.ceiling_real, many.ceiling_synthetic).mean() > np.mean(ceilings) + 0.03


def test_order_test_size_and_power() -> None:
    size = sum(study(seed, 20, 0.3, 0.0)[2].rejects for seed in range(60))
    power = sum(study(seed, 20, 0.3, 0.6)[2].rejects for seed in range(30))
    assert size <= 6  # at most 5 %: 3 expected, 6 is 1.8 standard errors above
    assert power >= 24


def test_likelihood_ratio_finds_the_top() -> None:
    # Oracle: scipy's optimiser from many starts on the same density.
    p = population(35, 10, 0.2)

    def lower(x: FloatArray) -> float:
        return -float(p.log_likelihood((x[:1], x[1:2], np.clip(x[2:3], -np.pi / 2, np.pi / 2)))[0])

    def line(x: FloatArray) -> float:
        return lower(np.array([x[0], x[1], np.pi / 2]))

    free = min(scipy.optimize.minimize(lower, [0, 0, phi], method="Nelder-Mead").fun for phi in (-1, 0, 1))
    same = min(scipy.optimize.minimize(line, [a, b], method="Nelder-Mead").fun for a in (-1, 0) for b in (-1, 0))
    ratio, _ = line_ratio(p)
    assert ratio == pytest.approx(2 * (same - free), abs=5e-3)
    assert ratio > LIMIT


def test_one_order_is_never_rejected_however_bent() -> None:
    # Same order, no noise to speak of, a relation that is no line: rho = 1 fits badly, yet there is a common order.
    x = np.linspace(0, 1, 12)
    bent = Population(
        y=np.stack([x, x**8], axis=1), v=np.full((12, 2), 1e-4), c=np.zeros(12), f=np.ones(12), e=np.zeros(12)
    )
    assert line_ratio(bent)[0] > LIMIT
    assert likelihood_ratio(bent) == 0


def test_misfit_of_one_swapped_pair() -> None:
    # Two neighbours swapped by .2 in one set: both are moved by .1, chi-squared 2 * .1^2 / v; or, the other way round,
    # the real scores are moved by .05 each. The cheaper counts.
    y = np.array([[0.0, 0.0], [1.0, 1.2], [1.1, 1.0], [2.0, 2.0]])
    p = Population(y=y, v=np.full((4, 2), 0.01), c=np.zeros(4), f=np.ones(4), e=np.zeros(4))
    assert order_misfit(p, np.arange(4.0)) == pytest.approx(2 * 0.05**2 / 0.01, abs=1e-9)
    # Noise that moves both scores of a solver alike makes a swap harder to explain: here by brute force.
    shared = Population(y=y, v=p.v, c=np.full(4, 0.008), f=p.f, e=p.e)
    inverse = np.linalg.inv(np.array([[0.01, 0.008], [0.008, 0.01]]))

    def misfit(t: FloatArray) -> float:
        low, high = np.array([t[0], t[1]]), np.array([t[0] + abs(t[2]), t[1] + abs(t[3])])
        return float(sum(r @ inverse @ r for r in (y[2] - low, y[1] - high)))

    starts = ([1.05, 1.0, 0.1, 0.2], [1.0, 1.1, 0.0, 0.0])
    slow = min(scipy.optimize.minimize(misfit, s, method="Nelder-Mead", options={"maxiter": 4000}).fun for s in starts)
    assert order_misfit(shared, np.arange(4.0)) == pytest.approx(slow, rel=0.02)
    assert pytest.approx(scipy.stats.chi2.ppf(0.9, 1), abs=0.005) == common_order.LIMIT


def test_rising_against_scipy() -> None:
    rng = np.random.default_rng(36)
    for size in (1, 2, 7, 40):
        x, w = rng.normal(size=size), rng.uniform(0.1, 2, size)
        np.testing.assert_allclose(rising(x, w), scipy.optimize.isotonic_regression(x, weights=w).x, atol=1e-12)


EDGES: dict[str, tuple[list[float], list[float]]] = {
    "two": ([0.5, 0.7], [0.6, 0.8]),
    "three": ([0.5, 0.7, 0.4], [0.6, 0.8, 0.9]),
    "one": ([0.5], [0.6]),
    "all equal": ([0.5] * 5, [0.5] * 5),
    "all perfect": ([1.0] * 5, [0.0] * 5),
    "some at the ends": ([0.0, 0.5, 1.0, 0.3], [1.0, 0.0, 0.5, 0.2]),
    "an outlier": ([0.50, 0.51, 0.52, 0.53, 0.02], [0.60, 0.62, 0.61, 0.63, 0.99]),
    "identical": ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]),
}


@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("variance", [0.0, 1e-12, 1e-3, float("nan")])
@pytest.mark.parametrize("name", EDGES)
def test_nothing_breaks_it(name: str, variance: float, unit: bool) -> None:  # noqa: FBT001 - a case of the test
    real, synthetic = (np.array(x) for x in EDGES[name])
    v = np.full(len(real), variance)
    noise = Noise(real=v, synthetic=v, shared=v * 0.9)
    found = pair_posterior(real, synthetic, noise, np.random.default_rng(0), unit=unit, n_items=(200, 200), draws=200)
    for draws in (found.real, found.synthetic, found.ceiling_real, found.ceiling_synthetic):
        assert draws.shape == (200, len(real))
        assert np.isfinite(draws).all()
        assert not unit or (0 <= draws.min() <= draws.max() <= 1)
    assert np.isfinite(found.likelihood_ratio)
    assert found.likelihood_ratio >= 0
    if variance in (0.0, 1e-12) and name in ("two", "three", "identical", "an outlier"):
        # Without noise the true scores are those seen.
        np.testing.assert_allclose(found.real.mean(axis=0), real, atol=2e-3)
        np.testing.assert_allclose(found.synthetic.mean(axis=0), synthetic, atol=2e-3)


def test_a_missing_score_is_refused() -> None:
    noise = Noise(real=np.ones(2), synthetic=np.ones(2), shared=np.zeros(2))
    with pytest.raises(ValueError, match="missing"):
        pair_posterior(np.array([0.1, np.nan]), np.ones(2), noise, np.random.default_rng(0), unit=False, n_items=(9, 9))


def test_a_perfect_solver_is_as_uncertain_as_its_items_allow() -> None:
    # 200 of 200 right: the 95 % upper bound of a failure rate without failures is about 3 / 200 (rule of three). The
    # other solvers draw it down a little further.
    real = np.array([0.5, 0.6, 0.7, 0.8, 1.0])
    noise = Noise(real=np.full(5, 1e-3), synthetic=np.full(5, 1e-3), shared=np.zeros(5))
    found = pair_posterior(real, real, noise, np.random.default_rng(0), unit=True, n_items=(200, 200))
    assert 1 - 10 / 200 < np.quantile(found.real[:, 4], 0.05) < 1 - 1 / 200


def test_an_outlier_does_not_set_the_spread_of_the_rest() -> None:
    # Five solvers as close as noise (sd .03) makes them are drawn together; one far away must not undo that.
    noise = Noise(real=np.full(6, 9e-4), synthetic=np.full(6, 9e-4), shared=np.zeros(6))
    close = np.array([0.50, 0.51, 0.52, 0.53, 0.54])
    for sixth, below in ((0.55, 0.7), (0.02, 0.85)):
        x = np.append(close, sixth)
        found = pair_posterior(x, x, noise, np.random.default_rng(0), unit=False, n_items=(300, 300))
        assert (found.real[:, :5].std(axis=0) < below * 0.03).all()
    assert found.real[:, 5].mean() == pytest.approx(0.02, abs=0.02)  # and is itself not drawn to them


def test_same_stream_same_draws() -> None:
    one, other = (study(7, 6, 0.5, 0.3)[2] for _ in range(2))
    np.testing.assert_array_equal(one.real, other.real)
    assert one.likelihood_ratio == other.likelihood_ratio


def test_the_stray_is_found_and_the_others_keep_their_order() -> None:
    # Nineteen solvers on one line; the first gains .9 on the synthetic set alone, as a generator might.
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        ability = rng.normal(0, 0.3, 20)
        other = ability + 0.9 * (np.arange(20) == 0)
        real, synthetic = answers(ability, 500, rng), answers(other, 500, rng)
        noise = pair_noise(real, synthetic, same_items=False, unit=True)
        p = pair_posterior(real.mean(axis=1), synthetic.mean(axis=1), noise, rng, unit=True, n_items=(500, 500))
        found += p.strays == (0,)
    assert found >= 16  # .9 logit is four standard errors of the difference


def test_few_strays_are_seen_where_there_are_none() -> None:
    strays = sum(bool(study(seed, 12, 0.4, 0.2)[2].strays) for seed in range(60))
    assert strays <= 7  # at most 5 %: 3 expected, 7 is 2.4 standard errors above


def test_other_solvers_vary_as_their_population_does() -> None:
    # With 400 solvers and hardly any noise the population is known: drawn groups must have its spread and correlation.
    p = population(33, 400, 0.8, noise=0.05)
    p = Population(y=p.y, v=p.v, c=p.c, f=np.ones(400), e=np.zeros(400))
    rng = np.random.default_rng(0)
    others = p.draw_others(posterior_grid(p).draw(300, rng), rng)
    np.testing.assert_allclose(others.mean(axis=(0, 2)), p.y.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(others.std(axis=2).mean(axis=0), p.y.std(axis=0), rtol=0.03)
    seen = float(order.pearson(p.y[:, 0], p.y[:, 1]))
    assert order.pearson(others[:, 0], others[:, 1]).mean() == pytest.approx(seen, abs=0.02)
