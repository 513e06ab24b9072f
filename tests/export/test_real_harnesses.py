"""Exported tasks in the real lm-evaluation-harness and the real Inspect: same prompts, same scores, item by item."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from acidtest.data.logs.import_logs import import_logs
from acidtest.data.scores.table import read_scores
from acidtest.evaluate.score import score_columns
from acidtest.export.contract import ExportSet, Written
from acidtest.export.write import export_benchmarks
from acidtest.models.base import ModelSpec
from acidtest.models.openai import OpenAIModel
from acidtest.study.exporting import ExportOptions, sets_of_run
from acidtest.types import Benchmark, Response, Sampling, Style
from export_sets import SCRIPT, export_sets
from mock_study import acidtest

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venv-peers" / "bin"
STUDY = """\
study: served
task: intent
metric: macro_f1
seed: 3
labels: [PlayMusic, GetWeather]
real: {{path: real.jsonl, pool: pool.jsonl}}
models:
  served: {{use: "openai:study", base_url: "{url}", style: {style}}}
synthetic: [{{name: "made: {{{{it}}}}", path: made.jsonl, generator: writer}}]
solvers: [{{model: served, shots: 2}}, "classic:majority"]
"""
OWN_TASKS_ALONE = """
import functools
from lm_eval.tasks.manager import TaskManager
TaskManager.__init__ = functools.partialmethod(TaskManager.__init__, include_defaults=False)
from lm_eval.__main__ import cli_evaluate
cli_evaluate()
"""
"""The command `lm_eval` without its own 14,000 files of tasks: reading these takes longer than all that is tested."""

Scores = dict[str, dict[str, float]]
"""Task -> item -> score; the benchmark's own metric stands under the empty id."""


@pytest.mark.parametrize("style", ["chat", "completion"])
async def test_prompts_and_scores_are_the_same(style: Style, tmp_path: Path, smollm2: Path) -> None:
    _need_harnesses()
    sets = export_sets(style)
    with served(tmp_path, smollm2) as url:
        written = {to: export_benchmarks(sets, to, tmp_path / to / "sets") for to in ("lm-eval", "inspect")}
        ours = {written["inspect"][one.name].task: await _scored(one, url) for one in sets}
        ours |= _run_study(tmp_path, url, style) if style == "completion" else {}
        found = {
            "lm-eval": _lm_eval(tmp_path / "lm-eval", url, style, list(ours)),
            "inspect": _inspect(tmp_path / "inspect", url, style, written["inspect"]),
        }
        asked = _requests(url)
    wanted = _sent(asked, "ours") | {request for request in _sent(asked, "study") if " made " in request}
    for harness, scores in found.items():
        assert _sent(asked, harness) == wanted
        assert scores.keys() == ours.keys()
        for task, expected in ours.items():
            total = pytest.approx(expected[""], abs=0, rel=1e-12, nan_ok=True)  # they may sum in another order
            assert scores[task] == {**expected, "": total}, (harness, task)
        logs = tmp_path / harness / ("out" if harness == "lm-eval" else "logs")
        assert _imported(logs) == {task: sorted(s for i, s in scored.items() if i) for task, scored in ours.items()}
    every = [score for scores in ours.values() for item, score in scores.items() if item]
    assert min(every) == 0.0
    assert max(every) == 1.0
    assert any(0 < score < 1 for score in every)


def _need_harnesses() -> None:
    if all((PEERS / name).exists() for name in ("lm_eval", "inspect")):
        return
    message = "the harnesses are not installed: make .venv-peers"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def served(folder: Path, model: Path) -> Iterator[str]:
    """The embedded model behind an address, answers of the script before its own."""
    (folder / "script.json").write_text(json.dumps(SCRIPT), "utf-8")
    command = [sys.executable, str(ROOT / "tests" / "served_model.py"), str(model), str(folder / "script.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline().split()[1])}/v1"
        process.terminate()


async def _scored(one: ExportSet, url: str) -> dict[str, float]:
    """Ask and score as a study does."""
    spec = ModelSpec(name="served", use="openai:ours", base_url=url, style=one.style)
    responses = {}
    async with OpenAIModel(spec) as model:
        for item in one.items:
            prompt = one.task.solver_prompt(item, one.examples, one.style, "text")
            responses[item.id] = Response(item=item.id, text=(await model.answer(prompt, Sampling())).text)
    benchmark = Benchmark(name=one.name, kind=one.kind, items=one.items)
    columns = score_columns(one.task, one.metric.name, benchmark, {"served": responses})
    rows = np.array(columns["stats"], np.float64)
    assert one.metric.finish is not None
    total = float(one.metric.finish(rows.sum(axis=0), np.array(len(rows), np.float64)))
    pairs = zip(columns["item"], columns["score"], strict=True)
    return {**{str(item): float(str(score)) for item, score in pairs}, "": total}


def _run_study(folder: Path, url: str, style: Style) -> Scores:
    """Run a study whose solver is the served model, export its set, and return its scores as the run has them."""
    texts = {"PlayMusic": "play {{ it }} again", "GetWeather": "is it {% warm %} in Rome"}
    for name, count in (("real", 3), ("pool", 4), ("made", 2)):
        rows = [
            {"id": f"{name} {n} {label}", "text": f"{text} {name} {n}", "label": label}
            for n in range(count)
            for label, text in texts.items()
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (folder / "study.yaml").write_text(STUDY.format(url=url, style=style), "utf-8")
    done = acidtest("run", folder / "study.yaml", "-o", folder / "run", cache=folder / "cache")
    assert done.returncode == 0, done.stderr
    for to in ("lm-eval", "inspect"):
        (made,) = sets_of_run(folder / "run", ExportOptions(target=to))
        assert (made.asked_as, made.style, len(made.items)) == ("served", style, 4)
        (written,) = export_benchmarks([made], to, folder / to / "run").values()
    rows = pq.read_table(folder / "run" / "scores.parquet").to_pylist()
    scores = {r["item"]: r["score"] for r in rows if r["model"] == "served" and r["kind"] == "synthetic"}
    (whole,) = read_scores([folder / "run" / "scores.parquet"], real="real").synthetic
    return {written.task: {**scores, "": float(whole.observed[whole.models.index("served")])}}


def _lm_eval(folder: Path, url: str, style: Style, tasks: list[str]) -> Scores:
    path = "chat/completions" if style == "chat" else "completions"
    arguments = f"model=lm-eval,base_url={url}/{path},tokenizer_backend=none,tokenized_requests=False,num_concurrent=4"
    kind = "local-chat-completions" if style == "chat" else "local-completions"
    command = ["run", "--model", kind, "--model_args", arguments, "--include_path", str(folder), "--log_samples"]
    chat = ["--apply_chat_template"] if style == "chat" else []
    program = ["lm_eval"] if style == "chat" else ["python", "-c", OWN_TASKS_ALONE]
    _run([*program, *command, *chat, "--tasks", ",".join(tasks), "--output_path", "out"], folder)
    (results,) = folder.glob("out/**/results_*.json")
    totals = json.loads(results.read_text("utf-8"))["results"]
    found: Scores = {}
    for task in tasks:
        (samples,) = folder.glob(f"out/**/samples_{task}_20*.jsonl")
        lines = [json.loads(line) for line in samples.read_text("utf-8").split("\n") if line]
        (metric,) = {name for line in lines for name in line["metrics"]}
        found[task] = {line["doc"]["id"]: line[metric] for line in lines}
        found[task][""] = totals[task][f"{metric},none"]
    return found


def _inspect(folder: Path, url: str, style: Style, written: Mapping[str, Written]) -> Scores:
    files = [f"sets/{one.task}.py" for one in written.values()]
    files += [str(path.relative_to(folder)) for path in folder.glob("run/*.py")]
    provider = "openai-api" if style == "chat" else "openai-api-completions"
    model = ["--model", f"{provider}/local/inspect", "--log-dir", "logs", "--log-format", "json", "--display", "none"]
    _run(["inspect", "eval", *files, *model], folder, LOCAL_BASE_URL=url, LOCAL_API_KEY="none")
    found: Scores = {}
    for path in folder.glob("logs/*.json"):
        log = json.loads(path.read_text("utf-8"))
        assert log["status"] == "success"
        (told,) = log["results"]["scores"]
        total = told["metrics"].get("benchmark_metric", told["metrics"]["mean"])["value"]
        scores = {sample["id"]: sample["scores"][told["name"]]["value"] for sample in log["samples"]}
        found[log["eval"]["task"]] = {**scores, "": total}
    return found


def _imported(logs: Path) -> dict[str, list[float]]:
    """Return the scores that are read back out of a harness's logs, by task."""
    import_logs([logs], logs / "scores.parquet")
    found: dict[str, list[float]] = {}
    for row in pq.read_table(logs / "scores.parquet").to_pylist():
        found.setdefault(row["benchmark"], []).append(row["score"])
    return {task: sorted(scores) for task, scores in found.items()}


def _run(command: list[str], folder: Path, **more: str) -> None:
    offline = {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(folder / "hf"),
        "OPENAI_API_KEY": "none",
    }
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **offline, **more}
    done = subprocess.run(
        [PEERS / command[0], *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _requests(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/requests") as answer:  # noqa: S310 - the test's own server
        asked: list[dict[str, Any]] = json.loads(answer.read())
    return asked


def _sent(asked: list[dict[str, Any]], model: str) -> set[str]:
    """Return all that was sent under a name, as one text each; not the name."""
    return {
        json.dumps({key: value for key, value in request.items() if key != "model"}, sort_keys=True)
        for request in asked
        if request["model"] == model
    }
