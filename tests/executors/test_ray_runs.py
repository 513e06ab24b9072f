"""Studies on a real Ray cluster of two nodes: the same results as here, whatever dies on the way."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from counting_server import CountingServer
from mock_study import acidtest, content, environment, kill_when, write_study
from ray_nodes import TwoNodes, within

pytestmark = pytest.mark.xdist_group("ray")

KEY = "planted-4f1c9e77b2"
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
SLOTS = 2
"""Calls at once of each of the solver's two workers."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoNodes]:
    with TwoNodes() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in one process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with CountingServer() as server:
        study = write_study(folder, server.url, STUDY)
        done = acidtest("run", study, "-o", folder / "run", cache=folder / "cache")
    assert done.returncode == 0, done.stderr
    return folder / "run"


def on(cluster: TwoNodes) -> list[str]:
    cluster.whole()
    return ["--executor", "ray", "--ray-address", cluster.address]


def test_a_run_on_the_cluster_is_the_run_here_and_keys_leave_no_trace(
    tmp_path: Path, cluster: TwoNodes, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_KEY", KEY)
    with CountingServer(key=KEY) as server:
        study = write_study(tmp_path, server.url, STUDY.replace("connections", "key_env: CLUSTER_KEY, connections"))
        done = acidtest("run", study, "-o", tmp_path / "run", *on(cluster), cache=tmp_path / "cache")
        assert done.returncode == 0, done.stderr
        assert {call.key for call in server.calls} == {KEY}  # it reached the workers
        assert server.twice() == []
    assert content(tmp_path / "run") == content(undisturbed)
    assert f"CLUSTER_KEY goes to the workers of 'solver' on the Ray cluster at {cluster.address}" in done.stderr
    assert KEY not in done.stdout + done.stderr
    logs = cluster.logs()
    assert any(path.name.startswith("python-core-worker") for path in logs)
    written = [*logs, *(path for path in tmp_path.rglob("*") if path.is_file())]
    assert [str(path) for path in written if KEY.encode() in path.read_bytes()] == []
    assert within(20, lambda: not cluster.workers())


def test_a_node_that_dies_in_mid_run_loses_nothing_and_nothing_answered_is_asked_again(
    tmp_path: Path, cluster: TwoNodes, undisturbed: Path
) -> None:
    with CountingServer() as server:
        server.hold_after = 6
        study, run = write_study(tmp_path, server.url, STUDY), tmp_path / "run"
        command = [sys.executable, "-m", "acidtest", "run", str(study), "-o", str(run), *on(cluster)]
        with subprocess.Popen(
            command, env=environment(tmp_path / "cache"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            ready = within(100, lambda: server.solving() == 2 * SLOTS)  # both workers are at work, and wait
            on_second = len(cluster.workers(cluster.second))
            killed = time.monotonic()
            cluster.kill_second()
            server.go.set()
            assert process.stderr is not None
            said = process.stderr.read()
            assert process.wait(timeout=200) == 0, said
        assert ready, said
    assert on_second > 0
    assert content(run) == content(undisturbed)
    assert f"was lost; {SLOTS} calls under way there go elsewhere" in said
    again = server.twice()
    assert len(again) == SLOTS, said  # those that were under way at the worker that died
    for first, *_ in again:
        assert first.answered is None or first.answered > killed - 1.0  # no answer of before was asked for again


def test_a_run_that_is_killed_goes_on(tmp_path: Path, cluster: TwoNodes, undisturbed: Path) -> None:
    with CountingServer(seconds=0.1) as server:
        study, run, cache = write_study(tmp_path, server.url, STUDY), tmp_path / "run", tmp_path / "cache"
        seen = run / "responses" / "real" / "solver.jsonl"
        kill_when(seen, "run", study, "-o", run, *on(cluster), cache=cache, size=800)
        assert within(20, lambda: not cluster.workers())  # nobody goes on paying for a run that is dead
        done = acidtest("run", study, "-o", run, *on(cluster), cache=cache)
        assert done.returncode == 0, done.stderr
        assert len(server.twice()) <= 2 * SLOTS
    assert content(run) == content(undisturbed)


def test_an_interrupt_ends_the_workers_and_the_run_goes_on_here(
    tmp_path: Path, cluster: TwoNodes, undisturbed: Path
) -> None:
    with CountingServer(seconds=0.1) as server:
        study, run, cache = write_study(tmp_path, server.url, STUDY), tmp_path / "run", tmp_path / "cache"
        command = [sys.executable, "-m", "acidtest", "run", str(study), "-o", str(run), *on(cluster)]
        with subprocess.Popen(
            command, env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert within(90, lambda: size(run / "responses" / "real" / "solver.jsonl") > 500)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            said = process.stderr.read()
            assert process.wait(timeout=60) == 130, said
        assert "Traceback" not in said
        assert within(20, lambda: not cluster.workers())
        done = acidtest("run", study, "-o", run, cache=cache)
        assert done.returncode == 0, done.stderr
        assert len(server.twice()) <= 2 * SLOTS
    assert content(run) == content(undisturbed)


def test_a_cap_on_calls_holds_on_the_cluster_and_counts_attempts_that_may_have_been_charged(
    tmp_path: Path, cluster: TwoNodes
) -> None:
    """Each prompt is first answered with half an answer: so a call is two attempts, and both count."""
    text = STUDY.replace("connections", "retries: 1, connections") + "limits: {{max_calls: 10}}\n"
    with CountingServer(broken=1) as server:
        study = write_study(tmp_path, server.url, text)
        done = acidtest("run", study, "-o", tmp_path / "run", *on(cluster), cache=tmp_path / "cache")
        assert done.returncode == 2
        assert "more than the 10 that are allowed" in done.stderr
        assert len(server.calls) == 10


def test_a_cluster_that_is_gone_is_one_plain_message_and_the_run_goes_on_here(
    tmp_path: Path, undisturbed: Path
) -> None:
    with TwoNodes() as cluster, CountingServer(seconds=0.25) as server:
        study, run, cache = write_study(tmp_path, server.url, STUDY), tmp_path / "run", tmp_path / "cache"
        command = [sys.executable, "-m", "acidtest", "run", str(study), "-o", str(run), *on(cluster)]
        with subprocess.Popen(
            command, env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            ready = within(90, lambda: server.solving() > 1)
            cluster.kill_all()
            assert process.stderr is not None
            said = process.stderr.read()
            assert process.wait(timeout=100) == 2, said
        assert ready, said
        assert "the head of the cluster is gone" in said
        assert "Traceback" not in said
        done = acidtest("run", study, "-o", run, cache=cache)
        assert done.returncode == 0, done.stderr
        assert len(server.twice()) <= 2 * SLOTS
    assert content(run) == content(undisturbed)


LOCAL = """\
study: small
task: intent
seed: 5
real: {{path: real.jsonl, pool: pool.jsonl, limit: 6}}
models:
  small: {{use: "local:{path}"}}
generators:
  - {{model: small, items: 2}}
solvers: [small, "classic:majority"]
"""


def test_a_local_model_answers_alike_wherever_it_is_and_however_many_there_are(
    tmp_path: Path, cluster: TwoNodes, smollm2: Path
) -> None:
    study = write_study(tmp_path, "", LOCAL.replace("{path}", str(smollm2)))
    here = acidtest("run", study, "-o", tmp_path / "here", cache=tmp_path / "a")
    assert here.returncode == 0, here.stderr
    there = acidtest("run", study, "-o", tmp_path / "there", *on(cluster), "--ray-workers", 2, cache=tmp_path / "b")
    assert there.returncode == 0, there.stderr
    assert content(tmp_path / "there") == content(tmp_path / "here")
    texts = [
        [row["text"] for row in rows(tmp_path / run / "responses" / "real" / "small.jsonl")]
        for run in ("here", "there")
    ]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 1


FRAGILE = '''
import os, socket
from acidtest.errors import ModelError
from acidtest.models.base import LanguageModel
from acidtest.registry import register
from acidtest.types import Reply

@register("provider", "fragile")
class Fragile(LanguageModel):
    """Dies of one prompt, as a library might that crashes."""

    def __init__(self, spec):
        self.spec, self.style, self.revision, self.connections = spec, "chat", "", 2

    async def answer(self, prompt, sampling):
        if "number 7 " in prompt.as_text().rpartition("Text:")[2]:
            os._exit(1)
        return Reply(text="alarm")
'''


def test_a_prompt_that_workers_die_of_stays_unanswered_and_a_users_own_provider_goes_along(
    tmp_path: Path, cluster: TwoNodes
) -> None:
    (tmp_path / "fragile.py").write_text(FRAGILE)
    given = "synthetic: [{{name: made, path: real.jsonl}}]\n"
    text = STUDY.replace('"openai:solver", base_url: "{url}/v1", connections: 4', '"fragile:x"')
    text = text[: text.index("generators:")] + given + text[text.index("solvers:") :]
    text = "".join(line + "\n" for line in text.splitlines() if "writer" not in line)
    study = write_study(tmp_path, "", text)
    load = ["--load", tmp_path / "fragile.py"]
    done = acidtest("evaluate", study, "-o", tmp_path / "run", *on(cluster), *load, cache=tmp_path / "cache")
    assert "1 item stayed without an answer" in done.stderr, done.stderr
    answers = rows(tmp_path / "run" / "responses" / "real" / "solver.jsonl")
    assert [row["item"] for row in answers if row.get("error")] == ["real-7"]
    assert len(answers) == 36


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"openai:solver", base_url: "{url}/v1", connections: 4', '"local:/no/such.gguf"', "no model file"),
        ("connections: 4, workers: 2", "connections: 4, workers: 2", "wrong key"),
    ],
    ids=["no file on the nodes", "a key that the server refuses"],
)
def test_errors_of_the_nodes_are_said_as_here(tmp_path: Path, cluster: TwoNodes, old: str, new: str, said: str) -> None:
    with CountingServer(key="another") as server:
        study = write_study(tmp_path, server.url, STUDY.replace(old, new))
        here = acidtest("generate", study, "-o", tmp_path / "here", cache=tmp_path / "a")
        there = acidtest("generate", study, "-o", tmp_path / "there", *on(cluster), cache=tmp_path / "a")
    assert here.returncode == there.returncode == 2
    assert said in there.stderr
    assert there.stderr.replace("there", "here") == here.stderr


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def rows(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
