"""A working copy and its address are brought to the same state; what both last agreed on stands in a small file."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from acidtest.data.remote.merge import RUN_JSON, merged, put_merged
from acidtest.data.remote.store import RemoteError, RemoteFile, RemoteStore, is_safe
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError, counted

MOST_BYTES = 1 << 38
"""Most bytes that are fetched for one run: 256 GB."""

_CHUNK = 1 << 20
_AT_ONCE = 32
_INCOMING = "incoming-"
_ABANDONED = 86_400.0
_DATABASE = ".sqlite"
_LIVE = ("-wal", "-shm", "-journal")
"""Ends of files that SQLite keeps beside a database: what they hold is put with the database."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """A file as both sides last had it."""

    sha256: str
    stamp: str


@dataclass(kw_only=True)
class Agreement:
    """What both sides last agreed on; `sent` is what was being sent when it was written down last."""

    files: dict[str, Agreed] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """A copy of a file, as it is to be sent, and what the file was when it was taken."""

    name: str
    copy: Path
    sha256: str
    about: tuple[int, ...]


class WorkingCopyGoneError(RemoteError):
    """The working copy was deleted; nothing of that is to happen to the address."""

    lasting = True


class Sync:
    """Brings files from an address into a working copy, and back.

    Args:
        store: The folder elsewhere.
        work: The working copy.
        book: The local file that holds what both last agreed on.
        say: Told of what a user should know.
    """

    def __init__(self, store: RemoteStore, work: Path, book: Path, say: Say) -> None:
        self.store, self.work, self._book, self._say = store, work, book, say
        self.agreement = _read(book)
        self._seen: dict[str, tuple[int, ...]] = {}
        self._known: set[str] = set()

    def pull(self, *, mirror: bool = False) -> None:
        """Bring the working copy up to date. What it alone holds stays, and goes out with the next `push`.

        Args:
            mirror: The copy is for reading alone: the address is right about everything.

        Raises:
            DataError: Both sides went on, in ways that cannot stand in one folder.
            RemoteError: The address cannot be read.
        """
        there = self.store.files()
        self._check(there)
        here = _local_files(self.work)
        staging = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._book.parent))
        _sweep(self._book.parent)
        try:
            news, both = self._fetch(there, here, staging, mirror=mirror)
            merged_files = merged(both, self.work, staging)
            for name in news:
                target = self.work / name
                target.parent.mkdir(parents=True, exist_ok=True)
                for end in _LIVE if name.endswith(_DATABASE) else ():
                    target.with_name(target.name + end).unlink(missing_ok=True)
                (staging / name).replace(target)
            put_merged(merged_files, self.work)
            for name, path in here.items():
                agreed = self.agreement.files.get(name)
                if name not in there and (mirror or (agreed and agreed.sha256 == _sha256(path))):
                    path.unlink()
            for name in both:
                self.agreement.files[name] = Agreed(sha256=_sha256(staging / name), stamp=there[name].stamp)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        files = self.agreement.files
        self.agreement = Agreement(files={name: agreed for name, agreed in files.items() if name in there})
        self._write()
        self._known = set(_local_files(self.work))

    def push(self) -> bool:
        """Bring to the address what changed here since the last time; return whether anything did.

        run.json is read before, and sent after all others: what it says is done is there.

        Raises:
            RemoteError: The address cannot be reached, or refuses; or the working copy was deleted.
        """
        self._check_work()
        outgoing = self._book.with_name("outgoing")
        shutil.rmtree(outgoing, ignore_errors=True)
        try:
            state = self._take(RUN_JSON, outgoing)
            names = sorted(_local_files(self.work))
            taken: list[_Taken] = []
            changed = state is not None
            for name in names:
                if name != RUN_JSON and (one := self._take(name, outgoing)):
                    taken.append(one)
                if taken and (len(taken) >= _AT_ONCE or name == names[-1]):
                    self._send(taken)
                    taken, changed = [], True
            if state is not None:
                self._send([state])
            self._check_work()
            gone = self._known - set(_local_files(self.work))
            for name in sorted(gone):
                self.store.remove(name)
                self.agreement.files.pop(name, None)
                self._known.discard(name)
        finally:
            shutil.rmtree(outgoing, ignore_errors=True)
        if changed or gone:
            self.agreement.sent = {}
            self._write()
        return changed or bool(gone)

    def _fetch(
        self, there: dict[str, RemoteFile], here: dict[str, Path], staging: Path, *, mirror: bool
    ) -> tuple[list[str], list[str]]:
        """Fetch what is new at the address; return what simply replaces ours, and what both sides changed."""
        news, both = [], []
        for name, remote in there.items():
            agreed, path = self.agreement.files.get(name), here.get(name)
            if path is not None and agreed is not None and agreed.stamp == remote.stamp and not mirror:
                continue
            ours = None if path is None else _sha256(path)
            if ours is not None and agreed == Agreed(sha256=ours, stamp=remote.stamp):
                continue
            self.store.fetch(name, staging / name)
            theirs = _sha256(staging / name)
            if ours is None or mirror or (agreed is not None and ours == agreed.sha256):
                news.append(name)
            elif ours != theirs and theirs not in (agreed.sha256 if agreed else "", self.agreement.sent.get(name)):
                both.append(name)
                continue
            self.agreement.files[name] = Agreed(sha256=theirs, stamp=remote.stamp)
        return news, both

    def _check(self, there: dict[str, RemoteFile]) -> None:
        where = self.store.address.shown
        if sum(remote.size for remote in there.values()) > MOST_BYTES:
            raise DataError("more bytes lie there than any run has", where=where, way_out="Name the folder of one run.")
        lower = [name.casefold() for name in there]
        if len(set(lower)) < len(lower):
            raise DataError(
                "two files there differ in case alone", where=where, way_out="Rename one: some systems know no case."
            )
        both = {name[:end] for name in there for end, c in enumerate(name) if c == "/"} & set(there)
        if both:
            raise DataError(
                f"'{min(both)}' is a file and a folder there", where=where, way_out="Delete one of the two."
            )
        if self.store.passed_over:
            first = repr(self.store.passed_over[0][:80])
            self._say(
                f"Passed over at {where}: {counted(len(self.store.passed_over), 'file')} with names that no run has "
                f"({first})."
            )

    def _check_work(self) -> None:
        """Refuse to delete at the address what somebody swept away here: a run's folder always holds a run.json."""
        marks = {RUN_JSON} & self._known or self._known
        if marks and not any((self.work / name).exists() for name in marks):
            raise WorkingCopyGoneError(
                "the working copy was deleted while this worked in it",
                where=str(self.work),
                way_out="Run the same command again: what is at the address is fetched again.",
            )

    def _take(self, name: str, outgoing: Path) -> "_Taken | None":
        """Return a copy of a file that changed since it was sent last; None where nothing is to send."""
        path, copy = self.work / name, outgoing / name
        try:
            about = _about(path)
            if self._seen.get(name) == about:
                return None
            copy.parent.mkdir(parents=True, exist_ok=True)
            sha256 = _copy(path, copy)
        except FileNotFoundError:  # not there yet, or deleted this moment: the study changed
            return None
        self._known.add(name)
        agreed = self.agreement.files.get(name)
        if agreed is not None and agreed.sha256 == sha256:
            self._seen[name] = about
            copy.unlink()
            return None
        return _Taken(name=name, copy=copy, sha256=sha256, about=about)

    def _send(self, taken: "list[_Taken]") -> None:
        self.agreement.sent |= {one.name: one.sha256 for one in taken}
        self._write()  # what a kill in the middle leaves is told apart from what somebody else wrote
        for one in taken:
            remote = self.store.put(one.copy, one.name)
            one.copy.unlink()
            self.agreement.files[one.name] = Agreed(sha256=one.sha256, stamp=remote.stamp)
            self._seen[one.name] = one.about

    def _write(self) -> None:
        content = {
            "schema": 1,
            "address": self.store.address.shown,
            "files": {name: [agreed.sha256, agreed.stamp] for name, agreed in self.agreement.files.items()},
            "sent": self.agreement.sent,
        }
        write_atomically(self._book, orjson.dumps(content))


def _read(book: Path) -> Agreement:
    """Return what was written down; nothing where a kill of the whole machine tore it: then contents are compared."""
    try:
        content = orjson.loads(book.read_bytes())
        files = {name: Agreed(sha256=sha256, stamp=stamp) for name, (sha256, stamp) in content["files"].items()}
        return Agreement(files=files, sent=dict(content["sent"]))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return Agreement()


def _sweep(folder: Path) -> None:
    """Delete what killed processes fetched and left; what is younger than a day may be another reader's."""
    for left in folder.glob(f"{_INCOMING}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _local_files(work: Path) -> dict[str, Path]:
    """Return name -> path of the files of a working copy that go out: no links, nothing half written."""
    found = {}
    for folder, _, files in os.walk(work):
        for file in files:
            path = Path(folder, file)
            name = path.relative_to(work).as_posix()
            if is_safe(name) and not file.endswith(_LIVE) and not path.is_symlink():
                found[name] = path
    return found


def _about(path: Path) -> tuple[int, ...]:
    """Return what changes with a file: time and size, of a database with what is not yet in it."""
    found: list[int] = []
    ends = ("", *_LIVE[:1]) if path.name.endswith(_DATABASE) else ("",)
    for end in ends:
        with suppress(FileNotFoundError) if end else nullcontext():
            about = path.with_name(path.name + end).stat()
            found += [about.st_mtime_ns, about.st_size]
    return tuple(found)


def _copy(path: Path, target: Path) -> str:
    """Copy a file as it is at one moment: lines whole, a database with all that was written; return its SHA-256."""
    if path.name.endswith(_DATABASE):
        _copy_database(path, target)
        return _file_hash(target)
    size = path.stat().st_size  # it may grow while it is read
    digest = hashlib.sha256()
    with path.open("rb") as source, target.open("wb") as out:
        while size > 0 and (chunk := source.read(min(_CHUNK, size))):
            size -= len(chunk)
            out.write(chunk)
            digest.update(chunk)
    if path.suffix == ".jsonl" and _cut_torn_line(target):
        return _file_hash(target)
    return digest.hexdigest()


def _cut_torn_line(path: Path) -> bool:
    """Cut what follows the last line end off a file; return whether there was something."""
    with path.open("rb+") as file:
        end = whole = file.seek(0, os.SEEK_END)
        while whole > 0:
            start = max(whole - _CHUNK, 0)
            file.seek(start)
            found = file.read(whole - start).rfind(b"\n")
            if found >= 0:
                whole = start + found + 1
                break
            whole = start
        file.truncate(whole)
    return whole < end


def _copy_database(path: Path, target: Path) -> None:
    path.stat()  # connecting would make what is not there
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.OperationalError as error:  # another process writes: this is tried again
        raise OSError(f"the database {path.name} is busy: {error}") from None
    except sqlite3.DatabaseError:  # no database, whatever its name: it goes as it is
        shutil.copyfile(path, target)


def _sha256(path: Path) -> str:
    """Return the hash of what would be sent of a file."""
    if not path.name.endswith(_DATABASE):
        return _file_hash(path)
    copy = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _copy_database(path, copy)
        return _file_hash(copy)
    finally:
        copy.unlink(missing_ok=True)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
