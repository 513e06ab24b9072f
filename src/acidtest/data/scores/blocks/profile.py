"""What a table in blocks holds, told by one pass over it: benchmarks, solvers, ranges of numbers, who wrote what."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from acidtest.data.scores.blocks.session import Session
from acidtest.data.scores.blocks.source import Source, bare, filled
from acidtest.errors import DataError

LARGEST = 1e12
"""Squares of larger scores lose the digits that statistics need."""

_NOTHING = "('', 'false', 'none')"
_WORDS = ("kind", "generator", "strategy", "family")
_LEFT_OUT = ("topic", "edit")
_AT_ONCE = 500
"""Columns of a wide table in one query."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is told of one solver on one benchmark.

    Attributes:
        rows: Rows that name it.
        scored: Rows with a score.
        epochs: Rows with an epoch.
        low, high: Of its scores; NaN where it has none.
        weights: Rows with a weight among those scored, and the lowest and highest.
        failures: Scored rows that say whether the answer could be read.
        stats: Most sufficient statistics of a row, and the largest of them by size.
        words: kind, generator, strategy, family -> the first and last of its words.
        left_out: Which of the columns topic and edit say something.
        bundled: Whether an item is in a bundle.
        error: One of its errors, "" where it has none.
    """

    rows: int
    scored: int
    epochs: int = 0
    low: float = np.nan
    high: float = np.nan
    weights: tuple[int, float, float] = (0, np.nan, np.nan)
    failures: int = 0
    stats: tuple[int, float] = (0, 0.0)
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    bundled: bool = False
    error: str = ""


def joined(one: Told, other: Told) -> Told:
    """Return what two files tell of one solver on one benchmark."""
    ends = {w: (*one.words.get(w, ("", "")), *other.words.get(w, ("", ""))) for w in _WORDS}
    return Told(
        rows=one.rows + other.rows,
        scored=one.scored + other.scored,
        epochs=one.epochs + other.epochs,
        low=float(np.fmin(one.low, other.low)),
        high=float(np.fmax(one.high, other.high)),
        weights=(
            one.weights[0] + other.weights[0],
            float(np.fmin(one.weights[1], other.weights[1])),
            float(np.fmax(one.weights[2], other.weights[2])),
        ),
        failures=one.failures + other.failures,
        stats=(max(one.stats[0], other.stats[0]), max(one.stats[1], other.stats[1])),
        words={w: (min(words), max(words)) for w, words in ends.items()},
        left_out=tuple(dict.fromkeys((*one.left_out, *other.left_out))),
        bundled=one.bundled or other.bundled,
        error=one.error or other.error,
    )


Profile = dict[str, dict[str, Told]]
"""benchmark -> solver -> what is told, of one file."""


def scored(source: Source, at: int) -> str:
    """Return SQL of a column of scores; NULL where there is none, or an error stands in its place."""
    score = source.number(at)
    if not source.has("error"):
        return score
    return f"CASE WHEN NOT {is_error(source.text('error'))} THEN {score} END"


def is_error(sql: str) -> str:
    """Return SQL that is true where a text is an error."""
    return f"(coalesce({bare(sql)}, '') NOT IN {_NOTHING})"


def metrics_of(session: Session, source: Source) -> list[str]:
    """Return the metrics that a file names."""
    if not source.has("metric"):
        return []
    rows = session.rows(
        f"SELECT DISTINCT {source.text('metric')} AS m FROM {source.table} ORDER BY m",
        [session.paths[source.place]],
    )
    return [row[0] for row in rows if row[0] is not None]


def with_texts(session: Session, source: Source) -> Source:
    """Return a wide file with the columns of text that are solvers', too: most of their filled cells are numbers.

    Raises:
        DataError: No column holds a solver's scores.
    """
    if source.long:
        return source
    found = list(source.models)
    for start in range(0, len(source.texts), _AT_ONCE):
        part = source.texts[start : start + _AT_ONCE]
        each = ", ".join(f"count(*) FILTER ({filled(f'c{at}')}), count(TRY_CAST(c{at} AS DOUBLE))" for at in part)
        cells = session.rows(f"SELECT {each} FROM {source.table}", [session.paths[source.place]])[0]
        found += [at for k, at in enumerate(part) if cells[2 * k + 1] > cells[2 * k] / 2]
    if not found:
        raise DataError(
            "no column holds a solver's scores", where=str(source.path), way_out="One column per solver, numbers."
        )
    return replace(source, models=tuple(sorted(found)))


def profile_of(session: Session, source: Source) -> Profile:
    """Return what a file holds.

    Raises:
        DataError: An empty benchmark or model, an item that is missing, or a number too large to reckon with.
    """
    found = _of_long(session, source) if source.long else _of_wide(session, source)
    for benchmark, by_model in found.items():
        for model, told in by_model.items():
            largest = max(abs(told.low), abs(told.high)) if told.scored else 0.0
            if max(largest, told.stats[1]) > LARGEST:
                raise DataError(
                    f"a score of '{model[:80]}' on '{benchmark[:80]}' is {max(largest, told.stats[1]):g}, too large to "
                    "reckon with",
                    where=str(source.path),
                    way_out="Leave the cell empty: not scored.",
                )
    return found


def _of_long(session: Session, source: Source) -> Profile:
    words = ", ".join(f"coalesce({source.text(w)}, '') AS {w}" for w in _WORDS)
    others = ", ".join(f"{source.text(name)} AS {name}" for name in (*_LEFT_OUT, "bundle", "epoch", "error", "item"))
    where, more = source.rows_of(None)
    score = scored(source, source.names.index("score"))
    ends = ", ".join(f"min({w}), max({w})" for w in _WORDS)
    sql = f"""
        SELECT benchmark, model, count(*), count(s), count(epoch), CAST(min(s) AS DOUBLE), CAST(max(s) AS DOUBLE),
            count(w), CAST(min(w) AS DOUBLE), CAST(max(w) AS DOUBLE), count(f), coalesce(max(len(st)), 0),
            coalesce(max(greatest(abs(list_max(st)), abs(list_min(st)))), 0), count(topic), count(edit), count(bundle),
            min(error) FILTER ({is_error("error")}),
            count(item), {ends}
        FROM (
            SELECT {source.text("benchmark")} AS benchmark, {source.text("model")} AS model, {score} AS s,
                CASE WHEN s IS NOT NULL THEN {source.numbers_of("weight")} END AS w,
                CASE WHEN s IS NOT NULL THEN {source.numbers_of("failure")} END AS f,
                CASE WHEN s IS NOT NULL THEN {source.statistics()} END AS st, {words}, {others}
            FROM {source.table} {where}
        ) GROUP BY benchmark, model ORDER BY benchmark, model"""
    rows = session.rows(sql, [session.paths[source.place], *more])
    found: Profile = {}
    for benchmark, model, *cells in rows:
        name = source.benchmark or benchmark
        if name is None or model is None:
            what = "benchmark" if name is None else "model"
            raise DataError(
                f"the {what} is empty in {cells[0]:,} rows",
                where=str(source.path),
                way_out="Fill the cells, or drop the rows.",
            )
        found.setdefault(name, {})[model] = _told(cells)
        if cells[15] < cells[0]:
            raise DataError(
                f"benchmark '{name[:80]}' has rows without an item",
                where=str(source.path),
                way_out="Name the item in every row: only items can be summed up in blocks.",
            )
    return found


def _told(cells: Sequence[object]) -> Told:
    def number(at: int) -> float:
        return np.nan if cells[at] is None else float(cells[at])  # type: ignore[arg-type]  # a number, by its SQL

    def text(at: int) -> str:
        return str(cells[at] or "")

    return Told(
        rows=int(number(0)),
        scored=int(number(1)),
        epochs=int(number(2)),
        low=number(3),
        high=number(4),
        weights=(int(number(5)), number(6), number(7)),
        failures=int(number(8)),
        stats=(int(number(9)), number(10)),
        left_out=tuple(name for name, at in zip(_LEFT_OUT, (11, 12), strict=True) if number(at)),
        bundled=number(13) > 0,
        error=text(14),
        words={w: (text(16 + 2 * k), text(17 + 2 * k)) for k, w in enumerate(_WORDS)},
    )


def _of_wide(session: Session, source: Source) -> Profile:
    bundle = source.text("bundle")
    about = ", ".join(
        [
            f"count(*), count({source.text('epoch')}), count({source.text('item')}), count({bundle})",
            *(f"count({source.text(name)})" for name in _LEFT_OUT),
            f"min({source.text('error')}) FILTER ({is_error(source.text('error'))})",
            *(f"min(coalesce({source.text(w)}, '')), max(coalesce({source.text(w)}, ''))" for w in _WORDS[:3]),
        ]
    )
    where, more = source.rows_of(None)
    general = session.rows(
        f"SELECT {source.text('benchmark')} AS b, {about} FROM {source.table} {where} GROUP BY b ORDER BY b",
        [session.paths[source.place], *more],
    )
    ranges = _ranges(session, source)
    found: Profile = {}
    for b, rows, epochs, items, bundles, topics, edits, error, *words in general:
        name = source.benchmark or b
        if name is None or items < rows:
            what = "the benchmark is empty" if name is None else f"benchmark '{name[:80]}' has rows without an item"
            raise DataError(what, where=str(source.path), way_out="Fill the cells, or drop the rows.")
        of_all = Told(
            rows=rows,
            scored=0,
            epochs=epochs,
            words={w: (words[2 * k] or "", words[2 * k + 1] or "") for k, w in enumerate(_WORDS[:3])},
            left_out=tuple(n for n, count in zip(_LEFT_OUT, (topics, edits), strict=True) if count),
            bundled=bundles > 0,
            error=error or "",
        )
        found[name] = {}
        for at in source.models:
            (scored_rows, low, high), weights = ranges[b, at]
            found[name][source.names[at]] = replace(of_all, scored=scored_rows, low=low, high=high, weights=weights)
    return found


_Range = tuple[int, float, float]


def _ranges(session: Session, source: Source) -> dict[tuple[str | None, int], tuple[_Range, _Range]]:
    """Return (benchmark, column) -> of a solver's scores and of their weights, how many, the lowest, the highest."""
    ranges = {}
    weight = source.numbers_of("weight")
    where, more = source.rows_of(None)
    for start in range(0, len(source.models), _AT_ONCE):
        part = source.models[start : start + _AT_ONCE]
        scores = [scored(source, at) for at in part]
        of_each = [(x, f"CASE WHEN {x} IS NOT NULL THEN {weight} END") for x in scores]
        each = ", ".join(
            f"count({x}), CAST(min({x}) AS DOUBLE), CAST(max({x}) AS DOUBLE)" for of_one in of_each for x in of_one
        )
        rows = session.rows(
            f"SELECT {source.text('benchmark')} AS b, {each} FROM {source.table} {where} GROUP BY b",
            [session.paths[source.place], *more],
        )
        for b, *cells in rows:
            for k, at in enumerate(part):
                ends = [np.nan if cell is None else cell for cell in cells[6 * k : 6 * k + 6]]
                ranges[b, at] = ((int(ends[0]), ends[1], ends[2]), (int(ends[3]), ends[4], ends[5]))
    return ranges
