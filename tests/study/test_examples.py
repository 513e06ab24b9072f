"""The example studies in their small versions: real data, a real language model, the command line."""

from pathlib import Path

import orjson
import pytest

from mock_study import acidtest, content, kill_when

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
METRICS = {"snips": "accuracy", "politics": "span_f1", "similarity": "pearson"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_small_study_runs_on_real_data(name: str, runs: Path, real_data: Path, smollm2: Path) -> None:
    assert real_data.is_dir()
    assert smollm2.is_file()
    done = acidtest("run", EXAMPLES / name / "small.yaml", "-o", runs / name, cache=runs / "cache")
    assert done.returncode == 0, done.stderr
    fidelity = orjson.loads((runs / name / "fidelity.json").read_bytes())
    strategy = "entity_first" if name == "politics" else "few_shot"
    benchmark = f"smollm2-135m.{strategy}"
    assert fidelity["metric"] == METRICS[name]
    assert set(fidelity["verdict"][benchmark]) == {"score", "rank", "choose"}
    assert len(fidelity["models"]) >= 6
    assert (runs / name / "report.html").stat().st_size > 10_000


def test_killed_with_a_real_model_the_files_are_the_same(runs: Path, tmp_path: Path, real_data: Path) -> None:
    assert real_data.is_dir()
    study, run, cache = EXAMPLES / "snips" / "small.yaml", tmp_path / "run", tmp_path / "cache"
    kill_when(run / "synthetic" / "smollm2-135m.few_shot.calls.jsonl", "run", study, "-o", run, cache=cache, size=3000)
    assert not (run / "synthetic" / "smollm2-135m.few_shot.jsonl").exists()
    kill_when(run / "responses" / "snips" / "smollm2-135m.jsonl", "run", study, "-o", run, cache=cache, size=1500)
    assert not (run / "scores.parquet").exists()
    done = acidtest("run", study, "-o", run, cache=cache)
    assert done.returncode == 0, done.stderr
    assert content(run) == content(runs / "snips")
