"""The JSON of `acidtest irt`, and its published schema."""

from collections.abc import Mapping
from typing import Literal

import orjson
from pydantic import ConfigDict, Field, JsonValue

from acidtest.compare.estimate_file import EstimateFile, Number
from acidtest.compare.plain_values import plain_fields
from acidtest.types import Kind, Record
from acidtest.types.irt import IrtModel, IrtReport

Estimates = dict[str, EstimateFile]


class CalibratedItemFile(Record):
    """One item on the scale."""

    benchmark: str
    item: str
    difficulty: Number = Field(description="in standard deviations of the solvers' abilities; 0: the average solver")
    difficulty_se: Number
    discrimination: Number = Field(description="above 0; near 0: it parts nobody")
    discrimination_se: Number
    right: Number = Field(description="mean score of the solvers that answered it")
    answers: int = Field(ge=0)
    flags: list[str] = Field(description="what the audit of flawed items says against it")


class CurveFile(Record):
    """Information that one item of a set gives on average, by ability."""

    ability: list[float]
    per_item: list[float] = Field(description="in 1 / variance of the ability")
    low: list[float]
    high: list[float]


class HistogramFile(Record):
    """A distribution."""

    edges: list[float]
    share: list[float] = Field(description="between one edge and the next; 1 in all")


class ItemSetFile(Record):
    """One benchmark's items on the scale."""

    kind: Kind | None = Field(description="null: nobody said")
    generator: str = Field(description='the model that wrote it, or ""')
    items: int = Field(ge=1)
    bundles: int = Field(ge=1, description="an item in no bundle counts as one")
    difficulty: Estimates = Field(description="mean, sd, q10 ... q90: of the set, noise of single items taken out")
    discrimination: Estimates = Field(description="mean (geometric), q10, q50, q90")
    share: Estimates = Field(description="of items below, within and above the range of the solvers' abilities")
    score: EstimateFile = Field(description="mean score")
    information: EstimateFile = Field(description="Fisher information per item where the solvers are")
    error: EstimateFile = Field(description="standard error of an ability by the whole set, median over the solvers")
    curve: CurveFile
    difficulties: HistogramFile


class SetDifferenceFile(Record):
    """How a synthetic set differs from the real one."""

    easier_by: EstimateFile = Field(description="mean difficulty, real - synthetic; above 0: synthetic is easier")
    discrimination_ratio: EstimateFile = Field(description="mean discrimination, synthetic / real")
    information_ratio: EstimateFile = Field(description="information per item, synthetic / real")
    distance: EstimateFile = Field(description="Wasserstein-1 between the distributions of difficulty")
    distance_floor: EstimateFile = Field(description="the same of two sets of these sizes drawn from the real items")
    distance_p: Number = Field(description="share of such draws that lie as far apart")
    discrimination_distance: EstimateFile = Field(description="Wasserstein-1 of log discrimination")
    discrimination_floor: EstimateFile
    discrimination_p: Number
    solvers: int = Field(ge=1, description="that answered both")


class FamilyDifferenceFile(Record):
    """Is the set easier for one family than its ability on the real set says?"""

    family: str
    own: bool = Field(description="the family of the set's generator")
    solvers: list[str]
    ability: EstimateFile = Field(description="by how much, less all others' same, in sd of ability; above 0: easier")
    score: EstimateFile = Field(description="the same in score")
    p: Number = Field(description="two-sided, over items like these")
    p_adjusted: Number = Field(description="for all families of the set; the own family's is not")
    p_spread: Number = Field(description="whether it differs more than the others do among themselves")


class ItemDifferenceFile(Record):
    """One item that is easier, or harder, for a family than for others of like ability."""

    benchmark: str
    item: str
    family: str
    log_odds: Number = Field(description="above 0: easier for the family; null: one side is always right")
    p: Number
    q: Number = Field(description="false discovery rate")


class ItemDifferencesFile(Record):
    """Items of one benchmark tested for one family."""

    benchmark: str
    family: str
    tested: int = Field(ge=0)
    found: list[ItemDifferenceFile]
    warnings: list[str]


class IrtFile(Record):
    """Items and solvers on one scale, and sets of items compared."""

    model_config = ConfigDict(title="acidtest irt", populate_by_name=False)

    schema_version: Literal[1] = Field(alias="schema")
    real: str = Field(description='the real benchmark, or ""')
    model: IrtModel
    chosen: str = Field(description="why that model")
    level: float = Field(gt=0, lt=1, description="of all intervals")
    metric: str
    abilities: Estimates = Field(description="by solver, best first; mean 0 and standard deviation 1")
    answers: dict[str, dict[str, int]] = Field(description="solver -> benchmark -> answered items")
    items: list[CalibratedItemFile]
    sets: dict[str, ItemSetFile] = Field(description="by benchmark, the real one first")
    converged: bool
    sweeps: int
    log_likelihood: Number
    differences: dict[str, SetDifferenceFile] = Field(description="by synthetic benchmark")
    families: dict[str, list[FamilyDifferenceFile]] = Field(description="by synthetic benchmark; the own one first")
    item_differences: list[ItemDifferencesFile]
    left_out: dict[str, str] = Field(description="solver -> why it is not on the scale")
    notes: list[str]
    warnings: list[str]
    flaws: dict[str, JsonValue] | None = Field(description="the audit of flawed items; null: not asked for")
    check: dict[str, JsonValue] | None = Field(description="the checks of the model; null: not asked for")
    texts: dict[str, JsonValue] | None = Field(
        default=None, description="what the items' texts tell of their difficulty; null: not asked for"
    )


def dumps(
    report: IrtReport,
    *,
    flaws: Mapping[str, object] | None = None,
    check: Mapping[str, object] | None = None,
    texts: Mapping[str, object] | None = None,
) -> bytes:
    """Return a report as JSON text, indented; the same report gives the same bytes.

    Args:
        report: Items, solvers and sets.
        flaws: The audit of flawed items, as plain values.
        check: The checks of the model, as plain values.
        texts: What the items' texts tell, as plain values.
    """
    whole = {"schema": 1, **plain_fields(report), "flaws": flaws, "check": check, "texts": texts}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def json_schema() -> dict[str, object]:
    """Return the JSON Schema, as `docs/schema/irt.schema.json` holds it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **IrtFile.model_json_schema(by_alias=True),
    }
