"""The public names: they are there, they cost nothing until they are used, and the README's example runs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import acidtest
from doc_pages import ROOT, example
from test_audit import PUBLISHED_SRCC


def test_every_public_name_is_the_one_that_type_checkers_see() -> None:
    tree = ast.parse(Path(acidtest.__file__).read_text("utf-8"))
    seen = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == acidtest._HOMES
    assert sorted(seen) == acidtest.__all__ == dir(acidtest)
    for name, home in seen.items():
        assert getattr(acidtest, name).__name__ == home.partition(":")[2]


def test_a_public_name_stays_what_it_is_once_the_packages_are_loaded() -> None:
    from acidtest import compare_scores
    from acidtest.compare.fidelity import compare

    assert acidtest.compare_scores is compare_scores is compare


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        acidtest.nonsense  # noqa: B018


def test_importing_acidtest_loads_nothing_else() -> None:
    code = (
        "import sys; import acidtest; print(*[n for n in sys.modules if n.partition('.')[0] in ('acidtest', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "acidtest"


def test_the_example_of_the_readme_prints_the_published_correlations(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        [sys.executable, "-c", example("README.md")], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    printed = {line.split()[0]: round(float(line.split()[1]), 2) for line in done.stdout.splitlines()}
    assert printed == PUBLISHED_SRCC
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")
