"""`acidtest audit --blocks` as a user runs it: the same contract as from single items."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from block_tables import shares, write_long

M, N = 6, 900
ITEMS = [f"r{i}" for i in range(N)], [f"f{i}" for i in range(N)]


def audit(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "acidtest", "audit", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def keys(found: Any) -> Any:
    """Return the shape of a JSON object: its keys all the way down; lists and numbers as what they are."""
    if isinstance(found, dict):
        return {key: keys(value) for key, value in found.items()}
    return type(found).__name__ if not isinstance(found, int | float) else "number"


def test_json_html_and_terminal_hold_what_they_always_hold(tmp_path: Path) -> None:
    sets = {"real": (ITEMS[0], shares(M, N, seed=1)), "fake": (ITEMS[1], shares(M, N, seed=2, easier=0.3))}
    path = write_long(tmp_path / "scores.parquet", sets)
    files = [path, "--real", "real", "--generator", "fake=model 001"]
    done = audit(*files, "--blocks", 300, "--json", tmp_path / "b.json", "--html", tmp_path / "b.html")
    assert done.returncode == 0, done.stderr
    assert audit(*files, "--json", tmp_path / "i.json").returncode == 0
    blocks, items = (json.loads((tmp_path / f"{name}.json").read_text("utf-8")) for name in ("b", "i"))
    assert keys({**blocks, "verdict": 0}) == keys({**items, "verdict": 0})
    assert blocks["models"] == items["models"]
    for name, found in blocks["fidelity"]["fake"].items():
        assert found["n"] == items["fidelity"]["fake"][name]["n"] == N
    said = "Items are summed up in 300 blocks"
    assert said in blocks["warnings"][0]
    assert said in (tmp_path / "b.html").read_text("utf-8")
    assert said in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [(("--blocks", 7), "--blocks is 7"), (("--blocks", 100, "--judge", "fake"), "single items")],
)
def test_what_cannot_be_is_said_in_one_line(tmp_path: Path, words: tuple[object, ...], says: str) -> None:
    path = write_long(tmp_path / "s.parquet", {"real": (ITEMS[0], shares(M, N, seed=1))})
    done = audit(path, "--real", "real", *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
