"""Which solvers and items are put side by side, and what noise they carry."""

from dataclasses import replace

import numpy as np
import pytest

from acidtest.compare.fidelity import compare
from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.stats.bootstrap import item_bootstrap
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import ACCURACY, SPAN_F1
from acidtest.types import BenchmarkScores, Scores
from simulated import answers, scored, study

ABILITY = np.random.default_rng(7).normal(0, 1, 8)


def pair(real: BenchmarkScores, synthetic: BenchmarkScores) -> Pair:
    return pair_of(ScoredSet(real, ACCURACY), ScoredSet(synthetic, ACCURACY), Settings())[0]


def shuffled(one: BenchmarkScores, rows: list[int], columns: list[int]) -> BenchmarkScores:
    assert one.stats is not None
    return replace(
        one,
        models=tuple(one.models[r] for r in rows),
        observed=one.observed[rows],
        stats=one.stats[rows][:, columns],
        items=tuple(one.items[c] for c in columns),
    )


def test_the_order_of_solvers_and_items_in_a_file_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    right = answers(ABILITY, 60, rng)
    again = np.where(rng.random(right.shape) < 0.1, 1 - right, right)
    real, fake = scored("real", right, prefix="i"), scored("fake", again, prefix="i")
    mixed = shuffled(fake, rng.permutation(8).tolist(), rng.permutation(60).tolist())
    one, other = pair(real, fake), pair(real, mixed)
    assert one.models == other.models
    np.testing.assert_array_equal(one.synthetic, other.synthetic)
    np.testing.assert_array_equal(one.parts[0].linear, other.parts[0].linear)
    assert one.parts[0].same_items
    assert one.noise.shared.min() > 0  # both answers to an item share its luck


def test_the_same_items_narrow_the_gap() -> None:
    rng = np.random.default_rng(0)
    right = answers(ABILITY, 200, rng)
    again = np.where(rng.random(right.shape) < 0.05, 1 - right, right)
    real = scored("real", right, prefix="i")
    sets = (scored("same", again, prefix="i"), scored("apart", again, prefix="j"))
    found = compare(Scores(metric=ACCURACY, real=real, synthetic=sets)).fidelity
    same, apart = found["same"], found["apart"]
    assert same["gap"].value == apart["gap"].value
    assert same["gap"].high - same["gap"].low < 0.5 * (apart["gap"].high - apart["gap"].low)
    # The definition: variance over items of each solver's difference, / n, mean over solvers.
    floor = (again - right).var(axis=1, ddof=1).mean() / 200
    assert same["mspd_excess"].value == pytest.approx(same["mspd"].value - floor, abs=1e-12)


def test_partly_the_same_items_are_paired() -> None:
    """Var(a) / n_a + Var(b) / n_b - 2 Cov k / (n_a n_b) with k common items; 30 of 60 and 90 here, columns shuffled."""
    rng = np.random.default_rng(0)
    real = answers(ABILITY, 60, rng)
    again = np.where(rng.random((8, 30)) < 0.1, 1 - real[:, 30:], real[:, 30:])
    right = np.concatenate([again, answers(ABILITY, 60, rng)], axis=1)
    mixed = rng.permutation(90)
    fake = replace(scored("fake", right[:, mixed]), items=tuple(f"i-{i + 30}" for i in mixed))
    found = compare(Scores(metric=ACCURACY, real=scored("real", real, prefix="i"), synthetic=(fake,)))
    estimate = found.fidelity["fake"]["gap"]
    one, other = real.mean(axis=0), right.mean(axis=0)
    shared = np.cov(one[30:], other[:30])[0, 1]
    variance = one.var(ddof=1) / 60 + other.var(ddof=1) / 90 - 2 * shared * 30 / (60 * 90)
    # The tool divides by the items of both sets together where the definition has each by its own: a few per cent.
    assert estimate.high - estimate.low == pytest.approx(2 * 1.98 * np.sqrt(variance), rel=0.05)
    assert not any("stand in" in text for text in found.warnings)


def bundled(name: str, right: FloatArray) -> BenchmarkScores:
    """Return items repeated in pairs, each pair a bundle."""
    twice = scored(name, np.repeat(right, 2, axis=1))
    return replace(twice, bundles=tuple(f"b{i // 2}" for i in range(2 * right.shape[1])))


def test_bundles_count_once() -> None:
    """Repeating every item in a bundle adds no information: the noise must stay that of the single items."""
    rng = np.random.default_rng(1)
    real, fake = answers(ABILITY, 100, rng), answers(ABILITY, 100, rng)
    once = pair(scored("real", real), scored("fake", fake))
    twice = pair(bundled("real", real), bundled("fake", fake))
    np.testing.assert_allclose(twice.noise.real, once.noise.real, rtol=1e-9)
    np.testing.assert_allclose(twice.plain_noise, once.plain_noise, rtol=1e-9)


def test_items_without_a_bundle_are_bundles_of_their_own() -> None:
    one = bundled("real", answers(ABILITY, 50, np.random.default_rng(1)))
    loose = replace(one, bundles=("",) * 2 + one.bundles[2:])
    assert len(ScoredSet(loose, ACCURACY).columns) == 51


def test_left_out_solvers_are_named_with_the_reason() -> None:
    rng = np.random.default_rng(0)
    right = answers(ABILITY, 40, rng)
    hole = right.copy()
    hole[3, 1:] = np.nan
    real = scored("real", right)
    fake = replace(scored("fake", hole[:6]), observed=np.nanmean(hole[:6], axis=1))
    scores = Scores(
        metric=ACCURACY,
        real=real,
        synthetic=(fake,),
        not_compared={"fake": {"m7": "every item failed: timeout"}},
    )
    found = compare(scores)
    assert found.left_out["fake"] == {
        "m3": "fewer than 2 items scored on 'fake'",
        "m6": "no score on 'fake'",
        "m7": "'fake': every item failed: timeout",
    }
    assert "m3" in found.scores["fake"]


def test_a_metric_that_is_undefined_for_a_solver_leaves_it_out() -> None:
    scores = study({"real": ABILITY, "fake": ABILITY}, 50)
    odd = scores.real.observed.copy()
    odd[2] = np.nan
    found = compare(replace(scores, real=replace(scores.real, observed=odd)))
    assert found.left_out["fake"] == {"m2": "its accuracy on 'real' is undefined"}
    assert found.models[-1] == "m2"


def test_missing_cells_are_said_and_never_zero() -> None:
    scores = study({"real": ABILITY, "fake": ABILITY}, 80)
    assert scores.real.stats is not None
    holes = scores.real.stats.copy()
    holes[4, :20] = np.nan
    real = replace(scores.real, stats=holes, observed=np.nanmean(holes[..., 0], axis=1))
    found = compare(replace(scores, real=real))
    assert any("'m4', 20 of 80" in text for text in found.warnings)
    assert found.scores["real"]["m4"].value == pytest.approx(np.nanmean(holes[4]))
    assert all(np.isfinite(e.value) for e in found.fidelity["fake"].values())


def test_unreadable_answers_that_decide_the_ranking_are_said() -> None:
    rng = np.random.default_rng(0)
    scores = study({"real": ABILITY, "fake": ABILITY}, 100)
    assert scores.real.stats is not None
    best = int(np.argmax(scores.real.observed))
    failures = np.zeros((8, 100))
    failures[best, :60] = 1
    stats = scores.real.stats.copy()
    stats[best, :60] = 0
    real = replace(scores.real, stats=stats, observed=stats[..., 0].mean(axis=1), failures=failures)
    found = compare(replace(scores, real=real))
    assert any(f"'m{best}' (60% unreadable)" in text or f"'m{best}' (60%)" in text for text in found.warnings)
    assert found.failure_rate["real"][f"m{best}"] == pytest.approx(0.6)
    even = replace(scores.real, failures=(rng.random((8, 100)) < 0.02).astype(float))
    assert not any("unreadable" in text for text in compare(replace(scores, real=even)).warnings)


def test_families_are_said() -> None:
    scores = replace(study({"real": ABILITY, "fake": ABILITY}, 50), families={"m0": "llama", "m1": "llama", "m2": "x"})
    assert any("one family (llama)" in text for text in compare(scores).warnings)


def test_a_ratio_metric_takes_the_jackknife() -> None:
    rng = np.random.default_rng(2)
    sets = []
    for name in ("real", "fake"):
        tp = rng.binomial(3, 1 / (1 + np.exp(-ABILITY)), (120, 8)).T.astype(float)
        stats = np.stack([tp, 3 - tp, rng.binomial(1, 0.3, tp.shape).astype(float)], axis=-1)
        total = stats.sum(axis=1)
        f1 = 2 * total[:, 0] / (2 * total[:, 0] + total[:, 1] + total[:, 2])
        sets.append(replace(scored(name, tp), stats=stats, observed=f1))
    found = compare(Scores(metric=SPAN_F1, real=sets[0], synthetic=(sets[1],)))
    assert found.metric == "span_f1"
    assert all(np.isfinite(e.low) for e in found.fidelity["fake"].values())
    # The same noise by another way: resampled items, the metric computed anew each time.
    draws = [item_bootstrap(one.stats, SPAN_F1, rng, 2000) for one in sets if one.stats is not None]
    spread = (draws[1] - draws[0]).mean(axis=1).std()
    half = (found.fidelity["fake"]["gap"].high - found.fidelity["fake"]["gap"].low) / 2
    assert half == pytest.approx(1.959964 * spread, rel=0.06)


def test_intervals_of_scores_hold_the_seen_score_and_stay_in_range() -> None:
    right = np.stack([np.ones(30), np.zeros(30), np.r_[np.ones(15), np.zeros(15)]])
    found = compare(Scores(metric=ACCURACY, real=scored("real", right), synthetic=(scored("fake", right),)))
    for estimate in found.scores["real"].values():
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
        assert estimate.high - estimate.low > 0.01
    middle = found.scores["real"]["m2"]
    # Wilson's interval for 15 of 30 is [.332, .668].
    assert [middle.low, middle.high] == pytest.approx([0.332, 0.668], abs=0.01)
