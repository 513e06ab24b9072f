"""Adaptive tests against a slow, separate implementation; their rules hold over many solvers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from acidtest.errors import AcidtestError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.adaptive.simulation import simulate_adaptive
from acidtest.stats.irt.adaptive.test import AdaptiveTest, Exposure, Stop
from acidtest.stats.irt.items import Items


def bank(n: int, seed: int = 0, *, guess: float = 0.0) -> Items:
    rng = np.random.default_rng(seed)
    return Items(discrimination=rng.lognormal(0, 0.4, n), difficulty=rng.normal(0, 1.2, n), guess=np.full(n, guess))


def answers(items: Items, abilities: FloatArray, seed: int = 1) -> FloatArray:
    rng = np.random.default_rng(seed)
    return (rng.random((len(abilities), len(items))) < items.expected(abilities)).astype(float)


def slow_probability(items: Items, item: int, t: float) -> float:
    """The 3PL curve, from its definition, one item at a time."""
    a, b, c = items.discrimination[item], items.difficulty[item], items.guess[item]
    return float(c + (1 - c) / (1 + np.exp(-a * (t - b))))


def slow_information(items: Items, item: int, t: float) -> float:
    """Fisher information from its definition: the squared slope (a difference quotient) over the variance."""
    step = 1e-5
    slope = (slow_probability(items, item, t + step) - slow_probability(items, item, t - step)) / (2 * step)
    p = slow_probability(items, item, t)
    return slope**2 / (p * (1 - p))


def slow_ability(items: Items, asked: list[int], scores: list[float]) -> float:
    """The likeliest ability, by scipy's search along a fine grid's best cell."""

    def loss(t: float) -> float:
        found = -norm.logpdf(t)
        for item, score in zip(asked, scores, strict=True):
            a, b, c = items.discrimination[item], items.difficulty[item], items.guess[item]
            wrong = np.log(1 - c) - np.logaddexp(0, a * (t - b))
            right = -np.logaddexp(0, -a * (t - b)) if c == 0 else np.log(slow_probability(items, item, t))
            found -= score * right + (1 - score) * wrong
        return float(found)

    grid = np.linspace(-6, 6, 121)
    best = grid[int(np.argmin([loss(t) for t in grid]))]
    found = minimize_scalar(loss, bounds=(best - 0.1, best + 0.1), method="bounded", options={"xatol": 1e-9})
    return float(found.x)


@pytest.mark.parametrize("guess", [0.0, 0.2])
def test_every_step_is_the_exhaustive_search(guess: float) -> None:
    items = bank(25, guess=guess)
    scores = answers(items, np.array([0.8]))[0]
    test = AdaptiveTest(items, stop=Stop(most_items=12))
    asked: list[int] = []
    while (item := test.next_item()) is not None:
        left = [i for i in range(25) if i not in asked]
        if asked:
            t = slow_ability(items, asked, [scores[i] for i in asked])
            assert test.ability == pytest.approx(t, abs=1e-5)
            value = {i: slow_information(items, i, t) for i in left}
        else:  # the mean information over a standard normal ability, by a fine sum
            grid = np.linspace(-6, 6, 241)
            weight = norm.pdf(grid) / norm.pdf(grid).sum()
            value = {i: sum(w * slow_information(items, i, t) for w, t in zip(weight, grid, strict=True)) for i in left}
        assert value[item] == pytest.approx(max(value.values()), rel=1e-4)
        test.answer(item, scores[item])
        asked.append(item)
    assert test.asked == tuple(asked)
    assert len(asked) == 12
    error = 1 / np.sqrt(1 + sum(slow_information(items, i, test.ability) for i in asked))
    assert test.se == pytest.approx(error, rel=1e-4)


def test_extreme_items_and_solvers_have_the_likeliest_ability() -> None:
    """By scipy's search: items so steep or so far that Newton's steps would leap, solvers right or wrong throughout."""
    rng = np.random.default_rng(5)
    items = Items(
        discrimination=np.r_[rng.lognormal(0, 1, 40), 1e-3, 30.0],
        difficulty=np.r_[rng.normal(0, 2, 40), 500.0, 0.3],
        guess=np.zeros(42),
    )
    for scores in (np.ones(42), np.zeros(42), (rng.random(42) < 0.5).astype(float), rng.random(42)):
        test = AdaptiveTest(items, stop=Stop(most_items=42))
        while (item := test.next_item()) is not None:
            test.answer(item, float(scores[item]))
            assert np.isfinite([test.ability, test.se]).all()
        assert test.ability == pytest.approx(slow_ability(items, list(range(42)), scores.tolist()), abs=1e-5)


@pytest.mark.parametrize("steepest", [200.0, 1000.0])
def test_items_like_steps_leave_one_likeliest_ability(steepest: float) -> None:
    """Newton's bare steps leap to and fro over such a step for ever; by scipy's search."""
    items = Items(
        discrimination=np.array([steepest, 1.0, 1.5, steepest]),
        difficulty=np.array([0.31, -0.5, 1.0, -0.62]),
        guess=np.zeros(4),
    )
    for scores in np.ndindex(2, 2, 2, 2):
        test = AdaptiveTest(items, stop=Stop(most_items=4))
        while (item := test.next_item()) is not None:
            test.answer(item, float(scores[item]))
        slow = slow_ability(items, [0, 1, 2, 3], [float(score) for score in scores])
        assert test.ability == pytest.approx(slow, abs=1e-4)
    far = Items(discrimination=np.array([steepest]), difficulty=np.array([900.0]), guess=np.zeros(1))
    test = AdaptiveTest(far, stop=Stop(most_items=1))
    test.answer(test.next_items(1)[0], 1.0)
    assert test.ability == pytest.approx(ability([1.0], far).value[0], abs=1e-4)


def test_the_ability_is_that_of_the_library() -> None:
    items = bank(60)
    scores = answers(items, np.random.default_rng(18).normal(0, 1, 10))
    found = simulate_adaptive(scores, items, most_items=15)
    same = ability(found.scores(scores), items)
    np.testing.assert_allclose(found.ability, same.value, atol=1e-5)
    np.testing.assert_allclose(found.se, same.se, rtol=1e-4)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 1000), st.sampled_from([0.0, 0.3]))
@settings(max_examples=60, deadline=None)
def test_no_answers_make_a_nan_or_a_repeat(scores: list[float], seed: int, guess: float) -> None:
    rng = np.random.default_rng(seed)
    items = Items(
        discrimination=np.exp(rng.normal(0, 2, 30)), difficulty=rng.normal(0, 10, 30), guess=np.full(30, guess)
    )
    test = AdaptiveTest(items, stop=Stop(most_items=30), exposure=Exposure(best=3), rng=rng)
    for score in scores:
        item = test.next_item()
        assert item is not None
        assert item not in test.asked
        test.answer(item, score)
        assert np.isfinite([test.ability, test.se]).all()
        assert 0 < test.se <= 1


@pytest.mark.parametrize("se", [None, 0.35])
def test_the_standard_error_is_honest(se: float | None) -> None:
    """Ability +- 1.96 se holds the true one in 95 % of cases over solvers of the prior, also where the error itself

    decides when to stop: a posterior does not mind. 700 solvers: the share's own standard error is .008.
    """
    items = bank(200)
    truth = np.random.default_rng(2).normal(0, 1, 700)
    found = simulate_adaptive(answers(items, truth), items, most_items=25 if se is None else 60, se=se)
    covered = float((np.abs(found.ability - truth) <= 1.96 * found.se).mean())
    assert 0.93 <= covered <= 0.97
    if se is not None:
        lengths = (found.asked >= 0).sum(axis=1)
        assert (found.se[lengths < 60] <= se).all()
        assert 5 < lengths.mean() < 40


def test_adaptive_beats_chance_at_three_times_the_items() -> None:
    """Where the items differ in discrimination and the solvers in ability: what the method is for."""
    items = bank(300)
    truth = np.random.default_rng(3).normal(0, 1, 200)
    scores = answers(items, truth)
    chosen = simulate_adaptive(scores, items, most_items=20)
    rng = np.random.default_rng(4)
    some = np.full_like(scores, np.nan)
    for row in range(len(scores)):
        at = rng.choice(300, 60, replace=False)
        some[row, at] = scores[row, at]
    by_chance = ability(some, items).value
    assert np.square(chosen.ability - truth).mean() < np.square(by_chance - truth).mean()


def test_the_exposure_cap_holds_over_many_solvers() -> None:
    items = bank(120)
    scores = answers(items, np.random.default_rng(6).normal(0, 1, 400))
    free = simulate_adaptive(scores, items, most_items=10)
    capped = simulate_adaptive(scores, items, most_items=10, exposure=Exposure(share=0.3))
    spread = simulate_adaptive(scores, items, most_items=10, exposure=Exposure(best=10))
    shares = [np.bincount(found.asked.ravel(), minlength=120) / 400 for found in (free, capped, spread)]
    assert shares[0].max() == 1.0  # the first item is everybody's
    # Each item is open to Binomial(400, .3) solvers: a share of at most .3 + 4 standard errors
    assert shares[1].max() <= 0.3 + 4 * np.sqrt(0.3 * 0.7 / 400)
    assert shares[2].max() < 0.6
    assert (shares[1] > 0).sum() > 2 * (shares[0] > 0).sum()
    assert all((found.asked >= 0).all() for found in (free, capped, spread))


def test_cost_counts_by_gamma() -> None:
    items = bank(300)
    cost = np.random.default_rng(7).lognormal(4, 1, 300)
    scores = answers(items, np.random.default_rng(8).normal(0, 1, 50))
    spent, error = [], []
    for gamma in (0.0, 0.5, 1.0):
        found = simulate_adaptive(scores, items, most_items=20, cost=cost, gamma=gamma)
        spent.append(cost[found.asked].sum(axis=1).mean())
        error.append(found.se.mean())
    assert spent[0] > 2 * spent[1] > 2 * spent[2]
    assert error[0] < error[1] < error[2]


def test_the_unit_of_cost_does_not_matter() -> None:
    items = bank(80)
    cost = np.random.default_rng(9).lognormal(4, 1, 80)
    scores = answers(items, np.zeros(5))
    one, other = (simulate_adaptive(scores, items, most_items=15, cost=c, gamma=0.7) for c in (cost, cost * 1e-6))
    np.testing.assert_array_equal(one.asked, other.asked)


def test_topics_keep_the_banks_shares() -> None:
    items = bank(200)
    topics = ["a"] * 100 + ["b"] * 60 + ["c"] * 40
    scores = answers(items, np.random.default_rng(10).normal(0, 1, 20))
    found = simulate_adaptive(scores, items, most_items=20, topics=topics)
    kinds = np.array(topics)[found.asked]
    # 20 items at shares .5, .3, .2
    for row in kinds:
        assert [int((row == t).sum()) for t in "abc"] == [10, 6, 4]


def test_a_topic_that_is_used_up_leaves_its_place_to_others() -> None:
    items = bank(6)
    test = AdaptiveTest(items, stop=Stop(most_items=6), topics=["a"] * 5 + ["b"], available=[1, 1, 1, 1, 1, 0])
    assert sorted(test.next_items(6)) == [0, 1, 2, 3, 4]
    assert test.next_items(1) == []


def test_the_same_seed_gives_the_same_items_and_another_does_not() -> None:
    items = bank(100)
    scores = answers(items, np.zeros(3))
    drawn = [
        simulate_adaptive(scores, items, most_items=15, exposure=Exposure(best=5, share=0.8), seed=s) for s in (1, 1, 2)
    ]
    np.testing.assert_array_equal(drawn[0].asked, drawn[1].asked)
    assert (drawn[0].asked != drawn[2].asked).any()


def test_a_solver_does_not_depend_on_the_others() -> None:
    items = bank(60)
    scores = answers(items, np.random.default_rng(11).normal(0, 1, 4))
    together = simulate_adaptive(scores, items, most_items=10, exposure=Exposure(best=4))
    first = simulate_adaptive(scores[:2], items, most_items=10, exposure=Exposure(best=4))
    np.testing.assert_array_equal(together.asked[:2], first.asked)


def test_rounds_are_the_best_items_and_lose_little() -> None:
    items = bank(100)
    test = AdaptiveTest(items, stop=Stop(most_items=10), start=0.5, spread=1e-3)  # the ability is known: no average
    value = [slow_information(items, i, 0.5) for i in range(100)]
    assert test.next_items(4) == list(np.argsort(value)[::-1][:4])
    assert test.next_items(9) == list(np.argsort(value)[::-1][4:10])  # never more than the test allows
    scores = answers(items, np.random.default_rng(12).normal(0, 1, 300))
    single, rounds = (simulate_adaptive(scores, items, most_items=20, round_size=k) for k in (1, 5))
    assert single.se.mean() < rounds.se.mean() < 1.1 * single.se.mean()


def test_missing_cells_are_never_asked() -> None:
    items = bank(50)
    scores = answers(items, np.zeros(20))
    scores[np.random.default_rng(13).random(scores.shape) < 0.7] = np.nan
    found = simulate_adaptive(scores, items, most_items=30)
    for row, asked in enumerate(found.asked):
        there = asked[asked >= 0]
        assert np.isfinite(scores[row, there]).all()
        assert len(there) == min(30, np.isfinite(scores[row]).sum())
    np.testing.assert_array_equal(np.isfinite(found.scores(scores)).sum(axis=1), (found.asked >= 0).sum(axis=1))


def test_skipped_items_count_for_nothing() -> None:
    items = bank(10)
    test = AdaptiveTest(items, stop=Stop(most_items=3))
    first = test.next_items(2)
    test.skip(first[0])
    assert test.ability == 0.0
    test.answer(first[1], 1.0)
    rest = []
    while (item := test.next_item()) is not None:
        rest.append(item)
        test.answer(item, 0.0)
    assert len(rest) == 2
    assert first[0] not in rest
    assert test.done
    assert test.asked == (first[1], *rest)


def test_no_test_ends_by_its_error_before_the_least_items() -> None:
    """A standard error of .99 is reached by the first answer."""
    items = bank(20)
    for least, ends in ((0, 1), (1, 1), (5, 5), (12, 10)):
        test = AdaptiveTest(items, stop=Stop(most_items=10, se=0.99, least_items=least))
        while (item := test.next_item()) is not None:
            test.answer(item, 1.0)
        assert len(test.asked) == ends
        assert test.done


def test_a_skipped_items_topic_keeps_its_turn() -> None:
    test = AdaptiveTest(bank(8), stop=Stop(most_items=4), topics=["a", "b"] * 4)
    first = test.next_items(1)[0]
    assert first % 2 == 0  # both topics want half; the first one comes first
    test.skip(first)
    again = test.next_items(2)
    assert [item % 2 for item in again] == [0, 1]


def test_what_is_no_test_is_refused() -> None:
    items = bank(4)
    for wrong in ({"most_items": 0}, {"most_items": 3, "se": 0.0}, {"most_items": 3, "least_items": -1}):
        with pytest.raises(AcidtestError, match="is none"):
            Stop(**wrong)
    for exposure in ({"best": 0}, {"share": 0.0}, {"share": 1.5}):
        with pytest.raises(AcidtestError, match="is none"):
            Exposure(**exposure)
    with pytest.raises(AcidtestError, match="cost is not above 0"):
        AdaptiveTest(items, stop=Stop(most_items=2), cost=[1, 2, 0, 1], gamma=1.0)
    with pytest.raises(AcidtestError, match="draws by chance"):
        AdaptiveTest(items, stop=Stop(most_items=2), exposure=Exposure(best=2))
    test = AdaptiveTest(items, stop=Stop(most_items=2))
    with pytest.raises(AcidtestError, match="waits for no answer"):
        test.answer(0, 1.0)
    item = test.next_item()
    assert item is not None
    with pytest.raises(AcidtestError, match="not from 0 to 1"):
        test.answer(item, float("nan"))


def test_a_share_leaves_so_many_items_and_no_more() -> None:
    """A test ends where its share does; one item is open at least."""
    items = bank(40)
    for share, most in ((0.3, 12), (0.29, 11), (0.001, 1)):
        test = AdaptiveTest(
            items, stop=Stop(most_items=30), exposure=Exposure(share=share), rng=np.random.default_rng(0)
        )
        assert len(test.next_items(40)) == most
    scores = answers(items, np.zeros(300))
    found = simulate_adaptive(scores, items, most_items=12, exposure=Exposure(share=0.3))
    shares = np.bincount(found.asked.ravel(), minlength=40) / 300
    # Everybody is asked all 12 that are open: each item of Binomial(300, .3), whichever it is
    assert shares.sum() == 12
    assert np.abs(shares - 0.3).max() <= 4 * np.sqrt(0.3 * 0.7 / 300)


def test_draws_are_among_the_best_alone() -> None:
    """Of 40 items each of the five best is drawn in a fifth of 500 tests, and no other; equal ones take no more."""
    items = bank(40)
    start = AdaptiveTest(items, stop=Stop(most_items=1), start=0.5, spread=1e-3)
    best = {i for i in range(40) if slow_information(items, i, 0.5) >= sorted(
        (slow_information(items, j, 0.5) for j in range(40)), reverse=True)[4]}  # fmt: skip
    assert start.next_item() in best
    drawn = []
    for seed in range(500):
        test = AdaptiveTest(
            items,
            stop=Stop(most_items=1),
            exposure=Exposure(best=5),
            rng=np.random.default_rng(seed),
            start=0.5,
            spread=1e-3,
        )
        drawn += test.next_items(1)
    assert set(drawn) == best
    assert all(100 - 4 * 9 <= drawn.count(i) <= 100 + 4 * 9 for i in best)  # sqrt(500 x .2 x .8) = 9
    twins = Items(discrimination=np.ones(6), difficulty=np.zeros(6), guess=np.zeros(6))
    test = AdaptiveTest(
        twins,
        stop=Stop(most_items=6),
        exposure=Exposure(best=2),
        rng=np.random.default_rng(1),
        available=[1, 1, 1, 0, 0, 0],
    )
    assert sorted(test.next_items(6)) == [0, 1, 2]


def test_a_power_of_cost_that_leaves_nothing_else_is_refused() -> None:
    for gamma in (200.0, float("nan")):
        with pytest.raises(AcidtestError, match="leaves nothing else"):
            AdaptiveTest(bank(4), stop=Stop(most_items=2), cost=[1, 2, 3, 1e6], gamma=gamma)
