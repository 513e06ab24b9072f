"""A lab's report as JSON: its fields under their own names, every Estimate as everywhere; NaN becomes null."""

from typing import Literal

import orjson
from pydantic import ConfigDict, Field

from acidtest.compare.estimate_file import EstimateFile
from acidtest.compare.lab import LabReport
from acidtest.compare.plain_values import plain_fields
from acidtest.compare.validity_contract import BenchmarkValidityFile
from acidtest.types import Record


class DifficultyFile(Record):
    """How hard items are: the lower the mean score, the harder."""

    score: EstimateFile = Field(description="mean score of the solvers that answered all sets")
    solvers: dict[str, EstimateFile] = Field(description="by solver: its own mean score")
    consistency: EstimateFile | None = Field(
        description="share of complete bundles of which all items are right, mean over solvers; null without bundles"
    )


class VersionFile(Record):
    """One version of a prompt."""

    version: str = Field(description="what the user calls it; `prompt` is its reference")
    benchmark: str
    prompt: str
    items: int = Field(ge=0, description="accepted items, of `wanted`")
    wanted: int = Field(ge=0)
    rejected: int = Field(ge=0)
    calls: int = Field(ge=0)
    difficulty: DifficultyFile
    validity: BenchmarkValidityFile | None = Field(description="what people and judges found; null where nobody rated")
    validity_change: EstimateFile | None = Field(description="share of valid items less that of the first version")
    score_change: EstimateFile | None = Field(description="mean score less that of the first version; below 0: harder")
    detectable_score: float | None = Field(
        description="smallest true difference to the first version that so many items find in 80 % of labs"
    )
    detectable_validity: float | None
    needed_score: float | None = Field(description="items of each version that would find a difference of 0.1 as often")
    needed_validity: float | None


class FindingFile(Record):
    """An answer to one question about one version. `sentence` says it with its numbers."""

    question: Literal["validity", "difficulty"]
    version: str
    first: str
    answer: Literal["yes", "no", "cannot be told"]
    sentence: str


class LabFile(Record):
    """Prompt versions side by side."""

    model_config = ConfigDict(title="acidtest lab", populate_by_name=False)

    schema_version: Literal[1] = Field(alias="schema")
    real: str
    real_items: int = Field(ge=0)
    real_difficulty: DifficultyFile
    real_validity: BenchmarkValidityFile | None
    versions: dict[str, list[VersionFile]] = Field(description="generator's entry -> its versions, the first one first")
    findings: dict[str, list[FindingFile]]
    solvers: list[str] = Field(description="those that the mean scores are of")
    level: float = Field(gt=0, lt=1, description="of all intervals; `warnings` name that of several differences")
    rubric: str
    warnings: list[str]


def lab_json(report: LabReport) -> dict[str, object]:
    """Return a lab's report as plain JSON values."""
    return {"schema": 1, **plain_fields(report)}


def dumps(report: LabReport) -> bytes:
    """Return a lab's report as JSON text, indented; the same report gives the same bytes."""
    return orjson.dumps(lab_json(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of a lab, as `docs/schema/lab.schema.json` holds it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **LabFile.model_json_schema(by_alias=True)}
