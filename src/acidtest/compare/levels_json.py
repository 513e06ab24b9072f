"""The report on prompting levels as JSON: its fields under their own names, every Estimate as everywhere."""

from typing import Literal

import orjson
from pydantic import ConfigDict, Field

from acidtest.compare.estimate_file import EstimateFile
from acidtest.compare.plain_values import plain_fields
from acidtest.types import Kind, Record
from acidtest.types.levels import LevelsReport


class SolverLevelsFile(Record):
    """What one solver needed on one benchmark."""

    mean: EstimateFile = Field(description="mean level, 1 to the number of levels + 1; the lower, the easier")
    shares: dict[str, EstimateFile] = Field(description="level -> share of items first solved there; 'never': at none")
    asked: dict[str, int] = Field(description="level -> items answered there")
    unreadable: dict[str, int] = Field(description="level -> answers of these that could not be read")
    unknown: int = Field(ge=0, description="items without a level: an answer that they needed never came")
    tries: EstimateFile | None = Field(
        description="mean try that solved an item, the first level's prompt repeated; null: not asked"
    )
    beyond_tries: EstimateFile | None = Field(
        description="mean over items of that number less the level; above 0: levels help more than trying again"
    )
    solved: dict[str, EstimateFile] = Field(
        description="level -> share of items solved there, where every level was asked about every item; else empty"
    )
    kept: EstimateFile | None = Field(
        description="share of the items solved before the last level that all later levels solve, too; null as above"
    )
    examples: int = Field(ge=0, description="worked examples that 'few_shot_reasoning' showed")


class BenchmarkLevelsFile(Record):
    """What the solvers needed on one benchmark."""

    kind: Kind
    items: int = Field(ge=0, description="items that were asked")
    all_items: int = Field(ge=0, description="all items of the benchmark")
    guess: EstimateFile = Field(description="mean level of a solver that guesses blindly at every level")
    solvers: dict[str, SolverLevelsFile]
    mean: EstimateFile = Field(description="mean level over items and the solvers of the report")
    differences: dict[str, EstimateFile] = Field(
        description="solver -> its mean level less that on the real benchmark; below 0: easier"
    )
    difference: EstimateFile | None = Field(description="the same for `mean`; null for the real benchmark")
    sentence: str


class LevelsFile(Record):
    """At which prompting level solvers first solve the items."""

    model_config = ConfigDict(title="acidtest levels", populate_by_name=False)

    schema_version: Literal[1] = Field(alias="schema")
    real: str
    levels: list[str] = Field(description="the first is 1")
    metric: str
    right_at: float = Field(description="an item is solved where its score by the metric is at least this")
    solvers: list[str] = Field(description="those that the means over solvers are of")
    benchmarks: dict[str, BenchmarkLevelsFile]
    level: float = Field(gt=0, lt=1, description="of all intervals")
    prompts: list[str] = Field(description="prompt files, with their hashes")
    warnings: list[str]


def levels_json(report: LevelsReport) -> dict[str, object]:
    """Return the report as plain JSON values."""
    return {"schema": 1, **plain_fields(report)}


def dumps(report: LevelsReport) -> bytes:
    """Return the report as JSON text, indented; the same report gives the same bytes."""
    return orjson.dumps(levels_json(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of the report, as `docs/schema/levels.schema.json` holds it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **LevelsFile.model_json_schema(by_alias=True)}
