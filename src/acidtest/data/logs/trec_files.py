"""The two files of a retrieval evaluation: a run (`query Q0 document rank score tag`) and its relevance judgements."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from acidtest.data.file_row import data_number, read_lines
from acidtest.errors import DataError

_RUN, _QRELS = 6, 4
_BEIR = ["query-id", "corpus-id", "score"]
"""The first line of judgements as BEIR and its followers publish them: three columns."""

_SECOND = (b"q0", b"0")
"""What tools write in the second column, which nobody reads."""

_LINES = 20
_LONGEST = 10_000
_WORST = 2**31
Judgements = dict[str, dict[str, int]]
"""Query -> document -> judgement."""


@dataclass(frozen=True, kw_only=True)
class RankedQuery:
    """One query of a run: the documents with their scores, in the file's order."""

    query: str
    tag: str
    scored: list[tuple[str, float]]


def is_run(head: bytes) -> bool:
    """Tell a run by its first lines: six columns, the second Q0 or 0, a whole number and a number.

    Example:
        >>> is_run(b"31 Q0 doc7 1 12.5 bm25"), is_run(b"31 0 doc7 1")
        (True, False)
    """
    lines = _first(head)
    return bool(lines) and all(
        len(line) == _RUN and line[1].lower() in _SECOND and _is_number(line[3]) and _is_number(line[4])
        for line in lines
    )


def is_qrels(head: bytes) -> bool:
    """Tell judgements by their first lines: four columns, the second a whole number or Q0, the last a whole number.

    Or the three columns of BEIR under their names.
    """
    lines = _first(head)
    if lines and lines[0] == [name.encode() for name in _BEIR]:
        return True
    return bool(lines) and all(
        len(line) == _QRELS and (line[1].isdigit() or line[1].lower() == b"q0") and line[3].lstrip(b"-").isdigit()
        for line in lines
    )


def read_run(path: Path) -> Iterator[RankedQuery]:
    """Yield a run's queries. The rank column is not read: trec_eval orders by score, too.

    Raises:
        DataError: A line has not six columns, or a score that is no number; a document stands twice for a query; the
            lines of a query do not stand together; there are two tags.
    """
    done: set[str] = set()
    query, tag, scored = "", "", dict[str, float]()
    for where, line in _lines(path, _RUN, "query Q0 document rank score tag"):
        if line[0] != query:
            if scored:
                yield RankedQuery(query=query, tag=tag, scored=list(scored.items()))
                done.add(query)
            query, scored = line[0], {}
            if query in done:
                raise DataError(
                    f"the lines of query '{query[:60]}' do not stand together",
                    where=where,
                    way_out="Sort the run by its first column: sort -s -k1,1 RUN > SORTED.",
                )
        if line[2] in scored:
            raise DataError(
                f"document '{line[2][:60]}' stands twice for query '{query[:60]}'",
                where=where,
                way_out="Drop one line.",
            )
        if tag and line[5] != tag:
            raise DataError(
                f"two tags in one run: '{tag[:60]}' and '{line[5][:60]}'", where=where, way_out="One file per run."
            )
        tag = line[5]
        scored[line[2]] = _score(line[4], where)
    if scored:
        yield RankedQuery(query=query, tag=tag, scored=list(scored.items()))


def read_qrels(path: Path) -> Judgements:
    """Return the judgements of a file.

    Raises:
        DataError: A line has not four columns, or a judgement that is no whole number; a document is judged twice
            for a query; there are more than 5,000,000 lines, or none.
    """
    judged: Judgements = {}
    count = 0
    for where, (query, *_, document, judgement) in _lines(path, _QRELS, "query iteration document judgement", _BEIR):
        count = data_number(count + 1, path)
        of_query = judged.setdefault(query, {})
        if document in of_query:
            raise DataError(
                f"document '{document[:60]}' is judged twice for query '{query[:60]}'",
                where=where,
                way_out="Drop one line.",
            )
        of_query[document] = _judgement(judgement, where)
    if not judged:
        raise DataError("no judgements", where=str(path), way_out="Lines are: query iteration document judgement.")
    return judged


def _lines(path: Path, columns: int, layout: str, header: Sequence[str] = ()) -> Iterator[tuple[str, list[str]]]:
    """Yield (place, columns) of each line; after a line that is `header` there are as many columns as it has."""
    for number, line in read_lines(path):
        parts = line.split()
        if header and parts == header:
            columns, layout = len(header), " ".join(header)
            continue
        if not parts:
            continue
        where = f"{path} line {number}"
        if len(parts) != columns:
            raise DataError(f"{len(parts)} columns, not {columns}", where=where, way_out=f"Lines are: {layout}.")
        yield where, parts


def _score(cell: str, where: str) -> float:
    try:
        score = math.nan if "_" in cell else float(cell)
    except ValueError:
        score = math.nan
    if math.isnan(score):
        raise DataError(f"the score '{cell[:60]}' is no number", where=where, way_out="Mend or remove the line.")
    return score


def _judgement(cell: str, where: str) -> int:
    digits = cell.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _LINES or int(digits) >= _WORST:
        raise DataError(
            f"the judgement '{cell[:60]}' is no whole number", where=where, way_out="Mend or remove the line."
        )
    return int(cell)


def _first(head: bytes) -> list[list[bytes]]:
    """Return the columns of the first lines that are whole, or of the only line."""
    lines = head[:_LONGEST].removeprefix(b"\xef\xbb\xbf").split(b"\n")
    whole = lines[:-1] if len(lines) > 1 else lines
    return [line.split() for line in whole[:_LINES] if line.strip()]


def _is_number(cell: bytes) -> bool:
    try:
        return b"_" not in cell and not math.isnan(float(cell))
    except ValueError:
        return False
