"""A run that is killed at any moment and started again, on a server that writes down what it was asked."""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from counting_server import Call, CountingServer, answer_to
from mock_study import LABELS, environment

CONNECTIONS = 3
WORKERS = 2 * CONNECTIONS
"""Most calls under way at once: two solvers answer side by side; generator and judge work alone."""

STUDY = """\
study: crash
task: intent
seed: 5
real: {{path: real.jsonl, pool: pool.jsonl}}
models:
  writer: {{use: "openai:writer", base_url: "{url}/v1", connections: 3}}
  solver: {{use: "openai:solver", base_url: "{url}/v1", connections: 3}}
  other: {{use: "openai:other", base_url: "{url}/v1", connections: 3}}
  judge: {{use: "openai:judge", base_url: "{url}/v1", connections: 3}}
generators:
  - {{model: writer, items: 12}}
solvers: [solver, other, "classic:majority"{more}]
validity: {{judges: [judge], items: 8}}
"""
LOCAL = ', "local:smollm2-135m-instruct-q4_1"'


def answer(body: bytes) -> bytes:
    """Return what the server answers: to the judge's calls a rating, in a third of them first in no form at all."""
    request = orjson.loads(body)
    if request["model"] != "judge":
        return answer_to(body)
    number = int.from_bytes(hashlib.sha256(body).digest()[:4], "big")
    asked = re.findall(r"^(\w+): \.\.\.$", request["messages"][0]["content"], re.MULTILINE)
    marks = [f"{name}: {('yes', 'no', 'unsure')[number >> place & 1]}" for place, name in enumerate(asked)]
    first = len(request["messages"]) == 2
    text = "I would rather not say." if first and number % 3 == 0 else "\n".join([*marks, "note: so it seems"])
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return orjson.dumps({"choices": [choice], "usage": {"prompt_tokens": 30, "completion_tokens": 9}})


def crash_server() -> CountingServer:
    """Return the server that the study's models stand on. An answer takes a moment, so that a kill meets some."""
    return CountingServer(seconds=0.01, answer=answer)


@dataclass
class Trial:
    """One study in a folder of its own, with its own cache.

    `kills` are the seconds after which a process was killed, `asked` how many calls had come by then.
    """

    folder: Path
    server: CountingServer
    kills: list[float] = field(default_factory=list)
    first: int = 0
    asked: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def write(self, more: str = "", *, end: str = "") -> None:
        """Write the study, with `more` solvers and `end` as its last lines, and its items."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, count in (("real", 16), ("pool", 9)):
            rows = [
                {"id": f"{name}-{i}", "text": f"{name} {LABELS[i % 3]} wish number {i}", "label": LABELS[i % 3]}
                for i in range(count)
            ]
            (self.folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        (self.folder / "study.yaml").write_text(STUDY.format(url=self.server.url, more=more) + end, "utf-8")
        self.first = len(self.server.calls)

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.folder / "run"

    @property
    def calls(self) -> list[Call]:
        """The calls of this trial."""
        return self.server.calls[self.first :]

    def start(self, *, after: float | None = None, by: signal.Signals = signal.SIGKILL) -> int:
        """Run the study's command; after so many seconds kill it. Return its exit code, minus the signal."""
        command = [sys.executable, "-m", "acidtest", "run", "study.yaml", "-o", "run"]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment(self.folder / "cache"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            restore_signals=True,
            preexec_fn=_heeds_interrupts,  # noqa: PLW1509 - no thread of ours holds a lock that it needs
        ) as process:
            self.process = process
            try:
                out, _ = process.communicate(timeout=after if after is not None else 300)
            except subprocess.TimeoutExpired:
                process.send_signal(by)
                out, _ = process.communicate(timeout=300)
                if after is not None and process.returncode:
                    self.kills.append(after)
                    self.asked.append(len(self.calls))
        self.said.append(out.decode())
        self._wait_for_server()
        return process.returncode

    def _wait_for_server(self) -> None:
        """Let the server end what it had begun to answer: a call belongs to the process that sent it."""
        deadline = time.monotonic() + 5
        while any(call.answered is None for call in self.calls) and time.monotonic() < deadline:
            if all(call.answered or time.monotonic() - call.asked > 1 for call in self.calls):
                return
            time.sleep(0.005)

    def repeated(self) -> int:
        """Return how many calls came again."""
        return sum(times - 1 for times in Counter(call.body for call in self.calls).values())

    def repeated_though_read(self) -> list[Call]:
        """Return the calls that came again though their answer had been read: there must be none."""
        read = {id(call) for call in self.server.read()}
        found, seen = [], set[bytes]()
        for call in self.calls:
            if call.body in seen:
                found.append(call)
            if id(call) in read:
                seen.add(call.body)
        return found

    def content(self) -> dict[str, bytes]:
        """Return every file of the run, without what a clock or the place on the disk says.

        The lock holds a process's number. A generator's recorded calls come in any order, and some of them are made
        ahead and go unused.
        """
        found = {}
        for path in sorted(p for p in self.run.rglob("*") if p.is_file()):
            name = path.relative_to(self.run).as_posix()
            if name == ".lock" or name.endswith(".calls.jsonl"):
                continue
            content = path.read_bytes().replace(os.fsencode(self.folder), b"FOLDER")
            found[name] = re.sub(rb'"seconds":[0-9.e-]+', b'"seconds":0', content)
        return found


def _heeds_interrupts() -> None:
    """Undo what a shell does to processes in the background: they would ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def moments(seed: int, longest: float) -> list[float]:
    """Return a thousand seeded random moments between 0 and `longest` seconds."""
    rng = random.Random(seed)
    return [rng.uniform(0.0, longest) for _ in range(1000)]
