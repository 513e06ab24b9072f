"""promptfoo: what `promptfoo eval -o` writes as .json, .jsonl or .csv; all three tell the same items and solvers."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acidtest.data.file_row import open_bytes
from acidtest.data.logs.bounded import (
    content_hash,
    elements,
    inside,
    json_lines,
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
from acidtest.data.logs.promptfoo_table import is_table, table_rows
from acidtest.errors import DataError
from acidtest.registry import register

_HEAD = 2**16
_PROVIDER_FAILED = 2
"""`failureReason` of a row whose provider gave no answer; 1: an assertion failed, 0: none did."""

_RUNTIME_VARIABLES = ("sessionId", "_conversation", "__evalId", "__evalStepId", "__repeatIndex")
"""Variables that promptfoo itself adds while it runs: no part of the test."""

_OWN = ("pass", "score")


@register("log", "promptfoo")
class Promptfoo(LogFormat):
    """One file is one evaluation: every test by every provider with every prompt.

    Benchmark: the config's description (a .jsonl or .csv has none: --benchmark, or the file's name). Solver: the
    provider's label, or else its id; where there are several prompts, ` / ` and the prompt's label follow; where two
    are still called the same, ` #1`, ` #2` in the config's order. Item: a hash of the test's variables. Metrics:
    `pass`, `score`, and each named score.
    """

    title = "promptfoo"
    files = "the -o file of promptfoo eval: *.json, *.jsonl or *.csv"
    endings = (".json", ".jsonl", ".csv", ".json.gz", ".jsonl.gz", ".csv.gz")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell by the keys of the outermost object, or by the columns after the variables."""
        if ".csv" in path.name.lower():
            return is_table(head)
        keys = top_keys(head)
        if {"promptIdx", "testIdx", "namedScores"} <= keys:
            return True
        return "results" in keys and ("evalId" in keys or (b'"latencyMs"' in head and b'"vars"' in head))

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield `pass`, `score` and the named scores of each test, provider and prompt; repeats are epochs from 0.

        Raises:
            DataError: The file is broken, or holds no list of results.
        """
        run = _Run(path=path, options=options, benchmark=options.benchmark or name(path.name.partition(".")[0]))
        if ".csv" in path.name.lower():
            options.tell("promptfoo rounds the scores of a .csv to two digits; its .json keeps them all")
            yield from _entries(lambda: table_rows(path), run)
        elif _is_lines(path):
            yield from _entries(lambda: (row for _, row in json_lines(path)), run)
        else:
            whole_file = mapping(read_json(path))
            results = _results(whole_file, path)
            run = replace(run, benchmark=name(inside(whole_file, "config", "description")) or run.benchmark)
            if not any("promptIdx" in row for row in results):
                _refuse_twins(whole_file, path)
            yield from _entries(lambda: results, run)


@dataclass(frozen=True, kw_only=True)
class _Run:
    path: Path
    options: LogOptions
    benchmark: str


def _is_lines(path: Path) -> bool:
    with open_bytes(path) as file:
        return "results" not in top_keys(file.read(_HEAD))


def _results(whole_file: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    results = whole_file.get("results")
    rows = results if isinstance(results, list) else inside(results, "results")
    if not isinstance(rows, list):
        raise DataError(
            "no list of results", where=str(path), way_out="Write it again: promptfoo export eval latest -o FILE.json."
        )
    return [mapping(row) for row in rows]


def _refuse_twins(whole_file: dict[str, Any], path: Path) -> None:
    """Refuse an older layout whose columns have one name: its results do not say which column they are of."""
    columns = elements(inside(whole_file, "results", "table", "head", "prompts"))
    names = Counter((name(inside(one, "provider")), _prompt({"prompt": one})) for one in columns)
    twins = [provider for (provider, _), count in names.items() if count > 1]
    if twins:
        raise DataError(
            f"two providers are called '{twins[0]}', and this older layout does not tell their results apart",
            where=str(path),
            way_out="Give each a label in the configuration, and evaluate again.",
        )


def _entries(rows: Callable[[], Iterable[dict[str, Any]]], run: _Run) -> Iterator[LogEntry]:
    """Yield the scores of rows, which are read twice: the names of solvers depend on which others there are."""
    names = _names(rows(), run)
    tries: Counter[tuple[str, str]] = Counter()
    for row in rows():
        model, item = names[_column(row)], _item(row)
        epoch = tries[item, model]
        tries[item, model] += 1
        entry = LogEntry(benchmark=run.benchmark, model=model, item=item, metric="", score=None, epoch=epoch)
        yield from _scores(row, entry, run.options)


_Column = tuple[str, str, int]
"""Provider, prompt, and the place in the config of the pair of both."""


def _column(row: dict[str, Any]) -> _Column:
    place = whole(row.get("promptIdx"))
    return _provider(row), _prompt(row), -1 if place is None else place


def _names(rows: Iterable[dict[str, Any]], run: _Run) -> dict[_Column, str]:
    """Return each column's solver; providers of one id that differ in their options only are told apart."""
    columns = sorted({_column(row) for row in rows})
    several = len({prompt for _, prompt, _ in columns}) > 1
    alike: dict[str, list[_Column]] = {}
    for column in columns:
        provider = column[0] or run.options.model
        model = name(" / ".join(part for part in (provider, column[1]) if part)) if several else provider
        if not model:
            raise DataError("a result names no provider", where=str(run.path), way_out="Name it: --model NAME.")
        alike.setdefault(model, []).append(column)
    for model, twins in alike.items():
        if len(twins) > 1:
            run.options.tell(
                f"promptfoo: {len(twins)} providers are called '{model}': '{model} #1' and so on, in the order of the "
                "config; labels would tell them apart"
            )
    return {
        column: f"{model} #{place}" if len(twins) > 1 else model
        for model, twins in alike.items()
        for place, column in enumerate(twins, start=1)
    }


def _scores(row: dict[str, Any], entry: LogEntry, options: LogOptions) -> Iterator[LogEntry]:
    if "failureReason" in row:
        failed = row["failureReason"] == _PROVIDER_FAILED
    else:  # layout 2: a provider that raised has no response at all
        failed = "response" not in row or inside(row, "response", "error") is not None
    scores: dict[str, float | None] = {"pass": number(row.get("success")), "score": number(row.get("score"))}
    for metric, value in mapping(row.get("namedScores")).items():
        if metric in _OWN:
            options.tell(f"promptfoo: the named score '{metric}' is called as its own of the test: left out")
        else:
            scores[name(metric) or "unnamed"] = number(value)
    used = inside(row, "response", "tokenUsage")
    cost = number(inside(row, "response", "cost"))
    for metric, score in scores.items():
        yield replace(
            entry,
            metric=metric,
            score=None if failed else score,
            prediction="" if failed else text(inside(row, "response", "output")),
            tokens_in=whole(inside(used, "prompt")),
            tokens_out=whole(inside(used, "completion")),
            cost=cost,
            error=text(row.get("error") or "no answer") if failed else "",
        )


def _provider(row: dict[str, Any]) -> str:
    provider = row.get("provider")
    return name(provider if isinstance(provider, str) else inside(provider, "label") or inside(provider, "id"))


def _prompt(row: dict[str, Any]) -> str:
    prompt = mapping(row.get("prompt"))
    return name(prompt.get("label") or prompt.get("display") or prompt.get("raw"))


def _item(row: dict[str, Any]) -> str:
    test = mapping(row.get("testCase"))
    variables = mapping(test.get("vars") or row.get("vars"))
    kept = {
        key: written
        for key, value in variables.items()
        if key not in _RUNTIME_VARIABLES and (written := _as_written(value))
    }
    return content_hash(kept or test.get("description") or test.get("assert"))


def _as_written(value: object) -> str:
    """Return a variable as the .csv holds it, so that the three formats tell the same items."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
