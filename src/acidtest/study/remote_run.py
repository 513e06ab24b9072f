"""A run, or a study file, at an address: the local folder or file that stands for it while a command works."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acidtest.data.remote.address import Address
from acidtest.data.remote.folder import copies_of, working_copy
from acidtest.data.remote.store import RemoteStore, is_safe
from acidtest.data.remote.sync import Say
from acidtest.data.run_folder import RunFolder
from acidtest.study.load import load_study
from acidtest.study.lock import alone

_MOST_NAMED = 200
_LONGEST_NAME = 300
_PART = r"(?![. ])[^\x00-\x1f\x7f\\/:*?\"<>|]{1,200}"
_NAMED = re.compile(rf"(?:{_PART}/){{0,7}}{_PART}\.[A-Za-z0-9]{{1,8}}")
"""Any name of a file at or below a folder, blanks and all letters too, that ends as files do: sentences do not."""


@contextmanager
def run_at(address: Address, say: Say) -> Iterator[Path]:
    """Give the working copy of a run at an address, to this process alone; see `working_copy`.

    Raises:
        DataError: Another process, here or elsewhere, works at the address.
        RemoteError: The address cannot be had; or, at the end, not everything is there.
    """
    with alone(RunFolder(copies_of(address))), working_copy(address, say) as work:
        yield work


def fetched_study(address: Address) -> Path:
    """Return a local copy of a study file at an address, with the files beside it that it names.

    Raises:
        StudyFileError: It is no study file.
        RemoteError: It cannot be read.
    """
    beside = RemoteStore(address.folder)
    folder = copies_of(address.folder) / "study"
    study = folder / address.name
    beside.at(address).fetch("", study)
    named = dict.fromkeys(_file_names(load_study(study).model_dump(mode="json")))
    for name in list(named)[:_MOST_NAMED]:
        there = beside.at(address.folder.inside(name))
        kind = there.kind()
        if kind == "file":
            beside.fetch(name, folder / name)
        elif kind == "folder":
            for inner in there.files():
                beside.fetch(f"{name}/{inner}", folder / name / inner)
    return study


def _file_names(value: Any) -> Iterator[str]:
    """Yield the texts of a study that may name a file or folder beside it."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _file_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _file_names(inner)
    elif isinstance(value, str) and len(value) <= _LONGEST_NAME:
        name = value.removeprefix("./").rstrip("/")
        if (is_safe(name) and ("." in name or "/" in value)) or _NAMED.fullmatch(name):
            yield name
