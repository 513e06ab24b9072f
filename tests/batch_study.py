"""A small study with one solver behind an address, and the command line to run it with."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import orjson

from acidtest.data.run_folder import RunFolder
from mock_study import LABELS

KEY = "sk-planted-0815"
STUDY = """\
study: batches
task: intent
seed: 3
real: {{path: real.jsonl, pool: pool.jsonl}}
synthetic: [{{name: made, path: made.jsonl}}]
models:
  far: {{use: "{use}", base_url: "{url}", key_env: FAR_KEY, price_in: 1.0, price_out: 2.0{more}}}
solvers: [far, "classic:majority"]
limits: {{max_cost: 1.0}}
"""
BATCHES = ", batch: true, batch_wait: 0.1, batch_poll: 0.05"


def a_label(prompt: str) -> str:
    """Return the label that the last request's number stands for: some are right."""
    return LABELS[int(re.findall(r"number (\d+)", prompt)[-1]) // 2 % 3]


def write_study(folder: Path, use: str, url: str, more: str = BATCHES) -> Path:
    folder.mkdir(exist_ok=True)
    for name, count in (("real", 24), ("pool", 9), ("made", 15)):
        rows = [
            {"id": f"{name}-{i}", "text": f"{name} request number {i}", "label": LABELS[i % 3]} for i in range(count)
        ]
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    study = folder / "study.yaml"
    study.write_text(STUDY.format(use=use, url=url, more=more), "utf-8")
    return study


async def start(study: Path, run: Path, *command: str) -> asyncio.subprocess.Process:
    """Start `acidtest evaluate`, or another command; each run's cache stands beside it."""
    environment = {**os.environ, "ACIDTEST_CACHE": str(run.parent / "cache"), "FAR_KEY": KEY, "OMP_NUM_THREADS": "1"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "acidtest", *(command or ("evaluate",)), str(study), "-o", str(run)),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def to_the_end(process: asyncio.subprocess.Process) -> str:
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return out.decode()


def answers(run: Path) -> dict[str, bytes]:
    """Return the files of responses, without the times."""
    found = {}
    for benchmark in ("real", "made"):
        lines = RunFolder(run).responses(benchmark, "far").read_bytes().splitlines()
        rows = [{**orjson.loads(line), "seconds": 0} for line in lines]
        found[benchmark] = b"\n".join(orjson.dumps(row) for row in rows)
    return found


def no_key_is_written(folder: Path, out: str) -> None:
    """Look for the key in all files that a run left, and in what it printed."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"replies.sqlite", "scores.parquet"} <= {path.name for path in files}
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert KEY not in out


async def until(seen: Callable[[], bool]) -> None:
    for _ in range(2000):
        if seen():
            return
        await asyncio.sleep(0.01)
    raise AssertionError
