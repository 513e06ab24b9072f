"""Addresses of folders and files that live elsewhere: s3://bucket/run, sftp://host/run, all that fsspec can open."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from acidtest.errors import AcidtestError

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):[/\\]+(.+)", re.DOTALL)
"""A scheme has two letters or more: C:/runs is a drive. One slash is enough: `Path` drops the second one."""

_LOCAL = ("file", "local")
_MODULES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"} | {
    "abfss": "adlfs", "adl": "adlfs", "sftp": "paramiko", "ssh": "paramiko", "memory": "fsspec", "file": "fsspec",
}  # fmt: skip
"""Scheme -> the package that opens it."""

_QUERIED = ("http", "https")
"""Schemes whose addresses may end in a query. Elsewhere `?` would be a sign of a name."""

_LEAST_VALUE = 8
"""Characters of a query's value that is taken for a secret: a shorter one may be a word of any message."""

_CUT_PASSWORD = re.compile(r"[^/@]*:(?!\d*/)[^/@]*/.*@", re.DOTALL)
"""A host behind which no port follows, and an `@` behind the first slash: the slash is the password's."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """A folder or file that lives elsewhere.

    Attributes:
        scheme: What kind of place: s3, sftp, gs ...
        rest: All behind it: the bucket or host, and the path, parts parted by `/`. It may hold a password.
    """

    scheme: str
    rest: str

    @property
    def url(self) -> str:
        """The address as fsspec reads it. Never to be shown: it may hold a password."""
        return f"{self.scheme}:///{self.rest}" if self.scheme in _LOCAL else f"{self.scheme}://{self.rest}"

    @property
    def shown(self) -> str:
        """The address without user, password and query.

        Example:
            >>> run_address("ftp://ann:secret@host.org/runs/a").shown
            'ftp://host.org/runs/a'
        """
        host, slash, path = self.rest.partition("/")
        rest = (host.rpartition("@")[2] + slash + path).partition("?")[0]
        return f"{self.scheme}:///{rest}" if self.scheme in _LOCAL else f"{self.scheme}://{rest}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What stands in the address and is never shown: user and password, the password, the query; longest first."""
        user = self.rest.partition("/")[0].rpartition("@")[0]
        query = self.rest.partition("?")[2]
        values = [value for part in query.split("&") if len(value := part.partition("=")[2]) >= _LEAST_VALUE]
        found = {text for one in (user, user.partition(":")[2], query, *values) for text in (one, unquote(one))}
        return tuple(sorted(found - {""}, key=len, reverse=True))

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.shown.rpartition("/")[2]

    @property
    def folder(self) -> "Address":
        """Where it lies."""
        return Address(scheme=self.scheme, rest=self.rest.rpartition("/")[0] or self.rest)

    @property
    def digest(self) -> str:
        """What its local files are filed under: a hash that knows the user and not the password."""
        host, slash, path = self.rest.partition("/")
        user, at, place = host.rpartition("@")
        named = f"{self.scheme}://{user.partition(':')[0]}{at}{place}{slash}{path}"
        return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def inside(self, name: str) -> "Address":
        """Return the address of what lies in it under this name."""
        return Address(scheme=self.scheme, rest=f"{self.rest}/{name}")


def looks_like_address(value: object) -> bool:
    """Tell by the letters alone whether something may be an address: nothing is imported for local paths."""
    return isinstance(value, str | Path) and _ADDRESS.fullmatch(str(value)) is not None


def run_address(named: str | Path) -> Address | None:
    r"""Return the address that a text, or a `Path` made of it, names; None where it names a local path.

    Raises:
        AcidtestError: No file system of this kind is known, or its library is not installed; or the address holds
            what it may not: `..`, a query, another address, a password with a slash.

    Example:
        >>> run_address("s3://bucket/runs/a/").url, run_address(Path("s3://bucket/runs/a")).url
        ('s3://bucket/runs/a', 's3://bucket/runs/a')
        >>> run_address("C:\\runs\\a"), run_address("runs/a")
        (None, None)
    """
    found = _ADDRESS.fullmatch(str(named))
    if found is None:
        return None
    scheme, rest = found.group(1).lower(), found.group(2).replace("\\", "/")
    parts = [part for part in rest.split("/") if part not in ("", ".")]
    address = Address(scheme=scheme, rest="/".join(parts))
    if _CUT_PASSWORD.match(address.rest) and scheme not in _LOCAL:
        raise AcidtestError(
            "the name or password in this address holds a '/'",
            where=f"{scheme}://...",
            way_out="Leave the password out, and let its library find it (keys, configuration files).",
        )
    if not _can_open(scheme, address.shown):
        if Path(str(named)).exists():
            return None
        raise AcidtestError(
            f"no file system is called '{scheme[:40]}'",
            where=address.shown,
            way_out="Name one that fsspec knows, such as s3://BUCKET/RUN, or a local folder.",
        )
    if ".." in parts or not parts or any(not c.isprintable() for c in rest):
        raise AcidtestError("this address leads out of itself", where=address.shown, way_out="Write it without '..'.")
    if "::" in rest or ("?" in rest and scheme not in _QUERIED):
        raise AcidtestError(
            "this address holds '::' or '?', which may lead elsewhere than it seems",
            where=f"{scheme}://...",
            way_out="Name one folder or file of one place; a name with such signs needs another name.",
        )
    return address


def _can_open(scheme: str, shown: str) -> bool:
    """Tell whether a file system of this scheme is known; where its library is missing, that is an error."""
    library = _MODULES.get(scheme, "")
    try:
        import fsspec
    except ImportError:
        if not library:
            return False
        raise _missing(scheme, "fsspec" if library == "fsspec" else f"fsspec {library}", shown) from None
    try:
        fsspec.get_filesystem_class(scheme)
    except ValueError:
        return False
    except ImportError as error:
        known = re.search(r"[Ii]nstall ['\"]?([A-Za-z0-9_-]+)", str(error))
        raise _missing(scheme, library or (known.group(1) if known else scheme), shown) from None
    return True


def _missing(scheme: str, library: str, shown: str) -> AcidtestError:
    extra = " (or the extra: pip install 'acidtest[remote]')" if scheme in ("s3", "s3a") else ""
    return AcidtestError(
        f"addresses of the kind {scheme}:// need a library that is not installed",
        where=shown,
        way_out=f"pip install {library}{extra}",
    )
