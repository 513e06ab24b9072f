"""HELM's runs: the folder of one run, of which `per_instance_stats.json` holds the scores."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import elements, inside, mapping, name, number, whole
from acidtest.data.logs.helm_run import AnswerKey, HelmAnswer, answer_key, read_answers, read_run
from acidtest.data.logs.json_parts import json_parts
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.errors import DataError
from acidtest.registry import register

_SCORES = "per_instance_stats.json"
_OF_RUN = ["run_spec", "stats", "scenario", "scenario_state", "scenario_state_slim", "instances"]
_TO_SHOW = ["display_requests", "display_predictions"]
_BESIDE = frozenset(f"{file}.json" for file in (*_OF_RUN, *_TO_SHOW))
"""Files of a run beside its scores."""

_OF_RUNS = ["costs", "groups", "groups_metadata", "run_specs", "runs", "runs_to_run_suites", "schema", "summary"]
_OF_SUITE = frozenset(f"{file}.json" for file in _OF_RUNS)
"""Files of `helm-summarize`, about several runs."""

_NO_SCORES = ("num_", "finish_reason_", "training_", "inference_", "estimated_num_", "denoised_")
_NO_SCORE = frozenset(("batch_size", "logprob", "max_prob", "predicted_index", "prompt_truncated"))
"""What stands among the metrics and tells nothing of an answer's worth.

Of most of them HELM's own `MetricMetadata` says that neither more nor less is better.
"""


_LESS_IS_BETTER = frozenset(
    {
        *("absolute_value_difference", "bits_per_byte", "distance", "error_rate", "longest_common_prefix_length"),
        *("perplexity", "expected_max_toxicity", "max_toxicity_probability", "toxic_frac"),
        *("cer_score", "mer_score", "wer_score", "chinese_cer_score", "chinese_mer_score", "chinese_wer_score"),
        *("blacked_out_frac", "nsfw_frac", "nudity_frac", "watermark_frac", "max_nsfw_probability"),
        *("expected_lpips_score", "expected_max_nsfw_score", "expected_max_watermark_prob"),
        *("toxic_prompt_openai", "toxic_prompt_perspective_api", "decodingtrust_privacy_leakage_rate"),
    }
)
"""Names under which HELM's `schema_*.yaml` and `MetricMetadata` say `lower_is_better: true`, and nowhere false."""


@register("log", "helm")
class HelmLog(LogFormat):
    """Folders of runs as `helm-run` writes them."""

    title = "HELM"
    files = "the folder of a run, with run_spec.json and per_instance_stats.json"
    endings = (_SCORES, *sorted(_BESIDE | _OF_SUITE))

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell whether this is a run's file of scores."""
        return path.name == _SCORES and head.lstrip().startswith(b"[")

    def helps(self, path: Path, head: bytes) -> bool:
        """Tell whether this is another file of a run, or a summary of several."""
        del head
        if path.name in _BESIDE:
            return path.with_name(_SCORES).is_file()
        return path.name in _OF_SUITE and path.with_name("runs_to_run_suites.json").is_file()

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield one entry per instance, copy of it, trial and metric."""
        reader = _Reader(path, options)
        for _, instance in json_parts(path, {""}):
            yield from reader.entries(mapping(instance))


class _Reader:
    """Reads the instances of one run."""

    def __init__(self, path: Path, options: LogOptions) -> None:
        run = read_run(path.parent)
        scenario, self._model = run.scenario or options.benchmark, run.model or options.model
        if not scenario or not self._model:
            missing, option = ("model", "--model") if scenario else ("scenario", "--benchmark")
            raise DataError(f"this run names no {missing}", where=str(path), way_out=f"Name it by {option}.")
        self._path, self._tell, self._less_is_better = path, options.tell, options.less_is_better
        self._part = run.arguments if options.groups else ""
        self._benchmark = scenario if self._part or not run.arguments else f"{scenario}:{run.arguments}"
        self._answers, self._tokens = read_answers(path.parent), _tokens(path)
        self._repeated = any(trial for _, _, trial in self._tokens)
        self._done: dict[AnswerKey, frozenset[str]] = {}
        self._alike: dict[frozenset[str], frozenset[str]] = {}

    def entries(self, instance: dict[str, Any]) -> Iterator[LogEntry]:
        """Yield one entry per metric of one instance, copy and trial."""
        key = answer_key(instance, instance)
        if not key[0]:
            raise DataError("an instance without id", where=str(self._path), way_out="Get the log again.")
        done = self._done.get(key, frozenset())
        entry = self._entry(key)
        metrics = set(done)
        for stat in elements(instance.get("stats")):
            metric = _metric(stat)
            if not _is_score(metric):
                self._tell("HELM's counts, runtimes, costs and log-probabilities are no scores: left out")
            elif metric in metrics:
                self._tell(f"metric '{metric}' of '{self._benchmark}' was computed twice: the first is read")
            else:
                metrics.add(metric)
                if metric in _LESS_IS_BETTER:
                    self._less_is_better(metric)
                score = _mean(stat)
                topic = _topic(self._part, mapping(inside(stat, "name")))
                yield replace(entry, metric=metric, score=score, topic=topic, error="" if score is not None else _EMPTY)
        # Most instances have the same metrics: one set stands for all of them.
        self._done[key] = self._alike.setdefault(frozenset(metrics), frozenset(metrics))

    def _entry(self, key: AnswerKey) -> LogEntry:
        instance, copy, trial = key
        answer = self._answers.get(key, _NOTHING)
        tokens_in, tokens_out = self._tokens.get(key, (None, None))
        return LogEntry(
            benchmark=name(f"{self._benchmark} [{copy}]" if copy else self._benchmark),
            model=name(self._model),
            item=name(f"{self._part}/{instance}" if self._part else instance),
            metric="",
            score=None,
            epoch=trial if self._repeated else None,
            label=answer.label,
            prediction=answer.prediction,
            failure=answer.failure,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
        )


_EMPTY = "not scored"
_NOTHING = HelmAnswer(label="", prediction="", failure=None)


def _tokens(path: Path) -> dict[AnswerKey, tuple[int | None, int | None]]:
    """Return how many tokens each answer took; they stand with one of its metrics, perhaps not the first."""
    found: dict[AnswerKey, tuple[int | None, int | None]] = {}
    for _, instance in json_parts(path, {""}):
        counts = {_metric(stat): whole(_mean(stat)) for stat in elements(inside(instance, "stats"))}
        key = answer_key(mapping(instance), mapping(instance))
        read, written = found.get(key, (None, None))
        # HELM writes 0 where the provider gave it no tokens.
        found[key] = (counts.get("num_prompt_tokens", read), counts.get("num_output_tokens", written) or None)
    return found


def _metric(stat: Any) -> str:
    return name(inside(stat, "name", "name"))


def _is_score(metric: str) -> bool:
    return bool(metric) and not metric.startswith(_NO_SCORES) and metric not in _NO_SCORE


def _mean(stat: Any) -> float | None:
    """Return the mean of the values of one instance: several where several answers were drawn."""
    count, total = number(inside(stat, "count")), number(inside(stat, "sum"))
    return number(total / count) if count and total is not None else None


def _topic(arguments: str, named: dict[str, Any]) -> str:
    parts = (arguments, name(named.get("split")), name(named.get("sub_split")))
    return name(", ".join(part for part in parts if part))
