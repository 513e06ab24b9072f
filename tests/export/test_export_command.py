"""`acidtest export` of runs and of files: what is written, how it is asked, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest

from acidtest.data.read import read_item_records
from acidtest.errors import AcidtestError
from acidtest.registry import get
from acidtest.study.exporting import ExportOptions, FileOptions, set_of_file, sets_of_run
from mock_study import acidtest, write_study


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, mock_url: str) -> Path:
    """A run of a small study whose generator and solvers are on the mock server."""
    folder = tmp_path_factory.mktemp("study")
    study = write_study(folder, mock_url)
    done = acidtest("run", study, "-o", folder / "run", cache=folder / "cache")
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_a_run_is_exported_as_its_solver_was_asked(run: Path, tmp_path: Path) -> None:
    done = acidtest("export", run, "--to", "lm-eval", "-o", tmp_path / "out", "--json", "-", cache=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    about = told["benchmarks"]["writer.few_shot"]
    assert (told["schema"], told["to"], told["folder"]) == (1, "lm-eval", str(tmp_path / "out"))
    assert about | {"files": (), "run": ""} == {
        "task": "writer_few_shot",
        "files": (),
        "run": "",
        "scoring": "acidtest",
        "kind": "synthetic",
        "items": 24,
        "metric": "accuracy",
        "style": "chat",
        "examples": 3,  # one of each label
        "asked_as": "good",
        "grammar": False,
        "generator": "writer",
        "licence": "unknown",
    }
    assert all((tmp_path / "out" / file).is_file() for file in about["files"])
    rows = [json.loads(line) for line in (tmp_path / "out" / "writer_few_shot.jsonl").read_bytes().splitlines()]
    task = get("task", "intent")(("alarm", "music", "weather"))
    examples = task.choose_examples(read_item_records(run / "pool.jsonl"), 1, 3)
    items = read_item_records(run / "synthetic" / "writer.few_shot.jsonl")
    for row, item in zip(rows, items, strict=True):
        assert row["messages"] == [list(message) for message in task.prompt(item, examples, "chat").messages]
        assert "provenance" not in row["item"]


def test_the_card_of_a_run_tells_its_verdict(run: Path, tmp_path: Path) -> None:
    done = acidtest("export", run, "--to", "hf", "-o", tmp_path / "out", cache=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((run / "fidelity.json").read_bytes())
    text = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert f"| believe the numbers | {report['verdict']['writer.few_shot']['score']['decision']} |" in text
    worth = report["fidelity"]["writer.few_shot"]["worth_score"]["value"]
    shown = f"{worth:,.3g}" if worth < 1000 else f"{worth:,.0f}"
    assert f"for levels | {shown} |" in text
    assert "openai:words:7" in text.replace("\\", "")
    assert "by 5 solvers" in text


def test_the_real_set_is_exported_where_it_is_named(run: Path) -> None:
    (one,) = sets_of_run(run, ExportOptions(target="jsonl", benchmarks=["real"]))
    assert (one.name, one.kind, one.generator, len(one.items)) == ("real", "real", None, 36)


def test_options_change_how_items_are_asked(run: Path) -> None:
    options = ExportOptions(
        target="inspect", solver="fair", style="completion", shots=0, metric="macro_f1", licence="MIT"
    )
    (one,) = sets_of_run(run, options)
    assert (one.style, one.examples, one.metric.name, one.licence, one.asked_as) == (
        "completion",
        (),
        "macro_f1",
        "MIT",
        "",
    )
    (lighteval,) = sets_of_run(run, ExportOptions(target="lighteval"))
    assert (lighteval.style, lighteval.asked_as) == ("completion", "")
    (same,) = sets_of_run(run, ExportOptions(target="inspect", solver="poor"))
    assert same.asked_as == "poor"


def test_a_file_of_items_is_exported_with_its_task(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "{{ play }}", "label": "music"}, {"id": "2", "text": "rain?", "label": "weather"}]
    for name in ("items", "pool"):
        lines = [json.dumps({**row, "text": f"{row['text']} {name}"}) + "\n" for row in rows]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines), "utf-8")
    about = FileOptions(task="intent", pool=tmp_path / "pool.jsonl", generator="gpt")
    (one,) = set_of_file(tmp_path / "items.jsonl", ExportOptions(target="lm-eval", shots=1), about)
    assert (one.name, one.kind, one.task.labels, one.style) == ("items", "synthetic", ("music", "weather"), "chat")
    assert {item.id for item in one.examples} == {"1", "2"}
    file = ("export", tmp_path / "items.jsonl", "--task", "intent", "--label", "weather", "--label", "music")
    named = ("--benchmark", "my set", "-o", tmp_path / "out")
    done = acidtest(*file, "--to", "inspect", *named, cache=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "my set: 2 items as my_set" in done.stdout
    assert "inspect eval my_set.py" in done.stdout
    prompt = json.loads((tmp_path / "out" / "my_set.jsonl").read_bytes().splitlines()[0])["messages"][0][1]
    assert prompt.endswith("- weather\n- music")


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("--benchmark", "wrter.few_shot"), "Did you mean 'writer.few_shot'?"),
        (("--solver", "classic:majority"), "It has good, fair, poor"),
        (("--style", "song"), "no style is called 'song'"),
        (("--metric", "bleu"), "has no metric 'bleu'"),
        (("--label", "a"), "Add --task NAME"),
        (("--to", "helm"), "no export is called 'helm'"),
    ],
)
def test_slips_are_refused(run: Path, tmp_path: Path, arguments: tuple[str, ...], wrong: str) -> None:
    done = acidtest("export", run, "--to", "inspect", "-o", tmp_path / "out", *arguments, cache=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert wrong in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_run_is_exported_where_its_data_set_is_not(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    about = json.loads((run / "run.json").read_bytes())
    assert about["labels"] == ["alarm", "music", "weather"]
    about["study"]["real"] = {"dataset": "snips", "name": "real"}  # its labels are others
    (copy / "run.json").write_text(json.dumps(about), "utf-8")
    assert [one.task.labels for one in sets_of_run(copy, ExportOptions(target="inspect"))] == [tuple(about["labels"])]


def test_labels_of_a_run_that_did_not_write_them_down_are_had_from_its_items(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    about = json.loads((run / "run.json").read_bytes())
    del about["labels"]
    (copy / "run.json").write_text(json.dumps(about), "utf-8")
    (one,) = sets_of_run(copy, ExportOptions(target="inspect"))
    assert one.task.labels == ("alarm", "music", "weather")


def test_no_item_of_a_file_is_its_own_example(tmp_path: Path) -> None:
    texts = ("one and one", "two and two", "ONE  and one", "three and three")
    rows = [{"id": str(n), "question": text, "answer": "2"} for n, text in enumerate(texts)]
    for name, some in (("items", rows[:2]), ("pool", rows)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some), "utf-8")
    options = ExportOptions(target="jsonl", shots=4)
    (one,) = set_of_file(tmp_path / "items.jsonl", options, FileOptions(task="math", pool=tmp_path / "pool.jsonl"))
    assert [item.id for item in one.examples] == ["3"]
    with pytest.raises(AcidtestError, match="every item of the pool is also asked"):
        set_of_file(tmp_path / "items.jsonl", options, FileOptions(task="math", pool=tmp_path / "items.jsonl"))


def test_a_run_and_a_file_are_not_mistaken_for_each_other(run: Path, tmp_path: Path) -> None:
    for place in (run / "pool.jsonl", tmp_path / "absent"):
        with pytest.raises(AcidtestError, match="no run's folder") as refused:
            sets_of_run(place, ExportOptions(target="jsonl"))
        assert "add --task NAME" in refused.value.way_out
    with pytest.raises(AcidtestError, match="is a folder, and --task goes with a file"):
        set_of_file(run, ExportOptions(target="jsonl"), FileOptions(task="intent"))


def test_a_run_without_accepted_items_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for name in ("run.json", "real.jsonl", "pool.jsonl"):
        (tmp_path / "run" / name).write_bytes((run / name).read_bytes())
    done = acidtest("export", tmp_path / "run", "--to", "jsonl", "-o", tmp_path / "out", cache=tmp_path)
    assert done.returncode == 2
    assert "no synthetic benchmark of this run has accepted items" in done.stderr


def test_what_is_no_run_and_no_text_is_refused(tmp_path: Path) -> None:
    done = acidtest("export", tmp_path, "--to", "jsonl", cache=tmp_path)
    assert (done.returncode, "no run's folder" in done.stderr) == (2, True)
    (tmp_path / "items.jsonl").write_text('{"id": "1", "text": "\\ud800", "label": "a"}\n', "utf-8")
    done = acidtest("export", tmp_path / "items.jsonl", "--task", "intent", "--to", "jsonl", cache=tmp_path)
    assert done.returncode == 2
    assert "broken JSON" in done.stderr
