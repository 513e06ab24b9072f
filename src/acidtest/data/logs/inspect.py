"""Inspect's logs: `.eval` archives and `.json` files. Inspect itself is not needed to read them."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import inside, mapping, name, number, text, top_keys, whole
from acidtest.data.logs.inspect_items import ItemNames
from acidtest.data.logs.inspect_log import InspectRun, read_run
from acidtest.data.logs.inspect_scores import own_means, scored_values
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.errors import DataError
from acidtest.registry import register

_ARCHIVE = b"PK\x03\x04"
_LONGEST_LABEL = 200
_CLOSE = 1e-6
_UNREAD = ("invalid_response_format", "no_response")
"""Reasons by which Inspect says that the answer could not be read (`ScoreReason` of `scorer/_metric.py`)."""


@register("log", "inspect")
class InspectLog(LogFormat):
    """Logs of Inspect (inspect_ai), of finished runs and of such as were broken off."""

    title = "Inspect"
    files = "*.eval, or *.json written with --log-format json"
    endings = (".eval", ".json")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell whether a file is a log, by its first bytes."""
        if path.suffix.lower() == ".eval":
            return head.startswith(_ARCHIVE)
        return {"version", "status", "eval"} <= top_keys(head)

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield one entry per sample, epoch and metric; samples without a score come last."""
        run, samples = read_run(path)
        reader = _Reader(run, path, options)
        empty = True
        for sample in samples:
            empty = False
            yield from reader.entries(sample)
        yield from reader.aggregates() if empty else reader.unscored()
        reader.compare()
        if not run.finished:
            options.tell(f"'{path.name}' is the log of a run that did not finish: it holds what was done until then")


class _Reader:
    """Reads the samples of one log; keeps those without scores until all metrics are known."""

    def __init__(self, run: InspectRun, path: Path, options: LogOptions) -> None:
        self._run, self._path, self._tell = run, path, options.tell
        self._items = ItemNames()
        self._metrics: dict[str, dict[str, None]] = {scorer: {} for scorer in run.scorers}
        self._without_value: set[str] = set()
        self._sums: dict[str, dict[str, list[float]]] = {}
        self._late: list[tuple[LogEntry, tuple[str, ...]]] = []
        arguments = f"({run.arguments})" if run.arguments else ""
        task = run.task or options.benchmark
        self._topic = run.arguments if options.groups else ""
        self._benchmark = name(task if options.groups else task + arguments)
        model = run.model or options.model
        self._model = name(f"{model} + {run.solver}" if run.solver and model else model)
        if not task or not model:
            missing, option = ("model", "--model") if task else ("task", "--benchmark")
            raise DataError(f"this log names no {missing}", where=str(path), way_out=f"Name it by {option}.")

    def entries(self, sample: dict[str, Any]) -> Iterator[LogEntry]:
        """Yield the entries of one sample that have a metric; remember what has none."""
        entry = self._entry(sample)
        scores = mapping(sample.get("scores")) or _only_score(sample)
        for scorer, given in scores.items():
            score = mapping(given)
            known = self._metrics.setdefault(name(scorer), {})
            if isinstance(score.get("value"), list):
                self._tell(f"scorer '{name(scorer)}' of '{self._benchmark}' gives lists of values: left out")
            reason = text(score.get("reason") or inside(score, "metadata", "unscored_reason"))
            for value in scored_values(scorer, score.get("value"), reason):
                read = replace(entry, failure=True) if reason in _UNREAD else entry
                if value.metric is None:
                    self._without_value.add(name(scorer))
                    self._late.append((replace(read, prediction="", error=value.why), (name(scorer),)))
                    continue
                known[value.metric] = None
                answer = text(score.get("answer")) or entry.prediction
                self._add(value.metric, entry.item, value.score)
                why = value.why or _invalidated(sample)
                yield replace(read, metric=value.metric, score=value.score, error=why, prediction=answer)
        missing = tuple(scorer for scorer in self._metrics if scorer not in map(name, scores))
        why = _why_unscored(sample)
        if missing and (why or not scores):
            self._late.append((replace(entry, prediction="", error=why or "no score"), missing))

    def unscored(self) -> Iterator[LogEntry]:
        """Yield the entries of samples that scorers said nothing of, one for each metric of theirs."""
        seen = any(self._metrics.values())
        for entry, scorers in self._late:
            for scorer in scorers:
                # A scorer that gave values of no sample, but lists or nothing, is no metric.
                only = () if seen and scorer not in self._without_value else (scorer,)
                for metric in self._metrics[scorer] or only:
                    yield replace(entry, metric=metric)

    def aggregates(self) -> Iterator[LogEntry]:
        """Yield the scores of the whole benchmark, for a log without samples."""
        self._tell(f"'{self._path.name}' holds no samples: only means are read")
        for metric, reducer, mean in own_means(self._run.results):
            if not reducer:
                yield self._blank(metric=metric, score=mean)

    def compare(self) -> None:
        """Say where Inspect's own mean is not that of what was read; of several reducers, that of `mean` counts."""
        own = {metric: (reducer, mean) for metric, reducer, mean in own_means(self._run.results) if reducer}
        own |= {metric: ("", mean) for metric, reducer, mean in own_means(self._run.results) if not reducer}
        for metric, (reducer, mean) in own.items():
            items = [total / count for total, count in self._sums.get(metric, {}).values()]
            if items and not math.isclose(mean, ours := math.fsum(items) / len(items), rel_tol=_CLOSE, abs_tol=_CLOSE):
                says = f"{mean:.6g} by {reducer} of the epochs" if reducer else f"{mean:.6g}"
                self._tell(
                    f"'{metric}' of '{self._benchmark}': the tool says {says}, the mean over items is {ours:.6g}"
                )

    def _add(self, metric: str, item: str, score: float | None) -> None:
        if score is not None:
            total = self._sums.setdefault(metric, {}).setdefault(item, [0.0, 0.0])
            total[0] += score
            total[1] += 1

    def _entry(self, sample: dict[str, Any]) -> LogEntry:
        item = self._items.of(sample)
        if not item:
            raise DataError("a sample without id", where=str(self._path), way_out="Get the log again.")
        epoch = whole(sample.get("epoch")) or 1
        usage = mapping(mapping(sample.get("model_usage")).get(self._run.model))
        read = [
            whole(usage.get(key)) for key in ("input_tokens", "input_tokens_cache_read", "input_tokens_cache_write")
        ]
        return replace(
            self._blank(),
            item=name(f"{self._topic}/{item}") if self._topic else item,
            epoch=epoch - 1 if self._run.repeated or epoch > 1 else None,
            label=_label(sample.get("target")),
            prediction=text(inside(sample, "output", "completion")),
            tokens_in=sum(filter(None, read)) if read[0] is not None else None,
            tokens_out=whole(usage.get("output_tokens")),
            cost=number(usage.get("total_cost")),
        )

    def _blank(self, metric: str = "", score: float | None = None) -> LogEntry:
        return LogEntry(
            benchmark=self._benchmark, model=self._model, item="", metric=metric, score=score, topic=self._topic
        )


def _only_score(sample: dict[str, Any]) -> dict[str, Any]:
    """Return the score of a log from before there were several scorers."""
    return {"score": sample["score"]} if isinstance(sample.get("score"), dict) else {}


def _invalidated(sample: dict[str, Any]) -> str:
    """Return why a person marked a sample as one that counts for nothing; "" where nobody did."""
    invalid = sample.get("invalidation")
    return (text(inside(invalid, "reason")) or "invalidated") if isinstance(invalid, dict) else ""


def _why_unscored(sample: dict[str, Any]) -> str:
    """Return what kept a sample from being scored; "" where nothing is known."""
    error = text(inside(sample, "error", "message"))
    limit = text(inside(sample, "limit", "type"), _LONGEST_LABEL)
    return error or (f"stopped by its limit of {limit}" if limit else "")


def _label(target: object) -> str:
    one = target[0] if isinstance(target, list) and len(target) == 1 else target
    found = text(one, _LONGEST_LABEL + 1)
    return found if len(found) <= _LONGEST_LABEL else ""
