"""Two small studies that run on a cluster as they do here, and the command lines to run them with."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from counting_server import CountingServer
from mock_study import acidtest, environment, write_study
from ray_nodes import TwoNodes

STUDY = """\
study: cluster
task: intent
seed: 3
real: {{path: real.jsonl, pool: pool.jsonl}}
models:
  writer: {{use: "openai:writer", base_url: "{url}/v1", connections: 4}}
  solver: {{use: "openai:solver", base_url: "{url}/v1", connections: 4, workers: 2}}
generators:
  - {{model: writer, items: 8}}
solvers: [solver, "classic:majority"]
"""
GIVEN = """\
study: given
task: intent
seed: 3
real: {{path: real.jsonl, pool: pool.jsonl}}
synthetic: [{{name: made, path: pool.jsonl}}]
models:
  solver: {{use: "openai:solver", base_url: "{url}/v1", connections: 4, workers: 2}}
solvers: [solver, "classic:majority"]
"""
"""For `evaluate`: nothing is generated, so it ends sooner."""

SLOTS = 2
"""Calls at once of each of the solver's two workers."""


def on(cluster: TwoNodes) -> list[str]:
    """Return the options that put models on a cluster, once both of its nodes live."""
    cluster.whole()
    return ["--executor", "ray", "--ray-address", cluster.address]


@contextmanager
def started(*arguments: object, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the command line."""
    command = [sys.executable, "-m", "acidtest", *map(str, arguments)]
    with subprocess.Popen(
        command, env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process


def told(process: subprocess.Popen[str]) -> str:
    """Return all that it says until it ends."""
    assert process.stderr is not None
    return process.stderr.read()


def answers(run: Path, *, solver: str = "solver") -> list[list[dict[str, object]]]:
    """Return what a solver answered to each benchmark, without how long it took."""
    return [
        [{**orjson.loads(line), "seconds": 0} for line in path.read_bytes().splitlines()]
        for path in sorted((run / "responses").glob(f"*/{solver}.jsonl"))
    ]


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def run_here(folder: Path, command: str, text: str) -> Path:
    """Run a command on a study in one process, with nothing that disturbs it; return the run's folder."""
    with CountingServer() as server:
        study = write_study(folder, server.url, text)
        done = acidtest(command, study, "-o", folder / "run", cache=folder / "cache")
    assert done.returncode == 0, done.stderr
    return folder / "run"
