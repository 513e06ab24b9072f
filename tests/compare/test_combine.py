"""Real scores helped by a synthetic set: in simulated studies whose truth is known, on real ones, and where it ends."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from acidtest.compare.combine import Combined, combined
from acidtest.compare.contract import dumps
from acidtest.compare.fidelity import compare
from acidtest.compare.pair import pair_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import ACCURACY, SPAN_F1, Metric
from acidtest.stats.ppi import ppi_mean
from acidtest.types import BenchmarkScores, Scores
from simulated import answers, scored, study


def together(real: BenchmarkScores, synthetic: BenchmarkScores, metric: Metric = ACCURACY) -> Combined:
    one, other = ScoredSet(real, metric), ScoredSet(synthetic, metric)
    return combined(pair_of(one, other, Settings())[0], one, other)


def values(found: Combined) -> FloatArray:
    return np.array([found.scores[model].value for model in _as_given(found)])


def inside(found: Combined, truth: FloatArray) -> float:
    ends = [(found.scores[model].low, found.scores[model].high) for model in _as_given(found)]
    return float(np.mean([low <= t <= high for (low, high), t in zip(ends, truth, strict=True)]))


def _as_given(found: Combined) -> list[str]:
    """Return the solvers in the order of the arrays: m0, m1, m2 ...; others are given sorted."""
    return sorted(found.scores, key=lambda m: (int(m[1:]), m) if m[1:].isdecimal() else (0, m))


def true_scores(ability: FloatArray) -> FloatArray:
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    means: FloatArray = (weights / (1 + np.exp(nodes - ability[:, None]))).sum(axis=1) / weights.sum()
    return means


def test_a_good_set_helps_as_much_as_is_said_and_the_intervals_hold() -> None:
    # 60 studies of 12 solvers: 50 real items, 600 synthetic ones that are easier and see solvers a little differently.
    alone, helped, stated, held, apart, apart_helped, stated_apart = [], [], [], [], [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        ability = rng.normal(0, 0.5, 12)
        real = scored("real", answers(ability, 50, rng))
        found = together(real, scored("fake", answers(ability + 0.4 + rng.normal(0, 0.1, 12), 600, rng)))
        truth = true_scores(ability)
        errors = np.stack([real.observed, values(found)]) - truth
        alone.append(np.mean(errors[0] ** 2))
        helped.append(np.mean(errors[1] ** 2))
        apart.append(errors[0].var())
        apart_helped.append(errors[1].var())
        stated.append(found.items["level"].value)
        stated_apart.append(found.items["order"].value)
        held.append(inside(found, truth))
    assert 0.92 < np.mean(held) < 0.985, np.mean(held)
    # Real items that alone would err as little: 50 times the ratio of the squared errors made.
    made, made_apart = 50 * np.mean(alone) / np.mean(helped), 50 * np.mean(apart) / np.mean(apart_helped)
    assert made > 60
    assert np.mean(stated) == pytest.approx(made, rel=0.25)
    assert made_apart > 100  # what all solvers share of the real items' luck falls out of differences
    assert np.mean(stated_apart) == pytest.approx(made_apart, rel=0.3)


def test_a_set_that_tells_nothing_is_worth_no_more_items() -> None:
    rng = np.random.default_rng(1)
    ability = rng.normal(0, 1, 20)
    real = scored("real", answers(ability, 80, rng))
    found = together(real, scored("fake", answers(rng.permutation(ability), 400, rng)))
    assert found.items["level"].value < 1.15 * 80
    np.testing.assert_allclose(values(found), real.observed, atol=0.05)


@pytest.mark.parametrize("better", [True, False])
def test_scores_come_back_on_the_scale_as_they_were_read(better: bool) -> None:  # noqa: FBT001 - a table's column
    rng = np.random.default_rng(2)
    ability = np.linspace(-1, 1, 8)
    right, fake = answers(ability, 100, rng), answers(ability, 300, rng)
    metric = Metric(name="mine", finish=ACCURACY.finish, is_mean=True, higher_is_better=better)
    if not better:
        right, fake = 1 - right, 1 - fake
    found = together(scored("real", right), scored("fake", fake), metric)
    assert np.abs(values(found) - right.mean(axis=1)).max() < 0.1
    for one in found.scores.values():
        assert one.low < one.value < one.high
        assert one.low < one.true < one.high
    # Errors are 1 - accuracy: the same posterior, turned.
    turned = together(scored("real", 1 - right), scored("fake", 1 - fake), replace(metric, higher_is_better=not better))
    np.testing.assert_allclose(values(turned), 1 - values(found), rtol=1e-12)


def test_without_items_nothing_is_combined() -> None:
    whole = study({"real": np.linspace(-1, 1, 6), "fake": np.linspace(-1, 1, 6)}, 50)
    bare = replace(whole, real=replace(whole.real, stats=None, items=()))
    report = compare(bare)
    assert report.combined == {}
    assert report.combined_items == {}
    assert json.loads(dumps(report))["combined"] == {}
    full = json.loads(dumps(compare(whole)))
    assert list(full["combined"]["fake"]) == [f"m{i}" for i in range(6)]
    assert full["combined"]["fake"]["m0"]["n"] == 50
    assert set(full["combined_items"]["fake"]) == {"level", "order"}


def test_perfect_solvers_and_equal_ones_have_estimates_too() -> None:
    ones = np.ones((3, 30))
    found = together(scored("real", ones), scored("fake", ones))
    assert all(0.85 < one.low <= one.value <= one.high <= 1 for one in found.scores.values())
    assert all(np.isfinite(one.value) or one.warnings for one in found.items.values())
    one = together(scored("real", ones[:1]), scored("fake", ones[:1]))
    assert list(one.scores) == ["m0"]
    assert np.isnan(one.items["order"].value)
    assert any("one solver" in text for text in one.items["order"].warnings)


@pytest.mark.long
@pytest.mark.parametrize(
    ("solvers", "items", "apart", "mean"), [(14, 300, 0.3, 0.5), (30, 30, 0.5, 0.0), (30, 60, 0.0, 2.0)]
)
def test_the_interval_of_the_gain_holds_the_gain_that_is_made(
    solvers: int, items: int, apart: float, mean: float
) -> None:
    # 60 studies, each of other solvers: what real items alone miss, squared, over what is missed with both sets. Sets
    # that hardly help, few real items, and solvers near 1 with a set that orders them perfectly.
    errors, said = [], []
    for seed in range(60):
        rng = np.random.default_rng(100 + seed)
        ability = mean + rng.normal(0, 0.7, solvers)
        real = scored("real", answers(ability, items, rng))
        found = together(real, scored("fake", answers(ability + 0.3 + rng.normal(0, apart, solvers), 600, rng)))
        errors.append(np.stack([real.observed, values(found)]) - true_scores(ability))
        order = found.items["order"]
        assert order.low <= order.value <= order.high
        said.append([order.low, order.high])
    alone, helped = np.var(errors, axis=2).mean(axis=0)
    made = items * alone / helped
    low, high = np.transpose(said)
    assert made > items
    # Each group of solvers has a gain of its own. With 20 choices of items for each of eight groups, intervals held the
    # group's own gain in 98, 94 and 91 %; the gain of all groups together they hold a little less often.
    assert np.mean((low <= made) & (made <= high)) >= 0.87


def test_scores_are_those_of_these_solvers_though_others_are_asked_about() -> None:
    ability = np.linspace(-2, 2, 10)
    rng = np.random.default_rng(3)
    one = ScoredSet(scored("real", answers(ability, 200, rng)), ACCURACY)
    other = ScoredSet(scored("fake", answers(ability, 400, rng)), ACCURACY)
    found = combined(pair_of(one, other, Settings(models_vary=True))[0], one, other)
    assert np.abs(values(found) - one.scores.observed).max() < 0.1


def judged(
    seed: int, labelled: int, others: int, solvers: int = 6
) -> tuple[BenchmarkScores, BenchmarkScores, FloatArray]:
    """Gold scores of some real items, a judge's of these and others (it lets one wrong answer in five pass), truth."""
    rng = np.random.default_rng(seed)
    ability = np.linspace(-0.5, 1, solvers)
    right = answers(ability, labelled + others, rng)
    seen = np.where(rng.random(right.shape) < 0.2, 1.0, right)
    order = rng.permutation(labelled + others)
    judge = scored("judge", seen[:, order], prefix="i")
    judge = replace(judge, items=tuple(f"i-{i}" for i in order), judged=True)
    return scored("real", right[:, :labelled], prefix="i"), judge, true_scores(ability)


def test_a_judge_of_more_real_items_is_corrected_by_gold() -> None:
    real, judge, _ = judged(3, 80, 900)
    assert real.stats is not None
    assert judge.stats is not None
    found = together(real, judge)
    place = {item: column for column, item in enumerate(judge.items)}
    both = [place[item] for item in real.items]
    rest = [column for item, column in place.items() if item not in real.items]
    for row, one in enumerate(found.scores.values()):
        expected = ppi_mean(real.stats[row, :, 0], judge.stats[row, both, 0], judge.stats[row, rest, 0])
        assert one.value == pytest.approx(expected.value, rel=1e-12)
        assert one.method.startswith("prediction-powered mean with 900 more items judged")
        assert one.n == 80
    # The judge is right in some 90 % of cases: each gold score is worth two or more.
    assert found.items["level"].value > 120
    assert found.items["order"].value > 100


def test_intervals_of_judged_scores_hold_with_few_gold_scores() -> None:
    # 100 studies, 30 gold scores. Solvers share the items of a study: the standard error of the share is below .02.
    held = []
    for seed in range(100):
        real, judge, truth = judged(1000 + seed, 30, 400)
        held.append(inside(together(real, judge), truth))
    assert 0.92 < np.mean(held) < 0.99, np.mean(held)


def test_other_items_that_differ_are_no_judged_ones() -> None:
    real, judge, _ = judged(4, 100, 500)
    assert judge.stats is not None
    fresh = np.array([int(item[2:]) >= 100 for item in judge.items])
    # Synthetic items that were mixed in: nearly all solved.
    easy = np.where(fresh[None, :, None], np.maximum(judge.stats, np.arange(600)[None, :, None] % 10 > 0), judge.stats)
    found = together(real, replace(judge, stats=easy, observed=easy[..., 0].mean(axis=1)))
    for one in found.scores.values():
        assert one.method.startswith("mean of the posterior")
        assert any("no random part" in text for text in one.warnings)


def test_a_set_that_holds_all_real_items_is_no_judge_unless_that_is_said() -> None:
    # The labelled items are clean ones, not a random part: the set also holds 100 that nobody can solve. No check sees
    # that from 150 labelled items, and intervals corrected by such a "judge" hold the truth far too seldom.
    held: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(25):
        rng = np.random.default_rng(seed)
        ability = rng.normal(0.5, 0.5, 14)
        clean = answers(ability, 1200, rng)
        used = np.sort(rng.permutation(1200)[:150])
        every = scored("fake", np.concatenate([clean, np.zeros((14, 100))], axis=1), prefix="i")
        real = replace(scored("real", clean[:, used]), items=tuple(f"i-{i}" for i in used))
        for said, shares in held.items():
            found = together(real, replace(every, judged=said))
            shares.append(inside(found, true_scores(ability)))
            kinds = {one.method.split(" ")[0] for one in found.scores.values()}
            assert said or kinds == {"mean"}
    assert np.mean(held[False]) > 0.9
    assert np.mean(held[True]) < 0.6


def test_a_judge_that_does_not_follow_gold_is_told() -> None:
    rng = np.random.default_rng(5)
    ability = np.full(6, 0.2)
    real = scored("real", answers(ability, 60, rng), prefix="row")
    found = together(real, replace(scored("fake", answers(ability, 300, rng), prefix="row"), judged=True))
    assert all("do not follow" in one.warnings[-1] for one in found.scores.values())
    assert found.items["level"].low < 66


def test_a_judge_of_the_real_items_alone_is_none() -> None:
    real, judge, _ = judged(9, 60, 300)
    assert judge.stats is not None
    place = [judge.items.index(item) for item in real.items]
    found = together(real, replace(judge, items=real.items, stats=judge.stats[:, place]))
    for one in found.scores.values():
        assert one.method.startswith("mean of the posterior")
        assert any("does not hold all real items and at least 3 others" in text for text in one.warnings)


def test_the_gain_by_a_judge_has_an_interval_that_holds() -> None:
    # 120 studies of 60 labelled items: the gain made is the ratio of the squared errors over all of them.
    errors, said = [], []
    for seed in range(120):
        real, judge, truth = judged(5000 + seed, 60, 400)
        found = together(real, judge)
        errors.append(np.stack([real.observed, values(found)]) - truth)
        said.append([[found.items[name].low, found.items[name].high] for name in ("level", "order")])
    made = np.stack([np.square(errors).mean(axis=(0, 2)), np.var(errors, axis=2).mean(axis=0)])
    for column, (alone, helped) in enumerate(made):
        low, high = np.array(said)[:, column].T
        assert np.mean((low <= 60 * alone / helped) & (60 * alone / helped <= high)) > 0.85


def test_bundles_that_gold_and_judge_share_count_once_and_whole() -> None:
    real, judge, _ = judged(6, 60, 540)
    # Bundles of three by number; the last bundle with gold items holds two more that only the judge scored.
    bundles = [f"b{(int(item[2:]) + 1) // 3}" for item in judge.items]
    whole = replace(judge, bundles=tuple(bundles))
    found = together(replace(real, bundles=tuple(f"b{(i + 1) // 3}" for i in range(60))), whole)
    assert all("with 538 more items judged" in one.method for one in found.scores.values())
    plain = together(real, judge)
    assert found.scores["m0"].value == pytest.approx(plain.scores["m0"].value, abs=0.02)


def test_metrics_that_are_no_means_take_the_posterior() -> None:
    real, judge, _ = judged(7, 60, 300)
    assert real.stats is not None
    assert judge.stats is not None

    def spans(one: BenchmarkScores, hits: FloatArray) -> BenchmarkScores:
        return replace(one, stats=np.concatenate([hits, 1 - hits, 1 - hits], axis=2))

    found = together(spans(real, real.stats), spans(judge, judge.stats), SPAN_F1)
    assert all(one.method.startswith("mean of the posterior") for one in found.scores.values())


def test_a_solver_that_was_not_scored_everywhere_keeps_its_estimate() -> None:
    real, judge, _ = judged(8, 60, 400)
    assert real.stats is not None
    stats = real.stats.copy()
    stats[2, :20] = np.nan
    found = together(replace(real, stats=stats, observed=np.nanmean(stats[..., 0], axis=1)), judge)
    assert np.isfinite(values(found)).all()
    assert all(one.low < one.value < one.high for one in found.scores.values())
    assert np.isfinite([one.value for one in found.items.values()]).all()


def responses(folder: Path, task: str) -> dict[str, FloatArray]:
    table = pq.read_table(folder / "zeroeval_responses" / f"{task}_correct.parquet")
    columns = {name: table.column(name).to_numpy().astype(float) for name in table.column_names if name != "item"}
    return {name: right for name, right in columns.items() if np.isfinite(right).mean() > 0.9}


def test_few_items_of_a_real_benchmark_are_helped_by_another(real_data: Path) -> None:
    # GSM8K and CRUXEval, 35 solvers: 40 items of one, the whole other. The truth: the scores on all 1,319 items. Ten
    # random choices of the items; the squared error over solvers must fall, and with it that of their differences.
    gsm, crux = responses(real_data, "gsm"), responses(real_data, "crux")
    solvers = sorted(name for name in gsm if name in crux)
    right, other = (np.stack([table[name] for name in solvers]) for table in (gsm, crux))
    fake = scored("crux", other, models=solvers)
    truth = np.nanmean(right, axis=1)
    errors, held = [], []
    for seed in range(10):
        chosen = np.random.default_rng(seed).permutation(right.shape[1])[:40]
        real = scored("real", right[:, chosen], models=solvers)
        found = together(real, fake)
        errors.append(np.stack([real.observed, values(found)]) - truth)
        held.append(inside(found, truth))
    alone, helped = np.square(errors).mean(axis=(0, 2))
    alone_apart, helped_apart = np.var(errors, axis=2).mean(axis=0)
    assert helped < 0.9 * alone
    assert helped_apart < 0.8 * alone_apart
    assert np.mean(held) > 0.88  # ten draws, each with one luck of its items for all solvers


def test_with_few_real_items_the_reader_is_warned() -> None:
    ability = np.linspace(-1, 1, 8)
    few, many = (
        together(
            scored("real", answers(ability, n, np.random.default_rng(n))),
            scored("fake", answers(ability, 300, np.random.default_rng(0))),
        )
        for n in (30, 50)
    )
    assert all("only 30 real items" in one.warnings[-1] for one in few.scores.values())
    assert not any(one.warnings for one in many.scores.values())


def test_the_same_seed_gives_the_same_combined_scores() -> None:
    scores = study({"real": np.linspace(-1, 1, 6), "a": np.linspace(-1, 1, 6), "b": np.linspace(1, -1, 6)}, 60)
    both = compare(scores)
    one = compare(Scores(metric=ACCURACY, real=scores.real, synthetic=scores.synthetic[1:]))
    assert both.combined["b"] == one.combined["b"]
    assert both.combined["a"] != both.combined["b"]


@pytest.mark.parametrize("seed", [13, 26, 56, 68, 101])
def test_no_set_is_worth_fewer_items_than_none(seed: int) -> None:
    # Four solvers near the top, few items, and a set that orders them otherwise: both sets together err more.
    rng = np.random.default_rng(seed)
    ability, other = 1.5 + rng.normal(0, 1, (2, 4))
    found = together(scored("real", answers(ability, 8, rng)), scored("fake", answers(other, 60, rng)))
    for one in found.items.values():
        assert 0 < one.low <= one.value <= one.high
