"""The task that docs/tasks.md tells people to write is scored and compared as built-in ones are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acidtest import registry
from acidtest.compare.fidelity import compare
from acidtest.data.scores.table import read_scores
from acidtest.data.scores.write import write_score_table
from acidtest.errors import AcidtestError
from acidtest.evaluate.score import COLUMNS, score_columns
from acidtest.stats.metric import METRICS, Metric
from acidtest.tasks.base import Task, register_metric
from acidtest.types import Benchmark, Item, Kind, Response
from doc_pages import load_example

ANSWERS = {"always": ["yes", "yes", "yes", "yes"], "half": ["Yes.", "no", "no", "who knows"]}
TARGETS = ("yes", "yes", "no", "no")
F1 = {"always": 2 * 2 / (2 * 2 + 2 + 0), "half": 2 * 1 / (2 * 1 + 0 + 1)}
"""2 tp / (2 tp + fp + fn), by hand."""


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Task]:
    load_example("tasks.md", tmp_path)
    yield registry.get("task", "yes_no")(("yes", "no"))
    del METRICS["yes_f1"], registry._registered["task", "yes_no"]


def test_a_task_with_its_own_metric_goes_the_whole_way(task: Task, tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    kinds: dict[str, Kind] = {"people": "real", "model": "synthetic"}
    for name, kind in kinds.items():
        items = tuple(Item(id=str(i), input={"question": f"{name} {i}?"}, target=t) for i, t in enumerate(TARGETS))
        responses = {
            solver: {str(i): Response(item=str(i), text=text) for i, text in enumerate(said)}
            for solver, said in ANSWERS.items()
        }
        benchmark = Benchmark(name=name, kind=kind, items=items)
        for column, values in score_columns(task, "yes_f1", benchmark, responses).items():
            columns[column] += values
    write_score_table(tmp_path / "scores.parquet", columns)
    report = compare(read_scores([tmp_path / "scores.parquet"], real="people"))
    assert report.metric == "yes_f1"
    for name in kinds:
        assert {solver: report.scores[name][solver].value for solver in F1} == pytest.approx(F1)
        assert report.failure_rate[name] == {"always": 0.0, "half": 0.25}


def test_a_metric_that_is_there_is_not_replaced(task: Task) -> None:
    assert task.metric().name == "yes_f1"
    with pytest.raises(AcidtestError, match="two metrics are called 'yes_f1'"):
        register_metric(Metric(name="yes_f1", finish=None))
