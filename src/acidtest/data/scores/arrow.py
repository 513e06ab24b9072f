"""Arrow columns of scores -> NumPy, read from their buffers: no text object per row, and no copy that is not needed.

Arrow's own `to_numpy` imports pandas wherever that is installed, which alone costs a fifth of a CPU second.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.estimate import FloatArray

CodeArray = NDArray[np.int32]


def codes(column: Any) -> tuple[CodeArray, list[str]]:
    """Return a column of texts as numbers, and the different texts in the order in which they first appear.

    Args:
        column: Arrow strings, plain or dictionary-encoded.

    Returns:
        [R] position of each row's text among the texts, -1 where the cell is empty or missing; and the texts.
    """
    place: dict[str, int] = {}
    parts = []
    for chunk in column.chunks:
        encoded = chunk if hasattr(chunk, "dictionary") else chunk.dictionary_encode()
        words = encoded.dictionary.to_pylist()
        own = np.array([*(place.setdefault(word, len(place)) if word else -1 for word in words), -1], np.int32)
        there = _known(encoded.indices)
        parts.append(own[_values(encoded.indices, "int32", np.dtype(np.int32), there, missing=-1)])
    return _in_order_of_appearance(np.concatenate([*parts, np.zeros(0, np.int32)]), list(place))


def numbers(column: Any) -> FloatArray:
    """Return a column of numbers (whole, real, decimal, true or false) as floats [R]; an empty cell is NaN."""
    import pyarrow as pa

    column = column.cast(pa.float64(), safe=False)
    filled = np.empty(len(column))
    start = 0
    for chunk in column.chunks:
        of_chunk = _values(chunk, "float64", np.dtype(np.float64), _known(chunk), missing=np.nan)
        filled[start : start + len(chunk)] = of_chunk
        start += len(chunk)
    return filled


def _values(
    array: Any, form: str, dtype: np.dtype[Any], there: NDArray[np.bool_] | None, *, missing: float
) -> NDArray[Any]:
    import pyarrow as pa

    array = array.cast(pa.type_for_alias(form))
    buffer = array.buffers()[1]
    values = (
        np.frombuffer(buffer, dtype)[array.offset : array.offset + len(array)] if len(array) else np.zeros(0, dtype)
    )
    return values if there is None else np.where(there, values, dtype.type(missing))


def _known(array: Any) -> NDArray[np.bool_] | None:
    """Return which cells are filled; None: all are."""
    if not array.null_count:
        return None
    bits = array.buffers()[0]
    if bits is None:  # a column of nothing but empty cells
        return np.zeros(len(array), np.bool_)
    known = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[array.offset : array.offset + len(array)]
    return known.astype(np.bool_)


def _in_order_of_appearance(code: CodeArray, texts: list[str]) -> tuple[CodeArray, list[str]]:
    """Return codes in the order of their first row; texts of no row are left out."""
    first = np.full(len(texts) + 1, len(code))
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)  # the last written is the first row
    order = np.argsort(first[:-1], kind="stable")
    order = order[first[order] < len(code)]
    if len(order) == len(texts) and (order == np.arange(len(texts))).all():
        return code, texts
    renamed = np.full(len(texts) + 1, -1, np.int32)
    renamed[order] = np.arange(len(order))
    return renamed[code], [texts[k] for k in order.tolist()]
