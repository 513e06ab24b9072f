"""What an evaluation holds in memory hardly grows with its items."""

import os
import sys
from pathlib import Path

import orjson
import pytest

from mock_study import environment

MEGABYTE = 2**20
STUDY = """\
study: memory
task: intent
labels: [alarm, music]
real: {path: real.jsonl, pool: made.jsonl}
synthetic: [{name: made, path: made.jsonl}]
solvers: ["classic:majority", "classic:keyword_rules"]
cache: false
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a child's memory is not told there")
def test_memory_hardly_grows_with_items(tmp_path: Path) -> None:
    few, many = (peak_of_evaluation(tmp_path / str(items), items) for items in (17_000, 37_000))
    # Items, responses and rows of scores as Python objects were 9 kB per item, 180 MB here.
    assert many - few < 25 * MEGABYTE
    assert many < 250 * MEGABYTE


def peak_of_evaluation(folder: Path, items: int) -> int:
    """Return the most bytes of memory that `acidtest evaluate` held on a real set of so many items."""
    folder.mkdir()
    for name, count in (("real", items), ("made", 100)):
        rows = [
            {"id": f"{name}-{i}", "text": f"{name} request {i} {'please ' * 20}", "label": ("alarm", "music")[i % 2]}
            for i in range(count)
        ]
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    command = [sys.executable, "-m", "acidtest", "evaluate", str(folder / "study.yaml"), "-o", str(folder / "run")]
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
    files = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
    child = os.posix_spawn(sys.executable, command, environment(folder / "cache"), file_actions=files)
    os.close(log)
    _, status, usage = os.wait4(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, (folder / "log").read_text()
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
