"""Killed at random moments, again and again, a run goes on: the same result to the byte, no answer asked for twice.

`make trust` does the same fifty times, with a model inside the process among the solvers.
"""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from counting_server import CountingServer
from crash_study import WORKERS, Trial, crash_server, moments

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


@pytest.mark.parametrize(("by", "kills"), [(signal.SIGKILL, 8), (signal.SIGTERM, 2), (signal.SIGINT, 3)])
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
