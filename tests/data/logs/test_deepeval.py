"""deepeval: test runs that deepeval 4.3.1 wrote. Origin of every number: the run's own `metricsScores` and counts."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from acidtest.data.logs.deepeval import DeepEval
from acidtest.data.logs.import_logs import import_logs
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogOptions
from acidtest.errors import DataError

RUNS = sorted((Path(__file__).parent / "deepeval").glob("test_run_*.json"))


def entries(path: Path, options: LogOptions | None = None) -> list[LogEntry]:
    assert DeepEval().recognises(path, head_of(path))
    return list(DeepEval().read(path, options or LogOptions()))


def own(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_the_rows_give_the_metrics_scores(path: Path) -> None:
    found, run = entries(path), own(path)
    for metric in run["metricsScores"]:
        rows = [entry for entry in found if entry.metric == metric["metric"]]
        assert [entry.score for entry in rows if entry.score is not None] == metric["scores"]
        assert sum(bool(entry.error) for entry in rows) == metric["errors"]
    success = [entry.score for entry in found if entry.metric == "success"]
    assert (success.count(1.0), success.count(0.0)) == (run["testPassed"], run["testFailed"])
    assert {entry.metric for entry in found} == {"success"} | {one["metric"] for one in run["metricsScores"]}


def test_two_runs_are_two_solvers_on_the_same_items() -> None:
    cold, warm = map(entries, RUNS)
    assert {entry.model for entry in cold} == {"smollm2"}
    assert {entry.model for entry in warm} == {"smollm2-warm"}
    assert {entry.benchmark for entry in (*cold, *warm)} == {"towns"}
    assert {entry.item for entry in cold} == {entry.item for entry in warm}
    assert len({entry.item for entry in cold}) == 6
    assert (cold[0].label, cold[0].epoch) == ("yellow", 0)


def changed(folder: Path, **changes: object) -> Path:
    run = own(RUNS[0]) | changes
    path = folder / "test_run.json"
    path.write_text(json.dumps({key: value for key, value in run.items() if value is not None}), "utf-8")
    return path


def test_what_a_run_does_not_name_the_user_names(tmp_path: Path) -> None:
    path = changed(tmp_path, hyperparameters=None, identifier=None)
    with pytest.raises(DataError, match="does not name its model"):
        entries(path)
    with pytest.raises(DataError, match="does not name its benchmark"):
        entries(path, LogOptions(model="m"))
    found = entries(path, LogOptions(model="m", benchmark="b"))
    assert {(entry.model, entry.benchmark) for entry in found} == {("m", "b")}
    named = entries(changed(tmp_path, datasetAlias="set"))
    assert {(entry.model, entry.benchmark) for entry in named} == {("smollm2", "set")}


def test_a_test_case_that_no_metric_judged_has_no_verdict(tmp_path: Path) -> None:
    """deepeval's own words: test cases "default to `success=True` before any metric runs"."""
    case = own(RUNS[0])["testCases"][0]
    del case["metricsData"]
    found = entries(changed(tmp_path, testCases=[case | {"success": True}]))
    assert [(one.metric, one.score, one.error) for one in found] == [("success", None, "no metric judged it")]


def test_metrics_of_one_name_are_told(tmp_path: Path) -> None:
    case = own(RUNS[0])["testCases"][0]
    metric = case["metricsData"][0]
    notes: list[str] = []
    path = changed(tmp_path, testCases=[case | {"metricsData": [metric, metric | {"threshold": 1, "score": 0.5}]}])
    found = entries(path, LogOptions(tell=notes.append))
    assert [one.score for one in found if one.metric == metric["name"]] == [metric["score"]]
    assert notes == [f"deepeval: a test case has several metrics '{metric['name']}': the first is read"]


@pytest.mark.parametrize(
    ("score", "threshold", "success", "turned"),
    [
        (0.2, 0.5, True, True),
        (0.7, 0.5, False, True),
        (0.5, 0.5, True, False),
        (0.5, 0.5, False, False),
        (0.7, 0.5, True, False),
        (None, 1, False, False),
    ],
)
def test_less_is_better_where_the_verdicts_show_it(
    tmp_path: Path, *, score: float | None, threshold: float, success: bool, turned: bool
) -> None:
    """In deepeval 3.0 bias, hallucination and toxicity pass at or below their threshold, all others at or above it."""
    metric = {"name": "Bias", "score": score, "threshold": threshold, "success": success}
    lower: list[str] = []
    path = changed(tmp_path, testCases=[own(RUNS[0])["testCases"][0] | {"metricsData": [metric]}])
    entries(path, LogOptions(less_is_better=lower.append))
    assert lower == ["Bias"] * turned


def test_the_fixtures_metrics_are_better_the_more() -> None:
    lower: list[str] = []
    for path in RUNS:
        entries(path, LogOptions(less_is_better=lower.append))
    assert not lower


def test_before_version_1_judgements_had_other_names(tmp_path: Path) -> None:
    """`MetricsMetadata` and `APITestCase` of deepeval 0.21.0."""
    judged = {"metric": "Bias", "score": 0.25, "threshold": 0.5, "success": True}
    case = {
        "name": "c",
        "input": "i",
        "actualOutput": "o",
        "success": True,
        "metricsMetadata": [judged],
        "runDuration": 1,
    }
    path = changed(tmp_path, testCases=[case], metricsScores=None)
    assert [(one.metric, one.score) for one in entries(path)] == [("success", 1.0), ("Bias", 0.25)]


def test_before_version_4_a_run_was_called_by_its_time_alone(tmp_path: Path) -> None:
    """`strftime("%Y%m%d_%H%M%S")` in deepeval 0.21.0 to 3.0.0; found in a folder like any other log."""
    shutil.copy(RUNS[0], tmp_path / "20241120_154328")
    found = import_logs([tmp_path], tmp_path / "scores.csv")
    assert found.files == {"deepeval": 1}
    assert found.rows == len(entries(RUNS[0]))


def test_the_latest_run_in_its_envelope_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    path.write_text(json.dumps({"testRunData": own(RUNS[0]), "testRunLink": None}), "utf-8")
    assert entries(path) == entries(RUNS[0])


def test_conversations_are_told_apart_by_their_scenario(tmp_path: Path) -> None:
    def talk(scenario: str | None, answer: str, score: float, asked: str = "hi") -> dict[str, Any]:
        turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
        metrics = [{"name": "Tone", "score": score, "success": True}]
        return {"name": "c", "scenario": scenario, "turns": turns, "metricsData": metrics, "success": True}

    talks = [talk("a refund", "x", 0.5), talk("a refund", "y", 1.0, "and then?"), talk("a parcel", "x", 0.25)]
    talks += [talk(None, "x", 0.5), talk(None, "y", 0.5), talk(None, "x", 0.5, "bye")]
    found = entries(changed(tmp_path, testCases=[], conversationalTestCases=talks))
    tone = [entry for entry in found if entry.metric == "Tone"]
    assert [(entry.score, entry.epoch) for entry in tone[:3]] == [(0.5, 0), (1.0, 1), (0.25, 0)]
    assert tone[0].item == tone[1].item != tone[2].item
    assert tone[3].item == tone[4].item != tone[5].item
    assert len({entry.item for entry in tone}) == 4


def test_cases_that_differ_in_their_context_only_are_two_items(tmp_path: Path) -> None:
    case = own(RUNS[0])["testCases"][0]
    found = entries(changed(tmp_path, testCases=[case | {"context": [text]} for text in "ab"]))
    assert len({one.item for one in found}) == 2


@pytest.mark.parametrize(
    "given", [{" Model ": "x"}, {"model name": "x"}, {"model_name": "x"}, {"model": {"value": "x"}}]
)
def test_a_model_is_named_by_its_hyperparameter(tmp_path: Path, given: dict[str, Any]) -> None:
    assert {one.model for one in entries(changed(tmp_path, hyperparameters=given))} == {"x"}
