"""The pages about Python: what they show runs, and the tables name what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import acidtest
from doc_pages import example, page
from python_study import study_values, write_items
from tracking_run import Listening


def test_the_tour_runs(tmp_path: Path) -> None:
    write_items(tmp_path)
    code = example("python.md")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "0 calls" in done.stdout
    assert "pairwise_agreement" in done.stdout
    assert done.stdout.rstrip().endswith("()")  # nothing is missing


def test_every_public_name_of_the_page_is_there() -> None:
    named = re.findall(r"^\| (`.*?) \|", page("python.md"), re.MULTILINE)
    names = {name for cell in named for name in re.findall(r"`(\w+)`", cell)}
    assert names <= set(acidtest.__all__)
    assert {"Study", "open_run", "fidelity_frame", "verdict_frame", "scores_frame"} <= names


@pytest.mark.parametrize("method", ["items", "responses", "fidelity", "verdict", "rejected", "progress"])
def test_columns_are_those_of_the_page(method: str, tmp_path: Path) -> None:
    write_items(tmp_path)
    study = acidtest.Study(study_values() | {"solvers": ["classic:majority", "classic:keyword_rules"]}, folder=tmp_path)
    study.run(tmp_path / "run", reporter=Listening([]))
    (told,) = re.findall(rf"^\| `{method}\(\)` \|[^|]*\| `(.*?)` \|", page("python.md"), re.MULTILINE)
    found = ", ".join(getattr(study.open(), method)("arrow").column_names)
    if method == "rejected":  # here are no candidates, and so no inputs
        told = told.replace("input_NAME ..., ", "")
    assert found.replace("input_text", "input_NAME ...") == told


def test_the_callback_of_the_page_is_told(tmp_path: Path) -> None:
    code = example("tracking.md") + "\nimport python_study, tracking_run, pathlib\n"
    code += "here = pathlib.Path('.')\npython_study.write_items(here)\n"
    code += "study = acidtest.Study(python_study.study_values())\n"
    code += "study.run('run', callbacks=[Printer()], reporter=tracking_run.Listening([]))\n"
    path = {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env=path
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()][:5] == [
        "begins",
        "generate",
        "evaluate",
        "compare",
        "report",
    ]
