"""Items on disk are a sequence like the tuple of the same items."""

import threading
from pathlib import Path

import pytest

from acidtest.data import item_file
from acidtest.data.item_file import ItemFile, id_hashes, kept, parts, spooled, taken
from acidtest.data.read import check_items, read_items, spooled_item_records, spooled_items, write_records
from acidtest.errors import DataError
from acidtest.types import Benchmark, Item, ItemShape, Provenance

SHAPE = ItemShape(inputs=("text",), target="label")
WRITTEN = Provenance(generator="g", revision="1", strategy="s", prompt="p", call=0, seed=1, drawn={"x": [1, 0.1, None]})
ITEMS = tuple(
    Item(
        id=f"i-{i}",
        input={"text": f"\u00e9 {i} \u2028 " * (i % 40), "more": "x" * (5000 * (i % 97 == 0))},
        target=[["city", 0, i]] if i % 3 else {"a": 0.1 * i},
        choices=("a", "b") if i % 2 else (),
        bundle=f"b{i // 2}",
        provenance=WRITTEN if i % 5 == 0 else None,
    )
    for i in range(3000)
)


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ItemFile:
    monkeypatch.setattr(item_file, "_IN_MEMORY", 10_000)
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    found = spooled(ITEMS)
    assert isinstance(found, ItemFile)
    return found


def test_it_is_the_tuple(on_disk: ItemFile) -> None:
    assert len(on_disk) == 3000
    assert tuple(on_disk) == ITEMS
    assert on_disk == ITEMS
    assert list(ITEMS) == [*on_disk]
    assert ITEMS.__eq__(on_disk) is NotImplemented  # so that Python asks the other side
    assert on_disk == list(ITEMS)
    assert on_disk != ITEMS[1:]
    assert on_disk != ITEMS[::-1]
    assert on_disk != "another thing"
    assert [on_disk[i] for i in (0, 97, 2999, -1, -3000)] == [ITEMS[i] for i in (0, 97, 2999, -1, -3000)]
    for places in (slice(5, 9), slice(None, None, -700), slice(2990, None), slice(7, 7)):
        assert on_disk[places] == ITEMS[places]
    assert ITEMS[1234] in on_disk
    assert on_disk.index(ITEMS[50]) == 50
    assert list(reversed(on_disk))[:3] == list(reversed(ITEMS))[:3]
    with pytest.raises(IndexError):
        on_disk[3000]
    with pytest.raises(TypeError, match="unhashable"):
        hash(on_disk)
    assert repr(on_disk) == "<3,000 items on disk>"


def test_a_part_of_it_is_one_too(on_disk: ItemFile) -> None:
    at = [2999, 3, 3, 1500]
    view = taken(on_disk, at)
    assert isinstance(view, ItemFile)
    assert view == [ITEMS[i] for i in at]
    assert view.take([1, 0]) == (ITEMS[3], ITEMS[2999])
    assert view[1:3] == (ITEMS[3], ITEMS[3])
    odd = kept(on_disk, lambda item: bool(item.choices))
    assert isinstance(odd, ItemFile)
    assert odd == kept(ITEMS, lambda item: bool(item.choices)) == list(ITEMS[1::2])
    assert kept(on_disk, lambda item: not item.id) == ()
    for items, like in ((on_disk, ITEMS), (odd, ITEMS[1::2]), (view, [ITEMS[i] for i in at])):
        assert id_hashes(items).tolist() == [hash(item.id) for item in like]
        assert [list(part) for part in parts(items, 1000)] == [
            list(like[i : i + 1000]) for i in range(0, len(like), 1000)
        ]


def test_it_gives_the_same_files(on_disk: ItemFile, tmp_path: Path) -> None:
    write_records(tmp_path / "disk.jsonl", on_disk)
    write_records(tmp_path / "tuple.jsonl", ITEMS)
    assert (tmp_path / "disk.jsonl").read_bytes() == (tmp_path / "tuple.jsonl").read_bytes()
    again = spooled_item_records(tmp_path / "disk.jsonl")
    (tmp_path / "disk.jsonl").write_bytes(b"")  # nothing is read from there any more
    assert isinstance(again, ItemFile)
    assert again == on_disk
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_file()]  # the file has no name


def test_many_threads_read_it(on_disk: ItemFile) -> None:
    found: list[bool] = []

    def read(first: int) -> None:
        found.append(all(on_disk[i] == ITEMS[i] for i in range(first, 3000, 40)) and tuple(on_disk) == ITEMS)

    threads = [threading.Thread(target=read, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def test_few_items_are_a_tuple() -> None:
    assert spooled(ITEMS[:20]) == ITEMS[:20]
    assert type(spooled(ITEMS[:20])) is tuple
    assert spooled([]) == ()
    assert Benchmark(name="b", kind="real", items=ITEMS[:2]) == Benchmark(name="b", kind="real", items=ITEMS[:2])


def test_it_stands_elsewhere_where_the_cache_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(item_file, "_IN_MEMORY", 10_000)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "file" / "cache"))
    assert spooled(ITEMS) == ITEMS


ROWS = "id,text,label\n" + "".join(f"r{i},text {i},a\n" for i in range(400))


@pytest.mark.parametrize(
    ("more", "what", "where"),
    [
        ("r7,again,a\n", "two items have the id 'r7'", "items.csv line 9 and {}/items.csv line 402"),
        # what comes first in the file is said first
        ("r7,again,a\nr500,,a\n", "two items have the id 'r7'", "items.csv line 9 and {}/items.csv line 402"),
        ("r500,,a\nr7,again,a\n", "column 'text' is empty", "items.csv line 402"),
    ],
)
def test_what_is_wrong_is_said_as_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: str, what: str, where: str
) -> None:
    monkeypatch.setattr(item_file, "_IN_MEMORY", 10_000)
    path = tmp_path / "items.csv"
    path.write_text(ROWS + more)
    for read in (read_items, spooled_items):
        with pytest.raises(DataError) as error:
            read(path, SHAPE)
        assert error.value.what == what
        assert error.value.where == f"{tmp_path}/{where.format(tmp_path)}"
    path.write_text(ROWS)
    found = spooled_items(path, SHAPE)
    assert isinstance(found, ItemFile)
    assert found == read_items(path, SHAPE)
    check_items(found, ["a"], "here")
    with pytest.raises(DataError, match="two items have the id 'r3'"):
        check_items(found.take([0, 3, 4, 3]), ["a"], "here")
