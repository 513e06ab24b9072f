"""Items from files: JSONL, JSON, CSV, TSV (each also gzipped), Parquet, and CoNLL columns."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from acidtest.data.file_row import FileRow
from acidtest.data.item_file import ItemFile, spooled
from acidtest.data.labels import labels_in
from acidtest.data.row_item import item_reader
from acidtest.data.run_folder import written_atomically
from acidtest.errors import DataError, did_you_mean
from acidtest.types import Item, ItemShape, Record

FORMATS = {
    ".jsonl": "JSONL",
    ".ndjson": "JSONL",
    ".json": "JSON",
    ".csv": "CSV",
    ".tsv": "TSV",
    ".parquet": "Parquet",
    ".conll": "CoNLL",
    ".bio": "CoNLL",
    ".iob": "CoNLL",
    ".iob2": "CoNLL",
    ".txt": "CoNLL",
}
"""End of a file's name -> its format. All but Parquet may be packed: `.jsonl.gz`."""


def read_rows(path: Path) -> Iterator[FileRow]:
    """Yield the rows of a file, a folder of Parquet shards, or a split in such a folder (`folder/test`).

    Raises:
        DataError: No such file, an unknown format, or a file that is not what its name says; with the line or row.
    """
    from acidtest.data.parquet_rows import parquet_rows, shards

    files = shards(path)
    if files and files[0].suffix == ".parquet":
        for file in files:
            yield from parquet_rows(file)
        return
    if path.is_dir():
        raise DataError("the folder holds no Parquet files", where=str(path), way_out="Name one file.")
    reader = _READERS.get(FORMATS.get(_suffix(path), ""))
    if reader is None:
        raise DataError(
            f"'{path.name}' has no known end",
            where=str(path),
            way_out=f"Known: {', '.join(FORMATS)}; all but .parquet also with .gz.",
        )
    yield from reader(path)


def read_items(path: Path, shape: ItemShape, columns: Mapping[str, str] | None = None) -> list[Item]:
    """Return the items of a file.

    Args:
        path: See `read_rows`. A file of items written by `write_records` is read as it is.
        shape: The fields of the task: its inputs and its target.
        columns: Field -> the file's column, where they differ: `{"text": "utterance"}`. Besides the shape's fields:
            `id` (made as `<file>-<row>` where there is no such column), `bundle`, `edit`, `topic`; for targets called
            `spans`, `tokens` and `tags` in place of the text and its spans; and where items list choices, `choices`
            or one column per choice, `A`, `B`, `C` ...

    Returns:
        Items in the file's order. Inputs and labels are text; a target called `score` is a number; `spans` is a
        sorted list of [type, start, end] in characters of the text, `end` being the character after the last.

    Raises:
        DataError: A missing column or value, a span outside its text, two items of one id, no items at all.
    """
    return list(_items(path, shape, columns))


def spooled_items(path: Path, shape: ItemShape, columns: Mapping[str, str] | None = None) -> Sequence[Item]:
    """Return what `read_items` returns, many items as items on disk: they take a few bytes of memory each."""
    return spooled(_items(path, shape, columns))


def read_item_records(path: Path) -> list[Item]:
    """Return the items of a file of our own: one `Item` as JSON per line; may be empty.

    Raises:
        DataError: A line that is no item, or two items of one id.
    """
    return list(_item_records(path))


def spooled_item_records(path: Path) -> Sequence[Item]:
    """Return what `read_item_records` returns, many items as items on disk; the file may then change or go."""
    return spooled(_item_records(path))


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write one record per line as JSON: the same records always give the same bytes; the file appears whole or not.

    Fields at their default are left out.
    """
    with written_atomically(path) as out:
        if isinstance(records, ItemFile):
            out.writelines(records.lines())
        else:
            out.writelines(record.model_dump_json(exclude_defaults=True).encode() + b"\n" for record in records)


def check_items(items: Sequence[Item], labels: Sequence[str], where: str) -> None:
    """Refuse what no task can use: no items, two of one id, or a label (or entity type) outside the list.

    Args:
        items: All items of one benchmark.
        labels: All labels that a target may be; empty where targets are free.
        where: What the items are, for the message: a file's path.

    Raises:
        DataError: With the item's id, the value, the nearest label and the way out.
    """
    for _ in each_checked(items, labels, where):
        pass


def each_checked(items: Sequence[Item], labels: Sequence[str], where: str) -> Iterator[Item]:
    """Yield the items, each after it was checked as by `check_items`.

    Raises:
        DataError: See `check_items`.
    """
    if not items:
        raise DataError("there are no items", where=where, way_out="Name a file that holds some.")
    known = set(labels)
    for item in _without_repeats(lambda: ((one, where) for one in items)):
        for label in labels_in(item):
            if known and label not in known:
                raise DataError(
                    f"'{label[:100]}' is not a label",
                    where=f"{where}, item '{item.id[:100]}'",
                    way_out=f"{did_you_mean(label, labels)}Correct the item, or add the label to 'labels'.",
                )
        yield item


_Placed = Callable[[], Iterator[tuple[Item, str]]]
"""Reads items with their places, from the first one each time."""


def _items(path: Path, shape: ItemShape, columns: Mapping[str, str] | None) -> Iterator[Item]:
    reader = item_reader(path, shape, dict(columns or {}))

    def read() -> Iterator[tuple[Item, str]]:
        number = 0  # counted here and not taken from the row: shards number their rows from 1 each
        for number, row in enumerate(read_rows(path), start=1):
            yield _record_of(row, shape) if _is_record(row, columns) else reader(row, number), row.where
        if not number:
            raise DataError("the file holds no items", where=str(path), way_out="Name a file that holds some.")

    return _without_repeats(read)


def _item_records(path: Path) -> Iterator[Item]:
    from acidtest.data.json_rows import jsonl_rows

    return _without_repeats(lambda: ((_record(row.values, row.where), row.where) for row in jsonl_rows(path)))


def _without_repeats(read: _Placed) -> Iterator[Item]:
    """Yield items, and refuse two of one id: ids are kept as hashes, and compared where two hashes are the same."""
    ids = array("q")
    try:
        for item, _ in read():
            ids.append(hash(item.id))
            yield item
    except DataError:
        _refuse_repeats(ids, read)  # what comes first in the file is said first
        raise
    _refuse_repeats(ids, read)


def _refuse_repeats(ids: "array[int]", read: _Placed) -> None:
    import numpy as np

    hashes = np.sort(np.frombuffer(ids, np.int64))
    if not (hashes[1:] == hashes[:-1]).any():
        return
    places: dict[str, str] = {}
    for item, where in read():
        if item.id in places:
            raise DataError(
                f"two items have the id '{item.id[:100]}'",
                where=f"{places[item.id]} and {where}",
                way_out="Give each item an id of its own, or leave the column out: then ids are made.",
            )
        places[item.id] = where


def _is_record(row: FileRow, columns: Mapping[str, str] | None) -> bool:
    return not columns and isinstance(row.values.get("input"), dict) and "target" in row.values


def _record_of(row: FileRow, shape: ItemShape) -> Item:
    item = _record(row.values, row.where)
    for field in shape.inputs:
        if not item.input.get(field, "").strip():
            raise DataError(
                f"the item's input has no '{field}'",
                where=row.where,
                way_out=f"It has: {', '.join(item.input)[:200]}. Is it an item of another task?",
            )
    return item


def _record(values: Mapping[str, object], where: str) -> Item:
    try:
        return Item.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"not an item: '{field}': {first['msg']}", where=where, way_out="An item has id, input and target."
        ) from error


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def _json_lines(path: Path) -> Iterator[FileRow]:
    from acidtest.data.json_rows import jsonl_rows

    return jsonl_rows(path)


def _json(path: Path) -> Iterator[FileRow]:
    from acidtest.data.json_rows import json_rows

    return json_rows(path)


def _csv(path: Path) -> Iterator[FileRow]:
    from acidtest.data.csv_rows import csv_rows

    return csv_rows(path)


def _tsv(path: Path) -> Iterator[FileRow]:
    from acidtest.data.csv_rows import csv_rows

    return csv_rows(path, delimiter="\t")


def _conll(path: Path) -> Iterator[FileRow]:
    from acidtest.data.datasets.conll_rows import conll_rows

    return conll_rows(path)


def _parquet(path: Path) -> Iterator[FileRow]:
    from acidtest.data.parquet_rows import parquet_rows

    return parquet_rows(path)


_READERS = {"JSONL": _json_lines, "JSON": _json, "CSV": _csv, "TSV": _tsv, "CoNLL": _conll, "Parquet": _parquet}
