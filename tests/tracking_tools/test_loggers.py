"""What trackers were told, read back by their own means and compared with the run's own files."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from acidtest import Study
from acidtest.tracking import mlflow_logger
from python_study import study_values, write_items
from tracking_run import KEY, Listening, Told

pytestmark = pytest.mark.filterwarnings("ignore")  # what MLflow and W&B warn of in themselves


def expected(folder: Path) -> dict[str, float]:
    """Return the numbers of RUN/fidelity.json under the names that docs/tracking.md promises."""
    found = orjson.loads((folder / "run" / "fidelity.json").read_bytes())
    safe = str.maketrans(":.", "__")
    numbers = {}
    for start, of in (("fidelity", "fidelity"), ("scores", "scores"), ("ensemble", "ensemble")):
        for name, estimates in found[of].items():
            for key, estimate in estimates.items():
                for part in ("value", "true", "low", "high"):
                    if estimate[part] is not None:
                        numbers[f"{start}/{name.translate(safe)}/{key.translate(safe)}/{part}"] = estimate[part]
    decided = {"GO": 1.0, "INCONCLUSIVE": 0.0, "NO-GO": -1.0}
    for name, uses in found["verdict"].items():
        for use, verdict in uses.items():
            numbers[f"verdict/{name.translate(safe)}/{use}"] = decided[verdict["decision"]]
    assert len(numbers) > 60
    return numbers


TIMES = {f"seconds/{stage}" for stage in ("generate", "evaluate", "compare", "report")}


@pytest.mark.parametrize("place", [0, 1, 2], ids=["server", "sqlite", "file store"])
def test_mlflow_holds_every_number_of_the_comparison(told: Told, place: int) -> None:
    from mlflow.tracking import MlflowClient

    uri, run_id = list(told.runs.items())[place]
    client = MlflowClient(tracking_uri=uri)
    run = client.get_run(run_id)
    numbers = dict(run.data.metrics)
    times = {name: numbers.pop(name) for name in list(numbers) if name.startswith("seconds/")}
    assert numbers.pop("cost") == 0.0
    assert numbers == expected(told.folder)
    assert set(times) == TIMES
    assert all(seconds > 0 for seconds in times.values())
    assert run.info.status == "FINISHED"
    tags = {name: value for name, value in run.data.tags.items() if name.startswith("verdict/")}
    verdict = orjson.loads((told.folder / "run" / "fidelity.json").read_bytes())["verdict"]["made.up"]
    assert tags == {f"verdict/made_up/{use}": one["decision"] for use, one in verdict.items()}


@pytest.mark.parametrize("place", [0, 1, 2], ids=["server", "sqlite", "file store"])
def test_mlflow_holds_what_was_asked_and_the_files(told: Told, place: int, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    uri, run_id = list(told.runs.items())[place]
    client = MlflowClient(tracking_uri=uri)
    params = client.get_run(run_id).data.params
    models = orjson.loads((told.folder / "run" / "run.json").read_bytes())["models"]
    assert params["seed"] == "3"
    assert params["study"] == study_values()["study"]
    assert params["synthetic/made_up/model"] == "writer"
    assert params["model/classic_majority/revision"] == models["classic:majority"]["revision"]
    assert params["model/far/server"] == "http://127.0.0.1:9/v1"
    for name in ("fidelity.json", "report.html", "scores.parquet"):
        fetched = Path(client.download_artifacts(run_id, name, str(tmp_path)))
        assert fetched.read_bytes() == (told.folder / "run" / name).read_bytes()


def test_wandb_wrote_every_number_of_the_comparison(told: Told) -> None:
    (file,) = (told.folder / "wandb").glob("offline-run-*/run-*.wandb")
    config, summary = offline_run(file)
    decisions = {name: summary.pop(name) for name in list(summary) if name.endswith("/decision")}
    assert set(decisions.values()) <= {"GO", "NO-GO", "INCONCLUSIVE"}
    assert {name for name in summary if name.startswith("seconds/")} == TIMES
    numbers = {
        name: summary[name]
        for name in summary
        if name.partition("/")[0] not in ("seconds", "cost", "_wandb", "_runtime")
    }
    assert numbers == expected(told.folder)
    assert config["seed"] == "3"
    assert config["model/far/server"] == "http://127.0.0.1:9/v1"


def test_no_tracker_holds_the_key(told: Told, server: str) -> None:
    del server
    searched = 0
    for path in told.folder.parent.rglob("*"):
        if path.is_file() and "run" not in path.relative_to(told.folder.parent).parts[1:2]:
            searched += 1
            assert KEY.encode() not in path.read_bytes(), path
    assert searched > 20
    assert not [text for text in told.said if KEY in text]


def test_nothing_is_reported_to_the_makers_of_the_trackers() -> None:
    code = (
        "from acidtest.tracking import mlflow_logger, wandb_logger; mlflow_logger(); wandb_logger();"
        "import mlflow.telemetry, os; client = mlflow.telemetry.get_telemetry_client();"
        "print(client, os.environ['WANDB_ERROR_REPORTING'])"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "WANDB", "PYTEST", "CI"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean)
    assert done.stdout.split() == ["None", "false"]


def test_a_server_that_is_gone_does_not_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    write_items(tmp_path)
    said: list[str] = []
    report = Study(study_values(), folder=tmp_path).run(
        tmp_path / "run", callbacks=[mlflow_logger(tracking_uri=gone)], reporter=Listening(said)
    )
    assert set(report.fidelity) == {"made.up"}
    assert len([text for text in said if text.startswith("mlflow failed and is told no more; the run goes on")]) == 1


def test_a_run_that_the_program_began_is_used_and_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/m.db")
    write_items(tmp_path)
    monkeypatch.chdir(tmp_path)
    with mlflow.start_run() as own:
        Study(study_values(), folder=tmp_path).run(
            tmp_path / "run", callbacks=[mlflow_logger()], reporter=Listening([])
        )
        assert mlflow.active_run().info.run_id == own.info.run_id
        found: Any = mlflow.get_run(own.info.run_id)
    assert found.info.status == "RUNNING"
    assert found.data.metrics["fidelity/made_up/gap/value"] == expected(tmp_path)["fidelity/made_up/gap/value"]


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, "KILLED"), (RuntimeError, "FAILED")])
def test_a_run_that_stops_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], status: str
) -> None:
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path}/m.db"
    monkeypatch.chdir(tmp_path)
    write_items(tmp_path)
    logger = mlflow_logger(tracking_uri=uri)

    class Stops(Listening):
        def stage(self, title: str, total: int) -> "Listening":
            raise error(title, total)

    with pytest.raises(error):
        Study(study_values(), folder=tmp_path).run(tmp_path / "run", callbacks=[logger], reporter=Stops([]))
    assert MlflowClient(tracking_uri=uri).get_run(logger.run_id).info.status == status


def test_the_command_logs_where_it_is_asked_to(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    write_items(tmp_path)
    (tmp_path / "study.yaml").write_bytes(orjson.dumps(study_values()))  # JSON is YAML
    uri = f"sqlite:///{tmp_path}/m.db"
    command = [sys.executable, "-m", "acidtest", "run", "study.yaml", "-o", "run", "--log-to", "mlflow"]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("acidtest")
    (run,) = client.search_runs([experiment.experiment_id])
    assert {
        k: v
        for k, v in run.data.metrics.items()
        if k.partition("/")[0] in ("fidelity", "scores", "ensemble", "verdict")
    } == expected(tmp_path)


def offline_run(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return config and summary of W&B's offline file: LevelDB's log of blocks, its records by W&B's own schema."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, block, start = file.read_bytes(), 32768, 7
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    whole = b""
    while start + 7 <= len(data):
        if block - start % block < 7:
            start += block - start % block
            continue
        length, kind = int.from_bytes(data[start + 4 : start + 6], "little"), data[start + 6]
        whole += data[start + 7 : start + 7 + length]
        start += 7 + length
        if kind in (1, 4):  # a record is whole, or this is its last part
            record = Record()
            record.ParseFromString(whole)
            config |= {one.key: orjson.loads(one.value_json) for one in record.run.config.update}
            for one in record.summary.update:
                summary["/".join(one.nested_key) or one.key] = orjson.loads(one.value_json)
            whole = b""
    return config, summary
