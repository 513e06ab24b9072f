"""A study with `hf:` models: the same here, and in workers on Ray."""

from pathlib import Path

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


def test_a_study_on_ray_is_the_study_here(tmp_path: Path, folder: Path) -> None:
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
