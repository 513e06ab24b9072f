"""Parquet as Hugging Face lays it out: shards of splits, and label names in the schema."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acidtest.data.read import read_items, read_rows
from acidtest.errors import DataError
from acidtest.types import ItemShape

INTENT = ItemShape(inputs=("text",), target="label")
NER = ItemShape(inputs=("text",), target="spans")
NAMES = {"names": ["no", "yes"], "_type": "ClassLabel"}
TAGS = {"names": ["O", "B-PER", "I-PER"], "_type": "ClassLabel"}


def shard(path: Path, columns: dict[str, list[object]], features: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    described = json.dumps({"info": {"features": features}}).encode()
    pq.write_table(table.replace_schema_metadata({b"huggingface": described}), path)


def two_splits(folder: Path) -> None:
    features: dict[str, object] = {"text": {"dtype": "string", "_type": "Value"}, "label": NAMES}
    shard(folder / "test-00000-of-00002.parquet", {"text": ["a", "b"], "label": [1, 0]}, features)
    shard(folder / "test-00001-of-00002.parquet", {"text": ["c"], "label": [1]}, features)
    shard(folder / "train-00000-of-00001.parquet", {"text": ["d"], "label": [0]}, features)


@pytest.mark.parametrize("inside", ["", "data"])
def test_a_split_is_all_its_shards_and_labels_have_names(tmp_path: Path, inside: str) -> None:
    two_splits(tmp_path / inside)
    items = read_items(tmp_path / "test", INTENT)
    assert [(i.id, i.input["text"], i.target) for i in items] == [
        ("test-1", "a", "yes"),
        ("test-2", "b", "no"),
        ("test-3", "c", "yes"),
    ]
    assert [i.target for i in read_items(tmp_path / inside / "test-00001-of-00002.parquet", INTENT)] == [
        "yes",
        "no",
        "yes",
    ]
    assert [i.input["text"] for i in read_items(tmp_path / "train", INTENT)] == ["d"]
    with pytest.raises(DataError, match="holds several splits: test, train") as error:
        read_items(tmp_path, INTENT)
    assert str(tmp_path / "test") in error.value.way_out


def test_a_folder_of_one_split_stands_for_it(tmp_path: Path) -> None:
    for number in range(2):
        shard(tmp_path / "train" / f"000{number}.parquet", {"text": [str(number)], "label": [0]}, {"label": NAMES})
    assert [row.values for row in read_rows(tmp_path / "train")] == [
        {"text": "0", "label": "no"},
        {"text": "1", "label": "no"},
    ]


def test_a_missing_shard_is_noticed(tmp_path: Path) -> None:
    two_splits(tmp_path)
    (tmp_path / "test-00000-of-00002.parquet").unlink()
    assert len(read_items(tmp_path / "train", INTENT)) == 1
    with pytest.raises(DataError, match="the split 'test' has 1 files but should have 2 shards"):
        read_items(tmp_path / "test", INTENT)


@pytest.mark.parametrize(
    "feature",
    [
        {"feature": TAGS, "_type": "Sequence"},
        {"feature": TAGS, "length": -1, "_type": "Sequence"},
        {"feature": TAGS, "_type": "List"},
        [TAGS],
    ],
)
def test_tags_have_names_however_the_list_is_described(tmp_path: Path, feature: object) -> None:
    path = tmp_path / "test.parquet"
    columns: dict[str, list[object]] = {"tokens": [["Ada", "Lovelace", "wrote"]], "ner_tags": [[1, 2, 0]]}
    shard(path, columns, {"ner_tags": feature})
    items = read_items(path, NER, {"tags": "ner_tags"})
    assert items[0].input["text"] == "Ada Lovelace wrote"
    assert items[0].target == [["PER", 0, 12]]


def test_labels_inside_objects_and_hidden_labels(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    columns: dict[str, list[object]] = {
        "one": [{"label": 1, "n": 5}],
        "many": [{"label": [0, 1], "n": [1, 2]}],
        "hidden": [-1],
        "outside": [9],
    }
    features: dict[str, object] = {
        "one": {"label": NAMES, "n": {"dtype": "int64", "_type": "Value"}},
        "many": {"feature": {"label": NAMES, "n": {"dtype": "int64", "_type": "Value"}}, "_type": "Sequence"},
        "hidden": NAMES,
        "outside": NAMES,
    }
    shard(path, columns, features)
    assert next(read_rows(path)).values == {
        "one": {"label": "yes", "n": 5},
        "many": {"label": ["no", "yes"], "n": [1, 2]},
        "hidden": None,
        "outside": 9,
    }


@pytest.mark.parametrize("metadata", [b"{", b"[]", b'{"info": 3}', b'{"info": {"features": []}}'])
def test_broken_descriptions_are_left_alone(tmp_path: Path, metadata: bytes) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"label": [1]}).replace_schema_metadata({b"huggingface": metadata}), path)
    assert next(read_rows(path)).values == {"label": 1}
