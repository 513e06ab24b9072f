"""promptfoo's .csv, one line per test, as the same rows that its .json holds: one per test, provider and prompt."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acidtest.data.file_row import MAX_LINE, read_lines
from acidtest.data.logs.bounded import mapping, parsed
from acidtest.errors import DataError

_AFTER = ["Status", "Score", "Named Scores"]
"""The columns that follow each column of answers."""

_ANSWERS = re.compile(r"\[(?P<provider>.+?)\] (?P<prompt>.*)", re.DOTALL)
_STATUS = {"PASS": 0, "FAIL": 1, "ERROR": 2}


def is_table(head: bytes) -> bool:
    """Tell by the header: a column of answers, then its status, score and named scores."""
    return b"," + ",".join(_AFTER).encode() + b"," in head.partition(b"\n")[0]


def table_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield one row per test, provider and prompt. Scores have two digits: promptfoo rounds them in this format.

    Raises:
        DataError: Broken CSV, or no columns of answers.
    """
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader((line for _, line in read_lines(path)), strict=True)
    answers: list[_Answers] = []
    header: list[str] = []
    try:
        for values in reader:
            if not header:
                header, answers = values, _answers(values, path)
            elif len(values) == len(header):
                yield from _rows(values, header, answers)
            elif values:
                raise DataError(
                    f"{len(values)} values for {len(header)} columns",
                    where=f"{path} line {reader.line_num}",
                    way_out="Write the file again, as .json: it also keeps all digits.",
                )
    except csv.Error as error:
        raise DataError(
            f"broken CSV: {error}",
            where=f"{path} line {reader.line_num}",
            way_out="Write the file again, as .json: it also keeps all digits.",
        ) from error


@dataclass(frozen=True, kw_only=True)
class _Answers:
    column: int
    provider: str
    prompt: str


def _answers(header: list[str], path: Path) -> list[_Answers]:
    found = []
    for column, title in enumerate(header):
        if header[column + 1 : column + 1 + len(_AFTER)] == _AFTER:
            parts = _ANSWERS.fullmatch(title)
            provider, prompt = parts.group("provider", "prompt") if parts else ("", title)
            found.append(_Answers(column=column, provider=provider, prompt=prompt))
    if not found:
        raise DataError("no columns of answers", where=str(path), way_out="Write the file again, as .json.")
    return found


def _rows(values: list[str], header: list[str], answers: list[_Answers]) -> Iterator[dict[str, Any]]:
    first = answers[0].column
    given = dict(zip(header[:first], values[:first], strict=True))
    described = header[0] == "Description" and first > 0
    test = {"description": given.pop("Description") if described else "", "vars": given}
    for place in answers:
        output, status, score, named = values[place.column : place.column + 1 + len(_AFTER)]
        if status in _STATUS:  # an empty one: this test was not run so
            yield {
                "testCase": test,
                "provider": place.provider,
                "prompt": {"label": place.prompt},
                "promptIdx": place.column,
                "response": {"output": output},
                "success": status == "PASS",
                "failureReason": _STATUS[status],
                "error": output if status == "ERROR" else None,
                "score": _number(score),
                "namedScores": _named(named),
            }


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _named(cell: str) -> dict[str, Any]:
    try:
        return mapping(parsed(cell, ""))
    except DataError:
        return {}
