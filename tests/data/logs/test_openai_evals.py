"""OpenAI evals: logs that oaieval 3.0.1.post1 recorded. Origin of every mean: the run's own final report."""

import json
from pathlib import Path
from statistics import fmean

import pytest

from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogOptions
from acidtest.data.logs.openai_evals import OpenAIEvals
from acidtest.errors import DataError

LOGS = sorted((Path(__file__).parent / "openai_evals").glob("*_towns-*.jsonl"))


def entries(path: Path) -> list[LogEntry]:
    return list(OpenAIEvals().read(path, LogOptions()))


def final_report(path: Path) -> dict[str, float]:
    reports = [json.loads(line).get("final_report") for line in path.read_text("utf-8").splitlines()]
    found: dict[str, float] = next(report for report in reports if report)
    return found


def written(folder: Path, *lines: object) -> Path:
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


SPEC = {"spec": {"completion_fns": ["a"], "eval_name": "e.dev.v0"}}


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_the_rows_give_the_final_report(path: Path) -> None:
    assert OpenAIEvals().recognises(path, path.read_bytes())
    found = entries(path)
    report = final_report(path)
    metrics = {entry.metric for entry in found}
    assert metrics == set(report) & {"accuracy", "f1_score", "score"}
    for metric in metrics:
        scores = [entry.score for entry in found if entry.metric == metric and entry.score is not None]
        assert len(scores) == 8
        assert fmean(scores) == pytest.approx(report[metric], abs=1e-15)
    assert report["usage_prompt_tokens"] == sum(
        usage["prompt_tokens"]
        for line in path.read_text("utf-8").splitlines()
        if (usage := json.loads(line).get("data", {}).get("usage"))
    )


def test_a_run_says_who_answered_what() -> None:
    path = next(path for path in LOGS if path.stem == "smollm2_towns-includes")
    first = min(entries(path), key=lambda entry: entry.item)
    assert (first.benchmark, first.model) == ("towns-includes.dev.v0", "smollm2")
    assert (first.item, first.epoch, first.score) == ("towns-includes.dev.0", 0, 0.0)
    assert first.label == "yellow"
    assert first.prediction.startswith("A ripe banana is typically")
    assert (first.tokens_in, first.tokens_out) == (37, 24)


def test_solvers_answer_the_same_items() -> None:
    cold, warm = ({entry.item for entry in entries(path)} for path in LOGS if path.stem.endswith("includes"))
    assert cold == warm


def test_a_verdict_that_could_not_be_read_is_a_failure() -> None:
    path = next(path for path in LOGS if path.stem.endswith("graded"))
    found = entries(path)
    assert sum(bool(entry.failure) for entry in found) == final_report(path)["counts/__invalid__"] == 4
    assert {entry.prediction for entry in found} == {"Yes", "No", "__invalid__"}


def test_a_metric_told_by_two_events_counts_once_and_a_second_try_is_an_epoch(tmp_path: Path) -> None:
    match = {"sample_id": "e.dev.0", "type": "match", "data": {"correct": True}}
    metrics = {"sample_id": "e.dev.0", "type": "metrics", "data": {"accuracy": 0.5, "f1": 0.25, "note": "x"}}
    found = entries(written(tmp_path, SPEC, match, metrics, match))
    assert [(one.metric, one.score, one.epoch) for one in found] == [
        ("accuracy", 1.0, 0),
        ("f1", 0.25, 0),
        ("accuracy", 1.0, 1),
    ]


def test_an_answer_that_fits_no_option_is_told_as_it_was(tmp_path: Path) -> None:
    """`record_and_check_match` of evals: `picked` is null, `sampled` the answer; BLEU records no `picked` at all."""
    data = {"correct": False, "expected": ["7"], "sampled": "Seven."}
    lines = [
        {"sample_id": f"e.dev.{n}", "type": "match", "data": data | more}
        for n, more in enumerate([{"picked": None}, {}])
    ]
    assert [one.prediction for one in entries(written(tmp_path, SPEC, *lines))] == ["Seven.", "Seven."]


def test_a_run_that_broke_off_and_answers_without_score_are_told(tmp_path: Path) -> None:
    def told(*more: object) -> list[str]:
        notes: list[str] = []
        asked = [{"sample_id": f"e.dev.{n}", "type": "sampling", "data": {}} for n in range(3)]
        scored = {"sample_id": "e.dev.1", "type": "match", "data": {"correct": True}}
        path = written(tmp_path, SPEC, *asked, scored, *more)
        assert [one.item for one in OpenAIEvals().read(path, LogOptions(tell=notes.append))] == ["e.dev.1"]
        return notes

    lacking = "e.dev.v0, a: 2 samples were answered and have no score: left out"
    assert told({"final_report": {}}) == [lacking]
    assert told() == ["e.dev.v0, a: no final report, so the run broke off; what it had scored by then is read", lacking]
    notes: list[str] = []
    for path in LOGS:
        list(OpenAIEvals().read(path, LogOptions(tell=notes.append)))
    assert not notes


def test_the_first_answers_tokens_count_and_several_solvers_are_joined(tmp_path: Path) -> None:
    """The second completion function of a model-graded eval grades."""

    def sampling(read: int) -> dict[str, object]:
        usage = {"prompt_tokens": read, "completion_tokens": 1}
        return {"sample_id": "e.dev.0", "type": "sampling", "data": {"usage": usage}}

    spec = {"spec": {"completion_fns": ["a", "judge"], "eval_name": "e.dev.v0"}}
    match = {"sample_id": "e.dev.0", "type": "match", "data": {"correct": True}}
    (found,) = entries(written(tmp_path, spec, sampling(5), sampling(90), match))
    assert (found.model, found.tokens_in) == ("a,judge", 5)


def test_before_version_1_the_specification_names_a_model(tmp_path: Path) -> None:
    """`RunSpec` of evals 0.1.1."""
    spec = {"spec": {"model_name": "ada", "model_names": {"completions": ["ada"]}, "eval_name": "e.dev.v0"}}
    path = written(tmp_path, spec, {"sample_id": "e.dev.0", "type": "match", "data": {"correct": True}})
    assert OpenAIEvals().recognises(path, path.read_bytes())
    assert [(one.model, one.score) for one in entries(path)] == [("ada", 1.0)]


def test_a_log_without_a_specification_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {"sample_id": "a", "type": "match", "data": {"correct": True}})
    assert not OpenAIEvals().recognises(path, path.read_bytes())
    with pytest.raises(DataError, match="does not name an eval"):
        entries(path)
