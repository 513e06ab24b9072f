"""Shards answered apart and put together are the run that one machine would have made."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer

from acidtest.cli.merge import merge
from acidtest.cli.run import run
from acidtest.cli.stages import evaluate, generate, rate
from acidtest.data.run_folder import RunFolder
from acidtest.errors import DataError
from acidtest.study.merge import merge_shards
from acidtest.study.state import read_state
from mock_study import STUDY, acidtest, content, kill_when, requests_since_last, write_study

JUDGE = (
    '  judge: {{use: "openai:fixed:sensible: yes\\nright: no\\nonly: yes\\nnatural: unsure", base_url: "{url}/v1"}}\n'
)
SMALL = STUDY.replace(', "classic:tfidf_logreg"', ', "classic:keyword_rules"') + "limits: {{max_calls: 1000}}\n"
SMALL = SMALL.replace("generators:", JUDGE + "generators:") + "validity: {{judges: [judge], items: 9}}\n"
ALL = 3 * (36 + 24)
"""Calls of the three language models about all items."""


@pytest.fixture(scope="module", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACIDTEST_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("OPENAI_API_KEY", "mock-key")
        yield


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, mock_url: str) -> Path:
    """A folder with a study, the base, shards 1 to 3 of it, and `calls`: what the server saw of the three."""
    folder = tmp_path_factory.mktemp("shards")
    generate(write_study(folder, mock_url, SMALL), folder=folder / "base")
    requests_since_last(mock_url)
    for number in (1, 2, 3):
        evaluate(folder / "base", folder=folder / f"s{number}", shard=f"{number}/3")
    (folder / "calls").write_bytes(orjson.dumps(requests_since_last(mock_url)))
    for number in (1, 2, 3):
        rate(folder / "base", folder=folder / f"s{number}", shard=f"{number}/3")
    return folder


@pytest.fixture(scope="module")
def whole(shards: Path) -> Path:
    """The same study, answered by one machine; the cache gives it the very answers that the shards were given."""
    run(shards / "study.yaml", folder=shards / "whole")
    return shards / "whole"


def responses(root: Path) -> dict[str, bytes]:
    """Return the files of answers and of ratings."""
    found = (*root.glob("responses/*/*.jsonl"), *root.glob("ratings/*.jsonl"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(found)}


def test_every_item_is_asked_once_in_all(shards: Path) -> None:
    assert orjson.loads((shards / "calls").read_bytes()) == [ALL, ALL]
    for number in (1, 2, 3):
        assert not (shards / f"s{number}" / "scores.parquet").exists()


def test_merged_is_what_one_machine_makes(
    shards: Path, whole: Path, tmp_path: Path, mock_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    requests_since_last(mock_url)
    merge([shards / "s2", shards / "s3", shards / "s1"], folder=tmp_path / "merged")
    assert "Put 3 folders together" in capsys.readouterr().out
    assert content(tmp_path / "merged") == content(whole)
    assert responses(tmp_path / "merged") == responses(whole)
    assert responses(whole)["ratings/judge.judge.jsonl"].count(b"\n") == 18  # 9 of each set
    merged, one = (read_state(RunFolder(root)) for root in (tmp_path / "merged", whole))
    assert merged is not None
    assert one is not None
    assert {key: unit.fingerprint for key, unit in merged.stages.items()} == {
        key: unit.fingerprint for key, unit in one.stages.items()
    }
    run(shards / "study.yaml", folder=tmp_path / "merged")
    assert requests_since_last(mock_url) == (0, 0)
    assert responses(tmp_path / "merged") == responses(whole)


def test_a_missing_shard_is_told_and_can_be_asked_for(
    shards: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataError, match="do not make a whole run"):
        merge([shards / "s1", shards / "s3"], folder=tmp_path / "two")
    told = capsys.readouterr().err
    lacking = len((shards / "s2" / "responses" / "real" / "good.jsonl").read_bytes().splitlines())
    assert "not among the folders: shard 2/3" in told
    assert f"responses/real/good: {lacking} items without an answer" in told
    run(tmp_path / "two")
    assert content(tmp_path / "two") == content(whole)
    assert responses(tmp_path / "two") == responses(whole)


def test_a_part_that_was_merged_may_be_merged_again(shards: Path, whole: Path, tmp_path: Path) -> None:
    assert not merge_shards([shards / "s1", shards / "s3"], tmp_path / "two").is_whole
    merged = merge_shards([tmp_path / "two", shards / "s2"], tmp_path / "three")
    assert merged.is_whole
    assert responses(tmp_path / "three") == responses(whole)


def test_a_shard_given_twice_counts_once(shards: Path, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(shards / "s1", tmp_path / "again")
    _edit(tmp_path / "again", lambda row: row | {"seconds": 9.0, "cost": 1.0})
    merged = merge_shards([shards / "s1", tmp_path / "again", shards / "s2", shards / "s3"], tmp_path / "m")
    assert merged.is_whole
    assert responses(tmp_path / "m") == responses(whole)


def test_a_merge_that_was_killed_is_made_anew(
    shards: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [shards / f"s{number}" for number in (1, 2, 3)]
    with monkeypatch.context() as patch:
        patch.setattr("acidtest.study.merge.write_state", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            merge_shards(named, tmp_path / "m")
    assert responses(tmp_path / "m")
    assert merge_shards(named, tmp_path / "m").is_whole
    assert responses(tmp_path / "m") == responses(whole)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_shard_to_which_nothing_falls_is_done(shards: Path, tmp_path: Path, mock_url: str) -> None:
    requests_since_last(mock_url)
    evaluate(shards / "base", folder=tmp_path / "empty", shard="1/9973")
    assert requests_since_last(mock_url) == (0, 0)
    state = read_state(RunFolder(tmp_path / "empty"))
    assert state is not None
    units = {key: unit.detail for key, unit in state.stages.items() if key.startswith("responses/")}
    assert len(units) == 2 * 5  # two benchmarks, five solvers
    assert set(units.values()) == {"shard 1/9973 is done"}


def test_what_people_said_in_shards_is_kept_once(shards: Path, tmp_path: Path) -> None:
    said = {1: ['{"item":"a"}', '{"item":"b"}'], 2: ['{"item":"b"}', '{"item":"c"}'], 3: []}
    for number, rows in said.items():
        shutil.copytree(shards / f"s{number}", tmp_path / f"s{number}")
        folder = RunFolder(tmp_path / f"s{number}")
        for path in (folder.people, folder.choices):
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    merge_shards([tmp_path / f"s{number}" for number in said], tmp_path / "m")
    for path in (RunFolder(tmp_path / "m").people, RunFolder(tmp_path / "m").choices):
        assert path.read_text("utf-8") == '{"item":"a"}\n{"item":"b"}\n{"item":"c"}\n'


def test_two_answers_to_one_item_are_refused(shards: Path, tmp_path: Path) -> None:
    shutil.copytree(shards / "s1", tmp_path / "other")
    changed = _edit(tmp_path / "other", lambda row: row | {"text": row["text"] + "!"})
    with pytest.raises(DataError, match=f"answered item '{changed}' differently \\(responses/real/good\\)") as error:
        merge_shards([shards / "s1", tmp_path / "other", shards / "s2", shards / "s3"], tmp_path / "m")
    assert error.value.where == f"{shards / 's1'} and {tmp_path / 'other'}"


def test_an_answer_of_one_shard_is_not_hidden_by_a_failure_of_another(
    shards: Path, whole: Path, tmp_path: Path
) -> None:
    shutil.copytree(shards / "s1", tmp_path / "failed")
    _edit(tmp_path / "failed", lambda row: {"item": row["item"], "text": "", "error": "no answer came"})
    for order in ([shards / "s1", tmp_path / "failed"], [tmp_path / "failed", shards / "s1"]):
        root = tmp_path / f"m{order[0].name}"
        assert merge_shards([*order, shards / "s2", shards / "s3"], root).is_whole
        assert responses(root) == responses(whole)
    merged = merge_shards([tmp_path / "failed", shards / "s2", shards / "s3"], tmp_path / "open")
    assert merged.missing == {"responses/real/good": 1}


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("run.json", '"seed": 3', '"seed": 4', "study|what '"),
        ("run.json", '"version": "', '"version": "9', "version of acidtest"),
        ("run.json", '"revision": "', '"revision": "9', "models"),
        ("shard.json", '"of":3', '"of":4', r"how many shards there are \(1/3 and 2/4\)|how many"),
        ("real.jsonl", "request number 3 ", "request number 03 ", "file real.jsonl"),
        ("synthetic/writer.few_shot.jsonl", '"input"', ' "input"', "synthetic/writer.few_shot.jsonl"),
    ],
)
def test_shards_of_something_else_are_refused(
    shards: Path, tmp_path: Path, name: str, old: str, new: str, told: str
) -> None:
    shutil.copytree(shards / "s2", tmp_path / "s2")
    text = (tmp_path / "s2" / name).read_text("utf-8")
    assert old in text
    (tmp_path / "s2" / name).write_text(text.replace(old, new), "utf-8")
    with pytest.raises(DataError, match=told):
        merge_shards([shards / "s1", tmp_path / "s2", shards / "s3"], tmp_path / "m")
    assert not (tmp_path / "m" / "run.json").exists()


def test_what_is_no_shard_is_refused(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no run\.json"):
        merge_shards([shards / "s1", tmp_path], tmp_path / "m")
    with pytest.raises(DataError, match="none of these folders is a shard"):
        merge_shards([shards / "base"], tmp_path / "m")
    with pytest.raises(DataError, match="holds a run already"):
        merge_shards([shards / "s1"], shards / "base")


def test_a_unit_that_no_shard_began_is_told(shards: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        shutil.copytree(shards / f"s{number}", tmp_path / f"s{number}")
        path = tmp_path / f"s{number}" / "run.json"
        state = orjson.loads(path.read_bytes())
        del state["stages"]["responses/real/fair"]
        path.write_bytes(orjson.dumps(state))
        (tmp_path / f"s{number}" / "responses" / "real" / "fair.jsonl").unlink()
    merged = merge_shards([tmp_path / f"s{number}" for number in (1, 2, 3)], tmp_path / "m")
    assert merged.missing == {"responses/real/fair": 36}


def test_a_killed_shard_is_merged_and_what_it_lacks_is_asked_once(
    shards: Path, whole: Path, tmp_path: Path, mock_url: str
) -> None:
    """With a cache of its own: what was answered before the kill stands in the shard's folder alone."""
    killed, cache = tmp_path / "s2", tmp_path / "cache"
    requests_since_last(mock_url)
    arguments = ("evaluate", shards / "base", "--shard", "2/3", "-o", killed)
    kill_when(killed / "responses" / "real" / "good.jsonl", *arguments, cache=cache, size=600)
    with pytest.raises(DataError):
        merge([shards / "s1", killed, shards / "s3"], folder=tmp_path / "m")
    shutil.rmtree(cache)
    done = acidtest("run", tmp_path / "m", cache=cache)
    assert done.returncode == 0, done.stderr
    sent, distinct = requests_since_last(mock_url)
    assert sent - distinct <= 3 * 4  # in flight at the kill: 3 solvers of 4 connections
    assert content(tmp_path / "m") == content(whole)


def test_a_killed_shard_goes_on_and_says_what_limits_mean(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(shards / "s1", tmp_path / "s1")
    path = tmp_path / "s1" / "responses" / "real" / "good.jsonl"
    before = path.read_bytes()
    path.write_bytes(before[: before.index(b"\n") + 10])
    state = (tmp_path / "s1" / "run.json").read_text("utf-8")
    unit = orjson.loads(state)["stages"]["responses/real/good"]
    assert unit["detail"] == "shard 1/3 is done"
    (tmp_path / "s1" / "run.json").write_text(state.replace("shard 1/3 is done", "", 1), "utf-8")
    evaluate(shards / "base", folder=tmp_path / "s1", shard="1/3")
    told = capsys.readouterr()
    assert "hold for each shard by itself: 3 shards may cost 3 times as much" in " ".join(told.err.split())
    assert "A shard alone is not compared" in told.out


def test_a_shard_with_a_failing_solver_exits_with_2(shards: Path, tmp_path: Path, mock_url: str) -> None:
    dead = '  poor: {{use: "openai:x", base_url: "http://127.0.0.1:9/v1", retries: 0, connections: 4}}\n'
    text = "".join(dead if line.startswith("  poor:") else line + "\n" for line in SMALL.splitlines())
    study = write_study(tmp_path, mock_url, text)
    generate(study, folder=tmp_path / "base")
    with pytest.raises(typer.Exit) as stopped:
        evaluate(tmp_path / "base", folder=tmp_path / "s1", shard="1/3")
    assert stopped.value.exit_code == 2
    assert shards.exists()


EMBEDDED = """\
study: embedded
task: intent
real: {{path: real.jsonl, pool: pool.jsonl}}
models: {{small: {{use: "local:{model}"}}}}
synthetic: [{{name: made, path: made.jsonl}}]
solvers: [small, "classic:keyword_rules"]
cache: false
"""


def test_the_embedded_model_in_shards_answers_what_it_answers_alone(tmp_path: Path, smollm2: Path) -> None:
    study = write_study(tmp_path, "http://127.0.0.1:9", EMBEDDED.replace("{model}", str(smollm2)))
    rows = (tmp_path / "real.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "real.jsonl").write_bytes(b"".join(rows[:5]))
    (tmp_path / "made.jsonl").write_bytes(b"".join(rows[5:9]))
    for number in (1, 2):
        evaluate(study, folder=tmp_path / f"s{number}", shard=f"{number}/2")
    merge([tmp_path / f"s{number}" for number in (1, 2)], folder=tmp_path / "merged")
    run(study, folder=tmp_path / "whole")
    for name in ("scores.parquet", "fidelity.json"):
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert _untimed(tmp_path / "merged") == _untimed(tmp_path / "whole")


def _untimed(root: Path) -> dict[str, list[dict[str, Any]]]:
    found = {name: [orjson.loads(line) for line in text.splitlines()] for name, text in responses(root).items()}
    return {name: [{**row, "seconds": 0} for row in rows] for name, rows in found.items()}


def _edit(root: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    """Change the first response of one file by a function; return its item."""
    path = root / "responses" / "real" / "good.jsonl"
    first, *rest = path.read_bytes().splitlines()
    row = orjson.loads(first)
    path.write_bytes(b"\n".join([orjson.dumps(change(row)), *rest]) + b"\n")
    return str(row["item"])
