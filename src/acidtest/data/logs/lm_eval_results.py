"""What lm-evaluation-harness writes beside its samples: the model, the tasks' own scores, and how it takes them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import elements, inside, mapping, name, number, read_json, text, top_keys
from acidtest.data.logs.log_files import head_of

_MODEL_KEYS = ("peft", "delta", "pretrained", "model", "path", "engine")
"""Arguments that name the model, in the tool's own order."""

_NO_MEAN = frozenset(
    [
        "perplexity",
        "weighted_perplexity",
        "word_perplexity",
        "byte_perplexity",
        "bits_per_byte",
        "likelihood",
        "f1",
        "matthews_corrcoef",
        "mcc",
        "bleu",
        "chrf",
        "chrf++",
        "ter",
        "brier_score",
    ]
)
"""Aggregations (and metrics of that name) that are reckoned over the whole benchmark: no item has a score of them."""

_DATED = re.compile(r".*_(\d{4}-\d\d-\d\dT[\d.+-]+)\.jsonl?", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class LmEvalResults:
    """What one results file says.

    Attributes:
        model: The model's name, "" where it says none.
        prefix: What names of samples begin with before 0.4.3: the model's arguments.
        scores: Task -> (metric, filter) -> the tool's own score.
        top: Task or group -> the topmost group that it belongs to.
        groups: Names that are groups of tasks.
        listed: (task, metric) of which the task says how it is reckoned; others are the tool's own choice.
        no_mean: Those of them of which the tool takes no mean over items.
        lower: (task, metric) of which less is better.
        filters: Task -> names of its filters, in the order in which samples stand.
    """

    model: str = ""
    prefix: str = ""
    scores: dict[str, dict[tuple[str, str], float]] = field(default_factory=dict)
    top: dict[str, str] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    listed: frozenset[tuple[str, str]] = frozenset()
    no_mean: frozenset[tuple[str, str]] = frozenset()
    lower: frozenset[tuple[str, str]] = frozenset()
    filters: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def is_mean(self, task: str, metric: str) -> bool:
        """Tell whether the tool's score of a metric can be a mean of the items' scores."""
        if (task, metric) in self.listed or (task in self.scores and metric == "f1"):
            return (task, metric) not in self.no_mean
        return metric not in _NO_MEAN


def results_beside(samples: Path) -> LmEvalResults:
    """Return what the results file of the same run says: that of the same date.

    Before 0.4.3 files have no date; then it is the folder's only one, if it names the model as the samples' name does.
    """
    dated = _DATED.fullmatch(samples.name)
    try:
        beside = sorted(path for path in samples.parent.iterdir() if path.suffix == ".json" and path != samples)
    except OSError:
        return LmEvalResults()
    if dated:
        fitting = [path for path in beside if path.name.endswith(f"_{dated[1]}.json") and "samples_" not in path.name]
    else:
        fitting = [path for path in beside if is_results(head_of(path))]
    if len(fitting) != 1:
        return LmEvalResults()
    results = read_results(fitting[0])
    return results if dated or samples.name.startswith(f"{results.prefix}_") else LmEvalResults()


def is_results(head: bytes) -> bool:
    """Tell a results file by its start."""
    keys = top_keys(head)
    if "results" not in keys or "config_general" in keys:
        return False
    scored = re.search(rb'"[^"\n]+_stderr,[^"\n]+":', head)
    return bool(keys & {"configs", "n-shot", "group_subtasks"}) or scored is not None


def read_results(path: Path) -> LmEvalResults:
    """Return what a results file says.

    Raises:
        DataError: It is no JSON, or too large.
    """
    found = path.stat()
    return _read(path, found.st_mtime_ns, found.st_size)


def task_of(samples: Path, results: LmEvalResults) -> str:
    """Return the task that a file of samples is named after: `samples_TASK_DATE.jsonl`, or `MODEL_TASK.jsonl`."""
    dated = re.fullmatch(r"samples_(.+)_\d{4}-\d\d-\d\dT[\d.+-]+", samples.stem, re.DOTALL)
    if dated:
        return name(dated[1])
    fitting = [task for task in results.scores if samples.stem == task or samples.stem.endswith(f"_{task}")]
    return max(fitting, key=len, default="")


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> LmEvalResults:
    del changed, size  # they make another file of the same name another key
    data = mapping(read_json(path))
    subtasks = {name(group): [name(task) for task in elements(v)] for group, v in _of(data, "group_subtasks")}
    scores = {name(task): _scores(found) for task, found in _of(data, "results")}
    listed = {
        (name(task), name(metric.get("metric"))): metric
        for task, config in _of(data, "configs")
        for metric in map(mapping, elements(mapping(config).get("metric_list")))
    }
    return LmEvalResults(
        model=_model(data),
        prefix=re.sub("/|=", "__", text(inside(data, "config", "model_args"))),
        scores={task: found for task, found in scores.items() if found or task not in subtasks},
        top=_top(subtasks),
        groups=frozenset(group for group, tasks in subtasks.items() if tasks)
        | {name(k) for k, _ in _of(data, "groups")},
        listed=frozenset(listed),
        no_mean=frozenset(names for names, metric in listed.items() if _of_corpus(metric)),
        lower=_lower(data) | {names for names, metric in listed.items() if metric.get("higher_is_better") is False},
        filters={name(task): _filters(config) for task, config in _of(data, "configs")},
    )


def _of(data: dict[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    return mapping(data.get(key)).items()


def _model(data: dict[str, Any]) -> str:
    if data.get("model_name"):
        return name(data["model_name"])
    arguments = inside(data, "config", "model_args")
    if isinstance(arguments, str):
        arguments = dict(pair.partition("=")[::2] for pair in arguments.split(","))
    named = [mapping(arguments).get(key) for key in _MODEL_KEYS]
    return name(next((value for value in named if value), ""))


def _scores(found: object) -> dict[tuple[str, str], float]:
    """Return (metric, filter) -> score of keys such as `acc,none`; standard errors and counts are no scores."""
    scores = {}
    for key, value in mapping(found).items():
        metric, comma, how = name(key).partition(",")
        score = number(value)
        if comma and score is not None and not metric.endswith("_stderr"):
            scores[metric, how] = score
    return scores


def _of_corpus(metric: dict[str, Any]) -> bool:
    """Tell whether a metric of a task's list is reckoned over the whole benchmark."""
    return (text(metric.get("aggregation")) or name(metric.get("metric"))) in _NO_MEAN


def _lower(data: dict[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (name(task), name(metric))
        for task, better in _of(data, "higher_is_better")
        for metric, higher in mapping(better).items()
        if higher is False
    )


def _filters(config: object) -> tuple[str, ...]:
    listed = elements(mapping(config).get("filter_list"))
    return tuple(name(inside(one, "name")) for one in listed) or ("none",)


def _top(subtasks: dict[str, list[str]]) -> dict[str, str]:
    parent: dict[str, str] = {}
    for group, tasks in subtasks.items():
        for task in tasks:
            parent.setdefault(task, group)
    top = {}
    for task in parent:
        above, passed = task, {task}
        while above in parent and parent[above] not in passed:
            above = parent[above]
            passed.add(above)
        top[task] = above
    return top
