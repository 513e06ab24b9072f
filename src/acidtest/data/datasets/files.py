"""The files of a data set: found in a folder or the cache, else downloaded; checked each time they are used."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acidtest.data.cache_folder import cache_folder, search_path
from acidtest.data.datasets.entry import DatasetEntry, DatasetFile
from acidtest.data.download import download
from acidtest.data.fetched import FetchedFile
from acidtest.data.kept_file import ByteProgress, file_sha256
from acidtest.errors import DataError, FetchError
from acidtest.types import Item

_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, kw_only=True)
class DatasetFiles:
    """The files of one data set.

    Attributes:
        entry: The data set.
        folder: Where they are.
        is_copy: They are the tidy copy; else the publisher's own.
        files: All of them.
        source: Where they came from, in words.
    """

    entry: DatasetEntry
    folder: Path
    is_copy: bool
    files: tuple[FetchedFile, ...]
    source: str

    def items(self, part: str) -> list[Item]:
        """Return the items of a part.

        Raises:
            DataError: A file is broken, or its layout is another than the one that is known.
        """
        try:
            if self.is_copy:
                return self.entry.read_copy(self.folder / self.entry.copies[part].path, part)
            files = {file.path: self.folder / file.path for file in self.entry.upstream}
            return self.entry.read_upstream(files, part)
        except (
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:  # converters read what is there, unchecked
            raise DataError(
                f"the files of '{self.entry.name}' have another layout than is known "
                f"({type(error).__name__}: {str(error)[:100]})",
                where=str(self.folder),
                way_out="Get the data set again: acidtest fetch; other versions of it are not known.",
            ) from error


def dataset_files(entry: DatasetEntry, progress: ByteProgress | None = None) -> DatasetFiles:
    """Return a data set's files; download what is neither in ACIDTEST_DATA nor in the cache.

    Raises:
        FetchError: They cannot be had, or one is not the file that is known.
    """
    roots = search_path("ACIDTEST_DATA", "datasets")
    for root in roots:
        folder = root / entry.folder
        for is_copy, files in ((True, tuple(entry.copies.values())), (False, entry.upstream)):
            if files and all((folder / file.path).is_file() for file in files):
                checked = tuple(_checked(folder, file) for file in files)
                return DatasetFiles(
                    entry=entry, folder=folder, is_copy=is_copy, files=checked, source=f"found in {root}"
                )
    folder = cache_folder() / "datasets" / entry.folder
    for file in entry.upstream:
        _download(entry, file, folder, roots, progress)
    checked = tuple(_checked(folder, file) for file in entry.upstream)
    return DatasetFiles(entry=entry, folder=folder, is_copy=False, files=checked, source=f"from {entry.address}")


def _download(
    entry: DatasetEntry, file: DatasetFile, folder: Path, roots: Sequence[Path], progress: ByteProgress | None
) -> None:
    target = folder / file.path
    if target.is_file():
        return
    known = file.sha256 or _pinned(target)
    pin = None if file.sha256 else _pin(target)
    try:
        download(entry.address + file.path, target, sha256=known, limit=_MOST_BYTES, progress=progress, pin=pin)
    except FetchError as error:
        looked = ", ".join(str(root / entry.folder) for root in roots)
        raise FetchError(
            f"the data set '{entry.name}' cannot be had: {error.what}",
            where=f"looked in {looked}; then {entry.address}{file.path}",
            way_out="Connect to the network, or name a folder that holds the set: ACIDTEST_DATA=FOLDER.",
        ) from error


def _checked(folder: Path, file: DatasetFile) -> FetchedFile:
    path = folder / file.path
    found = file_sha256(path)
    expected = file.sha256 or _pinned(path)
    if expected is not None and found != expected:
        raise FetchError(
            f"'{path.name}' is not the file that is known: its SHA-256 is {found}, not {expected}",
            where=str(path),
            way_out="Delete it or put the right one in its place; what is in the cache is fetched again.",
        )
    return FetchedFile(path=path, size=path.stat().st_size, sha256=found, verified=file.sha256 is not None)


def _pin(path: Path) -> Path:
    """Return the file beside a download that keeps the hash it had the first time."""
    return path.with_name(f"{path.name}.sha256")


def _pinned(path: Path) -> str | None:
    pin = _pin(path)
    return pin.read_text("ascii").strip() if pin.is_file() else None
