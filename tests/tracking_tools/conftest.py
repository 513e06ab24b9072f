"""One run of a study that every logger is told of: a real MLflow server, MLflow's stores, W&B offline.

These tests need MLflow and W&B, which the common environment lacks: `make tracking-tests` runs them in its own.
"""

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from python_study import study_values, write_items
from tracking_run import KEY, Listening, Told

HERE = all(importlib.util.find_spec(tool) for tool in ("mlflow", "wandb"))
collect_ignore_glob = [] if HERE else ["test_*.py"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow's own tracking server, with a store of its own."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder}/m.db", "--artifacts-destination", str(folder / "files")),
    ]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        yield url
        process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310  # the test's own server
                return
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.2)


@pytest.fixture(scope="session")
def told(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    from acidtest import Study
    from acidtest.tracking import mlflow_logger, wandb_logger

    folder = tmp_path_factory.mktemp("told")
    write_items(folder)
    values = study_values()
    # Nobody answers there, so this solver is left out; it is here for its key.
    values["models"] = {
        "far": {"use": "openai:far", "base_url": "http://127.0.0.1:9/v1", "key_env": "PLANTED_KEY", "retries": 0}
    }
    values["solvers"].append("far")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_DATA_DIR", str(folder / "wandb-data"))
        patch.setenv("PLANTED_KEY", KEY)
        patch.setenv("ACIDTEST_CACHE", str(folder / "cache"))
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        patch.chdir(folder)
        loggers = {
            uri: mlflow_logger(tracking_uri=uri)
            for uri in (server, f"sqlite:///{folder}/own.db", f"file://{folder}/store")
        }
        said: list[str] = []
        Study(values, folder=folder).run(
            folder / "run", callbacks=[*loggers.values(), wandb_logger(folder=str(folder))], reporter=Listening(said)
        )
        yield Told({uri: logger.run_id for uri, logger in loggers.items()}, folder, said)
