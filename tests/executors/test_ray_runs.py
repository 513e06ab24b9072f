"""Studies on a real Ray cluster of two nodes: the same results as here, whatever dies on the way.

Slower variants stand in test_ray_more.py: `make cluster`.
"""

import signal
import time
from pathlib import Path

import pytest

from counting_server import CountingServer
from mock_study import acidtest, content, write_study
from ray_nodes import TwoNodes, within
from ray_study import GIVEN, SLOTS, STUDY, answers, on, run_here, size, started, told

pytestmark = pytest.mark.xdist_group("ray")

KEY = "planted-4f1c9e77b2"


def test_a_node_that_dies_in_mid_run_changes_nothing_and_keys_leave_no_trace(
    tmp_path: Path, cluster: TwoNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that was answered is asked again; the results are those of a run in one process, to the byte."""
    monkeypatch.setenv("CLUSTER_KEY", KEY)
    text = STUDY.replace("connections", "key_env: CLUSTER_KEY, connections")
    with CountingServer(key=KEY) as server:
        study = write_study(tmp_path, server.url, text)
        here = acidtest("run", study, "-o", tmp_path / "here", cache=tmp_path / "here-cache")
        assert here.returncode == 0, here.stderr
    with CountingServer(key=KEY) as server:
        server.hold_after = 6
        study, run = write_study(tmp_path, server.url, text), tmp_path / "run"
        with started("run", study, "-o", run, *on(cluster), cache=tmp_path / "cache") as process:
            ready = within(100, lambda: server.solving() == 2 * SLOTS)  # both workers are at work, and wait
            on_second = len(cluster.workers(cluster.second))
            killed = time.monotonic()
            cluster.kill_second()
            server.go.set()
            said = told(process)
            assert process.wait(timeout=200) == 0, said
        assert ready, said
        assert {call.key for call in server.calls} == {KEY}  # it reached the workers
    assert on_second > 0
    assert content(run) == content(tmp_path / "here")
    assert answers(run) == answers(tmp_path / "here")
    assert f"was lost; {SLOTS} calls under way there go elsewhere" in said
    again = server.twice()
    assert len(again) == SLOTS, said  # those that were under way at the worker that died
    for first, *_ in again:
        assert first.answered is None or first.answered > killed - 1.0  # no answer of before was asked for again
    assert f"CLUSTER_KEY goes to the workers of 'solver' on the Ray cluster at {cluster.address}" in said
    assert KEY not in said
    logs = cluster.logs()
    assert any(path.name.startswith("python-core-worker") for path in logs)
    written = [*logs, *(path for path in tmp_path.rglob("*") if path.is_file())]
    assert [str(path) for path in written if KEY.encode() in path.read_bytes()] == []
    assert [str(path) for path in logs if b"request number 5 please" in path.read_bytes()] == []  # nor do items
    assert within(20, lambda: not cluster.workers())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers given in one process."""
    return run_here(tmp_path_factory.mktemp("undisturbed"), "evaluate", GIVEN)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 130)])
def test_a_command_that_ends_in_mid_run_takes_its_workers_along_and_goes_on_here(
    tmp_path: Path, cluster: TwoNodes, undisturbed: Path, how: signal.Signals, code: int
) -> None:
    """SIGTERM, by which clusters end jobs, ends it as Ctrl-C does."""
    with CountingServer() as server:
        server.hold_after = 6
        study, run, cache = write_study(tmp_path, server.url, GIVEN), tmp_path / "run", tmp_path / "cache"
        with started("evaluate", study, "-o", run, *on(cluster), cache=cache) as process:
            assert within(90, lambda: server.solving() == 2 * SLOTS)
            assert within(10, lambda: size(run / "responses" / "real" / "solver.jsonl") > 0)
            process.send_signal(how)
            said = told(process)
            assert process.wait(timeout=60) == code, said
        assert "Traceback" not in said
        assert "SIGTERM received" not in said  # as Ray has it, above a stack of C++
        asked = len(server.calls)
        assert within(20, lambda: not cluster.workers())
        server.go.set()
        assert len(server.calls) == asked  # nobody goes on paying for a run that is over
        done = acidtest("evaluate", study, "-o", run, cache=cache)
        assert done.returncode == 0, done.stderr
        assert len(server.twice()) <= 2 * SLOTS
    assert answers(run) == answers(undisturbed)
    assert (run / "scores.parquet").read_bytes() == (undisturbed / "scores.parquet").read_bytes()


def test_a_cap_on_calls_holds_on_the_cluster_and_counts_attempts_that_may_have_been_charged(
    tmp_path: Path, cluster: TwoNodes
) -> None:
    """Each prompt is first answered with half an answer: so a call is two attempts, and both count."""
    text = GIVEN.replace("connections", "retries: 1, connections") + "limits: {{max_calls: 10}}\n"
    with CountingServer(broken=1) as server:
        study = write_study(tmp_path, server.url, text)
        done = acidtest("evaluate", study, "-o", tmp_path / "run", *on(cluster), cache=tmp_path / "cache")
        assert done.returncode == 2
        assert "more than the 10 that are allowed" in done.stderr
        assert len(server.calls) == 10


FRAGILE = '''
import hashlib, os, sys
from acidtest.models.base import LanguageModel
from acidtest.registry import register
from acidtest.types import Reply

@register("provider", "fragile")
class Fragile(LanguageModel):
    """Answers by all that it is asked with; on a cluster it dies of one prompt, as a library might that crashes."""

    def __init__(self, spec):
        self.spec, self.style, self.revision, self.connections = spec, "chat", "", 2

    async def answer(self, prompt, sampling):
        if "number 7 " in prompt.as_text().rpartition("Text:")[2] and "ray" in sys.modules:
            os._exit(1)
        digest = hashlib.sha256(repr((prompt, sampling)).encode()).digest()
        return Reply(text=("alarm", "music", "weather")[digest[0] % 3], tokens_in=digest[1], tokens_out=digest[2])
'''


def test_a_prompt_that_workers_die_of_stays_unanswered_and_a_users_own_provider_goes_along(
    tmp_path: Path, cluster: TwoNodes
) -> None:
    """All other answers are those of a run in one process; prompts and settings cross as they are."""
    (tmp_path / "fragile.py").write_text(FRAGILE)
    text = GIVEN.replace('"openai:solver", base_url: "{url}/v1", connections: 4', '"fragile:x"')
    study = write_study(tmp_path, "", text.replace("made, path: pool", "made, path: real"))
    load = ["--load", tmp_path / "fragile.py"]
    here = acidtest("evaluate", study, "-o", tmp_path / "here", *load, cache=tmp_path / "here-cache")
    done = acidtest("evaluate", study, "-o", tmp_path / "run", *on(cluster), *load, cache=tmp_path / "cache")
    assert here.returncode == 0, here.stderr
    assert "1 item stayed without an answer" in done.stderr, done.stderr
    for ours, theirs in zip(answers(tmp_path / "run"), answers(tmp_path / "here"), strict=True):
        assert [row["item"] for row in ours if row.get("error")] == ["real-7"]
        assert len(ours) == 36
        assert [row for row in ours if row["item"] != "real-7"] == [row for row in theirs if row["item"] != "real-7"]


def test_errors_of_the_nodes_are_said_as_here(tmp_path: Path, cluster: TwoNodes) -> None:
    study = write_study(tmp_path, "", GIVEN.replace('openai:solver", base_url: "{url}/v1"', 'local:/no/such.gguf"'))
    here = acidtest("evaluate", study, "-o", tmp_path / "here", cache=tmp_path / "a")
    there = acidtest("evaluate", study, "-o", tmp_path / "there", *on(cluster), cache=tmp_path / "a")
    assert here.returncode == there.returncode == 2
    assert "no model file" in there.stderr
    assert there.stderr.replace("there", "here") == here.stderr
