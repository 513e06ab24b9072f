"""Tries changes: reads one JSON line per change, runs its tests in a child of this process, and answers with one line.

Run in a tree of its own, which it changes and mends. The libraries are loaded once, here; the project's own modules are
loaded by each child anew, from the changed source.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

GRACE = 20.0
OUTCOMES = {0: "survived", 1: "killed", 2: "killed"}
"""By pytest's exit code: 1, a test failed; 2, a module could not be imported. Others are faults of this program."""


def main() -> None:
    sys.dont_write_bytecode = True
    import numba
    import numpy as np
    import pandas as pd
    import scipy.optimize
    import scipy.stats
    import sklearn.linear_model
    import statsmodels.api

    loaded = (numba, np, pd, scipy.optimize, scipy.stats, sklearn.linear_model, statsmodels.api)
    print(len(loaded), flush=True)
    for count, line in enumerate(sys.stdin, start=1):
        job = json.loads(line)
        path = Path(job["path"])
        source, times = path.read_text("utf-8"), path.stat()
        try:
            path.write_text(job["code"], "utf-8")
            os.utime(path, (2_000_000_000 + count, 2_000_000_000 + count))  # no compiled file of another change fits
            start = time.monotonic()
            outcome = _outcome(job["tests"], job["timeout"])
        finally:
            path.write_text(source, "utf-8")
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        print(json.dumps({"key": job["key"], "outcome": outcome, "seconds": time.monotonic() - start}), flush=True)


def _outcome(tests: list[str], timeout: float) -> str:
    """Return what became of the change: survived, killed, timeout (counts as killed), or broken."""
    child = os.fork()
    if child == 0:
        os.setsid()
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        import pytest

        code = pytest.main(["-x", "-q", "-m", "not cluster", "-p", "no:cacheprovider", *tests])
        os._exit(int(code))
    give_up = time.monotonic() + timeout + GRACE
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return OUTCOMES.get(os.waitstatus_to_exitcode(status), "broken")
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


if __name__ == "__main__":
    main()
