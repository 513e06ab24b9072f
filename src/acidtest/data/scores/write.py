"""Columns of scores -> one Parquet file that `read_scores`, and every other tool, can read."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from acidtest.data.arrow_arrays import flag_array, float_array, list_array, text_array, whole_array
from acidtest.data.run_folder import written_atomically
from acidtest.data.scores.files import NUMBER_COLUMNS, TEXT_COLUMNS
from acidtest.errors import DataError

_MORE_TEXT = ("label", "prediction", "target")
_MORE_NUMBERS = ("cost",)
_WHOLE = ("tokens_in", "tokens_out")
_ORDER = (
    *("benchmark", "model", "item", "score", "kind", "generator", "strategy", "family", "metric", "stats", "bundle"),
    *("edit", "label", "prediction", "target", "topic", "epoch", "weight", "failure", *_WHOLE, "cost", "error"),
)
_GROUP_ROWS = 32_768
_GROUP_BYTES = 16 * 2**20
Column = Sequence[Any] | NDArray[Any]


def write_score_table(path: Path, columns: Mapping[str, Column | None]) -> None:
    """Write `RUN/scores.parquet`: one row per benchmark, solver and item (and epoch). The old file is replaced whole.

    The same columns give the same bytes.

    Args:
        path: The file.
        columns: Column name -> R values: benchmark, model, score, and of the optional ones those that are known
            (None: not written). `stats` is [R, k] or R lists of any length. NaN and None are written as empty cells.
            `failure` says whether the answer was unreadable.

    Raises:
        DataError: An unknown or missing column, or columns of different lengths.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "scores.parquet"
        >>> write_score_table(file, {"benchmark": ["real"], "model": ["a"], "score": [0.5]})
        >>> file.stat().st_size > 0
        True
    """
    with ScoreTable(path) as table:
        table.add(columns)


class ScoreTable:
    """`RUN/scores.parquet`, written part by part: used as a context manager, at whose end the old file is replaced.

    Rows wait until there are many or they are large, then become a row group. A table of fewer is one row group: the
    same bytes, however its rows came. Parts that come alike always give the same bytes.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._waiting, self._stack = path, list[Any](), ExitStack()
        self._writer: Any = None

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(written_atomically(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with self._stack:
                self._write()
                if self._writer is not None:
                    self._writer.close()
            return
        if self._writer is not None:
            self._writer.is_open = False  # what was written is thrown away: it needs no end
        self._stack.__exit__(kind, error, trace)

    def add(self, columns: Mapping[str, Column | None]) -> None:
        """Add rows, as `write_score_table` takes them; each time the same columns.

        Raises:
            DataError: See `write_score_table`.
        """
        import pyarrow as pa

        given = {name: column for name, column in columns.items() if column is not None}
        wrong = [name for name in given if name not in _ORDER]
        missing = [name for name in ("benchmark", "model", "score") if name not in given]
        where = str(self._path)
        if wrong or missing:
            what = f"no column of scores is called '{wrong[0]}'" if wrong else f"no column '{missing[0]}'"
            raise DataError(what, where=where, way_out=f"Columns are: {', '.join(_ORDER)}.")
        lengths = {name: len(column) for name, column in given.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"columns of different lengths: {lengths}", where=where, way_out="One value per row.")
        self._waiting.append(pa.table({name: _arrow(name, given[name]) for name in _ORDER if name in given}))
        rows, size = (sum(getattr(table, of) for table in self._waiting) for of in ("num_rows", "nbytes"))
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting.clear()
        if self._writer is None:
            settings = {"compression": "zstd", "version": "2.6", "store_schema": False}
            self._writer = parquet.ParquetWriter(self._file, table.schema, **settings)
        self._writer.write_table(table)


def _arrow(name: str, column: Column) -> Any:
    if name in TEXT_COLUMNS or name in _MORE_TEXT:
        return text_array(list(column))
    if name in _WHOLE:
        return whole_array(column)
    if name == "failure":
        return flag_array(column)
    if name in NUMBER_COLUMNS or name in _MORE_NUMBERS:
        return float_array(column)
    return list_array(list(column))
