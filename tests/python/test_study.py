"""A study as an object: made from what users have, refused where it is wrong, run and shown."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

import acidtest
from acidtest.errors import StudyFileError
from mock_study import content, environment, write_study
from python_study import study_values, write_items
from tracking_run import Listening


def test_a_study_from_values_is_that_of_the_same_file(tmp_path: Path) -> None:
    write_items(tmp_path)
    (tmp_path / "study.yaml").write_bytes(orjson.dumps(study_values()))  # JSON is YAML
    from_file, given = acidtest.Study(tmp_path / "study.yaml"), acidtest.Study(study_values(), folder=tmp_path)
    assert from_file.file == given.file
    assert from_file.folder == given.folder
    from_file.run(tmp_path / "a", reporter=Listening([]))
    given.run(tmp_path / "b", reporter=Listening([]))
    assert content(tmp_path / "a") == content(tmp_path / "b")
    again = acidtest.Study(tmp_path / "a")
    assert again.file == given.file
    assert again.run_folder == tmp_path / "a"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sed": 3}, r"unknown key 'sed'(.|\n)*the study given, key 'sed'(.|\n)*Did you mean 'seed'"),
        ({"solvers": ["clasic"]}, r"'clasic' is no model of this study(.|\n)*the study given, solvers\[0\]"),
        ({"solvers": []}, r"solvers"),
        ({"seed": -1}, r"it is -1"),
        ({"real": {"path": Path("real.jsonl"), "limit": 0}}, r"key 'real.limit'"),
        ({"study": "a\0b"}, r"a character that no text can have"),
    ],
)
def test_what_is_wrong_in_values_is_named(changed: dict[str, object], said: str) -> None:
    with pytest.raises(StudyFileError, match=said):
        acidtest.Study(study_values() | changed)


def test_a_run_at_an_address_is_done_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    write_items(tmp_path)
    there = tmp_path / "there"
    study = acidtest.Study(study_values(), folder=tmp_path)
    report = study.run(there.as_uri(), reporter=Listening([]))
    assert study.open().report().verdict == report.verdict
    study.run(tmp_path / "here", reporter=Listening([]))
    assert content(there) == content(tmp_path / "here")
    assert "How far it is" not in acidtest.Study(study_values())._repr_html_()


def test_a_dry_run_counts_what_the_command_counts(
    mock_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_study(tmp_path, mock_url)
    monkeypatch.setenv("OPENAI_API_KEY", "mock-key")
    command = [sys.executable, "-m", "acidtest", "run", str(study), "--dry-run", "--json", "-"]
    done = subprocess.run(command, env=environment(tmp_path / "cache"), capture_output=True, check=True)
    dry = acidtest.Study(study).dry_run()
    assert dry.frame("arrow").to_pylist() == orjson.loads(done.stdout)
    assert dry.calls == sum(row["calls"] for row in orjson.loads(done.stdout)) > 0
    assert repr(dry) == f"<dry run: {dry.calls} calls, about $0.0000; some prices are not known. Nothing was sent.>"


def test_runs_are_kept_by_the_studys_name_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert acidtest.Study(study_values() | {"study": "a/b"}).run_folder == Path("runs/a__b")
