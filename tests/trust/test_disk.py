"""Disks that are full, read-only, taken away: a plain message, no half file, and the run goes on once it is mended."""

import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from pyarrow import parquet

import crash_study
from counting_server import CountingServer
from crash_study import WORKERS, Trial, crash_server
from small_disk import small_disk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows mounts no such disks")


@pytest.fixture(scope="module")
def server() -> Iterator[CountingServer]:
    with crash_server() as server:
        yield server


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, server: CountingServer) -> dict[str, bytes]:
    trial = Trial(tmp_path_factory.mktemp("undisturbed") / "study", server)
    trial.write()
    assert trial.start() == 0, trial.said
    return trial.content()


@pytest.fixture
def trial(tmp_path: Path, server: CountingServer) -> Trial:
    trial = Trial(tmp_path / "study", server)
    trial.write()
    return trial


def stopped(trial: Trial, *words: str) -> None:
    """Run it: it must stop in plain words that tell the way out, and leave whole files only."""
    assert trial.start() == 2, trial.said[-1]
    said = trial.said[-1]
    assert "Traceback" not in said
    assert "Exception" not in said
    assert "\n  where: " in said
    assert "\n  way out: " in said
    for word in words:
        assert word in said
    assert list(trial.run.rglob("*.partial")) == []
    for path in trial.run.rglob("*.json"):
        orjson.loads(path.read_bytes())
    for path in trial.run.rglob("*.parquet"):
        parquet.read_table(path)
    for path in trial.run.rglob("*.jsonl"):
        content = path.read_bytes()
        assert content.endswith(b"\n") or not content, path
        for line in content.splitlines():
            orjson.loads(line)
    if (trial.run / "report.html").exists():
        assert (trial.run / "report.html").read_bytes().rstrip().endswith(b"</html>")


def goes_on(trial: Trial, expected: dict[str, bytes]) -> None:
    assert trial.start() == 0, trial.said[-1]
    assert trial.content() == expected


@pytest.mark.long
def test_a_disk_that_is_full_at_one_stage_after_another(
    tmp_path: Path, trial: Trial, expected: dict[str, bytes]
) -> None:
    with small_disk(tmp_path / "disk", "size=8k") as disk:
        trial.run.symlink_to(disk.path)
        far = []
        for size in (24, 40, 56, 88, 120):
            disk.become(f"size={size}k")
            stopped(trial, "No space left on device", "Make room on the disk")
            far.append(sum(path.stat().st_size for path in trial.run.rglob("*")))
        assert far == sorted(set(far))  # each time it came further before the disk was full
        disk.become("size=1m")
        goes_on(trial, expected)
        read = trial.repeated_though_read()
        assert all(b'"writer"' in call.body for call in read)  # others stand in the cache, on a disk with room
        assert len(read) <= 5 * WORKERS


def test_a_line_that_fits_by_half_is_taken_back(trial: Trial, expected: dict[str, bytes]) -> None:
    """No file may grow beyond 7800 bytes, the last rating ends behind them: the system writes a part of its line."""
    assert len(expected["ratings/judge.judge.jsonl"]) > 7800 > len(expected["run.json"])
    trial.write(end="cache: false\n")  # it would be the first to be too large
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (7800, before[1]))
    try:
        stopped(trial, "File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert trial.start() == 0, trial.said[-1]
    made = trial.content()
    assert made.pop("run.json") != expected["run.json"]  # it knows that the cache is off
    assert made == {name: content for name, content in expected.items() if name != "run.json"}


@pytest.mark.long
def test_no_more_files_fit_on_the_disk(tmp_path: Path, trial: Trial, expected: dict[str, bytes]) -> None:
    with small_disk(tmp_path / "disk", "nr_inodes=9") as disk:
        trial.run.symlink_to(disk.path)
        stopped(trial, "No space left on device")
        disk.become("nr_inodes=100")
        goes_on(trial, expected)
        disk.become("ro")
        stopped(trial, "Read-only file system", "mend the file's permissions")


def test_a_cache_on_a_disk_that_is_full_or_read_only(tmp_path: Path, trial: Trial, expected: dict[str, bytes]) -> None:
    with small_disk(tmp_path / "disk", "size=28k") as disk:
        (trial.folder / "cache").symlink_to(disk.path)
        stopped(trial, "the response cache cannot be used", "ACIDTEST_CACHE")
        disk.become("size=40k")
        stopped(trial, "the response cache cannot be used", "ACIDTEST_CACHE")
        disk.become("size=1m,ro")
        stopped(trial, "the response cache cannot be used", "ACIDTEST_CACHE")
        disk.become("rw")
        goes_on(trial, expected)
        assert trial.repeated_though_read() == []


@pytest.mark.long
@pytest.mark.parametrize("asked", [b'"writer"', b'"judge"'])
def test_a_folder_that_is_deleted_under_way_is_not_taken_for_a_result(
    tmp_path: Path, expected: dict[str, bytes], asked: bytes
) -> None:
    came, folder = [], tmp_path / "study"

    def answer(body: bytes) -> bytes:
        if asked in body:
            came.append(body)
            if len(came) == 5:
                shutil.rmtree(folder / "run")
        return crash_study.answer(body)

    with CountingServer(seconds=0.005, answer=answer) as server:
        trial = Trial(folder, server)
        trial.write()
        stopped(trial, "the run's folder was deleted")
        assert trial.start() == 0, trial.said[-1]
        made = trial.content()
        del made["run.json"]  # the server's address stands in it
        assert made == {name: content for name, content in expected.items() if name != "run.json"}
        assert all(b'"writer"' in call.body for call in trial.repeated_though_read())
