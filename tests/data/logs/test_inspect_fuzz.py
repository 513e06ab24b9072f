"""Whatever stands in a log of Inspect or HELM: entries come out, or a DataError, and nothing else."""

import copy
import json
import random
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acidtest.data.logs.helm import HelmLog
from acidtest.data.logs.inspect import InspectLog
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.data.logs.zip_archive import open_archive
from acidtest.errors import DataError

FOLDER = Path(__file__).parent
SEEDS = st.integers(0, 2**32)
FUZZ = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STRANGE: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1e308,
    float("nan"),
    "",
    "\ud800",
    "none",
    [],
    [[]],
    {},
    {"": None},
    {"id": {}},
    "x" * 999,
]


def fields(entry: LogEntry) -> Iterator[object]:
    return (getattr(entry, name) for name in entry.__slots__)


def check(form: LogFormat, path: Path) -> None:
    """Read a file, and see that what comes out is what an entry says it holds."""
    with suppress(DataError):
        for entry in form.read(path, LogOptions(model="m", benchmark="b")):
            assert entry.benchmark
            assert entry.model
            assert entry.metric is not None
            assert entry.score is None or isinstance(entry.score, float)
            for text in fields(entry):
                assert not isinstance(text, str) or len(text.encode()) <= 4000


def flipped(content: bytes, rng: random.Random) -> bytes:
    """Return content with one to four bytes changed, cut out or put in."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed))
        changed[at : at + rng.choice([0, 1, 1, 1, 9])] = rng.randbytes(rng.choice([0, 1, 1, 1, 5]))
    return bytes(changed)


def warped(value: Any, rng: random.Random) -> Any:
    """Return a value in which one to three places hold something else."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        inside = value
        while isinstance(inside, dict | list) and inside:
            key = rng.choice(list(inside)) if isinstance(inside, dict) else rng.randrange(len(inside))
            if not isinstance(inside[key], dict | list) or not inside[key] or rng.random() < 0.15:
                inside[key] = copy.deepcopy(rng.choice(STRANGE))
                break
            inside = inside[key]
    return value


@pytest.mark.parametrize("file", ["errands.json", "unnamed_shuffled.eval", "unfinished.eval"])
@given(seed=SEEDS)
@FUZZ
def test_flipped_bytes_in_logs_of_inspect(tmp_path: Path, file: str, seed: int) -> None:
    path = tmp_path / file
    path.write_bytes(flipped((FOLDER / "inspect" / file).read_bytes(), random.Random(seed)))
    InspectLog().recognises(path, path.read_bytes()[:65536])
    check(InspectLog(), path)


@given(seed=SEEDS)
@FUZZ
def test_flipped_bytes_never_change_what_an_archive_holds(tmp_path: Path, seed: int) -> None:
    whole = FOLDER / "inspect" / "unnamed.eval"
    with open_archive(whole) as archive:
        expected = {name: archive.read(name) for name in archive.members}
    content = bytearray(whole.read_bytes())
    rng = random.Random(seed)
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path = tmp_path / "x.eval"
    path.write_bytes(content)
    with suppress(DataError), open_archive(path) as archive:
        for name in archive.members:
            assert archive.read(name) in expected.values()


@given(seed=SEEDS)
@FUZZ
def test_strange_values_in_a_json_log_of_inspect(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "log.json"
    value = json.loads((FOLDER / "inspect" / "errands.json").read_text("utf-8"))
    path.write_text(json.dumps(warped(value, random.Random(seed))), "utf-8")
    check(InspectLog(), path)


@given(seed=SEEDS)
@FUZZ
def test_strange_values_in_members_of_an_archive(tmp_path: Path, seed: int) -> None:
    rng, path = random.Random(seed), tmp_path / "x.eval"
    with open_archive(FOLDER / "inspect" / "unfinished.eval") as archive, zipfile.ZipFile(path, "w") as new:
        for name in archive.members:
            new.writestr(name, json.dumps(warped(json.loads(archive.read(name)), rng)))
    check(InspectLog(), path)


@pytest.mark.parametrize("file", ["per_instance_stats.json", "run_spec.json", "scenario_state.json"])
@given(seed=SEEDS)
@FUZZ
def test_helm_folders(tmp_path: Path, file: str, seed: int) -> None:
    rng, folder = random.Random(seed), tmp_path / "run"
    shutil.copytree(FOLDER / "helm" / "letters", folder, dirs_exist_ok=True)
    content = (folder / file).read_bytes()
    changed = flipped(content, rng) if rng.random() < 0.5 else json.dumps(warped(json.loads(content), rng)).encode()
    (folder / file).write_bytes(changed)
    scores = folder / "per_instance_stats.json"
    HelmLog().recognises(scores, scores.read_bytes()[:65536])
    check(HelmLog(), scores)
