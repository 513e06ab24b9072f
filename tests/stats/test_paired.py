"""Paired tests: against other implementations, published examples, exact enumeration and simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from acidtest.stats.detectable import detectable_difference, detectable_share, items_needed, items_needed_share
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import linearised, observed
from acidtest.stats.metric import ACCURACY, SPAN_F1, Metric
from acidtest.stats.paired import ALIKE, IN_COMMON, ONE_ITEM, all_pairs, holm, paired_test, sign_flip_p
from acidtest.stats.paired_proportions import mcnemar_p, tango_interval

RNG = np.random.default_rng(20)
GRADED = np.round(RNG.random((4, 40)), 2) + np.arange(4)[:, None] * 0.05
RIGHT = (RNG.random((5, 60)) < np.linspace(0.3, 0.8, 5)[:, None]).astype(np.float64)


def split(wins: int, losses: int, n: int) -> tuple[FloatArray, FloatArray]:
    one, other = np.zeros(n), np.zeros(n)
    one[:wins], other[wins : wins + losses] = 1, 1
    return one, other


def test_graded_scores_get_scipys_paired_t_test() -> None:
    found = paired_test(GRADED[0], GRADED[2])
    oracle = stats.ttest_rel(GRADED[0], GRADED[2])
    ends = oracle.confidence_interval(0.95)
    assert found.p == pytest.approx(oracle.pvalue, rel=1e-10)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((ends.low, ends.high))
    assert found.standard_error == pytest.approx(stats.sem(GRADED[0] - GRADED[2]))
    assert found.estimate.value == pytest.approx(GRADED[0].mean() - GRADED[2].mean())


def test_all_pairs_at_once_are_each_pair_alone_whatever_cells_are_missing() -> None:
    for full in (GRADED, RIGHT):
        values = np.where(RNG.random(full.shape) < 0.1, np.nan, full)
        pairs = all_pairs(values)
        for i, j in itertools.combinations(range(len(values)), 2):
            both = np.isfinite(values[i]) & np.isfinite(values[j])
            alone = paired_test(values[i][both], values[j][both])
            assert pairs.p[i, j] == pytest.approx(alone.p) == pytest.approx(pairs.p[j, i])
            found = pairs.test(i, j).estimate
            assert (found.value, found.low, found.high) == pytest.approx(
                (alone.estimate.value, alone.estimate.low, alone.estimate.high)
            )
            assert found.n == both.sum()
            assert found.warnings == (IN_COMMON,)
            assert alone.estimate.warnings == ()


@pytest.mark.parametrize(("wins", "losses"), [(1, 7), (6, 16), (12, 2), (40, 20), (0, 3), (5, 5), (1000, 900)])
def test_mcnemar_exact_is_statsmodels_and_mid_p_half_a_step_less(wins: int, losses: int) -> None:
    exact = mcnemar([[3, wins], [losses, 4]], exact=True).pvalue
    b, c = np.array(float(wins)), np.array(float(losses))
    assert mcnemar_p(b, c, exact=True) == pytest.approx(exact, rel=1e-9)
    if wins != losses:
        step = stats.binom.pmf(wins, wins + losses, 0.5)
        assert mcnemar_p(b, c) == pytest.approx(exact - step, rel=1e-9)
    else:
        assert mcnemar_p(b, c) == pytest.approx(1)


@pytest.mark.parametrize(
    ("table", "limits", "digits"),
    [
        ((1, 7, 21), (-0.517, -0.026), 3),  # Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014), table V
        ((16, 8, 86), (-0.020, 0.207), 3),  # R package ratesci, its tests of published examples
        ((6, 16, 161), (-0.1240234325, -0.0054333957), 9),  # evalstats 0.3.3, tango_scc_paired_ci with c = 0
        ((12, 2, 50), (0.0611124062, 0.3447087483), 9),  # the same, as are those below
        ((0, 0, 30), (-0.1135133932, 0.1135133932), 9),
        ((40, 20, 160), (0.0308645331, 0.2180642442), 9),
        ((3, 0, 30), (-0.0248647325, 0.2562108258), 9),
        ((5, 10, 100), (-0.1334713110, 0.0286195563), 9),
    ],
)
def test_tangos_interval_is_the_published_one(
    table: tuple[int, int, int], limits: tuple[float, float], digits: int
) -> None:
    assert [round(end, digits) for end in tango_interval(*table)] == pytest.approx(limits, abs=0.6 * 10**-digits)
    found = paired_test(*split(*table))
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tango_interval(*table))


def test_tangos_ends_and_the_extremes() -> None:
    z2 = stats.norm.ppf(0.975) ** 2
    assert tango_interval(0, 0, 30)[1] == pytest.approx(z2 / (30 + z2))  # closed form without discordance
    assert tango_interval(30, 0, 30)[1] == 1
    assert tango_interval(0, 30, 30)[0] == -1
    assert tango_interval(0, 30, 30)[1] < -0.7
    assert all(math.isnan(end) for end in tango_interval(0, 0, 0))


def trinomial(n: int, discordance: float, difference: float) -> tuple[FloatArray, FloatArray]:
    """Every (wins, losses) of n items and its probability."""
    cells = np.array([(b, c) for b in range(n + 1) for c in range(n + 1 - b)], np.float64)
    shares = [(discordance + difference) / 2, (discordance - difference) / 2, 1 - discordance]
    return cells, np.asarray(stats.multinomial.pmf(np.c_[cells, n - cells.sum(axis=1)], n, shares))


def test_with_30_items_tangos_interval_covers_by_enumeration() -> None:
    cells, _ = trinomial(30, 0.1, 0.0)
    ends = np.array([tango_interval(b, c, 30) for b, c in cells])
    for discordance in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8):
        for part in (0.0, 0.25, 0.5, 0.75, 0.95):
            difference = part * discordance
            chance = trinomial(30, discordance, difference)[1]
            held = (ends[:, 0] <= difference) & (difference <= ends[:, 1])
            assert chance[held].sum() >= 0.94, (discordance, part)


@pytest.mark.parametrize("n", [20, 30, 60])
def test_mid_p_keeps_its_size_and_has_more_power_than_the_exact_test(n: int) -> None:
    cells, _ = trinomial(n, 0.1, 0.0)
    mid = mcnemar_p(cells[:, 0], cells[:, 1]) <= 0.05
    exact = mcnemar_p(cells[:, 0], cells[:, 1], exact=True) <= 0.05
    for discordance in np.linspace(0.02, 0.7, 18):
        assert trinomial(n, discordance, 0.0)[1][mid].sum() <= 0.05
    chance = trinomial(n, 0.3, 0.2)[1]
    assert chance[mid].sum() > chance[exact].sum() + 0.04


@pytest.mark.parametrize(("n", "discordance"), [(30, 0.0), (30, 0.4), (60, 0.1), (60, 0.4), (100, 0.2), (100, 0.02)])
def test_what_is_called_detectable_is_found_in_80_percent_of_studies(n: int, discordance: float) -> None:
    difference = detectable_share(n, discordance)
    cells, chance = trinomial(n, max(discordance, difference), difference)
    assert 0.79 <= chance[mcnemar_p(cells[:, 0], cells[:, 1]) <= 0.05].sum() <= 0.90
    needed = items_needed_share(difference, discordance)
    assert n <= needed <= n + 1


@pytest.mark.parametrize("n", [3, 10, 30, 200, 1500])
def test_detectable_differences_of_a_t_test_are_statsmodels(n: int) -> None:
    found = detectable_difference(n, 0.3)
    assert found == pytest.approx(0.3**0.5 * TTestPower().solve_power(nobs=n, power=0.8, alpha=0.05), rel=5e-4)
    assert items_needed(found * 1.0001, 0.3) == n
    assert items_needed(0.0, 0.3) == math.inf


def test_where_nothing_could_be_found_nothing_is_detectable() -> None:
    assert math.isnan(detectable_share(3, 0.0))
    assert math.isnan(detectable_difference(1, 0.3))
    assert math.isnan(detectable_difference(30, 0.0))
    assert items_needed_share(0.0, 0.2) == math.inf


@pytest.mark.parametrize(
    "p", [[0.01, 0.04, 0.03, math.nan], [0.02, 0.02, 0.3, 1.0, 0.001], [0.4], [math.nan], [], [0.0, 1e-9, 0.9, 0.2]]
)
def test_holm_is_statsmodels(p: list[float]) -> None:
    adjusted = holm(np.array(p))
    known = [x for x in p if not math.isnan(x)]
    oracle = multipletests(known, method="holm")[1] if known else []
    assert adjusted[~np.isnan(np.array(p))] == pytest.approx(oracle)
    assert np.isnan(adjusted).sum() == len(p) - len(known)


def test_flipped_signs_are_scipys_permutation_test_and_the_exact_mcnemar_test() -> None:
    few = GRADED[0, :9] - GRADED[1, :9]
    oracle = stats.permutation_test((few,), np.mean, permutation_type="samples", n_resamples=2**9)
    assert sign_flip_p(few, np.random.default_rng(0)) == pytest.approx(oracle.pvalue)
    one, other = split(2, 9, 30)
    found = paired_test(one, other, method="sign_flip", rng=np.random.default_rng(0))
    assert found.p == pytest.approx(paired_test(one, other, method="mcnemar_exact").p)


def test_drawn_signs_come_near_the_exact_p_and_are_never_0() -> None:
    one, other = split(6, 16, 60)
    drawn = paired_test(one, other, method="sign_flip", rng=np.random.default_rng(1)).p
    exact = paired_test(one, other, method="mcnemar_exact").p
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact / 9999))
    again = paired_test(one, other, method="sign_flip", rng=np.random.default_rng(1)).p
    assert drawn == again
    assert sign_flip_p(np.ones(50), np.random.default_rng(0)) == 1 / 10000


def test_equal_solvers_are_equal_with_an_interval_that_has_a_width() -> None:
    for values, p in ((RIGHT[0], 1.0), (GRADED[0], 1.0)):
        found = paired_test(values, values)
        assert (found.estimate.value, found.p, found.standard_error) == (0, p, 0)
        assert found.estimate.low < -0.05 < 0.05 < found.estimate.high
        assert found.estimate.warnings == (ALIKE,)
        assert 0 < found.detectable < 0.3
    beyond = paired_test(3 * GRADED[0], 3 * GRADED[0], unit=False)
    assert beyond.p == 1
    assert math.isnan(beyond.estimate.low)
    assert math.isnan(beyond.detectable)


def test_a_difference_that_never_varies_is_not_certain() -> None:
    found = paired_test(GRADED[0, :6] + 0.25, GRADED[0, :6])
    assert found.p == 2 / 2**6  # every sign the same: two of 64 assignments
    assert found.estimate.low < 0.25 < found.estimate.high


@pytest.mark.parametrize("values", [np.array([1.0]), np.array([0.37]), np.array([math.nan])])
def test_one_item_tells_nothing(values: FloatArray) -> None:
    found = paired_test(values, np.zeros(1))
    assert found.estimate.warnings == (ONE_ITEM,) or IN_COMMON in found.estimate.warnings
    assert math.isnan(found.standard_error)
    assert math.isnan(found.detectable)
    assert not found.p < 0.5


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        paired_test(GRADED[0], GRADED[1], method="mcnemar")
    with pytest.raises(ValueError, match="rng"):
        paired_test(GRADED[0], GRADED[1], method="sign_flip")


def test_set_level_metrics_use_the_metric_itself_and_the_jackknifes_noise() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson([[[3.0, 1.0, 1.0]], [[2.0, 1.0, 2.0]]], (2, 80, 3)).astype(np.float64)
    metric = observed(counts, SPAN_F1)
    pairs = all_pairs(linearised(counts, SPAN_F1), metric)
    drawn = counts[:, rng.integers(0, 80, (2000, 80))].sum(axis=2)
    resampled = np.diff(SPAN_F1.finish(drawn, np.full((2, 2000), 80.0)), axis=0) if SPAN_F1.finish else np.nan
    found = pairs.test(0, 1)
    assert found.estimate.value == pytest.approx(metric[0] - metric[1])
    assert found.standard_error == pytest.approx(np.std(resampled), rel=0.08)  # the bootstrap of whole items


def test_bundles_count_once() -> None:
    """Items thrice over tell no more than once; taken as items they would seem to."""
    stats_of = np.repeat(RIGHT, 3, axis=1)[..., None]
    bundles = np.repeat(np.arange(RIGHT.shape[1]), 3)
    once, thrice = all_pairs(RIGHT), all_pairs(linearised(stats_of, ACCURACY, bundles))
    assert np.nan_to_num(thrice.p) == pytest.approx(np.nan_to_num(once.p))
    assert all_pairs(stats_of[..., 0]).p[0, 1] < once.p[0, 1]


def test_bundled_items_keep_size_and_coverage() -> None:
    rng = np.random.default_rng(8)
    truth, studies, held, rejected = 0.06, 1200, 0, 0
    for _ in range(studies):
        shared = rng.normal(0, 1, 20).repeat(3)
        ability = np.array([[0.9], [0.9]])
        right = (rng.normal(0, 1, (2, 60)) + shared < ability).astype(np.float64)
        graded = linearised(right[..., None], ACCURACY, np.arange(20).repeat(3))
        found = paired_test(graded[0] + truth, graded[1])
        held += found.estimate.low <= truth <= found.estimate.high
        rejected += paired_test(graded[0], graded[1]).p <= 0.05
    assert 0.93 <= held / studies <= 0.975
    assert 0.025 <= rejected / studies <= 0.065


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(1, 12), st.integers(0, 2**32 - 1), st.booleans())
def test_any_table_gives_probabilities_and_ordered_ends(m: int, n: int, seed: int, graded: bool) -> None:  # noqa: FBT001 - drawn
    rng = np.random.default_rng(seed)
    values = rng.random((m, n)).round(1) if graded else rng.integers(0, 2, (m, n)).astype(np.float64)
    values[rng.random((m, n)) < 0.2] = np.nan
    pairs = all_pairs(values)
    known = pairs.p[np.isfinite(pairs.p)]
    assert ((known > 0) & (known <= 1)).all()
    assert (pairs.better & pairs.better.T).sum() == 0
    for i, j in itertools.permutations(range(m), 2):
        one, other = pairs.test(i, j), pairs.test(j, i)
        assert one.p == other.p or (math.isnan(one.p) and math.isnan(other.p))
        if math.isfinite(one.estimate.low):
            assert one.estimate.low <= one.estimate.value <= one.estimate.high
            assert one.estimate.low == pytest.approx(-other.estimate.high, abs=1e-9)


def test_identical_solvers_on_a_large_scale_are_equal_whatever_the_order_of_items() -> None:
    # Two sums of the same 300 numbers up to 9000 may differ by some 1e-12; the items that one lacks lie in between.
    rng = np.random.default_rng(9)
    one = rng.integers(100, 9000, 300).astype(np.float64)
    other = np.where(rng.random(300) < 0.2, np.nan, one)
    for scale in (1.0, 1e-9, 1e9):
        for _ in range(10):
            order = rng.permutation(300)
            found = paired_test(scale * one[order], scale * other[order], unit=False)
            assert (found.estimate.value, found.p, found.standard_error) == (0, 1, 0)
    # A small step that such numbers can hold is still a step: all items on one side.
    assert paired_test(one + 1e-6, one, unit=False).p == 2.0**-299


WEIGHTED = Metric(name="weighted", finish=lambda sums, _: sums[..., 0] / sums[..., 1])


def test_constant_scores_under_weights_are_equal_whatever_the_order_of_items() -> None:
    # A weighted mean of one and the same score is that score: what differs is the jackknife's rounding alone.
    rng = np.random.default_rng(0)
    for score, n in ((0.1, 700), (0.7, 700), (1 / 3, 700), (4321.1, 700), (0.1, 20_000), (0.7, 20_000)):
        weights = np.stack([rng.random(n), np.full(n, 0.3)])
        stats_of = np.stack([score * weights, weights], axis=-1)
        for _ in range(5):
            mixed = stats_of[:, rng.permutation(n)]
            pairs = all_pairs(linearised(mixed, WEIGHTED), observed(mixed, WEIGHTED), unit=False)
            assert (pairs.p[0, 1], pairs.variance[0, 1], pairs.difference[0, 1]) == (1, 0, 0)


def test_signs_are_flipped_of_differences_and_not_of_rounding() -> None:
    rng = np.random.default_rng(0)
    tenths = np.full(6, 0.1) + 0.2
    assert paired_test(tenths, np.full(6, 0.3), method="sign_flip", rng=rng).p == 1
    # 0.1 + 0.2 - 0.3 is 5.6e-17, in another order 0, and no assignment of signs is nearer to 0 than 0.
    assert sign_flip_p(np.array([0.1, 0.2, -0.3]), rng) == 1


def test_better_is_better_at_the_level_that_was_asked_for() -> None:
    # Five wins and no loss: mid-p 1/32, Holm's with one pair the same; four: 1/16.
    right = np.stack([np.repeat([1.0, 0.0], [4, 6]), np.zeros(10)])
    for level, better in ((0.9, True), (0.95, False)):
        pairs = all_pairs(right, level=level)
        assert pairs.p_holm[0, 1] == pytest.approx(1 / 16)
        assert pairs.better.tolist() == [[False, better], [False, False]]
    right[0, 4] = 1
    assert all_pairs(right, level=0.95).better[0, 1]
    assert not all_pairs(right, level=0.99).better[0, 1]


def test_a_pair_with_items_of_one_solver_alone_differs_by_the_items_of_both() -> None:
    values = np.array([[0.5, 0.7, 0.6, 0.9], [0.4, 0.5, 0.5, np.nan], [0.1, 0.2, 0.2, 0.3]])
    metric = np.array([0.7, 0.5, 0.25])  # as a metric that is no mean: not the values' means
    pairs = all_pairs(values, metric)
    assert pairs.difference[0, 1] == pytest.approx((0.1 + 0.2 + 0.1) / 3)
    assert pairs.difference[1, 2] == pytest.approx((0.3 + 0.3 + 0.3) / 3)
    assert pairs.difference[0, 2] == pytest.approx(0.7 - 0.25)
