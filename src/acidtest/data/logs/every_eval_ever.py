"""Every Eval Ever: the shared schema of the EvalEval coalition, whole evaluations (.json) and samples (.jsonl)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import (
    content_hash,
    elements,
    inside,
    json_lines,
    mapping,
    name,
    number,
    parsed,
    read_json,
    text,
    top_keys,
    whole,
)
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.errors import DataError
from acidtest.registry import register

_SAMPLE = {"evaluation_id", "model_id", "sample_id"}
_WHOLE = {"schema_version", "evaluation_id"}
_DIGITS = 9
_UNKNOWN = -1
"""The score of a metric with levels that has a level for "not known"."""
_JOINTS = "#:/. "
"""Between an evaluation's name or id and the metric, in the ids of results."""


@register("log", "every_eval_ever")
class EveryEvalEver(LogFormat):
    """Schemas 0.0.1 to 0.3.0. Where a file of samples lies beside the whole evaluation, only the samples are read.

    Benchmark: `evaluation_name`. Solver: the model's id. Item: the document's hash where the sample tells it; else
    the sample's id; else, where that is a bare number (a place in a list), the hash of its content. Metric: what the
    result's id adds to the evaluation's, or the metric's id or name; `score` where nothing names it.
    """

    title = "Every Eval Ever"
    files = "UUID_samples.jsonl, and UUID.json where there are no samples"
    endings = (".jsonl", ".json", ".jsonl.gz", ".json.gz")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell by the keys of a sample, or of an evaluation that has no file of samples beside it."""
        keys = top_keys(head)
        return keys >= _SAMPLE or (_is_whole(keys) and not _has_samples(path))

    def helps(self, path: Path, head: bytes) -> bool:
        """Tell whether this is an evaluation whose samples lie beside it."""
        return _is_whole(top_keys(head)) and _has_samples(path)

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield one entry per sample and metric, or per metric of a whole evaluation, which then has no items.

        Raises:
            DataError: The file is broken, or names no model or no evaluation.
        """
        if ".jsonl" in path.name.lower():
            _tell_direction(path, options)
            yield from _samples(path, options)
        else:
            yield from _evaluation(mapping(read_json(path)), str(path), options)


def _is_whole(keys: set[str]) -> bool:
    return keys >= _WHOLE and bool(keys & {"model_info", "evaluation_results", "retrieved_timestamp"})


def _has_samples(path: Path) -> bool:
    stem = path.name.partition(".json")[0]
    names = (f"{stem}{middle}.jsonl{packed}" for middle in ("_samples", "") for packed in ("", ".gz"))
    return any(path.with_name(beside).is_file() for beside in names)


def _tell_direction(samples: Path, options: LogOptions) -> None:
    """Say of which metrics less is better, as the whole evaluation beside the samples has it."""
    stem = samples.name.partition(".json")[0].removesuffix("_samples")
    for beside in (samples.with_name(f"{stem}.json{packed}") for packed in ("", ".gz")):
        with suppress(DataError):
            whole_file = mapping(read_json(beside))
            for one in elements(whole_file.get("evaluation_results")):
                metric = _metric({**mapping(one), "evaluation_id": whole_file.get("evaluation_id")})
                if metric and _is_turned(one):
                    options.less_is_better(metric)


def _is_turned(result: object) -> bool:
    return inside(result, "metric_config", "lower_is_better") is True


def _samples(path: Path, options: LogOptions) -> Iterator[LogEntry]:
    tries: Counter[tuple[str, ...]] = Counter()
    for where, row in json_lines(path):
        benchmark, model = _names(row.get("evaluation_name"), row.get("model_id"), where, options)
        error = text(row.get("error"))
        scored = _scored(row)
        if not scored:
            options.tell(f"{model}: samples of '{benchmark}' have metrics that are no numbers: left out")
        item = _item(row)
        for metric, score in scored:
            key = (benchmark, model, item, metric)
            epoch = _epoch(row)
            yield LogEntry(
                benchmark=benchmark,
                model=model,
                item=item,
                metric=metric,
                score=None if error else score,
                epoch=tries[key] if epoch is None else epoch,
                label=_one(inside(row, "input", "reference")),
                prediction=_prediction(row),
                tokens_in=_tokens_in(mapping(row.get("token_usage"))),
                tokens_out=whole(inside(row, "token_usage", "output_tokens")),
                error=error,
            )
            tries[key] += 1


def _names(evaluation: object, model: object, where: str, options: LogOptions) -> tuple[str, str]:
    benchmark, solver = name(evaluation) or options.benchmark, name(model) or options.model
    if not benchmark or not solver:
        raise DataError(
            "no evaluation_name or no id of the model", where=where, way_out="Name it: --benchmark NAME, --model NAME."
        )
    return benchmark, solver


def _scored(row: dict[str, Any]) -> list[tuple[str, float | None]]:
    """Return (metric, score): one, or as many as lm-evaluation-harness gave where the row names none (schema 0.2)."""
    metric = _metric(row)
    given = inside(row, "metadata", "lm_eval_metrics")
    if not metric and isinstance(given, str):
        try:
            several = mapping(parsed(given, ""))
        except DataError:
            several = {}
        numbers = [(name(key) or "unnamed", number(value)) for key, value in several.items()]
        if numbers:  # pairs of gold and answer are no score; the row itself then says 0
            return [(key, value) for key, value in numbers if value is not None]
    return [(metric or "score", number(inside(row, "evaluation", "score")))]


def _metric(row: dict[str, Any]) -> str:
    found = name(row.get("evaluation_result_id"))
    for known in (name(row.get("evaluation_id")), name(row.get("evaluation_name"))):
        rest = found.removeprefix(known)
        if known and rest != found and (not rest or rest[0] in _JOINTS):
            found = rest.lstrip(_JOINTS)
    return found


def _item(row: dict[str, Any]) -> str:
    document, own = name(inside(row, "metadata", "doc_hash")), name(row.get("sample_id"))
    if document or (own and not own.isdecimal()):
        return document or own
    return name(row.get("sample_hash")) or own or content_hash(row.get("input"))


def _epoch(row: dict[str, Any]) -> int | None:
    epoch = inside(row, "metadata", "epoch")
    return (
        int(epoch)
        if isinstance(epoch, str) and epoch.isascii() and epoch.isdecimal() and len(epoch) <= _DIGITS
        else None
    )


def _tokens_in(usage: dict[str, Any]) -> int | None:
    """Return the tokens read, with those that came from a cache: some converters count these apart, as Inspect does."""
    read, written, total = (whole(usage.get(key)) for key in ("input_tokens", "output_tokens", "total_tokens"))
    cached = sum(whole(usage.get(f"input_tokens_cache_{how}")) or 0 for how in ("read", "write"))
    apart = read is not None and written is not None and read + cached + written == total
    return (read or 0) + cached if apart else read


def _prediction(row: dict[str, Any]) -> str:
    read = [one for one in elements(row.get("answer_attribution")) if inside(one, "is_terminal") is not False]
    return _one(inside(read, -1, "extracted_value") or inside(row, "output", "raw"))


def _one(value: object) -> str:
    """Return a text, the only text of a list, or the list as JSON."""
    listed = elements(value)
    return text(listed[0] if len(listed) == 1 else value)


def _evaluation(whole_file: dict[str, Any], where: str, options: LogOptions) -> Iterator[LogEntry]:
    results = [mapping(one) for one in elements(whole_file.get("evaluation_results"))]
    plain = Counter((name(one.get("evaluation_name")), _named_metric(one)) for one in results)
    told: set[tuple[str, str]] = set()
    for one in results:
        model = inside(whole_file, "model_info", "id") or inside(whole_file, "model_info", "name")
        benchmark, solver = _names(one.get("evaluation_name"), model, where, options)
        metric = _named_metric(one)
        if plain[benchmark, metric] > 1:  # two scorers may both report an accuracy
            more = _metric({**one, "evaluation_id": whole_file.get("evaluation_id")})
            metric = more or name(f"{metric} {text(inside(one, 'metric_config', 'evaluation_description'))}")
        if (benchmark, metric) in told:
            options.tell(f"{solver}: several results '{metric}' of '{benchmark}' in one file: the first is read")
        else:
            told.add((benchmark, metric))
            score = number(inside(one, "score_details", "score"))
            error = ""
            if score == _UNKNOWN and inside(one, "metric_config", "has_unknown_level") is True:
                score, error = None, "unknown"
            if _is_turned(one):
                options.less_is_better(metric)
            yield LogEntry(benchmark=benchmark, model=solver, item="", metric=metric, score=score, error=error)


def _named_metric(result: dict[str, Any]) -> str:
    config = mapping(result.get("metric_config"))
    return name(config.get("metric_id") or config.get("metric_name")) or "score"
