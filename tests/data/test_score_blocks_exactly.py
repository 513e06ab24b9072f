"""Tables summed up in blocks against their definition in exact fractions, whatever the form a writer chose."""

import hashlib
import random
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from acidtest.data.scores.blocks.read import read_blocks
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError
from acidtest.types import BenchmarkScores, Scores

Row = dict[str, object]
NAMES = [
    "a",
    "A",
    "b'",
    'c"; DROP TABLE t; --',
    "é",
    "e\u0301",
    "7",
    "NULL",
    "nan",
    " ",
    "\t",
    "c0",
    "items0",
    "?",
    "%",
]
NO_ERROR = ("", "false", "none")


def some_rows(rng: random.Random) -> list[Row]:
    """Return rows of two benchmarks with all that a long table may hold, at random; items may be shared."""
    models, epochs = rng.sample(NAMES, rng.choice([1, 3])), rng.choice([1, 1, 3])
    weighted, errors, failures, shared = (rng.random() < 0.4 for _ in range(4))
    missing = rng.choice([0, 0.2, 0.6])
    rows: list[Row] = []
    for name in ("r'--", "fake"):
        for item in range(rng.choice([1, 2, 25])):
            label = f"i'{item}" if shared else f"{name} {item}"
            for model in models:
                for epoch in range(epochs):
                    if item + epoch and rng.random() < missing / 3:
                        continue
                    gone = item + epoch > 0 and rng.random() < missing
                    row: Row = {"benchmark": name, "model": model, "item": label}
                    row["score"] = None if gone else rng.choice([rng.random(), 0.0, 1.0])
                    row |= {"epoch": epoch} if epochs > 1 else {}
                    row |= {"weight": rng.choice([1, 2.5, 0]) if item else 3} if weighted else {}
                    said = ["", None, "False", "none \n"] + (["boom"] if item + epoch else [])
                    row |= {"error": rng.choice(said)} if errors else {}
                    row |= {"failure": rng.choice([0, 1, None])} if failures else {}
                    rows.append(row)
    return rows


def is_scored(row: Row) -> bool:
    return row["score"] is not None and str(row.get("error") or "").strip().lower() in NO_ERROR


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def by_definition(rows: list[Row], name: str) -> dict[str, tuple[float, int, float]]:
    """Return solver -> its (weighted) mean of items' means, its number of scored items, and its share of failures."""
    cells: dict[str, dict[object, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["benchmark"] == name and is_scored(row):
            cells[str(row["model"])][row["item"]].append(row)
    found = {}
    for model, items in cells.items():
        of_items = [
            tuple(
                [Fraction(float(str(row[what]))) for row in repeats if row.get(what) is not None]
                for what in ("score", "weight", "failure")
            )
            for repeats in items.values()
        ]
        weights = [mean(w) if w else Fraction(1) for _, w, _ in of_items]
        total = sum(w * mean(s) for w, (s, _, _) in zip(weights, of_items, strict=True))
        failed = [mean(f) for _, _, f in of_items if f]
        score = float(total / sum(weights)) if sum(weights) else np.nan
        found[model] = (score, len(items), float(mean(failed)) if failed else np.nan)
    return found


def write(rows: list[Row], path: Path, rng: random.Random) -> Path:
    """Write rows in any order, with row groups and encodings as a writer may choose them."""
    rng.shuffle(rows)
    columns = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    for name in ("benchmark", "model", "item"):
        form = rng.choice([pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
        columns[name] = columns[name].cast(form)
    parquet.write_table(
        pa.table(columns), path, row_group_size=rng.choice([2, 7, 100_000]), use_dictionary=rng.random() < 0.5
    )
    return path


def check_set(found: BenchmarkScores, expected: dict[str, tuple[float, int, float]]) -> None:
    assert sorted(found.models) == sorted(expected)
    assert found.blocks is not None
    for k, model in enumerate(found.models):
        score, items, failed = expected[model]
        np.testing.assert_allclose(found.observed[k], score, rtol=1e-12, atol=1e-14)
        assert found.blocks.scored[k] == items
        np.testing.assert_allclose(found.failure_rate()[k], failed, rtol=1e-12)


@pytest.mark.parametrize("seed", range(16))
def test_scores_are_those_of_the_definition(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    rows = some_rows(rng)
    cut = rng.choice([0, len(rows) // 2])
    parts = [part for part in (rows[:cut], rows[cut:]) if part]
    files = [write(part, tmp_path / f"it's [{k}]*.parquet", rng) for k, part in enumerate(parts)]
    found = read_blocks(files, real="r'--", blocks=rng.choice([30, 47, 50_000]))
    for one in (found.real, *found.synthetic):
        check_set(one, by_definition(rows, one.name))
    there = [{row["item"] for row in rows if row["benchmark"] == name} for name in ("r'--", "fake")]
    assert found.real.blocks is not None
    assert found.real.blocks.n_items == len(there[0])
    assert found.real.blocks.shared == {"fake": len(there[0] & there[1])}


def test_an_item_is_in_the_block_that_md5_says(tmp_path: Path) -> None:
    """MD5's last eight bytes, as a little-endian number, modulo B; by Python's own MD5."""
    items = [f"i{k}" for k in range(200)]
    table = {"item": items, "a": np.arange(200.0), "b": np.zeros(200)}
    parquet.write_table(pa.table(table), tmp_path / "x.parquet")
    parquet.write_table(pa.table({"item": ["f"], "a": [1.0], "b": [0.0]}), tmp_path / "y.parquet")
    files = [tmp_path / "x.parquet", tmp_path / "y.parquet"]
    found = read_blocks(files, real="x", benchmark=["x", "y"], blocks=37, percent=False).real
    expected = np.zeros((37, 2))
    for k, item in enumerate(items):
        digest = hashlib.md5(f"item {item}".encode(), usedforsecurity=False).digest()
        expected[int.from_bytes(digest[8:], "little") % 37] += (k, 1)
    assert found.stats is not None
    np.testing.assert_array_equal(np.nan_to_num(found.stats[0]), expected)


def wide(path: Path, **columns: object) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def both_ways(files: list[Path], **options: object) -> Scores:
    """Read in blocks; what is not of single items is as where items are kept."""
    found = read_blocks(files, real="real", blocks=30, **options)  # type: ignore[arg-type]  # as the caller says
    items = read_scores(files, real="real", **options)  # type: ignore[arg-type]
    for one, other in zip((found.real, *found.synthetic), (items.real, *items.synthetic), strict=True):
        order = [one.models.index(model) for model in other.models]
        assert len(one.models) == len(order)
        np.testing.assert_allclose(one.observed[order], other.observed, rtol=1e-12)
        assert one.n_items == other.n_items
    assert found.not_compared == items.not_compared
    return found


def test_wide_columns_of_every_kind(tmp_path: Path) -> None:
    """A solver without scores, numbers that are written as text, words, and an error that strikes out a row."""
    files = [
        wide(
            tmp_path / f"{name}.parquet",
            item=[f"{name}1", f"{name}2", f"{name}3"],
            error=["", None, "boom"],
            nobody=pa.nulls(3, pa.float64()),
            nothing=pa.nulls(3),
            text=["1", " 0.5\t", "-nan"],
            words=["x", "1", "y"],
            number=[0.0, 1.0, 1.0],
        )
        for name in ("real", "fake")
    ]
    found = both_ways(files, benchmark=["real", "fake"])
    assert dict(zip(found.real.models, found.real.observed.tolist(), strict=True)) == {"number": 0.5, "text": 0.75}
    assert found.not_compared["real"] == dict.fromkeys(("nobody", "nothing"), "every item failed: boom")


def test_wide_epochs_weights_and_metrics(tmp_path: Path) -> None:
    """A repeat without a score counts nothing, and neither does its weight; rows of another metric are not read."""
    files = [
        wide(
            tmp_path / f"{name}.parquet",
            item=[1.0, 1.0, 2.0, 2.0, 2.0],
            epoch=[1, 2, 1, 2, 1],
            metric=["f", "f", "f", "f", "g"],
            weight=[1.0, 3.0, 2.0, 2.0, 50.0],
            a=[1.0, None, 0.0, 0.5, 9.0],
            b=[1.0, 0.0, 0.0, 0.5, 9.0],
        )
        for name in ("real", "fake")
    ]
    found = both_ways(files, benchmark=["real", "fake"], metric="f")
    expected = [(1 * 1 + 2 * 1 / 4) / (1 + 2), (2 * 1 / 2 + 2 * 1 / 4) / (2 + 2)]
    np.testing.assert_allclose(found.real.observed, expected, rtol=1e-14)


def test_weights_of_cells_without_a_score_are_not_asked(tmp_path: Path) -> None:
    files = [
        wide(tmp_path / f"{k}.parquet", item=["x", "y"], weight=[2.0, None], a=[1.0, None], b=pa.array([0.5, None]))
        for k in range(2)
    ]
    assert both_ways(files, benchmark=["real", "fake"]).metric.counts == -1


def long(path: Path, **columns: object) -> Path:
    """Write four rows: two solvers on one item of each benchmark."""
    table = {"benchmark": ["real", "real", "fake", "fake"], "model": ["a", "b"] * 2, "item": ["r", "r", "f", "f"]}
    parquet.write_table(pa.table(table | {"score": [1.0, 0.5, 0.25, 0.0]} | columns), path)
    return path


def test_a_metric_is_known_however_many_there_are(tmp_path: Path) -> None:
    extra = {"benchmark": ["real"] * 150, "model": ["a"] * 150, "item": [str(k) for k in range(150)]}
    more = pa.table(extra | {"score": [0.0] * 150, "metric": [f"a{k}" for k in range(150)]})
    first = long(tmp_path / "x.parquet", metric=["z"] * 4)
    parquet.write_table(more, tmp_path / "y.parquet")
    both_ways([first, tmp_path / "y.parquet"], metric="z")
    with pytest.raises(DataError, match="holds 151 metrics"):
        read_blocks([first, tmp_path / "y.parquet"], real="real")
    unnamed = long(tmp_path / "u.parquet", item=["u", "u", "v", "v"])
    parts = [first, unnamed]  # one metric: rows that name none hold it, too
    assert both_ways(parts).real.n_items == 2
    other = long(tmp_path / "o.parquet", item=["p", "p", "q", "q"], metric=["other"] * 4)
    assert both_ways([*parts, other], metric="z").real.n_items == 1


def test_statistics_in_any_form(tmp_path: Path) -> None:
    """Lists, lists of fixed length, of whole numbers, and JSON in text: F1 of (2, 1, 1) is 2 / 3."""
    rows = [[2, 1, 1]] * 4
    for k, column in enumerate(
        (
            pa.array(rows, pa.list_(pa.int8())),
            pa.array(rows, pa.list_(pa.float64(), 3)),
            pa.array(["[2, 1.0, 1]"] * 4),
        )
    ):
        found = both_ways([long(tmp_path / f"{k}.parquet", metric=["span_f1"] * 4, stats=column)])
        np.testing.assert_allclose(found.real.observed, [2 / 3, 2 / 3], rtol=1e-15)
    with pytest.raises(DataError, match="no lists of numbers"):
        read_blocks([long(tmp_path / "n.parquet", metric=["span_f1"] * 4, stats=[1, 2, 3, 4])], real="real")


def test_the_error_that_is_quoted_is_one(tmp_path: Path) -> None:
    path = long(tmp_path / "e.parquet", score=[1.0, None, 0.5, 0.5], error=["", "False", "", ""])
    assert both_ways([path]).not_compared == {"real": {"b": "no score"}}
    path = long(tmp_path / "f.parquet", error=["", "timeout \x1b[1m", "", " "])
    assert both_ways([path]).not_compared == {"real": {"b": "every item failed: timeout [1m"}}


def test_repeats_have_no_order(tmp_path: Path) -> None:
    """Means of many repeats are equal to the last digit however rows are ordered."""
    rng = np.random.default_rng(1)
    n = 2000
    table = pa.table(
        {
            "benchmark": ["real"] * n + ["fake"] * n,
            "model": ["a", "b"] * n,
            "item": [str(k // 2 % 10) for k in range(2 * n)],
            "epoch": [k // 20 for k in range(2 * n)],
            "score": rng.random(2 * n),
        }
    )
    found = []
    for k in range(3):
        parquet.write_table(table.take(rng.permutation(2 * n)), tmp_path / f"{k}.parquet", row_group_size=100)
        found.append(read_blocks([tmp_path / f"{k}.parquet"], real="real", blocks=30).real.stats)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
