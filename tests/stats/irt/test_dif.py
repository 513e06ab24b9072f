"""Differential functioning: of single items against statsmodels, of sets by simulation."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import false_discovery_control
from statsmodels.stats.contingency_tables import StratifiedTable

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets.dif import (
    FamilyShift,
    Shift,
    ability_strata,
    false_discovery,
    mantel_haenszel,
    set_abilities,
)

Z = 1.96


def some_items(n: int, rng: np.random.Generator) -> Items:
    return Items(discrimination=np.exp(rng.normal(0, 0.4, n)), difficulty=rng.normal(0, 1, n), guess=np.zeros(n))


def test_single_items_are_tested_as_statsmodels_does() -> None:
    rng = np.random.default_rng(1)
    members, stratum = np.arange(40) % 3 == 0, np.arange(40) // 14
    right = (rng.random((40, 6)) < np.where(members, 0.85, 0.45)[:, None]).astype(float)
    right[3, 2] = right[17, 0] = np.nan
    found = mantel_haenszel(right, members, stratum)
    for i in range(6):
        tables = []
        for k in range(3):
            rows = [right[group & (stratum == k), i] for group in (members, ~members)]
            tables.append([[np.nansum(x), np.isfinite(x).sum() - np.nansum(x)] for x in rows])
        peer = StratifiedTable([np.array(t) for t in tables])
        assert found.log_odds[i] == pytest.approx(peer.logodds_pooled)
        assert found.se[i] == pytest.approx(peer.logodds_pooled_se)
        assert found.p[i] == pytest.approx(peer.test_null_odds(correction=True).pvalue)


def test_an_item_that_all_answer_alike_says_nothing() -> None:
    found = mantel_haenszel(np.ones((6, 1)), np.arange(6) < 3, np.zeros(6, int))
    assert np.isnan(found.p[0])


def test_false_discovery_is_that_of_scipy() -> None:
    p = np.random.default_rng(2).random(30)
    assert false_discovery(p) == pytest.approx(false_discovery_control(p))


def test_strata_hold_both_kinds_or_there_is_one() -> None:
    ability = np.arange(8.0)
    assert set(ability_strata(ability, ability < 1).tolist()) == {0}
    two = ability_strata(ability, np.isin(ability, (0, 5)))
    assert two.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_influence_is_how_far_an_answer_moves_the_ability() -> None:
    """By definition, slowly: the ability with one answer weighted a little more."""
    rng = np.random.default_rng(3)
    items = some_items(60, rng)
    right = (rng.random((2, 60)) < 0.6).astype(float)
    found = set_abilities(right, items)
    more = 200
    for i in (0, 7):
        again = np.repeat(np.arange(60), more)
        again = np.append(again, i)  # every answer 200 times, this one once more
        many = set_abilities(right[:, again], items.take(again))
        once = set_abilities(right[:, again[:-1]], items.take(again[:-1]))
        assert (many.value - once.value) * more == pytest.approx(found.influence[:, i], rel=0.05, abs=2e-3)


def shifted(seed: int, favour: float, differ: float = 0.0) -> tuple[Shift, float]:
    """Return the shift of 3 of 12 solvers, and the true one; parameters of items are known."""
    rng = np.random.default_rng(seed)
    real, synthetic = some_items(80, rng), some_items(60, rng)
    ability, members = rng.normal(size=12), np.arange(12) < 3
    extra = members * favour + rng.normal(size=12) * differ

    def answers(at: FloatArray, items: Items) -> FloatArray:
        return (rng.random((12, len(items))) < expit(items.linear(at))).astype(np.float64)

    of = FamilyShift(
        answers(ability, real),
        answers(ability + extra, synthetic),
        real_items=real,
        synthetic_items=synthetic,
        real_bundles=np.arange(80),
        synthetic_bundles=np.arange(60),
    )
    return of.of(members), float(extra[members].mean() - extra[~members].mean())


def test_a_family_without_favour_is_seldom_called_favoured() -> None:
    found = [shifted(seed, 0.0)[0] for seed in range(300)]
    share = np.mean([one.p < 0.05 for one in found])
    assert 0.01 <= share <= 0.09  # .05, three standard errors of 300 draws each way
    spread = np.std([one.ability for one in found])
    assert np.mean([one.ability_se for one in found]) == pytest.approx(spread, rel=0.2)
    scores = np.std([one.score for one in found])
    assert np.mean([one.score_se for one in found]) == pytest.approx(scores, rel=0.2)


def test_a_favoured_family_is_found_and_its_interval_holds_the_truth() -> None:
    found = [shifted(seed, 0.8) for seed in range(150)]
    assert np.mean([one.p < 0.05 for one, _ in found]) > 0.7
    held = np.mean([abs(one.ability - truth) <= Z * one.ability_se for one, truth in found])
    assert 0.88 <= held <= 0.99  # .95, with the prior's small pull


def test_where_all_solvers_differ_a_family_is_nothing_special() -> None:
    found = [shifted(seed, 0.0, differ=0.6)[0] for seed in range(150)]
    assert np.mean([one.p < 0.05 for one in found]) > 0.2  # there is a shift indeed
    assert np.mean([one.p_spread < 0.05 for one in found]) < 0.12  # and as much in others


def test_a_family_of_all_or_none_has_no_shift() -> None:
    rng = np.random.default_rng(0)
    items = some_items(10, rng)
    right = (rng.random((4, 10)) < 0.5).astype(float)
    every = np.arange(10)
    of = FamilyShift(right, right, real_items=items, synthetic_items=items, real_bundles=every, synthetic_bundles=every)
    assert np.isnan(of.of(np.ones(4, bool)).ability)
    assert np.isnan(of.of(np.zeros(4, bool)).p)
    assert of.of(np.arange(4) < 1).ability == pytest.approx(0.0)
