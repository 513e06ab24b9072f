"""Measure what an answer costs: acidtest beside other harnesses, all against the mock server on this machine.

    python bench/cost_of_a_call.py [--repeats 3] [--ours]

prints a table and writes its section of docs/benchmarks.md. `--ours` leaves the other programs out, and writes nothing.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark_page import write_section
from harnesses import HERE, OTHERS, OURS, PEERS, Harness, acidtest
from process_cost import Cost, cost_of

PUBLISHED = HERE.parent / "examples" / "published" / "politics_ner.csv"
LATENCY, CONNECTIONS = 0.05, 256
DELAYED = Harness(
    name=f"acidtest, {CONNECTIONS} connections", few=4, many=20_000, run=partial(acidtest, connections=CONNECTIONS)
)
MOST_PER_1000, MOST_ONE_ITEM, MOST_WALL, MOST_HELP, MOST_AUDIT = 0.15, 0.5, 1.3, 0.3, 1.0


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The runs of one harness: one small and one large run in each round."""

    harness: Harness
    few: Sequence[Cost]
    many: Sequence[Cost]

    @property
    def slopes(self) -> list[float]:
        """CPU seconds per 1,000 further answers, round by round."""
        further = (self.harness.many - self.harness.few) / 1_000
        return [(many.cpu - few.cpu) / further for few, many in zip(self.few, self.many, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ours", action="store_true", help="leave the other programs out; write no page")
    given = parser.parse_args()
    if not given.ours and not (PEERS / "inspect").exists():
        sys.exit("The other harnesses are not installed. Run: make .venv-peers")
    harnesses = [OURS] if given.ours else [OURS, *OTHERS]
    with mock_server(latency=0.0) as url:
        measured = measure(harnesses, given.repeats, url)
    with mock_server(latency=LATENCY) as url:
        delayed = measure([DELAYED], given.repeats, url)[0]
    start = [sys.executable, "-m", "acidtest"]
    helps = [command_cost([*start, "--help"]) for _ in range(given.repeats)]
    audits = [command_cost([*start, "audit", PUBLISHED, "--real", "original"]) for _ in range(given.repeats)]
    text = page(measured, goals(measured[0], delayed, helps, audits), given.repeats)
    print(text)
    if not given.ours:
        write_section(text)


@contextmanager
def mock_server(*, latency: float) -> Iterator[str]:
    """Serve the letter A to every request, after a while; yield the endpoint."""
    command = [sys.executable, HERE / "mock_server.py", "--latency-ms", str(latency * 1e3), "--answer", "fixed:A"]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().split()[1] if process.stdout else ""
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def measure(harnesses: Sequence[Harness], repeats: int, url: str) -> list[Measured]:
    """Run all harnesses in turn, round by round, so that a slow minute of the machine meets all of them.

    One small run of each comes before and is not counted: it brings files from the disk into memory.
    """
    for harness in harnesses:
        in_folder(partial(harness.run, harness.few, url))
    few: list[list[Cost]] = [[] for _ in harnesses]
    many: list[list[Cost]] = [[] for _ in harnesses]
    for round_ in range(1, repeats + 1):
        for place, harness in enumerate(harnesses):
            for answers, costs in ((harness.few, few[place]), (harness.many, many[place])):
                cost = in_folder(partial(harness.run, answers, url))
                costs.append(cost)
                what = f"round {round_}: {harness.name}, {answers:,} answers"
                print(f"{what}: {cost.cpu:.2f} CPU s, {cost.wall:.2f} s, {cost.peak:.0f} MB", file=sys.stderr)
    return [Measured(harness=h, few=f, many=m) for h, f, m in zip(harnesses, few, many, strict=True)]


def in_folder(run: Callable[[Path], Cost]) -> Cost:
    """Run in a new folder, so that no run finds what another one left."""
    folder = Path(tempfile.mkdtemp(prefix="cost_of_a_call_"))
    try:
        return run(folder)
    finally:
        shutil.rmtree(folder)


def command_cost(command: Sequence[str | Path]) -> float:
    return in_folder(lambda folder: cost_of(command, folder=folder, variables={})).cpu


def goals(ours: Measured, delayed: Measured, helps: Sequence[float], audits: Sequence[float]) -> list[str]:
    """Return the rows of the table of goals."""
    one = statistics.median(cost.cpu for cost in ours.few)
    ideal = (DELAYED.many - DELAYED.few) * LATENCY / CONNECTIONS
    further = min(many.wall - few.wall for few, many in zip(delayed.few, delayed.many, strict=True))
    whole = min(cost.wall for cost in delayed.many)
    where = f"at {LATENCY * 1e3:.0f} ms over {CONNECTIONS} connections"
    return [
        goal("1,000 further answers", statistics.median(ours.slopes), MOST_PER_1000, "CPU s"),
        goal("a run of one item, start to end", one, MOST_ONE_ITEM, "CPU s"),
        goal(f"wall time of {DELAYED.many:,} further answers {where}", further / ideal, MOST_WALL, "times the ideal"),
        f"| the same, start to end ({whole:.2f} s; ideal {ideal:.2f} s) | {whole / ideal:.2f} times the ideal | | |",
        goal("`acidtest --help`", statistics.median(helps), MOST_HELP, "CPU s"),
        goal("`acidtest audit` of the published scores", statistics.median(audits), MOST_AUDIT, "CPU s"),
    ]


def goal(what: str, value: float, most: float, unit: str) -> str:
    return f"| {what} | {value:.2f} {unit} | {most:g} | {'met' if value <= most else '**missed**'} |"


def row(measured: Measured, ours: Measured) -> str:
    """Return one row of the table of harnesses."""
    ratios = [theirs / own for theirs, own in zip(measured.slopes, ours.slopes, strict=True)]
    times = "1" if measured is ours else f"{statistics.median(ratios):.3g} ({min(ratios):.3g} to {max(ratios):.3g})"
    slope = statistics.median(measured.slopes)
    small = statistics.median(cost.cpu for cost in measured.few)
    peak = statistics.median(cost.peak for cost in measured.many)
    harness = measured.harness
    return f"| {harness.name} | {slope:.3g} | {times} | {small:.2f} ({harness.few:,}) | {peak:.0f} ({harness.many:,}) |"


def page(measured: Sequence[Measured], goal_rows: Sequence[str], repeats: int) -> str:
    """Return the page as Markdown."""
    rows = "\n".join(row(m, measured[0]) for m in measured)
    return TEMPLATE.format(
        goals="\n".join(goal_rows),
        rows=rows,
        machine=machine(),
        peers=", ".join(peer_versions()),
        repeats=repeats,
    )


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()}, {platform.machine()}, {python}"


def peer_versions() -> list[str]:
    """Return the versions of the other harnesses and of what they call with."""
    code = (
        "import importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in ('lm-eval', 'inspect-ai', 'openai')))"
    )
    if not (PEERS / "python").exists():
        return ["not installed"]
    found = subprocess.run([PEERS / "python", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return [f"{name} {version}" for name, version in zip(found[::2], found[1::2], strict=True)]


TEMPLATE = """\
# What an answer costs

`make bench` measures this and writes this section.

## Goals

| what | measured | at most | |
|---|---|---|---|
{goals}

## Beside other harnesses

| | CPU s per 1,000 further answers | times acidtest | CPU s of a small run (answers) | peak MB (answers) |
|---|---|---|---|---|
{rows}

Medians of {repeats} rounds; in brackets behind a ratio, its range over the rounds.

## How it is measured

- **Everything is counted**: CPU time is user and system time of the whole command and all its children, from the start
  of the interpreter to its end. The mock server's own time is not counted.
- **Per 1,000 further answers** is the difference between a large and a small run, divided by the difference in answers.
  How many they are stands in brackets; fewer for slow programs, whose cost grows evenly.
- **Ratios, not seconds**, carry over to other machines: in each round all programs run one after the other, and the
  ratio is taken within the round.
- All talk to the same server (`bench/mock_server.py`) on the same machine, which answers at once with one letter, over
  64 connections, and ask the same kind of question: some 45 words with four choices.
- acidtest runs `acidtest evaluate` as a user has it: response cache on, each answer recorded as it arrives, retries on,
  progress bars drawn on a terminal, scores written. A study needs two solvers and a synthetic set, so the answers are
  those of two solvers, side by side over half of the connections each, to half as many items; the run of one item is
  one real and one synthetic item: 4 answers.
- lm-evaluation-harness runs its model `local-chat-completions` with logged samples; Inspect its provider `openai-api`
  with its log and plain display. The bare loop on aiohttp keeps no records and repeats nothing.
- The ideal wall time is answers x latency / connections. As for CPU time, further answers are a large run less a small
  one: slow start, reading of items and writing of scores count, the start of the interpreter does not. On a busy
  machine this is the figure that suffers, so the best round is shown.

Measured on: {machine}; one thread. Versions: {peers}.
"""


if __name__ == "__main__":
    main()
