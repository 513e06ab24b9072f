"""A small study with adaptive tests against the mock server, and a bank of its items."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson

from acidtest.data.item_bank import ItemBank, write_bank
from acidtest.stats.irt.items import Items
from acidtest.study.load import load_study
from acidtest.study.run import answer_benchmarks, started
from acidtest.study.under_way import Run
from mock_study import LABELS

ITEMS = 60
STUDY = """\
study: adaptive
task: intent
seed: 3
labels: [alarm, music, weather]
real: {{path: real.jsonl, pool: pool.jsonl}}
models:
  good: {{use: "openai:choose:alarm|music", base_url: "{url}/v1", connections: 4}}
  fair: {{use: "openai:choose:alarm|music|weather", base_url: "{url}/v1", connections: 4}}
  poor: {{use: "openai:fixed:no idea", base_url: "{url}/v1", connections: 4}}
synthetic:
  - {{name: made, path: made.jsonl}}
solvers: [good, fair, poor, "classic:majority", "classic:tfidf_logreg"]
"""
CALIBRATING = STUDY.replace(
    'solvers: [good, fair, poor, "classic:majority", "classic:tfidf_logreg"]',
    'solvers: [good, fair, poor, "classic:majority", "classic:tfidf_logreg", "classic:char_ngram_nb", '
    '"classic:bm25_neighbours", "classic:keyword_rules", "classic:nearest_centroid"]',
)


def write_adaptive_study(folder: Path, url: str, text: str = STUDY, more: str = "") -> Path:
    """Write the study, its items and a bank of them; return the study file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("real", ITEMS), ("made", ITEMS), ("pool", 24)):
        rows = [
            {"id": f"{name}-{i}", "text": f"{name} {LABELS[i % 3]} request number {i} please", "label": LABELS[i % 3]}
            for i in range(count)
        ]
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    write_bank(folder / "bank.csv", bank())
    path = folder / "study.yaml"
    path.write_text((text + more).format(url=url), "utf-8")
    return path


def bank(*names: str, items: int = ITEMS) -> ItemBank:
    """Return a bank of both benchmarks, or of those named, with parameters out of the air: nobody looks at them."""
    rng = np.random.default_rng(1)
    names = names or ("real", "made")
    n = items * len(names)
    return ItemBank(
        benchmark=tuple(name for name in names for _ in range(items)),
        items=tuple(f"{name}-{i}" for name in names for i in range(items)),
        parameters=Items(discrimination=rng.lognormal(0, 0.3, n), difficulty=rng.normal(0, 1, n), guess=np.zeros(n)),
        discrimination_se=np.full(n, 0.1),
        difficulty_se=np.full(n, 0.1),
        solvers=40,
        model="2pl",
    )


class Quiet:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator["Quiet"]:
        del title, total
        yield self

    def advance(self, items: int = 1, *, tokens: int = 0, cost: float = 0.0) -> None:
        del items, tokens, cost


def answer(path: Path, root: Path) -> Run:
    """Do all but compare, in this process; return the run."""
    with started(load_study(path), path.parent, root, Quiet()) as run:
        answer_benchmarks(run)
        return run


def answered(root: Path, benchmark: str, solver: str) -> list[str]:
    """Return the ids in a file of responses."""
    lines = (root / "responses" / benchmark / f"{solver}.jsonl").read_bytes().splitlines()
    return [orjson.loads(line)["item"] for line in lines]
