"""What is known of a data set: where it comes from, under which licence, and how its files become items."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from acidtest.types import Item


@dataclass(frozen=True, kw_only=True)
class DatasetFile:
    """One file of a data set.

    Attributes:
        path: Its path inside the set's folder, with `/`.
        sha256: Its SHA-256; None where the publisher's file could not be hashed beforehand. Then the hash of the first
            download is written down beside the file and asked for ever after.
    """

    path: str
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """One data set of the registry. It has two layouts: a tidy copy, and the publisher's own files.

    Attributes:
        name: What a study file calls it.
        task: The task its items are of.
        about: One sentence.
        source: Address of the publisher's repository.
        revision: The commit there.
        address: Where the publisher's files are downloaded from, at that commit; ends in `/`.
        licence: SPDX name where there is one.
        citation: Whom to cite.
        folder: Name of its folder under ACIDTEST_DATA and in the cache.
        copies: part -> file of the tidy copy.
        read_copy: (file of the tidy copy, part) -> items.
        upstream: The publisher's files.
        read_upstream: (path -> downloaded file, part) -> items.
        splits: split -> the parts that make it up.
        test: The split that is evaluated unless another is asked for.
        pool: The split whose items may be shown as examples. None: a seeded part of the evaluated split is set aside.
    """

    name: str
    task: str
    about: str
    source: str
    revision: str
    address: str
    licence: str
    citation: str
    folder: str
    copies: Mapping[str, DatasetFile]
    read_copy: Callable[[Path, str], list[Item]]
    upstream: tuple[DatasetFile, ...]
    read_upstream: Callable[[Mapping[str, Path], str], list[Item]]
    splits: Mapping[str, tuple[str, ...]]
    test: str = "test"
    pool: str | None = "train"


def whole_parts(*parts: str) -> dict[str, tuple[str, ...]]:
    """Return splits that are each one part of the same name."""
    return {part: (part,) for part in parts}


def github(owner_and_name: str, revision: str) -> dict[str, str]:
    """Return source, revision and address of a repository on GitHub."""
    return {
        "source": f"https://github.com/{owner_and_name}",
        "revision": revision,
        "address": f"https://raw.githubusercontent.com/{owner_and_name}/{revision}/",
    }
