"""Columns read from Arrow's buffers are what Arrow itself reads from them, however the file holds them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acidtest.data.scores.arrow import codes, numbers
from acidtest.data.scores.rows import read_rows
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError

WORDS = ["b", None, "a", "", "b", "c", "a", None]
DICTIONARY = pa.dictionary(pa.int32(), pa.string())


def plain() -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(WORDS[:3]), pa.array(WORDS[3:])])


def unused_and_doubled() -> pa.ChunkedArray:
    """The same words by a dictionary that has more: unused ones, one that is there twice, an empty one."""
    dictionary = pa.array(["never", "a", "b", "", "c", "b"])
    first = pa.DictionaryArray.from_arrays(pa.array([2, None, 1], pa.int8()), dictionary)
    rest = pa.DictionaryArray.from_arrays(pa.array([3, 5, 4, 1, None], pa.int8()), dictionary)
    return pa.chunked_array([first, rest])


COLUMNS = {
    "plain": plain(),
    "large": plain().cast(pa.large_string()),
    "dictionary": plain().dictionary_encode(),
    "unused and doubled": unused_and_doubled(),
    "a slice": pa.chunked_array([pa.array(["z", *WORDS, "z"])]).slice(1, len(WORDS)),
    "a slice of a dictionary": pa.chunked_array([pa.array(["z", *WORDS, "z"])])
    .dictionary_encode()
    .slice(1, len(WORDS)),
    "chunks of nothing": pa.chunked_array([pa.array([], pa.string()), *plain().chunks, pa.array([], pa.string())]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_texts_become_codes_in_the_order_of_their_first_row(name: str) -> None:
    found, texts = codes(COLUMNS[name])
    assert texts == ["b", "a", "c"]
    assert found.tolist() == [0, -1, 1, -1, 0, 2, 1, -1]


def test_no_text_at_all() -> None:
    found, texts = codes(pa.chunked_array([pa.array([None, None], pa.string())]))
    assert (found.tolist(), texts) == ([-1, -1], [])
    found, texts = codes(pa.chunked_array([], pa.string()))
    assert (found.tolist(), texts) == ([], [])


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([pa.array([1.5, None]), pa.array([-2.0, float("nan")])]),
        pa.chunked_array([pa.array([1, 2, None, 2**40])]),
        pa.chunked_array([pa.array([9, *range(20), 9, None], pa.int8())]).slice(1, 21),
        pa.chunked_array([pa.array([True, None, False])]),
        pa.chunked_array([pa.array([None, None], pa.null())]),
        pa.chunked_array([pa.array([0.25, None], pa.float32())]),
        pa.chunked_array([], pa.float64()),
    ],
    ids=str,
)
def test_numbers_are_those_of_arrow(column: pa.ChunkedArray) -> None:
    expected = [np.nan if cell is None else float(cell) for cell in column.to_pylist()]
    np.testing.assert_array_equal(numbers(column), np.array(expected, np.float64))


def long_table(solvers: str = "abc", items: int = 40) -> pa.Table:
    rng = np.random.default_rng(len(solvers))
    cells = [(b, m, f"{b}-{i}") for b in ("real", "fake") for m in solvers for i in range(items)]
    columns = {name: [cell[k] for cell in cells] for k, name in enumerate(("benchmark", "model", "item"))}
    return pa.table({**columns, "score": rng.integers(0, 2, len(cells)), "prediction": ["a long answer"] * len(cells)})


@pytest.mark.parametrize("form", ["plain", "row groups", "categories", "large", "shuffled"])
def test_parquet_reads_alike_however_it_is_written(tmp_path: Path, form: str) -> None:
    table = long_table()
    expected_path, path = tmp_path / "scores.csv", tmp_path / "scores.parquet"
    lines = [",".join(str(x) for x in row.values()) for row in table.to_pylist()]
    expected_path.write_text("\n".join([",".join(table.column_names), *lines]), "utf-8")
    texts = ("benchmark", "model", "item")
    if form in ("categories", "large"):
        kind = DICTIONARY if form == "categories" else pa.large_string()
        for place, name in enumerate(texts):
            table = table.set_column(place, name, table[name].cast(kind))
    if form == "shuffled":  # the first rows stay, so that solvers keep their order
        order = np.random.default_rng(0).permutation(len(table))
        first = [row for row in range(len(table)) if table["item"][row].as_py().endswith("-0")]
        table = table.take(pa.array([*first, *(row for row in order.tolist() if row not in first)]))
    pq.write_table(table, path, row_group_size=17 if form == "row groups" else None, use_dictionary=form != "plain")
    expected, found = read_scores([expected_path], real="real"), read_scores([path], real="real")
    for one, other in zip((expected.real, *expected.synthetic), (found.real, *found.synthetic), strict=True):
        assert one.models == other.models
        assert set(one.items) == set(other.items)
        assert one.stats is not None
        assert other.stats is not None
        np.testing.assert_array_equal(one.stats, other.stats[:, [other.items.index(item) for item in one.items]])


def test_files_of_different_solvers_and_columns_join(tmp_path: Path) -> None:
    one, other = tmp_path / "one.parquet", tmp_path / "other.csv"
    pq.write_table(long_table("abc", 2).filter(pa.compute.field("benchmark") == "real"), one)
    other.write_text("benchmark,model,item,score,bundle,weight\nreal,d,real-1,1,x,2\nfake,b,f,0.5,,1\n", "utf-8")
    rows = read_rows([one, other])
    assert rows.texts["model"] == ["a", "b", "c", "d"]
    assert rows.texts["benchmark"] == ["real", "fake"]
    assert rows.codes["model"].tolist() == [0, 0, 1, 1, 2, 2, 3, 1]
    assert rows.codes["item"].tolist() == [0, 1, 0, 1, 0, 1, 1, 2]
    assert rows.codes["bundle"].tolist() == [-1] * 6 + [0, -1]
    assert rows.text("bundle", 6) == "x"
    np.testing.assert_array_equal(rows.numbers["weight"], [np.nan] * 6 + [2, 1])


def test_an_empty_name_in_a_wide_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("model,real,fake\na,0.1,0.2\n,0.3,0.4\n", "utf-8")
    with pytest.raises(DataError, match="the model is empty") as refused:
        read_scores([path], real="real")
    assert "row 2" in str(refused.value)


def test_reading_loads_no_pandas(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    pq.write_table(long_table(), path)
    code = (
        "import sys; from pathlib import Path; from acidtest.data.scores.table import read_scores; "
        f"read_scores([Path({str(path)!r})], real='real'); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
