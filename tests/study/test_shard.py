"""Which items fall to a shard: every item to one, bundles whole, by content alone; and what cannot be parted."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.cli.harder import harder
from acidtest.cli.lab import lab
from acidtest.cli.levels import levels
from acidtest.cli.shards import asked_shard
from acidtest.data.run_folder import RunFolder
from acidtest.errors import AcidtestError, DataError, StudyFileError
from acidtest.study.load import load_study
from acidtest.study.shard import Shard, check_shard, read_shard, shard_named, write_shard
from acidtest.types import Benchmark, Item
from mock_study import STUDY, write_study


def items(count: int, *, bundle_of: int = 0) -> list[Item]:
    return [
        Item(id=f"i{i}", input={"text": f"request {i}"}, target="a", bundle=f"b{i // bundle_of}" if bundle_of else None)
        for i in range(count)
    ]


def fall_to(shards: int, given: list[Item]) -> dict[str, int]:
    """Return item -> its one shard; an item that falls to none or two fails here."""
    found = [
        (item.id, number) for number in range(1, shards + 1) for item in Shard(number=number, of=shards).own(given)
    ]
    assert Counter(name for name, _ in found) == Counter(item.id for item in given)
    return dict(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(0, 60), st.integers(0, 4), st.randoms())
def test_every_item_falls_to_one_shard_whatever_its_id_and_place(
    shards: int, count: int, bundle_of: int, rng: random.Random
) -> None:
    known = items(count, bundle_of=bundle_of)
    one = fall_to(shards, known)
    moved = [item.model_copy(update={"id": f"other-{item.id}", "topic": "new"}) for item in known]
    rng.shuffle(moved)
    assert fall_to(shards, moved) == {f"other-{name}": number for name, number in one.items()}
    for bundle in {item.bundle for item in known if item.bundle is not None}:
        assert len({one[item.id] for item in known if item.bundle == bundle}) == 1


def test_the_shard_is_what_the_hash_of_the_content_says() -> None:
    """Computed by hand, so that two versions on two machines cannot part items in two ways unseen."""
    for item in items(50):
        content = json.dumps({"input": item.input, "target": "a", "choices": ()}, sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()
        assert fall_to(7, [item])[item.id] == int(digest[:16], 16) % 7 + 1
    pair = items(2, bundle_of=2)
    whole = json.dumps(["b0", sorted(item.digest for item in pair)], separators=(",", ":"))
    number = int(hashlib.sha256(whole.encode()).hexdigest()[:16], 16) % 7 + 1
    assert fall_to(7, pair) == {"i0": number, "i1": number}


def test_shards_are_of_like_size_and_in_the_items_order() -> None:
    known = items(1000)
    sizes = Counter(fall_to(4, known).values())
    assert max(abs(size - 250) for size in sizes.values()) < 5 * (1000 * 0.25 * 0.75) ** 0.5  # five standard deviations
    part = Shard(number=3, of=4).part(Benchmark(name="b", kind="real", items=tuple(known)))
    places = [known.index(item) for item in part.items]
    assert places == sorted(places)


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "2", "2/", "a/b", "-1/3", "1/10001", "1/0", "1/3/5", "٣/٤"])
def test_what_names_no_shard_is_refused(text: str) -> None:
    with pytest.raises(StudyFileError, match="names no shard"):
        shard_named(text)
    assert shard_named(" 2/8 ") == Shard(number=2, of=8)


def test_a_folder_keeps_to_its_shard(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    study = load_study(write_study(tmp_path, "http://127.0.0.1:9", STUDY.replace("generators", "synthetic").replace(
        "model: writer, items: 24", "name: made, path: pool.jsonl")))  # fmt: skip
    check_shard(folder, study, shard_named("2/3"))
    write_shard(folder, shard_named("2/3"), "real")
    known = read_shard(folder)
    assert known is not None
    assert (known.shard, known.real) == (shard_named("2/3"), "real")
    check_shard(folder, study, shard_named("2/3"))
    for asked in ("1/3", "2/4"):
        with pytest.raises(DataError, match=f"holds shard 2/3, not {asked}"):
            check_shard(folder, study, shard_named(asked))
    with pytest.raises(DataError, match="shard 2/3 alone") as error:
        check_shard(folder, study, None)
    assert "acidtest merge" in error.value.way_out
    folder.shard.write_text("{}")
    with pytest.raises(DataError, match="tells of no shard"):
        read_shard(folder)


def test_generators_must_have_written_before(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path, "http://127.0.0.1:9"))
    with pytest.raises(StudyFileError, match=r"'writer\.few_shot' is not written yet") as error:
        check_shard(RunFolder(tmp_path / "run"), study, shard_named("1/2"))
    assert "acidtest generate" in error.value.way_out


def test_adaptive_tests_and_loops_cannot_be_parted(tmp_path: Path) -> None:
    path = write_study(tmp_path, "http://127.0.0.1:9", STUDY + "adaptive: {{items: 5, bank: b.csv}}\n")
    with pytest.raises(StudyFileError, match="adaptive tests cannot be parted"):
        check_shard(RunFolder(tmp_path / "run"), load_study(path), shard_named("1/2"))
    _is_refused(lambda: harder(path, shard="1/2"))
    _is_refused(lambda: levels(path, shard="1/2"))
    _is_refused(lambda: lab(path, prompts="v1,v2", shard="1/2"))


def _is_refused(command: Callable[[], None]) -> None:
    with pytest.raises(StudyFileError, match=r"cannot be parted into shards: \w+"):
        command()


def test_every_shard_needs_a_folder_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(AcidtestError, match="folder is not named"):
        asked_shard("1/2", None, None)
    with pytest.raises(DataError, match="a folder of its own"):
        asked_shard("1/2", None, tmp_path)
    assert asked_shard(None, None, None) is None
