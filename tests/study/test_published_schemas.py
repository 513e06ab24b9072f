"""The published schemas are those of the code, and real files follow them."""

from pathlib import Path

import jsonschema
import orjson
import pytest

from acidtest.study.published_schemas import schemas
from mock_study import acidtest, write_study

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"


def test_the_published_schemas_are_those_of_the_code() -> None:
    assert {path.name: path.read_bytes() for path in FOLDER.glob("*.json")} == schemas()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, mock_url: str) -> Path:
    folder = tmp_path_factory.mktemp("run")
    done = acidtest("run", write_study(folder, mock_url), "-o", folder / "run", cache=folder / "cache")
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("item", "real.jsonl"),
        ("item", "pool.jsonl"),
        ("item", "synthetic/writer.few_shot.jsonl"),
        ("rejected", "synthetic/*.rejected.jsonl"),
        ("response", "responses/*/*.jsonl"),
        ("fidelity", "fidelity.json"),
    ],
)
def test_files_of_a_run_follow_their_schema(run: Path, schema: str, pattern: str) -> None:
    validator = jsonschema.Draft202012Validator(orjson.loads(schemas()[f"{schema}.schema.json"]))
    paths = sorted(run.glob(pattern))
    assert paths
    for path in paths:
        lines = [path.read_bytes()] if path.suffix == ".json" else path.read_bytes().splitlines()
        for line in lines:
            validator.validate(orjson.loads(line))
