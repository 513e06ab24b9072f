"""`make calibration`: the committed page is that of the committed counts; a cell, simulated again, agrees with them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "bench" / "calibration.py"
CALIBRATION = ROOT / "docs" / "calibration.json"
CELL = "solvers=6, items=200, spread=1.0, bias='uniform'"
REPEATS = 40


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CALIBRATION.read_text("utf-8"))
    return found


def run(*arguments: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, str(SCRIPT), *arguments], check=True, capture_output=True, env=environment)


def test_the_page_is_that_of_the_counts(tmp_path: Path) -> None:
    (tmp_path / "again.json").write_bytes(CALIBRATION.read_bytes())
    run("--page", "--out", str(tmp_path / "again"))
    assert (tmp_path / "again.md").read_text("utf-8") == CALIBRATION.with_suffix(".md").read_text("utf-8")


def test_a_cell_simulated_again_agrees(committed: dict[str, Any], tmp_path: Path) -> None:
    run("--repeats", str(REPEATS), "--only", CELL, "--jobs", "1", "--out", str(tmp_path / "again"))
    (again,) = json.loads((tmp_path / "again.json").read_text("utf-8"))["cells"]
    (cell,) = [row for row in committed["cells"] if row["cell"] == again["cell"]]
    assert set(again["intervals"]) == set(cell["intervals"])
    for name, one in again["intervals"].items():
        old = cell["intervals"][name]
        table = [[round(x["coverage"] * x["n"]), round((1 - x["coverage"]) * x["n"])] for x in (one, old)]
        assert fisher_exact(np.array(table)).pvalue > 1e-4, name


def test_every_kind_of_study_is_there(committed: dict[str, Any]) -> None:
    cells = [row["cell"] for row in committed["cells"]]
    assert {cell["solvers"] for cell in cells} >= {3, 4, 6, 20, 60}
    assert {cell["items"] for cell in cells} >= {30, 200, 2000}
    assert {cell["bias"] for cell in cells} == {"none", "slope", "uniform", "model", "own"}
    for special in ("missing", "shared", "outlier", "items_synthetic", "sharp"):
        assert any(cell[special] for cell in cells), special
    assert any(cell["bundle"] > 1 for cell in cells)
    assert {cell["metric"] for cell in cells} == {"accuracy", "macro_f1", "pearson"}


def test_intervals_hold_the_truth(committed: dict[str, Any]) -> None:
    """The goal, as far as it can be told: no cell below .92 by more than chance among so many (p < 1e-4)."""
    names = ("gap", "mspd", "srcc", "kendall_tau", "pearson", "pairwise_agreement", "regret_at_1", "worth_score")
    low = [
        (name, row["cell"], one["coverage"])
        for row in committed["cells"]
        for name in (*names, "worth_rank")
        if (one := row["intervals"].get(name, {"n": 0}))["n"]
        and binom.cdf(round(one["coverage"] * one["n"]), one["n"], 0.92) < 1e-4
    ]
    assert low == []
