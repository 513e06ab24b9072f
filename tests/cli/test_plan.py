"""`acidtest plan` as a user runs it: tables, a run's folder, labels, exit codes, text that cannot harm a terminal."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from acidtest.data.scores.write import write_score_table
from mock_study import acidtest, write_study
from simulated import answers

POLITICS = Path(__file__).resolve().parents[2] / "examples" / "published" / "politics_ner.csv"
HOSTILE = "\x1b[31mitem\u202e [bold]"
OPTIONS = 4


def table(path: Path, *, unlabelled: int = 0, items: int = 80) -> Path:
    """Write scores of six solvers on two sets; the last real items have answers and no score."""
    rng = np.random.default_rng(0)
    ability = rng.normal(1, 0.8, 6)
    columns: dict[str, list[object]] = {n: [] for n in ("benchmark", "model", "item", "score", "prediction")}
    for name in ("real", "fake"):
        right = answers(ability, items, rng)
        for m, row in enumerate(right):
            for i, score in enumerate(row):
                waits = name == "real" and i >= items - unlabelled
                columns["benchmark"].append(name)
                columns["model"].append(f"m{m}")
                columns["item"].append(f"{HOSTILE}{i}" if waits else f"{name}-{i}")
                columns["score"].append(None if waits else score)
                columns["prediction"].append("A" if score else "BCD"[int(rng.integers(OPTIONS - 1))])
    write_score_table(path, columns)
    return path


def test_every_open_verdict_gets_an_answer(tmp_path: Path) -> None:
    path = table(tmp_path / "scores.parquet")
    options = ("--real", "real", "--rounds", 10, "--power", 0.5, "--cost-real", 0.5, "--cost-synthetic", 0.01)
    file = tmp_path / "plan.json"
    done = acidtest("plan", path, *options, "--json", file, cache=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text("utf-8"))
    uses = found["benchmarks"]["fake"]["uses"]
    open_uses = [use for use, of in uses.items() if of["decision"] == "INCONCLUSIVE"]
    assert open_uses
    assert f"{len(open_uses)} verdict" in done.stdout
    for use in open_uses:
        for way in uses[use]["ways"].values():
            assert way["settles"] or way["because"]
    settling = [way for of in uses.values() for way in of["ways"].values() if way["settles"]]
    assert settling
    shown = " ".join(done.stdout.split())
    for way in settling:
        assert f"{way['real_items']:,}" in shown
        if way["cheapest"]:
            assert "* the cheapest way" in shown
    assert "columns benchmark, model, item and prediction" in shown


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """A table in which 50 real items wait for labels, its plan, and what the terminal shows of it."""
    folder = tmp_path_factory.mktemp("waiting")
    path, file = table(folder / "scores.parquet", unlabelled=50), folder / "plan.json"
    done = acidtest("plan", path, "--real", "real", "--rounds", 10, "--label", 12, "--json", file, cache=folder)
    assert done.returncode == 0, done.stderr
    return path, json.loads(file.read_text("utf-8")), done.stdout


def test_items_that_wait_for_labels_are_chosen_and_shown_safely(waiting: tuple[Path, dict[str, Any], str]) -> None:
    _, found, shown = waiting
    assert found["benchmarks"]["fake"]["real_items"] == 30
    labels = found["labels"]
    assert len(labels["items"]) == 12
    assert labels["unlabelled"] == 50
    assert all(one["item"].startswith(HOSTILE) and one["answers"] > 1 for one in labels["items"])
    assert set(labels["weights"]) == {f"real-{i}" for i in range(30)}
    # Weights count for all 80 items: those of one answer are represented by the scored ones among them.
    assert sum(labels["weights"].values()) + sum(one["weight"] for one in labels["items"]) == pytest.approx(80)
    assert "Label these 12 real items next" in shown
    assert "[bold]" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_labelled_items_with_their_weights_go_back_into_the_table(
    tmp_path: Path, waiting: tuple[Path, dict[str, Any], str]
) -> None:
    """The scores that `audit` then reports are weighted means over all labelled items."""
    path, plan, _ = waiting
    labels = plan["labels"]
    weight = {**labels["weights"], **{one["item"]: one["weight"] for one in labels["items"]}}
    columns: dict[str, list[object]] = {n: [] for n in ("benchmark", "model", "item", "score", "weight")}
    expected: dict[str, float] = dict.fromkeys((f"m{m}" for m in range(6)), 0.0)
    for row in pq.read_table(path).to_pylist():
        real = row["benchmark"] == "real"
        if real and row["item"] not in weight:
            continue
        score = row["score"] if row["score"] is not None else float(row["prediction"] == "A")  # the label is A
        cells = (row["benchmark"], row["model"], row["item"], score, weight[row["item"]] if real else None)
        for name, value in zip(columns, cells, strict=True):
            columns[name].append(value)
        if real:
            expected[row["model"]] += score * weight[row["item"]] / sum(weight.values())
    write_score_table(tmp_path / "labelled.parquet", columns)
    done = acidtest("audit", tmp_path / "labelled.parquet", "--real", "real", "--json", "-", cache=tmp_path)
    found = json.loads(done.stdout)
    assert found["items"]["real"] == 42
    assert {m: e["value"] for m, e in found["scores"]["real"].items()} == pytest.approx(expected)


@pytest.mark.long
def test_a_run_is_planned_from_its_folder(tmp_path: Path, mock_url: str) -> None:
    study = write_study(tmp_path / "study", mock_url)
    run = tmp_path / "run"
    assert acidtest("run", study, "-o", run, cache=tmp_path).returncode == 0
    done = acidtest("plan", run, "--quick", "--json", "-", cache=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    verdicts = json.loads((run / "fidelity.json").read_text("utf-8"))["verdict"]
    assert {b: {u: of["decision"] for u, of in one["uses"].items()} for b, one in found["benchmarks"].items()} == {
        b: {u: of["decision"] for u, of in uses.items()} for b, uses in verdicts.items()
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((POLITICS, "--real", "original"), "column 'item'"),
        ((POLITICS, "--real", "orginal"), "Did you mean 'original'?"),
        ((POLITICS,), "--real NAME"),
        ((POLITICS.parent,), "no run.json"),
        ((POLITICS.parent, "--real", "original"), "the run knows its own"),
        ((POLITICS, "--real", "original", "--power", "2"), "above 0 and below 1"),
        ((POLITICS, "--real", "original", "--cost-real", "-1"), "0 or more"),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(tmp_path: Path, arguments: tuple[object, ...], said: str) -> None:
    done = acidtest("plan", *arguments, cache=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "way out" in done.stderr
