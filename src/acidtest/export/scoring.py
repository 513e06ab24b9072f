"""The scorer that exported tasks call inside other tools: the same reading and the same rules as `acidtest evaluate`.

from acidtest.export.scoring import score

score("lm-eval/assistant.json", "item-7", " play music")   # 1.0
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acidtest import registry
from acidtest.errors import AcidtestError, DataError
from acidtest.export.task_file import TaskFile, TaskRow, read_task_file, read_task_rows
from acidtest.types import Answer

if TYPE_CHECKING:
    from acidtest.tasks.base import Task

LONGEST_ANSWER = 40_000
"""Characters of an answer that a run keeps, and so reads."""


@dataclass(frozen=True, kw_only=True)
class ScoredAnswer:
    """One scored answer.

    Attributes:
        score: What the item contributes, as the column `score` of scores.parquet has it.
        read: What was read out of the answer, as text; "" where it is unreadable.
        problem: Why it is unreadable; "" where it is not.
    """

    score: float
    read: str
    problem: str


def score(task_file: str | Path, item: str, text: str) -> float:
    """Return the score of one answer.

    Args:
        task_file: TASK.json of an exported task, its data beside it.
        item: The item's id.
        text: What the model answered, as it came.

    Raises:
        AcidtestError: The file is no exported task, or has no such item.
    """
    return load_scorer(task_file).scored(item, text).score


def load_scorer(task_file: str | Path) -> "Scorer":
    """Return the scorer of an exported task; read once.

    Raises:
        AcidtestError: The file is no exported task, or its task is not known here.
    """
    return _loaded(Path(task_file).resolve())


class Scorer:
    """Scores answers to one exported task.

    Attributes:
        about: What TASK.json says.
        rows: The items with their prompts, by id, in the order of the data.
    """

    def __init__(self, about: TaskFile, rows: Iterable[TaskRow]) -> None:
        self.about = about
        self.rows = {row.id: row for row in rows}
        kind: type[Task] = registry.get("task", about.task)
        self._task = kind(about.labels, about.description)
        self._metric = self._task.metric(about.metric)

    def scored(self, item: str, text: str) -> ScoredAnswer:
        """Return the score of one answer, and how it was read."""
        row = self._row(item)
        answer = self._read(row, text)
        if self._metric.is_mean:
            value = float(self._task.sufficient(self._metric.name, [row.item], [answer])[0, 0])
        else:
            value = self._task.score(row.item, answer)
        said = "" if answer.problem else answer.value if isinstance(answer.value, str) else _as_json(answer.value)
        return ScoredAnswer(score=value, read=said, problem=answer.problem)

    def total(self, answers: Iterable[tuple[str, str]]) -> float:
        """Return the benchmark's metric of (item, text); items without an answer are left out. NaN: it has no value."""
        pairs = [(self._row(item), text) for item, text in answers]
        items = [row.item for row, _ in pairs]
        statistics = self._task.sufficient(self._metric.name, items, [self._read(row, text) for row, text in pairs])
        statistics = statistics[np.isfinite(statistics).all(axis=1)]
        if not len(statistics):
            return math.nan
        if self._metric.finish is not None:
            return float(self._metric.finish(statistics.sum(axis=0), np.array(len(statistics), np.float64)))
        return float(self._metric.slow(statistics)) if self._metric.slow else math.nan

    def _read(self, row: TaskRow, text: str) -> Answer:
        return self._task.read(text[:LONGEST_ANSWER], row.item)

    def _row(self, item: str) -> TaskRow:
        row = self.rows.get(item)
        if row is None:
            raise AcidtestError(
                f"the task has no item '{str(item)[:100]}'",
                where=self.about.benchmark,
                way_out="Score answers to the items of its own data.",
            )
        return row


@lru_cache(maxsize=32)
def _loaded(path: Path) -> Scorer:
    about = read_task_file(path)
    rows = read_task_rows(path, about)
    if len({row.id for row in rows}) < len(rows):
        raise DataError("two items have one id", where=str(path), way_out="Export the benchmark again.")
    return Scorer(about, rows)


def _as_json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
