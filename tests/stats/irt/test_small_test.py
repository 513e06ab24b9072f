import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t as student_t

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small.predicted_score import misfit, mixed, predicted_score
from acidtest.stats.irt.small.score_model import ABILITIES, SLOPES, ScoreModel, score_model
from acidtest.stats.irt.small.small_test import adaptive_tests, information_test, random_test, stratified_test

N = 120


def simulated(solvers: int, seed: int) -> FloatArray:
    """Right and wrong answers of solvers to the same N items, whatever the seed."""
    fixed = np.random.default_rng(0)
    a, e = np.exp(fixed.normal(0.2, 0.3, N)), fixed.normal(0.5, 1.3, N)
    rng = np.random.default_rng([1, seed])
    chance = expit(a * rng.normal(size=(solvers, 1)) + e)
    return (rng.random(chance.shape) < chance).astype(float)


@pytest.fixture(scope="module")
def model() -> ScoreModel:
    return score_model(simulated(300, 0))


def asked(scores: FloatArray, items: FloatArray | list[int]) -> FloatArray:
    seen = np.full(scores.shape, np.nan)
    seen[:, np.asarray(items, int)] = scores[:, np.asarray(items, int)]
    return seen


def test_states_are_abilities_and_slopes_by_the_formula(model: ScoreModel) -> None:
    assert np.exp(model.log_weight).sum() == pytest.approx(1)
    assert len(model.ability) == len(ABILITIES) * len(SLOPES)
    a, b = model.items.discrimination, model.items.difficulty
    for state in (0, 300, 636):
        plain = expit(a * model.ability[state] - model.slope[state] * a * b)
        assert np.allclose(model.expected[state], np.clip(plain, 1e-4, 1 - 1e-4), atol=1e-12)


def test_prediction_is_p_irt_computed_slowly(model: ScoreModel) -> None:
    scores = asked(simulated(3, 5), [0, 7, 30, 31])
    counts = np.ones(scores.shape, bool)
    counts[1, 100:] = False
    found = predicted_score(model, scores, counts=counts)
    for row in range(3):
        weight = np.exp(model.log_weight)
        for state in range(len(weight)):
            for item in (0, 7, 30, 31):
                p = model.expected[state, item]
                weight[state] *= p if scores[row, item] == 1 else 1 - p
        weight /= weight.sum()
        unseen = [i for i in range(N) if np.isnan(scores[row, i]) and counts[row, i]]
        of_state = model.expected[:, unseen].sum(axis=1)
        mean, number = weight @ of_state, counts[row].sum()
        assert found.value[row] == pytest.approx((np.nansum(scores[row]) + mean) / number)
        assert found.ability_se[row] == pytest.approx(np.sqrt(weight @ (of_state - mean) ** 2) / number)
        noise = sum(weight @ (model.expected[:, i] * (1 - model.expected[:, i])) for i in unseen)
        assert found.unseen_se[row] == pytest.approx(np.sqrt(noise) / number)


def test_all_answers_leave_nothing_to_foretell(model: ScoreModel) -> None:
    scores = simulated(4, 6)
    found = predicted_score(model, scores)
    assert np.allclose(found.value, scores.mean(axis=1))
    assert np.allclose(found.se, 0)


def test_intervals_are_student_s_t_of_the_solvers_that_taught_the_misfit(model: ScoreModel) -> None:
    scores = asked(simulated(3, 5), [0, 7, 30, 31])
    found = predicted_score(model, scores, misfit=0.01, solvers=7)
    wide = student_t(6).ppf(0.95) * np.hypot(np.hypot(found.ability_se, found.unseen_se), 0.01)
    ends = [found.value - wide, found.value + wide]
    assert np.allclose(found.interval(0.9), np.clip(ends, 0, 1))


def test_no_answer_and_no_item(model: ScoreModel) -> None:
    nothing = predicted_score(model, np.full(N, np.nan))
    assert nothing.value[0] == pytest.approx(float(np.exp(model.log_weight) @ model.expected.mean(axis=1)))
    assert 0.1 < nothing.se[0] < 0.3  # the spread of the solvers themselves
    assert np.isnan(predicted_score(model, np.full(N, np.nan), counts=np.zeros(N, bool)).value[0])


@pytest.mark.parametrize("size", [10, 40])
def test_intervals_hold_as_often_as_they_say(model: ScoreModel, size: int) -> None:
    """Coverage of 2,000 new solvers by items that are nearly known: 95 % within 4 standard errors of that share."""
    scores = simulated(2000, 9)
    items = random_test(N, size, np.random.default_rng(3)).items
    low, high = predicted_score(model, asked(scores, items.astype(float))).interval()
    true = scores.mean(axis=1)
    assert ((low <= true) & (true <= high)).mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 2000))


def two_abilities(solvers: int, seed: int) -> FloatArray:
    """Answers to N items, the second half of which asks for another ability, as good as unrelated to the first."""
    first, second = simulated(solvers, seed), simulated(solvers, seed + 1000)
    return np.concatenate([first[:, : N // 2], second[:, N // 2 :]], axis=1)


def test_misfit_widens_intervals_of_solvers_that_no_ability_describes() -> None:
    """A test of the first half's items alone: intervals hold only with what held-out solvers teach of the model."""
    model = score_model(two_abilities(60, 0))
    items = np.arange(0.0, 60, 2)
    learnt, fresh = two_abilities(60, 11), two_abilities(1500, 12)
    first = predicted_score(model, asked(learnt, items))
    extra = misfit(first.value - learnt.mean(axis=1), first.se)
    shares = []
    for one in (0.0, extra):
        low, high = predicted_score(model, asked(fresh, items), misfit=one, solvers=60).interval()
        shares.append(((low <= fresh.mean(axis=1)) & (fresh.mean(axis=1) <= high)).mean())
    assert shares[0] < 0.85
    assert shares[1] == pytest.approx(0.95, abs=0.04)  # 60 solvers place it so well


def test_misfit_is_what_the_model_does_not_foretell() -> None:
    assert misfit([0.03, -0.04], [0.0, 0.0]) == pytest.approx(np.sqrt(0.00125))
    assert misfit([0.01, np.nan], [0.05, 0.05]) == 0
    assert misfit([], []) == 0


def test_mixed_weighs_by_variances() -> None:
    # gp-IRT, eq. 3.3 of arXiv 2402.14992: shares 4/5 and 1/5 for variances 1 and 4
    assert mixed(np.array([1.0]), np.array([1.0]), np.array([0.0]), np.array([2.0]))[0] == pytest.approx(0.8)
    assert mixed(np.array([1.0]), np.array([0.0]), np.array([0.0]), np.array([0.0]))[0] == 0.5


def test_scores_between_0_and_1() -> None:
    """Halves of right and wrong answers have half their variance: the dispersion says so, and intervals hold."""
    scores = (simulated(200, 1) + np.roll(simulated(200, 1), 1, axis=1)) / 2
    model = score_model(scores)
    assert 0.3 < model.dispersion < 1
    found = predicted_score(model, asked(scores, np.arange(0.0, N, 3)))
    low, high = found.interval()
    true = scores.mean(axis=1)
    assert ((low <= true) & (true <= high)).mean() > 0.85


def test_stratified_takes_one_of_each_group() -> None:
    easy = np.random.default_rng(0).permutation(30) / 30
    found = stratified_test(easy, 10, np.random.default_rng(1))
    assert sorted((easy[found.items] * 30).round().astype(int) // 3) == list(range(10))
    assert np.allclose(found.weights, 1 / 10)


def small_model() -> ScoreModel:
    few = score_model(simulated(40, 2)[:, :15])
    assert isinstance(few.items, Items)
    return few


def test_information_takes_the_item_that_lowers_the_variance_most() -> None:
    """Against every possible next item: variance of what is not seen then, its solver's and its own luck's."""
    model = small_model()
    grid = model.expected.reshape(len(ABILITIES), len(SLOPES), -1)
    weight = np.exp(model.log_weight)
    spread = weight @ model.ability**2 - (weight @ model.ability) ** 2
    prior = np.diag([1 / spread, 1 / model.spread**2])

    def variance(items: list[int]) -> float:
        total = 0.0
        for state in model.solver_state:
            i, j = divmod(int(state), len(SLOPES))
            by_ability = (grid[min(i + 1, 90), j] - grid[max(i - 1, 0), j]) / (
                ABILITIES[min(i + 1, 90)] - ABILITIES[max(i - 1, 0)]
            )
            steps = SLOPES[min(j + 1, 6)] - SLOPES[max(j - 1, 0)]
            by_slope = (grid[i, min(j + 1, 6)] - grid[i, max(j - 1, 0)]) / (steps * model.spread)
            away = np.stack([by_ability, by_slope])
            noise = grid[i, j] * (1 - grid[i, j])
            told = prior + (away[:, items] / noise[items]) @ away[:, items].T
            unseen = [i for i in range(15) if i not in items]
            left = away[:, unseen].sum(axis=1)
            total += float(left @ np.linalg.inv(told) @ left + noise[unseen].sum())
        return total

    chosen: list[int] = []
    for item in information_test(model, 9).items.tolist():
        best = min((i for i in range(15) if i not in chosen), key=lambda i: variance([*chosen, i]))
        assert item == best
        chosen.append(item)


def test_adaptive_takes_the_answer_that_says_most_of_the_whole() -> None:
    model = small_model()
    scores = simulated(6, 3)[:, :15]
    found = adaptive_tests(model, scores, 9)
    for row in range(6):
        weight = np.exp(model.log_weight)
        for step, item in enumerate(found[row].tolist()):
            gains = np.full(15, -1.0)
            left = set(range(15)) - set(found[row, :step].tolist())
            for i in left:
                p = weight @ model.expected[:, i]
                right = weight * model.expected[:, i] / p
                wrong = weight * (1 - model.expected[:, i]) / (1 - p)
                # the two posterior means of the whole score, this answer in it: as far apart as it moves them
                others = model.expected[:, sorted(left - {i})].sum(axis=1)
                gains[i] = p * (1 - p) * (1 + right @ others - wrong @ others) ** 2
            assert item == int(gains.argmax())
            curve = model.expected[:, item]
            weight = weight * (curve if scores[row, item] == 1 else 1 - curve)
            weight /= weight.sum()


def test_adaptive_takes_luck_for_what_scores_between_0_and_1_show() -> None:
    """The definition for a straight line: squared covariance of an answer and the whole, over its variance."""
    scores = ((simulated(60, 1) + np.roll(simulated(60, 1), 1, axis=1)) / 2)[:, :15]
    model = score_model(scores)
    assert model.dispersion < 1
    first = int(adaptive_tests(model, scores[:1], 1)[0, 0])
    weight, p = np.exp(model.log_weight), model.expected
    covariance = (p * weight[:, None]).T @ p - np.outer(weight @ p, weight @ p)
    covariance += np.diag(model.dispersion * (weight @ (p * (1 - p))))
    assert first == int((covariance.sum(axis=0) ** 2 / np.diag(covariance)).argmax())


def test_adaptive_looks_only_at_what_it_asked(model: ScoreModel) -> None:
    scores = simulated(5, 4)
    scores[:, :10] = np.nan
    scores[4, 12:] = np.nan
    first = adaptive_tests(model, scores, 20)
    assert (first[:4] >= 10).all()
    assert sorted(first[4]) == [-1] * 18 + [10, 11]
    other = np.where(np.isnan(scores), scores, 1 - scores)
    for row in range(4):
        other[row, first[row]] = scores[row, first[row]]
    assert (adaptive_tests(model, other, 20)[:4] == first[:4]).all()


def test_chosen_items_beat_random_ones(model: ScoreModel) -> None:
    scores = simulated(400, 21)
    true = scores.mean(axis=1)

    def error(items: FloatArray) -> float:
        return float(np.abs(predicted_score(model, asked(scores, items)).value - true).mean())

    rng = np.random.default_rng(0)
    by_chance = np.mean([error(random_test(N, 20, rng).items.astype(float)) for _ in range(5)])
    own = np.full(scores.shape, np.nan)
    for row, items in enumerate(adaptive_tests(model, scores, 20)):
        own[row, items] = scores[row, items]
    adaptive = float(np.abs(predicted_score(model, own).value - true).mean())
    assert adaptive < error(information_test(model, 20).items.astype(float)) < by_chance
