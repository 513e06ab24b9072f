"""Responses on disk: one JSON line each, in a `LineFile`."""

import io
import os
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import ValidationError

from acidtest.data.item_file import id_hashes, taken
from acidtest.data.line_file import each_line
from acidtest.data.run_folder import written_atomically
from acidtest.errors import DataError
from acidtest.types import Item, Response

_IN_MEMORY = 4 * 2**20
"""Bytes of a file that stays in memory as it is."""

_WINDOW = 2**18


class ResponseFile(Mapping[str, Response]):
    """The last response to each item, read from the file when it is asked for: some 20 bytes of memory per item.

    It holds what the file held when this was made: what is added later is not seen, and a file that was rewritten
    since is refused. Items are found by 64 bits of a hash of their ids, and a response that is found belongs to its
    item.
    """

    def __init__(self, path: Path) -> None:
        answered = bytearray()

        def read(line: bytes, number: int) -> str:
            response = _response(line, path, number)
            answered.append(response.error is None)
            return response.item

        self.path = path
        self._lines = _LastLines(path, read)
        self._answered = np.frombuffer(answered, np.bool_)[self._lines.numbers]

    def __len__(self) -> int:
        return len(self._answered)

    def __iter__(self) -> Iterator[str]:
        return (response.item for response in self.each())

    def __getitem__(self, item: str) -> Response:
        (found,) = self.several([item])
        if found is None:
            raise KeyError(item)
        return found

    @property
    def answered(self) -> int:
        """The number of items that have an answer."""
        return int(self._answered.sum())

    def each(self) -> Iterator[Response]:
        """Yield the last response to each item, in the order of the file."""
        with self._lines.open() as file:
            for start in np.sort(self._lines.starts):
                yield _at(file, start)

    def several(self, items: Sequence[str]) -> list[Response | None]:
        """Return the responses to items of these ids, None where there is none."""
        found: list[Response | None] = []
        with self._lines.open() as file:
            hashes = np.fromiter(map(hash, items), np.int64, len(items))
            for item, place in zip(items, self._lines.places(hashes), strict=True):
                response = None if place < 0 else _at(file, self._lines.starts[place])
                found.append(response if response is not None and response.item == item else None)
        return found

    def unanswered(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items that have no answer."""
        if not self.answered:
            return items
        places = self._lines.places(id_hashes(items))
        return taken(items, np.flatnonzero((places < 0) | ~self._answered[places]))


def read_responses(path: Path) -> ResponseFile:
    """Return the last response to each item. A torn last line, left by a kill, is cut off the file.

    Raises:
        DataError: A line in the middle is not a response.
    """
    return ResponseFile(path)


def put_in_order(path: Path, items: Sequence[Item]) -> None:
    """Rewrite a finished file in the order of its items: answers arrive in any order, files should not show it.

    Of several responses to one item the last one stays, as in `read_responses`.
    """
    lines = _LastLines(path, lambda line, number: _item_of(line, path, number))
    with lines.open() as file, written_atomically(path) as out:
        places = lines.places(id_hashes(items))
        for start in lines.starts[places[places >= 0]].tolist():
            file.seek(start)
            out.write(file.readline())


class _LastLines:
    """Where the last line about each item begins in a file of responses.

    Attributes:
        starts: [n] bytes before it.
        numbers: [n] lines before it.
    """

    def __init__(self, path: Path, read: Callable[[bytes, int], str]) -> None:
        self.path = path
        hashes, starts, start = array("q"), array("q"), 0
        for number, line in enumerate(each_line(path), start=1):
            hashes.append(hash(read(line, number)))
            starts.append(start)
            start += len(line)
        order = np.argsort(np.frombuffer(hashes, np.int64), kind="stable")
        ordered = np.frombuffer(hashes, np.int64)[order]
        last = np.append(ordered[1:] != ordered[:-1], np.ones(min(len(ordered), 1), np.bool_))
        self._hashes, self.numbers = ordered[last], order[last]
        self.starts = np.frombuffer(starts, np.int64)[self.numbers]
        self._content = path.read_bytes() if 0 < start <= _IN_MEMORY else None
        self._file = path.stat().st_ino if start else 0
        self._size = start

    def open(self) -> BinaryIO:
        """Return the file, open at any place.

        Raises:
            DataError: It is not the file any more that was read.
        """
        if not len(self.starts):
            return io.BytesIO()
        if self._content is not None:
            return io.BytesIO(self._content)
        file = self.path.open("rb", buffering=_WINDOW)
        now = os.fstat(file.fileno())
        if now.st_ino != self._file or now.st_size < self._size:
            file.close()
            raise DataError(
                "the file was rewritten while it was read",
                where=str(self.path),
                way_out="Another process works in this folder: wait for its end, then run this again.",
            )
        return file

    def places(self, hashes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return [n] which of the lines is about the item of each hash, -1: none."""
        if not len(self._hashes):
            return np.full(len(hashes), -1)
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        return np.where(self._hashes[places] == hashes, places, -1)


def _at(file: BinaryIO, start: int) -> Response:
    file.seek(start)
    return Response.model_validate_json(file.readline())


def _response(line: bytes, path: Path, number: int) -> Response:
    try:
        return Response.model_validate_json(line)
    except ValidationError:
        raise _no_response(path, number) from None


def _item_of(line: bytes, path: Path, number: int) -> str:
    try:
        return str(orjson.loads(line)["item"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise _no_response(path, number) from None


def _no_response(path: Path, number: int) -> DataError:
    return DataError(
        "this line is no response", where=f"{path} line {number}", way_out="Delete the file; it is made again."
    )
