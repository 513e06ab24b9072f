"""lighteval: `details_TASK_DATE.parquet`, and `results_DATE.json` for tasks without details."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import (
    content_hash,
    elements,
    inside,
    mapping,
    name,
    number,
    parquet_columns,
    read_json,
    text,
    top_keys,
    whole,
)
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.data.parquet_rows import parquet_rows
from acidtest.registry import register

_PARTS = {"doc", "metric", "model_response"}
_OLD_PARTS = {"example", "metrics", "predictions"}
"""Columns of details, since version 0.10 and before."""

_CLOSE = 1e-6


@register("log", "lighteval")
class Lighteval(LogFormat):
    """Details, item by item; where a task has none, its score from the results."""

    title = "lighteval"
    files = "details_*.parquet and results_*.json (lighteval ... --save-details --output-dir FOLDER)"
    endings = (".parquet", ".json")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell details by their columns, results by their keys."""
        if path.suffix.lower() == ".json":
            return {"config_general", "results"} <= top_keys(head)
        columns = {column.strip("_") for column in parquet_columns(path)}
        return columns >= _PARTS or columns >= _OLD_PARTS

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield the details' scores, or those of a results file's tasks that have no details."""
        if path.suffix.lower() == ".json":
            yield from _whole_tasks(path, options)
        else:
            yield from _Details(path=path, options=options).entries()


@dataclass(frozen=True, kw_only=True)
class _Results:
    """What a results file says: the model, task -> metric -> score, and metrics of a task of which less is better."""

    model: str = ""
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    lower: frozenset[tuple[str, str]] = frozenset()


@dataclass(kw_only=True)
class _Details:
    """One file of details on its way."""

    path: Path
    options: LogOptions
    seen: Counter[str] = field(default_factory=Counter)
    sums: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))

    def entries(self) -> Iterator[LogEntry]:
        of_folder, beside = _results_beside(self.path)
        results = _read_results(beside) if beside else _Results()
        model = results.model or self.options.model or of_folder
        file_task = _file_task(self.path, results)
        for row in parquet_rows(self.path):
            if row.values.keys() >= _OLD_PARTS:
                parts = _as_now(row.values, file_task)
                if isinstance(row.values["metrics"], str):
                    self.options.tell(f"'{self.path.name}' holds its scores as texts: left out")
            else:
                parts = {column.strip("_"): mapping(value) for column, value in row.values.items()}
            doc, answer = parts.get("doc", {}), parts.get("model_response", {})
            task = name(doc.get("task_name")) or self.options.benchmark
            benchmark, topic = _grouped(task, self.options)
            about: dict[str, Any] = {
                "item": name(f"{topic}/{self._item(doc)}") if topic else self._item(doc),
                "label": _label(doc),
                "prediction": _prediction(doc, answer),
                "tokens_in": len(elements(answer.get("input_tokens"))) or None,
                "tokens_out": sum(map(len, map(elements, elements(answer.get("output_tokens"))))) or None,
            }
            if not elements(answer.get("text")):
                about["tokens_out"] = None  # these are the tokens of the choices
            for key, value in parts.get("metric", {}).items():
                metric = name(key)
                if isinstance(value, list | dict | str):
                    self.options.tell(
                        f"'{metric}' of '{task}' is reckoned over the whole benchmark: no item has a score"
                    )
                    continue
                score = number(value)
                yield LogEntry(benchmark=benchmark, topic=topic, model=model, metric=metric, score=score, **about)
                self._add(task, metric, score)
        self._tell(results)

    def _item(self, doc: dict[str, Any]) -> str:
        """Return a hash of the item's content; where one content stands twice in a data set, the later has a mark."""
        digest = content_hash(doc.get("query"), doc.get("choices"))
        self.seen[digest] += 1
        return digest if self.seen[digest] == 1 else f"{digest}-{self.seen[digest]}"

    def _add(self, task: str, metric: str, score: float | None) -> None:
        if score is not None:
            total = self.sums[task, metric]
            total[0] += score
            total[1] += 1

    def _tell(self, results: _Results) -> None:
        """Say where the tool's own score is no mean of what was read, and where less is better."""
        for (task, metric), (total, count) in self.sums.items():
            own = results.scores.get(task, {}).get(metric)
            if own is not None and not math.isclose(own, total / count, rel_tol=_CLOSE, abs_tol=_CLOSE):
                self.options.tell(
                    f"'{metric}' of '{task}': the tool says {own:.6g}, the mean over items is {total / count:.6g}"
                )
            if (task, metric) in results.lower:
                self.options.less_is_better(metric)


def _as_now(row: Mapping[str, Any], task: str) -> dict[str, dict[str, Any]]:
    """Return a row of a version before 0.10 as the later ones would have it."""
    said, gold = elements(row["predictions"]), elements(row.get("gold"))
    texts = [one for one in said if isinstance(one, str)]
    # Of choices: a log-likelihood each, or [log-likelihood, whether it is the likeliest text].
    chances = [] if texts else [inside(one, 0) if isinstance(one, list) else one for one in said]
    doc = {
        "query": row["example"],
        "choices": elements(row.get("choices")) or gold,
        "gold_index": elements(row.get("gold_index")) or list(range(len(gold))),
        "task_name": task,
    }
    answer = {"text": texts, "logprobs": chances}
    return {"doc": doc, "metric": mapping(row["metrics"]), "model_response": answer}


def _file_task(details: Path, results: _Results) -> str:
    """Return the task that a file of details is named after, as its results spell it."""
    found = re.fullmatch(r"details_(.+)_\d{4}-\d\d-\d\dT[\d.+-]+", details.stem, re.DOTALL)
    task = name(found[1]) if found else ""
    return next((known for known in results.scores if task and _plain(known) == _plain(task)), task)


def _whole_tasks(path: Path, options: LogOptions) -> Iterator[LogEntry]:
    """Yield the score of each task that has no details, as a row without an item; the tool's own averages are none."""
    results = _read_results(path)
    there = _tasks_with_details(path)
    for task, scores in results.scores.items():
        if task == "all" or ":_average|" in task or _plain(task) in there:
            continue
        for metric, score in scores.items():
            if (task, metric) in results.lower:
                options.less_is_better(metric)
            model = results.model or options.model
            yield LogEntry(benchmark=task, model=model, item="", metric=metric, score=score)


def _grouped(task: str, options: LogOptions) -> tuple[str, str]:
    """Return benchmark and topic: `mmlu:anatomy|5` is a part of `mmlu|5` where groups are wanted."""
    group, colon, rest = task.partition(":")
    if not options.groups or not colon:
        return task, ""
    shots = rest.rpartition("|")
    return (f"{group}|{shots[2]}" if shots[1] else group), task


def _results_beside(details: Path) -> tuple[str, Path | None]:
    """Return the model and the results of `OUT/details/MODEL/DATE/details_TASK_DATE.parquet`, as far as they are there.

    The model's name may hold slashes: then MODEL is several folders.
    """
    dated = details.resolve().parent
    above = list(dated.parents)
    for depth, folder in enumerate(above):
        if folder.name == "details":
            model = dated.parent.relative_to(folder)
            results = above[depth + 1] / "results" / model / f"results_{dated.name}.json"
            return name(model.as_posix()), results if results.is_file() else None
    return "", None


def _tasks_with_details(results: Path) -> set[str]:
    """Return the tasks, in plain letters, of which details stand in the folder that belongs to a results file."""
    date = results.stem.partition("_")[2]
    above = list(results.resolve().parents)
    for depth, folder in enumerate(above[:-1]):
        if folder.name == "results":
            details = above[depth + 1] / "details" / above[0].relative_to(folder) / date
            names = (re.fullmatch(r"details_(.+)_" + re.escape(date), path.stem) for path in details.glob("*.parquet"))
            return {_plain(found[1]) for found in names if found}
    return set()


def _plain(task: str) -> str:
    """Return a task's name as a file's name keeps it on every system."""
    return re.sub(r"\W", "_", task)


def _read_results(path: Path) -> _Results:
    found = path.stat()
    return _results(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _results(path: Path, changed: int, size: int) -> _Results:
    del changed, size  # they make another file of the same name another key
    data = mapping(read_json(path))
    scores: dict[str, dict[str, float]] = {}
    for task, found in mapping(data.get("results")).items():
        known = {name(key): number(value) for key, value in mapping(found).items() if not key.endswith("_stderr")}
        scores[name(task)] = {key: value for key, value in known.items() if value is not None}
    return _Results(
        model=name(inside(data, "config_general", "model_name")),
        scores=scores,
        lower=frozenset(
            (name(task), name(inside(metric, "metric_name")))
            for task, config in mapping(data.get("config_tasks")).items()
            for metric in elements(inside(config, "metrics"))
            if inside(metric, "higher_is_better") is False
        ),
    )


def _label(doc: dict[str, Any]) -> str:
    """Return the text of the right choice; several: as a list."""
    gold = doc.get("gold_index")
    places = [whole(place) for place in (gold if isinstance(gold, list) else [gold])]
    right = [inside(doc, "choices", place) for place in places if place is not None]
    return text(right[0] if len(right) == 1 else right).strip() if right else ""


def _prediction(doc: dict[str, Any], answer: dict[str, Any]) -> str:
    """Return the first answer, or the choice that the model found likeliest."""
    texts = elements(answer.get("text_post_processed")) or elements(answer.get("text"))
    if texts:
        return text(texts[0])
    chances = [number(chance) for chance in elements(answer.get("logprobs"))]
    known = [chance for chance in chances if chance is not None]
    if not known or len(known) != len(elements(doc.get("choices"))):
        return ""
    return text(inside(doc, "choices", known.index(max(known)))).strip()
