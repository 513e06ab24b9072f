"""Tables of scores that a stranger wrote: what no score can be is a plain error, and no file fills the memory."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acidtest.data.scores import files as score_files
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError


def table_with(column: str, values: object) -> pa.Table:
    rows = [(benchmark, model, f"i{i}", i % 2) for benchmark in ("real", "fake") for model in "ab" for i in range(4)]
    names = ("benchmark", "model", "item", "score")
    table = pa.table({name: [row[k] for row in rows] for k, name in enumerate(names)})
    table = table.drop_columns([column]) if column in table.column_names else table
    return table.append_column(column, values if isinstance(values, pa.Array) else pa.array([values] * len(rows)))


def not_utf8(rows: int) -> pa.Array:
    raw = pa.array([b"\xff"] * rows, pa.binary())
    return pa.StringArray.from_buffers(rows, raw.buffers()[1], raw.buffers()[2])


@pytest.mark.parametrize(
    ("column", "values", "what"),
    [
        ("model", ["a list"], "the column 'model' holds list"),
        ("item", {"an": "object"}, "the column 'item' holds struct"),
        ("bundle", [1], "the column 'bundle' holds list"),
        ("model", b"\xff", "the column 'model' holds binary"),
        ("model", not_utf8(16), "cannot be read as parquet"),
        ("model", 1e300, "the column 'model' holds double"),
        ("score", 1e300, "too large"),
        ("score", {"an": "object"}, "is not a number"),
        ("stats", [[1.0]], "no lists of numbers"),
        ("stats", 1.0, "no lists of numbers"),
        ("stats", [1e300], "too large"),
    ],
)
def test_columns_of_a_strange_type_are_refused(tmp_path: Path, column: str, values: object, what: str) -> None:
    path = tmp_path / "scores.parquet"
    pq.write_table(table_with(column, values), path)
    with pytest.raises(DataError, match=what):
        read_scores([path], real="real")


@pytest.mark.parametrize(("metric", "stats"), [("pearson", [1.0, 2.0, 3.0]), ("span_f1", [1.0, 0.0])])
def test_statistics_of_another_metric_are_refused(tmp_path: Path, metric: str, stats: list[float]) -> None:
    path = tmp_path / "scores.parquet"
    table = table_with("stats", stats)
    pq.write_table(table.append_column("metric", pa.array([metric] * len(table))), path)
    with pytest.raises(DataError, match=f"not those of metric '{metric}'"):
        read_scores([path], real="real")


def test_one_endless_list_of_statistics_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_files, "_MOST_CELLS", 15)
    path = tmp_path / "scores.parquet"
    pq.write_table(table_with("stats", [1.0]), path)
    with pytest.raises(DataError, match="a list of 1 numbers"):  # times 16 rows
        read_scores([path], real="real")


def test_packed_and_endless_tables_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scores.csv.gz"
    path.write_bytes(gzip.compress(b"benchmark,model,score\n" + b"real,a,1\n" * 300_000))
    monkeypatch.setattr(score_files, "MAX_BYTES", 2**20)
    monkeypatch.setattr(score_files, "_MOST_ROWS", 15)
    with pytest.raises(DataError, match="more than 0 GB"):
        read_scores([path], real="real")
    path = tmp_path / "scores.parquet"
    pq.write_table(table_with("bundle", "b"), path)
    with pytest.raises(DataError, match="more than 15 rows"):
        read_scores([path], real="real")
