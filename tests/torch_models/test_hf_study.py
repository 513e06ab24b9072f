"""A study with `hf:` models: the same here, and in workers on Ray."""

import secrets
from pathlib import Path

import pytest

from mock_study import acidtest, write_study

STUDY = """\
study: torch
task: intent
seed: 3
real: {{path: real.jsonl, pool: pool.jsonl, limit: 9}}
models:
  tiny: {{use: "hf:FOLDER"}}
  chat: {{use: "hf:FOLDER", style: chat}}
synthetic: [{{name: made, path: pool.jsonl}}]
solvers: [{{model: tiny, shots: 0}}, {{model: chat, shots: 0}}, "classic:majority"]
"""


def test_a_study_on_ray_is_the_study_here(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_worker_niceness", "0")  # Ray's workers stand back behind all else, and tests wait for them
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray writes one into the home folder
    text = STUDY.replace("FOLDER", str(folder))
    study = write_study(tmp_path, "", text)
    here = acidtest("evaluate", study, "-o", tmp_path / "here", cache=tmp_path / "a")
    assert here.returncode == 0, here.stderr
    options = ["--executor", "ray", "--ray-workers", 2]
    there = acidtest("evaluate", study, "-o", tmp_path / "there", *options, cache=tmp_path / "b")
    assert there.returncode == 0, there.stderr
    names = ("real.jsonl", "scores.parquet")
    assert [(tmp_path / "there" / name).read_bytes() for name in names] == [
        (tmp_path / "here" / name).read_bytes() for name in names
    ]
