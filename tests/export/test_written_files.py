"""What stands in exported folders: texts of items in data alone, safe names, metadata that its readers take."""

import ast
import hashlib
import json
import os
import shlex
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from acidtest.errors import AcidtestError, UnknownNameError
from acidtest.export.contract import ExportSet
from acidtest.export.item_table import is_number, item_table
from acidtest.export.task_names import task_names
from acidtest.export.write import export_benchmarks
from acidtest.registry import get, names
from acidtest.types import Check, Item, Provenance
from export_sets import HOSTILE, export_sets

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
TARGETS = ("hf", "inspect", "jsonl", "lighteval", "lm-eval", "promptfoo")
READ_BACK = """
import json, sys, datasets, mlcroissant
folder, tasks = sys.argv[1], sys.argv[2:]
known = mlcroissant.Dataset(folder + "/croissant.json")
problems = [str(p) for p in known.metadata.issues.errors]
croissant = {t: [{k.rpartition("/")[2]: v for k, v in r.items()} for r in known.records(t)] for t in tasks}
plain = lambda v: v.decode() if isinstance(v, bytes) else [plain(i) for i in v] if isinstance(v, list) else v
hub = {t: datasets.load_dataset(folder, t, split="test").to_list() for t in tasks}
croissant = {t: [{k: plain(v) for k, v in r.items()} for r in rs] for t, rs in croissant.items()}
print(json.dumps([problems, croissant, hub]))
"""


def test_every_target_is_known() -> None:
    assert tuple(names("export")) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_code_and_configurations_hold_no_text_of_an_item(target: str, tmp_path: Path) -> None:
    sets = export_sets("completion")
    written = export_benchmarks(sets, target, tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*.*")}
    assert {file for one in written.values() for file in one.files} == {n for n, p in found.items() if p.is_file()}
    code = [path for path in found.values() if path.suffix in (".py", ".cjs", ".yaml")]
    for path in code:
        text = path.read_text("utf-8")
        for piece in ("7*7", "Ann", "q-i1", "writer", "Mars", "réading"):
            assert piece not in text, path
        if path.suffix == ".py":
            ast.parse(text)
    assert code or target in ("hf", "jsonl")


def test_the_same_benchmark_gives_the_same_bytes(tmp_path: Path) -> None:
    for target in TARGETS:
        for name in ("one", "two"):
            export_benchmarks(export_sets("completion"), target, tmp_path / name / target)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*") if path.is_file())
    assert len(files) > 40
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_names_are_identifiers_and_stay_different() -> None:
    asked = ["a/b", "a b", "../../etc/passwd", "con", "é", "ê", "", "{{x}}", "import", "A B", "x" * 200, "x" * 201, "9"]
    found = task_names(asked, taken=("con",))
    assert list(found) == asked
    assert len(set(found.values())) == len(asked)
    assert "con" not in found.values()
    for name in found.values():
        assert name.isidentifier()
        assert name.isascii()
        assert name == name.lower()
        assert 0 < len(name) < 100


def test_jsonl_holds_all_that_a_solver_is_sent(tmp_path: Path) -> None:
    (one,) = [s for s in export_sets("completion") if s.name == "choices"]
    written = export_benchmarks([one], "jsonl", tmp_path / "out")
    lines = (tmp_path / "out" / written[one.name].files[0]).read_bytes().split(b"\n")[:-1]
    for line, item in zip(map(json.loads, lines), one.items, strict=True):
        prompt = one.task.prompt(item, one.examples, "completion")
        assert Item.model_validate(line["item"]) == item
        assert (line["text"], line["grammar"]) == (prompt.text, prompt.grammar)
        assert (tuple(line["stop"]), line["max_tokens"]) == (prompt.stop, prompt.max_tokens)
        assert line["reference"] == one.task.reference(item)


def test_promptfoo_tests_only_number_the_items(tmp_path: Path) -> None:
    sets = export_sets("chat")
    export_benchmarks(sets, "promptfoo", tmp_path / "out")
    lines = (tmp_path / "out" / "intent_x_y" / "tests.jsonl").read_text("utf-8").splitlines()
    variables = [json.loads(line)["vars"] for line in lines]
    assert [v["row"] for v in variables] == [0, 1, 2, 3]
    # the ids hold templates, so content hashes stand for them
    assert [v["item"] for v in variables] == [item.content for item in sets[0].items]
    plain = json.loads((tmp_path / "out" / "math" / "tests.jsonl").read_text("utf-8").splitlines()[0])
    assert plain["vars"] == {"row": 0, "item": "m0"}
    config = YAML(typ="safe").load((tmp_path / "out" / "intent_x_y" / "promptfooconfig.yaml").read_text("utf-8"))
    assert config["providers"][0]["config"] == {"temperature": 0, "max_tokens": 64}
    export_benchmarks(export_sets("completion")[:1], "promptfoo", tmp_path / "plain")
    config = YAML(typ="safe").load((tmp_path / "plain" / "intent_x_y" / "promptfooconfig.yaml").read_text("utf-8"))
    assert config["providers"][0]["config"]["stop"] == ["\n"]


MADE = Provenance(
    generator="w",
    revision="r1",
    strategy="few_shot",
    prompt="few_shot_intent.v1 sha256:00",
    call=0,
    seed=1,
    checks=(Check(check="near_copy", passed=True), Check(check="solver | found", passed=False)),
)


def _compared() -> ExportSet:
    """A set that was made, compared and rated; whatever others say of it tries to be HTML or Markdown."""
    one = export_sets("chat")[0]
    name = '<img src=x onerror="alert(1)"> [a](javascript:b)\n# c'
    valid = {"value": 0.75, "low": None, "high": None, "n": 8, "method": "as people say", "warnings": ["few items"]}
    about = {
        "real": "people",
        "level": 0.9,
        "solvers": ["a", "b"],
        "metric": "macro_f1",
        "models": {"writer": {"use": "local:/home/ann/secret/m.gguf", "revision": "r1"}},
        "validity": {"benchmarks": {name: {"valid": valid}}},
        "verdict": {name: {u: {"decision": "GO", "because": f"<b>{u}</b> | x"} for u in ("score", "rank", "choose")}},
        "fidelity": {name: {"worth_rank": {"value": 57.123, "low": 12.0, "high": None}}},
    }
    items = tuple(item.model_copy(update={"provenance": MADE}) for item in one.items)
    return ExportSet(**{**vars(one), "name": name, "licence": "CC-BY-4.0", "items": items, "about": about})


def test_a_card_says_what_the_set_is_worth_and_renders_no_text_of_others(tmp_path: Path) -> None:
    export_benchmarks([_compared()], "hf", tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text("utf-8")
    header, body = text.split("---\n", 2)[1:]
    about = YAML(typ="safe").load(header)
    assert about["license"] == "cc-by-4.0"
    assert about["tags"] == ["acidtest", "benchmark", "synthetic"]
    assert about["configs"][0]["data_files"] == [
        {"split": "test", "path": about["configs"][0]["config_name"] + ".parquet"}
    ]
    assert "<img" not in body
    assert "<b>" not in body
    assert "](javascript" not in body
    assert "Compared with the real benchmark people by 2 solvers, measured by macro\\_f1:" in body
    assert "| its model | local:m\\.gguf |" in body
    assert "secret" not in text
    assert "Share of valid items: 0.75 (as people say; 8 rated).\nMind: few items\\." in body
    assert "| real labelled items that it is worth, for orders | 57.1 | 12 to not known |" in body
    assert "90% interval of the true value" in body
    assert body.count("| GO |") == 3
    assert "4 of 4 items say" in body
    assert "| near\\_copy | 4 | 0 |\n| solver \\| found | 0 | 4 |" in body
    table = pq.read_table(next((tmp_path / "out").glob("*.parquet"))).to_pylist()
    assert [Provenance.model_validate_json(row["provenance"]) for row in table] == [MADE] * 4


def test_a_set_that_was_not_compared_says_so(tmp_path: Path) -> None:
    export_benchmarks(export_sets("chat")[:1], "hf", tmp_path / "out")
    assert "nobody knows what it is worth" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_sets_of_different_licences_are_not_given_one(tmp_path: Path) -> None:
    first, second = export_sets("chat")[:2]
    free = ExportSet(**{**vars(second), "licence": "MIT"})
    export_benchmarks([first, free], "hf", tmp_path / "out")
    header, body = (tmp_path / "out" / "README.md").read_text("utf-8").split("---\n", 2)[1:]
    about = YAML(typ="safe").load(header)
    assert (about["license"], about["license_name"]) == ("other", "several, see below")
    assert "| licence | unknown |" in body
    assert "| licence | MIT |" in body


def test_datasets_and_mlcroissant_read_the_folder_back(tmp_path: Path) -> None:
    if not PEERS.exists():
        message = "datasets and mlcroissant are not installed: make .venv-peers"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    sets = export_sets("chat")
    written = export_benchmarks(sets, "hf", tmp_path / "out")
    tasks = [written[one.name].task for one in sets]
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [str(PEERS), "-c", READ_BACK, str(tmp_path / "out"), *tasks]
    done = subprocess.run(command, env={**os.environ, **offline}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    problems, croissant, hub = json.loads(done.stdout)
    assert problems == []
    for one, task in zip(sets, tasks, strict=True):
        assert [row["id"] for row in hub[task]] == [item.id for item in one.items]
        plain = any(all(isinstance(item.target, kind) for item in one.items) for kind in (str, float))
        for row, also, item in zip(hub[task], croissant[task], one.items, strict=True):
            assert {k: v for k, v in row.items() if v is not None} == {k: v for k, v in also.items() if v is not None}
            assert {field: row[field] for field in item.input} == item.input
            assert item.target == (row["target"] if plain else json.loads(row["target"]))
            assert tuple(row.get("choices", ())) == item.choices
    about = json.loads((tmp_path / "out" / "croissant.json").read_bytes())
    for file in about["distribution"]:
        assert hashlib.sha256((tmp_path / "out" / file["contentUrl"]).read_bytes()).hexdigest() == file["sha256"]


def test_whole_numbers_that_no_float_holds_stay_whole() -> None:
    targets = (2**53 + 1, 10**400, 2**53, -3, 0.5)
    items = [Item(id=str(n), input={"question": "?"}, target=target) for n, target in enumerate(targets)]
    assert item_table(items).column("target").to_pylist() == [json.dumps(target) for target in targets]
    assert not is_number(items, "target")
    assert item_table(items[2:]).column("target").to_pylist() == [9007199254740992.0, -3.0, 0.5]
    assert is_number(items[2:], "target")


def test_inputs_that_are_called_like_a_column_keep_their_texts() -> None:
    table = item_table([Item(id="1", input={"topic": "sport", "text": "a"}, target="b", topic="law")])
    assert table.to_pylist() == [{"id": "1", "input_topic": "sport", "text": "a", "target": "b", "topic": "law"}]


def test_command_lines_are_whole_where_a_folder_holds_a_space(tmp_path: Path) -> None:
    for target in TARGETS:
        written = export_benchmarks(export_sets("completion")[:1], target, tmp_path / target)
        line = next(iter(written.values())).run.replace("FOLDER", shlex.quote("my 'own' folder"))
        words = shlex.split(line)
        assert any(word == "my 'own' folder" or word.startswith("my 'own' folder/") for word in words), line
        if words[1] == "-c" and words[0] == "python":
            ast.parse(words[2])
            assert words[3:] == ["my 'own' folder", "intent_x_y"]


def test_what_a_tool_cannot_express_is_refused_with_those_that_can(tmp_path: Path) -> None:
    chat = export_sets("chat")[:1]
    with pytest.raises(AcidtestError, match=r"lighteval sends completion prompts, not chat") as refused:
        export_benchmarks(chat, "lighteval", tmp_path / "out")
    assert "hf, inspect, jsonl, lm-eval, promptfoo" in refused.value.way_out
    (asked,) = [one for one in export_sets("chat") if one.task.name == "open_qa"]
    judged = ExportSet(**{**vars(asked), "metric": asked.task.metric("judged")})
    with pytest.raises(AcidtestError, match="needs a judge") as refused:
        export_benchmarks([judged], "inspect", tmp_path / "out")
    assert "--metric exact_match" in refused.value.way_out
    assert "hf, jsonl" in refused.value.way_out
    (sums,) = [one for one in export_sets("chat") if one.task.name == "math"]
    single = ExportSet(**{**vars(sums), "metric": sums.task.metric("consistency")})
    with pytest.raises(AcidtestError, match="bundle") as refused:
        export_benchmarks([single], "lm-eval", tmp_path / "out")
    assert "Add --metric accuracy. Can express it as it is: hf, jsonl." in refused.value.way_out
    empty = ExportSet(**{**vars(asked), "items": ()})
    with pytest.raises(AcidtestError, match="no accepted items"):
        export_benchmarks([empty], "jsonl", tmp_path / "out")
    with pytest.raises(UnknownNameError, match="no export is called"):
        export_benchmarks(chat, "lm_eval_harness", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(AcidtestError, match="not empty"):
        export_benchmarks(export_sets("chat")[:1], "jsonl", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    export_benchmarks(export_sets("chat")[:1], "jsonl", tmp_path / "empty")
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["intent_x_y.jsonl"]
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    export_benchmarks(export_sets("chat")[:1], "jsonl", Path())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "here", "mine.txt"]
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["intent_x_y.jsonl"]


def test_all_is_written_inside_a_folder_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, places = get("export", "jsonl"), []
    write = tool.write

    def seen(self: object, exported: ExportSet, task: str, folder: Path) -> object:
        places.append(folder)
        return write(self, exported, task, folder)

    monkeypatch.setattr(tool, "write", seen)
    (tmp_path / "mounted").mkdir()
    export_benchmarks(export_sets("chat")[:1], "jsonl", tmp_path / "mounted")
    export_benchmarks(export_sets("chat")[:1], "jsonl", tmp_path / "new")
    assert [place.parent for place in places] == [tmp_path / "mounted", tmp_path]
    assert [path.name for path in (tmp_path / "mounted").iterdir()] == ["intent_x_y.jsonl"]


def test_nothing_is_left_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = get("export", "lm-eval")
    write = tool.write

    def broken(self: object, exported: ExportSet, task: str, folder: Path) -> object:
        if task == "math":
            raise OSError(28, "No space left on device")
        return write(self, exported, task, folder)

    monkeypatch.setattr(tool, "write", broken)
    with pytest.raises(OSError, match="No space"):
        export_benchmarks(export_sets("chat"), "lm-eval", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_hostile_texts_are_in_the_data_as_they_are(tmp_path: Path) -> None:
    one = export_sets("completion")[1]
    written = export_benchmarks([one], "lm-eval", tmp_path / "out")
    rows = (tmp_path / "out" / f"{written[one.name].task}.jsonl").read_text("utf-8").split("\n")[:-1]
    assert all(HOSTILE in json.loads(row)["text"] for row in rows)
