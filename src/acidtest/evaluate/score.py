"""Responses become scores: read, score, and put into the long table that every other stage and tool reads."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import orjson

from acidtest.data.item_file import PART, parts
from acidtest.errors import AcidtestError
from acidtest.evaluate.record import ResponseFile
from acidtest.stats.estimate import FloatArray
from acidtest.tasks.base import Task
from acidtest.types import Answer, Benchmark, Item, Mark, Response

_LONGEST_PREDICTION = 2_000


COLUMNS = (
    "benchmark",
    "kind",
    "generator",
    "model",
    "item",
    "metric",
    "score",
    "stats",
    "bundle",
    "edit",
    "topic",
    "label",
    "prediction",
    "failure",
    "tokens_in",
    "tokens_out",
    "cost",
    "error",
)


def score_columns(
    task: Task,
    metric: str,
    benchmark: Benchmark,
    responses: Mapping[str, Mapping[str, Response]],
    marks: Mapping[str, Mapping[str, Mark]] | None = None,
) -> dict[str, list[object]]:
    """Return the rows of one benchmark for scores.parquet, as columns.

    Args:
        task: Reads and scores.
        metric: Whose sufficient statistics are kept.
        benchmark: The items.
        responses: solver -> item id -> response.
        marks: solver -> item id -> what the judge said of the response, for metrics that a judge decides. A response
            without a mark is not scored, unless it is unreadable: no judge need see that.

    Raises:
        AcidtestError: A judge decides the metric, and none was asked.
    """
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for part in score_parts(task, metric, benchmark, responses, marks):
        for name, values in part.items():
            columns[name] += values
    return columns


def score_parts(
    task: Task,
    metric: str,
    benchmark: Benchmark,
    responses: Mapping[str, Mapping[str, Response]],
    marks: Mapping[str, Mapping[str, Mark]] | None = None,
) -> Iterator[dict[str, list[object]]]:
    """Yield the rows of `score_columns` some thousands at a time: solver by solver, and each in the items' order.

    Raises:
        AcidtestError: A judge decides the metric, and none was asked.
    """
    if metric in task.judged_metrics and marks is None:
        raise AcidtestError(
            f"the metric '{metric}' needs a judge",
            way_out=f"Name a judge, or another metric: {', '.join(task.metrics)}.",
        )
    judged = metric in task.judged_metrics and marks is not None
    for solver, by_item in responses.items():
        own_marks = (marks or {}).get(solver, {}) if judged else None
        rows = _SolverRows(task, metric, benchmark, solver, by_item, own_marks)
        yield from rows.parts()


class _SolverRows:
    """One solver's rows of one benchmark."""

    def __init__(
        self,
        task: Task,
        metric: str,
        benchmark: Benchmark,
        solver: str,
        responses: Mapping[str, Response],
        marks: Mapping[str, Mark] | None,
    ) -> None:
        self.task, self.metric, self.benchmark, self.solver = task, metric, benchmark, solver
        self.responses, self.marks = responses, marks

    def parts(self) -> Iterator[dict[str, list[object]]]:
        task, metric, whole = self.task, self.metric, self.benchmark.items
        statistics, first = None, 0
        if metric not in task.itemwise and len(whole) > PART:
            answers = [answer for part in parts(whole) for answer in self.answers(part, self.found(part))]
            statistics = task.sufficient(metric, whole, answers)
            del answers
        for items in parts(whole):
            found = self.found(items)
            read = self.answers(items, found)
            own = task.sufficient(metric, items, read) if statistics is None else statistics[first : first + PART]
            yield self.columns(items, found, read, own)
            first += len(items)

    def found(self, items: Sequence[Item]) -> list[Response | None]:
        ids = [item.id for item in items]
        known = self.responses
        return known.several(ids) if isinstance(known, ResponseFile) else [known.get(one) for one in ids]

    def answers(self, items: Sequence[Item], found: Sequence[Response | None]) -> tuple[Answer | None, ...]:
        answers = read_answers(self.task, items, found)
        return answers if self.marks is None else judged_answers(self.task, items, answers, self.marks)

    def columns(
        self,
        items: Sequence[Item],
        responses: Sequence[Response | None],
        answers: Sequence[Answer | None],
        statistics: FloatArray,
    ) -> dict[str, list[object]]:
        count, benchmark = len(items), self.benchmark
        return {
            "benchmark": [benchmark.name] * count,
            "kind": [benchmark.kind] * count,
            "generator": [benchmark.generator] * count,
            "model": [self.solver] * count,
            "item": [item.id for item in items],
            "metric": [self.metric] * count,
            "score": [*_scores(self.task, self.metric, items, answers, statistics)],
            "stats": list(statistics),
            "bundle": [item.bundle for item in items],
            "edit": [item.edit for item in items],
            "topic": [item.topic for item in items],
            "label": [_as_text(item.target) for item in items],
            "prediction": [None if a is None or a.problem else _as_text(a.value) for a in answers],
            "failure": [None if a is None else bool(a.problem) for a in answers],
            "tokens_in": [r.tokens_in if r else None for r in responses],
            "tokens_out": [r.tokens_out if r else None for r in responses],
            "cost": [r.cost if r else None for r in responses],
            "error": [(r.error if r else "never asked") for r in responses],
        }


def _scores(
    task: Task, metric: str, items: Sequence[Item], answers: Sequence[Answer | None], statistics: FloatArray
) -> list[float]:
    """Return what each item contributes where the metric is a mean of that, else the task's own score of it.

    NaN where the metric does not count the item for want of another answer, as that of a bundle's other member.
    """
    if task.metric(metric).is_mean:
        return [float(row[0]) for row in statistics]
    return [
        task.score(item, answer) if answer is not None and np.isfinite(row).all() else np.nan
        for item, answer, row in zip(items, answers, statistics, strict=True)
    ]


def read_answers(task: Task, items: Sequence[Item], responses: Sequence[Response | None]) -> tuple[Answer | None, ...]:
    """Return how the task reads each response; None where no answer came."""
    return tuple(
        None if response is None or response.error is not None else task.read_response(response, item)
        for item, response in zip(items, responses, strict=True)
    )


def judged_answers(
    task: Task, items: Sequence[Item], answers: Sequence[Answer | None], marks: Mapping[str, Mark]
) -> tuple[Answer | None, ...]:
    """Return answers with what a judge says of them; None where it was not asked about a readable one."""
    judged: list[Answer | None] = []
    for item, answer in zip(items, answers, strict=True):
        mark = marks.get(item.id)
        if answer is None or answer.problem:
            judged.append(answer)
        else:
            judged.append(None if mark is None else task.judged(answer, mark))
    return tuple(judged)


def _as_text(value: object) -> str:
    """Return a label as itself, anything else as JSON; bounded, for a table that people open."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text[:_LONGEST_PREDICTION]
