"""Two processes on one folder, or on one cache; and a cache that is damaged or newer."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from counting_server import CountingServer
from crash_study import WORKERS, Trial, crash_server
from mock_study import environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with crash_server() as server:
        yield server


def background(trial: Trial, cache: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "acidtest", "run", "study.yaml", "-o", "run"]
    return subprocess.Popen(
        command, cwd=trial.folder, env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def until(condition: str, server: CountingServer, calls: int) -> None:
    deadline = time.monotonic() + 60
    while len(server.calls) < calls:
        assert time.monotonic() < deadline, condition
        time.sleep(0.005)


def test_a_folder_is_refused_to_a_second_process_and_free_when_the_first_was_killed(
    tmp_path: Path, server: CountingServer
) -> None:
    trial = Trial(tmp_path / "study", server)
    trial.write()
    with background(trial, trial.folder / "cache") as first:
        until("the first asks", server, 3)
        first.send_signal(signal.SIGSTOP)  # it neither ends nor asks until the second was refused
        time.sleep(0.1)
        before = len(server.calls)
        assert trial.start() == 2
        assert f"another process works in this folder (its number is {first.pid})" in trial.said[-1]
        assert "way out: Wait until it ends" in trial.said[-1]
        assert len(server.calls) == before
        first.kill()
    assert trial.start() == 0, trial.said[-1]
    assert trial.repeated_though_read() == []
    assert trial.repeated() <= WORKERS


def test_two_runs_at_once_share_a_cache_and_lose_nothing(tmp_path: Path, server: CountingServer) -> None:
    """What both ask at the same time is asked twice; what one of them was answered a second ago, the other takes."""
    trials = [Trial(tmp_path / name, server) for name in ("one", "two")]
    for trial in trials:
        trial.write()
    cache = tmp_path / "cache"
    with background(trials[0], cache) as one, background(trials[1], cache) as two:
        said = [process.communicate(timeout=100)[1].decode() for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], said
    first, second = (trial.content() for trial in trials)
    assert first.pop("run.json") == second.pop("run.json")
    assert first == second
    times = Counter(call.body for call in server.calls)
    assert set(times.values()) <= {1, 2}  # never a third time: each run asks each question once at most
    kept = len({body for body in times if b'"writer"' not in body})
    with sqlite3.connect(cache / "replies.sqlite") as database:
        assert database.execute("SELECT count(*) FROM replies").fetchone() == (kept,)
    database.close()
    third = Trial(tmp_path / "three", server)
    third.write()
    (third.folder / "cache").symlink_to(cache)
    before = len(server.calls)
    assert third.start() == 0, third.said[-1]
    assert {call.body for call in server.calls[before:]} <= {body for body in times if b'"writer"' in body}


@pytest.mark.long
def test_a_cache_that_is_damaged_or_newer_stops_a_run_before_it_asks(tmp_path: Path, server: CountingServer) -> None:
    trial = Trial(tmp_path / "study", server)
    trial.write()
    path = trial.folder / "cache" / "replies.sqlite"
    path.parent.mkdir()
    path.write_bytes(os.urandom(20_000))
    assert trial.start() == 2
    assert "the response cache is damaged" in trial.said[-1]
    assert "Delete the file" in trial.said[-1]
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    assert trial.start() == 2
    assert "the cache was written by a newer version (2)" in trial.said[-1]
    assert "ACIDTEST_CACHE" in trial.said[-1]
    assert server.calls == []
    path.unlink()
    assert trial.start() == 0, trial.said[-1]
    assert trial.repeated() == 0


@pytest.mark.long
def test_what_was_deleted_by_hand_is_made_again_and_another_generator_of_the_same_name_is_asked_anew(
    tmp_path: Path, server: CountingServer
) -> None:
    trial = Trial(tmp_path / "study", server)
    trial.write()
    assert trial.start() == 0, trial.said[-1]
    expected = trial.content()
    asked = len(server.calls)
    for name in ("scores.parquet", "real.jsonl", "responses/real/solver.jsonl", "report.html"):
        (trial.run / name).unlink()
    assert trial.start() == 0, trial.said[-1]
    assert trial.content() == expected
    assert len(server.calls) == asked  # from the cache
    study = trial.folder / "study.yaml"
    study.write_text(study.read_text("utf-8").replace('"openai:writer"', '"openai:author"'), "utf-8")
    assert trial.start() == 0, trial.said[-1]
    assert sum(b'"author"' in call.body for call in server.calls[asked:]) >= 4
