"""Every Eval Ever: logs that its converters (every_eval_ever 0.3.0) wrote. Origin of the means: their aggregates."""

import json
import shutil
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from acidtest.data.logs.every_eval_ever import EveryEvalEver
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogOptions
from acidtest.errors import DataError

LOGS = Path(__file__).parent / "every_eval_ever" / "data"
SAMPLES = sorted(LOGS.rglob("*_samples.jsonl"))


def entries(path: Path, options: LogOptions | None = None) -> list[LogEntry]:
    assert EveryEvalEver().recognises(path, head_of(path))
    return list(EveryEvalEver().read(path, options or LogOptions()))


def aggregate(samples: Path) -> Path:
    return samples.with_name(samples.name.replace("_samples.jsonl", ".json"))


def own(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: "/".join(path.parts[-4:-1]))
def test_the_samples_give_the_aggregates(path: Path) -> None:
    whole, found = own(aggregate(path)), entries(path)
    compared = 0
    for result in whole["evaluation_results"]:
        metric = result["evaluation_result_id"]
        scores = [entry.score for entry in found if entry.metric == metric and entry.score is not None]
        if scores:  # lm-evaluation-harness writes no number per item for its Brier score
            compared += 1
            assert fmean(scores) == pytest.approx(result["score_details"]["score"], abs=1e-9)
    assert compared == 2
    assert len(found) == whole["detailed_evaluation_results"]["total_rows"]
    assert {entry.model for entry in found} == {whole["model_info"]["id"]}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: "/".join(path.parts[-4:-1]))
def test_an_aggregate_is_read_only_where_no_samples_lie_beside_it(path: Path, tmp_path: Path) -> None:
    beside = aggregate(path)
    assert EveryEvalEver().helps(beside, head_of(beside))
    assert not EveryEvalEver().recognises(beside, head_of(beside))
    alone = tmp_path / beside.name
    alone.write_bytes(beside.read_bytes())
    assert not EveryEvalEver().helps(alone, head_of(alone))
    results = own(alone)["evaluation_results"]
    found = entries(alone)
    assert [entry.score for entry in found] == [result["score_details"]["score"] for result in results]
    assert {entry.item for entry in found} == {""}


def test_less_is_better_where_the_evaluation_says_so(tmp_path: Path) -> None:
    def told(path: Path) -> list[str]:
        lower: list[str] = []
        entries(path, LogOptions(less_is_better=lower.append))
        return lower

    assert told(SAMPLES[1]) == []
    shutil.copytree(SAMPLES[1].parent, tmp_path / "run")
    samples = tmp_path / "run" / SAMPLES[1].name
    whole = own(aggregate(samples))
    for result in whole["evaluation_results"]:
        result["metric_config"]["lower_is_better"] = result["evaluation_result_id"] == "f1:mean"
    aggregate(samples).write_text(json.dumps(whole), "utf-8")
    assert told(samples) == ["f1:mean"]
    alone = tmp_path / "alone.json"
    alone.write_text(json.dumps(whole), "utf-8")
    assert len(told(alone)) == 1
    aggregate(samples).write_text("{", "utf-8")
    assert told(samples) == []


def test_items_and_epochs_of_inspect() -> None:
    found = [entry for entry in entries(SAMPLES[1]) if entry.metric == "includes:accuracy"]
    assert [(entry.item, entry.epoch) for entry in found] == [
        (item, epoch) for epoch in (1, 2) for item in ("banana", "meow", "word")
    ]
    assert found[0].benchmark == "towns"
    assert found[0].label == "yellow"
    assert (found[0].tokens_in, found[0].tokens_out) == (37, 24)


@pytest.mark.parametrize(("total", "read"), [(47, 40), (17, 10), (None, 10)])
def test_tokens_of_a_cache_count_where_they_are_counted_apart(tmp_path: Path, total: int | None, read: int) -> None:
    usage = {"input_tokens": 10, "output_tokens": 7, "total_tokens": total, "input_tokens_cache_read": 30}
    assert entries(written(tmp_path, OLD | {"token_usage": usage}))[0].tokens_in == read


def test_items_of_lm_evaluation_harness_are_its_documents_not_their_places() -> None:
    lines = [json.loads(line) for line in SAMPLES[0].read_text("utf-8").splitlines()]
    found = entries(SAMPLES[0])
    assert [entry.item for entry in found] == [line["metadata"]["doc_hash"] for line in lines]
    assert {line["sample_id"] for line in lines} == {"0", "1", "2", "3"}


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


OLD: dict[str, Any] = {
    "schema_version": "instance_level_eval_0.2.0",
    "evaluation_id": "e/m/1",
    "model_id": "m",
    "evaluation_name": "e",
    "sample_id": 4,
    "interaction_type": "single_turn",
    "input": {"raw": "2^10 = 4^x", "reference": "5"},
    "output": {"raw": "x = 5"},
    "answer_attribution": [{"source": "output.raw", "extracted_value": "5"}],
    "evaluation": {"score": 1.0, "is_correct": True},
}
"""The layout that the project's own page shows for schema 0.2; the text is ours."""


def test_schema_0_2(tmp_path: Path) -> None:
    several = {"lm_eval_metrics": json.dumps({"acc": 1.0, "acc_norm": 0, "brier_score": [1, 2]})}
    rows = written(tmp_path, OLD, OLD | {"metadata": several, "sample_hash": "abc"})
    assert [(one.item, one.metric, one.score, one.label, one.prediction) for one in entries(rows)] == [
        ("4", "score", 1.0, "5", "5"),
        ("abc", "acc", 1.0, "5", "5"),
        ("abc", "acc_norm", 0.0, "5", "5"),
    ]


def test_a_sample_whose_metrics_are_no_numbers_has_no_score(tmp_path: Path) -> None:
    """The converter of lm-evaluation-harness writes 0.0 and no result's id for it (`emissions = ... [(None, 0.0)]`)."""
    pairs = {"lm_eval_metrics": json.dumps({"f1": [1, 0], "mcc": [1, 0]})}
    rows = written(tmp_path, OLD | {"metadata": pairs, "evaluation": {"score": 0.0, "is_correct": False}})
    notes: list[str] = []
    assert not entries(rows, LogOptions(tell=notes.append))
    assert notes == ["m: samples of 'e' have metrics that are no numbers: left out"]


def test_a_level_that_is_not_known_is_no_score(tmp_path: Path) -> None:
    """The schema: "if True, then a score of -1 will be treated as Unknown"."""

    def result(name: str, *, unknown: bool) -> dict[str, Any]:
        config = {"score_type": "levels", "level_names": ["low", "high"], "has_unknown_level": unknown}
        return {"evaluation_name": name, "metric_config": config, "score_details": {"score": -1}}

    whole = {
        "schema_version": "0.0.1",
        "evaluation_id": "i",
        "model_info": {"id": "m"},
        "evaluation_results": [result("a", unknown=True), result("b", unknown=False)],
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps(whole), "utf-8")
    assert [(one.score, one.error) for one in entries(path)] == [(None, "unknown"), (-1.0, "")]


def test_the_evaluations_own_id_is_no_part_of_a_metric(tmp_path: Path) -> None:
    ids = ["e/m/1#accuracy", "e::pass_at_2", "f1:mean", "exact_match", "e/m/1"]
    rows = written(tmp_path, *(OLD | {"evaluation_result_id": one} for one in ids))
    assert [one.metric for one in entries(rows)] == ["accuracy", "pass_at_2", "f1:mean", "exact_match", "score"]


def test_a_sample_that_stands_again_was_tried_again(tmp_path: Path) -> None:
    other = OLD | {"input": {"raw": "2^10 = 4^x", "reference": ["5", "five"]}, "answer_attribution": []}
    found = entries(written(tmp_path, OLD, OLD, other))
    assert [(one.item, one.epoch) for one in found] == [("4", 0), ("4", 1), ("4", 2)]
    assert [(one.label, one.prediction) for one in found[1:]] == [("5", "5"), ('["5", "five"]', "x = 5")]


def test_a_model_and_a_metric_may_have_a_name_and_no_id(tmp_path: Path) -> None:
    results = [{"evaluation_name": "e", "metric_config": {"metric_name": "Accuracy"}, "score_details": {"score": 0.5}}]
    whole = {
        "schema_version": "0.1.0",
        "evaluation_id": "i",
        "model_info": {"name": "m"},
        "evaluation_results": results,
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps(whole), "utf-8")
    assert [(one.model, one.metric) for one in entries(path)] == [("m", "Accuracy")]
    (tmp_path / "a.jsonl").touch()
    assert EveryEvalEver().helps(path, head_of(path))


def test_a_sample_that_failed_has_no_score(tmp_path: Path) -> None:
    rows = written(tmp_path, OLD | {"error": "timeout", "evaluation": {"score": 0.0, "is_correct": False}})
    assert [(one.score, one.error) for one in entries(rows)] == [(None, "timeout")]


def test_two_scorers_that_report_the_same_metric_are_kept_apart(tmp_path: Path) -> None:
    def result(scorer: str, score: float) -> dict[str, Any]:
        return {
            "evaluation_result_id": f"{scorer}:accuracy",
            "evaluation_name": "e",
            "metric_config": {"metric_id": "accuracy"},
            "score_details": {"score": score},
        }

    whole = {
        "schema_version": "0.3.0",
        "evaluation_id": "e/m/1",
        "model_info": {"id": "m"},
        "evaluation_results": [result("match", 0.5), result("includes", 0.75)],
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps(whole), "utf-8")
    assert [(one.metric, one.score) for one in entries(path)] == [("match:accuracy", 0.5), ("includes:accuracy", 0.75)]
    notes: list[str] = []
    path.write_text(json.dumps(whole | {"evaluation_results": [result("match", 0.5), result("match", 0.25)]}), "utf-8")
    assert [one.score for one in entries(path, LogOptions(tell=notes.append))] == [0.5]
    assert notes == ["m: several results 'match:accuracy' of 'e' in one file: the first is read"]
    path.write_text(json.dumps(whole | {"model_info": {}}), "utf-8")
    with pytest.raises(DataError, match="no id of the model"):
        entries(path)
    assert {one.model for one in entries(path, LogOptions(model="x"))} == {"x"}
