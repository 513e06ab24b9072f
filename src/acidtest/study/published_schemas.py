"""The published JSON Schemas; `python -m acidtest.study.published_schemas FOLDER` writes them, a test holds them."""

import sys
from pathlib import Path

import orjson
from pydantic import BaseModel

from acidtest.compare import adaptive_json, lab_json, levels_json, validity_contract
from acidtest.compare.adapt import contract as adapt_contract
from acidtest.compare.contract import json_schema
from acidtest.compare.irt import contract as irt_contract
from acidtest.compare.planning import contract as plan_contract
from acidtest.data.logs.import_summary import ImportSummary
from acidtest.data.run_folder import write_atomically
from acidtest.study.schema import StudyFile
from acidtest.types import Item, Preference, Rating, RejectedCandidate, Response, Rubric

RECORDS: dict[str, type[BaseModel]] = {
    "study": StudyFile,
    "item": Item,
    "response": Response,
    "rejected": RejectedCandidate,
    "rating": Rating,
    "preference": Preference,
    "rubric": Rubric,
    "import": ImportSummary,
}


def schemas() -> dict[str, bytes]:
    """Return file name -> content of every published schema."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    found = {name: draft | record.model_json_schema(by_alias=True) for name, record in RECORDS.items()}
    found["fidelity"] = json_schema()
    found["plan"] = plan_contract.json_schema()
    found["adapt"] = adapt_contract.json_schema()
    found["adaptive"] = adaptive_json.json_schema()
    found["lab"] = lab_json.json_schema()
    found["levels"] = levels_json.json_schema()
    found["irt"] = irt_contract.json_schema()
    found["validity"] = validity_contract.json_schema()
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return {f"{name}.schema.json": orjson.dumps(schema, option=options) for name, schema in found.items()}


if __name__ == "__main__":
    for file_name, content in schemas().items():
        write_atomically(Path(sys.argv[1]) / file_name, content)
