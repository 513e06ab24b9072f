"""JSON of other tools: bounded, and as Python writes it where JSON knows no such thing."""

import gzip
import json
import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acidtest.data.logs.bounded import (
    content_hash,
    elements,
    first_object,
    flag,
    inside,
    json_lines,
    mapping,
    name,
    number,
    parsed,
    read_json,
    text,
    top_keys,
    whole,
)
from acidtest.errors import DataError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_python_writes_is_read_as_python_reads_it(value: object) -> None:
    written = json.dumps(value)
    assert repr(parsed(written, "a.json")) == repr(json.loads(written))


@given(JSON)
def test_every_value_is_text_that_a_table_can_hold(value: object) -> None:
    for found in (text(value), name(value)):
        assert len(found) <= 1000
        assert "\0" not in found
        found.encode()
    assert number(value) is None or math.isfinite(number(value) or 0.0)
    assert whole(value) is None or (whole(value) or 0) >= 0
    assert flag(value) in (None, False, True)
    assert mapping(value) in (value, {})
    assert elements(value) in (value, [])
    assert len(content_hash(value)) == 16


@given(st.binary(max_size=200))
def test_bytes_are_json_or_a_data_error(content: bytes) -> None:
    top_keys(content)
    assert isinstance(first_object(content), dict)
    with suppress(DataError):
        assert json.dumps(parsed(content, "a.json")) == json.dumps(json.loads(content))


@pytest.mark.parametrize(
    "written", ["[" * 101 + "]" * 101, "[" * 100_000, '{"a": NaN, "b": ' + "[" * 200 + "]" * 200 + "}"]
)
def test_deep_nesting_is_refused(written: str) -> None:
    with pytest.raises(DataError, match=r"nested|broken JSON"):
        parsed(written, "a.json")


def test_numbers_that_no_float_holds_are_no_scores() -> None:
    assert number(parsed(f"[NaN, {'9' * 400}]", "a.json")[1]) is None
    with pytest.raises(DataError, match="broken JSON"):
        parsed(f"[NaN, {'9' * 5000}]", "a.json")  # Python refuses whole numbers of so many digits


def test_files_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b"[" + b" " * 1000 + b"1]"))
    assert read_json(path) == [1]
    with pytest.raises(DataError, match="more than 0 MB"):
        read_json(path, most=1000)
    with pytest.raises(DataError, match="no file"):
        read_json(tmp_path / "b.json")


def test_lines_have_places(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n{"a": NaN}\n[1]\n')
    lines = json_lines(path)
    assert next(lines) == (f"{path} line 1", {"a": 1})
    where, second = next(lines)
    assert where == f"{path} line 3"
    assert math.isnan(second["a"])
    with pytest.raises(DataError, match="no JSON object"):
        next(lines)
    path.write_bytes(b"\xff\n")
    with pytest.raises(DataError, match="UTF-8"):
        next(json_lines(path))


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_top_keys_are_those_of_the_object(value: dict[str, object]) -> None:
    assert top_keys(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) >= {
        key for key in value if key.isalnum()
    }


def test_a_head_that_ends_early_still_shows_its_keys() -> None:
    whole_file = json.dumps({"version": 2, "eval": {"task": "a:b"}, "results": [1, {"x": 2}], "samples": []}).encode()
    assert top_keys(whole_file) == {"version", "eval", "results", "samples"}
    assert top_keys(whole_file[:20]) == {"version"}
    assert top_keys(b'[{"a": 1}]') == set()
    assert first_object(whole_file[:20]) == {}
    assert first_object(b'\n{"a": 1}\n{"b"') == {"a": 1}


def test_what_stands_inside() -> None:
    assert inside({"a": [{"b": 2}]}, "a", 0, "b") == 2
    assert inside({"a": [1]}, "a", 1) is None
    assert inside([1, 2], -1) == 2
    assert inside(None, "a") is None


def test_long_names_differ_where_their_ends_differ() -> None:
    assert name("x" * 300 + "a") != name("x" * 300 + "b")
    assert len(name("x" * 300)) == 200


def test_a_number_of_things_is_one_that_a_float_holds_exactly() -> None:
    assert [whole(value) for value in (0, 7.0, 2**53 - 1, 2**53, 1e300, -1, 0.5, True, None)] == [
        *(0, 7, 2**53 - 1),
        *[None] * 6,
    ]


def test_the_keys_of_a_hostile_head_take_time_in_proportion_to_its_length() -> None:
    """A string that never ends was once followed anew from each quote in it: hours for the head of one file."""
    assert top_keys(b'{"a": 1, "b": "' + b'\\"' * 2**21) == {"a", "b"}
