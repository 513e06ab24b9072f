"""`acidtest irt` as a user runs it: tables of all kinds, files that it writes, errors, text that cannot harm."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pytest

from acidtest.cli.main import main
from acidtest.data.item_bank import read_bank
from acidtest.data.run_folder import RunFolder
from acidtest.study.published_schemas import schemas
from doc_pages import ROOT
from irt_tables import MADE, REAL, answers, rows, write
from mock_study import acidtest


class Done(NamedTuple):
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def irt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`acidtest irt` in this very process: the same command line, without the time that a start takes."""

    def run(*arguments: object) -> Done:
        monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
        monkeypatch.setattr(sys, "argv", ["acidtest", "irt", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Done(code, *capfd.readouterr())

    return run


def valid(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(json.loads(schemas()["irt.schema.json"])).validate(read)
    return read


def test_everything_at_once(tmp_path: Path) -> None:
    table = write(tmp_path / "scores.csv", answers(1, real=36, made=30))
    files = {name: tmp_path / f"out.{name}" for name in ("json", "html", "csv", "parquet")}
    done = acidtest(
        "irt", table, "--real", REAL, "--generator", f"{MADE}=m1", "--flaws", "--check", "--json", files["json"],
        "--html", files["html"], "--items", files["parquet"], "--bank", files["csv"], cache=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "66 items and 14 solvers on one scale (2pl: scores are 0 or 1), 95 % intervals" in shown
    assert "made set: its items are easier by" in shown
    assert "than the weakest solver can miss" in shown
    assert "for kin, which wrote it" in shown
    assert "Items that look broken" in shown
    assert "How well the model '2pl' fits" in shown
    read = valid(files["json"].read_text("utf-8"))
    assert read["flaws"]["solvers"] == 14
    assert read["check"]["solvers"] == 14
    assert len(read["items"]) == 66
    assert read["families"][MADE][0]["own"] is True
    items = pq.read_table(files["parquet"])
    assert items["difficulty"].to_pylist() == [item["difficulty"] for item in read["items"]]
    assert read_bank(files["csv"]).items == tuple(items["item"].to_pylist())
    page = files["html"].read_text("utf-8")
    for heading in (
        "What was found",
        "Solvers and items on one scale",
        "Items that look broken",
        "Does the model fit?",
    ):
        assert heading in page


def test_one_wide_table_takes_the_name_of_its_file(irt: Callable[..., Done], tmp_path: Path) -> None:
    right = answers(2)[REAL]
    lines = ["item," + ",".join(f"m{m}" for m in range(len(right)))]
    lines += [f"q{i}," + ",".join(f"{x:g}" for x in right[:, i]) for i in range(right.shape[1])]
    table = tmp_path / "my_answers.csv"
    table.write_text("\n".join(lines) + "\n", "utf-8")
    done = acidtest("irt", table, "--json", "-", "--items", tmp_path / "items.csv", cache=tmp_path)
    assert done.returncode == 0, done.stderr
    read = valid(done.stdout)
    assert (read["real"], list(read["sets"]), read["differences"]) == ("", ["my_answers"], {})
    with (tmp_path / "items.csv").open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert [float(row["right"]) for row in written] == pytest.approx(right.mean(0).tolist())
    named = irt(table, "--benchmark", "mine", "--json", "-")
    assert list(json.loads(named.stdout)["sets"]) == ["mine"]


def test_a_run_knows_its_real_set(irt: Callable[..., Done], tmp_path: Path) -> None:
    import pyarrow.csv as pc

    of = answers(3)
    lines = rows({REAL: of[REAL]}, kind="real") + rows({MADE: of[MADE]}, kind="synthetic")[1:]
    (tmp_path / "all.csv").write_text("\n".join(lines) + "\n", "utf-8")
    run = RunFolder(tmp_path / "run")
    run.scores.parent.mkdir()
    pq.write_table(pc.read_csv(tmp_path / "all.csv"), run.scores)
    done = irt(tmp_path / "run", "--json", "-")
    assert done.returncode == 0, done.stderr
    read = valid(done.stdout)
    assert read["real"] == REAL
    assert list(read["differences"]) == [MADE]


def test_percentages(irt: Callable[..., Done], tmp_path: Path) -> None:
    table = write(tmp_path / "p.csv", {name: 100 * scores for name, scores in answers(4).items()})
    refused = irt(table)
    assert refused.returncode == 2
    assert "--percent" in refused.stderr
    done = irt(table, "--percent", "--json", "-")
    assert json.loads(done.stdout)["model"] == "2pl"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "2pll"), "Did you mean '2pl'?"),
        (("--real", "reel set"), "Did you mean 'real set'?"),
        (("--level", "2"), "--level 2 is no probability"),
        (("--fdr", "0"), "--fdr 0 is no probability"),
        (("--guess", "1"), "--guess 1 is no chance"),
        (("--generator", "made set"), "is not BENCHMARK=MODEL"),
        (("--items", "items.xls"), "no table is written as '.xls'"),
        (("--bank", "bank"), "no table is written as 'bank'"),
    ],
)
def test_errors_name_the_value_and_the_way_out(
    options: tuple[str, ...], message: str, irt: Callable[..., Done], tmp_path: Path
) -> None:
    table = write(tmp_path / "scores.csv", answers(5, solvers=5, real=8, made=8))
    done = irt(table, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "way out:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_scores_and_totals_without_items(irt: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    empty = irt(tmp_path / "run")
    assert (empty.returncode, "this run has no scores yet" in empty.stderr) == (2, True)
    totals = tmp_path / "totals.csv"
    totals.write_text("benchmark,model,score\na,m1,.5\na,m2,.6\n", "utf-8")
    done = irt(totals)
    assert (done.returncode, "has no items, only totals" in done.stderr) == (2, True)


def test_names_that_others_wrote_cannot_harm(irt: Callable[..., Done], tmp_path: Path) -> None:
    evil = "[bold]<img src=x onerror=alert(1)>\x1b[31m\u202e"
    of = answers(6, solvers=6, real=12, made=12)
    lines = [line.replace("m1,", f"{evil},").replace("made-3,", f"{evil}3,") for line in rows(of)]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(lines) + "\n", "utf-8")
    done = irt(table, "--real", REAL, "--html", tmp_path / "p.html")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "[bold]" in done.stdout
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_the_example_of_the_docs_finds_what_was_put_in(irt: Callable[..., Done]) -> None:
    """`bench/irt_example.py` made the synthetic items easier by 1, and by 1 more for the solver that wrote them."""
    folder = ROOT / "examples" / "irt"
    files = (folder / "real.csv", folder / "made.csv")
    done = irt(*files, "--real", "real", "--generator", "made=cedar-2", "--json", "-")
    assert done.returncode == 0, done.stderr
    read = valid(done.stdout)
    lost, own = read["differences"]["made"]["easier_by"], read["families"]["made"][0]
    assert lost["low"] < 1 < lost["high"]
    assert (own["family"], own["own"]) == ("cedar-2", True)
    assert 0 < own["ability"]["low"] < 1 < own["ability"]["high"]


def test_real_tables_of_two_mathematics_benchmarks(irt: Callable[..., Done], real_data: Path, tmp_path: Path) -> None:
    """The same models on GSM8K and on the hardest problems of MATH: the second is far harder."""
    files = [tmp_path / "gsm_correct.parquet", tmp_path / "math-l5_correct.parquet"]
    for file in files:  # every third item is enough, and faster
        whole = pq.read_table(real_data / "zeroeval_responses" / file.name)
        pq.write_table(whole.take(list(range(0, whole.num_rows, 3))), file)
    done = irt(*files, "--real", "gsm_correct", "--json", "-")
    assert done.returncode == 0, done.stderr
    read = valid(done.stdout)
    assert len(read["abilities"]) == 30
    assert read["differences"]["math-l5_correct"]["easier_by"]["high"] < -2
    assert np.isfinite([item["difficulty"] for item in read["items"]]).all()
