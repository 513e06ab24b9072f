"""The item bootstrap of rank statistics: both paths give the same draws, and they are those of the definition."""

import subprocess
import sys
from itertools import product
from types import FunctionType
from typing import get_args

import numpy as np
import pytest
import scipy.stats

from acidtest.stats import order, rank_bootstrap, resample_counts, resample_kernels
from acidtest.stats.estimate import FloatArray
from acidtest.stats.rank_bootstrap import STATISTICS, RankStatistic
from acidtest.stats.rank_bootstrap import rank_bootstrap as draws_of
from acidtest.stats.resample_counts import count_items
from simulated import answers

KINDS = ["right or wrong", "fifths", "real", "far from 0", "missing", "all equal"]
SHAPES = [(2, 1, 1), (2, 7, 4), (3, 1, 5), (5, 40, 33), (6, 301, 200), (70, 64, 50)]


def scores_of(kind: str, solvers: int, items: int, rng: np.random.Generator) -> FloatArray:
    scores: FloatArray = {
        "right or wrong": rng.integers(0, 2, (solvers, items)).astype(np.float64),
        "fifths": rng.integers(0, 6, (solvers, items)) / 5,
        "real": rng.normal(0.3, 1, (solvers, items)),
        "far from 0": rng.normal(1e6, 1, (solvers, items)),
        "missing": np.where(rng.random((solvers, items)) < 0.2, np.nan, rng.random((solvers, items))),
        "all equal": np.full((solvers, items), 0.7),
    }[kind]
    return scores


@pytest.fixture(params=["numpy", "compiled"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test that asks for this runs with each of the two paths."""
    monkeypatch.setattr(resample_counts, "COMPILED_FROM", 0 if request.param == "compiled" else sys.maxsize)


def test_the_family_is_whole() -> None:
    assert set(STATISTICS) == set(get_args(RankStatistic))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_compiled_code_and_numpy_give_the_same_draws(
    kind: str, shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    solvers, n_real, n_synthetic = shape
    rng = np.random.default_rng(n_real)
    real, synthetic = (scores_of(kind, solvers, n, rng) for n in (n_real, n_synthetic))
    groups = rng.integers(0, max(n_real // 3, 1), n_real), rng.integers(0, max(n_synthetic // 3, 1), n_synthetic)
    monkeypatch.setattr(rank_bootstrap, "COUNTS_AT_ONCE", 500)
    for statistic, some in product(STATISTICS, [(None, None), groups, (None, groups[1])]):
        draws = {}
        for least in (0, sys.maxsize):
            monkeypatch.setattr(resample_counts, "COMPILED_FROM", least)
            draws[least] = draws_of(real, synthetic, np.random.default_rng(5), 23, statistic, groups=some)
        np.testing.assert_array_equal(draws[0], draws[sys.maxsize])


def test_each_path_is_what_it_says() -> None:
    assert resample_counts.item_counter(resample_counts.COMPILED_FROM - 1) is count_items
    assert resample_counts.item_counter(resample_counts.COMPILED_FROM) is resample_kernels.count_items


@pytest.mark.parametrize("items", [1, 2, 3, 10, 97])
@pytest.mark.usefixtures("path")
def test_items_are_drawn_as_the_counter_says(items: int) -> None:
    # splitmix64 in plain numbers; its first three for seed 1234567 are the published ones (prng.di.unimi.it, as listed
    # at rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64).
    def splitmix64(seed: int, place: int) -> int:
        z = (seed + 0x9E3779B97F4A7C15 * (place + 1)) % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    seed, first, rounds = 1234567, 3, 4
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [splitmix64(seed, place) for place in range(3)] == published
    expected = np.zeros((rounds, items))
    for turn in range(rounds):
        for k in range(items):
            bits = splitmix64(seed, (first + turn) * ((items + 1) // 2) + k // 2)
            half = bits >> 32 if k % 2 == 0 else bits % 2**32
            expected[turn, half * items // 2**32] += 1
    found = np.empty((rounds, items))
    resample_counts.item_counter(items)(seed, first, found)
    np.testing.assert_array_equal(found, expected)


def test_all_items_are_as_likely() -> None:
    found = np.empty((5000, 20))
    count_items(99, 0, found)
    assert scipy.stats.chisquare(found.sum(axis=0)).pvalue > 0.001
    # A multinomial count has variance n p (1 - p) = 1 - 1/n, and two of them covariance -1/n.
    covariance = np.cov(found.T)
    assert np.diag(covariance).mean() == pytest.approx(1 - 1 / 20, rel=0.02)
    assert covariance[~np.eye(20, dtype=bool)].mean() == pytest.approx(-1 / 20, rel=0.02)


@pytest.mark.parametrize("kind", ["right or wrong", "real", "missing"])
@pytest.mark.usefixtures("path")
def test_draws_by_their_definition(kind: str) -> None:
    rng = np.random.default_rng(8)
    real, synthetic = scores_of(kind, 8, 40, rng), scores_of(kind, 8, 31, rng)
    keys = np.random.default_rng(4).integers(0, 2**64, size=2, dtype=np.uint64).tolist()
    means = []
    for key, scores in zip(keys, (real, synthetic), strict=True):
        counts = np.empty((30, scores.shape[1]))
        count_items(key, 0, counts)
        drawn = [np.repeat(scores, row.astype(int), axis=1) for row in counts]
        means.append(np.array([order.tied(np.nanmean(one, axis=1)) for one in drawn]))
    other: dict[RankStatistic, list[float]] = {
        "srcc": [scipy.stats.spearmanr(r, s).statistic for r, s in zip(*means, strict=True)],
        "kendall_tau": [scipy.stats.kendalltau(r, s).statistic for r, s in zip(*means, strict=True)],
    }
    for statistic, expected in other.items():
        found = draws_of(real, synthetic, np.random.default_rng(4), 30, statistic)
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_interval_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    ability = rng.normal(0, 1, (12, 1))
    real, synthetic = (rng.random((2, 12, 150)) < 1 / (1 + np.exp(-ability))).astype(np.float64)

    def statistic(r: FloatArray, s: FloatArray, axis: int) -> FloatArray:
        return order.srcc(r.mean(axis=axis).T, s.mean(axis=axis).T)

    theirs = scipy.stats.bootstrap(
        (real, synthetic),
        statistic,
        n_resamples=3000,
        batch=500,
        vectorized=True,
        method="percentile",
        axis=-1,
        rng=rng,
    ).bootstrap_distribution
    ours = draws_of(real, synthetic, rng, 3000)
    # Two samples of 3,000 from one distribution: five standard errors.
    assert abs(ours.mean() - theirs.mean()) < 5 * np.sqrt(2 / 3000) * theirs.std()
    assert ours.std() == pytest.approx(theirs.std(), rel=0.1)


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_it_is_not_the_interval_to_report(spread: float) -> None:
    # Resampled items carry their noise a second time: "95 %" intervals lie too low and mostly miss the truth.
    rng = np.random.default_rng(3)
    all_items = rng.normal(0, 1, 20_000)
    held = 0
    for _ in range(60):
        real = rng.normal(0, spread, 20)
        synthetic = real + rng.normal(0, 0.2, 20)
        true = order.srcc(*((1 / (1 + np.exp(all_items - one[:, None]))).mean(axis=1) for one in (real, synthetic)))
        low, high = np.quantile(
            draws_of(answers(real, 200, rng), answers(synthetic, 200, rng), rng, 300), [0.025, 0.975]
        )
        held += int(low <= float(true) <= high)
    assert held < 0.6 * 60


@pytest.mark.usefixtures("path")
def test_groups_are_drawn_whole() -> None:
    rng = np.random.default_rng(6)
    real, synthetic = scores_of("fifths", 6, 20, rng), scores_of("fifths", 6, 20, rng)
    alone = draws_of(real, synthetic, np.random.default_rng(1), 50)
    each = (np.arange(20), np.arange(20))
    np.testing.assert_array_equal(draws_of(real, synthetic, np.random.default_rng(1), 50, groups=each), alone)
    # Every item a second time, in one group with its twin: the same means of as many draws.
    twins = (np.repeat(np.arange(20), 2), np.repeat(np.arange(20), 2))
    real, synthetic = np.repeat(real, 2, axis=1), np.repeat(synthetic, 2, axis=1)
    np.testing.assert_array_equal(draws_of(real, synthetic, np.random.default_rng(1), 50, groups=twins), alone)


@pytest.mark.usefixtures("path")
def test_the_same_items_are_drawn_together() -> None:
    real = scores_of("real", 6, 25, np.random.default_rng(2))
    together = draws_of(real, real, np.random.default_rng(1), 50, "kendall_tau", same_items=True)
    np.testing.assert_array_equal(together, np.ones(50))
    assert (draws_of(real, real, np.random.default_rng(1), 50, "kendall_tau") < 1).any()


@pytest.mark.usefixtures("path")
def test_ties_stay_ties() -> None:
    # .1 + .2 and .3 + 0 are different numbers in binary, thirds and .1 have no last digit at all.
    assert 0.1 + 0.2 != 0.3 + 0.0
    scores = np.array([[0.1, 0.2, 1 / 3], [0.3, 0.0, 1 / 3], [0.0, 0.3, 1 / 3]])
    found = draws_of(scores, scores, np.random.default_rng(0), 5, "kendall_tau", groups=(np.zeros(3, int),) * 2)
    assert np.isnan(found).all()


@pytest.mark.usefixtures("path")
def test_a_solver_without_a_score_makes_draws_undefined() -> None:
    real = np.array([[1.0, 0.0, 1.0], [0.0, np.nan, np.nan], [0.0, 0.0, 1.0]])
    synthetic = scores_of("real", 3, 9, np.random.default_rng(0))
    found = draws_of(real, synthetic, np.random.default_rng(3), 200, "pairwise_agreement")
    # The second solver's one item is in no resample with probability (2/3)^3 = .296; three standard errors.
    assert np.isnan(found).mean() == pytest.approx(8 / 27, abs=3 * np.sqrt(8 / 27 * 19 / 27 / 200))


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (3, 0)])
@pytest.mark.usefixtures("path")
def test_nothing_to_order_is_undefined(shape: tuple[int, int]) -> None:
    assert np.isnan(draws_of(np.zeros(shape), np.zeros(shape), np.random.default_rng(0), 4)).all()


def test_what_cannot_be_is_refused() -> None:
    rng = np.random.default_rng(0)
    two, three = np.zeros((2, 5)), np.zeros((3, 5))
    with pytest.raises(ValueError, match="2 solvers on the real set, 3 on"):
        draws_of(two, three, rng, 5)
    with pytest.raises(ValueError, match="same items, but 5 and 4"):
        draws_of(two, two[:, :4], rng, 5, same_items=True)
    with pytest.raises(ValueError, match="no rank statistic is called 'pearson'"):
        draws_of(two, two, rng, 5, "pearson")  # type: ignore[arg-type]  # that is the point


def test_small_work_loads_no_compiler() -> None:
    code = (
        "import sys, numpy as np; from acidtest.stats.rank_bootstrap import rank_bootstrap; "
        "rank_bootstrap(np.eye(6), np.eye(6), np.random.default_rng(0), 2000); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_a_compiler_numpy_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "acidtest.stats.resample_kernels", None)
    resample_counts._compiled.cache_clear()
    try:
        assert resample_counts.item_counter(resample_counts.COMPILED_FROM) is count_items
    finally:
        resample_counts._compiled.cache_clear()


def test_compiled_code_that_can_be_kept_nowhere_still_runs() -> None:
    def twice(x: int) -> int:
        return 2 * x

    nowhere = FunctionType(twice.__code__.replace(co_filename="<nowhere>"), {})
    assert resample_kernels._jit(nowhere)(21) == 42


def test_a_disk_that_is_full_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    expected, found = np.empty((2, 3, 10))
    count_items(1, 0, expected)
    monkeypatch.setattr(resample_kernels, "_count", full)
    resample_kernels.count_items(1, 0, found)
    np.testing.assert_array_equal(found, expected)
