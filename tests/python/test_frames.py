"""Runs as data frames: each cell is compared with what stands in the run's files, read by other means."""

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

import acidtest
from acidtest.data.run_folder import RunFolder
from acidtest.data.scores.blocks.read import read_blocks
from acidtest.errors import AcidtestError, DataError
from acidtest.frames.frame import FrameKind, framed, table_of
from acidtest.types import Item, Provenance, Rating, RejectedCandidate
from python_study import HOSTILE, LABELS, SOLVERS, study_values, write_items
from report_example import example
from tracking_run import Listening

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: tuple[FrameKind, ...] = ("pandas", "polars", "arrow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("frames")
    write_items(made)
    acidtest.Study(study_values(), folder=made).run(made / "run", reporter=Listening([]))
    return made / "run"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def rows(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of any frame as plain values; an empty cell is None."""
    if isinstance(frame, pd.DataFrame):
        return [
            {
                name: None if not isinstance(cell, list | np.ndarray) and pd.isna(cell) else plain(cell)
                for name, cell in row.items()
            }
            for row in frame.to_dict("records")
        ]
    return list(frame.to_dicts() if isinstance(frame, pl.DataFrame) else frame.to_pylist())


def plain(cell: Any) -> Any:
    if isinstance(cell, np.ndarray):
        return [plain(one) for one in cell]
    return cell.item() if isinstance(cell, np.generic) else cell


@pytest.mark.parametrize("kind", KINDS)
def test_items_are_those_of_the_files(folder: Path, kind: FrameKind) -> None:
    found = rows(acidtest.open_run(folder).items(kind))
    read: list[tuple[str, str, str | None, Any]]
    read = [("real", "real", None, row) for row in lines(folder / "real.jsonl")]
    read += [("made.up", "synthetic", "writer", row) for row in lines(folder / "synthetic" / "made.up.jsonl")]
    assert len(read) == 66
    assert [(r["benchmark"], r["kind"], r["generator"], r["item"], r["input_text"], r["target"]) for r in found] == [
        (name, kind_, generator, row["id"], row["input"]["text"], row["target"]) for name, kind_, generator, row in read
    ]
    assert found[0]["item"] == "000"  # text stays text
    assert found[0]["input_text"].startswith(HOSTILE)


@pytest.mark.parametrize("kind", KINDS)
def test_responses_are_those_of_the_files(folder: Path, kind: FrameKind) -> None:
    found = rows(acidtest.open_run(folder).responses(kind))
    read = [
        {"benchmark": name, "model": model, "item": row["item"], "text": row["text"]}
        for name in ("real", "made.up")
        for model in SOLVERS
        for row in lines(folder / "responses" / name / f"{model.replace(':', '.')}.jsonl")
    ]
    assert len(read) == 66 * 3
    assert [{name: row[name] for name in read[0]} for row in found] == read
    assert {(row["epoch"], row["tokens_in"], row["error"], row["logprobs"]) for row in found} == {(0, 0, None, None)}


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_the_table(folder: Path, kind: FrameKind) -> None:
    assert rows(acidtest.open_run(folder).scores(kind)) == parquet.read_table(folder / "scores.parquet").to_pylist()


@pytest.mark.parametrize("kind", KINDS)
def test_fidelity_has_a_row_for_each_benchmark_and_statistic(folder: Path, kind: FrameKind) -> None:
    run = acidtest.open_run(folder)
    written = json.loads((folder / "fidelity.json").read_bytes())
    assert rows(run.fidelity(kind)) == [
        {"benchmark": benchmark, "statistic": statistic, "level": written["level"], **estimate}
        for benchmark, statistics in written["fidelity"].items()
        for statistic, estimate in statistics.items()
    ]
    assert rows(run.verdict(kind)) == [
        {"benchmark": benchmark, "use": use, **verdict}
        for benchmark, uses in written["verdict"].items()
        for use, verdict in uses.items()
    ]


def test_pandas_gets_nullable_whole_numbers_and_text(folder: Path) -> None:
    run = acidtest.open_run(folder)
    types = run.responses().dtypes
    assert types["tokens_in"] == pd.Int64Dtype()
    assert pd.api.types.is_string_dtype(types["item"])
    assert types["seconds"] == np.float64
    assert run.items().dtypes["call"] == pd.Int64Dtype()  # all empty: real items were written by no call
    assert run.items().groupby("benchmark").size().to_dict() == {"real": 36, "made.up": 30}


def test_a_report_in_memory_gives_all_its_numbers_the_infinite_ones_too() -> None:
    report = example()
    frame = acidtest.fidelity_frame(report, "arrow").to_pylist()
    assert [(r["benchmark"], r["statistic"]) for r in frame] == [
        (b, s) for b, of in report.fidelity.items() for s in of
    ]
    for row in frame:
        estimate = report.fidelity[row["benchmark"]][row["statistic"]]
        for part in ("value", "true", "low", "high"):
            np.testing.assert_equal(np.nan if row[part] is None else row[part], getattr(estimate, part))
        assert (row["n"], row["method"], tuple(row["warnings"])) == (estimate.n, estimate.method, estimate.warnings)
    assert np.inf in [row["high"] for row in frame]
    scores = acidtest.scores_frame(report, "arrow").to_pylist()
    assert [(r["benchmark"], r["model"], r["value"]) for r in scores] == [
        (b, m, e.value) for b, of in report.scores.items() for m, e in of.items()
    ]


def test_scores_in_memory_are_the_rows_of_their_table(folder: Path) -> None:
    scores = acidtest.read_scores([folder / "scores.parquet"], real="real")
    found = {
        (r["benchmark"], r["model"], r["item"]): r["score"] for r in acidtest.scores_frame(scores, "arrow").to_pylist()
    }
    table = parquet.read_table(folder / "scores.parquet").to_pylist()
    assert found == {(r["benchmark"], r["model"], r["item"]): r["score"] for r in table}


def test_scores_without_items_are_one_row_per_solver() -> None:
    path = Path(__file__).resolve().parents[2] / "examples" / "published" / "politics_ner.csv"
    scores = acidtest.read_scores([path], real="original")
    table = pd.read_csv(path)
    frame = acidtest.scores_frame(scores)
    assert len(frame) == len(table)
    assert frame["item"].isna().all()
    merged = frame.merge(table, on=["benchmark", "model"], suffixes=("", "_file"))
    np.testing.assert_allclose(merged["score"], merged["score_file"] / (100 if table["score"].max() > 1 else 1))
    assert len(merged) == len(table)


def test_scores_in_blocks_are_one_row_per_solver(folder: Path) -> None:
    blocks = read_blocks([folder / "scores.parquet"], real="real", blocks=30)
    found = acidtest.scores_frame(blocks)
    whole = acidtest.scores_frame(acidtest.read_scores([folder / "scores.parquet"], real="real"))
    expected = whole.groupby(["benchmark", "model"])["score"].mean()
    assert found.set_index(["benchmark", "model"])["score"].to_dict() == pytest.approx(expected.to_dict())
    assert found["item"].isna().all()


def test_what_generators_wrote_and_people_said(folder: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.root.mkdir()
    run.run_json.write_bytes((folder / "run.json").read_bytes())
    made = Provenance(generator="writer", revision="1", strategy="few_shot", prompt="p.v1 sha256:0", call=4, seed=2**31)
    item = Item(id="1", input={"text": "x"}, target="alarm", provenance=made, choices=("a", "b"))
    turned = RejectedCandidate(reason="copy", detail="of 3", text=HOSTILE, provenance=made)
    marks = [
        Rating(benchmark="made.up", item="1", rater="ann", kind="person", rubric="r.v1", marks={"clear": "yes"}),
        Rating(benchmark="made.up", item="2", rater="ann", kind="person", rubric="r.v1", error="no answer"),
    ]
    for path, records in ((run.synthetic("made.up"), [item]), (run.rejected("made.up"), [turned]), (run.people, marks)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(record.model_dump_json().encode() + b"\n" for record in records))
    opened = acidtest.open_run(run.root)
    (row,) = opened.items("arrow").to_pylist()
    assert (row["call"], row["seed"], row["choices"], row["prompt"]) == (4, 2**31, ["a", "b"], "p.v1 sha256:0")
    assert json.loads(row["provenance"]) == made.model_dump(exclude_defaults=True)
    (row,) = opened.rejected("arrow").to_pylist()
    assert (row["reason"], row["detail"], row["text"], row["target"], row["call"]) == ("copy", "of 3", HOSTILE, None, 4)
    assert opened.judgements().empty
    for path, mark in ((run.judgements("made.up", SOLVERS[1]), "yes"), (run.judgements("real", SOLVERS[0]), "no")):
        path.parent.mkdir(parents=True)
        said = [
            Rating(benchmark=path.parent.name, item=i, rater="j", kind="judge", rubric="r.v1", **more)
            for i, more in (("1", {"error": "late"}), ("1", {"marks": {"same": mark}}), ("2", {"error": "none"}))
        ]
        path.write_bytes(b"".join(record.model_dump_json().encode() + b"\n" for record in said))
    judged = opened.judgements("arrow").to_pylist()
    assert [(r["benchmark"], r["model"], r["item"], r["mark_same"], r["error"]) for r in judged] == [
        ("real", SOLVERS[0], "1", "no", None),
        ("real", SOLVERS[0], "2", None, "none"),
        ("made.up", SOLVERS[1], "1", "yes", None),
        ("made.up", SOLVERS[1], "2", None, "none"),
    ]
    rated = opened.ratings("arrow").to_pylist()
    assert [(r["item"], r["mark_clear"], r["error"], r["adjudicated"]) for r in rated] == [
        ("1", "yes", None, False),
        ("2", None, "no answer", False),
    ]


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([1, 2.5, None], [1.0, 2.5, None]),
        (["1", "2"], ["1", "2"]),
        ([[["PER", 0, 3]], []], ['[["PER",0,3]]', "[]"]),
        (["1", 2], ['"1"', "2"]),
        ([True, False], ["true", "false"]),
    ],
)
def test_targets_of_one_run_are_of_one_kind(
    folder: Path, tmp_path: Path, targets: list[Any], expected: list[Any]
) -> None:
    (tmp_path / "run.json").write_bytes((folder / "run.json").read_bytes())
    items = [orjson.dumps({"id": str(i), "input": {"text": "x"}, "target": t}) for i, t in enumerate(targets)]
    (tmp_path / "real.jsonl").write_bytes(b"\n".join(items) + b"\n")
    assert acidtest.open_run(tmp_path).items("arrow")["target"].to_pylist() == expected


def test_a_run_under_way_says_what_is_missing_and_is_left_as_it_is(folder: Path, tmp_path: Path) -> None:
    state = json.loads((folder / "run.json").read_bytes())
    late = ("responses/made.up/classic:nearest_centroid", "scores", "fidelity", "report")
    for key in late[1:]:
        del state["stages"][key]
    state["stages"][late[0]]["status"] = "started"
    (tmp_path / "run.json").write_text(json.dumps(state), "utf-8")
    answers = tmp_path / "responses" / "made.up" / "classic.nearest_centroid.jsonl"
    answers.parent.mkdir(parents=True)
    whole = (folder / "responses" / "made.up" / "classic.nearest_centroid.jsonl").read_bytes()
    torn = whole[: whole.index(b"\n") + 20]
    answers.write_bytes(torn)
    run = acidtest.open_run(tmp_path)
    assert run.missing == (f"{late[0]}: under way", *late[1:])
    assert len(run.responses("arrow")) == 1  # the line that is being written is passed over
    assert answers.read_bytes() == torn  # and stays: somebody is writing it
    assert {r["step"]: (r["done"], r["of"]) for r in run.progress("arrow").to_pylist()}["answers"] == (5, 6)
    with pytest.raises(DataError, match=r"'fidelity.json' is not there yet(.|\n)*still missing: responses/made.up"):
        run.fidelity()
    with pytest.raises(DataError, match=r"scores.parquet"):
        run.scores()
    assert len(run.items("arrow")) == 0
    assert "answers 5/6" in repr(run)


def test_a_run_at_an_address_is_a_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
    run = acidtest.open_run(folder.resolve().as_uri())
    assert run.folder != folder
    assert run.items("arrow").equals(acidtest.open_run(folder).items("arrow"))
    assert run.fidelity("arrow").equals(acidtest.open_run(folder).fidelity("arrow"))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_missing_library_is_named_with_the_way_out(kind: FrameKind, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == kind:
            raise ModuleNotFoundError(f"No module named '{kind}'", name=kind)
        return real_import(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        AcidtestError, match=f"{kind} is not installed(.|\n)*pip install {kind}, or ask for frame='arrow'"
    ):
        framed(pa.table({}), kind)


def test_an_unknown_frame_is_named() -> None:
    with pytest.raises(AcidtestError, match=r"there is no frame 'panda'(.|\n)*Did you mean 'pandas'"):
        framed(pa.table({}), "panda")  # type: ignore[arg-type]  # what a user may write


@pytest.mark.parametrize("named", ["nowhere", "."])
def test_what_is_no_run_is_refused(named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AcidtestError, match=r"there is no folder 'nowhere'|holds no run.json"):
        acidtest.open_run(named)


def test_a_damaged_line_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes((folder / "run.json").read_bytes())
    (tmp_path / "real.jsonl").write_bytes(b'{"id": 1}\n')
    with pytest.raises(DataError, match=r"this line holds no Item(.|\n)*real.jsonl line 1"):
        acidtest.open_run(tmp_path).items()


def test_arrow_alone_imports_neither_pandas_nor_polars(folder: Path) -> None:
    code = (
        f"import sys, acidtest; run = acidtest.open_run({str(folder)!r});"
        "[f('arrow') for f in (run.items, run.responses, run.fidelity, run.verdict, run.ratings, run.rejected)];"
        "print(*{'pandas', 'polars'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_lists_and_empty_cells_keep_apart() -> None:
    given: list[Mapping[str, object]] = [{"a": ["x", "y"]}, {"a": ()}, {"a": None}, {}, {"a": ["\ud800"]}]
    assert table_of(given, {"a": "texts"})["a"].to_pylist() == [["x", "y"], [], None, None, ["?"]]
    assert table_of([], {"a": "texts", "b": "flag"}).to_pylist() == []
    assert table_of([{"b": True}, {"b": False}, {}], {"b": "flag"})["b"].to_pylist() == [True, False, None]


def test_labels_are_those_of_the_study(folder: Path) -> None:
    assert set(acidtest.open_run(folder).items()["target"]) == set(LABELS)
