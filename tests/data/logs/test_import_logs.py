"""Many logs become one table: what is found, what is refused, and that nothing is counted twice."""

import csv
import json
import math
import os
import shutil
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from acidtest.data.logs import log_files, staged_table
from acidtest.data.logs.duplicates import Duplicates
from acidtest.data.logs.import_logs import import_logs
from acidtest.data.logs.import_summary import ImportSummary
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import log_formats
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.data.logs.staged_table import StagedTable
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError

HERE = Path(__file__).parent
LOGS = HERE / "lm_eval" / "logs"
TINY = LOGS / "tiny-a"
TOOLS = sorted(path for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")


def table(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


def do_import(output: Path, *paths: Path, **options: Any) -> ImportSummary:
    return import_logs(paths or (LOGS,), output, **options)


def test_a_folder_of_logs_is_one_table(tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    found = do_import(out)
    rows = table(out)
    assert found.rows == len(rows) == 62
    assert found.files == {"lm_eval": 12}
    assert found.models == ("qwen-coder-0.5b", "smollm2", "tiny-a", "tiny-b")
    assert found.command == f"acidtest audit {out} --real NAME --metric acc"
    assert any(note.startswith("no metric stands in every benchmark") for note in found.notes)
    assert {(p.benchmark, p.metric): (p.models, p.rows) for p in found.parts}["tools_hand", "acc"] == (2, 8)
    assert sum(p.rows for p in found.parts) == 62
    assert "epoch" not in rows[0]  # columns that nothing stands in are not written
    assert {"benchmark", "model", "item", "score", "metric", "label", "prediction", "failure"} == set(rows[0])
    read = read_scores([out], real="tools_hand", synthetic=["tools_kitchen"], metric="acc")
    assert read.real.observed.tolist() == [0.25, json.loads(results("tiny-b"))["results"]["tools_hand"]["acc,none"]]


def results(model: str) -> str:
    return next((LOGS / model).glob("results_*")).read_text("utf-8")


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl"])
def test_every_ending_holds_the_same(tmp_path: Path, ending: str) -> None:
    do_import(tmp_path / "a.parquet")
    do_import(tmp_path / f"b{ending}")
    one, other = (
        read_scores([path], real="tools_hand", synthetic=["tools_kitchen"], metric="acc_norm")
        for path in (tmp_path / "a.parquet", tmp_path / f"b{ending}")
    )
    assert one.real.items == other.real.items
    assert one.real.stats is not None
    assert other.real.stats is not None
    assert one.real.stats.tolist() == other.real.stats.tolist()
    again = do_import(tmp_path / "c.parquet", tmp_path / f"b{ending}")  # a table is a log, too
    assert again.files == {"tidy": 1}
    assert table(tmp_path / "c.parquet") == table(tmp_path / "a.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", f"b{ending}", "c.parquet"]


def test_a_log_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    file = next(TINY.glob("samples_proverb*"))
    found = do_import(tmp_path / "a.parquet", TINY, file, TINY / ".." / "tiny-a", file)
    assert found.rows == do_import(tmp_path / "b.parquet", TINY).rows


def test_a_copy_is_refused_and_named(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "one")
    shutil.copytree(TINY, tmp_path / "two")
    with pytest.raises(DataError, match="stands twice") as caught:
        do_import(tmp_path / "a.parquet", tmp_path)
    assert str(tmp_path / "one") in caught.value.where
    assert str(tmp_path / "two") in caught.value.where
    assert "--repeats" in caught.value.way_out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]  # no table, and nothing half done


def test_repeats_are_numbered_where_the_user_says_so(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "one")
    shutil.copytree(TINY, tmp_path / "two")
    out = tmp_path / "a.parquet"
    found = do_import(out, tmp_path / "one", tmp_path / "two", LOGS / "tiny-b", repeats=True)
    rows = table(out)
    assert found.rows == len(rows)
    epochs = {model: sorted({row["epoch"] for row in rows if row["model"] == model}) for model in found.models}
    assert epochs == {"tiny-a": [0, 1], "tiny-b": [0]}
    read = read_scores([out], real="tools_hand", synthetic=["tools_kitchen"], metric="acc")
    assert read.real.observed[0] == 0.25  # the mean of two equal runs
    do_import(out, tmp_path / "one", tmp_path / "two", repeats=True, options=LogOptions(groups=True))
    assert {(row["topic"], row["epoch"]) for row in table(out) if row["benchmark"] == "tools"} == {
        (topic, epoch) for topic in ("tools_hand", "tools_kitchen") for epoch in (0, 1)
    }  # files of two topics are no repeats of each other


def test_a_log_that_holds_a_row_twice_is_refused_with_repeats_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("benchmark,model,item,score\nb,m,1,0\nb,m,1,1\n", "utf-8")
    for repeats in (False, True):
        with pytest.raises(DataError, match="stands twice"):
            do_import(tmp_path / "o.parquet", path, repeats=repeats)


def test_a_double_row_is_named_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged_table, "CHUNK", 3)
    rows = [f"b,m,{k},1" for k in (0, 1, 2, 3, 4, 5, 6, 7, 4, 8)]
    (tmp_path / "a.csv").write_text("\n".join(["benchmark,model,item,score", *rows]), "utf-8")
    with pytest.raises(DataError, match="item '4', metric 'score' stands twice"):
        do_import(tmp_path / "o.parquet", tmp_path / "a.csv")


def test_names_that_differ_between_tools_can_be_made_one(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "benchmark,model,metric,item,score\nmade,hf/tiny=a,accuracy,1,1\nmade,tiny-b,accuracy,1,0\n", "utf-8"
    )
    rename = {("model", "hf/tiny=a"): "tiny-a", ("metric", "accuracy"): "acc"}
    found = do_import(tmp_path / "o.parquet", LOGS / "tiny-a", LOGS / "tiny-b", own, rename=rename, metrics=["acc"])
    assert found.models == ("tiny-a", "tiny-b")
    assert found.metrics == ("acc",)
    assert not any("no metric stands in every benchmark" in note for note in found.notes)
    read = read_scores([tmp_path / "o.parquet"], real="proverb", synthetic=["made"])
    assert read.synthetic[0].observed.tolist() == [1.0, 0.0]
    with pytest.raises(DataError, match="no model is called 'tiny'"):
        do_import(tmp_path / "o.parquet", own, rename={("model", "tiny"): "x"})
    with pytest.raises(DataError, match="no log holds the metric 'ac'") as caught:
        do_import(tmp_path / "o.parquet", own, metrics=["ac"])
    assert "accuracy" in caught.value.way_out


def test_what_no_tool_wrote(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "logs")
    odd = tmp_path / "logs" / "notes.json"
    odd.write_text('{"results": "none"}', "utf-8")
    (tmp_path / "logs" / ".hidden.jsonl").write_text("{", "utf-8")
    found = do_import(tmp_path / "a.parquet", tmp_path / "logs")
    assert (found.ignored, found.ignored_examples) == (1, (str(odd),))
    again = do_import(tmp_path / "a.parquet", tmp_path / "logs", format_name="lm_eval")
    assert (again.rows, again.ignored) == (found.rows, 1)
    with pytest.raises(DataError, match=r"'notes.json' is no log that is known") as caught:
        do_import(tmp_path / "a.parquet", odd)
    assert "lm_eval: lm-evaluation-harness, samples_*.jsonl" in caught.value.way_out
    odd.rename(tmp_path / "notes.json")
    shutil.rmtree(tmp_path / "logs")
    with pytest.raises(DataError, match="no log is known among"):
        do_import(tmp_path / "a.parquet", tmp_path)
    with pytest.raises(DataError, match="there is no file or folder"):
        do_import(tmp_path / "a.parquet", tmp_path / "nowhere")
    own = tmp_path / "own.csv"
    own.write_text("benchmark,model,score\nb,m,1\n", "utf-8")
    with pytest.raises(DataError, match="is to be read and to be written"):
        do_import(own, own)
    with pytest.raises(DataError, match=r"ends in no format of tables"):
        do_import(tmp_path / "a.xlsx", tmp_path)
    with pytest.raises(DataError, match="no format of logs is called 'lmeval'") as caught:
        do_import(tmp_path / "a.parquet", TINY, format_name="lmeval")
    assert "Did you mean 'lm_eval'?" in caught.value.way_out


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    shutil.copytree(TINY, folder)
    (folder / "out").symlink_to(LOGS / "tiny-b", target_is_directory=True)
    (folder / "samples_x_2026.jsonl").symlink_to(next((LOGS / "tiny-b").glob("samples_proverb*")))
    found = do_import(tmp_path / "a.parquet", folder)
    assert found.models == ("tiny-a",)
    assert found.ignored == 0
    assert any(note.startswith("2 links that lead out of their folder: left alone") for note in found.notes)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_download_cache_holds_files_without_endings_and_links_to_them(tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / "snapshots" / "main" / "tiny-a"
    snapshot.mkdir(parents=True)
    (tmp_path / "hub" / "blobs").mkdir()
    for k, file in enumerate(TINY.iterdir()):
        shutil.copy(file, tmp_path / "hub" / "blobs" / f"{k}")
        (snapshot / file.name).symlink_to(tmp_path / "hub" / "blobs" / f"{k}")
    found = do_import(tmp_path / "a.parquet", tmp_path / "hub")
    assert (found.rows, found.files, found.ignored) == (21, {"lm_eval": 4}, 0)
    with pytest.raises(DataError, match="no log is known") as caught:
        do_import(tmp_path / "a.parquet", snapshot)
    assert caught.value.way_out.startswith("4 links lead out of the folder: name the folder that holds both")


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes of a name")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "samples_x.jsonl")
    with pytest.raises(DataError, match="is no plain file"):
        do_import(tmp_path / "a.parquet", tmp_path / "samples_x.jsonl")
    with pytest.raises(DataError, match="no log is known"):
        do_import(tmp_path / "a.parquet", tmp_path)
    with pytest.raises(DataError, match="is a folder"):
        do_import(tmp_path, TINY)


def test_files_that_only_help_to_read_others_are_not_ignored(tmp_path: Path) -> None:
    found = do_import(tmp_path / "o.parquet", HERE / "helm" / "letters")
    assert (found.ignored, found.helpers) == (0, 3)  # run_spec.json, scenario_state.json, stats.json


def test_what_is_told_of_a_table_before_it_is_compared(tmp_path: Path) -> None:
    shutil.copytree(LOGS / "tiny-a", tmp_path / "tiny-a")
    (tmp_path / "tiny-b").mkdir()
    shutil.copy(next((LOGS / "tiny-b").glob("results_*")), tmp_path / "tiny-b")
    (tmp_path / "own.csv").write_text(
        "benchmark,model,item,score,error\nb,m,1,0.5,timeout\nb,m,2,,\nb,m,3,1,\n", "utf-8"
    )
    found = do_import(tmp_path / "o.parquet", tmp_path)
    counted = {(part.benchmark, part.metric): (part.rows, part.unscored, part.without_item) for part in found.parts}
    assert counted["b", "score"] == (3, 2, 0)
    assert counted["tools_hand", "acc"] == (5, 0, 1)
    bare = "'acc' of 'tools_hand': items' scores of 1 models, the benchmark's score alone of 1; audit takes one or the"
    assert any(note.startswith(bare) for note in found.notes)
    assert found.command.endswith("--real NAME --metric acc")
    kinds = tmp_path / "kinds.csv"
    kinds.write_text("benchmark,model,item,score,kind\na,m,1,1,real\nb,m,1,1,real\nc,m,1,1,synthetic\n", "utf-8")
    assert do_import(tmp_path / "o.parquet", kinds).command.endswith("--real NAME")  # two may be the real one


def test_a_name_that_no_log_needs_is_told(tmp_path: Path) -> None:
    found = do_import(tmp_path / "a.parquet", TINY, options=LogOptions(model="mine"))
    assert found.models == ("tiny-a",)
    assert "--model mine: not used, since all logs name their own; --rename model:OLD=NEW changes those" in found.notes
    found = do_import(tmp_path / "a.parquet", TINY, options=LogOptions(model="tiny-a"))
    assert not any("not used" in note for note in found.notes)


def test_less_is_better_by_the_name_in_the_table(tmp_path: Path) -> None:
    rename = {("metric", "brier_score"): "brier"}
    found = do_import(tmp_path / "a.parquet", TINY, rename=rename, metrics=["brier"])
    note = "of 'brier' less is better: say --lower-is-better brier to audit"
    assert [text for text in found.notes if "less" in text] == [note]
    assert found.command.endswith("--real NAME --lower-is-better brier")
    found = do_import(tmp_path / "a.parquet", TINY, metrics=["acc"])
    assert not any("less" in text for text in found.notes)  # no such metric in the table
    assert "--lower" not in found.command


@pytest.mark.parametrize("words", [("007", "1e3"), ("2026-01-02", "2026-01-03"), ("true", "false")])
def test_answers_stay_texts_where_all_of_them_look_like_something_else(tmp_path: Path, words: tuple[str, str]) -> None:
    rows = "".join(f"b,m,{k},1,{word},{word},{word}\n" for k, word in enumerate(words))
    (tmp_path / "a.csv").write_text("benchmark,model,item,score,label,prediction,target\n" + rows, "utf-8")
    do_import(tmp_path / "b.parquet", tmp_path / "a.csv")
    for column in ("label", "prediction", "target"):
        assert tuple(row[column] for row in table(tmp_path / "b.parquet")) == words


def test_cells_that_are_hard_to_write_come_back_from_every_ending(tmp_path: Path) -> None:
    odd = ["a\rb", "a\r\nb", "a\nb", '"q"', "a\tb", " c ", "NA", "null", "007", "1e5", "true", "\u2028", "\ufeffz", "-"]
    for ending in (".csv", ".tsv", ".jsonl", ".parquet"):
        with StagedTable(tmp_path / f"a{ending}") as staged:
            for k, text in enumerate(odd):
                entry = LogEntry(benchmark="b", model="m", item=f"{k}", metric="acc", score=1.0, label=text)
                staged.add(replace(entry, prediction=text), None)
            staged.finish()
        do_import(tmp_path / "b.parquet", tmp_path / f"a{ending}")
        assert [row["label"] for row in table(tmp_path / "b.parquet")] == odd
        assert [row["prediction"] for row in table(tmp_path / "b.parquet")] == odd


class Other(LogFormat):
    """A format that claims what another one does, too."""

    title, files, endings = "other", "*.jsonl", (".jsonl",)

    def recognises(self, path: Path, head: bytes) -> bool:
        del path
        return b"doc_id" in head

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        del path
        for k in range(3):
            yield LogEntry(benchmark="b", model=options.model, item=str(k), metric="m", score=float("inf"))


def test_two_formats_that_claim_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = next(TINY.glob("samples_proverb*"))
    known = {"lm_eval": log_formats()["lm_eval"], "other": Other()}
    monkeypatch.setattr("acidtest.data.logs.import_logs.log_formats", lambda: known)
    with pytest.raises(DataError, match="could be a log of lm_eval or of other") as caught:
        do_import(tmp_path / "a.parquet", file)
    assert "--format lm_eval" in caught.value.way_out
    assert do_import(tmp_path / "a.parquet", file, format_name="lm_eval").rows == 3
    with pytest.raises(DataError, match="which model it is of") as caught:
        do_import(tmp_path / "a.parquet", file, format_name="other")
    assert caught.value.way_out == "--model NAME"
    found = do_import(tmp_path / "a.parquet", file, format_name="other", options=LogOptions(model="x"))
    assert (found.rows, found.parts[0].unscored) == (3, 3)  # what is not finite is no score


@pytest.mark.parametrize("folder", TOOLS, ids=lambda path: str(path.name))
def test_every_file_of_a_tool_is_claimed_by_that_tool_alone(folder: Path) -> None:
    own = 0
    for path in sorted(folder.rglob("*")):
        head = log_files.head_of(path) if path.is_file() else b""
        fitting = {name: form for name, form in log_formats().items() if path.name.lower().endswith(form.endings)}
        claims = [name for name, form in fitting.items() if head and form.recognises(path, head)]
        assert set(claims) <= {folder.name}, path
        own += bool(claims)
    assert own


def test_memory_does_not_grow_with_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = 1000
    monkeypatch.setattr(staged_table, "CHUNK", chunk)

    def held(rows: int) -> int:
        with StagedTable(tmp_path / "a.parquet") as staged:
            seen = Duplicates()
            tracemalloc.start()
            for k in range(rows):
                staged.add(
                    LogEntry(benchmark="b", model="m", item=f"{k}", metric="acc", score=1.0, label="x" * 20), None
                )
                seen.add("b", "m", f"{k}", "acc", None)
            staged.finish()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert parquet.read_metadata(tmp_path / "a.parquet").num_rows == rows
        return peak

    held(chunk)  # what is loaded once
    assert held(8 * chunk) < held(4 * chunk) + 4 * chunk * 16 + 20_000


def test_duplicates_are_the_earliest_row_and_the_one_before() -> None:
    seen = Duplicates()
    assert seen.first() is None
    for names in "abcdbca":
        seen.add(names)
    assert seen.first() == (4, 1)


def test_csv_has_plain_cells(tmp_path: Path) -> None:
    do_import(tmp_path / "a.csv", TINY, LOGS / "smollm2", repeats=True)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["epoch"] == "0"
    assert {row["score"] for row in rows if row["metric"] == "acc"} == {"0.0", "1.0"}
    assert {row["failure"] for row in rows} == {"", "0"}


FILES = sorted(
    path for tool in ("lm_eval", "lighteval") for path in (HERE / tool / "logs").rglob("*.*") if path.is_file()
)


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(FILES),
    place=st.floats(0, 1),
    cut=st.integers(0, 40),
    put=st.sampled_from([b"null", b"NaN", b"[]", b"{}", b'"', b"1e999", b"\\ud800", b"\\u0000", b"-1"])
    | st.binary(max_size=8),
)
def test_damaged_logs_are_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, *, path: Path, place: float, cut: int, put: bytes
) -> None:
    content = path.read_bytes()
    at = int(place * len(content))
    damaged = tmp_path_factory.mktemp("damaged") / path.name
    damaged.write_bytes(content[:at] + put + content[at + cut :])
    for form in log_formats().values():
        if damaged.name.lower().endswith(form.endings) and form.recognises(damaged, log_files.head_of(damaged)):
            with suppress(DataError):
                for entry in form.read(damaged, LogOptions(model="m", benchmark="b")):
                    repr(entry).encode()
                    assert entry.score is None or math.isfinite(entry.score)
