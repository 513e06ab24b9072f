"""A small study against the mock server, and the command line to run it with."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import orjson

from real_folder import data_folder

LABELS = ("alarm", "music", "weather")
STUDY = """\
study: mock
task: intent
seed: 3
real: {{path: real.jsonl, pool: pool.jsonl}}
models:
  good: {{use: "openai:choose:alarm|music", base_url: "{url}/v1", connections: 4}}
  fair: {{use: "openai:choose:alarm|music|weather", base_url: "{url}/v1", connections: 4}}
  poor: {{use: "openai:fixed:no idea", base_url: "{url}/v1", connections: 4}}
  writer: {{use: "openai:words:7", base_url: "{url}/v1", connections: 4}}
generators:
  - {{model: writer, items: 24}}
solvers: [good, fair, poor, "classic:majority", "classic:tfidf_logreg"]
"""
COMPARED = ("real.jsonl", "pool.jsonl", "scores.parquet", "fidelity.json")


def write_study(folder: Path, url: str, text: str = STUDY) -> Path:
    """Write the study and its items; return the study file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("real", 36), ("pool", 24)):
        rows = [
            {"id": f"{name}-{i}", "text": f"{name} {LABELS[i % 3]} request number {i} please", "label": LABELS[i % 3]}
            for i in range(count)
        ]
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    path = folder / "study.yaml"
    path.write_text(text.format(url=url), "utf-8")
    return path


def environment(cache: Path) -> dict[str, str]:
    """Return the environment of a command: its own cache, a key that means nothing, real data where there is some."""
    folder = data_folder()
    data = {"ACIDTEST_DATA": str(folder)} if folder else {}
    return {**os.environ, **data, "ACIDTEST_CACHE": str(cache), "OPENAI_API_KEY": "mock-key", "OMP_NUM_THREADS": "1"}


def acidtest(*arguments: object, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    command = [sys.executable, "-m", "acidtest", *map(str, arguments)]
    return subprocess.run(command, env=environment(cache), capture_output=True, text=True, timeout=500, check=False)


def kill_when(seen: Path, *arguments: object, cache: Path, size: int = 1) -> None:
    """Start the command line and kill it with -9 as soon as a file has grown to `size` bytes."""
    command = [sys.executable, "-m", "acidtest", *map(str, arguments)]
    with subprocess.Popen(
        command, env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if seen.exists() and seen.stat().st_size >= size:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.001)
        process.wait(timeout=60)


def requests_since_last(url: str) -> tuple[int, int]:
    """Return how many requests came since the last time this was asked, and how many of them were different."""
    with urllib.request.urlopen(f"{url}/stats", timeout=10) as answer:  # noqa: S310  # the test's own server
        found = orjson.loads(answer.read())
    return int(found["requests"]), int(found["distinct"])


def content(run: Path) -> dict[str, bytes]:
    """Return the benchmark, score and fidelity files of a run."""
    files = [run / name for name in COMPARED]
    files += [p for p in sorted((run / "synthetic").glob("*.jsonl")) if not p.name.endswith(".calls.jsonl")]
    return {str(path.relative_to(run)): path.read_bytes() for path in files}
