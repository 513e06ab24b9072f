"""The locked dependencies are whole: everything has hashes, and all lists agree."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))


def same_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(path: Path) -> dict[str, str]:
    """Return name -> version; lines without one (comments, hashes) are none."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", path.read_text("utf-8"), re.MULTILINE)
    return {same_name(name): version for name, version in found}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_locked_package_has_hashes(path: Path) -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]


@pytest.mark.parametrize("name", ["study", "package", "dev", "scorers"])
def test_locks_hold_the_versions_that_the_tests_pass_with(name: str) -> None:
    pinned, locked = versions(ROOT / "constraints.txt"), versions(ROOT / "locks" / f"{name}.txt")
    shared = pinned.keys() & locked.keys()
    assert len(shared) > len(locked) / 2
    assert {package: pinned[package] for package in shared} == {package: locked[package] for package in shared}


def test_what_a_study_needs_is_the_same_for_developers() -> None:
    study, dev = versions(ROOT / "locks" / "study.txt"), versions(ROOT / "locks" / "dev.txt")
    assert study.items() <= dev.items()


def test_the_bill_of_materials_lists_what_users_may_install() -> None:
    bill = json.loads((ROOT / "locks" / "sbom.cdx.json").read_text("utf-8"))
    listed = {same_name(component["name"]): component["version"] for component in bill["components"]}
    assert listed == versions(ROOT / "locks" / "package.txt")


def test_no_list_names_where_it_was_made() -> None:
    for path in (ROOT / "locks").iterdir():
        assert "://" not in path.read_text("utf-8").replace("http://cyclonedx.org/schema", ""), path.name
