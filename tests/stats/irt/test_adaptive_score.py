"""The score on the whole benchmark after a test, and whether its error is honest."""

from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet
from scipy.stats import t as student

from acidtest.stats.irt.adaptive.score import bank_model, whole_scores
from acidtest.stats.irt.adaptive.simulation import simulate_adaptive
from acidtest.stats.irt.adaptive.trust import allowance, flattened, shared
from acidtest.stats.irt.fit import fit_irt
from acidtest.stats.irt.items import Items


def bank(n: int, seed: int, *, residual: bool = False) -> Items:
    rng = np.random.default_rng(seed)
    return Items(
        discrimination=rng.lognormal(0, 0.4, n),
        difficulty=rng.normal(0, 1.2, n),
        guess=np.zeros(n),
        residual=rng.lognormal(0, 0.3, n) if residual else None,
    )


@pytest.mark.parametrize(("n", "asked"), [(60, 30), (300, 20)])
def test_the_interval_holds_the_whole_score_and_the_true_one(n: int, asked: int) -> None:
    """Value +- 1.96 errors holds the true score in 95 % of solvers, and the score on just these items in no fewer.

    Of 500 solvers: the share's own standard error is .010.
    """
    items = bank(n, 0)
    truth = np.random.default_rng(1).normal(0, 1, 500)
    scores = (np.random.default_rng(2).random((500, n)) < items.expected(truth)).astype(float)
    seen = simulate_adaptive(scores, items, most_items=asked).scores(scores)
    found = whole_scores(seen, items)
    true, whole = items.expected(truth).mean(axis=1), scores.mean(axis=1)
    within = [float((np.abs(found.value - x) <= 1.96 * found.error).mean()) for x in (true, whole)]
    assert 0.925 <= within[0] <= 0.975
    assert within[1] >= 0.93
    # The raw mean of what was asked is no score of the benchmark: good solvers were asked hard items.
    if asked < n / 2:
        assert np.abs(np.nanmean(seen, axis=1) - whole).mean() > 1.5 * np.abs(found.value - whole).mean()


def test_scores_between_0_and_1() -> None:
    items = bank(80, 3, residual=True)
    assert items.residual is not None
    truth = np.random.default_rng(4).normal(0, 1, 600)
    logits = items.linear(truth) + items.residual * np.random.default_rng(5).normal(size=(600, 80))
    scores = 1 / (1 + np.exp(-logits))
    found = whole_scores(simulate_adaptive(scores, items, most_items=8).scores(scores), items)
    within = float((np.abs(found.value - scores.mean(axis=1)) <= 1.96 * found.error).mean())
    assert 0.92 <= within <= 0.985


def test_fifty_chosen_items_beat_a_hundred_and_fifty_random_ones_on_real_answers(real_data: Path) -> None:
    """Solvers are left out by quarters; the yardstick is the mean error of 20 random samples of 150 for each."""
    table = parquet.read_table(real_data / "zeroeval_responses" / "crux_correct.parquet")
    names = [name for name in table.column_names if name != "item"]
    scores = np.array([table[name].to_numpy(zero_copy_only=False).astype(float) for name in names])
    rng = np.random.default_rng(0)
    misses, errors, yardstick = [], [], []
    for left_out in np.array_split(rng.permutation(len(scores)), 4):
        fit = fit_irt(np.delete(scores, left_out, axis=0))
        items, theirs = flattened(fit.items, fit.discrimination_se, fit.difficulty_se), scores[left_out]
        found = whole_scores(simulate_adaptive(theirs, items, most_items=50).scores(theirs), items)
        whole = np.nanmean(theirs, axis=1)
        misses += (found.value - whole).tolist()
        errors += found.error.tolist()
        for row, mean in zip(theirs, whole, strict=True):
            known = row[np.isfinite(row)]
            drawn = [rng.choice(known, 150, replace=False).mean() for _ in range(20)]
            yardstick.append(np.abs(np.array(drawn) - mean).mean())
    assert np.abs(misses).mean() < np.mean(yardstick)
    assert (np.abs(misses) <= 1.96 * np.array(errors)).mean() >= 0.9


def test_states_expect_what_their_ability_and_slope_say() -> None:
    """Log-odds are discrimination x ability + slope x easiness, easiness being -discrimination x difficulty."""
    items = bank(7, 17)
    model = bank_model(items)
    a, b = items.discrimination, items.difficulty
    odds = a * model.ability[:, None] - model.slope[:, None] * a * b
    np.testing.assert_allclose(model.expected, np.clip(1 / (1 + np.exp(-odds)), 1e-4, 1 - 1e-4), atol=1e-12)


def test_all_items_answered_is_the_mean_with_no_more_than_its_plain_error() -> None:
    items = bank(40, 6)
    scores = (np.random.default_rng(7).random((30, 40)) < 0.5).astype(float)
    found = whole_scores(scores, items)
    np.testing.assert_allclose(found.value, scores.mean(axis=1))
    assert (found.error <= scores.std(axis=1, ddof=1) / np.sqrt(40) + 1e-12).all()
    assert (found.asked == 40).all()
    edge = whole_scores(np.ones((1, 40)), items)
    assert edge.error[0] == 0.0  # the interval knows what a share at the edge is worth


def test_the_common_error_is_that_of_drawing_items() -> None:
    """Against drawing 60 items again and again: how far the mean score of all solvers moves."""
    big = bank(20_000, 8)
    truth = np.random.default_rng(9).normal(0, 1, 50)
    means = big.expected(truth).mean(axis=0)
    draws = np.random.default_rng(10).choice(means, (4000, 60)).mean(axis=1)
    items = bank(60, 11)
    scores = (np.random.default_rng(12).random((50, 60)) < items.expected(truth)).astype(float)
    assert whole_scores(scores, items).common == pytest.approx(draws.var(), rel=0.35)  # 60 items tell it roughly


@pytest.mark.parametrize("solvers", [5, 10, 40])
def test_errors_are_widened_as_of_a_draw_beside_so_many(solvers: int) -> None:
    """(1 + 1/M) times the variance of Student's t with M - 1 degrees; 1/M of 1 + 1/M is everybody's."""
    widened = (1 + 1 / solvers) * student(solvers - 1).var()
    assert allowance(solvers) ** 2 == pytest.approx(widened)
    assert shared(solvers) == pytest.approx((1 / solvers) / (1 + 1 / solvers))
    items = bank(50, 13)
    scores = (np.random.default_rng(14).random((4, 50)) < 0.5).astype(float)
    scores[:, 12:] = np.nan
    known, rough = whole_scores(scores, items), whole_scores(scores, items, solvers=solvers)
    np.testing.assert_array_equal(rough.value, known.value)
    np.testing.assert_allclose(rough.ability_se, known.ability_se * np.sqrt(widened))
    ours = widened * known.error**2
    np.testing.assert_allclose(rough.error**2, ours * (1 - shared(solvers)))
    assert rough.common - known.common == pytest.approx(shared(solvers) * ours.mean())


def test_who_answered_everything_has_no_error_of_calibration() -> None:
    """And where half the solvers did, the mean of all moves half as far with the calibration."""
    items = bank(50, 13)
    scores = (np.random.default_rng(15).random((5, 50)) < 0.5).astype(float)
    scores[2:4, 12:] = np.nan
    scores[4] = np.nan  # nobody
    known, rough = whole_scores(scores, items), whole_scores(scores, items, solvers=9)
    np.testing.assert_array_equal(rough.error[:2], known.error[:2])
    ours = allowance(9) ** 2 * known.error[2:4] ** 2
    np.testing.assert_allclose(rough.error[2:4] ** 2, ours * (1 - 0.1 / 4))
    assert rough.common - known.common == pytest.approx(0.1 / 4 * ours.mean())


def test_calibrated_on_ten_solvers_of_several_abilities() -> None:
    """Ten solvers calibrate 150 items of three topics and an ability for each; 30 new ones are asked 20 items.

    The intervals hold the whole score in at least 93 % of 10 x 30 cases (without what few solvers call for: 89 %). The
    new solvers' errors have something in common, for which the mean of all 30 pays: its variance is not more than said.
    """
    held, together, said = [], [], []
    for seed in range(10):
        rng = np.random.default_rng([16, seed])
        items, topic = bank(150, seed), rng.integers(0, 3, 150)
        states = rng.normal(size=(40, 4))
        t = np.sqrt(0.6) * states[:, :1] + np.sqrt(0.4) * states[:, 1 + topic]
        chance = 1 / (1 + np.exp(-items.discrimination * (t - items.difficulty)))
        scores = (rng.random(chance.shape) < chance).astype(float)
        fit = fit_irt(scores[:10])
        known = flattened(fit.items, fit.discrimination_se, fit.difficulty_se)
        seen = simulate_adaptive(scores[10:], known, most_items=20).scores(scores[10:])
        found = whole_scores(seen, known, solvers=10)
        miss = found.value - scores[10:].mean(axis=1)
        held.append(np.abs(miss) <= 1.96 * np.sqrt(found.error**2 + found.common))
        together.append(miss.mean())
        said.append(found.common + (found.error**2).mean() / 30)
    assert np.mean(held) >= 0.93
    assert np.mean(np.square(together)) <= 1.5 * np.mean(said)
