"""Logs of five tools with odd bytes and odd values in them: scores, or an error that says where."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of, log_formats
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.errors import DataError
from acidtest.registry import get

HERE = Path(__file__).parent
TOOLS = {
    "openai_evals": "openai_evals/smollm2_towns-graded.jsonl",
    "promptfoo": "promptfoo/nobody.json",
    "deepeval": "deepeval/test_run_20261120_154328.json",
    "every_eval_ever": "every_eval_ever/data/tools_hand/local/tiny-a/"
    "f6220e2b-f194-4d7e-85c9-fb703b7c942e_samples.jsonl",
    "trec": "trec/runs/lucene.run",
}
TABLE = HERE / "promptfoo/towns.csv"
QRELS = HERE / "trec/human.qrels"
ODD: list[Any] = [
    None,
    True,
    -1,
    10**400,
    1e308,
    math.nan,
    "",
    "x" * 3000,
    "\ud800\0\x1b[31m\n<b>",
    "1e999",
    [],
    [[None]],
    {},
    {"a": {"b": [1]}},
]


def all_entries(form: LogFormat, path: Path) -> Iterator[LogEntry]:
    """The rows up to the error, where there is one."""
    with suppress(DataError):
        yield from form.read(path, LogOptions(model="m", benchmark="b", qrels=(QRELS,)))


def check(form: LogFormat, path: Path) -> None:
    head = head_of(path)
    assert form.recognises(path, head) in (True, False)
    assert form.helps(path, head) in (True, False)
    for entry in all_entries(form, path):
        assert entry.score is None or math.isfinite(entry.score)
        for text in (
            entry.benchmark,
            entry.model,
            entry.item,
            entry.metric,
            entry.label,
            entry.prediction,
            entry.error,
        ):
            assert len(text.encode()) <= 4000
            assert "\0" not in text
        assert "\n" not in entry.benchmark + entry.model + entry.item + entry.metric
        assert all((entry.benchmark, entry.model, entry.item, entry.metric))


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_odd_bytes(tool: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = bytearray((HERE / TOOLS[tool]).read_bytes())
    at = data.draw(st.integers(0, len(content)))
    content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    path = tmp_path_factory.mktemp("odd") / Path(TOOLS[tool]).name
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    check(get("log", tool)(), path)


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool != "trec"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_odd_values(tool: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = HERE / TOOLS[tool]
    whole = [source.read_text("utf-8")] if source.suffix == ".json" else source.read_text("utf-8").splitlines()
    values = [json.loads(line) for line in whole]
    node: Any = values
    while isinstance(node, list | dict) and node:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], list | dict) or not data.draw(st.integers(0, 7)):
            node[key] = data.draw(st.sampled_from(ODD))
            break
        node = node[key]
    path = tmp_path_factory.mktemp("odd") / source.name
    path.write_text("\n".join(map(json.dumps, values)), "utf-8")
    check(get("log", tool)(), path)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_odd_cells(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = TABLE.read_text("utf-8")
    at = data.draw(st.integers(0, len(content)))
    path = tmp_path_factory.mktemp("odd") / "towns.csv"
    path.write_text(content[:at] + data.draw(st.text(max_size=5)) + content[at:], "utf-8")
    check(get("log", "promptfoo")(), path)


def test_each_log_is_known_by_one_format_alone() -> None:
    formats = log_formats()
    for tool, name in TOOLS.items():
        path = HERE / name
        claims = [
            known
            for known, form in formats.items()
            if path.name.endswith(form.endings) and form.recognises(path, head_of(path))
        ]
        assert claims == [tool]
