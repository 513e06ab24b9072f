"""Loose JSON: on JSON it equals Python's parser, on more than JSON it keeps what is complete and adds nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.tasks.loose_json import Value, find_json

SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    SCALARS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ROOTS = st.lists(TREES, max_size=4) | st.dictionaries(st.text(), TREES, max_size=4)


def depth(tree: object) -> int:
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    return 1 + max((depth(branch) for branch in inner), default=0)


def plain(value: Value) -> object:
    if isinstance(value, tuple):
        return {key: plain(entry) for key, entry in value}
    return [plain(entry) for entry in value] if isinstance(value, list) else value


@settings(max_examples=300, deadline=None)
@given(ROOTS, st.sampled_from([None, 2]), st.booleans())
def test_json_is_read_as_json(tree: object, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001  hypothesis' way
    if depth(tree) > 8:
        return
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
    for around in (text, f"Sure:\n```json\n{text}\n```", f"{text} and so on"):
        found = find_json(around)
        assert [plain(f.value) for f in found] == [json.loads(text)]
        assert found[0].complete


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["type", "text"]), st.text(max_size=5)), max_size=4), st.data())
def test_a_list_cut_anywhere_keeps_only_its_complete_entries(tree: list[dict[str, str]], data: st.DataObject) -> None:
    text = json.dumps(tree)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    (found,) = find_json(cut)
    kept = plain(found.value)
    assert isinstance(kept, list)
    assert not found.complete
    assert kept == tree[: len(kept)]
    whole = [k for k in range(len(tree) + 1) if len(json.dumps(tree[:k])) - 1 <= len(cut)]
    assert len(kept) == max(whole)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{'a': 'it's here', b: None,}", [{"a": "it's here", "b": None}]),
        ('[{"a": 1} {"a": 2}]', [[{"a": 1}, {"a": 2}]]),
        ("see [this] and [1]", [[1]]),
        ('{"a": ["x", "y', [{"a": ["x"]}]),
        ('{"a": 12', [{}]),
        ("[True, NaN]", [[True, None]]),
        ("['\\ud83d\\ude00 \\ud800']", [["\U0001f600 \ufffd"]]),
        ("[__import__('os')]", []),
        ("no list", []),
    ],
)
def test_what_models_write_is_forgiven_and_nothing_is_made_up(text: str, values: list[object]) -> None:
    assert [plain(found.value) for found in find_json(text)] == values


def test_a_key_that_stands_twice_loses_nothing() -> None:
    assert find_json('{"a": 1, "a": 2}')[0].value == (("a", 1), ("a", 2))


def test_nesting_is_bounded() -> None:
    """Eight lists or objects may stand within one list or object; what is deeper is no answer to any task."""
    assert [plain(f.value) for f in find_json("[" * 9 + "]" * 9)] == [[[[[[[[[[]]]]]]]]]]
    assert all(depth(plain(f.value)) <= 10 for f in find_json("[" * 30_000 + "]" * 30_000))
    assert all(not f.complete and not f.value for f in find_json("{" * 100_000))
