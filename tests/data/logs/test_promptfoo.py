"""promptfoo: files that promptfoo 0.123.1 and 0.80.3 wrote. Origin of the sums: their metrics per prompt and stats."""

import gzip
import json
from collections.abc import Iterable
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogOptions
from acidtest.data.logs.promptfoo import Promptfoo
from acidtest.errors import DataError

LOGS = Path(__file__).parent / "promptfoo"
SOLVERS = ["smollm2 / plain", "smollm2 / one-word", "smollm2-warm / plain", "smollm2-warm / one-word"]


def entries(path: Path, options: LogOptions | None = None) -> list[LogEntry]:
    assert Promptfoo().recognises(path, head_of(path))
    return list(Promptfoo().read(path, options or LogOptions()))


def total(found: Iterable[LogEntry], model: str, metric: str) -> float:
    return fsum(entry.score or 0 for entry in found if (entry.model, entry.metric) == (model, metric))


def own_results(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((LOGS / name).read_bytes()))["results"]
    return found


@pytest.mark.parametrize(("name", "version"), [("towns.json.gz", 3), ("towns_v2.json.gz", 2)])
def test_the_rows_give_the_metrics_of_each_prompt(name: str, version: int) -> None:
    own = own_results(name)
    assert own["version"] == version
    prompts = own["prompts"] if version == 3 else own["table"]["head"]["prompts"]
    found = entries(LOGS / name)
    assert list(dict.fromkeys(entry.model for entry in found)) == SOLVERS
    for prompt in prompts:
        model = f"{prompt['provider']} / {prompt['label']}"
        assert total(found, model, "pass") == prompt["metrics"]["testPassCount"]
        assert total(found, model, "score") == pytest.approx(prompt["metrics"]["score"], abs=1e-12)
        for metric, value in prompt["metrics"]["namedScores"].items():
            assert total(found, model, metric) == pytest.approx(value, abs=1e-12)
    assert sum(entry.score == 1 for entry in found if entry.metric == "pass") == own["stats"]["successes"]


def test_the_three_files_of_one_evaluation_tell_the_same() -> None:
    def seen(name: str) -> dict[tuple[str, str, str, int | None], tuple[float | None, str]]:
        return {
            (one.item, one.model, one.metric, one.epoch): (one.score, one.prediction) for one in entries(LOGS / name)
        }

    lines = seen("towns.jsonl.gz")
    assert lines == seen("towns.json.gz")
    cells = seen("towns.csv")
    assert set(cells) == set(lines)
    for key, (score, prediction) in cells.items():
        assert score == pytest.approx(lines[key][0], abs=0.005 + 1e-9)  # promptfoo writes two digits
        assert prediction == lines[key][1]


@pytest.mark.parametrize("file", ["twins.json.gz", "twins.csv"])
def test_providers_of_one_id_are_solvers_of_their_own(file: str) -> None:
    """The same id twice with other options, no labels; the second column's answers stand first for one test."""
    notes: list[str] = []
    found = entries(LOGS / file, LogOptions(tell=notes.append))
    for place, prompt in enumerate(own_results("twins.json.gz")["prompts"], start=1):
        model = f"openai:chat:smollm2 #{place}"
        assert prompt["provider"] == "openai:chat:smollm2"
        assert total(found, model, "pass") == prompt["metrics"]["testPassCount"]
        assert total(found, model, "score") == prompt["metrics"]["score"]
        assert {(one.epoch, one.metric) for one in found if one.model == model} == {
            (0, "pass"),
            (0, "score"),
            (0, "right"),
        }
    assert len({one.model for one in found}) == 2
    assert any("2 providers are called 'openai:chat:smollm2'" in note for note in notes)
    assert any("named score 'score'" in note for note in notes)


def test_providers_of_one_id_in_the_older_layout_are_refused() -> None:
    with pytest.raises(DataError, match="two providers are called 'openai:chat:smollm2'"):
        entries(LOGS / "twins_v2.json.gz")


def test_a_csv_says_that_it_is_rounded() -> None:
    notes: list[str] = []
    entries(LOGS / "towns.csv", LogOptions(tell=notes.append))
    assert len(notes) == 1
    assert "two digits" in notes[0]


def test_items_are_the_tests_and_repeats_are_epochs() -> None:
    found = [entry for entry in entries(LOGS / "towns.json.gz") if entry.metric == "pass"]
    assert len({entry.item for entry in found}) == 5
    assert {entry.epoch for entry in found} == {0, 1}  # --repeat 2
    assert {entry.item for entry in entries(LOGS / "towns_v2.json.gz")} == {entry.item for entry in found}
    first = found[0]
    assert first.benchmark == "towns"
    assert first.prediction.startswith("A ripe banana")
    assert (first.tokens_in, first.tokens_out) == (37, 24)


def test_a_provider_that_gave_no_answer_has_no_score() -> None:
    found = entries(LOGS / "nobody.json")
    assert [(one.metric, one.score) for one in found] == [("pass", None), ("score", None)]
    assert all(one.error.startswith("API call error") for one in found)
    assert {(one.benchmark, one.model) for one in found} == {("nobody answers", "away")}  # one prompt: not named


def test_a_provider_that_failed_in_the_older_layout_has_no_score(tmp_path: Path) -> None:
    """What promptfoo 0.80.3 writes of a provider that raises, that returns an error, that answers and is wrong."""
    failed = {"success": False, "score": 0, "namedScores": {}, "provider": {"id": "p"}}
    rows = [
        failed | {"vars": {"q": "raises"}, "error": "Error: thrown"},
        failed | {"vars": {"q": "tells"}, "error": "told", "response": {"error": "told"}},
        failed | {"vars": {"q": "wrong"}, "error": "Expected output to contain", "response": {"output": "no"}},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"evalId": "e", "results": {"version": 2, "results": rows}}), "utf-8")
    found = [(one.score, one.error, one.prediction) for one in entries(path) if one.metric == "score"]
    assert found == [(None, "Error: thrown", ""), (None, "told", ""), (0.0, "", "no")]


def test_a_table_tells_errors_and_leaves_out_what_was_not_run(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    head = "Description,q,[p] say [x] now,Status,Score,Named Scores,[r] say [x] now,Status,Score,Named Scores,"
    path.write_text(
        f'{head}\nd,1,no answer,ERROR,0.00,{{}},yes,PASS,1.00,"{{""a"":0.5}}",\nd,2,,,,,no,FAIL,0,{{}},\n', "utf-8"
    )
    assert [(one.model, one.metric, one.score, one.error, one.prediction) for one in entries(path)] == [
        ("p", "pass", None, "no answer", ""),
        ("p", "score", None, "no answer", ""),
        ("r", "pass", 1.0, "", "yes"),
        ("r", "score", 1.0, "", "yes"),
        ("r", "a", 0.5, "", "yes"),
        ("r", "pass", 0.0, "", "no"),
        ("r", "score", 0.0, "", "no"),
    ]


def test_tests_without_variables_are_told_by_their_description_or_assertions(tmp_path: Path) -> None:
    tests = [{"description": "a"}, {"description": "b"}, {"assert": [1]}, {"assert": [2]}, {"assert": [2]}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(row(vars={}, testCase=test)) for test in tests), "utf-8")
    found = [(one.item, one.epoch) for one in entries(path) if one.metric == "score"]
    assert len(set(found)) == 5
    assert found[3][0] == found[4][0]
    assert len({item for item, _ in found}) == 4


def test_a_prompt_without_label_is_called_as_it_stands_and_the_cost_is_kept(tmp_path: Path) -> None:
    rows = [row(prompt={"raw": text}, promptIdx=n, response={"cost": n / 8}) for n, text in enumerate("xy")]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    found = [(one.model, one.cost) for one in entries(path) if one.metric == "pass"]
    assert found == [("p / x", 0.0), ("p / y", 0.125)]


def test_lines_and_tables_are_named_by_the_user_or_the_file() -> None:
    assert {one.benchmark for one in entries(LOGS / "towns.csv")} == {"towns"}
    assert {one.benchmark for one in entries(LOGS / "towns.csv", LogOptions(benchmark="x"))} == {"x"}


def row(**changed: object) -> dict[str, object]:
    return {"testIdx": 0, "promptIdx": 0, "namedScores": {}, "provider": "p", "vars": {"q": "1"}, "score": 1} | changed


def test_what_promptfoo_adds_to_a_test_makes_no_other_item(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [row(), row(vars={"q": "1", "sessionId": "s", "empty": ""}), row(vars={"q": 1}), row(vars={"q": "2"})]
    lines.insert(0, row(vars={"q": "1", "_conversation": [{"input": "0", "output": "what was answered"}]}))
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    items = [one.item for one in entries(path) if one.metric == "score"]
    assert items[0] == items[1] == items[2] == items[3] != items[4]


def test_results_without_provider_or_list_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row(provider=None)), "utf-8")
    with pytest.raises(DataError, match="names no provider"):
        entries(path)
    assert {one.model for one in entries(path, LogOptions(model="m"))} == {"m"}
    whole = tmp_path / "a.json"
    whole.write_text('{"evalId": "e", "results": {"results": 3}}', "utf-8")
    with pytest.raises(DataError, match="no list of results"):
        entries(whole)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('q,[p] x,Status,Score,Named Scores,\n1,"a,PASS,1,{},\n', "broken CSV"),
        ("q,[p] x,Status,Score,Named Scores,\n1,a,PASS,1\n", "4 values for 6 columns"),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError, match=message):
        entries(path)
