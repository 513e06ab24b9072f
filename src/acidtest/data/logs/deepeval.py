"""deepeval: the `test_run_*.json` that `evaluate` and `deepeval test run` write."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import (
    content_hash,
    elements,
    flag,
    inside,
    mapping,
    name,
    number,
    read_json,
    text,
    top_keys,
    whole,
)
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.errors import DataError
from acidtest.registry import register

_LATEST = "testRunData"
"""Under this key `.latest_test_run.json` holds the run."""

_SUCCESS = "success"
_JUDGED = ("metricsData", "metricsMetadata")
"""What the judgements of a test case are called: from version 1 on, and before."""


@register("log", "deepeval")
class DeepEval(LogFormat):
    """One file is one run of one application.

    Solver: the hyperparameter `model` (or what --model says). Benchmark: the data set's alias, or else the run's
    identifier (or what --benchmark says). Item: a hash of the input, the expected output and the context. Metrics:
    each metric's score by its name, and `success`, whether the test case passed all of them.
    """

    title = "deepeval"
    files = "test_run_*.json in DEEPEVAL_RESULTS_FOLDER, .deepeval/.latest_run_full.json"
    endings = (
        ".json",
        ".json.gz",
        *"0123456789",
    )  # before version 4 a run was called by its time alone: 20241120_154328

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell by the keys: test cases with data of metrics."""
        del path
        keys = top_keys(head)
        cases = keys & {"testCases", "conversationalTestCases", _LATEST}
        return bool(cases) and ("metricsScores" in keys or any(b'"%s"' % key.encode() in head for key in _JUDGED))

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield the scores of each test case; one that is judged again in the same run is another epoch, from 0.

        Raises:
            DataError: The file is broken, or neither it nor an option names the model or the benchmark.
        """
        file = mapping(read_json(path))
        run = mapping(file.get(_LATEST)) or file
        benchmark = name(run.get("datasetAlias") or run.get("identifier")) or options.benchmark
        model = _model(run) or options.model
        if not model or not benchmark:
            what, option = ("model", "--model") if not model else ("benchmark", "--benchmark")
            raise DataError(
                f"this run of deepeval does not name its {what}",
                where=str(path),
                way_out=f'Name it: {option} NAME. Or in evaluate(...): hyperparameters={{"model": ...}}, '
                "identifier=...",
            )
        tries: Counter[str] = Counter()
        for case in (*elements(run.get("testCases")), *elements(run.get("conversationalTestCases"))):
            item = _item(mapping(case))
            shared = LogEntry(benchmark=benchmark, model=model, item=item, metric="", score=None, epoch=tries[item])
            yield from _entries(mapping(case), shared, options)
            tries[item] += 1


def _model(run: dict[str, Any]) -> str:
    given = {key.strip().lower(): value for key, value in mapping(run.get("hyperparameters")).items()}
    value = given.get("model", given.get("model name", given.get("model_name")))
    return name(mapping(value).get("value") if isinstance(value, dict) else value)


def _item(case: dict[str, Any]) -> str:
    turns = [inside(turn, "content") for turn in elements(case.get("turns")) if inside(turn, "role") == "user"]
    asked = [case.get(key) for key in ("input", "expectedOutput", "context", "scenario", "expectedOutcome")]
    return content_hash(*asked, [] if case.get("scenario") else turns)


def _entries(case: dict[str, Any], shared: LogEntry, options: LogOptions) -> Iterator[LogEntry]:
    shared = replace(
        shared,
        label=text(case.get("expectedOutput") or case.get("expectedOutcome")),
        prediction=text(case.get("actualOutput")),
        tokens_in=whole(case.get("inputTokenCount")),
        tokens_out=whole(case.get("outputTokenCount")),
        cost=number(case.get("tokenCost")),
    )
    judged = next(filter(None, (elements(case.get(key)) for key in _JUDGED)), [])
    if judged:
        yield replace(shared, metric=_SUCCESS, score=number(flag(case.get("success"))))
    else:  # deepeval writes true before any metric has judged
        yield replace(shared, metric=_SUCCESS, error="no metric judged it")
    told = {_SUCCESS}
    for metric in judged:
        title = name(inside(metric, "name") or inside(metric, "metric"))
        if title in told:
            options.tell(f"deepeval: a test case has several metrics '{title}': the first is read")
        elif title:
            told.add(title)
            score, error = number(inside(metric, "score")), text(inside(metric, "error"))
            if _is_turned(score, metric):
                options.less_is_better(title)
            yield replace(shared, metric=title, score=score, error=error)


def _is_turned(score: float | None, metric: object) -> bool:
    """Tell whether the verdict shows that less is better: passed below the threshold, or failed above it."""
    threshold, passed = number(inside(metric, "threshold")), flag(inside(metric, "success"))
    if score is None or threshold is None or passed is None:
        return False
    return score < threshold if passed else score > threshold
