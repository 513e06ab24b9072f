"""One process at a time works in a run's folder: two would ask for, and pay for, the same answers."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from acidtest.data.run_folder import RunFolder, clear_partials
from acidtest.errors import DataError

_BEYOND = 1 << 20  # Windows locks bytes, and nobody may read what is locked: far behind the process's number


@contextmanager
def alone(folder: RunFolder) -> Iterator[None]:
    """Keep other processes out of a folder. The system itself lets go of it when this process ends, however it ends.

    Raises:
        DataError: Another process works there.
    """
    folder.root.mkdir(parents=True, exist_ok=True)
    file = os.open(folder.lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        if not _lock(file):
            holder = os.read(file, 20).decode("ascii", "replace")
            raise DataError(
                "another process works in this folder" + (f" (its number is {holder})" if holder.isdecimal() else ""),
                where=str(folder.root),
                way_out="Wait until it ends, or name another folder with -o.",
            )
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        clear_partials(folder.root)
        yield
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    """Lock a file; return False where another process holds it. Where the file system knows no locks, go on without."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, _BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
