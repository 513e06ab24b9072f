"""Logs that lighteval wrote: the mean over our rows is the score in its own results file."""

import json
import math
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from acidtest.data.logs.lighteval import Lighteval
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogOptions
from acidtest.errors import DataError

LOGS = Path(__file__).parent / "lighteval" / "logs"
OLD_LOGS = LOGS.with_name("logs_0.8.1")
NO_MEAN = ("mcc", "bleu")


def entries(path: Path, **options: Any) -> list[LogEntry]:
    """Of a file, or of all files of a folder."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    assert all(Lighteval().recognises(file, head_of(file)) for file in files)
    return [entry for file in files for entry in Lighteval().read(file, LogOptions(**options))]


def means(rows: Sequence[LogEntry]) -> dict[tuple[str, str, str], float]:
    scores = defaultdict(list)
    for row in rows:
        assert row.score is not None
        scores[row.model, row.benchmark, row.metric].append(row.score)
    return {names: math.fsum(found) / len(found) for names, found in scores.items()}


def tools_own(logs: Path = LOGS) -> dict[tuple[str, str, str], float]:
    found = {}
    for path in logs.rglob("results_*.json"):
        results = json.loads(path.read_text("utf-8"))
        for task, scores in results["results"].items():
            for metric, score in scores.items():
                if task != "all" and "_average" not in task and not metric.endswith("_stderr"):
                    found[results["config_general"]["model_name"], task, metric] = score
    return found


def test_means_are_the_tools_own_scores() -> None:
    ours, own = means(entries(LOGS)), tools_own()
    assert ours == pytest.approx({names: own[names] for names in ours})
    left_out = {names[2] for names in own.keys() - ours.keys()}
    assert left_out == set(NO_MEAN)
    assert ours["openai/smollm2", "sums|0", "f1"] == pytest.approx(1 / 12)  # the tool's: 0, 0, 1/3, 0


def test_details_of_versions_before_0_10() -> None:
    rows = entries(OLD_LOGS)
    ours, own = means(rows), tools_own(OLD_LOGS)
    assert ours == pytest.approx({names: own[names] for names in ours})
    assert {names[1:] for names in own.keys() - ours.keys()} == {("community|sums|0", "bleu")}
    choice = next(row for row in rows if row.label == "a rainbow")
    assert (choice.prediction, choice.score) == ("a tunnel", 0.0)
    assert {row.label for row in rows if row.metric == "em"} == {"3", "8", "7", "5"}
    # Both versions were given the same data.
    seas = [
        {row.item for row in read if "seas" in row.benchmark} for read in (rows, entries(LOGS / "details" / "tiny-a"))
    ]
    assert seas[0] == seas[1]
    grouped = {row.benchmark for row in entries(OLD_LOGS, groups=True)}
    assert grouped == {"community|nature|0", "community|sums|0"}


def test_old_details_that_hold_texts_are_told(tmp_path: Path) -> None:
    """As `save()` writes them where the rows' types differ: {k: str(v) for k, v in asdict(detail).items()}."""
    path = tmp_path / "details_a|b|0_2024-01-01T00-00-00.parquet"
    row = {"example": "?", "predictions": "['x']", "metrics": "{'em': 1}", "choices": "[]"}
    parquet.write_table(pa.Table.from_pylist([row]), path)
    told: list[str] = []
    assert entries(path, tell=told.append) == []
    assert told == [f"'{path.name}' holds its scores as texts: left out"]


def test_a_group_may_hold_one_item_in_two_tasks(tmp_path: Path) -> None:
    source = next((LOGS / "details" / "tiny-a").rglob("details_nature_seas*"))
    rows = parquet.read_table(source).to_pylist()
    for row in rows:
        row["doc"]["task_name"] = "nature:coasts|0"
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    both = [row.item for path in (source, tmp_path / "a.parquet") for row in entries(path, groups=True)]
    assert len(set(both)) == len(both) == 8


def test_what_stands_in_a_row() -> None:
    told: list[str] = []
    rows = entries(LOGS, tell=told.append)
    word = next(row for row in rows if row.metric == "f1" and row.score)
    assert (word.label, word.prediction, word.tokens_out) == ("7", "The number 7 is a", None)
    choice = next(row for row in rows if row.model == "tiny-a" and row.label == "a rainbow")
    assert (choice.prediction, choice.score, choice.tokens_in, choice.tokens_out) == ("a tunnel", 0.0, 43, None)
    assert "'mcc' of 'nature:seas|0' is reckoned over the whole benchmark: no item has a score" in told
    assert not any("the tool says" in note for note in told)
    skies = {
        model: [row.item for row in rows if (row.model, row.benchmark) == (model, "nature:skies|0")]
        for model in ("tiny-a", "tiny-b")
    }
    assert sorted(skies["tiny-a"]) == sorted(skies["tiny-b"])
    assert len(set(skies["tiny-a"])) == 3  # two of them have the same content


def test_a_group_is_one_benchmark_where_the_user_says_so() -> None:
    rows = list(entries(LOGS / "details" / "tiny-a", groups=True))
    assert {(row.benchmark, row.topic) for row in rows} == {
        ("nature|0", "nature:seas|0"),
        ("nature|0", "nature:skies|0"),
    }
    assert means(rows)["tiny-a", "nature|0", "acc"] == pytest.approx(5 / 7)  # 3 of 4 and 2 of 3


def test_results_alone_give_rows_without_items(tmp_path: Path) -> None:
    rows = entries(LOGS / "results" / "tiny-a")
    assert {(row.benchmark, row.metric, row.item) for row in rows} == {("sums|0", "em", ""), ("sums|0", "bleu", "")}
    shutil.copy(next((LOGS / "results" / "tiny-a").iterdir()), tmp_path)
    alone = means(entries(tmp_path))
    assert alone == {names: score for names, score in tools_own().items() if names[0] == "tiny-a"}


def test_details_alone_name_the_model_by_their_folder(tmp_path: Path) -> None:
    shutil.copytree(LOGS / "details", tmp_path / "details")
    rows = entries(tmp_path / "details" / "openai")
    assert {row.model for row in rows} == {"openai/smollm2"}
    assert means(rows)["openai/smollm2", "sums|0", "f1"] == pytest.approx(1 / 12)
    bare = next((tmp_path / "details").rglob("details_sums*"))
    shutil.copy(bare, tmp_path / "a.parquet")
    assert {row.model for row in entries(tmp_path / "a.parquet", model="mine")} == {"mine"}
    assert {row.model for row in entries(tmp_path / "a.parquet")} == {""}


def test_less_is_better_where_the_results_say_so(tmp_path: Path) -> None:
    shutil.copytree(LOGS, tmp_path / "logs")
    for path in (tmp_path / "logs" / "results").rglob("*tiny-a/*.json"):
        results = json.loads(path.read_text("utf-8"))
        for config in results["config_tasks"].values():
            for metric in config["metrics"]:
                metric["higher_is_better"] = metric["metric_name"] not in ("acc", "em")
        path.write_text(json.dumps(results), "utf-8")
    for part, metric in (("details", "acc"), ("results", "em")):
        lower: list[str] = []
        entries(tmp_path / "logs" / part / "tiny-a", less_is_better=lower.append)
        assert set(lower) == {metric}


def test_columns_as_they_were_called_before_0_13(tmp_path: Path) -> None:
    source = next(LOGS.rglob("details_sums*"))
    table = parquet.read_table(source)
    path = tmp_path / "a.parquet"
    parquet.write_table(table.rename_columns([f"__{name}__" for name in table.column_names]), path)
    assert [row.score for row in entries(path, model="openai/smollm2")] == [row.score for row in entries(source)]


def test_odd_cells_are_no_scores_and_broken_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    doc = {"query": "q", "choices": ["x"], "gold_index": 7, "task_name": "t|0"}
    answer: dict[str, list[object]] = {"text": [], "logprobs": [float("nan")]}
    odd: list[dict[str, object]] = [
        {"doc": doc, "metric": {"m": float("nan")}, "model_response": answer},
        {"doc": None, "metric": {"m": 1.0}, "model_response": None},
    ]
    parquet.write_table(pa.Table.from_pylist(odd), path)
    first, second = entries(path, benchmark="b")
    assert (first.benchmark, first.score, first.label, first.prediction) == ("t|0", None, "", "")
    assert (second.benchmark, second.score) == ("b", 1.0)
    content = path.read_bytes()
    path.write_bytes(content[:60] + bytes(40) + content[100:])
    with pytest.raises(DataError, match="not a readable Parquet file"):
        entries(path)
    assert not Lighteval().recognises(tmp_path / "none.parquet", b"")
