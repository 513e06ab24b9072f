"""What exported tasks call inside other tools scores as `acidtest evaluate` does, from files alone."""

import runpy
from pathlib import Path

import numpy as np
import orjson
import pytest

from acidtest.errors import AcidtestError, DataError
from acidtest.evaluate import answer as evaluate_answer
from acidtest.evaluate.score import score_columns
from acidtest.export import scoring
from acidtest.export.contract import ExportSet
from acidtest.export.task_file import write_task
from acidtest.export.write import export_benchmarks
from acidtest.types import Benchmark, Response
from export_sets import SCRIPT, export_sets

SETS = export_sets("chat")
ANSWERS = (
    *SCRIPT.values(),
    "The answer is PlayMusic, GetWeather, 4.2, Mars, 1984, YES, (A), 3.5",
    "<think>" + "so " * 20_000 + "</think> B",
    "x" * 39_998 + " B",
    "x" * 40_001 + " 5",
    '[{"text": "Rome", "type": "city"}]',
    "0",
    "\ud800",
)


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.task.name + "-" + one.metric.name)
def test_every_metric_and_answer_scores_as_in_a_run(one: ExportSet, tmp_path: Path) -> None:
    for metric in one.task.metrics:
        counts_labels = metric in ("accuracy", "macro_f1") and one.task.name == "reading" and not one.task.labels
        if metric in one.task.judged_metrics or counts_labels:
            continue
        exported = ExportSet(**{**vars(one), "metric": one.task.metric(metric)})
        write_task(exported, metric, tmp_path)
        scorer = scoring.load_scorer(tmp_path / f"{metric}.json")
        for text in ANSWERS:
            # a run keeps the first 40,000 characters of an answer, and reads those
            kept = text[: evaluate_answer.LONGEST_ANSWER]
            responses = {item.id: Response.model_construct(item=item.id, text=kept, error=None) for item in one.items}
            benchmark = Benchmark(name=one.name, kind=one.kind, items=one.items)
            columns = score_columns(one.task, metric, benchmark, {"m": responses})
            found = [scorer.scored(item.id, text) for item in one.items]
            assert [answer.score for answer in found] == columns["score"]
            assert [bool(answer.problem) for answer in found] == columns["failure"]
            rows = np.array(columns["stats"], np.float64)
            known = exported.metric
            total = scorer.total((item.id, text) for item in one.items)
            if known.finish is not None:
                finished = known.finish(rows.sum(axis=0), np.array(len(rows), np.float64))
            else:
                assert known.slow is not None
                finished = known.slow(rows)
            assert total == pytest.approx(float(finished), abs=0, rel=0, nan_ok=True)


def test_promptfoo_passes_the_best_score_whichever_end_that_is(tmp_path: Path) -> None:
    (choices,) = [one for one in SETS if one.task.name == "multiple_choice"]
    for metric, wrong in (
        ("count_difference", 2.0),
        ("accuracy", 0.0),
    ):  # one of three is right: the most to be off is 2
        exported = ExportSet(**{**vars(choices), "name": metric, "metric": choices.task.metric(metric)})
        export_benchmarks([exported], "promptfoo", tmp_path / metric)
        check = runpy.run_path(str(tmp_path / metric / metric / "score.py"))["get_assert"]
        best, other = (check(text, {"vars": {"row": 0}}) for text in ("B", "A, C"))
        assert (best["pass"], best["score"]) == (True, 0.0 if wrong else 1.0)
        assert (other["pass"], other["score"]) == (False, wrong)


def test_answers_are_read_as_far_as_a_run_keeps_them() -> None:
    assert scoring.LONGEST_ANSWER == evaluate_answer.LONGEST_ANSWER


def test_one_call_scores_one_answer(tmp_path: Path) -> None:
    write_task(SETS[5], "math", tmp_path)
    assert scoring.score(tmp_path / "math.json", "m0", "7 / 2 = 3.5\n#### 3.5") == 1.0
    assert scoring.score(str(tmp_path / "math.json"), "m0", "4") == 0.0


def test_items_that_stayed_without_an_answer_are_left_out_of_the_whole(tmp_path: Path) -> None:
    write_task(SETS[5], "math", tmp_path)
    scorer = scoring.load_scorer(tmp_path / "math.json")
    assert scorer.total([("m0", "3.5"), ("m1", "no")]) == 0.5
    assert np.isnan(scorer.total([]))


def test_errors_say_what_is_wrong_with_the_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no exported task"):
        scoring.load_scorer(tmp_path / "absent.json")
    write_task(SETS[5], "math", tmp_path)
    with pytest.raises(AcidtestError, match="has no item 'm9'"):
        scoring.score(tmp_path / "math.json", "m9", "")
    lines = (tmp_path / "math.jsonl").read_bytes().splitlines(keepends=True)
    for name, content, wrong in (
        ("fewer", lines[:-1], "there are 2 items, and the task has 3"),
        ("twice", [lines[0], *lines[:-1]], "two items have one id"),
        ("other", [*lines[:-1], b'{"id": "m2"}\n'], "no exported item"),
    ):
        about = {**orjson.loads((tmp_path / "math.json").read_bytes()), "data": f"{name}.jsonl"}
        (tmp_path / f"{name}.json").write_bytes(orjson.dumps(about))
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(content))
        with pytest.raises(DataError, match=wrong):
            scoring.load_scorer(tmp_path / f"{name}.json")


def test_a_task_file_leads_to_no_other_folder(tmp_path: Path) -> None:
    write_task(SETS[5], "math", tmp_path)
    about = {**orjson.loads((tmp_path / "math.json").read_bytes()), "data": "../math.jsonl"}
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "math.json").write_bytes(orjson.dumps(about))
    with pytest.raises(DataError) as refused:
        scoring.load_scorer(tmp_path / "inside" / "math.json")
    assert str(tmp_path / "inside" / "math.jsonl") in refused.value.where
