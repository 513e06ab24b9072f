"""Small tests and what they foretell, against the model written out state by state."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t as student

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small import predicted_score as prediction
from acidtest.stats.irt.small import small_test as module
from acidtest.stats.irt.small.predicted_score import misfit, mixed, predicted_score
from acidtest.stats.irt.small.score_model import ScoreModel, calibration, model_of_fit, normalised, score_model
from acidtest.stats.irt.small.small_test import adaptive_tests, information_test, random_test, stratified_test

ABILITIES = np.arange(-45, 46) / 10
STEPS = 5 / 6 * np.arange(-3, 4)
N = 9


def scores_of(seed: int, *, between: bool = False, solvers: int = 12) -> FloatArray:
    rng = np.random.default_rng(seed)
    linear = rng.normal(size=(solvers, 1)) * rng.lognormal(0, 0.3, N) + rng.normal(0, 1, N)
    if between:
        scores: FloatArray = expit(linear + rng.normal(0, 0.8, linear.shape))
    else:
        scores = (rng.random(linear.shape) < expit(linear)).astype(float)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    return scores


def with_items(fit: Fit) -> Fit:
    """The same fit with some guessing, so that it shows."""
    items = fit.items
    guess = np.linspace(0, 0.3, N) if items.residual is None else items.guess
    known = Items(
        discrimination=items.discrimination, difficulty=items.difficulty, guess=guess, residual=items.residual
    )
    return Fit(**{**vars(fit), "items": known})


@pytest.mark.parametrize("between", [False, True])
def test_states_their_chances_and_what_they_expect(between: bool) -> None:  # noqa: FBT001
    """Log-odds: discrimination x ability + slope x easiness; abilities like those seen, half a deviation around them.

    Log slopes are normal with standard deviation .4, at seven points out to 2.5; a fiftieth may have any ability.
    """
    scores = scores_of(0, between=between)
    fit = with_items(calibration(scores))
    assert fit.model == ("continuous" if between else "2pl")
    model = model_of_fit(fit, scores)
    a, b, c = fit.items.discrimination, fit.items.difficulty, fit.items.guess
    nodes, shares = np.polynomial.hermite_e.hermegauss(21)
    likely = np.array([sum(np.exp(-(((t - one) / 0.5) ** 2) / 2) for one in fit.ability) for t in ABILITIES])
    likely = 0.98 * likely / likely.sum() + 0.02 / 91
    of_slope = np.exp(-(STEPS**2) / 2) / np.exp(-(STEPS**2) / 2).sum()
    state = 0
    for i, t in enumerate(ABILITIES):
        for k, step in enumerate(STEPS):
            slope = np.exp(0.4 * step)
            assert (model.ability[state], model.slope[state]) == pytest.approx((t, slope))
            assert model.log_weight[state] == pytest.approx(np.log(likely[i] * of_slope[k]))
            linear = a * t - slope * a * b
            if fit.items.residual is None:
                p = c + (1 - c) * expit(linear)
            else:
                p = expit(linear[:, None] + fit.items.residual[:, None] * nodes) @ (shares / shares.sum())
            np.testing.assert_allclose(model.expected[state], np.clip(p, 1e-4, 1 - 1e-4), rtol=1e-9)
            state += 1
    assert len(model.ability) == state == 637
    assert (len(model), model.solvers, model.spread) == (N, 12, 0.4)

    plain = ScoreModel(**{**vars(model), "dispersion": 1.0})
    places = plain.posterior(scores).argmax(1)
    assert model.solver_state.tolist() == places.tolist()
    seen = np.isfinite(scores)
    p = model.expected[places]
    ratio = ((scores - p)[seen] ** 2).sum() / (p * (1 - p))[seen].sum()
    assert model.dispersion == pytest.approx(ratio if between else 1.0)
    assert not between or 0.05 < ratio < 0.9


def model_for(seed: int, *, between: bool = False) -> ScoreModel:
    scores = scores_of(seed, between=between)
    return model_of_fit(with_items(calibration(scores)), scores)


def slow_posterior(model: ScoreModel, row: FloatArray) -> FloatArray:
    log = model.log_weight.copy()
    for j, x in enumerate(row):
        if not np.isnan(x):
            p = model.expected[:, j]
            log += (x * np.log(p) + (1 - x) * np.log(1 - p)) / model.dispersion
    weight: FloatArray = np.exp(log - log.max())
    found: FloatArray = weight / weight.sum()
    return found


@pytest.mark.parametrize("between", [False, True])
def test_predictions_with_holes_and_items_that_do_not_count(between: bool) -> None:  # noqa: FBT001
    model = model_for(1, between=between)
    scores = scores_of(2, between=between)[:5]
    scores[:, 6] = np.nan  # asked of nobody
    scores[1] = np.nan
    rng = np.random.default_rng(3)
    per_solver = rng.random(scores.shape) < 0.7
    per_solver[4] = False
    for counts in (None, per_solver, np.arange(N) % 3 > 0):
        found = predicted_score(model, scores, counts=counts, misfit=0.02)
        whole = np.broadcast_to(True if counts is None else counts, scores.shape)
        assert (found.misfit_se, found.solvers) == (0.02, 12)
        for m, row in enumerate(scores):
            asked = np.isfinite(row) & whole[m]
            weight = slow_posterior(model, np.where(asked, row, np.nan))
            unseen = [j for j in range(N) if whole[m, j] and not asked[j]]
            of_state = model.expected[:, unseen].sum(1)
            number = whole[m].sum()
            if not number:
                assert np.isnan(found.value[m])
                continue
            mean = weight @ of_state
            noise = model.dispersion * sum(weight @ (p - p**2) for p in model.expected[:, unseen].T)
            assert found.value[m] == pytest.approx((row[asked].sum() + mean) / number, rel=1e-9)
            spread = np.sqrt(weight @ (of_state - mean) ** 2) / number
            assert found.ability_se[m] == pytest.approx(spread, rel=1e-7, abs=1e-12)
            assert found.unseen_se[m] == pytest.approx(np.sqrt(noise) / number, rel=1e-7, abs=1e-8)
            se = np.sqrt(spread**2 + noise / number**2 + 0.02**2)
            assert found.se[m] == pytest.approx(se, rel=1e-7)
            wide = student(11).ppf(0.975) * se
            ends = np.clip([found.value[m] - wide, found.value[m] + wide], 0, 1)
            assert [end[m] for end in found.interval()] == pytest.approx(ends, rel=1e-7)


def test_the_luck_of_a_score_in_each_mixture_of_states() -> None:
    model = model_for(4, between=True)
    weights = np.random.default_rng(0).dirichlet(np.ones(637), 2)
    for one, found in zip(weights, model.noise(weights), strict=True):
        slow = [
            model.dispersion * sum(w * p * (1 - p) for w, p in zip(one, column, strict=True))
            for column in model.expected.T
        ]
        assert found == pytest.approx(slow, rel=1e-9)
    assert normalised(np.log([[1.0, 3.0], [2.0, 2.0]])) == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))


def test_intervals_of_few_solvers_have_one_degree_at_least() -> None:
    model = model_for(5)
    for solvers, degrees in ((1, 1), (2, 1), (3, 2), (30, 29)):
        found = predicted_score(model, scores_of(6)[:1], solvers=solvers)
        wide = student(degrees).ppf(0.75) * found.se
        low, high = found.interval(0.5)
        assert (low[0], high[0]) == pytest.approx((max(found.value[0] - wide[0], 0), min(found.value[0] + wide[0], 1)))


def test_misfit_and_mixtures() -> None:
    """Mean square of errors beyond that of the model, of those that are known; shares by the other's variance."""
    found = misfit([0.1, -0.2, np.nan, 0.3], [0.05, 0.1, 0.2, np.nan])
    assert found == pytest.approx(np.sqrt((0.01 + 0.04 - 0.0025 - 0.01) / 2))
    assert misfit([0.1], [0.2]) == 0.0
    assert misfit([np.nan], [0.2]) == 0.0
    two = mixed(
        np.array([0.2, 0.4, 0.1]), np.array([0.1, 0.0, 0.0]), np.array([0.8, 0.6, 0.5]), np.array([0.3, 0.2, 0])
    )
    assert two == pytest.approx([(0.2 * 9 + 0.8) / 10, 0.4, 0.3])
    assert prediction.misfit is misfit


@pytest.mark.parametrize(("solvers", "seed"), [(12, 9), (12, 24), (75, 7), (61, 15)])
def test_items_by_information_are_those_that_lower_the_variance_most(solvers: int, seed: int) -> None:
    """The covariance of state and score worked out whole for every choice, over 60 solvers at most."""
    scores = scores_of(seed, between=True, solvers=solvers)
    model = score_model(scores)
    states = sorted(model.solver_state.tolist())
    if solvers > 60:
        states = [states[round(one)] for one in np.linspace(0, solvers - 1, 60)]
    grid = model.expected.reshape(91, 7, N)
    weight = np.exp(model.log_weight)
    mean = weight @ model.ability
    prior = np.diag([weight @ (model.ability - mean) ** 2, 0.16])
    parts = []
    for state in states:
        i, k = divmod(state, 7)
        rows, columns = (max(i - 1, 0), min(i + 1, 90)), (max(k - 1, 0), min(k + 1, 6))
        by_ability = (grid[rows[1], k] - grid[rows[0], k]) / (ABILITIES[rows[1]] - ABILITIES[rows[0]])
        by_slope = (grid[i, columns[1]] - grid[i, columns[0]]) / (0.4 * (STEPS[columns[1]] - STEPS[columns[0]]))
        slopes = np.stack([by_ability, by_slope], axis=1)
        luck = model.dispersion * grid[i, k] * (1 - grid[i, k])
        parts.append(slopes @ prior @ slopes.T + np.diag(luck))  # of the answers to all items

    def taken_off(items: list[int]) -> float:
        whole = [
            part.mean(1)[items] @ np.linalg.solve(part[np.ix_(items, items)], part.mean(1)[items]) for part in parts
        ]
        return float(np.mean(whole))

    chosen: list[int] = []
    found = information_test(model, 6)
    for item in found.items.tolist():
        assert item == max((j for j in range(N) if j not in chosen), key=lambda j: taken_off([*chosen, j]))
        chosen.append(item)
    assert found.weights.tolist() == [1 / 6] * 6


def test_states_at_the_edges_of_the_grid() -> None:
    model = model_for(8)
    edge = ScoreModel(**{**vars(model), "solver_state": np.array([0, 6, 630, 636, 318])})
    slopes, noise = module._slopes(edge, edge.solver_state)
    grid = model.expected.reshape(91, 7, N)
    assert slopes[0, :, 0] == pytest.approx((grid[1, 0] - grid[0, 0]) / 0.1)
    assert slopes[3, :, 0] == pytest.approx((grid[90, 6] - grid[89, 6]) / 0.1)
    assert slopes[1, :, 1] == pytest.approx((grid[0, 6] - grid[0, 5]) / (0.4 * 5 / 6))
    assert slopes[2, :, 1] == pytest.approx((grid[90, 1] - grid[90, 0]) / (0.4 * 5 / 6))
    assert slopes[4, :, 0] == pytest.approx((grid[46, 3] - grid[44, 3]) / 0.2)
    assert slopes[4, :, 1] == pytest.approx((grid[45, 4] - grid[45, 2]) / (0.4 * 5 / 3))
    assert noise[4] == pytest.approx(grid[45, 3] * (1 - grid[45, 3]))


@pytest.mark.parametrize("between", [False, True])
def test_each_solver_is_asked_what_says_most(between: bool) -> None:  # noqa: FBT001
    """The covariance matrix of all answers over the states still possible, its column sums squared over its diagonal.

    An answer that is known has no part in what is still open.
    """
    model = model_for(9, between=between)
    scores = scores_of(10, between=between)[:4]
    scores[0, [0, 2, 4, 5, 6, 7]] = np.nan
    found = adaptive_tests(model, scores, 7)
    for m, row in enumerate(scores):
        seen = np.full(N, np.nan)
        left = np.flatnonzero(np.isfinite(row)).tolist()
        for item in found[m].tolist():
            if not left:
                assert item == -1
                continue
            weight, p = slow_posterior(model, seen), model.expected
            mean = weight @ p
            covariance = (p * weight[:, None]).T @ p - np.outer(mean, mean)
            covariance += np.diag(model.dispersion * (weight @ (p * (1 - p))))
            open_items = [j for j in range(N) if np.isnan(seen[j])]
            value = {j: covariance[j, open_items].sum() ** 2 / covariance[j, j] for j in left}
            assert item == max(value, key=value.__getitem__)
            left.remove(item)
            seen[item] = row[item]
    assert adaptive_tests(model, scores[1], 20).shape == (1, 20)


def test_random_and_stratified_items() -> None:
    rng = np.random.default_rng(11)
    found = random_test(7, 4, rng)
    assert len(set(found.items.tolist())) == 4
    assert found.weights.tolist() == [0.25] * 4
    easy = np.array([0.1, 0.5, 0.5, 0.9, 0.2, 0.5, 0.3])
    one = np.zeros((7, 3))
    for _ in range(600):
        layers = stratified_test(easy, 3, rng)
        assert layers.weights.tolist() == [3 / 7, 2 / 7, 2 / 7]
        one[layers.items, range(3)] += 1 / 600
    third, half, sixth = 1 / 3, 1 / 2, 1 / 6
    # three easiest; then two of the three of .5, whichever come first by chance; the third of them and the last
    assert one[[0, 4, 6], 0] == pytest.approx([third] * 3, abs=0.08)
    assert one[[1, 2, 5], 1] == pytest.approx([third] * 3, abs=0.08)
    assert one[[1, 2, 5, 3], 2] == pytest.approx([sixth] * 3 + [half], abs=0.08)


def test_what_is_between_is_told_from_what_is_right_or_wrong() -> None:
    whole = scores_of(12)
    assert calibration(whole).model == "2pl"
    whole[3, 3] = 0.5
    assert calibration(whole).model == "continuous"
    np.testing.assert_array_equal(
        score_model(whole).items.difficulty, fit_irt(whole, model="continuous").items.difficulty
    )
