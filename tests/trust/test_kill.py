"""Killed at random moments, again and again, a run goes on: the same result to the byte, no answer asked for twice.

`make trust` does the same fifty times, with a model inside the process among the solvers.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from acidtest.data.run_folder import RunFolder
from acidtest.study.lock import alone
from counting_server import CountingServer
from crash_study import WORKERS, Trial, answer, crash_server, moments

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@pytest.fixture(scope="module")
def server() -> Iterator[CountingServer]:
    with crash_server() as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, server: CountingServer) -> tuple[dict[str, bytes], float]:
    """What a run makes that nobody disturbs, and the seconds that it takes."""
    trial = Trial(tmp_path_factory.mktemp("undisturbed") / "study", server)
    trial.write()
    began = time.monotonic()
    assert trial.start() == 0, trial.said
    assert trial.repeated() == 0
    assert len(trial.content()) == 15
    return trial.content(), time.monotonic() - began


def to_the_end(trial: Trial, after: Iterator[float], by: signal.Signals, kills: int) -> None:
    """Start the command, kill it, start it again: until it has been killed so often, or was done before the kill."""
    while len(trial.kills) < kills:
        code = trial.start(after=next(after), by=by)
        if code == 0:
            return
        assert code in ((130, -by) if by == signal.SIGINT else (-by,)), trial.said[-1]
    assert trial.start() == 0, trial.said[-1]


@pytest.mark.parametrize(("by", "kills"), [(signal.SIGKILL, 4), (signal.SIGTERM, 1), (signal.SIGINT, 1)])
def test_killed_at_random_moments_it_goes_on_and_asks_for_no_answer_twice(
    tmp_path: Path,
    server: CountingServer,
    undisturbed: tuple[dict[str, bytes], float],
    by: signal.Signals,
    kills: int,
) -> None:
    expected, seconds = undisturbed
    after, done = iter(moments(17 + by, seconds)), 0
    while done < kills:
        trial = Trial(tmp_path / f"{done}", server)
        trial.write()
        to_the_end(trial, after, by, kills - done)
        assert trial.repeated_though_read() == []
        assert trial.repeated() <= WORKERS * len(trial.kills)  # under way at the kill, or come and not yet read
        assert trial.content() == expected
        done += len(trial.kills)


def test_the_first_of_two_answers_that_make_one_rating_is_not_asked_for_again(
    tmp_path: Path, undisturbed: tuple[dict[str, bytes], float]
) -> None:
    """It stands in no file of the run until the second has come: the cache must have it by then."""
    again = []

    def kills_at_the_second(body: bytes) -> bytes:
        if len(orjson.loads(body)["messages"]) == 4:  # the question, the answer that could not be read, once more
            again.append(body)
            if len(again) in (1, 3) and trial.process is not None:
                trial.process.kill()
        return answer(body)

    with CountingServer(answer=kills_at_the_second) as server:
        trial = Trial(tmp_path / "study", server)
        trial.write()
        assert [trial.start(), trial.start(), trial.start()] == [-9, -9, 0], trial.said
        assert trial.repeated_though_read() == []
        assert 1 <= trial.repeated() <= 2 * 3  # the second ones, under way at the kill
        expected, _ = undisturbed
        made = trial.content()
        del made["run.json"]  # the server's address stands in it
        assert made == {name: content for name, content in expected.items() if name != "run.json"}


def test_what_a_killed_process_had_begun_to_write_is_cleared_away(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (tmp_path / "responses" / "real").mkdir(parents=True)
    left = [
        tmp_path / f".scores.parquet.{gone.pid}.partial",
        tmp_path / "responses" / "real" / f".a.{gone.pid}.partial",
    ]
    kept = [
        tmp_path / f".scores.parquet.{os.getpid()}.partial",
        tmp_path / f"scores.parquet.{gone.pid}.partial",
        tmp_path / f".scores.parquet.{gone.pid}.parquet",
        tmp_path / ".scores.parquet.x.partial",
    ]
    for path in (*left, *kept):
        path.write_bytes(b"half")
    with alone(RunFolder(tmp_path)):
        assert [path.exists() for path in left] == [False, False]
        assert [path.exists() for path in kept] == [True] * 4
