"""`acidtest adapt` as a user runs it."""

import csv
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from acidtest.study.published_schemas import schemas
from mock_study import acidtest

HOSTILE = "\x1b[31mitem [bold]"


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """A long table of 12 solvers on 40 items; one solver answered ten of them."""
    rng = np.random.default_rng(0)
    ability, hard = rng.normal(size=12), rng.normal(size=40)
    path = tmp_path / "scores.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["benchmark", "model", "item", "score"])
        for solver in range(12):
            for item in range(10 if solver == 11 else 40):
                right = rng.random() < 1 / (1 + np.exp(2 * (hard[item] - ability[solver])))
                out.writerow(["sums", f"m{solver}", HOSTILE if item == 0 else f"i{item}", int(right)])
    return path


def test_table_json_and_chosen_items(scores: Path, tmp_path: Path) -> None:
    chosen, found = tmp_path / "chosen.csv", tmp_path / "found.json"
    done = acidtest(
        "adapt", scores, "--items", "5,10", "--folds", "3", "--forms", "2", "--form-items", "8",
        "--choose", chosen, "--json", found, cache=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "tell the score on all 40 of sums within" in " ".join(done.stdout.split())
    assert "2 parallel forms of 8 items" in done.stdout
    read = json.loads(found.read_text("utf-8"))
    jsonschema.Draft202012Validator(json.loads(schemas()["adapt.schema.json"])).validate(read)
    assert read["solvers"] == 11
    assert list(read["predicted"]) == ["m11"]
    assert read["predicted"]["m11"]["n"] == 10
    assert {row["items"] for row in read["results"]} == {5, 10}
    with chosen.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_test = {name: [row for row in rows if row["test"] == name] for name in dict.fromkeys(r["test"] for r in rows)}
    assert len(by_test["information 5"]) == 5
    assert len(by_test["form 1"]) == len(by_test["form 2"]) == 8
    for name, of_test in by_test.items():
        assert sum(float(row["weight"]) for row in of_test) == pytest.approx(1), name
        assert len({row["item"] for row in of_test}) == len(of_test)


def test_one_test_as_json_lines_is_that_of_the_json(scores: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen.jsonl"
    done = acidtest(
        "adapt", scores, "--items", "6", "--method", "information", "--folds", "2", "--choose", chosen, "--json", "-",
        cache=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in chosen.read_text("utf-8").splitlines()]
    assert [{k: v for k, v in row.items() if k != "test"} for row in rows] == json.loads(done.stdout)["chosen"][0][
        "items"
    ]


def test_new_solvers_are_foretold_from_their_answers(scores: Path, tmp_path: Path) -> None:
    """A file without a column 'benchmark' and another that names it; ids and a name that could steer a terminal."""
    plain, named = tmp_path / "plain.csv", tmp_path / "named.csv"
    plain.write_text(f"model,item,score\n{HOSTILE},{HOSTILE},1\n{HOSTILE},i5,0\n{HOSTILE},i7,1\n", "utf-8")
    named.write_text("benchmark,model,item,score\nsums,new,i3,1\nsums,new,i99,0\n", "utf-8")
    found = tmp_path / "found.json"
    done = acidtest("adapt", scores, "--answers", plain, "--json", found, cache=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "Scores on all 40 items of sums, foretold of 1 solver." in done.stdout
    read = json.loads(found.read_text("utf-8"))
    jsonschema.Draft202012Validator(json.loads(schemas()["adapt.schema.json"])).validate(read)
    one = read["predicted"][HOSTILE]
    assert one["n"] == 3
    assert 0 <= one["low"] < one["value"] < one["high"] <= 1
    done = acidtest("adapt", scores, "--answers", named, "--json", "-", cache=tmp_path)
    read = json.loads(done.stdout)
    assert read["predicted"]["new"]["n"] == 1
    assert "1 item of --answers not in SCORES, left out: 'i99'" in read["warnings"]
    done = acidtest("adapt", scores, "--answers", named, "--choose", tmp_path / "x.csv", cache=tmp_path)
    assert (done.returncode, "makes no tests" in done.stderr) == (2, True)


def test_items_matched_to_a_benchmark_are_written(scores: Path, tmp_path: Path) -> None:
    """The same answers under a second name: each item's own double takes its place."""
    both, chosen = tmp_path / "both.csv", tmp_path / "chosen.csv"
    text = scores.read_text("utf-8")
    both.write_text(text + "".join(f"made{line[4:]}\n" for line in text.splitlines()[1:]), "utf-8")
    done = acidtest(
        "adapt", both, "--items", "5", "--method", "information", "--match", "sums", "--form-items", "6",
        "--folds", "2", "--choose", chosen, cache=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "6 items of sums, matched by items of other benchmarks" in done.stdout
    with chosen.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    real = [float(row["difficulty"]) for row in rows if row["test"] == "of sums"]
    made = [float(row["difficulty"]) for row in rows if row["test"] == "matched to sums"]
    assert len(real) == 6
    assert made == pytest.approx(real, abs=1e-6)
    assert {row["benchmark"] for row in rows if row["test"] == "matched to sums"} == {"made"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--items", "5,x"], "--items '5,x' is no list of numbers"),
        (["--items", "40"], "has 40 items, and the smallest test asked for 40"),
        (["--method", "anchor"], "Did you mean 'anchors'?"),
        (["--folds", "12"], "12 folds of 11 solvers"),
        (["--choose", "chosen.txt"], "Name it .csv or .jsonl"),
        (["--benchmark", "sum"], "no benchmark is called 'sum'"),
        (["--level", "95"], "--level 95 is no probability"),
        (["--repeats", "0"], "--repeats 0"),
    ],
)
def test_what_cannot_be_is_refused(scores: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = acidtest("adapt", scores, *arguments, cache=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "way out:" in done.stderr
    assert "Traceback" not in done.stderr
