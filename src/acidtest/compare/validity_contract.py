"""The JSON of validity: what `acidtest validity --json` prints, and the key "validity" of a comparison."""

from typing import Any, Literal, cast

import orjson
from pydantic import ConfigDict, Field

from acidtest.compare.estimate_file import EstimateFile
from acidtest.compare.plain_values import plain_fields
from acidtest.types import (
    BenchmarkValidity,
    JudgeValidity,
    Kind,
    PromptValidity,
    PromptVersion,
    RaterKind,
    RaterWork,
    Record,
    ValidityReport,
)

Estimates = dict[str, EstimateFile]


class RaterWorkFile(Record):
    """What one rater did on one benchmark."""

    kind: RaterKind
    items: int = Field(ge=0, description="with a rating that counts")
    open: int = Field(ge=0, description="of these, that the rater could not decide")
    errors: int = Field(ge=0, description="ratings without an answer; they count nowhere")


class JudgeValidityFile(Record):
    """What one judge found of one benchmark, and how far it can be believed."""

    items: int = Field(ge=0, description="that it rated")
    both: int = Field(ge=0, description="of these, that people decided, too")
    alone: EstimateFile = Field(description="share of items that it calls valid, uncorrected")
    sensitivity: EstimateFile = Field(description="share of the items valid to people that it calls valid")
    specificity: EstimateFile = Field(description="share of the items invalid to people that it does not call valid")
    rogan_gladen: EstimateFile = Field(description="its share, corrected by sensitivity and specificity")
    ppi: EstimateFile = Field(description="its share and people's put together, PPI++")
    agreement: Estimates = Field(description="statistic: people and judge on valid, invalid, open")
    criteria: Estimates = Field(description="by criterion: share of items with the wanted answer, uncorrected")
    borrowed: bool = Field(description="sensitivity and specificity are those on all benchmarks, by assumption")


class BenchmarkValidityFile(Record):
    """What is known of the validity of one benchmark's items."""

    kind: Kind
    items: int = Field(ge=0, description="all its items, rated or not")
    by_people: int = Field(ge=0, description="items with a person's rating that counts")
    by_judges: int = Field(ge=0)
    by_both: int = Field(ge=0)
    adjudicated: int = Field(ge=0, description="items on which a person decided a disagreement")
    valid: EstimateFile = Field(description="share of valid items, by what `source` names: the number to read")
    source: Literal["people", "ppi", "rogan_gladen", "judge", ""]
    judge: str = Field(description='the judge of `valid`, or ""')
    people: EstimateFile = Field(description="share of valid items among those that people decided")
    open: EstimateFile = Field(description="share of the items rated by people that stay open")
    if_invalid: EstimateFile = Field(description="share of valid items if every open one were invalid")
    if_valid: EstimateFile = Field(description="share of valid items if every open one were valid")
    criteria: Estimates = Field(description="by criterion: share of items with the wanted answer, by people")
    raters: dict[str, RaterWorkFile]
    agreement: dict[str, Estimates] = Field(
        description="criterion, or valid for the whole -> statistic: between people, before adjudication"
    )
    judges: dict[str, JudgeValidityFile]
    edits: Estimates = Field(description="by kind of edit: share of valid items")


class PromptVersionFile(Record):
    """The items that one version of a prompt wrote."""

    version: str
    items: int = Field(ge=0)
    rated: int = Field(ge=0)
    valid: EstimateFile
    source: str
    criteria: Estimates


class PromptValidityFile(Record):
    """Validity by version of one prompt, from the first to the last."""

    versions: list[PromptVersionFile]
    change: EstimateFile = Field(description="share of valid items, last version - first")


class ValidityBody(Record):
    """Are the items what the task asks for, in the eyes of people and of judges."""

    rubric: str
    level: float = Field(gt=0, lt=1, description="of all intervals")
    criteria: dict[str, str] = Field(description="criterion -> its question")
    deciding: list[str] = Field(description="criteria that decide whether an item is valid")
    benchmarks: dict[str, BenchmarkValidityFile]
    differences: Estimates = Field(description="by synthetic benchmark: share of valid items, synthetic - real")
    prompts: dict[str, PromptValidityFile] = Field(description="by prompt")
    left_out: dict[str, int] = Field(description="reason -> ratings that count nowhere")
    warnings: list[str]


class ValidityFile(ValidityBody):
    """Validity of benchmarks' items, in the eyes of people and of judges."""

    model_config = ConfigDict(title="acidtest validity", populate_by_name=False)

    schema_version: Literal[1] = Field(alias="schema")


_RESULTS: dict[type[Record], type] = {
    RaterWorkFile: RaterWork,
    JudgeValidityFile: JudgeValidity,
    BenchmarkValidityFile: BenchmarkValidity,
    PromptVersionFile: PromptVersion,
    PromptValidityFile: PromptValidity,
    ValidityBody: ValidityReport,
}


def validity_json(report: ValidityReport) -> dict[str, object]:
    """Return validity as plain JSON values; NaN becomes None."""
    return plain_fields(report)


def dumps(report: ValidityReport) -> bytes:
    """Return validity as JSON text, indented; the same report gives the same bytes."""
    return orjson.dumps({"schema": 1, **validity_json(report)}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def validity_result(found: ValidityBody) -> ValidityReport:
    """Return the report that JSON holds."""
    return cast("ValidityReport", _made(found, found.level))


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of validity, as `docs/schema/validity.schema.json` holds it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ValidityFile.model_json_schema(by_alias=True),
    }


def _made(x: Any, level: float) -> Any:
    if isinstance(x, EstimateFile):
        return x.result(level)
    if isinstance(x, Record):
        return _RESULTS[type(x)](**{name: _made(getattr(x, name), level) for name in type(x).model_fields})
    if isinstance(x, dict):
        return {key: _made(value, level) for key, value in x.items()}
    return tuple(_made(value, level) for value in x) if isinstance(x, list) else x
