"""`make usefulness`: the committed page is the committed numbers', and one pair, measured again, looks like them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "bench" / "usefulness.py"
DOCS = ROOT / "docs"
PAIR = "crux half <- other half"
USES = ("score", "rank", "choose")


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "usefulness.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def again(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("usefulness")
    asked = ["--repeats", "3", "--only", PAIR, "--out", str(out), "--processes", "1"]
    environment = {**os.environ, "ACIDTEST_DATA": str(real_data)}
    subprocess.run([sys.executable, str(SCRIPT), *asked], check=True, capture_output=True, env=environment)
    assert PAIR in (out / "usefulness.md").read_text("utf-8")
    found: dict[str, Any] = json.loads((out / "usefulness.json").read_text("utf-8"))
    return found


def shape(value: object) -> object:
    """Return the names in a JSON value, its numbers and texts left out."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return len(value) if isinstance(value, list) else None


def test_the_page_is_that_of_the_numbers(tmp_path: Path) -> None:
    asked = [sys.executable, str(SCRIPT), "--page", str(DOCS / "usefulness.json")]
    shown = subprocess.run(asked, check=True, capture_output=True, cwd=tmp_path)
    assert shown.stdout.decode("utf-8") == (DOCS / "usefulness.md").read_text("utf-8")


def test_one_pair_measured_again_has_the_committed_shape(committed: dict[str, Any], again: dict[str, Any]) -> None:
    fresh = {row["fraction"]: row for row in again["pairs"]}
    old = {row["fraction"]: row for row in committed["pairs"] if row["pair"] == PAIR}
    assert set(fresh) == set(old) == {0.1, 0.25}
    assert set(again) == set(committed)
    for fraction, row in fresh.items():
        names = {name: shape(value) for name, value in row.items() if name != "verdicts"}
        assert names == {name: shape(value) for name, value in old[fraction].items() if name != "verdicts"}
        same = ("solvers", "real_items", "alternative_items", "k", "replication", "simulated", "shares_items")
        assert {name: row[name] for name in same} == {name: old[fraction][name] for name in same}


def test_a_half_of_the_same_items_saves_labels(again: dict[str, Any]) -> None:
    # By definition worth_rank is about the other half's number of items, so at a tenth of the half, differences between
    # solvers cost a small part of the labels; 1 would be no saving at all.
    row = next(row for row in again["pairs"] if row["fraction"] == 0.1)
    assert row["saving"]["differences"][0] > 1.5
    assert row["verdicts"]["score"].get("NO-GO | GO | known", 0) == 0


def test_committed_rows_are_consistent(committed: dict[str, Any]) -> None:
    goal = committed["goal"]
    for row in committed["pairs"]:
        where = (row["pair"], row["k"])
        # Draws of clean items differ a little in size; both numbers are those of the first.
        assert abs(row["k"] - row["fraction"] * row["real_items"]) <= 0.5, where
        assert all(sum(row["verdicts"][use].values()) == row["runs"] for use in USES), where
        assert all(0 <= share <= 1 for share, _ in row["shares"].values()), where
        applies = row["worth_rank"]["value"] > goal["worth_rank_above_labels_times"] * row["k"]
        assert row["goal"]["applies"] == applies, where
        for name in ("level", "differences"):
            saving = row["saving"][name][0]
            assert row["goal"][name] == (applies and saving >= goal["saving"]), where
            errors = row["errors"]
            if errors[f"{name}_combined"][0] > 0 and saving < 100:
                by_errors = errors[f"{name}_alone"][0] / errors[f"{name}_combined"][0]
                assert by_errors == pytest.approx(saving, rel=1e-3), where


def test_no_verdict_is_given_without_items(committed: dict[str, Any]) -> None:
    assert committed["without_items"]
    assert {row["verdicts_given"] for row in committed["without_items"]} == {0}
