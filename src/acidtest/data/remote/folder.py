"""A run's folder at an address: a local working copy that all code works on, and that is kept the same as the address.

Nothing is imported for local paths but the names: whoever asks for an address pays for fsspec.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acidtest.data.cache_folder import cache_folder
from acidtest.data.remote.address import Address
from acidtest.data.remote.lock import RemoteLock
from acidtest.data.remote.store import RemoteError, RemoteStore
from acidtest.data.remote.sync import Say, Sync, WorkingCopyGoneError
from acidtest.data.run_folder import write_atomically
from acidtest.errors import AcidtestError, DataError

EVERY = 3.0
"""Seconds between two pushes of what grows; more where a push takes long: at most a fifth of the time is spent so."""

PATIENCE = 120.0
"""Seconds for which the last push of a run is tried again, where ACIDTEST_REMOTE_PATIENCE says nothing else."""

_LOOK = 0.2
_LONGEST_WAIT = 30.0


def copies_of(address: Address) -> Path:
    """Return the local folder that holds all copies of an address."""
    return cache_folder() / "remote" / address.digest


@contextmanager
def working_copy(address: Address, say: Say) -> Iterator[Path]:
    """Give the working copy of a run at an address, up to date; bring to the address what changes in it.

    Finished units go at once, what grows every few seconds, everything at the end and on errors. Only one process of
    this machine may be in here for one address: `acidtest.study.lock.alone` on `copies_of` sees to it.

    Args:
        address: A folder; it need not exist yet.
        say: Told, from any thread, what a user should know.

    Raises:
        DataError: Another machine works there, or both sides went on in ways that cannot stand in one folder.
        RemoteError: The address cannot be had; or, at the end, not everything is there.
    """
    copies = copies_of(address)
    work = copies / "work"
    work.mkdir(parents=True, exist_ok=True)
    write_atomically(copies / "address.txt", f"{address.shown}\n".encode())
    store = RemoteStore(address)
    lock = RemoteLock(store, copies / "lock.txt")
    lock.take()
    try:
        sync = Sync(store, work, copies / "agreed.json", say)
        _pull(sync, work)
        pusher = _Pusher(sync, lock, say)
        pusher.start()
        try:
            yield work
        except BaseException:
            pusher.end(failing=True)
            raise
        pusher.end(failing=False)
    finally:
        with contextlib.suppress(RemoteError):
            lock.release()


def copy_to_read(address: Address, say: Say) -> Path:
    """Return a local copy of the file or folder at an address.

    Raises:
        DataError: There is nothing, or too much.
        RemoteError: It cannot be read.
    """
    store = RemoteStore(address)
    return fetched_file(store) if store.kind() == "file" else reading_copy(store, say)


def reading_copy(store: RemoteStore, say: Say) -> Path:
    """Return a local copy of a folder at an address, for reading alone; it is brought up to date each time.

    Raises:
        DataError: There is nothing, or too much.
        RemoteError: The address cannot be read.
    """
    copies = copies_of(store.address)
    copy = copies / "read"
    copy.mkdir(parents=True, exist_ok=True)
    Sync(store, copy, copies / "agreed-read.json", say).pull(mirror=True)
    if not any(copy.iterdir()):
        raise DataError("nothing lies at this address", where=store.address.shown, way_out="Check the address.")
    return copy


def fetched_file(store: RemoteStore) -> Path:
    """Return a local copy of the file at an address, under its own name; fetched anew each time.

    Raises:
        RemoteError: It cannot be read.
    """
    from acidtest.data.run_folder import safe_name

    target = copies_of(store.address) / "file" / safe_name(store.address.name)
    store.fetch("", target)
    return target


def put_file(source: Path, address: Address) -> None:
    """Write a local file to an address.

    Raises:
        RemoteError: It cannot be written.
    """
    RemoteStore(address.folder).put(source, address.name)


def _pull(sync: Sync, work: Path) -> None:
    try:
        sync.pull()
    except AcidtestError as error:
        if isinstance(error, RemoteError) or error.where:
            raise
        where = f"{sync.store.address.shown}, working copy {work}"
        raise RemoteError(error.what, where=where, way_out=error.way_out) from None


class _Pusher:
    """Brings what changes to the address, from a thread of its own."""

    def __init__(self, sync: Sync, lock: RemoteLock, say: Say) -> None:
        self._sync, self._lock, self._say = sync, lock, say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="acidtest-push", daemon=True)
        self._trouble = ""

    def start(self) -> None:
        """Send what an earlier run left, and go on."""
        self._thread.start()

    def end(self, *, failing: bool) -> None:
        """Send all that is left.

        Args:
            failing: Something went wrong already, and that shall be heard: what is left here is only said.

        Raises:
            RemoteError: Not everything could be brought to the address.
        """
        self._stop.set()
        self._thread.join()
        give_up = time.monotonic() + (min(_patience(), 10.0) if failing else _patience())
        wait = 1.0
        while True:
            try:
                self._push()
            except (RemoteError, OSError) as error:
                lasting = isinstance(error, RemoteError) and error.lasting
                if lasting or self._lock.lost or time.monotonic() + wait > give_up:
                    self._leave(error, failing=failing)
                    return
                self._note(error)
                time.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
            else:
                return

    def _leave(self, error: Exception, *, failing: bool) -> None:
        if isinstance(error, WorkingCopyGoneError):
            if not failing:
                raise error
            return  # whoever works in a folder hears by other errors that it is gone
        what = "not everything is at the address: " + _said(error)
        work, shown = self._sync.work, self._sync.store.address.shown
        way_out = (
            f"All is in the working copy, {work}. Run the same command again on this machine when the address can be "
            "written: it asks for nothing anew, and brings it there."
        )
        if failing:
            self._say(f"{shown}: {what}. {way_out}")
            return
        raise RemoteError(what, where=shown, way_out=way_out) from None

    def _work(self) -> None:
        """Push when run.json changes, and every few seconds; where it fails, wait longer each time."""
        every, failures, last, state = 0.0, 0, 0.0, -1
        while not self._stop.wait(_LOOK):
            now = _changed_at(self._sync.work)
            waited = time.monotonic() - last
            if waited < every and (now == state or failures or waited < 1.0):
                continue
            began = time.monotonic()
            try:
                self._push()
            except WorkingCopyGoneError:
                return  # told at the end
            except (RemoteError, OSError) as error:
                self._note(error)
                failures += 1
                every = min(2.0**failures, _LONGEST_WAIT)
            else:
                if self._trouble:
                    self._say(f"{self._sync.store.address.shown} can be written again; everything is there.")
                self._trouble, failures, state = "", 0, now
                every = max(EVERY, 4 * (time.monotonic() - began))
            last = time.monotonic()

    def _push(self) -> None:
        if not self._lock.still_held():
            raise RemoteError("another process took over this address while it could not be reached from here")
        self._sync.push()

    def _note(self, error: Exception) -> None:
        """Say once that the address cannot be written, and that the run goes on."""
        if not self._trouble:
            self._trouble = _said(error)
            self._say(
                f"{self._sync.store.address.shown} cannot be written now ({self._trouble}). The run goes on in the "
                f"working copy, {self._sync.work}, and this is tried again."
            )


def _said(error: Exception) -> str:
    return error.what if isinstance(error, AcidtestError) else f"{type(error).__name__}: {error}"


def _changed_at(work: Path) -> int:
    try:
        return (work / "run.json").stat().st_mtime_ns
    except OSError:
        return 0


def _patience() -> float:
    named = os.environ.get("ACIDTEST_REMOTE_PATIENCE", "")
    try:
        return max(float(named), 0.0) if named else PATIENCE
    except ValueError:
        raise AcidtestError(
            f"ACIDTEST_REMOTE_PATIENCE is no number: '{named[:40]}'", way_out="Write seconds, or unset it."
        ) from None
