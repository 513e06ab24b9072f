"""Which files are logs, and whose: folders are walked, and each file's start is shown to the formats that are known."""

import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acidtest.data.file_row import MAX_BYTES
from acidtest.data.logs.log_format import LogFormat
from acidtest.errors import DataError, counted, did_you_mean
from acidtest.registry import get, names

HEAD = 64 * 1024
"""How many bytes of a file's start a format sees."""

OUT_OF_LINKS = "name the folder that holds both links and files"
"""What to do where links lead out of a folder, as those of download caches do."""

_MOST_FILES = 200_000


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """A file to read, and the name of its format."""

    path: Path
    format: str


@dataclass(kw_only=True)
class FoundLogs:
    """What stands under some paths.

    Attributes:
        files: Files to read, in the order of the paths, sorted within each folder.
        helpers: How many files only help to read others.
        ignored: Files of folders that no format knows.
        links: How many links lead out of their folder; they are left alone.
    """

    files: list[LogFile] = field(default_factory=list)
    helpers: int = 0
    ignored: list[Path] = field(default_factory=list)
    links: int = 0


def log_formats() -> dict[str, LogFormat]:
    """Return name -> reader of every known format of logs."""
    return {name: get("log", name)() for name in names("log")}


def find_logs(paths: Sequence[Path], formats: dict[str, LogFormat], *, only: str = "", not_: Path) -> FoundLogs:
    """Return the logs that stand under paths; a file that is reached twice counts once.

    Args:
        paths: Files and folders. Of folders, names that start with a dot are left alone.
        formats: Name -> format.
        only: The name of the one format to read; "": the one that recognises a file.
        not_: The file that will be written: it is no log.

    Raises:
        DataError: A path leads nowhere, no format knows a file that was named, two formats claim one, or no log is
            found at all.
    """
    offered = _offered(formats, only)
    found = FoundLogs()
    seen = {not_.resolve()}
    for path in paths:
        if not path.exists():
            raise DataError(f"there is no file or folder '{path}'", way_out="Check the path.")
        if path.resolve() == not_.resolve():
            raise DataError(f"'{path}' is to be read and to be written", way_out="Write to another file by -o.")
        if not path.is_dir() and not path.is_file():
            raise DataError(f"'{path}' is no plain file", way_out="Write it to a file, and name that one.")
        walked = _walk(path, found) if path.is_dir() else [path]
        for file in walked:
            real = file.resolve()
            if real in seen:
                continue
            if len(seen) + len(found.ignored) > _MOST_FILES:
                raise DataError(f"more than {_MOST_FILES:,} files", where=str(path), way_out="Name smaller folders.")
            # What is ignored by one name may be a log by another: caches keep files of no name, and links to them.
            if _sort(file, offered, found, named=file is path, forced=bool(only)):
                seen.add(real)
    found.ignored = [path for path in found.ignored if path.resolve() not in seen]
    if not found.files:
        raise DataError(
            f"no log is known among {counted(found.helpers + len(found.ignored), 'file')}",
            where=", ".join(map(str, paths))[:300],
            way_out=(f"{counted(found.links, 'link')} lead out of the folder: {OUT_OF_LINKS}. " if found.links else "")
            + f"Known are:\n{_listed(offered)}",
        )
    return found


def _offered(formats: dict[str, LogFormat], only: str) -> dict[str, LogFormat]:
    if only and only not in formats:
        raise DataError(
            f"no format of logs is called '{only}'",
            way_out=f"{did_you_mean(only, list(formats))}--format takes one of: {', '.join(formats)}.",
        )
    return {only: formats[only]} if only else formats


def _walk(folder: Path, found: FoundLogs) -> Iterator[Path]:
    root = folder.resolve()
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.links += sum(_leads_out(Path(here, name), root) for name in folders)
        for path in (Path(here, name) for name in sorted(files) if not name.startswith(".")):
            if _leads_out(path, root):
                found.links += 1
            elif path.is_file():
                yield path


def _leads_out(path: Path, root: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(root)


def _sort(path: Path, formats: dict[str, LogFormat], found: FoundLogs, *, named: bool, forced: bool) -> bool:
    """Put a file where it belongs; false where no format knows it."""
    head = head_of(path)
    fitting = {name: form for name, form in formats.items() if path.name.lower().endswith(form.endings)}
    claims = [name for name, form in fitting.items() if form.recognises(path, head)]
    if len(claims) > 1:
        raise DataError(
            f"'{path.name}' could be a log of {' or of '.join(claims)}",
            where=str(path),
            way_out=f"Say which: --format {claims[0]}",
        )
    if not claims and named and forced:
        claims = list(formats)
    if claims:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"more than {MAX_BYTES // 2**30} GB", where=str(path), way_out="Part the file.")
        found.files.append(LogFile(path=path, format=claims[0]))
    elif any(form.helps(path, head) for form in formats.values()):
        found.helpers += 1
    elif named:
        raise DataError(
            f"'{path.name}' is no log that is known", where=str(path), way_out=f"Known are:\n{_listed(formats)}"
        )
    else:
        found.ignored.append(path)
        return False
    return True


def head_of(path: Path) -> bytes:
    """Return a file's first 64 KiB, unpacked where its name ends in `.gz`; nothing where it cannot be unpacked.

    Raises:
        DataError: It cannot be read.
    """
    try:
        if path.suffix.lower() != ".gz":
            with path.open("rb") as file:
                return file.read(HEAD)
        with gzip.open(path) as packed:
            return packed.read(HEAD)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return b""
    except OSError as error:
        raise DataError(f"'{path.name}' cannot be read: {error.strerror or error}", where=str(path)) from error


def _listed(formats: dict[str, LogFormat]) -> str:
    return "\n".join(f"    {name}: {form.title}, {form.files}" for name, form in formats.items())
