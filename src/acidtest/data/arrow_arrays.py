"""Python values -> Arrow arrays, made from their buffers.

`pyarrow.array` imports pandas wherever that is installed, which alone costs a fifth of a CPU second; these do not.
NaN and None are empty cells.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def text_array(cells: Sequence[object]) -> Any:
    """Return cells as text; what is no text becomes its `str`."""
    import pyarrow as pa

    encoded = [b"" if cell is None else str(cell).encode("utf-8", "replace") for cell in cells]
    offsets = _offsets(np.fromiter(map(len, encoded), np.int64, len(encoded)))
    filled = _bits(np.fromiter((cell is not None for cell in cells), np.bool_, len(cells)))
    buffers = [filled, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers)


def float_array(cells: ArrayLike) -> Any:
    """Return numbers as 64-bit floats."""
    import pyarrow as pa

    values = np.array(cells, np.float64)
    return pa.Array.from_buffers(pa.float64(), len(values), [_bits(~np.isnan(values)), pa.py_buffer(values)])


def whole_array(cells: ArrayLike) -> Any:
    """Return numbers as 64-bit whole ones."""
    import pyarrow as pa

    values = np.array(cells, np.float64)
    filled = ~np.isnan(values)
    whole = np.where(filled, values, 0).astype(np.int64)
    return pa.Array.from_buffers(pa.int64(), len(whole), [_bits(filled), pa.py_buffer(whole)])


def flag_array(cells: ArrayLike) -> Any:
    """Return true and false; numbers count as true unless they are 0."""
    import pyarrow as pa

    values = np.array(cells, np.float64)
    filled = ~np.isnan(values)
    return pa.Array.from_buffers(pa.bool_(), len(values), [_bits(filled), _bits(filled & (values != 0))])


def list_array(cells: Sequence[ArrayLike | None]) -> Any:
    """Return lists of floats; a list of NaN alone is an empty cell."""
    import pyarrow as pa

    rows = [np.zeros(0) if cell is None else np.asarray(cell, np.float64) for cell in cells]
    values = np.concatenate([*rows, np.zeros(0)])
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    filled = np.bincount(owner[~np.isnan(values)], minlength=len(rows)) > 0
    kept = filled[owner]
    lengths = np.bincount(owner[kept], minlength=len(rows))
    buffers = [_bits(filled), pa.py_buffer(_offsets(lengths))]
    return pa.Array.from_buffers(pa.large_list(pa.float64()), len(rows), buffers, children=[float_array(values[kept])])


def texts_array(cells: Sequence[Sequence[object] | None]) -> Any:
    """Return lists of text; None is an empty cell, () an empty list."""
    import pyarrow as pa

    filled = _bits(np.fromiter((cell is not None for cell in cells), np.bool_, len(cells)))
    offsets = _offsets(np.fromiter((len(cell or ()) for cell in cells), np.int64, len(cells)))
    inner = text_array([text for cell in cells for text in cell or ()])
    buffers = [filled, pa.py_buffer(offsets)]
    return pa.Array.from_buffers(pa.large_list(pa.large_string()), len(cells), buffers, children=[inner])


def _offsets(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each cell begins and the last one ends, as Arrow counts."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def _bits(flags: NDArray[np.bool_]) -> Any:
    import pyarrow as pa

    return pa.py_buffer(np.packbits(flags, bitorder="little"))
