"""Scores that adaptive tests predict: compared by the errors that come with them."""

from dataclasses import replace

import numpy as np
import pytest

from acidtest.compare.adaptive import (
    AdaptiveReport,
    Answered,
    adaptive_benchmark,
    bank_warnings,
    with_predictions,
)
from acidtest.compare.adaptive_json import dumps, read
from acidtest.compare.fidelity import compare
from acidtest.compare.pair import pair_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings, Thresholds
from acidtest.compare.told_noise import told_noise
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.metric import ACCURACY
from acidtest.types import BenchmarkScores, Kind, Predicted, Scores

SETTINGS = Settings(seed=1, level=0.95, thresholds=Thresholds(), models_vary=False)
MODELS = tuple(f"m{i:02}" for i in range(12))


def with_items(name: str, kind: Kind, x: FloatArray) -> BenchmarkScores:
    return BenchmarkScores(
        name=name,
        kind=kind,
        models=MODELS,
        observed=x.mean(axis=1),
        stats=x[..., None],
        items=tuple(f"{name}-{i}" for i in range(x.shape[1])),
    )


def answers(seed: int, n: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    ability, difficulty = np.linspace(-1.5, 1.5, 12), rng.normal(0, 1, n)
    chance = 1 / (1 + np.exp(difficulty - ability[:, None]))
    return (rng.random((12, n)) < chance).astype(float)


def told(one: BenchmarkScores, error: FloatArray, common: float, items: int) -> BenchmarkScores:
    about = Predicted(error=error, asked=np.full(12, 10.0), items=items, common=common)
    return replace(one, stats=None, items=(), predicted=about)


def test_told_noise_is_used_as_seen_noise_is() -> None:
    """The same variances, once seen in the items and once told, give the same draws to the last digit."""
    real, synthetic = with_items("real", "real", answers(0, 200)), with_items("made", "synthetic", answers(1, 150))
    seen, _ = pair_of(ScoredSet(real, ACCURACY), ScoredSet(synthetic, ACCURACY), SETTINGS)
    noise = seen.noise
    first = told(real, np.sqrt(noise.real), noise.common_real, 200)
    second = told(synthetic, np.sqrt(noise.synthetic), noise.common_synthetic, 150)
    found, _ = pair_of(ScoredSet(first, ACCURACY), ScoredSet(second, ACCURACY), SETTINGS)
    assert seen.posterior is not None
    assert found.posterior is not None
    np.testing.assert_allclose(found.posterior.real, seen.posterior.real, rtol=1e-12)
    np.testing.assert_allclose(found.posterior.synthetic, seen.posterior.synthetic, rtol=1e-12)
    assert found.n == seen.n == 150
    assert found.no_difference_p == pytest.approx(seen.no_difference_p)
    # One side told, the other seen.
    mixed, _ = pair_of(ScoredSet(first, ACCURACY), ScoredSet(synthetic, ACCURACY), SETTINGS)
    assert mixed.posterior is not None
    np.testing.assert_allclose(mixed.posterior.real, seen.posterior.real, rtol=1e-12)


def test_without_items_and_without_errors_nothing_is_told() -> None:
    kinds: tuple[Kind, ...] = ("real", "synthetic")
    bare = [replace(with_items(kind, kind, answers(2, 30)), stats=None, items=()) for kind in kinds]
    pair, _ = pair_of(ScoredSet(bare[0], ACCURACY), ScoredSet(bare[1], ACCURACY), SETTINGS)
    assert pair.told is None
    assert pair.posterior is None


def test_larger_errors_make_wider_intervals() -> None:
    real, synthetic = with_items("real", "real", answers(3, 300)), with_items("made", "synthetic", answers(4, 300))
    width = []
    for error in (0.01, 0.05):
        sets = [told(one, np.full(12, error), 1e-4, 300) for one in (real, synthetic)]
        report = compare(Scores(metric=ACCURACY, real=sets[0], synthetic=(sets[1],)))
        gap, score = report.fidelity["made"]["gap"], report.scores["real"]["m00"]
        width.append(score.high - score.low)
        assert "accuracy, predicted from 10 of 300 items" in score.method
        assert score.n == 10
        assert any("12 solvers answered 10 of 300 items" in text for text in report.warnings)
        assert not any("no verdict is possible" in text for text in report.warnings)
        assert np.isfinite(report.fidelity["made"]["mspd_excess"].value)
        assert "no items are known" in " ".join(report.fidelity["made"]["worth_score"].warnings)
        assert report.items == {"real": 300, "made": 300}
        # The mean difference of 12 solvers: both sides' own errors averaged, and the luck that all share
        assert gap.high - gap.low == pytest.approx(2 * 1.96 * np.sqrt(2 * (error**2 / 12 + 1e-4)), rel=0.15)
    assert width[1] > 3 * width[0]


def test_the_gap_of_predicted_scores_is_covered() -> None:
    """60 studies: real and synthetic true scores differ by .06 on average; the 95 % interval holds that in most."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        true = rng.uniform(0.3, 0.7, 12)
        made = true + 0.06 + rng.normal(0, 0.03, 12)
        sets = []
        for scores in (true, made):
            seen = scores + rng.normal(0, 0.04, 12) + rng.normal(0, 0.01)
            one = replace(with_items("set", "real", answers(0, 9)), observed=seen)
            sets.append(ScoredSet(told(one, np.full(12, 0.04), 1e-4, 400), ACCURACY))
        pair, _ = pair_of(sets[0], sets[1], SETTINGS)
        assert pair.posterior is not None
        low, high = np.quantile((pair.posterior.synthetic - pair.posterior.real).mean(axis=1), [0.025, 0.975])
        held += int(low <= (made - true).mean() <= high)
    assert 53 <= held <= 60  # 57 of 60 are due; 52 or fewer would come once in a hundred times


def test_two_sets_of_one_bank_have_its_calibration_together() -> None:
    """It moves both alike, so it cancels in the gap; beside a set that was answered in full it does not."""
    real, synthetic = with_items("real", "real", answers(3, 300)), with_items("made", "synthetic", answers(4, 300))
    plain = [told(one, np.full(12, 0.03), 1e-3, 300) for one in (real, synthetic)]
    rough = [replace(one, predicted=replace(one.predicted, calibration=9e-4)) for one in plain if one.predicted]
    widths = []
    for sets in (plain, rough, [rough[0], synthetic], [plain[0], synthetic]):
        found = told_noise(ScoredSet(sets[0], ACCURACY), ScoredSet(sets[1], ACCURACY), MODELS)
        assert found is not None
        assert found[0].common_shared == (9e-4 if sets is rough else 0.0)
        gap = compare(Scores(metric=ACCURACY, real=sets[0], synthetic=(sets[1],))).fidelity["made"]["gap"]
        widths.append(gap.high - gap.low)
    apart, together = (2 * 1.96 * np.sqrt(2 * (0.03**2 / 12 + common)) for common in (1e-3, 1e-4))
    assert widths[0] == pytest.approx(apart, rel=0.15)
    assert widths[1] == pytest.approx(together, rel=0.15)
    assert widths[2] == widths[3]


def _items() -> Items:
    return Items(discrimination=np.ones(30), difficulty=np.random.default_rng(5).normal(0, 1, 30), guess=np.zeros(30))


def _answered() -> Answered:
    scores = (np.random.default_rng(6).random((3, 30)) < 0.6).astype(float)
    scores[0, 8:] = np.nan
    scores[2] = np.nan
    return Answered(
        models=("a", "b", "c"),
        items=tuple(map(str, range(30))),
        scores=scores,
        failures=np.where(np.isfinite(scores), [[0.0], [1.0], [0.0]], np.nan),
        tested=(True, False, True),
        uncalibrated=2,
    )


def _report() -> AdaptiveReport:
    one = adaptive_benchmark(_answered(), _items(), metric="accuracy", level=0.9, calibrated_on=9)
    return AdaptiveReport(
        metric="accuracy",
        level=0.9,
        bank_model="2pl",
        bank_solvers=9,
        benchmarks={"real": one},
        warnings=bank_warnings(9, 6, [("real", 2)]),
    )


def test_what_was_found_is_written_and_read_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    report = _report()
    one = report.benchmarks["real"]
    assert set(one.solvers) == {"a", "b"}  # c answered nothing
    assert (one.solvers["a"].asked, one.solvers["a"].items) == (8, tuple(map(str, range(8))))
    assert (one.solvers["b"].asked, one.solvers["b"].items) == (30, ())
    assert (one.solvers["a"].failure_rate, one.solvers["b"].failure_rate) == (0.0, 1.0)
    assert report.saved == 30 + 2 - 8
    assert len(report.warnings) == 3
    assert 0 < one.calibration < one.common
    ability = one.solvers["a"].ability
    known = adaptive_benchmark(_answered(), _items(), metric="accuracy", level=0.9)
    assert known.calibration == 0
    wide, plain = ability.high - ability.low, known.solvers["a"].ability
    assert wide == pytest.approx(np.sqrt((1 + 1 / 9) * 8 / 6) * (plain.high - plain.low))
    assert "widened for 9 calibrating solvers" in ability.method
    assert "widened" not in plain.method
    path = tmp_path_factory.mktemp("adaptive") / "adaptive.json"
    path.write_bytes(dumps(report))
    assert read(path) == report


def test_only_benchmarks_with_tests_are_told() -> None:
    report = _report()
    real = replace(
        with_items("real", "real", answers(6, 20)),
        models=("a", "b"),
        observed=np.array([0.5, 0.6]),
        stats=None,
        items=(),
    )
    made = with_items("made", "synthetic", answers(7, 20))
    found = with_predictions(Scores(metric=ACCURACY, real=real, synthetic=(made,)), report)
    assert found.real.predicted is not None
    assert found.real.predicted.asked.tolist() == [8.0, 30.0]
    assert found.real.failure_rate().tolist() == [0.0, 1.0]
    assert found.synthetic[0] is made
    assert found.notes == report.warnings
