"""A database for the review store: SQLite in a file, or PostgreSQL. Opened, brought up to date, and locked for writing.

Writers take turns, in one process and between several, so that what a writer reads holds until it has written.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError

from acidtest.errors import AcidtestError, DataError

_PATIENCE = 60
"""Seconds that a writer waits for others before it gives up."""

_TURN = 4_402_861_137
"""Names the lock of PostgreSQL under which writers take turns."""


class Database:
    """An open database, its schema up to date."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store."""
        with _damage_told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction that no other writer runs beside; what is done in it counts all or not."""
        with _damage_told(), self._written() as connection:
            yield connection

    @contextmanager
    def _written(self) -> Iterator[Connection]:
        with self._turn, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def damaged(how: str) -> DataError:
    """Return the error for users of a database whose pages were damaged."""
    way_out = "Put a copy back, or name another one with --database: what stands in the run is taken in."
    return DataError(f"{how}: it is damaged", where="the review's database", way_out=way_out)


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # those that derive from it say that something else is wrong
            raise
        raise damaged(f"the review's database cannot be read ({_first_line(error)})") from None


def open_database(address: str | Path) -> Database:
    """Open a database and bring its schema up to date.

    Args:
        address: The path of an SQLite file, which is made where there is none, or `postgresql://user@host/name`.

    Raises:
        AcidtestError: No such address, no connection, or a schema newer than this version knows.
    """
    url = _url(address)
    shown = url.render_as_string(hide_password=True)
    engine = _engine(url)
    database = Database(engine)
    try:
        with database._written() as connection:  # noqa: SLF001 - damage is told below, with a way out of its own
            _upgrade(connection, shown)
    except DBAPIError as error:
        engine.dispose()
        way_out = "Check that the server runs, that the database exists and that you may write to it."
        if url.drivername == "sqlite":
            way_out = (
                "Check that you may write to its folder and that it is no other file, or name another: --database."
            )
        raise AcidtestError(
            f"the database cannot be used: {_first_line(error)}", where=shown, way_out=way_out
        ) from None
    except BaseException:
        engine.dispose()
        raise
    return database


def _url(address: str | Path) -> URL:
    if isinstance(address, Path) or "://" not in address:
        path = Path(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=str(path))
    known = "Known: postgresql://USER:PASSWORD@HOST/NAME, and the path of an SQLite file."
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise AcidtestError("this is no address of a database", where="--database", way_out=known) from None
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database:
        return url
    raise AcidtestError(f"no database of the kind '{url.drivername[:40]}' can be used", way_out=known)


def _engine(url: URL) -> Engine:
    """Return an engine whose errors do not quote what was stored."""
    if url.drivername == "sqlite":
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=10,
            max_overflow=40,
            connect_args={"timeout": _PATIENCE, "check_same_thread": False},
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, hide_parameters=True, pool_size=10, max_overflow=20, pool_pre_ping=True)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # else Python's driver begins transactions by itself, and too late
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_PATIENCE * 1000}"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _upgrade(connection: Connection, shown: str) -> None:
    """Take the steps that the schema lacks, on this connection and in its transaction."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(__file__).with_name("migrations")))
    known = {revision.revision for revision in script.walk_revisions()}

    def steps(here: tuple[str, ...], _context: MigrationContext) -> list[MigrationStep]:
        if not set(here) <= known:
            raise DataError(
                "this database was written by a newer version of acidtest",
                where=shown,
                way_out="Update acidtest: pip install --upgrade 'acidtest[server]'.",
            )
        missing = list(script.iterate_revisions("heads", here or "base"))
        return [MigrationStep.upgrade_from_script(script.revision_map, one) for one in reversed(missing)]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    with Operations.context(context):
        context.run_migrations()


def _first_line(error: DBAPIError) -> str:
    return (str(error.orig).strip().splitlines() or ["no reason given"])[0][:300]
