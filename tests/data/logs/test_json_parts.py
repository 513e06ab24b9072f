"""Parts of JSON files are those that Python's own parser finds, wherever the file is cut while it is read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acidtest.data.logs import json_parts as module
from acidtest.data.logs.json_parts import json_parts
from acidtest.errors import DataError

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\[]{},: é\n', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"{', max_size=3), inner, max_size=3),
    max_leaves=12,
)


def saved(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "x.json"
    path.write_text(content, "utf-8")
    return path


@given(
    outer=st.dictionaries(st.sampled_from(["one", "many", "other", "last"]), VALUES, max_size=4),
    chunk=st.sampled_from([1, 2, 7, 1000]),
    indent=st.sampled_from([None, 1]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_of_an_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outer: dict[str, Any], chunk: int, indent: int | None
) -> None:
    monkeypatch.setattr(module, "_CHUNK", chunk)
    path = saved(tmp_path, json.dumps(outer, indent=indent))
    expected: list[tuple[str, Any]] = []
    for key, value in outer.items():
        if key == "one" and isinstance(value, list | dict):
            expected.append((key, value))
        if key == "many" and isinstance(value, list):
            expected += [(key, inner) for inner in value if isinstance(inner, list | dict)]
    assert list(json_parts(path, {"many"}, {"one"})) == expected


@given(outer=st.lists(VALUES, max_size=5), chunk=st.sampled_from([1, 3, 1000]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_of_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outer: list[Any], chunk: int) -> None:
    monkeypatch.setattr(module, "_CHUNK", chunk)
    path = saved(tmp_path, json.dumps(outer))
    expected = [("", inner) for inner in outer if isinstance(inner, list | dict)]
    assert list(json_parts(path, {""}, {"one"})) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"many": [{"a": 1}', "ends too early"),
        ('{"many": [{"a": "1', "ends too early"),
        ('{"many": []}}', "a bracket too many"),
        ('{"many": []} {"many": []}', "more than one value"),
        ("", "ends too early"),
        ('"many"', "holds no JSON object"),
        ('{"many": [{"a": }]}', "broken JSON"),
        ('{"many": [{"a": 1]]}', "broken JSON"),
        ('{"many": [' + "[" * 101 + "]" * 101 + "]}", "nested more than 100 deep"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(json_parts(saved(tmp_path, content), {"many"}))


def test_a_part_or_string_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 100)
    monkeypatch.setattr(module, "MOST_PART", 1000)
    many = [{"a": "x" * 500}] * 50
    assert len(list(json_parts(saved(tmp_path, json.dumps({"many": many})), {"many"}))) == 50
    for outer in ({"many": [{"a": "x" * 5000}]}, {"other": "x" * 5000, "many": []}):
        with pytest.raises(DataError, match="a value of more than"):
            list(json_parts(saved(tmp_path, json.dumps(outer)), {"many"}))
