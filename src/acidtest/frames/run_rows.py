"""What stands in a run's folder as rows: items, responses, rejected candidates, ratings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, product
from typing import Any

import orjson
from pydantic import BaseModel

from acidtest.data.run_folder import RunFolder
from acidtest.frames.frame import ColumnKind
from acidtest.frames.record_lines import records_in
from acidtest.study.how_far import real_name
from acidtest.study.schema import StudyFile
from acidtest.types import Item, Kind, Provenance, Rating, RejectedCandidate, Response

Rows = list[dict[str, object]]
Columns = dict[str, ColumnKind]

_ABOUT: Columns = {"benchmark": "text", "kind": "text", "generator": "text", "strategy": "text"}
_MADE: Columns = {"prompt": "text", "call": "whole", "seed": "whole", "provenance": "text"}
_RESPONSE: Columns = {
    "epoch": "whole", "text": "text", "tokens_in": "whole", "tokens_out": "whole", "cost": "number",
    "seconds": "number", "logprobs": "text", "error": "text",
}  # fmt: skip
_RATING: Columns = {
    "benchmark": "text", "item": "text", "rater": "text", "kind": "text", "rubric": "text", "note": "text",
    "text": "text", "prompt": "text", "revision": "text", "seconds": "number", "calls": "whole", "cost": "number",
    "at": "text", "adjudicated": "flag", "content": "text", "error": "text",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BenchmarkOfRun:
    """One benchmark of a study; `generator` and `strategy` where a model wrote it."""

    name: str
    kind: Kind
    generator: str | None = None
    strategy: str | None = None

    @property
    def about(self) -> dict[str, object]:
        """The cells that each of its rows begins with."""
        return {
            "benchmark": self.name, "kind": self.kind, "generator": self.generator, "strategy": self.strategy,
        }  # fmt: skip


def benchmarks_of(study: StudyFile) -> tuple[BenchmarkOfRun, ...]:
    """Return the benchmarks of a study, the real one first."""
    made = (
        BenchmarkOfRun(name=g.benchmark, kind="synthetic", generator=g.model, strategy=g.strategy)
        for g in study.generators
    )
    given = (BenchmarkOfRun(name=s.name, kind="synthetic", generator=s.generator) for s in study.synthetic)
    return (BenchmarkOfRun(name=real_name(study), kind="real"), *made, *given)


def item_rows(folder: RunFolder, benchmarks: Iterable[BenchmarkOfRun]) -> tuple[Rows, Columns]:
    """Return the items that are there."""
    rows = [
        {**one.about, "item": item.id, **_asked(item), **_provenance(item.provenance)}
        for one in benchmarks
        for item in records_in(folder.real if one.kind == "real" else folder.synthetic(one.name), Item)
    ]
    return rows, {**_ABOUT, "item": "text", **_asked_columns(rows), "bundle": "text", "topic": "text", **_MADE}


def rejected_rows(folder: RunFolder, benchmarks: Iterable[BenchmarkOfRun]) -> tuple[Rows, Columns]:
    """Return the candidates that were written and not accepted."""
    rows = [
        {
            **one.about,
            "reason": found.reason,
            "detail": found.detail,
            "text": found.text,
            **_asked(found),
            **_provenance(found.provenance),
        }
        for one in benchmarks
        for found in records_in(folder.rejected(one.name), RejectedCandidate)
    ]
    columns: Columns = {**_ABOUT, "reason": "text", "detail": "text", "text": "text"}
    return rows, {**columns, **_asked_columns(rows), **_MADE}


def response_rows(
    folder: RunFolder, benchmarks: Iterable[BenchmarkOfRun], models: Iterable[str]
) -> tuple[Rows, Columns]:
    """Return the last response to each item and repeat, solver by solver."""
    rows: Rows = []
    for one, model in product(benchmarks, models):
        last = {(r.item, r.epoch): r for r in records_in(folder.responses(one.name, model), Response)}
        for response in last.values():
            cells = dict(response)
            cells["logprobs"] = None if response.logprobs is None else _json(response.logprobs)
            rows.append({"benchmark": one.name, "kind": one.kind, "model": model, **cells})
    return rows, {"benchmark": "text", "kind": "text", "model": "text", "item": "text", **_RESPONSE}


def rating_rows(folder: RunFolder) -> tuple[Rows, Columns]:
    """Return what people and judges said of items: a row per rating, a column `mark_CRITERION` per criterion."""
    found = chain.from_iterable(records_in(path, Rating) for path in (folder.people, *folder.all_judged()))
    rows = [_rated(rating) for rating in found]
    return rows, {**_RATING, **_criteria(rows)}


def judgement_rows(
    folder: RunFolder, benchmarks: Iterable[BenchmarkOfRun], models: Iterable[str]
) -> tuple[Rows, Columns]:
    """Return what the judge said of solvers' answers: a row per answer that was judged, as of `rating_rows`."""
    rows: Rows = []
    for one, model in product(benchmarks, models):
        last = {r.item: r for r in records_in(folder.judgements(one.name, model), Rating) if r.benchmark == one.name}
        rows += [{"model": model, **_rated(judgement)} for judgement in last.values()]
    return rows, {"benchmark": "text", "model": "text", **_RATING, **_criteria(rows)}


def _rated(rating: Rating) -> dict[str, object]:
    return {**dict(rating), **{f"mark_{criterion}": mark for criterion, mark in rating.marks.items()}}


def _criteria(rows: Rows) -> Columns:
    return {name: "text" for row in rows for name in row if name.startswith("mark_")}


def _asked(found: Item | RejectedCandidate) -> dict[str, object]:
    """Return the cells of what is asked and what is right; each input has a column of its own."""
    inputs = {f"input_{name}": text for name, text in found.input.items()}
    about = {"bundle": found.bundle, "topic": found.topic} if isinstance(found, Item) else {}
    return {**inputs, "target": found.target, "choices": found.choices or None, "edit": found.edit, **about}


def _asked_columns(rows: Rows) -> Columns:
    """Return the columns of `_asked`. Targets become one kind: numbers, text, or, where they are neither, JSON."""
    inputs: Columns = {name: "text" for row in rows for name in row if name.startswith("input_")}
    kind = _target_kind(rows)
    if kind == "json":
        for row in rows:
            row["target"] = None if row["target"] is None else _json(row["target"])
    return {**inputs, "target": "number" if kind == "number" else "text", "choices": "texts", "edit": "text"}


def _target_kind(rows: Rows) -> str:
    targets = [row["target"] for row in rows if row["target"] is not None]
    if all(isinstance(target, str) for target in targets):
        return "text"
    if all(isinstance(target, int | float) and not isinstance(target, bool) for target in targets):
        return "number"
    return "json"


def _provenance(made: Provenance | None) -> dict[str, object]:
    if made is None:
        return {}
    return {"prompt": made.prompt, "call": made.call, "seed": made.seed, "provenance": _json(made)}


def _json(value: Any) -> str:
    """Return a value as JSON text."""
    plain = value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value
    return orjson.dumps(dict(plain) if isinstance(plain, Mapping) else plain).decode()
