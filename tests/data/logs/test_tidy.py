"""Tables pass through the import as they are, and mix with logs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.data.logs.import_logs import import_logs
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogOptions
from acidtest.data.logs.tidy import Tidy
from acidtest.data.scores.table import read_scores
from acidtest.data.scores.write import write_score_table
from acidtest.errors import DataError

LONG: dict[str, list[Any]] = {
    "benchmark": ["real"] * 4 + ["made"] * 4,
    "model": ["a", "a", "b", "b"] * 2,
    "item": ["1", "2", "1", "2", "3", "4", "3", "4"],
    "score": [1.0, 0.0, 0.5, None, 1.0, 1.0, 0.0, 1.0],
    "kind": ["real"] * 4 + ["synthetic"] * 4,
    "generator": [None] * 4 + ["a"] * 4,
    "strategy": [None] * 4 + ["few_shot"] * 4,
    "family": ["x", "x", "y", "y"] * 2,
    "metric": ["acc"] * 8,
    "bundle": ["p", "p", "p", "p", "q", "q", "q", "q"],
    "edit": [None, "scope"] * 4,
    "stats": [[1.0, 2.0], [0.0, 1.0], [0.5, 1.0], None, [1.0, 1.0], [1.0, 1.0], [0.0, 1.0], [1.0, 1.0]],
    "label": ["yes"] * 8,
    "prediction": ["no"] * 8,
    "target": ["yes"] * 8,
    "topic": ["t"] * 8,
    "epoch": [0] * 8,
    "weight": [1.0, 2.0] * 4,
    "failure": [False, True, False, None] * 2,
    "tokens_in": [7] * 8,
    "tokens_out": [1] * 8,
    "cost": [0.25] * 8,
    "error": [None, None, None, "timeout"] + [None] * 4,
}


def entries(path: Path, **options: Any) -> list[LogEntry]:
    return list(Tidy().read(path, LogOptions(**options)))


def test_every_column_passes_through(tmp_path: Path) -> None:
    from pyarrow import parquet

    columns: dict[str, Any] = {
        name: [float("nan") if cell is None and name in ("score", "failure") else cell for cell in cells]
        for name, cells in LONG.items()
    }
    columns["epoch"] = list(map(str, LONG["epoch"]))
    write_score_table(tmp_path / "in.parquet", columns)
    found = import_logs([tmp_path / "in.parquet"], tmp_path / "out.parquet")
    assert found.command.endswith("--real real")  # the table knows which one is
    passed = parquet.read_table(tmp_path / "out.parquet").to_pydict()
    assert passed == LONG
    one, other = (
        read_scores([tmp_path / name], real="real", metric="acc", lower_is_better=["acc"])
        for name in ("in.parquet", "out.parquet")
    )
    assert one.real.observed.tolist() == other.real.observed.tolist()
    assert one.families == other.families


def test_a_wide_table_with_solvers_in_rows(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("model,real,made\na,.5,.75\nb,.25,1\n", "utf-8")
    assert Tidy().recognises(path, path.read_bytes())
    assert [(e.model, e.benchmark, e.item, e.metric, e.score) for e in entries(path)] == [
        ("a", "real", "", "score", 0.5),
        ("a", "made", "", "score", 0.75),
        ("b", "real", "", "score", 0.25),
        ("b", "made", "", "score", 1.0),
    ]


@pytest.mark.parametrize("name", ["wide.tsv", "wide.jsonl"])
def test_a_wide_table_with_items_in_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = "item\ta\tb\n1\t1\t0\n" if name.endswith("tsv") else '{"item": "1", "a": 1, "b": 0}\n'
    path.write_text(text, "utf-8")
    assert Tidy().recognises(path, path.read_bytes())
    found = [(e.benchmark, e.model, e.item, e.score) for e in entries(path, benchmark="set")]
    assert found == [("set", "a", "1", 1.0), ("set", "b", "1", 0.0)]
    with pytest.raises(DataError, match="--benchmark"):
        entries(path)


def test_repeats_that_are_named_by_words_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("benchmark,model,item,score,epoch\nb,m,1,0,late\nb,m,1,1,early\n", "utf-8")
    assert [entry.epoch for entry in entries(path)] == [0, 1]
    path.write_text("benchmark,model,item,score,epoch\nb,m,1,0,7\nb,m,1,1,3\n", "utf-8")
    assert [entry.epoch for entry in entries(path)] == [7, 3]


def test_what_is_no_table_of_scores(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for line in (
        '{"item": "1", "text": "no numbers"}',
        '{"id": 1, "score": 1}',
        "[1]",
        "",
        '{"item": "1", "tokens_in": 3}',
    ):
        path.write_text(line, "utf-8")
        assert not Tidy().recognises(path, path.read_bytes())
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    assert not Tidy().recognises(path, path.read_bytes())
    path.write_text("benchmark,model,item,score\nb,m,1,high\n", "utf-8")
    with pytest.raises(DataError, match="is not a number"):
        entries(path)


@settings(max_examples=60, deadline=None)
@given(
    content=st.binary(max_size=200),
    ending=st.sampled_from([".csv", ".tsv.gz", ".jsonl", ".parquet"]),
    head=st.booleans(),
)
def test_whatever_the_bytes_are_nothing_but_a_data_error_is_raised(
    tmp_path_factory: pytest.TempPathFactory, *, content: bytes, ending: str, head: bool
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"a{ending}"
    path.write_bytes(b"benchmark,model,item,score\n" * head + content)
    Tidy().recognises(path, content)
    try:
        assert all(isinstance(entry, LogEntry) for entry in entries(path, benchmark="b"))
    except DataError as error:
        assert error.what  # noqa: PT017  # either is right
