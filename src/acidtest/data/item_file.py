"""Items that stand on disk and are read when they are asked for: a set of any size takes a few bytes per item.

`ItemSpool` takes items one by one. Those of a small set it gives back as a tuple; those of a larger one stand in an
unnamed file that goes with the process, and what it gives back holds where each of them stands.
"""

import os
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, cast, overload

import numpy as np
from numpy.typing import NDArray

from acidtest.data.cache_folder import cache_folder
from acidtest.types import Item

PART = 4096
"""Items that are worked on at once, where that is quicker than one by one."""

_IN_MEMORY = 4 * 2**20
"""Characters of one set that stay in memory."""

_ITEM = 200
"""Characters that an item counts for beside its inputs."""

_WINDOW = 2**18
"""Bytes that are read at once."""


def item_line(item: Item) -> bytes:
    """Return an item as a file of items has it: JSON without what is at its default, and a line end."""
    return item.model_dump_json(exclude_defaults=True).encode() + b"\n"


def taken(items: Sequence[Item], places: Iterable[int]) -> Sequence[Item]:
    """Return the items at these places, counted from 0, as a list; or unread where the items stand on disk.

    Example:
        >>> [item.id for item in taken([Item(id=i, input={}, target="") for i in "abc"], [0, 2])]
        ['a', 'c']
    """
    return items.take(places) if isinstance(items, ItemFile) else [items[place] for place in places]


def kept(items: Sequence[Item], wanted: Callable[[Item], bool]) -> Sequence[Item]:
    """Return the items that are wanted, as those of one shard, in their order: 8 bytes each where they stand on disk.

    Example:
        >>> [item.id for item in kept([Item(id=i, input={}, target="") for i in "abc"], lambda item: item.id > "a")]
        ['b', 'c']
    """
    return taken(items, array("q", (place for place, item in enumerate(items) if wanted(item))))


def parts(items: Sequence[Item], size: int = PART) -> Iterator[Sequence[Item]]:
    """Yield the items in parts of this size, the last one smaller; none of no items.

    Example:
        >>> [len(part) for part in parts([Item(id=i, input={}, target="") for i in "abc"], size=2)]
        [2, 1]
    """
    waiting = iter(items)
    while part := tuple(islice(waiting, size)):
        yield part


class ItemSpool:
    """Takes the items of one set, one after another; `items` gives them back."""

    def __init__(self) -> None:
        self._few: list[Item] = []
        self._size = 0
        self._lines: _Lines | None = None
        self._ids = array("q")

    def add(self, item: Item) -> None:
        """Take one more item."""
        if self._lines is not None:
            self._put(self._lines, item)
            return
        self._few.append(item)
        self._size += _ITEM + sum(map(len, item.input.values()))
        if self._size > _IN_MEMORY:
            self._lines = _Lines()
            for one in self._few:
                self._put(self._lines, one)
            self._few.clear()

    def items(self) -> Sequence[Item]:
        """Return all items that were added, few ones as a tuple; after this none may be added."""
        if self._lines is None:
            return tuple(self._few)
        return ItemFile(self._lines, self._ids, range(len(self._ids)))

    def _put(self, lines: "_Lines", item: Item) -> None:
        lines.add(item_line(item))
        self._ids.append(hash(item.id))


def spooled(items: Iterable[Item]) -> Sequence[Item]:
    """Return these items: few ones as a tuple, many as items on disk."""
    spool = ItemSpool()
    for item in items:
        spool.add(item)
    return spool.items()


def id_hashes(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return [n] Python's hash of each item's id, by which items are found: no item is read from disk."""
    if isinstance(items, ItemFile):
        return items.id_hashes()
    return np.fromiter((hash(item.id) for item in items), np.int64, len(items))


class _Lines:
    """Lines in a file of their own, by number; several threads may read."""

    def __init__(self) -> None:
        folder = cache_folder()  # on a disk, where a folder for temporary files may be memory
        try:
            folder.mkdir(parents=True, exist_ok=True)
            writable = str(folder) if os.access(folder, os.W_OK) else None
        except OSError:
            writable = None
        opened = TemporaryFile(dir=writable)  # noqa: SIM115  # closed by __del__
        self._file, self._ends, self._turn = cast("BinaryIO", opened), array("Q", [0]), threading.Lock()

    def __del__(self) -> None:
        self._file.close()

    def add(self, line: bytes) -> None:
        self._ends.append(self._ends[-1] + self._file.write(line))

    def one(self, number: int) -> bytes:
        start, end = self._ends[number], self._ends[number + 1]
        with self._turn:
            self._file.seek(start)
            return self._file.read(end - start)

    def several(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """Yield lines; those that stand near each other, in their order, are read at once."""
        ends, window, begin = self._ends, b"", 0
        for number in numbers:
            start, end = ends[number], ends[number + 1]
            if not begin <= start <= end <= begin + len(window):
                begin = start
                with self._turn:
                    self._file.seek(start)
                    window = self._file.read(max(_WINDOW, end - start))
            yield window[start - begin : end - begin]


class ItemFile(Sequence[Item]):
    """Items on disk, read when they are asked for. A slice is a tuple; `take` gives some of them unread.

    Equal to any sequence of the same items in the same order. Made by `ItemSpool`; 24 bytes of memory per item.
    """

    def __init__(self, lines: _Lines, ids: "array[int]", places: Sequence[int]) -> None:
        self._lines, self._ids, self._places = lines, ids, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(index, slice):
            return tuple(ItemFile(self._lines, self._ids, self._places[index]))
        return Item.model_validate_json(self._lines.one(self._places[index]))

    def __iter__(self) -> Iterator[Item]:
        return map(Item.model_validate_json, self.lines())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as a tuple of items, which cannot be hashed either

    def __repr__(self) -> str:
        return f"<{len(self):,} items on disk>"

    def lines(self) -> Iterator[bytes]:
        """Yield the items as they stand in a file of items, see `item_line`."""
        return self._lines.several(self._places)

    def take(self, places: Iterable[int]) -> "ItemFile":
        """Return the items at these places, counted from 0."""
        return ItemFile(self._lines, self._ids, array("q", (self._places[place] for place in places)))

    def id_hashes(self) -> NDArray[np.int64]:
        """Return [n] Python's hash of each item's id."""
        hashes = np.frombuffer(self._ids, np.int64)
        return hashes if isinstance(self._places, range) else hashes[np.asarray(self._places, np.int64)]
