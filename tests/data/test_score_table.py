"""Tables of scores: every form that users have reads to the same Scores, and every bad one is named with its place."""

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from acidtest.data.scores.table import read_scores
from acidtest.data.scores.write import write_score_table
from acidtest.errors import DataError
from acidtest.types import Scores

ROOT = Path(__file__).resolve().parents[2]
POLITICS = ROOT / "examples" / "published" / "politics_ner.csv"
SCORES = {"real": {"a": [1, 0, 1, 1], "b": [0, 0, 1, 1]}, "fake": {"a": [1, 1, 1, 0], "b": [1, 0, 0, 0]}}
"""Scores of two solvers on four items each, on which every form below is built."""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def long_rows() -> list[dict[str, object]]:
    return [
        {"benchmark": benchmark, "model": model, "item": f"{benchmark}-{i}", "score": score}
        for benchmark, by_model in SCORES.items()
        for model, scores in by_model.items()
        for i, score in enumerate(scores)
    ]


def csv_of(rows: list[dict[str, object]]) -> str:
    names = list(rows[0])
    lines = [",".join(names)]
    lines += [",".join("" if row.get(n) is None else str(row[n]) for n in names) for row in rows]
    return "\n".join(lines) + "\n"


def same(one: Scores, other: Scores) -> None:
    assert one.metric == other.metric
    assert one.families == other.families
    assert one.not_compared == other.not_compared
    assert len(one.synthetic) == len(other.synthetic)
    for left, right in zip((one.real, *one.synthetic), (other.real, *other.synthetic), strict=True):
        for name in ("name", "kind", "models", "items", "bundles", "generator", "strategy"):
            assert getattr(left, name) == getattr(right, name), name
        for name in ("observed", "stats", "failures"):
            x, y = getattr(left, name), getattr(right, name)
            assert (x is None) == (y is None), name
            if x is not None:
                np.testing.assert_array_equal(x, y)


def test_long_csv_without_items_reads_the_published_numbers() -> None:
    scores = read_scores([POLITICS], real="original")
    assert scores.real.kind == "real"
    assert scores.real.models[0] == "gpt-4o"
    assert scores.real.observed[0] == 0.7215970961887478
    assert [s.name for s in scores.synthetic][:2] == ["gpt4o", "gpt4omini"]
    assert scores.synthetic[2].generator == "mistralai/Mixtral-8x22B-Instruct-v0.1"
    assert scores.real.stats is None
    assert scores.real.items == ()


@pytest.mark.parametrize("name", ["s.csv", "s.csv.gz", "s.tsv", "s.jsonl", "s.jsonl.gz", "s.parquet"])
def test_every_format_reads_to_the_same_scores(tmp_path: Path, name: str) -> None:
    rows = long_rows()
    wanted = read_scores([write(tmp_path, "wanted.csv", csv_of(rows))], real="real")
    if name == "s.parquet":
        path = tmp_path / name
        write_score_table(path, {n: [row[n] for row in rows] for n in rows[0]})
    elif "jsonl" in name:
        path = write(tmp_path, name, "".join(json.dumps(row) + "\n" for row in rows))
    else:
        text = csv_of(rows)
        path = write(tmp_path, name, text.replace(",", "\t") if "tsv" in name else text)
    found = read_scores([path], real="real")
    same(found, wanted)
    assert found.real.observed.tolist() == [0.75, 0.5]
    assert found.synthetic[0].observed.tolist() == [0.75, 0.25]
    assert found.real.stats is not None
    assert found.real.stats.shape == (2, 4, 1)


def test_wide_solvers_in_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "w.csv", "model,family,real,fake,note\na,f,0.75,0.75,good\nb,f,0.5,0.25,\nc,g,0.4,,x\n")
    scores = read_scores([path], real="real")
    assert scores.real.observed.tolist() == [0.75, 0.5, 0.4]
    assert scores.synthetic[0].models == ("a", "b")
    assert scores.not_compared == {"fake": {"c": "no score"}}
    assert scores.families == {"a": "f", "b": "f", "c": "g"}


def test_wide_items_in_rows_one_file_per_benchmark(tmp_path: Path) -> None:
    paths = []
    for benchmark, by_model in SCORES.items():
        lines = ["item,topic,a,b"]
        lines += [f"{benchmark}-{i},t,{by_model['a'][i]},{by_model['b'][i]}" for i in range(4)]
        paths.append(write(tmp_path, f"{benchmark}.csv", "\n".join(lines) + "\n"))
    found = read_scores(paths, real="real", benchmark=("real", "fake"))
    same(found, read_scores([write(tmp_path, "long.csv", csv_of(long_rows()))], real="real"))


def test_long_and_wide_files_together(tmp_path: Path) -> None:
    rows = [row for row in long_rows() if row["benchmark"] == "real"]
    long = write(tmp_path, "long.csv", csv_of(rows))
    wide = write(tmp_path, "wide.csv", "item,a,b\nfake-0,1,1\nfake-1,1,0\nfake-2,1,0\nfake-3,0,0\n")
    found = read_scores([long, wide], real="real", benchmark="fake")
    same(found, read_scores([write(tmp_path, "all.csv", csv_of(long_rows()))], real="real"))


def test_epochs_are_averaged(tmp_path: Path) -> None:
    text = "benchmark,model,item,epoch,score\nreal,a,1,0,1\nreal,a,1,1,0\nreal,a,2,0,1\nfake,a,9,0,1\nfake,a,9,1,\n"
    scores = read_scores([write(tmp_path, "e.csv", text)], real="real")
    assert scores.real.stats is not None
    assert scores.real.stats[0, :, 0].tolist() == [0.5, 1.0]
    assert scores.synthetic[0].observed.tolist() == [1.0]  # an epoch that was not scored is no 0


def test_rows_with_an_error_are_not_scored(tmp_path: Path) -> None:
    text = (
        "benchmark,model,item,score,error\nreal,a,1,1,\nreal,a,2,0,timeout\nreal,b,1,0,\nreal,b,2,1,\n"
        "fake,a,3,1,\nfake,b,3,0,no\x1banswer\n"
    )
    scores = read_scores([write(tmp_path, "e.csv", text)], real="real")
    assert scores.real.observed.tolist() == [1.0, 0.5]
    assert scores.real.stats is not None
    assert np.isnan(scores.real.stats[0, 1, 0])
    assert scores.synthetic[0].models == ("a",)
    assert scores.not_compared == {"fake": {"b": "every item failed: no answer"}}


def test_weights_make_a_weighted_mean(tmp_path: Path) -> None:
    text = "benchmark,model,item,score,weight\nreal,a,1,1,3\nreal,a,2,0,1\nfake,a,3,1,1\nfake,a,4,0,1\n"
    scores = read_scores([write(tmp_path, "w.csv", text)], real="real")
    assert scores.real.observed.tolist() == [0.75]  # (3 * 1 + 1 * 0) / 4
    assert scores.synthetic[0].observed.tolist() == [0.5]


def test_one_metric_of_several(tmp_path: Path) -> None:
    text = "benchmark,model,metric,score\nreal,a,loss,0.5\nreal,a,accuracy,0.9\nfake,a,loss,0.4\nfake,a,accuracy,0.8\n"
    path = write(tmp_path, "m.csv", text)
    with pytest.raises(DataError, match=r"2 metrics: loss, accuracy(.|\n)*--metric"):
        read_scores([path], real="real")
    with pytest.raises(DataError, match=r"Did you mean 'accuracy'"):
        read_scores([path], real="real", metric="accurracy")
    scores = read_scores([path], real="real", metric="loss", lower_is_better=["loss"])
    assert scores.real.observed.tolist() == [0.5]
    assert not scores.metric.higher_is_better
    with pytest.raises(DataError, match=r"no scores of metric 'los'"):
        read_scores([path], real="real", metric="loss", lower_is_better=["los"])


def test_written_scores_read_back_with_statistics_bundles_failures_and_families(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    models, items = ("a", "b"), tuple(f"i{i}" for i in range(5))
    columns: dict[str, list[object]] = {
        name: []
        for name in ("benchmark", "model", "item", "score", "kind", "generator", "strategy", "family", "metric")
    }
    columns |= {"stats": [], "bundle": [], "failure": [], "error": []}
    kept = {}
    for name in ("real", "fake"):
        stats = rng.integers(0, 3, (2, 5, 3)).astype(float) + 1
        stats[1, 2] = np.nan
        kept[name] = stats
        for m, model in enumerate(models):
            for i, item in enumerate(items):
                missing = bool(np.isnan(stats[m, i, 0]))
                row: tuple[object, ...] = (
                    name,
                    model,
                    item,
                    None if missing else 0.5,
                    "real" if name == "real" else "synthetic",
                )
                row += (None if name == "real" else "b", None if name == "real" else "few_shot", "fam", "span_f1")
                row += (stats[m, i], f"bundle{i // 2}", None if missing else i == 4, "timeout" if missing else None)
                for column, cell in zip(columns.values(), row, strict=True):
                    column.append(cell)
    path = tmp_path / "scores.parquet"
    write_score_table(path, columns)
    first = path.read_bytes()
    write_score_table(path, columns)
    assert path.read_bytes() == first
    scores = read_scores([path], real="real")
    assert scores.metric.name == "span_f1"
    fake = scores.synthetic[0]
    assert (fake.generator, fake.strategy) == ("b", "few_shot")
    assert fake.bundles == ("bundle0", "bundle0", "bundle1", "bundle1", "bundle2")
    assert scores.families == {"a": "fam", "b": "fam"}
    assert fake.stats is not None
    np.testing.assert_array_equal(fake.stats, kept["fake"])
    tp, fp, fn = np.nansum(kept["fake"], axis=1).T
    np.testing.assert_allclose(fake.observed, 2 * tp / (2 * tp + fp + fn), rtol=0, atol=1e-15)
    assert fake.failure_rate().tolist() == [0.2, 0.25]


LONG = "benchmark,model,item,score\n"
BAD = {
    "a number": (LONG + "real,a,1,1\nreal,b,1,good\nfake,a,2,1\n", r"score 'good' is not a number(.|\n)*row 2"),
    "an infinite number": (LONG + "real,a,1,inf\nfake,a,2,1\n", r"score is infinite(.|\n)*row 1"),
    "a duplicate": (
        LONG + "real,a,1,1\nfake,a,2,1\nreal,a,1,0\n",
        r"'real', model 'a', item '1' stands twice(.|\n)*row 3 \(first: .*row 1\)(.|\n)*epoch",
    ),
    "a duplicate epoch": (
        "benchmark,model,item,epoch,score\nreal,a,1,0,1\nreal,a,1,0,1\nfake,a,1,0,1\n",
        r"stands twice with epoch 0",
    ),
    "a missing column": ("benchmark,modell,score\nreal,a,1\n", r"no column 'model'(.|\n)*Rename 'modell' to 'model'"),
    "a missing model column": ("Model,real,fake\na,1,1\n", r"no column '(.|\n)*Rename 'Model' to 'model'"),
    "a misspelt column": (
        "benchmark,model,score,generater\nreal,a,1,x\n",
        r"no column is called 'generater'(.|\n)*Did you mean 'generator'",
    ),
    "items without a benchmark": ("item,a,b\n1,1,0\n", r"no column 'benchmark'(.|\n)*--benchmark"),
    "no such benchmark": ("model,rael,fake\na,1,1\n", r"no benchmark is called 'real'(.|\n)*Did you mean 'rael'"),
    "nothing to compare": ("model,real\na,1\n", r"no synthetic benchmark to compare"),
    "two kinds": (
        "benchmark,model,score,kind\nreal,a,1,real\nreal,b,1,synthetic\nfake,a,1,synthetic\n",
        r"'real' is real in one row and synthetic in another(.|\n)*row 2",
    ),
    "a wrong kind": (
        "benchmark,model,score,kind\nreal,a,1,human\nfake,a,1,synthetic\n",
        r"kind is 'human'(.|\n)*row 1",
    ),
    "real is synthetic": (
        "benchmark,model,score,kind\nreal,a,1,synthetic\nfake,a,1,synthetic\n",
        r"'real' is called real, but",
    ),
    "two generators": (
        "benchmark,model,score,generator\nreal,a,1,\nfake,a,1,x\nfake,b,1,y\n",
        r"'fake' has more than one generator(.|\n)*row 3",
    ),
    "two bundles": (
        "benchmark,model,item,score,bundle\nreal,a,1,1,x\nreal,b,1,1,y\nfake,a,1,1,x\n",
        r"item '1' is in two bundles(.|\n)*row 2",
    ),
    "items in some rows": (LONG + "real,a,1,1\nreal,b,,1\nfake,a,1,1\n", r"rows without one(.|\n)*row 2"),
    "an empty model": (LONG + "real,a,1,1\nreal,,1,1\n", r"the model is empty(.|\n)*row 2"),
    "two columns of one name": ("model,real,real\na,1,1\n", r"two columns are called 'real'"),
    "no rows": ("model,real,fake\n", r"holds no scores"),
    "nothing": ("", r"cannot be read as csv"),
    "a ragged row": ("model,real,fake\na,1\n", r"cannot be read as csv: .*Expected 3 columns, got 2"),
    "no score at all": (LONG + "real,a,1,\nfake,a,1,1\n", r"'real' has no score at all"),
    "stats of no mean": (
        "benchmark,model,item,score,metric\nreal,a,1,1,macro_f1\nfake,a,1,1,macro_f1\n",
        r"'macro_f1' is no mean(.|\n)*'stats'",
    ),
    "short stats": (
        'benchmark,model,item,score,stats\nreal,a,1,1,"[1,2]"\nreal,a,2,1,"[1]"\nfake,a,1,1,"[1,2]"\n',
        r"fewer than the 2 numbers(.|\n)*row 2",
    ),
    "stats of words": (
        'benchmark,model,item,score,stats\nreal,a,1,1,"[""x""]"\n',
        r"stats is no list of numbers(.|\n)*row 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_csv_is_named_with_its_place(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(DataError, match=message):
        read_scores([write(tmp_path, "bad.csv", text)], real="real")


def test_bad_json_line_is_named(tmp_path: Path) -> None:
    good = '{"benchmark": "real", "model": "a", "score": 1}\n'
    with pytest.raises(DataError, match=r"not JSON(.|\n)*line 2"):
        read_scores([write(tmp_path, "bad.jsonl", good + '{"benchmark": "real", "mo')], real="real")
    with pytest.raises(DataError, match=r"score 'x' is not a number(.|\n)*line 2"):
        read_scores(
            [write(tmp_path, "b.jsonl", good + '{"benchmark": "f", "model": "a", "score": "x"}\n')], real="real"
        )


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent.csv", "no file"), ("scores.xlsx", "ends in no format"), ("s.parquet.gz", "ends in no format")],
)
def test_files_that_are_no_scores(tmp_path: Path, name: str, message: str) -> None:
    if name != "absent.csv":
        write(tmp_path, name, "x")
    with pytest.raises(DataError, match=message):
        read_scores([tmp_path / name], real="real")


def test_a_broken_parquet_file_and_a_cut_gzip_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as parquet"):
        read_scores([write(tmp_path, "b.parquet", "PAR1 nothing")], real="real")
    whole = gzip.compress(csv_of(long_rows() * 50).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read as csv"):
        read_scores([tmp_path / "cut.csv.gz"], real="real")


def test_unused_options_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "w.csv", "model,real,fake\na,1,1\n")
    with pytest.raises(DataError, match="no file needs the benchmark name 'x'"):
        read_scores([path], real="real", benchmark="x")
    with pytest.raises(DataError, match=r"no synthetic benchmark is called 'fke'(.|\n)*Did you mean 'fake'"):
        read_scores([path], real="real", generators={"fke": "a"})
    with pytest.raises(DataError, match="named twice"):
        read_scores([path], real="real", synthetic=["fake", "fake"])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"benchmark": ["r"], "model": ["a"]}, "no column 'score'"),
        ({"benchmark": ["r"], "model": ["a"], "score": [1], "x": [1]}, "called 'x'"),
        ({"benchmark": ["r"], "model": ["a"], "score": [1, 2]}, "different lengths"),
    ],
)
def test_columns_that_cannot_be_written(tmp_path: Path, columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        write_score_table(tmp_path / "s.parquet", columns)


def test_many_rows_find_their_cells(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    solvers, items = 20, 10_000
    benchmark = np.repeat(["real", "fake"], solvers * items)
    model = np.tile(np.repeat([f"m{i}" for i in range(solvers)], items), 2)
    item = np.tile([f"i{i}" for i in range(items)], 2 * solvers)
    score = rng.integers(0, 2, 2 * solvers * items)
    path = tmp_path / "big.parquet"
    write_score_table(path, {"benchmark": benchmark, "model": model, "item": item, "score": score})
    scores = read_scores([path], real="real")
    np.testing.assert_allclose(scores.real.observed, score[: solvers * items].reshape(solvers, items).mean(axis=1))


def test_rows_without_names_are_items_of_their_file_alone(tmp_path: Path) -> None:
    """Files of two folders may be called alike; their rows are no answers to the same items."""
    files = []
    for name in ("real", "fake"):
        (tmp_path / name).mkdir()
        files.append(tmp_path / name / "scores.csv")
        files[-1].write_text("a,b\n1,0\n0,1\n")
    found = read_scores(files, real="real", benchmark=["real", "fake"])
    assert not set(found.real.items) & set(found.synthetic[0].items)


def test_a_number_that_is_none_is_an_empty_name(tmp_path: Path) -> None:
    columns = {"benchmark": ["real", "real", "fake"], "model": ["a"] * 3, "item": [1.0, 2.0, 3.0]}
    path = tmp_path / "scores.parquet"
    parquet.write_table(pa.table(columns | {"score": [1.0, 0.0, 1.0], "epoch": [1.0, float("nan"), 1.0]}), path)
    assert read_scores([path], real="real").real.items == ("1", "2")
    parquet.write_table(pa.table(columns | {"score": [1.0, 0.0, 1.0], "item": [1.0, float("nan"), 3.0]}), path)
    with pytest.raises(DataError, match="rows with an item and rows without one"):
        read_scores([path], real="real")
