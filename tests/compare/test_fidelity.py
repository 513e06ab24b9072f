"""Studies whose truth is known, and what must hold for every statistic: complete, repeatable, independent of others."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from acidtest import registry
from acidtest.compare.contract import as_json, dumps
from acidtest.compare.fidelity import STATISTICS, compare
from acidtest.compare.pair import Pair
from acidtest.errors import AcidtestError
from acidtest.stats.estimate import Estimate
from acidtest.stats.metric import ACCURACY, Metric, finish_mean
from acidtest.types import FidelityReport, Scores
from doc_pages import load_example
from simulated import answers, scored, study

ABILITY = np.random.default_rng(3).normal(0, 1, 20)
TRUTHS = {
    "real": ABILITY,
    "perfect": ABILITY,
    "shifted": ABILITY + 1,
    "reordered": np.random.default_rng(4).permutation(ABILITY),
}
DESIGN = (
    "gap mspd mspd_excess srcc kendall_tau pearson pairwise_agreement top1_agreement regret_at_1 srcc_ceiling "
    "pairwise_ceiling worth_score worth_rank"
)
"""The names that users rely on."""


@pytest.fixture(scope="module")
def report() -> FidelityReport:
    return compare(study(TRUTHS, 400))


@pytest.fixture
def own_statistic(tmp_path: Path) -> Iterator[str]:
    """The example of docs/statistics.md, as a user would load it."""
    load_example("statistics.md", tmp_path)
    yield "largest_gap"
    del registry._registered["statistic", "largest_gap"]


def test_every_statistic_of_the_contract_is_there(report: FidelityReport) -> None:
    assert list(STATISTICS) == DESIGN.split()
    assert set(registry.names("statistic")) == set(STATISTICS)
    for name, of in report.fidelity.items():
        assert list(of) == list(STATISTICS), name
    for name in STATISTICS:
        assert (registry.get("statistic", name).__doc__ or "").strip(), name


def test_values_are_the_published_formulas(report: FidelityReport) -> None:
    scores = study(TRUTHS, 400)
    for synthetic in scores.synthetic:
        x, y, of = scores.real.observed, synthetic.observed, report.fidelity[synthetic.name]
        assert of["gap"].value == pytest.approx(np.mean(y - x), abs=1e-12)
        assert of["mspd"].value == pytest.approx(np.mean((y - x) ** 2), abs=1e-12)
        assert of["srcc"].value == pytest.approx(scipy_stats.spearmanr(x, y).statistic, abs=1e-12)
        assert of["kendall_tau"].value == pytest.approx(scipy_stats.kendalltau(x, y).statistic, abs=1e-12)
        assert of["pearson"].value == pytest.approx(scipy_stats.pearsonr(x, y).statistic, abs=1e-12)
        assert of["regret_at_1"].value == pytest.approx(x.max() - x[np.argmax(y)], abs=1e-12)
        var = [np.var(s.stats[..., 0], axis=1, ddof=1) / 400 for s in (scores.real, synthetic) if s.stats is not None]
        floor = np.mean(var[0] + var[1])
        assert of["mspd_excess"].value == pytest.approx(np.mean((y - x) ** 2) - floor, abs=1e-12)


def test_a_perfect_stand_in_is_never_refused(report: FidelityReport) -> None:
    assert {use: v.decision for use, v in report.verdict["perfect"].items() if v.decision == "NO-GO"} == {}
    assert not report.order_test["perfect"].rejects
    assert report.fidelity["perfect"]["srcc"].high == 1.0
    assert report.fidelity["perfect"]["gap"].low < 0 < report.fidelity["perfect"]["gap"].high


def test_a_shift_spoils_the_numbers_and_not_the_order(report: FidelityReport) -> None:
    assert report.verdict["shifted"]["score"].decision == "NO-GO"
    assert report.verdict["shifted"]["rank"].decision != "NO-GO"
    assert report.fidelity["shifted"]["gap"].low > 0.1
    perfect, shifted = (report.fidelity[name] for name in ("perfect", "shifted"))
    assert shifted["worth_score"].high < perfect["worth_score"].low


def test_a_reordered_set_is_refused_for_ranking(report: FidelityReport) -> None:
    verdict = report.verdict["reordered"]
    assert verdict["rank"].decision == "NO-GO"
    assert "no common order" in verdict["rank"].because
    assert report.order_test["reordered"].rejects
    assert report.fidelity["reordered"]["srcc"].high < 0.6


def test_every_open_verdict_says_what_would_settle_it() -> None:
    found = compare(study({"real": ABILITY, "fake": ABILITY + 0.25}, 60))
    open_ones = [v for v in found.verdict["fake"].values() if v.decision == "INCONCLUSIVE"]
    assert open_ones
    assert all(v.settle and v.because for v in open_ones)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_draws(report: FidelityReport) -> None:
    assert dumps(compare(study(TRUTHS, 400))) == dumps(report)
    other = compare(study(TRUTHS, 400), seed=1)
    assert other.fidelity["perfect"]["srcc"].low != report.fidelity["perfect"]["srcc"].low
    assert other.fidelity["perfect"]["srcc"].value == report.fidelity["perfect"]["srcc"].value


def test_adding_a_statistic_changes_no_other_number(report: FidelityReport, own_statistic: str) -> None:
    with_own = as_json(compare(study(TRUTHS, 400)))
    for part in ("fidelity", "ensemble"):
        for of in with_own[part].values():  # type: ignore[attr-defined]  # plain JSON
            assert next(reversed(of)) == own_statistic
            assert of.pop(own_statistic)["low"] is not None
    assert with_own == as_json(report)


def test_adding_a_benchmark_changes_no_number_of_another(report: FidelityReport) -> None:
    scores = study(TRUTHS, 400)
    fewer = compare(replace(scores, synthetic=scores.synthetic[:1]))
    assert as_json(fewer)["fidelity"]["perfect"] == as_json(report)["fidelity"]["perfect"]  # type: ignore[index]


def test_a_statistic_that_returns_no_estimate_is_named() -> None:
    registry.register("statistic", "bare")(lambda _: 0.5)
    try:
        with pytest.raises(AcidtestError, match="'bare' returned float"):
            compare(study({"real": ABILITY, "fake": ABILITY}, 50))
    finally:
        del registry._registered["statistic", "bare"]


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(AcidtestError, match="level is"):
        compare(study({"real": ABILITY, "fake": ABILITY}, 50), level=level)


def test_intervals_widen_with_the_level(report: FidelityReport) -> None:
    wide = compare(study(TRUTHS, 400), level=0.99)
    for statistic in STATISTICS:
        narrow_one, wide_one = report.fidelity["shifted"][statistic], wide.fidelity["shifted"][statistic]
        assert wide_one.low <= narrow_one.low, statistic
        assert wide_one.high >= narrow_one.high, statistic


def test_models_stand_best_first(report: FidelityReport) -> None:
    seen = [report.scores["real"][model].value for model in report.models]
    assert all(one >= next_one for one, next_one in pairwise(seen))
    assert len(seen) == 20


def turned(scores: Scores) -> Scores:
    """Return error rates in place of accuracies."""
    metric = Metric(name="error_rate", finish=finish_mean, is_mean=True, higher_is_better=False)
    sets = [
        replace(one, observed=1 - one.observed, stats=1 - one.stats)
        for one in (scores.real, *scores.synthetic)
        if one.stats is not None
    ]
    return Scores(metric=metric, real=sets[0], synthetic=tuple(sets[1:]))


def test_error_rates_say_the_same_as_accuracies(report: FidelityReport) -> None:
    found = compare(turned(study(TRUTHS, 400)))
    assert found.models == report.models
    for name, of in report.fidelity.items():
        for statistic, estimate in of.items():
            other = found.fidelity[name][statistic]
            plain = not {"worth", "ceiling"} & set(statistic.split("_"))
            drawn = {"rel": 0.1, "abs": 0.04}  # draws are not mirrored with the scores: two samples of 2,000
            close = {"abs": 1e-9} if plain else drawn
            assert other.value == pytest.approx(estimate.value, **close, nan_ok=True), statistic
            assert other.low == pytest.approx(estimate.low, **drawn, nan_ok=True), statistic
    assert found.scores["real"]["m0"].value == pytest.approx(1 - report.scores["real"]["m0"].value)


def test_without_items_there_are_values_and_no_verdict() -> None:
    scores = study(TRUTHS, 400)
    bare = [replace(one, stats=None, items=()) for one in (scores.real, *scores.synthetic)]
    found = compare(Scores(metric=ACCURACY, real=bare[0], synthetic=tuple(bare[1:])))
    with_items = compare(scores)
    assert any("No items are known" in text for text in found.warnings)
    assert found.order_test == {}
    assert found.items == dict.fromkeys(TRUTHS, 0)
    for name, of in found.fidelity.items():
        for statistic, estimate in of.items():
            assert estimate.n == 20
            assert any("no items" in text for text in estimate.warnings), statistic
            if "ceiling" in statistic or "worth" in statistic or statistic == "mspd_excess":
                assert np.isnan(estimate.value), statistic
            else:
                assert estimate.value == pytest.approx(with_items.fidelity[name][statistic].value), statistic
                assert np.isfinite(estimate.low), statistic
        assert {v.decision for v in found.verdict[name].values()} == {"INCONCLUSIVE"}
        assert all("item" in v.settle for v in found.verdict[name].values())


@pytest.mark.parametrize("solvers", [1, 2, 3, 4])
def test_few_solvers_always_bring_a_warning_and_never_an_error(solvers: int) -> None:
    found = compare(study({"real": ABILITY[:solvers], "fake": ABILITY[:solvers] + 2}, 100))
    assert any("solvers answered both sets" in text or "solver answered" in text for text in found.warnings)
    for statistic, estimate in found.fidelity["fake"].items():
        assert any("only" in text for text in estimate.warnings), statistic
    assert found.verdict["fake"]["score"].decision == "NO-GO"  # a shift of 2 logits needs no crowd to be seen


def test_equal_scores_everywhere_leave_the_order_undefined() -> None:
    right = np.ones((6, 50))
    found = compare(Scores(metric=ACCURACY, real=scored("real", right), synthetic=(scored("fake", right),)))
    assert np.isnan(found.fidelity["fake"]["srcc"].value)
    assert found.fidelity["fake"]["gap"].value == 0
    assert found.verdict["fake"]["rank"].decision != "NO-GO"


def test_no_common_solver_says_so() -> None:
    rng = np.random.default_rng(0)
    real = scored("real", answers(ABILITY[:3], 50, rng), models=("a", "b", "c"))
    fake = scored("fake", answers(ABILITY[:2], 50, rng), models=("d", "e"))
    found = compare(Scores(metric=ACCURACY, real=real, synthetic=(fake,)))
    assert set(found.left_out["fake"]) == {"a", "b", "c", "d", "e"}
    assert np.isnan(found.fidelity["fake"]["srcc"].value)
    assert {v.decision for v in found.verdict["fake"].values()} == {"INCONCLUSIVE"}
    assert {v.because for v in found.verdict["fake"].values()} == {"No solver answered both sets."}


def test_a_pair_gives_users_what_a_statistic_needs() -> None:
    def half(pair: Pair) -> Estimate:
        return pair.estimate("half", lambda real, synthetic: (real + synthetic).mean(axis=-1) / 2)

    registry.register("statistic", "half")(half)
    try:
        found = compare(study({"real": ABILITY, "fake": ABILITY}, 100)).fidelity["fake"]["half"]
    finally:
        del registry._registered["statistic", "half"]
    assert found.low < found.true < found.high
