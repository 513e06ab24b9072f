"""HELM's runs come out so that HELM's own means (`stats.json`) follow, to the last digit."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from acidtest.data.logs.helm import HelmLog
from acidtest.data.logs.helm_run import change
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogOptions
from acidtest.errors import DataError
from acidtest.registry import get

FOLDER = Path(__file__).parent / "helm"
SCORES = "per_instance_stats.json"


def entries(folder: Path, **options: Any) -> list[LogEntry]:
    return list(HelmLog().read(folder / SCORES, LogOptions(**options)))


def run(tmp_path: Path, stats: list[dict[str, Any]], **spec: Any) -> Path:
    """Write a run's folder: its scores and, where given, its specification."""
    folder = tmp_path / "mmlu:subject=law,model=org_some_model"
    folder.mkdir()
    (folder / SCORES).write_text(json.dumps(stats), "utf-8")
    if spec:
        (folder / "run_spec.json").write_text(json.dumps(spec), "utf-8")
    return folder


def instance(n: int = 0, *, trial: int = 0, perturbation: Any = None, **stats: Any) -> dict[str, Any]:
    """One element of the file as `PerInstanceStats` of HELM is written; a statistic is (count, sum)."""
    listed = [
        {"name": {"name": name, "split": "test"}, "count": count, "sum": total}
        for name, (count, total) in stats.items()
    ]
    whole = {"instance_id": f"id{n}", "train_trial_index": trial, "stats": listed}
    return whole | ({"perturbation": perturbation} if perturbation else {})


@pytest.mark.parametrize(("folder", "trials"), [("words", 2), ("letters", 1)])
def test_helms_own_means_come_out_to_the_last_digit(folder: str, trials: int) -> None:
    read = entries(FOLDER / folder)
    checked = 0
    for stat in json.loads((FOLDER / folder / "stats.json").read_text("utf-8")):
        name = stat["name"]
        rows = [
            entry
            for entry in read
            if (entry.metric, entry.topic) == (name["name"], name["split"])
            and ("[" in entry.benchmark) == ("perturbation" in name)
        ]
        per_trial = [[e.score for e in rows if e.epoch == (t if trials > 1 else None)] for t in range(trials)]
        # Classes of metrics compute what they find over all answers at once, not per answer.
        if name["name"].startswith(("num_", "classification_")):
            assert not rows
            continue
        means = [sum(score for score in scores if score is not None) / len(scores) for scores in per_trial]
        assert sum(means) / trials == stat["mean"]
        checked += 1
    assert checked == {"words": 2 * 2 * 2, "letters": 4 * 2}[folder]
    assert {e.score for e in read} > {0.0}


def test_each_answer_stands_with_its_label_tokens_and_what_it_was() -> None:
    read = {(e.benchmark, e.item, e.epoch, e.metric): e for e in entries(FOLDER / "words")}
    states = json.loads((FOLDER / "words" / "scenario_state.json").read_text("utf-8"))["request_states"]
    tokens = {
        (one["instance_id"], "perturbation" in one, one["train_trial_index"], stat["name"]["name"]): stat["sum"]
        for one in json.loads((FOLDER / "words" / SCORES).read_text("utf-8"))
        for stat in one["stats"]
    }
    for state in states:
        about = state["instance"]
        copy = " [misspellings prob=1.0]" if "perturbation" in about else ""
        key = f"errands_words:hints=one{copy}", about["id"], state["train_trial_index"]
        entry = read[(*key, "f1_score")]
        assert entry.label == next(r["output"]["text"] for r in about["references"] if r["tags"])
        assert entry.prediction == state["result"]["completions"][0]["text"]
        assert entry.model == "local/smollm2"
        assert entry.failure is None
        assert entry.tokens_in == tokens[about["id"], bool(copy), state["train_trial_index"], "num_prompt_tokens"]
    assert len(read) == 2 * len(states) == len(entries(FOLDER / "words"))


def test_letters_are_read_as_helm_maps_them_and_other_answers_are_failures() -> None:
    read = {e.item: e for e in entries(FOLDER / "letters") if e.metric == "exact_match"}
    for state in json.loads((FOLDER / "letters" / "scenario_state.json").read_text("utf-8"))["request_states"]:
        answer = state["result"]["completions"][0]["text"]
        entry = read[state["instance"]["id"]]
        assert entry.prediction == state["output_mapping"].get(answer, answer)
        assert entry.failure == (answer not in state["output_mapping"])
        # The right choice, and nothing else, scores.
        assert entry.score == float(entry.prediction == entry.label)
    assert [e.failure for e in read.values()].count(True) == 1


def test_counts_and_runtimes_are_left_out_and_that_is_said() -> None:
    notes: dict[str, None] = {}
    metrics = {e.metric for e in entries(FOLDER / "words", tell=notes.setdefault)}
    assert metrics == {"exact_match", "f1_score"}
    assert list(notes) == ["HELM's counts, runtimes, costs and log-probabilities are no scores: left out"]


def test_what_tells_nothing_of_an_answers_worth_is_left_out(tmp_path: Path) -> None:
    """Names from HELM's own classes: `basic_metrics`, `efficiency_metrics`, `language_modeling_metrics`."""
    own = ["batch_size", "logprob", "max_prob", "predicted_index", "prompt_truncated"]
    kinds = ["training_co2_cost", "inference_runtime", "denoised_runtime", "num_bytes"]
    stats = [{"name": {"name": named}, "count": 1, "sum": 1} for named in (*own, *kinds, "f1")]
    folder = run(tmp_path, [instance(0) | {"stats": stats}])
    assert [one.metric for one in entries(folder)] == ["f1"]


def test_less_is_better_where_helm_says_so(tmp_path: Path) -> None:
    lower: list[str] = []
    entries(run(tmp_path, [instance(0, wer_score=(1, 2), f1=(1, 1))]), less_is_better=lower.append)
    assert lower == ["wer_score"]


def test_an_answer_is_told_where_there_is_one(tmp_path: Path) -> None:
    """A letter with a blank before it is that letter; of references asked one by one there is no single answer."""
    folder = run(tmp_path, [instance(n, f1=(1, 1)) for n in range(3)])
    answers: list[dict[str, Any]] = [{"output_mapping": {"A": "yes"}}, {"reference_index": 0}, {}]
    long = [{"output": {"text": "x" * 201}, "tags": ["correct"]}]
    states: list[dict[str, Any]] = [
        {"instance": {"id": f"id{n}", "references": long}, "result": {"completions": [{"text": " A"}]}} | more
        for n, more in enumerate(answers)
    ]
    (folder / "scenario_state.json").write_text(json.dumps({"request_states": states}), "utf-8")
    assert [(one.prediction, one.failure, one.label) for one in entries(folder)] == [
        ("yes", False, ""),
        ("", None, ""),
        (" A", None, ""),
    ]


def test_several_answers_to_one_instance_are_their_mean(tmp_path: Path) -> None:
    stats = [instance(0, pass_rate=(4, 3), none=(0, 0)), instance(1, pass_rate=(4, 0), none=(1, 1))]
    read = entries(run(tmp_path, stats))
    assert [(e.item, e.metric, e.score, e.error) for e in read] == [
        ("id0", "pass_rate", 0.75, ""),
        ("id0", "none", None, "not scored"),
        ("id1", "pass_rate", 0.0, ""),
        ("id1", "none", 1.0, ""),
    ]


def test_tokens_stand_with_one_class_of_metrics_and_serve_all(tmp_path: Path) -> None:
    stats = [
        instance(0, f1=(1, 1)),
        instance(0, num_prompt_tokens=(1, 9), num_output_tokens=(1, 2), f1=(1, 0.5), rouge=(1, 0.5)),
        instance(1, num_prompt_tokens=(1, 5), num_output_tokens=(1, 0), f1=(1, 0)),
        instance(1, rouge=(1, 0)),
    ]
    notes: dict[str, None] = {}
    read = entries(run(tmp_path, stats), tell=notes.setdefault)
    assert [(e.item, e.metric, e.score, e.tokens_in, e.tokens_out) for e in read] == [
        ("id0", "f1", 1.0, 9, 2),
        ("id0", "rouge", 0.5, 9, 2),
        ("id1", "f1", 0.0, 5, None),
        ("id1", "rouge", 0.0, 5, None),
    ]
    assert "metric 'f1' of 'mmlu:subject=law' was computed twice: the first is read" in notes


def test_names_come_from_the_specification_or_else_from_the_folder(tmp_path: Path) -> None:
    folder = run(tmp_path, [instance(f1=(1, 1))])
    (entry,) = entries(folder)
    assert (entry.benchmark, entry.model, entry.item) == ("mmlu:subject=law", "org/some_model", "id0")
    (grouped,) = entries(folder, groups=True)
    assert (grouped.benchmark, grouped.topic, grouped.item) == ("mmlu", "subject=law, test", "subject=law/id0")
    spec = {"name": "a:b=c,model=org_m,model_deployment=x", "adapter_spec": {"model": "org/m"}}
    (folder / "run_spec.json").write_text(json.dumps(spec), "utf-8")
    (named,) = entries(folder, model="not this")
    assert (named.benchmark, named.model) == ("a:b=c", "org/m")
    (folder / "run_spec.json").write_text('{"name": "alone"}', "utf-8")
    assert entries(folder, model="mine")[0].model == "mine"
    with pytest.raises(DataError, match="names no model"):
        entries(folder)


def test_trials_are_epochs_and_changed_copies_are_benchmarks_of_the_same_items(tmp_path: Path) -> None:
    seeded = {"name": "typos", "robustness": True, "fairness": False, "computed_on": "perturbed", "seed": 3}
    stats = [instance(0, f1=(1, 1)), instance(0, trial=1, f1=(1, 0)), instance(0, perturbation=seeded, f1=(1, 0))]
    read = entries(run(tmp_path, stats))
    assert [(e.benchmark, e.item, e.epoch) for e in read] == [
        ("mmlu:subject=law", "id0", 0),
        ("mmlu:subject=law", "id0", 1),
        ("mmlu:subject=law [typos seed=3]", "id0", 0),
    ]
    assert change({}) == change(None) == ""


def test_references_of_version_0_1_are_texts(tmp_path: Path) -> None:
    """`Reference` of crfm-helm 0.1.0: `output: str`."""
    folder = run(tmp_path, [instance(0, f1=(1, 1))])
    references = [{"output": "no", "tags": []}, {"output": "yes", "tags": ["correct"]}]
    state = {"instance": {"id": "id0", "references": references}, "train_trial_index": 0, "result": {"completions": []}}
    (folder / "scenario_state.json").write_text(json.dumps({"request_states": [state]}), "utf-8")
    assert [one.label for one in entries(folder)] == ["yes"]


def test_a_broken_folder_is_an_error_of_data(tmp_path: Path) -> None:
    folder = run(tmp_path, [instance(f1=(1, 1)) | {"instance_id": None}])
    with pytest.raises(DataError, match="without id"):
        entries(folder)
    (folder / "run_spec.json").write_text("{", "utf-8")
    with pytest.raises(DataError, match="broken JSON"):
        entries(folder)
    (folder / "run_spec.json").unlink()
    (folder / "scenario_state.json").write_text('{"request_states": [', "utf-8")
    with pytest.raises(DataError, match="ends too early"):
        entries(folder)


def test_files_are_recognised_by_name_and_place(tmp_path: Path) -> None:
    form = get("log", "helm")()
    assert form.recognises(FOLDER / "words" / SCORES, b'[{"instance_id"')
    assert not form.recognises(FOLDER / "words" / SCORES, b"{")
    assert not form.recognises(FOLDER / "words" / "stats.json", b"[")
    for file in ("stats.json", "run_spec.json", "scenario_state.json"):
        assert form.helps(FOLDER / "words" / file, b"")
        shutil.copy(FOLDER / "words" / file, tmp_path)
        assert not form.helps(tmp_path / file, b"")
    assert not form.helps(tmp_path / "summary.json", b"")
    (tmp_path / "runs_to_run_suites.json").write_text("{}")
    assert form.helps(tmp_path / "summary.json", b"")
