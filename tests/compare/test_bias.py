"""Bias factors and ensembles of studies whose generators are solvers, too."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from acidtest.compare.fidelity import STATISTICS, compare
from acidtest.stats.metric import ACCURACY
from acidtest.types import BenchmarkScores, FidelityReport, Scores
from simulated import answers, scored, study

ABILITY = np.random.default_rng(11).normal(0, 0.7, 8)


def favoured(solver: int, by: float) -> np.ndarray:
    ability = ABILITY.copy()
    ability[solver] += by
    return ability


@pytest.fixture(scope="module")
def report() -> FidelityReport:
    """Four sets; m0 alone favours its own data."""
    sets = {"real": ABILITY, "by0": favoured(0, 1.5), "by1": ABILITY, "by2": ABILITY, "by3": ABILITY}
    return compare(study(sets, 400, generators=4))


def test_the_biased_generator_is_found(report: FidelityReport) -> None:
    assert list(report.bias_factor) == ["m0", "m1", "m2", "m3"]
    biased = report.bias_factor["m0"]
    assert biased.band_low > 0
    assert biased.own_excess.low > 0
    assert biased.band_low <= biased.estimate.low
    assert biased.estimate.high <= biased.band_high
    assert biased.p == pytest.approx(1 / 8)  # the smallest that eight solvers can show
    for generator in ("m1", "m2", "m3"):
        fair = report.bias_factor[generator]
        assert fair.own_excess.low < 0 < fair.own_excess.high
        assert fair.band_low < 0 < fair.band_high
    assert biased.ratio is not None
    assert biased.ratio.low > 0
    assert biased.family is None
    assert any("cannot fall below .05" in text for text in biased.estimate.warnings)


def test_the_value_is_the_plain_formula(report: FidelityReport) -> None:
    p = np.array([[report.scores[f"by{d}"][f"m{m}"].value for m in range(8)] for d in range(4)])
    centred = p - p.mean(axis=1, keepdims=True)
    for g in range(4):
        others = [centred[d, g] for d in range(4) if d != g]
        assert report.bias_factor[f"m{g}"].estimate.value == pytest.approx(centred[g, g] - np.mean(others), abs=1e-12)


def test_sets_of_one_generator_share_a_key() -> None:
    scores = study({"real": ABILITY, "a": favoured(0, 1.5), "b": favoured(0, 1.5), "c": ABILITY}, 300)
    sets = [replace(one, generator=g) for one, g in zip(scores.synthetic, ("m0", "m0", "m1"), strict=True)]
    found = compare(replace(scores, synthetic=tuple(sets)))
    assert list(found.bias_factor) == ["m0", "m1"]
    assert found.bias_factor["m0"].estimate.low > 0
    assert found.generators == {"a": "m0", "b": "m0", "c": "m1"}


def test_a_generator_that_is_no_solver_and_a_single_generator_are_undefined_and_said() -> None:
    scores = study({"real": ABILITY, "a": ABILITY, "b": ABILITY}, 100)
    strangers = [replace(one, generator=g) for one, g in zip(scores.synthetic, ("gpt", "m1"), strict=True)]
    found = compare(replace(scores, synthetic=tuple(strangers)))
    assert np.isnan(found.bias_factor["gpt"].estimate.value)
    assert any("'gpt' is no solver" in text for text in found.bias_factor["gpt"].estimate.warnings)
    assert np.isfinite(found.bias_factor["m1"].estimate.value)
    one = compare(replace(scores, synthetic=(strangers[1],)))
    assert np.isnan(one.bias_factor["m1"].estimate.value)
    assert any("only one generator" in text for text in one.bias_factor["m1"].estimate.warnings)
    assert compare(scores).bias_factor == {}


def test_families_get_their_own_factor() -> None:
    ability = favoured(0, 1.2)
    ability[4] += 1.2
    scores = study({"real": ABILITY, "by0": ability, "by1": ABILITY, "by2": ABILITY}, 400, generators=3)
    found = compare(replace(scores, families={"m0": "llama", "m4": "llama"}))
    family = found.bias_factor["m0"].family
    assert family is not None
    assert family.low > 0
    assert found.bias_factor["m1"].family is not None


def test_ensembles_hold_every_rule_and_statistic(report: FidelityReport) -> None:
    rules = ["equal", "leave_own_out", "silencer", "silencer_leave_own_out", "worth_weighted"]
    assert list(report.ensemble) == [*rules, "worth_weighted_leave_own_out"]
    for rule, of in report.ensemble.items():
        assert list(of) == list(STATISTICS)
        assert all(np.isfinite(e.value) and e.low <= e.high for e in of.values()), rule
        told = any("same real scores" in text for text in of["srcc"].warnings)
        assert told == ("worth" in rule)
    p = np.array([[report.scores[f"by{d}"][f"m{m}"].value for m in range(8)] for d in range(4)])
    real = np.array([report.scores["real"][f"m{m}"].value for m in range(8)])
    assert report.ensemble["equal"]["gap"].value == pytest.approx((p.mean(axis=0) - real).mean(), abs=1e-12)


def test_leaving_the_own_set_out_takes_the_bias_away(report: FidelityReport) -> None:
    """Only m0 is biased: with its own set left out the ensemble's level comes nearer to the real one."""
    own, left_out = (report.ensemble[rule]["mspd_excess"].value for rule in ("equal", "leave_own_out"))
    assert left_out < own


def test_an_ensemble_is_less_noisy_than_its_sets(report: FidelityReport) -> None:
    one, all_four = report.fidelity["by1"]["gap"], report.ensemble["equal"]["gap"]
    assert all_four.high - all_four.low < one.high - one.low
    assert report.ensemble["equal"]["srcc_ceiling"].value > report.fidelity["by1"]["srcc_ceiling"].value


def same_items(name: str, right: np.ndarray, rng: np.random.Generator, generator: str) -> BenchmarkScores:
    again = np.where(rng.random(right.shape) < 0.05, 1 - right, right)
    return scored(name, again, prefix="i", generator=generator)


def test_variants_of_the_real_items_are_no_independent_evidence() -> None:
    """Four light edits of the same items: their mean is no better known than one of them, gap to the real set apart."""
    rng = np.random.default_rng(5)
    right = answers(ABILITY, 200, rng)
    sets = tuple(same_items(f"v{i}", right, rng, f"m{i}") for i in range(4))
    found = compare(Scores(metric=ACCURACY, real=scored("real", right, prefix="i"), synthetic=sets))
    width = found.ensemble["equal"]["gap"].high - found.ensemble["equal"]["gap"].low
    assert width < found.fidelity["v0"]["gap"].high - found.fidelity["v0"]["gap"].low
    mean = np.mean([s.stats[..., 0] for s in sets if s.stats is not None], axis=0)
    se = (mean - right).mean(axis=0).std(ddof=1) / np.sqrt(200)  # the definition, items in pairs
    assert width == pytest.approx(2 * stats.t.ppf(0.975, 199) * se, rel=1e-6)


def test_one_synthetic_set_is_no_ensemble() -> None:
    assert compare(study({"real": ABILITY, "fake": ABILITY}, 50)).ensemble == {}
