"""What is made of solved and unsolved items: levels, shares, differences, and what stands beside them."""

import io
import math

import jsonschema
import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from acidtest.compare.levels import (
    AskedLevels,
    LevelSet,
    SolverAnswers,
    _kept,
    first_solved,
    guessed_level,
    levels_report,
)
from acidtest.compare.levels_json import dumps, json_schema
from acidtest.report.levels_terminal import print_levels
from acidtest.stats.bounded_mean import bounded_mean
from acidtest.stats.estimate import FloatArray
from acidtest.types import Kind
from acidtest.types.levels import NEVER

NAMES = ("role", "reasoning", "few_shot_reasoning", "least_to_most", "generated_knowledge")
ASKED = AskedLevels(levels=NAMES, metric="accuracy", right_at=0.8)
CELL = st.sampled_from([0.0, 1.0, math.nan])
ROWS = st.integers(1, 5).flatmap(lambda levels: st.lists(st.lists(CELL, min_size=levels, max_size=levels), min_size=1))


def rows_of(levels: list[int], count: int = 5) -> FloatArray:
    """Return what asking until it is solved leaves: 0 before the level, 1 there, nothing after it."""
    rows = np.full((count, len(levels)), np.nan)
    for item, level in enumerate(levels):
        rows[: level - 1, item] = 0
        if level <= count:
            rows[level - 1, item] = 1
    return rows


def benchmark(name: str, kind: Kind, solvers: dict[str, SolverAnswers], all_items: int = 0) -> LevelSet:
    count = next(iter(solvers.values())).solved.shape[1]
    return LevelSet(
        name=name,
        kind=kind,
        items=tuple(f"{name}-{n}" for n in range(count)),
        all_items=all_items or count,
        chance=np.full(count, 0.25),
        solvers=solvers,
    )


def answers(levels: list[int]) -> SolverAnswers:
    return SolverAnswers(solved=rows_of(levels), unreadable=[0] * 5)


@given(ROWS)
def test_the_level_is_the_first_that_solves(items: list[list[float]]) -> None:
    found = first_solved(np.array(items).T)
    for row, level in zip(items, found, strict=True):
        expected = len(row) + 1.0
        for place, cell in enumerate(row, start=1):
            if cell != 0:
                expected = float(place) if cell == 1 else math.nan
                break
        assert level == expected or (math.isnan(level) and math.isnan(expected))


@given(ROWS)
def test_what_is_kept_is_solved_by_all_later_levels(items: list[list[float]]) -> None:
    found = _kept(np.array(items).T)
    for row, kept in zip(items, found, strict=True):
        if any(math.isnan(cell) for cell in row) or 1 not in row[:-1]:
            assert math.isnan(kept)
        else:
            assert kept == all(cell == 1 for cell in row[row.index(1) :])


@pytest.mark.parametrize("chance", [0.0, 0.2, 0.5, 1.0])
def test_a_guesser_s_level_is_the_mean_over_its_first_lucky_tries(chance: float) -> None:
    tries = sum(k * chance * (1 - chance) ** (k - 1) for k in range(1, 6)) + 6 * (1 - chance) ** 5
    assert guessed_level(np.array([chance, chance]), 5) == pytest.approx(tries)
    assert guessed_level(np.array([0.0, 1.0]), 5) == 3.5


def test_means_shares_and_differences_follow_their_definitions() -> None:
    real = {"a": [1, 2, 3, 6] * 5, "b": [2, 6, 6, 6] * 5}
    easy = {"a": [1, 1, 2, 2] * 5, "b": [1, 1, 1, 3] * 5}
    sets = [
        benchmark("r", "real", {solver: answers(levels) for solver, levels in real.items()}),
        benchmark("s", "synthetic", {solver: answers(levels) for solver, levels in easy.items()}),
    ]
    report = levels_report(sets[0], sets[1:], ASKED)
    r, s = report.benchmarks["r"], report.benchmarks["s"]
    assert (r.solvers["a"].mean.value, r.solvers["b"].mean.value, r.mean.value) == pytest.approx((3, 5, 4))
    assert s.difference is not None
    assert s.difference.value == pytest.approx((1.5 + 1.5) / 2 - 4)
    assert s.differences["b"].value == pytest.approx(1.5 - 5)
    assert [one.value for one in r.solvers["a"].shares.values()] == [0.25, 0.25, 0.25, 0, 0, 0.25]
    assert list(r.solvers["a"].shares) == [*NAMES, NEVER]
    scaled = bounded_mean((np.array(real["a"]) - 1) / 5)
    assert (r.solvers["a"].mean.low, r.solvers["a"].mean.high) == pytest.approx(
        (1 + 5 * scaled.low, 1 + 5 * scaled.high)
    )
    assert s.difference.high < 0
    assert s.sentence.startswith(
        "Items of s need 2.5 levels less than those of r: they are easier (95% interval \N{MINUS SIGN}"
    )
    assert r.sentence == ""
    back = levels_report(sets[1], [sets[0]], ASKED).benchmarks["r"]
    assert back.sentence.startswith("Items of r need 2.5 levels more than those of s: they are harder")
    jsonschema.Draft202012Validator(json_schema()).validate(orjson.loads(dumps(report)))


@pytest.mark.parametrize(
    ("levels", "words"),
    [([1, 6] * 4, "cannot be told (95% interval"), ([1] * 4000, "need as much help as those of r"), ([3], "be told.")],
)
def test_what_cannot_be_told_is_said(levels: list[int], words: str) -> None:
    sets = [benchmark(name, "real", {"a": answers(levels)}) for name in ("r", "s")]
    assert words in levels_report(sets[0], sets[1:], ASKED).benchmarks["s"].sentence


def test_bundles_widen_the_interval() -> None:
    levels = [1] * 12 + [6] * 12
    apart = benchmark("r", "real", {"a": answers(levels)})
    whole = LevelSet(**{**apart.__dict__, "bundles": tuple(str(n // 4) for n in range(24))})
    alone, bundled = (levels_report(one, [], ASKED).benchmarks["r"].mean for one in (apart, whole))
    groups = np.arange(24) // 4
    oracle = bounded_mean((np.array(levels) - 1) / 5, bundles=groups)
    assert bundled.low == pytest.approx(1 + 5 * oracle.low)
    assert bundled.high - bundled.low > 1.5 * (alone.high - alone.low)


def test_items_without_a_bundle_stand_alone_and_all_estimates_hold_bundles_together() -> None:
    levels, tried = [1, 1, 1, 6, 2, 6, 3, 1] * 3, [1, 1, 2, 6, 6, 6, 4, 1] * 3
    told = SolverAnswers(solved=rows_of(levels), unreadable=[0] * 5, tries=rows_of(tried))
    plain = benchmark("r", "real", {"a": told})
    bundles = tuple(f"b{n // 4}" if n < 16 else "" for n in range(24))
    found = levels_report(LevelSet(**{**plain.__dict__, "bundles": bundles}), [], ASKED).benchmarks["r"].solvers["a"]
    groups = np.array([n // 4 if n < 16 else n for n in range(24)])
    number, tries = np.array(levels, float), np.array(tried, float)
    oracle = bounded_mean((number - 1) / 5, bundles=groups)
    assert (found.mean.low, found.mean.high) == pytest.approx((1 + 5 * oracle.low, 1 + 5 * oracle.high))
    oracle = bounded_mean((number == 6) * 1.0, bundles=groups)
    assert (found.shares[NEVER].low, found.shares[NEVER].high) == pytest.approx((oracle.low, oracle.high))
    oracle = bounded_mean((tries - number + 5) / 10, bundles=groups)
    assert found.beyond_tries is not None
    assert (found.beyond_tries.low, found.beyond_tries.high) == pytest.approx(
        (10 * oracle.low - 5, 10 * oracle.high - 5)
    )


def test_a_set_that_may_be_much_harder_is_not_called_alike() -> None:
    sets = [benchmark("r", "real", {"a": answers([1] * 4000)}), benchmark("s", "synthetic", {"a": answers([1] * 20)})]
    found = levels_report(sets[0], sets[1:], ASKED).benchmarks["s"]
    assert found.difference is not None
    assert -0.1 < found.difference.low <= 0
    assert found.difference.high > 0.1
    assert "cannot be told" in found.sentence


def test_a_solver_that_the_real_set_lacks_has_no_difference() -> None:
    sets = [benchmark("r", "real", {"a": answers([1, 2])}), benchmark("s", "synthetic", {"b": answers([3, 4])})]
    report = levels_report(sets[0], sets[1:], ASKED)
    assert dict(report.benchmarks["s"].differences) == {}
    assert report.solvers == ()
    assert "cannot be told" in report.benchmarks["s"].sentence
    jsonschema.Draft202012Validator(json_schema()).validate(orjson.loads(dumps(report)))
    print_levels(report, console=Console(file=io.StringIO(), width=80))


def test_guesses_are_named_where_the_interval_reaches_them() -> None:
    told = levels_report(benchmark("r", "real", {"a": answers([1, 6] * 4)}), [], ASKED).benchmarks["r"]
    assert told.guess.value == pytest.approx(3.288, abs=0.001)
    assert told.solvers["a"].mean.value == 3.5
    near = levels_report(benchmark("r", "real", {"a": answers([1, 5] * 4)}), [], ASKED).benchmarks["r"].solvers["a"]
    assert near.mean.value == 3
    assert near.mean.high > told.guess.value
    assert any("blind guesses" in warning for warning in near.mean.warnings)


def test_a_mean_level_that_guesses_may_reach_is_said() -> None:
    """Of four choices a guess is right in one of four tries: 1 + .75 + ... + .75^5 = 3.3 on average."""
    of = {"weak": answers([1, 3, 6, 4] * 10), "strong": answers([1, 1, 1, 2] * 10)}
    told = levels_report(benchmark("r", "real", of), [], ASKED).benchmarks["r"].solvers
    words = "blind guesses may do as well, at a mean level of 3.3"
    assert (words in told["weak"].mean.warnings, words in told["strong"].mean.warnings) == (True, False)


def test_items_without_an_answer_have_no_level_and_are_counted() -> None:
    solved = rows_of([1, 3, 6, 2])
    solved[2, 1] = np.nan  # the answer that was to solve it never came
    report = levels_report(
        benchmark("r", "real", {"a": SolverAnswers(solved=solved, unreadable=[0] * 5), "b": answers([1, 1, 1, 1])}),
        [benchmark("s", "synthetic", {"a": answers([1, 2])})],
        ASKED,
    )
    told = report.benchmarks["r"].solvers["a"]
    assert (told.unknown, told.mean.value, told.mean.n) == (1, 3.0, 3)
    assert any("1 item without a level" in warning for warning in told.mean.warnings)
    assert told.asked == {
        "role": 4,
        "reasoning": 3,
        "few_shot_reasoning": 1,
        "least_to_most": 1,
        "generated_knowledge": 1,
    }
    assert report.solvers == ("a",)
    assert any("lack levels on a benchmark: b" in warning for warning in report.warnings)


def test_the_interval_of_a_difference_holds_as_often_as_it_says() -> None:
    """600 pairs of sets whose true mean levels are 3.15 and 2.25: two-sided, each side misses at most 5 %."""
    rng = np.random.default_rng(4)
    shares = {"r": [0.3, 0.15, 0.15, 0.1, 0.1, 0.2], "s": [0.5, 0.2, 0.1, 0.05, 0.05, 0.1]}
    truth = {name: float(np.arange(1, 7) @ np.array(p)) for name, p in shares.items()}
    below = above = 0
    for _ in range(600):
        sets = [benchmark(name, "real", {"a": answers(list(rng.choice(6, 40, p=p) + 1))}) for name, p in shares.items()]
        found = levels_report(sets[0], sets[1:], ASKED).benchmarks["s"].difference
        assert found is not None
        below += found.high < truth["s"] - truth["r"]
        above += found.low > truth["s"] - truth["r"]
    assert below <= 30
    assert above <= 30
    assert 6 <= below + above <= 48  # 1 to 8 %: neither too narrow nor far too wide


def test_tries_are_compared_item_by_item() -> None:
    tries = rows_of([1, 6, 6, 2])
    told = SolverAnswers(solved=rows_of([1, 2, 6, 3]), unreadable=[0] * 5, tries=tries)
    found = levels_report(benchmark("r", "real", {"a": told}), [], ASKED).benchmarks["r"].solvers["a"]
    assert found.tries is not None
    assert found.beyond_tries is not None
    assert found.tries.value == 15 / 4
    assert found.beyond_tries.value == pytest.approx((0 + 4 + 0 - 1) / 4)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("f1", "Solved: f1 of 0.8 or more."),
        ("pearson", "Solved: the task's own score of an answer (the metric pearson"),
    ],
)
def test_a_metric_of_whole_sets_is_said_to_score_no_item(metric: str, words: str) -> None:
    out = io.StringIO()
    asked = AskedLevels(levels=NAMES, metric=metric, right_at=0.8)
    report = levels_report(benchmark("r", "real", {"a": answers([1, 2])}), [], asked)
    print_levels(report, console=Console(file=out, width=200))
    assert words in out.getvalue()


def test_the_terminal_shows_names_as_they_are() -> None:
    evil = "[bold]a\x1b[31m"
    told = SolverAnswers(solved=rows_of([1, 2, 6]), unreadable=[1, 0, 0, 0, 0])
    sets = [benchmark(name, "real", {evil: told}, all_items=9) for name in ("r", "s")]
    out = io.StringIO()
    print_levels(levels_report(sets[0], sets[1:], ASKED), console=Console(file=out, width=200))
    said = out.getvalue()
    assert "\x1b" not in said
    assert "[bold]a" in said
    assert "3 of 9 items" in said
    assert "1 of 3" in said
    assert "--tries shows what tries alone do" in said
