"""Tables of scores, as `acidtest audit` takes them: long or wide, CSV, TSV, JSON lines or Parquet."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acidtest.data.logs.bounded import first_object, flag, name, number, parquet_columns, text, whole
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.registry import register

if TYPE_CHECKING:
    from acidtest.data.scores.rows import Rows

_ABOUT: dict[str, Callable[[object], Any]] = {
    "label": text,
    "prediction": text,
    "target": text,
    "tokens_in": whole,
    "tokens_out": whole,
    "cost": number,
}
"""Columns that no comparison reads, and what reads them here."""

_NAMES = ("benchmark", "model", "item", "kind", "generator", "metric", "bundle", "edit", "topic", "strategy", "family")
_NO_ERROR = ("", "false", "none")
_LONG = {"model", "score"}


@register("log", "tidy")
class Tidy(LogFormat):
    """A table that is one already, so that tables and logs can stand in one."""

    title = "a table of scores"
    files = "CSV, TSV, JSON lines or Parquet, long or wide, as docs/scores.md has it"
    endings = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".parquet")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell by the columns: those of a long table, or of a wide one that holds numbers."""
        columns, numbers = _columns(path, head)
        if columns >= _LONG:
            return True
        wide = ("model" in columns and not columns & {"benchmark", "score", "item"}) or (
            "item" in columns and not columns & _LONG
        )
        return wide and bool(numbers)

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield the rows as `audit` would read them, and what the file says of each besides; it is held whole."""
        from acidtest.data.logs.log_files import head_of
        from acidtest.data.scores.rows import read_rows

        columns, _ = _columns(path, head_of(path))
        unnamed = "benchmark" not in columns and (columns >= _LONG or "model" not in columns)
        rows = read_rows([path], benchmark=[options.benchmark] if unnamed and options.benchmark else ())
        for note in rows.notes:
            options.tell(note)
        yield from _entries(rows, _besides(path, columns))


def _entries(rows: "Rows", besides: dict[str, list[Any]]) -> Iterator[LogEntry]:
    names = {column: [name(cell) for cell in rows.texts[column]] for column in _NAMES if column in rows.codes}
    epochs = _epochs(rows.texts["epoch"]) if "epoch" in rows.codes else []
    for row, score in enumerate(rows.numbers["score"].tolist()):
        cells: dict[str, Any] = {"item": "", "metric": "score"}
        cells |= {column: texts[code] for column, texts in names.items() if (code := int(rows.codes[column][row])) >= 0}
        cells |= {column: _ABOUT[column](values[row]) for column, values in besides.items()}
        epoch = int(rows.codes["epoch"][row]) if epochs else -1
        error = text(rows.text("error", row))
        yield LogEntry(
            **cells,
            score=number(score),
            epoch=epochs[epoch] if epoch >= 0 else None,
            error="" if error.strip().lower() in _NO_ERROR else error,
            weight=_cell(rows, "weight", row),
            failure=flag(_cell(rows, "failure", row)),
            stats=() if rows.stats is None else tuple(x for x in rows.stats[row].tolist() if number(x) is not None),
        )


def _cell(rows: "Rows", column: str, row: int) -> float | None:
    return number(float(rows.numbers[column][row])) if column in rows.numbers else None


def _epochs(texts: list[str]) -> list[int]:
    """Return repeats as numbers: the table's own, or where they are words, the order in which these first stand."""
    plain = all(cell.isascii() and cell.isdigit() and len(cell) < len(str(2**53)) for cell in texts)
    return [int(cell) for cell in texts] if plain else list(range(len(texts)))


def _besides(path: Path, columns: set[str]) -> dict[str, list[Any]]:
    """Return the columns of a long table that comparisons leave alone."""
    if not columns >= _LONG or not columns & set(_ABOUT):
        return {}
    from acidtest.data.scores.files import read_table

    table = read_table(path)
    return {column: table[column].to_pylist() for column in _ABOUT if column in table.column_names}


def _columns(path: Path, head: bytes) -> tuple[set[str], set[str]]:
    """Return a table's columns, and those that may hold numbers, by its first row."""
    lower = path.name.lower().removesuffix(".gz")
    if lower.endswith(".parquet"):
        columns = parquet_columns(path)
        return columns, columns - set(_NAMES)
    if lower.endswith((".jsonl", ".ndjson")):
        first = first_object(head)
        known = {*_NAMES, *_ABOUT, "epoch"}
        return set(first), {key for key in set(first) - known if number(first[key]) is not None}
    rows = csv.reader(head.decode("utf-8-sig", "replace").splitlines()[:2], delimiter=_separator(lower))
    try:
        columns = set(next(rows, []))
    except csv.Error:
        return set(), set()
    return columns, columns - set(_NAMES)


def _separator(lower: str) -> str:
    return "\t" if lower.endswith(".tsv") else ","
