"""What a fetch found or brought."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FetchedFile:
    """One file.

    Attributes:
        path: Where it is.
        size: Bytes.
        sha256: Its SHA-256.
        verified: The hash was known beforehand. False: it was written down at the first download, or never.
    """

    path: Path
    size: int
    sha256: str
    verified: bool


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A model or data set that is here now.

    Attributes:
        name: What was asked for.
        path: The model's file, or the data set's folder.
        source: "found in FOLDER" or "from ADDRESS".
        files: Its files.
    """

    name: str
    path: Path
    source: str
    files: tuple[FetchedFile, ...]
