"""Other tools' logs -> one table of scores that `acidtest audit` and every other tool can read."""

import math
import shlex
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from acidtest.data.logs.duplicates import Duplicates
from acidtest.data.logs.import_summary import ImportedPart, ImportSummary
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import OUT_OF_LINKS, FoundLogs, LogFile, find_logs, log_formats
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.data.logs.staged_table import StagedTable
from acidtest.errors import DataError, counted, did_you_mean

RENAMED = ("benchmark", "model", "metric")
"""What `rename` can give other names."""

_MOST_NOTES = 40
_MOST_EXAMPLES = 5
_MOST_NAMED = 20


@dataclass(kw_only=True)
class _Count:
    """Rows of one benchmark, model and metric."""

    rows: int = 0
    unscored: int = 0
    without_item: int = 0


@dataclass(kw_only=True)
class _Runs:
    """Repeated runs of one model on one benchmark, or on one topic of it, by one metric: a file each."""

    file: int = -1
    offset: int = 0
    epochs: int = 0


@dataclass(kw_only=True)
class _Import:
    """What one import has seen so far."""

    table: StagedTable
    repeats: bool
    keep: frozenset[str]
    rename: Mapping[tuple[str, str], str]
    counts: dict[tuple[str, str, str], _Count] = field(default_factory=dict)
    runs: dict[tuple[str, str, str, str], _Runs] = field(default_factory=lambda: defaultdict(_Runs))
    lower: dict[str, None] = field(default_factory=dict)
    duplicates: Duplicates = field(default_factory=Duplicates)
    starts: list[int] = field(default_factory=list)
    files: list[LogFile] = field(default_factory=list)
    metrics: dict[str, None] = field(default_factory=dict)
    real: dict[str, None] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)
    known: dict[str, dict[str, None]] = field(default_factory=lambda: {kind: {} for kind in RENAMED})

    def less_is_better(self, metric: str) -> None:
        """Remember a metric, by its name in the table."""
        self.lower.setdefault(self.rename.get(("metric", metric), metric))


def import_logs(
    paths: Sequence[Path],
    output: Path,
    options: LogOptions | None = None,
    *,
    format_name: str = "",
    metrics: Sequence[str] = (),
    rename: Mapping[tuple[str, str], str] | None = None,
    repeats: bool = False,
) -> ImportSummary:
    """Read logs of other tools into one table of scores, long form, as docs/scores.md has it.

    Args:
        paths: Logs, and folders of logs. Which tool wrote a file is recognised.
        output: The table: .parquet, .csv, .tsv, .jsonl or .ndjson. It appears whole or not at all.
        options: What the logs do not say.
        format_name: Read only this tool's logs; "": every known one's.
        metrics: Keep only these; none: all.
        rename: ("benchmark" | "model" | "metric", the log's name) -> the table's name.
        repeats: Where several files hold the same model's scores on the same benchmark by the same metric, they are
            repeated runs: each file's rows get an `epoch` of their own, in the order of the files. Else a row that
            stands twice is an error, since a log that was copied is no second run.

    Returns:
        What was found. Memory stays the same however many rows there are, but for 16 bytes a row.

    Raises:
        DataError: A log is broken or unknown; a row stands twice; no model or benchmark is named; nothing is left.
    """
    if output.is_dir():
        raise DataError(f"'{output}' is a folder", way_out="Name a file by -o.")
    notes: dict[str, None] = {}
    formats = log_formats()
    found = find_logs(paths, formats, only=format_name, not_=output)
    with StagedTable(output) as table:
        state = _Import(table=table, repeats=repeats, keep=frozenset(metrics), rename=rename or {})
        asked = replace(options or LogOptions(), tell=notes.setdefault, less_is_better=state.less_is_better)
        for file in found.files:
            _read(file, formats[file.format], asked, state)
        _refuse_nothing(state)
        _refuse_duplicates(state)
        table.finish()
    if found.links:
        notes.setdefault(f"{counted(found.links, 'link')} that lead out of their folder: left alone; {OUT_OF_LINKS}")
    return _summary(found, state, asked, list(notes), output)


def _read(file: LogFile, form: LogFormat, options: LogOptions, state: _Import) -> None:
    state.starts.append(state.table.rows)
    state.files.append(file)
    for entry in _named(form.read(file.path, options), file, state):
        state.metrics.setdefault(entry.metric)
        if state.keep and entry.metric not in state.keep:
            continue
        score = entry.score if entry.score is not None and math.isfinite(entry.score) else None
        names = (entry.benchmark, entry.model, entry.metric)
        count = state.counts.setdefault(names, _Count())
        epoch = _epoch(entry, state)
        count.rows += 1
        count.unscored += score is None or bool(entry.error)
        count.without_item += not entry.item
        if entry.kind == "real":
            state.real.setdefault(entry.benchmark)
        state.duplicates.add(*names, entry.item, epoch)
        state.table.add(entry if score is entry.score else replace(entry, score=score), epoch)


def _named(entries: Iterator[LogEntry], file: LogFile, state: _Import) -> Iterator[LogEntry]:
    """Yield entries under the names that the user wants."""
    for entry in entries:
        for kind in ("model", "benchmark"):
            if not getattr(entry, kind):
                raise DataError(
                    f"the log does not say which {kind} it is of", where=str(file.path), way_out=f"--{kind} NAME"
                )
        if not state.rename:
            yield entry
            continue
        wanted = {kind: (kind, getattr(entry, kind)) for kind in RENAMED}
        for kind, (_, name) in wanted.items():
            state.known[kind].setdefault(name)
        changed = {kind: state.rename[key] for kind, key in wanted.items() if key in state.rename}
        state.used.update(wanted[kind] for kind in changed)
        yield replace(entry, **changed) if changed else entry  # type: ignore[arg-type]  # the fields of RENAMED are text


def _epoch(entry: LogEntry, state: _Import) -> int | None:
    """Return which repeat a row is: with `repeats`, those of each further file come after those of the files before."""
    if not state.repeats:
        return entry.epoch
    runs = state.runs[entry.benchmark, entry.model, entry.metric, entry.topic]
    file = len(state.files) - 1
    if runs.file != file:
        runs.file, runs.offset = file, runs.epochs
    epoch = runs.offset + (entry.epoch or 0)
    runs.epochs = max(runs.epochs, epoch + 1)
    return epoch


def _refuse_nothing(state: _Import) -> None:
    for kind, name in sorted(set(state.rename) - state.used):
        known = list(state.known[kind])
        raise DataError(
            f"--rename: no {kind} is called '{name}'",
            way_out=f"{did_you_mean(name, known)}The logs name: {_few(known)}.",
        )
    lacking = sorted(state.keep - set(state.metrics))
    if lacking:
        raise DataError(
            f"no log holds the metric '{lacking[0]}'",
            way_out=f"{did_you_mean(lacking[0], list(state.metrics))}--metric takes: {_few(list(state.metrics))}.",
        )
    if not state.table.rows:
        raise DataError(
            "the logs hold no score",
            where=_few([str(file.path) for file in state.files], most=3),
            way_out="Let the tool write its samples too: see docs/import.md.",
        )


def _refuse_duplicates(state: _Import) -> None:
    twice = state.duplicates.first()
    if twice is None:
        return
    again, first = (state.files[bisect_right(state.starts, row) - 1].path for row in twice)
    names = state.table.row(twice[0])
    item = f", item '{names['item'][:60]}'" if names["item"] else ""
    what = f"benchmark '{names['benchmark']}', model '{names['model']}'{item}, metric '{names['metric']}' stands twice"
    if again == first:
        raise DataError(what, where=str(again), way_out="Leave the file out, or drop its double rows.")
    raise DataError(
        what,
        where=f"{again} (first: {first})",
        way_out="Leave one of the two files out. If they are runs of one model that shall be averaged: --repeats. "
        "If they are different models or benchmarks of one name: import each alone, with --rename.",
    )


def _summary(found: FoundLogs, state: _Import, asked: LogOptions, notes: list[str], output: Path) -> ImportSummary:
    parts: dict[tuple[str, str], list[_Count]] = {}
    for (benchmark, _, metric), count in state.counts.items():
        parts.setdefault((benchmark, metric), []).append(count)
    benchmarks = tuple(dict.fromkeys(benchmark for benchmark, _, _ in state.counts))
    notes = notes[:_MOST_NOTES] + ([f"and {len(notes) - _MOST_NOTES} more notes"] if len(notes) > _MOST_NOTES else [])
    by_metric = {metric: [b for b, m in parts if m == metric] for _, metric in parts}
    return ImportSummary(
        output=str(output),
        files=dict(sorted(Counter(file.format for file in found.files).items())),
        rows=state.table.rows,
        benchmarks=benchmarks,
        models=tuple(dict.fromkeys(model for _, model, _ in state.counts)),
        metrics=tuple(by_metric),
        parts=tuple(
            ImportedPart(
                benchmark=benchmark,
                metric=metric,
                models=len(counts),
                rows=sum(count.rows for count in counts),
                unscored=sum(count.unscored for count in counts),
                without_item=sum(count.without_item for count in counts),
            )
            for (benchmark, metric), counts in parts.items()
        ),
        helpers=found.helpers,
        ignored=len(found.ignored),
        ignored_examples=tuple(map(str, found.ignored[:_MOST_EXAMPLES])),
        notes=(
            *notes,
            *_unneeded(asked, state),
            *_less_is_better(state, by_metric),
            *_doubts(parts, by_metric, benchmarks),
        ),
        command=_command(output, by_metric, state),
    )


def _unneeded(asked: LogOptions, state: _Import) -> Iterator[str]:
    """Yield which names of the user's stand nowhere in the table, since all logs name their own."""
    for kind, place in (("benchmark", 0), ("model", 1)):
        given = getattr(asked, kind)
        wanted = {given, state.rename.get((kind, given), given)}
        if given and not wanted & {names[place] for names in state.counts}:
            yield f"--{kind} {given}: not used, since all logs name their own; --rename {kind}:OLD=NEW changes those"


def _less_is_better(state: _Import, by_metric: Mapping[str, list[str]]) -> Iterator[str]:
    for metric in by_metric:
        if metric in state.lower:
            yield f"of '{metric}' less is better: say --lower-is-better {shlex.quote(metric)} to audit"


def _doubts(
    parts: Mapping[tuple[str, str], list[_Count]], by_metric: Mapping[str, list[str]], benchmarks: tuple[str, ...]
) -> Iterator[str]:
    """Yield what stands in the way of comparing benchmarks."""
    for (benchmark, metric), counts in parts.items():
        bare = sum(count.without_item == count.rows for count in counts)
        if 0 < bare < len(counts):
            yield (
                f"'{metric}' of '{benchmark}': items' scores of {len(counts) - bare} models, the benchmark's score "
                f"alone of {bare}; audit takes one or the other: import them into two tables"
            )
    if len(benchmarks) == 1:
        yield "there is one benchmark: a comparison needs a real one and a synthetic one"
    elif max(map(len, by_metric.values())) < len(benchmarks):
        yield (
            "no metric stands in every benchmark: audit compares those that share one; where two names mean the "
            "same, say --rename metric:OLD=NEW"
        )


def _command(output: Path, by_metric: Mapping[str, list[str]], state: _Import) -> str:
    """Return the audit that the table is for: by the metric that most benchmarks have."""
    words = ["acidtest", "audit", str(output), "--real", next(iter(state.real)) if len(state.real) == 1 else "NAME"]
    metric = max(by_metric, key=lambda metric: len(by_metric[metric]))
    if len(by_metric) > 1:
        words += ["--metric", metric]
    if metric in state.lower:
        words += ["--lower-is-better", metric]
    return shlex.join(words)


def _few(names: Sequence[str], most: int = _MOST_NAMED) -> str:
    return ", ".join(name[:80] for name in names[:most]) + (f" and {len(names) - most} more" if names[most:] else "")
