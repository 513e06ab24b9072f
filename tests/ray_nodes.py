"""Starts the cluster of two nodes, kills one of its nodes as a power cut would, and leaves no process behind."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent


class TwoNodes:
    """A Ray cluster of two nodes; used as a context manager.

    Attributes:
        address: HOST:PORT of its head.
        folder: Where all of its logs and sockets are.
        second: The process of the second node's raylet.
    """

    def __enter__(self) -> Self:
        # Clusters ask for a token; without one Ray would write one into the home folder.
        self._token_before = os.environ.get("RAY_AUTH_TOKEN")
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
        self.folder = Path(tempfile.mkdtemp(prefix="ray"))  # short: sockets are there
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "ray_two_nodes.py"), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address: str = self._told()["address"]
        self.second = 0
        self.whole()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        for pid in self.processes():
            _kill(pid)
        shutil.rmtree(self.folder, ignore_errors=True)
        del os.environ["RAY_AUTH_TOKEN"]
        if self._token_before is not None:
            os.environ["RAY_AUTH_TOKEN"] = self._token_before

    def whole(self) -> None:
        """Add a second node where there is none."""
        if self.second:
            return
        assert self._process.stdin is not None
        self._process.stdin.write("add\n")
        self._process.stdin.flush()
        self.second = self._told()["raylet"]

    def kill_second(self) -> None:
        """Kill the second node and all that runs on it, with -9."""
        for pid in [self.second, *children(self.second)]:
            _kill(pid)
        self.second = 0

    def kill_all(self) -> None:
        """Kill both nodes and the cluster's head, with -9."""
        for pid in self.processes():
            if pid != self._process.pid:
                _kill(pid)
        self.second = 0

    def workers(self, raylet: int | None = None) -> list[int]:
        """Return the processes that hold models, on one node or all."""
        return [
            pid for pid in self.processes() if command(pid).startswith("ray::Worker") and raylet in (None, parent(pid))
        ]

    def processes(self) -> list[int]:
        """Return all processes of the cluster."""
        raylets = [pid for pid in _everybody() if str(self.folder) in command(pid)]
        return sorted({*raylets, *(child for pid in raylets for child in children(pid))})

    def logs(self) -> list[Path]:
        """Return all files that Ray wrote."""
        return [path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink()]

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Wait until a question is answered by yes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def children(pid: int) -> list[int]:
    return [other for other in _everybody() if parent(other) == pid]


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _everybody() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
