"""Which block each item of a benchmark is in: by a hash of its bundle, or of its name, so alike in every benchmark."""

from collections.abc import Sequence

from acidtest.data.scores.blocks.session import Session
from acidtest.data.scores.blocks.source import Source
from acidtest.errors import DataError


def make_blocks(session: Session, sources: Sequence[Source], benchmark: str, table: str, blocks: int) -> int:
    """Make a table (item, block, place) of the items of one benchmark; return how many there are.

    `block` is MD5 of the bundle, or of the item where it is in none, modulo `blocks`: no seed, no order of rows and no
    version of a library moves an item, and what stands in two benchmarks is in the same block of both. `place` counts
    the items of a block from 0.

    Raises:
        DataError: An item is in two bundles.
    """
    parts, parameters = [], []
    for source in sources:
        where, more = source.rows_of(benchmark)
        parts.append(
            f"SELECT {source.text('item')} AS item, {source.text('bundle')} AS bundle FROM {source.table} {where}"
        )
        parameters += [session.paths[source.place], *more]
    key = "CASE WHEN bundle IS NULL THEN 'item ' || item ELSE 'bundle ' || bundle END"
    session.do(
        f"""CREATE TEMP TABLE {table} AS
        SELECT item, block, CAST(row_number() OVER (PARTITION BY block) - 1 AS INTEGER) AS place, torn FROM (
            SELECT item, CAST(md5_number_lower({key}) % {int(blocks)} AS INTEGER) AS block, torn FROM (
                SELECT item, min(bundle) AS bundle, count(bundle) NOT IN (0, count(*)) OR min(bundle) <> max(bundle)
                    AS torn
                FROM ({" UNION ALL ".join(parts)}) GROUP BY item
            )
        )""",
        parameters,
    )
    torn = session.rows(f"SELECT item FROM {table} WHERE torn ORDER BY item LIMIT 1")
    if torn:
        raise DataError(
            f"item '{torn[0][0][:80]}' is in two bundles",
            where=f"benchmark '{benchmark[:80]}'",
            way_out="Give an item the same bundle in every row.",
        )
    return int(session.rows(f"SELECT count(*) FROM {table}")[0][0])


def shared_items(session: Session, one: str, other: str) -> int:
    """Return how many items stand in both tables."""
    return int(session.rows(f"SELECT count(*) FROM {one} SEMI JOIN {other} USING (item)")[0][0])
