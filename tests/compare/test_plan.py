"""Plans: futures have the moments that they should, and advice is right on studies of known truth."""

from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import orjson
import pytest

from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.planning.contract import dumps, json_schema
from acidtest.compare.planning.future import Future, Size, future
from acidtest.compare.planning.plan import Costs, Plan, plan
from acidtest.compare.planning.search import RUNGS, Search
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings, Thresholds
from acidtest.errors import AcidtestError, DataError
from acidtest.types import Scores
from compare.plan_check import drawn_world, followed
from simulated import study

ABILITY = np.random.default_rng(3).normal(0, 0.6, 8)


def pair_from(scores: Scores, **settings: Any) -> Pair:
    real, synthetic = (ScoredSet(one, scores.metric) for one in (scores.real, scores.synthetic[0]))
    return pair_of(real, synthetic, Settings(**settings))[0]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return pair_from(study({"real": ABILITY, "fake": ABILITY + 0.1}, 150, seed=1))


@pytest.fixture(scope="module")
def found() -> Plan:
    """A study whose level is open."""
    return plan(study({"real": ABILITY, "fake": ABILITY + 0.2}, 150, seed=1), rounds=12, costs=Costs(real=1.0))


def test_further_items_bring_noise_of_their_number(pair: Pair) -> None:
    """(k future - seen) / (k - 1) is the new items' mean: truth and noise of variance (own + common) / (k - 1)."""
    assert pair.posterior is not None
    size, rounds = Size(real=3.0, synthetic=5.0), 1500
    futures = [future(pair, i, size) for i in range(rounds)]
    new_r = (3 * np.array([f.real for f in futures]) - pair.real) / 2 - pair.posterior.real[:rounds]
    new_s = (5 * np.array([f.synthetic for f in futures]) - pair.synthetic) / 4 - pair.posterior.synthetic[:rounds]
    for new, own, common, more in (
        (new_r, pair.noise.real, pair.noise.common_real, 2),
        (new_s, pair.noise.synthetic, pair.noise.common_synthetic, 4),
    ):
        assert new.var(axis=0).mean() == pytest.approx((own.mean() + common) / more, rel=0.08)
        assert new.mean() == pytest.approx(0, abs=4 * np.sqrt((own.mean() / 8 + common) / more / rounds))
    assert futures[0].noise.real == pytest.approx(pair.noise.real / 3)
    assert (futures[0].real_items, futures[0].synthetic_items) == (450, 750)


def test_items_that_both_sets_hold_move_both() -> None:
    """The covariance of the new means: that of the items held by both, over (k_r - 1) (k_s - 1) of each number."""
    scores = study({"real": ABILITY, "fake": ABILITY}, 150, seed=2)
    same = replace(scores.synthetic[0], stats=scores.real.stats, items=scores.real.items, observed=scores.real.observed)
    assert same.stats is not None
    flipped = np.where(np.random.default_rng(0).random(same.stats.shape) < 0.1, 1 - same.stats, same.stats)
    same = replace(same, stats=flipped, observed=flipped[..., 0].mean(axis=1))
    pair = pair_from(replace(scores, synthetic=(same,)))
    assert pair.noise.shared.min() > 0
    rounds = 1500
    assert pair.posterior is not None
    futures = [future(pair, i, Size(real=2.0, synthetic=3.0)) for i in range(rounds)]
    new_r = 2 * np.array([f.real for f in futures]) - pair.real - pair.posterior.real[:rounds]
    new_s = (3 * np.array([f.synthetic for f in futures]) - pair.synthetic) / 2 - pair.posterior.synthetic[:rounds]
    covariance = (new_r * new_s).mean()
    assert covariance == pytest.approx((pair.noise.shared.mean() + pair.noise.common_shared) * 1 / 2, rel=0.1)
    assert futures[0].noise.shared == pytest.approx(pair.noise.shared / 3)


@pytest.mark.parametrize("size", [Size(real=4.0, synthetic=4.0), Size(solvers=8)], ids=["items", "solvers"])
def test_on_average_the_future_believes_what_is_believed_now(pair: Pair, size: Size) -> None:
    """A posterior's mean is the mean of the posteriors that are to come: else the futures are not those expected."""
    assert pair.posterior is not None
    later = []
    for i in range(100):
        one = future(pair, i, size)
        assert one.posterior is not None
        later.append(one.posterior.real[:, :8].mean(axis=0))
    now = pair.posterior.real.mean(axis=0)
    error = np.std(later, axis=0) / np.sqrt(len(later))
    # The population that further solvers come from is not quite the posterior's own: a quarter of a standard error.
    slack = 0.25 * pair.posterior.real.std(axis=0)
    assert np.all(np.abs(np.mean(later, axis=0) - now) < 3 * error + slack)


def test_further_solvers_are_like_those_in_hand() -> None:
    ability = np.random.default_rng(5).normal(0, 0.6, 60)
    pair = pair_from(study({"real": ability, "fake": ability + 0.5}, 1000, seed=3))
    futures = [future(pair, i, Size(solvers=40)) for i in range(60)]
    real, synthetic = (np.array([getattr(f, side)[60:] for f in futures]) for side in ("real", "synthetic"))
    assert real.mean() == pytest.approx(pair.real.mean(), abs=0.02)
    assert synthetic.mean() == pytest.approx(pair.synthetic.mean(), abs=0.02)
    assert real.std() == pytest.approx(pair.real.std(), rel=0.15)
    here = np.corrcoef(pair.real, pair.synthetic)[0, 1]
    assert np.corrcoef(real.ravel(), synthetic.ravel())[0, 1] == pytest.approx(here, abs=0.03)
    assert len(set(futures[0].models)) == 100
    assert futures[0].noise.real[60:].mean() == pytest.approx(pair.noise.real.mean(), rel=0.15)


def test_the_same_future_is_the_same_truth_at_every_size(pair: Pair) -> None:
    assert pair.posterior is not None
    away = []
    for times in (2.0, 10.0, 200.0):
        futures: list[Future] = [future(pair, i, Size(real=times)) for i in range(100)]
        away.append(np.mean([np.abs(f.real - pair.posterior.real[i]).mean() for i, f in enumerate(futures)]))
        assert all(np.array_equal(f.synthetic, pair.synthetic) for f in futures)
    assert away[0] > away[1] > away[2]
    assert away[2] < 0.005


def test_the_smallest_size_lies_between_one_that_is_enough_and_one_that_is_not(pair: Pair) -> None:
    search = Search(pair=pair, rounds=40, power=0.6, open_uses=("score",))
    one = search.smallest("both", "score")
    assert one.settles
    assert one.probability == pytest.approx(0.6, abs=0.01) or one.size.real in RUNGS
    assert one.go + one.no_go == pytest.approx(one.probability)
    above = [p for size, p in search.tried("both", "score") if size.real >= one.size.real]
    below = [p for size, p in search.tried("both", "score") if size.real < one.size.real - 1e-9]
    assert above[0] >= 0.6
    assert all(p < 0.6 for p in below)


@pytest.mark.long
def test_advice_is_right_on_studies_of_known_truth() -> None:
    """Of six pieces of advice that hold with .8, less than half hold with a chance of .02. Docs show a long run."""
    done = [one for seed in range(7) for one in followed(drawn_world(seed), ("both",), rounds=20)]
    done = [one for one in done if one.way != "guide"]
    assert len(done) >= 6
    assert np.mean([one.decision != "INCONCLUSIVE" for one in done]) >= 0.5


def test_a_study_that_is_settled_needs_nothing() -> None:
    ability = np.linspace(-2, 2, 6)
    loose = Thresholds(score=0.2, rank=0.6, regret=0.3)
    settled = plan(study({"real": ability, "fake": ability}, 2000), thresholds=loose)
    assert [of.verdict.decision for of in settled.benchmarks["fake"].uses.values()] == ["GO"] * 3
    assert not any(of.steps for of in settled.benchmarks["fake"].uses.values())
    assert settled.labels is None
    assert "settled" in settled.labels_note


def test_json_follows_its_schema_and_its_seed(found: Plan) -> None:
    content = orjson.loads(dumps(found))
    jsonschema.Draft202012Validator(json_schema()).validate(content)
    again = plan(study({"real": ABILITY, "fake": ABILITY + 0.2}, 150, seed=1), rounds=12, costs=Costs(real=1.0))
    assert dumps(again) == dumps(found)


def test_every_way_of_an_open_use_is_answered(found: Plan) -> None:
    one = found.benchmarks["fake"]
    assert one.open_uses
    for use in one.open_uses:
        assert list(one.uses[use].steps) == ["real", "synthetic", "both", "solvers"]
        for way, step in one.uses[use].steps.items():
            assert (step.probability >= found.power - 1e-9) == step.settles == (step.because == "")
            assert (step.real_items > 150) == (way in ("real", "both"))
            assert (step.synthetic_items > 150) == (way in ("synthetic", "both"))
            assert (step.solvers > 8) == (way == "solvers")
            expected = {"real": step.real_items - 150.0}.get(way, np.nan)  # 1 each; other prices were not given
            assert step.cost == pytest.approx(expected, nan_ok=True)


def test_cheap_items_grow_faster() -> None:
    """v / n_r + v / n_s is least at a given cost where n_s / n_r is the root of the prices' ratio: 10 here."""
    scores = study({"real": ABILITY, "fake": ABILITY + 0.5}, 100, seed=4)
    costs = Costs(real=1.0, synthetic=0.01)
    one = plan(scores, rounds=12, power=0.5, costs=costs, thresholds=Thresholds(score=0.08)).benchmarks["fake"]
    steps = [step for of in one.uses.values() for way, step in of.steps.items() if way == "both"]
    assert steps
    for step in steps:
        assert step.synthetic_items / step.real_items == pytest.approx(10, rel=0.1)


def test_what_cannot_be_planned_is_said() -> None:
    scores = study({"real": ABILITY, "fake": ABILITY}, 50)
    bare = replace(scores, synthetic=tuple(replace(one, stats=None, items=()) for one in scores.synthetic))
    with pytest.raises(DataError, match="column 'item'"):
        plan(bare)
    for wrong in ({"power": 1.0}, {"level": 0.0}, {"rounds": 5}, {"label": 0}, {"costs": Costs(real=-1.0)}):
        with pytest.raises(AcidtestError, match="way out"):
            plan(scores, **wrong)


def test_items_that_nobody_has_a_score_on_are_not_in_hand() -> None:
    scores = study({"real": ABILITY, "fake": ABILITY}, 100)
    assert scores.real.stats is not None
    stats = scores.real.stats.copy()
    stats[:, 60:] = np.nan
    half = replace(scores, real=replace(scores.real, stats=stats, observed=np.nanmean(stats[..., 0], axis=1)))
    found = plan(half, rounds=10, power=0.1)
    assert found.benchmarks["fake"].real_items == 60
