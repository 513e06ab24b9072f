"""What takes longer on a real Ray cluster: `make cluster`."""

from pathlib import Path

import pytest

from counting_server import CountingServer
from mock_study import acidtest, content, kill_when, write_study
from ray_nodes import TwoNodes, within
from ray_study import SLOTS, STUDY, answers, on, run_here, started, told

pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.cluster]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in one process."""
    return run_here(tmp_path_factory.mktemp("undisturbed"), "run", STUDY)


@pytest.mark.parametrize("workers", [1, 3, 9])
def test_a_run_is_the_run_here_with_any_number_of_workers(
    tmp_path: Path, cluster: TwoNodes, undisturbed: Path, workers: int
) -> None:
    """Nine: more than there are calls at once."""
    with CountingServer() as server:
        study = write_study(tmp_path, server.url, STUDY.replace("workers: 2", f"workers: {workers}"))
        done = acidtest("run", study, "-o", tmp_path / "run", *on(cluster), cache=tmp_path / "cache")
        assert done.returncode == 0, done.stderr
        assert server.twice() == []
    assert content(tmp_path / "run") == content(undisturbed)
    assert answers(tmp_path / "run") == answers(undisturbed)
    assert within(20, lambda: not cluster.workers())


def test_a_run_that_is_killed_goes_on_on_the_cluster(tmp_path: Path, cluster: TwoNodes, undisturbed: Path) -> None:
    with CountingServer(seconds=0.1) as server:
        study, run, cache = write_study(tmp_path, server.url, STUDY), tmp_path / "run", tmp_path / "cache"
        seen = run / "responses" / "real" / "solver.jsonl"
        kill_when(seen, "run", study, "-o", run, *on(cluster), cache=cache, size=800)
        assert within(20, lambda: not cluster.workers())
        done = acidtest("run", study, "-o", run, *on(cluster), cache=cache)
        assert done.returncode == 0, done.stderr
        assert len(server.twice()) <= 2 * SLOTS
    assert content(run) == content(undisturbed)


def test_a_cluster_that_is_gone_is_one_plain_message_and_the_run_goes_on_here(
    tmp_path: Path, undisturbed: Path
) -> None:
    with TwoNodes() as cluster, CountingServer(seconds=0.25) as server:
        study, run, cache = write_study(tmp_path, server.url, STUDY), tmp_path / "run", tmp_path / "cache"
        with started("run", study, "-o", run, *on(cluster), cache=cache) as process:
            ready = within(90, lambda: server.solving() > 1)
            cluster.kill_all()
            said = told(process)
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
    assert answers(tmp_path / "there", solver="small") == answers(tmp_path / "here", solver="small")
    assert len({row["text"] for row in answers(tmp_path / "here", solver="small")[0]}) > 1


def test_a_key_that_the_server_refuses_is_said_as_here(tmp_path: Path, cluster: TwoNodes) -> None:
    with CountingServer(key="another") as server:
        study = write_study(tmp_path, server.url, STUDY)
        here = acidtest("generate", study, "-o", tmp_path / "here", cache=tmp_path / "a")
        there = acidtest("generate", study, "-o", tmp_path / "there", *on(cluster), cache=tmp_path / "a")
    assert here.returncode == there.returncode == 2
    assert "wrong key" in there.stderr
    assert there.stderr.replace("there", "here") == here.stderr
