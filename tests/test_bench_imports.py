"""Measurements are run by hand: what they take from the package must be there all the same."""

import ast
import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"
PROGRAMS = sorted(BENCH.rglob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(BENCH)))
def test_names_that_are_imported_exist(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "acidtest":
            module = importlib.import_module(node.module or "")
            lacking = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            for name in lacking:
                importlib.import_module(f"{node.module}.{name}")  # a module of a package, then
