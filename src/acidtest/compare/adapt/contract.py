"""The JSON of small tests: what `acidtest adapt --json` prints."""

from typing import Literal

import orjson
from pydantic import ConfigDict, Field

from acidtest.compare.estimate_file import EstimateFile
from acidtest.compare.plain_values import plain_fields
from acidtest.types import Record
from acidtest.types.adapt import AdaptReport


class SmallTestFile(Record):
    """How well one kind of small test, of one size, foretells whole scores of solvers that were left out."""

    method: str
    items: int = Field(ge=1, description="asked")
    error: EstimateFile = Field(description="mean absolute error of the foretold whole score; 0: none")
    kendall_tau: EstimateFile = Field(description="order of solvers by foretold and by whole scores")
    srcc: EstimateFile
    within: float = Field(ge=0, description="95 % of foretold whole scores are at most so far off")
    coverage: EstimateFile = Field(description="share of solvers whose own interval holds their whole score")
    random_items: float | None = Field(description="the plain mean of so many random items errs as much")
    than_threefold: EstimateFile | None = Field(
        description="error, less that of the plain mean of three times as many random items; below 0: it beats them"
    )


class ChosenItemFile(Record):
    """One item of a small test."""

    benchmark: str
    item: str
    weight: float = Field(ge=0, description="share of the benchmark that it stands for in a weighted mean")
    difficulty: float
    discrimination: float


class ChosenTestFile(Record):
    """A small test made with all solvers."""

    method: str
    items: list[ChosenItemFile]


class FormsFile(Record):
    """Parallel forms, beside random splits of the same items."""

    forms: list[list[ChosenItemFile]]
    matched_to: str = Field(
        default="",
        description="the benchmark of the first form, whose items those of the second take the places of; or empty",
    )
    information_gap: float = Field(ge=0, description="largest difference of test information, as a share of its mean")
    random_information_gap: float = Field(ge=0)
    score_gap: float = Field(ge=0, description="largest difference of expected mean scores")
    random_score_gap: float = Field(ge=0)
    agreement: EstimateFile = Field(description="correlation of held-out solvers' mean scores on the forms")
    random_agreement: EstimateFile
    difference: EstimateFile = Field(description="mean absolute difference of held-out solvers' mean scores")
    random_difference: EstimateFile


class AdaptFile(Record):
    """How few items of a benchmark would do, and which."""

    model_config = ConfigDict(title="acidtest adapt", populate_by_name=False)

    schema_version: Literal[1] = Field(alias="schema")
    benchmark: str
    items: int = Field(ge=0, description="of the whole benchmark")
    solvers: int = Field(ge=0, description="held out in turn")
    folds: int = Field(ge=2)
    repeats: int = Field(ge=1, description="how often solvers were split anew")
    families_whole: bool = Field(description="solvers of one family were left out together")
    level: float = Field(gt=0, lt=1, description="of all intervals")
    results: list[SmallTestFile]
    chosen: list[ChosenTestFile]
    predicted: dict[str, EstimateFile] = Field(description="whole scores of solvers with few answers, by solver")
    forms: FormsFile | None
    warnings: list[str]


def dumps(report: AdaptReport) -> bytes:
    """Return the report as JSON text, indented; the same report gives the same bytes."""
    content = {"schema": 1, **plain_fields(report)}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of the report, as `docs/schema/adapt.schema.json` holds it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **AdaptFile.model_json_schema(by_alias=True),
    }
