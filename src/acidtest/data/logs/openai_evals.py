"""OpenAI evals: the JSON lines that `oaieval` records, one event per line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import elements, first_object, inside, json_lines, mapping, name, number, text, whole
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.errors import DataError
from acidtest.registry import register

_UNREAD = "__invalid__"
"""What a model-graded eval writes for a verdict that it could not read."""


@register("log", "openai_evals")
class OpenAIEvals(LogFormat):
    """One file is one run: its first line says of what, each further line is an event of one sample.

    A `match` event is the metric `accuracy`; a `metrics` event has one metric per number in it. Where both tell the
    same metric of a sample, the first counts. A sample that records the same metric again was tried again. A run that
    broke off is told, and so are samples that were answered and have no score.
    """

    title = "OpenAI evals"
    files = "the --record_path of oaieval, *.jsonl"
    endings = (".jsonl", ".json", ".jsonl.gz")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell by the first line: the run's specification."""
        del path
        spec = mapping(first_object(head).get("spec"))
        return "eval_name" in spec and bool({"completion_fns", "model_name"} & set(spec))

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield one entry per sample and metric; item: the sample's id, its place in the data file.

        Raises:
            DataError: A line is broken, or the first is no specification.
        """
        run: _Run | None = None
        for where, line in json_lines(path):
            if run is None:
                run = _run(mapping(line.get("spec")), where, options)
            elif sample := name(line.get("sample_id")):
                yield from _entries(run, sample, line.get("type"), mapping(line.get("data")))
            run.ended |= "final_report" in line
        if run is not None:
            _tell(run, options)


@dataclass(kw_only=True)
class _Run:
    benchmark: str
    model: str
    tries: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    tokens: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    ended: bool = False


def _run(spec: dict[str, Any], where: str, options: LogOptions) -> _Run:
    model = ",".join(name(one) for one in elements(spec.get("completion_fns")))
    model = model or name(spec.get("model_name")) or options.model  # before version 1 there were models only
    benchmark = name(spec.get("eval_name")) or options.benchmark
    if not model or not benchmark:
        raise DataError(
            "the first line does not name an eval and who answered it",
            where=where,
            way_out="Take the whole file that oaieval recorded.",
        )
    return _Run(benchmark=benchmark, model=name(model))


def _tell(run: _Run, options: LogOptions) -> None:
    what = f"{run.benchmark}, {run.model}"
    if not run.ended:
        options.tell(f"{what}: no final report, so the run broke off; what it had scored by then is read")
    if lacking := len(set(run.tokens) - {sample for sample, _ in run.tries}):
        options.tell(f"{what}: {lacking:,} samples were answered and have no score: left out")


def _entries(run: _Run, sample: str, kind: object, data: dict[str, Any]) -> Iterator[LogEntry]:
    if kind == "sampling":  # the first answer is the solver's; later ones may be a grader's
        usage = data.get("usage")
        counts = whole(inside(usage, "prompt_tokens")), whole(inside(usage, "completion_tokens"))
        run.tokens.setdefault(sample, counts)
    elif kind == "match":
        correct = number(data.get("correct"))
        yield from _entry(run, sample, "match", ("accuracy", correct), data)
    elif kind == "metrics":
        for metric, value in data.items():
            found = number(value)
            if found is not None:
                yield from _entry(run, sample, "metrics", (name(metric) or "unnamed", found), data)


def _entry(
    run: _Run, sample: str, kind: str, scored: tuple[str, float | None], data: dict[str, Any]
) -> Iterator[LogEntry]:
    metric, score = scored
    first, again = run.tries.get((sample, metric), (kind, -1))
    if first != kind:
        return
    run.tries[sample, metric] = (kind, again + 1)
    tokens_in, tokens_out = run.tokens.get(sample, (None, None))
    choice, picked = data.get("choice"), data.get("picked")
    yield LogEntry(
        benchmark=run.benchmark,
        model=run.model,
        item=sample,
        metric=metric,
        score=score,
        epoch=again + 1,
        label=text(data.get("expected")),
        # Where no option fits, only what was answered is there to tell.
        prediction=text((picked or data.get("sampled")) if choice is None else choice),
        failure=choice == _UNREAD if isinstance(choice, str) else None,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
    )
