"""What an evaluation holds in memory hardly grows with its items."""

import subprocess
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
PEAK = """\
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""Runs a command and tells its peak, from a small process: a child counts what its parent held when it was made."""


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a child's memory is not told there")
def test_memory_hardly_grows_with_items(tmp_path: Path) -> None:
    few, many = (peak_of_evaluation(tmp_path / str(items), items) for items in (17_000, 37_000))
    # As Python objects the items, responses and rows of scores of the further 20,000 items took 68 MB.
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
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *command], env=environment(folder / "cache"), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return int(done.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)
