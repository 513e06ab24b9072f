"""Our statistics beside those of other libraries, on random studies: ties, missing scores, wide and narrow scales.

SciPy, scikit-learn, statsmodels, pandas, krippendorff and evalstats. choix fits strengths from wins (Bradley-Terry);
nothing here does, so there is nothing to compare.
"""

import tempfile
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import sklearn.metrics
import statsmodels.api as sm
from evalstats.core import resampling  # type: ignore[import-untyped] # it has no stubs
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from acidtest import compare_scores, read_scores
from acidtest.stats import order
from acidtest.stats.bootstrap import item_bootstrap
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import solver_interval
from acidtest.stats.metric import ACCURACY, MACRO_F1, SPAN_F1
from acidtest.stats.noise import pair_noise
from acidtest.types import BenchmarkScores, FidelityReport, Scores
from simulated import answers

BoolArray = NDArray[np.bool_]
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=25, deadline=None)


def of_items(real: FloatArray, synthetic: FloatArray, **options: Any) -> FidelityReport:
    """Compare two arrays [M, n] of scores; `same` items in both, `bundles` of them."""
    same, bundles = options.get("same", False), options.get("bundles", ())
    sets = [
        BenchmarkScores(
            name=name,
            kind="real" if name == "real" else "synthetic",
            models=tuple(f"m{i}" for i in range(len(scores))),
            observed=np.nanmean(scores, axis=1),
            stats=scores[..., None],
            items=tuple(f"{'' if same else name} {i}" for i in range(scores.shape[1])),
            bundles=tuple(f"{'' if same else name} {bundle}" for bundle in bundles),
        )
        for name, scores in (("real", real), ("synthetic", synthetic))
    ]
    return compare_scores(Scores(metric=ACCURACY, real=sets[0], synthetic=(sets[1],)))


# --- order: the whole way from a file to the report ---


@quick
@given(seed=seeds)
def test_reported_correlations_are_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    solvers, scale = int(rng.integers(5, 13)), 10.0 ** rng.integers(-6, 7)
    table = rng.normal(0, 1, (solvers, 3)).round(int(rng.integers(0, 3))) * scale  # rounded: ties
    table[rng.random(table.shape) < 0.15] = np.nan
    frame = pd.DataFrame(table, columns=["real", "one", "other"]).rename_axis("model")
    if frame.isna().all().any():
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.csv"
        frame.rename(index="m{}".format).to_csv(path)
        report = compare_scores(read_scores([path], real="real", percent=False))
    for name in ("one", "other"):
        both = frame[["real", name]].dropna()
        real, synthetic = both["real"].to_numpy(), both[name].to_numpy()
        of = report.fidelity[name]
        if len(both) < 2:
            continue
        np.testing.assert_allclose(of["gap"].value, (synthetic - real).mean(), rtol=1e-9, atol=1e-12 * scale)
        expected = sklearn.metrics.mean_squared_error(real, synthetic)
        np.testing.assert_allclose(of["mspd"].value, expected, rtol=1e-9)
        if np.ptp(real) == 0 or np.ptp(synthetic) == 0:
            assert np.isnan([of[name].value for name in ("srcc", "kendall_tau", "pearson")]).all()
            continue
        assert of["srcc"].value == pytest.approx(scipy.stats.spearmanr(real, synthetic).statistic, abs=1e-9)
        assert of["kendall_tau"].value == pytest.approx(scipy.stats.kendalltau(real, synthetic).statistic, abs=1e-9)
        assert of["pearson"].value == pytest.approx(np.corrcoef(real, synthetic)[0, 1], abs=1e-9)


@quick
@given(seed=seeds, solvers=st.integers(2, 40))
def test_agreement_is_somers_d_on_another_scale(seed: int, solvers: int) -> None:
    """Where no real scores tie, agreement = (1 + D) / 2: pairs alike less pairs opposed, over all pairs."""
    rng = np.random.default_rng(seed)
    real, synthetic = rng.permutation(solvers).astype(float), rng.integers(0, 6, solvers).astype(float)
    if np.ptp(synthetic) == 0:
        return
    expected = (1 + scipy.stats.somersd(real, synthetic).statistic) / 2
    assert order.pairwise_agreement(real, synthetic) == pytest.approx(expected, abs=1e-12)


@quick
@given(seed=seeds, solvers=st.integers(2, 40))
def test_spearman_is_krippendorffs_alpha_of_two_rankings(seed: int, solvers: int) -> None:
    """Two rankings without ties as two raters: 1 - alpha = (1 - srcc) (2 M - 1) / (2 M), from both definitions."""
    rng = np.random.default_rng(seed)
    rankings = np.stack([rng.permutation(solvers), rng.permutation(solvers)]) + 1.0
    alpha = krippendorff.alpha(reliability_data=rankings, level_of_measurement="ordinal")
    expected = 1 - (1 - alpha) * 2 * solvers / (2 * solvers - 1)
    assert order.srcc(*rankings) == pytest.approx(expected, abs=1e-12)


@quick
@given(seed=seeds, solvers=st.integers(4, 40), level=st.sampled_from([0.8, 0.95, 0.99]))
def test_interval_of_pearson_over_solvers_is_that_of_scipy(seed: int, solvers: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    real = rng.normal(size=solvers)
    synthetic = real + rng.normal(size=solvers)
    expected = scipy.stats.pearsonr(real, synthetic).confidence_interval(level)
    found = solver_interval(order.pearson, real, synthetic, rng, level)
    np.testing.assert_allclose(found, expected, atol=1e-9)


# --- level: intervals over items ---


@pytest.mark.parametrize("seed", range(3))
def test_interval_of_the_gap_is_that_of_welch_in_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1, 6)
    real, synthetic = answers(ability, 150, rng), answers(ability + 0.4, 90, rng)
    gap = of_items(real, synthetic).fidelity["synthetic"]["gap"]
    means = CompareMeans(DescrStatsW(synthetic.mean(axis=0)), DescrStatsW(real.mean(axis=0)))
    np.testing.assert_allclose((gap.low, gap.high), means.tconfint_diff(usevar="unequal"), atol=1e-9)
    assert gap.true == gap.value == pytest.approx(synthetic.mean() - real.mean(), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_interval_of_the_gap_on_the_same_items(seed: int) -> None:
    rng = np.random.default_rng(10 + seed)
    real = answers(rng.normal(0, 1, 5), 200, rng)
    synthetic = np.where(rng.random(real.shape) < 0.8, real, 1 - real)
    gap = of_items(real, synthetic, same=True).fidelity["synthetic"]["gap"]
    differences = (synthetic - real).mean(axis=0)
    np.testing.assert_allclose((gap.low, gap.high), DescrStatsW(differences).tconfint_mean(), atol=1e-9)
    np.testing.assert_allclose((gap.low, gap.high), resampling.t_interval_ci_1d(differences, 0.05), atol=1e-9)
    test = scipy.stats.ttest_rel(synthetic.mean(axis=0), real.mean(axis=0))
    np.testing.assert_allclose((gap.low, gap.high), test.confidence_interval(), atol=1e-9)


@pytest.mark.parametrize("same", [False, True])
def test_interval_of_the_gap_with_bundles_is_cluster_robust(same: bool) -> None:  # noqa: FBT001 - a case of the test
    """Items of one bundle err alike; ordinary least squares with clustered errors says how much wider it is."""
    rng = np.random.default_rng(20)
    bundle = rng.integers(0, 40, 160)
    luck = rng.normal(0, 1, (40, 1))[bundle, 0]
    real = (rng.normal(0, 1, (4, 160)) + luck > 0).astype(np.float64)
    other = rng.normal(0, 1, (40, 1))[bundle, 0]
    synthetic = (rng.normal(0.3, 1, (4, 160)) + (luck / 2 if same else other) > 0).astype(np.float64)
    gap = of_items(real, synthetic, same=same, bundles=bundle).fidelity["synthetic"]["gap"]
    means = [synthetic.mean(axis=0) - real.mean(axis=0)] if same else [real.mean(axis=0), synthetic.mean(axis=0)]
    ones, number = np.ones((160, 1)), len(np.unique(bundle))
    options = {"groups": bundle, "use_correction": False}
    fits = [sm.OLS(y, ones).fit(cov_type="cluster", cov_kwds=options) for y in means]
    variances = np.array([fit.bse[0] ** 2 * number / (number - 1) for fit in fits])  # the usual correction, by bundles
    freedom = variances.sum() ** 2 / (variances**2 / (number - 1)).sum()  # Welch
    half = scipy.stats.t.ppf(0.975, freedom) * np.sqrt(variances.sum())
    assert fits[-1].params[0] - (0 if same else fits[0].params[0]) == pytest.approx(gap.value, abs=1e-12)
    np.testing.assert_allclose((gap.low, gap.high), (gap.value - half, gap.value + half), atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_interval_of_a_score_is_that_of_the_logit(seed: int) -> None:
    """evalstats for scores between 0 and 1, statsmodels' logistic regression for 0 and 1.

    Ours adds half an item to both sides, and takes the normal quantile: the size of the rest is known.
    """
    rng = np.random.default_rng(30 + seed)
    n = 800
    right = answers(np.array([-2.0, 0.0, 1.5, 3.0]), n, rng)
    shares = rng.beta(4, 2, (4, n))
    for scores in (right, shares):
        found = of_items(scores, scores[:, ::-1]).scores["real"]
        alpha = 2 * scipy.stats.t.sf(scipy.stats.norm.ppf(0.975), n - 1)
        for m, values in enumerate(scores):
            expected = resampling.logit_t_ci_1d(values, float(alpha))
            np.testing.assert_allclose((found[f"m{m}"].low, found[f"m{m}"].high), expected, atol=1.5 / n)
    for m, values in enumerate(right):
        fit = sm.GLM(values, np.ones(n), family=sm.families.Binomial()).fit()
        expected = scipy.special.expit(fit.conf_int()[0])
        found = of_items(right, right[:, ::-1]).scores["real"]
        np.testing.assert_allclose((found[f"m{m}"].low, found[f"m{m}"].high), expected, atol=1.5 / n)


# --- noise ---


@pytest.mark.parametrize("solvers", [3, 7])
def test_noise_is_the_analysis_of_variance(solvers: int) -> None:
    """Solvers by items without interaction: own noise is the residual mean square, common noise what items add."""
    rng = np.random.default_rng(solvers)
    n = 60
    scores = rng.normal(0, 1, (solvers, 1)) + rng.normal(0, 1.5, n) + rng.normal(0, 1, (solvers, n))
    noise = pair_noise(scores, scores[:, ::-1], same_items=False)
    frame = pd.DataFrame(
        {
            "y": scores.ravel(),
            "solver": np.repeat(np.arange(solvers), n).astype(str),
            "item": np.tile(np.arange(n), solvers).astype(str),
        }
    )
    table = anova_lm(sm.formula.ols("y ~ C(solver) + C(item)", frame).fit())
    residual, items = table.loc["Residual", "mean_sq"], table.loc["C(item)", "mean_sq"]
    assert noise.real.mean() == pytest.approx(residual / n, rel=1e-9)
    assert noise.common_real == pytest.approx((items - residual) / solvers / n, rel=1e-9)


# --- metrics ---


@quick
@given(seed=seeds, n=st.integers(1, 60), k=st.integers(1, 6))
def test_f1_of_scikit_learn(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    gold, said = rng.integers(0, k, n), rng.integers(0, k + 1, n)  # class k is never gold
    is_gold, is_said = (x[:, None] == np.arange(k + 1) for x in (gold, said))
    tp, fp, fn = (part.sum(axis=0).astype(np.float64) for part in _confusion(is_gold, is_said))
    assert MACRO_F1.finish is not None
    assert SPAN_F1.finish is not None
    macro = MACRO_F1.finish(np.stack([tp, fp, fn], axis=-1).ravel(), np.asarray(float(n)))
    labels = np.unique(gold)
    expected = sklearn.metrics.f1_score(gold, said, labels=labels, average="macro", zero_division=0)
    assert macro == pytest.approx(expected, abs=1e-12)
    micro = SPAN_F1.finish(np.array([part[:k].sum() for part in (tp, fp, fn)]), np.asarray(float(n)))
    expected = sklearn.metrics.f1_score(gold, said, labels=np.arange(k), average="micro", zero_division=0)
    assert micro == pytest.approx(expected, abs=1e-12)


def test_error_of_macro_f1_is_that_of_scipys_bootstrap() -> None:
    """Bootstraps of 700 and 3,000 resamples: their errors are 2.7 % and 1.3 % uncertain."""
    rng = np.random.default_rng(7)
    gold = rng.integers(0, 3, 80)
    said = np.where(rng.random(80) < 0.7, gold, rng.integers(0, 3, 80))
    stats = np.stack(_confusion(*(x[:, None] == np.arange(3) for x in (gold, said))), axis=-1).astype(np.float64)
    stats = stats.reshape(1, 80, 9)

    def macro(gold: FloatArray, said: FloatArray) -> float:
        return float(sklearn.metrics.f1_score(gold, said, labels=np.unique(gold), average="macro", zero_division=0))

    theirs = scipy.stats.bootstrap((gold, said), macro, paired=True, vectorized=False, n_resamples=700, rng=rng)
    ours = item_bootstrap(stats, MACRO_F1, rng, 3000)[:, 0]
    assert np.std(ours, ddof=1) == pytest.approx(theirs.standard_error, rel=0.1)
    low, high = theirs.confidence_interval
    assert low <= np.mean(ours) <= high


def _confusion(is_gold: BoolArray, is_said: BoolArray) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Return (tp, fp, fn) of items by classes."""
    return is_gold & is_said, ~is_gold & is_said, is_gold & ~is_said


# --- reading ---


@quick
@given(seed=seeds)
def test_repeats_missing_cells_and_weights_are_averaged_as_by_pandas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        (name, f"m{m}", f"{name}{i}", epoch, round(rng.random(), 2), weight)
        for name in ("real", "synthetic")
        for i, weight in enumerate(rng.integers(1, 5, 12).tolist())
        for m in range(3)
        for epoch in range(int(rng.integers(1, 4)))
        if rng.random() < 0.8
    ]
    frame = pd.DataFrame(rows, columns=["benchmark", "model", "item", "epoch", "score", "weight"])
    by_item = frame.groupby(["benchmark", "model", "item"])[["score", "weight"]].mean()
    expected = by_item.groupby(["benchmark", "model"]).apply(lambda x: np.average(x["score"], weights=x["weight"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        frame.sample(frac=1, random_state=seed).to_csv(path, index=False)
        scores = read_scores([path], real="real")
    for one in (scores.real, *scores.synthetic):
        for model, value in zip(one.models, one.observed, strict=True):
            assert value == pytest.approx(expected[one.name, model], abs=1e-12)
