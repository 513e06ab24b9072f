"""Answers of score tables: read as they stand, evened out, never obeyed."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from acidtest.data.scores.answers import LONGEST_ANSWER, answer_options, evened, read_answers
from acidtest.errors import DataError

ROWS = [
    ("a", "m1", "1", 1, "B", "B"),
    ("a", "m1", "2", 0, " b ", "C"),
    ("a", "m2", "1", 0, "", "B"),
    ("b", "m2", "1", 1, "x", ""),
]
NAMES = ("benchmark", "model", "item", "score", "prediction", "target")


def written(folder: Path, ending: str) -> Path:
    path = folder / f"scores.{ending}"
    if ending == "csv":
        path.write_text("\n".join(",".join(map(str, row)) for row in (NAMES, *ROWS)), "utf-8")
    elif ending == "jsonl":
        path.write_text("\n".join(json.dumps(dict(zip(NAMES, row, strict=True))) for row in ROWS), "utf-8")
    else:
        parquet.write_table(pa.table({n: [row[k] for row in ROWS] for k, n in enumerate(NAMES)}), path)
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_answers_and_keys_of_every_format(tmp_path: Path, ending: str) -> None:
    found = read_answers([written(tmp_path, ending)])
    assert found is not None
    assert found.models == ("m1", "m2")
    assert list(zip(found.benchmark, found.items, strict=True)) == [("a", "1"), ("a", "2"), ("b", "1")]
    said = [[found.texts[c] if c >= 0 else None for c in row] for row in found.codes]
    assert said == [["B", "B", None], [None, None, "x"]]
    assert [found.texts[c] if c >= 0 else None for c in found.target] == ["B", "C", None]


def test_one_benchmark_alone_and_files_without_answers(tmp_path: Path) -> None:
    path = written(tmp_path, "csv")
    bare = tmp_path / "bare.csv"
    bare.write_text("benchmark,model,item,score\na,m3,1,1\n", "utf-8")
    found = read_answers([bare, path], only=["b"])
    assert found is not None
    assert found.items == ("1",)
    assert found.models == ("m2",)
    assert read_answers([bare]) is None
    assert read_answers([path], only=["c"]) is None


def test_a_file_that_names_no_benchmark_is_one_of_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "quiz.v2.csv"
    path.write_text("model,item,score,prediction,target\nm,1,0,A,B\n", "utf-8")
    own, given = read_answers([path]), read_answers([path], benchmark=["exam"])
    assert own is not None
    assert own.benchmark == ("quiz.v2",)
    assert given is not None
    assert given.benchmark == ("exam",)


def test_of_repeats_the_first_answer_counts(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    rows = ["model,item,score,epoch,prediction,target", "m,1,0,1,,B", "m,1,0,2,A,B", "m,1,1,3,B,B"]
    path.write_text("\n".join(rows), "utf-8")
    found = read_answers([path])
    assert found is not None
    assert found.texts[found.codes[0, 0]] == "A"


def test_answers_are_bounded_and_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    hostile = ["=1+1\u202e", "x" * 1_000_000, "a\x1b[31m\nb", "{{7*7}}", "nan"]
    rows = [{"model": f"m{k}", "item": "1", "score": 0, "prediction": text} for k, text in enumerate(hostile)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    found = read_answers([path])
    assert found is not None
    assert max(map(len, found.texts)) == LONGEST_ANSWER
    assert "{{7*7}}" in found.texts
    assert found.codes[:, 0].tolist()[-1] == -1  # "nan" is no answer


def test_lists_are_no_single_answer(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps({"model": "m", "item": "1", "score": 0, "prediction": ["a", "b"]}), "utf-8")
    assert read_answers([path]) is None


def test_a_broken_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("", "utf-8")
    with pytest.raises(DataError):
        read_answers([path])


def test_letters_are_options_and_names_are_not() -> None:
    rng = np.random.default_rng(0)
    letters = rng.integers(0, 4, (5, 100)).astype(np.int32)
    letters[0, :3] = 9  # a stray reply
    keys = rng.integers(0, 4, 100).astype(np.int32)
    found = answer_options(letters, keys)
    assert found is not None
    assert found.tolist() == [0, 1, 2, 3]
    names = np.arange(100, dtype=np.int32)
    assert answer_options(np.tile(names, (5, 1)), names) is None
    assert answer_options(letters + 50, keys) is None
    assert answer_options(np.full((5, 100), -1, np.int32), keys) is None


def test_evening_out_keeps_what_differs() -> None:
    assert evened(" 1,200 ") == evened("1,200")
    assert evened("New York") != evened("NewYork")
