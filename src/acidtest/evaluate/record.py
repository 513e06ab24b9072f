"""Responses on disk: one JSON line each, written the moment it arrives, so that a kill loses no answer."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
from pydantic import ValidationError

from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError
from acidtest.types import Response


class ResponseFile:
    """An open file of responses; `add` returns once the operating system has the line.

    A line costs one write of a few hundred bytes. That survives the death of this process, though not of the machine.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def add(self, response: dict[str, object]) -> None:
        """Append one response, given by the fields of `Response`."""
        line = orjson.dumps(response) + b"\n"
        while line:
            line = line[os.write(self._file, line) :]


def read_responses(path: Path) -> dict[str, Response]:
    """Return the last response to each item. A torn last line, left by a kill, is cut off the file.

    Raises:
        DataError: A line in the middle is not a response.
    """
    if not path.exists():
        return {}
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as torn:
            torn.truncate(whole)
    responses: dict[str, Response] = {}
    for number, line in enumerate(content[:whole].splitlines(), start=1):
        try:
            response = Response.model_validate(orjson.loads(line))
        except (orjson.JSONDecodeError, ValidationError):
            raise DataError(
                "this line is no response", where=f"{path} line {number}", way_out="Delete the file; it is made again."
            ) from None
        responses[response.item] = response
    return responses


def put_in_order(path: Path, order: list[str]) -> None:
    """Rewrite a finished file in the order of its items: answers arrive in any order, files should not show it.

    Of several responses to one item the last one stays, as in `read_responses`.
    """
    lines = {str(orjson.loads(line)["item"]): line for line in path.read_bytes().splitlines()}
    write_atomically(path, b"".join(lines[item] + b"\n" for item in order if item in lines))
