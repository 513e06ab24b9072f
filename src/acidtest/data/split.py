"""Parting items into those that are evaluated and the pool that may be shown as examples."""

import hashlib
import random
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acidtest.data.item_file import ItemFile, taken
from acidtest.types import Item


def split_pool(items: Sequence[Item], share: float, seed: int) -> tuple[Sequence[Item], Sequence[Item]]:
    """Return (items to evaluate, pool), each in the given order; a bundle is never torn apart.

    Who goes where depends on the seed and the items' ids alone, not on their order, so that it is the same on every
    machine. Items of one text go the same way. The pool takes whole groups, in a seeded order, while it stays
    within `share` of the items; with two items or more and a share above 0, neither part is empty unless
    everything is one group.

    Args:
        items: All items.
        share: How much of them becomes the pool, from 0 to 1.
        seed: The study's seed.

    Example:
        >>> items = [Item(id=str(i), input={"text": f"text {i}"}, target="a") for i in range(10)]
        >>> evaluated, pool = split_pool(items, 0.3, seed=0)
        >>> len(evaluated), len(pool), split_pool(items[::-1], 0.3, seed=0)[1] == pool[::-1]
        (7, 3, True)
    """
    first = _first_of_group(items)
    sizes = np.bincount(first, minlength=len(items))
    order = _in_lot(items, np.flatnonzero(sizes), seed)
    wanted = round(share * len(items))
    if share > 0 and len(order) > 1:
        wanted = max(wanted, 1)
    chosen, pooled = np.zeros(len(items), np.bool_), 0
    for group in order[:-1] if share < 1 else order:
        if pooled >= wanted:
            break
        if not pooled or pooled + sizes[group] <= wanted:
            chosen[group], pooled = True, pooled + int(sizes[group])
    in_pool = chosen[first]
    return taken(items, np.flatnonzero(~in_pool)), taken(items, np.flatnonzero(in_pool))


def without_copies(pool: Sequence[Item], items: Sequence[Item]) -> Sequence[Item]:
    """Return the pool without items whose inputs are also evaluated.

    Inputs are the same where they differ only in case, in blanks, or in how Unicode writes a character. Ids do not
    count: those that are made from a file's name may be the same in two files.
    """
    in_pool, evaluated = _hashes(pool), _hashes(items if pool else ())
    suspects = np.isin(in_pool, evaluated)
    if not suspects.any():
        return pool if isinstance(pool, ItemFile) else tuple(pool)
    known = {normalised(items[place]) for place in np.flatnonzero(np.isin(evaluated, in_pool)).tolist()}
    clean = [place for place in range(len(pool)) if not (suspects[place] and normalised(pool[place]) in known)]
    found = taken(pool, clean)
    return found if isinstance(found, ItemFile) else tuple(found)


def sample(items: Sequence[Item], limit: int | None, seed: int, purpose: str) -> Sequence[Item]:
    """Return a seeded sample in the items' own order; all items where there is no limit or there are fewer.

    Bundles are taken whole or not at all, so that there may be a few items less than `limit`.

    Example:
        >>> pair = [Item(id=i, input={"text": i}, target="a", bundle=i[0]) for i in ("x1", "x2", "y1", "y2")]
        >>> {item.bundle for item in sample(pair, 3, 0, "items")} in ({"x"}, {"y"})
        True
    """
    if limit is None or limit >= len(items):
        return items if isinstance(items, ItemFile) else tuple(items)
    lot = random.Random(f"{seed} {purpose}")
    places = _sampled(items, limit, lot)
    return items.take(places) if isinstance(items, ItemFile) else tuple(items[i] for i in places)


def _sampled(items: Sequence[Item], limit: int, lot: random.Random) -> list[int]:
    if not any(item.bundle for item in items):
        return sorted(lot.sample(range(len(items)), limit))
    bundles: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        bundles.setdefault(item.bundle or f"\0{position}", []).append(position)
    order = sorted(bundles)
    lot.shuffle(order)
    places: list[int] = []
    for name in order:
        if len(places) + len(bundles[name]) <= limit:
            places += bundles[name]
    return sorted(places)


def normalised(item: Item) -> tuple[str, ...]:
    r"""Return an item's inputs as they are compared: NFKC, case folded, one blank between words.

    Example:
        >>> normalised(Item(id="1", input={"text": " Rate  this\n"}, target="a"))
        ('rate this',)
    """
    return tuple(
        " ".join(unicodedata.normalize("NFKC", text).casefold().split()) for _, text in sorted(item.input.items())
    )


def _hashes(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return [n] a number for each item's inputs: those of one text have the same."""
    return np.fromiter((hash(normalised(item)) for item in items), np.int64, len(items))


def _in_lot(items: Sequence[Item], places: NDArray[np.int64], seed: int) -> list[int]:
    """Return these places in a seeded order that depends on the ids of their items alone."""
    lots = bytearray()
    for item in taken(items, places):
        lots += hashlib.sha256(f"{seed}\n{item.id}".encode()).digest()
    numbers = np.frombuffer(lots, ">u8").reshape(-1, 4)
    found: list[int] = places[np.lexsort(numbers.T[::-1])].tolist()
    return found


def _first_of_group(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return [n] the place of the group's item whose id comes first in the alphabet, for each item.

    Items of one bundle, or of one text, belong together, and so do chains of both. An item that shares its text's hash
    and its bundle with no other is a group of its own; texts are compared for the others alone.
    """
    texts = _hashes(items)
    bundles = np.fromiter((hash(item.bundle) if item.bundle else 0 for item in items), np.int64, len(items))
    alone = _occurs_once(texts) & (_occurs_once(bundles) | (bundles == 0))
    first = np.arange(len(items))
    parent: dict[int, int] = {}

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = parent[parent[position]]
            position = parent[position]
        return position

    ids: dict[int, str] = {}
    seen: dict[object, int] = {}
    suspects = np.flatnonzero(~alone).tolist()
    for position, item in zip(suspects, taken(items, suspects), strict=True):
        parent[position], ids[position] = position, item.id
        for key in (normalised(item), ("bundle", item.bundle) if item.bundle else None):
            if key is not None:
                parent[root(position)] = root(seen.setdefault(key, position))
    least: dict[int, int] = {}
    for position in suspects:
        group = root(position)
        least[group] = min(least.get(group, position), position, key=ids.__getitem__)
    for position in suspects:
        first[position] = least[root(position)]
    return first


def _occurs_once(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    once: NDArray[np.bool_] = counts[inverse] == 1
    return once
