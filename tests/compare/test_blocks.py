"""Items summed up in blocks: the same statistics as from single items, but for how well the noise is known.

Tolerances: a variance from B blocks has a relative standard error of sqrt(2 / (B - 1)) about the one from single items
(normal theory; the sums of blocks are near normal), so widths of intervals differ by half of that, 1.6 % at 2,000
blocks, and quantities that are proportional to a variance by 3.2 %. Four of these are allowed. Whatever is a function
of scores alone is the same to rounding.
"""

import math
from pathlib import Path

import numpy as np
import pytest

from acidtest.compare.fidelity import compare
from acidtest.compare.level import gap
from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.compare.worth import worth_score
from acidtest.data.scores.blocks.read import read_blocks
from acidtest.data.scores.table import read_scores
from acidtest.stats.blocks import block_values, in_blocks
from acidtest.stats.estimate import Estimate
from acidtest.stats.jackknife import linearised
from acidtest.stats.metric import ACCURACY, MACRO_F1, SPAN_F1, weighted
from acidtest.types import BenchmarkScores, FidelityReport
from block_tables import FloatArray, blocked, chances, fractions, shares, span_counts, write_long, write_wide

B = 2000
VARIANCE = 4 * math.sqrt(2 / (B - 1))
WIDTH = VARIANCE / 2
M, N = 8, 6000
REAL, FAKE = ([f"{name}{i}" for i in range(N)] for name in ("r", "f"))

WORLDS = ("shares", "fractions", "spans", "shared", "partly", "holes", "weights", "bundles")


def world(kind: str, path: Path) -> Path:
    """Write one table of each kind."""
    make = {"fractions": fractions, "spans": span_counts}.get(kind, shares)
    x = {"real": make(M, N, seed=1), "fake": make(M, N, seed=2, easier=0.3)}
    items, stats = FAKE, x if kind == "spans" else None
    if kind in ("shared", "partly"):  # answers to the same item are mostly alike
        items = REAL if kind == "shared" else REAL[: N // 2] + FAKE[N // 2 :]
        x["fake"] = np.where(np.random.default_rng(0).random((M, N)) < 0.8, x["real"], x["fake"])
    if kind == "holes":
        gone = np.random.default_rng(5).random((2, M, N)) < np.linspace(0, 0.5, M)[:, None]
        x = {name: np.where(gone[k], np.nan, of) for k, (name, of) in enumerate(x.items())}
    if kind == "bundles":  # four items of one bundle have one fate
        x = {name: np.repeat(of[:, ::4], 4, axis=1) for name, of in x.items()}
    weight = {name: np.broadcast_to(np.random.default_rng(3).gamma(1, 1, N), (M, N)) for name in x}
    scores = {name: of[..., 0] if kind == "spans" else of for name, of in x.items()}
    return write_long(
        path,
        {"real": (REAL, scores["real"]), "fake": (items, scores["fake"])},
        stats=stats,
        metric="span_f1" if kind == "spans" else "",
        more={"weight": weight} if kind == "weights" else None,
        bundles={name: [f"b{i // 4}" for i in range(N)] for name in x} if kind == "bundles" else None,
    )


def near(found: Estimate, expected: Estimate, *, width: float = WIDTH, value: float = 1e-9) -> None:
    """The same value, and an interval of nearly the same width in nearly the same place."""
    assert found.value == pytest.approx(expected.value, rel=value, abs=1e-12)
    assert found.n == expected.n
    whole = expected.high - expected.low
    for end in ("low", "high"):
        assert getattr(found, end) == pytest.approx(getattr(expected, end), abs=width * whole + 1e-9)


def check_reports(found: FidelityReport, expected: FidelityReport) -> None:
    of, other = found.fidelity["fake"], expected.fidelity["fake"]
    for name in (
        "gap",
        "mspd",
        "srcc",
        "kendall_tau",
        "pearson",
        "pairwise_agreement",
        "regret_at_1",
        "top1_agreement",
    ):
        near(of[name], other[name], width=2 * WIDTH)
    floors = [one["mspd"].value - one["mspd_excess"].value for one in (of, other)]
    assert floors[0] == pytest.approx(floors[1], rel=VARIANCE)
    for name in ("worth_score", "worth_rank"):
        near(of[name], other[name], width=VARIANCE, value=VARIANCE)
    assert of["srcc_ceiling"].value == pytest.approx(other["srcc_ceiling"].value, abs=0.03)
    for name, scores in expected.scores.items():
        for model, score in scores.items():
            near(found.scores[name][model], score, value=1e-12)
    for which, items in expected.combined_items["fake"].items():
        assert found.combined_items["fake"][which].value == pytest.approx(items.value, rel=VARIANCE)
    for one, score in expected.combined["fake"].items():
        near(found.combined["fake"][one], score, width=2 * WIDTH, value=2e-3)
    assert found.items == expected.items
    assert {u: v.decision for u, v in found.verdict["fake"].items()} == {
        u: v.decision for u, v in expected.verdict["fake"].items()
    }


@pytest.mark.parametrize("kind", WORLDS)
def test_a_report_from_blocks_is_that_from_items(kind: str, tmp_path: Path) -> None:
    path = world(kind, tmp_path / "scores.parquet")
    found, expected = read_blocks([path], real="real", blocks=B), read_scores([path], real="real")
    report = compare(found)
    check_reports(report, compare(expected))
    assert "summed up in 2,000 blocks" in report.warnings[0]


def test_thirty_solvers_on_twenty_thousand_items(tmp_path: Path) -> None:
    files = [
        write_wide(tmp_path / f"{name}.parquet", [f"{name}{i}" for i in range(20_000)], scores.astype(np.uint8))
        for name, scores in (("real", shares(30, 20_000, seed=1)), ("fake", shares(30, 20_000, seed=2, easier=0.3)))
    ]
    found = read_blocks(files, real="real", benchmark=["real", "fake"])
    report, expected = compare(found), compare(read_scores(files, real="real", benchmark=["real", "fake"]))
    check_reports(report, expected)
    for name in ("real", "fake"):
        for one, other in zip(report.pair_tests[name], expected.pair_tests[name], strict=True):
            assert (one.one, one.other) == (other.one, other.other)
            near(one.difference, other.difference)
            assert one.detectable == pytest.approx(other.detectable, rel=2 * WIDTH)
            assert " blocks" in one.difference.method


def test_two_blocks_of_one_seed_are_equal_to_the_last_digit(tmp_path: Path) -> None:
    """Sums of whole numbers have no order: two threads give what one gives."""
    path = world("fractions", tmp_path / "scores.parquet")
    first, second = (read_blocks([path], real="real", blocks=B).real.stats for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("k", [1, 3])
def test_blocks_of_one_item_are_items(k: int) -> None:
    stats = span_counts(3, 50, seed=4)
    metric = SPAN_F1 if k == 3 else ACCURACY
    stats = stats if k == 3 else (stats[..., :1] > 0).astype(np.float64)
    stats[0, 7] = np.nan
    ones = np.where(np.isfinite(stats[..., :1]), 1.0, np.nan)
    found = block_values(np.concatenate([stats, ones], axis=-1), in_blocks(metric))
    np.testing.assert_allclose(found, linearised(stats, metric), rtol=1e-9, atol=1e-9)


def test_blocks_are_bundles() -> None:
    """Pseudo-values of blocks are those of whole bundles, also of weighted and of many-class metrics."""
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 12, 90)
    counts = rng.integers(0, 2, (4, 90, 6)).astype(np.float64)
    for metric, stats in ((MACRO_F1, counts), (weighted(SPAN_F1), np.abs(rng.normal(1, 0.2, (4, 90, 4))))):
        sums = np.stack([stats[:, groups == g].sum(axis=1) for g in range(12)], axis=1)
        size = np.broadcast_to(np.bincount(groups, minlength=12), (4, 12))[..., None]
        found = block_values(np.concatenate([sums, size], axis=-1), in_blocks(metric))
        np.testing.assert_allclose(found, linearised(stats, metric, groups), rtol=1e-9)


def one_set(name: str, scores: FloatArray) -> BenchmarkScores:
    return BenchmarkScores(
        name=name,
        kind="real" if name == "real" else "synthetic",
        models=tuple(f"m{k}" for k in range(len(scores))),
        observed=scores.mean(axis=1),
        stats=scores[..., None],
        items=tuple(f"{name}{i}" for i in range(scores.shape[1])),
    )


def pairs(seed: int, models: int, items: int, blocks: int) -> tuple[Pair, Pair]:
    """Return one study from single items and from blocks."""
    ability = chances(models, items, seed=seed), chances(models, items, seed=seed + 500_000, easier=0.3)
    rng = np.random.default_rng(seed + 1)
    sets = [
        one_set(name, (rng.random(p.shape) < p).astype(np.float64))
        for name, p in zip(("real", "fake"), ability, strict=True)
    ]
    settings = Settings(seed=seed)
    real, fake = (ScoredSet(one, ACCURACY) for one in sets)
    blocks_of = [ScoredSet(blocked(one, blocks, seed + k), in_blocks(ACCURACY)) for k, one in enumerate(sets)]
    return pair_of(real, fake, settings)[0], pair_of(blocks_of[0], blocks_of[1], settings)[0]


def test_intervals_hold_the_truth_as_often_as_those_from_items() -> None:
    """Nominal 95 %: of 200 simulated studies 181 to 198 hold the true gap (binomial, .999), 100 blocks or 1,000 items.

    Worth is held more often, for its interval also reaches to what a perfect order would give: of 40, 33 or more.
    """
    models, held, worths = 6, np.zeros(2), np.zeros(2)
    truth = np.stack([chances(models, 400_000, seed=9, easier=shift) for shift in (0.0, 0.3)]).mean(axis=2)
    true_gap = float((truth[1] - truth[0]).mean())
    v, v_s = ((of * (1 - of)).mean() for of in truth)
    true_worth = v / (((truth[1] - truth[0]) ** 2).mean() + v_s / 1000)
    for study in range(200):
        both = pairs(10 * study + 1, models, 1000, 100)
        for side, pair in enumerate(both):
            found = gap(pair)
            held[side] += found.low <= true_gap <= found.high
            if study < 40:
                worth = worth_score(pair)
                worths[side] += worth.low <= true_worth <= worth.high
    assert ((held >= 181) & (held <= 198)).all()
    assert abs(held[0] - held[1]) <= 8
    assert (worths >= 33).all()
    assert abs(worths[0] - worths[1]) <= 4
