"""One folder on a file system elsewhere: what lies there, fetched and put; every error says which address."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acidtest.data.remote.address import Address
from acidtest.errors import DataError, counted

MOST_FILES = 100_000
"""Most files of a folder: a bucket of millions was named by mistake."""

_DEEPEST = 8
_SAFE_PART = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,199}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_OBJECTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "memory"}
"""Places where an object appears whole or not at all. Elsewhere files are written beside, and then renamed."""

_STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "modified", "last_modified", "created")
_SECRETS = (
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"),
    *("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET"),
)
"""Environment variables that libraries take keys from."""


class RemoteError(DataError):
    """The place cannot be reached, or refuses; `lasting` where trying again would change nothing."""

    lasting = False


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file there: its size in bytes, and a mark that changes whenever it is written."""

    size: int
    stamp: str


def is_safe(name: str) -> bool:
    """Tell whether a name from outside may become a file below a folder, on every system.

    Example:
        >>> is_safe("responses/real/a.jsonl"), is_safe("../x"), is_safe("/etc/x"), is_safe("a/.ssh"), is_safe("C:x")
        (True, False, False, False, False)
    """
    parts = name.split("/")
    return len(parts) <= _DEEPEST and all(
        _SAFE_PART.fullmatch(part) and not part.endswith(".") and not _RESERVED.match(part) for part in parts
    )


class RemoteStore:
    """A folder elsewhere. All writes and deletions are below its address.

    Args:
        address: The folder, or one file.
        opened: What fsspec opened for another address of the same place.

    Attributes:
        passed_over: Names of the last listing that could not be files of ours.
    """

    def __init__(self, address: Address, opened: Any = None) -> None:
        self.address = address
        self.passed_over: list[str] = []
        options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
        if address.scheme in ("s3", "s3a"):
            options["config_kwargs"] = {"connect_timeout": 10, "read_timeout": 30, "retries": {"max_attempts": 2}}
        with self._said("opened"):
            from fsspec.core import strip_protocol, url_to_fs

            self._fs: Any = opened or url_to_fs(address.url, **options)[0]
            self._root = str(strip_protocol(address.url)).rstrip("/")
            if getattr(self._fs, "async_impl", False):  # what breaks is raised here; it need not be logged there, too
                self._fs.loop.set_exception_handler(lambda *_: None)

    def at(self, address: Address) -> "RemoteStore":
        """Return the store of another address of the same place; its connection is this one's: a new one takes long."""
        return RemoteStore(address, self._fs)

    def kind(self) -> str:
        """Return what is there: "file", "folder" or "nothing"."""
        with self._said("read"):
            try:
                if self._fs.info(self._root)["type"] == "file":
                    return "file"
            except FileNotFoundError:
                pass
            try:
                return "folder" if self._any() else "nothing"
            except (FileNotFoundError, NotADirectoryError):
                return "nothing"

    def files(self) -> dict[str, RemoteFile]:
        """Return name -> file of all that lies there and could be ours; links and strange names are passed over.

        Raises:
            RemoteError: The place cannot be read, or holds more files than any run.
        """
        found: dict[str, RemoteFile] = {}
        self.passed_over = []
        with self._said("listed"):
            for entry in self._entries():
                name = str(entry["name"]).replace("\\", "/").removeprefix(self._root).removeprefix("/")
                if name.endswith("/") or str(entry["name"]).rstrip("/") == self._root:
                    continue  # what stands for a folder in some tools
                if any(part.startswith(".") and part.strip(".") for part in name.split("/")):
                    continue  # ours: the lock, and what a kill left half written
                if not str(entry["name"]).startswith(self._root + "/") or not is_safe(name):
                    self.passed_over.append(name)
                else:
                    found[name] = _file(entry)
        return found

    def fetch(self, name: str, target: Path) -> None:
        """Write a file from there to a local path, which is replaced only once all is here."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            with self._said("fetched", name):
                self._fs.get_file(self._path(name), str(partial))
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def put(self, source: Path, name: str) -> RemoteFile:
        """Write a local file there under a name; it appears whole."""
        with self._said("written", name):
            path = self._path(name)
            if self.address.scheme in _OBJECTS:
                self._fs.put_file(str(source), path)
            else:
                folder, _, last = path.rpartition("/")
                self._fs.makedirs(folder, exist_ok=True)
                beside = f"{folder}/.{last}.partial"
                self._fs.put_file(str(source), beside)
                self._fs.mv(beside, path)
            return _file(self._fs.info(path))

    def remove(self, name: str) -> None:
        """Delete a file there; one that is gone is no error."""
        with self._said("deleted", name), suppress(FileNotFoundError):
            self._fs.rm_file(self._path(name))

    def read(self, name: str, most: int) -> bytes | None:
        """Return the first bytes of a small file, None where there is none."""
        with self._said("read", name):
            try:
                return bytes(self._fs.cat_file(self._path(name), start=0, end=most))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """Write a small file."""
        with self._said("written", name):
            self._fs.pipe_file(self._path(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write a small file that must not be there yet; return False where it is.

        Where the file system can promise it (S3, Google, local folders), one of two that try at once is told False.
        """
        with self._said("written", name):
            if self.address.scheme not in _OBJECTS:
                self._fs.makedirs(self._root, exist_ok=True)
            try:
                if self.address.scheme in _OBJECTS:
                    self._fs.pipe_file(self._path(name), content, mode="create")
                else:
                    with self._fs.open(self._path(name), "xb") as file:
                        file.write(content)
            except FileExistsError:
                return False
        return True

    def _entries(self) -> Iterator[dict[str, Any]]:
        """Yield what fsspec tells of each file, and refuse to read on where there are too many."""
        if self.address.scheme in ("s3", "s3a"):
            entries = self._fs.find(self._root, detail=True, max_items=MOST_FILES + 1).values()
        else:
            entries = self._walk(self._root, _DEEPEST)
        for count, entry in enumerate(entries):
            if count >= MOST_FILES:
                raise _TooManyError
            yield entry

    def _walk(self, folder: str, deep: int) -> Iterator[dict[str, Any]]:
        try:
            entries = self._fs.ls(folder, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.get("islink") or entry["type"] not in ("file", "directory"):
                self.passed_over.append(str(entry["name"]).rpartition("/")[2])
            elif entry["type"] == "directory" and deep and str(entry["name"]).rstrip("/") != folder:
                yield from self._walk(str(entry["name"]).rstrip("/"), deep - 1)
            elif entry["type"] == "file":
                yield entry

    def _any(self) -> bool:
        if self.address.scheme in ("s3", "s3a"):
            return bool(self._fs.find(self._root, max_items=1))
        return bool(self._fs.ls(self._root, detail=False))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    @contextmanager
    def _said(self, done: str, name: str = "") -> Iterator[None]:
        """Turn whatever a file system's library raises into one error; libraries have no base of errors in common."""
        where = f"{self.address.shown}/{name}" if name else self.address.shown
        try:
            yield
        except (RemoteError, MemoryError):
            raise
        except _TooManyError:
            raise _lasting(
                f"more than {counted(MOST_FILES, 'file')} lie there", where, "Name the folder of one run."
            ) from None
        except PermissionError as error:
            raise _lasting(
                f"it may not be {done}: {self._words(error)}",
                where,
                "Check the keys that its file system uses (for S3: AWS_ACCESS_KEY_ID ...) and what they may do.",
            ) from None
        except FileNotFoundError as error:
            raise _lasting(
                f"it cannot be {done}, it is not there: {self._words(error)}",
                where,
                "Check the address; a bucket must exist before.",
            ) from None
        except Exception as error:  # noqa: BLE001  # see above: botocore, paramiko, aiohttp, each its own
            known = type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "ParamValidationError")
            raise (_lasting if known else RemoteError)(
                f"it cannot be {done}: {self._words(error)}",
                where=where,
                way_out="Check the keys and the address." if known else "Check the network, and run again.",
            ) from None

    def _words(self, error: Exception) -> str:
        """Return what an error says, bounded, on one line and without any key."""
        text = " ".join(str(error).split()) or type(error).__name__
        for secret in (*self.address.secrets, *(os.environ.get(name, "") for name in _SECRETS)):
            text = text.replace(secret, "***") if secret else text
        return text[:300]


class _TooManyError(Exception):
    """Too many files."""


def _lasting(what: str, where: str, way_out: str) -> RemoteError:
    error = RemoteError(what, where=where, way_out=way_out)
    error.lasting = True
    return error


def _file(entry: dict[str, Any]) -> RemoteFile:
    size = int(entry.get("size") or 0)
    mark = next((str(entry[key]) for key in _STAMPS if entry.get(key)), "")
    return RemoteFile(size=size, stamp=f"{size} {mark}")
