"""Small tests judged by solvers that were left out: nobody judges a test that it helped to make."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import kendalltau, ttest_1samp

from acidtest.compare.adapt import methods
from acidtest.compare.adapt.adapt import adapt
from acidtest.compare.adapt.held_out import HeldOut, held_out, plain_means, split
from acidtest.compare.adapt.judged import judged, solver_errors
from acidtest.data.scores.matrix import ScoreMatrix, read_matrix
from acidtest.errors import AcidtestError, DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.adaptive.score import whole_scores
from acidtest.stats.irt.adaptive.simulation import simulate_adaptive
from acidtest.stats.irt.adaptive.trust import flattened

SOLVERS, ITEMS = 24, 60
Adaptive = Callable[[methods.Calibrated, FloatArray, tuple[int, ...]], list[methods.Foretold]]


def table(seed: int = 0, solvers: int = SOLVERS, items: int = ITEMS) -> FloatArray:
    rng = np.random.default_rng(seed)
    a, b = np.exp(rng.normal(0.3, 0.3, items)), rng.normal(-0.3, 1, items)
    chance = expit(a * (rng.normal(size=(solvers, 1)) - b))
    return (rng.random(chance.shape) < chance).astype(float)


def matrix(scores: FloatArray, families: dict[str, str] | None = None) -> ScoreMatrix:
    solvers, items = scores.shape
    return ScoreMatrix(
        models=tuple(f"m{i}" for i in range(solvers)),
        items=tuple(f"i{i}" for i in range(items)),
        benchmark=("set",) * items,
        scores=scores,
        kinds={},
        generators={},
        families=families or {},
        topics=("",) * items,
        bundles=("",) * items,
    )


@pytest.fixture(scope="module")
def found() -> HeldOut:
    groups = [str(i) for i in range(SOLVERS)]
    return held_out(table(), names=methods.names_of("all"), sizes=(6, 15), groups=groups, folds=3)


def test_folds_hold_each_solver_once_and_families_whole() -> None:
    groups = ["a"] * 5 + ["b"] * 4 + ["c", "d", "e", "f", "g"]
    parts = split(groups, 3, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(14))
    assert {len(part) for part in parts} <= {4, 5}
    for part in parts:
        for family in "ab":
            inside = sum(groups[i] == family for i in part)
            assert inside in (0, groups.count(family))


def test_every_method_foretells_every_solver(found: HeldOut) -> None:
    for (method, size), values in found.runs.items():
        rows = 200 if method == methods.MEAN else 20 if method in ("random", "stratified") else 1
        assert values.shape == (rows, SOLVERS), (method, size)
        assert np.isfinite(values).all()
    assert (methods.MEAN, 45) in found.runs  # three times 15
    assert found.whole.tolist() == table().mean(axis=1).tolist()


@pytest.mark.parametrize("method", [name for name in methods.names_of("all") if name not in methods.GROUPS["adaptive"]])
def test_answers_that_were_not_asked_are_not_looked_at(method: str) -> None:
    known, new = methods.calibrated(table()[:16]), table()[16:]
    test = methods.fixed_test(method, known, 10, np.random.default_rng(0))
    turned = 1 - new
    turned[:, test.items] = new[:, test.items]
    mix = method == methods.GP_IRT
    before, after = (methods.foretold(known, test, scores, mix=mix).value for scores in (new, turned))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("foretell", [methods.foretold_adaptively, methods.foretold_as_run])
def test_adaptive_tests_look_at_what_they_asked_alone(foretell: Adaptive) -> None:
    """Each answer turned round in turn: at most as many of them as were asked move the foretold score."""
    known, new = methods.calibrated(table()[:16]), table()[20:21]
    before = foretell(known, new, (4, 10))
    turned = np.repeat(new, ITEMS, axis=0)
    np.fill_diagonal(turned, 1 - np.diag(turned))
    for size, one, other in zip((4, 10), before, foretell(known, turned, (4, 10)), strict=True):
        assert 1 < (np.abs(other.value - one.value[0]) > 1e-9).sum() <= size


def test_as_run_is_the_bank_s_own_test_and_prediction() -> None:
    """By the parts that `run --adaptive` uses: a bank, its test, its whole scores."""
    known, new = methods.calibrated(table()[:16]), table()[16:]
    fit = known.fit
    bank = flattened(fit.items, fit.discrimination_se, fit.difficulty_se)
    seen = simulate_adaptive(new, bank, most_items=10, round_size=5).scores(new)
    assert np.allclose(methods.foretold_as_run(known, new, (5, 10))[1].value, whole_scores(seen, bank).value)


def test_what_solvers_answer_does_not_reach_their_own_test() -> None:
    """With its answers turned round, a solver changes its own foretold score, and those of other folds, but no test
    that it is asked: the others of its own fold keep theirs to the last digit."""
    scores = table()
    groups = [str(i) for i in range(SOLVERS)]
    one = held_out(scores, names=("information", "stratified"), sizes=(10,), groups=groups, folds=3)
    other = scores.copy()
    other[5] = 1 - other[5]
    two = held_out(other, names=("information", "stratified"), sizes=(10,), groups=groups, folds=3)
    same = np.array([one.runs["information", 10][0] == two.runs["information", 10][0]])[0]
    from acidtest.stats.interval import rng_for

    fold = next(part for part in split(groups, 3, rng_for(0, "adapt", "folds", "0")) if 5 in part)
    mates = [i for i in fold.tolist() if i != 5]
    assert same[mates].all()
    assert not same[5]


def test_plain_means_have_the_error_of_draws_without_replacement() -> None:
    scores = table(3, 200, 40)
    drawn = plain_means(scores, 10, np.random.default_rng(0))
    share = scores.mean(axis=1)
    exact = share * (1 - share) / 10 * (40 - 10) / (40 - 1)
    assert drawn.var(axis=0).mean() == pytest.approx(exact.mean(), rel=0.1)


def test_results_by_their_definitions(found: HeldOut) -> None:
    one = judged(found, "random", 15, items=ITEMS, level=0.95, seed=0)
    values, whole = found.runs["random", 15], found.whole
    assert one.error.value == pytest.approx(np.abs(values - whole).mean())
    assert one.kendall_tau.value == pytest.approx(np.mean([kendalltau(whole, row).statistic for row in values]))
    assert one.within == np.sort(np.abs(values - whole).ravel())[round(0.95 * values.size) - 1]
    assert one.than_threefold is not None
    less = np.abs(values - whole).mean(axis=0) - found.plain[45]
    assert one.than_threefold.value == pytest.approx(less.mean())
    assert one.than_threefold.low < one.than_threefold.value < one.than_threefold.high
    assert one.error.low < one.error.value < one.error.high
    assert np.allclose(solver_errors(found, "random", 15), np.abs(values - whole).mean(axis=0))


def test_families_that_err_alike_count_once() -> None:
    """Twelve pairs of twins: the interval of an error is that of twelve solvers, not of 24 (t of their means)."""
    one = table(3, 12)
    twins = np.repeat(one, 2, axis=0)
    groups = [str(i // 2) for i in range(24)]
    found = held_out(twins, names=("information",), sizes=(10,), groups=groups, folds=3)
    error = judged(found, "information", 10, items=ITEMS, level=0.9, seed=0).error
    of_pair = np.abs(found.runs["information", 10][0] - found.whole)[::2]
    peer = ttest_1samp(of_pair, 0).confidence_interval(0.9)
    assert (error.low, error.high) == pytest.approx((peer.low, peer.high))
    assert error.method.endswith("Student's t over 12 families")
    alone = judged(replace(found, groups=tuple(map(str, range(24)))), "information", 10, items=ITEMS, level=0.9, seed=0)
    assert alone.error.high - alone.error.low < error.high - error.low


def test_random_items_are_as_good_as_themselves(found: HeldOut) -> None:
    assert judged(found, methods.MEAN, 15, items=ITEMS, level=0.95, seed=0).random_items == pytest.approx(15)
    # by the formula of draws without replacement, the mean of 45 errs as sqrt((1/45 - 1/60) / (1/15 - 1/60)) of 15's
    errors = [solver_errors(found, methods.MEAN, k).mean() for k in (45, 15)]
    drawn = [np.abs(found.runs[methods.MEAN, k] - found.whole).mean() for k in (45, 15)]
    assert errors == pytest.approx(drawn, rel=0.15)  # 200 draws, each good or bad for all solvers at once
    assert errors[0] / errors[1] == pytest.approx(np.sqrt((1 / 45 - 1 / 60) / (1 / 15 - 1 / 60)), rel=0.1)


def test_intervals_of_held_out_solvers_hold(found: HeldOut) -> None:
    for method in ("random", "stratified"):
        coverage = judged(found, method, 15, items=ITEMS, level=0.95, seed=0).coverage
        assert coverage.low < 0.95 <= coverage.high or coverage.value > 0.93


def test_a_report_is_the_same_again_and_names_its_items() -> None:
    scores = table()
    scores[3, 10:] = np.nan
    report = adapt(matrix(scores), sizes=(8,), method="information", folds=3, forms=2, form_items=10)
    again = adapt(matrix(scores), sizes=(8,), method="information", folds=3, forms=2, form_items=10)
    assert report == again
    assert report.solvers == SOLVERS - 1
    assert [len(one.items) for one in report.chosen] == [8]
    assert {item.item for item in report.chosen[0].items} <= {f"i{i}" for i in range(ITEMS)}
    assert report.forms is not None
    dealt = [item.item for form in report.forms.forms for item in form]
    assert len(set(dealt)) == len(dealt) == 20
    assert report.forms.information_gap < report.forms.random_information_gap
    assert report.forms.score_gap < report.forms.random_score_gap


def test_a_solver_with_few_answers_is_foretold() -> None:
    full = table(5)
    scores = full.copy()
    scores[0, np.random.default_rng(0).permutation(ITEMS)[15:]] = np.nan
    foretold = adapt(matrix(scores), sizes=(8,), method="random", folds=3).predicted
    assert list(foretold) == ["m0"]
    one = foretold["m0"]
    assert one.low < full[0].mean() < one.high
    assert one.n == 15
    assert one.high - one.low < 0.6  # the range of all solvers is wider


def test_families_are_left_out_whole() -> None:
    families = {f"m{i}": "abc"[i % 3] for i in range(12)}
    assert adapt(matrix(table(), families), sizes=(8,), method="random", folds=3).families_whole
    assert adapt(matrix(table(), families), sizes=(8,), method="random").folds == 5
    assert adapt(matrix(table()[:12], families), sizes=(8,), method="random").folds == 3
    with pytest.raises(DataError, match=r"(?s)2 folds, and the solvers are of 1 family.*'family'"):
        adapt(matrix(table(), dict.fromkeys((f"m{i}" for i in range(24)), "a")), sizes=(8,))
    with pytest.raises(DataError, match="5 folds, and the solvers are of 3 families"):
        adapt(matrix(table()[:12], families), sizes=(8,), method="random", folds=5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (60, 100)}, "has 60 items, and the smallest test asked for 60"),
        ({"sizes": (0,)}, "a test of 0 items"),
        ({"sizes": ()}, "a test of 0 items"),
        ({"folds": 1}, "1 fold of 24 solvers"),
        ({"folds": 25}, "25 folds of 24 solvers"),
        ({"method": "informatoin"}, "Did you mean 'information'"),
        ({"forms": 2, "form_items": 31}, "2 forms of 31 items need 62 items"),
        ({"forms": 1}, "1 form of 50 items"),
        ({"match": "sat"}, "--match: no benchmark is called 'sat'.*Did you mean 'set'"),
        ({"match": "set"}, "the table holds no other benchmark"),
        ({"match": "set", "forms": 2}, "both --forms and --match"),
    ],
)
def test_what_cannot_be_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(AcidtestError, match=f"(?s){message}"):
        adapt(matrix(table()), **{"sizes": (8,), "method": "random", "folds": 2, **arguments})  # type: ignore[arg-type]  # wrong on purpose


def test_too_few_solvers_or_items() -> None:
    with pytest.raises(DataError, match="5 solvers with scores on 90% of the items: too few"):
        adapt(matrix(table()[:5]), sizes=(8,))
    with pytest.raises(DataError, match="9 items: too few"):
        adapt(matrix(table()[:, :9]), sizes=(8,))


def test_sizes_beyond_the_benchmark_are_said() -> None:
    report = adapt(matrix(table()), sizes=(8, 100), method="random", folds=2)
    assert {one.items for one in report.results} == {8}
    assert "tests of 100 items are left out: the benchmark has 60" in report.warnings


def test_adaptive_beats_three_times_as_many_random_items(real_data: Path) -> None:
    """CRUXEval-O, 51 solvers: 50 adaptive items err less than the mean of 150 random ones, whatever the folds."""
    read = read_matrix([real_data / "zeroeval_responses" / "crux_correct.parquet"])
    groups = [str(i) for i in range(len(read.models))]
    found = held_out(read.scores, names=(methods.ADAPTIVE,), sizes=(50,), groups=groups, folds=4)
    one = judged(found, methods.ADAPTIVE, 50, items=len(read.items), level=0.95, seed=0)
    assert one.than_threefold is not None
    assert one.than_threefold.value < 0
    assert one.kendall_tau.value > 0.85
