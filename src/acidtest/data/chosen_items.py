"""Chosen items as a file: one row per test and item, for other tools to ask just these."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from acidtest.data.csv_text import csv_bytes
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError
from acidtest.types.adapt import ChosenItem

COLUMNS = ("test", "benchmark", "item", "weight", "difficulty", "discrimination")


def check_ending(path: Path) -> None:
    """Raise a DataError where a file ends in no format that chosen items are written in."""
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise DataError(
            f"'{path.name[:80]}' ends in no format that chosen items are written in",
            where=str(path),
            way_out="Name it .csv or .jsonl.",
        )


def write_chosen(path: Path, tests: Sequence[tuple[str, Sequence[ChosenItem]]]) -> None:
    """Write the items of named tests as .csv or .jsonl, by the file's ending; numbers keep all their digits.

    Raises:
        DataError: Another ending.
    """
    check_ending(path)
    rows = [{"test": name, **asdict(item)} for name, items in tests for item in items]
    if path.suffix.lower() == ".jsonl":
        write_atomically(path, b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return
    write_atomically(path, csv_bytes(COLUMNS, ([row[name] for name in COLUMNS] for row in rows)))
