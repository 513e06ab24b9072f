"""The JSON of a plan: what `acidtest plan --json` prints."""

import math
from typing import Literal

import orjson
from pydantic import ConfigDict, Field

from acidtest.compare.planning.labels import Labels
from acidtest.compare.planning.plan import Plan, Step
from acidtest.compare.planning.search import Way
from acidtest.types import Decision, Record, Use


class TriedFile(Record):
    """One size of study that was simulated."""

    real_items: int = Field(ge=0)
    synthetic_items: int = Field(ge=0)
    solvers: int = Field(ge=0)
    probability: float = Field(ge=0, le=1, description="how often it was decided")


class StepFile(Record):
    """One way to settle one use: the smallest study that would probably be decided, or the largest that was tried."""

    settles: bool = Field(description="such a study would be decided with the probability asked for")
    real_items: int = Field(ge=0, description="of the whole larger study, what is in hand included")
    synthetic_items: int = Field(ge=0)
    solvers: int = Field(ge=0)
    probability: float = Field(ge=0, le=1, description="how often such a study would be decided")
    go: float = Field(ge=0, le=1, description="how often it would say GO")
    no_go: float = Field(ge=0, le=1, description="how often it would say NO-GO")
    cost: float | None = Field(description="of what is added; null: not known")
    cheapest: bool = Field(description="it settles, and no other way costs less")
    because: str = Field(description="why it does not settle; empty where it does")
    tried: list[TriedFile] = Field(description="what was simulated, smallest first")


class UsePlanFile(Record):
    """One use of one benchmark."""

    decision: Decision = Field(description="the verdict now")
    because: str
    ways: dict[Way, StepFile] = Field(description="what could be added; empty where the verdict is settled")


class BenchmarkPlanFile(Record):
    """One synthetic benchmark: what is in hand, and what would settle each use."""

    real_items: int = Field(ge=0, description="0: not known")
    synthetic_items: int = Field(ge=0)
    solvers: int = Field(ge=0)
    uses: dict[Use, UsePlanFile]


class ToLabelFile(Record):
    """One item to label."""

    item: str
    probability: float = Field(ge=0, le=1, description="how likely it was to be chosen")
    weight: float = Field(gt=0, description="for the column weight, once it is labelled")
    answers: int = Field(ge=0, description="how many different answers solvers gave")


class LabelsFile(Record):
    """Which real items to label next."""

    items: list[ToLabelFile] = Field(description="what tells most first")
    unlabelled: int = Field(ge=0, description="items with answers and without a score")
    alike: int = Field(ge=0, description="those of them to which all solvers gave the same answer")
    gain: float | None = Field(description="about how many labels drawn at random tell as much about the order as one")
    weights: dict[str, float] = Field(description="item with scores -> its weight once these are labelled, too")


class PlanFile(Record):
    """What would settle the verdicts of a study that are open."""

    model_config = ConfigDict(title="acidtest plan", populate_by_name=False)

    schema_version: Literal[1] = Field(alias="schema")
    real: str
    level: float = Field(gt=0, lt=1, description="of the intervals that verdicts rest on")
    power: float = Field(gt=0, lt=1, description="how often an advised study must be decided")
    rounds: int = Field(gt=0, description="simulated futures of each size")
    benchmarks: dict[str, BenchmarkPlanFile]
    labels: LabelsFile | None
    labels_note: str = Field(description="why there are none, and what to do")


def dumps(found: Plan) -> bytes:
    """Return a plan as JSON text, indented; the same plan gives the same bytes."""
    benchmarks = {
        name: {
            "real_items": one.real_items,
            "synthetic_items": one.synthetic_items,
            "solvers": one.solvers,
            "uses": {
                use: {
                    "decision": of.verdict.decision,
                    "because": of.verdict.because,
                    "ways": {way: _step(step) for way, step in of.steps.items()},
                }
                for use, of in one.uses.items()
            },
        }
        for name, one in found.benchmarks.items()
    }
    content = {
        "schema": 1,
        "real": found.real,
        "level": found.level,
        "power": found.power,
        "rounds": found.rounds,
        "benchmarks": benchmarks,
        "labels": None if found.labels is None else _labels(found.labels),
        "labels_note": found.labels_note,
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of a plan, as `docs/schema/plan.schema.json` holds it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PlanFile.model_json_schema(by_alias=True),
    }


def _step(step: Step) -> dict[str, object]:
    return vars(step) | {
        "probability": round(step.probability, 3),
        "go": round(step.go, 3),
        "no_go": round(step.no_go, 3),
        "cost": round(step.cost, 6) if math.isfinite(step.cost) else None,
        "tried": [
            {"real_items": real, "synthetic_items": synthetic, "solvers": solvers, "probability": round(probability, 3)}
            for real, synthetic, solvers, probability in step.tried
        ],
    }


def _labels(labels: Labels) -> dict[str, object]:
    return {
        "items": [vars(one) for one in labels.items],
        "unlabelled": labels.unlabelled,
        "alike": labels.alike,
        "gain": labels.gain if math.isfinite(labels.gain) else None,
        "weights": dict(labels.weights),
    }
