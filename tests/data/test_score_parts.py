"""Score tables that are written part by part: the bytes of the whole table, and of nothing where the disk is full."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from acidtest.data.scores.write import ScoreTable, write_score_table


def columns(count: int) -> dict[str, Any]:
    rng = np.random.default_rng(count)
    return {
        "benchmark": ["real"] * count,
        "model": [f"m{k % 3}" for k in range(count)],
        "item": [f"i{k // 3}" for k in range(count)],
        "score": np.where(rng.random(count) < 0.1, np.nan, rng.random(count)).tolist(),
        "stats": [[1.0, k % 2] if k % 7 else None for k in range(count)],
        "bundle": [None if k % 5 else "b" for k in range(count)],
        "failure": [None if k % 4 == 0 else k % 3 == 0 for k in range(count)],
        "tokens_in": [None if k < count // 2 else k for k in range(count)],
        "error": [None] * count,
    }


def write_parts(path: Path, whole: dict[str, Any], ends: list[int]) -> bytes:
    with ScoreTable(path) as table:
        for begin, end in zip([0, *ends[:-1]], ends, strict=True):
            table.add({name: column[begin:end] for name, column in whole.items()})
    return path.read_bytes()


@pytest.mark.parametrize("ends", [[500], [1, 500], [250, 250, 499, 500], list(range(1, 501))])
def test_parts_of_a_table_give_the_bytes_of_the_whole(tmp_path: Path, ends: list[int]) -> None:
    whole = columns(500)
    write_score_table(tmp_path / "whole.parquet", whole)
    assert write_parts(tmp_path / "parts.parquet", whole, ends) == (tmp_path / "whole.parquet").read_bytes()


def test_large_tables_hold_the_same_rows_in_groups(tmp_path: Path) -> None:
    whole, ends = columns(40_000), [4_096 * k for k in range(1, 10)] + [40_000]
    written = write_parts(tmp_path / "parts.parquet", whole, ends)
    assert write_parts(tmp_path / "again.parquet", whole, ends) == written
    write_score_table(tmp_path / "whole.parquet", whole)
    assert parquet.read_table(tmp_path / "parts.parquet").equals(parquet.read_table(tmp_path / "whole.parquet"))
    found = parquet.read_metadata(tmp_path / "parts.parquet")
    assert [found.row_group(k).num_rows for k in range(found.num_row_groups)] == [32_768, 40_000 - 32_768]


@pytest.mark.parametrize("room", [0, 20_000])
def test_a_full_disk_leaves_the_old_table_and_says_nothing_later(tmp_path: Path, room: int) -> None:
    """Also at the very end, where Parquet writes what holds a file together."""
    path = tmp_path / "scores.parquet"
    path.write_bytes(b"old")

    class Full:
        closed = False

        def __init__(self, file: Any) -> None:
            self.file, self.left = file, room

        def write(self, content: bytes) -> int:
            self.left -= len(content)
            if self.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(self.file.write(content))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    def fill() -> None:
        with ScoreTable(path) as table:
            table._file = Full(table._file)  # type: ignore[assignment]  # a disk that is full
            table.add(columns(3_000))

    with pytest.raises(OSError, match="No space left"):
        fill()
    assert [one.name for one in tmp_path.iterdir()] == ["scores.parquet"]
    assert path.read_bytes() == b"old"
