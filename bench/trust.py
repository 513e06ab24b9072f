"""Kill a run at random moments, again and again, and see whether it goes on: same bytes, no answer asked for twice.

    python bench/trust.py [--kills 50] [--seed 0]

writes its section of docs/trust.md. In every fourth run a real model inside the process is among the solvers.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from crash_study import LOCAL, WORKERS, Trial, crash_server  # noqa: E402 - found by the line above

PAGE = ROOT / "docs" / "trust.md"
BEGIN, END = "<!-- begin kills -->", "<!-- end kills -->"
MOST = 4
"""Kills of one run: then it is left to end, and another begins."""

SHARES = ((signal.SIGKILL, 1.0), (signal.SIGTERM, 0.2), (signal.SIGINT, 0.2))
"""The signals, and how often each is sent, as a share of the kills that are asked for."""


@dataclass
class Found:
    """What came of one signal."""

    by: signal.Signals
    kills: int = 0
    runs: int = 0
    calls: int = 0
    repeated: int = 0
    most: int = 0
    read: int = 0
    different: int = 0
    before: int = 0
    moments: tuple[float, ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="acidtest-trust-"))
    with crash_server() as server:
        undisturbed = {more: calm(Trial(folder / f"undisturbed{len(more)}", server), more) for more in ("", LOCAL)}
        rows = []
        for by, share in SHARES:
            found = Found(by)
            rng = random.Random(f"{given.seed} {by.name}")
            while found.kills < share * given.kills:
                trial = Trial(folder / f"{by.name}-{found.runs}", server)
                more = "" if found.runs % 4 else LOCAL
                trial.write(more)
                one_run(trial, found, undisturbed[more], (rng, round(share * given.kills)))
                print(found, flush=True)
                shutil.rmtree(trial.folder)
            rows.append(found)
    shutil.rmtree(folder)
    write(rows, given.seed, [seconds for _, seconds in undisturbed.values()])
    if any(found.read or found.different for found in rows):
        sys.exit("A promise was broken: see above.")


def calm(trial: Trial, more: str) -> tuple[dict[str, bytes], float]:
    """Return what a run makes that nobody disturbs, and the seconds that it takes."""
    trial.write(more)
    began = time.monotonic()
    if trial.start():
        sys.exit(trial.said[-1])
    return trial.content(), time.monotonic() - began


def one_run(
    trial: Trial, found: Found, undisturbed: tuple[dict[str, bytes], float], plan: tuple[random.Random, int]
) -> None:
    """Kill one run until it is done before the kill comes, or enough kills were had; then look at what it made."""
    (expected, seconds), (rng, most) = undisturbed, plan
    while found.kills + len(trial.kills) < most and len(trial.kills) < MOST:
        code = trial.start(after=rng.uniform(0.0, seconds), by=found.by)
        if code == 0:
            break
        if code not in (-found.by, 130):
            sys.exit(f"exit code {code}:\n{trial.said[-1]}")
    if trial.start():
        sys.exit(trial.said[-1])
    made = trial.content()
    repeated, read = trial.repeated(), trial.repeated_though_read()
    for name in sorted({*made, *expected}):
        if made.get(name) != expected.get(name):
            print("different:", name, made.get(name, b"")[:500], expected.get(name, b"")[:500], sep="\n")
    for call in read:
        print("asked again though read:", call)
    found.kills, found.runs = found.kills + len(trial.kills), found.runs + 1
    found.calls, found.repeated = found.calls + len(trial.calls), found.repeated + repeated
    found.most = max(found.most, repeated)
    found.read, found.different = found.read + len(read), found.different + (made != expected)
    found.before += sum(asked == 0 for asked in trial.asked)
    found.moments += tuple(trial.kills)


def write(rows: Sequence[Found], seed: int, seconds: Sequence[float]) -> None:
    """Replace the section of the page."""
    heads = (
        "signal",
        "kills",
        "earliest, latest (s)",
        "before any call",
        "runs",
        "calls",
        "sent again",
        "of these, read",
    )
    took = " and ".join(f"{one:.1f}" for one in seconds)
    first = (
        f"`make trust` (seed {seed}; undisturbed runs took {took} s, without and with the model inside the process; "
    )
    first += f"at most {WORKERS} calls are under way at a time):"
    lines = [first, "", f"| {' | '.join((*heads, 'runs with another result'))} |", "|---" * (len(heads) + 1) + "|"]
    lines += [
        f"| {found.by.name} | {found.kills} | {min(found.moments):.2f}, {max(found.moments):.2f} | {found.before} "
        f"| {found.runs} | {found.calls:,} | {found.repeated} | {found.read} | {found.different} |"
        for found in rows
    ]
    page = PAGE.read_text("utf-8")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
