"""Paired tests of whole benchmarks: in the report, its JSON, the terminal and the page."""

import dataclasses
import io
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from acidtest.compare.contract import dumps, read
from acidtest.compare.fidelity import compare
from acidtest.compare.paired import ALL_PAIRS_UP_TO
from acidtest.report.page import render_page
from acidtest.report.terminal import print_report
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import ACCURACY, MEAN, SPAN_F1, Metric
from acidtest.types import BenchmarkScores, FidelityReport, RankGroup, Scores, Separated
from simulated import answers, scored, study

ABILITY = np.array([2.0, 1.9, 0.8, 0.7, -0.5, -1.5])


@pytest.fixture(scope="module")
def report() -> FidelityReport:
    reversed_order = ABILITY[::-1].copy()
    return compare(study({"real": ABILITY, "alike": ABILITY, "opposite": reversed_order}, 300, seed=2))


def one_set(right: FloatArray, *, metric: Metric = ACCURACY, bundles: tuple[str, ...] = ()) -> FidelityReport:
    real = dataclasses.replace(scored("real", right), bundles=bundles)
    other = scored("other", right)
    return compare(Scores(metric=metric, real=real, synthetic=(other,)))


def test_every_set_has_groups_and_all_pairs_best_first(report: FidelityReport) -> None:
    assert list(report.rank_groups) == list(report.pair_tests) == ["real", "alike", "opposite"]
    for benchmark, groups in report.rank_groups.items():
        scores = [report.scores[benchmark][model].value for model in groups]
        assert scores == sorted(scores, reverse=True)
        assert [(t.one, t.other) for t in report.pair_tests[benchmark]] == list(itertools.combinations(groups, 2))
        for model, group in groups.items():
            assert group.low <= group.rank <= group.high, model
    assert report.rank_groups["real"]["m5"] == RankGroup(rank=6, low=6, high=6, letters="d")
    assert report.rank_groups["real"]["m0"].letters == report.rank_groups["real"]["m1"].letters == "a"


def test_letters_ranges_and_adjusted_p_say_the_same(report: FidelityReport) -> None:
    for benchmark, tests in report.pair_tests.items():
        groups = report.rank_groups[benchmark]
        for test in tests:
            shared = set(groups[test.one].letters) & set(groups[test.other].letters)
            assert bool(shared) == (test.p_holm > 0.05)
            assert test.p <= test.p_holm <= 1
        for model, group in groups.items():
            better = sum(t.p_holm <= 0.05 for t in tests if t.other == model)
            worse = sum(t.p_holm <= 0.05 for t in tests if t.one == model)
            assert (group.low, group.high) == (1 + better, len(groups) - worse)


def test_a_like_set_separates_the_same_pairs_and_an_opposite_one_contradicts_them(report: FidelityReport) -> None:
    clear = sum(test.p_holm <= 0.05 for test in report.pair_tests["real"])
    alike, opposite = report.separated["alike"], report.separated["opposite"]
    assert alike.real == opposite.real == clear
    assert alike.both >= clear - 2
    assert alike.contradicted == 0
    assert opposite.contradicted >= clear - 4
    assert opposite.both == 0
    assert compare(study({"real": ABILITY, "one": ABILITY}, 300)).separated["one"].real > 0


def test_many_solvers_are_listed_with_their_neighbours_alone() -> None:
    m = ALL_PAIRS_UP_TO + 5
    ability = np.r_[5.0, np.linspace(-1, 1, m - 1)]
    found = compare(study({"real": ability, "one": np.zeros(m)}, 200))
    order = list(found.rank_groups["real"])
    assert [(t.one, t.other) for t in found.pair_tests["real"]] == list(itertools.pairwise(order))
    assert min(t.p_holm / t.p for t in found.pair_tests["real"] if t.p_holm < 1) > m  # adjusted for all pairs


def test_only_items_of_both_count_and_their_number_is_told() -> None:
    right = answers(np.array([1.0, 0.0, -1.0]), 80, np.random.default_rng(1))
    right[0, :10] = np.nan
    test = next(t for t in one_set(right).pair_tests["real"] if {t.one, t.other} == {"m0", "m1"})
    assert test.difference.n == 70
    assert test.difference.value == pytest.approx(abs(right[0, 10:].mean() - right[1, 10:].mean()))
    assert "only the items that both answered" in test.difference.warnings[0]


def test_bundles_are_whole_and_said() -> None:
    right = answers(np.array([1.0, 0.0, -1.0]), 90, np.random.default_rng(1))
    bundled = one_set(right, bundles=tuple(f"b{i // 3}" for i in range(90)))
    test = bundled.pair_tests["real"][0]
    assert test.difference.n == 90
    assert test.difference.method.endswith("; 30 bundles, each whole")
    means = right.reshape(3, 30, 3).mean(axis=2)
    pair = [int(name[1]) for name in (test.one, test.other)]
    assert test.p == pytest.approx(stats.ttest_rel(*means[pair]).pvalue)


def test_set_level_metrics_and_lower_is_better() -> None:
    counts = np.random.default_rng(0).poisson(2.0, (4, 50, 3)).astype(np.float64)
    counts[1, :, 0] += 3
    metric = SPAN_F1.finish(counts.sum(axis=1), np.full(4, 50.0)) if SPAN_F1.finish else np.zeros(4)
    sets = [
        BenchmarkScores(
            name=name,
            kind="real" if name == "real" else "synthetic",
            models=tuple("abcd"),
            observed=metric,
            stats=counts,
            items=tuple(f"{name}{i}" for i in range(50)),
        )
        for name in ("real", "made")
    ]
    found = compare(Scores(metric=SPAN_F1, real=sets[0], synthetic=(sets[1],)))
    first = found.pair_tests["real"][0]
    assert first.one == "b"
    assert first.difference.value == pytest.approx(metric[1] - found.scores["real"][first.other].value)
    assert found.rank_groups["real"]["b"].rank == 1
    fewer = dataclasses.replace(MEAN, higher_is_better=False, unit=False)
    turned = one_set(answers(ABILITY, 200, np.random.default_rng(0)), metric=fewer)
    assert turned.rank_groups["real"]["m5"].rank == 1
    assert turned.pair_tests["real"][0].difference.value >= 0


def test_without_items_there_is_nothing_and_nothing_breaks() -> None:
    bare = [
        BenchmarkScores(name=name, kind="synthetic", models=("a", "b"), observed=np.array([0.4, 0.6]))
        for name in ("real", "made")
    ]
    found = compare(Scores(metric=ACCURACY, real=bare[0], synthetic=(bare[1],)))
    assert (found.rank_groups, found.pair_tests, found.separated) == ({}, {}, {})
    mixed = dataclasses.replace(scored("made", np.eye(2)), models=("a", "b"))
    half = compare(Scores(metric=ACCURACY, real=bare[0], synthetic=(mixed,)))
    assert list(half.rank_groups) == ["made"]
    assert half.separated == {}


@pytest.mark.parametrize("right", [np.ones((3, 20)), np.zeros((2, 5)), np.eye(3)[:, :2], np.ones((1, 9))])
def test_odd_tables_give_one_group(right: FloatArray) -> None:
    found = one_set(right)
    assert {group.letters for group in found.rank_groups["real"].values()} <= {"a"}
    for test in found.pair_tests["real"]:
        assert test.p_holm == 1
        assert test.difference.low < test.difference.high


def test_solvers_without_a_score_have_no_rank() -> None:
    right = answers(np.array([1.0, 0.0, 0.5]), 30, np.random.default_rng(1))
    right[1] = np.nan
    real = dataclasses.replace(scored("real", np.nan_to_num(right)), stats=right[..., None])
    real = dataclasses.replace(real, observed=np.array([right[0].mean(), math.nan, right[2].mean()]))
    found = compare(Scores(metric=ACCURACY, real=real, synthetic=(scored("made", np.nan_to_num(right)),)))
    assert set(found.rank_groups["real"]) == {"m0", "m2"}


def test_it_is_written_read_back_and_the_same_whatever_the_seed(report: FidelityReport, tmp_path: Path) -> None:
    path = tmp_path / "fidelity.json"
    path.write_bytes(dumps(report))
    found = json.loads(path.read_bytes())
    assert set(found["rank_groups"]["real"]["m0"]) == {"rank", "low", "high", "letters"}
    assert set(found["pair_tests"]["real"][0]) == {"one", "other", "difference", "p", "p_holm", "detectable"}
    assert set(found["separated"]["alike"]) == {"real", "both", "contradicted"}
    assert read(path).pair_tests == report.pair_tests
    scores = study({"real": ABILITY, "alike": ABILITY}, 40)
    assert compare(scores, seed=1).pair_tests == compare(scores, seed=2).pair_tests
    del found["rank_groups"], found["pair_tests"], found["separated"]  # written before there were any
    path.write_text(json.dumps(found), "utf-8")
    assert read(path).rank_groups == {}


def printed(report: FidelityReport) -> str:
    out = io.StringIO()
    print_report(report, console=Console(file=out, width=80))
    return out.getvalue()


def test_the_terminal_shows_letters_beside_scores(report: FidelityReport) -> None:
    lines = printed(report).splitlines()
    table = lines[next(i for i, line in enumerate(lines) if "that share a letter" in line) :]
    first = next(line for line in table if line.startswith("m0")).split()
    assert first[4] == report.rank_groups["real"]["m0"].letters
    assert max(len(line.rstrip()) for line in lines) <= 80
    bare = dataclasses.replace(report, rank_groups={})
    assert "share a letter" not in printed(bare)


def test_the_page_shows_letters_ranges_neighbours_and_what_is_separated(report: FidelityReport) -> None:
    page = " ".join(render_page(report, title="t").split())
    assert '<span class="letters">a</span> <span class="span">rank 1 to 2</span>' in page
    assert page.count("<details>") == 1
    neighbours = [t for t in report.pair_tests["real"] if (t.one, t.other) in itertools.pairwise(report.models)]
    assert len(neighbours) == len(report.models) - 1
    for test in neighbours:
        assert f'value="{test.difference.value!r}"' in page
    k = report.separated["opposite"]
    told = f"of {k.real} pairs of solvers that the real set tells apart, this set tells {k.both} apart"
    assert told in page
    assert f"and contradicts {k.contradicted}." in page
    assert "<details>" not in render_page(dataclasses.replace(report, rank_groups={}, pair_tests={}), title="t")


def test_a_set_that_tells_nobody_apart_is_said_to() -> None:
    report = compare(study({"real": np.zeros(4), "one": np.zeros(4)}, 30))
    assert report.separated == {"one": Separated(real=0, both=0, contradicted=0)}
    assert "the real set tells no two solvers apart" in render_page(report, title="t")


def test_hostile_names_are_shown_and_not_obeyed(report: FidelityReport) -> None:
    evil = "<img src=x onerror=alert(1)>\x1b[31m{{7*7}}"
    scores = study({"real": ABILITY, "alike": ABILITY}, 60)
    renamed = [dataclasses.replace(one, models=(evil, *one.models[1:])) for one in (scores.real, *scores.synthetic)]
    found = compare(dataclasses.replace(scores, real=renamed[0], synthetic=tuple(renamed[1:])))
    page = render_page(found, title="t")
    assert evil in found.rank_groups["real"]
    assert "<img" not in page
    assert "\x1b" not in page + printed(found)
    assert "{{7*7}}" in page
    assert report.rank_groups != found.rank_groups
