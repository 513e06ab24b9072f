"""Rows that stand twice: the same benchmark, model, item, metric and epoch. 16 bytes are held for each row."""

import hashlib
from array import array

import numpy as np


class Duplicates:
    """Remembers rows by a hash of what names them."""

    def __init__(self) -> None:
        self._hashes = array("Q")

    def add(self, *names: object) -> None:
        """Remember the next row."""
        digest = hashlib.blake2b(repr(names).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self._hashes.append(int.from_bytes(digest, "little"))

    def first(self) -> tuple[int, int] | None:
        """Return the numbers of a row, from 0, and of the same row before it: the earliest such; None: all differ."""
        hashes = np.frombuffer(self._hashes, np.uint64) if self._hashes else np.zeros(0, np.uint64)
        order = np.argsort(hashes, kind="stable")
        again = order[1:][hashes[order[1:]] == hashes[order[:-1]]]
        if not len(again):
            return None
        row = int(again.min())
        return row, int(np.flatnonzero(hashes == hashes[row])[0])
