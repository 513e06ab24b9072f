"""A run with batches that is killed, interrupted, started again: its answers come home, and nothing is paid twice."""

import asyncio
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path

import pytest

from batch_server import BatchServer
from batch_study import a_label, answers, no_key_is_written, start, to_the_end, until, write_study

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def grown_old(cache: Path) -> None:
    """Let a minute pass for the journal: a batch that was asked for then would have appeared by now."""
    with sqlite3.connect(cache / "batches.sqlite") as database:
        database.execute("UPDATE batches SET touched = touched - 60")
    database.close()


async def unbatched(server: BatchServer, use: str, url: str, folder: Path) -> dict[str, bytes]:
    """Return the responses of a run of single calls; what the server counted is forgotten."""
    process = await start(write_study(folder, use, url, ""), folder / "run")
    assert process.returncode is None
    out = await to_the_end(process)
    assert process.returncode == 0, out
    server.paid.clear()
    return answers(folder / "run")


async def killed_at_every_step(server: BatchServer, study: Path, run: Path, use: str) -> None:
    """Start the run again and again; each time it is killed one moment later."""
    if use.startswith("anthropic"):  # what differs: nothing is uploaded, and no name of ours finds the batch
        steps = [("after", "create"), ("before", "results")]
    else:
        steps = [
            ("before", "upload"),
            ("before", "create"),
            ("after", "create"),
            ("after", "look"),
            ("before", "results"),
        ]
    for moment in steps:
        process = await start(study, run)
        server.moments[moment] = process.kill
        out = await to_the_end(process)
        assert process.returncode == -signal.SIGKILL, (moment, out)
        assert moment not in server.moments
        if moment == ("before", "create"):
            grown_old(run.parent / "cache")


@pytest.mark.parametrize("use", ["openai:any", "anthropic:claude"])
async def test_killed_at_every_step_nothing_is_paid_twice(tmp_path: Path, use: str) -> None:
    async with BatchServer(answer=a_label) as server:
        url = server.url if use.startswith("openai") else server.base
        expected = await unbatched(server, use, url, tmp_path / "single")
        study = write_study(tmp_path, use, url)
        run = tmp_path / "run"
        await killed_at_every_step(server, study, run, use)
        assert len(server.batches) == 1  # begun unheard, found, and never begun again
        process = await start(study, run)
        out = await to_the_end(process)
        assert process.returncode == 0, out
        assert set(server.paid.values()) == {1}
        assert len(server.paid) == 24 + 15
        assert answers(run) == expected
        assert len(server.batches) == 1
        no_key_is_written(tmp_path, out)
        with sqlite3.connect(tmp_path / "cache" / "batches.sqlite") as database:
            assert database.execute("SELECT count(*) FROM calls").fetchone() == (0,)  # all home, all forgotten
        database.close()


async def test_an_interrupted_run_leaves_its_batch_and_says_how_to_go_on(tmp_path: Path) -> None:
    async with BatchServer(answer=a_label) as server:
        server.hold = True
        study, run = write_study(tmp_path, "openai:any", server.url), tmp_path / "run"
        process = await start(study, run)
        await until(lambda: server.calls["look"] > 1)
        process.send_signal(signal.SIGINT)
        out = await to_the_end(process)
        assert process.returncode == 130, out
        assert "1 batch goes on at the provider. Run again to fetch the answers." in out
        assert "Traceback" not in out
        server.hold = False
        process = await start(study, run)
        out = await to_the_end(process)
        assert process.returncode == 0, out
        assert "39 calls of batch batch_0 are fetched, not sent again" in out
        assert server.paid == Counter(dict.fromkeys(server.paid, 1))
        assert len(server.batches) == 1


async def test_two_runs_at_once_share_one_batch(tmp_path: Path) -> None:
    async with BatchServer(answer=a_label, looks=40) as server:
        study = write_study(tmp_path, "openai:any", server.url)
        first = await start(study, tmp_path / "one")
        await until(lambda: bool(server.batches))
        second = await start(study, tmp_path / "two")
        for out in await asyncio.gather(*work(first, second)):
            assert "acidtest:" not in out
        assert answers(tmp_path / "one") == answers(tmp_path / "two")
        assert set(server.paid.values()) == {1}
        assert len(server.batches) == 1


def work(*processes: asyncio.subprocess.Process) -> list[Awaitable[str]]:
    return [to_the_end(process) for process in processes]
