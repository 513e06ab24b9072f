"""What solvers answered on the items of one benchmark, scored or not: the column `prediction` of a long table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.files import read_table, text_column
from acidtest.errors import DataError

_NEEDED = ("model", "item", "prediction")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Who gave the same answer on an item.

    Attributes:
        models: The solvers.
        items: Ids.
        codes: [M, n] two solvers gave the same answer to an item where their codes are equal; -1: no answer is known.
            A code means the same within one item only.
    """

    models: tuple[str, ...]
    items: tuple[str, ...]
    codes: NDArray[np.int64]


def read_answers(paths: Sequence[Path], benchmark: str, *, names: Sequence[str] = ()) -> Answers | None:
    """Return what solvers answered on one benchmark; None where no file says.

    Answers are the same where their texts are, but for spaces at their ends. Of several rows of one solver and item
    (epochs) the last counts.

    Args:
        paths: The files of scores.
        benchmark: The benchmark to read.
        names: Names for the files that name no benchmark, in their order, as for `read_scores`.

    Raises:
        DataError: A file cannot be read.
    """
    import pyarrow as pa

    left, parts = list(names), []
    for path in paths:
        table = read_table(path)
        columns = set(table.column_names)
        of_solvers = "model" in columns and not columns & {"benchmark", "score", "item"}
        name = "" if "benchmark" in columns or of_solvers or not left else left.pop(0)
        if not columns.issuperset(_NEEDED) or ("benchmark" not in columns and name != benchmark):
            continue
        cells = {column: text_column(table[column], column, path) for column in _NEEDED}
        rows = pa.table(cells)
        parts.append(rows if name else rows.filter(_is(text_column(table["benchmark"], "benchmark", path), benchmark)))
    if not parts:
        return None
    return _answers(pa.concat_tables(parts))


def real_benchmark(path: Path) -> str:
    """Return the benchmark that a long table's column `kind` calls real.

    Raises:
        DataError: None is called so.
    """
    import pyarrow.compute as pc

    rows = read_table(path)
    if {"benchmark", "kind"} <= set(rows.column_names):
        first = pc.index(text_column(rows["kind"], "kind", path), "real").as_py()
        if first >= 0:
            return str(text_column(rows["benchmark"], "benchmark", path)[first].as_py())
    raise DataError("no benchmark is called real", where=str(path), way_out="Score the run again: acidtest evaluate.")


def _is(column: Any, text: str) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(pc.equal(column, text), fill_value=False)


def _answers(rows: Any) -> Answers | None:
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(rows["prediction"])
    there = pc.fill_null(pc.and_(pc.not_equal(trimmed, ""), pc.and_(_full(rows["model"]), _full(rows["item"]))), False)
    answers = trimmed.filter(there)
    if len(answers) == 0:
        return None
    (model, models), (item, items), (answer, _) = (
        _coded(column) for column in (rows["model"].filter(there), rows["item"].filter(there), answers)
    )
    codes = np.full((len(models), len(items)), -1, dtype=np.int64)
    codes[model, item] = answer
    return Answers(models=models, items=items, codes=codes)


def _full(column: Any) -> Any:
    import pyarrow.compute as pc

    return pc.not_equal(column, "")


def _coded(column: Any) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.chunk(0) if hasattr(encoded, "chunk") else encoded
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, tuple(encoded.dictionary.to_pylist())
