"""Logs that lm-evaluation-harness wrote: the mean over our rows is the score in its own results file."""

import json
import math
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from acidtest.data.logs.lm_eval import LmEval
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogOptions
from acidtest.errors import DataError

LOGS = Path(__file__).parent / "lm_eval" / "logs"
MODELS = ("qwen-coder-0.5b", "smollm2", "tiny-a", "tiny-b")
NO_MEAN = {"chrf", "perplexity"}


def entries(path: Path, **options: Any) -> list[LogEntry]:
    """Of a file, or of all files of a folder."""
    files = sorted(path.rglob("*.json*")) if path.is_dir() else [path]
    assert all(LmEval().recognises(file, head_of(file)) for file in files)
    return [entry for file in files for entry in LmEval().read(file, LogOptions(**options))]


def results_of(model: str, logs: Path = LOGS) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next((logs / model).glob("results_*.json")).read_text("utf-8"))
    return found


def means(rows: Sequence[LogEntry]) -> dict[tuple[str, str, str], float]:
    scores = defaultdict(list)
    for row in rows:
        assert row.score is not None
        scores[row.model, row.benchmark, row.metric].append(row.score)
    return {names: math.fsum(found) / len(found) for names, found in scores.items()}


def tools_own(model: str) -> dict[tuple[str, str, str], float]:
    """Every score in the results file that is a mean over items, named as our rows name it."""
    results = results_of(model)
    return {
        (model, task, key.removesuffix(",none")): value
        for task, scores in results["results"].items()
        for key, value in scores.items()
        if task not in results["group_subtasks"] and "," in key and "_stderr" not in key
        if key.partition(",")[0] not in NO_MEAN
    }


@pytest.mark.parametrize("model", MODELS)
def test_means_are_the_tools_own_scores(model: str) -> None:
    assert means(entries(LOGS / model)) == pytest.approx(tools_own(model), rel=1e-6)


def test_what_stands_in_a_row() -> None:
    told: list[str] = []
    lower: list[str] = []
    rows = entries(LOGS, tell=told.append, less_is_better=lower.append)
    one = next(row for row in rows if row.model == "qwen-coder-0.5b" and row.metric == "exact_match,strict-match")
    assert (one.benchmark, one.label, one.prediction, one.failure, one.epoch) == ("ports", "7", "3", False, None)
    choice = next(row for row in rows if row.model == "tiny-a" and row.benchmark == "tools_kitchen")
    assert (choice.label, choice.prediction, choice.failure) == ("0", "1", None)
    assert {row.topic for row in rows} == {""}
    assert "'chrf' of 'ports' is reckoned over the whole benchmark: no item has a score" in told
    assert "'perplexity' of 'proverb' is reckoned over the whole benchmark: no item has a score" in told
    assert set(lower) == {"brier_score"}
    assert not any("the tool says" in note for note in told)


def test_an_answer_that_a_filter_could_not_read_is_a_failure(tmp_path: Path) -> None:
    """The tool's filters write `[invalid]` for it (`fallback` of `RegexFilter`)."""
    path = tmp_path / "samples_t_2026-01-01T00-00-00.jsonl"
    sample = {"doc_id": 0, "doc": {}, "filtered_resps": ["[invalid]"], "filter": "strict", "em": 0.0}
    path.write_text("\n".join(json.dumps(sample | more) for more in ({}, {"filtered_resps": ["7"]})), "utf-8")
    assert [(row.prediction, row.failure) for row in entries(path)] == [("[invalid]", True), ("7", False)]


@pytest.mark.parametrize("kept", ["higher_is_better", "configs"])
def test_less_is_better_as_newer_and_as_older_results_say_it(tmp_path: Path, kept: str) -> None:
    shutil.copytree(LOGS / "tiny-a", tmp_path / "tiny-a")
    path = next((tmp_path / "tiny-a").glob("results_*.json"))
    results = json.loads(path.read_text("utf-8"))
    del results[({"higher_is_better", "configs"} - {kept}).pop()]
    path.write_text(json.dumps(results), "utf-8")
    lower: list[str] = []
    entries(tmp_path, less_is_better=lower.append)
    assert set(lower) == {"brier_score"}


def test_many_items_of_one_content_take_time_in_proportion(tmp_path: Path) -> None:
    """Each was once looked for among all before it: minutes for the items here."""
    path = tmp_path / "samples_t_2026-01-01T00-00-00.jsonl"
    head = '{"doc": 1, "filtered_resps": ["y"], "acc": 1, "doc_hash": "' + "a" * 16 + '", "doc_id": '
    path.write_text("".join(f"{head}{k}}}\n" for k in range(20_000)), "utf-8")
    assert entries(path)[-1].item == "a" * 16 + "-20000"


def test_items_are_the_same_for_every_model_and_a_content_that_stands_twice_is_two_items() -> None:
    rows = [row for row in entries(LOGS) if row.benchmark == "tools_hand"]
    items = {model: [row.item for row in rows if (row.model, row.metric) == (model, "acc")] for model in MODELS[2:]}
    assert items["tiny-a"] == items["tiny-b"]
    assert len(set(items["tiny-a"])) == 4
    assert items["tiny-a"][3] == items["tiny-a"][2] + "-2"


def test_a_group_is_one_benchmark_where_the_user_says_so() -> None:
    rows = [row for row in entries(LOGS / "tiny-a", groups=True) if row.metric == "acc"]
    assert {(row.benchmark, row.topic) for row in rows} == {
        ("tools", "tools_hand"),
        ("tools", "tools_kitchen"),
        ("proverb", ""),
    }
    own = results_of("tiny-a")["groups"]["tools"]["acc,none"]  # weighted by the tasks' sizes
    assert means(rows)["tiny-a", "tools", "acc"] == pytest.approx(own)


def test_results_alone_give_rows_without_items(tmp_path: Path) -> None:
    source = next((LOGS / "tiny-a").glob("results_*.json"))
    shutil.copy(source, tmp_path)
    rows = entries(tmp_path)
    assert {row.item for row in rows} == {""}
    assert {row.metric for row in rows} == {"acc", "acc_norm", "brier_score", "perplexity"}
    assert means(rows).items() >= tools_own("tiny-a").items()
    assert (
        means(rows)["tiny-a", "proverb", "perplexity"] == results_of("tiny-a")["results"]["proverb"]["perplexity,none"]
    )
    grouped = {row.benchmark: row.score for row in entries(tmp_path, groups=True) if row.metric == "acc"}
    assert grouped["tools"] == results_of("tiny-a")["groups"]["tools"]["acc,none"]
    assert "tools_hand" not in grouped
    assert entries(source) == []  # its samples stand beside it


def as_written_by_0_4_2(folder: Path, model: str, task: str) -> Path:
    """Lay logs out as lm_eval/__main__.py of 0.4.2 did: one list, no hashes, no filter, named after the arguments."""
    results = results_of(model)
    arguments = f"pretrained=lab/{model},dtype=float"
    results["config"]["model_args"] = arguments
    for new in ("model_name", "model_name_sanitized", "model_source", "task_hashes", "group_subtasks"):
        del results[new]
    (folder / "results.json").write_text(json.dumps(results, indent=2), "utf-8")
    samples = []
    for line in next((LOGS / model).glob(f"samples_{task}_*")).read_text("utf-8").splitlines():
        sample = json.loads(line)
        for new in ("filter", "metrics", "doc_hash", "prompt_hash", "target_hash"):
            del sample[new]
        sample["arguments"] = [list(one.values()) for one in sample["arguments"].values()]
        if isinstance(sample["filtered_resps"][0], list):
            sample["filtered_resps"] = [[float(ll), best == "True"] for ll, best in sample["filtered_resps"]]
        samples.append(sample)
    path = folder / f"pretrained__lab__{model},dtype__float_{task}.jsonl"
    path.write_text(json.dumps(samples, indent=2, ensure_ascii=False), "utf-8")
    return path


@pytest.mark.parametrize(("model", "task"), [("qwen-coder-0.5b", "ports"), ("tiny-a", "tools_hand")])
def test_the_first_versions_layout_gives_the_same_rows(tmp_path: Path, model: str, task: str) -> None:
    old = entries(as_written_by_0_4_2(tmp_path, model, task))
    new = [row for row in entries(LOGS / model) if row.benchmark == task]
    assert {row.model for row in old} == {f"lab/{model}"}
    for one, other in zip(old, new, strict=True):
        assert (one.item, one.metric, one.label, one.prediction) == (
            other.item,
            other.metric,
            other.label,
            other.prediction,
        )
        assert one.score == pytest.approx(other.score)
    assert task not in {row.benchmark for row in entries(tmp_path / "results.json")}


def test_another_models_results_are_not_believed(tmp_path: Path) -> None:
    path = as_written_by_0_4_2(tmp_path, "tiny-a", "tools_hand")
    other = path.rename(path.with_name("pretrained__lab__another_tools_hand.jsonl"))
    rows = entries(other, model="mine", benchmark="tools")
    assert {(row.model, row.benchmark) for row in rows} == {("mine", "tools")}
    assert {row.model for row in entries(other)} == {""}


def test_without_results_the_folder_names_the_model(tmp_path: Path) -> None:
    source = next((LOGS / "tiny-a").glob("samples_tools_hand_*"))
    folder = tmp_path / "lab__tiny-a"
    folder.mkdir()
    shutil.copy(source, folder)
    assert {(row.model, row.benchmark) for row in entries(folder)} == {("lab/tiny-a", "tools_hand")}
    assert {row.model for row in entries(folder, model="mine")} == {"mine"}


def test_scores_that_are_none(tmp_path: Path) -> None:
    sample = {
        "doc_id": 0,
        "doc": {"q": 1},
        "target": "x",
        "filtered_resps": ["y"],
        "filter": "none",
        "doc_hash": "a" * 64,
    }
    odd = [
        sample | {"metrics": ["m", "n", "o"], "m": float("nan"), "n": {"a": 1}, "o": "0.5 and more"},
        sample | {"doc_id": 1, "metrics": ["bypass"], "bypass": 999},
        sample | {"doc_id": 2, "metrics": ["brier_score"], "brier_score": [7, "[.5 .5]"]},
    ]
    path = tmp_path / "samples_t_2026-01-01T00-00-00.jsonl"
    path.write_text("\n".join(map(json.dumps, odd)), "utf-8")
    told: list[str] = []
    rows = entries(path, tell=told.append)
    assert [(row.metric, row.score) for row in rows] == [("m", None)]
    assert "'t' was answered and not scored (--predict_only): left out" in told
    assert sum("whole benchmark" in note for note in told) == 3


def test_numbers_of_numpy_were_texts_in_older_versions(tmp_path: Path) -> None:
    # json.dumps(default=handle_non_serializable), which made str() of all but np.int64 and np.int32.
    sample = {"doc_id": 0, "doc": {"q": 1}, "target": "x", "filtered_resps": ["y"], "acc": "True", "em": "0.25"}
    path = tmp_path / "samples_t_2026-01-01T00-00-00.jsonl"
    path.write_text(
        json.dumps(sample) + "\n" + json.dumps(sample | {"doc_id": 1, "acc": "False", "em": "nan"}), "utf-8"
    )
    rows = [(row.metric, row.score) for row in entries(path)]
    assert rows == [("acc", 1.0), ("em", 0.25), ("acc", 0.0), ("em", None)]


def test_metrics_that_a_task_does_not_list_are_the_tools_own_choice(tmp_path: Path) -> None:
    """Of log-likelihoods the tool then takes perplexity and accuracy; the first is no mean of what stands in items."""
    shutil.copytree(LOGS / "tiny-a", tmp_path / "tiny-a")
    path = next((tmp_path / "tiny-a").glob("results_*.json"))
    results = json.loads(path.read_text("utf-8"))
    del results["configs"]["proverb"]["metric_list"]
    path.write_text(json.dumps(results), "utf-8")
    rows = entries(next((tmp_path / "tiny-a").glob("samples_proverb_*")))
    assert {row.metric for row in rows} == {"acc"}


def test_tasks_of_a_group_may_ask_the_same_items(tmp_path: Path) -> None:
    for task in ("tools_hand", "tools_kitchen"):
        shutil.copy(
            next((LOGS / "tiny-a").glob("samples_tools_hand_*")), tmp_path / f"samples_{task}_2026-01-01T00.jsonl"
        )
    shutil.copy(next((LOGS / "tiny-a").glob("results_*")), tmp_path / "results_2026-01-01T00.json")
    rows = [row for row in entries(tmp_path, groups=True) if row.metric == "acc" and row.benchmark == "tools"]
    items = {topic: [row.item for row in rows if row.topic == topic] for topic in ("tools_hand", "tools_kitchen")}
    assert len(set(items["tools_hand"] + items["tools_kitchen"])) == 8
    assert [item.replace("_hand/", "_kitchen/") for item in items["tools_hand"]] == items["tools_kitchen"]


def test_a_task_of_a_group_without_samples_is_told(tmp_path: Path) -> None:
    shutil.copytree(LOGS / "tiny-a", tmp_path / "tiny-a")
    next((tmp_path / "tiny-a").glob("samples_tools_kitchen_*")).unlink()
    told: list[str] = []
    rows = entries(tmp_path, groups=True, tell=told.append)
    assert {row.topic for row in rows if row.benchmark == "tools"} == {"tools_hand"}
    assert "'tools_kitchen' of 'tools' has no samples, unlike others of its group: left out" in told


def test_pictures_are_told_apart_by_their_hash_and_not_by_their_place_in_memory(tmp_path: Path) -> None:
    def items(shown: str, number: int) -> list[str]:
        doc = {"question": "?", "image": shown}
        sample = {"doc_id": 0, "doc": doc, "filtered_resps": ["y"], "doc_hash": f"{number}" * 64, "acc": 1.0}
        path = tmp_path / "samples_t_2026-01-01T00-00-00.jsonl"
        path.write_text(json.dumps(sample), "utf-8")
        return [row.item for row in entries(path)]

    place = "<PIL.PngImagePlugin.PngImageFile image mode=RGB size=2x2 at 0x{}>"
    assert items(place.format("7F00A1"), 1) == items(place.format("7FFFB2"), 2)
    assert items("a" * 64, 1) == items("a" * 64, 2) != items("b" * 64, 2)
    assert items("a plain text", 1) != items("a plain text", 2)  # then the tool's own hash counts


def test_an_aggregation_that_is_no_mean_is_told(tmp_path: Path) -> None:
    shutil.copytree(LOGS / "tiny-a", tmp_path / "tiny-a")
    path = next((tmp_path / "tiny-a").glob("results_*.json"))
    results = json.loads(path.read_text("utf-8"))
    results["results"]["proverb"]["acc,none"] = 0.75
    path.write_text(json.dumps(results), "utf-8")
    told: list[str] = []
    entries(tmp_path, tell=told.append)
    assert "'acc' of 'proverb': the tool says 0.75, the mean over items is 0" in told


def test_what_is_broken_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "samples_t_2026-01-01T00-00-00.jsonl"
    path.write_text('{"doc_id": 0, "doc": {}, "filtered_resps": []}\n{"doc_id": 1', "utf-8")
    with pytest.raises(DataError, match="line 2"):
        entries(path)
    path.write_text('{"doc_id": 0, "doc": {}, "filtered_resps": []}\n{"doc_id": 1}', "utf-8")
    with pytest.raises(DataError, match="without 'doc_id' or 'doc'"):
        entries(path)
