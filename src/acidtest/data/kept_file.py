"""A file that appears under its name only when it is whole and the right one."""

import glob
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from acidtest.data.run_folder import write_atomically
from acidtest.errors import FetchError

ByteProgress = Callable[[int, int | None], None]
"""Called with (bytes so far, bytes in all or None where that is not known)."""

_CHUNK = 2**20
_ABANDONED = 3600.0


class GrowingFile:
    """What is written goes into a partial file, is counted and hashed.

    Attributes:
        size: Bytes so far.
        limit: Most bytes; more is an error, so that no source can fill the disk.
    """

    def __init__(self, partial: Path, limit: int, total: int | None, progress: ByteProgress | None) -> None:
        self.size = 0
        self.limit = limit
        self._told = 0
        self._partial = partial
        self._total = total
        self._progress = progress
        self._hash = hashlib.sha256()
        with _said_plainly(partial):
            partial.parent.mkdir(parents=True, exist_ok=True)
            self._out = partial.open("wb")

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self.size += len(chunk)
        if self.size > self.limit:
            raise FetchError(f"more than the {self.limit:,} bytes that were expected", where=self._partial.name)
        with _said_plainly(self._partial):
            self._out.write(chunk)
        self._hash.update(chunk)
        self.tell(self.size)

    def tell(self, done: int) -> None:
        """Report how far the work is; it never goes back, as from downloading a wheel to unpacking it."""
        self._told = max(self._told, done)
        if self._progress is not None:
            self._progress(self._told, self._total)

    def close(self, sha256: str | None) -> str:
        """Bring everything to disk, and refuse it where it is not the expected file; return its SHA-256."""
        with _said_plainly(self._partial):
            self._out.flush()
            os.fsync(self._out.fileno())
            self._out.close()
        found = self._hash.hexdigest()
        if sha256 is not None and found != sha256:
            raise FetchError(f"another file than expected: its SHA-256 is {found}, not {sha256}")
        return found

    def abandon(self) -> None:
        """Close and delete what was written."""
        self._out.close()
        self._partial.unlink(missing_ok=True)


@contextmanager
def kept_file(
    target: Path,
    *,
    sha256: str | None,
    limit: int,
    total: int | None = None,
    progress: ByteProgress | None = None,
    pin: Path | None = None,
) -> Iterator[GrowingFile]:
    """Give a file to write; on leaving, check it and put it in place at once. Whatever goes wrong leaves nothing.

    Args:
        target: Where it will stand.
        sha256: What its SHA-256 must be; None: anything.
        limit: Most bytes.
        total: Bytes in all, for the progress.
        progress: Told after every chunk.
        pin: Where the SHA-256 is written down, before the file appears: no file is ever there without it.

    Raises:
        FetchError: Too many bytes, or another SHA-256.
    """
    _sweep(target)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    growing = GrowingFile(partial, limit, total, progress)
    try:
        yield growing
        found = growing.close(sha256)
        if pin is not None:
            write_atomically(pin, f"{found}\n".encode())
        partial.replace(target)
    except BaseException:  # an interrupt, too, must leave no half file behind
        growing.abandon()
        raise


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(target: Path) -> None:
    """Delete what killed processes left of this file. A younger partial file may be another process's work."""
    for partial in target.parent.glob(f".{glob.escape(target.name)}.*.partial"):
        with suppress(OSError):
            if time.time() - partial.stat().st_mtime > _ABANDONED:
                partial.unlink()


def chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield what a reader gives, a megabyte at a time."""
    while chunk := read(_CHUNK):
        yield chunk


@contextmanager
def _said_plainly(partial: Path) -> Iterator[None]:
    """Make a full disk or a folder without permission an error that a user can mend."""
    try:
        yield
    except OSError as error:
        raise FetchError(
            f"cannot write: {error.strerror or error}",
            where=str(partial.parent),
            way_out="Make room there, or name another folder: ACIDTEST_CACHE=FOLDER.",
        ) from error
