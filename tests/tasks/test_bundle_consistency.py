"""Consistency as a metric: bundles whole, incomplete ones left out, intervals that hold the truth."""

from pathlib import Path

import numpy as np
import pytest

from acidtest.compare.fidelity import compare
from acidtest.compare.sets import ScoredSet
from acidtest.data.scores.table import read_scores
from acidtest.data.scores.write import write_score_table
from acidtest.evaluate.score import score_columns
from acidtest.stats.bundles import complete_bundles, right_together
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import linearised, observed
from acidtest.stats.metric import CONSISTENCY
from acidtest.stats.noise import plain_variance
from acidtest.tasks.bundle_consistency import bundle_sums
from acidtest.tasks.math import MathTask
from acidtest.tasks.reading import ReadingTask
from acidtest.types import Benchmark, BenchmarkScores, Item, Kind, Response, Scores

EDITS = ("original", "paraphrase", "scope", "affirmative")
SOLVERS = 8


def bundle(name: str, edits: tuple[str, ...] = EDITS) -> list[Item]:
    return [Item(id=f"{name}-{edit}", input={}, target="", bundle=name, edit=edit) for edit in edits]


def test_sums_by_hand() -> None:
    items = [*bundle("a", EDITS[::-1]), *bundle("b", EDITS[:3]), *bundle("c"), Item(id="lone", input={}, target="")]
    right = [1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1]
    sums = bundle_sums(items, right)
    counted = {items[i].id: row.tolist() for i, row in enumerate(sums) if row.any()}
    assert counted == {"a-original": [1, 1], "c-original": [0, 1]}


def test_one_missing_answer_makes_a_bundle_unknown_even_where_another_is_wrong() -> None:
    items = [*bundle("a"), *bundle("b"), *bundle("c", EDITS[:2])]
    right = [1, 1, 1, 1, np.nan, 0, 1, 1, np.nan, 1]
    assert np.isnan(bundle_sums(items, right)).any(axis=1).tolist() == [False] * 4 + [True] * 4 + [False] * 2


def test_without_edit_kinds_two_members_are_a_bundle() -> None:
    items = [Item(id=str(k), input={}, target="", bundle=b) for k, b in enumerate(("x", "x", "y", None, None))]
    assert bundle_sums(items, [1, 1, 1, 1, 1]).sum(axis=0).tolist() == [1, 1]


def test_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="4 items"):
        bundle_sums(bundle("a"), [1, 1])


def answered(name: str, ability: FloatArray, count: int, rng: np.random.Generator) -> tuple[list[Item], FloatArray]:
    """Return items and right [M, n]: bundles whose difficulty their items share, seven in ten of them complete."""
    items = []
    for number in range(count):
        items += bundle(f"{name}{number}", EDITS if rng.random() < 0.7 else EDITS[: rng.integers(1, 4)])
    of_bundle = np.unique([item.bundle for item in items], return_inverse=True)[1]
    difficulty = rng.normal(0, 1, count)[of_bundle] + rng.normal(0, 0.5, len(items))
    return items, (rng.random((len(ability), len(items))) < 1 / (1 + np.exp(difficulty - ability[:, None]))).astype(
        float
    )


def scored(name: str, kind: Kind, ability: FloatArray, count: int, rng: np.random.Generator) -> BenchmarkScores:
    items, right = answered(name, ability, count, rng)
    stats = np.stack([bundle_sums(items, row) for row in right])
    return BenchmarkScores(
        name=name,
        kind=kind,
        models=tuple(f"m{k}" for k in range(len(ability))),
        observed=observed(stats, CONSISTENCY),
        stats=stats,
        items=tuple(item.id for item in items),
        bundles=tuple(str(item.bundle) for item in items),
    )


def test_the_noise_is_that_of_the_complete_bundles_alone() -> None:
    """A share of C bundles: the jackknife's values are 0 and 1, and their variance is p (1 - p) / (C - 1)."""
    rng = np.random.default_rng(0)
    items, right = answered("x", np.linspace(0, 2, SOLVERS), 90, rng)
    stats = np.stack([bundle_sums(items, row) for row in right])
    groups = np.unique([item.bundle for item in items], return_inverse=True)[1]
    values = linearised(stats, CONSISTENCY, groups)
    complete = complete_bundles([str(item.bundle) for item in items], [str(item.edit) for item in items])
    whole = right_together(right, list(complete.values()))
    assert 40 < whole.shape[1] < 80
    assert np.isfinite(values).sum(axis=1).tolist() == [whole.shape[1]] * SOLVERS
    assert np.nanmean(values, axis=1) == pytest.approx(whole.mean(axis=1), abs=1e-12)
    assert observed(stats, CONSISTENCY) == pytest.approx(whole.mean(axis=1), abs=1e-12)
    share = whole.mean(axis=1)
    assert plain_variance(values) == pytest.approx(share * (1 - share) / (whole.shape[1] - 1), abs=1e-12)


def true_consistency(ability: FloatArray) -> FloatArray:
    """Return each solver's share of bundles right, over so many bundles that its own noise does not count."""
    rng = np.random.default_rng(9)
    difficulty = rng.normal(0, 1, (20_000, 1)) + rng.normal(0, 0.5, (20_000, len(EDITS)))
    return np.array([(1 / (1 + np.exp(difficulty - one))).prod(axis=1).mean() for one in ability])


def test_intervals_of_gap_and_scores_hold_the_truth() -> None:
    """95 % intervals in 20 studies of 8 solvers: 320 scores, and 20 gaps; fewer than 16 gaps: chance .3 %."""
    rng = np.random.default_rng(0)
    gaps, scores = [], []
    for seed in range(20):
        ability = rng.normal(1.5, 0.8, SOLVERS)
        other = ability + 0.5 + rng.normal(0, 0.3, SOLVERS)
        real, synthetic = scored("real", "real", ability, 100, rng), scored("fake", "synthetic", other, 100, rng)
        report = compare(Scores(metric=CONSISTENCY, real=real, synthetic=(synthetic,)), seed=seed)
        truths = {"real": true_consistency(ability), "fake": true_consistency(other)}
        gap = report.fidelity["fake"]["gap"]
        gaps.append(gap.low <= (truths["fake"] - truths["real"]).mean() <= gap.high)
        for name, truth in truths.items():
            found = [report.scores[name][model] for model in real.models]
            scores += [one.low <= true <= one.high for one, true in zip(found, truth, strict=True)]
        assert all("bundles, each whole" in test.difference.method for test in report.pair_tests["real"])
    assert sum(gaps) >= 16
    assert 0.90 <= np.mean(scores) <= 0.99


def test_bundles_go_from_responses_through_the_table_into_a_comparison(tmp_path: Path) -> None:
    """One solver lacks one answer: its bundle does not count for it, and nothing else changes."""
    task = ReadingTask(["YES", "NO"])
    rng = np.random.default_rng(1)
    columns: dict[str, list[object]] = {}
    for name in ("real", "fake"):
        items = tuple(
            Item(
                id=f"{name}{k}-{e}", input={"passage": "p", "question": "q"}, target="YES", bundle=f"{name}{k}", edit=e
            )
            for k in range(30)
            for e in EDITS
        )
        responses = {
            f"m{m}": {i.id: Response(item=i.id, text="yes" if rng.random() < 0.8 + m / 40 else "no") for i in items}
            for m in range(5)
        }
        responses["m4"][items[5].id] = Response(item=items[5].id, text="", error="no answer came")
        benchmark = Benchmark(name=name, kind="real" if name == "real" else "synthetic", items=items)
        for column, values in score_columns(task, "consistency", benchmark, responses).items():
            columns.setdefault(column, []).extend(values)
    write_score_table(tmp_path / "scores.parquet", columns)
    scores = read_scores([tmp_path / "scores.parquet"], real="real")
    assert scores.metric == CONSISTENCY
    counts = np.isfinite(ScoredSet(scores.real, scores.metric).linear).sum(axis=1)
    assert dict(zip(scores.real.models, counts.tolist(), strict=True)) == {
        **dict.fromkeys(["m0", "m1", "m2", "m3"], 30),
        "m4": 29,
    }
    report = compare(scores)
    assert np.isfinite(report.fidelity["fake"]["gap"].value)
    assert report.scores["real"]["m0"].value * 30 == pytest.approx(round(report.scores["real"]["m0"].value * 30))


def test_a_set_without_a_complete_bundle_cannot_be_measured_by_consistency() -> None:
    items = tuple(Item(id=f"{k}", input={"passage": "p", "question": "q"}, target="x") for k in range(4))
    lone = (*items, items[0].model_copy(update={"id": "b", "bundle": "b"}))
    for task in (ReadingTask(), MathTask()):
        assert task.problem_of_set("consistency", lone)
        assert task.problem_of_set(task.metrics[0], lone) == ""
    pair = (*items, *(items[0].model_copy(update={"id": name, "bundle": "b"}) for name in "bc"))
    assert ReadingTask().problem_of_set("consistency", pair) == ""
