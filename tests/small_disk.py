"""A disk of a few kilobytes that can grow, run full, and become read-only. Only who may mount gets one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A file system in memory. Its size counts in pages of 4096 bytes; the content of every file takes whole ones."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def become(self, options: str) -> None:
        """Change it: `size=64k`, `ro`, `nr_inodes=40`."""
        command = ["mount", "-o", f"remount,{options}", str(self.path)]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def small_disk(path: Path, options: str) -> Iterator[SmallDisk]:
    """Give a disk that is mounted at `path`; skip the test where nobody may mount one."""
    path.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "acidtest", str(path)]
    if not sys.platform.startswith("linux") or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("nobody may mount a disk here")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True, capture_output=True)
