"""The house rules that a machine can check: imports point down, files stay short, nothing dangerous is used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "acidtest"
LEVELS = [
    ["notebook"],
    ["cli"],
    ["frames", "tracking"],
    ["study"],
    ["workflows"],
    ["report"],
    ["compare"],
    ["evaluate", "export", "generate", "review"],
    ["judge"],
    ["tasks", "models"],
    ["data"],
    ["registry"],
    ["types"],
    ["stats"],
    ["errors"],
]
"""The first may import all that follow; rooms of one level do not know each other."""

LEVEL = {room: depth for depth, rooms in enumerate(LEVELS) for room in rooms}
MODULES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def own_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("acidtest."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.ImportFrom) and node.module == "acidtest":
            yield from (alias.name for alias in node.names if alias.name in LEVEL)
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("acidtest."))


def test_every_room_has_a_level() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__", "prompts", "rubrics", "templates"}
    assert rooms
    assert rooms <= set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_down(path: Path) -> None:
    here = room_of(path)
    if here in ("__init__", "__main__", "prompts", "rubrics", "templates"):
        return
    wrong = [
        room
        for room in own_imports(ast.parse(path.read_text("utf-8")))
        if room in LEVEL and room != here and LEVEL[room] <= LEVEL[here]
    ]
    assert not wrong, f"{path} imports {wrong}, which stand above or beside it"


@pytest.mark.parametrize(
    "path", MODULES + sorted((ROOT / "tests").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_modules_and_bodies_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if len(node.body) > 1 and isinstance(node.body[0], ast.Expr) else node.body[0]
            assert (node.end_lineno or 0) - first.lineno < 50, f"{path}: {node.name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_nothing_dangerous_is_called(path: Path) -> None:
    banned = {"eval", "exec", "compile", "__import__"}
    banned_imports = {"pickle", "shelve", "marshal", "httpx", "requests"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in banned
        if isinstance(node, ast.Import):
            assert not banned_imports & {a.name.split(".")[0] for a in node.names}
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in banned_imports
        if isinstance(node, ast.keyword) and node.arg == "shell":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False
