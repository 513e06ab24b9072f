"""Which executor is meant, and what is said where a cluster cannot be had; nothing here starts Ray."""

import importlib.util
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from acidtest.errors import AcidtestError, StudyFileError
from acidtest.models.base import ModelSpec
from acidtest.models.executors.executor import LocalExecutor, executor_named
from acidtest.models.executors.ray_cluster import RayCluster
from acidtest.models.executors.ray_executor import RayExecutor
from acidtest.models.local import LocalModel
from acidtest.models.openai import OpenAIModel
from mock_study import STUDY, acidtest, write_study


def test_models_live_here_unless_told_otherwise() -> None:
    executor = executor_named("local")
    assert isinstance(executor, LocalExecutor)
    assert isinstance(executor.model(ModelSpec(name="m", use="local:m")), LocalModel)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("rya", {}, "Did you mean 'ray'"),
        ("local", {"address": "h:1"}, "--executor ray"),
        ("local", {"workers": 2}, "--executor ray"),
    ],
)
def test_what_cannot_be_is_said(name: str, settings: dict[str, object], said: str) -> None:
    with pytest.raises(StudyFileError, match=said):
        executor_named(name, **settings)  # type: ignore[arg-type] # each case has settings of its own types


def test_of_a_model_on_a_server_connections_stay_the_most_calls_of_all_workers() -> None:
    spec = ModelSpec(name="m", use="openai:m", base_url="http://h/v1", connections=10, workers=4)
    model = RayExecutor(None, 1, print).model(spec)
    assert isinstance(model, OpenAIModel)
    assert model.connections == 10


def test_of_a_model_in_a_process_each_worker_adds_its_own() -> None:
    model = RayExecutor(None, 3, print).model(ModelSpec(name="m", use="local:m"))
    assert (model.connections, model.gives_logprobs, model.in_process) == (3, True, False)  # type: ignore[union-attr] # no classic solver


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ray://head:10001", "is no address of a Ray cluster"),
        ("head", "is no address of a Ray cluster"),
        ("127.0.0.1:99999", "is no address of a Ray cluster"),
        ("127.0.0.1:0", "is no address of a Ray cluster"),
        ("no.such.host.invalid:6379", "nothing answers"),
    ],
)
def test_an_address_that_cannot_be_one_is_said_at_once(address: str, said: str) -> None:
    with pytest.raises(AcidtestError, match=said):
        RayCluster(address).connect()


def test_a_cluster_that_is_not_there_is_one_plain_message(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    study = write_study(tmp_path, "http://127.0.0.1:9", STUDY)
    options = ["--executor", "ray", "--ray-address", address]
    done = acidtest("run", study, "-o", tmp_path / "run", *options, cache=tmp_path / "cache")
    assert done.returncode == 2
    assert f"nothing answers at {address}" in done.stderr
    assert "ray start --head" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0"])
def test_what_answers_and_is_no_cluster_is_said_at_once(said: bytes) -> None:
    """Such as a dashboard; Ray itself would try for minutes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(2):  # first it is only asked whether anything is there
                connection, _ = server.accept()
                with connection:
                    if connection.recv(100):
                        connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(AcidtestError, match=f"what answers at {address} is no Ray cluster") as caught:
            RayCluster(address).connect()
        thread.join()
    assert "8265 is the dashboard's" in caught.value.way_out


def test_without_ray_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "ray" else found(name, *more))
    with pytest.raises(AcidtestError, match="Ray is not installed here") as caught:
        RayCluster(None).connect()
    assert "pip install 'acidtest[ray]'" in caught.value.way_out


def test_nothing_of_ray_or_torch_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; import acidtest.study.run, acidtest.models.executors.ray_executor, acidtest.models.hf, "
        "acidtest.models.vllm; print(*[n for n in ('ray', 'torch', 'transformers', 'vllm') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
