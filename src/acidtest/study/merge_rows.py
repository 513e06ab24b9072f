"""Lines of several shards about the items of one unit of work become one file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from acidtest.data.line_file import whole_lines
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError

_BY_THE_WAY = frozenset({"seconds", "cost", "tokens_in", "tokens_out", "calls", "at"})
"""What may differ between two tellings of one answer: how long it took, what it cost."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit of work.

    Attributes:
        benchmark: The set that the items are of; a file of ratings holds several.
        order: Ids of all its items.
        files: The name of each shard, and its file.
        to: Where the lines go, behind those that are there already.
        counts: Whether every item needs an answer; not so for a judge of answers, who need not see all.
    """

    key: str
    benchmark: str
    order: tuple[str, ...]
    files: tuple[tuple[str, Path], ...]
    to: Path
    counts: bool


def united(unit: Unit) -> int:
    """Write the lines of all shards, one per item, in the order of the items; return how many items lack an answer.

    Raises:
        DataError: Two shards answered one item differently, or a line tells of no item.
    """
    found: dict[str, tuple[bytes, dict[str, Any], str]] = {}
    for shard, path in unit.files:
        last: dict[str, tuple[bytes, dict[str, Any], str]] = {}
        for number, line in enumerate(whole_lines(path), start=1):
            row = _row(line, path, number)
            if row.get("benchmark", unit.benchmark) == unit.benchmark:
                last[row["item"]] = (line, row, shard)
        for item, told in last.items():
            before = found.get(item)
            if before is None or _failed(before[1]):
                found[item] = told
            elif not _failed(told[1]) and _answer(before[1]) != _answer(told[1]):
                raise DataError(
                    f"two shards answered item '{item[:100]}' differently ({unit.key})",
                    where=f"{before[2]} and {shard}",
                    way_out="Leave one of the two out. Shards of one partition share no item.",
                )
    lines = whole_lines(unit.to) + [found[item][0] for item in unit.order if item in found]
    if lines or any(path.exists() for _, path in unit.files):
        write_atomically(unit.to, b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
    if not unit.counts:
        return 0
    return sum(item not in found or _failed(found[item][1]) for item in unit.order)


def all_lines(paths: Iterable[Path]) -> bytes:
    """Return the lines of several files, each once."""
    lines: Sequence[bytes] = [line.rstrip(b"\n") for path in paths for line in whole_lines(path)]
    return b"".join(line + b"\n" for line in dict.fromkeys(lines))


def _row(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = None
    if not isinstance(row, dict) or not isinstance(row.get("item"), str):
        raise DataError(
            "this line tells of no item", where=f"{path} line {number}", way_out="Delete the file, run the shard again."
        )
    return row


def _failed(row: dict[str, Any]) -> bool:
    return row.get("error") is not None


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _BY_THE_WAY}
