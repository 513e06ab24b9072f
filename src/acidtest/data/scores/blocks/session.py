"""A DuckDB that reads the named files and nothing else: no network, no extension, no other file, bounded memory."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.errors import DataError

MEMORY = "1200MB"
"""What DuckDB may hold before it writes to the temporary folder; the sums themselves are NumPy's and come on top."""

THREADS = 2
_LONGEST = 200
_GLOB = frozenset("*?[")


@dataclass(frozen=True)
class Session:
    """An open DuckDB.

    Attributes:
        connection: Of `duckdb`; its configuration is locked.
        paths: [F] what each file is called in SQL, always as a parameter.
        files: [F] the files as the user named them.
    """

    connection: Any
    paths: tuple[str, ...]
    files: tuple[Path, ...]

    def columns(self, sql: str, parameters: Sequence[object] = ()) -> list[NDArray[Any]]:
        """Return the columns of a query; a cell without value is masked where its column has such.

        Raises:
            DataError: What DuckDB says, on one line and cut: it may quote cells of the table.
        """
        import duckdb

        try:
            found = self.connection.execute(sql, list(parameters)).fetchnumpy()
        except duckdb.Error as error:
            first = next(iter(str(error).splitlines()), type(error).__name__)
            text = "".join(c if c.isprintable() else " " for c in first)[:_LONGEST]
            raise DataError(
                f"the table cannot be summed up: {text}",
                where=", ".join(str(path) for path in self.files)[:_LONGEST],
                way_out="Mend the file; numbers must be numbers in every row. Where the disk is full, free some of it.",
            ) from error
        return list(found.values())

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a small result."""
        columns = [np.ma.asarray(column).tolist() for column in self.columns(sql, parameters)]
        return list(zip(*columns, strict=True))

    def do(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement for what it does."""
        self.columns(sql, parameters)


@contextmanager
def open_session(files: Sequence[Path]) -> Iterator[Session]:
    """Open a DuckDB for these Parquet files; what it spills lies in a temporary folder and goes with it."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="acidtest-") as folder:
        paths = tuple(_plain(file.absolute(), Path(folder) / f"{k}.parquet") for k, file in enumerate(files))
        spill = Path(folder) / "spill"
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "allow_unsigned_extensions": "false",
                "threads": str(THREADS),
                "memory_limit": MEMORY,
                "preserve_insertion_order": "false",
                "temp_directory": str(spill),
            },
        )
        try:
            # SET takes no parameters; within quotes DuckDB knows one special character, the quote itself.
            quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
            connection.execute(f"SET allowed_paths = [{quoted}]")
            # DuckDB 2.0 takes isnan() for false where Parquet's statistics, which know no NaN, end below infinity.
            connection.execute("SET disabled_optimizers = 'statistics_propagation'")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield Session(connection, paths, tuple(files))
        finally:
            connection.close()


def _plain(file: Path, link: Path) -> str:
    """Return the file's path, or where DuckDB would take it for a pattern of paths, that of a link to it."""
    if not _GLOB & set(str(file)):
        return str(file)
    try:
        link.symlink_to(file)
    except OSError as error:
        raise DataError(
            f"'{file.name}' holds one of * ? [ in its name", where=str(file), way_out="Rename the file."
        ) from error
    return str(link)
