"""Rows from Parquet, with the label names that Hugging Face keeps in a file's schema, one file or many shards."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from acidtest.data.file_row import MAX_BYTES, FileRow, data_number, refuse_odd_groups
from acidtest.errors import DataError

_SHARD = re.compile(r"(?P<split>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})(-[0-9a-f]+)?\.parquet")
_BATCH = 1024


def parquet_rows(path: Path) -> Iterator[FileRow]:
    """Yield the rows of a Parquet file; a ClassLabel's numbers become its names, -1 becomes None."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            unpacked = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            if unpacked > MAX_BYTES:
                raise DataError(f"more than {MAX_BYTES // 2**30} GB", where=str(path), way_out="Part the file.")
            refuse_odd_groups(file.metadata, path)
            features = _features(file.schema_arrow.metadata)
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH):
                for values in batch.to_pylist():
                    number = data_number(number + 1, path)
                    named = {column: _named(value, features.get(column)) for column, value in values.items()}
                    yield FileRow(number=number, where=f"{path} row {number}", values=named)
    except FileNotFoundError as error:
        raise DataError(f"there is no file '{path.name}'", where=str(path), way_out="Check the path.") from error
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        OverflowError,
    ) as error:  # the last two: texts and dates that are none
        reason = str(error).partition("\n")[0][:200]
        raise DataError(
            f"'{path.name}' is not a readable Parquet file: {reason}", where=str(path), way_out="Get or write it again."
        ) from error


def shards(path: Path) -> list[Path]:
    """Return the Parquet files that a path stands for, in order; an empty list where it stands for none.

    A shard `test-00000-of-00002.parquet` stands for its whole split; a folder for the one split it holds; and
    `folder/test`, where nothing is called that, for the split `test` of the folder (or of its folder `data`).
    """
    if path.is_file():
        shard = _SHARD.fullmatch(path.name)
        return _complete(shard["split"], _splits(path.parent)[shard["split"]]) if shard else [path]
    if path.is_dir():
        splits = _splits(path) or _splits(path / "data")
        if len(splits) > 1:
            raise DataError(
                f"'{path.name}' holds several splits: {', '.join(sorted(splits))[:200]}",
                where=str(path),
                way_out=f"Name one of them: {path / min(splits)}",
            )
        return [file for split, parts in splits.items() for file in _complete(split, parts)]
    for folder in (path.parent, path.parent / "data"):
        if parts := _splits(folder).get(path.name):
            return _complete(path.name, parts)
    return []


def _splits(folder: Path) -> dict[str, list[tuple[int, int, Path]]]:
    """Return split -> (index, number of shards, file); files named by digits alone are the shards of their folder."""
    found: dict[str, list[tuple[int, int, Path]]] = defaultdict(list)
    files = sorted(folder.glob("*.parquet"))
    digits = [file for file in files if file.stem.isdecimal()]
    for file in files:
        shard = _SHARD.fullmatch(file.name)
        if shard:
            found[shard["split"]].append((int(shard["index"]), int(shard["count"]), file))
        elif file in digits:
            found[folder.name].append((int(file.stem), len(digits), file))
        else:
            found[file.stem].append((0, 1, file))
    return found


def _complete(split: str, parts: Sequence[tuple[int, int, Path]]) -> list[Path]:
    count = parts[0][1]
    indices = [index for index, _, _ in parts]
    if indices != list(range(count)) or any(other != count for _, other, _ in parts):
        raise DataError(
            f"the split '{split}' has {len(parts)} files but should have {count} shards",
            where=str(parts[0][2].parent),
            way_out="Get the missing files, and keep those of one version only.",
        )
    return [file for _, _, file in parts]


def _features(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    import orjson

    try:
        described = orjson.loads((metadata or {}).get(b"huggingface", b"{}"))
        features = described["info"]["features"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


def _named(value: object, feature: Any) -> object:
    """Return a value with every ClassLabel in it by name; `feature` is how the schema describes the value."""
    if feature is None or value is None:
        return value
    if isinstance(value, list):
        inner = feature.get("feature", feature) if isinstance(feature, dict) else _first(feature)
        return [_named(element, inner) for element in value]
    if not isinstance(feature, dict):
        return value
    if isinstance(value, dict):
        fields = feature.get("feature", feature)
        fields = fields if isinstance(fields, dict) else {}
        return {key: _named(element, fields.get(key)) for key, element in value.items()}
    names = feature.get("names")
    if not isinstance(names, list) or not isinstance(value, int):
        return value
    return names[value] if 0 <= value < len(names) else None if value == -1 else value


def _first(feature: Any) -> Any:
    return feature[0] if isinstance(feature, list) and feature else None
