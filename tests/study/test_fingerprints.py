"""Fingerprints of items are those of the whole list at once, though one item is in memory at a time."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from acidtest.data import item_file
from acidtest.data.item_file import ItemFile, spooled
from acidtest.study.plan import _print_items
from acidtest.types import Item

ITEMS = tuple(
    Item(
        id=f"i{k}",
        input={"text": f"\u00e9 \u2028 {k}", "a": "b"},
        target=[["city", 0, k]] if k % 2 else 0.1 * k,
        choices=("x", "y") if k % 3 else (),
        bundle=None if k % 2 else "b",
    )
    for k in range(20)
)


def at_once(asked: list[object], items: Sequence[Item]) -> str:
    """Return SHA-256 of the JSON text of everything, keys sorted: runs that were made so go on."""
    content = [*asked, [item.model_dump(mode="json") for item in items]]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


@pytest.mark.parametrize("count", [0, 1, 20])
def test_items_one_by_one_give_the_fingerprint_of_all(
    count: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(item_file, "_IN_MEMORY", 0)
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
    on_disk = spooled(ITEMS[:count])
    assert isinstance(on_disk, ItemFile) == bool(count)
    heads: list[list[object]] = [["pool"], ["real", "name", ["b", "a"]], [{"z": 1, "a": None}]]
    for asked in heads:
        expected = at_once(asked, ITEMS[:count])
        assert _print_items(asked, ITEMS[:count]) == _print_items(asked, on_disk) == expected
