"""Tables to hand on: the same rows in every form, and no other ending."""

import csv
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from acidtest.data.table_file import Cell, write_table
from acidtest.errors import DataError

COLUMNS: dict[str, list[Cell]] = {"item": ["a,b", 'q"1', "é\n"], "right": [0.1, 1 / 3, None], "answers": [1, 2, 3]}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_every_form_holds_the_same(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{ending}"
    write_table(path, COLUMNS)
    if ending == "csv":
        with path.open(encoding="utf-8", newline="") as file:
            read = list(csv.DictReader(file))
        assert [row["item"] for row in read] == COLUMNS["item"]
        assert [row["right"] for row in read] == ["0.1", repr(1 / 3), ""]
    elif ending == "jsonl":
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert {name: [row[name] for row in lines] for name in COLUMNS} == COLUMNS
    else:
        assert pq.read_table(path).to_pydict() == COLUMNS


def test_another_ending_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'\.xlsx'"):
        write_table(tmp_path / "t.xlsx", COLUMNS)
    assert not list(tmp_path.iterdir())
