"""run.json: what was asked for, and how far each unit of work is. Replaced atomically, so a kill leaves it whole."""

from collections.abc import Mapping
from typing import Literal

import orjson
from pydantic import Field, JsonValue, ValidationError

from acidtest.data.run_folder import RunFolder, write_atomically
from acidtest.errors import DataError
from acidtest.types import Record

Status = Literal["started", "done", "incomplete", "failed"]
SCHEMA = 1


class UnitState(Record):
    """How far one unit of work is. `fingerprint` is the hash of all that its result depends on."""

    fingerprint: str
    status: Status
    detail: str = ""


class RunState(Record):
    """The content of run.json."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    version: str
    seed: int
    study: dict[str, JsonValue]
    study_folder: str = ""
    models: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    prompts: dict[str, str] = Field(
        default_factory=dict, description="solvers or a benchmark -> its prompt file, hashed"
    )
    labels: tuple[str, ...] | None = Field(
        default=None, description="all labels that solvers are shown; None in runs that did not write them down"
    )
    stages: dict[str, UnitState] = Field(default_factory=dict)


class RunBook:
    """The run's state on disk, kept up to date unit by unit."""

    def __init__(self, folder: RunFolder, state: RunState) -> None:
        self.folder, self.state, self._written = folder, state, False

    def unit(self, key: str) -> UnitState | None:
        """Return how far a unit is, None where it was never begun."""
        return self.state.stages.get(key)

    def mark(
        self, key: str, fingerprint: str, status: Status, detail: str = "", *, forget: frozenset[str] = frozenset()
    ) -> None:
        """Write down how far a unit is, and drop those to `forget`."""
        stages = {k: v for k, v in self.state.stages.items() if k not in forget}
        stages[key] = UnitState(fingerprint=fingerprint, status=status, detail=detail)
        self._replace(stages=stages)

    def forget(self, keys: set[str]) -> None:
        """Drop units that are no longer part of the study, or must be done again."""
        self._replace(stages={k: v for k, v in self.state.stages.items() if k not in keys})

    def name_models(self, models: Mapping[str, Mapping[str, JsonValue]]) -> None:
        """Write down which models, at which revision, take part."""
        self._replace(models={name: dict(about) for name, about in models.items()})

    def _replace(self, **changes: object) -> None:
        if self._written and not self.folder.run_json.exists():
            raise DataError(
                "the run's folder was deleted, or a part of it, while this process worked in it",
                where=str(self.folder.root),
                way_out="Run again: it starts afresh, and takes from the cache what solvers and judges had answered.",
            )
        self.state = self.state.model_copy(update=changes)
        write_state(self.folder, self.state)
        self._written = True


def write_state(folder: RunFolder, state: RunState) -> None:
    """Replace run.json."""
    # By hand: pydantic asks a Python function what each JSON value is, and loses an interrupt that comes in there.
    content = {field.alias or name: getattr(state, name) for name, field in RunState.model_fields.items()}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    write_atomically(folder.run_json, orjson.dumps(content, default=dict, option=options))


def read_state(folder: RunFolder) -> RunState | None:
    """Return what run.json holds, None where there is none.

    Raises:
        DataError: The file is not what this version writes.
    """
    path = folder.run_json
    if not path.exists():
        return None
    try:
        state = RunState.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(
            f"run.json is not readable: {error.errors()[0]['msg']}",
            where=str(path),
            way_out="Name another folder with -o, or delete this one.",
        ) from None
    if state.schema_ != SCHEMA:
        raise DataError(
            f"this run was written by another version (schema {state.schema_}, here {SCHEMA})",
            where=str(path),
            way_out="Name another folder with -o.",
        )
    return state
