"""Rows -> an Arrow table -> the data frame that was asked for. pandas and polars are imported when asked for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from acidtest.data.arrow_arrays import flag_array, float_array, list_array, text_array, texts_array, whole_array
from acidtest.errors import AcidtestError, did_you_mean

FrameKind = Literal["pandas", "polars", "arrow"]
"""What a frame is: `pandas.DataFrame`, `polars.DataFrame` or `pyarrow.Table`."""

ColumnKind = Literal["text", "number", "whole", "flag", "texts", "numbers"]
"""What a column holds; every cell may be empty. `texts` and `numbers` are lists."""

_KINDS = ("pandas", "polars", "arrow")


def table_of(rows: Iterable[Mapping[str, object]], columns: Mapping[str, ColumnKind]) -> Any:
    """Return an Arrow table: these columns in this order; a cell that a row does not have is empty.

    Text stays text: nothing that looks like a number, a date or code is read as one.

    Example:
        >>> table_of([{"name": "007", "n": 1}, {"name": None}], {"name": "text", "n": "whole"}).to_pylist()
        [{'name': '007', 'n': 1}, {'name': None, 'n': None}]
    """
    import pyarrow as pa

    cells: dict[str, list[Any]] = {name: [] for name in columns}
    for row in rows:
        for name, column in cells.items():
            column.append(row.get(name))
    return pa.table({name: _ARRAYS[columns[name]](column) for name, column in cells.items()})


def framed(table: Any, frame: FrameKind) -> Any:
    """Return an Arrow table as the data frame that was asked for.

    pandas gets its own nullable types for whole numbers and for true and false, so that an empty cell does not turn
    them into floats.

    Raises:
        AcidtestError: There is no such kind of frame, or its library is not installed.
    """
    if frame == "arrow":
        return table
    if frame not in _KINDS:
        hint = did_you_mean(str(frame)[:40], _KINDS)
        raise AcidtestError(f"there is no frame '{str(frame)[:40]}'", way_out=f"{hint}Known: {', '.join(_KINDS)}.")
    try:
        return _pandas(table) if frame == "pandas" else _polars(table)
    except ModuleNotFoundError as error:
        if error.name not in _KINDS:
            raise
        raise AcidtestError(
            f"{frame} is not installed",
            way_out=f"pip install {frame}, or ask for frame='arrow', which is always there.",
        ) from None


def _pandas(table: Any) -> Any:
    import pandas as pd
    import pyarrow as pa

    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return table.to_pandas(types_mapper=nullable.get)


def _polars(table: Any) -> Any:
    import polars as pl

    return pl.from_arrow(table)


_ARRAYS: dict[ColumnKind, Callable[[Any], Any]] = {
    "text": text_array,
    "number": lambda cells: float_array([float("nan") if cell is None else cell for cell in cells]),
    "whole": lambda cells: whole_array([float("nan") if cell is None else cell for cell in cells]),
    "flag": lambda cells: flag_array([float("nan") if cell is None else cell for cell in cells]),
    "texts": texts_array,
    "numbers": list_array,
}
