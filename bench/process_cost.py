"""What one command costs: CPU time of the process and all its children, wall time, peak memory."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The cost of one command.

    Attributes:
        cpu: Seconds, user and system, of the process and the children that it waited for.
        wall: Seconds from start to end.
        peak: Megabytes (10^6 bytes) of memory of the largest process among them.
    """

    cpu: float
    wall: float
    peak: float


def cost_of(
    command: Sequence[str | Path], *, folder: Path, variables: Mapping[str, str], terminal: bool = False
) -> Cost:
    """Run a command to its end and return its cost; stop everything where it fails.

    Args:
        command: What is run.
        folder: Where it is run, and where its output is kept as `output.txt`.
        variables: Set in its environment, beside one thread for numerical libraries.
        terminal: Give it a terminal for its messages, so that it draws progress bars as it does for a user.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm-256color", **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled modules are kept, as on a user's machine
    output = folder / "output.txt"
    with output.open("wb") as out:
        screen = _Screen() if terminal else None
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=screen.side if screen else subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if screen:
            out.write(screen.close())
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}:\n{output.read_text('utf-8', 'replace')[-3000:]}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return Cost(cpu=usage.ru_utime + usage.ru_stime, wall=wall, peak=usage.ru_maxrss * unit / 1e6)


class _Screen:
    """A terminal that nobody looks at: what is drawn on it is read, so that the command never waits."""

    def __init__(self) -> None:
        self.reader, self.side = os.openpty()
        self.shown = bytearray()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self.reader, 65536)
            except OSError:  # the other side is closed
                return
            if not part:
                return
            self.shown += part

    def close(self) -> bytes:
        os.close(self.side)
        self.thread.join()
        os.close(self.reader)
        return bytes(self.shown)
