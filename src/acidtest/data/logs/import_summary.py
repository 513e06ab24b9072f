"""What an import of logs found: what `acidtest import --json` prints and the terminal shows."""

from typing import Literal

from pydantic import ConfigDict, Field

from acidtest.types import Record


class ImportedPart(Record):
    """The rows of one benchmark by one metric."""

    benchmark: str
    metric: str
    models: int = Field(ge=1)
    rows: int = Field(ge=1)
    unscored: int = Field(ge=0, description="rows without a score: the tool failed there")
    without_item: int = Field(ge=0, description="rows that hold the whole benchmark's score, and no item's")


class ImportSummary(Record):
    """What was read from logs into one table of scores."""

    model_config = ConfigDict(populate_by_name=True)

    version: Literal[1] = Field(default=1, alias="schema")
    output: str = Field(description="the table")
    files: dict[str, int] = Field(description="format: files that were read")
    rows: int = Field(ge=1)
    benchmarks: tuple[str, ...]
    models: tuple[str, ...]
    metrics: tuple[str, ...]
    parts: tuple[ImportedPart, ...]
    helpers: int = Field(ge=0, description="files that only help to read others")
    ignored: int = Field(ge=0, description="files of folders that no format knows")
    ignored_examples: tuple[str, ...] = Field(description="the first of them")
    notes: tuple[str, ...] = Field(description="what was left out or decided")
    command: str = Field(description="what to run next")


def dumps(found: ImportSummary) -> bytes:
    """Return a summary as JSON, one key per line."""
    return found.model_dump_json(by_alias=True, indent=2).encode() + b"\n"
