"""Bias: published figures, known leaks, exactness of the excess, its intervals' coverage."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.stats import bias
from acidtest.stats.bias import (
    bias_bootstrap,
    bias_factor,
    family_bias,
    own_excess,
    percentile_interval,
    permutation_test,
    resampled_sets,
    silencer_ratio,
    simultaneous_band,
)
from acidtest.stats.estimate import FloatArray


def world(seed: int, n_sets: int, solvers: int, own_bias: list[float]) -> FloatArray:
    """Set + solver + own bias, no noise; set g is written by solver g."""
    rng = np.random.default_rng(seed)
    p = rng.random((n_sets, 1)) + rng.random(solvers)
    p[np.arange(n_sets), np.arange(n_sets)] += own_bias
    return p


def politics(real_data: Path) -> tuple[FloatArray, FloatArray, np.ndarray, list[str], dict[str, float]]:
    data = json.loads((real_data / "sg4nlp_crossner_politics_enttype_k5" / "scores.json").read_text("utf-8"))
    solvers = list(data["scores"]["original"])
    p = np.array([[data["scores"][name][m] for m in solvers] for name in data["generators"]])
    own = np.array([solvers.index(model) for model in data["generators"].values()])
    real = np.array([data["scores"]["original"][m] for m in solvers])
    return real, p, own, list(data["generators"].values()), data["bias_factor_recomputed"]


def test_published_bias_factors(real_data: Path) -> None:
    # Recomputed from the printed scores of arXiv 2409.11968's repository; the data's README gives the formula.
    _, p, own, models, expected = politics(real_data)
    for value, model in zip(bias_factor(p, own), models, strict=True):
        assert round(float(value), 6) == expected[model]


def test_it_leaks_as_the_design_says() -> None:
    alone_of_three = world(40, 3, 3, [0.2, 0, 0])
    np.testing.assert_allclose(bias_factor(alone_of_three, np.arange(3)), [2 / 15, 1 / 30, 1 / 30], atol=1e-12)
    for who in ([0.2, 0.0], [0.0, 0.2]):
        np.testing.assert_allclose(bias_factor(world(41, 2, 2, who), np.arange(2)), [0.1, 0.1], atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n_sets=st.integers(2, 5), more=st.integers(0, 3))
def test_excess_is_exact(seed: int, n_sets: int, more: int) -> None:
    own_bias = np.random.default_rng(seed).normal(0, 0.3, n_sets)
    solvers = n_sets + more
    found = own_excess(world(seed, n_sets, solvers, own_bias.tolist()), np.arange(n_sets))
    if n_sets == 2 and solvers == 2:
        assert np.isnan(found).all()
    else:
        np.testing.assert_allclose(found, own_bias, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_level_of_sets_and_solvers_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, own = rng.random((4, 6)), rng.permutation(6)[:4]
    moved = p + rng.random((4, 1)) + rng.random(6)
    for f in (bias_factor, own_excess):
        np.testing.assert_allclose(f(moved, own), f(p, own), atol=1e-9)


def test_excess_against_least_squares_of_statsmodels() -> None:
    rng = np.random.default_rng(42)
    p, own = rng.random((4, 7)), np.array([2, 0, 5, 1])
    p[3, 6] = np.nan
    design = np.concatenate([np.repeat(np.eye(4)[:, 1:], 7, axis=0), np.tile(np.eye(7), (4, 1))], axis=1)
    mine = np.zeros((4, 7), bool)
    mine[np.arange(4), own] = True
    fitted = (~mine & np.isfinite(p)).ravel()
    expected = p.ravel() - design @ sm.OLS(p.ravel()[fitted], design[fitted]).fit().params
    np.testing.assert_allclose(own_excess(p, own), expected.reshape(4, 7)[np.arange(4), own], atol=1e-9)


def slow_bias_factor(p: FloatArray, own: list[int], of_set: list[int]) -> list[float]:
    centred = [row - row.mean() for row in p]
    values = []
    for g, m in enumerate(own):
        here = [centred[s][m] for s in range(len(p)) if of_set[s] == g]
        there = [centred[s][m] for s in range(len(p)) if of_set[s] != g]
        values.append(float(np.mean(here) - np.mean(there)))
    return values


def test_several_sets_of_one_generator() -> None:
    p = np.random.default_rng(43).random((5, 4))
    own, of_set = [2, 0, 3], [0, 0, 1, 2, 2]
    found = bias_factor(p, np.array(own), np.array(of_set))
    np.testing.assert_allclose(found, slow_bias_factor(p, own, of_set), atol=1e-12)
    additive = np.arange(5.0)[:, None] + np.arange(4.0)
    for s, g in enumerate(of_set):
        additive[s, own[g]] += (0.1, -0.2, 0.3)[g]
    np.testing.assert_allclose(own_excess(additive, np.array(own), np.array(of_set)), [0.1, -0.2, 0.3], atol=1e-9)


def test_a_generator_that_is_no_solver() -> None:
    p = np.random.default_rng(44).random((3, 4))
    for f in (bias_factor, own_excess):
        found = f(p, np.array([1, -1, 0]))
        np.testing.assert_array_equal(np.isnan(found), [False, True, False])
    expected = slow_bias_factor(p, [1, 3, 0], [0, 1, 2])  # its set still counts as another generator's
    np.testing.assert_allclose(bias_factor(p, np.array([1, -1, 0]))[[0, 2]], np.array(expected)[[0, 2]], atol=1e-12)


def test_what_is_not_determined_is_nan() -> None:
    one_set = np.array([[0.5, 0.7, 0.2]])
    assert np.isnan(bias_factor(one_set, np.array([0]))).all()
    assert np.isnan(own_excess(one_set, np.array([0]))).all()
    unscored = np.random.default_rng(45).random((3, 4))
    unscored[0, 0] = np.nan
    assert np.isnan(own_excess(unscored, np.arange(3)))[0]
    assert np.isnan(bias_factor(unscored, np.arange(3)))[0]
    assert np.isfinite(bias_factor(unscored, np.arange(3)))[1:].all()
    with pytest.raises(ValueError, match="3 sets, 2 generators"):
        bias_factor(unscored, np.array([0, 1]))


def test_centring_is_over_solvers_scored_everywhere() -> None:
    p = np.random.default_rng(46).random((3, 5))
    holed = np.concatenate([p, np.full((3, 1), np.nan)], axis=1)
    holed[0, 5] = 0.9
    np.testing.assert_allclose(bias_factor(holed, np.arange(3)), bias_factor(p, np.arange(3)), atol=1e-12)


def test_family_bias() -> None:
    rng = np.random.default_rng(47)
    p, own, family = rng.random((4, 6)), np.array([0, 1, 2, 4]), np.array([0, 0, 1, 1, 2, 2])
    centred = p - p.mean(axis=1, keepdims=True)
    # Generators 0 and 1 are of family 0 (solvers 0, 1), 2 of family 1 (2, 3), 3 of family 2 (4, 5).
    expected = [
        centred[0, :2].mean() - centred[2:, :2].mean(),
        centred[1, :2].mean() - centred[2:, :2].mean(),
        centred[2, 2:4].mean() - centred[[0, 1, 3], 2:4].mean(),
        centred[3, 4:].mean() - centred[:3, 4:].mean(),
    ]
    np.testing.assert_allclose(family_bias(p, own, family), expected, atol=1e-12)
    np.testing.assert_allclose(family_bias(p, own, np.arange(6)), bias_factor(p, own), atol=1e-12)
    outsider = family_bias(p, np.array([-1, 1, 2, 4]), family, generator_family=np.array([0, 0, 1, 2]))
    np.testing.assert_allclose(outsider, expected, atol=1e-12)
    assert np.isnan(family_bias(p, own, np.zeros(6, np.intp))).all()
    assert np.isnan(family_bias(p, np.array([-1, 1, 2, 4]), family)[0])


def test_silencer_ratio() -> None:
    # K R(M|own) / sum R(ref|own) - K R(M|human) / sum R(ref|human), by hand for two sets and three solvers.
    real = np.array([0.5, 0.6, 0.7])
    p = np.array([[0.4, 0.5, 0.6], [0.3, 0.9, 0.6]])
    expected = [3 * 0.4 / 1.5 - 3 * 0.5 / 1.8, 3 * 0.9 / 1.8 - 3 * 0.6 / 1.8]
    np.testing.assert_allclose(silencer_ratio(real, p, np.array([0, 1])), expected, atol=1e-12)
    # An easier set does not change it: everything is relative to the mean.
    np.testing.assert_allclose(silencer_ratio(real, p * 0.5, np.array([0, 1])), expected, atol=1e-12)
    np.testing.assert_allclose(silencer_ratio(real, np.stack([real, real]), np.array([0, 1])), [0, 0], atol=1e-12)
    assert np.isnan(silencer_ratio(real, np.zeros((2, 3)), np.array([0, 1]))).all()
    assert np.isnan(silencer_ratio(real, p, np.array([0, -1])))[1]


def test_leading_axes() -> None:
    p, own = np.random.default_rng(48).random((5, 3, 4)), np.array([3, 1, 0])
    for f in (bias_factor, own_excess, lambda x, o: family_bias(x, o, np.array([0, 0, 1, 2]))):
        np.testing.assert_allclose(f(p, own), np.stack([f(one, own) for one in p]), atol=1e-12)


def noisy_sets(rng: np.random.Generator, own_bias: FloatArray, solvers: int, n: int) -> list[FloatArray]:
    """0/1 answers: item difficulty + solver + own bias, on the scale of shares."""
    ability = np.linspace(0.4, 0.6, solvers)
    sets = []
    for g, extra in enumerate(own_bias):
        p = np.repeat(ability[:, None], n, axis=1) + rng.normal(0, 0.1, n)
        p[g] += extra
        sets.append((rng.random(p.shape) < np.clip(p, 0, 1)).astype(float))
    return sets


def test_bootstrap_variance_is_the_closed_form() -> None:
    # Sets are independent, BF is linear: its variance is the sum over sets of the variance of its weighted item scores.
    rng = np.random.default_rng(49)
    sets = noisy_sets(rng, np.array([0.1, 0, 0]), 5, 150)
    draws = bias_bootstrap(sets, np.arange(3), rng, 6000)
    weights = (1 - 1 / 5, -1 / 5)
    for g in range(3):
        total = 0.0
        for s, scores in enumerate(sets):
            share = 1.0 if s == g else -0.5
            w = np.full(5, weights[1])
            w[g] = weights[0]
            total += float(share**2 * np.var(w @ scores) / 150)
        assert draws.bias_factor[:, g].var() == pytest.approx(total, rel=0.08)
    p = np.stack([scores.mean(axis=1) for scores in sets])
    np.testing.assert_allclose(draws.bias_factor.mean(axis=0), bias_factor(p, np.arange(3)), atol=0.003)
    np.testing.assert_allclose(draws.own_excess.mean(axis=0), own_excess(p, np.arange(3)), atol=0.004)


def test_intervals_and_band_hold_what_they_say() -> None:
    # 150 studies, three generators of five solvers, 200 items each: each interval 95 %, the band 95 % for all three.
    own_bias, own = np.array([0.1, 0.0, 0.05]), np.arange(3)
    single, together = np.zeros(3), 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        sets = noisy_sets(rng, own_bias, 5, 200)
        p = np.stack([scores.mean(axis=1) for scores in sets])
        draws = bias_bootstrap(sets, own, rng, 400).own_excess
        low, high = percentile_interval(draws)
        single += (low <= own_bias) & (own_bias <= high)
        low, high = simultaneous_band(own_excess(p, own), draws)
        together += bool(((low <= own_bias) & (own_bias <= high)).all())
    assert (single >= 135).all()  # 95 % is 142.5, standard error 2.7
    assert single.sum() < 450
    assert 134 <= together <= 149


def test_band_is_wider_than_each_interval_and_skips_what_is_unknown() -> None:
    draws = np.random.default_rng(50).normal(size=(4000, 4))
    draws[:, 3] = np.nan
    value = np.array([0.0, 1.0, 2.0, np.nan])
    low, high = simultaneous_band(value, draws)
    # Three independent normals: the largest |z| is below 2.388 in 95 % (two-sided .95^(1/3)).
    np.testing.assert_allclose((high - low)[:3] / 2, 2.388, rtol=0.04)
    np.testing.assert_allclose((high + low)[:3] / 2, value[:3], atol=1e-12)
    assert np.isnan([low[3], high[3]]).all()
    assert np.isnan(percentile_interval(draws)[0][3])
    assert np.isnan(simultaneous_band(np.full(2, np.nan), draws[:, :2])[0]).all()
    fixed_low, fixed_high = simultaneous_band(np.array([0.5]), np.full((10, 1), 0.5))
    assert (fixed_low[0], fixed_high[0]) == (0.5, 0.5)


def test_resampling_ignores_what_is_not_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bias, "COUNTS_AT_ONCE", 64)  # many parts
    values = np.array([[1.0, 1.0, np.nan, 1.0], [0.0, 0.0, 0.0, np.nan], [np.nan] * 4])
    draws = resampled_sets([values, values], np.random.default_rng(0), 100)
    assert draws.shape == (100, 2, 3)
    known = np.isfinite(draws)
    assert known[..., :2].mean() > 0.95
    assert not known[..., 2].any()
    assert (draws[..., 0][known[..., 0]] == 1).all()


def test_permutation_p_values_are_even_where_there_is_no_bias() -> None:
    # The other generators are biased, the first is not: its p must still be even on 1/8 ... 8/8.
    p_values = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        p = world(seed, 3, 8, [0.0, 3.0, 3.0]) + 0.02 * rng.normal(size=(3, 8))
        p_values.append(permutation_test(p, np.arange(3))[0][0])
    counts = np.bincount((np.array(p_values) * 8).round().astype(int), minlength=9)[1:]
    assert counts.sum() == 400
    assert (np.abs(counts - 50) < 4 * np.sqrt(50)).all()
    for k, (below, _) in enumerate(pairwise(np.cumsum(counts)), start=1):
        assert below <= 50 * k + 3 * np.sqrt(400 * k / 8 * (1 - k / 8))


def test_permutation_finds_a_bias() -> None:
    p = world(51, 3, 30, [0.3, 0.0, 0.0]) + 0.02 * np.random.default_rng(51).normal(size=(3, 30))
    values, assignments, note = permutation_test(p, np.arange(3))
    assert values[0] == pytest.approx(1 / 30)
    assert values[1:].min() > 0.05
    assert assignments == 30
    assert note == "exact over 30 solvers: p takes 30 values, the smallest is 0.0333"


def test_few_solvers_cannot_show_much(real_data: Path) -> None:
    _, p, own, _, _ = politics(real_data)
    values, assignments, note = permutation_test(p, own)
    assert assignments == 6
    assert values.min() >= 1 / 6
    assert note.endswith("so it cannot fall below .05")
    values, assignments, note = permutation_test(np.random.default_rng(0).random((2, 2)), np.arange(2))
    assert np.isnan(values).all()
    assert assignments == 0
    assert "too few" in note
    assert np.isnan(permutation_test(p, np.full(6, -1))[0]).all()
