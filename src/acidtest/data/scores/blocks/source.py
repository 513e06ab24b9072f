"""One Parquet file of scores as DuckDB sees it: columns by position, for no name of a stranger ever enters SQL."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acidtest.data.file_row import refuse_odd_groups
from acidtest.data.scores.files import MISSING
from acidtest.data.scores.rows import KNOWN_COLUMNS
from acidtest.errors import DataError

_SPACES = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Python's `strip` takes away, so that a cell is as empty here as where rows are read one by one."""

_WAY_OUT = (
    "Tables in blocks are long (benchmark, model, item, score) or wide with items in rows (item, one column per "
    "solver, and --benchmark NAME)."
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file.

    Attributes:
        path: As the user named it.
        place: Its position among the files.
        names: Its columns; column i is called ci in SQL.
        types: Their Arrow types.
        rows: Number of rows.
        long: Long form, else items in rows and solvers in columns.
        benchmark: The benchmark of all its rows, "" where a column says.
        models: Positions of the solvers' columns; empty in long form.
        texts: Positions of the columns of text that may be solvers', too.
        metric: The one whose rows count; "": all rows do.
    """

    path: Path
    place: int
    names: tuple[str, ...]
    types: tuple[Any, ...]
    rows: int
    long: bool
    benchmark: str
    models: tuple[int, ...] = ()
    texts: tuple[int, ...] = ()
    metric: str = ""

    @property
    def table(self) -> str:
        """What stands after FROM; takes one parameter, the file's path."""
        columns = [f"c{i}" for i in range(len(self.names))]
        if self.has("item"):
            return f"read_parquet(?, hive_partitioning = false) AS t({', '.join(columns)})"
        columns = [*columns, "row_number_"]
        return f"read_parquet(?, hive_partitioning = false, file_row_number = true) AS t({', '.join(columns)})"

    def has(self, name: str) -> bool:
        """Return whether there is such a column."""
        return name in self.names

    def text(self, name: str) -> str:
        """Return SQL of a column of names; NULL where there is none, or the cell is empty."""
        import pyarrow as pa

        if name == "item" and not self.has(name):  # rows of two files must not look like the same items
            return f"'file {self.place} row ' || CAST(row_number_ AS VARCHAR)"
        if not self.has(name) or (name == "benchmark" and self.benchmark):
            return "CAST(NULL AS VARCHAR)"
        at = self.names.index(name)
        form, column = _plain_type(self.types[at]), f"c{at}"
        if pa.types.is_nested(form) or pa.types.is_binary(form) or pa.types.is_large_binary(form):
            raise DataError(
                f"the column '{name}' holds {form}, and no names"[:200],
                where=str(self.path),
                way_out="Write its cells as text.",
            )
        if pa.types.is_floating(form):  # whole numbers with gaps read as floats: 7, not 7.0
            whole = f"CASE WHEN {column} = floor({column}) AND abs({column}) < 1e18 THEN "
            return (
                f"({whole}CAST(CAST({column} AS HUGEINT) AS VARCHAR) ELSE nullif(CAST({column} AS VARCHAR), 'nan') END)"
            )
        return f"nullif(CAST({column} AS VARCHAR), '')"

    def number(self, at: int) -> str:
        """Return SQL of a column of numbers; NULL where there is no number."""
        import pyarrow as pa

        form, column = _plain_type(self.types[at]), f"c{at}"
        if pa.types.is_boolean(form):
            return f"CAST({column} AS UTINYINT)"
        if pa.types.is_integer(form) and form.bit_width <= 32:  # noqa: PLR2004  # their sums cannot run over
            return column
        if pa.types.is_floating(form):
            return f"CASE WHEN isfinite({column}) OR isinf({column}) THEN CAST({column} AS DOUBLE) END"
        if pa.types.is_integer(form) or pa.types.is_decimal(form):
            return f"CAST({column} AS DOUBLE)"
        if pa.types.is_null(form):
            return "CAST(NULL AS DOUBLE)"
        if _is_text(form):
            return f"CASE WHEN {filled(column)} THEN nullif(CAST({column} AS DOUBLE), CAST('nan' AS DOUBLE)) END"
        raise DataError(
            f"the column '{self.names[at][:60]}' holds {form}, and no numbers"[:200],
            where=str(self.path),
            way_out="Write its cells as numbers.",
        )

    def statistics(self) -> str:
        """Return SQL of the column of sufficient statistics, a list of numbers; also where it was written as text."""
        import pyarrow as pa

        if not self.has("stats"):
            return "CAST(NULL AS DOUBLE[])"
        at = self.names.index("stats")
        form, column = _plain_type(self.types[at]), f"c{at}"
        text = _is_text(form)
        if not (text or pa.types.is_nested(form) or pa.types.is_null(form)):
            raise DataError(
                f"the column 'stats' holds {form}, and no lists of numbers"[:200],
                where=str(self.path),
                way_out="Write the item's sufficient statistics as a list, such as [1, 0, 2].",
            )
        lists = f"nullif({bare(column)}, '')" if text else column
        return f"CAST({lists} AS DOUBLE[])"

    def rows_of(self, benchmark: str | None) -> tuple[str, list[object]]:
        """Return SQL that keeps the rows of the metric and of one benchmark (None: of all), and its parameters."""
        conditions, parameters = ["true"], list[object]()
        if benchmark is not None and not self.benchmark:
            conditions.append(f"{self.text('benchmark')} = ?")
            parameters.append(benchmark)
        if self.metric:
            conditions.append(f"{self.text('metric')} = ?")
            parameters.append(self.metric)
        return f"WHERE {' AND '.join(conditions)}", parameters

    def is_whole(self, at: int) -> bool:
        """Return whether `number` of a column is an integer, whose sums are exact as they are."""
        import pyarrow as pa

        form = _plain_type(self.types[at])
        return bool(pa.types.is_boolean(form) or (pa.types.is_integer(form) and form.bit_width <= 32))  # noqa: PLR2004

    def numbers_of(self, name: str) -> str:
        """Return SQL of a named column of numbers, NULL where there is no such column."""
        return self.number(self.names.index(name)) if self.has(name) else "CAST(NULL AS DOUBLE)"


def bare(sql: str) -> str:
    """Return SQL of a text in small letters and without spaces at its ends."""
    return f"lower(trim({sql}, '{_SPACES}'))"


def filled(sql: str) -> str:
    """Return SQL that is true where a text says something other than that there is no number."""
    empty = ", ".join(f"'{word}'" for word in MISSING)
    return f"({sql} IS NOT NULL AND {bare(sql)} NOT IN ({empty}))"


def read_source(path: Path, place: int, benchmark: list[str]) -> Source:
    """Return what a Parquet file holds; takes the first name of `benchmark` where the file names none itself.

    Raises:
        DataError: No Parquet, no rows, two columns of one name, or a form that cannot be summed up in blocks.
    """
    import pyarrow as pa
    from pyarrow import parquet

    if not path.is_file():
        raise DataError(f"no file '{path}'", way_out="Name a file of scores that exists.")
    try:
        with parquet.ParquetFile(path) as file:
            refuse_odd_groups(file.metadata, path)
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(
            f"'{path.name}' cannot be read as parquet", where=str(path), way_out="Write the file again."
        ) from error
    names = tuple(schema.names)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"two columns are called '{twice[0]}'", where=str(path), way_out="Rename or drop one of them.")
    if not rows:
        raise DataError(f"'{path.name}' holds no scores", where=str(path), way_out="Leave the file out, or fill it.")
    long, own = {"model", "score"} <= set(names), "benchmark" in names
    wide = not {"model", "score"} & set(names)
    if not (own or benchmark) or not (wide or (long and "item" in names)):
        raise DataError(
            f"'{path.name}' is no table that can be summed up in blocks: its columns are {', '.join(names)[:200]}",
            where=str(path),
            way_out=_WAY_OUT,
        )
    return Source(
        path=path,
        place=place,
        names=names,
        types=tuple(schema.types),
        rows=rows,
        long=long,
        benchmark="" if own else benchmark.pop(0),
        models=_others(names, schema.types, _is_numeric) if wide else (),
        texts=_others(names, schema.types, _is_text) if wide else (),
    )


def _others(names: Sequence[str], types: Sequence[Any], kind: Callable[[Any], bool]) -> tuple[int, ...]:
    """Return the positions of the columns of a kind that have no other meaning."""
    return tuple(k for k, name in enumerate(names) if name not in KNOWN_COLUMNS and kind(_plain_type(types[k])))


def _is_numeric(form: Any) -> bool:
    import pyarrow as pa

    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    return any(kind(form) for kind in kinds)


def _is_text(form: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(form) or pa.types.is_large_string(form))


def _plain_type(form: Any) -> Any:
    import pyarrow as pa

    return form.value_type if pa.types.is_dictionary(form) else form
