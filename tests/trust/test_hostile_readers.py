"""Every reader of files, given broken ones: it reads them, or says in plain words what is wrong, and nothing else."""

import ast
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acidtest.errors import AcidtestError
from acidtest.models.failure import AttemptError
from data.test_dataset_layouts import CASES
from peak_memory import forget_peak, own_peak
from trust.fuzz.covered import ELSEWHERE, NO_FILE
from trust.fuzz.mutations import mutated
from trust.fuzz.reader import Reader
from trust.fuzz.readers import all_readers
from trust.fuzz.seeds import make_run

SOURCE = Path(__file__).parents[2] / "src" / "acidtest"
ROUNDS = int(os.environ.get("ACIDTEST_FUZZ_ROUNDS", "12"))
LONGEST = 20.0
"""CPU seconds that no small file may take: thousands of times what a whole one takes."""

MOST_MEMORY = 400 * 2**20
OPENS = {
    "open", "open_bytes", "read_lines", "read_bytes", "read_text", "loads", "loaded", "parsed", "model_validate_json",
    "ZipFile", "ParquetFile", "read_csv", "read_metadata", "read_schema", "PdfReader", "connect", "whole_lines",
    "each_line", "decompress", "decompressobj", "load", "unpack", "feed_data",
}  # fmt: skip
"""Calls by which bytes that may be anybody's are taken apart."""


class Readers(dict[str, Reader]):
    """All readers by name; a failure need not print what they read."""

    def __repr__(self) -> str:
        return f"{len(self)} readers"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - as hypothesis calls it
        printer.text(repr(self))


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Readers:
    folder = tmp_path_factory.mktemp("whole")
    found = all_readers(make_run(folder), folder, {case[0]: case[2] for case in CASES})
    assert len({reader.name for reader in found}) == len(found)
    return Readers({reader.name: reader for reader in found})


def modules_that_open() -> set[str]:
    found = set()
    for path in SOURCE.rglob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
        if names & OPENS:
            found.add(".".join(path.relative_to(SOURCE).with_suffix("").parts))
    return found


def test_no_module_opens_files_unfuzzed(readers: Readers) -> None:
    """A module that takes bytes apart is fuzzed here, or elsewhere by a test that is named, or says why it need not."""
    here = {module for reader in readers.values() for module in reader.modules}
    assert not modules_that_open() - here - set(ELSEWHERE) - set(NO_FILE)
    assert not (here | set(ELSEWHERE) | set(NO_FILE)) - {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in SOURCE.rglob("*.py")
    }
    root = SOURCE.parents[1]
    assert all((root / test).is_file() for test in ELSEWHERE.values())


def test_whole_files_are_read(readers: Readers, tmp_path: Path) -> None:
    """Else the broken ones would show nothing."""
    for place, reader in enumerate(readers.values()):
        for number, (name, content) in enumerate(reader.files.items()):
            path = tmp_path / f"{place}-{number}" / name
            path.parent.mkdir()
            path.write_bytes(content)
            reader.read(path)


def refusal(reader: Reader, path: Path) -> str:
    """Return what a reader says against a file, nothing where it reads it; any other error goes on."""
    try:
        reader.read(path)
    except (AcidtestError, AttemptError) as error:
        return str(error)
    except Exception as error:
        error.add_note(f"by the reader of {reader.name}, of {path.name}")
        raise
    return ""


@settings(
    max_examples=ROUNDS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**64))
def test_broken_files_are_read_or_refused(
    readers: Readers, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Only an error for users may come out; pytest makes warnings errors, too."""
    for reader in readers.values():
        rng = random.Random(f"{seed} {reader.name}")
        name = rng.choice(list(reader.files))
        other = reader.files[rng.choice(list(reader.files))]
        path = tmp_path_factory.mktemp("broken") / name
        path.write_bytes(mutated(name, reader.files[name], rng, other))
        before = {entry.name for entry in path.parent.parent.iterdir()}
        forget_peak()
        began, held = time.process_time(), own_peak()
        assert len(refusal(reader, path)) < 5000, reader.name
        assert time.process_time() - began < LONGEST, reader.name
        assert own_peak() - held < MOST_MEMORY, reader.name
        assert {entry.name for entry in path.parent.parent.iterdir()} == before
