"""`acidtest fetch`: models and data sets into the cache, before they are needed."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.json_out import echo_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acidtest.data.fetched import Fetched
    from acidtest.data.kept_file import ByteProgress


def fetch(
    names: Annotated[list[str], typer.Argument(help="Names of 'acidtest list models' or 'acidtest list datasets'.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Get models and data sets into the cache, checked by their SHA-256. The first use of one does the same."""
    from acidtest.data.hub import fetched

    found = []
    for name in names:
        with _bar(name) as progress:
            found.append(fetched(name, progress))
        if not as_json:
            _print(found[-1])
    if as_json:
        import orjson

        echo_json(orjson.dumps([_record(one) for one in found], option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _print(one: "Fetched") -> None:
    typer.echo(f"{one.name}  {one.path}")
    typer.echo(f"  {one.source}")
    for file in one.files:
        mark = "" if file.verified else "  (not known beforehand)"
        typer.echo(f"  {file.path.name}  {file.size:,} bytes  sha256 {file.sha256}{mark}")


def _record(one: "Fetched") -> dict[str, object]:
    files = [{"path": str(f.path), "bytes": f.size, "sha256": f.sha256, "verified": f.verified} for f in one.files]
    return {"name": one.name, "path": str(one.path), "source": one.source, "files": files}


@contextmanager
def _bar(name: str) -> "Iterator[ByteProgress | None]":
    """Show a progress bar on the error stream; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        bar = bars.add_task(name[:60], total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)
