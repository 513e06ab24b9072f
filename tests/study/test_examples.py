"""The example studies in their small versions: real data, a real language model, the command line."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from mock_study import acidtest, content, kill_when

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = [pytest.mark.long, pytest.mark.usefixtures("real_data", "smollm2")]


def run_small(name: str, run: Path, cache: Path) -> dict[str, Any]:
    """Run a study to its end; return its fidelity.json."""
    done = acidtest("run", EXAMPLES / name / "small.yaml", "-o", run, cache=cache)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = orjson.loads((run / "fidelity.json").read_bytes())
    return found


@pytest.mark.parametrize(
    ("name", "metric", "strategy"), [("politics", "span_f1", "entity_first"), ("similarity", "pearson", "few_shot")]
)
def test_a_small_study_runs_on_real_data(tmp_path: Path, name: str, metric: str, strategy: str) -> None:
    fidelity = run_small(name, tmp_path / "run", tmp_path / "cache")
    verdict = fidelity["verdict"][f"smollm2-135m.{strategy}"]
    assert fidelity["metric"] == metric
    assert set(verdict) == {"score", "rank", "choose"}
    assert len(fidelity["models"]) >= 6
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000


def test_killed_with_a_real_model_the_files_are_the_same(tmp_path: Path) -> None:
    assert run_small("snips", tmp_path / "whole", tmp_path / "cache")["metric"] == "accuracy"
    study, run, cache = EXAMPLES / "snips" / "small.yaml", tmp_path / "run", tmp_path / "other-cache"
    kill_when(run / "synthetic" / "smollm2-135m.few_shot.calls.jsonl", "run", study, "-o", run, cache=cache, size=2000)
    assert not (run / "synthetic" / "smollm2-135m.few_shot.jsonl").exists()
    kill_when(run / "responses" / "snips" / "smollm2-135m.jsonl", "run", study, "-o", run, cache=cache, size=1000)
    assert not (run / "scores.parquet").exists()
    run_small("snips", run, cache)
    assert content(run) == content(tmp_path / "whole")
