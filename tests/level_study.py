"""A study of things whose prompting levels are known, and how it is asked in a test."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from acidtest.study.levels import LevelOptions, run_levels
from acidtest.study.load import load_study
from level_server import problem
from mock_study import acidtest
from scripted_generator import Count

STUDY = """\
study: things
task: math
real: {{path: real.jsonl, pool: pool.jsonl}}
models:
  sure: {{use: "openai:sure", base_url: "{url}/v1", style: {style}, connections: 3, price_in: 1, price_out: 1}}
synthetic: [{{name: easy, path: easy.jsonl}}]
solvers: [sure]
cache: false
"""
REAL, EASY = (1, 1, 2, 3, 4, 5, 6, 6), (1, 1, 1, 2)
CALLS = {"chat": (1, 1, 1, 2, 2), "completion": (1, 2, 2, 3, 2)}
"""Calls that an item takes at each level: thoughts and answer are one reply in chat, and two calls otherwise."""


def write(folder: Path, url: str, *, style: str = "chat", text: str = STUDY) -> Path:
    folder.mkdir(exist_ok=True)
    sets = {
        "real": [problem(n, level) for n, level in enumerate(REAL)],
        "easy": [problem(50 + n, level) for n, level in enumerate(EASY)],
        "pool": [problem(100 + n, 2) for n in range(6)],
    }
    for name, rows in sets.items():
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    path = folder / "study.yaml"
    path.write_text(text.format(url=url, style=style), "utf-8")
    return path


class Heard:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Count]:
        del title, total
        yield Count()


async def ask(study: Path, **options: Any) -> tuple[dict[str, Any], str]:
    """Return levels.json, and what was said on the way."""
    heard = Heard()
    await asyncio.to_thread(
        run_levels, load_study(study), study.parent, study.parent / "run", heard, LevelOptions(**options)
    )
    return dict(orjson.loads((study.parent / "run" / "levels.json").read_bytes())), "\n".join(heard.said)


async def command(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(acidtest, *arguments, cache=folder / "cache")
