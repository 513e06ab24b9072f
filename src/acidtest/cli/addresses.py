"""Addresses among a command's arguments: each becomes a local path for as long as the command works."""

import functools
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from acidtest.data.remote.address import looks_like_address, run_address
from acidtest.errors import AcidtestError

if TYPE_CHECKING:
    from acidtest.data.remote.address import Address

Command = Callable[..., None]

_WORKS_IN = ("folder", "run")
"""Arguments that name the folder that a command works in; what it reads alone is `_READS_RUN`."""

_READS_RUN = {("export", "run"), ("view", "run"), ("merge", "run")}
_WRITES = ("html", "choose", "out", "output", "export_to", "json_file")
"""Arguments that name a file to write."""

_WRITES_TOO = {("irt", "bank"), ("irt", "items")}
_STUDY_FILE = (".yaml", ".yml")
_shown: dict[str, str] = {}


def with_addresses(name: str, command: Command) -> Command:
    """Return a command that takes addresses wherever it takes paths. Nothing is imported where none is given.

    A run's folder is brought here, locked, and kept the same as its address; files and folders to read are fetched;
    files to write are put there at the end.
    """

    @functools.wraps(command)
    def takes_addresses(**given: Any) -> None:
        if not any(_is_named(value) for value in given.values()):
            command(**given)
            return
        if name == "export" and given.get("folder") is None:
            raise AcidtestError("where to write is not named", way_out="Beside an address, name a folder: -o FOLDER")
        stopped: typer.Exit | None = None
        with ExitStack() as stack:
            local = {key: _local(stack, name, key, value, given) for key, value in given.items()}
            try:
                command(**local)
            except typer.Exit as exit_:  # an exit code is no failure: what was made is brought to the address
                stopped = exit_
        if stopped is not None:
            raise stopped

    return takes_addresses


def place(path: Path) -> str:
    """Return how a path is shown: as its address where it stands in the copy of one."""
    return in_addresses(str(path))


def in_addresses(text: str) -> str:
    """Return a text with the addresses in the place of the local copies that stand for them."""
    for local in sorted(_shown, key=len, reverse=True):
        text = text.replace(local, _shown[local])
    return text


def told(error: AcidtestError) -> str:
    """Return what an error says, with addresses; but where a working copy is, is said as it is."""
    if not _shown:
        return str(error)
    from acidtest.data.remote.store import RemoteError

    return str(error) if isinstance(error, RemoteError) else in_addresses(str(error))


def _is_named(value: object) -> bool:
    return any(map(looks_like_address, value if isinstance(value, list | tuple) else [value]))


def _local(stack: ExitStack, command: str, key: str, value: Any, given: Mapping[str, Any]) -> Any:
    """Return what a command is called with instead of an argument that may be an address."""
    if isinstance(value, list):
        return [_local(stack, command, key, one, given) for one in value]
    is_path = isinstance(value, Path) or (isinstance(value, str) and key == "json_file")
    address = run_address(value) if is_path else None
    if address is None:
        return value
    if key in _WRITES or (command, key) in _WRITES_TOO:
        path = _to_write(stack, address)
        return str(path) if isinstance(value, str) else path
    if key == "study":
        return _study(stack, address, given)
    if key in _WORKS_IN and (command, key) not in _READS_RUN:
        return None if given.get("dry_run") else _to_work_in(stack, address)
    return _to_read(address)


def _study(stack: ExitStack, address: "Address", given: Mapping[str, Any]) -> Path:
    if address.name.lower().endswith(_STUDY_FILE):
        from acidtest.study.remote_run import fetched_study

        study = fetched_study(address)
        _shown[str(study.parent)] = address.folder.shown
        return study
    return _to_read(address) if given.get("folder") or given.get("dry_run") else _to_work_in(stack, address)


def _to_work_in(stack: ExitStack, address: "Address") -> Path:
    from acidtest.data.remote.folder import copies_of
    from acidtest.study.remote_run import run_at

    copies = copies_of(address)
    _shown[str(copies / "work")] = address.shown
    _shown[str(copies)] = address.shown
    _end_as_by_interrupt(stack)
    return stack.enter_context(run_at(address, _say))


def _end_as_by_interrupt(stack: ExitStack) -> None:
    """Let SIGTERM, by which clusters end jobs, end this process as Ctrl-C does: all goes to the address first."""
    if threading.current_thread() is not threading.main_thread():
        return

    def interrupt(*_: object) -> None:
        if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL, None):
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    stack.callback(signal.signal, signal.SIGTERM, before)


def _to_read(address: "Address") -> Path:
    from acidtest.data.remote.folder import copy_to_read

    path = copy_to_read(address, _say)
    _shown[str(path)] = address.shown
    return path


def _to_write(stack: ExitStack, address: "Address") -> Path:
    """Return where a file is written; it is put to its address when the command has ended well."""
    import tempfile

    from acidtest.data.remote.folder import put_file
    from acidtest.data.run_folder import safe_name

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="acidtest-"))
    path = Path(folder) / safe_name(address.name)
    _shown[str(path)] = address.shown

    def put(kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and path.exists():
            put_file(path, address)

    stack.push(put)
    return path


def _say(text: str) -> None:
    from acidtest.data.clean_text import clean

    sys.stderr.write(clean(text) + "\n")
