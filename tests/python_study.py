"""A small study without language models: real and synthetic items from files, three classic solvers."""

from pathlib import Path
from typing import Any

import orjson

HOSTILE = "<img src=x onerror=alert(1)> \u202e{{7*7}} \x1b[31mred"
"""What a model may write: markup, a direction mark, a template's braces, an escape sequence."""

LABELS = ("alarm", "music", "weather")
SOLVERS = ("classic:majority", "classic:keyword_rules", "classic:nearest_centroid")


def write_items(folder: Path) -> None:
    """Write the files of items."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("real", 36), ("pool", 24), ("made", 30)):
        rows = [
            {
                "id": f"{i:03d}",
                "text": f"{name} {LABELS[i % 3]} request number {i} please" if i else f"{HOSTILE} {name} alarm",
                "label": LABELS[i % 3],
            }
            for i in range(count)
        ]
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))


def study_values() -> dict[str, Any]:
    """Return the study as the keys of a study file."""
    return {
        "study": f"small {HOSTILE[:8]}",
        "task": "intent",
        "seed": 3,
        "real": {"path": "real.jsonl", "pool": "pool.jsonl"},
        "synthetic": [{"name": "made.up", "path": "made.jsonl", "generator": "writer"}],
        "solvers": list(SOLVERS),
    }
