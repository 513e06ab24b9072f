"""A scale per topic lies between one scale for all and one for each: better than both where topics are few or small."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.several.per_topic import TopicFit, fit_per_topic


def simulated(
    solvers: int, sizes: list[int], spread: float, seed: int
) -> tuple[FloatArray, list[str], FloatArray, FloatArray]:
    """Return scores, topics, abilities at topics and chances; overall abilities have mean 0 and sd 1 exactly."""
    rng = np.random.default_rng(seed)
    overall = rng.normal(size=solvers)
    overall = (overall - overall.mean()) / overall.std()
    deviation = spread * rng.normal(size=(solvers, len(sizes)))
    ability = overall[:, None] + deviation - deviation.mean(0)
    of_item = np.repeat(np.arange(len(sizes)), sizes)
    n = len(of_item)
    chance = expit(np.exp(rng.normal(0, 0.3, n)) * ability[:, of_item] + rng.normal(0.5, 1.2, n))
    scores = (rng.random(chance.shape) < chance).astype(float)
    return np.where(rng.random(chance.shape) < 0.05, np.nan, scores), [f"t{k}" for k in of_item], ability, chance


def rmse(found: FloatArray, true: FloatArray) -> float:
    return float(np.sqrt(np.mean((found - true) ** 2)))


def separate(scores: FloatArray, topics: list[str], fit: TopicFit) -> FloatArray:
    """Each topic alone: abilities by its own items, which are known as well as the whole fit knows them."""
    from acidtest.stats.irt.ability import ability

    names = np.array(topics)
    return np.stack([ability(scores[:, names == t], fit.items.take(names == t)).value for t in fit.topics], axis=1)


def pooled(scores: FloatArray, topics: list[str]) -> FloatArray:
    """One ability for all topics: the same model with topics that mean nothing."""
    shuffled = np.random.default_rng(0).permutation(np.array(topics))
    found = fit_per_topic(scores, shuffled.tolist())
    return np.repeat(found.overall[:, None], len(set(topics)), axis=1)


def test_small_topics_lean_on_the_overall_ability_and_large_ones_on_themselves() -> None:
    errors = []
    for seed in range(3):
        scores, topics, ability, _ = simulated(40, [300, 200, 5, 5], 0.5, seed)
        fit = fit_per_topic(scores, topics)
        assert fit.converged
        errors.append(
            [
                (rmse(one[:, part], ability[:, part]))
                for part in (slice(0, 2), slice(2, 4))
                for one in (fit.ability, pooled(scores, topics), separate(scores, topics, fit))
            ]
        )
    large, large_pooled, large_separate, small, small_pooled, small_separate = np.mean(errors, axis=0)
    assert large < 0.6 * large_pooled
    assert large < 1.1 * large_separate
    assert small < 0.85 * small_separate
    assert small < 1.05 * small_pooled


def test_where_topics_are_alike_none_stands_out() -> None:
    found = []
    for seed in range(5):
        scores, topics, _, _ = simulated(30, [60] * 5, 0.0, seed)
        fit = fit_per_topic(scores, topics)
        found.append(len(fit.standings()))
        assert fit.spread.max() < 0.3
    # 5 studies of 150 solver-topic pairs; without drawing together 5 % would be 7 in each
    assert sum(found) <= 5


def test_intervals_of_deviations_hold_the_truth_and_signs_are_right() -> None:
    inside, wrong, said = [], 0, 0.0
    for seed in range(6):
        scores, topics, ability, _ = simulated(30, [80] * 6, 0.6, seed)
        fit = fit_per_topic(scores, topics)
        truth = ability - ability.mean(1, keepdims=True)
        own = fit.ability - fit.ability.mean(1, keepdims=True)
        assert rmse(own, truth) < 0.35
        true = (ability - simulated(30, [80] * 6, 0.0, seed)[2].mean(1, keepdims=True)).ravel()
        inside.append(np.mean(np.abs(fit.deviation.ravel() - true) < 1.96 * fit.deviation_se.ravel()))
        for one in fit.standings():
            assert one.deviation.low > 0 or one.deviation.high < 0
            wrong += one.deviation.value * true.reshape(30, 6)[one.solver, one.topic] < 0
            said += one.doubt
    assert 0.88 < np.mean(inside) < 0.98
    assert wrong <= said + 3


def test_a_solver_that_refuses_one_topic_is_named_first() -> None:
    scores, topics, _, _ = simulated(20, [50] * 6, 0.2, 3)
    scores[7, np.array(topics) == "t2"] = 0.0
    fit = fit_per_topic(scores, topics)
    first = fit.standings()[0]
    assert (first.solver, fit.topics[first.topic]) == (7, "t2")
    assert first.deviation.high < -1
    assert np.median(fit.spread) < 0.6


def test_what_was_not_asked_is_as_the_model_says_before_any_answer() -> None:
    scores, topics, _, _ = simulated(20, [50] * 4, 0.6, 4)
    scores[5, np.array(topics) == "t1"] = np.nan
    scores[6] = np.nan
    fit = fit_per_topic(scores, topics)
    assert fit.deviation[5, 1] == pytest.approx(0, abs=1e-9)
    assert fit.deviation_se[5, 1] == pytest.approx(fit.spread[1], rel=0.05)
    assert fit.overall[6] == 0
    for values in (
        fit.ability,
        fit.ability_se,
        fit.deviation_se,
        fit.expected,
        fit.items.difficulty,
        fit.difficulty_se,
    ):
        assert np.isfinite(values).all()


def test_topics_are_needed_for_all_items() -> None:
    scores, topics, _, _ = simulated(6, [5, 5], 0.5, 5)
    with pytest.raises(DataError, match="one topic"):
        fit_per_topic(scores, ["a"] * 10)
    with pytest.raises(DataError, match="9 topics"):
        fit_per_topic(scores, topics[1:])


def test_in_real_scores_the_solver_whose_accuracies_differ_most_has_the_largest_deviation(real_data: Path) -> None:
    """ZeroEval's GSM8K and MATH level 5: the difference of log-odds of accuracy, less its mean over solvers."""
    import pyarrow.parquet as pq

    columns = {}
    for task in ("gsm", "math-l5"):
        table = pq.read_table(real_data / "zeroeval_responses" / f"{task}_correct.parquet")
        columns[task] = {name: np.array(table[name].to_pylist(), np.float64) for name in table.column_names[1:]}
    models = sorted(set(columns["gsm"]) & set(columns["math-l5"]))
    each = {task: np.array([known[model] for model in models]) for task, known in columns.items()}
    fit = fit_per_topic(
        np.concatenate(list(each.values()), axis=1), [task for task, x in each.items() for _ in range(x.shape[1])]
    )
    assert fit.converged
    share = {task: np.nanmean(x, axis=1) for task, x in each.items()}
    odds = {task: np.log(p / (1 - p)) for task, p in share.items()}
    apart = odds["gsm"] - odds["math-l5"]
    assert models[int(np.argmin(fit.deviation[:, 0]))] == models[int(np.argmin(apart))] == "o1-mini-2024-09-12"
    assert np.corrcoef(fit.deviation[:, 0], apart)[0, 1] > 0.8
