"""Responses on disk, found without reading them all: like the dictionary that reading them all would give."""

from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acidtest.data import item_file
from acidtest.data.item_file import spooled
from acidtest.errors import DataError
from acidtest.evaluate import record
from acidtest.evaluate.record import put_in_order, read_responses
from acidtest.types import Item, Response

NAMES = [f"i{n}" for n in range(12)]
LINES = st.lists(st.tuples(st.sampled_from(NAMES), st.booleans(), st.text(max_size=20)), max_size=40)
ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def written(path: Path, lines: list[tuple[str, bool, str]]) -> dict[str, Response]:
    """Write these responses; return what reading all of them one after another would give."""
    responses = [
        Response(item=item, text=text, error=None if answered else "no answer", cost=0.1)
        for item, answered, text in lines
    ]
    path.write_bytes(b"".join(orjson.dumps(one.model_dump()) + b"\n" for one in responses))
    return {one.item: one for one in responses}


@pytest.mark.parametrize("in_memory", [0, 2**20])
@ANY
@given(lines=LINES)
def test_it_is_the_dictionary(tmp_path: Path, in_memory: int, lines: list[tuple[str, bool, str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "_IN_MEMORY", in_memory)
        patch.setattr(item_file, "_IN_MEMORY", in_memory)
        path = tmp_path / "responses.jsonl"
        slow = written(path, lines)
        found = read_responses(path)
        assert dict(found.items()) == slow
        assert len(found) == len(slow)
        assert {one.item: one for one in found.each()} == slow
        assert found.several([*NAMES, "other"]) == [slow.get(name) for name in [*NAMES, "other"]]
        assert found.get("other") is None
        with pytest.raises(KeyError):
            found["other"]
        answered = {name for name, one in slow.items() if one.error is None}
        assert found.answered == len(answered)
        items = spooled(Item(id=name, input={"text": "x"}, target="") for name in reversed(NAMES))
        assert [item.id for item in found.unanswered(items)] == [n for n in reversed(NAMES) if n not in answered]

        before = {orjson.loads(line)["item"]: line for line in path.read_bytes().splitlines()}
        some = items[2:]
        put_in_order(path, some)
        assert path.read_bytes() == b"".join(before[i.id] + b"\n" for i in some if i.id in before)


def test_no_file_holds_nothing(tmp_path: Path) -> None:
    found = read_responses(tmp_path / "none.jsonl")
    item = Item(id="a", input={}, target="")
    assert (len(found), found.answered, list(found), found.several(["a"])) == (0, 0, [], [None])
    assert found.unanswered([item]) == [item]


def test_a_torn_line_is_cut_off_and_a_wrong_one_named(tmp_path: Path) -> None:
    path = tmp_path / "responses.jsonl"
    written(path, [("a", True, "x" * 70_000), ("b", True, "y" * 200_000)])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:150_000].replace(b"\n", b""))
    assert list(read_responses(path)) == ["a", "b"]
    assert path.read_bytes() == whole
    path.write_bytes(b"torn" * 50_000)
    assert list(read_responses(path)) == []
    assert path.read_bytes() == b""
    for wrong in (b"{}", b"", b'{"item": "c", "text": "", "cost": NaN}', b'{"item": "c", "text": "\\ud800"}'):
        path.write_bytes(whole + wrong + b"\n" + whole)
        with pytest.raises(DataError, match="no response") as error:
            read_responses(path)
        assert error.value.where == f"{path} line 3"


def test_two_items_of_one_hash_get_no_answer_of_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "responses.jsonl"
    monkeypatch.setattr(record, "hash", lambda _: 7, raising=False)
    written(path, [("a", True, "of a")])
    assert read_responses(path).several(["a", "b"]) == [Response(item="a", text="of a", cost=0.1), None]


def test_a_file_that_is_rewritten_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_IN_MEMORY", 0)
    path = tmp_path / "responses.jsonl"
    slow = written(path, [("b", True, "x"), ("a", True, "y" * 100), ("b", True, "z")])
    found = read_responses(path)
    with path.open("ab") as file:
        file.write(orjson.dumps(Response(item="c", text="late").model_dump()) + b"\n")
    assert dict(found.items()) == slow  # what is added later is not seen
    put_in_order(path, [Item(id=name, input={}, target="") for name in "abc"])
    for read in (lambda: found["a"], lambda: found.several(["a"]), lambda: list(found.each())):
        with pytest.raises(DataError, match="rewritten while it was read"):
            read()


@pytest.mark.parametrize(
    "damage", ['"tokens_in":18446744073709551616', '"tokens_out":-1', '"epoch":1e300', '"cost":-0.5', '"seconds":-1']
)
def test_counts_and_costs_that_cannot_be_are_damage(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "responses.jsonl"
    path.write_text('{"item":"a","text":"",' + damage + "}\n", "utf-8")
    with pytest.raises(DataError, match="line 1"):
        list(read_responses(path).each())
