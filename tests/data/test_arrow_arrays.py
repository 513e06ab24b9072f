"""Arrays made from buffers are those that `pyarrow.array` makes, without the price of it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from acidtest.data.arrow_arrays import flag_array, float_array, list_array, text_array, whole_array

CASES: list[tuple[Callable[[Any], Any], list[Any], Any]] = [
    (text_array, ["a", None, "", "Zürich\n", 7, "日本"], pa.array(["a", None, "", "Zürich\n", "7", "日本"])),
    (text_array, [None, None], pa.array([None, None], pa.string())),
    (text_array, [], pa.array([], pa.string())),
    (float_array, [0.1, np.nan, -3, None, np.inf], pa.array([0.1, None, -3, None, np.inf], pa.float64())),
    (float_array, [], pa.array([], pa.float64())),
    (whole_array, [0, None, 12, -1], pa.array([0, None, 12, -1], pa.int64())),
    (flag_array, [True, None, False, 0.0, 1.0, np.nan], pa.array([True, None, False, False, True, None])),
    (
        list_array,
        [[1, 2], None, [np.nan, np.nan], [3], [np.nan, 4]],
        pa.array([[1, 2], None, None, [3], [None, 4]], pa.list_(pa.float64())),
    ),
    (list_array, [None], pa.array([None], pa.list_(pa.float64()))),
    (list_array, list(np.eye(2)), pa.array([[1, 0], [0, 1]], pa.list_(pa.float64()))),
]


@pytest.mark.parametrize(("make", "cells", "wanted"), CASES)
def test_same_as_arrow_own_array(make: Callable[[Any], Any], cells: list[Any], wanted: Any) -> None:
    made = make(cells)
    made.validate(full=True)
    assert made.null_count == wanted.null_count
    assert made.cast(wanted.type).equals(wanted)


def test_many_cells_are_those_of_arrow() -> None:
    rng = np.random.default_rng(1)
    values = np.where(rng.random(1_003) < 0.3, np.nan, rng.normal(size=1_003))
    assert float_array(values).equals(pa.array(values, from_pandas=True))
    words = [None if np.isnan(v) else f"w{v:.3f}" for v in values]
    assert text_array(words).cast(pa.string()).equals(pa.array(words))


def test_a_text_that_is_no_unicode_is_written_all_the_same() -> None:
    assert text_array(["a\ud800"]).to_pylist() == ["a?"]


def test_no_pandas_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from acidtest.data.scores.write import write_score_table; from pathlib import Path\n"
        "columns = {'benchmark': ['r'], 'model': ['m'], 'score': [1.0], 'stats': [[1.0]], 'failure': [True]}\n"
        "write_score_table(Path(sys.argv[1]), {**columns, 'tokens_in': [3]})\n"
        "sys.exit('pandas' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "scores.parquet")]
    assert subprocess.run(command, check=False).returncode == 0
