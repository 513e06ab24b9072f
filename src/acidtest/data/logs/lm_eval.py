"""lm-evaluation-harness from 0.4.0 on: `samples_TASK_DATE.jsonl` with `results_DATE.json` beside it."""

import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import (
    elements,
    inside,
    json_lines,
    mapping,
    name,
    number,
    read_json,
    text,
    top_keys,
)
from acidtest.data.logs.lm_eval_results import LmEvalResults, is_results, read_results, results_beside, task_of
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.errors import DataError
from acidtest.registry import register

_ABOUT = frozenset(
    [
        "doc_id",
        "doc",
        "target",
        "arguments",
        "resps",
        "filtered_resps",
        "filter",
        "metrics",
        "doc_hash",
        "prompt_hash",
        "target_hash",
    ]
)
"""Keys of a sample that are no metrics."""

_ADDRESS = re.compile(" at 0x[0-9A-Fa-f]+(?=>)")
_PICTURE = re.compile(f'"[0-9a-f]{{64}}"|{_ADDRESS.pattern}')
"""What stands for a picture in a logged item: its hash, or the object's address in memory. The tool's own hash of the
item is of that address, which differs in each run."""

_UNREADABLE = "[invalid]"
_HASH = 16
_PAIR = 2
_CLOSE = 1e-6


@register("log", "lm_eval")
class LmEval(LogFormat):
    """Samples, item by item; where a task has none, its score from the results."""

    title = "lm-evaluation-harness"
    files = "samples_*.jsonl with results_*.json beside them (lm_eval run --log_samples --output_path FOLDER)"
    endings = (".jsonl", ".json")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell samples by the keys of the first one, results by their own."""
        del path
        return _is_samples(head) or is_results(head)

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield the samples' scores, or those of a results file's tasks that have no samples."""
        if _is_samples(head_of(path)):
            yield from _Samples(path=path, options=options, results=results_beside(path)).entries()
        else:
            yield from _whole_tasks(path, read_results(path), options)


def _is_samples(head: bytes) -> bool:
    keys = top_keys(head.lstrip().removeprefix(b"["))
    whole = {"doc_id", "doc", "filtered_resps"} <= keys
    return whole or ({"doc_id", "doc"} <= keys and not keys - _ABOUT)  # a sample longer than its first 64 KiB


@dataclass(kw_only=True)
class _Samples:
    """One file of samples on its way."""

    path: Path
    options: LogOptions
    results: LmEvalResults
    task: str = ""
    seen: dict[str, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))
    doubles: dict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    passes: Counter[str] = field(default_factory=Counter)
    sums: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))

    def entries(self) -> Iterator[LogEntry]:
        self.task = task_of(self.path, self.results) or self.options.benchmark
        model = self.results.model or self.options.model or _of_folder(self.path)
        top = self.results.top.get(self.task, "") if self.options.groups else ""
        for where, sample in _samples_of(self.path):
            if "doc_id" not in sample or "doc" not in sample:
                raise DataError("a sample without 'doc_id' or 'doc'", where=where, way_out="Get the log again.")
            how = self._filter(sample)
            item = self._item(sample, how)
            prediction = _prediction(sample)
            for metric, score in self._scores(sample):
                yield LogEntry(
                    benchmark=top or self.task,
                    model=model,
                    item=name(f"{self.task}/{item}") if top else item,
                    metric=_filtered(metric, how),
                    score=score,
                    topic=self.task if top else "",
                    label=text(sample.get("target")),
                    prediction=prediction,
                    failure=None if how == "none" else prediction == _UNREADABLE,
                )
                self._add(metric, how, score)
        self._tell()

    def _filter(self, sample: dict[str, Any]) -> str:
        """Return which filter read the answer; before 0.4.4 logs do not say, but hold all samples once per filter."""
        if "filter" in sample:
            return name(sample["filter"])
        key = text(sample["doc_id"])
        self.passes[key] += 1
        known = self.results.filters.get(self.task, ("none",))
        number_of_pass = self.passes[key] - 1
        return known[number_of_pass] if number_of_pass < len(known) else f"filter {number_of_pass + 1}"

    def _item(self, sample: dict[str, Any], how: str) -> str:
        """Return the hash of the item's content; where one content stands twice in a data set, the later has a mark."""
        digest = sample.get("doc_hash")
        if not isinstance(digest, str) or len(digest) < _HASH or _PICTURE.search(json.dumps(sample["doc"])):
            written = json.dumps(sample["doc"], indent=2, ensure_ascii=False)  # as the tool itself hashes it
            written = _ADDRESS.sub("", written)
            digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
        digest = name(digest[:_HASH])
        document = sample["doc_id"]
        if self.seen[how].setdefault(digest, document) == document:
            return digest
        later = self.doubles[how, digest]
        return f"{digest}-{later.setdefault(text(document), len(later) + 2)}"

    def _scores(self, sample: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
        listed = elements(sample.get("metrics")) or [key for key in sample if key not in _ABOUT]
        for key in listed:
            metric, value = name(key), sample.get(key) if isinstance(key, str) else None
            if metric == "brier_score":
                brier = _brier(sample)
                if brier is not None:
                    yield metric, brier
                    continue
            if metric == "bypass":
                self.options.tell(f"'{self.task}' was answered and not scored (--predict_only): left out")
                continue
            if isinstance(value, str):
                value = _number_in(value)
            if not self.results.is_mean(self.task, metric) or isinstance(value, list | dict | str):
                self.options.tell(
                    f"'{metric}' of '{self.task}' is reckoned over the whole benchmark: no item has a score"
                )
            else:
                yield metric, number(value)

    def _add(self, metric: str, how: str, score: float | None) -> None:
        if score is not None:
            total = self.sums[metric, how]
            total[0] += score
            total[1] += 1

    def _tell(self) -> None:
        """Say where the tool's own score is no mean of what was read, and of which metrics less is better."""
        for (metric, how), (total, count) in self.sums.items():
            own = self.results.scores.get(self.task, {}).get((metric, how))
            if own is not None and not math.isclose(own, total / count, rel_tol=_CLOSE, abs_tol=_CLOSE):
                self.options.tell(
                    f"'{metric}' of '{self.task}': the tool says {own:.6g}, the mean over items is {total / count:.6g}"
                )
            if (self.task, metric) in self.results.lower:
                self.options.less_is_better(_filtered(metric, how))


def _filtered(metric: str, how: str) -> str:
    """Return a metric with the filter that read the answer, where that has a name."""
    return metric if how == "none" else f"{metric},{how}"


def _number_in(value: str) -> float | str:
    """Return the number that a text is: as such, older versions wrote what NumPy had reckoned."""
    known = {"True": 1.0, "False": 0.0}
    try:
        return known[value] if value in known else float(value)
    except ValueError:
        return value


def _samples_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, sample) of JSON lines, or of one list, as the first versions wrote it."""
    if head_of(path).lstrip()[:1] != b"[":
        yield from json_lines(path)
        return
    for place, sample in enumerate(elements(read_json(path)), start=1):
        yield f"{path} element {place}", mapping(sample)


def _whole_tasks(path: Path, results: LmEvalResults, options: LogOptions) -> Iterator[LogEntry]:
    """Yield the score of each task that has no samples beside, as a row without an item."""
    there = _with_samples(path, results)
    parts = {results.top[task] for task in there if task in results.top}
    for task, scores in results.scores.items():
        if options.groups and task not in there | results.groups and results.top.get(task) in parts:
            options.tell(f"'{task}' of '{results.top[task]}' has no samples, unlike others of its group: left out")
        if task in there | parts or not _wanted(task, results, options):
            continue
        for (metric, how), score in scores.items():
            if (task, metric) in results.lower:
                options.less_is_better(_filtered(metric, how))
            yield LogEntry(
                benchmark=task,
                model=results.model or options.model or _of_folder(path),
                item="",
                metric=_filtered(metric, how),
                score=score,
            )


def _with_samples(path: Path, results: LmEvalResults) -> set[str]:
    """Return the tasks whose samples stand beside a results file."""
    try:
        beside = {file.stem for file in path.parent.iterdir() if file.suffix in (".jsonl", ".json")}
    except OSError:
        return set()
    date = path.stem.rpartition("_")[2] if "_" in path.stem else ""
    begin, end = ("samples", f"_{date}") if date else (results.prefix, "")
    return {task for task in results.scores if f"{begin}_{task}{end}" in beside}


def _wanted(task: str, results: LmEvalResults, options: LogOptions) -> bool:
    """Return whether a task counts by itself: its group counts in its place with `groups`, and not at all without."""
    if options.groups:
        return task not in results.top
    return task not in results.groups


def _of_folder(path: Path) -> str:
    """Return the model that the tool named the folder after: `org__model`; it does so since it dates its files."""
    if not path.stem.startswith(("samples_", "results_")):
        return ""
    return name(path.resolve().parent.name.replace("__", "/"))


def _prediction(sample: dict[str, Any]) -> str:
    """Return what was read out of the answer; of choices the likeliest: its number, or its text as the target is."""
    read = elements(sample.get("filtered_resps"))
    chances = _chances(sample)
    if chances:
        best = max(range(len(chances)), key=chances.__getitem__)
        if text(sample.get("target")).isdigit():
            return str(best)
        named = inside(sample, "arguments", f"gen_args_{best}", "arg_1")
        return text(named or inside(sample, "arguments", best, 1)).strip()
    if len(read) == 1 and isinstance(read[0], list):
        read = read[0]
    return text(read[0] if len(read) == 1 else read) if read and not _log_likelihood(read) else ""


def _chances(sample: dict[str, Any]) -> list[float]:
    """Return the log-likelihood of each choice; [] where there are no choices."""
    read = elements(sample.get("filtered_resps"))
    if len(read) < _PAIR or not all(_log_likelihood(one) for one in read):
        return []
    return [float(one[0]) for one in read]


def _log_likelihood(found: object) -> bool:
    """Tell whether a response is [log-likelihood, whether it is the likeliest text], each as text."""
    if not isinstance(found, list) or len(found) != _PAIR or str(found[1]) not in ("True", "False"):
        return False
    try:
        return not math.isnan(float(found[0]))
    except (TypeError, ValueError):
        return False


def _brier(sample: dict[str, Any]) -> float | None:
    """Return the item's Brier score over its choices, of which the tool takes the mean."""
    gold, chances = inside(sample, "brier_score", 0), _chances(sample)
    if not isinstance(gold, int) or not 0 <= gold < len(chances):
        return None
    highest = max(chances)
    odds = [math.exp(chance - highest) for chance in chances]
    return sum((odd / sum(odds) - (place == gold)) ** 2 for place, odd in enumerate(odds))
