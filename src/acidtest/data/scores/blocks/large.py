"""Which files of scores are too large to keep item by item."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Required, TypedDict, Unpack

from acidtest.data.scores.files import TEXT_COLUMNS, file_format
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError
from acidtest.types import Scores

BYTES_PER_SCORE = 100
"""What a score takes while a table is read item by item: its number, its codes, its place, and what is made of them."""

MOST_BYTES = 2**30


class Options(TypedDict, total=False):
    """What both readers take, see `read_scores`."""

    real: Required[str]
    synthetic: Sequence[str]
    generators: Mapping[str, str] | None
    metric: str
    percent: bool | None
    fractions: Sequence[str]
    lower_is_better: Sequence[str]
    benchmark: Sequence[str]
    judged: Sequence[str]


def read_any_size(paths: Sequence[Path], *, blocks: int = 0, **options: Unpack[Options]) -> Scores:
    """Read files of scores as `read_scores` does, or as `read_blocks` where they are too large, or `blocks` are asked.

    Raises:
        DataError: As both do.
    """
    if not blocks and (options.get("judged") or not too_large(paths)):
        return read_scores(paths, **options)
    from acidtest.data.scores.blocks.read import read_blocks
    from acidtest.data.scores.blocks.table import NeedsItemsError

    other = [path for path in paths if file_format(path) != "parquet"]
    if other:
        raise DataError(
            f"'{other[0].name}' is no Parquet: only such files are summed up in blocks",
            where=str(other[0]),
            way_out="Write it as Parquet, or leave --blocks out.",
        )
    try:
        return read_blocks(paths, blocks=blocks, **options)
    except NeedsItemsError:
        if blocks:
            raise
        return read_scores(paths, **options)


def too_large(paths: Sequence[Path]) -> bool:
    """Return whether Parquet files hold more scores than are kept item by item: some ten million.

    Files of another form, or none at all, are left to the reader that says so.
    """
    if not paths or any(path.suffix.lower() != ".parquet" or not path.is_file() for path in paths):
        return False
    from pyarrow import ArrowException, parquet

    scores = 0
    for path in paths:
        try:
            with parquet.ParquetFile(path) as file:
                names, rows = set(file.schema_arrow.names), file.metadata.num_rows
        except (OSError, ValueError, ArrowException):
            return False
        scores += rows * (1 if "score" in names else max(len(names - set(TEXT_COLUMNS)), 1))
    return scores * BYTES_PER_SCORE > MOST_BYTES
