"""Tables that we write as CSV: Python's reader and ours give back what was written, whatever it holds."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acidtest.data.csv_rows import csv_rows
from acidtest.data.csv_text import csv_bytes

CELLS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from('\r\n",= \0\u2028')), max_size=8)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "t.csv"


@settings(deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=4))
@example(rows=[("a\rb", "1"), ("\r\n", '"'), ("x", "\r"), ("", "")])
def test_what_is_read_is_what_was_written(path: Path, rows: list[tuple[str, str]]) -> None:
    written = csv_bytes(("a", "b"), rows)
    parsed = list(csv.reader(io.StringIO(written.decode(), newline=""), strict=True))
    assert parsed == [["a", "b"], *map(list, rows)]
    path.write_bytes(written)
    assert [(row.values["a"], row.values["b"]) for row in csv_rows(path)] == rows
