"""Consistency of bundles: the definition computed slowly, the structure of CondaQA, truths that are known."""

import csv
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.compare.consistency import consistencies
from acidtest.compare.contract import dumps, read
from acidtest.compare.fidelity import compare
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.data.datasets.catalogue import load_dataset
from acidtest.data.scores.table import read_scores
from acidtest.data.scores.write import write_score_table
from acidtest.evaluate.score import score_columns
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import observed
from acidtest.stats.metric import ACCURACY, CONSISTENCY, MEAN
from acidtest.tasks.bundle_consistency import bundle_sums
from acidtest.tasks.intent import IntentTask
from acidtest.types import Benchmark, BenchmarkScores, BundleConsistency, Item, Kind, Response
from bundle_study import EDITS, bundled, study_of, whole

PAIRS = tuple(f"original + {edit}" for edit in EDITS[1:])
M = 3


def consistency_of(*sets: BenchmarkScores, right_at: float | None = None) -> dict[str, BundleConsistency]:
    scored = [ScoredSet(one, ACCURACY) for one in sets]
    return consistencies(scored[0], scored[1:], Settings(), right_at)


def slow(scores: list[float], bundles: list[str], edits: list[str], among: tuple[str, ...], limit: float) -> float:
    """The share of complete, fully scored bundles whose items of these kinds are all right: loops, no arrays."""
    wanted = {edit for edit in edits if edit}
    counted, right = 0, 0
    for bundle in dict.fromkeys(bundles):
        own = [i for i, b in enumerate(bundles) if b == bundle]
        if not wanted <= {edits[i] for i in own}:
            continue
        judged = [i for i in own if edits[i] in among]
        if any(math.isnan(scores[i]) for i in judged):
            continue
        counted += 1
        right += all(scores[i] >= limit for i in judged)
    return right / counted if counted else math.nan


@st.composite
def bundle_tables(draw: st.DrawFn) -> tuple[FloatArray, list[str], list[str]]:
    n = draw(st.integers(4, 40))
    bundles = draw(st.lists(st.sampled_from("abcd"), min_size=n, max_size=n))
    edits = draw(st.lists(st.sampled_from(EDITS), min_size=n, max_size=n))
    cells = st.sampled_from((0.0, 0.5, 0.8, 1.0, math.nan))
    scores = np.array(draw(st.lists(cells, min_size=n * M, max_size=n * M))).reshape(M, n)
    scores[np.isnan(scores).all(axis=1), 0] = 1.0
    return scores, bundles, edits


@given(bundle_tables())
@settings(max_examples=80, deadline=None)
def test_shares_are_those_of_the_definition(table: tuple[FloatArray, list[str], list[str]]) -> None:
    scores, bundles, edits = table
    found = consistency_of(bundled("real", scores, bundles, edits), right_at=0.8)
    for row in range(M):
        share = slow(list(scores[row]), bundles, edits, EDITS, 0.8)
        if "real" not in found:  # no bundle is complete
            assert math.isnan(share)
            continue
        assert found["real"].shares["bundle"][f"m{row}"].value == pytest.approx(share, nan_ok=True)
        for edit in set(edits) - {"original"} if "original" in edits else ():
            pair = slow(list(scores[row]), bundles, edits, ("original", edit), 0.8)
            told = found["real"].shares[f"original + {edit}"][f"m{row}"].value
            assert told == pytest.approx(pair, nan_ok=True)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_a_bundle_is_harder_than_its_pairs_and_they_than_their_items(seed: int, bundles: int) -> None:
    rng = np.random.default_rng(seed)
    one = whole("real", rng.normal(1, 1, M), bundles, rng)
    found = consistency_of(one)["real"]
    assert (found.complete, found.incomplete, found.edits) == (bundles, 0, EDITS)
    scores = one.item_scores
    assert scores is not None
    for row in range(M):
        shares = {key: of[f"m{row}"] for key, of in found.shares.items()}
        for edit, pair in zip(EDITS[1:], PAIRS, strict=True):
            of_kind = scores[row, EDITS.index(edit) :: 4].mean()
            assert shares["bundle"].value <= shares[pair].value <= min(of_kind, scores[row, ::4].mean())
        for estimate in shares.values():
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
            assert estimate.n == bundles


@given(bundle_tables())
@settings(max_examples=40, deadline=None)
def test_the_metric_of_bundles_is_the_same_share(table: tuple[FloatArray, list[str], list[str]]) -> None:
    scores, bundles, edits = table
    names = enumerate(zip(bundles, edits, strict=True))
    items = [Item(id=str(i), input={}, target="", bundle=bundle, edit=edit) for i, (bundle, edit) in names]
    found = consistency_of(bundled("real", scores, bundles, edits), right_at=0.8)
    right = np.where(np.isnan(scores), np.nan, scores >= 0.8)
    for row in range(M):
        sums = np.nansum(bundle_sums(items, right[row]), axis=0)
        share = sums[0] / sums[1] if sums[1] else math.nan
        told = found["real"].shares["bundle"][f"m{row}"].value if found else math.nan
        assert told == pytest.approx(share, nan_ok=True)


def test_without_edit_kinds_a_bundle_needs_two_items() -> None:
    scores = np.array([[1.0, 1, 1, 0, 1, 1]])
    found = consistency_of(bundled("real", scores, ["a", "a", "b", "b", "c", ""]))["real"]
    assert (found.complete, found.incomplete, found.edits) == (2, 1, ())
    assert {key: of["m0"].value for key, of in found.shares.items()} == {"bundle": 0.5}


def test_fractions_are_right_from_eight_tenths_on_unless_another_limit_is_given() -> None:
    def share(scores: list[float], limit: float | None = None) -> tuple[float, float]:
        found = consistency_of(bundled("real", np.array([scores]), ["a", "a", "b", "b"]), right_at=limit)["real"]
        return found.right_at, found.shares["bundle"]["m0"].value

    assert share([1, 1, 0, 1]) == (1.0, 0.5)
    assert share([1, 0.8, 0.79, 1]) == (0.8, 0.5)
    assert share([1, 0.8, 0.79, 1], 0.5) == (0.5, 1.0)
    assert share([1, 0.8, 0.79, 1], 1.0) == (1.0, 0.0)


def test_scores_on_another_scale_are_neither_right_nor_wrong() -> None:
    one = bundled("real", np.array([[4.0, 5, 1, 2]]), ["a", "a", "b", "b"])
    assert consistency_of(one) == {}
    assert consistency_of(one, right_at=4.0)["real"].shares["bundle"]["m0"].value == 0.5
    upside_down = dataclasses.replace(MEAN, higher_is_better=False)
    assert consistencies(ScoredSet(one, upside_down), [], Settings(), 4.0) == {}


def test_what_is_not_scored_is_left_out_and_said() -> None:
    scores = np.array([[1.0, 1, 0, math.nan, 1, 1], [1.0, 1, 0, 0, 1, 0]])
    shares = consistency_of(bundled("real", scores, ["a", "a", "b", "b", "c", "c"]))["real"].shares["bundle"]
    assert (shares["m0"].value, shares["m0"].n) == (1.0, 2)
    assert shares["m0"].warnings == ("1 bundle not scored in full and left out",)
    assert shares["m1"].value == pytest.approx(1 / 3)
    assert (shares["m1"].n, shares["m1"].warnings) == (3, ())


def test_differences_are_to_the_real_set_and_their_mean_is_over_solvers() -> None:
    rng = np.random.default_rng(3)
    ability = np.array([0.0, 1.0, 2.0])
    real, easy = whole("real", ability, 60, rng), whole("easy", ability + 1.5, 80, rng)
    found = consistency_of(real, easy)
    assert found["real"].differences == {}
    for key in ("bundle", *PAIRS):
        of_key = found["easy"].differences[key]
        for model, estimate in of_key.items():
            told = found["easy"].shares[key][model].value - found["real"].shares[key][model].value
            assert estimate.value == pytest.approx(told)
            assert estimate.low <= estimate.value <= estimate.high
            assert estimate.n == 60
        mean = found["easy"].mean_difference[key]
        assert mean.value == pytest.approx(np.mean([e.value for e in of_key.values()]))
        assert 0 < mean.low <= mean.value <= mean.high


def test_the_mean_difference_is_the_gap_of_a_study_whose_metric_is_consistency() -> None:
    """Two ways: bundles as items with the mean as metric, and items with sums of bundles and the jackknife."""
    rng = np.random.default_rng(9)
    sets = [whole(name, np.arange(3.0) + shift, 50, rng) for name, shift in (("real", 0.0), ("easy", 1.0))]
    summed = []
    for one in sets:
        pairs = zip(one.items, one.bundles, one.edits, strict=True)
        items = [Item(id=i, input={}, target="", bundle=bundle, edit=edit) for i, bundle, edit in pairs]
        stats = np.stack([bundle_sums(items, right) for right in np.array(one.item_scores)])
        summed.append(dataclasses.replace(one, stats=stats, observed=observed(stats, CONSISTENCY)))
    report = compare(dataclasses.replace(study_of(*summed), metric=CONSISTENCY))
    gap, mean = report.fidelity["easy"]["gap"], report.consistency["easy"].mean_difference["bundle"]
    assert [gap.value, gap.low, gap.high] == pytest.approx([mean.value, mean.low, mean.high])


def test_the_same_bundles_are_compared_one_by_one() -> None:
    rng = np.random.default_rng(4)
    real = whole("real", np.array([1.0, 2.0]), 100, rng, prefix="b")
    scores = np.array(real.item_scores)
    scores[:, :20] = 1 - scores[:, :20]
    again = bundled("again", scores, real.bundles, real.edits)
    shuffled = bundled("again", scores[:, ::-1], real.bundles[::-1], real.edits[::-1])
    apart = bundled("again", scores, [f"other {b}" for b in real.bundles], real.edits)
    one, turned, other = (
        consistency_of(real, x)["again"].differences["bundle"]["m0"] for x in (again, shuffled, apart)
    )
    assert one == turned
    assert one.value == pytest.approx(other.value)
    assert one.high - one.low < 0.7 * (other.high - other.low)


def test_bundles_of_unlike_kinds_or_sizes_are_said() -> None:
    four = bundled("real", np.ones((2, 8)), ["a"] * 4 + ["b"] * 4, EDITS * 2)
    two = bundled("two", np.ones((2, 4)), ["a", "a", "b", "b"], EDITS[:2] * 2)
    told = consistency_of(four, two)["two"]
    warning = "bundles of unlike edit kinds: original, paraphrase here, original, paraphrase, scope, affirmative in "
    assert told.differences["bundle"]["m0"].warnings == (f"{warning}the real set",)
    assert list(told.differences) == ["bundle", "original + paraphrase"]
    assert told.differences["original + paraphrase"]["m0"].warnings == ()
    bare = [dataclasses.replace(one, edits=()) for one in (four, two)]
    sizes = "bundles of unlike size, 2.0 items here, 4.0 in the real set on average: more items are harder to get all"
    assert consistency_of(*bare)["two"].mean_difference["bundle"].warnings == (f"{sizes} right",)


@pytest.mark.long
def test_intervals_of_differences_hold_the_truth() -> None:
    """Bundles differ in difficulty, which all solvers share: 200 studies of 40 real and 60 synthetic bundles."""
    rng = np.random.default_rng(5)
    ability, easier = np.array([0.5, 1.5, 2.5]), 1.0
    truth = [truth_of(ability + shift, rng) for shift in (0.0, easier)]
    each = truth[1] - truth[0]
    held, mean_held = np.zeros(M), 0
    for _ in range(200):
        found = consistency_of(whole("real", ability, 40, rng), whole("easy", ability + easier, 60, rng))["easy"]
        one = found.differences["bundle"]
        held += [one[f"m{i}"].low <= each[i] <= one[f"m{i}"].high for i in range(M)]
        mean = found.mean_difference["bundle"]
        mean_held += mean.low <= each.mean() <= mean.high
    # Three standard errors of 200 studies at .95 are .046.
    assert (held / 200 > 0.904).all()
    assert mean_held / 200 > 0.904


def truth_of(ability: FloatArray, rng: np.random.Generator) -> FloatArray:
    chance = 1 / (1 + np.exp(rng.normal(0, 1, 400_000) - ability[:, None]))
    return np.asarray((chance**4).mean(axis=1), np.float64)


def test_the_bundles_of_condaqa(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """2,057 bundles, 1,402 with all four edits: the README of the data."""
    monkeypatch.setenv("ACIDTEST_DATA", str(real_data))
    items = load_dataset("condaqa").items
    assert len(items) == 7240
    rng = np.random.default_rng(6)
    scores = simulated_answers(items, np.array([1.0, 2.0, 3.0]), rng)
    one = bundled("real", scores, [i.bundle or "" for i in items], [i.edit or "" for i in items])
    found = consistency_of(one)["real"]
    assert (found.complete, found.incomplete) == (1402, 655)
    assert set(found.edits) == set(EDITS)
    shares = {key: [of[f"m{i}"].value for i in range(M)] for key, of in found.shares.items()}
    assert set(shares) == {"bundle", *PAIRS}
    row = list(scores[0])
    bundles, edits = [i.bundle or "" for i in items], [i.edit or "" for i in items]
    assert shares["bundle"][0] == slow(row, bundles, edits, EDITS, 1)
    assert shares["original + scope"][0] == slow(row, bundles, edits, ("original", "scope"), 1)
    # With 1,402 bundles an interval is about two standard errors of a share wide on either side.
    middle = found.shares["bundle"]["m1"]
    error = math.sqrt(middle.value * (1 - middle.value) / 1402)
    assert middle.high - middle.low == pytest.approx(2 * 1.96 * error, rel=0.02)


def simulated_answers(items: Sequence[Item], ability: FloatArray, rng: np.random.Generator) -> FloatArray:
    hard = {item.bundle: float(rng.normal(0, 1)) for item in items}
    odds = np.array([hard[item.bundle] for item in items])
    return (rng.random((len(ability), len(items))) < 1 / (1 + np.exp(odds - ability[:, None]))).astype(np.float64)


def test_a_table_with_edits_is_read_compared_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    rng = np.random.default_rng(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["benchmark", "model", "item", "score", "bundle", "edit", "topic"])
        for name in ("real", "fake"):
            for item in range(40):
                for model in ("a", "b", "c"):
                    score = int(rng.random() < (0.9 if name == "fake" else 0.6))
                    about = [f"{name}-{item // 4}", EDITS[item % 4], "even" if item % 8 < 4 else ""]
                    rows.writerow([name, model, f"{name}-{item}", score, *about])
    scores = read_scores([path], real="real")
    assert scores.real.edits == EDITS * 10
    assert set(scores.real.topics) == {"even", ""}
    report = compare(scores)
    assert report.consistency["fake"].complete == 10
    assert list(report.gap_by_edit["fake"]) == list(EDITS)
    assert list(report.gap_by_topic["fake"]) == ["even"]
    written = tmp_path / "fidelity.json"
    written.write_bytes(dumps(report))
    again = read(written)
    assert again.consistency == report.consistency
    assert again.gap_by_edit == report.gap_by_edit
    assert dumps(again) == written.read_bytes()


def test_what_a_study_writes_is_what_a_comparison_reads(tmp_path: Path) -> None:
    """Items with edit kinds and topics, through the scoring of a task and the table of scores."""
    task = IntentTask(("yes", "no"))
    columns: dict[str, list[object]] = {}
    for name in ("real", "fake"):
        items = tuple(
            Item(
                id=f"{name}{i}",
                input={"text": "?"},
                target="yes",
                bundle=f"{name}{i // 2}",
                edit=EDITS[i % 2],
                topic="t",
            )
            for i in range(8)
        )
        said = {"a": ["yes"] * 8, "b": ["yes", "no"] * 4}
        responses = {
            model: {item.id: Response(item=item.id, text=text) for item, text in zip(items, texts, strict=True)}
            for model, texts in said.items()
        }
        kind: Kind = "real" if name == "real" else "synthetic"
        benchmark = Benchmark(name=name, kind=kind, items=items, labels=("yes", "no"))
        for column, cells in score_columns(task, "accuracy", benchmark, responses).items():
            columns.setdefault(column, []).extend(cells)
    write_score_table(tmp_path / "scores.parquet", columns)
    report = compare(read_scores([tmp_path / "scores.parquet"], real="real"))
    shares = report.consistency["fake"].shares
    assert {key: (of["a"].value, of["b"].value) for key, of in shares.items()} == {
        "bundle": (1.0, 0.0),
        "original + paraphrase": (1.0, 0.0),
    }
    assert {key: gap.value for key, gap in report.gap_by_edit["fake"].items()} == {"original": 0.0, "paraphrase": 0.0}
    assert list(report.gap_by_topic["fake"]) == ["t"]


def test_a_study_without_bundles_says_nothing_of_them() -> None:
    plain = [dataclasses.replace(one, bundles=(), edits=(), item_scores=None) for one in two_sets()]
    report = compare(study_of(*plain))
    assert (report.consistency, report.gap_by_edit, report.gap_by_topic) == ({}, {}, {})


def two_sets() -> tuple[BenchmarkScores, BenchmarkScores]:
    rng = np.random.default_rng(8)
    return whole("real", np.arange(3.0), 20, rng), whole("easy", np.arange(3.0) + 1, 20, rng)
