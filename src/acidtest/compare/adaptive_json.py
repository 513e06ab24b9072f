"""RUN/adaptive.json: what adaptive tests asked and found, written and read back."""

from pathlib import Path
from typing import Literal

import orjson
from pydantic import ConfigDict, Field, ValidationError

from acidtest.compare.adaptive import AdaptiveBenchmark, AdaptiveReport, AdaptiveSolver
from acidtest.compare.estimate_file import EstimateFile, Number, nan_for_none
from acidtest.errors import DataError
from acidtest.stats.estimate import none_for_nan
from acidtest.types import Record


class AdaptiveSolverFile(Record):
    """One solver on one benchmark."""

    asked: int = Field(ge=0, description="items that it answered")
    tested: bool = Field(description="a test chose them; false: it was asked everything")
    ability: EstimateFile = Field(description="0: mean of the solvers that calibrated the items; 1: their spread")
    score: EstimateFile = Field(description="what it would score on all calibrated items")
    error: Number = Field(description="standard error of the score that is the solver's own")
    failure_rate: Number = Field(description="share of its answers that could not be read")
    items: list[str] = Field(description="ids of the items that it answered; empty where it was asked everything")


class AdaptiveBenchmarkFile(Record):
    """All solvers on one benchmark."""

    items: int = Field(ge=0, description="calibrated items, which the scores are about")
    uncalibrated: int = Field(ge=0, description="the benchmark's other items, which are left out")
    common: float = Field(ge=0, description="variance of all scores at once, by the items and their calibration")
    calibration: float = Field(default=0.0, ge=0, description="the part of 'common' that is the calibration's")
    solvers: dict[str, AdaptiveSolverFile]


class BankFile(Record):
    """What the items were calibrated on."""

    model: str
    solvers: int = Field(ge=1)


class AdaptiveFile(Record):
    """All adaptive tests of a run."""

    model_config = ConfigDict(title="acidtest adaptive tests", populate_by_name=False)

    schema_version: Literal[1] = Field(alias="schema")
    metric: str
    level: float = Field(gt=0, lt=1)
    bank: BankFile
    saved: int = Field(ge=0, description="calls that the tests did not make")
    benchmarks: dict[str, AdaptiveBenchmarkFile]
    warnings: list[str]


def dumps(report: AdaptiveReport) -> bytes:
    """Return the tests as JSON text, indented; the same report gives the same bytes."""
    found = {
        "schema": 1,
        "metric": report.metric,
        "level": report.level,
        "bank": {"model": report.bank_model, "solvers": report.bank_solvers},
        "saved": report.saved,
        "benchmarks": {
            name: {
                "items": one.items,
                "uncalibrated": one.uncalibrated,
                "common": one.common,
                "calibration": one.calibration,
                "solvers": {model: _solver_json(solver) for model, solver in one.solvers.items()},
            }
            for name, one in report.benchmarks.items()
        },
        "warnings": list(report.warnings),
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read(path: Path) -> AdaptiveReport:
    """Return what a file of adaptive tests holds.

    Raises:
        DataError: It is none.
    """
    try:
        found = AdaptiveFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(
            f"'{path.name}' holds no adaptive tests: {error.errors(include_url=False)[0]['msg']}",
            where=str(path),
            way_out="Delete it and run the study again: nothing that was answered is asked again.",
        ) from None
    return AdaptiveReport(
        metric=found.metric,
        level=found.level,
        bank_model=found.bank.model,
        bank_solvers=found.bank.solvers,
        benchmarks={
            name: AdaptiveBenchmark(
                items=one.items,
                uncalibrated=one.uncalibrated,
                common=one.common,
                calibration=one.calibration,
                solvers={model: _solver(solver, found.level) for model, solver in one.solvers.items()},
            )
            for name, one in found.benchmarks.items()
        },
        warnings=tuple(found.warnings),
    )


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of such a file, as `docs/schema/adaptive.schema.json` holds it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **AdaptiveFile.model_json_schema(by_alias=True)}


def _solver_json(one: AdaptiveSolver) -> dict[str, object]:
    return {
        "asked": one.asked,
        "tested": one.tested,
        "ability": one.ability.as_json(),
        "score": one.score.as_json(),
        "error": none_for_nan(one.error),
        "failure_rate": none_for_nan(one.failure_rate),
        "items": list(one.items),
    }


def _solver(found: AdaptiveSolverFile, level: float) -> AdaptiveSolver:
    return AdaptiveSolver(
        asked=found.asked,
        tested=found.tested,
        ability=found.ability.result(level),
        score=found.score.result(level),
        error=nan_for_none(found.error),
        failure_rate=nan_for_none(found.failure_rate),
        items=tuple(found.items),
    )
