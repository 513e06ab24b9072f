"""The two files behind every exported task: TASK.json says how it is scored, TASK.jsonl holds items and prompts."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from acidtest.data.json_rows import jsonl_rows
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError
from acidtest.export.contract import ExportSet
from acidtest.types import Item, Kind, Record, Style


class TaskFile(Record):
    """The content of TASK.json: all that scoring needs beside the items.

    `max_tokens` is the most that any item asks for; each row of the data has its own.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    acidtest: str
    benchmark: str
    kind: Kind
    task: str
    labels: tuple[str, ...] = ()
    description: str = ""
    metric: str
    higher_is_better: bool = True
    is_mean: bool = True
    style: Style
    shots: int = 0
    prompt: str = ""
    asked_as: str = ""
    max_tokens: int
    stop: tuple[str, ...] = ()
    data: str
    items: int


class TaskRow(Record):
    """One line of TASK.jsonl: an item, what is sent for it, and its right answer for people.

    `messages` are [role, content]; a text to continue stands in `text`, and the other of the two is empty.
    """

    id: str
    messages: tuple[tuple[str, str], ...] = ()
    text: str = ""
    max_tokens: int
    stop: tuple[str, ...] = ()
    target: str
    item: Item


def write_task(exported: ExportSet, task: str, folder: Path) -> TaskFile:
    """Write TASK.json and TASK.jsonl; the same benchmark always gives the same bytes."""
    rows = [_row(exported, item) for item in exported.items]
    prompt = exported.task.prompt_file()
    stops = {row.stop for row in rows}
    about = TaskFile(
        acidtest=version("acidtest"),
        benchmark=exported.name,
        kind=exported.kind,
        task=exported.task.name,
        labels=exported.task.labels,
        description=exported.task.description,
        metric=exported.metric.name,
        higher_is_better=exported.metric.higher_is_better,
        is_mean=exported.metric.is_mean,
        style=exported.style,
        shots=len(exported.examples),
        prompt=prompt.reference if prompt else "",
        asked_as=exported.asked_as,
        max_tokens=max(row.max_tokens for row in rows),
        stop=next(iter(stops)) if len(stops) == 1 else (),
        data=f"{task}.jsonl",
        items=len(rows),
    )
    lines = [row.model_dump_json(exclude_defaults=True) + "\n" for row in rows]
    write_atomically(folder / about.data, "".join(lines).encode())
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    write_atomically(
        folder / f"{task}.json", orjson.dumps(about.model_dump(mode="json", by_alias=True), option=options)
    )
    return about


def read_task_file(path: Path) -> TaskFile:
    """Return what TASK.json holds.

    Raises:
        DataError: There is none, or it is another file.
    """
    try:
        return TaskFile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        why = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise DataError(
            f"this is no exported task: {why}", where=str(path), way_out="Export the benchmark again: acidtest export."
        ) from None


def read_task_rows(path: Path, about: TaskFile) -> list[TaskRow]:
    """Return the rows of the data that belongs to a task file.

    Raises:
        DataError: It is not there, a line is broken, or lines are missing.
    """
    data = path.with_name(Path(about.data).name)  # a name alone: a file that came from elsewhere cannot lead away
    rows = []
    for row in jsonl_rows(data):
        try:
            rows.append(TaskRow.model_validate(row.values))
        except ValidationError:
            raise DataError("this line is no exported item", where=row.where, way_out="Export it again.") from None
    if len(rows) != about.items:
        raise DataError(
            f"there are {len(rows):,} items, and the task has {about.items:,}",
            where=str(data),
            way_out="Export the benchmark again.",
        )
    return rows


def _row(exported: ExportSet, item: Item) -> TaskRow:
    prompt = exported.prompt(item)
    chat = exported.style == "chat"
    return TaskRow(
        id=item.id,
        messages=prompt.as_messages() if chat else (),
        text="" if chat else prompt.as_text(),
        max_tokens=prompt.max_tokens,
        stop=prompt.stop,
        target=exported.task.reference(item),
        item=item.model_copy(update={"provenance": None}),
    )
