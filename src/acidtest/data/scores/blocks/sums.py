"""Sums of every block of a benchmark, exact whatever the order in which rows come."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.blocks.profile import Told, scored
from acidtest.data.scores.blocks.session import Session
from acidtest.data.scores.blocks.source import Source
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray

COLUMNS_AT_ONCE = 250
"""Solvers of a wide table in one query: their sums of 2,000 blocks take some 30 MB a thread."""

EPOCH_COLUMNS_AT_ONCE = 16
GROUPS_AT_ONCE = 1_000_000
CELLS_AT_ONCE = 1_600_000_000
"""Solvers times items in one query: one bit each tells whether an item came twice."""

EPOCH_ROWS_AT_ONCE = 20_000_000
_DIGITS = 51
"""Binary digits that are kept of the largest number: sums of whole numbers have no order."""

_ONCE = "Drop one row; or number repeats of one item in a column 'epoch': they are averaged."


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Sums of M solvers over B blocks.

    Attributes:
        values: [M, B, k] sums of the statistics of scored items, each times the item's weight where there are weights.
        count: [M, B] scored items.
        weight: [M, B] sums of their weights, or of ones.
        failures: [M, 2] sum of failures, and the number of items that say.
        unread: [M, k + 2] sums, weights and count of the items with an unreadable answer.
    """

    values: FloatArray
    count: FloatArray
    weight: FloatArray
    failures: FloatArray
    unread: FloatArray

    @classmethod
    def empty(cls, models: int, blocks: int, k: int) -> "Sums":
        """Return sums of nothing."""
        return cls(
            values=np.zeros((models, blocks, k)),
            count=np.zeros((models, blocks)),
            weight=np.zeros((models, blocks)),
            failures=np.zeros((models, 2)),
            unread=np.zeros((models, k + 2)),
        )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is summed up of one benchmark.

    Attributes:
        benchmark: Its name.
        models: Solver -> row of the sums.
        items: Name of the table of its items.
        n_items: How many there are.
        blocks: B.
        statistics: How many sufficient statistics to sum up; 0: the scores themselves.
        weighted: Items have weights.
        largest: Of all numbers that are added up, by size.
        heaviest: The largest weight.
        within: Where scores that leave this range by rounding are put back; None: none does.
    """

    benchmark: str
    models: dict[str, int]
    items: str
    n_items: int
    blocks: int
    statistics: int
    weighted: bool
    largest: float
    heaviest: float
    within: tuple[float, float] | None = None

    def put_back(self, score: str) -> str:
        """Return SQL of a score within its range."""
        if self.within is None:
            return score
        low, high = self.within  # of nothing, the least would be the limit
        return f"CASE WHEN {score} IS NOT NULL THEN least(greatest({score}, {low!r}), {high!r}) END"


def add_wide(session: Session, source: Source, asked: Asked, *, epochs: bool, into: Sums) -> None:
    """Add the sums of a file with items in rows and solvers in columns.

    Raises:
        DataError: An item stands twice, and no epoch tells the rows apart.
    """
    _refuse_twice(session, source, asked, epochs=epochs)
    where, more = source.rows_of(asked.benchmark)
    weight = source.numbers_of("weight") if asked.weighted else "1"
    scale, heavy = _scale(asked.largest * asked.heaviest), _scale(asked.heaviest)
    size = EPOCH_COLUMNS_AT_ONCE if epochs else COLUMNS_AT_ONCE
    there = [at for at in source.models if source.names[at] in asked.models]
    for start in range(0, len(there), size):
        part = there[start : start + size]
        numbers = {at: asked.put_back(f"({scored(source, at)})") for at in part}
        rows = f"SELECT {source.text('item')} AS item, {weight} AS w, " + ", ".join(
            f"{sql} AS x{at}" for at, sql in numbers.items()
        )
        rows = f"{rows} FROM {source.table} {where}"
        weigh = {at: f"CASE WHEN x{at} IS NOT NULL THEN w END" for at in part} if asked.weighted else {}
        if epochs:
            means = [f"{_mean(f'x{at}', _scale(asked.largest))} AS x{at}" for at in part]
            means += [f"{_mean(sql, heavy)} AS w{at}" for at, sql in weigh.items()]
            rows = f"SELECT item, {', '.join(means)} FROM ({rows}) GROUP BY item"
            weigh = {at: f"w{at}" for at in weigh}
        exact = not asked.weighted and not epochs
        sums = []
        for at in part:
            x = f"x{at} * {weigh[at]}" if asked.weighted else f"x{at}"
            whole = exact and source.is_whole(at)
            sums.append(f"count(x{at}), {_sum(x, 1.0 if whole else scale)}")
            if asked.weighted:
                sums.append(_sum(weigh[at], heavy))
        columns = session.columns(
            f"SELECT block, {', '.join(sums)} FROM ({rows}) JOIN {asked.items} USING (item) GROUP BY block",
            [session.paths[source.place], *more],
        )
        block = columns[0].astype(np.intp)
        each = 3 if asked.weighted else 2
        for k, at in enumerate(part):
            count, value, *weights = columns[1 + k * each : 1 + (k + 1) * each]
            row = asked.models[source.names[at]]
            whole = exact and source.is_whole(at)
            into.count[row, block] += count
            into.values[row, block, 0] += _filled(value) / (1.0 if whole else scale)
            into.weight[row, block] += _filled(weights[0]) / heavy if weights else count


def add_long(session: Session, sources: Sequence[Source], asked: Asked, told: dict[str, Told], into: Sums) -> None:
    """Add the sums of files in long form.

    Raises:
        DataError: A solver's item stands twice with no epoch, or a row has fewer statistics than others.
    """
    epochs = any(one.epochs for one in told.values())
    scale, heavy = _scale(asked.largest * asked.heaviest), _scale(asked.heaviest)
    k = max(asked.statistics, 1)
    for models in _batches(asked, told, epochs=epochs):
        columns = session.columns(*_long_query(session, sources, asked, models, (epochs, scale, heavy)))
        code, block, rows, places, count, weight, failed, said, *rest = columns
        row = np.array([asked.models[name] for name in models], np.intp)[code.astype(np.intp)]
        block = block.astype(np.intp)
        if (rows > places).any():
            raise _twice(session, sources, asked, models[int(code[rows > places].min())], epochs=epochs)
        values = np.stack([_filled(x) for x in rest[:k]], axis=-1) / scale
        if asked.statistics and any((x < count).any() for x in rest[k : 2 * k]):
            raise DataError(
                f"stats of '{asked.benchmark[:80]}' has fewer than the {k} numbers that other rows have",
                where=str(sources[0].path),
                way_out="Write the same sufficient statistics for every scored row.",
            )
        into.count[row, block] += count
        into.weight[row, block] += _filled(weight) / heavy if asked.weighted else count
        into.values[row, block] += values
        np.add.at(into.failures, row, np.stack([_filled(failed) / 2.0**_DIGITS, said], axis=-1))
        unread, heavy_unread, number = rest[2 * k : 3 * k], rest[3 * k], rest[3 * k + 1]
        parts = [*(_filled(x) / scale for x in unread), _filled(heavy_unread) / heavy, number]
        np.add.at(into.unread, row, np.stack(parts, axis=-1))


def _long_query(
    session: Session,
    sources: Sequence[Source],
    asked: Asked,
    models: Sequence[str],
    how: tuple[bool, float, float],
) -> tuple[str, list[object]]:
    epochs, scale, heavy = how
    k = max(asked.statistics, 1)
    parameters: list[object] = []
    parts = []
    for source in sources:
        where, more = source.rows_of(asked.benchmark)
        only = f"{source.text('model')} IN ({', '.join('?' * len(models))})"
        values = [f"({source.statistics()})[{j + 1}]" for j in range(k)] if asked.statistics else ["s"]
        x = ", ".join(f"CASE WHEN s IS NOT NULL AND isfinite({v}) THEN {v} END AS x{j}" for j, v in enumerate(values))
        weight = source.numbers_of("weight") if asked.weighted else "1"
        score = scored(source, source.names.index("score"))
        parts.append(
            f"""SELECT {source.text("model")} AS model, {source.text("item")} AS item,
            {asked.put_back(f"({score})")} AS s, {x},
            CASE WHEN s IS NOT NULL THEN {weight} END AS w, {source.text("epoch")} AS epoch,
            CASE WHEN s IS NOT NULL THEN {source.numbers_of("failure")} END AS f
            FROM {source.table} {where} AND {only}"""
        )
        parameters += [session.paths[source.place], *more, *models]
    names = [f"x{j}" for j in range(k)]
    rows = f"SELECT * FROM ({' UNION ALL '.join(parts)}) JOIN {asked.items} USING (item)"
    seen = f"bit_count(bitstring_agg(place, 0, {_largest_block(session, asked)}))"
    if epochs:
        sizes = dict.fromkeys(names, _scale(asked.largest)) | {"w": heavy, "f": 2.0**_DIGITS}
        means = ", ".join(f"{_mean(name, size)} AS {name}" for name, size in sizes.items())
        again = "count(*) > count(DISTINCT coalesce(epoch, ''))"
        rows = f"SELECT model, block, {again} AS again, max(s) AS s, {means} FROM ({rows}) GROUP BY model, block, place"
        seen = "count(*) FILTER (NOT again)"
    where = "FILTER (f > 0)"
    sums = [_sum(f"{x} * w" if asked.weighted else x, scale) for x in names]
    weights = _sum("w", heavy)
    lists = ", ".join("?" * len(models))
    sql = f"""
        SELECT list_position([{lists}], model) - 1, block, count(*), {seen}, count(s), {weights},
            {_sum("f", 2.0**_DIGITS)}, count(f), {", ".join(sums)}, {", ".join(f"count({x})" for x in names)},
            {", ".join(_sum(f"{x} * w" if asked.weighted else x, scale, where) for x in names)},
            {_sum("w", heavy, where)}, count(s) {where}
        FROM ({rows}) GROUP BY model, block"""
    return sql, [*models, *parameters]


def _sum(sql: str, scale: float, where: str = "") -> str:
    """Return SQL of a sum of whole numbers: as many times `scale`, and the same whatever the order of rows."""
    whole = sql if scale == 1.0 else f"CAST(({sql}) * {scale!r} AS BIGINT)"
    return f"CAST(sum({whole}) {where} AS DOUBLE)"


def _mean(sql: str, scale: float) -> str:
    """Return SQL of the mean of an item's repeats, the same whatever their order."""
    return f"CAST(sum(CAST(({sql}) * {scale!r} AS BIGINT)) AS DOUBLE) / count({sql}) / {scale!r}"


def _scale(largest: float) -> float:
    """Return the power of two that makes the largest number one of 51 binary digits."""
    return 2.0 ** (_DIGITS - math.ceil(math.log2(max(largest, 2.0**-200))))


def _filled(column: NDArray[np.generic]) -> FloatArray:
    """Return a column of numbers, 0 where it has none."""
    return np.asarray(np.ma.filled(np.ma.asarray(column, np.float64), 0.0), np.float64)


def _batches(asked: Asked, told: dict[str, Told], *, epochs: bool) -> Iterator[list[str]]:
    """Return the solvers of one query each: what it holds at once is bounded."""
    most = max(1, min(GROUPS_AT_ONCE // asked.blocks, CELLS_AT_ONCE // max(asked.n_items, 1)))
    batch: list[str] = []
    rows = 0
    for model in sorted(told):
        if batch and (len(batch) >= most or (epochs and rows + told[model].rows > EPOCH_ROWS_AT_ONCE)):
            yield batch
            batch, rows = [], 0
        batch.append(model)
        rows += told[model].rows
    if batch:
        yield batch


def _largest_block(session: Session, asked: Asked) -> int:
    return int(session.rows(f"SELECT max(place) FROM {asked.items}")[0][0])


def _refuse_twice(session: Session, source: Source, asked: Asked, *, epochs: bool) -> None:
    where, more = source.rows_of(asked.benchmark)
    by = f"{source.text('item')}, {source.text('epoch')}" if epochs else source.text("item")
    rows = session.rows(
        f"SELECT min({source.text('item')}) FROM {source.table} {where} GROUP BY {by} HAVING count(*) > 1 LIMIT 1",
        [session.paths[source.place], *more],
    )
    if rows:
        raise DataError(
            f"benchmark '{asked.benchmark[:80]}', item '{rows[0][0][:80]}' stands twice",
            where=str(source.path),
            way_out=_ONCE,
        )


def _twice(session: Session, sources: Sequence[Source], asked: Asked, model: str, *, epochs: bool) -> DataError:
    parts, parameters = [], []
    for source in sources:
        where, more = source.rows_of(asked.benchmark)
        parts.append(
            f"SELECT {source.text('item')} AS item, {source.text('epoch')} AS epoch FROM {source.table} {where} "
            f"AND {source.text('model')} = ?"
        )
        parameters += [session.paths[source.place], *more, model]
    by = "item, epoch" if epochs else "item"
    rows = session.rows(
        f"SELECT item FROM ({' UNION ALL '.join(parts)}) GROUP BY {by} HAVING count(*) > 1 ORDER BY item LIMIT 1",
        parameters,
    )
    item = rows[0][0][:80] if rows else ""
    return DataError(
        f"benchmark '{asked.benchmark[:80]}', model '{model[:80]}', item '{item}' stands twice",
        where=", ".join(str(source.path) for source in sources)[:300],
        way_out=_ONCE,
    )
