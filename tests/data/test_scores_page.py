"""The page on tables of scores: what it shows can be read, and gives what it says."""

import re
from pathlib import Path

import pytest

from acidtest.data.scores.files import IGNORED_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS
from acidtest.data.scores.table import read_scores
from doc_pages import page

LONG, SOLVERS, ITEMS = re.findall(r"```csv\n(.*?)```", page("scores.md"), re.DOTALL)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_long_table_is_a_weighted_one(tmp_path: Path) -> None:
    scores = read_scores([written(tmp_path, "long.csv", LONG)], real="real")
    assert scores.real.observed.tolist() == [pytest.approx(2.5 / 3.5, abs=1e-15), 1.0]
    assert scores.synthetic[0].observed.tolist() == [1.0, 0.0]


def test_the_wide_tables_read(tmp_path: Path) -> None:
    wide = written(tmp_path, "wide.csv", SOLVERS)
    guessed = read_scores([wide], real="real")
    assert [one.name for one in guessed.synthetic] == ["fake", "parameters"]
    assert "Ignored, as columns of words or of true and false: 'chat', 'licence'." in guessed.notes[0]
    assert [one.name for one in read_scores([wide], real="real", synthetic=["fake"]).synthetic] == ["fake"]
    items = [written(tmp_path, name, ITEMS) for name in ("one.csv", "two.csv")]
    both = read_scores(items, real="one", benchmark=("one", "two"))
    assert both.real.observed.tolist() == both.synthetic[0].observed.tolist() == [1.0, 0.5]


def test_every_column_that_is_read_is_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_]+)`", page("scores.md")))
    assert {*TEXT_COLUMNS, *NUMBER_COLUMNS, "stats", *IGNORED_COLUMNS} <= named
