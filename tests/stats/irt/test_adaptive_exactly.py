"""Adaptive tests replayed by a plain twin: every rule at once, item by item; abilities as roots of the slope."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr
from scipy.stats import norm

from acidtest.errors import AcidtestError
from acidtest.stats.irt.adaptive.ability import Likelihood
from acidtest.stats.irt.adaptive.simulation import simulate_adaptive
from acidtest.stats.irt.adaptive.test import AdaptiveTest, Exposure, Stop, informative
from acidtest.stats.irt.adaptive.trust import allowance, flattened, shared
from acidtest.stats.irt.items import Items


def bank(n: int, seed: int, *, residual: bool = False, guess: float = 0.25) -> Items:
    rng = np.random.default_rng(seed)
    return Items(
        discrimination=rng.lognormal(0, 0.5, n),
        difficulty=rng.normal(0, 1.2, n),
        guess=np.zeros(n) if residual else rng.uniform(0, guess, n),
        residual=rng.uniform(0.4, 1.5, n) if residual else None,
    )


def slope(items: Items, asked: Sequence[int], scores: Sequence[float], t: float, mean: float, sd: float) -> float:
    """Of the log posterior, from its definition: the derivative of x log P + (1 - x) log (1 - P), or of a normal."""
    total = (mean - t) / sd**2
    for j, x in zip(asked, scores, strict=True):
        a, b, c = items.discrimination[j], items.difficulty[j], items.guess[j]
        if items.residual is not None:
            total += a * (logit(min(max(x, 0.005), 0.995)) - a * (t - b)) / items.residual[j] ** 2
            continue
        p = c + (1 - c) * expit(a * (t - b))
        change = (1 - c) * a * expit(a * (t - b)) * expit(-a * (t - b))
        total += change * (x / p - (1 - x) / (1 - p))
    return float(total)


def information(items: Items, j: int, t: float) -> float:
    a, b, c = items.discrimination[j], items.difficulty[j], items.guess[j]
    if items.residual is not None:
        return float((a / items.residual[j]) ** 2)
    p, step = c + (1 - c) * expit(a * (t - b)), 1e-5
    up, down = (c + (1 - c) * expit(a * (t + s - b)) for s in (step, -step))
    return float(((up - down) / (2 * step)) ** 2 / (p * (1 - p)))


@pytest.mark.parametrize(("residual", "guess"), [(False, 1e-9), (False, 0.25), (True, 0.25)])
@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.7, 0.5), (-1.0, 2.0)])
def test_the_ability_is_the_root_of_the_slope(residual: bool, guess: float, mean: float, sd: float) -> None:  # noqa: FBT001
    items = bank(14, 1, residual=residual, guess=guess)
    rng = np.random.default_rng(2)
    for share in (0.5, 1.0):
        scores = rng.random(14) if residual else (rng.random(14) < share).astype(float)
        own, asked = Likelihood(items, mean=mean, sd=sd), list[int]()
        assert (own.ability, own.se) == (mean, sd)
        for j in rng.permutation(14).tolist():
            before = own.ability
            own.add(j, float(scores[j]))
            asked.append(j)
            given = [float(scores[i]) for i in asked]
            grid = np.linspace(-12, 12, 120)
            signs = [slope(items, asked, given, t, mean, sd) > 0 for t in grid]
            turns = [k for k in range(119) if signs[k] and not signs[k + 1]]
            roots = [
                brentq(lambda t: slope(items, asked, given, t, mean, sd), grid[k], grid[k + 1], xtol=1e-13)  # noqa: B023
                for k in turns
            ]
            assert min(abs(root - own.ability) for root in roots) < 1e-7, before
            told = 1 / sd**2 + sum(information(items, i, own.ability) for i in asked)
            assert own.se == pytest.approx(told**-0.5, rel=1e-5)
        assert own.positions == asked
        assert own.scores == [scores[i] for i in asked]


def test_scores_at_the_ends_are_held_at_a_half_percent() -> None:
    items = bank(2, 3, residual=True)
    for score, same in ((0.0, 0.005), (1.0, 0.995), (0.001, 0.005), (0.999, 0.995)):
        one, other = Likelihood(items, mean=0, sd=1), Likelihood(items, mean=0, sd=1)
        one.add(0, score)
        other.add(0, same)
        assert one.ability == other.ability


@pytest.mark.parametrize("distance", [0.3, 3.0, 40.0, 700.0])
@pytest.mark.parametrize("steepness", [1.0, 60.0, 600.0])
def test_however_far_or_steep(distance: float, steepness: float) -> None:
    """The root by bisection, also where the curve overflows plain numbers and a step of Newton's would leap away."""
    for turned in (1.0, -1.0):
        items = Items(
            discrimination=np.array([steepness, 1.0]), difficulty=np.array([turned * distance, 0.0]), guess=np.zeros(2)
        )
        own = Likelihood(items, mean=0, sd=1)
        own.add(0, 1.0 if turned > 0 else 0.0)
        own.add(1, 0.5)

        def pull(t: float, items: Items = items, turned: float = turned) -> float:
            a, b = items.discrimination[0], items.difficulty[0]
            first = a * (expit(-a * (t - b)) if turned > 0 else -expit(a * (t - b)))
            return float(-t + first + 0.5 - expit(t))

        root = brentq(pull, -800, 800, xtol=1e-13)
        assert own.ability == pytest.approx(root, abs=1e-7)
        assert np.isfinite(own.se)


@pytest.mark.parametrize(("steepness", "most"), [(1.0, 5), (60.0, 45), (200.0, 47), (1000.0, 51)])
def test_the_root_is_found_in_few_steps(monkeypatch: pytest.MonkeyPatch, steepness: float, most: int) -> None:
    """Newton's where they lead there; halved where they creep along the tail of a step, or would leap over it."""
    steps: list[float] = []
    real = Likelihood._slopes

    def watched(own: Likelihood, t: float) -> tuple[float, float]:
        steps.append(t)
        return real(own, t)

    monkeypatch.setattr(Likelihood, "_slopes", watched)
    counts = []
    for difficulty in (0.0, 0.3, -0.3, 3.0, -3.0, 40.0, -40.0, 700.0, -700.0):
        items = Items(
            discrimination=np.array([steepness, 1.0]), difficulty=np.array([difficulty, 0.0]), guess=np.zeros(2)
        )
        for score in (0.0, 1.0):
            own = Likelihood(items, mean=0, sd=1)
            for item, x in ((0, score), (1, 0.5)):
                steps.clear()
                own.add(item, x)
                counts.append(len(steps))
    assert max(counts) <= most
    assert min(counts) == 2  # there at once, and the error


class Twin:
    """One solver's test by the rules, with the same draws."""

    def __init__(self, items: Items, rng: np.random.Generator | None, rules: dict[str, Any], free: list[int]) -> None:
        self.items, self.rng, self.rules, self.free = items, rng, rules, free
        exposure = rules.get("exposure", Exposure())
        self.best = exposure.best
        if exposure.share < 1 and rng is not None:
            mixed = rng.permutation(np.array(free))
            self.free = sorted(mixed[: max(int(exposure.share * len(free)), 1)].tolist())
        n = len(items)
        cost = np.asarray(rules.get("cost", np.ones(n)))
        self.divisor: list[float] = ((cost / np.prod(cost) ** (1 / n)) ** rules.get("gamma", 0.0)).tolist()
        self.topics: list[str] = rules.get("topics", ["all"] * n)
        self.shares = {name: self.topics.count(name) / n for name in sorted(set(self.topics))}
        self.given = dict.fromkeys(self.shares, 0)
        self.asked: list[int] = []
        self.scores: list[float] = []
        self.t = 0.0

    def worth(self, j: int) -> float:
        if self.asked:
            return self.told(j, self.t) / self.divisor[j]
        nodes, weights = np.polynomial.hermite_e.hermegauss(9)
        return (
            float(sum(w * self.told(j, t) for t, w in zip(nodes, weights, strict=True)) / weights.sum())
            / self.divisor[j]
        )

    def told(self, j: int, t: float) -> float:
        found = information(self.items, j, t)
        if self.items.residual is not None:
            middle, sd = self.items.discrimination[j] * (t - self.items.difficulty[j]), self.items.residual[j]
            found *= float(ndtr((logit(0.995) - middle) / sd) - ndtr((logit(0.005) - middle) / sd))
        return found

    def next_items(self, count: int) -> list[int]:
        worth, found = {j: self.worth(j) for j in self.free}, list[int]()
        while len(found) < count and self.free:
            number = sum(self.given.values()) + 1
            open_topics = [name for name in self.shares if any(self.topics[j] == name for j in self.free)]
            topic = max(open_topics, key=lambda name: self.shares[name] * number - self.given[name])
            ranked = sorted((j for j in self.free if self.topics[j] == topic), key=lambda j: -worth[j])[: self.best]
            item = ranked[0]
            if self.best > 1 and self.rng is not None:
                item = [*sorted(ranked[:-1]), ranked[-1]][self.rng.integers(len(ranked))]
            self.free.remove(item)
            self.given[topic] += 1
            found.append(item)
        return found

    def answer(self, item: int, score: float, start: float) -> None:
        self.asked.append(item)
        self.scores.append(score)
        grid = np.linspace(-9, 9, 46)
        at = [slope(self.items, self.asked, self.scores, t, 0, 1) for t in grid]
        turns = [k for k in range(45) if at[k] > 0 >= at[k + 1]]
        near = min(turns, key=lambda k: abs(grid[k] - start))
        self.t = float(
            brentq(
                lambda t: slope(self.items, self.asked, self.scores, t, 0, 1), grid[near], grid[near + 1], xtol=1e-12
            )
        )


COST = np.random.default_rng(8).lognormal(0, 1, 24)
TOPICS = ["b", "a", "b", "c", "b", "a", "b", "b"] * 3


@pytest.mark.parametrize(
    ("rules", "round_size", "residual"),
    [
        ({}, 1, False),
        ({}, 1, True),
        ({"cost": COST, "gamma": 0.8}, 1, False),
        ({"cost": COST, "gamma": -0.5, "topics": TOPICS}, 3, True),
        ({"topics": TOPICS}, 2, False),
        ({"exposure": Exposure(best=4)}, 1, False),
        ({"exposure": Exposure(best=3, share=0.5), "topics": TOPICS, "cost": COST, "gamma": 1.0}, 2, False),
        ({"exposure": Exposure(share=0.01)}, 1, False),
    ],
)
def test_every_item_is_the_one_that_the_rules_ask_for(
    rules: dict[str, Any],
    round_size: int,
    residual: bool,  # noqa: FBT001
) -> None:
    items = bank(24, 9, residual=residual, guess=1e-9)
    rng = np.random.default_rng(10)
    scores = rng.random((3, 24)) if residual else (rng.random((3, 24)) < 0.5).astype(float)
    scores[0, rng.permutation(24)[:8]] = np.nan
    found = simulate_adaptive(
        scores,
        items,
        most_items=10,
        round_size=round_size,
        seed=4,
        **rules,
    )
    longest = 0
    for m, row in enumerate(scores):
        twin = Twin(items, np.random.default_rng([4, m]), rules, np.flatnonzero(np.isfinite(row)).tolist())
        while len(twin.asked) < 10:
            chosen = twin.next_items(min(round_size, 10 - len(twin.asked)))
            if not chosen:
                break
            for item in chosen:
                twin.answer(item, float(row[item]), twin.t)
        assert [j for j in found.asked[m].tolist() if j >= 0] == twin.asked
        assert found.ability[m] == pytest.approx(twin.t, abs=1e-6)
        told = 1 + sum(information(items, j, twin.t) for j in twin.asked)
        assert found.se[m] == pytest.approx(told**-0.5, rel=1e-5)
        longest = max(longest, len(twin.asked))
        seen = found.scores(scores)[m]
        assert np.flatnonzero(np.isfinite(seen)).tolist() == sorted(twin.asked)
        assert seen[twin.asked].tolist() == row[twin.asked].tolist()
    assert found.asked.shape == (3, longest)


def test_a_simulation_asks_one_item_at_a_time_and_one_at_least() -> None:
    items = bank(12, 20)
    scores = (np.random.default_rng(21).random((3, 12)) < 0.5).astype(float)
    plain = simulate_adaptive(scores, items, most_items=5)
    told = simulate_adaptive(scores, items, most_items=5, round_size=1, gamma=0.0, seed=0, least_items=1, se=None)
    np.testing.assert_array_equal(plain.asked, told.asked)
    assert (simulate_adaptive(scores, items, most_items=5, se=0.999).asked >= 0).sum(1).tolist() == [1, 1, 1]
    by_chance = simulate_adaptive(scores, items, most_items=5, exposure=Exposure(best=3))
    seeded = simulate_adaptive(scores, items, most_items=5, exposure=Exposure(best=3), seed=0)
    np.testing.assert_array_equal(by_chance.asked, seeded.asked)
    assert simulate_adaptive(np.empty((0, 12)), items, most_items=5).asked.shape == (0, 0)


def test_scores_near_the_ends_make_an_item_less_informative() -> None:
    items = bank(5, 11, residual=True)
    assert items.residual is not None
    abilities = np.array([-3.0, 0.2, 4.0])
    nearest = logit(0.995)
    for t, row in zip(abilities, informative(items, abilities), strict=True):
        for j in range(5):
            curve = norm(items.discrimination[j] * (t - items.difficulty[j]), items.residual[j])
            between = curve.cdf(nearest) - curve.cdf(-nearest)
            assert row[j] == pytest.approx((items.discrimination[j] / items.residual[j]) ** 2 * between, rel=1e-9)
    plain = bank(5, 12)
    np.testing.assert_array_equal(informative(plain, 0.4), plain.information(0.4))


def test_the_first_item_is_for_the_solver_that_is_expected() -> None:
    """Information averaged over a normal ability of that mean and spread, by a fine sum."""
    items = bank(40, 13)
    for start, spread in ((-1.5, 0.6), (1.2, 1.4)):
        grid = start + spread * np.linspace(-6, 6, 601)
        weight = norm(start, spread).pdf(grid)
        value = [sum(w * information(items, j, t) for w, t in zip(weight, grid, strict=True)) for j in range(40)]
        test = AdaptiveTest(items, stop=Stop(most_items=2), start=start, spread=spread)
        assert (test.ability, test.se) == (start, spread)
        assert test.next_item() == int(np.argmax(value))


def test_hand_outs_are_kept_apart_from_answers() -> None:
    test = AdaptiveTest(bank(6, 14), stop=Stop(most_items=4))
    assert not test.done
    first = test.next_items(3)
    assert (test.waiting, test.asked) == (tuple(first), ())
    assert not test.done
    test.answer(first[1], 1.0)
    assert (test.waiting, test.asked) == ((first[0], first[2]), (first[1],))
    assert len(test.next_items(5)) == 1  # room for four in all
    assert test.next_item() is None
    for item in test.waiting:
        test.answer(item, 0.0)
    assert test.done
    assert test.next_items(1) == []


def test_a_test_ends_by_its_error_exactly_there() -> None:
    items = bank(30, 15)
    scores = np.ones(30)
    plain = AdaptiveTest(items, stop=Stop(most_items=12))
    errors = []
    while (item := plain.next_item()) is not None:
        plain.answer(item, scores[item])
        errors.append(plain.se)
    for k in (1, 4, 7):
        test = AdaptiveTest(items, stop=Stop(most_items=12, se=errors[k]))
        while (item := test.next_item()) is not None:
            test.answer(item, scores[item])
        assert test.asked == plain.asked[: next(i for i, e in enumerate(errors) if e <= errors[k]) + 1]
        assert test.done
    wide = AdaptiveTest(items, stop=Stop(most_items=3, se=2.0, least_items=0))
    assert wide.next_item() is not None  # no test without an answer


def test_bounds_of_what_a_test_may_be() -> None:
    items = bank(3, 16)
    assert Stop(most_items=1, se=1e-9, least_items=0).most_items == 1
    assert (Exposure(best=1, share=1.0).best, Exposure(share=1e-6).share) == (1, 1e-6)
    assert Stop(most_items=1).least_items == 1
    for wrong in (float("nan"), -1.0):
        with pytest.raises(AcidtestError, match="is none"):
            Stop(most_items=1, se=wrong)
    for share in (-0.5, 0.0, 1.01):
        with pytest.raises(AcidtestError, match="is none"):
            Exposure(share=share)
    with pytest.raises(AcidtestError, match="is none"):
        Exposure(best=0)
    for gamma, fine in ((10.0, True), (-10.0, True), (10.5, False), (float("nan"), False)):
        if fine:
            AdaptiveTest(items, stop=Stop(most_items=1), cost=[1, 2, 3], gamma=gamma)
        else:
            with pytest.raises(AcidtestError, match="leaves nothing else"):
                AdaptiveTest(items, stop=Stop(most_items=1), cost=[1, 2, 3], gamma=gamma)
    for cost in ([1, np.inf, 1], [1, -1, 1], [np.nan, 1, 1]):
        with pytest.raises(AcidtestError, match="not above 0"):
            AdaptiveTest(items, stop=Stop(most_items=1), cost=cost)
    for exposure in (Exposure(best=2), Exposure(share=0.9)):
        with pytest.raises(AcidtestError, match="by chance"):
            AdaptiveTest(items, stop=Stop(most_items=1), exposure=exposure)
    test = AdaptiveTest(items, stop=Stop(most_items=3))
    for score in (0.0, 1.0):
        item = test.next_item()
        assert item is not None
        test.answer(item, score)
    item = test.next_item()
    assert item is not None
    for wrong in (-0.01, 1.01):
        with pytest.raises(AcidtestError, match="not from 0 to 1"):
            test.answer(item, wrong)
        test = AdaptiveTest(items, stop=Stop(most_items=3))
        item = test.next_items(1)[0]


def test_empty_banks_have_no_test() -> None:
    test = AdaptiveTest(bank(0, 17), stop=Stop(most_items=2), cost=[], topics=[])
    assert test.next_item() is None
    assert test.done


def test_allowances_from_four_solvers_on() -> None:
    """(1 + 1/M) (M - 1) / (M - 3), and 1 / (M + 1) of it everybody's; fewer than four count as four."""
    assert [allowance(m) ** 2 for m in (1, 4, 5, 9)] == pytest.approx([3.75, 3.75, 2.4, 40 / 27])
    assert [shared(m) for m in (1, 4, 5, 9)] == pytest.approx([0.2, 0.2, 1 / 6, 0.1])


@pytest.mark.parametrize("residual", [False, True])
def test_flattened_items_by_the_formula(residual: bool) -> None:  # noqa: FBT001
    items = bank(6, 18, residual=residual)
    a_error, b_error = np.random.default_rng(19).uniform(0, 0.8, (2, 6))
    found = flattened(items, a_error, b_error)
    for j in range(6):
        a, b = items.discrimination[j], items.difficulty[j]
        of_easiness = max(a**2 * b_error[j] ** 2 - b**2 * a_error[j] ** 2, 0)
        variance = a_error[j] ** 2 + of_easiness
        flat = a if residual else a / np.sqrt(1 + np.pi / 8 * variance)
        assert found.discrimination[j] == pytest.approx(flat, rel=1e-12)
        if items.residual is not None and found.residual is not None:
            assert found.residual[j] ** 2 == pytest.approx(items.residual[j] ** 2 + variance, rel=1e-12)
    assert found.difficulty.tolist() == items.difficulty.tolist()
    assert found.guess.tolist() == items.guess.tolist()
