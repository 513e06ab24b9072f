"""Lines of shards about one unit of work: each item once, in order, of its own benchmark."""

from pathlib import Path

import orjson
import pytest

from acidtest.errors import DataError
from acidtest.study.merge_rows import Unit, united


def lines(path: Path, *rows: dict[str, object]) -> tuple[str, Path]:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path.stem, path


def rating(benchmark: str, item: str, mark: str) -> dict[str, object]:
    return {"benchmark": benchmark, "item": item, "marks": {"right": mark}}


def test_ratings_of_two_sets_with_the_same_ids_stay_apart(tmp_path: Path) -> None:
    """A file of ratings holds several benchmarks, one behind the other."""
    first = lines(tmp_path / "s1", rating("real", "2", "no"), rating("made", "2", "yes"))
    second = lines(tmp_path / "s2", rating("real", "1", "yes"), rating("made", "1", "unsure"))
    to = tmp_path / "to"
    for name in ("real", "made"):
        unit = Unit(key=name, benchmark=name, order=("1", "2"), files=(first, second), to=to, counts=False)
        assert united(unit) == 0
    assert [orjson.loads(line) for line in to.read_bytes().splitlines()] == [
        rating("real", "1", "yes"),
        rating("real", "2", "no"),
        rating("made", "1", "unsure"),
        rating("made", "2", "yes"),
    ]


def test_the_last_line_of_a_shard_counts_and_what_is_no_item_of_the_set_goes(tmp_path: Path) -> None:
    """A shard that was killed and went on has a failure, and behind it the answer."""
    shard = lines(
        tmp_path / "s1",
        {"item": "2", "text": "", "error": "no answer came"},
        {"item": "9", "text": "of another set"},
        {"item": "1", "text": "a"},
        {"item": "2", "text": "b"},
    )
    unit = Unit(key="k", benchmark="real", order=("1", "2", "3"), files=(shard,), to=tmp_path / "to", counts=True)
    assert united(unit) == 1
    found = [orjson.loads(line) for line in (tmp_path / "to").read_bytes().splitlines()]
    assert found == [{"item": "1", "text": "a"}, {"item": "2", "text": "b"}]


@pytest.mark.parametrize("line", [b"[]", b'{"text": "a"}', b'{"item": 7}', b"{", b"\xff"])
def test_a_line_that_tells_of_no_item_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "s1"
    path.write_bytes(b'{"item":"1"}\n' + line + b"\n")
    unit = Unit(key="k", benchmark="b", order=("1",), files=(("s1", path),), to=tmp_path / "to", counts=True)
    with pytest.raises(DataError, match="this line tells of no item") as error:
        united(unit)
    assert error.value.where == f"{path} line 2"
    assert not (tmp_path / "to").exists()
