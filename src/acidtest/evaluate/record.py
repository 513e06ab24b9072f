"""Responses on disk: one JSON line each, in a `LineFile`."""

from pathlib import Path

import orjson
from pydantic import ValidationError

from acidtest.data.line_file import whole_lines
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError
from acidtest.types import Response


def read_responses(path: Path) -> dict[str, Response]:
    """Return the last response to each item. A torn last line, left by a kill, is cut off the file.

    Raises:
        DataError: A line in the middle is not a response.
    """
    responses: dict[str, Response] = {}
    for number, line in enumerate(whole_lines(path), start=1):
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
