"""Items that stand on disk and are read when they are asked for: a set of any size takes a few bytes per item.

`ItemSpool` takes items one by one; what it gives back is a sequence of items like a tuple, which holds where each of
them stands. Small sets stay in memory, as text; larger ones stand in an unnamed file that goes with the process.
"""

import os
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast, overload

from acidtest.data.cache_folder import cache_folder
from acidtest.types import Item

PART = 4096
"""Items that are worked on at once, where that is quicker than one by one."""

_IN_MEMORY = 4 * 2**20
"""Bytes of one set's text that stay in memory."""

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
        self._lines = _Lines()

    def add(self, item: Item) -> None:
        """Take one more item."""
        self._lines.add(item_line(item))

    def items(self) -> "ItemFile":
        """Return all items that were added; after this none may be added."""
        return ItemFile(self._lines, range(len(self._lines)))


class _Lines:
    """Lines in a file of their own, by number; several threads may read."""

    def __init__(self) -> None:
        folder = cache_folder()  # on a disk, where a folder for temporary files may be memory
        try:
            folder.mkdir(parents=True, exist_ok=True)
            writable = str(folder) if os.access(folder, os.W_OK) else None
        except OSError:
            writable = None
        spooled = SpooledTemporaryFile(max_size=_IN_MEMORY, dir=writable)  # noqa: SIM115  # closed by __del__
        self._file, self._ends, self._turn = cast("BinaryIO", spooled), array("Q", [0]), threading.Lock()

    def __del__(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

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

    Equal to any sequence of the same items in the same order. Made by `ItemSpool`.
    """

    def __init__(self, lines: _Lines, places: Sequence[int]) -> None:
        self._lines, self._places = lines, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(index, slice):
            return tuple(ItemFile(self._lines, self._places[index]))
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
        return ItemFile(self._lines, array("q", (self._places[place] for place in places)))
