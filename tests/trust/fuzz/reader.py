"""A reader of files, and what it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Read = Callable[[Path], object]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One reader.

    Attributes:
        name: What it is called here.
        files: Name -> bytes of whole files that it reads; each in turn is broken, alone in a folder.
        read: Reads the file at a path.
        modules: Modules of ours that take bytes apart on the way.
    """

    name: str
    files: Mapping[str, bytes] = field(repr=False)
    read: Read = field(repr=False)
    modules: tuple[str, ...] = ()
