"""Names -> objects, filled by decorators: built-in things register the same way as a user's own.

A task, strategy, provider, classic solver, statistic or dataset converter is added in one file:

    from acidtest.registry import register

    @register("strategy", "my_strategy")
    class MyStrategy(Strategy): ...

loaded with `--load my_file.py` or through an entry point of the group `acidtest.plugins`.
"""

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from acidtest.errors import AcidtestError, UnknownNameError, did_you_mean

PACKAGES = {
    "task": "acidtest.tasks",
    "provider": "acidtest.models",
    "classic": "acidtest.models.classic",
    "strategy": "acidtest.generate",
    "statistic": "acidtest.compare",
    "dataset": "acidtest.data.datasets",
    "log": "acidtest.data.logs",
    "export": "acidtest.export",
    "tracker": "acidtest.tracking",
}
"""Kind of thing -> the package whose modules register the built-in ones."""

_registered: dict[tuple[str, str], Any] = {}
_loaded: list[Path] = []
Thing = TypeVar("Thing")


def register(kind: str, name: str) -> Callable[[Thing], Thing]:
    """Return a decorator that makes a thing known under its kind and name. A name that is taken is an error."""

    def remember(thing: Thing) -> Thing:
        known = _registered.get((kind, name))
        if known is not None and getattr(known, "__module__", "") != getattr(thing, "__module__", ""):
            raise AcidtestError(f"two things are registered as {kind} '{name}'", way_out="Give one another name.")
        _registered[kind, name] = thing
        return thing

    return remember


def get(kind: str, name: str) -> Any:
    """Return the thing of this kind and name; import what is not known yet."""
    if (kind, name) not in _registered:
        _import_one(kind, name)
    if (kind, name) not in _registered:
        _import_all(kind)
    if (kind, name) not in _registered:
        known = names(kind)
        raise UnknownNameError(
            f"no {kind} is called '{name}'", way_out=f"{did_you_mean(name, known)}Known: {', '.join(known) or 'none'}."
        )
    return _registered[kind, name]


def names(kind: str) -> list[str]:
    """Return the sorted names of all things of a kind."""
    _import_all(kind)
    return sorted(name for known_kind, name in _registered if known_kind == kind)


def load_file(path: Path) -> None:
    """Run a user's Python file, so that its decorators register things. It is code: load only what you trust."""
    if not path.is_file():
        raise AcidtestError(f"no file '{path}' to load", way_out="Name a Python file after --load.")
    name = f"acidtest_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AcidtestError(f"'{path}' is not a Python file", way_out="Name a file that ends in .py after --load.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if path not in _loaded:
        _loaded.append(path)


def loaded_files() -> tuple[Path, ...]:
    """Return the files that were loaded by name: a worker on another machine needs them, too."""
    return tuple(_loaded)


def _import_one(kind: str, name: str) -> None:
    module = f"{PACKAGES[kind]}.{name}"
    if name.isidentifier() and importlib.util.find_spec(module) is not None:
        importlib.import_module(module)


@cache
def _import_all(kind: str) -> None:
    package = importlib.import_module(PACKAGES[kind])
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
    for entry in importlib.metadata.entry_points(group="acidtest.plugins"):
        entry.load()
