"""What goes wrong at a user's desk: each a plain message with the place and the way out, exit 2, no traceback."""

import asyncio
from pathlib import Path

import orjson
import pytest

from fault_server import FaultServer
from mock_study import STUDY, acidtest, write_study

RUN_ON = STUDY.replace('[good, fair, poor, "classic:majority", "classic:tfidf_logreg"]', "[good, fair, poor]")


def spoilt(tmp_path: Path, url: str, name: str, lines: list[object], study: str = STUDY) -> Path:
    """Write a study one of whose files of items is replaced by these rows."""
    path = write_study(tmp_path, url, study)
    (tmp_path / name).write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


ROW = {"id": "1", "text": "wake me at six", "label": "alarm"}


@pytest.mark.parametrize(
    ("name", "lines", "study", "what", "where", "way_out"),
    [
        ("real.jsonl", [ROW, {**ROW, "text": "again"}], STUDY, "two items have the id '1'", "line 2", "id of its own"),
        ("real.jsonl", [{"id": "1", "utterance": "x", "label": "alarm"}], STUDY, "text", "real.jsonl", "columns"),
        ("real.jsonl", [], STUDY, "no items", "real.jsonl", "Name a file"),
        (
            "real.jsonl",
            [{**ROW, "label": "alrm"}],
            STUDY + "labels: [alarm, music, weather]\n",
            "'alrm'",
            "real.jsonl",
            "labels",
        ),
        ("pool.jsonl", [{**ROW, "label": ""}], STUDY, "label", "pool.jsonl", ""),
        ("real.jsonl", [ROW], STUDY.replace("intent", "intents"), "no task is called 'intents'", "", "'intent'"),
        ("real.jsonl", [ROW], STUDY + "metric: f1\n", "no metric 'f1'", "metric", "accuracy"),
        ("real.jsonl", [ROW], STUDY.replace("items: 24", "items: 24, strategy: x"), "'x'", "", "few_shot"),
        ("real.jsonl", [ROW], STUDY.replace("classic:majority", "classic:gazetteer"), "does not solve", "", "ner"),
        ("real.jsonl", [ROW], STUDY.replace('{{use: "openai', '{{use: "opnai', 1), "'opnai'", "", "openai"),
    ],
)
def test_a_wrong_study_or_item_is_named(  # one parameter per part of the message
    tmp_path: Path, name: str, lines: list[object], study: str, what: str, where: str, way_out: str
) -> None:
    path = spoilt(tmp_path, "http://127.0.0.1:9", name, lines, study)
    done = acidtest("run", path, "-o", tmp_path / "run", cache=tmp_path / "cache")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for part in (what, where, way_out):
        assert part in done.stderr
    assert "way out:" in done.stderr
    assert not (tmp_path / "run" / "responses").exists()


async def run_with(tmp_path: Path, mock_url: str, fault: str, extra: str = "retries: 1, timeout: 1") -> tuple[int, str]:
    """Run a study whose third solver lives on a bad server; return the exit code and what was said."""
    async with FaultServer() as server:
        bad = f'  poor: {{{{use: "openai:x", base_url: "{server.url(fault)}", {extra}, connections: 8}}}}\n'
        text = "".join(bad if line.startswith("  poor:") else line + "\n" for line in RUN_ON.splitlines())
        study = write_study(tmp_path, mock_url, text)
        done = await asyncio.to_thread(acidtest, "run", study, "-o", tmp_path / "run", cache=tmp_path / "cache")
    return done.returncode, done.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("401", "OPENAI_API_KEY"),
        ("404", "The model does not exist"),
        ("429", "slow down"),
        ("500", "500"),
        ("truncated", "not whole JSON"),
        ("wrong-shape", "answer"),
        ("hang", "no answer"),
    ],
)
async def test_a_bad_server_costs_only_its_own_solver(tmp_path: Path, mock_url: str, fault: str, said: str) -> None:
    code, stderr = await run_with(tmp_path, mock_url, fault)
    assert code == 0, stderr
    assert "responses/real/poor, responses/writer.few_shot/poor failed:" in stderr
    assert said in stderr
    assert "way out:" in stderr
    assert "Traceback" not in stderr
    assert "mock-key" not in stderr
    fidelity = orjson.loads((tmp_path / "run" / "fidelity.json").read_bytes())
    assert set(fidelity["models"]) == {"good", "fair"}
    assert "poor" in (tmp_path / "run" / "report.html").read_text("utf-8")


@pytest.mark.parametrize("fault", ["429x3", "500x3", "truncatedx2"])
async def test_a_passing_fault_costs_nothing(tmp_path: Path, mock_url: str, fault: str) -> None:
    code, stderr = await run_with(tmp_path, mock_url, fault, extra="retries: 5, timeout: 5")
    assert code == 0, stderr
    assert "failed" not in stderr
    fidelity = orjson.loads((tmp_path / "run" / "fidelity.json").read_bytes())
    assert set(fidelity["models"]) == {"good", "fair", "poor"}


async def test_a_solver_that_comes_back_is_scored_after_all(tmp_path: Path, mock_url: str) -> None:
    async with FaultServer() as server:
        bad = f'  poor: {{{{use: "openai:x", base_url: "{server.url("500x30")}", retries: 0, connections: 2}}}}\n'
        text = "".join(bad if line.startswith("  poor:") else line + "\n" for line in RUN_ON.splitlines())
        study, run = write_study(tmp_path, mock_url, text), tmp_path / "run"
        solvers = []
        for _ in range(3):
            done = await asyncio.to_thread(acidtest, "run", study, "-o", run, cache=tmp_path / "cache")
            assert done.returncode == 0, done.stderr
            solvers.append(len(orjson.loads((run / "fidelity.json").read_bytes())["models"]))
    assert solvers[0] == 2  # given up after 20 failures
    assert solvers[-1] == 3
    assert "failed" not in done.stderr


def test_where_a_key_goes_is_said(tmp_path: Path, mock_url: str) -> None:
    keyed = RUN_ON.replace(
        'good: {{use: "openai:choose:alarm|music"', 'good: {{key_env: OPENAI_API_KEY, use: "openai:choose:alarm|music"'
    )
    done = acidtest("run", write_study(tmp_path, mock_url, keyed), "-o", tmp_path / "run", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert f"The key in OPENAI_API_KEY goes to {mock_url}/v1 ('good')." in done.stderr
    assert done.stderr.count("The key in") == 1


def test_solvers_and_metrics_that_the_items_do_not_fit_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    rows = [{"passage": f"Oslo has {n} trams.", "question": "How many trams?", "answer": str(n)} for n in range(4)]
    (tmp_path / "items.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (tmp_path / "made.jsonl").write_bytes(orjson.dumps(rows[0]) + b"\n")
    study = tmp_path / "study.yaml"
    study.write_text(
        "study: free\ntask: reading\nreal: {path: items.jsonl}\nsynthetic: [{name: made, path: made.jsonl}]\n"
        'solvers: ["classic:majority_answer", "classic:question_logreg"]\n',
        "utf-8",
    )
    done = acidtest("run", study, "-o", tmp_path / "run", "--dry-run", cache=tmp_path / "cache")
    assert done.returncode == 2
    assert "'question_logreg' chooses among labels, and the study lists none" in done.stderr
    study.write_text(study.read_text("utf-8").replace("question_logreg", "overlap_sentence") + "metric: consistency\n")
    done = acidtest("run", study, "-o", tmp_path / "run", "--dry-run", cache=tmp_path / "cache")
    assert done.returncode == 2
    assert "whole bundles" in done.stderr
    assert "'bundle'" in done.stderr
