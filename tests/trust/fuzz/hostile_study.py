"""A study in which everything that a stranger names or writes attacks: models, labels, items, answers, ratings."""

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import orjson

from acidtest.data.csv_text import csv_bytes
from counting_server import CountingServer
from mock_study import environment
from trust.fuzz.texts import ALL, HTML, INTERPRETED, ORDERS, TERMINAL

LABELS = ("=1+cmd|' /C calc'!A1", "../../label", "<b onclick=alert(1)>label</b>")
REAL = f"real {HTML[0]} {TERMINAL[1]}"
MODELS = {
    "writer": f"../../{HTML[2]}"[:190],
    "good": f"good {HTML[3]} {TERMINAL[2]}"[:190],
    "liar": f"{INTERPRETED[2]} {HTML[4]}"[:190],
    "odd": f"../../../odd{TERMINAL[0]}\u202e{INTERPRETED[0]}"[:190],
    "huge": "N" * 200,
    "judge": f"CON {HTML[7]}"[:190],
}
"""What the server knows a model as -> what the study calls it."""

NOTHING_LESS = [*(f"openai:{name}" for name in MODELS)]
ITEMS, POOL = 30, 9
MEGABYTES = 10 * 2**20
_ITEM = re.compile(r"wish (\d+) ")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""Control characters but the line end, and what turns the direction of reading, as UTF-8."""


def label_of(number: int) -> str:
    return LABELS[number % len(LABELS)]


def items(name: str, count: int) -> list[dict[str, object]]:
    """Return items whose ids, texts, topics and bundles attack."""
    return [
        {
            "id": f"{name}{number}{ALL[number % len(ALL)]}",
            "text": f"wish {number} of {name}: {ALL[(number * 7) % len(ALL)]}",
            "label": label_of(number),
            "topic": ALL[(number * 5) % len(ALL)][:150],
        }
        for number in range(count)
    ]


def answer(body: bytes) -> bytes:
    """Return what the server says: the right label, orders to whoever reads, broken text, or ten megabytes."""
    request = orjson.loads(body)
    model, said = request["model"], request["messages"]
    found = _ITEM.findall(said[-1]["content"])
    number = int(found[-1]) if found else int.from_bytes(hashlib.sha256(body).digest()[:4], "big")
    text = label_of(number)
    if model == "liar":
        text = ALL[number % len(ALL)]
    elif model == "writer":
        text = f"wish {number % 997} is new: {ALL[number % len(ALL)]}"
    elif model == "odd":
        text = f"\0{text}\ud83d\u200b"
    elif model == "huge" and number == 1:
        text = "x" * MEGABYTES
    elif model == "judge":
        asked = re.findall(r"^(\w+): \.\.\.$", said[0]["content"], re.MULTILINE)
        text = "\n".join([*(f"{name}: yes" for name in asked), f"note: {ALL[number % len(ALL)]}"])
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": HTML[0]}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}).encode()


@dataclass
class Said:
    """What a command wrote: to a pipe, byte for byte."""

    code: int
    out: bytes

    def controls(self) -> list[bytes]:
        """Return the control characters in it, each with what stands around it."""
        return [self.out[max(0, m.start() - 30) : m.end() + 30] for m in _CONTROL.finditer(self.out)]


@dataclass
class HostileStudy:
    """The study in a folder deep inside another: whatever climbs out lands where it is seen."""

    outside: Path

    @property
    def folder(self) -> Path:
        """Where the study stands."""
        return self.outside / "a" / "b" / "c"

    def write(self, url: str) -> None:
        """Write the study and its items."""
        self.folder.mkdir(parents=True)
        for name, count in (("real", ITEMS), ("pool", POOL)):
            (self.folder / f"{name}.jsonl").write_text(
                "".join(json.dumps(row) + "\n" for row in items(name, count)), "utf-8"
            )
        study = {
            "study": f"{HTML[1][:60]}{TERMINAL[1]}",
            "task": "intent",
            "description": f"{INTERPRETED[0]} {ORDERS[1]}",
            "seed": 3,
            "labels": list(LABELS),
            "real": {"path": "real.jsonl", "pool": "pool.jsonl", "name": REAL},
            "models": {
                n: {"use": f"openai:{who}", "base_url": f"{url}/v1", "connections": 2} for who, n in MODELS.items()
            },
            "generators": [{"model": MODELS["writer"], "items": 12, "name": f"set {HTML[6]} {TERMINAL[2]}"[:190]}],
            "solvers": [*(MODELS[who] for who in ("good", "liar", "odd", "huge")), "classic:majority"],
            "validity": {"judges": [MODELS["judge"]], "items": 6},
        }
        (self.folder / "study.yaml").write_text(json.dumps(study), "utf-8")
        prompt = resources.files("acidtest.prompts").joinpath("few_shot_intent.v1.md").read_text("utf-8")
        (self.folder / "mine.v1.md").write_text(f"{prompt}\n{ORDERS[1]}\n{HTML[0]}{TERMINAL[1]}\n", "utf-8")

    def write_bank(self) -> None:
        """Write a bank of all items that the run has scores of; no number in it means anything."""
        import pyarrow.parquet as pq

        table = pq.read_table(self.folder / "run" / "scores.parquet", columns=["benchmark", "item"])
        rows = dict.fromkeys(zip(*(table.column(name).to_pylist() for name in ("benchmark", "item")), strict=True))
        header = ("benchmark", "item", "discrimination", "difficulty", "guess", "discrimination_se", "difficulty_se")
        numbers = [(1.0, (n % 7 - 3) / 2, 0.0, 0.1, 0.1, 40, "2pl") for n in range(len(rows))]
        content = csv_bytes(
            (*header, "solvers", "model"), [(*row, *rest) for row, rest in zip(rows, numbers, strict=True)]
        )
        (self.folder / "bank.csv").write_bytes(content)

    def say(self, *arguments: str) -> Said:
        """Run a command; its output goes into a pipe."""
        done = subprocess.run(
            [sys.executable, "-m", "acidtest", *arguments], cwd=self.folder, env=environment(self.folder / "cache"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=300,
        )  # fmt: skip
        return Said(done.returncode, done.stdout)

    def say_to_terminal(self, *arguments: str) -> bytes:
        """Run a command whose output is a terminal; return all bytes that it got."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "acidtest", *arguments], cwd=self.folder,
            env={**environment(self.folder / "cache"), "TERM": "xterm-256color"}, stdout=theirs, stderr=theirs,
        ) as process:  # fmt: skip
            os.close(theirs)
            found = b""
            while True:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # how Linux tells that the other end is closed
                    break
                if not part:
                    break
                found += part
            process.wait(timeout=60)
        os.close(ours)
        return found

    def escaped(self) -> list[str]:
        """Return what stands outside of the study's folder."""
        return [str(path) for path in self.outside.rglob("*") if self.folder not in (path, *path.parents, *[
            p for p in self.folder.parents if p == path]) and path not in self.folder.parents]  # fmt: skip


def hostile_server() -> CountingServer:
    """Return the server that all models of the study stand on."""
    return CountingServer(answer=answer)
