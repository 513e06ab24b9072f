"""A scale per topic: each step beside a slow twin that knows nothing of arrows of precisions."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Prior
from acidtest.stats.irt.several import per_topic as module
from acidtest.stats.irt.several.item_step import ItemStep, ItemSums, difficulty_se, item_step, learnt_prior
from acidtest.stats.irt.several.per_topic import TopicFit, _Solvers, fit_per_topic

OF_ITEM = np.array([0, 1, 0, 2, 1, 2, 2, 0])
PRIOR = Prior(log_discrimination=0.1, log_discrimination_sd=0.35, easiness=0.2, easiness_sd=1.1)


def a_world(seed: int) -> tuple[FloatArray, FloatArray, _Solvers, ItemStep]:
    """Return answers, where there are any, beliefs on 6 solvers at 3 topics, and 8 items."""
    rng = np.random.default_rng(seed)
    seen = (rng.random((6, 8)) > 0.2).astype(float)
    seen[4] = 0.0
    seen[2, OF_ITEM == 1] = 0.0
    x = rng.integers(0, 2, (6, 8)) * seen
    root = rng.normal(size=(8, 2, 2)) / 4
    solvers = _Solvers(
        overall=rng.normal(0.2, 1.1, 6),
        overall_var=rng.random(6) / 3,
        ability=rng.normal(0.2, 1.1, (6, 3)),
        ability_var=rng.random((6, 3)) / 2,
        deviation=rng.normal(0.3, 0.5, (6, 3)),
        deviation_var=rng.random((6, 3)) / 4,
    )
    step = ItemStep(
        log_discrimination=rng.normal(0.1, 0.3, 8),
        easiness=rng.normal(0.3, 1, 8),
        covariance=root @ root.transpose(0, 2, 1),
    )
    return x, seen, solvers, step


def slow_curve(
    x: FloatArray, seen: FloatArray, solvers: _Solvers, step: ItemStep
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return slopes, working answers and chances by MacKay (1992), cell by cell."""
    w, answer, chance = np.zeros(x.shape), np.zeros(x.shape), np.zeros(x.shape)
    for m in range(6):
        for i in range(8):
            a, t = math.exp(step.log_discrimination[i]), OF_ITEM[i]
            linear = a * solvers.ability[m, t] + step.easiness[i]
            k = 1 / math.sqrt(1 + math.pi * a * a * solvers.ability_var[m, t] / 8)
            chance[m, i] = 1 / (1 + math.exp(-k * linear))
            if seen[m, i]:
                w[m, i] = max(k * chance[m, i] * (1 - chance[m, i]), 1e-4)
                answer[m, i] = w[m, i] * linear + x[m, i] - chance[m, i]
    return w, answer, chance


@pytest.mark.parametrize("seed", range(2))
def test_working_answers_are_cell_by_cell(seed: int) -> None:
    x, seen, solvers, step = a_world(seed)
    solvers.ability[0, 0] = 30.0  # where the curve is flat
    found = module._curve(x, seen, solvers, step, OF_ITEM)
    slow = slow_curve(x, seen, solvers, step)
    assert found[0] == pytest.approx(slow[0])
    assert found[1] == pytest.approx(slow[1])


def test_items_are_stepped_by_sums_over_solvers() -> None:
    x, seen, solvers, step = a_world(2)
    w, answer, _ = slow_curve(x, seen, solvers, step)
    found = module._items(w, answer, solvers, step, PRIOR, OF_ITEM)
    sums = np.zeros((5, 8))
    for i in range(8):
        for m in range(6):
            t, v = solvers.ability[m, OF_ITEM[i]], solvers.ability_var[m, OF_ITEM[i]]
            sums[:, i] += [w[m, i], w[m, i] * t, w[m, i] * (t * t + v), answer[m, i], answer[m, i] * t]
    names = ("weight", "first", "second", "score", "score_first")
    slow = item_step(ItemSums(**dict(zip(names, sums, strict=True))), PRIOR, step.log_discrimination, step.easiness)
    assert found.log_discrimination == pytest.approx(slow.log_discrimination)
    assert found.easiness == pytest.approx(slow.easiness)
    assert found.covariance == pytest.approx(slow.covariance)


def test_solvers_are_the_whole_normal_of_overall_ability_and_deviations() -> None:
    """[T + 1, T + 1] precisions inverted whole, solver by solver."""
    x, seen, solvers, step = a_world(3)
    w, answer, _ = slow_curve(x, seen, solvers, step)
    spread2 = np.array([0.09, 0.5, 1e-3])
    found = module._solvers(w, answer, step, spread2, OF_ITEM)
    for m in range(6):
        precision, pull = np.diag([1.0, *(1 / spread2)]), np.zeros(4)
        for i in range(8):
            by = np.zeros(4)
            by[0] = by[1 + OF_ITEM[i]] = math.exp(step.log_discrimination[i])
            precision += w[m, i] * np.outer(by, by)
            pull += by * (answer[m, i] - w[m, i] * step.easiness[i])
        covariance = np.linalg.inv(precision)
        mean = covariance @ pull
        assert found.overall[m] == pytest.approx(mean[0])
        assert found.overall_var[m] == pytest.approx(covariance[0, 0])
        for t in range(3):
            there = np.array([1.0, *(np.arange(3) == t)])
            assert found.ability[m, t] == pytest.approx(there @ mean)
            assert found.ability_var[m, t] == pytest.approx(there @ covariance @ there)
            assert found.deviation[m, t] == pytest.approx(mean[1 + t], abs=1e-12)
            assert found.deviation_var[m, t] == pytest.approx(covariance[1 + t, 1 + t])


def consistent(solvers: _Solvers) -> _Solvers:
    return replace(solvers, ability=solvers.overall[:, None] + solvers.deviation)


@pytest.mark.parametrize("refuses", [False, True])
def test_scales_float_without_moving_any_expected_log_odds(refuses: bool) -> None:  # noqa: FBT001  # pytest's
    _, seen, solvers, step = a_world(5)
    if refuses:
        solvers.deviation[:, 1] += np.array([0, 60.0, 0, -60, 0, 0])
    solvers = consistent(solvers)
    asked = np.stack([seen[:, t == OF_ITEM].max(1) > 0 for t in range(3)], axis=1)
    known = seen.max(1) > 0
    new, items, spread2 = module._floated(solvers, step, asked, OF_ITEM)
    assert new.overall[known].mean() == pytest.approx(0, abs=1e-12)
    assert (new.overall**2 + new.overall_var)[known].mean() == pytest.approx(1)
    assert (new.overall[4], new.overall_var[4]) == (0.0, 1.0)
    before = solvers.ability[:, OF_ITEM] * np.exp(step.log_discrimination) + step.easiness
    after = new.ability[:, OF_ITEM] * np.exp(items.log_discrimination) + items.easiness
    there = asked[:, OF_ITEM]
    assert after[there] == pytest.approx(before[there])
    scale = math.exp(items.log_discrimination[0] - step.log_discrimination[0])
    assert items.log_discrimination - step.log_discrimination == pytest.approx([math.log(scale)] * 8)
    assert items.covariance is step.covariance
    assert new.ability_var == pytest.approx(solvers.ability_var / scale**2)
    assert new.deviation_var == pytest.approx(solvers.deviation_var / scale**2)
    own = []
    for t in range(3):
        who = [m for m in range(6) if asked[m, t]]
        middle = sum(solvers.deviation[m, t] for m in who) / len(who)
        total = 0.0
        for m in range(6):
            expected = (solvers.deviation[m, t] - middle) / scale if m in who else 0.0
            assert new.deviation[m, t] == pytest.approx(expected)
            if m in who:
                total += expected**2 + solvers.deviation_var[m, t] / scale**2
            else:
                assert new.ability[m, t] == new.overall[m]
        own.append((total, len(who)))
    common = sorted(total / number for total, number in own)[1]
    expected = [min(max((total + 4 * common) / (number + 4), 1e-6), 100.0) for total, number in own]
    assert spread2 == pytest.approx(expected)
    assert (spread2.max() == 100.0) == refuses


def test_spreads_are_never_narrower_than_said() -> None:
    _, _, solvers, step = a_world(6)
    alike = replace(solvers, deviation=np.zeros((6, 3)), deviation_var=np.zeros((6, 3)))
    asked = np.ones((6, 3), bool)
    asked[:, 2] = False  # a topic that nobody was asked
    assert module._floated(consistent(alike), step, asked, OF_ITEM)[2].tolist() == [1e-6] * 3


def test_a_fit_starts_from_what_solvers_are_above_the_items_means() -> None:
    x, seen, _, _ = a_world(7)
    solvers, step = module._start(x, seen, 3)
    p = [(sum(x[:, i]) + 0.5) / (sum(seen[:, i]) + 1) for i in range(8)]
    away = []
    for m in range(6):
        left = [x[m, i] - p[i] for i in range(8) if seen[m, i]]
        away.append(sum(left) / max(len(left), 1))
    theta = (np.array(away) - np.mean(away)) / np.std(away)
    assert solvers.overall == pytest.approx(theta)
    assert solvers.ability == pytest.approx(np.array([theta] * 3).T)
    assert not any(
        v.any() for v in (solvers.overall_var, solvers.ability_var, solvers.deviation, solvers.deviation_var)
    )
    assert step.log_discrimination.tolist() == [0.0] * 8
    assert step.easiness == pytest.approx([math.log(q / (1 - q)) for q in p])
    assert step.covariance.tolist() == np.zeros((8, 2, 2)).tolist()
    alike, _ = module._start(np.ones((3, 8)), np.ones((3, 8)), 3)
    assert alike.overall.tolist() == [0.0] * 3


def says_the_last_state(
    fit: TopicFit, given: tuple[FloatArray, FloatArray], solvers: _Solvers, step: ItemStep, spread2: FloatArray
) -> None:
    x, seen = given
    a = np.exp(step.log_discrimination)
    assert fit.items.discrimination == pytest.approx(a)
    assert fit.items.difficulty == pytest.approx(-step.easiness / a)
    assert fit.items.guess.tolist() == [0.0] * 8
    assert fit.discrimination_se == pytest.approx(a * np.sqrt(step.covariance[:, 0, 0]))
    assert fit.difficulty_se == pytest.approx(difficulty_se(step.log_discrimination, step.easiness, step.covariance))
    assert fit.overall == pytest.approx(solvers.overall)
    assert fit.overall_se**2 == pytest.approx(solvers.overall_var)
    assert fit.ability == pytest.approx(solvers.ability)
    assert fit.ability_se**2 == pytest.approx(solvers.ability_var)
    assert fit.deviation == pytest.approx(solvers.deviation)
    assert fit.deviation_se**2 == pytest.approx(solvers.deviation_var)
    assert fit.spread**2 == pytest.approx(spread2)
    assert fit.answers.tolist() == [[seen[m, t == OF_ITEM].sum() for t in range(3)] for m in range(6)]
    assert fit.expected == pytest.approx(slow_curve(x, seen, solvers, step)[2])
    total = 0.0
    for m in range(6):
        for i in range(8):
            if seen[m, i]:
                p = 1 / (1 + math.exp(-a[i] * solvers.ability[m, OF_ITEM[i]] - step.easiness[i]))
                total += math.log(p if x[m, i] else 1 - p)
    assert fit.log_likelihood == pytest.approx(total)


def test_a_fit_is_its_steps_in_turn() -> None:
    x, seen, _, _ = a_world(8)
    scores = np.where(seen > 0, x, np.nan)
    names = ["u", "v", "u", "w", "v", "w", "w", "u"]
    solvers, step = module._start(x, seen, 3)
    asked = np.stack([seen[:, t == OF_ITEM].max(1) > 0 for t in range(3)], axis=1)
    prior, spread2 = (
        Prior(log_discrimination=0, log_discrimination_sd=0.3, easiness=0, easiness_sd=1.5),
        np.full(3, 0.09),
    )
    moves = []
    for _ in range(3):
        w, answer, _ = slow_curve(x, seen, solvers, step)
        step = module._items(w, answer, solvers, step, prior, OF_ITEM)
        w, answer, _ = slow_curve(x, seen, solvers, step)
        new, step, spread2 = module._floated(module._solvers(w, answer, step, spread2, OF_ITEM), step, asked, OF_ITEM)
        prior = learnt_prior(step, seen.max(0))
        moves.append(
            max(abs(a - b) / (1 + abs(a)) for a, b in zip(new.ability.flat, solvers.ability.flat, strict=True))
        )
        solvers = new
    fit = fit_per_topic(scores, names, most_sweeps=3, tolerance=float(moves[2]) * 0.999)
    assert (fit.converged, fit.sweeps, fit.topics) == (False, 3, ("u", "v", "w"))
    usual = fit_per_topic(scores, names)
    assert usual.sweeps == fit_per_topic(scores, names, most_sweeps=500, tolerance=1e-4).sweeps
    assert usual.sweeps > fit_per_topic(scores, names, tolerance=1e-3).sweeps
    assert fit_per_topic(scores, names, tolerance=0.0).sweeps == 500
    more = fit_per_topic(scores, names, most_sweeps=3, tolerance=float(moves[2]) * 1.001)
    assert (more.converged, more.sweeps) == (True, 3)
    says_the_last_state(fit, (x, seen), solvers, step, spread2)
    assert fit.warnings == (
        "only 5 solvers: how far topics differ is hardly known",
        "3 of 3 topics have fewer than 10 items",
        "the fit had not settled",
    )


def test_warnings_begin_below_ten_solvers_and_ten_items() -> None:
    given = np.ones((10, 25))
    answers = np.tile([10.0, 15.0], (10, 1))
    assert module._warnings(given, answers, converged=True) == ()
    assert module._warnings(given[1:], answers, converged=True) == (
        "only 9 solvers: how far topics differ is hardly known",
    )
    answers[:, 1] = 9
    answers[3, 0] = 2  # one solver's gap is not a small topic
    assert module._warnings(given, answers, converged=True) == ("1 of 2 topics have fewer than 10 items",)


def test_standings_are_intervals_without_0_the_surest_first() -> None:
    x, seen, _, _ = a_world(9)
    fit = fit_per_topic(np.where(seen > 0, x, np.nan), ["u", "v", "u", "w", "v", "w", "w", "u"], most_sweeps=2)
    deviation = np.zeros((6, 3))
    deviation[1, 2], deviation[3, 0], deviation[0, 1], deviation[5, 1] = -1.0, 0.9, 0.19, 0.5
    fit = replace(fit, deviation=deviation, deviation_se=np.full((6, 3), 0.1) * np.array([1.0, 1.0, 4.0]))
    for level, who in (
        (0.95, [(3, 0), (5, 1), (1, 2)]),
        (0.9, [(3, 0), (5, 1), (1, 2), (0, 1)]),
        (0.995, [(3, 0), (5, 1)]),
    ):
        z = NormalDist().inv_cdf(0.5 + level / 2)
        found = fit.standings(level=level)
        assert [(one.solver, one.topic) for one in found] == who
        for one in found:
            value, se = deviation[one.solver, one.topic], fit.deviation_se[one.solver, one.topic]
            estimate = one.deviation
            assert (estimate.value, estimate.level) == (value, level)
            assert (estimate.low, estimate.high) == pytest.approx((value - z * se, value + z * se))
            assert estimate.n == fit.answers[one.solver, one.topic]
            assert estimate.warnings == fit.warnings
            assert one.doubt == pytest.approx(NormalDist().cdf(-abs(value) / se), abs=1e-15)
    assert fit.standings() == fit.standings(level=0.95)
    none = replace(fit, deviation=np.zeros((6, 3)), deviation_se=np.zeros((6, 3)))
    assert none.standings() == ()


def test_two_topics_are_the_fewest() -> None:
    scores = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    assert fit_per_topic(scores, ["a", "b", "a"], most_sweeps=1).topics == ("a", "b")
    with pytest.raises(DataError, match="2 topics for 3 items"):
        fit_per_topic(scores, ["a", "b"])
    with pytest.raises(DataError, match="4 topics for 3 items"):
        fit_per_topic(scores, ["a", "b", "a", "b"])
